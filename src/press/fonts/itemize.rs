//! Itemization: which face sets which part of a text.
//!
//! Takes a text and the face that each part of it asks for, gives runs of one face each. The
//! decision made here: **one face for the letters of one script in a word**. If the requested face
//! lacks one of them, they are all set in the family that `fonts/fonts.yaml` declares for the
//! script, so that Typst's own fallback, letter by letter, never applies.

use std::ops::Range;
use std::sync::{Arc, PoisonError};

use typst::text::{
    Font, FontAxis, FontInfo, FontStretch, FontStyle, FontVariant, FontWeight,
};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use super::family::{Family, GenericFamily};
use super::font_run::{ChosenFace, FontRun, give_spaces};
use super::marks::places_marks;
use super::words::{
    decides, has_script, is_emoji_sequence, is_raised_or_lowered, letters, needs_glyph,
    one_script_parts, script, words,
};
use super::{Fonts, absent_family_help};
use crate::base::error::{Error, ErrorKind, finding};
use crate::base::lang::Tag;

/// The face that is requested for a part of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaceRequest<'a> {
    pub(crate) family: &'a str,
    /// The families for letters that it lacks; they come before those that the fonts
    /// declare.
    pub(crate) fallback: &'a [String],
    pub(crate) generic: GenericFamily,
    /// 100 to 900; 400 is regular, 700 is bold.
    pub(crate) weight: u16,
    pub(crate) italic: bool,
}

