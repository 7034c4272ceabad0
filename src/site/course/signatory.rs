//! Signatories: the persons whose drawn signatures are on a certificate.

use serde::Serialize;

use super::text::Text;
use crate::base::error::Place;
use crate::base::yaml::Span;

/// A person who signs the certificates of a course.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Signatory {
    /// The name, with or without academic titles.
    pub name: Text,
    /// The office or profession.
    pub title: Option<Text>,
    /// The signatory's organization, if it is not the course's.
    pub organization: Option<Text>,
    /// The path of the scanned signature below `signatures/`.
    pub signature: Option<String>,
    /// A correction of the size and place that the signature gets by itself.
    pub nudge: Nudge,
    pub(super) span: Span,
    pub(super) nudge_span: Option<Span>,
}

impl Signatory {
    /// Returns the place of the scanned signature's name in the file, or that of the person if no
    /// signature is named.
    pub fn place(&self) -> &Place {
        self.span.place()
    }

    /// Returns where `scale`, `dx` or `dy` is written, if one of them is.
    pub fn nudge_place(&self) -> Option<&Place> {
        self.nudge_span.as_ref().map(Span::place)
    }
}

/// A manual correction of a signature's size and place: `scale`, `dx` and `dy` in a course file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Nudge {
    /// The factor of its size, from 0.25 to 4; 1 unless set.
    pub scale: f64,
    /// The shift to the right in mm, from -60 to 60; 0 unless set.
    pub dx: f64,
    /// The shift down in mm, from -60 to 60; 0 unless set.
    pub dy: f64,
}

impl Default for Nudge {
    fn default() -> Self {
        Self { scale: 1.0, dx: 0.0, dy: 0.0 }
    }
}
