//! Values that are well formed and doubtful, found before anything is issued.
//!
//! - **Takes**: the rows of a table and what is read of them.
//! - **Gives**: a [`Finding`] for each kind, with a count and the first place.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::field::RecipientField as Field;
use super::mapping::{ColumnUse, Mapping, Unread};
use super::recipient_row::RecipientRow;
use super::table::{Table, TableRow};
use super::words;
use crate::base::date::Date;
use crate::base::error::{ErrorKind, Place, Warning};
use crate::site::course::is_failing;

/// The most words that are looked up once for a table.
const MAX_KNOWN_WORDS: usize = 10_000;

/// What is doubtful about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// The text of a formula's error: `#N/A`.
    FormulaError,
    /// A word for no value: `null`, `None`, `N/A`.
    NoValue,
    /// A character reference or a tag of HTML: `&amp;`, `<b>`.
    Markup,
    /// A filter or template of another system: `{mlang en}`, `{{ name }}`, `[[name]]`.
    Template,
    /// An address in the place of a name.
    AddressForName,
    /// A digit in a name.
    DigitInName,
    /// A line break in a name, which prints as a space.
    LineBreakInName,
    /// A name with the family name first, before a comma.
    CommaInName,
    /// A given name without a family name, or the other way round, in a table that has both.
    NamePartMissing,
    /// Letters that were decoded wrongly before: `MÃ¼ller`, `J?rgen`.
    BrokenLetters,
    /// All names are in capitals.
    Capitals,
    /// All names are in small letters.
    SmallLetters,
    /// A date of issue far from the current day.
    FarDate,
    /// The only value of its row, where most rows have more: a heading inside the table.
    AloneInRow,
    /// A name with a sign that stands between several.
    SeveralNames,
    /// A name that differs from another one only in capitals, accents or signs.
    AlikeName,
    /// A word for not having passed, in a column that nothing reads.
    UnreadFailure,
    /// A text in quotes, or with a sign that a spreadsheet needs: `'00123`, `="00123"`.
    SpreadsheetQuote,
}

/// A kind of doubtful values: how many there are, and where the first is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The kind.
    pub kind: FindingKind,
    /// How many values are of it.
    pub count: usize,
    /// The header of the first one's column.
    pub column: String,
    /// The first one.
    pub value: String,
    /// The place of the first one.
    pub place: Place,
}

impl Finding {
    /// Returns the finding as a warning.
    pub fn to_warning(&self) -> Warning {
        let shown: String = self.value.chars().take(60).collect();
        let shown = shown.escape_debug();
        let what = match self.kind {
            FindingKind::FormulaError => "is the error of a formula",
            FindingKind::NoValue => "may mean that there is no value",
            FindingKind::Markup => "has HTML, which is printed as it is",
            FindingKind::Template => "has a template, which is printed as it is",
            FindingKind::AddressForName => "is an address and no name",
            FindingKind::DigitInName => "is read as a name, but contains a digit",
            FindingKind::LineBreakInName => {
                "is read as a name, but contains a line break"
            }
            FindingKind::NamePartMissing => {
                "is the whole name, because the other part is empty"
            }
            FindingKind::CommaInName => "is printed so, with the family name first",
            FindingKind::BrokenLetters => "has letters that may be decoded wrongly",
            FindingKind::Capitals => "is in capitals, as all names are",
            FindingKind::SmallLetters => "is in small letters, as all names are",
            FindingKind::FarDate => "is far from today",
            FindingKind::AloneInRow => {
                "is the only value of its row, and other rows have more"
            }
            FindingKind::SeveralNames => "may be the names of several recipients",
            FindingKind::AlikeName => {
                "differs from another name only in capitals, accents or signs"
            }
            FindingKind::UnreadFailure => "may mean no certificate, and nothing reads it",
            FindingKind::SpreadsheetQuote => "has a sign of a spreadsheet around it",
        };
        let more = match self.count {
            1 => String::new(),
            count => format!(" ({count} such values)"),
        };
        let message = format!("`{shown}` in the column `{}` {what}{more}", self.column);
        let help = match self.kind {
            FindingKind::CommaInName => {
                "write the names as they are to be printed, or in two columns: given and \
                 family name"
            }
            FindingKind::Capitals | FindingKind::SmallLetters => {
                "names are printed as they are written"
            }
            FindingKind::AlikeName => {
                "each gets a certificate: delete one if they are the same recipient"
            }
            FindingKind::UnreadFailure => {
                "delete the rows that get no certificate, or map the column: --column grade=\"…\""
            }
            _ => "look at the file again before these certificates are issued",
        };
        Warning::new(ErrorKind::InvalidValue, message)
            .at(self.place.clone())
            .with_help(help)
    }
}

