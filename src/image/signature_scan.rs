//! From the scan of a signature to its ink.
//!
//! Takes a file as somebody has it: PNG, JPEG, WebP or SVG; a cutout on transparency, a flat scan, or
//! a phone's photo of ink on grey, ruled or shadowed paper. Gives [`Ink`]: the strokes alone, in one
//! colour with soft edges, trimmed, with what a layout needs to set them on a line. The decision:
//! ink is what is darker than the paper *beside* it, never what is dark.

mod plane;

pub(crate) mod decode;

mod paper;

mod rules;

mod pieces;

mod cover;

mod measure;

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, RgbImage};

use crate::base::error::{Error, ErrorKind, Result};
use decode::Raster;
use paper::Darkness;
use pieces::Pieces;
use plane::Plane;

pub use plane::Area;

/// A signature's ink on transparency: a PNG and its measures.
#[derive(Clone)]
pub struct Ink {
    png: Arc<[u8]>,
    size: (u32, u32),
    area: Area,
    found: [f64; 4],
    baseline: f64,
    stroke: f64,
    colour: [u8; 3],
    cutout: bool,
}

/// How a scan is turned into ink.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct InkOptions {
    /// The colour of the ink, red, green and blue; the pen's own if none.
    pub tint: Option<[u8; 3]>,
}

/// Ink that fills more of its own box than this is no drawing.
const MAX_INK_PERCENT: u64 = 60;
/// Pixels kept around the ink, for its soft edges.
const MARGIN: u32 = 2;
/// The longer side of the picture that is made: 6 cm in print at 500 dots an inch.
const LONGEST: u32 = 1200;
/// Steps of coverage that are told apart in a photo: finer ones are noise, which doubles the file.
const STEP: u8 = 8;

impl InkOptions {
    /// Tints the ink, whatever colour the pen had.
    pub fn with_tint(mut self, [red, green, blue]: [u8; 3]) -> Self {
        self.tint = Some([red, green, blue]);
        self
    }
}

impl Ink {
    /// Lifts the ink off a scan: a whole file in PNG, JPEG, WebP or SVG, told apart by content.
    ///
    /// The orientation that a camera notes (Exif) is honoured. A picture whose ground is transparent
    /// keeps its coverage, and without a tint its colours. The same file gives the same bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: not one of these formats, broken, without ink, or nothing but ink.
    /// [`ErrorKind::TooLarge`]: longer than 48 MB, more than 64 million pixels, or a side
    /// of more than 32,767.
    pub fn lift(scan: &[u8], options: &InkOptions) -> Result<Self> {
        let decoded = decode::decode(scan)?;
        let cutout = matches!(decoded.raster, Raster::Cutout(..));
        let (coverage, at, colours) = match decoded.raster {
            Raster::Photo(image) => from_photo(&image)?,
            Raster::Cutout(colours, alpha) => from_cutout(&colours, &alpha)?,
        };
        let colours = match options.tint {
            Some(tint) => Colours::One(tint),
            None => colours,
        };
        let found = [at.x, at.y, at.width, at.height].map(f64::from);
        let [x, y, width, height] = found.map(|value| value * decoded.scale);
        let found = [x + decoded.origin.0, y + decoded.origin.1, width, height];
        Ok(Self { cutout, ..Self::make(coverage, colours, found)? })
    }

    /// The picture: a PNG with eight bits of red, green, blue and alpha.
    pub fn png(&self) -> &[u8] {
        &self.png
    }

    /// The picture's width and height in pixels. No side is longer than 1200.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// The box of the ink inside the picture, in pixels: all but a narrow margin.
    pub fn area(&self) -> Area {
        self.area
    }

    /// Where the picture lies in the upright scan: left, top, width and height, in the scan's pixels, or
    /// units if it is an SVG.
    pub fn found(&self) -> [f64; 4] {
        self.found
    }

    /// The line that the letters rest on, in pixels from the picture's top. What is below it are
    /// descenders and flourishes. It is an estimate, good to a tenth of the height.
    pub fn baseline(&self) -> f64 {
        self.baseline
    }

    /// The median width of the strokes, in pixels.
    pub fn stroke(&self) -> f64 {
        self.stroke
    }

    /// The ink's (chief) colour: red, green and blue.
    pub fn colour(&self) -> [u8; 3] {
        self.colour
    }

    /// Whether the scan was a drawing on transparency already.
    pub(crate) fn is_cutout(&self) -> bool {
        self.cutout
    }

    fn make(mut coverage: Plane, mut colours: Colours, found: [f64; 4]) -> Result<Self> {
        let longer = coverage.width.max(coverage.height) as u32;
        if longer > LONGEST {
            let fit = |side: usize| (side as u32 * LONGEST).div_ceil(longer).max(1);
            let (width, height) = (fit(coverage.width), fit(coverage.height));
            coverage = shrink(coverage, width, height);
            if let Colours::Each(image) = &mut colours {
                *image = image::imageops::thumbnail(image, width, height);
            }
        }
        let area = coverage.bounds(measure::INKED).ok_or_else(no_ink)?;
        let colour = colours.chief(&coverage);
        let mut pixels = Vec::with_capacity(coverage.data.len() * 4);
        for (index, &alpha) in coverage.data.iter().enumerate() {
            let rgb = match (&colours, alpha) {
                // One colour everywhere, bare places too: it packs well, and viewers that smooth
                // without regard to alpha show no fringe.
                (Colours::One(colour), _) => *colour,
                (Colours::Each(_), 0) => colour,
                (Colours::Each(image), _) => {
                    let raw = &image.as_raw()[3 * index..];
                    [raw[0], raw[1], raw[2]]
                }
            };
            pixels.extend_from_slice(&rgb);
            pixels.push(alpha);
        }
        let size = (coverage.width as u32, coverage.height as u32);
        let mut png = Vec::new();
        PngEncoder::new_with_quality(
            Cursor::new(&mut png),
            CompressionType::Default,
            FilterType::Adaptive,
        )
        .write_image(&pixels, size.0, size.1, ExtendedColorType::Rgba8)
        .map_err(|error| {
            Error::new(ErrorKind::Image, format!("failed to write the ink ({error})"))
        })?;
        Ok(Self {
            png: png.into(),
            size,
            area,
            found,
            baseline: measure::baseline(&coverage),
            stroke: measure::stroke(&coverage),
            colour,
            cutout: false,
        })
    }
}

