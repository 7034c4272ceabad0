//! A preview of a page, even of one that fails its proof.
//!
//! Takes a course and a request; gives a [`Preview`]: pictures of the pages for a screen,
//! the positions of their parts, and all errors of the proof. The decision made here: a
//! page that fails its proof is shown, so that its error can be seen; but a preview is
//! not the file of a certificate, which only a [`Proof`](super::Proof) can write.

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use typst::utils::Scalar;
use typst_render::RenderOptions;

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::lang::Tag;
use crate::press::draft::{Press, describe, noticed};
use crate::press::engine::page::Page;
use crate::press::export::svg_of;
use crate::press::job::RenderJob;
use crate::press::proof::outline::Outline;
use crate::site::course::Course;
use crate::site::request::Request;
use crate::text::phrases::Pseudolocale;

/// The pictures of the pages, with faults and warnings.
#[derive(Debug)]
pub(crate) struct Preview {
    pub(crate) pages: Vec<PagePicture>,
    pub(crate) outlines: Vec<Outline>,
    /// The errors of the proof. A page without errors can become a file.
    pub(crate) faults: Vec<Error>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) language: Tag,
    pub(crate) layout: String,
}

/// One page as a picture.
#[derive(Debug)]
pub(crate) struct PagePicture {
    /// The width and the height in points.
    pub(crate) size: (f64, f64),
    pub(crate) bytes: Vec<u8>,
    pub(crate) media_type: &'static str,
}

/// A page with at least this many bytes of bitmaps is drawn as one bitmap: an SVG would contain all
/// of them, and a browser would decode them for each preview.
const MAX_EMBEDDED: usize = 400_000;
/// The most pages that are drawn.
const MAX_DRAWN: usize = 20;

impl Press {
    /// Draws the pages of a request for this course, with the mark of a specimen. A page
    /// that is drawn as a bitmap has the resolution `pixels_per_inch`.
    ///
    /// # Errors
    /// As [`draft`](Self::draft), except for those that the proof finds.
    pub(crate) fn preview(
        &self,
        course: &Course,
        request: &Request,
        today: Date,
        pixels_per_inch: f64,
    ) -> Result<Preview> {
        let job = RenderJob::of_draft(&self.assets, course, request, today, true)?;
        let RenderJob { mut warnings, language, input, .. } = job;
        let layout = input.layout.name.clone();
        let is_pseudo = Pseudolocale::of(&language).is_some();
        let (pages, outlines, faults, found) =
            self.pool.run(&describe(request), move || {
                let page = Page::compile(input)?;
                let found = noticed(&page, is_pseudo);
                let pages = page.pictures(pixels_per_inch)?;
                let faults = Error::join(page.faults(false)).err();
                let faults = faults.map(Error::into_faults).unwrap_or_default();
                Ok((pages, page.outlines(), faults, found))
            })?;
        warnings.extend(found);
        Ok(Preview { pages, outlines, faults, warnings, language, layout })
    }
}

impl Page {
    fn pictures(&self, pixels_per_inch: f64) -> Result<Vec<PagePicture>> {
        let images = self.sheet.images().chain(&self.sheet.background);
        let bitmaps = images.filter(|image| image.picture.extension() != "svg");
        let bytes: usize = bitmaps.map(|image| image.picture.bytes().len()).sum();
        let draw = |page: &typst_layout::Page| {
            let size = (page.frame.width().to_pt(), page.frame.height().to_pt());
            let (bytes, media_type) = if bytes > MAX_EMBEDDED {
                (bitmap(page, pixels_per_inch)?, "image/png")
            } else {
                (svg_of(page), "image/svg+xml")
            };
            Ok(PagePicture { size, bytes, media_type })
        };
        self.document.drawn().pages().iter().take(MAX_DRAWN).map(draw).collect()
    }
}

/// The most pixels of a picture: a large sheet is drawn with fewer per inch.
const MAX_PIXELS: f64 = 20e6;

/// A picture of at most this many pixels is not compressed: it stays on this machine, and
/// compressing takes longer than drawing.
const MAX_UNCOMPRESSED: usize = 2_500_000;

/// The page as a PNG. It is written fast, and is not small.
fn bitmap(page: &typst_layout::Page, pixels_per_inch: f64) -> Result<Vec<u8>> {
    let size = (page.frame.width().to_pt(), page.frame.height().to_pt());
    let options = RenderOptions {
        pixel_per_pt: Scalar::new(pixels_per_point(size, pixels_per_inch)),
        ..RenderOptions::default()
    };
    let pixmap = typst_render::render(page, &options);
    // The page is opaque, so that premultiplied colours are the colours themselves.
    let pixels: Vec<u8> =
        pixmap.pixels().iter().flat_map(|it| [it.red(), it.green(), it.blue()]).collect();
    let (compression, filter) = if pixels.len() / 3 > MAX_UNCOMPRESSED {
        (CompressionType::Fast, FilterType::Up)
    } else {
        (CompressionType::Uncompressed, FilterType::NoFilter)
    };
    let mut bytes = Cursor::new(Vec::with_capacity(pixels.len() + pixels.len() / 16));
    PngEncoder::new_with_quality(&mut bytes, compression, filter)
        .write_image(&pixels, pixmap.width(), pixmap.height(), ExtendedColorType::Rgb8)
        .map_err(|error| {
            Error::caused(ErrorKind::Export, "failed to write the PNG", error)
        })?;
    Ok(bytes.into_inner())
}

/// How many pixels a page of that size in points is drawn with.
fn pixels_per_point((width, height): (f64, f64), pixels_per_inch: f64) -> f64 {
    let most = (MAX_PIXELS / (width * height).max(1.0)).sqrt();
    (pixels_per_inch.clamp(10.0, 300.0) / 72.0).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_of_a_preview_are_bounded() {
        let a4 = (595.28, 841.89);
        assert_eq!(pixels_per_point(a4, 300.0), 300.0 / 72.0);
        assert_eq!(pixels_per_point(a4, 1.0), 10.0 / 72.0);
        for side in [2000.0, 5669.3] {
            let scale = pixels_per_point((side, side), 300.0);
            assert!(scale * scale * side * side <= MAX_PIXELS * 1.001, "{scale}");
        }
    }
}
