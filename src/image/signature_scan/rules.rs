//! Lines that a machine drew: ruled and squared paper, the line to sign on, the edge of the sheet.
//!
//! Takes the darkness and takes such lines out of it. The decision: a rule is long, thin, and either
//! straight or one of several alike; no hand draws that. A pale one is divided out, as one does with
//! paper, so that ink upon it stays; under one as dark as ink the strokes are joined across it.

mod erase;

use super::paper::Darkness;
use super::plane::Plane;

/// Columns that are averaged to see a line through noise and strokes.
const STRIP: usize = 16;
/// Rows on either side of a line that belong to it at most.
const REACH: usize = 8;
/// The least rise over its surroundings that makes a peak.
const RISE: f32 = 10.0;
/// The steepest line: rows a column.
const SLOPE: f32 = 0.2;
/// The least share of the picture's width that a line covers, and of its strips that show it.
const LENGTH: f32 = 0.4;
const SHOWN: f32 = 0.6;

/// Takes out the lines across, then those upright.
pub(super) fn remove(darkness: Darkness) -> Darkness {
    let darkness = remove_across(darkness);
    turned(remove_across(turned(darkness)))
}

fn turned(darkness: Darkness) -> Darkness {
    Darkness {
        dark: darkness.dark.turned(),
        doubt: darkness.doubt.turned(),
        paper: darkness.paper.turned(),
    }
}

fn remove_across(mut darkness: Darkness) -> Darkness {
    let strips = Strips::of(&darkness.dark);
    for rule in family(strips.rules()) {
        rule.erase(&strips, &mut darkness);
    }
    darkness
}

/// The lines that a machine drew: those that run alike, if there are three at least, and any that is
/// straight.
fn family(rules: Vec<Rule>) -> Vec<Rule> {
    let median = |value: &dyn Fn(&Rule) -> f32| {
        let mut values: Vec<f32> = rules.iter().map(value).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    let (slope, bow) = (median(&Rule::slope), median(&|rule| rule.bow));
    // Perspective spreads the slopes, and the bows grow with it.
    let alike = |rule: &Rule| {
        (rule.slope() - slope).abs() <= 0.03 && (rule.bow - bow).abs() <= 0.005
    };
    let several = rules.iter().filter(|rule| alike(rule)).count() >= 3;
    let kept = |rule: &Rule| several && alike(rule) || rule.straight;
    let kept: Vec<bool> = rules.iter().map(kept).collect();
    rules.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(rule, _)| rule).collect()
}

/// The picture cut into upright strips, each averaged to one column.
struct Strips {
    height: usize,
    means: Vec<Vec<f32>>,
    /// Rows of thin peaks, by strip.
    peaks: Vec<Vec<f32>>,
}

/// A line, by its row in each strip that it covers.
struct Rule {
    first: usize,
    rows: Vec<f32>,
    /// How far its middle is off its chord, as a share of its length.
    bow: f32,
    straight: bool,
}

impl Strips {
    fn of(dark: &Plane) -> Self {
        let count = (dark.width / STRIP).max(1);
        let mut means = vec![vec![0.0; dark.height]; count];
        for y in 0..dark.height {
            let row = dark.row(y);
            for (strip, mean) in means.iter_mut().enumerate() {
                let pixels = &row[strip * STRIP..row.len().min((strip + 1) * STRIP)];
                let sum: u32 = pixels.iter().map(|&value| u32::from(value)).sum();
                mean[y] = sum as f32 / pixels.len().max(1) as f32;
            }
        }
        let peaks = means.iter().map(|mean| peaks(mean)).collect();
        Self { height: dark.height, means, peaks }
    }

