//! Checks that the content of a slot with a place stays inside of it.

use typst::layout::{Abs, Point, Rect};

use super::ink::grown;
use super::overflow::distance_beyond;
use super::reader::{PageReader, TOLERANCE};
use crate::base::error::{Error, ErrorKind};

impl PageReader<'_> {
    pub(super) fn check_placed_slots(&mut self) {
        let mut errors = Vec::new();
        for slot in &self.sheet.slots {
            let min = Point::new(Abs::mm(slot.x), Abs::mm(slot.y));
            let size = Point::new(Abs::mm(slot.width), Abs::mm(slot.height));
            let area = Rect::new(min, min + size);
            // Report only the part that extends farthest beyond the slot.
            let ids = slot.ids.iter().filter(|id| !self.overflowed.contains(*id));
            let farthest = ids
                .filter_map(|id| self.beyond(id, area))
                .reduce(|a, b| if b.0 > a.0 { b } else { a });
            let Some((by, what)) = farthest else { continue };
            let message = format!(
                "{what} reaches {:.1} mm beyond the slot `{}`",
                by.to_mm(),
                slot.name
            );
            let help = "make the slot larger, or what stands in it shorter, or give it a smaller \
                        `min` or more `lines`";
            let error = Error::new(ErrorKind::Overflow, message);
            errors.push((slot.ids.clone(), error.at(slot.place.clone()).with_help(help)));
        }
        for (ids, error) in errors {
            // Other parts extend beyond the slot, or overlap others, for the same reason.
            self.overflowed.extend(ids);
            self.errors.push(error);
        }
    }

    /// How far a part extends beyond a box, with its name in messages.
    fn beyond(&self, id: &str, area: Rect) -> Option<(Abs, String)> {
        let marks = self.inked.slots_of(id).flat_map(|own| self.inked.marks_in(own));
        let distances = marks.filter_map(|mark| {
            let swash = self
                .sentence_of(mark)
                .map_or(0.0, |it| self.page.layout.role(&it.role).swash);
            let room = grown(area, TOLERANCE + Abs::mm(swash));
            Some((distance_beyond(self.ink_of(mark)?, room), mark))
        });
        let (by, mark) = distances.max_by(|a, b| a.0.cmp(&b.0))?;
        (by > Abs::zero()).then(|| (by, self.describe_mark(mark)))
    }
}
