//! A recipients file in the browser: it is read by the same code as in the program, shown, and its
//! mapping can be changed.
//!
//! The decision made here: only the bytes of a file and the last result of reading them are kept. A
//! row that cannot be read is shown with its fault, and the others are issued, as in the program.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Call, body};
use super::context::StudioContext;
use super::files;
use super::findings;
use super::preview::shown;
use super::readings::{KeptColumn, KeptReading, Readings};
use super::workspace::Overlay;
use crate::base::error::{Error, ErrorKind, Result, finding};
use crate::base::lang::Tag;
use crate::press::Press;
use crate::register::batch::{IssueJob, LeftOutRow, TableReading, make_jobs, row_place};
use crate::site::recipients_format::{DateOrder, RecipientsFormat};
use crate::site::tables::{
    ColumnUse, FreeFields, Mapping, RecipientField, RequestDefaults, Table, Unread,
};

/// The file that was dropped last, if one was.
#[derive(Debug, Default)]
pub(super) struct People(Mutex<Option<PeopleFile>>);

#[derive(Debug)]
struct PeopleFile {
    number: u64,
    file: String,
    sha256: String,
    bytes: Vec<u8>,
    /// The rows as they were read last, if they can be issued.
    ready: Option<Ready>,
}

/// Rows that can be issued.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub(super) press: Arc<Press>,
    pub(super) jobs: Arc<Vec<IssueJob>>,
    /// The headers of the columns that are kept for the report.
    pub(super) kept: Vec<String>,
    /// The rows that are of no recipient.
    pub(super) left_out: Vec<LeftOutRow>,
}

/// How the file is to be read. What is not set is guessed, or asked for.
#[derive(Debug, Default, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Reading {
    #[serde(skip_serializing)]
    people: u64,
    course: Option<String>,
    layout: Option<String>,
    language: Option<String>,
    encoding: Option<String>,
    delimiter: Option<char>,
    sheet: Option<String>,
    header: Option<u32>,
    dates: Option<String>,
    is_list_of_names: bool,
    is_specimen: bool,
    /// What each column is read as: a field, `extra.…`, or an empty text for nothing. Not set: guessed.
    #[serde(skip_serializing)]
    uses: Option<Vec<String>>,
}

/// The most rows, and the most values of a column, that are sent to the page.
const MAX_ROWS: usize = 2_000;
const MAX_SAMPLES: usize = 3;

impl People {
    /// Takes a file, and tells how it was read before, if it was.
    pub(super) fn take(&self, context: &StudioContext, call: &Call<'_>) -> Value {
        let name = call.name.as_deref().unwrap_or("recipients");
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let mut people = self.lock();
        let number = people.as_ref().map_or(1, |people| people.number + 1);
        let file: String = file.chars().filter(|c| !c.is_control()).take(120).collect();
        let sha256 = files::version_of(call.body);
        let before = context.readings.of_file(&sha256).map(|reading| reading.wish);
        let bytes = call.body.to_vec();
        *people = Some(PeopleFile { number, file, sha256, bytes, ready: None });
        json!({ "people": number, "before": before })
    }

    /// Reads the file, and returns its columns and its rows.
    ///
    /// # Errors
    /// There is no such file any more; the site cannot be opened.
    pub(super) fn read(&self, context: &StudioContext, call: &Call<'_>) -> Result<Value> {
        let wish: Reading = body(call)?;
        let press = context.workspace.press(&Overlay::new())?;
        let (_, today) = context.clock(&press)?;
        let (file, sha256, bytes) = {
            let people = self.lock();
            let people = people.as_ref().filter(|people| people.number == wish.people);
            let people = people.ok_or_else(gone)?;
            (people.file.clone(), people.sha256.clone(), people.bytes.clone())
        };
        let mut told = json!({
            "file": file, "columns": [], "rows": [], "findings": [], "warnings": []
        });
        let mut reading =
            TableReading::new(&press, wish.course.as_deref(), wish.format()?, today)?;
        reading.is_list_of_names = wish.is_list_of_names;
        reading.layout = wish.layout.as_deref();
        reading.language = wish.language.as_deref().map(Tag::parse).transpose()?;
        let ready = match reading.table(&file, bytes) {
            Err(error) => {
                told["findings"] = findings::of_error(&error);
                None
            }
            Ok(table) => {
                let read = {
                    let before = (&context.readings, sha256.as_str());
                    wish.rows(&reading, &table, &press, before, &mut told)
                };
                read.map(|(jobs, kept, left_out)| Ready {
                    press: press.clone(),
                    jobs: Arc::new(jobs),
                    kept,
                    left_out,
                })
            }
        };
        if let Some(ready) = &ready {
            let rows = ready.jobs.iter().take(MAX_ROWS);
            told["rows"] = rows.map(row).collect();
            told["total"] = ready.jobs.len().into();
        }
        let mut people = self.lock();
        if let Some(people) =
            people.as_mut().filter(|people| people.number == wish.people)
        {
            people.ready = ready;
        }
        Ok(told)
    }

