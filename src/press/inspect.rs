//! What a layout has in a language, and what is wrong with it, before anything is written.
//!
//! Takes the sentences of a layout in a language, gives an [`Inspection`]: where each comes from, which
//! are lacking, and all that a translator can mend. What only a page shows, such as a sentence that
//! does not fit, is the proof's to find.

use crate::base::error::{Error, ErrorKind, Place, Result, Warning, did_you_mean};
use crate::base::lang::Tag;
use crate::press::fonts::Fonts;
use crate::press::layout::Layout;
use crate::site::files::Site;
use crate::text::locale::Locale;
use crate::text::phrases::Phrases;

/// The language whose sentences show what can be said.
const MODEL: &str = "en";

/// What a layout says in a language.
#[derive(Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// Each key of a locale that has a sentence, and the file that it is from.
    pub found: Vec<(&'static str, String)>,
    /// The keys that have none.
    pub lacking: Vec<&'static str>,
    /// All that keeps the language from being used.
    pub fault: Option<Error>,
    /// What may be meant, and is more likely forgotten.
    pub warnings: Vec<Warning>,
}

impl Inspection {
    /// Inspects the sentences of `layout` in `tag`.
    pub(crate) fn of(site: &Site, layout: &Layout, tag: &Tag, fonts: &Fonts) -> Self {
        let mut inspection = Self {
            found: Vec::new(),
            lacking: Vec::new(),
            fault: None,
            warnings: Vec::new(),
        };
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
        let mut faults = requirements(layout, phrases.locale(), tag);
        faults.extend(letters(layout, &phrases, tag, fonts));
        inspection.fault = Error::join(faults).err();
        inspection.lacks(layout, phrases.locale(), tag);
        inspection.roles(layout, phrases.locale());
        inspection.unsaid(site, layout, &phrases);
        inspection
    }

    /// Whether every key has a sentence, and nothing is wrong with any.
    pub fn is_complete(&self) -> bool {
        self.lacking.is_empty() && self.fault.is_none()
    }

    fn lacks(&mut self, layout: &Layout, locale: &Locale, tag: &Tag) {
        for key in &self.lacking {
            // What the layout cannot do without is a fault already.
            if layout.requires.iter().any(|role| role == key) {
                continue;
            }
            let message = format!("there is no `{key}` in `{tag}`");
            self.warnings.push(
                Warning::new(ErrorKind::MissingField, message)
                    .at(file_of(layout, locale, tag))
                    .with_help(format!(
                        "write it as `layouts/shared/locales/{MODEL}.yaml` does"
                    )),
            );
        }
    }

    /// Blocks of roles that the layout does not know.
    fn roles(&mut self, layout: &Layout, locale: &Locale) {
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

    /// Values that the model's sentences print, and none of these.
    fn unsaid(&mut self, site: &Site, layout: &Layout, phrases: &Phrases) {
        let model = Tag::parse(MODEL);
        let Ok(model) = model.and_then(|tag| Phrases::load(site, &layout.name, &tag))
        else {
            return;
        };
        let own = phrases.named_values();
        let place = file_of(layout, phrases.locale(), phrases.language());
        for value in model.named_values().difference(&own) {
            let message = format!(
                "no sentence in `{}` prints `{value}`, as those in `{MODEL}` do",
                phrases.language()
            );
            self.warnings.push(
                Warning::new(ErrorKind::MissingField, message)
                    .at(place.clone())
                    .with_help(format!("write `{{{{ {value} }}}}` where it belongs")),
            );
        }
    }
}

/// Roles that the layout cannot do without.
fn requirements(layout: &Layout, locale: &Locale, tag: &Tag) -> Vec<Error> {
    let has = |role: &String| locale.sentences().any(|sentence| sentence.role == *role);
    let missing = layout.requires.iter().filter(|role| !has(role));
    missing
        .map(|role| {
            let message = format!(
                "the layout `{}` needs the role `{role}`, and the locale has none",
                layout.name
            );
            Error::new(ErrorKind::Sentence, message)
                .at(file_of(layout, locale, tag))
                .with_help("add it to this file")
        })
        .collect()
}

/// Letters of the sentences that no family has, whether or not a certificate comes to print them.
fn letters(layout: &Layout, phrases: &Phrases, tag: &Tag, fonts: &Fonts) -> Vec<Error> {
    let mut faults = Vec::new();
    for sentence in phrases.locale().sentences() {
        // These are read aloud, and stand on no page.
        if sentence.role == "title" || sentence.role.starts_with("alt.") {
            continue;
        }
        let wanted = layout.role(&sentence.role).wanted(layout, false, false);
        for range in Phrases::literal_ranges(&sentence.template) {
            let text = &sentence.template[range.clone()];
            let Err(letter) = fonts.set(text, &[(0..text.len(), wanted)], tag) else {
                continue;
            };
            let at = range.start + text.find(letter).unwrap_or_default();
            let place = sentence.place_of(at..at + letter.len_utf8());
            let what = format!("the sentence `{}`", sentence.role);
            faults.push(crate::press::fonts::missing_glyph(letter, &what).at(place));
        }
    }
    faults
}

/// The file that a translator would write into: the one that has most to say.
fn file_of(layout: &Layout, locale: &Locale, tag: &Tag) -> Place {
    let first = locale.blocks.iter().flatten().chain(locale.sentences()).next();
    match first {
        Some(sentence) => Place::file(sentence.place.file.clone()),
        None => Place::file(format!("layouts/{}/locales/{tag}.yaml", layout.name)),
    }
}

/// The languages made from English, for tests of a layout: longer, and mirrored.
pub(crate) fn pseudo_languages() -> Result<Vec<Tag>> {
    crate::text::phrases::Pseudolocale::TAGS.iter().map(|tag| Tag::parse(tag)).collect()
}