    /// Lines by the Hough transform of the peaks, best first, each peak used once.
    fn rules(&self) -> Vec<Rule> {
        let count = self.peaks.len();
        let least = (LENGTH * SHOWN * count as f32).ceil() as usize;
        if count < 10 {
            return Vec::new();
        }
        let middle = count as f32 / 2.0;
        // One step of slope moves a line's ends by a bin.
        const BIN: f32 = 3.0;
        let step = 2.0 * BIN / (count * STRIP) as f32;
        let slopes = (SLOPE / step).ceil() as isize;
        let margin = SLOPE * (count * STRIP) as f32 / 2.0;
        let bins = ((self.height as f32 + 2.0 * margin) / BIN) as usize + 2;
        let row_at = |strip: usize, slope: f32, row: f32| {
            row - slope * (strip as f32 - middle) * STRIP as f32
        };
        let mut votes = vec![0_u16; bins];
        let mut found: Vec<(u16, f32, f32)> = Vec::new();
        for index in -slopes..=slopes {
            let slope = index as f32 * step;
            votes.fill(0);
            for (strip, peaks) in self.peaks.iter().enumerate() {
                let mut last = usize::MAX;
                for &row in peaks {
                    let bin = ((row_at(strip, slope, row) + margin) / BIN) as usize;
                    if bin < bins && bin != last {
                        votes[bin] += 1;
                        last = bin;
                    }
                }
            }
            for bin in 0..bins - 1 {
                let sum = votes[bin] + votes[bin + 1];
                if usize::from(sum) >= least {
                    found.push((sum, slope, (bin as f32 + 1.0) * BIN - margin));
                }
            }
        }
        found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.abs().total_cmp(&b.1.abs())));
        let mut left = self.peaks.clone();
        let mut rules = Vec::new();
        for (_, slope, row) in found {
            let expected =
                |strip: usize| row + slope * (strip as f32 - middle) * STRIP as f32;
            let close = |strip: &usize| {
                left[*strip].iter().any(|row| (row - expected(*strip)).abs() <= BIN + 1.0)
            };
            if (0..count).filter(close).count() < least {
                continue;
            }
            rules.extend(follow(&mut left, &expected));
        }
        rules
    }
}

/// Follows a line from peak to peak, along a slowly bending way, and takes its peaks.
fn follow(left: &mut [Vec<f32>], expected: &dyn Fn(usize) -> f32) -> Option<Rule> {
    let count = left.len();
    // A curve through the peaks that are near, then through those nearer to the curve: strokes that
    // run along a part of the line are shed on the way.
    let mut curve = [0.0; 3];
    let row_on = |curve: &[f32; 3], strip: usize| {
        let at = strip as f32 / count as f32 - 0.5;
        expected(strip) + curve[0] + curve[1] * at + curve[2] * at * at
    };
    let mut rows: Vec<Option<f32>> = Vec::new();
    for reach in [5.0, 4.0, 3.0, 2.5] {
        rows = (0..count)
            .map(|strip| nearest(&left[strip], row_on(&curve, strip), reach))
            .collect();
        let offsets = rows.iter().enumerate().filter_map(|(strip, row)| {
            let at = strip as f32 / count as f32 - 0.5;
            row.map(|row| (at, row - expected(strip)))
        });
        curve = fit(offsets)?;
    }
    for (strip, row) in rows.iter().enumerate() {
        if let Some(row) = row {
            left[strip].retain(|peak| (peak - row).abs() > 4.0);
        }
    }
    // What is left between the curve and the line: paper is not quite flat.
    let rest: Vec<Option<f32>> = (0..count)
        .map(|strip| {
            let window = strip.saturating_sub(6)..(strip + 7).min(count);
            let mut offsets: Vec<f32> = window
                .filter_map(|near| rows[near].map(|row| row - row_on(&curve, near)))
                .collect();
            offsets.sort_by(f32::total_cmp);
            (offsets.len() >= 4).then(|| offsets[offsets.len() / 2])
        })
        .collect();
    let first = rest.iter().position(Option::is_some)?;
    let last = rest.iter().rposition(Option::is_some)?;
    if ((last - first + 1) as f32) < LENGTH * count as f32 {
        return None;
    }
    let mut shown = 0;
    let mut deviation = 0.0;
    let mut line = Vec::with_capacity(last - first + 1);
    for strip in first..=last {
        let row = row_on(&curve, strip) + rest[strip].unwrap_or(0.0);
        if let Some(peak) = rows[strip].filter(|peak| (peak - row).abs() <= 2.0) {
            shown += 1;
            deviation += (peak - row).abs();
        }
        line.push(row);
    }
    let length = line.len() as f32;
    if (shown as f32) < SHOWN * length || deviation > 0.7 * shown as f32 {
        return None;
    }
    let chord =
        |at: f32| line[0] + (line[line.len() - 1] - line[0]) * at / (length - 1.0);
    let off = (0..line.len()).map(|index| line[index] - chord(index as f32));
    let worst = off
        .fold(0.0, |worst: f32, off| if off.abs() > worst.abs() { off } else { worst });
    let pixels = length * STRIP as f32;
    let straight = length >= 0.5 * count as f32 && worst.abs() <= 1.0 + 0.0005 * pixels;
    let bow = worst / pixels;
    Some(Rule { first, rows: line, bow, straight })
}

