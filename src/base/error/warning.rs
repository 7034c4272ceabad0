//! Warnings: values that accompany a result.

use std::fmt;

use super::kind::ErrorKind;
use super::place::Place;
use super::report::write_report;

/// Something to know about a result that is usable all the same.
///
/// `{}` is one line; `{:#}` adds the excerpt and the help.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The kind of its subject.
    pub kind: ErrorKind,
    /// One sentence, in lower case, without a full stop.
    pub message: String,
    /// Where its cause is, if that is in a file.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Warning {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), place: None, help: None }
    }

    /// Sets the place, unless one is set already.
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    /// Sets what to do about it.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_report(f, self.place.as_ref(), &self.message, self.help.as_deref())
    }
}
