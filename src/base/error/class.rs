//! The classes of errors: who can do something about one.

use super::kind::ErrorKind;

/// Who can do something about an error. There are no other classes, so that a `match` on them is
/// complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorClass {
    /// The caller: the request, or a file that is given with it, has to be another one.
    Input,
    /// The author of the site: a layout, a sentence, a picture or a font has to be corrected.
    /// Settings and courses have no kinds of their own: what is wrong in them is
    /// [`Input`](Self::Input), and the error's [place](crate::Error::place) names the file.
    Site,
    /// The operator: a key, a permission or the disk. The same request succeeds once that is
    /// mended.
    Environment,
    /// The caller, by waiting: the same request may succeed later, although nothing is changed.
    Transient,
    /// The developers of this library.
    Internal,
}

impl ErrorKind {
    /// Returns the class of the kind, which decides what is done with an error: whether it is
    /// tried again, how it is answered and logged.
    ///
    /// ```
    /// use testamur::{ErrorClass, ErrorKind};
    ///
    /// assert_eq!(ErrorKind::UnknownCourse.class(), ErrorClass::Input);
    /// assert_eq!(ErrorKind::Store.class(), ErrorClass::Transient);
    /// ```
    pub fn class(self) -> ErrorClass {
        match self {
            ErrorKind::Syntax
            | ErrorKind::UnknownKey
            | ErrorKind::MissingField
            | ErrorKind::Duplicate
            | ErrorKind::InvalidValue
            | ErrorKind::TooLarge
            | ErrorKind::UnknownCourse
            | ErrorKind::UnknownLayout
            | ErrorKind::UnknownLanguage
            | ErrorKind::Name
            | ErrorKind::NotPassed
            | ErrorKind::Exists
            | ErrorKind::Seal
            | ErrorKind::Tampered
            | ErrorKind::UnknownCertificate
            | ErrorKind::Revoked => ErrorClass::Input,
            ErrorKind::MissingFile
            | ErrorKind::Sentence
            | ErrorKind::Image
            | ErrorKind::Font
            | ErrorKind::Layout
            | ErrorKind::MissingGlyph
            | ErrorKind::UndeclaredFamily
            | ErrorKind::TextMissing
            | ErrorKind::TextDoubled
            | ErrorKind::Overflow
            | ErrorKind::Overlap
            | ErrorKind::Hidden
            | ErrorKind::Contrast
            | ErrorKind::PageCount
            | ErrorKind::NoConvergence
            | ErrorKind::Export => ErrorClass::Site,
            ErrorKind::Key
            | ErrorKind::StoreRefused
            | ErrorKind::QueueRefused
            | ErrorKind::Io => ErrorClass::Environment,
            ErrorKind::Deadline
            | ErrorKind::Unhealthy
            | ErrorKind::Signer
            | ErrorKind::Timestamp
            | ErrorKind::Store
            | ErrorKind::Queue => ErrorClass::Transient,
            ErrorKind::Panic => ErrorClass::Internal,
        }
    }
}
