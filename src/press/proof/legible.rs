//! Checks that the content of a slot is painted in its own shape: its letters stand
//! beside each other and are large enough to be read, and nothing is mirrored or
//! squeezed.
//!
//! The decision made here: a layout may rotate the content that it is given, and scale it
//! evenly. What no reader would recognize is refused, even if all its ink is on the page.

use typst::layout::{Abs, Transform};
use typst::text::TextItem;

use super::ink::MarkKind;
use super::reader::PageReader;
use crate::base::error::ErrorKind;
use crate::image::qr::QrCode;
use crate::press::sheet::sentence::Sentence;

/// The smallest letters that can be read, in points: a raised figure on a card has 2.3.
const MIN_SIZE: f64 = 2.0;
/// How many times more letters and pictures may be stretched in one direction than in the
/// other. This bounds their slant as well.
const MAX_STRETCH: f64 = 1.8;
/// The least width of a text whose letters stand closer than they were fitted, as a share
/// of its fitted width.
const MIN_WIDTH: f64 = 0.7;

/// Why a reader would not recognize a text or a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Distortion {
    Mirrored,
    Stretched,
    /// Letters of this size, in points.
    Small(f64),
    Crowded,
}

impl Distortion {
    fn describe(self, what: &str) -> (String, &'static str) {
        match self {
            Self::Mirrored => {
                (format!("{what} is mirrored"), "draw it without a negative `scale`")
            }
            Self::Stretched => (
                format!("{what} is squeezed or slanted out of its shape"),
                "draw it without `scale` and `skew`, or with the same `scale` in both directions",
            ),
            Self::Small(size) => (
                format!("{what} has letters of {size:.1} pt, too small to be read"),
                "give it a larger `max` and `min` in `layout.yaml`, and no `scale` or `size` of the \
                 layout's own",
            ),
            Self::Crowded => (
                format!("the letters of {what} lie over each other"),
                "set it with `slot`, without a `tracking` of the layout's own",
            ),
        }
    }
}

impl PageReader<'_> {
    /// Checks every sentence and every picture of the sheet, but for the background.
    pub(super) fn check_legible(&mut self) {
        let mut found = Vec::new();
        for (index, slot) in self.inked.slots.iter().enumerate() {
            let distortion = match self.sentence_in(index) {
                Some(sentence) => self.distortion_of_text(index, sentence),
                None => self.distortion_of_picture(index),
            };
            found.extend(distortion.map(|distortion| (slot.label.clone(), distortion)));
        }
        for (label, (message, help)) in found {
            self.report_in(&label, ErrorKind::Hidden, message, help);
        }
    }

    fn distortion_of_text(
        &self,
        slot: usize,
        sentence: &Sentence,
    ) -> Option<(String, &'static str)> {
        let mut texts = Vec::new();
        let mut distortion = None;
        for mark in self.inked.marks_in(slot) {
            let MarkKind::Text(text) = &mark.kind else { continue };
            if mark.rect.is_some() {
                distortion = distortion.or_else(|| distorted(text, mark.transform));
            }
            texts.push(*text);
        }
        let distortion = distortion
            .or_else(|| is_crowded(&texts, sentence).then_some(Distortion::Crowded));
        Some(distortion?.describe(&sentence.describe()))
    }

    fn distortion_of_picture(&self, slot: usize) -> Option<(String, &'static str)> {
        let label = self.inked.slots[slot].label.as_str();
        let mut marks = self.inked.marks_in(slot);
        let distortion = marks.find_map(|mark| match mark.kind {
            MarkKind::Image => out_of_shape(mark.transform),
            _ => None,
        });
        if !self.sheet.images().any(|it| it.id == label) {
            return None;
        }
        let what = self.describe_picture(label);
        match distortion {
            Some(distortion) => Some(distortion.describe(&what)),
            None => self.too_small(slot, &what),
        }
    }

    /// Whether a slot holds a QR code that is too small for a camera.
    fn too_small(&self, slot: usize, what: &str) -> Option<(String, &'static str)> {
        let verify = self.sheet.verify.as_ref()?;
        if self.inked.slots[slot].label != verify.code.id {
            return None;
        }
        let needed = QrCode::min_side(verify.modules);
        let marks = self.inked.marks_in(slot).filter_map(|mark| mark.rect);
        let sides = marks.map(|rect| rect.size().x.min(rect.size().y).to_mm());
        let side = sides.reduce(f64::max)?;
        (side < needed - 0.05).then(|| {
            (
                format!(
                    "{what} needs {needed:.1} mm on each side to be read, and has {side:.1}"
                ),
                "draw it larger, or shorten `publish.url`",
            )
        })
    }
}

