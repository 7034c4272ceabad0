"""Prints the lines of a PDF's first page, one JSON array each.

An array has the base line, the left and right edge and the font size in points, the colour as
`#rrggbb`, and the text.
"""

import json
import sys

import pymupdf

for block in pymupdf.open(sys.argv[1])[0].get_text("rawdict", flags=0)["blocks"]:
    for line in block["lines"]:
        letters = [letter for span in line["spans"] for letter in span["chars"]]
        inked = [letter["bbox"] for letter in letters if letter["c"].strip()]
        first = line["spans"][0]
        print(json.dumps([
            first["origin"][1], inked[0][0], inked[-1][2], first["size"], f"#{first['color']:06x}",
            "".join(letter["c"] for letter in letters).strip(),
        ]))
