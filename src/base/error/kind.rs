//! The kinds of errors, by which a caller decides what to do.

use std::fmt;

use serde::Deserialize;

/// What kind of error it is. Further kinds may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file breaks the syntax of its format: YAML, UTF-8, a template.
    Syntax,
    /// A key that is not known where it stands.
    UnknownKey,
    /// A required key is missing.
    MissingField,
    /// A key or a name is defined twice.
    Duplicate,
    /// A value does not have the form that its key requires.
    InvalidValue,
    /// Input beyond a limit on its size, number or depth.
    TooLarge,
    /// The site has no course of that id.
    UnknownCourse,
    /// The site has no layout of that name.
    UnknownLayout,
    /// The layout has no locale for that language tag.
    UnknownLanguage,
    /// A file that is named does not exist.
    MissingFile,
    /// A recipient's name cannot be used.
    Name,
    /// The grade does not pass: there is no certificate. It is no failure: the request is done.
    NotPassed,
    /// A sentence cannot be rendered: an unknown variable, an error in a filter.
    Sentence,
    /// A picture cannot be read or used.
    Image,
    /// A font cannot be read.
    Font,
    /// A layout's Typst code fails, or lacks a required part.
    Layout,
    /// A character for which no declared font has a glyph.
    MissingGlyph,
    /// The layout uses a font family that it does not declare.
    UndeclaredFamily,
    /// A sentence of the sheet is missing on the page.
    TextMissing,
    /// A sentence of the sheet is on the page more than once.
    TextDoubled,
    /// Ink outside of its slot or of the page.
    Overflow,
    /// Ink over a signature.
    Overlap,
    /// Something on the page is cut or out of its shape, or something else lies over it.
    Hidden,
    /// Something on the page differs too little from what lies below it.
    Contrast,
    /// The number of pages is not the one that the layout declares.
    PageCount,
    /// The layout does not converge: Typst's layout iterations never agree.
    NoConvergence,
    /// The document cannot be exported in its format, such as PDF/A.
    Export,
    /// A render took longer than its deadline.
    Deadline,
    /// Too many renders ran past their deadline: the press accepts no more work.
    Unhealthy,
    /// A render panicked.
    Panic,
    /// A key or its certificate cannot be used: unreadable, weak, expired, or not a pair.
    Key,
    /// A file or folder exists already and is not overwritten.
    Exists,
    /// A document cannot be sealed, or its seal cannot be raised to a higher PAdES level.
    Seal,
    /// A signer failed to sign: its command fails or takes too long.
    Signer,
    /// A TSA gives no timestamp token, or a CA gives no CRL.
    Timestamp,
    /// A seal or signature does not match the document: one of them was changed.
    Tampered,
    /// The register has no certificate of that id.
    UnknownCertificate,
    /// The certificate was revoked, superseded or erased.
    Revoked,
    /// A store cannot be reached, or fails for a while.
    Store,
    /// A store refuses access: no such bucket, a wrong key, a missing permission.
    StoreRefused,
    /// A queue cannot be reached, or fails for a while.
    Queue,
    /// A queue refuses access: no such queue, a wrong password, a missing permission.
    QueueRefused,
    /// A file or folder cannot be read or written.
    Io,
}

impl ErrorKind {
    /// Returns the kind's name in snake case, as the program prints it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Syntax => "syntax",
            ErrorKind::UnknownKey => "unknown_key",
            ErrorKind::MissingField => "missing_field",
            ErrorKind::Duplicate => "duplicate",
            ErrorKind::InvalidValue => "invalid_value",
            ErrorKind::TooLarge => "too_large",
            ErrorKind::UnknownCourse => "unknown_course",
            ErrorKind::UnknownLayout => "unknown_layout",
            ErrorKind::UnknownLanguage => "unknown_language",
            ErrorKind::MissingFile => "missing_file",
            ErrorKind::Name => "name",
            ErrorKind::NotPassed => "not_passed",
            ErrorKind::Sentence => "sentence",
            ErrorKind::Image => "image",
            ErrorKind::Font => "font",
            ErrorKind::Layout => "layout",
            ErrorKind::MissingGlyph => "missing_glyph",
            ErrorKind::UndeclaredFamily => "undeclared_family",
            ErrorKind::TextMissing => "text_missing",
            ErrorKind::TextDoubled => "text_doubled",
            ErrorKind::Overflow => "overflow",
            ErrorKind::Overlap => "overlap",
            ErrorKind::Hidden => "hidden",
            ErrorKind::Contrast => "contrast",
            ErrorKind::PageCount => "page_count",
            ErrorKind::NoConvergence => "no_convergence",
            ErrorKind::Export => "export",
            ErrorKind::Deadline => "deadline",
            ErrorKind::Unhealthy => "unhealthy",
            ErrorKind::Panic => "panic",
            ErrorKind::Key => "key",
            ErrorKind::Exists => "exists",
            ErrorKind::Seal => "seal",
            ErrorKind::Signer => "signer",
            ErrorKind::Timestamp => "timestamp",
            ErrorKind::Tampered => "tampered",
            ErrorKind::UnknownCertificate => "unknown_certificate",
            ErrorKind::Revoked => "revoked",
            ErrorKind::Store => "store",
            ErrorKind::StoreRefused => "store_refused",
            ErrorKind::Queue => "queue",
            ErrorKind::QueueRefused => "queue_refused",
            ErrorKind::Io => "io",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
