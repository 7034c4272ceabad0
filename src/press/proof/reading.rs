//! A slot's text read back in logical order.
//!
//! A page shows text in visual order, line by line. What a sentence must look like there follows from
//! the bidirectional algorithm (UAX #9): its graphemes get levels, each line is reordered by them
//! (rule L2), and the glyph clusters on the page must come in that very order. Where they do, the
//! page reads as the sentence; where not, the permutation is undone to say what it reads instead.

use icu_properties::CodePointMapData;
use icu_properties::props::BidiClass;
use typst::layout::{Abs, Em, Point};
use typst::text::{TextItem, is_default_ignorable};
use unicode_bidi::{BidiInfo, Level};
use unicode_segmentation::UnicodeSegmentation;

use crate::base::lang::Direction;

/// One text item and the start of its baseline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set<'a> {
    pub(super) item: &'a TextItem,
    pub(super) origin: Point,
}

/// What a slot says, against what it should.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The sentence, once.
    Right,
    /// The sentence, more than once.
    Doubled,
    /// Nothing at all.
    Blank,
    /// Something else.
    Other(String),
}

/// Reads what was set and compares it with what should be.
pub(super) fn read(set: &[Set<'_>], expected: &str, direction: Direction) -> Reading {
    let lines = lines(set);
    if lines.iter().all(Vec::is_empty) {
        return match visible(expected) {
            true => Reading::Blank,
            false => Reading::Right,
        };
    }
    let units = units(expected, direction);
    let read = reorder(&lines, &units)
        .or_else(|text| reorder(&unrepeated(&lines), &units).map_err(|_| text));
    match read {
        Ok(()) => Reading::Right,
        Err(text) => {
            let twice = format!("{expected}\n{expected}");
            match reorder(&lines, &self::units(&twice, direction)) {
                Ok(()) => Reading::Doubled,
                Err(_) => Reading::Other(text),
            }
        }
    }
}

/// The lines without the hyphens that Czech, Polish, Portuguese and others repeat where a line begins
/// after one that a hyphen ends.
fn unrepeated(lines: &[Vec<String>]) -> Vec<Vec<String>> {
    let is_hyphen = |cluster: Option<&String>| {
        cluster.is_some_and(|cluster| matches!(cluster.as_str(), "-" | "\u{2010}"))
    };
    let mut before = false;
    lines
        .iter()
        .map(|line| {
            let repeated = before && is_hyphen(line.first());
            before = is_hyphen(line.last());
            line[usize::from(repeated)..].to_vec()
        })
        .collect()
}

/// Whether there is anything to see in a text.
pub(super) fn visible(text: &str) -> bool {
    text.chars().any(shows)
}

/// A grapheme without its invisible parts, and its level. One that is invisible altogether stays, since
/// an isolate's level keeps what stands before and behind it apart.
struct Unit {
    text: String,
    level: Level,
}

/// The graphemes of a text with their levels.
fn units(text: &str, direction: Direction) -> Vec<Unit> {
    let base = match direction {
        Direction::Ltr => Level::ltr(),
        Direction::Rtl => Level::rtl(),
    };
    let bidi = BidiInfo::new(text, Some(base));
    text.grapheme_indices(true)
        .map(|(at, grapheme)| {
            let shown = grapheme.chars().filter(|&c| shows(c)).collect();
            let first = at + grapheme.find(shows).unwrap_or_default();
            Unit { text: shown, level: bidi.levels[first] }
        })
        .collect()
}

/// Compares lines of clusters with the units that should fill them. The error is what the lines say.
fn reorder(lines: &[Vec<String>], units: &[Unit]) -> Result<(), String> {
    let mut rest = units;
    let mut said = String::new();
    let mut right = true;
    for line in lines {
        let count: usize = line.iter().map(|cluster| cluster.chars().count()).sum();
        let mut taken = 0;
        let mut length = 0;
        while length < count && taken < rest.len() {
            length += rest[taken].text.chars().count();
            taken += 1;
        }
        let (here, later) = rest.split_at(taken);
        rest = later;
        let order = visual_order(here);
        let should = order.iter().flat_map(|&index| here[index].text.chars());
        let does = line.iter().flat_map(|cluster| cluster.chars());
        right &= should.eq(does);
        said.push_str(&logical(line, &order, here));
        said.push(' ');
    }
    let unsaid = rest.iter().any(|unit| !unit.text.is_empty());
    match right && !unsaid {
        true => Ok(()),
        false => Err(said.trim_end().to_owned()),
    }
}

/// The order in which units stand from left to right (rule L2).
fn visual_order(units: &[Unit]) -> Vec<usize> {
    let levels: Vec<Level> = units.iter().map(|unit| unit.level).collect();
    BidiInfo::reorder_visual(&levels)
}

/// What a line of clusters says when it is put back into logical order.
fn logical(line: &[String], order: &[usize], units: &[Unit]) -> String {
    let mut visual = line.iter().flat_map(|cluster| cluster.graphemes(true));
    let shown = units.iter().filter(|unit| !unit.text.is_empty()).count();
    if visual.clone().count() != shown {
        return line.concat();
    }
    let mut logical = vec![""; units.len()];
    for &index in order {
        if !units[index].text.is_empty() {
            logical[index] = visual.next().unwrap_or_default();
        }
    }
    logical.concat()
}

/// The clusters of each line from left to right. A line ends where the next stretch stands more than
/// half its size lower.
fn lines(set: &[Set<'_>]) -> Vec<Vec<String>> {
    let mut lines: Vec<Vec<Stretch<'_, '_>>> = Vec::new();
    let mut baseline = Abs::zero();
    for stretch in stretches(set) {
        let (own, size) = stretch.baseline();
        match lines.last_mut() {
            Some(line) if own <= baseline + size / 2.0 => {
                baseline.set_max(own);
                line.push(stretch);
            }
            _ => {
                baseline = own;
                lines.push(vec![stretch]);
            }
        }
    }
    lines.into_iter().map(visual).collect()
}

/// Items that follow each other from left to right, each where the one before ends, even where
/// letters overlap and their own places go back and forth, up and down.
struct Stretch<'a, 's>(&'s [Set<'a>]);

/// The stretches of what was set. Typst gives those of a line in logical order.
fn stretches<'a, 's>(set: &'s [Set<'a>]) -> impl Iterator<Item = Stretch<'a, 's>> {
    let follows = |before: &Set<'_>, set: &Set<'_>| {
        let end = before.origin.x + before.item.width();
        let drop = (set.origin.y - before.origin.y).abs();
        (set.origin.x - end).abs() < Abs::pt(0.01) && drop < set.item.size * 2.0
    };
    set.chunk_by(follows).map(Stretch)
}

