//! A text as the operators of a content stream (ISO 32000-1, 9.4).
//!
//! The decision made here: some clusters have their characters as `ActualText` (14.9.4):
//! those of several glyphs, and those whose glyph means something else in the file's map.
//! So have words whose letters are spaced, because viewers take wide gaps for spaces. All
//! other text needs none.

use std::ops::Range;

use typst::layout::{Abs, Transform};
use typst::text::Glyph;

use super::clusters::{Cluster, clusters, is_reversed};
use super::faces::UsedFace;
use super::number::{integer, number, string, text};
use super::skeleton::Words;

/// The smallest adjustment of a position that is written, in thousandths of the size.
const MIN_ADJUSTMENT: f64 = 0.001;
/// From which average gap between its letters, in thousandths of the size, a word has
/// `ActualText`. Poppler takes a gap of 100 for a space; kerning makes some gaps of a
/// word smaller.
const MIN_TRACKING: f64 = 50.0;

/// Writes a text on a page of that height. `font` is the position of its face, `space` the name of
/// the colour space of sRGB.
pub(super) fn write(
    out: &mut Vec<u8>,
    words: &Words,
    page_height: Abs,
    (font, face): (usize, &UsedFace),
    space: &[u8],
) {
    if words.text.glyphs.is_empty() {
        return;
    }
    out.extend(b"q/");
    out.extend(space);
    out.extend(b" cs ");
    for channel in words.colour {
        number(out, f64::from(channel) / 255.0, 4);
        out.push(b' ');
    }
    out.extend(b"scn\nBT/F");
    integer(out, font as u64);
    out.push(b' ');
    number(out, words.text.size.to_pt(), 4);
    out.extend(b" Tf ");
    let mut pen = Pen { out, words, page_height, face, x: 0.0, y: 0.0 };
    let is_reversed = is_reversed(words.text);
    let all: Vec<Cluster> = clusters(words.text).collect();
    let is_whole = words.text.text.chars().any(is_thai_or_lao)
        || !is_reversed && of_words(&all).any(|word| pen.is_tracked(word));
    let fragments = if is_whole {
        pen.fragments_of_words(&all)
    } else {
        pen.fragments_of_clusters(&all, is_reversed)
    };
    for Fragment { clusters, text: spanned } in fragments {
        if let Some(spanned) = spanned {
            pen.out.extend(b"/Span<</ActualText");
            text(pen.out, spanned);
            pen.out.extend(b">>BDC\n");
        }
        if is_reversed {
            pen.out.extend(b"/ReversedChars BMC\n");
        }
        pen.show(clusters);
        if is_reversed {
            pen.out.extend(b"EMC\n");
        }
        if spanned.is_some() {
            pen.out.extend(b"EMC\n");
        }
    }
    out.extend(b"ET\nQ");
}

/// Whether a letter is Thai or Lao. When marks of these scripts are moved they stand in
/// clusters of their own, and readers find them beside their letters unless the whole
/// word is given. MuPDF reads other scripts worse if whole words are given.
fn is_thai_or_lao(letter: char) -> bool {
    matches!(letter, '\u{0E00}'..='\u{0EFF}')
}

/// The words of a text, and the spaces between them.
fn of_words<'c>(all: &'c [Cluster<'c>]) -> impl Iterator<Item = &'c [Cluster<'c>]> {
    all.chunk_by(|one, other| one.is_space() == other.is_space())
}

/// Clusters that are shown together, with their text if the map does not give it.
struct Fragment<'c> {
    clusters: &'c [Cluster<'c>],
    text: Option<&'c str>,
}

struct Pen<'a> {
    out: &'a mut Vec<u8>,
    words: &'a Words<'a>,
    page_height: Abs,
    face: &'a UsedFace<'a>,
    /// Where the next glyph stands, relative to the start of the base line, with the y
    /// axis upwards, in points.
    x: f64,
    y: f64,
}

