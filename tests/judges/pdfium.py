"""Prints the text of PDFs as PDFium gives it, which shows PDFs in Chrome, Edge and on Android:

    pdfium.py FILE...

A line a file: a JSON string with the text of all its pages.
"""

import json
import sys

import pypdfium2

for file in sys.argv[1:]:
    document = pypdfium2.PdfDocument(file)
    print(json.dumps("".join(page.get_textpage().get_text_bounded() for page in document)))
