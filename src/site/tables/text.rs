//! Tables and lists of names in text files: the separator, the header, the rows.
//!
//! The decision made here is that the separator is that of the header. If two characters could be it,
//! the one under which columns are known counts, else the file is refused.

use super::csv::{CsvFault, Records};
use super::encoding::{DecodedText, decode};
use super::table::{
    CellBudget, MAX_COLUMNS, MAX_ROWS, RawRows, Table, TableCell, too_large,
};
use super::words;
use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::site::recipients_format::RecipientsFormat;

/// The characters that programs write between cells.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
/// The number of records by which the separator is decided.
const SAMPLE: usize = 30;

/// Reads a table from the bytes of a text file.
pub(super) fn read_table(
    file: &str,
    bytes: Vec<u8>,
    format: &RecipientsFormat,
) -> Result<Table> {
    let (decoded, warnings) = read_text(file, bytes, format)?;
    let mut text = decoded.text.as_str();
    let mut first_line = 1;
    let mut delimiter = format.delimiter;
    if let Some((told, rest)) = separator_line(text) {
        delimiter = delimiter.or(Some(told));
        text = rest;
        first_line = 2;
    }
    let delimiter = match delimiter {
        Some(told)
            if told.is_ascii()
                && !told.is_ascii_alphanumeric()
                && !matches!(told, '"' | '\r' | '\n') =>
        {
            told
        }
        Some(told) => {
            let message = format!("`{}` cannot separate cells", told.escape_debug());
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .at(Place::file(file))
                .with_help("write one ASCII character, such as `;`"));
        }
        None => detect(file, text, first_line, format)?,
    };
    let rows = read_rows(file, text, delimiter, first_line)?;
    let sign = match delimiter {
        '\t' => "tabs".to_owned(),
        sign => format!("`{sign}`"),
    };
    let form = format!("text in {}, separated by {sign}", decoded.encoding);
    let mut table = Table::of_rows(file, form, rows, format.header, false)?;
    table.warnings = warnings;
    Ok(table)
}

/// Reads a list of names, one on each line: a table with the one column `name`.
pub(super) fn read_names(
    file: &str,
    bytes: Vec<u8>,
    format: &RecipientsFormat,
) -> Result<Table> {
    let (decoded, warnings) = read_text(file, bytes, format)?;
    let text = decoded.text.replace("\r\n", "\n").replace('\r', "\n");
    if let Some((line, header)) =
        (1..).zip(text.lines()).find(|(_, line)| !line.trim().is_empty())
        && let Some(known) = known_header(header)
    {
        let message = format!(
            "the first line looks like a table header (column `{known}`), not like a name"
        );
        return Err(Error::new(ErrorKind::InvalidValue, message)
            .at(Place::line(file, line))
            .with_help("leave out --names"));
    }
    let budget = CellBudget::new(file);
    for (line, text) in (1..).zip(text.lines()) {
        budget.check_text(line, text)?;
    }
    let header = (0, vec![TableCell::text("name")]);
    let lines =
        (1..).zip(text.lines()).map(|(line, text)| (line, vec![TableCell::text(text)]));
    let rows = std::iter::once(header).chain(lines).collect::<RawRows>();
    if rows.len() > MAX_ROWS {
        return Err(too_large(file, format_args!("{MAX_ROWS} lines")));
    }
    let form = format!("list of names in {}", decoded.encoding);
    let mut table = Table::of_rows(file, form, rows, None, false)?;
    if table.rows.is_empty() {
        let error = Error::new(ErrorKind::MissingField, "the file names no recipient");
        return Err(error.at(Place::file(file)).with_help("write one name on each line"));
    }
    table.warnings = warnings;
    Ok(table)
}

/// Decodes a file, and refuses characters that no text has.
fn read_text(
    file: &str,
    bytes: Vec<u8>,
    format: &RecipientsFormat,
) -> Result<(DecodedText, Vec<Warning>)> {
    let decoded = decode(file, bytes, format.encoding.as_deref())?;
    let is_foreign = |c: char| matches!(c, '\0' | '\u{1b}');
    if let Some(at) = decoded.text.find(is_foreign) {
        let before = &decoded.text[..at];
        let line = super::encoding::count_lines(before);
        let (name, help) = if decoded.text[at..].starts_with('\0') {
            ("a NUL (U+0000)", "export the file again, as CSV or XLSX")
        } else {
            ("an escape character (U+001B)", "it may be ISO-2022-JP: save it as UTF-8")
        };
        let message = format!("the file has {name}, which no text contains");
        return Err(Error::new(ErrorKind::Syntax, message)
            .at(Place::line(file, line))
            .with_help(help));
    }
    let warning = decoded
        .warning
        .as_deref()
        .map(|message| Warning::new(ErrorKind::Syntax, message).at(Place::file(file)));
    Ok((decoded, warning.into_iter().collect()))
}

