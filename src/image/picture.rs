//! A picture that a page can show.
//!
//! Takes the bytes of a file; gives [`Picture`]: PNG, JPEG, SVG, or the first page of a PDF, of
//! known size. The decision: empty margins are cut off, so that a layout sizes what is drawn, and a
//! bitmap is no larger than print needs; a background is kept whole.

use std::fmt;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, crop_imm, thumbnail};
use image::{DynamicImage, ImageError, ImageFormat, RgbImage, RgbaImage};
use serde_json::Value;
use typst::foundations::Bytes;

use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::image::decode::{self, PictureFile, PlainBitmap};
use crate::image::pdf_page::PdfPage;
use crate::image::signature_scan::doubts::ScanDoubt;
use crate::image::signature_scan::{Ink, InkOptions};
use crate::image::svg;

/// A picture: its bytes, their format, and its size.
#[derive(Clone)]
pub(crate) struct Picture {
    /// In Typst's type, which computes their hash once; Typst needs it in each render.
    bytes: Bytes,
    format: PictureFormat,
    size: (f64, f64),
    /// What is known of it, if it is a page of a PDF.
    pdf: Option<PdfPage>,
    signature: Option<SignatureMeasures>,
    doubts: Vec<ScanDoubt>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PictureFormat {
    Png,
    Jpeg,
    Svg,
    Pdf,
    /// A PDF 2.0, which only a PDF 2.0 may contain.
    Pdf2,
}

/// The measures of a signature, by which a layout sets it and the proof finds its ink.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignatureMeasures {
    /// The baseline, as a share of the picture's height from the top.
    pub(crate) baseline: f64,
    /// The height of the picture, in millimetres, at which the signature looks as large and as bold
    /// as others.
    pub(crate) height_mm: f64,
    /// The bounding box of the ink: left, top, right and bottom as shares of width and height.
    pub(crate) ink: [f64; 4],
}

impl Picture {
    /// The longer side of a bitmap, in pixels: 6 cm in print at 500 dots per inch.
    const MAX_SIDE: u32 = 1200;

