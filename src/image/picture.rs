//! A picture that a page can show: PNG or SVG, measured, bounded and trimmed; a signature also as ink.

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use image::imageops::{crop_imm, thumbnail};
use image::{DynamicImage, ImageFormat, RgbaImage};
use serde_json::Value;

use crate::base::error::{Error, ErrorKind, Result};
use crate::image::signature_scan::decode::{self, Source};
use crate::image::signature_scan::{Ink, InkOptions};

/// A picture's bytes with what they are.
#[derive(Clone)]
pub(crate) struct Picture {
    bytes: Arc<[u8]>,
    format: Format,
    size: (f64, f64),
    signed: Option<Signed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Svg,
    Pdf,
}

/// What a layout must know to set a signature, and the proof to find its ink.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed {
    /// Where it rests on its line, as a share of the height from the top.
    pub(crate) baseline: f64,
    /// How tall the picture is in millimetres when the signature is as large and as bold as others.
    pub(crate) tall: f64,
    /// The box of its ink: left, top, right and bottom as shares of width and height.
    pub(crate) ink: [f64; 4],
}

impl Picture {
    /// The longer side of a bitmap, in pixels: 6 cm in print at 500 dots an inch.
    const LONGEST: u32 = 1200;

    /// A logo, seal or badge: PNG, JPEG, WebP or SVG, told apart by content. What is empty around it
    /// is cut off.
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: none of these, broken, or empty. [`ErrorKind::TooLarge`].
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        match Source::of(bytes, "picture")? {
            Source::Drawing(text) => {
                let tree = decode::tree(text)?;
                let drawn = decode::drawn(&tree).ok_or_else(empty)?;
                let part = [drawn.x(), drawn.y(), drawn.width(), drawn.height()];
                Ok(Self::part_of(text, &tree, part.map(f64::from)).0)
            }
            Source::Bitmap(format) => {
                let (image, _) = decode::upright(bytes, format, "picture")?;
                Self::bitmap(&image.into_rgba8())
            }
        }
    }

    /// A signature from its scan: PNG, JPEG or WebP become ink on transparency, a drawing in SVG stays
    /// one unless it is to have another colour.
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: unreadable, no ink, nothing but ink. [`ErrorKind::TooLarge`].
    pub(crate) fn signature(scan: &[u8], tint: Option<[u8; 3]>) -> Result<Self> {
        let ink = Ink::lift(scan, &InkOptions { tint })?;
        let mut signed = Signed::measured(&ink);
        let picture = match Source::of(scan, "scan")? {
            Source::Drawing(text) if ink.is_cutout() && tint.is_none() => {
                let tree = decode::tree(text)?;
                let (picture, whole) = Self::part_of(text, &tree, ink.found());
                if whole {
                    signed = signed.within(ink.found(), picture.size);
                }
                picture
            }
            _ => {
                let (width, height) = ink.size();
                Self {
                    bytes: ink.png().into(),
                    format: Format::Png,
                    size: (f64::from(width), f64::from(height)),
                    signed: None,
                }
            }
        };
        Ok(Self { signed: Some(signed), ..picture })
    }

    /// The first page of a PDF, of a known size.
    pub(crate) fn page(bytes: &[u8], size: (f64, f64)) -> Self {
        Self { bytes: bytes.into(), format: Format::Pdf, size, signed: None }
    }

    /// An SVG that the library made itself, of a known size.
    pub(crate) fn made(svg: String, size: (f64, f64)) -> Self {
        Self { bytes: svg.into_bytes().into(), format: Format::Svg, size, signed: None }
    }

    /// A part of a drawing (left, top, width and height); all of it, as it was written, where hardly
    /// more is around that. Also says whether it is all of it.
    fn part_of(text: &str, tree: &usvg::Tree, part: [f64; 4]) -> (Self, bool) {
        let [x, y, width, height] = part;
        let size = (f64::from(tree.size().width()), f64::from(tree.size().height()));
        let made = |text: String, size| Self {
            bytes: text.into_bytes().into(),
            format: Format::Svg,
            size,
            signed: None,
        };
        if width >= 0.98 * size.0 && height >= 0.98 * size.1 {
            return (made(text.to_owned(), size), true);
        }
        let options = usvg::WriteOptions {
            indent: usvg::Indent::None,
            ..usvg::WriteOptions::default()
        };
        let plain = tree.to_string(&options);
        // What is written anew has one root of a known form, whose extent is exchanged.
        let inside = plain.split_once('>').map_or("", |(_, inside)| inside);
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"{x} {y} {width} {height}\">{inside}"
        );
        (made(text, (width, height)), false)
    }

    fn bitmap(image: &RgbaImage) -> Result<Self> {
        let inked = || image.enumerate_pixels().filter(|(.., pixel)| pixel[3] > 0);
        let left = inked().map(|(x, ..)| x).min().ok_or_else(empty)?;
        let top = inked().map(|(_, y, _)| y).min().ok_or_else(empty)?;
        let right = inked().map(|(x, ..)| x).max().ok_or_else(empty)?;
        let bottom = inked().map(|(_, y, _)| y).max().ok_or_else(empty)?;
        let (width, height) = (right - left + 1, bottom - top + 1);
        let mut image = crop_imm(image, left, top, width, height).to_image();
        let longer = width.max(height);
        if longer > Self::LONGEST {
            let fit = |side: u32| (side * Self::LONGEST).div_ceil(longer).max(1);
            // Colours count as much as they cover, or the rim takes on that of nothing.
            for pixel in image.pixels_mut() {
                pixel.0 = covering(pixel.0, |value, alpha| value * alpha / 255);
            }
            image = thumbnail(&image, fit(width), fit(height));
            for pixel in image.pixels_mut() {
                pixel.0 = covering(pixel.0, |value, alpha| {
                    (value * 255).checked_div(alpha).unwrap_or(0).min(255)
                });
            }
        }
        let size = (f64::from(image.width()), f64::from(image.height()));
        let opaque = image.pixels().all(|pixel| pixel[3] == 255);
        let image = DynamicImage::ImageRgba8(image);
        let image = if opaque { image.into_rgb8().into() } else { image };
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png).map_err(|error| {
            Error::new(ErrorKind::Image, format!("failed to write the picture ({error})"))
        })?;
        let bytes = png.into_inner().into();
        Ok(Self { bytes, format: Format::Png, size, signed: None })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Width and height, of which only the ratio means anything.
    pub(crate) fn size(&self) -> (f64, f64) {
        self.size
    }

    /// How to set it, if it is a signature.
    pub(crate) fn signed(&self) -> Option<&Signed> {
        self.signed.as_ref()
    }

    pub(crate) fn ending(&self) -> &'static str {
        match self.format {
            Format::Png => "png",
            Format::Svg => "svg",
            Format::Pdf => "pdf",
        }
    }

    /// The content as JSON can hold it: an SVG as text, a bitmap as a list of bytes.
    pub(crate) fn to_json(&self) -> Value {
        match self.format {
            Format::Svg => String::from_utf8_lossy(&self.bytes).into_owned().into(),
            Format::Png | Format::Pdf => self.bytes.to_vec().into(),
        }
    }
}

