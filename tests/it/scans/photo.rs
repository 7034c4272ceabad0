//! A camera: known ink on paper, with any combination of defects.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageEncoder, RgbImage};

use super::pen::{Grid, Signature};

/// The reflectance of an ink in red, green and blue, as shares of the paper's.
pub(crate) type Pen = [f32; 3];
pub(crate) const BLACK: Pen = [0.02, 0.02, 0.025];
pub(crate) const BLUE: Pen = [0.02, 0.05, 0.30];
pub(crate) const PENCIL: Pen = [0.30, 0.30, 0.31];

/// A photo before it is taken. Light is linear until it is encoded.
#[derive(Clone)]
pub(crate) struct Photo {
    pub(crate) ink: Grid,
    pub(crate) baseline: f32,
    pub(crate) stroke: f32,
    pen: Pen,
    paper: [f32; 3],
    gradient: f32,
    shadow: Option<f32>,
    noise: f32,
    ruled: Option<Ruled>,
    line: bool,
    blots: bool,
    desk: bool,
    jpeg: Option<u8>,
    turned: Option<Orientation>,
}

#[derive(Clone, Copy)]
struct Ruled {
    distance: f32,
    wide: f32,
    light: [f32; 3],
    slope: f32,
    squared: bool,
}

impl Photo {
    /// A signature in black in the middle of a clean white sheet.
    pub(crate) fn of(signature: &Signature, (width, height): (usize, usize)) -> Self {
        let size = width as f32 / 26.0;
        let stroke = (size / 6.0).max(4.0);
        let baseline = height as f32 * 0.52;
        let ink = signature.draw(
            (width, height),
            (width as f32 * 0.3, baseline),
            size,
            stroke,
            -0.02,
        );
        Self {
            ink,
            baseline: baseline - 0.02 * 5.0 * size,
            stroke,
            pen: BLACK,
            paper: [0.82, 0.82, 0.80],
            gradient: 0.0,
            shadow: None,
            noise: 0.0,
            ruled: None,
            line: false,
            blots: false,
            desk: false,
            jpeg: None,
            turned: None,
        }
    }

    pub(crate) fn blank(mut self) -> Self {
        self.ink.data.fill(0.0);
        self
    }

    pub(crate) fn pen(mut self, pen: Pen) -> Self {
        self.pen = pen;
        self
    }

    /// Grey, yellowish recycled paper.
    pub(crate) fn grey(mut self) -> Self {
        self.paper = [0.42, 0.41, 0.36];
        self
    }

    /// Light that falls off from the upper left to the lower right, down to this share.
    pub(crate) fn gradient(mut self, share: f32) -> Self {
        self.gradient = 1.0 - share;
        self
    }

    /// A hard shadow on the lower right of a slanting line, over part of the signature, that lets
    /// this share of the light through. Ink in the light is brighter than paper in a shadow of
    /// 0.04.
    pub(crate) fn shadow(mut self, share: f32) -> Self {
        self.shadow = Some(share);
        self
    }

    /// Sensor noise: the standard deviation in mid grey, in 255ths of the encoded value.
    pub(crate) fn noise(mut self, deviation: f32) -> Self {
        self.noise = deviation;
        self
    }

    /// Pale blue ruling lines, slightly askew.
    pub(crate) fn ruled(mut self) -> Self {
        let wide = self.line_width();
        let distance = self.ink.width as f32 / 22.0;
        let light = [0.45, 0.60, 0.80];
        self.ruled = Some(Ruled { distance, wide, light, slope: 0.012, squared: false });
        self
    }

    /// Grey squared paper.
    pub(crate) fn squared(mut self) -> Self {
        let wide = self.line_width() * 0.8;
        let distance = self.ink.width as f32 / 36.0;
        let light = [0.6, 0.6, 0.62];
        self.ruled = Some(Ruled { distance, wide, light, slope: -0.02, squared: true });
        self
    }

    /// A printed line to sign on, as black as ink.
    pub(crate) fn line_to_sign(mut self) -> Self {
        self.line = true;
        self
    }

    /// Blots next to the signature and specks all over.
    pub(crate) fn blots(mut self) -> Self {
        self.blots = true;
        self
    }

    /// The sheet ends inside the picture, on a dark wooden desk.
    pub(crate) fn desk(mut self) -> Self {
        self.desk = true;
        self
    }

    pub(crate) fn jpeg(mut self, quality: u8) -> Self {
        self.jpeg = Some(quality);
        self
    }

