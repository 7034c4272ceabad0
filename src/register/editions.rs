//! The editions of one award, as the public store holds them at one moment.
//!
//! The decision made here: ids are kept with their records, so that later stages of a request do
//! not derive them again.

use crate::register::record::Record;
use crate::site::award::Ids;

/// One edition that has a record.
#[derive(Debug)]
pub(crate) struct Edition {
    /// The ids of its verify page and of its PDF.
    pub(crate) ids: Ids,
    /// Its record.
    pub(crate) record: Record,
    /// Whether the public and the private side agree on it.
    pub(crate) is_agreed: bool,
    /// Whether its PDF is known to be gone from the public store.
    pub(crate) is_pdf_lost: bool,
}

/// All editions of an award.
#[derive(Debug)]
pub(crate) struct Editions {
    /// The editions before the current one, in order.
    pub(crate) past: Vec<Edition>,
    /// The last edition, whatever its status; `None` if the award has no edition.
    pub(crate) current: Option<Edition>,
    /// The ids that the next edition will have.
    pub(crate) next: Ids,
}

impl Editions {
    /// The number of the next edition, counted from 1.
    pub(crate) fn next_number(&self) -> u32 {
        (self.past.len() + usize::from(self.current.is_some())) as u32 + 1
    }

    /// All of them, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Edition> {
        self.past.iter().chain(&self.current)
    }
}
