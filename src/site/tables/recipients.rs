//! The recipients of a table: its rows, read by a mapping.

use super::dates::{self, ColumnOrder};
use super::doubt::is_formula_error;
use super::field::RecipientField as Field;
use super::finding::Finding;
use super::findings::Findings;
use super::lone_rows::{LoneRows, is_alone};
use super::mapping::{ColumnUse, Mapping};
use super::other_rows::{RowJudge, RowKind};
use super::recipient_row::{RecipientRow, RowFault};
use super::rounded::rounded_number;
use super::table::{CellKind, Table, TableCell, TableRow};
use super::words::GenderReader;
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::lang::Tag;
use crate::site::recipients_format::DateOrder;

/// Languages in which the family name stands first (CLDR, person names).
const FAMILY_FIRST: [&str; 6] = ["hu", "ja", "ko", "vi", "yue", "zh"];

/// How the rows of a table are read, beyond its mapping.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RowOptions {
    /// The order of dates, if the caller knows it.
    pub dates: Option<DateOrder>,
    /// The language of certificates whose row names none. It decides whether the family name stands
    /// first, where the words of the header do not.
    pub language: Option<Tag>,
    /// The current day. A date of issue more than a year after it is doubtful.
    pub today: Option<Date>,
}

impl RowOptions {
    /// Sets the order of dates.
    pub fn with_dates(mut self, order: Option<DateOrder>) -> Self {
        self.dates = order;
        self
    }

    /// Sets the language of certificates whose row names none.
    pub fn with_language(mut self, language: Option<Tag>) -> Self {
        self.language = language;
        self
    }

    /// Sets the current day.
    pub fn with_today(mut self, today: Date) -> Self {
        self.today = Some(today);
        self
    }
}

/// The recipients of a table.
///
/// ```
/// use testamur::site::RecipientsFormat;
/// use testamur::site::tables::{FreeFields, Mapping, Recipients, RowOptions, Table};
///
/// let file = b"name,grade\nAda Lovelace,0.93\n".to_vec();
/// let format = RecipientsFormat::default();
/// let table = Table::read("recipients.csv", file, &format)?;
/// let mapping = Mapping::guess(&table, &format, &FreeFields::default())?;
/// let recipients = Recipients::read(&table, &mapping, &RowOptions::default())?;
/// assert_eq!(recipients.rows[0].name, "Ada Lovelace");
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Recipients {
    /// One for each row, in the order of the table.
    pub rows: Vec<RecipientRow>,
    /// The headers of the columns that are kept for the report.
    pub kept: Vec<String>,
    /// The texts and lines of rows that are known not to be of a recipient, and are left out.
    pub left_out: Vec<(u32, String)>,
    /// The values that are doubtful, each kind once.
    pub findings: Vec<Finding>,
}

impl Recipients {
    /// Reads the rows of a table.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the order of the dates of issue cannot be known.
    /// [`ErrorKind::MissingField`]: there are no rows. What is wrong with one row is its
    /// [`fault`](RecipientRow::fault).
    pub fn read(table: &Table, mapping: &Mapping, options: &RowOptions) -> Result<Self> {
        let reader = RowReader::new(table, mapping, options)?;
        let mut findings = Findings::new(table, options.today);
        let mut found = Self {
            kept: reader.kept.iter().map(|&index| table.header[index].clone()).collect(),
            rows: Vec::with_capacity(table.rows.len()),
            ..Self::default()
        };
        let judge = RowJudge::new(table, mapping, reader.name.indices());
        for row in &table.rows {
            let mut recipient = reader.read(row);
            // A row that cannot be read may be of any recipient.
            if recipient.fault.is_none() || row.ragged.is_some() {
                match judge.kind_of(row, &recipient.name)? {
                    RowKind::Recipient => {}
                    RowKind::Other => {
                        found.left_out.push((row.line, recipient.name));
                        continue;
                    }
                    RowKind::Unclear(fault) => {
                        recipient.fault.get_or_insert(fault);
                    }
                }
            }
            if reader.footer.is_some_and(|first| row.line >= first) {
                recipient.fault = Some(RowFault::new(
                    ErrorKind::InvalidValue,
                    "the row has nothing but a name, and stands below a blank row",
                    "delete it if it is a note below the table; if it is a recipient, delete the \
                     blank row",
                ));
            }
            if recipient.fault.is_none() {
                let is_alone = reader.has_lone_rows && reader.is_alone(row);
                findings.look_at(row, mapping, &recipient, is_alone);
            }
            found.rows.push(recipient);
        }
        if found.rows.is_empty() {
            let error =
                Error::new(ErrorKind::MissingField, "the file names no recipient");
            return Err(error
                .at(Place::file(&table.file))
                .with_help("write a row for each recipient below the header"));
        }
        found.findings = findings.finish();
        Ok(found)
    }
}

