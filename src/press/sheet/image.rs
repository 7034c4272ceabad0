//! A picture on the sheet.

use serde::Serialize;
use serde_json::Value;

use crate::base::error::Place;
use crate::image::pdf_page::TrimmedPart;
use crate::image::picture::Picture;
use crate::site::course::Nudge;

/// A picture that the layout sets: a signature, a logo, a badge, the QR code or the background.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetImage {
    /// The label of its slot, unique on the sheet.
    pub id: String,
    /// The path by which the layout reads it, such as `/signature-1.png`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The picture itself instead of `path`, if the sheet is written to a file: the text
    /// of an SVG, or a list of bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// The width, in the unit of the height. Only the ratio of both matters, except for the
    /// background, whose sides are in points.
    pub width: f64,
    /// The height.
    pub height: f64,
    /// The height of the line on which a signature rests, from the top, as a share of the
    /// signature's height, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// The height of a signature, in millimetres, at which it looks as large and as bold as the
    /// others where there are 14 mm above its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tall: Option<f64>,
    /// The scale of a signature, and its shift in millimetres, as the course adjusts
    /// them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nudge: Option<Nudge>,
    /// The part of the background that is the paper, as shares of its width and height: `x`, `y`,
    /// `width` and `height`. What lies around it is bleed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trim: Option<TrimmedPart>,
    /// Its description for screen readers.
    pub alt: String,
    #[serde(skip)]
    pub(crate) picture: Picture,
    /// The line of the course that names it or adjusts it.
    #[serde(skip)]
    pub(crate) place: Option<Place>,
}

impl SheetImage {
    /// A picture that the layout reads from `/<name>.<extension>`.
    pub(super) fn new(id: String, name: &str, picture: Picture, alt: String) -> Self {
        let (width, height) = picture.size();
        Self {
            id,
            path: Some(format!("/{name}.{}", picture.extension())),
            data: None,
            width,
            height,
            baseline: picture.signature().map(|signature| signature.baseline),
            tall: picture
                .signature()
                .map(|signature| (signature.height_mm * 100.0).round() / 100.0),
            nudge: None,
            trim: picture.pdf_page().and_then(|page| page.trim),
            alt,
            picture,
            place: None,
        }
    }

    /// Sets the line of the course that names it.
    pub(super) fn at(self, place: &Place) -> Self {
        Self { place: Some(place.clone()), ..self }
    }

    /// Replaces the path by the picture itself.
    pub(super) fn embed(&mut self) {
        self.path = None;
        self.data = Some(self.picture.to_json());
    }
}
