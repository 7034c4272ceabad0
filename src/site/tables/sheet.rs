//! The sheets of a spreadsheet: which one is read, and what of it may not be read silently.
//!
//! The decisions made here: a hidden sheet is read only if the caller names it. Of several sheets the
//! one with a known header is read, and none if there are several. Rows that a filter hides are
//! refused: whether they are meant is not known, and the reader of a message cannot see them. Merged
//! cells in the table are refused, because only the first of them has the value; formulas that no program
//! has calculated are, because what they stand for is not known.

use super::table::{MAX_COLUMNS, RawRows, Table, TableCell, too_large};
use super::words;
use crate::base::error::{Error, ErrorKind, Place, Result, Warning, did_you_mean};
use crate::site::recipients_format::RecipientsFormat;

/// The most sheets of a file.
pub(super) const MAX_SHEETS: usize = 1_000;

/// One sheet of a file.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) is_hidden: bool,
    pub(super) content: SheetContent,
}

/// What a sheet has.
#[derive(Default)]
pub(super) struct SheetContent {
    /// The rows that have cells, in order.
    pub(super) rows: RawRows,
    /// The numbers of hidden rows, from 1, in ranges.
    pub(super) hidden_rows: Vec<(u32, u32)>,
    /// The numbers of hidden columns, from 1, in ranges.
    pub(super) hidden_columns: Vec<(u32, u32)>,
    /// Merged cells: first row, first column, last row, last column, from 1.
    pub(super) merged: Vec<[u32; 4]>,
    /// The rows and columns of formulas without a result, from 1.
    pub(super) uncalculated: Vec<(u32, u32)>,
}

/// Whether a sheet has a header with the words for a name.
fn has_names(sheet: &Sheet, format: &RecipientsFormat) -> bool {
    use super::field::RecipientField as Field;
    let is_shown =
        |(_, cells): &&(u32, Vec<TableCell>)| cells.iter().any(|cell| !cell.is_blank());
    let rows = &sheet.content.rows;
    let header = match format.header {
        Some(line) => rows.iter().find(|(at, _)| *at == line),
        None => rows.iter().find(is_shown),
    };
    let told = format.columns.get("name").into_iter().flatten();
    let told: Vec<String> = told.map(|header| words::normalized(header)).collect();
    let Some((_, cells)) = header else { return false };
    cells.iter().any(|cell| {
        let is_name = |meaning: &words::Meaning| {
            matches!(meaning.field, Field::Name | Field::GivenName | Field::FamilyName)
        };
        words::meanings(&cell.text).iter().any(is_name)
            || told.contains(&words::normalized(&cell.text)) && !cell.is_blank()
    })
}

/// Chooses the sheet that is read, and makes its table.
pub(super) fn choose(
    file: &str,
    sheets: Vec<Sheet>,
    format: &RecipientsFormat,
) -> Result<Table> {
    let refuse = |kind, message: String, help: String| {
        Err(Error::new(kind, message).at(Place::file(file)).with_help(help))
    };
    let names: Vec<String> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
    let sheet = if let Some(wanted) = &format.sheet {
        let mut found = sheets.into_iter().filter(|sheet| {
            sheet.name == *wanted
                || words::normalized(&sheet.name) == words::normalized(wanted)
        });
        match found.next() {
            Some(sheet) => sheet,
            None => {
                let known = names.iter().map(String::as_str);
                let message =
                    format!("the file has no sheet `{}`", wanted.escape_debug());
                let help = did_you_mean(wanted, known).into_owned();
                return refuse(ErrorKind::MissingField, message, help);
            }
        }
    } else {
        let mut shown: Vec<Sheet> = sheets
            .into_iter()
            .filter(|sheet| !sheet.is_hidden && !sheet.content.rows.is_empty())
            .collect();
        if shown.len() > 1 {
            let known = shown.iter().filter(|sheet| has_names(sheet, format)).count();
            if known != 1 {
                let names: Vec<String> =
                    shown.iter().map(|sheet| format!("`{}`", sheet.name)).collect();
                let what = match known {
                    0 => "has a column of names in its first row",
                    _ => "could be the one",
                };
                let which = if known == 0 { "none" } else { "more than one" };
                let message =
                    format!("of the sheets {}, {which} {what}", names.join(", "));
                let help = "say which is read: --sheet \"…\"".to_owned();
                return refuse(ErrorKind::InvalidValue, message, help);
            }
            shown.retain(|sheet| has_names(sheet, format));
        }
        match shown.pop() {
            Some(sheet) => sheet,
            None => {
                return refuse(
                    ErrorKind::MissingField,
                    "the file names no recipient".to_owned(),
                    "write a table whose first row names its columns, one of them `name`"
                        .to_owned(),
                );
            }
        }
    };
    let form = format!("sheet `{}`", sheet.name.escape_debug());
    let SheetContent { rows, hidden_rows, hidden_columns, merged, uncalculated } =
        sheet.content;
    let mut table = Table::of_rows(file, form, rows, format.header, true)?;
    check_width(file, &table)?;
    refuse_hidden_rows(&table, &hidden_rows)?;
    refuse_merged(&table, &merged)?;
    refuse_uncalculated(&table, &uncalculated)?;
    table.warnings.extend(hidden_column_warning(&table, &hidden_columns));
    Ok(table)
}

