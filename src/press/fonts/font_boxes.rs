//! The boxes of the glyphs of one font, remembered once they were asked for.

use std::sync::OnceLock;

use ttf_parser::GlyphId;
use typst::text::FontInstance;

/// The box of a glyph's ink: left, bottom, right and top in units of the font; `None` for a glyph
/// without ink.
pub(super) type GlyphBox = Option<[i16; 4]>;

/// The boxes of the glyphs of one font that were asked for, by the two bytes of their numbers.
#[derive(Debug)]
pub(super) struct GlyphBoxes([OnceLock<Box<[OnceLock<GlyphBox>; 256]>>; 256]);

impl GlyphBoxes {
    /// The box of a glyph, which `find` finds if it was not asked for yet.
    pub(super) fn get(&self, glyph: u16, find: impl FnOnce() -> GlyphBox) -> GlyphBox {
        let [high, low] = glyph.to_be_bytes();
        let row = self.0[usize::from(high)].get_or_init(|| Box::new(unknown()));
        *row[usize::from(low)].get_or_init(find)
    }
}

impl Default for GlyphBoxes {
    fn default() -> Self {
        Self(unknown())
    }
}

fn unknown<T>() -> [OnceLock<T>; 256] {
    [const { OnceLock::new() }; 256]
}

/// The box of a glyph's outline, as its font has it.
pub(super) fn outline_box(font: &FontInstance, id: u16) -> GlyphBox {
    let found = font.ttf().glyph_bounding_box(GlyphId(id))?;
    Some([found.x_min, found.y_min, found.x_max, found.y_max])
}
