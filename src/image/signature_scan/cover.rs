//! How much of each pixel the ink covers, and in what colour.
//!
//! Takes the darkness and the signature's pieces; gives their soft coverage and the pen's colour. The decision: an edge is
//! measured against the stroke it belongs to, so that a light stroke is as wide as it was drawn, and
//! the stroke's own strength is kept as a lighter tone.

use image::RgbImage;

use super::paper::{Darkness, encoded, linear};
use super::pieces::Pieces;
use super::plane::{Area, Plane};

/// Where coverage begins and is full, as shares of the stroke's darkness: half stays half.
const FOOT: f32 = 0.15;
const FULL: f32 = 0.85;
/// How a weaker stroke pales: less than in proportion, or hairlines would vanish in print.
const PALING: f32 = 0.6;
/// A step of the paper's brightness that is a shadow's edge, in 255ths.
const EDGE: u8 = 40;

/// The coverage inside `area`.
pub(super) fn cover(darkness: &Darkness, pieces: &Pieces, area: Area) -> Plane {
    let [x, y, width, height] =
        [area.x, area.y, area.width, area.height].map(|value| value as usize);
    let cut = |plane: &Plane| plane.cut(x, y, width, height);
    let (dark, doubt) = (cut(&darkness.dark), cut(&darkness.doubt));
    let mut mask = cut(&pieces.mask);
    let mut strength = dark.clone();
    for (value, &inside) in strength.data.iter_mut().zip(&mask.data) {
        *value &= inside;
    }
    let diameter = ((1.5 * pieces.stroke).round() as usize).clamp(5, 60);
    strength.widen(diameter);
    let strength = blur(&strength, diameter / 4);
    // The foot of an edge lies beyond what was surely enough for the mask.
    mask.widen(5);
    let paling: Vec<f32> = (0..256)
        .map(|strength| (strength as f32 / f32::from(pieces.ink)).min(1.0).powf(PALING))
        .collect();
    let mut coverage = dark;
    for (index, value) in coverage.data.iter_mut().enumerate() {
        let strength = strength.data[index];
        if mask.data[index] == 0 || strength == 0 {
            *value = 0;
            continue;
        }
        let full = f32::from(strength);
        // Where the paper is noisy the foot begins later.
        let foot = FOOT.max(0.6 * f32::from(doubt.data[index]) / full).min(0.45);
        let share = (f32::from(*value) / full - foot) / (FULL.max(1.0 - foot) - foot);
        let share = share.clamp(0.0, 1.0) * paling[usize::from(strength)];
        *value = (share * 255.0).round() as u8;
    }
    heal(coverage, &cut(&darkness.paper), pieces.stroke)
}

/// The colour of the ink in white light: its full strokes, relative to the paper beside them.
pub(super) fn ink_colour(
    image: &RgbImage,
    darkness: &Darkness,
    pieces: &Pieces,
) -> [u8; 3] {
    let full = pieces.ink.saturating_sub(pieces.ink / 10);
    let pixels = || image.as_raw().chunks_exact(3).map(|rgb| [rgb[0], rgb[1], rgb[2]]);
    let mut beside = pieces.mask.clone();
    beside.widen((8.0 * pieces.stroke) as usize | 1);
    let places = || {
        let dark = darkness.dark.data.iter().zip(&darkness.paper.data);
        dark.zip(&pieces.mask.data).zip(&beside.data)
    };
    let inked = |dark: u8, mask: u8| mask > 0 && dark >= full;
    // At one level of light, the usual one there.
    let levels = places()
        .filter(|&(((&dark, _), &mask), _)| inked(dark, mask))
        .map(|(((_, &level), _), _)| [level; 3]);
    let light = super::medians(levels).unwrap_or_default()[0];
    let medians = |wanted: &dyn Fn(u8, u8, u8) -> bool| {
        let pixels =
            pixels().zip(places()).filter(|(_, (((dark, level), mask), beside))| {
                level.abs_diff(light) <= 12 && wanted(**dark, **mask, **beside)
            });
        super::medians(pixels.map(|(pixel, _)| pixel))
    };
    let ink = medians(&|dark, mask, _| inked(dark, mask));
    let paper = medians(&|dark, mask, beside| mask == 0 && beside > 0 && dark < 20);
    match (ink, paper) {
        (Some(ink), Some(paper)) => std::array::from_fn(|channel| {
            let [ink, paper] = [ink[channel], paper[channel]].map(f32::from);
            encoded((linear(ink) / linear(paper).max(0.001)).min(1.0))
        }),
        _ => [0, 0, 0],
    }
}

/// Closes the cuts that the edge of a shadow leaves in strokes across it.
fn heal(mut coverage: Plane, paper: &Plane, stroke: f32) -> Plane {
    let closed = coverage.close((stroke.round() as usize).clamp(5, 11));
    let edges = paper.range(7);
    for (index, value) in coverage.data.iter_mut().enumerate() {
        if edges.data[index] > EDGE {
            *value = closed.data[index];
        }
    }
    coverage
}

/// The mean over a square; the rim repeats itself.
fn blur(plane: &Plane, radius: usize) -> Plane {
    blur_rows(&blur_rows(plane, radius).turned(), radius).turned()
}

fn blur_rows(plane: &Plane, radius: usize) -> Plane {
    let mut out = plane.clone();
    let last = plane.width - 1;
    let count = (2 * radius + 1) as u32;
    for y in 0..plane.height {
        let row = plane.row(y);
        let mut sum = u32::from(row[0]) * (radius as u32 + 1)
            + (1..=radius).map(|x| u32::from(row[x.min(last)])).sum::<u32>();
        for (x, value) in
            out.data[y * plane.width..][..plane.width].iter_mut().enumerate()
        {
            *value = (sum / count) as u8;
            sum += u32::from(row[(x + radius + 1).min(last)]);
            sum -= u32::from(row[x.saturating_sub(radius)]);
        }
    }
    out
}
