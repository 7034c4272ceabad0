//! Which face sets a word.
//!
//! Takes a text and what each stretch of it wants, gives pieces of one face each. The decision made
//! here: **one face a word**. A letter that the wanted face lacks moves its whole word to the family
//! that `fonts/fonts.yaml` declares for the script, and Typst's own letter-by-letter fallback never
//! comes into play.

use std::ops::Range;
use std::sync::{Arc, PoisonError};

use typst::text::{Font, FontInfo, FontStretch, FontStyle, FontVariant, FontWeight};
use unicode_normalization::UnicodeNormalization;

use super::words::{decides, has_script, letters, needs_glyph, script, words};
use super::{Family, Fonts, Like};
use crate::base::error::{Error, ErrorKind};
use crate::base::lang::Tag;

/// What a role asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) family: &'a str,
    pub(crate) like: Like,
    /// 100 to 900; 400 is regular, 700 is bold.
    pub(crate) weight: u16,
    pub(crate) italic: bool,
}

/// A stretch of a text in one face.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) range: Range<usize>,
    /// The index of its style.
    pub(crate) style: usize,
    pub(crate) setting: Setting,
}

/// What a word is set in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting {
    pub(crate) family: String,
    pub(crate) weight: u16,
    pub(crate) italic: bool,
    /// The size beside the wanted face's, 1 for the same.
    pub(crate) scale: f64,
    /// ISO 15924, lower case.
    pub(crate) script: String,
}

impl Fonts {
    const MAX_ORDERS: usize = 10_000;

