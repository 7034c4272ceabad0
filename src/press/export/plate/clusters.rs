//! The clusters of a text: glyphs that together mean some of its characters.

use typst::text::{Glyph, TextItem};

/// Glyphs that mean the same characters, in the order of the page.
pub(super) struct Cluster<'a> {
    pub(super) glyphs: &'a [Glyph],
    /// The characters.
    pub(super) text: &'a str,
    /// The position of the first of them in the text, in bytes.
    pub(super) start: usize,
}

impl Cluster<'_> {
    pub(super) fn is_space(&self) -> bool {
        self.text == " "
    }
}

/// The clusters of a text from left to right.
pub(super) fn clusters(text: &TextItem) -> impl Iterator<Item = Cluster<'_>> {
    let groups = text.glyphs.chunk_by(|one, other| one.range == other.range);
    groups.map(|glyphs| {
        let range = &glyphs[0].range;
        let start = usize::from(range.start);
        Cluster { glyphs, text: &text.text[start..range.end.into()], start }
    })
}

/// Whether a text runs from right to left: each glyph stands before the one on its left.
pub(super) fn is_reversed(text: &TextItem) -> bool {
    text.glyphs.len() > 1
        && text.glyphs.windows(2).all(|pair| pair[0].range.start >= pair[1].range.end)
}
