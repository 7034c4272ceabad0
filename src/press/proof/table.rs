//! Checks a table that may continue over several pages: its headings on each of them, and its cells
//! in reading order.

use std::collections::BTreeSet;

use typst::layout::Rect;

use super::reader::{PageReader, TOLERANCE};
use super::reading::{self, Reading};

use crate::base::error::ErrorKind;
use crate::base::lang::Direction;
use crate::press::sheet::sentence::Sentence;
use crate::press::sheet::table::SheetTable;

/// The position of a cell: the index of its slot, its page and its box.
type Cell = (usize, usize, Rect);

/// An error's kind, message and help.
type Finding = (ErrorKind, String, &'static str);

impl PageReader<'_> {
    /// Checks that every column heading is once on each page with cells, that rows follow
    /// each other downwards and from page to page, and that their cells are in reading
    /// direction.
    pub(super) fn check_table(&mut self) {
        let Some(table) = &self.sheet.table else { return };
        let pages: BTreeSet<usize> = table
            .rows
            .iter()
            .flatten()
            .flatten()
            .filter_map(|cell| Some(self.cell(cell)?.1))
            .collect();
        let mut findings: Vec<_> = table
            .headings()
            .filter_map(|heading| self.misplaced_heading(heading, &pages))
            .collect();
        findings.extend(self.misplaced_cell(table));
        for (kind, message, help) in findings {
            self.report(kind, message, help);
        }
    }

    /// The error of a heading; `pages` are those with cells.
    fn misplaced_heading(
        &self,
        heading: &Sentence,
        pages: &BTreeSet<usize>,
    ) -> Option<Finding> {
        const HELP: &str =
            "let a `table.header` that repeats set it with `slot(heading, …)`";
        let what = heading.describe();
        let expected = heading.text();
        let mut seen = BTreeSet::new();
        for slot in self.inked.slots_of(&heading.id) {
            let texts: Vec<_> = self.text_in(slot).collect();
            let page = self.inked.slots[slot].page;
            match reading::read(&texts, &expected, self.sheet.direction) {
                Reading::Right if seen.insert(page) => {}
                Reading::Right | Reading::Doubled => {
                    let message = format!("{what} stands twice on page {}", page + 1);
                    return Some((ErrorKind::TextDoubled, message, HELP));
                }
                Reading::Blank => {}
                Reading::Other(text) => {
                    let message = format!("{what} reads `{text}` on page {}", page + 1);
                    return Some((ErrorKind::TextMissing, message, HELP));
                }
            }
        }
        let page = pages.difference(&seen).next()? + 1;
        let message = format!("{what} is not on page {page}, where the table goes on");
        Some((ErrorKind::TextMissing, message, HELP))
    }

    /// The first cell that is not after the previous one in its row, or not below the
    /// previous row.
    fn misplaced_cell(&self, table: &SheetTable) -> Option<Finding> {
        let rows = table.rows.iter().chain(&table.total);
        let mut above: Option<(&Sentence, Cell)> = None;
        for row in rows {
            let mut before: Option<(&Sentence, Cell)> = None;
            for sentence in row.iter().flatten() {
                let Some(cell) = self.cell(sentence) else { continue };
                let (order, page, rect) = cell;
                if let Some((other, (other_order, other_page, other_rect))) = before {
                    let beside = match self.sheet.direction {
                        Direction::Ltr => other_rect.max.x <= rect.min.x + TOLERANCE,
                        Direction::Rtl => rect.max.x <= other_rect.min.x + TOLERANCE,
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
                            && rect.min.y + TOLERANCE >= other_rect.max.y;
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

    /// The position of a cell, if it is on the page.
    fn cell(&self, sentence: &Sentence) -> Option<Cell> {
        let slot = self.inked.slots_of(&sentence.id).next()?;
        let found = &self.inked.slots[slot];
        Some((slot, found.page, found.rect))
    }
}

fn misplaced(sentence: &Sentence, other: &Sentence, side: &str) -> Finding {
    let message =
        format!("{} does not stand {side} {}", sentence.describe(), other.describe());
    (
        ErrorKind::Layout,
        message,
        "set the rows of `sheet.table` in their order, as one `table`",
    )
}
