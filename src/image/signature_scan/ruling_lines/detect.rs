//! Finds lines across the image by the Hough transform of the strips' peaks.
//!
//! Takes [`Strips`]; gives [`RulingLine`]s. The decision: a candidate of the transform is followed
//! from strip to strip along a parabola, because paper in a photo is neither flat nor level.

use super::strips::{STRIP_WIDTH, Strips};

/// The steepest line: rows per column.
const MAX_SLOPE: f32 = 0.2;
/// The least share of the image's width that a line covers, and of its strips that show its peak.
const MIN_LENGTH: f32 = 0.4;
const MIN_SHOWN: f32 = 0.6;
/// Rows per bin of the Hough transform.
const BIN: f32 = 3.0;

/// A line, by its row in each strip that it covers.
pub(super) struct RulingLine {
    /// The first strip.
    pub(super) first: usize,
    /// The row in each strip from the first.
    pub(super) rows: Vec<f32>,
    /// How far the line is from its chord at most, as a share of its length.
    pub(super) bow: f32,
    pub(super) is_straight: bool,
}

impl RulingLine {
    /// Rows per column, from end to end.
    pub(super) fn slope(&self) -> f32 {
        let last = self.rows.len() - 1;
        (self.rows[last] - self.rows[0]) / (last.max(1) * STRIP_WIDTH) as f32
    }
}

/// Finds the lines, those with the most votes first. No two lines share a peak.
pub(super) fn detect(strips: &Strips) -> Vec<RulingLine> {
    let count = strips.peaks.len();
    let min_votes = (MIN_LENGTH * MIN_SHOWN * count as f32).ceil() as usize;
    if count < 10 {
        return Vec::new();
    }
    let middle = count as f32 / 2.0;
    let mut remaining = strips.peaks.clone();
    let mut lines = Vec::new();
    for Candidate { slope, row, .. } in candidates(strips, min_votes) {
        let expected =
            |strip: usize| row + slope * (strip as f32 - middle) * STRIP_WIDTH as f32;
        let is_close = |strip: &usize| {
            let mut peaks = remaining[*strip].iter();
            peaks.any(|row| (row - expected(*strip)).abs() <= BIN + 1.0)
        };
        if (0..count).filter(is_close).count() < min_votes {
            continue;
        }
        lines.extend(follow(&mut remaining, &expected));
    }
    lines
}

/// A straight line that many peaks vote for.
struct Candidate {
    votes: u16,
    /// Rows per column.
    slope: f32,
    /// The row in the middle of the image.
    row: f32,
}

/// The Hough transform: a vote of each peak for each slope. Gives the lines with the most votes
/// first, of equals the flattest.
fn candidates(strips: &Strips, min_votes: usize) -> Vec<Candidate> {
    let count = strips.peaks.len();
    let middle = count as f32 / 2.0;
    let width = (count * STRIP_WIDTH) as f32;
    // One step of slope moves a line's ends by one bin.
    let step = 2.0 * BIN / width;
    let slopes = (MAX_SLOPE / step).ceil() as isize;
    let margin = MAX_SLOPE * width / 2.0;
    let bins = ((strips.height as f32 + 2.0 * margin) / BIN) as usize + 2;
    let middle_row = |strip: usize, slope: f32, row: f32| {
        row - slope * (strip as f32 - middle) * STRIP_WIDTH as f32
    };
    let mut votes = vec![0_u16; bins];
    let mut found: Vec<Candidate> = Vec::new();
    for index in -slopes..=slopes {
        let slope = index as f32 * step;
        votes.fill(0);
        for (strip, peaks) in strips.peaks.iter().enumerate() {
            let mut last = usize::MAX;
            for &row in peaks {
                let bin = ((middle_row(strip, slope, row) + margin) / BIN) as usize;
                if bin < bins && bin != last {
                    votes[bin] += 1;
                    last = bin;
                }
            }
        }
        for bin in 0..bins - 1 {
            let votes = votes[bin] + votes[bin + 1];
            if usize::from(votes) >= min_votes {
                let row = (bin as f32 + 1.0) * BIN - margin;
                found.push(Candidate { votes, slope, row });
            }
        }
    }
    let flatness = |a: &Candidate, b: &Candidate| a.slope.abs().total_cmp(&b.slope.abs());
    found.sort_by(|a, b| b.votes.cmp(&a.votes).then(flatness(a, b)));
    found
}

