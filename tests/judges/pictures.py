"""Makes odd pictures with Pillow, and with a PNG writer for the kinds that Pillow does not write:

    pictures.py FOLDER

Each file's name says what is odd.
"""

import base64
import io
import struct
import sys
import zlib
from pathlib import Path

from PIL import Image, ImageCms

WIDTH, HEIGHT = 96, 64
folder = Path(sys.argv[1])


def png(name, depth, kind, samples, before=(), after=()):
    """Writes a PNG of that bit depth and colour type, each sample a function of x and y."""
    rows = b""
    for y in range(HEIGHT):
        bits = "".join(format(sample(x, y) % (1 << depth), f"0{depth}b")
                       for x in range(WIDTH) for sample in samples)
        rows += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, kind, 0, 0, 0)), *before,
              (b"IDAT", zlib.compress(rows)), *after, (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n"
    for tag, body in chunks:
        data += struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))
    (folder / name).write_bytes(data)


def profile(space):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()


def swapped_primaries():
    """An RGB profile whose red and blue are exchanged: valid, and not sRGB."""
    data = bytearray(profile("sRGB"))
    count = struct.unpack_from(">I", data, 128)[0]
    at = {bytes(data[132 + 12 * i:136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, blue = at[b"rXYZ"], at[b"bXYZ"]
    data[red + 4:red + 12], data[blue + 4:blue + 12] = data[blue + 4:blue + 12], data[red + 4:red + 12]
    return bytes(data)


def iccp(data):
    return [(b"iCCP", b"profile\0\0" + zlib.compress(data))]


ramp, fall, side = (lambda x, y: x * 257), (lambda x, y: y * 1021), (lambda x, y: (x + y) * 409)
full, half = (lambda x, y: 0xffff), (lambda x, y: 0x7f7f + x)
colours = [(b"PLTE", bytes(i * 37 % 256 for i in range(16 * 3)))]
png("grey-1-bit.png", 1, 0, [lambda x, y: x // 8 + y // 8])
png("grey-2-bit.png", 2, 0, [lambda x, y: x // 8])
png("grey-4-bit.png", 4, 0, [lambda x, y: x // 6])
png("grey-8-bit.png", 8, 0, [ramp])
png("grey-16-bit.png", 16, 0, [ramp])
png("grey-with-transparent-value.png", 8, 0, [lambda x, y: x], before=[(b"tRNS", b"\0\x10")])
png("grey-alpha.png", 8, 4, [ramp, half])
png("grey-alpha-16-bit.png", 16, 4, [ramp, half])
png("rgb-16-bit.png", 16, 2, [ramp, fall, side])
png("rgba.png", 8, 6, [ramp, fall, side, half])
png("rgba-16-bit.png", 16, 6, [ramp, fall, side, half])
png("palette-1-bit.png", 1, 3, [lambda x, y: x // 8], before=[(b"PLTE", b"\x80\0\0\xff\xff\0")])
png("palette-4-bit.png", 4, 3, [lambda x, y: x // 8], before=colours)
png("palette-with-alpha.png", 4, 3, [lambda x, y: x // 8],
    before=[*colours, (b"tRNS", bytes(range(0, 256, 16)))])
png("gamma-and-primaries.png", 8, 2, [ramp, fall, side], before=[
    (b"gAMA", struct.pack(">I", 100000)),
    (b"cHRM", struct.pack(">8I", 31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600))])
png("icc-srgb.png", 8, 2, [ramp, fall, side], before=iccp(profile("sRGB")))
png("icc-foreign.png", 8, 2, [ramp, fall, side], before=iccp(swapped_primaries()))
png("icc-broken.png", 8, 2, [ramp, fall, side], before=iccp(profile("sRGB")[:200]))
png("icc-noise.png", 8, 2, [ramp, fall, side], before=iccp(b"no profile"))
png("icc-of-lab-in-rgb.png", 8, 2, [ramp, fall, side], before=iccp(profile("LAB")))
png("icc-of-rgb-in-grey.png", 8, 0, [ramp], before=iccp(profile("sRGB")))
png("texts-and-size.png", 8, 2, [ramp, fall, side], before=[
    (b"pHYs", struct.pack(">IIB", 1, 9, 1)), (b"tEXt", b"Title\0A\x01picture"),
    (b"tIME", struct.pack(">HBBBBB", 2026, 5, 14, 0, 0, 0))], after=[(b"teSt", b"?" * 999)])

photo = Image.merge("RGB", [Image.linear_gradient("L").rotate(turn) for turn in (0, 90, 180)]).resize((WIDTH, HEIGHT))
grey, cmyk = photo.convert("L"), photo.convert("CMYK")
turned = Image.Exif()
turned[0x0112] = 6
broken_exif = b"Exif\0\0MM\0*\xff\xff\xff\xff"


def jpeg(name, image, **options):
    image.save(folder / name, "JPEG", **options)


jpeg("grey.jpg", grey)
jpeg("progressive.jpg", photo, progressive=True)
jpeg("turned-by-exif.jpg", photo, exif=turned)
jpeg("exif-broken.jpg", photo, exif=broken_exif)
jpeg("icc-srgb.jpg", photo, icc_profile=profile("sRGB"))
jpeg("icc-foreign.jpg", photo, icc_profile=swapped_primaries())
jpeg("icc-broken.jpg", photo, icc_profile=profile("sRGB")[:300])
jpeg("icc-of-lab-in-rgb.jpg", photo, icc_profile=profile("LAB"))
jpeg("icc-of-rgb-in-grey.jpg", grey, icc_profile=profile("sRGB"))
jpeg("cmyk.jpg", cmyk)
jpeg("cmyk-with-icc-of-rgb.jpg", cmyk, icc_profile=profile("sRGB"))

photo.save(folder / "lossy.webp", "WEBP", quality=60)
Image.open(folder / "rgba.png").save(folder / "alpha-lossless.webp", "WEBP", lossless=True)
photo.save(folder / "icc-and-exif.webp", "WEBP", icc_profile=swapped_primaries(), exif=turned)
frames = [photo, photo.rotate(180)]
frames[0].save(folder / "moving.webp", "WEBP", save_all=True, append_images=frames[1:], duration=99)
frames[0].save(folder / "moving.png", "PNG", save_all=True, append_images=frames[1:], duration=99)
photo.quantize(16).save(folder / "palette-by-pillow.png")

def embedded(image, kind):
    data = io.BytesIO()
    image.save(data, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data.getvalue()).decode()}"


def svg(name, body):
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 96 64">'
    (folder / name).write_text(f"{head}{body}</svg>", encoding="utf-8")


shape = '<rect x="8" y="8" width="80" height="48" {}/>'
stops = '<stop stop-color="#036"/><stop offset="1" stop-color="#fc0" stop-opacity="0.3"/>'
svg("linear-gradient.svg", f'<linearGradient id="a">{stops}</linearGradient>' + shape.format('fill="url(#a)"'))
svg("radial-gradient.svg", f'<radialGradient id="a" spreadMethod="reflect" r=".2">{stops}</radialGradient>'
    + shape.format('fill="url(#a)"'))
svg("mask.svg", f'<linearGradient id="a">{stops}</linearGradient><mask id="m">' + shape.format('fill="url(#a)"')
    + "</mask>" + shape.format('fill="#700" mask="url(#m)"'))
svg("pattern.svg", '<pattern id="p" width="8" height="8" patternUnits="userSpaceOnUse"><circle r="3" cx="4" cy="4"/>'
    "</pattern>" + shape.format('fill="url(#p)" stroke="#036"'))
svg("clip.svg", '<clipPath id="c"><circle cx="48" cy="32" r="20"/></clipPath>' + shape.format('clip-path="url(#c)"'))
svg("blur.svg", '<filter id="f"><feGaussianBlur stdDeviation="3"/></filter>' + shape.format('filter="url(#f)"'))
svg("blend.svg", shape.format('fill="#fc0"') + '<circle cx="48" cy="32" r="24" fill="#06c" '
    'style="mix-blend-mode:multiply"/>')
svg("opacity.svg", f'<g opacity=".5">{shape.format("")}</g>' + shape.format('fill="none" stroke-opacity=".4" stroke="red"'))
svg("png-inside.svg", f'<image width="96" height="64" xlink:href="{embedded(photo, "PNG")}"/>')
svg("grey-jpeg-inside.svg", f'<image width="96" height="64" xlink:href="{embedded(grey, "JPEG")}"/>')
svg("dashes-and-joins.svg", '<path d="M8 56 C8 0 88 0 88 56 Z" fill="none" stroke="#036" stroke-width="5" '
    'stroke-dasharray="9 3" stroke-linejoin="round" stroke-linecap="round"/>')
svg("cmyk-jpeg-inside.svg", f'<image width="96" height="64" xlink:href="{embedded(cmyk, "JPEG")}"/>')