    /// The camera was turned like this; the Exif data say how to turn the picture back.
    pub(crate) fn turned(mut self, orientation: Orientation) -> Self {
        self.turned = Some(orientation);
        self
    }

    fn line_width(&self) -> f32 {
        (self.ink.width as f32 / 700.0).max(1.2)
    }

    /// The file's bytes.
    pub(crate) fn take(&self) -> Vec<u8> {
        let mut image = DynamicImage::ImageRgb8(self.expose());
        if let Some(orientation) = self.turned {
            image.apply_orientation(inverse(orientation));
        }
        let mut bytes = Vec::new();
        match self.jpeg {
            Some(quality) => {
                let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
                image.write_with_encoder(encoder).expect("a JPEG");
                if let Some(orientation) = self.turned {
                    note_orientation(&mut bytes, orientation);
                }
            }
            None => {
                let mut encoder = WebPEncoder::new_lossless(&mut bytes);
                if let Some(orientation) = self.turned {
                    encoder.set_exif_metadata(exif(orientation)).expect("Exif in a WebP");
                }
                image.write_with_encoder(encoder).expect("a WebP");
            }
        }
        bytes
    }

    /// The upright picture, as the sensor records it.
    pub(crate) fn expose(&self) -> RgbImage {
        let (width, height) = (self.ink.width, self.ink.height);
        let mut rng = Rng(0x2545_f491_4f6c_dd1d);
        let blots = self.stains(&mut rng);
        let mut light = [
            Grid::new(width, height),
            Grid::new(width, height),
            Grid::new(width, height),
        ];
        for y in 0..height {
            for x in 0..width {
                let index = y * width + x;
                let lit = self.light_at(x as f32, y as f32);
                let covered = self.ink.data[index].max(blots.data[index]);
                let (desk, wood) = self.desk_at(x as f32, y as f32);
                for (channel, light) in light.iter_mut().enumerate() {
                    let line = self.line_at(x as f32, y as f32, channel);
                    let ink = 1.0 - covered * (1.0 - self.pen[channel]);
                    let paper = self.paper[channel] * line * ink;
                    let seen = paper * (1.0 - desk) + wood[channel] * desk;
                    light.data[index] = seen * lit;
                }
            }
        }
        for grid in &mut light {
            // The blur of the lens.
            *grid = soften(grid);
        }
        let mut image = RgbImage::new(width as u32, height as u32);
        for (index, pixel) in image.pixels_mut().enumerate() {
            for (channel, value) in pixel.0.iter_mut().enumerate() {
                let share = light[channel].data[index];
                // Shot noise: nearly the same in all encoded values, slightly more in dark ones.
                let noise = self.noise * rng.normal() * (1.2 - 0.4 * share);
                *value = (encoded(share) + noise).round().clamp(0.0, 255.0) as u8;
            }
        }
        image
    }

    fn light_at(&self, x: f32, y: f32) -> f32 {
        let (width, height) = (self.ink.width as f32, self.ink.height as f32);
        let gradient = 1.0 - self.gradient * (0.6 * x / width + 0.4 * y / height);
        let shade = match self.shadow {
            Some(share) => {
                // A penumbra of about two pixels.
                let beyond = x + 0.45 * y - 0.72 * width;
                share + (1.0 - share) * (0.5 - beyond / 2.0).clamp(0.0, 1.0)
            }
            None => 1.0,
        };
        gradient * shade
    }

    fn line_at(&self, x: f32, y: f32, channel: usize) -> f32 {
        if self.line {
            let (width, height) = (self.ink.width as f32, self.ink.height as f32);
            let along = (0.15 * width..0.85 * width).contains(&x);
            let off = (y - 0.535 * height - 0.004 * x).abs();
            let printed = (self.line_width() / 2.0 - off + 0.5).clamp(0.0, 1.0);
            return 1.0 - if along { 0.96 * printed } else { 0.0 };
        }
        let Some(ruled) = self.ruled else { return 1.0 };
        let across = covered((y - ruled.slope * x).rem_euclid(ruled.distance), ruled);
        let upright = if ruled.squared {
            covered((x + ruled.slope * y).rem_euclid(ruled.distance), ruled)
        } else {
            0.0
        };
        1.0 - across.max(upright) * (1.0 - ruled.light[channel])
    }

