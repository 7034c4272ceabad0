//! Checks that no sentence overlaps another, and that nothing lies over the ink of a
//! picture.

use typst::layout::{Abs, Rect};

use super::ink::{MarkKind, grown, holds, shared};
use super::reader::{PageReader, TOLERANCE};
use crate::base::error::{ErrorKind, finding};
use crate::press::sheet::SheetSignatory;
use crate::press::sheet::image::SheetImage;
use crate::press::sheet::sentence::Sentence;

/// The largest distance between the strokes of one rule, in millimetres.
const MAX_RULE_GAP: f64 = 2.0;

impl PageReader<'_> {
    /// Checks that nothing lies over a picture of the sheet, and that no line crosses a
    /// signature except the rule below it.
    pub(super) fn check_picture_overlaps(&mut self) {
        let mut found: Vec<(&SheetImage, String)> = Vec::new();
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for image in self.sheet.images() {
            let own = self.inked.marks.iter().enumerate().find(|(_, mark)| {
                self.image_of(mark).is_some_and(|other| other.id == image.id)
            });
            let Some((order, own)) = own else { continue };
            let Some(ink) = self.ink_of(own).map(|ink| grown(ink, -TOLERANCE)) else {
                continue;
            };
            let mut rules: Vec<Rect> = Vec::new();
            let obstacle = self.inked.marks.iter().enumerate().find(|(after, mark)| {
                if *after == order || mark.page != own.page {
                    return false;
                }
                let Some(rect) = self.ink_of(mark) else { return false };
                let over = shared(rect, ink);
                if over.x <= Abs::zero() || over.y <= Abs::zero() {
                    return false;
                }
                match &mark.kind {
                    // Text or a picture that was painted before and contains all of the
                    // ink is its ground.
                    MarkKind::Text(_) | MarkKind::Image => {
                        let is_ground = holds(rect, ink) || self.is_background(mark.slot);
                        let ground = *after < order && is_ground;
                        !(ground || pairs.contains(&(*after, order)))
                    }
                    // A filled shape that is painted later hides the ink.
                    MarkKind::Filled => {
                        *after > order && over.x.min(over.y) > Abs::pt(2.0)
                    }
                    MarkKind::Line if image.baseline.is_some() => {
                        rules.push(rect);
                        rules.iter().any(|rule| !is_same_rule(*rule, rect))
                            || self.is_rule_of_another(rect, image)
                    }
                    MarkKind::Line | MarkKind::Outline => false,
                }
            });
            if let Some((other, mark)) = obstacle {
                pairs.push((order, other));
                // A sentence that overflows is reported already, and overlaps others for
                // that reason.
                let sentence = self.sentence_of(mark);
                if sentence.is_some_and(|s| self.overflowed.contains(&s.id)) {
                    continue;
                }
                let this = self.describe_picture(&image.id);
                let message = match &mark.kind {
                    MarkKind::Line => {
                        format!("{this} crosses a line that is not its own")
                    }
                    _ => format!("{} lies over {this}", self.describe_mark(mark)),
                };
                // If two signatures overlap, the error is at the one that the course
                // adjusts.
                let moved = self.image_of(mark).filter(|other| other.nudge.is_some());
                found.push((moved.unwrap_or(image), message));
            }
        }
        for (image, message) in found {
            let help = if self.page.layout.is_own {
                "shorten what stands on the page, or give the pictures more room in the layout"
            } else {
                "shorten what stands on the page, or choose another layout"
            };
            self.report_picture(image, ErrorKind::Overlap, message, help);
        }
    }

    /// Checks that no sentence overlaps another.
    pub(super) fn check_text_overlaps(&mut self) {
        let mut found: Vec<(&Sentence, &Sentence)> = Vec::new();
        let texts: Vec<_> = self
            .inked
            .marks
            .iter()
            .filter(|mark| matches!(mark.kind, MarkKind::Text(_)))
            .filter_map(|mark| {
                let slot = mark.slot?;
                Some((slot, mark.page, mark.rect?, self.sentence_in(slot)?))
            })
            .collect();
        for (index, (slot, page, rect, sentence)) in texts.iter().enumerate() {
            for (other_slot, other_page, other_rect, other) in &texts[index + 1..] {
                // A sentence that overflows is reported already, and overlaps others for
                // that reason.
                let overflowed = self.overflowed.contains(&sentence.id)
                    || self.overflowed.contains(&other.id);
                if slot == other_slot || page != other_page || overflowed {
                    continue;
                }
                let over = shared(*rect, *other_rect);
                if over.x.min(over.y) > Abs::pt(1.0) {
                    let is_pair = |known: &(&Sentence, &Sentence)| {
                        known.0.id == sentence.id && known.1.id == other.id
                    };
                    if !found.iter().any(is_pair) {
                        found.push((*sentence, *other));
                    }
                }
            }
        }
        for (sentence, other) in found {
            self.report_position(
                &[sentence, other],
                ErrorKind::Overlap,
                finding!(
                    "runs_into",
                    sentence.role,
                    sentence.short(),
                    other.role,
                    other.short()
                ),
                if self.page.layout.is_own {
                    "shorten one of them, or give them more room in the layout"
                } else {
                    "shorten one of them, or choose another layout"
                },
            );
        }
    }

    /// Whether a slot is that of the background, which need not cover the whole paper.
    fn is_background(&self, slot: Option<usize>) -> bool {
        let background = self.sheet.background.as_ref();
        slot.zip(background)
            .is_some_and(|(slot, image)| self.inked.slots[slot].label == image.id)
    }

    /// Whether a line is the rule of another signatory: another's name is set along it, and the
    /// name that belongs to this signature is not.
    fn is_rule_of_another(&self, line: Rect, signature: &SheetImage) -> bool {
        let along = |signatory: &SheetSignatory| {
            self.inked.slots_of(&signatory.name.id).any(|slot| {
                let name = self.inked.slots[slot].rect;
                let shared = name.max.x.min(line.max.x) - name.min.x.max(line.min.x);
                shared > 0.5 * line.size().x
            })
        };
        let (own, others): (Vec<_>, Vec<_>) =
            self.sheet.signatories.iter().partition(|signatory| {
                signatory.image.as_ref().is_some_and(|image| image.id == signature.id)
            });
        !own.into_iter().any(along) && others.into_iter().any(along)
    }
}

/// Whether two lines belong to one rule: they are close, one above the other.
fn is_same_rule(a: Rect, b: Rect) -> bool {
    let gap = (a.min.y.max(b.min.y) - a.max.y.min(b.max.y)).to_mm();
    gap <= MAX_RULE_GAP && a.min.x <= b.max.x && b.min.x <= a.max.x
}