fn nearest(peaks: &[f32], row: f32, reach: f32) -> Option<f32> {
    let near = |a: &&f32, b: &&f32| (**a - row).abs().total_cmp(&(**b - row).abs());
    peaks.iter().min_by(near).copied().filter(|peak| (peak - row).abs() <= reach)
}

/// The parabola of least squares: offset, slope and bend.
fn fit(points: impl Iterator<Item = (f32, f32)>) -> Option<[f32; 3]> {
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
    let whole = determinant(columns);
    if n < 6.0 || whole.abs() < 1e-9 {
        return None;
    }
    Some(std::array::from_fn(|index| {
        let mut replaced = columns;
        replaced[index] = sums;
        (determinant(replaced) / whole) as f32
    }))
}

impl Rule {
    /// Rows a column, from end to end.
    fn slope(&self) -> f32 {
        let last = self.rows.len() - 1;
        (self.rows[last] - self.rows[0]) / (last.max(1) * STRIP) as f32
    }
}

/// Rows of thin peaks: higher than everything up to `REACH` rows away on both sides, by `RISE`
/// where the peak has ended.
fn peaks(mean: &[f32]) -> Vec<f32> {
    let mut peaks = Vec::new();
    for y in REACH..mean.len().saturating_sub(REACH) {
        let here = mean[y];
        let around = &mean[y - REACH / 2..=y + REACH / 2];
        let highest = around.iter().copied().fold(0.0, f32::max);
        // The first of equals counts.
        if here < highest || mean[y - 1] == here {
            continue;
        }
        let least = |values: &[f32]| values.iter().copied().fold(f32::MAX, f32::min);
        let foot = least(&mean[y - REACH..y]).max(least(&mean[y + 1..=y + REACH]));
        if here - foot < RISE {
            continue;
        }
        // The centre of what stands out over half the rise.
        let half = (here + foot) / 2.0;
        let (mut sum, mut weight) = (0.0, 0.0);
        for (row, value) in around.iter().enumerate() {
            let over = (value - half).max(0.0);
            sum += over * row as f32;
            weight += over;
        }
        // The top rises over half at least, so there is weight.
        peaks.push((y - REACH / 2) as f32 + sum / weight);
    }
    peaks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn darkness(width: usize, height: usize, f: impl Fn(f32, f32) -> u8) -> Darkness {
        Darkness {
            dark: Plane::from_fn(width, height, |x, y| f(x as f32, y as f32)),
            doubt: Plane::new(width, height, 4),
            paper: Plane::new(width, height, 220),
        }
    }

    #[test]
    fn a_slanting_rule_goes_and_the_stroke_upon_it_stays() {
        let rule = |x: f32, y: f32| (y - 60.0 - 0.03 * x).abs() <= 1.5;
        let stroke = |x: f32, y: f32| (x - 300.0 - 0.4 * y).abs() <= 4.0;
        for shade in [70, 230] {
            let erased =
                remove(darkness(640, 200, |x, y| match (rule(x, y), stroke(x, y)) {
                    (_, true) => 240,
                    (true, false) => shade,
                    _ => 0,
                }));
            let mut left = 0;
            for y in 0..200 {
                for x in 0..640 {
                    let value = erased.dark.at(x, y);
                    let (x, y) = (x as f32, y as f32);
                    let inside = (-2..=2).all(|dx| stroke(x + dx as f32, y));
                    match (stroke(x, y), rule(x, y)) {
                        (true, _) if inside => assert!(value > 120, "{x} {y} {value}"),
                        (false, true) => left += usize::from(value > 60),
                        _ => {}
                    }
                }
            }
            assert!(left < 40, "{left} pixels of the rule are left");
        }
    }

    #[test]
    fn a_hand_drawn_flourish_stays() {
        let flourish = |x: f32, y: f32| {
            (y - 100.0 - 12.0 * (x / 90.0).sin() - 0.04 * x).abs() <= 3.0 && x > 60.0
        };
        let kept =
            remove(darkness(640, 200, |x, y| if flourish(x, y) { 230 } else { 0 }));
        let inked = kept.dark.data.iter().filter(|&&value| value > 200).count();
        assert!(inked > 3000, "{inked}");
    }
}