    /// The share of desk at this point, and the wood's reflectance.
    fn desk_at(&self, x: f32, y: f32) -> (f32, [f32; 3]) {
        if !self.desk {
            return (0.0, [0.0; 3]);
        }
        let (width, height) = (self.ink.width as f32, self.ink.height as f32);
        let left = 0.07 * width + 0.05 * y - x;
        let below = y - 0.93 * height + 0.02 * x;
        let share = (left.max(below) / 1.5 + 0.5).clamp(0.0, 1.0);
        let grain =
            (x * 0.05 + 3.0 * (y * 0.004).sin()).sin() * (y * 0.11 + x * 0.02).sin();
        let shade = 1.0 + 0.25 * grain;
        (share, [0.10 * shade, 0.06 * shade, 0.035 * shade])
    }

    fn stains(&self, rng: &mut Rng) -> Grid {
        let (width, height) = (self.ink.width, self.ink.height);
        let mut grid = Grid::new(width, height);
        if !self.blots {
            return grid;
        }
        let unit = width as f32 / 1000.0;
        let mut spots = vec![
            (0.16, 0.25, 9.0 * unit),
            (0.9, 0.82, 14.0 * unit),
            (0.6, 0.12, 6.0 * unit),
        ];
        for _ in 0..60 {
            spots.push((rng.share(), rng.share(), 0.4 + 0.8 * unit * rng.share()));
        }
        for (x, y, radius) in spots {
            let (x, y) = (x * width as f32, y * height as f32);
            for row in (y - radius - 1.0).max(0.0) as usize..height {
                if row as f32 > y + radius + 1.0 {
                    break;
                }
                for column in (x - radius - 1.0).max(0.0) as usize..width {
                    if column as f32 > x + radius + 1.0 {
                        break;
                    }
                    let distance = (column as f32 - x).hypot(row as f32 - y);
                    let value = &mut grid.data[row * width + column];
                    *value = value.max((radius - distance + 0.5).clamp(0.0, 1.0));
                }
            }
        }
        grid
    }
}

fn covered(at: f32, ruled: Ruled) -> f32 {
    let distance = (at - ruled.distance / 2.0).abs();
    (ruled.wide / 2.0 - distance + 0.5).clamp(0.0, 1.0)
}

/// Blurs with weights 1, 2, 1 in both directions.
fn soften(grid: &Grid) -> Grid {
    let mut once = grid.clone();
    for y in 0..grid.height {
        let row = &grid.data[y * grid.width..][..grid.width];
        for x in 1..grid.width - 1 {
            once.data[y * grid.width + x] =
                (row[x - 1] + 2.0 * row[x] + row[x + 1]) / 4.0;
        }
    }
    let mut twice = once.clone();
    for index in grid.width..grid.data.len() - grid.width {
        let (above, below) =
            (once.data[index - grid.width], once.data[index + grid.width]);
        twice.data[index] = (above + 2.0 * once.data[index] + below) / 4.0;
    }
    twice
}

/// The sRGB transfer function (IEC 61966-2-1), scaled to 255.
fn encoded(share: f32) -> f32 {
    let value = if share <= 0.0031308 {
        share * 12.92
    } else {
        1.055 * share.powf(1.0 / 2.4) - 0.055
    };
    255.0 * value
}

/// Xorshift (Marsaglia 2003), so that a photo is the same each time.
struct Rng(u64);

impl Rng {
    fn share(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }

    /// An approximately normal value with standard deviation 1.
    fn normal(&mut self) -> f32 {
        let sum: f32 = (0..4).map(|_| self.share()).sum();
        (sum - 2.0) * 3.0_f32.sqrt()
    }
}

fn inverse(orientation: Orientation) -> Orientation {
    match orientation {
        Orientation::Rotate90 => Orientation::Rotate270,
        Orientation::Rotate270 => Orientation::Rotate90,
        other => other,
    }
}

/// A TIFF header and one directory with one entry: tag 0x0112, type SHORT.
fn exif(orientation: Orientation) -> Vec<u8> {
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation.to_exif(), 0, 0, 0, 0, 0, 0]);
    exif
}

/// Inserts an APP1 segment after a JPEG's start of image.
fn note_orientation(jpeg: &mut Vec<u8>, orientation: Orientation) {
    let mut content = b"Exif\0\0".to_vec();
    content.extend(exif(orientation));
    let length = content.len() as u16 + 2;
    let mut segment = vec![0xff, 0xe1];
    segment.extend(length.to_be_bytes());
    segment.extend(content);
    jpeg.splice(2..2, segment);
}
