//! Checks that no ink leaves its slot or the page.

use std::collections::HashSet;

use typst::layout::{Abs, Point, Rect};

use super::ink::{MarkKind, grown, holds};
use super::reader::{PageReader, TOLERANCE};
use crate::base::error::{ErrorKind, ErrorMessage, finding};
use crate::press::sheet::image::SheetImage;
use crate::press::sheet::sentence::{Sentence, shorten};

/// Ink outside of its box.
struct Overflow<'a> {
    /// What extends beyond the box, as messages name it.
    what: String,
    /// The box, as messages name it.
    edge: &'static str,
    by: Abs,
    /// The cause, which the author can correct.
    cause: Cause<'a>,
}

enum Cause<'a> {
    /// The text is too long for its slot.
    Sentence(&'a Sentence),
    /// The text fits, but the ink of its letters extends beyond the slot.
    Swash(&'a Sentence),
    /// The layout places the slot wrongly.
    Position(&'a Sentence),
    Picture(&'a SheetImage),
    Layout,
}

impl PageReader<'_> {
    pub(super) fn check_overflow(&mut self) {
        let mut found = Vec::new();
        let mut reported: HashSet<Option<usize>> = HashSet::new();
        for (index, slot) in self.inked.slots.iter().enumerate() {
            let sentence = self.sentence_in(index);
            if self.overflowed.contains(&slot.label) {
                continue;
            }
            let swash = sentence.map_or(0.0, |s| self.page.layout.role(&s.role).swash);
            let room = grown(slot.rect, TOLERANCE + Abs::mm(swash));
            let distances = self.inked.marks_in(index).filter_map(|mark| {
                Some(distance_beyond(mark.rect?, room)).filter(|by| *by > Abs::zero())
            });
            let Some(by) = distances.reduce(Abs::max) else { continue };
            let (what, cause) = match sentence {
                Some(sentence) if self.keeps_to_slot(index) => {
                    (sentence.describe(), Cause::Swash(sentence))
                }
                Some(sentence) => (sentence.describe(), Cause::Sentence(sentence)),
                None => {
                    let image = self.sheet.images().find(|image| image.id == slot.label);
                    let cause = image.map_or(Cause::Layout, Cause::Picture);
                    (self.describe_picture(&slot.label), cause)
                }
            };
            reported.insert(Some(index));
            found.push(Overflow { what, edge: "its slot", by, cause });
        }
        for mark in &self.inked.marks {
            if !matches!(mark.kind, MarkKind::Text(_) | MarkKind::Image) {
                continue;
            }
            let (Some(rect), Some(page)) =
                (self.ink_of(mark), self.page.document.pages().get(mark.page))
            else {
                continue;
            };
            let whole = Rect::new(Point::zero(), page.frame.size().to_point());
            let label = mark.slot.map(|slot| &self.inked.slots[slot].label);
            if label.is_some_and(|label| self.overflowed.contains(label)) {
                continue;
            }
            // A picture that covers the page may bleed over its edges.
            if matches!(mark.kind, MarkKind::Image) && holds(rect, whole) {
                continue;
            }
            let by = distance_beyond(rect, grown(whole, TOLERANCE));
            if by > Abs::zero() && reported.insert(mark.slot) {
                // The ink is inside of its slot, so that the layout has placed the slot
                // wrongly.
                let cause = match (self.image_of(mark), self.sentence_of(mark)) {
                    (Some(image), _) => Cause::Picture(image),
                    (None, Some(sentence)) => Cause::Position(sentence),
                    (None, None) => Cause::Layout,
                };
                let what = self.describe_mark(mark);
                found.push(Overflow { what, edge: "the page", by, cause });
            }
        }
        for Overflow { what, edge, by, cause } in found {
            let kind = ErrorKind::Overflow;
            let length = format!("{:.1}", by.to_mm());
            let message: ErrorMessage = match (&cause, edge) {
                (
                    Cause::Sentence(it) | Cause::Swash(it) | Cause::Position(it),
                    "its slot",
                ) if it.describe() == what => {
                    finding!("beyond_slot", it.role, it.short(), length)
                }
                (
                    Cause::Sentence(it) | Cause::Swash(it) | Cause::Position(it),
                    "the page",
                ) if it.describe() == what => {
                    finding!("beyond_page", it.role, it.short(), length)
                }
                _ => format!("{what} reaches {length} mm beyond {edge}").into(),
            };
            let help = if self.page.layout.is_own {
                "move or shrink it in the layout"
            } else {
                "shorten what stands on the page, name fewer signatories, or choose another layout"
            };
            match cause {
                Cause::Sentence(sentence) => {
                    let help = shorten(&self.page.layout);
                    self.report_sentence(sentence, kind, message, help);
                    self.overflowed.insert(sentence.id.clone());
                }
                Cause::Swash(sentence) => {
                    let help = format!(
                        "if it looks well, let the letters of the role reach out: `{}: {{ swash: \
                         {:.0} }}` under `roles` in `layout.yaml`; else give the role more room or \
                         another face",
                        sentence.role,
                        (by.to_mm() + self.page.layout.role(&sentence.role).swash).ceil()
                    );
                    self.report_sentence(sentence, kind, message, &help);
                    self.overflowed.insert(sentence.id.clone());
                }
                Cause::Position(sentence) => {
                    self.report_position(&[sentence], kind, message, help);
                }
                Cause::Picture(image) => self.report_picture(image, kind, message, help),
                Cause::Layout => self.report(kind, message, help),
            }
        }
    }

    /// Whether the advances and base lines of a text are inside of its slot, and the slot
    /// is as tall as its letters: then only the ink of letters can extend beyond it.
    fn keeps_to_slot(&self, index: usize) -> bool {
        let slot = self.inked.slots[index].rect;
        let room = grown(slot, TOLERANCE);
        self.inked.marks_in(index).all(|mark| match mark.kind {
            MarkKind::Text(text) => {
                let end = mark.origin.x + text.width();
                let base = mark.origin.y;
                text.size <= slot.size().y
                    && mark.origin.x >= room.min.x
                    && end <= room.max.x
                    && (room.min.y..=room.max.y).contains(&base)
            }
            _ => true,
        })
    }
}

/// How far a box extends beyond another, at the side where that is most.
pub(super) fn distance_beyond(rect: Rect, room: Rect) -> Abs {
    [
        room.min.x - rect.min.x,
        room.min.y - rect.min.y,
        rect.max.x - room.max.x,
        rect.max.y - room.max.y,
    ]
    .into_iter()
    .fold(Abs::zero(), Abs::max)
}
