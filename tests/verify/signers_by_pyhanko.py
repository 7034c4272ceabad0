"""Names who signed PDFs, by pyHanko.

usage: signers_by_pyhanko.py FILE…

Prints a line for each file: a JSON list of names, without those of TSAs if others signed; an empty one if
pyHanko cannot read the file or its signatures.
"""

import json
import logging
import sys

from pyhanko.pdf_utils.reader import PdfFileReader

logging.disable(logging.CRITICAL)


def names(certificate):
    subject = certificate.subject.native
    found = [subject.get("common_name"), subject.get("organization_name")]
    for name in found:
        yield from name if isinstance(name, list) else [name]


def signers(path):
    documents, times = [], []
    try:
        with open(path, "rb") as file:
            for signature in PdfFileReader(file, strict=False).embedded_signatures:
                is_time = signature.sig_object_type == "/DocTimeStamp"
                (times if is_time else documents).extend(names(signature.signer_cert))
    except Exception:
        return []
    return [name for name in documents or times if name]


for path in sys.argv[1:]:
    print(json.dumps(signers(path)), flush=True)
