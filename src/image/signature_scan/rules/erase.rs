//! Takes a line that was found out of the darkness.
//!
//! The decision: a pale line is divided out, as if it were paper, so that ink upon it stays; an opaque
//! one leaves nothing to divide, so strokes are joined across it where they go in and come out.

use std::ops::Range;

use super::{REACH, Rule, STRIP, Strips};
use crate::image::signature_scan::paper::Darkness;

/// Darkness by the offset from a line's row.
type Profile = [f32; 2 * REACH + 1];

impl Rule {
    pub(super) fn erase(&self, strips: &Strips, darkness: &mut Darkness) {
        let whole = self.profile(strips, 0..self.rows.len());
        let profiles: Vec<Profile> = (0..self.rows.len())
            .map(|index| {
                let window = index.saturating_sub(12)..(index + 13).min(self.rows.len());
                let mut profile = self.profile(strips, window);
                // A stroke that runs along the line is darker than the line is elsewhere.
                for (value, whole) in profile.iter_mut().zip(&whole) {
                    *value = value.min(1.3 * whole + 4.0);
                }
                profile
            })
            .collect();
        let width = darkness.dark.width;
        // The strip in which a line ends does not show it well enough.
        let start = self.first.saturating_sub(1) * STRIP;
        let end = match self.first + self.rows.len() + 1 >= strips.means.len() {
            true => width,
            false => (self.first + self.rows.len() + 1) * STRIP,
        };
        for x in start..end {
            // Between the middles of two strips, which are where rows are known.
            let at = (x as f32 + 0.5) / STRIP as f32 - 0.5 - self.first as f32;
            let at = at.clamp(0.0, (self.rows.len() - 1) as f32);
            let before = at.floor() as usize;
            let after = (before + 1).min(self.rows.len() - 1);
            let part = at - before as f32;
            let row = self.rows[before] + (self.rows[after] - self.rows[before]) * part;
            let profile = &profiles[at.round() as usize];
            erase_column(darkness, x, row, profile);
        }
    }

    /// How dark the line is at each offset from its row: the median over a window of strips, since
    /// what crosses it is elsewhere in each of them.
    fn profile(&self, strips: &Strips, window: Range<usize>) -> Profile {
        let mut profile = [0.0; 2 * REACH + 1];
        for (offset, value) in profile.iter_mut().enumerate() {
            let mut values: Vec<f32> = window
                .clone()
                .map(|index| {
                    let row = self.rows[index] + offset as f32 - REACH as f32;
                    between(&strips.means[self.first + index], row)
                })
                .collect();
            values.sort_by(f32::total_cmp);
            // Below the median: strips with a stroke in them are all darker.
            *value = values[values.len() * 2 / 5];
        }
        // The foot of the peak is the paper.
        let foot = profile[0].min(profile[2 * REACH]);
        for value in &mut profile {
            *value = (*value - foot).max(0.0);
        }
        // Beyond the first dip on either side it is something else.
        for side in [-1_isize, 1] {
            let mut gone = false;
            for step in 1..=REACH as isize {
                let value = &mut profile[(REACH as isize + side * step) as usize];
                gone |= *value < 3.0;
                if gone {
                    *value = 0.0;
                }
            }
        }
        profile
    }
}

/// A rule this dark leaves no light to tell ink by.
const OPAQUE: f32 = 128.0;

fn erase_column(darkness: &mut Darkness, x: usize, row: f32, profile: &Profile) {
    let (width, height) = (darkness.dark.width, darkness.dark.height);
    let top = (row - REACH as f32).ceil().max(0.0) as usize;
    let bottom = (row + REACH as f32).floor().min(height as f32 - 1.0);
    let line = |y: usize| between(profile, y as f32 - row + REACH as f32);
    let rows = top..(bottom.max(-1.0) + 1.0) as usize;
    let opaque = rows.clone().filter(|&y| line(y) >= OPAQUE);
    let band = opaque.clone().min().zip(opaque.max());
    for y in rows {
        let swallowed = line(y);
        if swallowed < 2.0 {
            continue;
        }
        let index = y * width + x;
        let through = (255.0 - swallowed).max(1.0);
        let left = f32::from(255 - darkness.dark.data[index]);
        let dark = (255.0 - 255.0 * left / through).clamp(0.0, 255.0);
        // The line's own print varies by a third or so.
        let doubt =
            255.0 * f32::from(darkness.doubt.data[index]).max(0.35 * swallowed) / through;
        darkness.dark.data[index] = dark as u8;
        darkness.doubt.data[index] = doubt.min(255.0) as u8;
    }
    if let Some((first, last)) = band {
        join_across(darkness, x, first, last);
    }
}

/// Fills a column of an opaque line where a stroke goes in above and comes out below.
fn join_across(darkness: &mut Darkness, x: usize, first: usize, last: usize) {
    let width = darkness.dark.width;
    let (above, below) = (first as isize - 3, last as isize + 3);
    let thick = (last - first + 1) as isize + 4;
    for y in first.saturating_sub(2)..=(last + 2).min(darkness.dark.height - 1) {
        let (to_top, to_bottom) = (y as isize - above, below - y as isize);
        let joined = (-thick..=thick)
            .step_by(2)
            .map(|lean| {
                let over = x as isize - lean * to_top / thick;
                let under = x as isize + lean * to_bottom / thick;
                let ends =
                    [darkness.dark.near(over, above), darkness.dark.near(under, below)];
                ends[0].min(ends[1])
            })
            .max()
            .unwrap_or(0);
        let index = y * width + x;
        darkness.dark.data[index] = joined;
        darkness.doubt.data[index] = darkness.doubt.data[index].min(40);
    }
}

/// The value between two places of a list, by straight line.
fn between(values: &[f32], at: f32) -> f32 {
    let at = at.clamp(0.0, values.len() as f32 - 1.0);
    let before = at.floor() as usize;
    let after = (before + 1).min(values.len() - 1);
    values[before] + (values[after] - values[before]) * (at - before as f32)
}
