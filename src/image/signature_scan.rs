//! From the scan of a signature to its ink.
//!
//! Takes a PNG, JPEG, WebP or SVG file: a drawing on transparency, a flat scan, or a phone's photo
//! of ink on grey, ruled or shadowed paper. Gives [`Ink`]: the strokes alone, in one colour with
//! soft edges, trimmed, with the measures that a layout needs to set them on a line. The decision:
//! ink is darker than the paper around it; no absolute threshold decides.

mod gray;

mod raster;

mod colour;

mod ink_share;

mod paper;

mod ruling_lines;

mod components;

mod coverage;

mod comparison;

pub(crate) mod doubts;

mod measure;

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, RgbImage};

use crate::base::error::{Error, ErrorKind, Result, Warning};
use colour::median_colour;
use components::SignatureMask;
use doubts::ScanDoubt;
use gray::Gray;
use ink_share::{
    MIN_PAPER, all_ink, dark_paper, no_ink, refuse_few_pixels, refuse_full_box,
};
use paper::Darkness;
use raster::{Raster, Scan};

pub use gray::Area;

/// A signature's ink on transparency: a PNG and its measures.
#[derive(Clone)]
pub struct Ink {
    png: Arc<[u8]>,
    size: (u32, u32),
    area: Area,
    scan_area: [f64; 4],
    baseline: f64,
    stroke_width: f64,
    colour: [u8; 3],
    is_cutout: bool,
    doubts: Vec<ScanDoubt>,
}

/// How a scan is turned into ink.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct InkOptions {
    /// The colour of the ink: red, green and blue. `None` keeps the colour of the pen.
    pub tint: Option<[u8; 3]>,
}

/// Pixels around the ink that the picture keeps, for soft edges.
const MARGIN: u32 = 2;
/// The longer side of the picture, in pixels: 6 cm in print at 500 dots per inch.
const MAX_SIDE: u32 = 1200;
/// The step to which coverage from a photo is rounded. Smaller steps are noise, which doubles the
/// file.
const COVERAGE_STEP: u8 = 8;

impl InkOptions {
    /// Sets the colour of the ink: red, green and blue.
    pub fn with_tint(mut self, [red, green, blue]: [u8; 3]) -> Self {
        self.tint = Some([red, green, blue]);
        self
    }
}

impl Ink {
    /// Extracts the ink from a scan: the bytes of a PNG, JPEG, WebP or SVG file, told apart by
    /// content.
    ///
    /// The orientation in a photo's Exif data is applied. A drawing on transparency keeps its
    /// coverage and, without a tint, its colours. The same file gives the same bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: another format, broken, without ink, or without paper around the ink.
    /// [`ErrorKind::TooLarge`]: more than 48 MB, more than 64 million pixels, or a side of more
    /// than 32,767 pixels.
    pub fn extract(scan: &[u8], options: &InkOptions) -> Result<Self> {
        let scan = Scan::decode(scan)?;
        let is_cutout = matches!(scan.raster, Raster::Cutout(..));
        let Lifted { coverage, at, colours, doubts } = match scan.raster {
            Raster::Photo(image) => from_photo(&image)?,
            Raster::Cutout(colours, alpha) => from_cutout(&colours, &alpha)?,
        };
        let colours = match options.tint {
            Some(tint) => InkColours::Uniform(tint),
            None => colours,
        };
        let area = [at.x, at.y, at.width, at.height].map(f64::from);
        let [x, y, width, height] = area.map(|value| value * scan.scale);
        let scan_area = [x + scan.origin.0, y + scan.origin.1, width, height];
        let ink = Self::new(coverage, colours, scan_area, is_cutout)?;
        Ok(Self { doubts, ..ink })
    }

    /// What is doubtful about the scan: more in it than one signature, or one that stands on end. Each
    /// warning says how to mend it.
    pub fn doubts(&self) -> Vec<Warning> {
        self.doubts.iter().map(|doubt| doubt.warning()).collect()
    }

    pub(crate) fn scan_doubts(&self) -> &[ScanDoubt] {
        &self.doubts
    }

    /// The picture: a PNG with eight bits of red, green, blue and alpha.
    pub fn png(&self) -> &[u8] {
        &self.png
    }

    /// The picture's width and height in pixels; neither is more than 1200.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// The bounding box of the ink inside the picture, in pixels: all of it but a narrow margin.
    pub fn area(&self) -> Area {
        self.area
    }

    /// The part of the upright scan that the picture shows: left, top, width and height, in pixels
    /// of the scan, or in user units of an SVG.
    pub fn scan_area(&self) -> [f64; 4] {
        self.scan_area
    }

    /// The line on which the letters rest, in pixels from the picture's top; descenders and
    /// flourishes are below. It is an estimate with an error of up to a tenth of the height.
    pub fn baseline(&self) -> f64 {
        self.baseline
    }

    /// The median width of the strokes, in pixels.
    pub fn stroke_width(&self) -> f64 {
        self.stroke_width
    }

    /// The ink's colour, or its median if it has several: red, green and blue.
    pub fn colour(&self) -> [u8; 3] {
        self.colour
    }

    /// Whether the scan was a drawing on transparency.
    pub(crate) fn is_cutout(&self) -> bool {
        self.is_cutout
    }

