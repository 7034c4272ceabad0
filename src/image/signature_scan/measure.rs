//! The measures of a signature that a layout needs: its baseline and the width of its strokes.

use super::gray::Gray;

/// The coverage from which a pixel counts as ink, of 255.
pub(super) const MIN_INK_COVERAGE: u8 = 100;

/// The row on which the letters rest, counted from the top; descenders and flourishes lie below.
///
/// The decision: a row is judged by the number of strokes that cross it, not by the amount of its
/// ink. Many strokes cross a row of letters, few a row of descenders, and an underline counts as
/// one crossing, however black it is. The baseline is the row below which the crossings decrease
/// most.
pub(super) fn baseline(coverage: &Gray) -> f64 {
    let height = coverage.height;
    let crossings: Vec<f64> = (0..height)
        .map(|y| {
            let row = coverage.row(y);
            let starts = row
                .windows(2)
                .filter(|pair| pair[0] < MIN_INK_COVERAGE && pair[1] >= MIN_INK_COVERAGE)
                .count();
            starts as f64 + f64::from(u8::from(row[0] >= MIN_INK_COVERAGE))
        })
        .collect();
    let mut sums = vec![0.0];
    for crossing in &crossings {
        sums.push(sums[sums.len() - 1] + crossing);
    }
    let total = sums[height];
    let window = (height / 10).max(2);
    let mean = |from: usize, to: usize| {
        // Rows outside the picture count as empty.
        (sums[to.min(height)] - sums[from.min(height)]) / window as f64
    };
    let mut best = (f64::MIN, height);
    // At least four tenths of all crossings belong to letters, above the baseline.
    let first = sums.iter().position(|sum| *sum >= 0.4 * total).unwrap_or(0);
    for row in first.max(window)..=height {
        let decrease = mean(row - window, row) - mean(row, row + window);
        if decrease > best.0 {
            best = (decrease, row);
        }
    }
    best.1 as f64
}

/// The median width of the strokes, in pixels: twice the distance from their middle to their edge.
pub(super) fn stroke_width(coverage: &Gray) -> f64 {
    let (width, height) = (coverage.width, coverage.height);
    let distance = distances(coverage);
    let at = |x: usize, y: usize| distance[y * width + x];
    let mut widths: Vec<f32> = Vec::new();
    for y in 1..height.saturating_sub(1) {
        for x in 1..width - 1 {
            let here = at(x, y);
            if here == 0.0 {
                continue;
            }
            // The middle of a stroke is a ridge of the distance transform: lower on both sides in
            // at least two directions.
            let ridge = [(1, 0), (0, 1), (1, 1), (1, -1)]
                .into_iter()
                .filter(|&(dx, dy): &(isize, isize)| {
                    let one = at(x.wrapping_add_signed(dx), y.wrapping_add_signed(dy));
                    let other =
                        at(x.wrapping_add_signed(-dx), y.wrapping_add_signed(-dy));
                    one <= here && other < here
                })
                .count();
            if ridge >= 2 {
                // The middle of an even width lies between two pixels, that of an odd one on a
                // pixel.
                widths.push(2.0 * here - 0.5);
            }
        }
    }
    if widths.is_empty() {
        return 1.0;
    }
    let middle = widths.len() / 2;
    f64::from(*widths.select_nth_unstable_by(middle, f32::total_cmp).1).max(1.0)
}

/// The distance transform: how far each pixel of ink is from the nearest without. It is the chamfer
/// distance of Borgefors (1986) with the weights 0.962 and 1.36, whose error is at most 4 %.
fn distances(coverage: &Gray) -> Vec<f32> {
    const STRAIGHT: f32 = 0.962;
    const DIAGONAL: f32 = 1.36;
    let (width, height) = (coverage.width, coverage.height);
    let stride = width + 2;
    // A border of paper around the picture.
    let mut distance = vec![0.0_f32; stride * (height + 2)];
    for y in 0..height {
        for (x, &value) in coverage.row(y).iter().enumerate() {
            if value >= MIN_INK_COVERAGE {
                distance[(y + 1) * stride + x + 1] = f32::MAX;
            }
        }
    }
    for y in 1..=height {
        for x in 1..=width {
            let at = y * stride + x;
            let step = (distance[at - 1].min(distance[at - stride]) + STRAIGHT)
                .min(distance[at - stride - 1].min(distance[at - stride + 1]) + DIAGONAL);
            distance[at] = distance[at].min(step);
        }
    }
    for y in (1..=height).rev() {
        for x in (1..=width).rev() {
            let at = y * stride + x;
            let step = (distance[at + 1].min(distance[at + stride]) + STRAIGHT)
                .min(distance[at + stride + 1].min(distance[at + stride - 1]) + DIAGONAL);
            distance[at] = distance[at].min(step);
        }
    }
    (0..height).flat_map(|y| distance[(y + 1) * stride + 1..][..width].to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stroke_width_of_slanted_bars_is_theirs() {
        for wide in [3, 4, 7, 8, 15, 20] {
            let bars =
                Gray::from_fn(
                    200,
                    200,
                    |x, y| {
                        if (x + y / 4) % 60 < wide { 255 } else { 0 }
                    },
                );
            // A bar that leans by one in four is thinner than its rows are wide.
            let true_width = wide as f64 / (1.0_f64 + 1.0 / 16.0).sqrt();
            let found = stroke_width(&bars);
            assert!((found - true_width).abs() <= 1.0, "{true_width} {found}");
        }
    }

    #[test]
    fn baseline_is_that_of_the_letters_and_not_of_the_flourish_below() {
        let signature = Gray::from_fn(400, 200, |x, y| {
            let letters = (60..120).contains(&y) && x % 40 < 8;
            let descender = (60..190).contains(&y) && (200..208).contains(&x);
            let flourish = (150..162).contains(&y);
            if letters || descender || flourish { 255 } else { 0 }
        });
        assert!((baseline(&signature) - 120.0).abs() <= 4.0);
    }
}
