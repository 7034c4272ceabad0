"""Signs PDFs as other programs do, with pyHanko.

usage: foreign.py FOLDER

Each line of standard input is a JSON object: `in` and `out` are files in the folder, `key` and `cert`
PEM files there; the rest says how to sign.
"""

import io
import json
import pathlib
import sys

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

folder = pathlib.Path(sys.argv[1])
for line in sys.stdin:
    job = json.loads(line)
    signer = signers.SimpleSigner.load(
        str(folder / job["key"]), str(folder / job["cert"]), prefer_pss=job.get("pss", False)
    )
    writer = IncrementalPdfFileWriter(io.BytesIO((folder / job["in"]).read_bytes()), strict=False)
    field = job.get("field", "Signature1")
    if "box" in job:
        fields.append_signature_field(writer, fields.SigFieldSpec(field, box=job["box"]))
    subfilter = fields.SigSeedSubFilter.PADES
    if job.get("pkcs7"):
        subfilter = fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    metadata = signers.PdfSignatureMetadata(
        field_name=field,
        subfilter=subfilter,
        certify=job.get("certify", False),
        md_algorithm=job.get("digest", "sha256"),
        reason=job.get("reason"),
        name=job.get("name"),
    )
    out = signers.sign_pdf(writer, metadata, signer=signer)
    (folder / job["out"]).write_bytes(out.getvalue())
