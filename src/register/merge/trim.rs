//! The boxes and crop marks of a page, by which a printer cuts it.
//!
//! Takes the box to which a page is trimmed; gives the larger boxes around it (ISO 32000-2, 14.11.2)
//! and the marks between them. Lengths are in points.

use std::fmt::Write as _;

use hayro_syntax::object::Rect;

/// A millimetre in points.
const MM: f64 = 72.0 / 25.4;
/// How far ornaments extend beyond the trimmed page: what printers ask for.
const BLEED: f64 = 3.0 * MM;
/// The length of a crop mark, which begins where the bleed ends.
const MARK: f64 = 5.0 * MM;
/// The paper around the marks.
const SLUG: f64 = MM;
/// The thickness of a mark.
const WEIGHT: f64 = 0.25;

/// The boxes of a page that is trimmed to this box.
pub(super) fn write_boxes(body: &mut Vec<u8>, trim: Rect) {
    let bleed = grown(trim, BLEED);
    let media = grown(trim, BLEED + MARK + SLUG);
    for (key, area) in
        [("MediaBox", media), ("CropBox", media), ("BleedBox", bleed), ("TrimBox", trim)]
    {
        let [x0, y0, x1, y1] = [area.x0, area.y0, area.x1, area.y1].map(rounded);
        body.extend(format!("/{key}[{x0} {y0} {x1} {y1}]").bytes());
    }
}

/// The content that draws the crop marks, filled: two at each corner, in the colour of black ink.
pub(super) fn crop_marks(trim: Rect) -> String {
    let mut content = String::from("q 0 0 0 1 k\n");
    let (from, to) = (BLEED, BLEED + MARK);
    for (x, outward) in [(trim.x0, -1.0), (trim.x1, 1.0)] {
        let left = f64::min(x + outward * from, x + outward * to);
        for y in [trim.y0, trim.y1] {
            bar(&mut content, left, y - WEIGHT / 2.0, MARK, WEIGHT);
        }
    }
    for (y, outward) in [(trim.y0, -1.0), (trim.y1, 1.0)] {
        let low = f64::min(y + outward * from, y + outward * to);
        for x in [trim.x0, trim.x1] {
            bar(&mut content, x - WEIGHT / 2.0, low, WEIGHT, MARK);
        }
    }
    content.push_str("Q\n");
    content
}

fn bar(content: &mut String, x: f64, y: f64, width: f64, height: f64) {
    let [x, y, width, height] = [x, y, width, height].map(rounded);
    let _ = writeln!(content, "{x} {y} {width} {height} re f");
}

fn grown(area: Rect, by: f64) -> Rect {
    Rect::new(area.x0 - by, area.y0 - by, area.x1 + by, area.y1 + by)
}

/// Rounds to a thousandth of a point.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
