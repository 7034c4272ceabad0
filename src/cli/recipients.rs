//! Recipients: one name, the rows of a recipients file, or the sample names.
//!
//! The library reads the file (`site::tables`); this file has the arguments for it, and prints what
//! was read before anything is made.

use std::fmt::Write;

use crate::press::Press;
use crate::register::batch::{LeftOutRow, TableReading};
use crate::site::RecipientsFormat;
use crate::site::name;
use crate::site::sample::SAMPLE_NAMES;
use crate::site::tables::{
    ColumnUse, Mapping, RecipientRow, Recipients, RequestDefaults, Table, Unread,
};
use crate::{Date, Error};

use super::args::{RequestArguments, TableArguments};
use super::exit::Failure;
use super::{console, context};

/// How many rows `--dry-run` shows.
const SHOWN_ROWS: usize = 3;

/// The defaults that the arguments set for all rows.
pub(crate) fn defaults(course: &str, arguments: &RequestArguments) -> RequestDefaults {
    let mut below = RequestDefaults::new(course);
    below.username.clone_from(&arguments.username);
    below.language.clone_from(&arguments.language);
    below.second_language.clone_from(&arguments.second_language);
    below.grade.clone_from(&arguments.grade);
    below.designation.clone_from(&arguments.designation);
    below.gender = arguments.gender;
    below.issued = arguments.issued;
    below.layout.clone_from(&arguments.layout);
    below.paper.clone_from(&arguments.paper);
    below.extra.clone_from(&arguments.set);
    below
}

/// Where the recipients of a command come from.
pub(crate) enum RecipientSource {
    Name(String),
    File { name: String, bytes: Vec<u8> },
    Samples,
}

impl RecipientSource {
    /// Reads the file that the arguments name, before a site is opened.
    pub(crate) fn open(
        name: Option<&str>,
        table: &TableArguments,
    ) -> Result<Self, Failure> {
        Ok(match (name, &table.file) {
            (Some(name), _) => Self::Name(name.to_owned()),
            (None, Some(file)) if file.as_os_str() == "-" => Self::File {
                name: "standard input".to_owned(),
                bytes: context::read_standard_input()?,
            },
            (None, Some(file)) => Self::File {
                name: file.display().to_string(),
                bytes: context::read_file(file)?,
            },
            (None, None) => Self::Samples,
        })
    }
}

/// The recipients of a command.
pub(crate) struct RecipientList {
    pub(crate) rows: Vec<RecipientRow>,
    /// The headers of the columns that are kept for the report.
    pub(crate) kept: Vec<String>,
    /// The rows that are of no recipient.
    pub(crate) left_out: Vec<LeftOutRow>,
    /// What `--dry-run` tells of the file.
    summary: Option<String>,
}

/// The context in which the rows of a file are read.
pub(crate) struct ReadingContext<'a> {
    pub(crate) press: &'a Press,
    pub(crate) course: Option<&'a str>,
    pub(crate) table: &'a TableArguments,
    pub(crate) keep: &'a [String],
    pub(crate) request: &'a RequestArguments,
    pub(crate) today: Date,
}

impl RecipientList {
    /// Prints what is read of the file, and its first rows as they would be printed.
    pub(crate) fn print_summary(&self) {
        if let Some(summary) = &self.summary {
            console::print_message(summary);
        }
    }
}

impl ReadingContext<'_> {
    /// Reads the recipients, and prints warnings about the file before anything is made.
    ///
    /// # Errors
    /// The recipients file cannot be read, or names no recipient. A row that cannot be read is no
    /// error here: its request is.
    pub(crate) fn read(&self, source: RecipientSource) -> Result<RecipientList, Failure> {
        let plain = |rows| RecipientList {
            rows,
            kept: Vec::new(),
            left_out: Vec::new(),
            summary: None,
        };
        match source {
            RecipientSource::Name(name) => {
                Ok(plain(vec![RecipientRow::with_name(&name)]))
            }
            RecipientSource::File { name, bytes } => self.read_file(&name, bytes),
            RecipientSource::Samples => {
                let names = SAMPLE_NAMES.iter();
                Ok(plain(names.map(|name| RecipientRow::with_name(*name)).collect()))
            }
        }
    }

    fn read_file(&self, file: &str, bytes: Vec<u8>) -> Result<RecipientList, Failure> {
        let columns = &self.table.columns;
        let is_again = |(index, (target, _)): &(usize, &(String, String))| {
            columns[..*index].iter().any(|(before, _)| before == target)
        };
        if let Some((_, (target, _))) = columns.iter().enumerate().find(is_again) {
            return Err(Failure::new(format!(
                "--column {target}=… is given twice\nhelp: name one column, or join those of a \
                 name: --column name=\"First\"+\"Last\""
            )));
        }
        let mut reading =
            TableReading::new(self.press, self.course, self.format(), self.today)?;
        reading.is_list_of_names = self.table.names;
        reading.layout = self.request.layout.as_deref();
        reading.language.clone_from(&self.request.language);
        let table = reading.table(file, bytes)?;
        self.check_options(&table)?;
        for (target, headers) in &self.table.columns {
            // A header may have a plus in it.
            if table.header.contains(headers) {
                let own = vec![headers.clone()];
                reading.format.columns.insert(target.clone(), own);
            }
        }
        let (mapping, faults) = reading.mapping(&table);
        Error::join(faults)?;
        let recipients = reading.recipients(&table, &mapping)?;

        table.warnings.iter().for_each(console::print_warning);
        mapping.unread_warning(&table).iter().for_each(console::print_warning);
        for finding in &recipients.findings {
            console::print_warning(&finding.to_warning());
        }
        for (line, name) in &recipients.left_out {
            console::print_note(&format!(
                "{}: the row of `{}` is of no recipient, and left out",
                table.place(*line),
                console::escaped(name)
            ));
        }
        if table.blank_rows > 0 {
            let rows = if table.blank_rows == 1 { "row is" } else { "rows are" };
            console::print_note(&format!(
                "{file}: {} blank {rows} skipped",
                table.blank_rows
            ));
        }
        let summary = summary(&table, &mapping, &recipients);
        let left_out = recipients.left_out.into_iter();
        let left_out = left_out.map(|(line, name)| {
            let place = table.place(line);
            LeftOutRow { place, name }
        });
        Ok(RecipientList {
            left_out: left_out.collect(),
            rows: recipients.rows,
            kept: recipients.kept,
            summary: Some(summary),
        })
    }

    /// Refuses arguments that say nothing of such a file. What a course says holds for files of every form.
    fn check_options(&self, table: &Table) -> Result<(), Failure> {
        let TableArguments { names, encoding, delimiter, sheet, header, .. } = self.table;
        let is_list = *names;
        let given = [
            ("--sheet", sheet.is_some() && !table.is_sheet, "a spreadsheet"),
            ("--encoding", encoding.is_some() && table.is_sheet, "a text file"),
            (
                "--delimiter",
                delimiter.is_some() && (table.is_sheet || is_list),
                "a table in text",
            ),
            ("--header", header.is_some() && is_list, "a table"),
        ];
        match given.into_iter().find(|(_, is_idle, _)| *is_idle) {
            None => Ok(()),
            Some((argument, _, of)) => Err(Failure::new(format!(
                "{argument} is of {of}, and {} is another file: {}\nhelp: leave out {argument}",
                table.file, table.form
            ))),
        }
    }

    /// What the arguments say of the file.
    fn format(&self) -> RecipientsFormat {
        let mut format = RecipientsFormat::default();
        for (target, headers) in &self.table.columns {
            let headers = headers.split('+').map(|header| header.trim().to_owned());
            format.columns.insert(target.clone(), headers.collect());
        }
        format.keep = self.keep.to_vec();
        format.ignore.clone_from(&self.table.ignore);
        format.encoding.clone_from(&self.table.encoding);
        format.delimiter = self.table.delimiter;
        format.sheet.clone_from(&self.table.sheet);
        format.header = self.table.header;
        format.dates = self.table.dates;
        format
    }
}

