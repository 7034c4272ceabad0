//! From a scan's bytes to its pixels: a photo of ink on paper, or a drawing on transparency.
//!
//! Takes PNG, JPEG, WebP or SVG; gives [`Scan`]. The decision: a picture with an alpha channel is a
//! drawing on transparency if little of it is covered, else a photo with a transparent margin.

use image::{ImageFormat, Rgb, RgbImage, RgbaImage};

use super::gray::{Area, Gray};
use super::ink_share::{MAX_INK_PERCENT, no_ink};
use crate::base::error::Result;
use crate::image::decode::{self, PictureFile};
use crate::image::svg;

/// The longer side, in pixels, at which an SVG is drawn.
const SVG_SIDE: f32 = 1600.0;

/// A scan's pixels, upright.
pub(super) enum Raster {
    /// Ink on paper.
    Photo(RgbImage),
    /// Ink on transparency: colours, and the coverage of each pixel.
    Cutout(RgbImage, Gray),
}

/// A raster and its place in the file.
pub(super) struct Scan {
    pub(super) raster: Raster,
    /// How many of the file's pixels, or units of an SVG, one pixel of the raster stands for.
    pub(super) scale: f64,
    /// Where the raster's top left corner is in the file, in the same unit.
    pub(super) origin: (f64, f64),
}

impl Scan {
    /// Decodes a whole file.
    ///
    /// # Errors
    /// [`ErrorKind::Image`](crate::base::error::ErrorKind::Image): another format, broken, or
    /// empty. [`ErrorKind::TooLarge`](crate::base::error::ErrorKind::TooLarge).
    pub(super) fn decode(bytes: &[u8]) -> Result<Self> {
        match PictureFile::of(bytes, "scan")? {
            PictureFile::Svg(text) => Self::draw_svg(&text),
            PictureFile::Bitmap(format) => Self::decode_bitmap(bytes, format),
        }
    }

    fn decode_bitmap(bytes: &[u8], format: ImageFormat) -> Result<Self> {
        let (image, scale) = decode::decode_bitmap(bytes, format, "scan")?;
        let (raster, (left, top)) = if image.color().has_alpha() {
            Raster::with_alpha(image.into_rgba8())
        } else {
            (Raster::Photo(image.into_rgb8()), (0, 0))
        };
        let origin = (f64::from(left) * scale, f64::from(top) * scale);
        Ok(Self { raster, scale, origin })
    }

    /// Draws an SVG as large as a signature is ever needed.
    fn draw_svg(text: &str) -> Result<Self> {
        let tree = svg::parse(text)?;
        let drawn = decode::drawn_box(&tree).ok_or_else(no_ink)?;
        let scale = SVG_SIDE / drawn.width().max(drawn.height());
        let width = (drawn.width() * scale).ceil().max(1.0);
        let height = (drawn.height() * scale).ceil().max(1.0);
        let mut canvas = resvg::tiny_skia::Pixmap::new(width as u32, height as u32)
            .ok_or_else(|| decode::too_large("scan", "has no usable size".into()))?;
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
        Ok(Self { raster, scale: unit, origin })
    }
}

impl Raster {
    /// A cutout, if little of the picture is covered. Else a photo: the covered part, laid on
    /// white. Also gives the column and row at which the result begins.
    fn with_alpha(image: RgbaImage) -> (Self, (u32, u32)) {
        let (width, height) = image.dimensions();
        let alpha = Gray {
            width: width as usize,
            height: height as usize,
            data: image.pixels().map(|pixel| pixel[3]).collect(),
        };
        let covered = alpha.data.iter().filter(|&&value| value > 127).count();
        let area = alpha.bounds(1).unwrap_or(Area { x: 0, y: 0, width, height });
        let extent = u64::from(area.width) * u64::from(area.height);
        if covered as u64 * 100 <= extent * MAX_INK_PERCENT {
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
