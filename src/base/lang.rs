//! Language tags (BCP 47): their canonical form, their fallbacks, and the direction of writing.
//!
//! - **Takes**: a tag as text.
//! - **Gives**: a canonical [`Tag`]; the tags in whose files its sentences are looked up; its
//!   [`Direction`].

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use icu_locale::extensions::unicode::Key;
use icu_locale::subtags::{Language, Script, Variants};
use icu_locale::{LanguageIdentifier, Locale, LocaleCanonicalizer};
use icu_locale::{LocaleDirectionality, LocaleExpander};
use serde::{Serialize, Serializer};

use crate::base::error::{Error, ErrorKind, Result, finding};

/// The most bytes of a tag.
const MAX_LEN: usize = 100;

static CANONICALIZER: LocaleCanonicalizer = LocaleCanonicalizer::new_extended();
static EXPANDER: LocaleExpander = LocaleExpander::new_extended();
static DIRECTIONALITY: LocaleDirectionality = LocaleDirectionality::new_extended();

/// A language tag in its canonical form: `pt-BR`, `zh-Hant`, `ar-u-ca-islamic-umalqura`.
///
/// It always has a language subtag. A `-u-` extension (RFC 6067) sets the calendar (`-ca-`) or the
/// digits (`-nu-`) of dates and numbers; files are looked up without it.
#[derive(Clone)]
pub struct Tag {
    text: String,
    locale: Locale,
}

impl Tag {
    /// Reads a tag in any case and converts it to its canonical form: `PT-br` becomes `pt-BR`, `iw`
    /// becomes `he`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: `text` is not a tag, has no language, or has underscores; the
    /// help then has the tag with hyphens.
    pub fn parse(text: &str) -> Result<Self> {
        let hyphens = text.trim().replace('_', "-");
        let read = if text.len() > MAX_LEN { None } else { Self::read(&hyphens) };
        match read {
            Some(tag) if hyphens == text => Ok(tag),
            read => {
                let message = finding!("not_a_language", text.escape_debug());
                Err(Error::new(ErrorKind::InvalidValue, message).with_help(match read {
                    Some(tag) => format!("write it as `{tag}`"),
                    None => {
                        "write a BCP 47 tag such as `en`, `fr-CA` or `zh-Hant`".into()
                    }
                }))
            }
        }
    }

    /// Returns the tag as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the language subtag: `pt`.
    pub fn language(&self) -> &str {
        self.locale.id.language.as_str()
    }

    /// Returns the script subtag, if the tag has one: `Hant`.
    pub fn script(&self) -> Option<&str> {
        self.locale.id.script.as_ref().map(|script| script.as_str())
    }

    /// Returns the region subtag, if the tag has one: `BR`.
    pub fn region(&self) -> Option<&str> {
        self.locale.id.region.as_ref().map(|region| region.as_str())
    }

    /// Returns the tags to look up, in order: the tag without extensions, then shorter and shorter
    /// ones. `zh-TW` gives `zh-TW`, `zh-Hant`, `zh`: a script that the region implies has a step of
    /// its own.
    pub fn fallbacks(&self) -> impl Iterator<Item = Self> {
        let id = self.locale.id.clone();
        let language = without_region(id.language, None);
        let plain = LanguageIdentifier { variants: Variants::new(), ..id.clone() };
        let implied = EXPANDER.get_likely_script(&plain);
        let usual = EXPANDER.get_likely_script(&language);
        // The files for Chinese are named by script, including the default one: `zh-Hans`.
        let by_script = id.language.as_str() == "zh";
        let script = id.script.or(implied.filter(|_| by_script || implied != usual));
        let with_script = without_region(language.language, script);
        let mut steps = vec![id, plain, with_script.clone(), language];
        if by_script {
            steps.push(with_script);
        }
        let mut seen = Vec::new();
        steps.retain(|step| {
            let new = !seen.contains(step);
            seen.push(step.clone());
            new
        });
        steps.into_iter().map(|id| Self { text: id.to_string(), locale: id.into() })
    }

    /// Returns the tag without what changes no sentence and no format, so that tags that differ in it
    /// alone share what is made of it: private use, and extensions other than the calendar, the digits
    /// and the region of `-u-` (UTS #35).
    pub(crate) fn effective(&self) -> Self {
        const READ: [&str; 4] = ["ca", "nu", "rg", "sd"];
        let Locale { id, extensions } = self.locale.clone();
        let mut locale = Locale::from(id);
        locale.extensions.unicode.keywords = extensions.unicode.keywords;
        let is_read = |key: &Key| READ.contains(&key.as_str());
        locale.extensions.unicode.keywords.retain_by_key(is_read);
        Self { text: locale.to_string(), locale }
    }

    /// Whether the language is written in a script that has italics: Latin, Greek or Cyrillic.
    pub(crate) fn has_italics(&self) -> bool {
        let script = self.locale.id.script;
        let script = script.or_else(|| EXPANDER.get_likely_script(&self.locale.id));
        script.is_some_and(|script| ["Latn", "Grek", "Cyrl"].contains(&script.as_str()))
    }

