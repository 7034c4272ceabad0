//! Writes a proof-read page as a file.
//!
//! Takes a [`Proof`], gives the bytes of a PDF, PNG or SVG. The decision made here: a PDF
//! claims PDF/A-3a and PDF/UA-1, and no PDF is written for a page that does not meet
//! them; over a PDF background it claims neither.

mod drawings;
mod form;
mod outlines;
mod plate;
mod suspects;

use std::fmt;

use typst::foundations::{Datetime, Smart};
use typst::layout::{Abs, Frame, FrameItem, Point};
use typst::model::{Destination, Url};
use typst::utils::Scalar;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};
use typst_render::RenderOptions;
use typst_svg::SvgOptions;

use self::drawings::Drawings;
use self::suspects::blank_suspects;
use crate::base::error::{Error, ErrorKind, Result};
use crate::press::engine::laid_out::LaidOut;
use crate::press::proof::Proof;

/// The file format of a certificate.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Format {
    /// PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) at once; neither over a PDF background.
    Pdf,
    /// A bitmap of all pages, one below the other.
    Png {
        /// The resolution in pixels per inch, from 10 to 1200.
        pixels_per_inch: f64,
    },
    /// A vector drawing of the first page, its letters as outlines.
    Svg,
    /// The sheet that the layout is given, as JSON.
    Sheet,
}

/// A standard that a PDF claims to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// ISO 19005-3, level A: long-term preservation, with the logical structure.
    PdfA3a,
    /// ISO 14289-1: accessibility.
    PdfUa1,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Claim::PdfA3a => "PDF/A-3a",
            Claim::PdfUa1 => "PDF/UA-1",
        })
    }
}

impl Format {
    /// The format of a file extension without the dot, in any case: `pdf`, `png` (at 144 pixels per
    /// inch), `svg` or `json`.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "pdf" => Some(Format::Pdf),
            "png" => Some(Format::Png { pixels_per_inch: 144.0 }),
            "svg" => Some(Format::Svg),
            "json" => Some(Format::Sheet),
            _ => None,
        }
    }

    /// The file extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Pdf => "pdf",
            Format::Png { .. } => "png",
            Format::Svg => "svg",
            Format::Sheet => "json",
        }
    }
}

impl Proof {
    /// Writes the page in a format.
    ///
    /// # Errors
    /// As the method of that format.
    pub fn write(&self, format: Format) -> Result<Vec<u8>> {
        match format {
            Format::Pdf => self.pdf(),
            Format::Png { pixels_per_inch } => self.png(pixels_per_inch),
            Format::Svg => self.svg(),
            Format::Sheet => Ok(self.page.sheet.to_json().into_bytes()),
        }
    }

