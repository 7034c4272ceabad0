//! Ligatures that change what is read.
//!
//! A face may draw several letters as one glyph: `fi`, `Th`. Some faces have more: EB Garamond
//! draws `^2` as `²` and `*recommend` as `recommendation`, while the text layer, which is searched
//! and read aloud, stays as it was written. Takes a face, gives the sequences that it would change,
//! so that a run ends before the second letter of each.

use std::collections::{HashMap, HashSet};

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use ttf_parser::gsub::SubstitutionSubtable;
use ttf_parser::opentype_layout::LayoutTable;
use ttf_parser::{Face, GlyphId, Tag};

/// The features that are on in each text (OpenType's registry of features).
const FEATURES: [&[u8; 4]; 7] =
    [b"ccmp", b"liga", b"clig", b"rlig", b"calt", b"rclt", b"locl"];

/// The code points of signs that a ligature may draw: `™`, `№`, `½`, `²`, `→`.
const SIGNS: [std::ops::RangeInclusive<u32>; 4] =
    [0xA1..=0xBF, 0x2070..=0x2BFF, 0x3200..=0x33FF, 0x1F100..=0x1F1FF];

/// The sequences of letters that a face draws as something else: by the first letter, the
/// rest of each.
#[derive(Debug, Default)]
pub(super) struct Ligatures(HashMap<char, Vec<Vec<char>>>);

impl Ligatures {
    /// Reads the ligatures of the face of that index in a font file.
    pub(super) fn of(data: &[u8], index: u32) -> Self {
        let found = Face::parse(data, index).ok().and_then(|face| {
            let found = changing(&face, face.tables().gsub?);
            let wanted: HashSet<GlyphId> = found.iter().flatten().copied().collect();
            let letters = letters_of(&face, &wanted);
            let letters = |glyphs: Vec<GlyphId>| -> Option<Vec<char>> {
                glyphs.iter().map(|glyph| letters.get(glyph).copied()).collect()
            };
            Some(found.into_iter().filter_map(letters).collect::<Vec<_>>())
        });
        let mut all = Self::default();
        for sequence in found.unwrap_or_default() {
            if let [first, others @ ..] = &sequence[..] {
                all.0.entry(*first).or_default().push(others.to_vec());
            }
        }
        all
    }

    /// The places in a text, in bytes, before which a run has to end.
    pub(super) fn breaks(&self, text: &str) -> Vec<usize> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let found = text.char_indices().filter_map(|(at, c)| {
            let sequences = self.0.get(&c)?;
            let end = at + c.len_utf8();
            let is_next = |others: &Vec<char>| {
                text[end..].chars().take(others.len()).eq(others.iter().copied())
            };
            sequences.iter().any(is_next).then_some(end)
        });
        found.collect()
    }
}

/// The sequences of glyphs that are drawn as a sign, or of which a sign disappears.
fn changing(face: &Face<'_>, table: LayoutTable<'_>) -> Vec<Vec<GlyphId>> {
    let glyphs = |codes: &mut dyn Iterator<Item = u32>, is: fn(char) -> bool| {
        let characters = codes.filter_map(char::from_u32).filter(|&c| is(c));
        characters.filter_map(|c| face.glyph_index(c)).collect::<HashSet<_>>()
    };
    let marks = glyphs(&mut (0x21..0x7F), |c| c.is_ascii_punctuation());
    let signs = glyphs(&mut SIGNS.into_iter().flatten(), is_sign);
    let mut all = Vec::new();
    for index in lookups(table) {
        let Some(lookup) = table.lookups.get(index) else { continue };
        for subtable in lookup.subtables.into_iter::<SubstitutionSubtable<'_>>() {
            let SubstitutionSubtable::Ligature(ligatures) = subtable else { continue };
            let first = glyph_ids(ligatures.coverage);
            for (first, set) in first.into_iter().zip(ligatures.ligature_sets) {
                for ligature in set {
                    let sequence: Vec<GlyphId> =
                        [first].into_iter().chain(ligature.components).collect();
                    let changes = signs.contains(&ligature.glyph)
                        || sequence.iter().any(|glyph| marks.contains(glyph));
                    if sequence.len() > 1 && changes {
                        all.push(sequence);
                    }
                }
            }
        }
    }
    all
}

/// For each of some glyphs the first character that it draws, up to the end of the
/// general scripts.
fn letters_of(face: &Face<'_>, wanted: &HashSet<GlyphId>) -> HashMap<GlyphId, char> {
    let mut letters = HashMap::new();
    if !wanted.is_empty() {
        for c in ('\u{20}'..'\u{3000}').filter(|c| !c.is_control()) {
            if let Some(glyph) =
                face.glyph_index(c).filter(|glyph| wanted.contains(glyph))
            {
                letters.entry(glyph).or_insert(c);
            }
        }
    }
    letters
}

/// The lookups of the features that are on, and those that their contextual lookups may apply.
fn lookups(table: LayoutTable<'_>) -> Vec<u16> {
    let is_on = |tag: Tag| FEATURES.iter().any(|feature| Tag::from_bytes(feature) == tag);
    let features = table.features.into_iter().filter(|feature| is_on(feature.tag));
    let mut all: Vec<u16> = features.flat_map(|feature| feature.lookup_indices).collect();
    // A contextual lookup may apply ligature lookups that no feature names: include
    // those.
    let named: Vec<u16> =
        table.features.into_iter().flat_map(|feature| feature.lookup_indices).collect();
    all.extend((0..table.lookups.len()).filter(|index| !named.contains(index)));
    all.sort_unstable();
    all.dedup();
    all
}

fn glyph_ids(coverage: ttf_parser::opentype_layout::Coverage<'_>) -> Vec<GlyphId> {
    use ttf_parser::opentype_layout::Coverage;
    match coverage {
        Coverage::Format1 { glyphs } => glyphs.into_iter().collect(),
        Coverage::Format2 { records } => {
            let ranges = records.into_iter().map(|range| range.start.0..=range.end.0);
            ranges.flatten().map(GlyphId).collect()
        }
    }
}

/// Whether a character is no letter and no mark.
fn is_sign(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    !GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Mark).contains(category)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaks(path: &str, text: &str) -> Vec<usize> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts");
        let data = std::fs::read(folder.join(path)).expect("the file is there");
        Ligatures::of(&data, 0).breaks(text)
    }

    #[test]
    fn ligature_that_changes_what_is_read_is_broken_and_others_are_not() {
        for cut in ["Bold", "BoldItalic", "Italic", "Medium", "Regular", "SemiBold"] {
            let breaks =
                |text: &str| breaks(&format!("eb-garamond/EBGaramond-{cut}.ttf"), text);
            assert_eq!(breaks("Ada^2 and x^10"), [4, 12]);
            assert_eq!(breaks("*recommended"), [1]);
            for text in ["Griffith, Stauffer, Thijs fjord", "1/2 -- (c) Ada* 5^"] {
                assert_eq!(breaks(text), [0; 0], "{text}");
            }
        }
        // A dot between two l, tone letters and composed marks read as they are written.
        let text = "col·legi COL·LEGI ˥˦˧ a\u{338}";
        assert_eq!(breaks("source-sans-3/SourceSans3-Regular.ttf", text), [0; 0]);
        assert_eq!(breaks("noto-serif/NotoSerif-Regular.ttf", text), [0; 0]);
    }
}
