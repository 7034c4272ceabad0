//! Removes printed lines from the darkness: those of ruled and squared paper, the line to sign on,
//! the edge of the sheet.
//!
//! The decision: a printed line is long, thin, and either straight or one of at least three alike,
//! which no hand-drawn stroke is.

mod strips;

mod detect;

mod erase;

use self::detect::{RulingLine, detect};
use self::erase::erase;
use self::strips::Strips;
use super::paper::Darkness;

/// Removes the horizontal lines, then the vertical ones.
pub(super) fn remove(darkness: Darkness) -> Darkness {
    let darkness = remove_horizontal(darkness);
    transposed(remove_horizontal(transposed(darkness)))
}

fn transposed(darkness: Darkness) -> Darkness {
    Darkness {
        dark: darkness.dark.transposed(),
        noise_limit: darkness.noise_limit.transposed(),
        paper: darkness.paper.transposed(),
    }
}

fn remove_horizontal(mut darkness: Darkness) -> Darkness {
    let strips = Strips::of(&darkness.dark);
    for line in printed(detect(&strips)) {
        erase(&line, &strips, &mut darkness);
    }
    darkness
}

/// The lines that are printed: those with about the median slope and bow, if they are at least
/// three, and all straight ones.
fn printed(lines: Vec<RulingLine>) -> Vec<RulingLine> {
    let median = |value: &dyn Fn(&RulingLine) -> f32| {
        let mut values: Vec<f32> = lines.iter().map(value).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    let (slope, bow) = (median(&RulingLine::slope), median(&|line| line.bow));
    // The tolerance allows for perspective, which spreads slopes and bows.
    let is_alike = |line: &RulingLine| {
        (line.slope() - slope).abs() <= 0.03 && (line.bow - bow).abs() <= 0.005
    };
    let are_several = lines.iter().filter(|line| is_alike(line)).count() >= 3;
    let kept = |line: &RulingLine| are_several && is_alike(line) || line.is_straight;
    let kept: Vec<bool> = lines.iter().map(kept).collect();
    lines.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(line, _)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::signature_scan::gray::Gray;

    fn darkness(width: usize, height: usize, f: impl Fn(f32, f32) -> u8) -> Darkness {
        Darkness {
            dark: Gray::from_fn(width, height, |x, y| f(x as f32, y as f32)),
            noise_limit: Gray::new(width, height, 4),
            paper: Gray::new(width, height, 220),
        }
    }

    #[test]
    fn slanted_line_is_removed_and_the_stroke_across_it_stays() {
        let line = |x: f32, y: f32| (y - 60.0 - 0.03 * x).abs() <= 1.5;
        let stroke = |x: f32, y: f32| (x - 300.0 - 0.4 * y).abs() <= 4.0;
        for shade in [70, 230] {
            let erased =
                remove(darkness(640, 200, |x, y| match (line(x, y), stroke(x, y)) {
                    (_, true) => 240,
                    (true, false) => shade,
                    _ => 0,
                }));
            let mut left = 0;
            for y in 0..200 {
                for x in 0..640 {
                    let value = erased.dark.get(x, y);
                    let (x, y) = (x as f32, y as f32);
                    let inside = (-2..=2).all(|dx| stroke(x + dx as f32, y));
                    match (stroke(x, y), line(x, y)) {
                        (true, _) if inside => assert!(value > 120, "{x} {y} {value}"),
                        (false, true) => left += usize::from(value > 60),
                        _ => {}
                    }
                }
            }
            assert!(left < 40, "{left} pixels of the line are left");
        }
    }

    #[test]
    fn hand_drawn_flourish_stays() {
        let flourish = |x: f32, y: f32| {
            (y - 100.0 - 12.0 * (x / 90.0).sin() - 0.04 * x).abs() <= 3.0 && x > 60.0
        };
        let kept =
            remove(darkness(640, 200, |x, y| if flourish(x, y) { 230 } else { 0 }));
        let inked = kept.dark.data.iter().filter(|&&value| value > 200).count();
        assert!(inked > 3000, "{inked}");
    }
}
