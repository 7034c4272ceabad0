//! What is wrong with a file, and where.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::Source;
use crate::base::error::{Error, ErrorKind, Place, Result};

/// The most faults that are reported at once.
pub(super) const MAX_FAULTS: usize = 50;

/// A stretch of a file, from which a [`Place`] is made when somebody asks.
#[derive(Clone)]
pub(crate) struct Spot {
    source: Arc<Source>,
    start: u32,
    end: u32,
    place: OnceLock<Box<Place>>,
}

impl Spot {
    pub(super) fn new(source: &Arc<Source>, at: Range<u32>) -> Self {
        let source = Arc::clone(source);
        Self { source, start: at.start, end: at.end, place: OnceLock::new() }
    }

    pub(crate) fn place(&self) -> &Place {
        self.place.get_or_init(|| {
            let Source { file, text } = &*self.source;
            let range = self.start as usize..self.end as usize;
            Box::new(match text.is_empty() {
                true => Place::file(file),
                false => Place::in_text(file, text, range),
            })
        })
    }

    pub(super) fn is_in(&self, source: &Arc<Source>) -> bool {
        Arc::ptr_eq(&self.source, source)
    }

    pub(crate) fn fault(self, kind: ErrorKind, message: impl Into<String>) -> Fault {
        Fault { spot: self, error: Error::new(kind, message) }
    }
}

impl fmt::Debug for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.place(), f)
    }
}

/// An error that knows where it belongs.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(super) spot: Spot,
    pub(super) error: Error,
}

impl Fault {
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.error = self.error.with_help(help);
        self
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let place = fault.spot.place().clone();
        fault.error.at(place)
    }
}

/// The faults of some files, each once.
#[derive(Default)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
    seen: HashSet<(usize, u32, String)>,
    files: Vec<usize>,
    unsaid: usize,
}

impl Faults {
    /// The value, or nothing once its fault is kept.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.push(fault)).ok()
    }

    /// A fault behind an anchor is met by everybody who uses it and kept once.
    pub(crate) fn push(&mut self, fault: Fault) {
        let file = self.file(&fault.spot.source);
        let message = fault.error.message().to_owned();
        if self.is_full() {
            self.count();
        } else if self.seen.insert((file, fault.spot.start, message)) {
            self.faults.push(fault);
        }
    }

    /// The rank of a file: by when it was first read.
    pub(super) fn file(&mut self, source: &Arc<Source>) -> usize {
        let file = Arc::as_ptr(source) as usize;
        self.files.iter().position(|&known| known == file).unwrap_or_else(|| {
            self.files.push(file);
            self.files.len() - 1
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether more faults would only be counted, so that finding their places is wasted.
    pub(super) fn is_full(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    /// Counts a fault that is not kept.
    pub(super) fn count(&mut self) {
        self.unsaid += 1;
    }

    /// All of them as one error, by file and then by line.
    pub(crate) fn finish(mut self) -> Result<()> {
        let mut faults = std::mem::take(&mut self.faults);
        faults.sort_by_key(|fault| (self.file(&fault.spot.source), fault.spot.start));
        let rest = (self.unsaid > 0).then(|| {
            Error::new(
                ErrorKind::TooLarge,
                format!("{} more faults are not shown", self.unsaid),
            )
        });
        Error::join(faults.into_iter().map(Error::from).chain(rest))
    }
}