    /// Returns the region by which a font chooses the forms of characters: the tag's own. Chinese
    /// characters differ between regions, so for Chinese without a region it is the one that the
    /// script implies.
    pub(crate) fn glyph_region(&self) -> Option<String> {
        if self.language() == "zh" && self.region().is_none() {
            let mut id = self.locale.id.clone();
            EXPANDER.maximize(&mut id);
            return id.region.map(|region| region.to_string());
        }
        // A region of several countries, such as `419`, has no forms of its own.
        self.region().filter(|region| region.len() == 2).map(str::to_owned)
    }

    /// Returns the direction of the tag's script.
    pub fn direction(&self) -> Direction {
        if DIRECTIONALITY.is_right_to_left(&self.locale.id) {
            Direction::Rtl
        } else {
            Direction::Ltr
        }
    }

    /// Returns the tag with its extensions, for ICU4X's formatters.
    pub(crate) fn locale(&self) -> &Locale {
        &self.locale
    }

    fn read(text: &str) -> Option<Self> {
        let mut locale: Locale = text.parse().ok()?;
        CANONICALIZER.canonicalize(&mut locale);
        let known = !locale.id.language.is_unknown();
        known.then(|| Self { text: locale.to_string(), locale })
    }
}

fn without_region(language: Language, script: Option<Script>) -> LanguageIdentifier {
    LanguageIdentifier { language, script, region: None, variants: Variants::new() }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Tag {}

impl PartialOrd for Tag {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Tag {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Tag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl FromStr for Tag {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({})", self.text)
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// The direction of a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From left to right.
    Ltr,
    /// From right to left.
    Rtl,
}

impl Direction {
    /// Returns `ltr` or `rtl`, the words of Typst and HTML.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Ltr => "ltr",
            Direction::Rtl => "rtl",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(tag: &str) -> String {
        let tag = Tag::parse(tag).unwrap();
        tag.fallbacks().map(|tag| tag.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn tags_are_canonical_or_refused() {
        let canonical = [("PT-br", "pt-BR"), ("iw", "he"), ("zh-hant-tw", "zh-Hant-TW")];
        for (written, tag) in canonical {
            assert_eq!(Tag::parse(written).unwrap().as_str(), tag);
        }
        let tag = Tag::parse("ar-EG-u-nu-latn").unwrap();
        assert_eq!(
            (tag.language(), tag.script(), tag.region()),
            ("ar", None, Some("EG"))
        );
        assert_eq!(tag.as_str(), "ar-EG-u-nu-latn");
        for wrong in ["", "und", "english", "e", "en--US", "../en", "en/../x", "日本"] {
            assert_eq!(
                Tag::parse(wrong).unwrap_err().kind(),
                ErrorKind::InvalidValue,
                "{wrong}"
            );
        }
        let error = Tag::parse("pt_br").unwrap_err();
        assert_eq!(error.help(), Some("write it as `pt-BR`"));
    }

    #[test]
    fn fallbacks_keep_the_script() {
        assert_eq!(steps("fr-CA"), "fr-CA fr");
        assert_eq!(steps("ar-u-ca-islamic"), "ar");
        assert_eq!(steps("zh-Hant-TW"), "zh-Hant-TW zh-Hant zh");
        assert_eq!(steps("zh-TW"), "zh-TW zh-Hant zh");
        assert_eq!(steps("zh-CN"), "zh-CN zh-Hans zh");
        assert_eq!(steps("zh"), "zh zh-Hans");
        assert_eq!(steps("ca-ES-valencia"), "ca-ES-valencia ca-ES ca");
    }

    #[test]
    fn effective_tag_has_what_sentences_and_formats_depend_on() {
        for (tag, effective) in [
            ("fr-CA", "fr-CA"),
            ("de-x-a1", "de"),
            ("ca-ES-valencia-x-b", "ca-ES-valencia"),
            (
                "ar-EG-u-attr-ca-islamic-umalqura-lb-strict-nu-latn",
                "ar-EG-u-ca-islamic-umalqura-nu-latn",
            ),
            ("en-u-rg-gbzzzz-va-posix", "en-u-rg-gbzzzz"),
            ("de-a-b1-t-en-m0-ungegn", "de"),
        ] {
            assert_eq!(Tag::parse(tag).unwrap().effective().as_str(), effective);
        }
    }

    #[test]
    fn direction_follows_the_script() {
        for rtl in ["ar", "he", "fa", "ur", "ps", "dv", "yi", "ckb", "az-Arab", "pa-PK"] {
            assert_eq!(Tag::parse(rtl).unwrap().direction(), Direction::Rtl, "{rtl}");
        }
        for ltr in ["en", "ja", "ku", "pa", "ar-Latn", "mn-Mong"] {
            assert_eq!(Tag::parse(ltr).unwrap().direction(), Direction::Ltr, "{ltr}");
        }
    }
}