/// Reads the rows of one table.
struct RowReader<'a> {
    table: &'a Table,
    /// The columns that are read, with their uses.
    columns: Vec<(usize, &'a ColumnUse)>,
    name: NameColumns,
    kept: Vec<usize>,
    order: Option<ColumnOrder>,
    genders: Option<GenderReader>,
    language: Option<&'a Tag>,
    /// The first line of a block below the table whose rows have nothing but a name.
    footer: Option<u32>,
    /// Whether some rows have nothing but a name, and most have more.
    has_lone_rows: bool,
}

/// The columns that make a name.
enum NameColumns {
    /// These, in this order.
    InOrder(Vec<usize>),
    /// The given, middle and family name. `family_first` is decided by the words of the header.
    Parts { given: usize, middle: Vec<usize>, family: usize, family_first: Option<bool> },
}

/// The reader of the column with the gender, if there is one.
fn gender_reader(table: &Table, mapping: &Mapping) -> Option<GenderReader> {
    let index = mapping.columns_of(Field::Gender).next()?;
    let rows = table.rows.iter().filter(|row| row.ragged.is_none());
    let cells = rows.map(|row| row.cells[index].text.as_str());
    Some(GenderReader::new(&table.header[index], cells))
}

impl<'a> RowReader<'a> {
    fn new(
        table: &'a Table,
        mapping: &'a Mapping,
        options: &'a RowOptions,
    ) -> Result<Self> {
        let is_read = |used_as: &ColumnUse| match used_as {
            ColumnUse::Field(field) => !field.is_name(),
            ColumnUse::Extra(_) => true,
            ColumnUse::Unread(_) => false,
        };
        let columns = mapping.columns.iter().map(|column| &column.used_as).enumerate();
        let issued = mapping.columns_of(Field::Issued).next();
        let order = issued.map(|index| {
            let cells = table.rows.iter().filter(|row| row.ragged.is_none());
            let cells = cells.map(|row| (row.line, row.cells[index].text.as_str()));
            let cells = cells.filter(|(_, text)| !text.is_empty());
            dates::order_of(&table.file, &table.header[index], cells, options.dates)
        });
        let kept = mapping.columns.iter().enumerate();
        let name = NameColumns::of(mapping)?;
        let alone = LoneRows::of(table, &name.indices());
        let columns: Vec<_> = columns.filter(|(_, used_as)| is_read(used_as)).collect();
        // One further column that no certificate prints proves nothing, because it is often left
        // empty.
        let is_fuller =
            !columns.is_empty() || table.header.len() > name.indices().len() + 1;
        Ok(Self {
            table,
            columns,
            name,
            kept: kept
                .filter(|(_, column)| column.is_kept)
                .map(|(index, _)| index)
                .collect(),
            order: order.transpose()?,
            genders: gender_reader(table, mapping),
            language: options.language.as_ref(),
            footer: alone.footer,
            has_lone_rows: is_fuller
                && alone.count > 0
                && alone.count * 2 <= table.rows.len(),
        })
    }