/// Collects findings over the rows of a table.
pub(super) struct Findings<'a> {
    table: &'a Table,
    today: Option<Date>,
    found: Vec<Finding>,
    names: usize,
    capitals: usize,
    small: usize,
    commas: usize,
    first_name: Option<(u32, String)>,
    first_comma: Option<(u32, String)>,
    /// The names as they are compared, with the hash of each as it is written.
    alike: HashMap<String, u64>,
    /// What cells of columns that nothing reads say.
    known_words: HashMap<String, Said>,
    /// Which columns say whether a recipient gets a certificate.
    asks_whether_attended: Vec<bool>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(table: &'a Table, today: Option<Date>) -> Self {
        let asks = table.header.iter().map(|it| words::asks_whether_attended(it));
        Self {
            table,
            today,
            found: Vec::new(),
            names: 0,
            capitals: 0,
            small: 0,
            commas: 0,
            first_name: None,
            first_comma: None,
            alike: HashMap::new(),
            known_words: HashMap::new(),
            asks_whether_attended: asks.collect(),
        }
    }

    /// Looks at the values that are read of a row.
    pub(super) fn look_at(
        &mut self,
        row: &TableRow,
        mapping: &Mapping,
        recipient: &RecipientRow,
        is_alone: bool,
    ) {
        let (name, issued) = (recipient.name.as_str(), recipient.issued);
        let cells = mapping.columns.iter().zip(&row.cells).enumerate();
        for (index, (column, cell)) in cells {
            if cell.is_blank() {
                continue;
            }
            let is_name = match &column.used_as {
                ColumnUse::Unread(Unread::Unknown)
                    if self.is_failure(index, &cell.text) =>
                {
                    let kind = FindingKind::UnreadFailure;
                    self.add(kind, row.line, &column.header, &cell.text);
                    continue;
                }
                ColumnUse::Unread(_) => continue,
                ColumnUse::Field(field) => field.is_name(),
                ColumnUse::Extra(_) => false,
            };
            // Brightspace writes the sign before each id, so that a spreadsheet keeps its zeros.
            let is_marked = column.used_as == ColumnUse::Field(Field::Username)
                && cell.text.starts_with('#');
            if is_marked {
                let kind = FindingKind::SpreadsheetQuote;
                self.add(kind, row.line, &column.header, &cell.text);
            } else if let Some(kind) = doubt(&cell.text, is_name) {
                self.add(kind, row.line, &column.header, &cell.text);
            }
        }
        if let Some((header, part)) = only_part(row, mapping) {
            self.add(FindingKind::NamePartMissing, row.line, header, part);
        }
        if let (Some(issued), Some(today)) = (issued, self.today)
            && (issued.year() > today.year() + 1 || issued.year() < today.year() - 60)
        {
            let mut columns = mapping.columns_of(Field::Issued);
            let header =
                columns.next().map_or("", |index| &mapping.columns[index].header);
            self.add(FindingKind::FarDate, row.line, header, &issued.to_string());
        }
        if is_alone {
            let column = row.cells.iter().position(|cell| !cell.is_blank());
            let header = column.map_or("", |index| &mapping.columns[index].header);
            self.add(FindingKind::AloneInRow, row.line, header, name);
        }
        // A username tells recipients apart by itself.
        if recipient.username.is_none() {
            self.compare(row.line, name);
        }
        self.count_name(row.line, name);
    }

    /// Looks for another name that differs from this one in what is not heard.
    fn compare(&mut self, line: u32, name: &str) {
        let words: Vec<&str> = name.split_whitespace().collect();
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        let written = hasher.finish();
        let known = *self.alike.entry(words::normalized(name)).or_insert(written);
        if known != written {
            self.add(FindingKind::AlikeName, line, "name", name);
        }
    }

    /// Whether a cell of a column that nothing reads says that a recipient has not passed. Signs and
    /// single letters mean many things there, and `no` answers many questions.
    fn is_failure(&mut self, column: usize, text: &str) -> bool {
        let is_word = text.len() <= 60
            && !text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@')
            && text.chars().any(char::is_alphabetic);
        if !is_word {
            return false;
        }
        let said = match self.known_words.get(text) {
            Some(known) => *known,
            None => {
                let said = Said::of(text);
                if self.known_words.len() < MAX_KNOWN_WORDS {
                    self.known_words.insert(text.to_owned(), said);
                }
                said
            }
        };
        match said {
            Said::Failed => true,
            Said::No => self.asks_whether_attended.get(column).is_some_and(|asks| *asks),
            Said::Other => false,
        }
    }

    fn count_name(&mut self, line: u32, name: &str) {
        let upper = name.chars().filter(|c| c.is_uppercase()).count();
        let lower = name.chars().filter(|c| c.is_lowercase()).count();
        if upper + lower > 1 {
            self.names += 1;
            self.capitals += usize::from(lower == 0);
            self.small += usize::from(upper == 0);
            if self.first_name.is_none() {
                self.first_name = Some((line, name.to_owned()));
            }
        }
        if is_reversed(name) {
            self.commas += 1;
            if self.first_comma.is_none() {
                self.first_comma = Some((line, name.to_owned()));
            }
        }
    }

    fn add(&mut self, kind: FindingKind, line: u32, column: &str, value: &str) {
        if let Some(known) = self.found.iter_mut().find(|finding| finding.kind == kind) {
            known.count += 1;
            return;
        }
        self.found.push(Finding {
            kind,
            count: 1,
            column: column.to_owned(),
            value: value.to_owned(),
            place: self.table.place(line),
        });
    }

    /// Returns what was found, in the order of the table.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        let whole = [
            (
                FindingKind::Capitals,
                self.capitals == self.names && self.names > 1,
                self.names,
            ),
            (
                FindingKind::SmallLetters,
                self.small == self.names && self.names > 1,
                self.names,
            ),
        ];
        let mut more = Vec::new();
        for (kind, is_found, count) in whole {
            if let Some((line, name)) = self.first_name.as_ref().filter(|_| is_found) {
                more.push((kind, count, *line, name.clone()));
            }
        }
        if let Some((line, name)) =
            self.first_comma.take().filter(|_| self.commas * 2 > self.names)
        {
            more.push((FindingKind::CommaInName, self.commas, line, name));
        }
        for (kind, count, line, value) in more {
            let column = "name".to_owned();
            let place = self.table.place(line);
            self.found.push(Finding { kind, count, column, value, place });
        }
        self.found.sort_by_key(|finding| (finding.place.line, finding.kind));
        self.found
    }
}

