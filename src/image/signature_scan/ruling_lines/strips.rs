//! The image in upright strips, each averaged to one column: a line across shows as a thin peak in
//! each, through noise and strokes.

use crate::image::signature_scan::gray::Gray;

/// Columns per strip.
pub(super) const STRIP_WIDTH: usize = 16;
/// The most rows on either side of a line's middle that belong to the line.
pub(super) const LINE_REACH: usize = 8;
/// The least height of a peak over its surroundings.
const MIN_PEAK_HEIGHT: f32 = 10.0;

/// The strips, from left to right.
pub(super) struct Strips {
    /// Rows of the image.
    pub(super) height: usize,
    /// The mean of each row, by strip.
    pub(super) means: Vec<Vec<f32>>,
    /// Rows of thin peaks, by strip.
    pub(super) peaks: Vec<Vec<f32>>,
}

impl Strips {
    /// Averages the strips of a darkness.
    pub(super) fn of(dark: &Gray) -> Self {
        let count = (dark.width / STRIP_WIDTH).max(1);
        let mut means = vec![vec![0.0; dark.height]; count];
        for y in 0..dark.height {
            let row = dark.row(y);
            for (strip, mean) in means.iter_mut().enumerate() {
                let end = row.len().min((strip + 1) * STRIP_WIDTH);
                let pixels = &row[strip * STRIP_WIDTH..end];
                let sum: u32 = pixels.iter().map(|&value| u32::from(value)).sum();
                mean[y] = sum as f32 / pixels.len().max(1) as f32;
            }
        }
        let peaks = means.iter().map(|mean| peaks(mean)).collect();
        Self { height: dark.height, means, peaks }
    }
}

/// The rows of thin peaks, by their centres of mass. A peak is the maximum of the rows around it
/// and falls by `MIN_PEAK_HEIGHT` on both sides within `LINE_REACH` rows.
fn peaks(mean: &[f32]) -> Vec<f32> {
    let mut peaks = Vec::new();
    for y in LINE_REACH..mean.len().saturating_sub(LINE_REACH) {
        let top = mean[y];
        let around = &mean[y - LINE_REACH / 2..=y + LINE_REACH / 2];
        let max = around.iter().copied().fold(0.0, f32::max);
        // Of equal rows, the first is the peak.
        if top < max || mean[y - 1] == top {
            continue;
        }
        let min = |values: &[f32]| values.iter().copied().fold(f32::MAX, f32::min);
        let foot = min(&mean[y - LINE_REACH..y]).max(min(&mean[y + 1..=y + LINE_REACH]));
        if top - foot < MIN_PEAK_HEIGHT {
            continue;
        }
        // The centre of mass of the upper half.
        let half = (top + foot) / 2.0;
        let (mut sum, mut weight) = (0.0, 0.0);
        for (row, value) in around.iter().enumerate() {
            let over = (value - half).max(0.0);
            sum += over * row as f32;
            weight += over;
        }
        // The top itself is over half, so the weight is not 0.
        peaks.push((y - LINE_REACH / 2) as f32 + sum / weight);
    }
    peaks
}
