//! The library's error: what failed, where, and what to do about it.
//!
//! There is one opaque [`Error`]. It has an [`ErrorKind`], a [`Place`] in a file, and a help text.
//! `{}` is one line; `{:#}` is a report with the excerpt and the help. Independent errors, such as
//! all that is wrong in one file, are one value: [`Error::faults`] returns them one by one.
//!
//! A cause stands in the message, for people, and is the error's [`source`](StdError::source), for
//! callers that look for its type. A program that prints the message need not print the chain.

mod class;
mod kind;
mod message;
mod place;
mod report;
mod serialize;
#[cfg(feature = "press")]
mod suggest;
mod warning;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

pub use self::class::ErrorClass;
pub use self::kind::ErrorKind;
pub use self::message::ErrorMessage;
#[cfg(all(test, feature = "studio"))]
pub(crate) use self::message::FINDINGS;
#[cfg(feature = "press")]
pub(crate) use self::message::Finding;
pub use self::place::Place;
use self::report::write_report;
#[cfg(feature = "press")]
pub(crate) use self::suggest::{did_you_mean, nearest};
pub use self::warning::Warning;

/// The result of every fallible function of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The message of a code, with its values in the order of the English words.
#[cfg(feature = "press")]
macro_rules! finding {
    ($code:literal $(, $value:expr)* $(,)?) => {{
        const FINDING: $crate::base::error::Finding = $crate::base::error::Finding::of($code);
        FINDING.with(&[$(&$value as &dyn ::std::fmt::Display),*])
    }};
}
#[cfg(feature = "press")]
pub(crate) use finding;

/// An error, with its place and what to do about it.
#[derive(Clone)]
pub struct Error(Box<ErrorParts>);

#[derive(Clone)]
struct ErrorParts {
    kind: ErrorKind,
    message: ErrorMessage,
    place: Option<Place>,
    help: Option<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// Independent errors that were found with this one.
    more: Vec<Error>,
}

impl Error {
    /// Creates an error, for implementations of [`Store`](crate::register::Store),
    /// [`Signer`](crate::seal::Signer) and other traits. The message is in lower case, without a
    /// full stop.
    pub fn new(kind: ErrorKind, message: impl Into<ErrorMessage>) -> Self {
        Error(Box::new(ErrorParts {
            kind,
            message: message.into(),
            place: None,
            help: None,
            source: None,
            more: Vec::new(),
        }))
    }

    /// Creates an error for something that failed with a cause: the message ends in the cause, in
    /// parentheses, and [`source`](StdError::source) returns it.
    pub(crate) fn caused(
        kind: ErrorKind,
        what: impl fmt::Display,
        cause: impl StdError + Send + Sync + 'static,
    ) -> Self {
        Self::new(kind, format!("{what} ({cause})")).with_source(cause)
    }

    /// Sets the place, unless one is set already: the place that is set first is the most exact.
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.0.place.get_or_insert(place);
        self
    }

    /// Sets the help: what to do next.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Sets the cause, which [`source`](StdError::source) returns.
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// As [`with_source`](Self::with_source), for a cause that has no static type any more: it can
    /// still be cast down to what it was.
    #[cfg(feature = "s3")]
    pub(crate) fn with_shared_source(
        mut self,
        source: Arc<dyn StdError + Send + Sync>,
    ) -> Self {
        self.0.source = Some(source);
        self
    }

    /// Joins independent errors into one, sorted by file and line. Returns `Ok` if there are none.
    pub(crate) fn join(faults: impl IntoIterator<Item = Error>) -> Result<()> {
        let mut faults: Vec<Error> =
            faults.into_iter().flat_map(Error::into_faults).collect();
        faults.sort_by(|a, b| a.order().cmp(&b.order()));
        Self::all(faults).map_or(Ok(()), Err)
    }

    /// Joins independent errors in the order that they have.
    fn all(faults: impl IntoIterator<Item = Error>) -> Option<Error> {
        let mut faults = faults.into_iter();
        let mut first = faults.next()?;
        first.0.more.extend(faults);
        Some(first)
    }

    /// The sort key of [`join`](Self::join): file, line and column; errors without a place come
    /// last.
    fn order(&self) -> impl Ord + '_ {
        let place = self.place();
        let place = place.map(|place| (place.file.as_str(), place.line, place.column));
        (place.is_none(), place)
    }

    /// Returns the values of both results, or the errors of both.
    pub(crate) fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(fault), Ok(_)) | (Ok(_), Err(fault)) => Err(fault),
            (Err(mut first), Err(second)) => {
                first.0.more.push(second);
                Err(first)
            }
        }
    }

    /// Returns the kind; of several errors, that of the first.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns what failed, in one sentence without its place.
    pub fn message(&self) -> &str {
        &self.0.message.text
    }

    /// Returns the code of the message, if the studio has it in the languages of its page.
    pub fn code(&self) -> Option<&'static str> {
        self.0.message.code
    }

    /// Returns the values in the words of a [`code`](Self::code), by their names.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.message.values.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Returns the place that has to be changed.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// Returns what to do next.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Returns this error and the independent ones that were found with it, in order.
    pub fn faults(&self) -> impl Iterator<Item = &Error> {
        let rest: Box<dyn Iterator<Item = &Error>> =
            Box::new(self.0.more.iter().flat_map(Error::faults));
        std::iter::once(self).chain(rest)
    }

    /// Takes the error apart into independent ones, as [`faults`](Self::faults) lists them.
    pub fn into_faults(mut self) -> Vec<Error> {
        let more = std::mem::take(&mut self.0.more);
        let rest = more.into_iter().flat_map(Error::into_faults);
        std::iter::once(self).chain(rest).collect()
    }

    /// Whether the same request may succeed later, although nothing is changed.
    pub fn is_retryable(&self) -> bool {
        match self.0.kind.class() {
            ErrorClass::Transient => true,
            ErrorClass::Input
            | ErrorClass::Site
            | ErrorClass::Environment
            | ErrorClass::Internal => false,
        }
    }

    /// Whether the request or the site, with its keys and settings, has to be changed, rather than
    /// the machine, the network or this library.
    pub fn is_user_fault(&self) -> bool {
        match self.0.kind.class() {
            ErrorClass::Input | ErrorClass::Site => true,
            // Keys and refused access are mended in the site's folder, a failing disk is not.
            ErrorClass::Environment => self.0.kind != ErrorKind::Io,
            ErrorClass::Transient | ErrorClass::Internal => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults().enumerate() {
            if index > 0 {
                f.write_str(if f.alternate() { "\n\n" } else { "; " })?;
            }
            let parts = &fault.0;
            write_report(
                f,
                parts.place.as_ref(),
                &parts.message.text,
                parts.help.as_deref(),
            )?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self:#}", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