fn check_width(file: &str, table: &Table) -> Result<()> {
    if table.header.len() > MAX_COLUMNS {
        return Err(too_large(file, format_args!("{MAX_COLUMNS} columns")));
    }
    Ok(())
}

fn refuse_hidden_rows(table: &Table, hidden: &[(u32, u32)]) -> Result<()> {
    let is_hidden =
        |line: u32| hidden.iter().any(|(from, to)| (*from..=*to).contains(&line));
    let mut lines = table.rows.iter().map(|row| row.line).filter(|line| is_hidden(*line));
    let Some(first) = lines.next() else { return Ok(()) };
    let count = 1 + lines.count();
    let rows =
        if count == 1 { "a row is".to_owned() } else { format!("{count} rows are") };
    let message = format!("{rows} hidden, the first here");
    Err(Error::new(ErrorKind::InvalidValue, message).at(table.place(first)).with_help(
        "show all rows (a filter may hide them), and delete those that get no certificate",
    ))
}

fn refuse_merged(table: &Table, merged: &[[u32; 4]]) -> Result<()> {
    let width = u32::try_from(table.header.len()).unwrap_or(u32::MAX);
    let last = table.rows.last().map_or(0, |row| row.line);
    // A title above the table, which is taken for its header until the caller says otherwise.
    let is_title = table.header.iter().filter(|header| !header.is_empty()).count() == 1;
    let first = table.header_line + u32::from(is_title);
    let found = merged.iter().find(|[top, left, bottom, _]| {
        *bottom >= first && *top <= last && *left <= width
    });
    let Some([top, left, bottom, right]) = found else { return Ok(()) };
    let message = format!(
        "the cells {}{top}:{}{bottom} are merged",
        column_letters(*left),
        column_letters(*right)
    );
    Err(Error::new(ErrorKind::InvalidValue, message)
        .at(table.place(*top))
        .with_help("unmerge them, and write the value into each cell"))
}

fn refuse_uncalculated(table: &Table, cells: &[(u32, u32)]) -> Result<()> {
    let width = u32::try_from(table.header.len()).unwrap_or(u32::MAX);
    // A row of nothing but such formulas has no cell to be read.
    let is_read =
        |(row, column): &&(u32, u32)| *column <= width && *row >= table.header_line;
    let mut found = cells.iter().filter(is_read);
    let Some((row, column)) = found.next() else { return Ok(()) };
    let more = match found.count() {
        0 => String::new(),
        count => format!(", and {count} more"),
    };
    let message = format!(
        "the formula in the cell {}{row} has no result{more}",
        column_letters(*column)
    );
    Err(Error::new(ErrorKind::InvalidValue, message)
        .at(table.place(*row))
        .with_help(
            "a program wrote the file and no spreadsheet has calculated it: open it in one, and \
             save it there",
        ))
}

fn hidden_column_warning(table: &Table, hidden: &[(u32, u32)]) -> Option<Warning> {
    let headers: Vec<String> = (1..)
        .zip(&table.header)
        .filter(|(column, _)| {
            hidden.iter().any(|(from, to)| (from..=to).contains(&column))
        })
        .filter(|(_, header)| !header.is_empty())
        .map(|(_, header)| format!("`{header}`"))
        .collect();
    if headers.is_empty() {
        return None;
    }
    let message =
        format!("hidden in the sheet, and read as the others: {}", headers.join(", "));
    let warning = Warning::new(ErrorKind::InvalidValue, message);
    Some(warning.at(table.place(table.header_line)))
}

/// The letters of a column: 1 is `A`, 27 is `AA`.
fn column_letters(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        column -= 1;
        letters.push(char::from(b'A' + (column % 26) as u8));
        column /= 26;
    }
    letters.into_iter().rev().collect()
}

/// Reads a cell's address: `AB12` is row 12 and column 28.
pub(super) fn cell_address(text: &str) -> Option<(u32, u32)> {
    let text = text.replace('$', "");
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = text.split_at(digits);
    let mut column = 0_u32;
    for letter in letters.bytes() {
        let value =
            letter.to_ascii_uppercase().checked_sub(b'A').filter(|value| *value < 26)?;
        column = column.checked_mul(26)?.checked_add(u32::from(value) + 1)?;
    }
    Some((row.parse().ok()?, column)).filter(|(row, column)| *row > 0 && *column > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_cells_are_read_and_written() {
        for (text, row, column) in
            [("A1", 1, 1), ("Z9", 9, 26), ("AA10", 10, 27), ("$XFD$7", 7, 16384)]
        {
            assert_eq!(cell_address(text), Some((row, column)));
            assert!(text.replace('$', "").starts_with(&column_letters(column)));
        }
        for text in ["", "A", "1", "A0", "é1", "AAAAAAAAAAAA1"] {
            assert_eq!(cell_address(text), None, "{text}");
        }
    }
}
