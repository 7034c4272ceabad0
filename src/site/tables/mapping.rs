//! What the columns of a table are read as.
//!
//! - **Takes**: a [`Table`], what the caller knows of it, and the free fields of the certificates.
//! - **Gives**: a [`Mapping`], which can be shown and changed; or what is wrong with the header.
//!
//! The decision made here is what counts as known: a header that is a word for a field, or that the
//! caller maps. Everything else is not read, and named. Two columns of one meaning are refused.

use std::collections::BTreeSet;

use super::field::RecipientField;
use super::table::Table;
use super::words;
use crate::base::error::{Error, ErrorKind, Result, Warning, did_you_mean, finding};

/// The number of rows below the header in which another header is looked for.
const SEARCHED: usize = 30;

/// The free fields that certificates use: those that a course or a layout declares, and those that a
/// sentence names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FreeFields {
    /// Their names. A dot in a header leads into a field: `modules.knots.grade` is of `modules`.
    pub names: BTreeSet<String>,
    /// Whether a sentence goes through all fields, so that each column may be one.
    pub all: bool,
}

impl FreeFields {
    /// Creates a list of fields.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), all: false }
    }

    /// Adds the fields of another list.
    pub fn extend(&mut self, other: Self) {
        self.names.extend(other.names);
        self.all |= other.all;
    }

    /// Returns the path of the field that a header names, in the spelling of its declaration.
    pub(super) fn path_of(&self, header: &str) -> Option<String> {
        let header = header.strip_prefix("extra.").unwrap_or(header);
        let (root, rest) = match header.split_once('.') {
            Some((root, rest)) => (root, Some(rest)),
            None => (header, None),
        };
        let root = self.name_of(root)?;
        Some(rest.map_or_else(|| root.to_owned(), |rest| format!("{root}.{rest}")))
    }

    /// Returns the field of exactly this name, or the only one whose name differs in case, accents,
    /// spaces and punctuation.
    fn name_of(&self, name: &str) -> Option<&str> {
        let wanted = words::normalized(name);
        let is_alike =
            |own: &&String| !wanted.is_empty() && words::normalized(own) == wanted;
        if let Some(exact) = self.names.get(name) {
            return Some(exact);
        }
        let mut alike = self.names.iter().filter(is_alike);
        alike.next().filter(|_| alike.next().is_none()).map(String::as_str)
    }
}

/// What a column is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnUse {
    /// A field of the recipient. Columns of the name's parts are joined.
    Field(RecipientField),
    /// A free field, by its path.
    Extra(String),
    /// It is not read.
    Unread(Unread),
}

/// Why a column is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unread {
    /// Its header is no known word.
    Unknown,
    /// It has values and no header.
    NoHeader,
    /// It is a known field that no certificate prints: an e-mail address, a title.
    NotPrinted(RecipientField),
    /// Another column is read as this field, with a better word or because the caller says so.
    Other(RecipientField),
    /// The caller says so.
    Ignored,
}

/// A column of a table, and what it is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MappedColumn {
    /// Its header.
    pub header: String,
    /// What it is read as.
    pub used_as: ColumnUse,
    /// Whether it is kept for the report.
    pub is_kept: bool,
    /// The languages of the word that its header is.
    pub languages: Vec<&'static str>,
}

/// What the columns of a table are read as.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mapping {
    /// The columns in the order of the table.
    pub columns: Vec<MappedColumn>,
    /// The columns that make the name, by index, in the order in which the caller joins them; empty
    /// if the fields decide.
    pub name_order: Vec<usize>,
}

impl Mapping {
    /// Reads a column as something else.
    pub fn with_use(mut self, column: usize, used_as: ColumnUse) -> Self {
        if let Some(column) = self.columns.get_mut(column) {
            column.used_as = used_as;
        }
        self
    }