    /// The standards that its PDF claims to meet: none over a PDF background, whose content is not
    /// checked.
    pub fn claims(&self) -> &'static [Claim] {
        match &self.page.sheet.background {
            Some(background) if background.picture.is_pdf() => &[],
            _ => &[Claim::PdfA3a, Claim::PdfUa1],
        }
    }

    /// Writes the PDF, tagged, with its [claims](Self::claims), and dated midnight UTC of the issue
    /// date. The same request gives the same bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Export`] if the page does not meet its claims.
    pub fn pdf(&self) -> Result<Vec<u8>> {
        let options = self.options()?;
        let identifier = &self.page.identifier;
        let own = self.code();
        let shown = self.page.document.shown_code().or(own);
        let taken = Drawings::take(&self.page.document, shown);
        let document =
            taken.as_ref().map_or(&self.page.document, |taken| &taken.document);
        let codes = shown.zip(own);
        // A photo is on one certificate only, so a cached form of it would never be used again.
        if self.page.sheet.photos.is_empty()
            && let Some(pdf) =
                plate::write(document, taken.as_ref(), codes, identifier, &options)
        {
            return Ok(pdf);
        }
        self.export_whole(&options(identifier))
    }

    /// The SVG of the page's code.
    fn code(&self) -> Option<&[u8]> {
        self.page.sheet.verify.as_ref().map(|verify| verify.code.picture.bytes())
    }

    /// Returns the options of its PDF for an identifier.
    fn options(&self) -> Result<impl Fn(&str) -> PdfOptions> {
        let claims = self.claims().iter().map(|claim| match claim {
            Claim::PdfA3a => PdfStandard::A_3a,
            Claim::PdfUa1 => PdfStandard::Ua_1,
        });
        let background = self.page.sheet.background.as_ref();
        let is_pdf_2 = background.is_some_and(|image| image.picture.is_pdf_2());
        let claims = claims.chain(is_pdf_2.then_some(PdfStandard::V_2_0));
        let standards = PdfStandards::new(&claims.collect::<Vec<_>>())
            .map_err(|error| Error::new(ErrorKind::Export, error.message().as_str()))?;
        let day = self.page.issued;
        let midnight =
            Datetime::from_ymd_hms(day.year(), day.month(), day.day(), 0, 0, 0);
        Ok(move |identifier: &str| PdfOptions {
            ident: Smart::Custom(identifier.to_owned()),
            creator: Smart::Custom(Some("testamur".to_owned())),
            timestamp: midnight.map(Timestamp::new_utc),
            standards: standards.clone(),
            tagged: true,
            ..PdfOptions::default()
        })
    }

    /// Writes the PDF by typst-pdf, with the heavy drawings of the page as forms.
    fn export_whole(&self, options: &PdfOptions) -> Result<Vec<u8>> {
        let whole = self.page.document.drawn();
        let taken = Drawings::take(&whole, self.code());
        let document = taken.as_ref().map_or(&*whole, |taken| &taken.document);
        let write = |document: &LaidOut| {
            let written = typst_pdf::pdf(&document.to_document(), options);
            let mut pdf = written.map_err(|found| self.page.export_error(&found))?;
            blank_suspects(&mut pdf);
            Ok::<_, Error>(pdf)
        };
        let mut pdf = write(document)?;
        if let Some(taken) = taken {
            pdf = match taken.put_back(&pdf) {
                Some(pdf) => pdf,
                None => write(&whole)?,
            };
        }
        Ok(pdf)
    }

    /// Draws all pages, one below the other, as a PNG. The resolution is limited to 10 to 1200
    /// pixels per inch.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] for more than 200 million pixels; [`ErrorKind::Export`] when the PNG
    /// cannot be encoded.
    pub fn png(&self, pixels_per_inch: f64) -> Result<Vec<u8>> {
        const MAX_PIXELS: f64 = 200e6;
        let scale = pixels_per_inch.clamp(10.0, 1200.0) / 72.0;
        let area = |page: &typst_layout::Page| {
            page.frame.width().to_pt() * page.frame.height().to_pt()
        };
        let document = &self.page.document;
        let pixels: f64 = document.pages().iter().map(area).sum::<f64>() * scale * scale;
        if pixels > MAX_PIXELS {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("a picture of {:.0} million pixels is too large", pixels / 1e6),
            )
            .with_help("ask for fewer pixels per inch"));
        }
        let options = RenderOptions {
            pixel_per_pt: Scalar::new(scale),
            ..RenderOptions::default()
        };
        let document = document.to_document();
        let merged = typst_render::render_merged(&document, &options, Abs::zero(), None);
        merged.encode_png().map_err(|error| {
            Error::caused(ErrorKind::Export, "failed to write the PNG", error)
        })
    }

    /// Draws the first page as an SVG.
    ///
    /// # Errors
    /// [`ErrorKind::PageCount`] for a document without a page.
    pub fn svg(&self) -> Result<Vec<u8>> {
        let document = self.page.document.drawn();
        let first = document.pages().first();
        let first = first.ok_or_else(|| {
            Error::new(ErrorKind::PageCount, "there is no page to draw")
        })?;
        Ok(svg_of(first))
    }
}

/// Draws a page as an SVG.
pub(super) fn svg_of(page: &typst_layout::Page) -> Vec<u8> {
    let page =
        typst_layout::Page { frame: with_escaped_links(&page.frame), ..page.clone() };
    let mut svg = typst_svg::svg(&page, &SvgOptions::default());
    svg.push('\n');
    svg.into_bytes()
}

/// The frame with its links escaped for XML, which typst-svg 0.15 does not do.
fn with_escaped_links(frame: &Frame) -> Frame {
    let items: Vec<(Point, FrameItem)> = frame
        .items()
        .map(|(at, item)| {
            let item = match item {
                FrameItem::Group(group) => {
                    let mut group = group.clone();
                    group.frame = with_escaped_links(&group.frame);
                    FrameItem::Group(group)
                }
                FrameItem::Link(Destination::Url(url), size) => {
                    let escaped = url
                        .as_str()
                        .replace('&', "&amp;")
                        .replace('<', "&lt;")
                        .replace('"', "&quot;");
                    let url = Url::new(escaped).unwrap_or_else(|_| url.clone());
                    FrameItem::Link(Destination::Url(url), *size)
                }
                other => other.clone(),
            };
            (*at, item)
        })
        .collect();
    let mut escaped = frame.clone();
    escaped.clear();
    escaped.push_multiple(items);
    escaped
}
