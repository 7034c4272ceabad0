//! Checks that every signature, logo, badge and QR code stands on the page once.

use super::ink::MarkKind;
use super::reader::PageReader;
use crate::base::error::ErrorKind;

impl PageReader<'_> {
    pub(super) fn check_pictures(&mut self) {
        for image in self.sheet.images() {
            let count = self
                .inked
                .slots_of(&image.id)
                .flat_map(|slot| self.inked.marks_in(slot))
                .filter(|mark| matches!(mark.kind, MarkKind::Image))
                .count();
            let what = self.describe_picture(&image.id);
            let (kind, message) = match count {
                1 => continue,
                0 => (ErrorKind::TextMissing, format!("{what} is not on the page")),
                _ => (
                    ErrorKind::TextDoubled,
                    format!("{what} stands on the page {count} times"),
                ),
            };
            self.report(kind, message, "set it once, with `picture(image, …)`");
        }
    }
}
