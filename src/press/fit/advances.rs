//! The advance of each letter of a sentence that is laid out alone.
//!
//! Takes the frame of a paragraph. The texts of the paragraph have consecutive spans, the
//! first of which is 2.

use typst::layout::{Frame, FrameItem};

/// A part of a run, and whether it is not broken.
pub(super) type Part = (String, bool);

/// The size at which letters are measured, in points.
pub(super) const SIZE: f64 = 10.0;

/// The advances of the clusters of each run, each with its first byte in the run, in em
/// of the sentence. `parts` are those in which the runs were set.
pub(super) fn advances(frame: &Frame, parts: &[Vec<Part>]) -> Vec<Vec<(usize, f64)>> {
    let mut advances = vec![Vec::new(); parts.len()];
    collect(frame, &starts(parts), &mut advances);
    for run in &mut advances {
        run.sort_by_key(|&(at, _)| at);
    }
    advances
}

/// For each text of a paragraph, in the order of the spans: its run, and where it begins
/// in it, in bytes.
fn starts(parts: &[Vec<Part>]) -> Vec<(usize, usize)> {
    let mut starts = Vec::new();
    for (run, parts) in parts.iter().enumerate() {
        let mut at = 0;
        if parts.is_empty() {
            starts.push((run, 0));
        }
        for (part, _) in parts {
            starts.push((run, at));
            at += part.len();
        }
    }
    starts
}

/// Collects the advance of each cluster of each run, in em of [`SIZE`].
fn collect(frame: &Frame, starts: &[(usize, usize)], advances: &mut [Vec<(usize, f64)>]) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => collect(&group.frame, starts, advances),
            FrameItem::Text(text) => {
                for glyph in &text.glyphs {
                    let (span, at) = glyph.span;
                    let index = (span.into_raw().get() as usize).checked_sub(2);
                    let Some((run, start)) = index.and_then(|index| starts.get(index))
                    else {
                        continue;
                    };
                    let advance = glyph.x_advance.at(text.size).to_pt() / SIZE;
                    advances[*run].push((start + usize::from(at), advance));
                }
            }
            _ => {}
        }
    }
}