    fn new(
        mut coverage: Gray,
        mut colours: InkColours,
        scan_area: [f64; 4],
        is_cutout: bool,
    ) -> Result<Self> {
        let longer = coverage.width.max(coverage.height) as u32;
        if longer > MAX_SIDE {
            let fit = |side: usize| (side as u32 * MAX_SIDE).div_ceil(longer).max(1);
            let (width, height) = (fit(coverage.width), fit(coverage.height));
            coverage = shrink(coverage, width, height);
            if let InkColours::PerPixel(image) = &mut colours {
                *image = image::imageops::thumbnail(image, width, height);
            }
        }
        let area = coverage.bounds(measure::MIN_INK_COVERAGE).ok_or_else(no_ink)?;
        let colour = colours.median(&coverage);
        let mut pixels = Vec::with_capacity(coverage.data.len() * 4);
        for (index, &alpha) in coverage.data.iter().enumerate() {
            let rgb = match (&colours, alpha) {
                // Transparent pixels have the colour too: the file compresses better, and a viewer
                // that interpolates without regard to alpha shows no fringe.
                (InkColours::Uniform(colour), _) => *colour,
                (InkColours::PerPixel(_), 0) => colour,
                (InkColours::PerPixel(image), _) => {
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
            Error::caused(ErrorKind::Image, "failed to write the ink", error)
        })?;
        Ok(Self {
            png: png.into(),
            size,
            area,
            scan_area,
            baseline: measure::baseline(&coverage),
            stroke_width: measure::stroke_width(&coverage),
            colour,
            is_cutout,
            doubts: Vec::new(),
        })
    }
}

impl fmt::Debug for Ink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ink")
            .field("size", &self.size)
            .field("area", &self.area)
            .field("scan_area", &self.scan_area)
            .field("baseline", &self.baseline)
            .field("stroke_width", &self.stroke_width)
            .field("colour", &self.colour)
            .finish_non_exhaustive()
    }
}

/// The colour of the ink: one for all of it, or one per pixel.
enum InkColours {
    Uniform([u8; 3]),
    PerPixel(RgbImage),
}

impl InkColours {
    /// The median over the pixels that are almost fully covered.
    fn median(&self, coverage: &Gray) -> [u8; 3] {
        match self {
            Self::Uniform(colour) => *colour,
            Self::PerPixel(image) => {
                let full =
                    image.pixels().zip(&coverage.data).filter(|(_, alpha)| **alpha > 200);
                median_colour(full.map(|(pixel, _)| pixel.0)).unwrap_or_default()
            }
        }
    }
}

/// Ink, apart from its paper.
struct Lifted {
    coverage: Gray,
    /// Its place in the raster.
    at: Area,
    colours: InkColours,
    doubts: Vec<ScanDoubt>,
}

/// The ink of a drawing on transparency.
fn from_cutout(colours: &RgbImage, alpha: &Gray) -> Result<Lifted> {
    let (at, ink) = trimmed(alpha).ok_or_else(no_ink)?;
    refuse_full_box(alpha, ink)?;
    refuse_few_pixels(ink)?;
    let coverage =
        alpha.crop(at.x as usize, at.y as usize, at.width as usize, at.height as usize);
    let cropped = image::imageops::crop_imm(colours, at.x, at.y, at.width, at.height);
    let mask = Gray {
        data: alpha.data.iter().map(|&value| if value > 127 { 255 } else { 0 }).collect(),
        ..*alpha
    };
    let doubts = doubts::of_mask(&mask, ink);
    Ok(Lifted { coverage, at, colours: InkColours::PerPixel(cropped.to_image()), doubts })
}

/// The ink on paper.
fn from_photo(image: &RgbImage) -> Result<Lifted> {
    let luma = paper::luma(image);
    let darkness = ruling_lines::remove(Darkness::of(&luma));
    let found = SignatureMask::find(&darkness);
    let mut sorted = luma.data;
    let middle = sorted.len() / 2;
    let median = *sorted.select_nth_unstable(middle).1;
    let Some(signature) = found else {
        // The median of a picture that is all ink is dark.
        return Err(if median < 90 { all_ink() } else { no_ink() });
    };
    if median < MIN_PAPER {
        return Err(dark_paper());
    }
    let (at, ink) = trimmed(&signature.mask).ok_or_else(no_ink)?;
    refuse_full_box(&signature.mask, ink)?;
    refuse_few_pixels(ink)?;
    let mut coverage = coverage::coverage(&darkness, &signature, at);
    for value in &mut coverage.data {
        *value = if *value > 255 - COVERAGE_STEP {
            255
        } else {
            (*value + COVERAGE_STEP / 2) / COVERAGE_STEP * COVERAGE_STEP
        };
    }
    let colour = coverage::ink_colour(image, &darkness, &signature);
    let doubts = doubts::of_photo(image, &darkness, &signature, ink);
    Ok(Lifted { coverage, at, colours: InkColours::Uniform(colour), doubts })
}

/// The bounding box of the ink, with its margin and without.
fn trimmed(coverage: &Gray) -> Option<(Area, Area)> {
    let ink = coverage.bounds(measure::MIN_INK_COVERAGE)?;
    let (x, y) = (ink.x.saturating_sub(MARGIN), ink.y.saturating_sub(MARGIN));
    let right = (ink.x + ink.width + MARGIN).min(coverage.width as u32);
    let bottom = (ink.y + ink.height + MARGIN).min(coverage.height as u32);
    Some((Area { x, y, width: right - x, height: bottom - y }, ink))
}

fn shrink(coverage: Gray, width: u32, height: u32) -> Gray {
    let (from_width, from_height) = (coverage.width as u32, coverage.height as u32);
    let image = image::GrayImage::from_raw(from_width, from_height, coverage.data);
    let small = image::imageops::thumbnail(&image.unwrap_or_default(), width, height);
    Gray { width: width as usize, height: height as usize, data: small.into_raw() }
}
