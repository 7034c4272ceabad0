//! Measures a sentence as Typst sets it.
//!
//! Takes runs, gives a [`Ruler`], which knows their widths, and the number of lines into
//! which a column breaks them. The sentence is laid out alone, with the fonts and nothing
//! else, by the code that lays it out on the page.

use std::cell::RefCell;
use std::num::NonZeroU64;

use typst::foundations::{Content, NativeElement, Smart};
use typst::introspection::Locator;
use typst::layout::{Abs, BoxElem, Dir, Em, Frame, Length, Size};
use typst::model::ParElem;
use typst::syntax::Span;
use typst::text::{
    BottomEdge, FontFamily, FontList, FontStyle, FontWeight, Lang, NumberType,
    NumberWidth, Region as LangRegion, TextDir, TextElem, TextSize, TopEdge,
};
use unicode_segmentation::UnicodeSegmentation;

use super::advances::{Part, SIZE, advances};
use super::keep::{MAX_KEPT, hold, line_end, stand_alone};
use super::script::{self, is_leftward, is_spaceable, is_unspaced, words};
use super::world::layout_alone;
use crate::base::lang::{Direction, Tag};
use crate::press::fonts::Fonts;
use crate::press::sheet::sentence::SheetRun;

/// The language of sentences, and how their figures are set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) tag: &'a Tag,
    /// Whether figures are lining and all have the same width.
    pub(crate) tabular: bool,
}

impl Setting<'_> {
    fn rtl(self) -> bool {
        self.tag.direction() == Direction::Rtl
    }
}

/// Measures the widths and lines of one sentence.
pub(super) struct Ruler<'a> {
    fonts: &'a Fonts,
    pub(super) runs: &'a [SheetRun],
    /// Whether it is a name, in which a word with a hyphen is not broken.
    name: bool,
    tracking: f64,
    setting: Setting<'a>,
    /// The advances of the clusters of each run, each with its first byte, in em of the
    /// sentence.
    advances: Vec<Vec<(usize, f64)>>,
    /// The numbers of lines that were counted, by the ratio of column and size.
    counted: RefCell<Vec<(f64, u32)>>,
    /// The parts of each run on the page, when they are decided.
    decided: Option<Vec<Vec<Part>>>,
    /// The size at the smallest step, as a share of that at the largest.
    least: f64,
}

/// The distance between base lines when lines are counted, in points.
const PITCH: f64 = 1000.0;
/// A text that fills at most this share of a column certainly stands on one line.
const CLEARLY: f64 = 0.98;

impl<'a> Ruler<'a> {
    pub(super) fn new(
        fonts: &'a Fonts,
        runs: &'a [SheetRun],
        name: bool,
        tracking: f64,
        setting: Setting<'a>,
    ) -> Self {
        let mut ruler = Self {
            fonts,
            runs,
            name,
            tracking,
            setting,
            advances: vec![Vec::new(); runs.len()],
            counted: RefCell::default(),
            decided: None,
            least: 1.0,
        };
        // Measure the letters in the parts of the page, because Typst neither kerns nor
        // spaces the letters of two parts.
        let parts = ruler.parts(SIZE, f64::INFINITY);
        let frame = ruler.layout(&parts, SIZE, f64::INFINITY);
        ruler.advances = advances(&frame, &parts);
        ruler.counted.get_mut().push((f64::INFINITY, lines_of(&frame)));
        ruler
    }

    /// Sets the size at the smallest step, as a share of that at the largest.
    pub(super) fn with_least(mut self, share: f64) -> Self {
        self.least = share;
        self
    }

    /// Decides the parts of each run for a fit. All smaller steps use the same parts.
    /// Returns the number of lines that these parts take.
    pub(super) fn decide(&mut self, size: f64, column: f64) -> u32 {
        let parts = self.parts(size, column);
        // The parts of an address, and the values that are held, depend on the fit:
        // forget what was counted without them.
        let is_own = |(text, _): &Part| text.contains('\u{a0}') || *text == line_end().0;
        let has_link = self.runs.iter().any(|run| run.link.is_some());
        if has_link || parts.iter().flatten().any(is_own) {
            self.counted.get_mut().truncate(1);
        }
        self.decided = Some(parts);
        self.lines(size, column)
    }

    /// The parts of each run; none if they were not decided.
    pub(super) fn into_parts(self) -> Vec<Vec<Part>> {
        self.decided.unwrap_or_default()
    }

    /// The width of the sentence on one line, in em. It contains the space after the last
    /// spaced letter: Typst breaks lines as if that belonged to the letter, but does not
    /// set it at the end of a line.
    pub(super) fn natural(&self) -> f64 {
        self.advances.iter().flatten().map(|(_, advance)| advance).sum()
    }

    /// The width of all letters without the spaces between words, in em.
    pub(super) fn ink(&self) -> f64 {
        let runs = self.runs.iter().zip(&self.advances);
        let widths = runs.flat_map(|(run, advances)| {
            advances.iter().filter(|(at, _)| {
                let letter = run.text.get(*at..).and_then(|rest| rest.chars().next());
                letter.is_some_and(|letter| !letter.is_whitespace())
            })
        });
        widths.map(|(_, advance)| advance).sum()
    }

