"""Judges PDFs with pyHanko, offline, by one root.

usage: judge_by_pyhanko.py ROOT.pem FILE…

Prints a line for each file: `valid`, `invalid`, `unsigned` or `unreadable`.
"""

import logging
import sys

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

logging.disable(logging.CRITICAL)
root = load_cert_from_pemder(sys.argv[1])


def judge(name):
    with open(name, "rb") as file:
        try:
            signatures = list(PdfFileReader(file, strict=False).embedded_signatures)
        except Exception:
            return "unreadable"
        if not signatures:
            return "unsigned"
        for signature in signatures:
            context = ValidationContext(
                trust_roots=[root], allow_fetching=False, revocation_mode="soft-fail"
            )
            try:
                status = validate_pdf_signature(signature, context)
            except Exception:
                return "invalid"
            if not status.bottom_line:
                return "invalid"
        return "valid"


for name in sys.argv[2:]:
    print(judge(name), flush=True)
