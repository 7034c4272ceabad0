//! Signatures, logos, badges and the code: each on the page once, and nothing over its ink.

use typst::layout::{Abs, Point, Rect};

use super::ink::{Mark, MarkKind, grown, holds, shared};
use super::{PLAY, Reader, bare, describe};
use crate::base::error::{Error, ErrorKind};
use crate::press::sheet::{SheetImage, SheetSignatory};

/// Lines this close to each other are one rule.
const ONE_RULE: f64 = 2.0;

impl<'a> Reader<'a> {
    /// Every picture of the sheet once.
    pub(super) fn pictures(&mut self) {
        let mut faults = Vec::new();
        for image in self.sheet.images() {
            let count = self
                .inked
                .slots_of(&image.id)
                .flat_map(|slot| self.inked.marks_in(slot))
                .filter(|mark| matches!(mark.kind, MarkKind::Image))
                .count();
            let what = self.picture(&image.id);
            match count {
                1 => {}
                0 => faults
                    .push((ErrorKind::TextMissing, format!("{what} is not on the page"))),
                _ => faults.push((
                    ErrorKind::TextDoubled,
                    format!("{what} stands on the page {count} times"),
                )),
            }
        }
        for (kind, message) in faults {
            self.fault(kind, message, "set it once, with `picture(image, …)`");
        }
    }

    /// Nothing lies over a picture of the sheet, and a signature crosses no line but its rule.
    pub(super) fn overlaps(&mut self) {
        let mut faults: Vec<(&SheetImage, String)> = Vec::new();
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for image in self.sheet.images() {
            let found = self.inked.marks.iter().enumerate().find(|(_, mark)| {
                self.image_of(mark).is_some_and(|found| found.id == image.id)
            });
            let Some((order, own)) = found else { continue };
            let Some(ink) = self.ink_of(own).map(|ink| grown(ink, -PLAY)) else {
                continue;
            };
            let mut rules: Vec<Rect> = Vec::new();
            let in_the_way = self.inked.marks.iter().enumerate().find(|(after, mark)| {
                if *after == order || mark.page != own.page {
                    return false;
                }
                let Some(rect) = self.ink_of(mark) else { return false };
                let over = shared(rect, ink);
                if over.x <= Abs::zero() || over.y <= Abs::zero() {
                    return false;
                }
                match &mark.kind {
                    // What was painted before and lies under all of it is its ground.
                    MarkKind::Text(_) | MarkKind::Image => {
                        let ground = *after < order && holds(rect, ink);
                        !(ground || pairs.contains(&(*after, order)))
                    }
                    // A shape that comes later and has an area of its own hides it.
                    MarkKind::Filled => {
                        *after > order && over.x.min(over.y) > Abs::pt(2.0)
                    }
                    MarkKind::Line if image.baseline.is_some() => {
                        rules.push(rect);
                        rules.iter().any(|rule| !same_rule(*rule, rect))
                            || self.is_anothers(rect, image)
                    }
                    MarkKind::Line | MarkKind::Outline => false,
                }
            });
            if let Some((other, mark)) = in_the_way {
                pairs.push((order, other));
                // What overflows has been reported, and reaches others for that reason.
                let sentence = self.sentence_of(mark);
                if sentence.is_some_and(|s| self.overflowed.contains(&s.id)) {
                    continue;
                }
                let this = self.picture(&image.id);
                // Of two it is the one that was moved by hand.
                let moved = self.image_of(mark).filter(|other| other.nudge.is_some());
                faults.push((
                    moved.unwrap_or(image),
                    match &mark.kind {
                        MarkKind::Line => {
                            format!("{this} crosses a line that is not its own")
                        }
                        _ => format!("{} lies over {this}", self.describe_mark(mark)),
                    },
                ));
            }
        }
        for (image, message) in faults {
            let help = "shorten what stands on the page, or give the pictures more room in \
                        the layout";
            self.fault_in_picture(image, ErrorKind::Overlap, message, help);
        }
    }

