//! Pictures of a course: sponsors' logos and badges.

use super::text::Text;
use crate::base::error::Place;
use crate::base::yaml::Span;

/// An organization that supports a course, shown with its logo.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sponsor {
    /// The name: the logo's alternative text in an accessible PDF.
    pub name: Text,
    /// The path of the logo below `images/`.
    pub logo: String,
    pub(super) span: Span,
}

impl Sponsor {
    /// Returns where the logo is named.
    pub fn place(&self) -> &Place {
        self.span.place()
    }
}

/// A picture such as a badge or the emblem of an accreditation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Badge {
    /// The path of the picture below `images/`.
    pub image: String,
    /// What it shows: its alternative text in an accessible PDF.
    pub alt: Text,
    pub(super) span: Span,
}

impl Badge {
    /// Returns where the picture is named.
    pub fn place(&self) -> &Place {
        self.span.place()
    }
}
