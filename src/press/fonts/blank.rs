//! Letters that a face lists and draws without ink.
//!
//! Free display faces and faces that were cut out of a PDF list letters whose glyphs are empty. The
//! decision: such a face lacks the letter, like one that does not list it.

use std::ops::Range;

use rustybuzz::UnicodeBuffer;
use ttf_parser::{Face, GlyphId};
use typst::text::{Font, TextItem};
use typst::utils::hash128;

use super::Fonts;
use super::words::needs_glyph;

/// The Braille pattern without dots, which is a letter and has no ink.
const BRAILLE_BLANK: char = '\u{2800}';

/// Whether a character is seen.
fn has_ink(letter: char) -> bool {
    needs_glyph(letter) && letter != BRAILLE_BLANK
}

/// Whether a glyph is drawn by something else than its outline.
fn is_picture(face: &Face<'_>, glyph: GlyphId) -> bool {
    face.is_color_glyph(glyph)
        || face.glyph_svg_image(glyph).is_some()
        || face.glyph_raster_image(glyph, u16::MAX).is_some()
}

impl Fonts {
    /// Whether a face has an empty glyph for a letter that is seen. The built-in faces have none.
    pub(super) fn is_blank(&self, font: &Font, letter: char) -> bool {
        let index = self.by_address.get(&(font.data().as_ptr() as usize, font.index()));
        let face = index.and_then(|index| self.faces.get(*index));
        face.is_some_and(|face| !face.is_built_in) && is_blank(font, letter)
    }

    /// The first part of a text that has letters and is drawn without ink.
    pub(crate) fn blank_part(&self, text: &TextItem) -> Option<Range<usize>> {
        let font = hash128(&text.font);
        let parts = text.glyphs.chunk_by(|one, other| one.range() == other.range());
        let mut blank = parts.filter(|glyphs| {
            let is_blank = |id| self.glyph_box(font, &text.font, id).is_none();
            let letters = text.text.get(glyphs[0].range()).unwrap_or_default();
            glyphs.iter().all(|glyph| is_blank(glyph.id))
                && letters.chars().any(has_ink)
                && !glyphs
                    .iter()
                    .any(|glyph| is_picture(text.font.ttf(), GlyphId(glyph.id)))
        });
        blank.next().map(|glyphs| glyphs[0].range())
    }
}

fn is_blank(font: &Font, letter: char) -> bool {
    let face = Face::parse(font.data(), font.index()).ok().filter(|_| has_ink(letter));
    let found = face.as_ref().and_then(|face| Some((face, face.glyph_index(letter)?)));
    found.is_some_and(|(face, glyph)| {
        is_empty(face, glyph) && is_shaped_blank(face, font, letter)
    })
}

fn is_empty(face: &Face<'_>, glyph: GlyphId) -> bool {
    face.glyph_bounding_box(glyph).is_none() && !is_picture(face, glyph)
}

/// Whether the glyphs are empty that a shaper puts for a letter: a Nastaliq face lists empty ones, and
/// makes each letter of its parts.
fn is_shaped_blank(face: &Face<'_>, font: &Font, letter: char) -> bool {
    let Some(shaper) = rustybuzz::Face::from_slice(font.data(), font.index()) else {
        return true;
    };
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(letter.encode_utf8(&mut [0; 4]));
    buffer.guess_segment_properties();
    let shaped = rustybuzz::shape(&shaper, &[], buffer);
    let mut glyphs = shaped.glyph_infos().iter();
    glyphs.all(|glyph| {
        u16::try_from(glyph.glyph_id).is_ok_and(|id| is_empty(face, GlyphId(id)))
    })
}

/// A TrueType face of the family `Wanzel`, in which the glyph of `letter` is empty: it begins
/// where it ends (OpenType 1.9, «loca»).
#[cfg(test)]
pub(crate) fn with_empty_letter(cinzel: &[u8], letter: char) -> Vec<u8> {
    let face = ttf_parser::RawFace::parse(cinzel, 0).expect("a face");
    let table = |tag: &[u8; 4]| {
        let data = face.table(ttf_parser::Tag::from_bytes(tag)).expect("the table");
        data.as_ptr() as usize - cinzel.as_ptr() as usize
    };
    let (head, loca) = (table(b"head"), table(b"loca"));
    let glyph = ttf_parser::Face::parse(cinzel, 0).expect("a face");
    let glyph = usize::from(glyph.glyph_index(letter).expect("the letter").0);
    let width = if cinzel[head + 51] == 0 { 2 } else { 4 };
    let mut bytes = cinzel.to_vec();
    let end = loca + (glyph + 1) * width;
    bytes.copy_within(end..end + width, end - width);
    let family: Vec<u8> = "Cinzel".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(family.len()).position(|it| it == family)
    {
        at += found;
        bytes[at + 1] = b'W';
        bytes[at + 3] = b'a';
        at += family.len();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::files::Site;

    #[test]
    fn built_in_faces_draw_each_letter_that_they_list() {
        let fonts = Fonts::load(&Site::new()).expect("the built-in fonts load");
        for index in 0..fonts.faces.len() {
            let font = fonts.font(index).expect("it loads");
            let listed = font.info().coverage.iter().filter_map(char::from_u32);
            let blank: Vec<String> = listed
                .filter(|letter| is_blank(&font, *letter))
                .map(|letter| format!("{:04X}", u32::from(letter)))
                .collect();
            assert!(blank.is_empty(), "{}: {}", font.info().family, blank.join(" "));
        }
    }

    #[test]
    fn letter_without_ink_is_set_in_another_face() {
        use super::super::family::GenericFamily;
        use super::super::itemize::FaceRequest;
        use crate::base::lang::Tag;

        let bytes = Site::new().built_in("fonts/cinzel/Cinzel-Regular.ttf");
        let bytes = with_empty_letter(bytes.expect("the face"), 'ą');
        let site = Site::new().with_file("fonts/Own.ttf", bytes);
        let fonts = Fonts::load(&site).expect("the fonts load");
        let request = FaceRequest {
            family: "Wanzel",
            fallback: &[],
            generic: GenericFamily::Serif,
            weight: 400,
            italic: false,
        };
        let tag = Tag::parse("pl").expect("a tag");
        for (name, is_own) in [("Wasik", true), ("Wąsik", false)] {
            let runs = fonts.itemize(name, &[(0..name.len(), request)], &tag);
            let runs = runs.expect("every letter has a face");
            assert_eq!(runs.len(), 1);
            assert_eq!(runs[0].face.family == "Wanzel", is_own, "{name}");
        }
    }
}