impl fmt::Debug for Ink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ink")
            .field("size", &self.size)
            .field("area", &self.area)
            .field("found", &self.found)
            .field("baseline", &self.baseline)
            .field("stroke", &self.stroke)
            .field("colour", &self.colour)
            .finish_non_exhaustive()
    }
}

enum Colours {
    One([u8; 3]),
    Each(RgbImage),
}

impl Colours {
    fn chief(&self, coverage: &Plane) -> [u8; 3] {
        match self {
            Self::One(colour) => *colour,
            Self::Each(image) => {
                let full =
                    image.pixels().zip(&coverage.data).filter(|(_, alpha)| **alpha > 200);
                medians(full.map(|(pixel, _)| pixel.0)).unwrap_or_default()
            }
        }
    }
}

fn from_cutout(colours: &RgbImage, alpha: &Plane) -> Result<(Plane, Area, Colours)> {
    let (at, ink) = trimmed(alpha).ok_or_else(no_ink)?;
    refuse_if_full(alpha, ink)?;
    let coverage =
        alpha.cut(at.x as usize, at.y as usize, at.width as usize, at.height as usize);
    let cut = image::imageops::crop_imm(colours, at.x, at.y, at.width, at.height);
    Ok((coverage, at, Colours::Each(cut.to_image())))
}

fn from_photo(image: &RgbImage) -> Result<(Plane, Area, Colours)> {
    let luma = paper::luma(image);
    let darkness = rules::remove(Darkness::of(&luma));
    let Some(pieces) = Pieces::find(&darkness) else {
        let mut sorted = luma.data;
        let middle = sorted.len() / 2;
        // Darker than half the light in the middle, and nothing darker upon it.
        return Err(match *sorted.select_nth_unstable(middle).1 < 90 {
            true => all_ink(),
            false => no_ink(),
        });
    };
    let (at, ink) = trimmed(&pieces.mask).ok_or_else(no_ink)?;
    refuse_if_full(&pieces.mask, ink)?;
    let mut coverage = cover::cover(&darkness, &pieces, at);
    for value in &mut coverage.data {
        *value = match *value > 255 - STEP {
            true => 255,
            false => (*value + STEP / 2) / STEP * STEP,
        };
    }
    let colour = cover::ink_colour(image, &darkness, &pieces);
    Ok((coverage, at, Colours::One(colour)))
}

/// The box of what is inked, with its margin and without.
fn trimmed(plane: &Plane) -> Option<(Area, Area)> {
    let ink = plane.bounds(measure::INKED)?;
    let (x, y) = (ink.x.saturating_sub(MARGIN), ink.y.saturating_sub(MARGIN));
    let right = (ink.x + ink.width + MARGIN).min(plane.width as u32);
    let bottom = (ink.y + ink.height + MARGIN).min(plane.height as u32);
    Some((Area { x, y, width: right - x, height: bottom - y }, ink))
}

fn refuse_if_full(plane: &Plane, ink: Area) -> Result<()> {
    let rows = ink.y as usize..(ink.y + ink.height) as usize;
    let inked: usize = rows
        .map(|y| plane.row(y).iter().filter(|&&value| value >= measure::INKED).count())
        .sum();
    let extent = u64::from(ink.width) * u64::from(ink.height);
    // A dash is all ink and yet a signature of sorts; a block is not.
    match inked as u64 * 100 > extent * MAX_INK_PERCENT
        && ink.width < 8 * ink.height
        && ink.height < 8 * ink.width
    {
        true => Err(all_ink()),
        false => Ok(()),
    }
}

fn shrink(plane: Plane, width: u32, height: u32) -> Plane {
    let (from_width, from_height) = (plane.width as u32, plane.height as u32);
    let image = image::GrayImage::from_raw(from_width, from_height, plane.data);
    let small = image::imageops::thumbnail(&image.unwrap_or_default(), width, height);
    Plane { width: width as usize, height: height as usize, data: small.into_raw() }
}

/// The median of each channel; none of nothing.
fn medians(colours: impl Iterator<Item = [u8; 3]>) -> Option<[u8; 3]> {
    let mut histograms = [[0_u32; 256]; 3];
    let mut count = 0;
    for colour in colours {
        count += 1;
        for (histogram, value) in histograms.iter_mut().zip(colour) {
            histogram[usize::from(value)] += 1;
        }
    }
    (count > 0).then(|| {
        histograms.map(|histogram| {
            let mut seen = 0;
            let middle = histogram.iter().position(|here| {
                seen += here;
                2 * seen >= count
            });
            middle.unwrap_or(255) as u8
        })
    })
}

fn no_ink() -> Error {
    Error::new(ErrorKind::Image, "the scan has no ink").with_help(
        "sign with a dark pen on light paper, and let the signature fill the picture",
    )
}

fn all_ink() -> Error {
    Error::new(
        ErrorKind::Image,
        "the scan is all ink: no paper is left around the strokes",
    )
    .with_help("leave light paper, or transparency, around the signature")
}
