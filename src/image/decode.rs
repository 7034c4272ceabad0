//! From a file's bytes to an upright bitmap of bounded size.
//!
//! Takes PNG, JPEG, WebP or SVG, told apart by content. The decision: sizes are checked before
//! anything is decoded.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::base::error::{Error, ErrorKind, Result};

/// The most bytes of a file, and the most pixels of a bitmap; the photos of phones are below both.
const MAX_BYTES: usize = 48 << 20;
const MAX_PIXELS: u64 = 64_000_000;
/// The longest side in pixels. The work adds margins to a picture, which would be most of a longer
/// one.
const MAX_SIDE: u32 = 32_767;
/// A bitmap of more pixels is scaled down before the work begins.
const MAX_WORKING_PIXELS: f64 = 8_000_000.0;

/// A picture file, told apart by content.
pub(super) enum PictureFile<'a> {
    Bitmap(ImageFormat),
    Svg(&'a str),
}

impl<'a> PictureFile<'a> {
    /// Finds the format. `what` is the name of the picture in errors.
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: another format. [`ErrorKind::TooLarge`]: longer than 48 MB.
    pub(super) fn of(bytes: &'a [u8], what: &str) -> Result<Self> {
        if bytes.len() > MAX_BYTES {
            return Err(too_large(what, format!("is {} MB long", bytes.len() >> 20)));
        }
        Ok(Self::Bitmap(match bytes {
            [0x89, b'P', b'N', b'G', ..] => ImageFormat::Png,
            [0xff, 0xd8, 0xff, ..] => ImageFormat::Jpeg,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
                ImageFormat::WebP
            }
            _ => match std::str::from_utf8(bytes) {
                Ok(text) if text.contains("<svg") => return Ok(Self::Svg(text)),
                _ => {
                    let message =
                        format!("the {what} is neither PNG, JPEG, WebP nor SVG");
                    return Err(Error::new(ErrorKind::Image, message)
                        .with_help("save it in one of these formats"));
                }
            },
        }))
    }
}

/// Decodes a bitmap upright, by the orientation that its Exif data gives. Also gives how many of
/// the file's pixels one pixel of the result stands for, in each direction.
///
/// # Errors
/// [`ErrorKind::Image`]: the file is broken. [`ErrorKind::TooLarge`].
pub(super) fn decode_bitmap(
    bytes: &[u8],
    format: ImageFormat,
    what: &str,
) -> Result<(DynamicImage, f64)> {
    let broken = |error: ImageError| broken(what, error);
    let mut decoder = reader(bytes, format).into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    check_sides(width, height, what)?;
    // Broken Exif data counts as none: viewers show such a picture too.
    let orientation = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    let shrink = (f64::from(width) * f64::from(height) / MAX_WORKING_PIXELS).sqrt();
    if shrink > 1.0 {
        let width = (f64::from(width) / shrink).round().max(1.0) as u32;
        let height = (f64::from(height) / shrink).round().max(1.0) as u32;
        image = image.thumbnail_exact(width, height);
    }
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok((image, shrink.max(1.0)))
}

/// A bitmap as a PDF can have it.
pub(super) enum PlainBitmap {
    /// Its file as it is, with its sides in pixels.
    AsItIs((u32, u32)),
    /// Drawn anew: it was turned by its Exif data, or in inks of print, which PDF/A knows only with
    /// a profile.
    Redrawn(DynamicImage),
}

/// Decides whether a bitmap can stand in a PDF as its file is. It is decoded either way, so that a
/// broken one is refused here.
///
/// # Errors
/// As [`decode_bitmap`].
pub(super) fn plain_bitmap(
    bytes: &[u8],
    format: ImageFormat,
    what: &str,
) -> Result<PlainBitmap> {
    let decoder = reader(bytes, format).into_decoder();
    let mut decoder = decoder.map_err(|error| broken(what, error))?;
    let sides = decoder.dimensions();
    let is_turned = decoder
        .orientation()
        .is_ok_and(|orientation| orientation != Orientation::NoTransforms);
    let (image, _) = decode_bitmap(bytes, format, what)?;
    let is_kept = match format {
        ImageFormat::Png => true,
        ImageFormat::Jpeg => jpeg_components(bytes).is_some_and(|count| count < 4),
        _ => false,
    };
    if is_kept && !is_turned {
        return Ok(PlainBitmap::AsItIs(sides));
    }
    let image = if image.color().has_alpha() {
        DynamicImage::ImageRgba8(image.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(image.into_rgb8())
    };
    Ok(PlainBitmap::Redrawn(image))
}

/// The number of colour components of a JPEG, which its frame header gives (ITU-T T.81, B.2.2): 4
/// for the inks of print.
fn jpeg_components(bytes: &[u8]) -> Option<u8> {
    let mut at = 2;
    loop {
        let &[0xff, marker, high, low] = bytes.get(at..at + 4)? else { return None };
        match marker {
            0xff => at += 1,
            // Frame headers; between them are tables of Huffman and arithmetic coding.
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(&marker) => {
                return bytes.get(at + 9).copied();
            }
            0xda | 0xd9 => return None,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
}

/// Checks that a picture is within the limits, without decoding it.
///
/// # Errors
/// [`ErrorKind::Image`]: another format, or broken. [`ErrorKind::TooLarge`].
pub(super) fn check_limits(bytes: &[u8], what: &str) -> Result<()> {
    let PictureFile::Bitmap(format) = PictureFile::of(bytes, what)? else {
        return Ok(());
    };
    let size = reader(bytes, format).into_dimensions();
    let (width, height) = size.map_err(|error| broken(what, error))?;
    check_sides(width, height, what)
}

fn reader(bytes: &[u8], format: ImageFormat) -> ImageReader<Cursor<&[u8]>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXELS * 4);
    reader.limits(limits);
    reader
}

fn broken(what: &str, error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => too_large(what, "needs too much memory".into()),
        error => {
            Error::new(ErrorKind::Image, format!("failed to read the {what} ({error})"))
                .with_help("open it in a viewer; if it shows there, save it again")
        }
    }
}

/// The bounding box of what an SVG draws inside its extent; `None` if it draws nothing.
pub(super) fn drawn_box(tree: &usvg::Tree) -> Option<usvg::Rect> {
    // usvg gives a box that is not empty for a tree without nodes.
    if !tree.root().has_children() {
        return None;
    }
    let drawn = tree.root().abs_layer_bounding_box().to_rect();
    usvg::Rect::from_ltrb(
        drawn.left().max(0.0),
        drawn.top().max(0.0),
        drawn.right().min(tree.size().width()),
        drawn.bottom().min(tree.size().height()),
    )
}

/// Refuses a bitmap of more pixels than are read.
///
/// # Errors
/// [`ErrorKind::TooLarge`].
pub(super) fn check_sides(width: u32, height: u32, what: &str) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || width.max(height) > MAX_SIDE {
        return Err(too_large(what, format!("has {width} × {height} pixels")));
    }
    Ok(())
}

/// The error for a picture over a limit. `how` says what is too large: `has 9 × 9 pixels`.
pub(super) fn too_large(what: &str, how: String) -> Error {
    Error::new(ErrorKind::TooLarge, format!("the {what} {how}, more than is read"))
        .with_help("save it smaller: 3000 pixels across are plenty")
}
