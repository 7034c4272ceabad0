//! Checks that the background lies under every page, below everything else.

use super::ink::{Mark, MarkKind};
use super::reader::PageReader;
use crate::base::error::ErrorKind;

impl PageReader<'_> {
    pub(super) fn check_background(&mut self) {
        let Some(background) = &self.sheet.background else { return };
        let lies_under = |page: usize| {
            // Only the colour of the paper, which may extend beyond its edges, lies below
            // it.
            let is_colour = |mark: &Mark<'_>| {
                mark.slot.is_none() && matches!(mark.kind, MarkKind::Filled)
            };
            let mut marks = self.inked.marks.iter().filter(|mark| mark.page == page);
            marks.find(|mark| !is_colour(mark)).is_some_and(|first| {
                let slot = first.slot.map(|slot| self.inked.slots[slot].label.as_str());
                matches!(first.kind, MarkKind::Image) && slot == Some(&background.id)
            })
        };
        let mut pages = 0..self.page.document.pages().len();
        if let Some(page) = pages.find(|&page| !lies_under(page)) {
            let message = format!("the background does not lie under page {}", page + 1);
            let help = "let `page-of` of `/shared/page.typ` set the page";
            self.report(ErrorKind::TextMissing, message, help);
        }
    }
}
