//! The boxes of the ink of texts.
//!
//! Typst finds the box of a glyph from its outline, each time. The same few hundred glyphs stand on
//! every certificate, so their boxes are remembered here.

use std::sync::Arc;

use typst::layout::{Abs, Em, Point, Rect};
use typst::text::{FontInstance, TextItem};
use typst::utils::hash128;

use super::Fonts;
use super::font_boxes::{GlyphBoxes, outline_box};

impl Fonts {
    /// The box of a text's ink, as [`TextItem::bbox`] computes it: relative to the start
    /// of the base line, and upside down; `None` for a text without ink.
    pub(crate) fn ink_box(&self, text: &TextItem) -> Option<Rect> {
        let boxes = self.boxes_of(hash128(&text.font));
        let length = |em: Em| em.at(text.size);
        let units = |units: i16| length(text.font.to_em(units));
        let mut ink: Option<Rect> = None;
        let mut cursor = Point::zero();
        for glyph in &text.glyphs {
            let known = boxes.get(glyph.id, || outline_box(&text.font, glyph.id));
            if let Some([left, bottom, right, top]) = known {
                let at =
                    cursor + Point::new(length(glyph.x_offset), length(glyph.y_offset));
                let low = at + Point::new(units(left), units(bottom));
                let high = at + Point::new(units(right), units(top));
                let before = ink.unwrap_or(Rect::new(low, low));
                let (min, max) = (before.min.min(low), before.max.max(low));
                ink = Some(Rect::new(min.min(high), max.max(high)));
            }
            cursor += Point::new(length(glyph.x_advance), length(glyph.y_advance));
        }
        // The y axis of a glyph goes upwards, that of a frame downwards.
        let down = |point: Point| Point::new(point.x, Abs::zero() - point.y);
        ink.map(|ink| Rect::new(down(ink.min), down(ink.max)))
    }

    /// The box of a glyph's outline, in units of the font, whose hash is `hash`; `None` for a glyph
    /// without one.
    pub(super) fn glyph_box(
        &self,
        hash: u128,
        font: &FontInstance,
        id: u16,
    ) -> Option<[i16; 4]> {
        self.boxes_of(hash).get(id, || outline_box(font, id))
    }

    /// The boxes of the font with this hash.
    fn boxes_of(&self, hash: u128) -> Arc<GlyphBoxes> {
        self.glyph_boxes.get(&hash).unwrap_or_else(|| {
            let boxes = Arc::new(GlyphBoxes::default());
            self.glyph_boxes.insert(hash, boxes.clone());
            boxes
        })
    }
}
