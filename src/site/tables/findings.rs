//! Values that are well formed and doubtful, found before anything is issued.
//!
//! - **Takes**: the rows of a table and what is read of them.
//! - **Gives**: a [`Finding`] for each kind, with a count and the first place.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use unicode_normalization::UnicodeNormalization as _;

use super::doubt::{doubt, is_reversed};
use super::field::RecipientField as Field;
use super::finding::{Finding, FindingKind};
use super::mapping::{ColumnUse, Mapping, Unread};
use super::recipient_row::RecipientRow;
use super::table::{Table, TableRow};
use super::words;
use crate::base::date::Date;
use crate::site::course::is_failing;

/// The most words that are looked up once for a table.
const MAX_KNOWN_WORDS: usize = 10_000;

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
    /// The usernames in small letters, with the hash of each as it is written.
    usernames: HashMap<String, u64>,
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
            usernames: HashMap::new(),
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
            let header = header_of(mapping, Field::Issued);
            self.add(FindingKind::FarDate, row.line, header, &issued.to_string());
        }
        if is_alone {
            let column = row.cells.iter().position(|cell| !cell.is_blank());
            let header = column.map_or("", |index| &mapping.columns[index].header);
            self.add(FindingKind::AloneInRow, row.line, header, name);
        }
        if let (Some(grade), Some(_)) = (&recipient.grade, &recipient.grade_value) {
            let header = header_of(mapping, Field::Grade);
            self.add(FindingKind::RoundedGrade, row.line, header, grade);
        }
        // A username tells recipients apart by itself.
        match &recipient.username {
            None => self.compare(row.line, name),
            Some(username) => {
                let folded: String =
                    username.nfkc().flat_map(char::to_lowercase).collect();
                let known =
                    self.usernames.entry(folded).or_insert_with(|| hash(username));
                if *known != hash(username) {
                    let header = header_of(mapping, Field::Username);
                    self.add(FindingKind::AlikeUsername, row.line, header, username);
                }
            }
        }
        self.count_name(row.line, name);
    }

    /// Looks for another name that differs from this one only in case, accents or signs.
    fn compare(&mut self, line: u32, name: &str) {
        let written = hash(&name.split_whitespace().collect::<Vec<_>>());
        let known = *self.alike.entry(heard(name)).or_insert(written);
        if known != written {
            self.add(FindingKind::AlikeName, line, "name", name);
        }
    }

    /// Whether a cell of a column that nothing reads says that a recipient has not passed. Signs,
    /// single letters and `no` do not count: in such a column they may mean anything.
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

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The header of the first column of a field.
fn header_of(mapping: &Mapping, field: Field) -> &str {
    let mut columns = mapping.columns_of(field);
    columns.next().map_or("", |index| &mapping.columns[index].header)
}

/// A name without what is often left out or written otherwise. Only Latin, Greek and Cyrillic letters
/// have accents: the marks of other scripts are vowels.
fn heard(name: &str) -> String {
    let has_accents = |c: char| matches!(u32::from(c), 0..=0x52f | 0x1e00..=0x206f);
    if name.chars().all(has_accents) {
        return words::normalized(name);
    }
    name.split_whitespace().collect::<String>().to_lowercase()
}

/// What a cell of an unread column says about the certificate.
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