    /// Reads a logo, seal or badge: PNG, JPEG, WebP or SVG, told apart by content. Empty margins
    /// are cut off.
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: another format, broken, or empty. [`ErrorKind::TooLarge`].
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        match PictureFile::of(bytes, "picture")? {
            PictureFile::Svg(text) => {
                let tree = svg::parse(&text)?;
                let drawn = decode::drawn_box(&tree).ok_or_else(empty)?;
                let part = [drawn.x(), drawn.y(), drawn.width(), drawn.height()];
                Ok(Self::part_of(&text, &tree, part.map(f64::from)).0)
            }
            PictureFile::Bitmap(format) => {
                let (image, _) = decode::decode_bitmap(bytes, format, "picture")?;
                Self::from_bitmap(&image.into_rgba8())
            }
        }
    }

    /// Reads a picture that is shown whole, with its margins and at its own resolution: PNG, JPEG,
    /// WebP, GIF or SVG, told apart by content. `what` names it in errors.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn read_whole(bytes: &[u8], what: &str) -> Result<Self> {
        match PictureFile::of(bytes, what)? {
            PictureFile::Svg(text) => {
                let size = svg::parse(&text)?.size();
                let size = (f64::from(size.width()), f64::from(size.height()));
                Ok(Self::from_svg(text.into_owned(), size))
            }
            PictureFile::Bitmap(kind) => {
                let (bytes, format, (width, height)) =
                    match decode::plain_bitmap(bytes, kind, what)? {
                        PlainBitmap::AsItIs(size) if kind == ImageFormat::Jpeg => {
                            (bytes.to_vec(), PictureFormat::Jpeg, size)
                        }
                        PlainBitmap::AsItIs(size) => {
                            (bytes.to_vec(), PictureFormat::Png, size)
                        }
                        PlainBitmap::Redrawn(image) => {
                            let size = (image.width(), image.height());
                            (png(&image)?, PictureFormat::Png, size)
                        }
                    };
                let size = (f64::from(width), f64::from(height));
                Ok(Self {
                    bytes: Bytes::new(bytes),
                    format,
                    size,
                    pdf: None,
                    signature: None,
                    doubts: Vec::new(),
                })
            }
        }
    }

    /// Reads the photo of a recipient: a PNG, JPEG, WebP or GIF, turned upright by its Exif data
    /// and with at most `max` pixels across and down. It is encoded anew, so that no metadata of
    /// the file is published, such as the place where it was taken.
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: another format, or broken. [`ErrorKind::TooLarge`].
    pub(crate) fn read_photo(bytes: &[u8], max: (u32, u32)) -> Result<Self> {
        let PictureFile::Bitmap(format) = PictureFile::of(bytes, "photo")? else {
            return Err(Error::new(ErrorKind::Image, "the photo is an SVG drawing")
                .with_help("save it as JPEG or PNG"));
        };
        let (mut image, _) = decode::decode_bitmap(bytes, format, "photo")?;
        if image.width() > max.0 || image.height() > max.1 {
            image = scaled(image, max.0.max(1), max.1.max(1));
        }
        let is_opaque = !image.color().has_alpha()
            || image.to_rgba8().pixels().all(|pixel| pixel[3] == u8::MAX);
        let size = (f64::from(image.width()), f64::from(image.height()));
        let (bytes, format) = if is_opaque {
            (jpeg(&image.into_rgb8())?, PictureFormat::Jpeg)
        } else {
            (png(&image.into_rgba8().into())?, PictureFormat::Png)
        };
        let bytes = Bytes::new(bytes);
        Ok(Self { bytes, format, size, pdf: None, signature: None, doubts: Vec::new() })
    }

    /// Checks that a picture of a layout, which Typst decodes, is within the limits of
    /// [`read`](Self::read).
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: another format, or broken. [`ErrorKind::TooLarge`].
    pub(crate) fn check_limits(bytes: &[u8]) -> Result<()> {
        decode::check_limits(bytes, "picture")
    }

    /// Reads a signature from its scan. PNG, JPEG and WebP become ink on transparency; an SVG stays
    /// one if it is a drawing on transparency and has no tint.
    ///
    /// # Errors
    /// As [`Ink::extract`].
    pub(crate) fn read_signature(scan: &[u8], tint: Option<[u8; 3]>) -> Result<Self> {
        let ink = Ink::extract(scan, &InkOptions { tint })?;
        let mut measures = SignatureMeasures::of(&ink);
        let picture = match PictureFile::of(scan, "scan")? {
            PictureFile::Svg(text) if ink.is_cutout() && tint.is_none() => {
                let tree = svg::parse(&text)?;
                let (picture, is_whole) = match svg::outlined(&tree) {
                    Some(text) => {
                        Self::part_of(&text, &svg::parse(&text)?, ink.scan_area())
                    }
                    None => Self::part_of(&text, &tree, ink.scan_area()),
                };
                if is_whole {
                    measures = measures.within(ink.scan_area(), picture.size);
                }
                picture
            }
            _ => {
                let (width, height) = ink.size();
                Self {
                    bytes: Bytes::new(ink.png().to_vec()),
                    format: PictureFormat::Png,
                    size: (f64::from(width), f64::from(height)),
                    pdf: None,
                    signature: None,
                    doubts: Vec::new(),
                }
            }
        };
        let doubts = ink.scan_doubts().to_vec();
        Ok(Self { signature: Some(measures), doubts, ..picture })
    }

    /// The first page of a PDF.
    pub(crate) fn from_pdf_page(bytes: &[u8], page: PdfPage) -> Self {
        let format = if page.is_pdf_2 { PictureFormat::Pdf2 } else { PictureFormat::Pdf };
        Self {
            bytes: Bytes::new(bytes.to_vec()),
            format,
            size: page.size,
            pdf: Some(page),
            signature: None,
            doubts: Vec::new(),
        }
    }

    /// What is known of it, if it is a page of a PDF.
    pub(crate) fn pdf_page(&self) -> Option<&PdfPage> {
        self.pdf.as_ref()
    }

    /// Whether it is a page of a PDF 2.0.
    pub(crate) fn is_pdf_2(&self) -> bool {
        self.format == PictureFormat::Pdf2
    }

    /// An SVG that is trusted to be well-formed, of this size in user units.
    pub(crate) fn from_svg(svg: String, size: (f64, f64)) -> Self {
        let bytes = Bytes::new(svg.into_bytes());
        Self {
            bytes,
            format: PictureFormat::Svg,
            size,
            pdf: None,
            signature: None,
            doubts: Vec::new(),
        }
    }

    /// A part of an SVG (left, top, width and height), written anew; or the whole file as it is, if
    /// the part is almost all of it. Also says whether it is the whole.
    fn part_of(text: &str, tree: &usvg::Tree, part: [f64; 4]) -> (Self, bool) {
        let [x, y, width, height] = part;
        let size = (f64::from(tree.size().width()), f64::from(tree.size().height()));
        if width >= 0.98 * size.0 && height >= 0.98 * size.1 {
            return (Self::from_svg(text.to_owned(), size), true);
        }
        let options = usvg::WriteOptions {
            indent: usvg::Indent::None,
            ..usvg::WriteOptions::default()
        };
        let written = tree.to_string(&options);
        // usvg writes one root element, which is replaced by one with another extent.
        let inside = written.split_once('>').map_or("", |(_, inside)| inside);
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"{x} {y} {width} {height}\">{inside}"
        );
        (Self::from_svg(text, (width, height)), false)
    }

    /// Cuts off transparent margins, and scales a large bitmap down.
    fn from_bitmap(image: &RgbaImage) -> Result<Self> {
        let inked = || image.enumerate_pixels().filter(|(.., pixel)| pixel[3] > 0);
        let left = inked().map(|(x, ..)| x).min().ok_or_else(empty)?;
        let top = inked().map(|(_, y, _)| y).min().ok_or_else(empty)?;
        let right = inked().map(|(x, ..)| x).max().ok_or_else(empty)?;
        let bottom = inked().map(|(_, y, _)| y).max().ok_or_else(empty)?;
        let (width, height) = (right - left + 1, bottom - top + 1);
        let mut image = crop_imm(image, left, top, width, height).to_image();
        let longer = width.max(height);
        if longer > Self::MAX_SIDE {
            let fit = |side: u32| (side * Self::MAX_SIDE).div_ceil(longer).max(1);
            // Scaling needs premultiplied colours, or edges take on the colour of transparent
            // pixels.
            premultiply(&mut image);
            image = thumbnail(&image, fit(width), fit(height));
            divide_by_alpha(&mut image);
        }
        let size = (f64::from(image.width()), f64::from(image.height()));
        let opaque = image.pixels().all(|pixel| pixel[3] == 255);
        let image = DynamicImage::ImageRgba8(image);
        let image = if opaque { image.into_rgb8().into() } else { image };
        let bytes = Bytes::new(png(&image)?);
        Ok(Self {
            bytes,
            format: PictureFormat::Png,
            size,
            pdf: None,
            signature: None,
            doubts: Vec::new(),
        })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, shared.
    pub(crate) fn shared_bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// Width and height, in pixels, user units or points. Only their ratio is comparable between
    /// formats.
    pub(crate) fn size(&self) -> (f64, f64) {
        self.size
    }

    /// The measures, if it is a signature.
    pub(crate) fn signature(&self) -> Option<&SignatureMeasures> {
        self.signature.as_ref()
    }

    /// What is doubtful about it, if it is a signature.
    pub(crate) fn doubts(&self) -> impl Iterator<Item = Warning> {
        self.doubts.iter().map(|doubt| doubt.warning())
    }

    /// The millimetres of a unit of its size; `None` for a bitmap, which has no size on paper.
    pub(crate) fn unit_mm(&self) -> Option<f64> {
        match self.format {
            PictureFormat::Png | PictureFormat::Jpeg => None,
            // A user unit is a pixel of CSS.
            PictureFormat::Svg => Some(25.4 / 96.0),
            PictureFormat::Pdf | PictureFormat::Pdf2 => Some(25.4 / 72.0),
        }
    }

    /// Whether it is a page of a PDF, whose content is not checked.
    pub(crate) fn is_pdf(&self) -> bool {
        matches!(self.format, PictureFormat::Pdf | PictureFormat::Pdf2)
    }

    /// The extension of a file name, without a dot.
    pub(crate) fn extension(&self) -> &'static str {
        match self.format {
            PictureFormat::Png => "png",
            PictureFormat::Jpeg => "jpg",
            PictureFormat::Svg => "svg",
            PictureFormat::Pdf | PictureFormat::Pdf2 => "pdf",
        }
    }

    /// The content as JSON: an SVG as text, other formats as a list of bytes.
    pub(crate) fn to_json(&self) -> Value {
        match self.format {
            PictureFormat::Svg => {
                String::from_utf8_lossy(&self.bytes).into_owned().into()
            }
            PictureFormat::Png
            | PictureFormat::Jpeg
            | PictureFormat::Pdf
            | PictureFormat::Pdf2 => self.bytes.to_vec().into(),
        }
    }
}

