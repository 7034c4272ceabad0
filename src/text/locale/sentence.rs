//! One sentence of a locale or layout file: its template, and the place of each part of it.

use std::ops::Range;
use std::sync::Arc;

use crate::base::error::{ErrorKind, Place};
use crate::base::yaml::{Faults, Node};

/// The template of one sentence.
#[derive(Debug)]
pub(crate) struct SentenceTemplate {
    /// Unique in the locale.
    pub(crate) id: String,
    /// The role that a layout styles, or the key: `recipient`, `alt.logo`.
    pub(crate) role: String,
    /// The role; in the blocks with a number where an earlier one has the same role. It names the
    /// sentence in its facts.
    pub(crate) key: String,
    /// The text as the translator wrote it.
    pub(crate) template: String,
    /// Where the sentence begins.
    pub(crate) place: Place,
    source: Arc<SourceText>,
}

/// A file that has sentences.
#[derive(Debug)]
pub(super) struct SourceText {
    file: String,
    text: String,
}

impl SourceText {
    pub(super) fn new(file: &str, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}').to_owned();
        Self { file: file.to_owned(), text }
    }
}

impl SentenceTemplate {
    pub(super) fn read(
        node: Node<'_>,
        role: &str,
        source: &Arc<SourceText>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let template = faults.keep(node.text())?;
        let place = node.span().place().clone();
        let sentence = Self {
            id: format!("{place}:{role}"),
            role: role.to_owned(),
            key: role.to_owned(),
            template: template.to_owned(),
            place,
            source: Arc::clone(source),
        };
        if let Some(comment) = sentence.comment() {
            let message =
                format!("`{comment}` is a comment in YAML, and no part of the sentence");
            faults.push(node.fault(ErrorKind::Syntax, message).with_help(
                "put the sentence in quotes; a comment has a space after its `#`",
            ));
        }
        Some(sentence)
    }

    /// The place in the file of the bytes `range` of the template. After an escape that YAML replaces,
    /// it is the place at which the sentence begins.
    pub(crate) fn place_of(&self, range: Range<usize>) -> Place {
        self.offset()
            .and_then(|start| self.written_at(start, &range))
            .map(|range| Place::in_text(&self.source.file, &self.source.text, range))
            .unwrap_or_else(|| self.place.clone())
    }

    /// The bytes of the file that became the bytes `range` of the template, which begins at `start`.
    /// Folded and indented lines have other white space than the template.
    fn written_at(&self, start: usize, range: &Range<usize>) -> Option<Range<usize>> {
        let text = &self.source.text;
        let quote = text[..start].chars().next_back();
        // The header of a block: `>-`.
        let mut block = start;
        if text[start..].starts_with(['>', '|']) {
            block += text[start..].find('\n')? + 1;
        }
        let mut written =
            text[block..].char_indices().map(|(at, c)| (block + at, c)).peekable();
        let (mut begin, mut end) = (None, block);
        for (at, c) in self.template.char_indices() {
            if at >= range.end {
                break;
            }
            let before = written.peek().map_or(text.len(), |(at, _)| *at);
            while written.next_if(|(_, own)| own.is_whitespace()).is_some() {}
            let mut found = before;
            end = before;
            if !c.is_whitespace() {
                // A quote inside quotes is written twice, or after a backslash.
                let (at, mut own) = written.next()?;
                let is_escaped = quote == Some('"') && own == '\\'
                    || quote == Some('\'') && own == '\'';
                found = at;
                if is_escaped {
                    own = written.next()?.1;
                }
                if own != c {
                    return None;
                }
                end = written.peek().map_or(text.len(), |(at, _)| *at);
            }
            if at >= range.start && begin.is_none() {
                begin = Some(found);
            }
        }
        Some(begin.unwrap_or(end)..end)
    }

    /// The byte of the file at which the template begins, after an opening quote.
    fn offset(&self) -> Option<usize> {
        let (line, column) = (self.place.line?, self.place.column?);
        let text = &self.source.text;
        let start = match line {
            1 => 0,
            _ => text.match_indices('\n').nth(line as usize - 2)?.0 + 1,
        };
        let (at, first) = text[start..].char_indices().nth(column as usize - 1)?;
        Some(start + at + usize::from(matches!(first, '"' | '\'')))
    }

    /// A comment after the sentence on its line that the translator probably wrote as part of it:
    /// one without a space after its `#`.
    fn comment(&self) -> Option<&str> {
        let rest =
            self.source.text.get(self.offset()?..)?.strip_prefix(&self.template)?;
        let rest = rest.lines().next()?.trim();
        let is_deliberate = rest.get(1..).is_none_or(|text| text.starts_with(['#', ' ']));
        (rest.starts_with('#') && !is_deliberate).then_some(rest)
    }
}
