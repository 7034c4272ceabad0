//! Compares a slot's text with its sentence.
//!
//! Takes the text items in a slot and the sentence's text, gives a [`Reading`]. A page
//! shows text in visual order, line by line. The expected order follows from the
//! bidirectional algorithm (UAX #9): each grapheme has a level, each line is reordered by
//! levels (rule L2), and the glyph clusters on the page must come in that order. If they
//! do not, the reordering is undone to find out what the page says instead.

use icu_properties::CodePointMapData;
use icu_properties::props::BidiClass;
use typst::layout::{Abs, Em, Point};
use typst::text::{TextItem, is_default_ignorable};
use unicode_bidi::{BidiInfo, Level};
use unicode_segmentation::UnicodeSegmentation;

use crate::base::lang::Direction;
use crate::text::runs::{FSI, PDI};

/// One text item and the start of its baseline on the page, in points.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlacedText<'a> {
    pub(super) item: &'a TextItem,
    pub(super) origin: Point,
}

/// What a slot says, in comparison with its sentence.
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

/// Reads texts and compares them with what they should say.
pub(super) fn read(
    texts: &[PlacedText<'_>],
    expected: &str,
    direction: Direction,
) -> Reading {
    let lines = lines(texts);
    if lines.iter().all(Vec::is_empty) {
        return if visible(expected) { Reading::Blank } else { Reading::Right };
    }
    if direction == Direction::Ltr && is_left_to_right(expected) {
        let actual = lines.iter().flatten().flat_map(|cluster| cluster.chars());
        if actual.eq(expected.chars().filter(|&c| is_visible(c))) {
            return Reading::Right;
        }
    }
    let units = units(expected, direction);
    let read = compare(&lines, &units).or_else(|text| {
        compare(&without_repeated_hyphens(&lines), &units).map_err(|_| text)
    });
    match read {
        Ok(()) => Reading::Right,
        Err(text) => {
            let twice = format!("{expected}\n{expected}");
            match compare(&lines, &self::units(&twice, direction)) {
                Ok(()) => Reading::Doubled,
                Err(_) => Reading::Other(text),
            }
        }
    }
}

/// Whether texts say something, once. Most texts of a page do not, which their letters tell before
/// their order is computed.
pub(super) fn says(
    texts: &[PlacedText<'_>],
    expected: &str,
    direction: Direction,
) -> bool {
    let (mut count, mut sum) = (0_usize, 0_u64);
    for c in texts.iter().flat_map(visible_characters) {
        count += 1;
        sum += u64::from(u32::from(c));
    }
    for c in expected.chars().filter(|&c| is_visible(c)) {
        if count == 0 {
            return false;
        }
        count -= 1;
        sum = sum.wrapping_sub(u32::from(c).into());
    }
    // The remaining characters can only be hyphens that are repeated at the start of
    // lines.
    let hyphens = |long: u64| (count as u64 - long) * 0x2D + long * 0x2010;
    let is_possible = (0..=count as u64).any(|long| hyphens(long) == sum);
    is_possible && read(texts, expected, direction) == Reading::Right
}

/// The visible characters for which the glyphs of a text stand.
fn visible_characters<'a>(text: &PlacedText<'a>) -> impl Iterator<Item = char> + 'a {
    let item = text.item;
    let mut last = None;
    let ranges = item.glyphs.iter().map(|glyph| glyph.range()).filter(move |range| {
        let is_new = last.as_ref() != Some(range);
        last = Some(range.clone());
        is_new
    });
    let texts = ranges.filter_map(|range| item.text.get(range));
    texts.flat_map(str::chars).filter(|&c| is_visible(c))
}

/// The number of lines that texts stand in.
#[cfg(test)]
pub(super) fn line_count(texts: &[PlacedText<'_>]) -> usize {
    lines(texts).len()
}

/// The lines without repeated hyphens: in Czech, Polish, Portuguese and other languages a
/// line after one that ends with a hyphen also begins with one.
fn without_repeated_hyphens(lines: &[Vec<String>]) -> Vec<Vec<String>> {
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

/// Whether a text has a visible character.
pub(super) fn visible(text: &str) -> bool {
    text.chars().any(is_visible)
}

/// A grapheme without its invisible characters, and its bidirectional level. A grapheme
/// that is all invisible is kept with an empty text, because the level of an isolate
/// separates its neighbours.
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
            let visible = grapheme.chars().filter(|&c| is_visible(c)).collect();
            let first = at + grapheme.find(is_visible).unwrap_or_default();
            Unit { text: visible, level: bidi.levels[first] }
        })
        .collect()
}

