//! Erases a ruling line from the darkness.
//!
//! The decision: a pale line is divided out, as if it were paper, so that ink on it stays. An
//! opaque line lets no light through that could be divided, so strokes that meet it on both sides
//! are joined across it.

use std::ops::Range;

use super::detect::RulingLine;
use super::strips::{LINE_REACH, STRIP_WIDTH, Strips};
use crate::image::signature_scan::paper::Darkness;

/// The darkness of a line by the offset from its row, of which the middle entry is 0.
type Profile = [f32; 2 * LINE_REACH + 1];

/// The darkness from which a line is opaque: too little light is left to measure ink on it.
const MIN_OPAQUE: f32 = 128.0;

/// Erases one line.
pub(super) fn erase(line: &RulingLine, strips: &Strips, darkness: &mut Darkness) {
    let whole = profile(line, strips, 0..line.rows.len());
    let profiles: Vec<Profile> = (0..line.rows.len())
        .map(|index| {
            let window = index.saturating_sub(12)..(index + 13).min(line.rows.len());
            let mut profile = profile(line, strips, window);
            // A stroke that runs along the line must not raise the line's profile.
            for (value, whole) in profile.iter_mut().zip(&whole) {
                *value = value.min(1.3 * whole + 4.0);
            }
            profile
        })
        .collect();
    let width = darkness.dark.width;
    // A line may end inside the strips next to those that show it.
    let start = line.first.saturating_sub(1) * STRIP_WIDTH;
    let next = line.first + line.rows.len() + 1;
    let end = if next >= strips.means.len() { width } else { next * STRIP_WIDTH };
    for x in start..end {
        // Rows are known in the middle of each strip; between two, they are interpolated.
        let at = (x as f32 + 0.5) / STRIP_WIDTH as f32 - 0.5 - line.first as f32;
        let at = at.clamp(0.0, (line.rows.len() - 1) as f32);
        let row = interpolate(&line.rows, at);
        let profile = &profiles[at.round() as usize];
        erase_column(darkness, x, row, profile);
    }
}

/// The darkness of the line at each offset from its row: a low percentile over a window of strips,
/// since a stroke that crosses the line shows in few of them.
fn profile(line: &RulingLine, strips: &Strips, window: Range<usize>) -> Profile {
    let mut profile = [0.0; 2 * LINE_REACH + 1];
    for (offset, value) in profile.iter_mut().enumerate() {
        let mut values: Vec<f32> = window
            .clone()
            .map(|index| {
                let row = line.rows[index] + offset as f32 - LINE_REACH as f32;
                interpolate(&strips.means[line.first + index], row)
            })
            .collect();
        values.sort_by(f32::total_cmp);
        // The 40th percentile: strokes only ever make a strip darker.
        *value = values[values.len() * 2 / 5];
    }
    // The darkness at the foot of the peak is that of the paper.
    let foot = profile[0].min(profile[2 * LINE_REACH]);
    for value in &mut profile {
        *value = (*value - foot).max(0.0);
    }
    // Outside the first gap on either side, the darkness is not the line's.
    for side in [-1_isize, 1] {
        let mut is_outside = false;
        for step in 1..=LINE_REACH as isize {
            let value = &mut profile[(LINE_REACH as isize + side * step) as usize];
            is_outside |= *value < 3.0;
            if is_outside {
                *value = 0.0;
            }
        }
    }
    profile
}

/// Erases the line from the column `x`, in which its middle is at `row`.
fn erase_column(darkness: &mut Darkness, x: usize, row: f32, profile: &Profile) {
    let (width, height) = (darkness.dark.width, darkness.dark.height);
    let top = (row - LINE_REACH as f32).ceil().max(0.0) as usize;
    let bottom = (row + LINE_REACH as f32).floor().min(height as f32 - 1.0);
    let line = |y: usize| interpolate(profile, y as f32 - row + LINE_REACH as f32);
    let rows = top..(bottom.max(-1.0) + 1.0) as usize;
    let opaque = rows.clone().filter(|&y| line(y) >= MIN_OPAQUE);
    let band = opaque.clone().min().zip(opaque.max());
    for y in rows {
        let absorbed = line(y);
        if absorbed < 2.0 {
            continue;
        }
        let index = y * width + x;
        let transmitted = (255.0 - absorbed).max(1.0);
        let light = f32::from(255 - darkness.dark.data[index]);
        let dark = (255.0 - 255.0 * light / transmitted).clamp(0.0, 255.0);
        // The print of a line varies by about a third.
        let noise_limit = 255.0
            * f32::from(darkness.noise_limit.data[index]).max(0.35 * absorbed)
            / transmitted;
        darkness.dark.data[index] = dark as u8;
        darkness.noise_limit.data[index] = noise_limit.min(255.0) as u8;
    }
    if let Some((first, last)) = band {
        join_across(darkness, x, first, last);
    }
}

/// Fills a column of an opaque line, from row `first` to `last`, where a stroke meets the line
/// above and below.
fn join_across(darkness: &mut Darkness, x: usize, first: usize, last: usize) {
    let width = darkness.dark.width;
    let (above, below) = (first as isize - 3, last as isize + 3);
    let thickness = (last - first + 1) as isize + 4;
    for y in first.saturating_sub(2)..=(last + 2).min(darkness.dark.height - 1) {
        let (to_top, to_bottom) = (y as isize - above, below - y as isize);
        let joined = (-thickness..=thickness)
            .step_by(2)
            .map(|lean| {
                let over = x as isize - lean * to_top / thickness;
                let under = x as isize + lean * to_bottom / thickness;
                let upper_end = darkness.dark.get_or_zero(over, above);
                upper_end.min(darkness.dark.get_or_zero(under, below))
            })
            .max()
            .unwrap_or(0);
        let index = y * width + x;
        darkness.dark.data[index] = joined;
        darkness.noise_limit.data[index] = darkness.noise_limit.data[index].min(40);
    }
}

/// The value at a fractional index, by linear interpolation.
fn interpolate(values: &[f32], at: f32) -> f32 {
    let at = at.clamp(0.0, values.len() as f32 - 1.0);
    let before = at.floor() as usize;
    let after = (before + 1).min(values.len() - 1);
    values[before] + (values[after] - values[before]) * (at - before as f32)
}
