//! How much of each pixel the ink covers, and the colour of the ink.
//!
//! Takes the darkness and the signature's mask; gives the coverage with soft edges, and the pen's
//! colour. The decision: an edge is measured relative to the darkness of its own stroke, so that a
//! light stroke keeps its width; the stroke's darkness becomes a lighter tone.

use image::RgbImage;

use super::colour::{median_colour, to_linear, to_srgb};
use super::components::SignatureMask;
use super::gray::{Area, Gray};
use super::paper::Darkness;

/// Where coverage begins and where it is full, as shares of the stroke's darkness. They are
/// symmetric, so that a pixel that is half covered stays so.
const RAMP_START: f32 = 0.15;
const RAMP_END: f32 = 0.85;
/// The exponent by which a lighter stroke fades: less than in proportion, or hairlines would vanish
/// in print.
const FADE_EXPONENT: f32 = 0.6;
/// The least gradient of the paper's brightness that is the edge of a shadow, in 255ths.
const MIN_SHADOW_EDGE: u8 = 40;

/// The least share of the lightest of a paper's three colours that another has in warm or cold light;
/// a smaller one is the paper's own colour.
pub(super) const MIN_PAPER_SHARE: f32 = 0.3;

/// The coverage inside `area`.
pub(super) fn coverage(
    darkness: &Darkness,
    signature: &SignatureMask,
    area: Area,
) -> Gray {
    let [x, y, width, height] =
        [area.x, area.y, area.width, area.height].map(|value| value as usize);
    let crop = |image: &Gray| image.crop(x, y, width, height);
    let (dark, noise_limit) = (crop(&darkness.dark), crop(&darkness.noise_limit));
    let mut mask = crop(&signature.mask);
    let mut strength = dark.clone();
    for (value, &inside) in strength.data.iter_mut().zip(&mask.data) {
        *value &= inside;
    }
    let diameter = ((1.5 * signature.stroke_width).round() as usize).clamp(5, 60);
    strength.dilate(diameter);
    let strength = box_blur(&strength, diameter / 4);
    // The light end of an edge lies outside the mask.
    mask.dilate(5);
    let fade: Vec<f32> = (0..256)
        .map(|strength| {
            (strength as f32 / f32::from(signature.full_darkness))
                .min(1.0)
                .powf(FADE_EXPONENT)
        })
        .collect();
    let mut coverage = dark;
    for (index, value) in coverage.data.iter_mut().enumerate() {
        let strength = strength.data[index];
        if mask.data[index] == 0 || strength == 0 {
            *value = 0;
            continue;
        }
        let full = f32::from(strength);
        // On noisy paper coverage begins later.
        let start =
            RAMP_START.max(0.6 * f32::from(noise_limit.data[index]) / full).min(0.45);
        let share =
            (f32::from(*value) / full - start) / (RAMP_END.max(1.0 - start) - start);
        let share = share.clamp(0.0, 1.0) * fade[usize::from(strength)];
        *value = (share * 255.0).round() as u8;
    }
    bridge_shadow_edges(coverage, &crop(&darkness.paper), signature.stroke_width)
}

/// The colour of the ink in white light: that of its full strokes, divided by that of the paper
/// around them.
pub(super) fn ink_colour(
    image: &RgbImage,
    darkness: &Darkness,
    signature: &SignatureMask,
) -> [u8; 3] {
    let full = signature.full_darkness;
    let full = full.saturating_sub(full / 10);
    let pixels = || image.as_raw().chunks_exact(3).map(|rgb| [rgb[0], rgb[1], rgb[2]]);
    let mut around = signature.mask.clone();
    around.dilate((8.0 * signature.stroke_width) as usize | 1);
    let values = || {
        let dark = darkness.dark.data.iter().zip(&darkness.paper.data);
        dark.zip(&signature.mask.data).zip(&around.data)
    };
    let inked = |dark: u8, mask: u8| mask > 0 && dark >= full;
    // Only pixels near the median brightness of the paper are compared.
    let levels = values()
        .filter(|&(((&dark, _), &mask), _)| inked(dark, mask))
        .map(|(((_, &level), _), _)| [level; 3]);
    let light = median_colour(levels).unwrap_or_default()[0];
    let median = |wanted: &dyn Fn(u8, u8, u8) -> bool| {
        let pixels =
            pixels().zip(values()).filter(|(_, (((dark, level), mask), around))| {
                level.abs_diff(light) <= 12 && wanted(**dark, **mask, **around)
            });
        median_colour(pixels.map(|(pixel, _)| pixel))
    };
    let ink = median(&|dark, mask, _| inked(dark, mask));
    let paper = median(&|dark, mask, around| mask == 0 && around > 0 && dark < 20);
    let (Some(ink), Some(paper)) = (ink, paper) else { return [0, 0, 0] };
    let [ink, paper] =
        [ink, paper].map(|colour| colour.map(|value| to_linear(f32::from(value))));
    let white = paper.into_iter().fold(0.001, f32::max);
    // In a channel in which coloured paper is dark, ink cannot be measured: it counts as letting no
    // light through there.
    let hides = ink.into_iter().zip(paper).any(|(ink, paper)| ink > 0.7 * paper);
    std::array::from_fn(|channel| {
        let floor = if hides { white } else { MIN_PAPER_SHARE * white };
        to_srgb((ink[channel] / paper[channel].max(floor)).min(1.0))
    })
}

/// Closes the gaps that the edge of a shadow leaves in the strokes across it.
fn bridge_shadow_edges(mut coverage: Gray, paper: &Gray, stroke_width: f32) -> Gray {
    let closed = coverage.close((stroke_width.round() as usize).clamp(5, 11));
    let edges = paper.gradient(7);
    for (index, value) in coverage.data.iter_mut().enumerate() {
        if edges.data[index] > MIN_SHADOW_EDGE {
            *value = closed.data[index];
        }
    }
    coverage
}

/// The mean over a square of pixels. Outside the image its border pixels repeat.
fn box_blur(image: &Gray, radius: usize) -> Gray {
    box_blur_rows(&box_blur_rows(image, radius).transposed(), radius).transposed()
}

fn box_blur_rows(image: &Gray, radius: usize) -> Gray {
    let mut out = image.clone();
    let last = image.width - 1;
    let count = (2 * radius + 1) as u32;
    for y in 0..image.height {
        let row = image.row(y);
        let mut sum = u32::from(row[0]) * (radius as u32 + 1)
            + (1..=radius).map(|x| u32::from(row[x.min(last)])).sum::<u32>();
        for (x, value) in
            out.data[y * image.width..][..image.width].iter_mut().enumerate()
        {
            *value = (sum / count) as u8;
            sum += u32::from(row[(x + radius + 1).min(last)]);
            sum -= u32::from(row[x.saturating_sub(radius)]);
        }
    }
    out
}
