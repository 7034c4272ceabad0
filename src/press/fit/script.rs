//! What scripts need of a line: its height, and whether letters may be spaced.

use crate::press::layout::slot::SlotStyle;
use crate::press::sheet::sentence::SheetRun;

/// Scripts whose letters may be spaced. Joined letters (Arabic, Devanagari…) may not, nor
/// may Han, which has its own grid.
const SPACEABLE: [&str; 4] = ["latn", "grek", "cyrl", "armn"];
/// Scripts in which a line may end inside a word.
const UNSPACED: [&str; 8] =
    ["hani", "hira", "kana", "jpan", "thai", "laoo", "khmr", "mymr"];
/// Scripts that are written from right to left.
const LEFTWARD: [&str; 5] = ["arab", "hebr", "syrc", "thaa", "nkoo"];

/// The reach of a text's ink above and below its base line, and its leading, in em.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Reach {
    pub(super) above: f64,
    pub(super) below: f64,
    pub(super) leading: f64,
}

/// The ink of a script.
fn reach_of(script: &str) -> [f64; 3] {
    match script {
        "latn" => [0.96, 0.3, 0.0],
        "grek" | "cyrl" => [0.98, 0.3, 0.0],
        "armn" | "geor" => [0.96, 0.32, 0.0],
        "arab" => [1.04, 0.58, 0.1],
        "hebr" => [0.95, 0.4, 0.1],
        "deva" => [1.08, 0.48, 0.1],
        "beng" => [1.05, 0.48, 0.1],
        "guru" => [1.05, 0.45, 0.1],
        "taml" => [1.0, 0.45, 0.1],
        "telu" | "knda" => [1.08, 0.65, 0.1],
        "thai" => [1.2, 0.45, 0.1],
        "laoo" => [1.2, 0.5, 0.1],
        "khmr" | "mymr" => [1.15, 0.75, 0.1],
        "hani" | "hira" | "kana" => [0.96, 0.2, 0.2],
        "hang" => [0.96, 0.22, 0.2],
        // Gujarati, Malayalam, Sinhala, and all others.
        _ => [1.05, 0.5, 0.1],
    }
}

/// Words in Nastaliq slope downwards. Its bold face, which is chosen from weight 550 on, is taller.
const NASTALIQ: [f64; 3] = [2.05, 0.75, 0.0];
const BOLD_NASTALIQ: [f64; 3] = [2.35, 0.8, 0.0];
/// How far the bar of kaf in Nastaliq extends before the start of a line, and the tail of
/// re after its end, in em.
const NASTALIQ_BAR: f64 = 0.47;
const NASTALIQ_TAIL: f64 = 0.22;

pub(super) fn is_nastaliq(run: &SheetRun) -> bool {
    run.font.contains("Nastaliq")
}

/// A run's script. Figures and punctuation, which have none, take that of the text around
/// them.
pub(super) fn script(run: &SheetRun) -> &str {
    match run.script.as_str() {
        "zyyy" | "zinh" | "zzzz" => "latn",
        script => script,
    }
}

pub(super) fn is_spaceable(run: &SheetRun) -> bool {
    SPACEABLE.contains(&script(run))
}

pub(super) fn is_unspaced(run: &SheetRun) -> bool {
    UNSPACED.contains(&script(run))
}

pub(super) fn is_leftward(run: &SheetRun) -> bool {
    LEFTWARD.contains(&script(run))
}

/// The space between the letters of runs that may be spaced, in em. If a slot has a scale
/// for spaced texts, a text is spaced only if all its letters may be.
pub(super) fn tracking(runs: &[SheetRun], style: &SlotStyle) -> f64 {
    let spaced = style.spaced.is_none() || runs.iter().all(is_spaceable);
    if spaced { style.tracking } else { 0.0 }
}

pub(super) fn reach(runs: &[SheetRun]) -> Reach {
    runs.iter().fold(Reach::default(), |reach, run| {
        let [above, below, leading] = match (is_nastaliq(run), run.weight >= 550) {
            (true, true) => BOLD_NASTALIQ,
            (true, false) => NASTALIQ,
            _ => reach_of(script(run)),
        };
        Reach {
            above: reach.above.max(above * run.size),
            below: reach.below.max(below * run.size),
            leading: reach.leading.max(leading),
        }
    })
}

/// How far the letters extend beyond the start and the end of a line, in em of its size.
pub(super) fn overhang(runs: &[SheetRun]) -> (f64, f64) {
    let sizes = runs.iter().filter(|run| is_nastaliq(run)).map(|run| run.size);
    let most = sizes.fold(0.0, f64::max);
    (NASTALIQ_BAR * most, NASTALIQ_TAIL * most)
}

/// Words and the white space between them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let blank = rest.chars().next()?.is_whitespace();
        let end = rest.find(|c: char| c.is_whitespace() != blank).unwrap_or(rest.len());
        let (word, later) = rest.split_at(end);
        rest = later;
        Some(word)
    })
}