    /// Returns the columns of a field, by index.
    pub fn columns_of(&self, field: RecipientField) -> impl Iterator<Item = usize> + '_ {
        let is_field =
            move |column: &MappedColumn| column.used_as == ColumnUse::Field(field);
        (0..)
            .zip(&self.columns)
            .filter(move |(_, it)| is_field(it))
            .map(|(index, _)| index)
    }

    /// Checks that there are columns for the name, and that no two columns are read as the same
    /// value.
    ///
    /// # Errors
    /// [`ErrorKind::MissingField`], [`ErrorKind::Duplicate`].
    pub fn check(&self, table: &Table) -> Result<()> {
        let mut faults = Vec::new();
        let mut seen: Vec<(&ColumnUse, &str)> = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            let is_joined = self.name_order.contains(&index);
            if matches!(column.used_as, ColumnUse::Unread(_)) || is_joined {
                continue;
            }
            match seen.iter().find(|(used_as, _)| is_same(used_as, &column.used_as)) {
                Some((_, first)) => faults.push(twice(table, first, &column.header)),
                None => seen.push((&column.used_as, &column.header)),
            }
        }
        let has = |field| self.columns_of(field).next().is_some();
        let has_parts = has(RecipientField::GivenName) && has(RecipientField::FamilyName);
        if !has(RecipientField::Name) && self.name_order.is_empty() && !has_parts {
            faults.push(no_name(table));
        }
        Error::join(faults)
    }

    /// Returns the warning that names the columns which nothing reads, if there are any.
    pub fn unread_warning(&self, table: &Table) -> Option<Warning> {
        let unread: Vec<String> = self
            .columns
            .iter()
            .filter(|column| !column.is_kept)
            .filter_map(|column| match column.used_as {
                ColumnUse::Unread(Unread::Ignored) => None,
                ColumnUse::Unread(Unread::NoHeader) => {
                    Some("one without a header".to_owned())
                }
                ColumnUse::Unread(_) => {
                    Some(format!("`{}`", column.header.escape_debug()))
                }
                _ => None,
            })
            .collect();
        if unread.is_empty() {
            return None;
        }
        let columns =
            if unread.len() == 1 { "this column is" } else { "these columns are" };
        let message = format!("{columns} not used: {}", unread.join(", "));
        let mut help =
            "map a column that is to be printed with --column FIELD=\"…\", keep one for \
                        the report with --keep, or leave one out with --ignore"
                .to_owned();
        if let Some(name) = self.name_with_title(table) {
            help.push_str("; to print the titles before the names: --column name=");
            help.push_str(&name);
        }
        Some(
            Warning::new(ErrorKind::UnknownKey, message)
                .at(table.place(table.header_line))
                .with_help(help),
        )
    }

    /// Returns the columns that make a name with the title before it, as `--column` takes them, if a
    /// title would be left out.
    fn name_with_title(&self, table: &Table) -> Option<String> {
        let title = self.columns.iter().position(|column| {
            !column.is_kept
                && column.used_as
                    == ColumnUse::Unread(Unread::NotPrinted(RecipientField::TitleBefore))
        })?;
        if !table.rows.iter().any(|row| !row.cells[title].is_blank()) {
            return None;
        }
        use RecipientField::{FamilyName, GivenName, MiddleName, Name};
        let mut name = self.name_order.clone();
        for field in [Name, GivenName, MiddleName, FamilyName] {
            if self.name_order.is_empty() {
                name.extend(self.columns_of(field));
            }
        }
        let quoted = |index: usize| format!("\"{}\"", self.columns[index].header);
        let parts: Vec<String> = [title].into_iter().chain(name).map(quoted).collect();
        Some(parts.join("+"))
    }
}

/// Whether two columns are read as the same value, or one as a part of the other's.
fn is_same(one: &ColumnUse, other: &ColumnUse) -> bool {
    let is_below = |path: &str, root: &str| {
        path.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    match (one, other) {
        (ColumnUse::Extra(one), ColumnUse::Extra(other)) => {
            is_below(one, other) || is_below(other, one)
        }
        _ => one == other,
    }
}

/// The fault of two columns that mean the same.
pub(super) fn twice(table: &Table, first: &str, second: &str) -> Error {
    Error::new(ErrorKind::Duplicate, finding!("columns_same", first, second))
        .at(table.place(table.header_line))
        .with_help("remove one of them, or say which is read with --column FIELD=\"…\"")
}

/// Returns what a caller's name of a value means: a field of a recipient, or a free field.
pub(super) fn target(name: &str, fields: &FreeFields) -> Result<ColumnUse> {
    let key = name.trim().to_lowercase().replace(['-', ' '], "_");
    if let Some(field) = RecipientField::of_key(&key).filter(|field| field.is_read()) {
        return Ok(ColumnUse::Field(field));
    }
    if let Some(path) = fields.path_of(name.trim()) {
        return Ok(ColumnUse::Extra(path));
    }
    if let [meaning] = words::meanings(name)
        && meaning.field.is_read()
    {
        return Ok(ColumnUse::Field(meaning.field));
    }
    let own = RecipientField::ALL.into_iter().filter(|field| field.is_read());
    let free = fields.names.iter().map(String::as_str);
    let known: Vec<&str> = own.map(|field| field.key()).chain(free).collect();
    let message = format!("`{}` is no value of a certificate", name.escape_debug());
    Err(Error::new(ErrorKind::UnknownKey, message)
        .with_help(did_you_mean(name, known.iter().copied())))
}

/// The fault of a table without a column of names.
fn no_name(table: &Table) -> Error {
    let shown: Vec<String> = table
        .header
        .iter()
        .filter(|header| !header.is_empty())
        .take(8)
        .map(|header| {
            format!("`{}`", header.chars().take(40).collect::<String>().escape_debug())
        })
        .collect();
    let message = finding!("no_name_column", shown.join(", "));
    let known =
        |text: &str| words::meanings(text).iter().any(|meaning| meaning.field.is_name());
    let other = table.rows.iter().take(SEARCHED).find(|row| {
        let used = row.cells.iter().filter(|cell| !cell.is_blank()).count();
        used > 1 && row.cells.iter().any(|cell| known(&cell.text))
    });
    let is_padded = |text: &str| text.contains("   ");
    let help = match other {
        Some(row) => format!(
            "line {} looks like the header: remove the lines above it, or say --header {}",
            row.line, row.line
        ),
        None if table.header.len() == 1 && is_padded(&table.header[0]) => {
            "the columns are set apart by spaces: save the file as CSV or XLSX".to_owned()
        }
        None if table.header.len() == 1 => {
            "if the file is a list of names, say --names; else name the column: \
             --column name=\"…\""
                .to_owned()
        }
        None => "call it `name`, or say which it is: --column name=\"…\", or \
                 --column name=\"First\"+\"Last\""
            .to_owned(),
    };
    Error::new(ErrorKind::MissingField, message)
        .at(table.place(table.header_line))
        .with_help(help)
}