    /// Whether a line is somebody else's to sign on: another's name is set along it, and not the one
    /// that belongs to this signature.
    fn is_anothers(&self, line: Rect, signature: &SheetImage) -> bool {
        let along = |person: &SheetSignatory| {
            self.inked.slots_of(&person.name.id).any(|slot| {
                let name = self.inked.slots[slot].rect;
                let shared = name.max.x.min(line.max.x) - name.min.x.max(line.min.x);
                shared > 0.5 * line.size().x
            })
        };
        let (own, others): (Vec<_>, Vec<_>) =
            self.sheet.signatories.iter().partition(|person| {
                person.image.as_ref().is_some_and(|image| image.id == signature.id)
            });
        !own.into_iter().any(along) && others.into_iter().any(along)
    }

    /// A fault that whoever moved the signature by hand can mend, else the layout's author.
    pub(super) fn fault_in_picture(
        &mut self,
        image: &SheetImage,
        kind: ErrorKind,
        message: String,
        help: &str,
    ) {
        match &image.place {
            Some(place) if image.nudge.is_some() => {
                let help = "it was moved by hand: change its `scale`, `dx` or `dy`";
                let error = Error::new(kind, message).with_help(help);
                self.faults.push(error.at(place.clone()));
            }
            _ => self.fault(kind, message, help),
        }
    }

    /// The picture of the sheet that a mark is.
    pub(super) fn image_of(&self, mark: &Mark<'_>) -> Option<&'a SheetImage> {
        let slot = mark.slot.filter(|_| matches!(mark.kind, MarkKind::Image))?;
        let label = &self.inked.slots[slot].label;
        self.sheet.images().find(|image| image.id == *label)
    }

    /// The box of a mark's ink; of a signature only that of its strokes.
    pub(super) fn ink_of(&self, mark: &Mark<'_>) -> Option<Rect> {
        let rect = mark.rect?;
        let signed = self.image_of(mark).and_then(|image| image.picture.signature());
        Some(match (signed, &mark.kind) {
            (Some(signed), _) => {
                let [left, top, right, bottom] = signed.ink;
                let size = rect.size();
                let at = |x: f64, y: f64| rect.min + Point::new(size.x * x, size.y * y);
                Rect::new(at(left, top), at(right, bottom))
            }
            // A line has no extent, but ink.
            (None, MarkKind::Line) => grown(rect, Abs::pt(0.1)),
            (None, _) => rect,
        })
    }

    /// What a picture of the sheet is called in messages.
    pub(super) fn picture(&self, id: &str) -> String {
        let signatory = self
            .sheet
            .signatories
            .iter()
            .find(|person| person.image.as_ref().is_some_and(|image| image.id == id));
        let beside = |images: &[SheetImage]| {
            images.iter().find(|image| image.id == id).map(|image| image.alt.clone())
        };
        if let Some(person) = signatory {
            return format!("the signature of `{}`", bare(&person.name));
        }
        if let Some(name) = beside(&self.sheet.sponsors) {
            return format!("the logo of the sponsor `{name}`");
        }
        if let Some(alt) = beside(&self.sheet.badges) {
            return format!("the badge `{alt}`");
        }
        match id {
            "code" => "the code of the verify link".to_owned(),
            "logo" => "the logo".to_owned(),
            _ => format!("the picture `{id}`"),
        }
    }

    /// What any mark is called in messages.
    pub(super) fn describe_mark(&self, mark: &Mark<'_>) -> String {
        match (self.sentence_of(mark), &mark.kind) {
            (Some(sentence), _) => describe(sentence),
            (None, MarkKind::Text(text)) => format!("`{}`", text.text),
            (None, MarkKind::Image) => match mark.slot {
                Some(slot) => self.picture(&self.inked.slots[slot].label),
                None => "a picture".to_owned(),
            },
            (None, _) => "a shape".to_owned(),
        }
    }
}

/// Whether two lines are strokes of one rule: close to each other, one above the other.
fn same_rule(a: Rect, b: Rect) -> bool {
    let apart = (a.min.y.max(b.min.y) - a.max.y.min(b.max.y)).to_mm();
    apart <= ONE_RULE && a.min.x <= b.max.x && b.min.x <= a.max.x
}