/// What is read of a file, in words.
fn summary(table: &Table, mapping: &Mapping, recipients: &Recipients) -> String {
    let mut text = format!(
        "{}: {}, header on line {}, {} rows",
        table.file,
        table.form,
        table.header_line,
        table.rows.len()
    );
    if table.header_line == 0 {
        text = format!("{}: {}, {} names", table.file, table.form, table.rows.len());
    }
    for column in &mapping.columns {
        let header = if column.header.is_empty() {
            "(no header)".to_owned()
        } else {
            format!("`{}`", console::escaped(&column.header))
        };
        let used = match &column.used_as {
            ColumnUse::Field(field) => field.key().to_owned(),
            ColumnUse::Extra(path) => format!("extra.{path}"),
            ColumnUse::Unread(Unread::NotPrinted(field)) => {
                format!("not used: no certificate prints the {}", field.label())
            }
            ColumnUse::Unread(Unread::Other(field)) => {
                format!("not used: another column is the {}", field.label())
            }
            // Without a header it has no values either.
            ColumnUse::Unread(Unread::Ignored) if column.header.is_empty() => {
                "not used: it is empty".to_owned()
            }
            ColumnUse::Unread(Unread::Ignored) => "not used, as you say".to_owned(),
            ColumnUse::Unread(Unread::Unknown) => {
                "not used: the header is no known word".to_owned()
            }
            ColumnUse::Unread(Unread::NoHeader) => {
                "not used: the column has no header".to_owned()
            }
        };
        let kept = if column.is_kept { ", kept for the report" } else { "" };
        // Writing to a `String` does not fail.
        let _ = write!(text, "\n  {header:<24} {used}{kept}");
    }
    for row in recipients.rows.iter().take(SHOWN_ROWS) {
        let place = row.place.as_ref().map(ToString::to_string).unwrap_or_default();
        let _ =
            write!(text, "\n  {place}: {}", console::escaped(&name::printed(&row.name)));
        let values = [
            ("username", row.username.clone()),
            ("course", row.course.clone()),
            ("language", row.language.clone()),
            ("second_language", row.second_language.clone()),
            ("grade", row.grade.clone()),
            ("designation", row.designation.clone()),
            ("gender", row.gender.map(|gender| gender.to_string())),
            ("issued", row.issued.map(|date| date.to_string())),
            ("layout", row.layout.clone()),
            ("paper", row.paper.clone()),
        ];
        for (key, value) in values {
            if let Some(value) = value {
                let _ = write!(text, "; {key}: {}", console::escaped(&value));
            }
        }
        for (path, value) in &row.extra {
            let _ = write!(text, "; {path}: {}", console::escaped(value));
        }
    }
    text
}

/// The ids of the courses to make certificates for: `named`, or all courses of the site. If every
/// row names a course, the list is one empty id, which no row uses.
pub(crate) fn select_courses(
    press: &Press,
    named: Option<&str>,
    rows: &[RecipientRow],
) -> Result<Vec<String>, Failure> {
    if let Some(course) = named {
        return Ok(vec![press.courses().get(course)?.id.clone()]);
    }
    if rows.iter().all(|row| row.course.is_some()) {
        return Ok(vec![String::new()]);
    }
    let all: Vec<String> =
        press.courses().iter().map(|course| course.id.clone()).collect();
    if all.is_empty() {
        return Err(Failure::new(
            "the site has no course\nhelp: write one into courses.yaml",
        ));
    }
    Ok(all)
}
