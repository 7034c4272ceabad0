//! The words of a certificate as a page shows them: its sentences by language, and its table.
//!
//! Takes the printed sentences in the order of reading; gives a [`CertificatePart`] for each
//! language. The decision made here: text in another language is a separate element with its
//! language, so that a browser can choose font, direction and voice.

use serde::Serialize;

use super::facts::PageSentence;
use crate::base::error::Result;
use crate::base::lang::Tag;
use crate::register::record::PrintedTable;
use crate::site::name::inert;

/// A sentence of at least this many characters is set in smaller letters.
const MIN_LONG_SENTENCE: usize = 37;

/// What a certificate says in one language.
#[derive(Debug, Serialize)]
pub(super) struct CertificatePart {
    language: String,
    direction: &'static str,
    /// Whether its script has capitals.
    cased: bool,
    /// The sentences except those of the date and of the authenticity.
    sentences: Vec<VisibleSentence>,
    table: Option<VisibleTable>,
    date: Vec<VisibleSentence>,
}

#[derive(Debug, Serialize)]
pub(super) struct VisibleSentence {
    role: String,
    text: String,
    language: String,
    direction: &'static str,
    /// Whether the text is set in smaller letters.
    long: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct VisibleTable {
    columns: Vec<VisibleColumn>,
    rows: Vec<Vec<String>>,
    total: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct VisibleColumn {
    heading: String,
    /// Whether its cells are numbers, which stand one below the other.
    figures: bool,
}

/// Arranges the sentences and the table of a certificate in this language. Returns its parts, of
/// which the first has the table, and the sentences about the authenticity.
///
/// # Errors
/// [`ErrorKind::UnknownLanguage`](crate::ErrorKind::UnknownLanguage): that of a sentence is not
/// known.
pub(super) fn arrange(
    sentences: &[PageSentence],
    table: Option<&PrintedTable>,
    language: &Tag,
) -> Result<(Vec<CertificatePart>, Vec<VisibleSentence>)> {
    let mut parts: Vec<CertificatePart> = Vec::new();
    let mut authenticity = Vec::new();
    for sentence in sentences {
        let tag = match &sentence.language {
            Some(other) => &Tag::parse(other)?,
            None => language,
        };
        let visible = VisibleSentence::new(sentence, tag);
        if sentence.role == "authenticity" {
            authenticity.push(visible);
            continue;
        }
        let found = parts.iter().position(|part| part.language == visible.language);
        let at = found.unwrap_or_else(|| {
            parts.push(CertificatePart::new(tag, &sentence.text));
            parts.len() - 1
        });
        match sentence.role.as_str() {
            "date" => parts[at].date.push(visible),
            _ => parts[at].sentences.push(visible),
        }
    }
    if let Some(first) = parts.first_mut() {
        first.table = table.map(VisibleTable::new);
    }
    Ok((parts, authenticity))
}

impl CertificatePart {
    /// The part of a language that begins with this sentence.
    fn new(tag: &Tag, first: &str) -> Self {
        Self {
            language: tag.to_string(),
            direction: tag.direction().as_str(),
            cased: is_cased(first),
            sentences: Vec::new(),
            table: None,
            date: Vec::new(),
        }
    }
}

impl VisibleSentence {
    fn new(sentence: &PageSentence, tag: &Tag) -> Self {
        Self {
            role: sentence.role.chars().filter(|c| is_role_char(*c)).collect(),
            text: text(&sentence.text),
            language: tag.to_string(),
            direction: tag.direction().as_str(),
            long: sentence.text.chars().count() >= MIN_LONG_SENTENCE,
        }
    }
}

impl VisibleTable {
    fn new(table: &PrintedTable) -> Self {
        let row = |cells: &Vec<String>| cells.iter().map(|cell| text(cell)).collect();
        let columns = table.columns.iter().enumerate().map(|(index, heading)| {
            let mut cells = table.rows.iter().filter_map(|row| row.get(index));
            VisibleColumn {
                heading: text(heading),
                figures: cells.all(|cell| is_figure(cell)),
            }
        });
        Self {
            columns: columns.collect(),
            rows: table.rows.iter().map(row).collect(),
            total: table.total.as_ref().map(row),
        }
    }
}

/// The text without characters that a browser acts on.
pub(super) fn text(text: &str) -> String {
    inert(text).into_owned()
}

/// Whether a text's script has capitals that headings are set in: Latin, Greek, Cyrillic and
/// Armenian, which stand before U+0590. Georgian has capitals that hardly any font knows.
pub(super) fn is_cased(text: &str) -> bool {
    text.chars().any(|c| c < '\u{590}' && (c.is_uppercase() || c.is_lowercase()))
}

/// Whether a cell is a number with its unit sign, or empty.
fn is_figure(cell: &str) -> bool {
    !cell.chars().any(char::is_alphabetic)
}

/// Whether a character may be part of a role's name.
fn is_role_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}
