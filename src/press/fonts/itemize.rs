//! Itemization: which face sets which part of a text.
//!
//! Takes a text and the face that each part of it asks for, gives runs of one face each. The
//! decision made here: **one face for each word**. If the requested face lacks a letter, the whole
//! word is set in the family that `fonts/fonts.yaml` declares for the script, so that Typst's own
//! fallback, letter by letter, never applies.

use std::ops::Range;
use std::sync::{Arc, PoisonError};

use typst::text::{Font, FontInfo, FontStretch, FontStyle, FontVariant, FontWeight};
use unicode_normalization::UnicodeNormalization;

use super::family::{Family, GenericFamily};
use super::font_run::{ChosenFace, FontRun};
use super::words::{decides, has_script, letters, needs_glyph, script, words};
use super::{Fonts, absent_family_help};
use crate::base::error::{Error, ErrorKind};
use crate::base::lang::Tag;

/// The face that a part of a text asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaceRequest<'a> {
    pub(crate) family: &'a str,
    pub(crate) generic: GenericFamily,
    /// 100 to 900; 400 is regular, 700 is bold.
    pub(crate) weight: u16,
    pub(crate) italic: bool,
}

impl Fonts {
    /// The cache of fallback orders is bounded because languages come with requests.
    const MAX_FALLBACK_ORDERS: usize = 10_000;
    /// The most texts whose faces are remembered, in each of two generations, and the longest of
    /// them, in bytes: most sentences of a course are the same on each certificate.
    pub(super) const MAX_ITEMIZED: usize = 2_000;
    const MAX_ITEMIZED_LENGTH: usize = 2_000;