impl SignatureMeasures {
    /// The height above the baseline, and the stroke width, that signatures share; in millimetres.
    const LETTER_HEIGHT: f64 = 9.0;
    const STROKE_WIDTH: f64 = 0.25;

    /// Measures the ink.
    ///
    /// The decision: the scale lies between the one that gives the common letter height and the one
    /// that gives the common stroke width, because a brush and a fine pen cannot have both. It is
    /// nearer to the first, so that the size of a name depends little on the pen.
    pub(crate) fn of(ink: &Ink) -> Self {
        let (width, height) = ink.size();
        let (width, height) = (f64::from(width), f64::from(height));
        let area = ink.area();
        let [x, y, w, h] = [area.x, area.y, area.width, area.height].map(f64::from);
        // If hardly any ink is above it, what was found is a flourish and no baseline.
        let above = (ink.baseline() - y).max(0.3 * h);
        let by_height = Self::LETTER_HEIGHT / above;
        let by_stroke = Self::STROKE_WIDTH / ink.stroke_width();
        let scale = (by_height * by_height * by_stroke).cbrt();
        let scale = scale.clamp(0.7 * by_height, 1.4 * by_height);
        Self {
            baseline: ink.baseline() / height,
            height_mm: height * scale,
            ink: [x / width, y / height, (x + w) / width, (y + h) / height],
        }
    }