    /// The certificate of one row, as it would be issued.
    ///
    /// # Errors
    /// There is no such row any more.
    pub(super) fn preview(
        &self,
        context: &StudioContext,
        call: &Call<'_>,
    ) -> Result<Value> {
        let wish: RowWish = body(call)?;
        let Ready { press, jobs, .. } = self.ready(wish.people)?;
        let job = jobs.get(wish.row).ok_or_else(gone)?;
        let (_, today) = context.clock(&press)?;
        let drawn = job.request().and_then(|request| {
            let course = press.courses().get(request.course())?;
            // Checks the grade, as issuing does and a draft does not.
            request.mark(course, request.is_specimen())?;
            let resolution = wish.pixels_per_inch.unwrap_or(96.0);
            Ok((course, press.preview(course, request, today, resolution)?))
        });
        Ok(match drawn {
            Ok((course, preview)) => shown(&context.pictures, &press, course, preview),
            Err(error) => json!({ "pages": [], "findings": findings::of_error(&error) }),
        })
    }

    /// The rows of a file that can be issued.
    ///
    /// # Errors
    /// There are none, or another file was dropped since.
    pub(super) fn ready(&self, number: u64) -> Result<Ready> {
        let people = self.lock();
        let people = people.as_ref().filter(|people| people.number == number);
        people.and_then(|people| people.ready.clone()).ok_or_else(gone)
    }

    fn lock(&self) -> MutexGuard<'_, Option<PeopleFile>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    fn format(&self) -> Result<RecipientsFormat> {
        let mut format = RecipientsFormat::default();
        let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        format.encoding = set(&self.encoding);
        format.sheet = set(&self.sheet);
        format.delimiter = self.delimiter;
        format.header = self.header;
        if let Some(dates) = set(&self.dates) {
            let order = DateOrder::parse(&dates);
            format.dates = Some(order.ok_or_else(|| {
                let message = format!("`{}` is no order of dates", dates.escape_debug());
                Error::new(ErrorKind::InvalidValue, message)
            })?);
        }
        Ok(format)
    }

    /// The jobs of the rows, unless the columns have faults; and the JSON that describes rows and
    /// columns.
    fn rows(
        &self,
        reading: &TableReading<'_>,
        table: &Table,
        press: &Press,
        (readings, sha256): (&Readings, &str),
        told: &mut Value,
    ) -> Option<(Vec<IssueJob>, Vec<String>, Vec<LeftOutRow>)> {
        let (guessed, mut faults) = reading.mapping(table);
        let before = match self.uses {
            None => uses_before(&guessed, readings, sha256),
            Some(_) => Vec::new(),
        };
        let mut mapping = guessed.clone();
        let uses = self.uses.iter().flatten().enumerate();
        let uses = uses.chain(before.iter().map(|(index, name)| (*index, name)));
        for (index, name) in uses {
            let used_as = use_of(name);
            if mapping.columns.get(index).is_some_and(|it| it.used_as != used_as) {
                mapping = mapping.with_use(index, used_as);
                mapping.name_order = Vec::new();
            }
        }
        if self.uses.is_some() || !before.is_empty() {
            faults = mapping.check(table).err().into_iter().collect();
        }
        told["form"] = table.form.as_str().into();
        told["columns"] = columns(table, &mapping);
        for (index, _) in &before {
            told["columns"][*index]["why"] = "before".into();
        }
        told["targets"] = targets(&reading.free_fields(table), &mapping);
        let mut warnings = table.warnings.clone();
        if faults.is_empty() {
            faults.extend(self.course_fault(press, &mapping));
        }
        if !faults.is_empty() {
            told["findings"] = findings::of_errors(&faults);
            return None;
        }
        let recipients = match reading.recipients(table, &mapping) {
            Ok(recipients) => recipients,
            Err(error) => {
                told["findings"] = findings::of_error(&error);
                return None;
            }
        };
        warnings.extend(recipients.findings.iter().map(|finding| finding.to_warning()));
        told["warnings"] = findings::of_warnings(&warnings);
        told["leftOut"] = recipients.left_out.len().into();
        let mut defaults = RequestDefaults::new(self.course.clone().unwrap_or_default());
        defaults.layout.clone_from(&self.layout);
        defaults.language.clone_from(&reading.language);
        let jobs = make_jobs(recipients.rows, &defaults, self.is_specimen);
        let left_out = recipients.left_out.into_iter();
        let left_out = left_out.map(|(line, name)| {
            let place = table.place(line);
            LeftOutRow { place, name }
        });
        readings.note(self.kept(sha256, &guessed, &mapping));
        Some((jobs, recipients.kept, left_out.collect()))
    }

    /// What is remembered of this reading.
    fn kept(&self, sha256: &str, guessed: &Mapping, mapping: &Mapping) -> KeptReading {
        let columns = guessed.columns.iter().zip(&mapping.columns);
        let columns = columns.map(|(guess, column)| KeptColumn {
            header: column.header.clone(),
            used_as: name_of(&column.used_as),
            is_chosen: name_of(&guess.used_as) != name_of(&column.used_as),
        });
        KeptReading {
            sha256: sha256.to_owned(),
            wish: serde_json::to_value(self).unwrap_or_default(),
            columns: columns.collect(),
        }
    }

    /// The fault of rows without a course, if none is chosen.
    fn course_fault(&self, press: &Press, mapping: &Mapping) -> Option<Error> {
        let has_column = mapping.columns_of(RecipientField::Course).next().is_some();
        if self.course.is_some() || has_column || press.courses().iter().next().is_none()
        {
            return None;
        }
        let error = Error::new(ErrorKind::MissingField, finding!("no_course_chosen"));
        Some(error.with_help("choose the course of these certificates"))
    }
}

