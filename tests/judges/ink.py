"""Measures how much darker viewers show the outer band of pages, where borders are, than it is drawn:

    ink.py FOLDER PDF...

FOLDER has `render.mjs` and what it imports. A line a file: a JSON object with a number for each viewer and scale; 1 is as
drawn. What is drawn is what PDFium shows at eight times the size, averaged.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops, ImageStat

# At scale 1 a point is a pixel: 72 and 96 dots per inch.
SCALES = (1, 4 / 3)
# The share of the shorter side that the band takes at each edge.
BAND = 0.14

folder, files = Path(sys.argv[1]), sys.argv[2:]


def by_pdfium(file, scale):
    return pypdfium2.PdfDocument(file)[0].render(scale=scale).to_pil()


def by_pdfjs(scale):
    """Draws all files at once, because Node takes a second to start."""
    scratch = Path(tempfile.mkdtemp(dir=folder))
    pictures = [scratch / f"{index}.png" for index in range(len(files))]
    pairs = [str(path) for pair in zip(map(Path.absolute, map(Path, files)), pictures) for path in pair]
    subprocess.run(["node", "render.mjs", str(scale), *pairs], cwd=folder, check=True)
    return [Image.open(picture) for picture in pictures]


def band_of(size):
    width, height = size
    edge = round(BAND * min(size))
    mask = Image.new("1", size, 1)
    mask.paste(0, (edge, edge, width - edge, height - edge))
    return mask


def ink(image, size, paper):
    gray = ImageChops.invert(image.convert("RGB").convert("L").resize(size, Image.BOX))
    return ImageStat.Stat(ImageChops.subtract(gray, Image.new("L", size, paper)), band_of(size)).mean[0]


shown = {scale: by_pdfjs(scale) for scale in SCALES}
for index, file in enumerate(files):
    truth = by_pdfium(file, 8)
    size = (truth.width // 8, truth.height // 8)
    histogram = ImageChops.invert(truth.convert("L").resize(size, Image.BOX)).histogram()
    paper = max(range(256), key=lambda tone: histogram[tone])
    drawn = ink(truth, size, paper)
    found = {"drawn": drawn}
    for scale in SCALES:
        dots = round(72 * scale)
        found[f"pdfium at {dots} dpi"] = ink(by_pdfium(file, scale), size, paper) / drawn
        found[f"pdf.js at {dots} dpi"] = ink(shown[scale][index], size, paper) / drawn
    print(json.dumps(found))