    /// Whether all of its letters may be set with space between them.
    pub(super) fn is_spaced(&self) -> bool {
        self.runs.iter().all(is_spaceable)
    }

    /// Whether its lines begin on the right.
    pub(super) fn rtl(&self) -> bool {
        self.setting.rtl()
    }

    /// The width of the widest part that is not broken, in em.
    pub(super) fn widest_word(&self) -> f64 {
        let mut widest: f64 = 0.0;
        let mut word: f64 = 0.0;
        for (index, run) in self.runs.iter().enumerate() {
            // A line may break in an address.
            if run.link.is_some() {
                continue;
            }
            let mut end_word = |word: &mut f64| {
                widest = widest.max(*word);
                *word = 0.0;
            };
            // A line may break in a script without spaces, but its first letter may
            // belong to the word before it.
            if is_unspaced(run) {
                let first = run.text.graphemes(true).next().unwrap_or_default();
                word += self.width(index, 0..first.len());
                end_word(&mut word);
                continue;
            }
            let mut at = 0;
            for piece in run.text.split([' ', '\u{3000}']) {
                if at > 0 {
                    end_word(&mut word);
                }
                word += self.width(index, at..at + piece.len());
                at += piece.len() + 1;
                // An ideographic space has three bytes.
                while at < run.text.len() && !run.text.is_char_boundary(at) {
                    at += 1;
                }
            }
        }
        widest.max(word)
    }

    /// The width of a part of a run, in em of the sentence.
    fn width(&self, run: usize, range: std::ops::Range<usize>) -> f64 {
        let advances = self.advances[run].iter();
        advances.filter(|(at, _)| range.contains(at)).map(|(_, advance)| advance).sum()
    }

    /// The number of lines in a column of this width; size and column are in points.
    ///
    /// It depends only on their ratio, and usually grows with the size. But an address is
    /// not broken if it fits on a line, so that a sentence with one may take more lines
    /// in a wider column.
    pub(super) fn lines(&self, size: f64, column: f64) -> u32 {
        let ratio = column / size;
        let mut known = self.counted.borrow_mut();
        // A column that is clearly wider than the text breaks no line.
        let parts = self.decided.iter().flatten().flatten();
        let is_broken = parts.into_iter().any(|part| *part == line_end());
        let wide = !is_broken && self.natural() <= ratio * CLEARLY;
        if let Some((_, lines)) = known.first().filter(|_| wide) {
            return *lines;
        }
        if self.runs.iter().all(|run| run.link.is_none()) {
            let narrower = known.iter().filter(|(other, _)| *other <= ratio);
            let narrower = narrower.max_by(|a, b| a.0.total_cmp(&b.0));
            let wider = known.iter().filter(|(other, _)| *other >= ratio);
            let wider = wider.min_by(|a, b| a.0.total_cmp(&b.0));
            if let (Some((_, lines)), Some((_, other))) = (narrower, wider)
                && lines == other
            {
                return *lines;
            }
        }
        let lines = self.count(size, column);
        known.push((ratio, lines));
        lines
    }

    fn count(&self, size: f64, column: f64) -> u32 {
        let own;
        let parts = match &self.decided {
            Some(parts) => parts,
            None => {
                own = self.parts(size, column);
                &own
            }
        };
        lines_of(&self.layout(parts, size, column))
    }

    /// The parts of each run. An empty list means that a line may break anywhere in the
    /// run.
    fn parts(&self, size: f64, column: f64) -> Vec<Vec<Part>> {
        let rtl = self.setting.rtl();
        // Parts that are not broken are boxes. In a paragraph from right to left these
        // lose their order, and beside a run in that direction they would split an
        // isolate.
        let mixed = rtl || self.runs.iter().any(is_leftward);
        let runs = self.runs.iter().enumerate();
        let parts = runs.map(|(index, run)| {
            if run.link.is_some() {
                return self.address(index, size, column);
            }
            let hangul = script::script(run) == "hang";
            if mixed || !(hangul || self.name) {
                return Vec::new();
            }
            let is_kept = |word: &str| {
                if hangul {
                    !word.trim().is_empty()
                } else {
                    word.contains(['-', '\u{2010}'])
                }
            };
            if !is_kept(&run.text) {
                return Vec::new();
            }
            let words = words(&run.text).map(|word| {
                let short = word.graphemes(true).count() <= MAX_KEPT;
                (word.to_owned(), is_kept(word) && short)
            });
            words.collect()
        });
        let mut parts: Vec<Vec<Part>> = parts.collect();
        // The following matters only for several lines.
        if self.natural() * size > column {
            hold(self.runs, &mut parts, |run, range| {
                self.width(run, range) * size / column
            });
            // The address gets no line of its own if the sentence takes one line at a
            // smaller step.
            if self.natural() * size * self.least > column {
                stand_alone(self.runs, &mut parts);
            }
        }
        parts
    }