/// The columns that were read otherwise before than is guessed now, with what they were read as: of the same
/// file those that a person chose or that would not be read any more; of another one those that a person
/// chose, unless another column has this use.
fn uses_before(
    guessed: &Mapping,
    readings: &Readings,
    sha256: &str,
) -> Vec<(usize, String)> {
    let columns = || guessed.columns.iter().enumerate();
    let is_other = |(index, name): &(usize, String)| {
        name_of(&guessed.columns[*index].used_as) != *name
    };
    if let Some(same) = readings.of_file(sha256)
        && same.columns.len() == guessed.columns.len()
        && columns().all(|(index, it)| same.columns[index].header == it.header)
    {
        let is_lost = |index: usize, used_as: &str| {
            !used_as.is_empty() && name_of(&guessed.columns[index].used_as).is_empty()
        };
        let uses = same.columns.into_iter().enumerate();
        let uses =
            uses.filter(|(index, it)| it.is_chosen || is_lost(*index, &it.used_as));
        return uses.map(|(index, it)| (index, it.used_as)).filter(is_other).collect();
    }
    let is_free = |name: &str| {
        name.is_empty() || columns().all(|(_, other)| name_of(&other.used_as) != name)
    };
    let is_only =
        |header: &str| columns().filter(|(_, other)| other.header == header).count() == 1;
    columns()
        .filter(|(_, column)| !column.header.is_empty() && is_only(&column.header))
        .filter_map(|(index, column)| Some((index, readings.chosen(&column.header)?)))
        .filter(|use_| is_other(use_) && is_free(&use_.1))
        .collect()
}

/// The name that the page has for what a column is read as.
fn name_of(used_as: &ColumnUse) -> String {
    match used_as {
        ColumnUse::Field(field) => field.key().to_owned(),
        ColumnUse::Extra(path) => format!("extra.{path}"),
        ColumnUse::Unread(_) => String::new(),
    }
}

/// What a column is read as, by the name that the page has for it.
fn use_of(name: &str) -> ColumnUse {
    match (RecipientField::of_key(name), name.strip_prefix("extra.")) {
        (Some(field), _) if field.is_read() => ColumnUse::Field(field),
        (_, Some(path)) if !path.is_empty() => ColumnUse::Extra(path.to_owned()),
        _ => ColumnUse::Unread(Unread::Ignored),
    }
}

/// The columns, with their first values and what they are read as.
fn columns(table: &Table, mapping: &Mapping) -> Value {
    let column = |(index, column): (usize, &crate::site::tables::MappedColumn)| {
        let values = table.rows.iter().filter_map(|row| row.cells.get(index));
        let values =
            values.map(|cell| cell.text.as_str()).filter(|text| !text.is_empty());
        let samples: Vec<String> = values
            .take(MAX_SAMPLES)
            .map(|text| text.chars().take(60).collect())
            .collect();
        let why = match &column.used_as {
            ColumnUse::Field(_)
            | ColumnUse::Extra(_)
            | ColumnUse::Unread(Unread::Ignored) => None,
            ColumnUse::Unread(Unread::NotPrinted(_)) => Some("not_printed"),
            ColumnUse::Unread(Unread::Other(_)) => Some("other"),
            ColumnUse::Unread(Unread::NoHeader) => Some("no_header"),
            ColumnUse::Unread(Unread::Unknown) => Some("unknown"),
        };
        let used_as = name_of(&column.used_as);
        json!({ "header": column.header, "use": used_as, "why": why, "samples": samples })
    };
    mapping.columns.iter().enumerate().map(column).collect()
}

/// What a column can be read as, with what one is read as now.
fn targets(fields: &FreeFields, mapping: &Mapping) -> Value {
    let own = RecipientField::ALL.into_iter().filter(|field| field.is_read());
    let mut all: Vec<String> = own.map(|field| field.key().to_owned()).collect();
    let free = fields.names.iter().map(|name| format!("extra.{name}"));
    let now = mapping.columns.iter().map(|column| name_of(&column.used_as));
    for name in free.chain(now) {
        if !name.is_empty() && !all.contains(&name) {
            all.push(name);
        }
    }
    all.into()
}

fn row(job: &IssueJob) -> Value {
    let fault = job.request().err();
    json!({
        "place": row_place(&job.row),
        "name": job.row.name,
        "username": job.username(),
        "course": job.course,
        "findings": fault.map(|error| findings::of_error(&error)),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowWish {
    people: u64,
    row: usize,
    pixels_per_inch: Option<f64>,
}

fn gone() -> Error {
    Error::new(ErrorKind::MissingFile, "the recipients file is not open any more")
        .with_help("drop it into the page again")
}