    /// The measures of a whole picture, of which a part (left, top, width and height) was measured.
    fn within(self, [x, y, width, height]: [f64; 4], whole: (f64, f64)) -> Self {
        let across = |share: f64| (x + share * width) / whole.0;
        let down = |share: f64| (y + share * height) / whole.1;
        let [left, top, right, bottom] = self.ink;
        Self {
            baseline: down(self.baseline),
            height_mm: self.height_mm * whole.1 / height,
            ink: [across(left), down(top), across(right), down(bottom)],
        }
    }
}

/// A picture of at most these sides, in the same proportions.
fn scaled(image: DynamicImage, width: u32, height: u32) -> DynamicImage {
    if !image.color().has_alpha() {
        return image.resize(width, height, FilterType::Lanczos3);
    }
    let mut pixels = image.into_rgba8();
    premultiply(&mut pixels);
    let scaled = DynamicImage::from(pixels).resize(width, height, FilterType::Lanczos3);
    let mut pixels = scaled.into_rgba8();
    divide_by_alpha(&mut pixels);
    pixels.into()
}

fn premultiply(image: &mut RgbaImage) {
    for pixel in image.pixels_mut() {
        pixel.0 = map_colour(pixel.0, |value, alpha| value * alpha / 255);
    }
}

/// Undoes [`premultiply`].
fn divide_by_alpha(image: &mut RgbaImage) {
    for pixel in image.pixels_mut() {
        pixel.0 = map_colour(pixel.0, |value, alpha| {
            (value * 255).checked_div(alpha).unwrap_or(0).min(255)
        });
    }
}

