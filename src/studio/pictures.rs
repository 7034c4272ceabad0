//! The pictures of previews, until the page has fetched them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use hyper::body::Bytes;

/// The pages of a preview, each with its media type.
type Pages = Vec<(&'static str, Bytes)>;

/// The last pictures, by the number of their preview.
#[derive(Debug, Default)]
pub(super) struct Pictures(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    previews: VecDeque<(u64, Pages)>,
}

/// How many previews are kept: a page fetches one before it asks for the next, and a few may be open.
const MAX_PREVIEWS: usize = 12;

impl Pictures {
    /// Keeps the pages of a preview, and returns its number.
    pub(super) fn keep(&self, pages: Pages) -> u64 {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last += 1;
        let number = kept.last;
        kept.previews.push_back((number, pages));
        if kept.previews.len() > MAX_PREVIEWS {
            kept.previews.pop_front();
        }
        number
    }

    /// The picture of a page, unless it is too old.
    pub(super) fn page(&self, number: u64, page: usize) -> Option<(&'static str, Bytes)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut previews = kept.previews.iter();
        let (_, pages) = previews.find(|(own, _)| *own == number)?;
        pages.get(page).cloned()
    }
}
