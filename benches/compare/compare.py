"""Makes and seals the same certificates with testamur and with other programs, and prints a table.

Every program is one process on one core that makes a page and seals it for one recipient after
another, in turns of a few certificates, so that a machine that is busy for a while slows all alike.

- testamur: `testamur bench`, its own pages, proof, export and seal.
- typst-py: testamur's layout with the very sheets that testamur gives it, in a warm compiler, as
  PDF/A-3a and PDF/UA-1. Nothing reads a proof. The seal is pyHanko's.
- WeasyPrint: a page of HTML and CSS with the same texts, signatures and QR code. pyHanko's seal.
- ReportLab: a page drawn by calls, with the same texts and QR code and no signatures, tags or
  archive standard. pyHanko's seal.

All seal with a P-256 key; testamur alone writes an OpenPGP signature too.
"""

import asyncio
import base64
import datetime
import io
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import typst
import weasyprint
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

LAYOUT = "classic"
FACE = "fonts/eb-garamond/EBGaramond-Regular.ttf"
TURN = 50


def names(count):
    """Names of which no two are equal."""
    letters = "bcdfghjklmnpqrstvwxz"
    for number in range(count):
        word = "".join(
            letters[number // place % 20] + vowel
            for place, vowel in ((1, "a"), (20, "e"), (400, "i"), (8000, "o"))
        )
        yield f"María-José d’{word}n"


def sheets(program, folder, count):
    """The sheets that testamur gives its layout, one for each name."""
    (folder / "names.txt").write_text("\n".join(names(count)) + "\n", encoding="utf-8")
    command = [program, "render", "-f", "names.txt", "--names", "--grade", "Distinction", "--layout", LAYOUT]
    command += ["--no-specimen", "--format", "sheet", "-o", "sheets/"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    files = sorted((folder / "sheets").iterdir())
    assert len(files) == count, f"{len(files)} sheets"
    return [file.read_text(encoding="utf-8") for file in files]


def signer(folder):
    """pyHanko's signer, with a new P-256 key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Example University")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(
            x509.KeyUsage(True, True, False, False, False, False, False, False, False), True
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    return signers.SimpleSigner.load(
        str(folder / "key.pem"), str(folder / "certificate.pem"), key_passphrase=None
    )


def seal(signer, pdf):
    """A PDF with a PAdES signature."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    meta = signers.PdfSignatureMetadata(
        field_name="Seal",
        md_algorithm="sha256",
        subfilter=signers.pdf_signer.SigSeedSubFilter.PADES,
    )
    return signers.sign_pdf(writer, meta, signer=signer).getvalue()


def texts(sheet):
    """The lines of a sheet, with the characters left out that only set a direction."""
    plain = lambda sentence: re.sub(
        "[\u2066-\u2069]", "", "".join(run["text"] for run in sentence["runs"])
    )
    lines = [plain(sheet["heading"])] + [plain(block) for block in sheet["blocks"]]
    people = [[plain(p["name"]), plain(p["title"])] for p in sheet["signatories"]]
    return lines, people, plain(sheet["authenticity"])


class TypstPy:
    name = "typst-py, pyHanko"

    def __init__(self, root, folder):
        self.folder = folder / "typst"
        shutil.copytree(root / "layouts", self.folder)
        (self.folder / "main.typ").write_text(
            f'#import "/{LAYOUT}/layout.typ": certificate\n#let sheet = json("/sheet.json")\n'
            "#set text(font: sheet.face)\n#certificate(sheet)\n"
        )
        (self.folder / "sheet.json").write_text("{}")
        self.compiler = typst.Compiler(
            input=str(self.folder / "main.typ"),
            root=str(self.folder),
            font_paths=[str(root / "fonts")],
            ignore_system_fonts=True,
        )

    def page(self, sheet):
        (self.folder / "sheet.json").write_text(sheet, encoding="utf-8")
        return self.compiler.compile(format="pdf", pdf_standards=["a-3a", "ua-1"])


class WeasyPrint:
    name = "WeasyPrint, pyHanko"

    def __init__(self, root, folder):
        self.fonts = weasyprint.text.fonts.FontConfiguration()
        self.css = weasyprint.CSS(
            string=f"""
            @font-face {{ font-family: Face; src: url({(root / FACE).as_uri()}) }}
            @page {{ size: 297mm 210mm; margin: 12mm; border: 2pt solid #8c1414 }}
            body {{ font: 14pt Face; text-align: center; margin: 12mm }}
            h1 {{ font-size: 31pt }} .name {{ font-size: 36pt }} footer {{ font-size: 8pt }}
            td {{ width: 90mm; text-align: center }} img {{ height: 14mm }}
            """,
            font_config=self.fonts,
        )

    def page(self, sheet):
        sheet = json.loads(sheet)
        lines, people, foot = texts(sheet)
        picture = lambda svg: "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
        body = "".join(
            f"<p class={'name' if number == 1 else 'line'}>{line}</p>"
            for number, line in enumerate(lines[1:])
        )
        cells = "".join(
            f"<td><img src='{picture(p['image']['data'])}' alt=''><br>{'<br>'.join(text)}</td>"
            for p, text in zip(sheet["signatories"], people)
        )
        code = picture(sheet["verify"]["code"]["data"])
        html = (
            f"<html lang=en><title>{sheet['title']}</title><body><h1>{lines[0]}</h1>{body}"
            f"<table><tr>{cells}</tr></table><img src='{code}' alt='QR'><footer>{foot}</footer>"
        )
        page = weasyprint.HTML(string=html)
        return page.write_pdf(
            stylesheets=[self.css], font_config=self.fonts, pdf_variant="pdf/ua-1"
        )


class ReportLab:
    name = "ReportLab, pyHanko"

    def __init__(self, root, folder):
        pdfmetrics.registerFont(TTFont("Face", str(root / FACE)))

    def page(self, sheet):
        sheet = json.loads(sheet)
        lines, people, foot = texts(sheet)
        file = io.BytesIO()
        page = canvas.Canvas(file, pagesize=landscape(A4))
        width, height = landscape(A4)
        page.setTitle(sheet["title"])
        page.setStrokeColorRGB(0.55, 0.08, 0.08)
        for inset in (24, 30):
            page.rect(inset, inset, width - 2 * inset, height - 2 * inset)
        top = height - 90
        for number, line in enumerate(lines):
            size = {0: 31, 2: 36}.get(number, 14)
            page.setFont("Face", size)
            page.drawCentredString(width / 2, top, line)
            top -= size + 16
        for number, text in enumerate(people):
            page.setFont("Face", 10)
            for row, line in enumerate(text):
                page.drawCentredString(width * (1 + number) / 3, 120 - 12 * row, line)
        code = Drawing(60, 60)
        code.add(QrCodeWidget(sheet["verify"]["url"], barWidth=60, barHeight=60))
        renderPDF.draw(code, page, width - 110, 44)
        page.setFont("Face", 8)
        page.drawCentredString(width / 2, 60, foot)
        page.save()
        return file.getvalue()


def median_ms(seconds):
    return statistics.median(seconds) * 1e3


def measured(program, folder, count):
    """A row that `testamur bench` measures: one thread, until sealed in memory."""
    command = [program, "bench", "--json", "--threads", "1", "--names", "latin"]
    command += ["--layout", LAYOUT, "--count", str(count), "--folder", str(folder)]
    rows = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return json.loads(rows[0])


def main():
    program, root, count = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    asyncio.set_event_loop(asyncio.new_event_loop())
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        pages = sheets(str(pathlib.Path(program).resolve()), folder, count)
        key = signer(folder)
        others = [kind(root, folder) for kind in (TypstPy, WeasyPrint, ReportLab)]
        times = {other.name: ([], [], []) for other in others}
        own = []
        for other in others:
            seal(key, other.page(pages[0]))
        for start in range(0, count, TURN):
            own.append(measured(program, folder, TURN))
            for other in others:
                made, sealed, sizes = times[other.name]
                for sheet in pages[start : start + TURN]:
                    begun = time.process_time()
                    pdf = other.page(sheet)
                    middle = time.process_time()
                    done = seal(key, pdf)
                    sealed.append(time.process_time() - middle)
                    made.append(middle - begun)
                    sizes.append(len(done))
    rows = [
        (
            "testamur",
            statistics.median(row["cpu_ms"] for row in own),
            None,
            statistics.median(row["bytes"] for row in own),
        )
    ]
    for name, (made, sealed, sizes) in times.items():
        rows.append((name, median_ms(made), median_ms(sealed), statistics.median(sizes)))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("| program | page, CPU ms | seal, CPU ms | a second on one core | bytes |")
    print("| ------- | -----------: | -----------: | -------------------: | ----: |")
    for name, page, sealed, size in rows:
        both = page + (sealed or 0)
        sealed = "in the page's" if sealed is None else f"{sealed:.1f}"
        print(f"| {name} | {page:.1f} | {sealed} | {1e3 / both:.0f} | {size:.0f} |")


if __name__ == "__main__":
    main()
