//! From a file's bytes to an upright picture of bounded size.
//!
//! Takes PNG, JPEG, WebP or SVG, told apart by content; gives colours, and coverage where the
//! picture is a drawing on transparency already. Sizes are looked at before anything is decoded.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb,
    RgbImage, RgbaImage,
};

use super::plane::{Area, Plane};
use crate::base::error::{Error, ErrorKind, Result};

/// The most bytes of a file, and the most pixels of a bitmap: any phone's photo is below both.
const MAX_BYTES: usize = 48 << 20;
const MAX_PIXELS: u64 = 64_000_000;
/// The longest side: the margins that the work adds would be all there is of anything longer.
const MAX_SIDE: u32 = 32_767;
/// More pixels than this are averaged away before the work begins.
const WORKING_PIXELS: f64 = 8_000_000.0;
/// The longer side of a drawing made of curves, in pixels.
const DRAWN: f32 = 1600.0;

/// A picture as it is meant to be looked at.
pub(super) enum Raster {
    /// Ink on paper.
    Photo(RgbImage),
    /// Ink on nothing: colours and how much each pixel is covered.
    Cutout(RgbImage, Plane),
}

/// A raster and its place in the file.
pub(super) struct Decoded {
    pub(super) raster: Raster,
    /// How many of the file's pixels (or units) one of the raster's stands for.
    pub(super) scale: f64,
    /// Where the raster's corner is, in those.
    pub(super) origin: (f64, f64),
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded> {
    match Source::of(bytes, "scan")? {
        Source::Drawing(text) => draw(text),
        Source::Bitmap(format) => photo(bytes, format),
    }
}

/// A file, told apart by content, and small enough to be looked into.
pub(crate) enum Source<'a> {
    Bitmap(ImageFormat),
    Drawing(&'a str),
}

impl<'a> Source<'a> {
    /// `what` is what the file is called in errors.
    pub(crate) fn of(bytes: &'a [u8], what: &str) -> Result<Self> {
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
                Ok(text) if text.contains("<svg") => return Ok(Self::Drawing(text)),
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

/// A bitmap as it is meant to be looked at, and how many of the file's pixels one of its stands for.
pub(crate) fn upright(
    bytes: &[u8],
    format: ImageFormat,
    what: &str,
) -> Result<(DynamicImage, f64)> {
    let broken = |error: ImageError| match error {
        ImageError::Limits(_) => too_large(what, "needs too much memory".into()),
        error => {
            Error::new(ErrorKind::Image, format!("failed to read the {what} ({error})"))
                .with_help("open it in a viewer; if it shows there, save it again")
        }
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXELS * 4);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || width.max(height) > MAX_SIDE {
        return Err(too_large(what, format!("has {width} × {height} pixels")));
    }
    // A broken note on orientation is as good as none.
    let orientation = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    let shrink = (f64::from(width) * f64::from(height) / WORKING_PIXELS).sqrt();
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

/// What an SVG draws; nothing outside it is ever looked at.
pub(crate) fn tree(text: &str) -> Result<usvg::Tree> {
    let options = usvg::Options {
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_data: usvg::ImageHrefResolver::default_data_resolver(),
            resolve_string: Box::new(|_, _| None),
        },
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(text, &options).map_err(|error| {
        Error::new(ErrorKind::Image, format!("failed to read the SVG ({error})"))
    })?;
    // Without fonts it would vanish silently.
    if text.contains("<text") {
        return Err(Error::new(
            ErrorKind::Image,
            "the SVG has text, for which there is no font",
        )
        .with_help("convert its text to paths"));
    }
    Ok(tree)
}

/// The part of a drawing in which there is something.
pub(crate) fn drawn(tree: &usvg::Tree) -> Option<usvg::Rect> {
    // The box of nothing is not empty.
    if !tree.root().has_children() {
        return None;
    }
    let size = tree.size();
    let shown = usvg::Rect::from_xywh(0.0, 0.0, size.width(), size.height())?;
    intersection(shown, tree.root().abs_layer_bounding_box().to_rect())
}

fn photo(bytes: &[u8], format: ImageFormat) -> Result<Decoded> {
    let (image, scale) = upright(bytes, format, "scan")?;
    let (raster, (left, top)) = match image.color().has_alpha() {
        true => Raster::with_alpha(image.into_rgba8()),
        false => (Raster::Photo(image.into_rgb8()), (0, 0)),
    };
    let origin = (f64::from(left) * scale, f64::from(top) * scale);
    Ok(Decoded { raster, scale, origin })
}

/// Draws what an SVG shows, as large as a signature is ever needed.
fn draw(text: &str) -> Result<Decoded> {
    let tree = tree(text)?;
    let drawn = drawn(&tree).ok_or_else(super::no_ink)?;
    let scale = DRAWN / drawn.width().max(drawn.height());
    let width = (drawn.width() * scale).ceil().max(1.0);
    let height = (drawn.height() * scale).ceil().max(1.0);
    let mut canvas = resvg::tiny_skia::Pixmap::new(width as u32, height as u32)
        .ok_or_else(|| too_large("scan", "has no usable size".into()))?;
    let transform = resvg::tiny_skia::Transform::from_scale(scale, scale)
        .pre_translate(-drawn.x(), -drawn.y());
    resvg::render(&tree, transform, &mut canvas.as_mut());
    let mut image = RgbaImage::new(width as u32, height as u32);
    for (to, from) in image.pixels_mut().zip(canvas.pixels()) {
        let from = from.demultiply();
        to.0 = [from.red(), from.green(), from.blue(), from.alpha()];
    }
    let (raster, (left, top)) = Raster::with_alpha(image);
    let unit = f64::from(1.0 / scale);
    let origin = (
        f64::from(drawn.x()) + f64::from(left) * unit,
        f64::from(drawn.y()) + f64::from(top) * unit,
    );
    Ok(Decoded { raster, scale: unit, origin })
}

fn intersection(a: usvg::Rect, b: usvg::Rect) -> Option<usvg::Rect> {
    usvg::Rect::from_ltrb(
        a.left().max(b.left()),
        a.top().max(b.top()),
        a.right().min(b.right()),
        a.bottom().min(b.bottom()),
    )
}

impl Raster {
    /// A picture whose ground is transparent is ink alone. One that covers most of its own extent is a
    /// photo with a margin: the extent is laid on white. Also says where what is left begins.
    fn with_alpha(image: RgbaImage) -> (Self, (u32, u32)) {
        let (width, height) = image.dimensions();
        let alpha = Plane {
            width: width as usize,
            height: height as usize,
            data: image.pixels().map(|pixel| pixel[3]).collect(),
        };
        let covered = alpha.data.iter().filter(|&&value| value > 127).count();
        let area = alpha.bounds(1).unwrap_or(Area { x: 0, y: 0, width, height });
        let extent = u64::from(area.width) * u64::from(area.height);
        if covered as u64 * 100 <= extent * super::MAX_INK_PERCENT {
            let colour = |x, y| match image.get_pixel(x, y).0 {
                [red, green, blue, _] => Rgb([red, green, blue]),
            };
            return (
                Self::Cutout(RgbImage::from_fn(width, height, colour), alpha),
                (0, 0),
            );
        }
        let photo = RgbImage::from_fn(area.width, area.height, |x, y| {
            let [red, green, blue, alpha] = image.get_pixel(area.x + x, area.y + y).0;
            let over = |value: u8| {
                let (value, alpha) = (u32::from(value), u32::from(alpha));
                ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
            };
            Rgb([over(red), over(green), over(blue)])
        });
        (Self::Photo(photo), (area.x, area.y))
    }
}

fn too_large(what: &str, how: String) -> Error {
    Error::new(ErrorKind::TooLarge, format!("the {what} {how}, more than is read"))
        .with_help("save it smaller: 3000 pixels across are plenty")
}