/// Compares lines of clusters with the units that they should show. The error is what they say
/// instead.
fn compare(lines: &[Vec<String>], units: &[Unit]) -> Result<(), String> {
    let mut rest = units;
    let mut text = String::new();
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
        let expected = order.iter().flat_map(|&index| here[index].text.chars());
        let actual = line.iter().flat_map(|cluster| cluster.chars());
        right &= expected.eq(actual);
        text.push_str(&logical(line, &order, here));
        text.push(' ');
    }
    let incomplete = rest.iter().any(|unit| !unit.text.is_empty());
    if right && !incomplete { Ok(()) } else { Err(text.trim_end().to_owned()) }
}

/// The order of units from left to right (UAX #9, rule L2).
fn visual_order(units: &[Unit]) -> Vec<usize> {
    let levels: Vec<Level> = units.iter().map(|unit| unit.level).collect();
    BidiInfo::reorder_visual(&levels)
}

/// The text of a line of clusters in logical order.
fn logical(line: &[String], order: &[usize], units: &[Unit]) -> String {
    let mut visual = line.iter().flat_map(|cluster| cluster.graphemes(true));
    let visible = units.iter().filter(|unit| !unit.text.is_empty()).count();
    if visual.clone().count() != visible {
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

/// The clusters of each line from left to right. A new line begins with a stretch that is
/// lower than the line's baseline by more than half of the font size.
fn lines(texts: &[PlacedText<'_>]) -> Vec<Vec<String>> {
    let mut lines: Vec<Vec<Stretch<'_, '_>>> = Vec::new();
    let mut baseline = Abs::zero();
    for stretch in stretches(texts) {
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

/// Consecutive items from left to right, each of which begins where the previous one
/// ends. Their own letters may overlap and differ in height.
struct Stretch<'a, 's>(&'s [PlacedText<'a>]);

/// The stretches of some texts. Typst gives those of a line in logical order.
fn stretches<'a, 's>(
    texts: &'s [PlacedText<'a>],
) -> impl Iterator<Item = Stretch<'a, 's>> {
    let follows = |before: &PlacedText<'_>, text: &PlacedText<'_>| {
        let end = before.origin.x + before.item.width();
        let drop = (text.origin.y - before.origin.y).abs();
        (text.origin.x - end).abs() < Abs::pt(0.01) && drop < text.item.size * 2.0
    };
    texts.chunk_by(follows).map(Stretch)
}

impl Stretch<'_, '_> {
    /// The baseline of the lowest letter, and its font size. In scripts whose words slope
    /// down, only the last letter of a word is on the line's baseline. Marks have no
    /// advance, are not counted, and may be below it.
    fn baseline(&self) -> (Abs, Abs) {
        let mut heights = Vec::new();
        for text in self.0 {
            let size = text.item.size;
            for glyph in &text.item.glyphs {
                let lift = glyph.y_offset.at(size);
                heights.push((glyph.x_advance != Em::zero(), text.origin.y - lift, size));
            }
        }
        let lowest = heights.into_iter().reduce(|a, b| if a < b { b } else { a });
        lowest.map_or_else(Default::default, |(_, height, size)| (height, size))
    }
}

/// A line's clusters from left to right.
fn visual(mut line: Vec<Stretch<'_, '_>>) -> Vec<String> {
    line.sort_by_key(|stretch| stretch.0.first().map(|text| text.origin.x));
    let mut texts = Vec::new();
    for text in line.iter().flat_map(|stretch| stretch.0) {
        clusters(text.item, &mut texts);
    }
    texts
}

/// Appends the texts of an item's clusters, in the order of its glyphs, to a line.
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
        let visible =
            |grapheme: &str| grapheme.chars().filter(|&c| is_visible(c)).collect();
        // A ligature is one cluster of several graphemes in logical order, which has to be reversed
        // where the line runs from right to left.
        if backwards {
            line.extend(graphemes.rev().map(visible));
        } else {
            line.extend(graphemes.map(visible));
        }
        line.retain(|cluster: &String| !cluster.is_empty());
    }
}

/// Whether the first strong character of a text is written from right to left.
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

/// Whether a line from left to right shows all letters of a text in the order of reading:
/// Latin, Greek, Cyrillic and Armenian letters, punctuation, and isolates whose direction
/// is that of their first strong letter. For other texts the bidirectional algorithm
/// decides.
fn is_left_to_right(text: &str) -> bool {
    text.chars().all(|c| {
        matches!(c, '\0'..'\u{590}' | '\u{1e00}'..'\u{2000}' | '\u{2010}'..='\u{2027}' | FSI | PDI)
    })
}

/// Whether a character is visible on the page.
fn is_visible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic();
    }
    !(c.is_whitespace() || c.is_control() || is_default_ignorable(c))
}
