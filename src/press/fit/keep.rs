//! Keeps words together in a sentence of several lines.
//!
//! Takes runs and their parts, and changes the parts: a short value, such as a date or the name of
//! an organization, stays on one line, and the address at the end of a sentence has lines of its
//! own.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::advances::Part;
use crate::press::sheet::sentence::SheetRun;
use crate::text::runs::{FSI, PDI};

/// The longest word or value in which no line breaks, in letters.
pub(super) const MAX_KEPT: usize = 24;
/// A value that is kept on one line may take at most this share of the column.
const MAX_HELD: f64 = 0.9;

/// The part that ends a line.
pub(super) fn line_end() -> Part {
    ("\n".to_owned(), false)
}

/// Whether a letter is Thai, Lao, Myanmar or Khmer: these scripts have no spaces, and
/// Typst breaks lines between words of a dictionary.
fn is_of_dictionary(letter: char) -> bool {
    matches!(letter, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}')
}

/// Keeps each short value on one line: no line breaks at its spaces, nor between the
/// words of a dictionary in it. `share` gives the share of the column that a range of a
/// run takes.
pub(super) fn hold(
    runs: &[SheetRun],
    parts: &mut [Vec<Part>],
    share: impl Fn(usize, Range<usize>) -> f64,
) {
    // From the last value to the first, because a no-break space has more bytes than a
    // space.
    for value in values(runs).into_iter().rev() {
        let words = value.iter().map(|(run, range)| &runs[*run].text[range.clone()]);
        let letters: usize = words.map(|words| words.graphemes(true).count()).sum();
        let wide: f64 = value.iter().map(|(run, range)| share(*run, range.clone())).sum();
        if letters > MAX_KEPT || wide > MAX_HELD {
            continue;
        }
        for (run, Range { start, end }) in value {
            let (text, after) = match parts[run].as_slice() {
                [] => (runs[run].text.as_str(), [].as_slice()),
                // Values that follow in the run are held already.
                [(text, false), after @ ..] if end <= text.len() => {
                    (text.as_str(), after)
                }
                // The run is an address, or its words are kept whole already.
                _ => continue,
            };
            let held = text[start..end].replace(' ', "\u{a0}");
            let (before, behind) = (&text[..start], &text[end..]);
            let mut held = if held.contains(is_of_dictionary) {
                let is_around = |letter| letter == FSI || letter == '\u{a0}';
                let whole = held.trim_matches(is_around);
                let at = held.len() - held.trim_start_matches(is_around).len();
                let (open, close) = (&held[..at], &held[at + whole.len()..]);
                let around = |text| (text, false);
                vec![
                    around([before, open].concat()),
                    (whole.to_owned(), true),
                    around([close, behind].concat()),
                ]
            } else {
                vec![([before, &held, behind].concat(), false)]
            };
            held.retain(|(text, _)| !text.is_empty());
            held.extend_from_slice(after);
            parts[run] = held;
        }
    }
}

/// The values of a sentence. A value is a list of ranges of runs.
fn values(runs: &[SheetRun]) -> Vec<Vec<(usize, Range<usize>)>> {
    let mut values = Vec::new();
    let mut value = Vec::new();
    let mut depth = 0_usize;
    for (index, run) in runs.iter().enumerate() {
        let mut start = 0;
        for (at, letter) in run.text.char_indices() {
            match letter {
                FSI => {
                    if depth == 0 {
                        start = at;
                    }
                    depth += 1;
                }
                PDI if depth > 0 => {
                    depth -= 1;
                    if depth == 0 {
                        value.push((index, start..at));
                        values.push(std::mem::take(&mut value));
                    }
                }
                _ => {}
            }
        }
        if depth > 0 {
            value.push((index, start..run.text.len()));
        }
    }
    values
}

/// Puts the address at the end of a sentence on a line of its own.
pub(super) fn stand_alone(runs: &[SheetRun], parts: &mut [Vec<Part>]) {
    let Some(address) = runs.iter().position(|run| run.link.is_some()) else { return };
    let Some(before) = address.checked_sub(1) else { return };
    let is_mark = |letter: char| !letter.is_alphanumeric();
    let ends = |run: &SheetRun| run.link.is_some() || run.text.chars().all(is_mark);
    if !runs[address..].iter().all(ends) {
        return;
    }
    // White space before this line end would be visible.
    if parts[before].is_empty() {
        parts[before].push((runs[before].text.clone(), false));
    }
    if let Some((text, _)) = parts[before].last_mut() {
        text.truncate(text.trim_end().len());
    }
    parts[address].insert(0, line_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str, link: bool) -> SheetRun {
        SheetRun { link: link.then(|| text.to_owned()), ..SheetRun::latin(text) }
    }

    #[test]
    fn short_values_are_kept_on_a_line() {
        let text = "Am \u{2068}14. Mai 2026\u{2069} in \u{2068}Bad Nauheim\u{2069} von der \
                    \u{2068}Hochschule der angewandten Künste\u{2069}";
        let runs = [run(text, false)];
        let mut parts = [Vec::new()];
        hold(&runs, &mut parts, |_, range| range.len() as f64 / 100.0);
        let held =
            text.replace(". Mai 2", ".\u{a0}Mai\u{a0}2").replace("Bad N", "Bad\u{a0}N");
        assert_eq!(parts, [vec![(held, false)]]);
        let mut parts = [Vec::new()];
        hold(&runs, &mut parts, |_, _| 1.0);
        assert_eq!(parts, [Vec::new()]);
    }

    #[test]
    fn value_of_several_runs_is_kept_on_a_line() {
        let runs = [
            run("ณ \u{2068}14 ", false),
            run("พฤษภาคม พ.ศ. ", false),
            run("2569\u{2069}", false),
        ];
        let mut parts = [const { Vec::new() }; 3];
        hold(&runs, &mut parts, |_, _| 0.1);
        let text: String =
            parts.iter().flatten().map(|(text, _)| text.as_str()).collect();
        assert_eq!(text, "ณ \u{2068}14\u{a0}พฤษภาคม\u{a0}พ.ศ.\u{a0}2569\u{2069}");
        // A dictionary would break the name of the month.
        let month = ("พฤษภาคม\u{a0}พ.ศ.".to_owned(), true);
        assert_eq!(parts[1], [month, ("\u{a0}".to_owned(), false)]);
    }

    #[test]
    fn address_at_the_end_has_a_line_of_its_own() {
        let runs = [run("can be verified at ", false), run("https://example.org/", true)];
        let address = ("https://example.org/".to_owned(), true);
        let mut parts = [Vec::new(), vec![address.clone()]];
        stand_alone(&runs, &mut parts);
        let sentence = ("can be verified at".to_owned(), false);
        assert_eq!(parts, [vec![sentence], vec![line_end(), address.clone()]]);

        let runs = [run("ist unter ", false), runs[1].clone(), run(" zu prüfen", false)];
        let mut parts = [Vec::new(), vec![address.clone()], Vec::new()];
        stand_alone(&runs, &mut parts);
        assert_eq!(parts, [Vec::new(), vec![address], Vec::new()]);
    }
}
