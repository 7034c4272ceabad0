//! The state of reading course files, and the readers of texts and file names, which all parts of a
//! course need.

use std::collections::HashMap;

use crate::base::error::ErrorKind;
use crate::base::lang::Tag;
use crate::base::yaml::{Faults, Fields, Key, Node, Span, YamlFault};
use crate::site::course::text::{Text, TextVersion};

/// The most languages of one text.
const MAX_LANGUAGES: usize = 1_000;
/// The most bytes that the courses of a site may take, defaults and aliases written out.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The state of reading course files.
#[derive(Default)]
pub(super) struct CourseReader {
    pub(super) faults: Faults,
    /// Tags that are read already: all texts of all courses use the same few.
    tags: HashMap<String, Tag>,
    /// About how much memory the courses so far take.
    pub(super) bytes: usize,
}

impl CourseReader {
    /// Reads an optional field; an empty value is an absent one.
    pub(super) fn read_optional<'a, T>(
        &mut self,
        fields: Fields<'a>,
        key: &str,
        read: impl FnOnce(&mut Self, Node<'a>) -> Option<T>,
    ) -> Option<T> {
        fields.get(key).and_then(|node| read(self, node))
    }

    /// Counts the memory that a value takes. If it is too much, that is reported once, at `at`.
    pub(super) fn spend(
        &mut self,
        bytes: usize,
        at: impl FnOnce() -> Span,
    ) -> Option<()> {
        let within = self.bytes <= MAX_BYTES;
        self.bytes += bytes;
        if within && self.bytes > MAX_BYTES {
            let message =
                format!("the courses up to here take more than {} MiB", MAX_BYTES >> 20);
            self.faults.push(
                at().fault(ErrorKind::TooLarge, message)
                    .with_help("repeat less text in each course"),
            );
        }
        (self.bytes <= MAX_BYTES).then_some(())
    }

    /// Reads a text, plain or by language, that must not be empty.
    pub(super) fn read_text(&mut self, node: Node<'_>) -> Option<Text> {
        self.read_text_or_empty(node, false)
    }

    pub(super) fn read_text_or_empty(
        &mut self,
        node: Node<'_>,
        may_be_empty: bool,
    ) -> Option<Text> {
        if node.is_scalar() {
            let (text, span) = self.read_one_text(node, may_be_empty)?;
            return Text::new(vec![TextVersion { language: None, text, span }]);
        }
        let expected = "a text, or one text for each language,";
        let entries = self.faults.keep(node.entries_of(expected))?.collect::<Vec<_>>();
        if node.is_alias()
            && entries.iter().any(|(key, _)| Tag::parse(key.text()).is_err())
        {
            self.faults.push(node.misshapen(expected));
            return None;
        }
        let mut versions: Vec<TextVersion> = Vec::new();
        let mut spans = HashMap::new();
        if let Some((key, _)) = entries.get(MAX_LANGUAGES) {
            let message = format!("more than {MAX_LANGUAGES} languages of one text");
            self.faults.push(key.fault(ErrorKind::TooLarge, message));
            return None;
        }
        if entries.is_empty() {
            let fault = node
                .key_span()
                .fault(ErrorKind::InvalidValue, "a map by language without any language");
            self.faults.push(fault.with_help("write one, such as `{ en: … }`"));
        }
        for (key, node) in entries {
            let text = self.read_one_text(node, may_be_empty);
            let Some(language) = self.read_tag(key) else { continue };
            if let Some(first) = spans.insert(language.clone(), key.span()) {
                self.faults.push(key.twice(&first));
            } else if let Some((text, span)) = text {
                versions.push(TextVersion { language: Some(language), text, span });
            }
        }
        Text::new(versions)
    }

    fn read_one_text(
        &mut self,
        node: Node<'_>,
        may_be_empty: bool,
    ) -> Option<(String, Span)> {
        self.spend(size_of::<TextVersion>(), || node.key_span())?;
        let text = if node.is_null() && may_be_empty {
            ""
        } else {
            self.faults.keep(node.text())?
        };
        // The lines of a block scalar are one paragraph.
        let text = if text.contains(['\n', '\t']) {
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            text.trim().to_owned()
        };
        self.spend(text.len(), || node.key_span())?;
        if text.is_empty() && !may_be_empty {
            self.faults.push(node.fault(ErrorKind::InvalidValue, "an empty text"));
            return None;
        }
        Some((text, node.span()))
    }

    /// Reads the language of a text's version.
    fn read_tag(&mut self, key: Key<'_>) -> Option<Tag> {
        if let Some(tag) = self.tags.get(key.text()) {
            return Some(tag.clone());
        }
        let tag = Tag::parse(key.text()).map_err(|error| {
            key.wrap(error)
                .with_help("a text is plain, or a map by language: `{ en: … }`")
        });
        let tag = self.faults.keep(tag)?;
        self.tags.insert(key.text().to_owned(), tag.clone());
        Some(tag)
    }

    pub(super) fn read_language(&mut self, node: Node<'_>) -> Option<Tag> {
        let tag = self.faults.keep(node.text())?;
        self.faults.keep(Tag::parse(tag).map_err(|error| node.wrap(error)))
    }
}

/// Returns the name of a file or folder, which must not be a path.
pub(super) fn file_name(node: Node<'_>, what: &str) -> Result<String, YamlFault> {
    let name = node.text()?;
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\']) {
        return Err(node
            .fault(ErrorKind::InvalidValue, format!("`{name}` is no name of a {what}"))
            .with_help("write the name without a path"));
    }
    Ok(name.to_owned())
}

/// Returns the path of a file below its folder. It must not lead out of that folder, nor to a
/// hidden file.
pub(super) fn file_path(node: Node<'_>) -> Result<String, YamlFault> {
    let path = node.text()?;
    let unfit = |part: &str| part.is_empty() || part.starts_with('.');
    if path.contains('\\') || path.split('/').any(unfit) {
        return Err(node
            .fault(ErrorKind::InvalidValue, format!("`{path}` is no name of a file here"))
            .with_help("write the file's name alone, such as `ada.png`"));
    }
    Ok(path.to_owned())
}
