//! What goes on over several pages: a table, its headings on each of them and its cells in the order
//! of reading; and the ground under all.

use std::collections::BTreeSet;

use typst::layout::Rect;

use super::ink::MarkKind;
use super::reading::{self, Reading};
use super::{Reader, describe, set};
use crate::base::error::ErrorKind;
use crate::base::lang::Direction;
use crate::press::sheet::{Sentence, SheetTable};

/// Where a cell stands: the number of its slot, its page and its box.
type Cell = (usize, usize, Rect);

impl Reader<'_> {
    /// Every column is named on each page that holds cells, and nowhere else; rows follow each other
    /// downwards and from page to page, their cells in the direction of reading.
    pub(super) fn table(&mut self) {
        let Some(table) = &self.sheet.table else { return };
        let pages: BTreeSet<usize> = table
            .rows
            .iter()
            .flatten()
            .flatten()
            .filter_map(|cell| Some(self.cell(cell)?.1))
            .collect();
        let mut faults: Vec<_> = table
            .headings()
            .filter_map(|heading| self.heading(heading, &pages))
            .collect();
        faults.extend(self.order(table));
        for (kind, message, help) in faults {
            self.fault(kind, message, help);
        }
    }

    /// What lies under the pages lies under each, below everything else.
    pub(super) fn background(&mut self) {
        let Some(background) = &self.sheet.background else { return };
        let ground = |page: usize| {
            let mut marks = self.inked.marks.iter().filter(|mark| mark.page == page);
            marks.next().is_some_and(|first| {
                let slot = first.slot.map(|slot| self.inked.slots[slot].label.as_str());
                matches!(first.kind, MarkKind::Image) && slot == Some(&background.id)
            })
        };
        let pages = 0..self.page.document.pages().len();
        if let Some(page) = pages.into_iter().find(|&page| !ground(page)) {
            let message = format!("the background does not lie under page {}", page + 1);
            let help = "let `page-of` of `/shared/page.typ` set the page";
            self.fault(ErrorKind::TextMissing, message, help);
        }
    }

    fn heading(
        &self,
        heading: &Sentence,
        pages: &BTreeSet<usize>,
    ) -> Option<(ErrorKind, String, &'static str)> {
        const HELP: &str =
            "let a `table.header` that repeats set it with `slot(heading, …)`";
        let what = describe(heading);
        let expected = heading.text();
        let mut seen = BTreeSet::new();
        for slot in self.inked.slots_of(&heading.id) {
            let set: Vec<_> = self.inked.marks_in(slot).filter_map(set).collect();
            let page = self.inked.slots[slot].page;
            match reading::read(&set, &expected, self.sheet.direction) {
                Reading::Right if seen.insert(page) => {}
                Reading::Right | Reading::Doubled => {
                    let message = format!("{what} stands twice on page {}", page + 1);
                    return Some((ErrorKind::TextDoubled, message, HELP));
                }
                Reading::Blank => {}
                Reading::Other(said) => {
                    let message = format!("{what} reads `{said}` on page {}", page + 1);
                    return Some((ErrorKind::TextMissing, message, HELP));
                }
            }
        }
        let page = pages.difference(&seen).next()? + 1;
        let message = format!("{what} is not on page {page}, where the table goes on");
        Some((ErrorKind::TextMissing, message, HELP))
    }

    fn order(&self, table: &SheetTable) -> Option<(ErrorKind, String, &'static str)> {
        let rows = table.rows.iter().chain(&table.total);
        let mut above: Option<(&Sentence, Cell)> = None;
        for row in rows {
            let mut before: Option<(&Sentence, Cell)> = None;
            for sentence in row.iter().flatten() {
                let Some(cell) = self.cell(sentence) else { continue };
                let (order, page, rect) = cell;
                if let Some((other, (other_order, other_page, other_rect))) = before {
                    let beside = match self.sheet.direction {
                        Direction::Ltr => other_rect.max.x <= rect.min.x + super::PLAY,
                        Direction::Rtl => rect.max.x <= other_rect.min.x + super::PLAY,
                    };
                    let level =
                        rect.min.y < other_rect.max.y && other_rect.min.y < rect.max.y;
                    if !beside || !level || page != other_page || order < other_order {
                        return Some(misplaced(sentence, other, "beside"));
                    }
                }
                if let Some((other, (other_order, other_page, other_rect))) = above {
                    let below = page > other_page
                        || page == other_page
                            && rect.min.y + super::PLAY >= other_rect.max.y;
                    if !below || order < other_order {
                        return Some(misplaced(sentence, other, "below"));
                    }
                }
                before = Some((sentence, cell));
            }
            above = before.or(above);
        }
        None
    }

    /// Where a cell that was set once stands.
    fn cell(&self, sentence: &Sentence) -> Option<Cell> {
        let slot = self.inked.slots_of(&sentence.id).next()?;
        let found = &self.inked.slots[slot];
        Some((slot, found.page, found.rect))
    }
}

fn misplaced(
    sentence: &Sentence,
    other: &Sentence,
    side: &str,
) -> (ErrorKind, String, &'static str) {
    let message =
        format!("{} does not stand {side} {}", describe(sentence), describe(other));
    (
        ErrorKind::Layout,
        message,
        "set the rows of `sheet.table` in their order, as one `table`",
    )
}