/// Changes red, green and blue by a function of each and of alpha.
fn map_colour(pixel: [u8; 4], change: impl Fn(u32, u32) -> u32) -> [u8; 4] {
    let [red, green, blue, alpha] = pixel;
    let [red, green, blue] =
        [red, green, blue].map(|value| change(value.into(), alpha.into()) as u8);
    [red, green, blue, alpha]
}

fn empty() -> Error {
    Error::new(ErrorKind::Image, "the picture is empty")
}

fn png(image: &DynamicImage) -> Result<Vec<u8>> {
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).map_err(unwritten)?;
    Ok(png.into_inner())
}

fn jpeg(image: &RgbImage) -> Result<Vec<u8>> {
    /// At this quality a face shows no blocks in print.
    const QUALITY: u8 = 90;
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode_image(image)
        .map_err(unwritten)?;
    Ok(jpeg)
}

fn unwritten(error: ImageError) -> Error {
    Error::caused(ErrorKind::Image, "failed to write the picture", error)
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({:?}, {:?})", self.format, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_that_is_no_picture_is_refused() {
        for (bytes, kind) in [
            (&b"GIF89a"[..], ErrorKind::Image),
            (b"\x89PNG\r\n\x1a\nbroken", ErrorKind::Image),
            (b"<svg", ErrorKind::Image),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 3 3'/>",
                ErrorKind::Image,
            ),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg' width='0' height='3'/>",
                ErrorKind::Image,
            ),
            (&vec![0; (48 << 20) + 1], ErrorKind::TooLarge),
        ] {
            assert_eq!(Picture::read(bytes).expect_err("no picture").kind(), kind);
        }
    }

    #[test]
    fn empty_margins_of_a_drawing_are_cut_off() {
        let svg = b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY pen '#102030'>]>\
            <svg xmlns='http://www.w3.org/2000/svg' width='600' height='200' \
            viewBox='0 0 300 100'><path fill='&pen;' d='M30 20h200v40h-200z'/></svg>";
        let picture = Picture::read(svg).expect("a picture");
        assert_eq!(picture.size(), (400.0, 80.0));
        let again = Picture::read(picture.bytes()).expect("a picture");
        assert_eq!(again.size(), picture.size());
        assert!(String::from_utf8_lossy(picture.bytes()).contains("#102030"));
    }

    #[test]
    fn empty_margins_of_a_bitmap_are_cut_off_and_its_edges_keep_their_colour() {
        let image = RgbaImage::from_fn(4000, 1000, |x, y| {
            let inside = (500..3500).contains(&x) && (300..700).contains(&(y + x % 2));
            image::Rgba(if inside { [200, 40, 40, 255] } else { [0, 0, 0, 0] })
        });
        let picture = Picture::from_bitmap(&image).expect("a picture");
        assert_eq!(picture.size().0, 1200.0);
        let read = image::load_from_memory(picture.bytes()).expect("a PNG").into_rgba8();
        let seen = read.pixels().filter(|pixel| pixel[3] > 64);
        assert!(seen.clone().any(|pixel| pixel[3] < 200));
        for pixel in seen {
            assert!(
                pixel[0].abs_diff(200) < 12 && pixel[1].abs_diff(40) < 12,
                "{pixel:?}"
            );
        }
    }
}
