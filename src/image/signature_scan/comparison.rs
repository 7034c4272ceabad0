//! A picture that shows a scan beside its ink: as it was, on white, and on a certificate's paper.
//!
//! The decision: the ink has one scale in all three, so that its boldness can be compared, and a ruler
//! shows how large it will be printed.

use image::imageops::{crop_imm, overlay, resize};
use image::{DynamicImage, Rgba, RgbaImage};

use super::Ink;
use super::raster::{Raster, Scan};
use crate::base::error::{Error, ErrorKind, Result};

/// The paper around the ink, and the space between two panels, as shares of the ink's height.
const AROUND: f64 = 0.25;
const GAP: u32 = 24;
/// The widest that the ink is drawn, in pixels.
const MAX_WIDTH: f64 = 900.0;
/// The length of the ruler's marks for a millimetre, five and ten.
const MARKS: [u32; 3] = [6, 10, 16];
const RULE: Rgba<u8> = Rgba([190, 60, 60, 255]);
const GROUND: Rgba<u8> = Rgba([225, 225, 225, 255]);

impl Ink {
    /// A PNG of the scan above the ink on white and the ink on `paper` (red, green and blue), all
    /// at one scale. The baseline is drawn beside the ink, and a ruler has a mark for each
    /// millimetre of its width in print, `width_mm`.
    ///
    /// # Errors
    /// As [`extract`](Self::extract). `scan` must be the file that the ink was extracted from.
    pub(crate) fn comparison(
        &self,
        scan: &[u8],
        paper: [u8; 3],
        width_mm: f64,
    ) -> Result<Vec<u8>> {
        let ink = image::load_from_memory(&self.png).map_err(|error| failed(&error))?;
        let ink = ink.into_rgba8();
        let scale = (MAX_WIDTH / f64::from(ink.width())).min(1.0);
        let (width, height) = (scaled(ink.width(), scale), scaled(ink.height(), scale));
        let small = resize(&ink, width, height, image::imageops::FilterType::Triangle);
        let margin = scaled(height, AROUND).max(20);
        let panel = (width + 2 * margin, height + 2 * margin);
        let size = (panel.0 + 2 * GAP, 3 * panel.1 + 5 * GAP);
        let mut picture = RgbaImage::from_pixel(size.0, size.1, GROUND);
        let before = self.before(scan, f64::from(width), margin)?;
        let [red, green, blue] = paper;
        let panels = [
            before,
            RgbaImage::from_pixel(panel.0, panel.1, Rgba([255; 4])),
            RgbaImage::from_pixel(panel.0, panel.1, Rgba([red, green, blue, 255])),
        ];
        let baseline = scaled(self.baseline.round() as u32, scale);
        for (index, panel_image) in panels.into_iter().enumerate() {
            let y = GAP + index as u32 * (panel.1 + GAP);
            overlay(&mut picture, &panel_image, GAP.into(), y.into());
            if index > 0 {
                let at = (i64::from(GAP + margin), i64::from(y + margin));
                overlay(&mut picture, &small, at.0, at.1);
            }
            // The baseline is marked beside the ink, so that it does not hide the ink.
            for x in (0..margin / 2).chain(panel.0 - margin / 2..panel.0) {
                let row = (y + margin + baseline).min(size.1 - 1);
                picture.put_pixel(GAP + x, row, RULE);
            }
        }
        let end = size.1 - GAP / 2;
        let pixels_per_mm = f64::from(width) / width_mm.max(1.0);
        for mm in 0..=width_mm as u32 {
            let x = GAP + margin + (f64::from(mm) * pixels_per_mm).round() as u32;
            let mark = match mm {
                _ if mm % 10 == 0 => MARKS[2],
                _ if mm % 5 == 0 => MARKS[1],
                _ => MARKS[0],
            };
            for y in end - mark..end {
                picture.put_pixel(x.min(size.0 - 1), y, Rgba([40, 40, 40, 255]));
            }
        }
        let mut png = std::io::Cursor::new(Vec::new());
        let written = DynamicImage::ImageRgba8(picture)
            .into_rgb8()
            .write_to(&mut png, image::ImageFormat::Png);
        written.map_err(|error| failed(&error))?;
        Ok(png.into_inner())
    }

    /// The part of the scan that contains the ink, at the ink's scale, with `margin` pixels around.
    fn before(&self, scan: &[u8], width: f64, margin: u32) -> Result<RgbaImage> {
        let scan = Scan::decode(scan)?;
        let image = match scan.raster {
            Raster::Photo(image) => DynamicImage::ImageRgb8(image).into_rgba8(),
            Raster::Cutout(colours, alpha) => {
                let on_white = |x: u32, y: u32| {
                    let alpha = u32::from(alpha.get(x as usize, y as usize));
                    let over = |value: u8| {
                        ((u32::from(value) * alpha + 255 * (255 - alpha)) / 255) as u8
                    };
                    let [red, green, blue] = colours.get_pixel(x, y).0.map(over);
                    Rgba([red, green, blue, 255])
                };
                RgbaImage::from_fn(colours.width(), colours.height(), on_white)
            }
        };
        let [x, y, own_width, own_height] = self.scan_area;
        let pixels = |value: f64| value / scan.scale;
        let (x, y) = (pixels(x - scan.origin.0), pixels(y - scan.origin.1));
        let (own_width, own_height) = (pixels(own_width), pixels(own_height));
        let scale = width / own_width;
        let around = f64::from(margin) / scale;
        let mut panel = RgbaImage::from_pixel(
            width.round() as u32 + 2 * margin,
            (own_height * scale).round() as u32 + 2 * margin,
            GROUND,
        );
        let (left, top) = ((x - around).max(0.0), (y - around).max(0.0));
        let right = (x + own_width + around).min(f64::from(image.width()));
        let bottom = (y + own_height + around).min(f64::from(image.height()));
        let part = crop_imm(
            &image,
            left as u32,
            top as u32,
            (right - left).max(1.0) as u32,
            (bottom - top).max(1.0) as u32,
        );
        let part = part.to_image();
        let part = resize(
            &part,
            scaled(part.width(), scale),
            scaled(part.height(), scale),
            image::imageops::FilterType::Triangle,
        );
        let at = |from: f64, first: f64| ((from - first + around) * scale).round() as i64;
        overlay(&mut panel, &part, at(left, x), at(top, y));
        Ok(panel)
    }
}

fn scaled(pixels: u32, scale: f64) -> u32 {
    (f64::from(pixels) * scale).round().max(1.0) as u32
}

fn failed(error: &image::ImageError) -> Error {
    Error::new(ErrorKind::Image, format!("failed to draw the comparison ({error})"))
}
