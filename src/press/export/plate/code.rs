//! The QR code of a certificate as a form XObject.
//!
//! Takes the SVG of [`QrCode`](crate::image::qr::QrCode), whose path is rows of squares; gives the
//! same rows as rectangles.

use std::io::Write as _;

use super::faces::deflated;
use super::number::integer;

/// How hard QR codes are compressed, from 1 to 9.
const LEVEL: u32 = 2;

/// The QR code as typst-pdf draws it, in the unit square. `space` is the object number of
/// the sRGB colour space. Returns `None` for an SVG that is not such a code.
pub(super) fn form(svg: &[u8], space: u32) -> Option<Vec<u8>> {
    let svg = str::from_utf8(svg).ok()?;
    let rest = svg.strip_prefix("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"")?;
    let (side, rest) = rest.split_once('"')?;
    let side: u64 = side.parse().ok()?;
    let frame = format!(" height=\"{side}\" viewBox=\"0 0 {side} {side}\">");
    let rest = rest.strip_prefix(&*frame)?;
    let ground = format!("<path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>");
    let (rest, has_ground) = match rest.strip_prefix(&*ground) {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let path = rest.strip_prefix("<path d=\"")?.strip_suffix("\"/></svg>")?;
    let mut content = b"/s cs ".to_vec();
    if has_ground {
        write!(content, "1 1 1 scn 0 0 {side} {side} re f ").ok()?;
    }
    content.extend(b"0 0 0 scn\n");
    for row in path.strip_suffix('z')?.split('z') {
        let (left, row) = row.strip_prefix('M')?.split_once(' ')?;
        let (top, row) = row.split_once('h')?;
        let (width, back) = row.split_once("v1h-")?;
        if width != back {
            return None;
        }
        for value in [left, top, width] {
            integer(&mut content, value.parse().ok()?);
            content.push(b' ');
        }
        content.extend(b"1 re\n");
    }
    content.push(b'f');
    let content = deflated(&content, LEVEL);
    let unit = 1.0 / side as f64;
    let mut body = format!(
        "<</Subtype/Form/BBox[0 0 {side} {side}]\
         /Matrix[{unit:.12} 0 0 -{unit:.12} 0 1]/Resources<</ColorSpace<</s {space} 0 R>>>>\
         /Filter/FlateDecode/Length {}>>\nstream\n",
        content.len()
    )
    .into_bytes();
    body.extend(content);
    body.extend(b"\nendstream");
    Some(body)
}