/// How the size of a text, and the groups around it, distort it.
fn distorted(text: &TextItem, transform: Transform) -> Option<Distortion> {
    let (_, smaller) = stretches(transform);
    let size = text.size.to_pt() * smaller;
    out_of_shape(transform)
        .or_else(|| (size < MIN_SIZE).then_some(Distortion::Small(size)))
}

/// How a transform distorts what it moves.
fn out_of_shape(transform: Transform) -> Option<Distortion> {
    let (larger, smaller) = stretches(transform);
    let Transform { sx, ky, kx, sy, .. } = transform;
    if larger > MAX_STRETCH * smaller {
        Some(Distortion::Stretched)
    } else if sx.get() * sy.get() < ky.get() * kx.get() {
        Some(Distortion::Mirrored)
    } else {
        None
    }
}

/// The largest and the smallest factor by which a transform stretches: its singular
/// values.
fn stretches(transform: Transform) -> (f64, f64) {
    let [a, b, c, d] =
        [transform.sx, transform.ky, transform.kx, transform.sy].map(|share| share.get());
    let squares = a * a + b * b + c * c + d * d;
    let area = (a * d - b * c).abs();
    let root = (squares * squares - 4.0 * area * area).max(0.0).sqrt();
    let larger = ((squares + root) / 2.0).sqrt();
    (larger, if larger > 0.0 { area / larger } else { 0.0 })
}

/// Whether the letters of a sentence are much closer to each other than they were fitted.
fn is_crowded(texts: &[&TextItem], sentence: &Sentence) -> bool {
    let size = texts.iter().map(|text| text.size.to_pt()).fold(0.0, f64::max);
    let width: Abs = texts.iter().map(|text| text.width()).sum();
    let fitted = &sentence.fitted;
    // A space at the edge of a run of another direction is not drawn, so that spaces are
    // not counted.
    let text = sentence.text();
    let letters = text.chars().filter(|c| !c.is_whitespace()).count();
    let share = letters as f64 / text.chars().count().max(1) as f64;
    size > 0.0 && width.to_pt() < MIN_WIDTH * share * fitted.natural / fitted.size * size
}

#[cfg(test)]
mod tests {
    use super::*;
    use typst::layout::{Angle, Ratio};

    #[test]
    fn what_turns_a_text_keeps_its_shape_and_what_squeezes_it_does_not() {
        let scaled = |x, y| Transform::scale(Ratio::new(x), Ratio::new(y));
        for (transform, expected) in [
            (Transform::identity(), None),
            (Transform::rotate(Angle::deg(180.0)), None),
            (Transform::rotate(Angle::deg(33.0)), None),
            (scaled(0.9, 1.0), None),
            (scaled(0.4, 0.4), None),
            (scaled(-1.0, -1.0), None),
            (scaled(-1.0, 1.0), Some(Distortion::Mirrored)),
            (scaled(1.0, 0.03), Some(Distortion::Stretched)),
            (scaled(0.001, 1.0), Some(Distortion::Stretched)),
            (
                Transform::rotate(Angle::deg(20.0)).pre_concat(scaled(1.0, -1.0)),
                Some(Distortion::Mirrored),
            ),
            (Transform::skew(Angle::deg(-12.0), Angle::zero()), None),
            (
                Transform::skew(Angle::deg(80.0), Angle::zero()),
                Some(Distortion::Stretched),
            ),
        ] {
            assert_eq!(out_of_shape(transform), expected, "{transform:?}");
        }
    }
}