/// What a cell says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Said {
    /// That its recipient has not passed.
    Failed,
    No,
    Other,
}

impl Said {
    fn of(text: &str) -> Self {
        if words::is_no(text) {
            Self::No
        } else if text.chars().count() > 1 && is_failing(text) {
            Self::Failed
        } else {
            Self::Other
        }
    }
}

/// Returns the header and the text of the one part of a name that a row has, if the table has columns for
/// both.
fn only_part<'a>(row: &'a TableRow, mapping: &'a Mapping) -> Option<(&'a str, &'a str)> {
    let given = mapping.columns_of(Field::GivenName).next()?;
    let family = mapping.columns_of(Field::FamilyName).next()?;
    let has = |index: usize| row.cells.get(index).is_some_and(|cell| !cell.is_blank());
    let index = match (has(given), has(family)) {
        (true, false) => given,
        (false, true) => family,
        _ => return None,
    };
    Some((&mapping.columns[index].header, &row.cells[index].text))
}

/// Returns what is doubtful about a text.
fn doubt(text: &str, is_name: bool) -> Option<FindingKind> {
    const ERRORS: [&str; 9] = [
        "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!",
        "#ERROR!",
    ];
    const NONE: [&str; 10] = [
        "null",
        "none",
        "nil",
        "nan",
        "n/a",
        "na",
        "undefined",
        "(null)",
        "(blank)",
        "\\n",
    ];
    let is_one_of =
        |list: &[&str]| list.iter().any(|word| text.eq_ignore_ascii_case(word));
    // Most texts have no sign at all.
    let has_signs = text.bytes().any(|byte| {
        !byte.is_ascii_alphabetic() && !matches!(byte, b' ' | b'-' | b'\'' | b'.')
    });
    // `Na` and `Nan` are names; as the whole of one they are doubtful only in small letters or all
    // capitals.
    if text.len() <= 10 && is_one_of(&NONE) && (!is_name || text != capitalized(text)) {
        return Some(FindingKind::NoValue);
    }
    if !has_signs {
        return None;
    }
    if is_one_of(&ERRORS) || text.starts_with("Err:5") {
        return Some(FindingKind::FormulaError);
    }
    if text.contains("{mlang")
        || text.contains("{{")
        || text.contains("{%")
        || text.contains("[[")
        || text.contains("${")
    {
        return Some(FindingKind::Template);
    }
    if has_markup(text) {
        return Some(FindingKind::Markup);
    }
    if text.starts_with("=\"")
        || (text.starts_with('\'') && text[1..].starts_with(|c: char| c.is_ascii_digit()))
    {
        return Some(FindingKind::SpreadsheetQuote);
    }
    if has_broken_letters(text, is_name) {
        return Some(FindingKind::BrokenLetters);
    }
    if !is_name {
        return None;
    }
    if text.contains('@') && text.contains('.') || text.contains("://") {
        return Some(FindingKind::AddressForName);
    }
    if text.contains(['\n', '\r']) {
        return Some(FindingKind::LineBreakInName);
    }
    if text.contains([';', '|']) || text.contains(" & ") || has_slash_between_names(text)
    {
        return Some(FindingKind::SeveralNames);
    }
    if text.chars().any(char::is_numeric) {
        return Some(FindingKind::DigitInName);
    }
    None
}