    fn is_alone(&self, row: &TableRow) -> bool {
        is_alone(self.table, row, &self.name.indices())
    }

    fn read(&self, row: &TableRow) -> RecipientRow {
        let mut recipient = RecipientRow {
            place: Some(self.table.place(row.line)),
            kept: self.kept.iter().map(|&index| row.cells[index].text.clone()).collect(),
            ..RecipientRow::default()
        };
        if let Some(count) = row.ragged {
            recipient.fault = Some(RowFault::new(
                ErrorKind::InvalidValue,
                format!(
                    "the row has {count} fields and the header {}",
                    self.table.header.len()
                ),
                "put quotes around a field that holds the separator; write one separator less \
                 than the header has columns in each row",
            ));
        }
        for &(index, used_as) in &self.columns {
            let cell = &row.cells[index];
            if cell.is_blank() {
                continue;
            }
            if recipient.fault.is_none() {
                let is_id = *used_as == ColumnUse::Field(Field::Username);
                let formula = || self.formula_fault(index, cell, is_id);
                let rounded =
                    || rounded_number(&self.table.header[index], cell, is_id, self.table);
                recipient.fault = formula().or_else(rounded);
            }
            if cell.kind == CellKind::NoResult {
                continue;
            }
            let value = cell.text.clone();
            match used_as {
                ColumnUse::Extra(path) => recipient.extra.push((path.clone(), value)),
                ColumnUse::Field(Field::Issued) => self.read_date(&mut recipient, &value),
                ColumnUse::Field(Field::Gender) => {
                    self.read_gender(&mut recipient, &value);
                }
                ColumnUse::Field(field) => {
                    if *field == Field::Grade {
                        let rounded = self.table.rounded.get(&(row.line, index));
                        recipient.grade_value = rounded.cloned();
                    }
                    recipient.set(*field, value);
                }
                ColumnUse::Unread(_) => {}
            }
        }
        let language = recipient.language.as_deref();
        recipient.name = self.name_of(row, language);
        // A number in the place of a name. A name of signs alone is refused later, for every
        // request.
        let has = |is_so: fn(char) -> bool| recipient.name.chars().any(is_so);
        if has(char::is_numeric) && !has(char::is_alphabetic) {
            recipient.fault.get_or_insert(RowFault::new(
                ErrorKind::Name,
                format!("the name `{}` has no letter", recipient.name.escape_debug()),
                "write the name of the recipient, or delete the row",
            ));
        }
        let parts = self.name.indices();
        let mut faults = parts
            .into_iter()
            .filter_map(|index| self.formula_fault(index, &row.cells[index], true));
        recipient.fault = recipient.fault.or_else(|| faults.next());
        recipient
    }

    /// What is wrong with the formula of a cell. In a text file its error is a text, and that counts where
    /// the cell says who the recipient is.
    fn formula_fault(
        &self,
        index: usize,
        cell: &TableCell,
        is_of_identity: bool,
    ) -> Option<RowFault> {
        let header = &self.table.header[index];
        let is_error = is_of_identity && is_formula_error(&cell.text);
        let (what, help) = match cell.kind {
            _ if cell.kind == CellKind::Error || is_error => (
                format!("is the error {} of a formula", cell.text),
                "correct the formula, or write the value",
            ),
            CellKind::NoResult => (
                "is a formula without its result".to_owned(),
                "open the file in a spreadsheet and save it, so that the results are in it",
            ),
            _ => return None,
        };
        let message = format!("the cell in the column `{header}` {what}");
        Some(RowFault::new(ErrorKind::InvalidValue, message, help))
    }

    fn read_date(&self, recipient: &mut RecipientRow, text: &str) {
        let Some(order) = self.order else { return };
        match dates::read(text, order) {
            Ok(date) => recipient.issued = Some(date),
            Err(error) => {
                let help = error.help().unwrap_or_default();
                let fault = RowFault::new(error.kind(), error.message(), help);
                recipient.fault.get_or_insert(fault);
            }
        }
    }