/// Follows a line from peak to peak along a parabola, and removes its peaks from `remaining`.
/// `None` if the line is too short, or shows in too few of its strips.
fn follow(
    remaining: &mut [Vec<f32>],
    expected: &dyn Fn(usize) -> f32,
) -> Option<RulingLine> {
    let count = remaining.len();
    // The parabola is fitted to the peaks nearby, then again to those ever nearer to it, which
    // leaves out strokes that run along a part of the line.
    let mut curve = [0.0; 3];
    let row_on = |curve: &[f32; 3], strip: usize| {
        let at = strip as f32 / count as f32 - 0.5;
        expected(strip) + curve[0] + curve[1] * at + curve[2] * at * at
    };
    let mut rows: Vec<Option<f32>> = Vec::new();
    for max_distance in [5.0, 4.0, 3.0, 2.5] {
        rows = (0..count)
            .map(|strip| nearest(&remaining[strip], row_on(&curve, strip), max_distance))
            .collect();
        let offsets = rows.iter().enumerate().filter_map(|(strip, row)| {
            let at = strip as f32 / count as f32 - 0.5;
            row.map(|row| (at, row - expected(strip)))
        });
        curve = fit_parabola(offsets)?;
    }
    for (strip, row) in rows.iter().enumerate() {
        if let Some(row) = row {
            remaining[strip].retain(|peak| (peak - row).abs() > 4.0);
        }
    }
    // The residuals of the parabola, smoothed by a median: paper is not flat.
    let residuals: Vec<Option<f32>> = (0..count)
        .map(|strip| {
            let window = strip.saturating_sub(6)..(strip + 7).min(count);
            let mut offsets: Vec<f32> = window
                .filter_map(|strip| rows[strip].map(|row| row - row_on(&curve, strip)))
                .collect();
            offsets.sort_by(f32::total_cmp);
            (offsets.len() >= 4).then(|| offsets[offsets.len() / 2])
        })
        .collect();
    let first = residuals.iter().position(Option::is_some)?;
    let last = residuals.iter().rposition(Option::is_some)?;
    if ((last - first + 1) as f32) < MIN_LENGTH * count as f32 {
        return None;
    }
    let mut shown = 0;
    let mut deviation = 0.0;
    let mut line = Vec::with_capacity(last - first + 1);
    for strip in first..=last {
        let row = row_on(&curve, strip) + residuals[strip].unwrap_or(0.0);
        if let Some(peak) = rows[strip].filter(|peak| (peak - row).abs() <= 2.0) {
            shown += 1;
            deviation += (peak - row).abs();
        }
        line.push(row);
    }
    let length = line.len() as f32;
    if (shown as f32) < MIN_SHOWN * length || deviation > 0.7 * shown as f32 {
        return None;
    }
    let chord =
        |at: f32| line[0] + (line[line.len() - 1] - line[0]) * at / (length - 1.0);
    let offsets = (0..line.len()).map(|index| line[index] - chord(index as f32));
    let max_offset =
        offsets.fold(
            0.0,
            |max: f32, offset| if offset.abs() > max.abs() { offset } else { max },
        );
    let pixels = length * STRIP_WIDTH as f32;
    let is_straight =
        length >= 0.5 * count as f32 && max_offset.abs() <= 1.0 + 0.0005 * pixels;
    let bow = max_offset / pixels;
    Some(RulingLine { first, rows: line, bow, is_straight })
}

/// The peak nearest to `row`, if one is within the distance.
fn nearest(peaks: &[f32], row: f32, max_distance: f32) -> Option<f32> {
    let nearer = |a: &&f32, b: &&f32| (**a - row).abs().total_cmp(&(**b - row).abs());
    let nearest = peaks.iter().min_by(nearer).copied();
    nearest.filter(|peak| (peak - row).abs() <= max_distance)
}

/// The parabola of least squares, as its coefficients from the constant up. `None` for fewer than
/// six points.
fn fit_parabola(points: impl Iterator<Item = (f32, f32)>) -> Option<[f32; 3]> {
    let mut powers = [0.0_f64; 5];
    let mut sums = [0.0_f64; 3];
    for (x, y) in points {
        let (x, y) = (f64::from(x), f64::from(y));
        let mut power = 1.0;
        for (index, sum) in powers.iter_mut().enumerate() {
            *sum += power;
            if index < 3 {
                sums[index] += power * y;
            }
            power *= x;
        }
    }
    let [n, a, b, c, d] = powers;
    // Cramer's rule.
    let determinant = |[p, q, r]: [[f64; 3]; 3]| {
        p[0] * (q[1] * r[2] - q[2] * r[1]) - q[0] * (p[1] * r[2] - p[2] * r[1])
            + r[0] * (p[1] * q[2] - p[2] * q[1])
    };
    let columns = [[n, a, b], [a, b, c], [b, c, d]];
    let denominator = determinant(columns);
    if n < 6.0 || denominator.abs() < 1e-9 {
        return None;
    }
    Some(std::array::from_fn(|index| {
        let mut replaced = columns;
        replaced[index] = sums;
        (determinant(replaced) / denominator) as f32
    }))
}