impl Pen<'_> {
    fn needs_text(&self, cluster: &Cluster) -> bool {
        let [glyph] = cluster.glyphs else { return true };
        self.face.meaning(glyph.id) != Some(cluster.text)
    }

    /// Whether the letters of a word are spaced. The gap after the last letter is not
    /// counted, because it separates two words.
    fn is_tracked(&self, word: &[Cluster]) -> bool {
        let Some((_, letters)) = word.split_last() else { return false };
        let glyphs = letters.iter().flat_map(|cluster| cluster.glyphs);
        let gap = glyphs
            .map(|glyph| glyph.x_advance.get() * 1000.0 - self.face.advance(glyph.id))
            .sum::<f64>();
        !letters.is_empty() && gap / letters.len() as f64 >= MIN_TRACKING
    }

    /// The fragments of a text: words whose letters are spaced or whose map does not give their
    /// text, and the parts between them.
    fn fragments_of_words<'c>(&self, all: &'c [Cluster<'c>]) -> Vec<Fragment<'c>>
    where
        Self: 'c,
    {
        let mut fragments: Vec<Fragment> = Vec::new();
        let mut shown = 0;
        let mut at = 0;
        for word in of_words(all) {
            let end = at + word.len();
            if self.is_tracked(word)
                || word.iter().any(|cluster| self.needs_text(cluster))
            {
                if at > shown {
                    fragments.push(Fragment { clusters: &all[shown..at], text: None });
                }
                let starts = word.iter().map(|cluster| cluster.start);
                let ends = word.iter().map(|cluster| cluster.start + cluster.text.len());
                let text = starts.min().zip(ends.max());
                let text = text.and_then(|(start, end)| self.text(start..end));
                fragments.push(Fragment { clusters: word, text });
                shown = end;
            }
            at = end;
        }
        if at > shown {
            fragments.push(Fragment { clusters: &all[shown..at], text: None });
        }
        fragments
    }

    /// The fragments of a text: clusters whose map does not give their text, and the
    /// parts between them. If `at_spaces`, such a part ends after each space (ISO
    /// 32000-1, 14.8.2.3.3).
    fn fragments_of_clusters<'c>(
        &self,
        all: &'c [Cluster<'c>],
        at_spaces: bool,
    ) -> Vec<Fragment<'c>> {
        let mut fragments = Vec::new();
        let mut rest = all;
        while let Some(first) = rest.first() {
            let mut count = 1;
            let text = self.needs_text(first).then_some(first.text);
            while text.is_none()
                && let Some(next) = rest.get(count)
                && !self.needs_text(next)
                && !(at_spaces && count > 1 && rest[count - 1].is_space())
            {
                count += 1;
            }
            let (clusters, after) = rest.split_at(count);
            fragments.push(Fragment { clusters, text });
            rest = after;
        }
        fragments
    }

    fn text<'c>(&self, range: Range<usize>) -> Option<&'c str>
    where
        Self: 'c,
    {
        self.words.text.text.get(range)
    }

    /// Shows clusters; those whose glyphs stand at the same height are written in one
    /// string.
    fn show(&mut self, fragment: &[Cluster]) {
        let glyphs: Vec<&Glyph> =
            fragment.iter().flat_map(|cluster| cluster.glyphs).collect();
        let is_level = |one: &&Glyph, other: &&Glyph| {
            one.y_offset == other.y_offset
                && one.y_advance.get() == 0.0
                && other.y_advance.get() == 0.0
        };
        for glyphs in glyphs.chunk_by(is_level) {
            self.show_level(glyphs);
        }
    }

    fn show_level(&mut self, glyphs: &[&Glyph]) {
        let size = self.words.text.size.to_pt();
        let up = self.y + glyphs[0].y_offset.get() * size;
        self.place(self.x, up);
        self.out.push(b'[');
        let mut codes: Vec<u8> = Vec::with_capacity(2 * glyphs.len());
        let mut adjustment = 0.0;
        for glyph in glyphs {
            adjustment += glyph.x_offset.get() * 1000.0;
            if adjustment.abs() >= MIN_ADJUSTMENT {
                if !codes.is_empty() {
                    string(self.out, &codes);
                    codes.clear();
                }
                number(self.out, -adjustment, 3);
                adjustment = 0.0;
            }
            codes.extend(self.face.code(glyph.id).to_be_bytes());
            let moved = (glyph.x_advance - glyph.x_offset).get() * 1000.0;
            adjustment += moved - self.face.advance(glyph.id);
            self.x += glyph.x_advance.get() * size;
            self.y += glyph.y_advance.get() * size;
        }
        string(self.out, &codes);
        self.out.extend(b"]TJ\n");
    }

    /// Sets the text matrix to a point of the text.
    fn place(&mut self, x: f64, y: f64) {
        let Transform { sx, ky, kx, sy, tx, ty } = self.words.transform;
        let (sx, ky, kx, sy) = (sx.get(), ky.get(), kx.get(), sy.get());
        // The y axis of a PDF page goes upwards, that of a frame downwards.
        let left = sx * x - kx * y + tx.to_pt();
        let bottom = self.page_height.to_pt() - (ky * x - sy * y + ty.to_pt());
        for (value, decimals) in
            [(sx, 7), (-ky, 7), (-kx, 7), (sy, 7), (left, 5), (bottom, 5)]
        {
            number(self.out, value, decimals);
            self.out.push(b' ');
        }
        self.out.extend(b"Tm");
    }
}