    fn read_gender(&self, recipient: &mut RecipientRow, text: &str) {
        let Some(genders) = &self.genders else { return };
        match genders.read(text) {
            Ok(gender) => recipient.gender = Some(gender),
            Err(message) => {
                let help = "write `f`, `m` or `x`, or a word for it; a column that no sentence \
                            needs is left out with --ignore";
                let fault = RowFault::new(ErrorKind::InvalidValue, message, help);
                recipient.fault.get_or_insert(fault);
            }
        }
    }

    /// The name of a row, with its parts in the order of their language.
    fn name_of(&self, row: &TableRow, language: Option<&str>) -> String {
        let cell = |index: usize| row.cells[index].text.as_str();
        match &self.name {
            NameColumns::InOrder(indices) => {
                join(indices.iter().map(|&index| cell(index)), " ")
            }
            NameColumns::Parts { given, middle, family, family_first } => {
                let (given, family) = (cell(*given), cell(*family));
                let middle = middle.iter().map(|&index| cell(index));
                let is_cjk = [given, family].iter().all(|part| is_cjk(part));
                let own = language.or(self.language.map(Tag::as_str));
                let by_language = || {
                    let base = own.and_then(|tag| tag.split(['-', '_']).next());
                    base.is_some_and(|base| FAMILY_FIRST.contains(&base))
                };
                if is_cjk {
                    join([family].into_iter().chain(middle).chain([given]), "")
                } else if family_first.unwrap_or_else(by_language) {
                    join([family].into_iter().chain(middle).chain([given]), " ")
                } else {
                    join([given].into_iter().chain(middle).chain([family]), " ")
                }
            }
        }
    }
}

impl NameColumns {
    fn of(mapping: &Mapping) -> Result<Self> {
        if !mapping.name_order.is_empty() {
            return Ok(Self::InOrder(mapping.name_order.clone()));
        }
        if let Some(index) = mapping.columns_of(Field::Name).next() {
            return Ok(Self::InOrder(vec![index]));
        }
        let given = mapping.columns_of(Field::GivenName).next();
        let family = mapping.columns_of(Field::FamilyName).next();
        let (Some(given), Some(family)) = (given, family) else {
            let error = Error::new(ErrorKind::MissingField, "no column has the names");
            return Err(error.with_help("map one to `name`"));
        };
        // Header words that only languages with the family name first have decide for the whole
        // table. Other words occur in lists of any language.
        let own: Vec<&str> = [given, family]
            .into_iter()
            .flat_map(|index| mapping.columns[index].languages.iter().copied())
            .collect();
        let is_first = |tag: &&str| {
            let base = tag.split('-').next().unwrap_or_default();
            FAMILY_FIRST.contains(&base)
        };
        let family_first = match own.iter().filter(|tag| is_first(tag)).count() {
            0 if own.is_empty() || own.contains(&"en") => None,
            0 => Some(false),
            count if count == own.len() => Some(true),
            _ => None,
        };
        let middle = mapping.columns_of(Field::MiddleName).collect();
        Ok(Self::Parts { given, middle, family, family_first })
    }

    fn indices(&self) -> Vec<usize> {
        match self {
            Self::InOrder(indices) => indices.clone(),
            Self::Parts { given, middle, family, .. } => {
                [&[*given, *family][..], middle].concat()
            }
        }
    }
}

fn join<'a>(parts: impl Iterator<Item = &'a str>, between: &str) -> String {
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}

/// Whether a text is written in Chinese characters, Kana or Hangul, in which the parts of a name are
/// not set apart.
fn is_cjk(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| {
            matches!(u32::from(c), 0x3005..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff
                | 0x20000..=0x323af)
        })
}