impl Fonts {
    /// The cache of fallback orders is bounded, because requests choose languages.
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
    /// The first letter that no declared family has, as a grapheme cluster.
    pub(crate) fn itemize(
        &self,
        text: &str,
        requests: &[(Range<usize>, FaceRequest<'_>)],
        tag: &Tag,
    ) -> Result<Arc<[FontRun]>, String> {
        let requested: Vec<_> = requests
            .iter()
            .map(|(range, request)| {
                let FaceRequest { family, fallback, generic, weight, italic } = *request;
                (range.end, family, fallback, generic, weight, italic)
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
    ) -> Result<Vec<FontRun>, String> {
        let mut clusters = text.graphemes(true);
        if !text.is_ascii()
            && let Some(cluster) = clusters.find(|cluster| is_emoji_sequence(cluster))
        {
            return Err(cluster.to_owned());
        }
        let mut runs: Vec<FontRun> = Vec::new();
        for word in words(text) {
            let found = self.itemize_word(text, &word, requests, tag);
            let found = found.or_else(|letter| {
                // No family has the letters of all scripts of the word, so it is split by script.
                let parts = one_script_parts(text, word.clone());
                if parts.len() == 1 {
                    let mut clusters = text[word].graphemes(true);
                    let cluster = clusters.find(|cluster| cluster.contains(letter));
                    return Err(cluster.map_or_else(|| letter.to_string(), str::to_owned));
                }
                let parts = parts.iter().map(|part| {
                    let found = self.itemize_word(text, part, requests, tag);
                    found.map_err(|letter| letter.to_string())
                });
                Ok(parts.collect::<Result<Vec<_>, _>>()?.concat())
            })?;
            for run in found {
                match runs.last_mut() {
                    Some(last)
                        if last.request == run.request && last.face == run.face =>
                    {
                        last.range.end = run.range.end;
                    }
                    _ => runs.push(run),
                }
            }
        }
        give_spaces(text, &mut runs);
        let runs = runs.into_iter().flat_map(|run| self.without_ligatures(text, run));
        Ok(runs.collect())
    }

    /// Splits a run where its face would draw a ligature that changes what is read.
    fn without_ligatures(&self, text: &str, run: FontRun) -> Vec<FontRun> {
        let face = FaceRequest {
            family: &run.face.family,
            fallback: &[],
            generic: GenericFamily::Serif,
            weight: run.face.weight,
            italic: run.face.italic,
        };
        let index = self.variant(&run.face.family, face).map(|(index, _)| index);
        let own = &text[run.range.clone()];
        let breaks =
            index.map_or_else(Vec::new, |index| self.ligature_breaks(index, own));
        let mut start = run.range.start;
        let ends =
            breaks.into_iter().map(|at| run.range.start + at).chain([run.range.end]);
        let runs = ends.map(|end| {
            let range = start..end;
            start = end;
            FontRun { range, face: run.face.clone(), ..run }
        });
        runs.collect()
    }

    /// Splits a word; several requests may cover parts of it.
    fn itemize_word(
        &self,
        text: &str,
        word: &Range<usize>,
        requests: &[(Range<usize>, FaceRequest<'_>)],
        tag: &Tag,
    ) -> Result<Vec<FontRun>, char> {
        let mut runs = Vec::new();
        for (request, (range, face)) in requests.iter().enumerate() {
            let part = word.start.max(range.start)..word.end.min(range.end);
            if part.is_empty() {
                continue;
            }
            let found = self.itemize_part(text, word, part, *face, tag)?;
            runs.extend(found.into_iter().map(|(range, face)| FontRun {
                range,
                request,
                face,
            }));
        }
        Ok(runs)
    }

    /// Splits the part of a word that one request covers. The letters of the word decide
    /// its face, and marks have the same one. Punctuation that this face lacks is set in
    /// the requested face: the faces of most scripts lack Latin brackets. Raised and
    /// lowered figures all have one face.
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

        let raised = filtered(is_raised_or_lowered);
        let has_raised = raised.chars().all(|c| self.has_letter(&font, c));

        let mut runs: Vec<(Range<usize>, ChosenFace)> = Vec::new();
        for (index, c) in text[part.clone()].char_indices() {
            let start = part.start + index;
            let end = start + c.len_utf8();
            let needed = needs_glyph(c);
            let is_raised = is_raised_or_lowered(c);
            let is_here = if is_raised { has_raised } else { self.has_letter(&font, c) };
            let chosen = if needed && !decides(c) && !is_here {
                let mark = if is_raised { raised.as_str() } else { &text[start..end] };
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
        let own = || request.fallback.iter().find_map(|family| face(family));
        face(request.family).or_else(own).or_else(|| {
            let order = self.fallback_order(request, script, tag);
            order.iter().find_map(|&index| face(&self.families[index].name))
        })
    }

    /// The families that may replace a requested face, nearest first: indices into
    /// `families`.
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

    /// How far a family is from a requested face: by script, then language, generic family and
    /// weight. A regular serif beside serifs is nearer than a bold sans.
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
        let lighter = self
            .variant(&family.name, request)
            .is_some_and(|(_, info)| weight(info, request) + 150 < request.weight);
        let serif = request.generic != GenericFamily::Sans;
        let other_generic = serif != (family.generic == GenericFamily::Serif);
        (other_script, language, other_generic, lighter, foreign)
    }

    /// The face of a family that is nearest to the requested one, if it has every letter
    /// and places the marks.
    fn covering_face(
        &self,
        family: &str,
        text: &str,
        request: FaceRequest<'_>,
    ) -> Option<(Font, ChosenFace)> {
        let (index, info) = self.variant(family, request)?;
        let font = self.font(index)?;
        if !letters(text).all(|c| self.has_letter(&font, c)) || !places_marks(&font, text)
        {
            return None;
        }
        let slopes =
            |axis: &FontAxis| [*b"ital", *b"slnt"].contains(&axis.tag.to_bytes());
        let face = ChosenFace {
            family: info.family.clone(),
            weight: weight(info, request),
            italic: info.variant.style != FontStyle::Normal
                || request.italic && info.axes.iter().any(slopes),
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

    /// Whether a face has a letter, either as one glyph or in the parts from which the shaper
    /// composes it. One that it draws without ink it lacks.
    fn has_letter(&self, font: &Font, letter: char) -> bool {
        let lists = |c: char| font.info().coverage.contains(c as u32);
        let has = |c: char| lists(c) && !self.is_blank(font, c);
        has(letter)
            || !lists(letter) && {
                let mut parts = std::iter::once(letter).nfd().peekable();
                parts.peek() != Some(&letter) && parts.all(has)
            }
    }

    /// The letter to report if no family has the whole word: one that no family has, or
    /// else the first of the word.
    fn uncovered_letter(&self, word: &str) -> char {
        let anywhere = |c: char| {
            (0..self.faces.len())
                .filter_map(|index| self.font(index))
                .any(|font| self.has_letter(&font, c))
        };
        letters(word)
            .find(|&c| !anywhere(c))
            .or_else(|| letters(word).next())
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// The error for a letter that no family has. If a family of its script is declared
    /// but missing, the help names it and says where to get it.
    pub(crate) fn missing_glyph(
        &self,
        letter: &str,
        tag: &Tag,
        role: &str,
        text: &str,
    ) -> Error {
        let help = match letter.chars().find_map(|c| self.absent_family(c, tag)) {
            Some(family) => absent_family_help(family),
            None if is_emoji_sequence(letter) => {
                "certificates are set in text faces, which have no flags and no emoji of several \
                 parts: leave it out"
                    .to_owned()
            }
            // A sign that is no letter is in few names, and in fewer fonts.
            None if !letter.starts_with(|c: char| c.is_alphanumeric() || is_combining_mark(c)) => {
                "take the sign out; if it is meant, add a font that has it to the site's `fonts/` \
                 folder and list its family in `fonts/fonts.yaml`"
                    .to_owned()
            }
            None => "add a font that has it to the site's `fonts/` folder and list its family in \
                     `fonts/fonts.yaml`"
                .to_owned(),
        };
        let codes = letter.chars().map(|c| format!("U+{:04X}", u32::from(c)));
        let codes = codes.collect::<Vec<_>>().join(" ");
        let message = finding!("no_letter", letter, codes, role, text);
        Error::new(ErrorKind::MissingGlyph, message).with_help(help)
    }

    /// A declared family that has no face here and is made for a letter's script, and for
    /// the language if possible.
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

/// The weight of a face for a request: a variable font has all weights of a range.
fn weight(info: &FontInfo, request: FaceRequest<'_>) -> u16 {
    let axis = info.axes.iter().find(|axis| axis.tag.to_bytes() == *b"wght");
    axis.map_or(info.variant.weight.to_number(), |axis| {
        f32::from(request.weight).clamp(axis.min.0, axis.max.0) as u16
    })
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
            fallback: &[],
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
        assert_eq!(
            families("14 พฤษภาคม 2569", "th", request),
            [
                pair("14", "EB Garamond"),
                pair(" พฤษภาคม ", "Noto Serif Thai"),
                pair("2569", "EB Garamond"),
            ]
        );
        // EB Garamond cannot place these marks.
        for name in ["Ọ̀ṣúnṣọlá", "Ẹ̀bùn", "Ǫ́", "M̧ajeļ", "Ɔ̌"] {
            assert_eq!(families(name, "en", request), [pair(name, "Noto Serif")]);
        }
        for name in ["Adébáyọ", "Nguyễn", "Žaneta", "Ἀριστοτέλης", "Ёлка"]
        {
            assert_eq!(families(name, "en", request), [pair(name, "EB Garamond")]);
        }
        let strong = FaceRequest { weight: 700, ..request };
        assert_eq!(families("修了", "ja", strong), [pair("修了", "Noto Serif CJK JP")]);
        let tag = Tag::parse("en").expect("a tag");
        let hieroglyph = "a\u{13000}";
        let requests = [(0..hieroglyph.len(), request)];
        assert_eq!(
            fonts.itemize(hieroglyph, &requests, &tag),
            Err("\u{13000}".to_owned())
        );
    }
}