    /// Splits a text into runs of one face each. `requests` are its consecutive parts, as byte
    /// ranges, with the face that each asks for; a word may extend over several. White space
    /// belongs to the word before it.
    ///
    /// # Errors
    /// The first character that no declared family has.
    pub(crate) fn itemize(
        &self,
        text: &str,
        requests: &[(Range<usize>, FaceRequest<'_>)],
        tag: &Tag,
    ) -> Result<Arc<[FontRun]>, char> {
        let requested: Vec<_> = requests
            .iter()
            .map(|(range, FaceRequest { family, generic, weight, italic })| {
                (range.end, *family, *generic, *weight, *italic)
            })
            .collect();
        let key = typst::utils::hash128(&(text, requested, tag));
        if let Some(known) = self.itemized.get(&key) {
            return Ok(known);
        }
        let runs: Arc<[FontRun]> = self.itemize_anew(text, requests, tag)?.into();
        if text.len() <= Self::MAX_ITEMIZED_LENGTH {
            self.itemized.insert(key, runs.clone());
        }
        Ok(runs)
    }

    fn itemize_anew(
        &self,
        text: &str,
        requests: &[(Range<usize>, FaceRequest<'_>)],
        tag: &Tag,
    ) -> Result<Vec<FontRun>, char> {
        let mut runs: Vec<FontRun> = Vec::new();
        for word in words(text) {
            for (index, (range, request)) in requests.iter().enumerate() {
                let part = word.start.max(range.start)..word.end.min(range.end);
                if part.is_empty() {
                    continue;
                }
                for (range, face) in
                    self.itemize_part(text, &word, part, *request, tag)?
                {
                    match runs.last_mut() {
                        Some(last) if last.request == index && last.face == face => {
                            last.range.end = range.end;
                        }
                        _ => runs.push(FontRun { range, request: index, face }),
                    }
                }
            }
        }
        Ok(runs)
    }

    /// Splits the part of a word that one request covers. The word's letters decide on its face,
    /// and their marks follow. Punctuation that this face lacks, as the faces of most scripts lack
    /// Latin brackets, is set in the requested face.
    fn itemize_part(
        &self,
        text: &str,
        word: &Range<usize>,
        part: Range<usize>,
        request: FaceRequest<'_>,
        tag: &Tag,
    ) -> Result<Vec<(Range<usize>, ChosenFace)>, char> {
        let filtered = |keep: fn(char) -> bool| -> String {
            text[word.clone()].chars().filter(|&c| keep(c)).collect()
        };
        let own = Some(filtered(decides)).filter(|own| !own.is_empty());
        let own = own.unwrap_or_else(|| filtered(has_script));
        let letters = if own.is_empty() { &text[part.clone()] } else { &own };
        let (font, face) = self
            .find_face(letters, request, tag)
            .ok_or_else(|| self.uncovered_letter(letters))?;
        // Marks are as upright as the letters that they belong to.
        let mark_request = FaceRequest { italic: face.italic, ..request };

        let mut runs: Vec<(Range<usize>, ChosenFace)> = Vec::new();
        for (index, c) in text[part.clone()].char_indices() {
            let start = part.start + index;
            let end = start + c.len_utf8();
            let needed = needs_glyph(c);
            let chosen = if needed && !decides(c) && !has_letter(&font, c) {
                let mark = &text[start..end];
                let (_, mark) = self.find_face(mark, mark_request, tag).ok_or(c)?;
                ChosenFace { script: face.script.clone(), ..mark }
            } else {
                face.clone()
            };
            match runs.last_mut() {
                Some((range, last)) if *last == chosen => range.end = end,
                // White space and controls never begin a run inside a part.
                Some((range, _)) if !needed => range.end = end,
                _ => runs.push((start..end, chosen)),
            }
        }
        Ok(runs)
    }

    /// The face for some letters: the requested one, else the nearest that has them all.
    fn find_face(
        &self,
        letters: &str,
        request: FaceRequest<'_>,
        tag: &Tag,
    ) -> Option<(Font, ChosenFace)> {
        let script = script(letters).unwrap_or("Zyyy");
        let face = |family: &str| {
            let declared = self.families.iter().find(|other| other.name == family);
            let (font, face) = self.covering_face(family, letters, request)?;
            let scale = declared.map_or(1.0, |family| family.scale);
            Some((font, ChosenFace { scale, script: script.to_lowercase(), ..face }))
        };
        face(request.family).or_else(|| {
            let order = self.fallback_order(request, script, tag);
            order.iter().find_map(|&index| face(&self.families[index].name))
        })
    }

    /// The families that may stand in for a requested face, nearest first: indices into `families`.
    fn fallback_order(
        &self,
        request: FaceRequest<'_>,
        script: &'static str,
        tag: &Tag,
    ) -> Arc<[usize]> {
        let key = (request.generic, request.weight, request.italic, script, tag.clone());
        let known = self.fallback_orders.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(order) = known.get(&key) {
            return order.clone();
        }
        drop(known);
        let languages: Vec<Tag> = tag.fallbacks().collect();
        let mut order: Vec<usize> = (0..self.families.len())
            .filter(|&index| {
                let generic = self.families[index].generic;
                matches!(generic, GenericFamily::Serif | GenericFamily::Sans)
            })
            .collect();
        order.sort_by_cached_key(|&index| {
            self.distance(&self.families[index], request, script, &languages)
        });
        let order: Arc<[usize]> = order.into();
        let mut known =
            self.fallback_orders.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < Self::MAX_FALLBACK_ORDERS {
            known.insert(key, order.clone());
        }
        order
    }

    /// How far a family is from a requested face: by script, then language, weight and generic
    /// family.
    fn distance(
        &self,
        family: &Family,
        request: FaceRequest<'_>,
        script: &str,
        languages: &[Tag],
    ) -> impl Ord + use<> {
        let neutral = matches!(script, "Zyyy" | "Zinh");
        let other_script = !neutral && !family.scripts.iter().any(|s| s == script);
        let language = languages
            .iter()
            .position(|tag| family.languages.contains(tag))
            .unwrap_or(usize::MAX);
        // A family made for one other language comes after those made for any.
        let foreign = !family.languages.is_empty() && language == usize::MAX;
        let lighter = self.variant(&family.name, request).is_some_and(|(_, info)| {
            info.variant.weight.to_number() + 150 < request.weight
        });
        let serif = request.generic != GenericFamily::Sans;
        let other_generic = serif != (family.generic == GenericFamily::Serif);
        (other_script, language, lighter, other_generic, foreign)
    }

    /// A family's face nearest to the requested one, if it has every letter.
    fn covering_face(
        &self,
        family: &str,
        text: &str,
        request: FaceRequest<'_>,
    ) -> Option<(Font, ChosenFace)> {
        let (index, info) = self.variant(family, request)?;
        let font = self.font(index)?;
        if !letters(text).all(|c| has_letter(&font, c)) {
            return None;
        }
        let face = ChosenFace {
            family: info.family.clone(),
            weight: info.variant.weight.to_number(),
            italic: info.variant.style != FontStyle::Normal,
            scale: 1.0,
            script: String::new(),
        };
        Some((font, face))
    }

    /// The index and the facts of a family's face nearest to the requested one.
    fn variant(
        &self,
        family: &str,
        request: FaceRequest<'_>,
    ) -> Option<(usize, &FontInfo)> {
        let style = if request.italic { FontStyle::Italic } else { FontStyle::Normal };
        let variant = FontVariant::new(
            style,
            FontWeight::from_number(request.weight),
            FontStretch::NORMAL,
        );
        let index = self.book.select(&family.to_lowercase(), variant)?;
        Some((index, self.book.info(index)?))
    }

    /// The letter to report when no family has the whole word: one that no family has, else the
    /// word's first.
    fn uncovered_letter(&self, word: &str) -> char {
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

    /// The error for a letter that no family has. The help names a declared family of its script
    /// that is not here, and where to get it.
    pub(crate) fn missing_glyph(&self, letter: char, tag: &Tag, what: &str) -> Error {
        let help = match self.absent_family(letter, tag) {
            Some(family) => absent_family_help(family),
            None => "add a font that has it to the site's `fonts/` folder and list its family in \
                     `fonts/fonts.yaml`"
                .to_owned(),
        };
        let code = u32::from(letter);
        let message =
            format!("no font has the letter `{letter}` (U+{code:04X}) of {what}");
        Error::new(ErrorKind::MissingGlyph, message).with_help(help)
    }

    /// A declared family without a face that is made for a letter's script, and for the language if
    /// there is one.
    pub(super) fn absent_family(&self, letter: char, tag: &Tag) -> Option<&Family> {
        let script = script(letter.encode_utf8(&mut [0; 4]))?;
        let languages: Vec<Tag> = tag.fallbacks().collect();
        let made_for =
            self.absent.iter().filter(|f| f.scripts.iter().any(|other| other == script));
        made_for.min_by_key(|family| {
            let language =
                languages.iter().position(|tag| family.languages.contains(tag));
            (language.unwrap_or(usize::MAX), !family.languages.is_empty())
        })
    }
}

/// Whether a face has a letter, whole or as the parts that the shaper composes it from.
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

    #[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
    #[test]
    fn word_is_set_as_a_whole_in_the_face_of_its_script() {
        let fonts = Fonts::load(&Site::new()).expect("the built-in fonts load");
        let request = FaceRequest {
            family: "EB Garamond",
            generic: GenericFamily::Serif,
            weight: 400,
            italic: false,
        };
        let families = |text: &str, tag: &str, request| -> Vec<(String, String)> {
            let tag = Tag::parse(tag).expect("a tag");
            let requests = [(0..text.len(), request)];
            let runs = fonts.itemize(text, &requests, &tag);
            runs.expect("every letter has a face")
                .iter()
                .map(|run| (text[run.range.clone()].to_owned(), run.face.family.clone()))
                .collect()
        };
        let pair = |text: &str, family: &str| (text.to_owned(), family.to_owned());
        assert_eq!(
            families("김헌영", "es", request),
            [pair("김헌영", "Noto Serif CJK KR")]
        );
        assert_eq!(
            families("Ya-Shen (莊雅善)", "ja", request),
            [pair("Ya-Shen ", "EB Garamond"), pair("(莊雅善)", "Noto Serif CJK JP")]
        );
        let strong = FaceRequest { weight: 700, ..request };
        assert_eq!(families("修了", "ja", strong), [pair("修了", "Noto Sans CJK JP")]);
        let tag = Tag::parse("en").expect("a tag");
        let hieroglyph = "a\u{13000}";
        let requests = [(0..hieroglyph.len(), request)];
        assert_eq!(fonts.itemize(hieroglyph, &requests, &tag), Err('\u{13000}'));
    }
}