impl Signed {
    /// What signatures look alike in: how far their letters stand above the line, and how wide their
    /// strokes are, in millimetres.
    const ABOVE: f64 = 9.0;
    const STROKE: f64 = 0.25;

    /// The decision: a scale between the one that makes it as high as others and the one that makes it
    /// as bold, for a brush and a fine pen cannot agree on both; near the first, or the pen alone
    /// would say how large a name is.
    fn measured(ink: &Ink) -> Self {
        let (width, height) = ink.size();
        let (width, height) = (f64::from(width), f64::from(height));
        let area = ink.area();
        let [x, y, w, h] = [area.x, area.y, area.width, area.height].map(f64::from);
        // Hardly anything above the line: a flourish that was taken for it.
        let above = (ink.baseline() - y).max(0.3 * h);
        let high = Self::ABOVE / above;
        let bold = Self::STROKE / ink.stroke();
        let scale = (high * high * bold).cbrt().clamp(0.7 * high, 1.4 * high);
        Self {
            baseline: ink.baseline() / height,
            tall: height * scale,
            ink: [x / width, y / height, (x + w) / width, (y + h) / height],
        }
    }

    /// The same, where what was measured is a part (left, top, width and height) of a larger whole.
    fn within(self, [x, y, width, height]: [f64; 4], whole: (f64, f64)) -> Self {
        let across = |share: f64| (x + share * width) / whole.0;
        let down = |share: f64| (y + share * height) / whole.1;
        let [left, top, right, bottom] = self.ink;
        Self {
            baseline: down(self.baseline),
            tall: self.tall * whole.1 / height,
            ink: [across(left), down(top), across(right), down(bottom)],
        }
    }
}

fn covering(pixel: [u8; 4], change: impl Fn(u32, u32) -> u32) -> [u8; 4] {
    let [red, green, blue, alpha] = pixel;
    let [red, green, blue] =
        [red, green, blue].map(|value| change(value.into(), alpha.into()) as u8);
    [red, green, blue, alpha]
}

fn empty() -> Error {
    Error::new(ErrorKind::Image, "the picture is empty")
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
    fn what_is_no_picture_is_refused() {
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
    fn what_is_empty_around_a_drawing_is_cut_off() {
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
    fn what_is_empty_around_a_bitmap_is_cut_off_and_its_rim_keeps_its_colour() {
        let image = RgbaImage::from_fn(4000, 1000, |x, y| {
            let inside = (500..3500).contains(&x) && (300..700).contains(&(y + x % 2));
            image::Rgba(if inside { [200, 40, 40, 255] } else { [0, 0, 0, 0] })
        });
        let picture = Picture::bitmap(&image).expect("a picture");
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
