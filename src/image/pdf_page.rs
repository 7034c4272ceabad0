//! The first page of a PDF, as it lies under a certificate.
//!
//! Takes a page as hayro reads it; gives its size, the part to which its paper is cut, and what a
//! picture of the page would lack. The decision: what lies over the page and is no part of it, such as
//! a stamp or a form field, is refused, because viewers show it and a picture of the page does not.

use hayro_syntax::object::{Array, Dict, Name, Rect};
use hayro_syntax::page::{Page, Rotation};
use serde::Serialize;

/// The flags of an annotation that is not shown (ISO 32000-2, table 167): hidden, and no view.
const UNSEEN: i32 = 1 << 1 | 1 << 5;
/// By how much two boxes may differ that are the same, in points.
const SAME: f64 = 0.5;

/// What is known of the first page of a PDF.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PdfPage {
    /// Width and height in points, as it is shown.
    pub(crate) size: (f64, f64),
    /// The part to which the paper is cut, if there is more around it.
    pub(crate) trim: Option<TrimmedPart>,
    /// How many pages the PDF has.
    pub(crate) pages: usize,
    pub(crate) is_pdf_2: bool,
}

/// The part of a picture that stays when its paper is cut: shares of its width and height. What lies
/// around it is bleed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct TrimmedPart {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl TrimmedPart {
    /// All of a picture.
    pub(crate) const WHOLE: Self = Self { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };

    /// The trim box of a page, if it is smaller than what is shown of the page.
    pub(super) fn of(page: &Page<'_>) -> Option<Self> {
        let trim = page.raw().get::<Rect>(b"TrimBox".as_slice())?;
        let shown = page.intersected_crop_box();
        let (width, height) = (shown.x1 - shown.x0, shown.y1 - shown.y0);
        let left = (trim.x0 - shown.x0).max(0.0);
        let low = (trim.y0 - shown.y0).max(0.0);
        let right = (shown.x1 - trim.x1).max(0.0);
        let top = (shown.y1 - trim.y1).max(0.0);
        let is_there = left + right < width && low + top < height;
        let is_whole = [left, low, right, top].iter().all(|edge| *edge < SAME);
        if !is_there || is_whole {
            return None;
        }
        // Clockwise from the left.
        let edges = [left / width, top / height, right / width, low / height];
        let turns = match page.rotation() {
            Rotation::None => 0,
            Rotation::Horizontal => 1,
            Rotation::Flipped => 2,
            Rotation::FlippedHorizontal => 3,
        };
        // What was on the left stands at the top after a turn.
        let [left, top, right, low] =
            std::array::from_fn(|edge| edges[(edge + 4 - turns) % 4]);
        let (width, height) = (1.0 - left - right, 1.0 - top - low);
        Some(Self { x: left, y: top, width, height })
    }
}

/// What lies over a page and is shown by viewers, but is no part of it.
pub(super) fn laid_over(page: &Page<'_>) -> Option<String> {
    let annotations = page.raw().get::<Array<'_>>(b"Annots".as_slice())?;
    let kinds = annotations.iter::<Dict<'_>>().filter_map(|annotation| {
        let kind = annotation.get::<Name<'_>>(b"Subtype".as_slice());
        let kind = kind.map(|kind| String::from_utf8_lossy(kind.as_ref()).into_owned());
        let kind = kind.unwrap_or_default();
        let flags = annotation.get::<i32>(b"F".as_slice()).unwrap_or(0);
        let area = annotation.get::<Rect>(b"Rect".as_slice());
        let has_area = area.is_some_and(|area| {
            (area.x1 - area.x0).abs() > SAME && (area.y1 - area.y0).abs() > SAME
        });
        // A link and the window of a comment show nothing of their own on paper.
        let is_seen =
            !matches!(&*kind, "Link" | "Popup") && flags & UNSEEN == 0 && has_area;
        is_seen.then_some(kind)
    });
    let kind = kinds.into_iter().next()?;
    Some(match &*kind {
        "Widget" => "a form field lies over its page".to_owned(),
        "" => "an annotation lies over its page".to_owned(),
        _ => format!("an annotation lies over its page: `{}`", kind.escape_debug()),
    })
}
