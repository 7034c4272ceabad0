//! A text of a course, plain or by language.

use serde_json::Value as Json;

use crate::base::error::Place;
use crate::base::lang::Tag;
use crate::base::yaml::Span;

/// A text that people read: the same in all languages, or one by language.
#[derive(Debug, Clone)]
pub struct Text {
    /// Never empty. A plain text is one without a language.
    versions: Vec<Version>,
}

#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) language: Option<Tag>,
    pub(super) text: String,
    pub(super) span: Span,
}

impl Text {
    /// A text of one version or more; without any, none.
    pub(super) fn new(versions: Vec<Version>) -> Option<Self> {
        (!versions.is_empty()).then_some(Self { versions })
    }

    /// A map by language that is written in a free field of the course at `span`.
    pub(super) fn of_json(json: &Json, span: &Span) -> Option<Self> {
        let version = |(tag, text): (&String, &Json)| {
            let language = Some(Tag::parse(tag).ok()?);
            Some(Version {
                language,
                text: text.as_str()?.to_owned(),
                span: span.clone(),
            })
        };
        Self::new(json.as_object()?.iter().map(version).collect::<Option<_>>()?)
    }

    /// The text in a language, and whether it is that of another language for want of one.
    ///
    /// Looked at are the language and what it falls back to (`fr-CA`, `fr`), then a narrower
    /// version of it (`en-GB` for `en`), then the same for `default`, then whatever comes first. A
    /// plain text is every language's and no fallback.
    pub fn get(&self, tag: &Tag, default: &Tag) -> (&str, bool) {
        let (version, fell_back) = self.choose(tag, default);
        (&version.text, fell_back)
    }

    /// Where the text that [`get`](Self::get) returns is written.
    pub fn place(&self, tag: &Tag, default: &Tag) -> &Place {
        self.choose(tag, default).0.span.place()
    }

    /// The languages that there are versions in; none for a plain text.
    pub fn languages(&self) -> impl Iterator<Item = &Tag> {
        self.versions.iter().filter_map(|version| version.language.as_ref())
    }

    fn choose(&self, tag: &Tag, default: &Tag) -> (&Version, bool) {
        let first = &self.versions[0];
        if first.language.is_none() {
            return (first, false);
        }
        match self.version(tag) {
            Some(version) => (version, false),
            None => (self.version(default).unwrap_or(first), true),
        }
    }

    fn version(&self, tag: &Tag) -> Option<&Version> {
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
