//! What stands on a certificate beside its sentences: signatures, and pictures.

use serde::Serialize;

use super::Text;
use crate::base::error::Place;
use crate::base::yaml::Span;

/// A person whose signature stands on the certificate.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Signatory {
    /// Name, with or without academic titles.
    pub name: Text,
    /// Office or profession.
    pub title: Option<Text>,
    /// Another organization than the course's.
    pub organization: Option<Text>,
    /// The file below `signatures/` with the scanned signature.
    pub signature: Option<String>,
    /// How the signature is moved by hand, where what was found by itself does not please.
    pub nudge: Nudge,
    pub(super) span: Span,
    pub(super) nudge_span: Option<Span>,
}

impl Signatory {
    /// Where the file of the signature is named, else the person.
    pub fn place(&self) -> &Place {
        self.span.place()
    }

    /// Where the signature is moved by hand, if it is.
    pub fn nudge_place(&self) -> Option<&Place> {
        self.nudge_span.as_ref().map(Span::place)
    }
}

/// A move by hand, as a last resort.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Nudge {
    /// How many times larger than it would be.
    pub scale: f64,
    /// Millimetres to the right.
    pub dx: f64,
    /// Millimetres down.
    pub dy: f64,
}

impl Default for Nudge {
    fn default() -> Self {
        Self { scale: 1.0, dx: 0.0, dy: 0.0 }
    }
}

/// Who supports a course.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sponsor {
    /// The name, which those who do not see the logo hear.
    pub name: Text,
    /// The file below `images/` with the logo.
    pub logo: String,
    pub(super) span: Span,
}

impl Sponsor {
    /// Where the logo is named.
    pub fn place(&self) -> &Place {
        self.span.place()
    }
}

/// A seal or badge.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Badge {
    /// The file below `images/`.
    pub image: String,
    /// What it shows, for people who do not see it.
    pub alt: Text,
    pub(super) span: Span,
}

impl Badge {
    /// Where the picture is named.
    pub fn place(&self) -> &Place {
        self.span.place()
    }
}
