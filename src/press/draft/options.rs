//! How a draft is made.

use crate::press::export::Format;

/// How a draft is made.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DraftOptions {
    /// The file format, PDF by default.
    pub format: Format,
    /// Whether the page bears the word that marks a specimen, true by default.
    pub specimen: bool,
    /// Whether the proof reads the page [closely](crate::press::Page::proof_closely), false
    /// by default.
    pub closely: bool,
}

impl Default for DraftOptions {
    fn default() -> Self {
        Self { format: Format::Pdf, specimen: true, closely: false }
    }
}

impl DraftOptions {
    /// Sets the file format.
    pub fn with_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Sets whether the page bears the word that marks a specimen.
    pub fn with_specimen(mut self, specimen: bool) -> Self {
        self.specimen = specimen;
        self
    }

    /// Sets whether the proof reads the page [closely](crate::press::Page::proof_closely).
    pub fn with_closely(mut self, closely: bool) -> Self {
        self.closely = closely;
        self
    }
}
