//! What is wrong with a file, and where.

use std::collections::HashSet;
use std::sync::Arc;

use super::span::{SourceFile, Span};
use crate::base::error::{Error, ErrorKind, ErrorMessage, Result};

/// The most faults that are reported at once.
pub(super) const MAX_FAULTS: usize = 50;

impl Span {
    /// Creates a fault at this span.
    pub(crate) fn fault(
        self,
        kind: ErrorKind,
        message: impl Into<ErrorMessage>,
    ) -> YamlFault {
        YamlFault { span: self, error: Error::new(kind, message) }
    }

    /// Places `error` here.
    #[cfg(feature = "press")]
    pub(crate) fn wrap(self, error: Error) -> YamlFault {
        YamlFault { span: self, error }
    }
}

/// An error in a file, with its span.
#[derive(Debug)]
pub(crate) struct YamlFault {
    pub(super) span: Span,
    pub(super) error: Error,
}

impl YamlFault {
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.error = self.error.with_help(help);
        self
    }
}

impl YamlFault {
    pub(super) fn with_source(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.error = self.error.with_source(source);
        self
    }
}

impl From<YamlFault> for Error {
    fn from(fault: YamlFault) -> Self {
        let place = fault.span.place().clone();
        fault.error.at(place)
    }
}

/// Collects the faults of one or several files, each of them once.
#[derive(Default)]
pub(crate) struct Faults {
    faults: Vec<YamlFault>,
    seen: HashSet<(usize, u32, String)>,
    files: Vec<usize>,
    /// How many faults beyond [`MAX_FAULTS`] there are.
    hidden: usize,
}

impl Faults {
    /// Returns the value of a result, or keeps its fault and returns `None`.
    pub(crate) fn keep<T>(&mut self, result: Result<T, YamlFault>) -> Option<T> {
        result.map_err(|fault| self.push(fault)).ok()
    }

    /// Keeps a fault. A fault in an anchored value is found again at each alias, and kept once.
    pub(crate) fn push(&mut self, fault: YamlFault) {
        let file = self.file(&fault.span.source);
        let message = fault.error.message().to_owned();
        if self.is_full() {
            self.count();
        } else if self.seen.insert((file, fault.span.start, message)) {
            self.faults.push(fault);
        }
    }

    /// Returns the rank of a file in the order in which files were first read.
    pub(super) fn file(&mut self, source: &Arc<SourceFile>) -> usize {
        let file = Arc::as_ptr(source) as usize;
        self.files.iter().position(|&known| known == file).unwrap_or_else(|| {
            self.files.push(file);
            self.files.len() - 1
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether further faults are only counted, so that their places need not be computed.
    pub(super) fn is_full(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    /// Counts a fault that is not kept.
    pub(super) fn count(&mut self) {
        self.hidden += 1;
    }

    /// Returns `Ok` without faults, else all of them as one error, sorted by file and line.
    pub(crate) fn finish(mut self) -> Result<()> {
        let mut faults = std::mem::take(&mut self.faults);
        faults.sort_by_key(|fault| (self.file(&fault.span.source), fault.span.start));
        let rest = (self.hidden > 0).then(|| {
            Error::new(
                ErrorKind::TooLarge,
                format!("{} more faults are not shown", self.hidden),
            )
        });
        Error::join(faults.into_iter().map(Error::from).chain(rest))
    }
}
