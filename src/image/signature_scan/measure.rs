//! What a layout must know to set a signature: the line it rests on and how wide its strokes are.

use super::plane::Plane;

/// Pixels at least this covered count as ink.
pub(super) const INKED: u8 = 100;

/// The row on which the letters rest, from the top; descenders and flourishes lie below.
///
/// The decision: rows are judged by how many strokes cross them, not by how much ink they hold. The
/// letters' row is crossed often, a descender's row seldom, and an underline is a single crossing
/// however black it is. The baseline is where the crossings fall off most.
pub(super) fn baseline(coverage: &Plane) -> f64 {
    let height = coverage.height;
    let crossings: Vec<f64> = (0..height)
        .map(|y| {
            let row = coverage.row(y);
            let starts =
                row.windows(2).filter(|pair| pair[0] < INKED && pair[1] >= INKED).count();
            starts as f64 + f64::from(u8::from(row[0] >= INKED))
        })
        .collect();
    let mut sums = vec![0.0];
    for crossing in &crossings {
        sums.push(sums[sums.len() - 1] + crossing);
    }
    let all = sums[height];
    let reach = (height / 10).max(2);
    let mean = |from: usize, to: usize| {
        // What lies beyond the picture is empty, and counts as such.
        (sums[to.min(height)] - sums[from.min(height)]) / reach as f64
    };
    let mut best = (f64::MIN, height);
    // Letters weigh: at least four tenths of all crossings lie above their baseline.
    let first = sums.iter().position(|sum| *sum >= 0.4 * all).unwrap_or(0);
    for row in first.max(reach)..=height {
        let fall = mean(row - reach, row) - mean(row, row + reach);
        if fall > best.0 {
            best = (fall, row);
        }
    }
    best.1 as f64
}

/// The median width of the strokes, in pixels: twice the distance from their middle to their edge.
pub(super) fn stroke(coverage: &Plane) -> f64 {
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
            // The middle of a stroke is a ridge: lower on both sides in two directions at least.
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
                // An even width has its middle between two pixels, an odd one upon a pixel.
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

/// The distance of inked pixels to the nearest that is not, by the chamfer of Borgefors (1986) with
/// weights 1 and 1.351, which err by 4 % at most.
fn distances(coverage: &Plane) -> Vec<f32> {
    const STRAIGHT: f32 = 0.962;
    const SLANTED: f32 = 1.36;
    let (width, height) = (coverage.width, coverage.height);
    let stride = width + 2;
    // A rim of paper around the picture.
    let mut far = vec![0.0_f32; stride * (height + 2)];
    for y in 0..height {
        for (x, &value) in coverage.row(y).iter().enumerate() {
            if value >= INKED {
                far[(y + 1) * stride + x + 1] = f32::MAX;
            }
        }
    }
    for y in 1..=height {
        for x in 1..=width {
            let at = y * stride + x;
            let near = (far[at - 1].min(far[at - stride]) + STRAIGHT)
                .min(far[at - stride - 1].min(far[at - stride + 1]) + SLANTED);
            far[at] = far[at].min(near);
        }
    }
    for y in (1..=height).rev() {
        for x in (1..=width).rev() {
            let at = y * stride + x;
            let near = (far[at + 1].min(far[at + stride]) + STRAIGHT)
                .min(far[at + stride + 1].min(far[at + stride - 1]) + SLANTED);
            far[at] = far[at].min(near);
        }
    }
    (0..height).flat_map(|y| far[(y + 1) * stride + 1..][..width].to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_are_as_wide_as_they_are() {
        for wide in [3, 4, 7, 8, 15, 20] {
            let bars = Plane::from_fn(200, 200, |x, y| match (x + y / 4) % 60 < wide {
                true => 255,
                false => 0,
            });
            // Leaning by one in four makes a bar thinner than its rows.
            let true_width = wide as f64 / (1.0_f64 + 1.0 / 16.0).sqrt();
            let found = stroke(&bars);
            assert!((found - true_width).abs() <= 1.0, "{true_width} {found}");
        }
    }

    #[test]
    fn letters_rest_on_the_baseline_and_not_on_the_flourish_below() {
        let signature = Plane::from_fn(400, 200, |x, y| {
            let letters = (60..120).contains(&y) && x % 40 < 8;
            let descender = (60..190).contains(&y) && (200..208).contains(&x);
            let flourish = (150..162).contains(&y);
            if letters || descender || flourish { 255 } else { 0 }
        });
        assert!((baseline(&signature) - 120.0).abs() <= 4.0);
    }
}
