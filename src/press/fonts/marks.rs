//! Marks that a face cannot place.
//!
//! A face may have a letter and a mark, but not place the one on the other: EB Garamond
//! draws the grave accent of `Ọ̀` beside the letter. Takes a face and a text, and says
//! whether each mark stands where it belongs. The decision made here: the text is shaped
//! and the boxes of the glyphs are compared, because a face may place marks by anchors,
//! by composed glyphs, or by negative bearings.

use icu_properties::CodePointMapData;
use icu_properties::props::{CanonicalCombiningClass as Class, Script};
use rustybuzz::{Face, UnicodeBuffer};
use typst::text::Font;
use unicode_segmentation::UnicodeSegmentation;

/// How much of a mark may stand beside its letter, as a share of the narrower of the two,
/// and how much of it over another mark or the letter, as a share of the smaller of the
/// two.
const TOLERANCE: f64 = 0.5;

/// Whether a face draws each mark of a text at its letter. True for scripts other than
/// Latin, Greek and Cyrillic: their faces are made for such marks.
pub(super) fn places_marks(font: &Font, text: &str) -> bool {
    let mut clusters =
        text.graphemes(true).filter(|cluster| is_marked(cluster)).peekable();
    if text.is_ascii() || clusters.peek().is_none() {
        return true;
    }
    // In all instances of a variable face marks stand as in its default instance.
    let Some(face) = Face::from_slice(font.data(), font.index()) else { return false };
    clusters.all(|cluster| {
        let boxes = boxes(&face, cluster);
        let Some((letter, marks)) = boxes.split_first() else { return true };
        let beside = marks.iter().any(|mark| overlap(letter.x, mark.x) < 1.0 - TOLERANCE);
        let over = marks.iter().enumerate().any(|(index, mark)| {
            marks[..index].iter().chain([letter]).any(|other| {
                overlap(other.x, mark.x) > TOLERANCE
                    && overlap(other.y, mark.y) > TOLERANCE
            })
        });
        !beside && !over
    })
}

/// Whether a cluster is a letter with marks above or below it.
fn is_marked(cluster: &str) -> bool {
    let mut characters = cluster.chars();
    let script = characters.next().map(|c| CodePointMapData::<Script>::new().get(c));
    let is_simple = script.is_some_and(|script| {
        [Script::Latin, Script::Greek, Script::Cyrillic].contains(&script)
    });
    let classes = CodePointMapData::<Class>::new();
    let mut marks = characters.map(|c| classes.get(c)).peekable();
    is_simple
        && marks.peek().is_some()
        && marks.all(|class| {
            [Class::Above, Class::Below, Class::AttachedBelow].contains(&class)
        })
}

/// The ink of a glyph, in units of the face.
struct GlyphBox {
    x: (f64, f64),
    y: (f64, f64),
}

/// The boxes of the glyphs of a cluster, that of the letter first.
fn boxes(face: &Face<'_>, cluster: &str) -> Vec<GlyphBox> {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(cluster);
    buffer.guess_segment_properties();
    let shaped = rustybuzz::shape(face, &[], buffer);
    let mut pen = 0;
    let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
    let boxes = glyphs.filter_map(|(glyph, position)| {
        let (x, y) = (pen + position.x_offset, position.y_offset);
        pen += position.x_advance;
        let id = u16::try_from(glyph.glyph_id).ok()?;
        let ink = face.glyph_bounding_box(ttf_parser::GlyphId(id))?;
        let at = |by: i32, value: i16| f64::from(by + i32::from(value));
        Some(GlyphBox {
            x: (at(x, ink.x_min), at(x, ink.x_max)),
            y: (at(y, ink.y_min), at(y, ink.y_max)),
        })
    });
    boxes.collect()
}

/// The part that two ranges share, as a share of the shorter one.
fn overlap(one: (f64, f64), other: (f64, f64)) -> f64 {
    let both = one.1.min(other.1) - one.0.max(other.0);
    let shorter = (one.1 - one.0).min(other.1 - other.0).max(1.0);
    (both / shorter).max(0.0)
}
