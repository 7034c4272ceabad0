//! The result of fitting a sentence to its slot.

use serde::{Serialize, Serializer};

use crate::press::layout::slot::SlotAlign;

/// How a sentence is set in its slot. Lengths are in points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Fitted {
    /// The font size.
    pub size: f64,
    /// The number of lines.
    pub lines: u32,
    /// The width of the slot.
    pub width: f64,
    /// The width in which the sentence breaks into these lines.
    pub column: f64,
    /// The height of a line above its base line.
    pub above: f64,
    /// The height of a line below its base line.
    pub below: f64,
    /// The gap between two lines.
    pub leading: f64,
    /// The height of the slot.
    pub height: f64,
    /// How far letters extend beyond the left edge of the slot.
    pub left: f64,
    /// How far letters extend beyond the right edge of the slot.
    pub right: f64,
    /// The largest size that the slot allows at this scale.
    pub most: f64,
    /// The scale of the largest size, 1 except on a full page.
    pub scale: f64,
    /// The width that the sentence has on one line.
    pub natural: f64,
    /// The side on which its lines are aligned.
    pub align: SlotAlign,
}

/// Writes fits at smaller scales as lists of numbers, which Typst reads faster than maps;
/// `blocks.typ` has the same order. Values that are equal in the fit at the largest scale
/// are left out.
pub(crate) fn serialize_smaller<S: Serializer>(
    smaller: &[Fitted],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let round = |length: f64| (length * 1e4).floor() / 1e4;
    serializer.collect_seq(smaller.iter().map(|fitted| {
        [
            round(fitted.size),
            f64::from(fitted.lines),
            fitted.column,
            fitted.above,
            fitted.below,
            fitted.leading,
            fitted.height,
            fitted.left,
            fitted.right,
            round(fitted.most),
            fitted.scale,
        ]
    }))
}

impl Fitted {
    /// The value before a sentence is fitted.
    pub(crate) const NONE: Self = Self {
        size: 0.0,
        lines: 0,
        width: 0.0,
        column: 0.0,
        above: 0.0,
        below: 0.0,
        leading: 0.0,
        height: 0.0,
        left: 0.0,
        right: 0.0,
        most: 0.0,
        scale: 1.0,
        natural: 0.0,
        align: SlotAlign::Center,
    };
}