impl Stretch<'_, '_> {
    /// The lowest letter's baseline, and its size. Letters of a word that runs downhill stand above the
    /// line's, which the last of them reaches; marks, which take no room, also below it.
    fn baseline(&self) -> (Abs, Abs) {
        let mut heights = Vec::new();
        for set in self.0 {
            let size = set.item.size;
            for glyph in &set.item.glyphs {
                let lift = glyph.y_offset.at(size);
                heights.push((glyph.x_advance != Em::zero(), set.origin.y - lift, size));
            }
        }
        let lowest = heights.into_iter().reduce(|a, b| if a < b { b } else { a });
        lowest.map_or_else(Default::default, |(_, height, size)| (height, size))
    }
}

/// A line's clusters from left to right.
fn visual(mut line: Vec<Stretch<'_, '_>>) -> Vec<String> {
    line.sort_by_key(|stretch| stretch.0.first().map(|set| set.origin.x));
    let mut texts = Vec::new();
    for set in line.iter().flat_map(|stretch| stretch.0) {
        clusters(set.item, &mut texts);
    }
    texts
}

/// The texts of an item's clusters in the order of its glyphs.
fn clusters(item: &TextItem, line: &mut Vec<String>) {
    let mut ranges = Vec::new();
    for glyph in &item.glyphs {
        let range = glyph.range();
        if ranges.last() != Some(&range) {
            ranges.push(range);
        }
    }
    let backwards = match &ranges[..] {
        [first, .., last] => first.start > last.start,
        _ => is_right_to_left(&item.text),
    };
    for range in ranges {
        let text = item.text.get(range).unwrap_or_default();
        let graphemes = text.graphemes(true);
        let shown = |grapheme: &str| grapheme.chars().filter(|&c| shows(c)).collect();
        // A ligature of two letters is one cluster: in a line that runs to the left its text still
        // runs to the right.
        match backwards {
            true => line.extend(graphemes.rev().map(shown)),
            false => line.extend(graphemes.map(shown)),
        }
        line.retain(|cluster: &String| !cluster.is_empty());
    }
}

fn is_right_to_left(text: &str) -> bool {
    let classes = CodePointMapData::<BidiClass>::new();
    text.chars()
        .map(|c| classes.get(c))
        .find(|class| {
            [BidiClass::LeftToRight, BidiClass::RightToLeft, BidiClass::ArabicLetter]
                .contains(class)
        })
        .is_some_and(|class| class != BidiClass::LeftToRight)
}

/// Whether a character is one that a reader sees.
fn shows(c: char) -> bool {
    !(c.is_whitespace() || c.is_control() || is_default_ignorable(c))
}
