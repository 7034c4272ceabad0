//! How much of its box the ink may fill: a scan without ink, or with hardly anything else, is
//! refused.

use super::gray::{Area, Gray};
use super::measure::MIN_INK_COVERAGE;
use crate::base::error::{Error, ErrorKind, Result};

/// Ink that fills more of its bounding box than this is no drawing.
pub(super) const MAX_INK_PERCENT: u64 = 60;

/// Refuses ink that fills the box `ink` of `coverage`.
///
/// # Errors
/// [`ErrorKind::Image`].
pub(super) fn refuse_full_box(coverage: &Gray, ink: Area) -> Result<()> {
    let rows = ink.y as usize..(ink.y + ink.height) as usize;
    let inked: usize = rows
        .map(|y| {
            let row = coverage.row(y).iter();
            row.filter(|&&value| value >= MIN_INK_COVERAGE).count()
        })
        .sum();
    let extent = u64::from(ink.width) * u64::from(ink.height);
    // A dash fills its box, and some signatures are one; a block of ink is none.
    let is_dash = ink.width >= 8 * ink.height || ink.height >= 8 * ink.width;
    if inked as u64 * 100 > extent * MAX_INK_PERCENT && !is_dash {
        return Err(all_ink());
    }
    Ok(())
}

/// The fewest pixels of a signature's longer side: 2 cm in print at 150 dots per inch.
const MIN_SIDE: u32 = 120;
/// The median lightness of a scan on paper, of 255.
pub(super) const MIN_PAPER: u8 = 60;

/// Refuses ink of so few pixels that print would show them.
///
/// # Errors
/// [`ErrorKind::Image`].
pub(super) fn refuse_few_pixels(ink: Area) -> Result<()> {
    let Area { width, height, .. } = ink;
    if width.max(height) >= MIN_SIDE {
        return Ok(());
    }
    let message =
        format!("the signature has {width} × {height} pixels, too few for print");
    Err(Error::new(ErrorKind::Image, message)
        .with_help("scan it at 300 dots per inch, or photograph it from close by"))
}

/// The error for light strokes on a dark ground.
pub(super) fn dark_paper() -> Error {
    Error::new(
        ErrorKind::Image,
        "the scan is dark: its strokes have no light paper around",
    )
    .with_help("sign with a dark pen on white paper, or invert the picture")
}

/// The error for a scan in which no ink is found.
pub(super) fn no_ink() -> Error {
    Error::new(ErrorKind::Image, "the scan has no ink").with_help(
        "sign with a dark pen on light paper, and let the signature fill the picture",
    )
}

/// The error for a scan that has no paper around its ink.
pub(super) fn all_ink() -> Error {
    Error::new(
        ErrorKind::Image,
        "the scan is all ink: no paper is left around the strokes",
    )
    .with_help("leave light paper, or transparency, around the signature")
}
