//! A picture that a page can show: PNG or SVG, measured and bounded; a signature also as ink.

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use image::ImageReader;
use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::scan::{Ink, InkOptions};

/// A picture's bytes with what they are.
#[derive(Clone)]
pub(crate) struct Picture {
    bytes: Arc<[u8]>,
    format: Format,
    size: (f64, f64),
    /// Where a signature rests on its line, as a share of the height from the top.
    baseline: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Svg,
}

impl Picture {
    /// The most bytes of a file, and the most pixels of a bitmap.
    const MOST_BYTES: usize = 8 << 20;
    const MOST_PIXELS: u64 = 40_000_000;

    /// Reads a PNG or an SVG; which of them is seen from the content.
    ///
    /// # Errors
    /// [`Kind::Image`]: neither of them, broken, or without extent. [`Kind::TooLarge`].
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > Self::MOST_BYTES {
            return Err(Error::new(
                Kind::TooLarge,
                format!(
                    "the picture has {} MB, more than the 8 that are read",
                    bytes.len() >> 20
                ),
            )
            .with_help("save it smaller: a signature needs no more than 1200 pixels"));
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Self::png(bytes);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("<svg") => Self::svg(text.to_owned()),
            _ => Err(Error::new(Kind::Image, "the picture is neither PNG nor SVG")
                .with_help("save it as PNG with a transparent ground, or as SVG")),
        }
    }

    /// A signature from its scan: PNG, JPEG or WebP become ink on transparency, an SVG stays as it
    /// is; of both the line is found that the letters rest on.
    ///
    /// # Errors
    /// [`Kind::Image`]: unreadable, no ink, nothing but ink. [`Kind::TooLarge`].
    pub(crate) fn signature(scan: &[u8]) -> Result<Self> {
        let ink = Ink::lift(scan, &InkOptions::default())?;
        let (width, height) = ink.size();
        let [_, top, _, extent] = ink.found();
        let drawn = ink.baseline() / f64::from(height);
        match Self::read(scan) {
            Ok(own) if own.format == Format::Svg => {
                // What was found is a part of the drawing.
                let baseline = (top + drawn * extent) / own.size.1;
                Ok(Self { baseline: Some(baseline.clamp(0.0, 1.0)), ..own })
            }
            _ => Ok(Self {
                bytes: ink.png().into(),
                format: Format::Png,
                size: (f64::from(width), f64::from(height)),
                baseline: Some(drawn),
            }),
        }
    }

    /// An SVG from its text.
    pub(crate) fn svg(text: String) -> Result<Self> {
        let options = usvg::Options {
            // Nothing outside the file is ever looked at.
            image_href_resolver: usvg::ImageHrefResolver {
                resolve_data: usvg::ImageHrefResolver::default_data_resolver(),
                resolve_string: Box::new(|_, _| None),
            },
            ..usvg::Options::default()
        };
        let tree = usvg::Tree::from_str(&text, &options).map_err(|error| {
            Error::new(Kind::Image, format!("failed to read the SVG ({error})"))
        })?;
        let size = (f64::from(tree.size().width()), f64::from(tree.size().height()));
        Ok(Self {
            bytes: text.into_bytes().into(),
            format: Format::Svg,
            size,
            baseline: None,
        })
    }

    /// An SVG that the library made itself, of a known size.
    pub(crate) fn made(svg: String, size: (f64, f64)) -> Self {
        Self { bytes: svg.into_bytes().into(), format: Format::Svg, size, baseline: None }
    }

    fn png(bytes: &[u8]) -> Result<Self> {
        let broken = |error: image::ImageError| {
            Error::new(Kind::Image, format!("failed to read the PNG ({error})"))
        };
        let open =
            || ImageReader::with_format(Cursor::new(bytes), image::ImageFormat::Png);
        let (width, height) = open().into_dimensions().map_err(broken)?;
        if u64::from(width) * u64::from(height) > Self::MOST_PIXELS {
            return Err(Error::new(
                Kind::TooLarge,
                format!("the picture has {width} × {height} pixels, too many"),
            )
            .with_help("save it smaller: a signature needs no more than 1200 pixels"));
        }
        open().decode().map_err(broken)?;
        let size = (f64::from(width), f64::from(height));
        Ok(Self { bytes: bytes.into(), format: Format::Png, size, baseline: None })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Width and height, of which only the ratio means anything.
    pub(crate) fn size(&self) -> (f64, f64) {
        self.size
    }

    /// Where a signature rests on its line, as a share of the height from the top.
    pub(crate) fn baseline(&self) -> Option<f64> {
        self.baseline
    }

    pub(crate) fn ending(&self) -> &'static str {
        match self.format {
            Format::Png => "png",
            Format::Svg => "svg",
        }
    }

    /// The content as JSON can hold it: an SVG as text, a bitmap as a list of bytes.
    pub(crate) fn to_json(&self) -> Value {
        match self.format {
            Format::Svg => String::from_utf8_lossy(&self.bytes).into_owned().into(),
            Format::Png => self.bytes.to_vec().into(),
        }
    }
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
            (&b"GIF89a"[..], Kind::Image),
            (b"\x89PNG\r\n\x1a\nbroken", Kind::Image),
            (b"<svg", Kind::Image),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg' width='0' height='3'/>",
                Kind::Image,
            ),
            (&vec![0; Picture::MOST_BYTES + 1], Kind::TooLarge),
        ] {
            assert_eq!(Picture::read(bytes).expect_err("no picture").kind(), kind);
        }
    }

    #[test]
    fn an_svg_knows_its_size() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 30 10'/>";
        let picture = Picture::read(svg).expect("a picture");
        assert_eq!(picture.size(), (30.0, 10.0));
    }
}
