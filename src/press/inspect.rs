//! Inspects the sentences of a layout in a language.
//!
//! Takes the sentences, gives an [`Inspection`]: the file of each, those that are missing, and
//! everything that a translator can correct. The decision made here: only what needs no page is
//! inspected; a sentence that does not fit is found by the proof.

use crate::base::error::{Error, ErrorKind, Result, Warning, did_you_mean};
use crate::base::lang::Tag;
use crate::press::fonts::Fonts;
use crate::press::layout::Layout;
use crate::press::translation::{MODEL, file_of, unused_values};
use crate::site::files::Site;
use crate::text::locale::{Locale, PageTexts};
use crate::text::phrases::{Phrases, Pseudolocale};

/// The sentences of a layout in a language, and what is wrong with them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// Each key of a locale that has a sentence, and the file that it comes from.
    pub found: Vec<(&'static str, String)>,
    /// The keys that have no sentence.
    pub lacking: Vec<&'static str>,
    /// The texts of web pages, under `page`, that the language does not have.
    pub lacking_page: Vec<&'static str>,
    /// Why the language cannot be used: all errors together.
    pub fault: Option<Error>,
    /// Likely mistakes, which may also be intended.
    pub warnings: Vec<Warning>,
}

impl Inspection {
    /// Inspects the sentences of `layout` in `tag`.
    pub(crate) fn of(site: &Site, layout: &Layout, tag: &Tag, fonts: &Fonts) -> Self {
        let mut inspection = Self {
            found: Vec::new(),
            lacking: Vec::new(),
            lacking_page: Vec::new(),
            fault: None,
            warnings: Vec::new(),
        };
        let declared = layout.languages.as_ref();
        if let Some(Err(error)) = declared.map(|it| it.check(site, &layout.name, tag)) {
            inspection.fault = Some(error);
            return inspection;
        }
        let phrases = match Phrases::load(site, &layout.name, tag) {
            Ok(phrases) => phrases,
            Err(error) => {
                inspection.fault = Some(error);
                return inspection;
            }
        };
        inspection.warnings.extend(phrases.fallback_warning());
        for (key, place) in phrases.locale().keys() {
            match place {
                Some(place) => inspection.found.push((key, place.file.clone())),
                None => inspection.lacking.push(key),
            }
        }
        let mut errors = missing_roles(layout, phrases.locale(), tag);
        errors.extend(missing_letters(layout, &phrases, tag, fonts));
        match PageTexts::load(site, &layout.name, tag) {
            Ok(page) => {
                inspection.lacking_page = page.missing;
                inspection.warnings.extend(page.warnings);
            }
            // A pseudo-language has no locale file, and so no texts for web pages.
            Err(_) if Pseudolocale::of(tag).is_some() => {}
            Err(error) => errors.push(error),
        }
        inspection.fault = Error::join(errors).err();
        inspection.warn_of_missing_keys(layout, phrases.locale(), tag);
        inspection.warn_of_unknown_roles(layout, phrases.locale());
        inspection.warnings.extend(unused_values(site, &layout.name, &phrases));
        inspection.warnings.extend_from_slice(phrases.doubts());
        inspection
    }

    /// Whether every key has a sentence, the pages have all texts, and there is no error.
    pub fn is_complete(&self) -> bool {
        self.lacking.is_empty() && self.lacking_page.is_empty() && self.fault.is_none()
    }

    /// Warns of keys without a sentence.
    fn warn_of_missing_keys(&mut self, layout: &Layout, locale: &Locale, tag: &Tag) {
        for key in &self.lacking {
            // A key that the layout requires is an error already.
            if layout.requires.iter().any(|role| role == key) {
                continue;
            }
            let message = format!("there is no `{key}` in `{tag}`");
            self.warnings.push(
                Warning::new(ErrorKind::MissingField, message)
                    .at(file_of(&layout.name, locale, tag))
                    .with_help(format!(
                        "write it as `layouts/shared/locales/{MODEL}.yaml` does"
                    )),
            );
        }
    }

    /// Warns of blocks whose role the layout does not declare.
    fn warn_of_unknown_roles(&mut self, layout: &Layout, locale: &Locale) {
        let known: Vec<&str> = layout.role_names().collect();
        for block in locale.blocks.iter().flatten() {
            let role = block.role.as_str();
            if !known.contains(&role) {
                let message = format!(
                    "the layout `{}` has no role `{role}`, and sets it as a `statement`",
                    layout.name
                );
                self.warnings.push(
                    Warning::new(ErrorKind::UnknownKey, message)
                        .at(block.place.clone())
                        .with_help(did_you_mean(role, known.iter().copied())),
                );
            }
        }
    }
}

/// An error for each role that the layout requires and the locale has no sentence for.
fn missing_roles(layout: &Layout, locale: &Locale, tag: &Tag) -> Vec<Error> {
    let has = |role: &String| locale.sentences().any(|sentence| sentence.role == *role);
    let missing = layout.requires.iter().filter(|role| !has(role));
    missing
        .map(|role| {
            let message = format!(
                "the layout `{}` needs the role `{role}`, and the locale has none",
                layout.name
            );
            Error::new(ErrorKind::Sentence, message)
                .at(file_of(&layout.name, locale, tag))
                .with_help("add it to this file")
        })
        .collect()
}

/// An error for each sentence with a letter that no family has, even if no certificate prints it.
fn missing_letters(
    layout: &Layout,
    phrases: &Phrases,
    tag: &Tag,
    fonts: &Fonts,
) -> Vec<Error> {
    let mut errors = Vec::new();
    for sentence in phrases.locale().sentences() {
        // Titles and alternative texts are metadata and are not set.
        if sentence.role == "title" || sentence.role.starts_with("alt.") {
            continue;
        }
        let role = layout.role(&sentence.role);
        let request = layout.face_request(role, false, false);
        for range in Phrases::literal_ranges(&sentence.template) {
            let text = &sentence.template[range.clone()];
            let Err(letter) = fonts.itemize(text, &[(0..text.len(), request)], tag)
            else {
                continue;
            };
            let at = range.start + text.find(&letter).unwrap_or_default();
            let place = sentence.place_of(at..at + letter.len());
            let error = fonts.missing_glyph(&letter, tag, "sentence", &sentence.role);
            errors.push(error.at(place));
        }
    }
    errors
}

/// The languages generated from English to test a layout: one longer, one right to left.
pub(crate) fn pseudo_languages() -> Result<Vec<Tag>> {
    Pseudolocale::TAGS.iter().map(|tag| Tag::parse(tag)).collect()
}
