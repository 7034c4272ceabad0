//! How far the letters of a sentence really reach.
//!
//! Takes the frame of a sentence that is laid out alone, gives the reach of its ink beyond
//! its base line and beyond the ends of its words. The decision made here: the heights of
//! scripts hold for most words, so that a line stands still between recipients; a word
//! that reaches farther (a shadda with a vowel above it, a letter below another) has the
//! room of its own ink.

use typst::layout::{Frame, FrameItem, Point};

use super::advances::SIZE;
use crate::press::fonts::Fonts;

/// The share of the pitch of lines that stands above a base line.
pub(super) const ABOVE: f64 = 0.8;

/// The reach of ink, in em of the sentence.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Ink {
    /// The most above and below a base line.
    pub(super) above: f64,
    pub(super) below: f64,
    /// Beyond the left and the right end of the sentence on one line.
    whole: [f64; 2],
    /// Beyond the left and the right end of any word.
    words: [f64; 2],
}

/// A glyph on a line: where it begins and ends, and the edges of its ink.
struct Reach {
    line: i64,
    from: f64,
    to: f64,
    ink: Option<[f64; 2]>,
    is_blank: bool,
}

impl Ink {
    /// The ink of a sentence whose letters have the size [`SIZE`] and whose lines are
    /// `pitch` apart.
    pub(super) fn of(frame: &Frame, fonts: &Fonts, pitch: f64) -> Self {
        let mut ink = Self::default();
        let mut reaches = Vec::new();
        ink.collect(frame, Point::zero(), fonts, pitch, &mut reaches);
        reaches.sort_by(|a, b| {
            (a.line, a.from)
                .partial_cmp(&(b.line, b.from))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let lines = reaches.chunk_by(|one, other| one.line == other.line);
        for line in lines {
            add(&mut ink.whole, line.iter().filter(|reach| !reach.is_blank));
            for word in line.split(|reach| reach.is_blank) {
                add(&mut ink.words, word.iter());
            }
        }
        ink
    }

    /// How far ink reaches beyond the left and the right end of lines, in em. `is_one` says
    /// whether the sentence stands on one line.
    pub(super) fn ends(&self, is_one: bool) -> [f64; 2] {
        if is_one { self.whole } else { self.words }
    }

    fn collect(
        &mut self,
        frame: &Frame,
        origin: Point,
        fonts: &Fonts,
        pitch: f64,
        reaches: &mut Vec<Reach>,
    ) {
        for (at, item) in frame.items() {
            let at = origin + *at;
            let text = match item {
                FrameItem::Group(group) => {
                    self.collect(&group.frame, at, fonts, pitch, reaches);
                    continue;
                }
                FrameItem::Text(text) => text,
                _ => continue,
            };
            let (x, y) = (at.x.to_pt(), at.y.to_pt());
            let line = (y / pitch).floor();
            let base = y - (line + ABOVE) * pitch;
            for glyph in fonts.glyphs_of(text) {
                if let Some(ink) = glyph.ink {
                    self.above = self.above.max((-ink.min.y.to_pt() - base) / SIZE);
                    self.below = self.below.max((ink.max.y.to_pt() + base) / SIZE);
                }
                let em = |length: f64| (x + length) / SIZE;
                reaches.push(Reach {
                    line: line as i64,
                    from: em(glyph.from.to_pt()),
                    to: em(glyph.to.to_pt()),
                    ink: glyph
                        .ink
                        .map(|ink| [em(ink.min.x.to_pt()), em(ink.max.x.to_pt())]),
                    is_blank: glyph.ink.is_none() && glyph.to > glyph.from,
                });
            }
        }
    }
}

/// Adds how far the ink of some glyphs reaches beyond the ends of all of them.
fn add<'a>(ends: &mut [f64; 2], glyphs: impl Iterator<Item = &'a Reach>) {
    let none = [f64::INFINITY, f64::NEG_INFINITY];
    let wider =
        |[left, right]: [f64; 2], by: [f64; 2]| [left.min(by[0]), right.max(by[1])];
    let (own, ink) = glyphs.fold((none, none), |(own, ink), glyph| {
        (wider(own, [glyph.from, glyph.to]), glyph.ink.map_or(ink, |it| wider(ink, it)))
    });
    if ink[0] <= ink[1] {
        *ends = [ends[0].max(own[0] - ink[0]), ends[1].max(ink[1] - own[1])];
    }
}
