//! The proof: the machine's reading of a page before a file of it exists.
//!
//! Takes a [`Page`], gives a [`Proof`], or all errors. Every sentence is on the page
//! once, in its slot, with its letters in order; no glyph is missing; every family is
//! declared; no ink leaves its slot or the page; nothing lies over a signature or another
//! picture; everything keeps its shape and is visible. The decision made here: what the
//! proof does not find on the page is an error, and a page with an error becomes no file.

mod background;
mod faces;
mod ink;
mod legible;
#[cfg(feature = "studio")]
pub(crate) mod outline;
mod overflow;
mod overlap;
mod pictures;
mod reader;
mod reading;
mod slots;
mod table;
mod texts;
mod untranslated;
mod visible;

use self::reader::PageReader;
use crate::base::error::{Error, ErrorKind, Result};
use crate::press::engine::page::Page;

/// A page that passed its proof, from which files are written.
#[derive(Debug)]
pub struct Proof {
    pub(crate) page: Page,
}

impl Page {
    /// Reads the page and compares it with its sheet.
    ///
    /// # Errors
    /// All errors together: [`ErrorKind::PageCount`], [`ErrorKind::MissingGlyph`],
    /// [`ErrorKind::UndeclaredFamily`], [`ErrorKind::TextMissing`], [`ErrorKind::TextDoubled`],
    /// [`ErrorKind::Overflow`], [`ErrorKind::Overlap`], [`ErrorKind::Hidden`],
    /// [`ErrorKind::Contrast`], and [`ErrorKind::Layout`] for table cells
    /// out of order.
    pub fn proof(self) -> Result<Proof> {
        Error::join(self.faults(false))?;
        Ok(Proof { page: self })
    }

    /// As [`proof`](Self::proof), and in addition compares the pixels of the page with
    /// and without each sentence and picture, so that faults show that no rule covers. It
    /// takes a hundred times as long.
    ///
    /// # Errors
    /// As [`proof`](Self::proof).
    pub fn proof_closely(self) -> Result<Proof> {
        Error::join(self.faults(true))?;
        Ok(Proof { page: self })
    }

    /// All errors of the page, in the order of the checks. `closely` adds the check of
    /// pixels of [`proof_closely`](Self::proof_closely).
    pub(crate) fn faults(&self, closely: bool) -> Vec<Error> {
        let mut reader = PageReader::new(self);
        check_page_count(&mut reader);
        reader.check_faces();
        reader.check_texts();
        reader.check_table();
        reader.check_background();
        reader.check_pictures();
        reader.check_placed_slots();
        reader.check_overflow();
        reader.check_picture_overlaps();
        reader.check_text_overlaps();
        if reader.errors.is_empty() {
            reader.check_legible();
        }
        if reader.errors.is_empty() {
            reader.check_visible(closely);
        }
        reader.errors
    }
}

/// Checks that the page count is the one that the layout declares.
fn check_page_count(reader: &mut PageReader<'_>) {
    let actual = reader.page.document.pages().len();
    let declared = &reader.page.layout.pages;
    if declared.contains(&actual) {
        return;
    }
    let count = |n| if n == 1 { "1 page".to_owned() } else { format!("{n} pages") };
    let promised = match (*declared.start(), *declared.end()) {
        (min, max) if min == max => count(max),
        (min, max) => format!("{min} to {}", count(max)),
    };
    reader.report(
        ErrorKind::PageCount,
        format!("the layout promises {promised} and fills {}", count(actual)),
        "shorten what stands on it, or change `pages` in `layout.yaml`",
    );
}