    /// Cuts a text into pieces of one face each. `styles` are its stretches and what each wants; a
    /// word may reach over several. White space stays with the word before it.
    ///
    /// # Errors
    /// The first character that no declared family has.
    pub(crate) fn set(
        &self,
        text: &str,
        styles: &[(Range<usize>, Wanted<'_>)],
        tag: &Tag,
    ) -> Result<Vec<Piece>, char> {
        let mut pieces: Vec<Piece> = Vec::new();
        for word in words(text) {
            for (style, (range, wanted)) in styles.iter().enumerate() {
                let part = word.start.max(range.start)..word.end.min(range.end);
                if part.is_empty() {
                    continue;
                }
                for (range, setting) in self.set_part(text, &word, part, *wanted, tag)? {
                    match pieces.last_mut() {
                        Some(last) if last.style == style && last.setting == setting => {
                            last.range.end = range.end;
                        }
                        _ => pieces.push(Piece { range, style, setting }),
                    }
                }
            }
        }
        Ok(pieces)
    }

    /// The word's letters decide on its face, and the marks beside them follow; punctuation that
    /// this face lacks, as the faces of most scripts lack Latin brackets, is set in the wanted one.
    fn set_part(
        &self,
        text: &str,
        word: &Range<usize>,
        part: Range<usize>,
        wanted: Wanted<'_>,
        tag: &Tag,
    ) -> Result<Vec<(Range<usize>, Setting)>, char> {
        let those = |which: fn(char) -> bool| -> String {
            text[word.clone()].chars().filter(|&c| which(c)).collect()
        };
        let own = Some(those(decides)).filter(|own| !own.is_empty());
        let own = own.unwrap_or_else(|| those(has_script));
        let key = if own.is_empty() { &text[part.clone()] } else { &own };
        let (font, setting) =
            self.face(key, wanted, tag).ok_or_else(|| self.missing(key))?;
        // Marks stand as upright as the letters that they belong to.
        let mark_wanted = Wanted { italic: setting.italic, ..wanted };

        let mut pieces: Vec<(Range<usize>, Setting)> = Vec::new();
        for (index, c) in text[part.clone()].char_indices() {
            let at = part.start + index;
            let end = at + c.len_utf8();
            let needed = needs_glyph(c);
            let piece = match needed && !decides(c) && !has_letter(&font, c) {
                true => {
                    let mark = &text[at..end];
                    let (_, mark) = self.face(mark, mark_wanted, tag).ok_or(c)?;
                    Setting { script: setting.script.clone(), ..mark }
                }
                false => setting.clone(),
            };
            match pieces.last_mut() {
                Some((range, last)) if *last == piece => range.end = end,
                // White space and controls never begin a piece inside a part.
                Some((range, _)) if !needed => range.end = end,
                _ => pieces.push((at..end, piece)),
            }
        }
        Ok(pieces)
    }

    /// The face for some letters: the wanted one, else the nearest that has them all.
    fn face(&self, key: &str, wanted: Wanted<'_>, tag: &Tag) -> Option<(Font, Setting)> {
        let script = script(key).unwrap_or("Zyyy");
        let scale = |name: &str| {
            let family = self.families.iter().find(|family| family.name == name);
            family.map_or(1.0, |family| family.scale)
        };
        let face = |family: &str| {
            let (font, setting) = self.covers(family, key, wanted)?;
            let script = script.to_lowercase();
            Some((font, Setting { scale: scale(family), script, ..setting }))
        };
        face(wanted.family).or_else(|| {
            let order = self.order(wanted, script, tag);
            order.iter().find_map(|&index| face(&self.families[index].name))
        })
    }

    /// The families that may stand in for a wanted face, nearest first: indices into `families`.
    fn order(&self, wanted: Wanted<'_>, script: &'static str, tag: &Tag) -> Arc<[usize]> {
        let key = (wanted.like, wanted.weight, wanted.italic, script, tag.clone());
        let known = self.orders.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(order) = known.get(&key) {
            return order.clone();
        }
        drop(known);
        let languages: Vec<Tag> = tag.fallbacks().collect();
        let mut order: Vec<usize> = (0..self.families.len())
            .filter(|&index| {
                matches!(self.families[index].like, Like::Serif | Like::Sans)
            })
            .collect();
        order.sort_by_cached_key(|&index| {
            self.distance(&self.families[index], wanted, script, &languages)
        });
        let order: Arc<[usize]> = order.into();
        let mut known = self.orders.write().unwrap_or_else(PoisonError::into_inner);
        // Languages come with requests: what they may fill is bounded.
        if known.len() < Self::MAX_ORDERS {
            known.insert(key, order.clone());
        }
        order
    }

    /// How far a family is from what is wanted: script first, then language, weight, kind.
    fn distance(
        &self,
        family: &Family,
        wanted: Wanted<'_>,
        script: &str,
        languages: &[Tag],
    ) -> impl Ord + use<> {
        let neutral = matches!(script, "Zyyy" | "Zinh");
        let other_script = !neutral && !family.scripts.iter().any(|s| s == script);
        let language = languages
            .iter()
            .position(|tag| family.languages.contains(tag))
            .unwrap_or(usize::MAX);
        // A family made for one other language waits behind those made for any.
        let foreign = !family.languages.is_empty() && language == usize::MAX;
        let lighter = self.variant(&family.name, wanted).is_some_and(|(_, info)| {
            info.variant.weight.to_number() + 150 < wanted.weight
        });
        let serif = matches!(wanted.like, Like::Serif | Like::Script | Like::Display);
        let other_kind = serif != (family.like == Like::Serif);
        (other_script, language, lighter, other_kind, foreign)
    }

    /// The setting in a family's nearest face, if that face has every letter of the word.
    fn covers(
        &self,
        family: &str,
        key: &str,
        wanted: Wanted<'_>,
    ) -> Option<(Font, Setting)> {
        let (index, info) = self.variant(family, wanted)?;
        let font = self.font(index)?;
        if !letters(key).all(|c| has_letter(&font, c)) {
            return None;
        }
        let setting = Setting {
            family: info.family.clone(),
            weight: info.variant.weight.to_number(),
            italic: info.variant.style != FontStyle::Normal,
            scale: 1.0,
            script: String::new(),
        };
        Some((font, setting))
    }

    fn variant(&self, family: &str, wanted: Wanted<'_>) -> Option<(usize, &FontInfo)> {
        let style = if wanted.italic { FontStyle::Italic } else { FontStyle::Normal };
        let variant = FontVariant::new(
            style,
            FontWeight::from_number(wanted.weight),
            FontStretch::NORMAL,
        );
        let index = self.book.select(&family.to_lowercase(), variant)?;
        Some((index, self.book.info(index)?))
    }

    /// The letter to name when no family has the whole word: one that no family has at all, else
    /// the first that the word's neighbours cannot share a face with.
    fn missing(&self, word: &str) -> char {
        let anywhere = |c: char| {
            (0..self.faces.len())
                .filter_map(|index| self.font(index))
                .any(|font| has_letter(&font, c))
        };
        letters(word)
            .find(|&c| !anywhere(c))
            .or_else(|| letters(word).next())
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// The error for a letter that no family has.
pub(crate) fn missing_glyph(letter: char, what: &str) -> Error {
    Error::new(
        ErrorKind::MissingGlyph,
        format!(
            "no font has the letter `{letter}` (U+{:04X}) of {what}",
            u32::from(letter)
        ),
    )
    .with_help(
        "add a font that has it to the site's `fonts/` folder and list its family in \
         `fonts/fonts.yaml`",
    )
}

/// A face has a letter as it is or in parts, which the shaper puts together.
fn has_letter(font: &Font, letter: char) -> bool {
    let has = |c: char| font.info().coverage.contains(c as u32);
    has(letter) || {
        let mut parts = std::iter::once(letter).nfd().peekable();
        parts.peek() != Some(&letter) && parts.all(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::files::Site;

    #[test]
    fn a_word_moves_as_a_whole_to_the_face_of_its_script() {
        let fonts = Fonts::load(&Site::new()).expect("the built-in fonts load");
        let wanted = Wanted {
            family: "EB Garamond",
            like: Like::Serif,
            weight: 400,
            italic: false,
        };
        let families = |text: &str, tag: &str, wanted| -> Vec<(String, String)> {
            let tag = Tag::parse(tag).expect("a tag");
            let styles = [(0..text.len(), wanted)];
            let pieces = fonts.set(text, &styles, &tag).expect("every letter has a face");
            pieces
                .into_iter()
                .map(|piece| (text[piece.range].to_owned(), piece.setting.family))
                .collect()
        };
        let pair = |text: &str, family: &str| (text.to_owned(), family.to_owned());
        assert_eq!(
            families("김헌영", "es", wanted),
            [pair("김헌영", "Noto Serif CJK KR")]
        );
        assert_eq!(
            families("Ya-Shen (莊雅善)", "ja", wanted),
            [pair("Ya-Shen ", "EB Garamond"), pair("(莊雅善)", "Noto Serif CJK JP")]
        );
        let strong = Wanted { weight: 700, ..wanted };
        assert_eq!(families("修了", "ja", strong), [pair("修了", "Noto Sans CJK JP")]);
        let tag = Tag::parse("en").expect("a tag");
        let hieroglyph = "a\u{13000}";
        let styles = [(0..hieroglyph.len(), wanted)];
        assert_eq!(fonts.set(hieroglyph, &styles, &tag), Err('\u{13000}'));
    }
}
