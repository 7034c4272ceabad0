//! The result of itemization: a part of a text and the face that it is set in.

use std::ops::Range;

/// A part of a text in one face.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FontRun {
    /// The part, as a range of bytes of the text.
    pub(crate) range: Range<usize>,
    /// The index of the request that covers the part.
    pub(crate) request: usize,
    pub(crate) face: ChosenFace,
}

/// The face that a part of a text is set in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChosenFace {
    pub(crate) family: String,
    /// 100 to 900.
    pub(crate) weight: u16,
    pub(crate) italic: bool,
    /// The factor by which it is set larger than the requested face, 1 for the same size.
    pub(crate) scale: f64,
    /// The ISO 15924 code in lower case.
    pub(crate) script: String,
}

/// Moves the space after figures to the run of the words after them, so that it is as
/// wide as the other spaces between words.
pub(super) fn give_spaces(text: &str, runs: &mut [FontRun]) {
    for index in 1..runs.len() {
        let (figures, words) = runs.split_at_mut(index);
        let (Some(figures), Some(words)) = (figures.last_mut(), words.first_mut()) else {
            continue;
        };
        let neutral = |run: &FontRun| run.face.script == "zyyy";
        let beside = figures.request == words.request;
        if beside && neutral(figures) && !neutral(words) {
            let kept = text[figures.range.clone()].trim_end().len();
            if kept > 0 {
                figures.range.end = figures.range.start + kept;
                words.range.start = figures.range.end;
            }
        }
    }
}