/// The separator that a first line `sep=;` says, which Excel reads and some programs write, and the
/// text after that line.
fn separator_line(text: &str) -> Option<(char, &str)> {
    let end = text.find(['\r', '\n'])?;
    let line = text[..end].trim_matches('"');
    let is_said = line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
    let mut said = line.get(4..)?.chars();
    let delimiter = said.next().filter(|_| is_said && said.next().is_none())?;
    let rest = &text[end..];
    let rest = rest.strip_prefix("\r\n").unwrap_or_else(|| &rest[1..]);
    Some((delimiter, rest))
}

fn read_rows(
    file: &str,
    text: &str,
    delimiter: char,
    first_line: u32,
) -> Result<RawRows> {
    let mut rows = RawRows::new();
    let mut budget = CellBudget::new(file);
    for record in Records::new(text, delimiter as u8, first_line) {
        let record = record.map_err(|fault| csv_error(file, &fault))?;
        if record.cells.len() > MAX_COLUMNS {
            return Err(too_large(file, format_args!("{MAX_COLUMNS} columns")));
        }
        if rows.len() == MAX_ROWS {
            return Err(too_large(file, format_args!("{MAX_ROWS} rows")));
        }
        let bytes = record.cells.iter().map(|cell| cell.len()).sum();
        budget.take(record.cells.len(), bytes)?;
        for cell in &record.cells {
            budget.check_text(record.line, cell)?;
        }
        let cells = record.cells.iter().map(|cell| TableCell::text(cell)).collect();
        rows.push((record.line, cells));
    }
    Ok(rows)
}

fn csv_error(file: &str, fault: &CsvFault) -> Error {
    Error::new(ErrorKind::Syntax, fault.message)
        .at(Place::line(file, fault.line))
        .with_help(fault.help)
}

/// How a text looks if a character separates its cells.
struct Candidate {
    delimiter: char,
    known: usize,
    is_even: bool,
}

/// Finds the character between the cells of a text.
fn detect(
    file: &str,
    text: &str,
    first_line: u32,
    format: &RecipientsFormat,
) -> Result<char> {
    let found: Vec<Candidate> = DELIMITERS
        .into_iter()
        .filter_map(|delimiter| candidate(text, delimiter, first_line, format))
        .collect();
    let best = found.iter().map(|candidate| (candidate.known, candidate.is_even)).max();
    let Some(best) = best else {
        // One column. If the line is a title above a table, the refusal names the header below it.
        let known = |delimiter: char| {
            let records = Records::new(text, delimiter as u8, first_line);
            let records = records.map_while(Result::ok).take(SAMPLE);
            let words = records.filter(|record| record.cells.len() > 1).map(|record| {
                record
                    .cells
                    .iter()
                    .filter(|cell| !words::meanings(cell).is_empty())
                    .count()
            });
            words.max().unwrap_or(0)
        };
        let mut best = (0, if file.ends_with(".tsv") { '\t' } else { ',' });
        for delimiter in DELIMITERS {
            let words = known(delimiter);
            if words > best.0 {
                best = (words, delimiter);
            }
        }
        return Ok(best.1);
    };
    let best: Vec<&Candidate> =
        found.iter().filter(|it| (it.known, it.is_even) == best).collect();
    match best.as_slice() {
        [one] => Ok(one.delimiter),
        several => {
            let signs: Vec<String> = several
                .iter()
                .map(|candidate| format!("`{}`", candidate.delimiter.escape_debug()))
                .collect();
            let message =
                format!("{} could each separate the columns", signs.join(" and "));
            Err(Error::new(ErrorKind::Syntax, message)
                .at(Place::line(file, first_line))
                .with_help("say which one does: --delimiter ';', or --delimiter tab"))
        }
    }
}

fn candidate(
    text: &str,
    delimiter: char,
    first_line: u32,
    format: &RecipientsFormat,
) -> Option<Candidate> {
    let mut records =
        Records::new(text, delimiter as u8, first_line).map_while(Result::ok);
    let header = records.find(|record| match format.header {
        Some(line) => record.line == line,
        None => record.cells.iter().any(|cell| !cell.trim().is_empty()),
    })?;
    if header.cells.len() < 2 {
        return None;
    }
    let told: Vec<String> =
        format.columns.values().flatten().map(|told| words::normalized(told)).collect();
    let is_known = |cell: &str| {
        !words::meanings(cell).is_empty() || told.contains(&words::normalized(cell))
    };
    let known = header.cells.iter().filter(|cell| is_known(cell)).count();
    let width = header.cells.len();
    let is_even = records.take(SAMPLE).all(|record| {
        record.cells.len() == width
            || record.cells.iter().all(|cell| cell.trim().is_empty())
    });
    Some(Candidate { delimiter, known, is_even })
}

/// Returns the known column of a line that is the header of a table.
fn known_header(line: &str) -> Option<&str> {
    let cells = line.split(DELIMITERS).map(|cell| cell.trim().trim_matches('"'));
    cells.into_iter().find(|cell| {
        // A single word such as `Total` may be a name too; the words for these fields are never
        // names.
        words::meanings(cell).iter().any(|meaning| {
            use super::field::RecipientField as Field;
            matches!(
                meaning.field,
                Field::Name
                    | Field::GivenName
                    | Field::FamilyName
                    | Field::Email
                    | Field::Username
            )
        })
    })
}