    /// The parts of an address. It is set on one line if it fits; else it breaks after a slash, and
    /// a part that is longer than a line breaks where Typst breaks it.
    fn address(&self, run: usize, size: f64, column: f64) -> Vec<Part> {
        let text = &self.runs[run].text;
        let fits = |range| self.width(run, range) * size <= column;
        if fits(0..text.len()) {
            return vec![(text.clone(), true)];
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut start = 0;
        let scheme = text.find("://").map_or(0, |at| at + 3);
        for (at, _) in text.match_indices('/') {
            let doubled = text[at + 1..].starts_with('/');
            if at < scheme || doubled {
                continue;
            }
            parts.push((text[start..=at].to_owned(), fits(start..at + 1)));
            start = at + 1;
        }
        if start < text.len() {
            parts.push((text[start..].to_owned(), fits(start..text.len())));
        }
        if !self.setting.rtl() {
            return parts;
        }
        // Boxes in a row follow the paragraph's direction, and from right to left the
        // parts would come in reverse order: so each line is one box.
        let mut lines = Vec::new();
        let (mut start, mut end) = (0, 0);
        for (part, _) in parts {
            let next = end + part.len();
            if end > start && !fits(start..next) {
                lines.push((text[start..end].to_owned(), fits(start..end)));
                lines.push(line_end());
                start = end;
            }
            end = next;
        }
        lines.push((text[start..end].to_owned(), fits(start..end)));
        lines
    }

    fn layout(&self, parts: &[Vec<Part>], size: f64, column: f64) -> Frame {
        let content = self.paragraph(parts, size);
        let frame = layout_alone(self.fonts, &content, column, Locator::root());
        // Laying out a paragraph of text alone cannot fail.
        frame.unwrap_or_else(|_| Frame::soft(Size::zero()))
    }

    /// The sentence as one paragraph, the lines of which are [`PITCH`] apart.
    fn paragraph(&self, parts: &[Vec<Part>], size: f64) -> Content {
        let mut all = Vec::new();
        let mut spans = (2_u64..).filter_map(NonZeroU64::new).map(Span::from_raw);
        for (run, parts) in self.runs.iter().zip(parts) {
            let mut span = || spans.next().unwrap_or(Span::detached());
            if parts.is_empty() {
                all.push(self.text(run, &run.text, span()));
                continue;
            }
            for (part, keep) in parts {
                let text = self.text(run, part, span());
                all.push(if *keep {
                    let text = text.set(TextElem::dir, TextDir(Smart::Custom(Dir::LTR)));
                    BoxElem::new().with_body(Some(text)).pack()
                } else {
                    text
                });
            }
        }
        let tag = self.setting.tag;
        let edge = |share: f64| Length::from(Abs::pt(PITCH * share));
        let dir = if self.setting.rtl() { Dir::RTL } else { Dir::LTR };
        let region =
            tag.glyph_region().and_then(|region| region.parse::<LangRegion>().ok());
        let mut paragraph = ParElem::new(Content::sequence(all))
            .pack()
            .set(ParElem::leading, Length::zero())
            .set(TextElem::size, TextSize(Abs::pt(size).into()))
            .set(TextElem::top_edge, TopEdge::Length(edge(0.8)))
            .set(TextElem::bottom_edge, BottomEdge::Length(edge(-0.2)))
            .set(TextElem::hyphenate, Smart::Custom(false))
            .set(TextElem::fallback, false)
            .set(TextElem::dir, TextDir(Smart::Custom(dir)))
            .set(TextElem::region, region);
        if let Ok(lang) = tag.language().parse::<Lang>() {
            paragraph = paragraph.set(TextElem::lang, lang);
        }
        if self.setting.tabular {
            paragraph = with_tabular_figures(paragraph);
        }
        paragraph
    }

    /// A text in a run's face.
    fn text(&self, run: &SheetRun, text: &str, span: Span) -> Content {
        let style = if run.italic { FontStyle::Italic } else { FontStyle::Normal };
        let mut content = TextElem::packed(text)
            .spanned(span)
            .set(TextElem::font, FontList(vec![FontFamily::new(&run.font)]))
            .set(TextElem::weight, FontWeight::from_number(run.weight))
            .set(TextElem::style, style)
            .set(TextElem::size, TextSize(Em::new(run.size).into()));
        if run.link.is_some() {
            content = with_tabular_figures(content).set(TextElem::ligatures, false);
        }
        if self.tracking != 0.0 && is_spaceable(run) {
            content = content.set(TextElem::tracking, Em::new(self.tracking).into());
            if self.tracking > SPACED {
                content = content.set(TextElem::ligatures, false);
            }
        }
        content
    }
}

/// The space between letters from which a text has no ligatures, in em: `runs.typ` has the same.
const SPACED: f64 = 0.03;

fn with_tabular_figures(content: Content) -> Content {
    content
        .set(TextElem::number_type, Smart::Custom(NumberType::Lining))
        .set(TextElem::number_width, Smart::Custom(NumberWidth::Tabular))
}

/// The number of lines of a frame, which are [`PITCH`] apart.
fn lines_of(frame: &Frame) -> u32 {
    (frame.height().to_pt() / PITCH).round() as u32
}
