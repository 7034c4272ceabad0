//! The sheets of a spreadsheet: which one is read, and which of its features are refused.
//!
//! The decisions made here: a hidden sheet is read only if the caller names it. Of several sheets
//! the one with a known header is read, and none if there are several. Rows that a filter hides are
//! refused: it is not known whether they are meant, and the operator does not see them. Merged
//! cells in the table are refused, because only the first of them has the value.

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

/// The content of a sheet.
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
    /// The numbers of cells that show fewer digits: the line from 1, and the column from 0.
    pub(super) rounded: Vec<((u32, usize), String)>,
}

/// Returns the sheets that a caller's name may mean, by index: the one of exactly that name, else all
/// whose names differ from it in case, accents, spaces and punctuation only.
pub(super) fn called(names: &[&str], wanted: &str) -> Vec<usize> {
    let those = |is_one: &dyn Fn(&str) -> bool| {
        (0..names.len()).filter(|&index| is_one(names[index])).collect::<Vec<_>>()
    };
    let exact = those(&|name| name == wanted);
    let plain = words::normalized(wanted);
    // A name of signs alone would be empty here, and equal to any other such name.
    if !exact.is_empty() || plain.is_empty() {
        return exact;
    }
    those(&|name| words::normalized(name) == plain)
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
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let called = called(&names, wanted);
        let found = match called[..] {
            [index] => sheets.into_iter().nth(index),
            _ => None,
        };
        match found {
            Some(sheet) => sheet,
            None if called.is_empty() => {
                let message =
                    format!("the file has no sheet `{}`", wanted.escape_debug());
                let help = did_you_mean(wanted, names).into_owned();
                return refuse(ErrorKind::MissingField, message, help);
            }
            None => {
                let called: Vec<String> =
                    called.iter().map(|&index| format!("`{}`", names[index])).collect();
                let message = format!(
                    "more than one sheet may be `{}`: {}",
                    wanted.escape_debug(),
                    called.join(", ")
                );
                let help = "write the name of the sheet exactly as it is".to_owned();
                return refuse(ErrorKind::InvalidValue, message, help);
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
                    _ => "could be the table",
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
    let SheetContent { rows, hidden_rows, hidden_columns, merged, rounded } =
        sheet.content;
    let mut table = Table::of_rows(file, form, rows, format.header, true)?;
    table.rounded = rounded.into_iter().collect();
    check_width(file, &table)?;
    refuse_hidden_rows(&table, &hidden_rows)?;
    refuse_merged(&table, &merged)?;
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
    let mut is_hidden = within(hidden);
    let mut lines = table.rows.iter().map(|row| row.line).filter(|line| is_hidden(*line));
    let Some(first) = lines.next() else { return Ok(()) };
    let count = 1 + lines.count();
    let message = match count {
        1 => "this row is hidden".to_owned(),
        count => format!("{count} rows are hidden; this is the first"),
    };
    Err(Error::new(ErrorKind::InvalidValue, message).at(table.place(first)).with_help(
        "show all rows (a filter may hide them), and delete those that get no certificate",
    ))
}

fn refuse_merged(table: &Table, merged: &[[u32; 4]]) -> Result<()> {
    let width = u32::try_from(table.header.len()).unwrap_or(u32::MAX);
    let last = table.rows.last().map_or(0, |row| row.line);
    // A title above the table would be taken for its header.
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

fn hidden_column_warning(table: &Table, hidden: &[(u32, u32)]) -> Option<Warning> {
    let mut is_hidden = within(hidden);
    let headers: Vec<String> = (1..)
        .zip(&table.header)
        .filter(|(column, _)| is_hidden(*column))
        .filter(|(_, header)| !header.is_empty())
        .map(|(_, header)| format!("`{header}`"))
        .collect();
    if headers.is_empty() {
        return None;
    }
    let (what, verb) = match headers.len() {
        1 => ("this column is", "is"),
        _ => ("these columns are", "are"),
    };
    let message =
        format!("{what} hidden in the sheet, but {verb} read: {}", headers.join(", "));
    let warning = Warning::new(ErrorKind::InvalidValue, message);
    Some(warning.at(table.place(table.header_line)))
}

/// Returns a function that says whether a number is in one of the ranges. Its calls must have
/// ascending numbers, from 1.
fn within(ranges: &[(u32, u32)]) -> impl FnMut(u32) -> bool + use<> {
    let mut ranges = ranges.to_vec();
    ranges.sort_unstable();
    let mut ranges = ranges.into_iter().peekable();
    let mut last = 0;
    move |number| {
        while let Some((_, to)) = ranges.next_if(|(from, _)| *from <= number) {
            last = last.max(to);
        }
        number <= last
    }
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
    fn exact_name_of_a_sheet_goes_before_names_that_are_alike() {
        let names = ["Passed -", "Passed +", "Group-A", "Group A", "***"];
        for (wanted, found) in [
            ("Passed +", &[1][..]),
            ("Group A", &[3]),
            ("group a", &[2, 3]),
            ("passed", &[0, 1]),
            ("***", &[4]),
            ("**", &[]),
            ("Other", &[]),
        ] {
            assert_eq!(called(&names, wanted), found, "{wanted}");
        }
    }

    #[test]
    fn many_ranges_are_passed_once() {
        let mut is_in = within(&[(5, 6), (1, 2), (8, 20), (9, 10)]);
        let found: Vec<u32> = (1..=22).filter(|number| is_in(*number)).collect();
        assert_eq!(found, [1, 2, 5, 6].into_iter().chain(8..=20).collect::<Vec<_>>());
        let every_second: Vec<_> = (0..500_000).map(|n| (n * 2, n * 2)).collect();
        let mut is_in = within(&every_second);
        assert_eq!((1..1_000_000).filter(|number| is_in(*number)).count(), 499_999);
    }

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
