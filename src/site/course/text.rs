//! The texts of a course, plain or by language.

use serde_json::Value as Json;

use crate::base::error::Place;
use crate::base::lang::Tag;
use crate::base::yaml::Span;

/// A text on a certificate: plain, which is the same in all languages, or one version for each
/// language. `Curling`, or `{ en: Curling, fr: Le curling }`.
#[derive(Debug, Clone)]
pub struct Text {
    /// At least one. A plain text has one version, without a language.
    versions: Vec<TextVersion>,
}

#[derive(Debug, Clone)]
pub(super) struct TextVersion {
    pub(super) language: Option<Tag>,
    pub(super) text: String,
    pub(super) span: Span,
}

impl Text {
    /// Creates a text; `None` without versions.
    pub(super) fn new(versions: Vec<TextVersion>) -> Option<Self> {
        (!versions.is_empty()).then_some(Self { versions })
    }

    /// Reads a map by language in a free field of the course at `span`; `None` for any other value.
    pub(super) fn of_json(json: &Json, span: &Span) -> Option<Self> {
        let version = |(tag, text): (&String, &Json)| {
            let language = Some(Tag::parse(tag).ok()?);
            Some(TextVersion {
                language,
                text: text.as_str()?.to_owned(),
                span: span.clone(),
            })
        };
        Self::new(json.as_object()?.iter().map(version).collect::<Option<_>>()?)
    }

    /// Returns the text in a language, and whether it is in another language because there is no
    /// version in that one.
    ///
    /// The versions are looked up in this order: the language and its fallbacks (`fr-CA`, `fr`), a
    /// narrower tag of the same language (`en-GB` for `en`), the same two for `default`, the first
    /// version. A plain text is never in another language.
    pub fn get(&self, tag: &Tag, default: &Tag) -> (&str, bool) {
        let (version, fell_back) = self.choose(tag, default);
        (&version.text, fell_back)
    }

    /// Returns where the text that [`get`](Self::get) returns is written.
    pub fn place(&self, tag: &Tag, default: &Tag) -> &Place {
        self.choose(tag, default).0.span.place()
    }

    /// Returns the languages of the versions; none for a plain text.
    pub fn languages(&self) -> impl Iterator<Item = &Tag> {
        self.versions.iter().filter_map(|version| version.language.as_ref())
    }

    fn choose(&self, tag: &Tag, default: &Tag) -> (&TextVersion, bool) {
        let first = &self.versions[0];
        if first.language.is_none() {
            return (first, false);
        }
        match self.version(tag) {
            Some(version) => (version, false),
            None => (self.version(default).unwrap_or(first), true),
        }
    }

    fn version(&self, tag: &Tag) -> Option<&TextVersion> {
        let find = |tag: &Tag| {
            self.versions.iter().find(|version| version.language.as_ref() == Some(tag))
        };
        let narrower = || {
            let tag = tag.fallbacks().next()?;
            self.versions.iter().find(|version| {
                let language = version.language.as_ref();
                language.is_some_and(|language| language.fallbacks().any(|t| t == tag))
            })
        };
        tag.fallbacks().find_map(|tag| find(&tag)).or_else(narrower)
    }
}