/// Whether a slash stands between two words: that of `a/l` and `s/o` is of one name.
fn has_slash_between_names(text: &str) -> bool {
    let is_word = |part: &str| part.chars().filter(|c| c.is_alphabetic()).count() > 2;
    text.split_once('/').is_some_and(|(before, after)| {
        let before = before.split_whitespace().next_back().unwrap_or_default();
        let after = after.split_whitespace().next().unwrap_or_default();
        is_word(before) && is_word(after)
    })
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect()
}

/// Whether a text has a character reference or a tag.
fn has_markup(text: &str) -> bool {
    let reference = |rest: &str| {
        let Some(end) = rest.find(';').filter(|end| (2..=10).contains(end)) else {
            return false;
        };
        let name = rest[..end].trim_start_matches('#');
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let tag = |rest: &str| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
            && rest.contains('>')
    };
    text.split('&').skip(1).any(reference) || text.split('<').skip(1).any(tag)
}

/// Whether a text looks as if UTF-8 was decoded in another encoding, or lost a letter.
fn has_broken_letters(text: &str, is_name: bool) -> bool {
    let mut before = ' ';
    for c in text.chars() {
        let follows =
            matches!(before, 'Ã' | 'Â' | 'Ä' | 'Å' | 'Ð' | 'Ñ' | 'Î' | 'Ï' | 'Ø' | 'Ù');
        let is_rest = matches!(u32::from(c), 0x80..=0xbf)
            || "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".contains(c);
        if follows && is_rest && c != '’' || c == '\u{fffd}' {
            return true;
        }
        if is_name && before == '?' && c.is_alphabetic() {
            return true;
        }
        before = c;
    }
    text.contains("â€")
}

/// Whether a name is written as `Family, Given`.
fn is_reversed(name: &str) -> bool {
    const SUFFIXES: [&str; 12] =
        ["jr", "sr", "ii", "iii", "iv", "phd", "md", "mba", "esq", "csc", "mph", "rn"];
    let Some((before, after)) = name.split_once(',') else { return false };
    let suffix: String = after
        .chars()
        .filter(|c| c.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect();
    !before.trim().is_empty()
        && !suffix.is_empty()
        && !SUFFIXES.contains(&suffix.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubtful_values_are_found() {
        use FindingKind::{
            AddressForName, BrokenLetters, DigitInName, FormulaError, LineBreakInName,
            Markup, NoValue, SeveralNames, SpreadsheetQuote, Template,
        };
        for (text, kind) in [
            ("#N/A", FormulaError),
            ("#ref!", FormulaError),
            ("null", NoValue),
            ("NULL", NoValue),
            ("N/A", NoValue),
            ("Tom &amp; Ada", Markup),
            ("Zo&#235;", Markup),
            ("<b>Ada</b>", Markup),
            ("{mlang en}Ada{mlang}", Template),
            ("{{ name }}", Template),
            ("ada@example.org", AddressForName),
            ("Ada 2", DigitInName),
            ("Ada\nBob", LineBreakInName),
            ("Ada; Bob", SeveralNames),
            ("Ada Lovelace/Grace Hopper", SeveralNames),
            ("JÃ¼rgen MÃ¼ller", BrokenLetters),
            ("J?rgen", BrokenLetters),
            ("='00123'", SpreadsheetQuote),
        ] {
            let found = doubt(text, true);
            if kind == SpreadsheetQuote {
                assert_eq!(doubt("=\"00123\"", true), Some(kind));
            } else {
                assert_eq!(found, Some(kind), "{text}");
            }
        }
        for name in [
            "Ada Lovelace",
            "Na Li",
            "Nan",
            "D'Arcy O'Brien",
            "José Ñuñez",
            "Ángel Äkäslompolo",
            "Ä. Ö.",
            "Jean-Luc",
            "莊雅善",
            "M. & Mme Curie",
            "Ada (Countess)",
            "Kumar a/l Raju",
            "Rajesh s/o Kumar",
            "None Smith",
        ] {
            assert_eq!(doubt(name, true), None, "{name}");
        }
        assert!(is_reversed("Lovelace, Ada") && !is_reversed("Ada Lovelace, PhD"));
    }
}
