//! The pictures inside an SVG: of which formats, and of how many pixels together.

use std::io::Cursor;
use std::sync::Arc;

use image::{ImageFormat, ImageReader};
use usvg::ImageKind;

use super::costly::too_costly;
use crate::base::error::{Error, ErrorKind};
use crate::image::jpeg;
use crate::site::request::limits::truncated;

/// The most pixels of all pictures inside one SVG. Each is decoded each time it is drawn.
const MAX_PIXELS: u64 = 32_000_000;

/// What the pictures of one SVG may still have, and the first that was refused.
#[derive(Default)]
pub(super) struct PictureBudget {
    pixels: u64,
    pub(super) refused: Option<Error>,
    /// The first link to another file.
    pub(super) left_out: Option<Error>,
}

impl PictureBudget {
    /// Takes a picture by its content, whatever the file says that it is. `None` if it is refused.
    pub(super) fn take(&mut self, data: Arc<Vec<u8>>) -> Option<ImageKind> {
        match self.read(data) {
            Ok(kind) => Some(kind),
            Err(error) => {
                self.refused.get_or_insert(error);
                None
            }
        }
    }

    /// Refuses a link to another file, which would be left out.
    pub(super) fn refuse_link(&mut self, href: &str) -> Option<ImageKind> {
        let href = truncated(href, 100);
        let message = format!("the SVG refers to `{}`", href.escape_debug());
        self.left_out.get_or_insert(
            Error::new(ErrorKind::Image, message)
                .with_help("embed that file in the SVG when you export it"),
        );
        None
    }

    fn read(&mut self, data: Arc<Vec<u8>>) -> Result<ImageKind, Error> {
        let bytes: &[u8] = &data;
        let (width, height) = match bytes {
            [0x89, b'P', b'N', b'G', ..] => dimensions(bytes, ImageFormat::Png)?,
            [0xff, 0xd8, 0xff, ..] => {
                let help = "export the SVG again, with its pictures in RGB";
                if !jpeg::is_whole(bytes) {
                    let message = "a picture inside the SVG is cut off";
                    return Err(Error::new(ErrorKind::Image, message).with_help(help));
                }
                if jpeg::components(bytes) == Some(4) {
                    let message = "a picture inside the SVG is a JPEG in CMYK";
                    return Err(Error::new(ErrorKind::Image, message).with_help(help));
                }
                dimensions(bytes, ImageFormat::Jpeg)?
            }
            [b'R', b'I', b'F', b'F', ..] => dimensions(bytes, ImageFormat::WebP)?,
            [b'G', b'I', b'F', b'8', _, b'a', w, ww, h, hh, ..] => (
                u16::from_le_bytes([*w, *ww]).into(),
                u16::from_le_bytes([*h, *hh]).into(),
            ),
            _ => {
                let is_svg = bytes.starts_with(&[0x1f, 0x8b])
                    || str::from_utf8(bytes).is_ok_and(|text| text.contains("<svg"));
                let message = if is_svg {
                    "the SVG has another SVG inside"
                } else {
                    "a picture inside the SVG is neither PNG, JPEG, WebP nor GIF"
                };
                return Err(Error::new(ErrorKind::Image, message)
                    .with_help("place its content in the drawing itself"));
            }
        };
        self.pixels += u64::from(width) * u64::from(height);
        if self.pixels > MAX_PIXELS {
            return Err(too_costly(&format!(
                "has pictures inside of {} million pixels, the last of {width} × {height}",
                self.pixels / 1_000_000
            )));
        }
        Ok(match bytes[0] {
            0x89 => ImageKind::PNG(data),
            0xff => ImageKind::JPEG(data),
            b'R' => ImageKind::WEBP(data),
            _ => ImageKind::GIF(data),
        })
    }
}

/// Width and height by the header alone.
fn dimensions(bytes: &[u8], format: ImageFormat) -> Result<(u32, u32), Error> {
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.into_dimensions().map_err(|cause| {
        let message = format!("a picture inside the SVG is broken ({cause})");
        Error::new(ErrorKind::Image, message).with_help("export the SVG again")
    })
}
