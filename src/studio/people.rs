//! A recipients file in the browser: it is read by the same code as in the program, shown, and its
//! mapping can be changed.
//!
//! The decision made here: only the bytes of a file and the last result of reading them are kept. A
//! row that cannot be read is shown with its fault, and the others are issued, as in the program.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Call, body};
use super::columns;
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
use crate::site::tables::{ColumnUse, Mapping, RecipientField, RequestDefaults, Table};

/// The file that was dropped last, if one was.
#[derive(Debug, Default)]
pub(super) struct People(Mutex<Option<PeopleFile>>);

#[derive(Debug)]
struct PeopleFile {
    number: u64,
    file: String,
    sha256: String,
    bytes: Vec<u8>,
    /// The number of the last reading that was begun. What an earlier one gives is not kept.
    reading: u64,
    /// The rows as that reading gave them, once it has, if they can be issued.
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
    /// What columns are read as, by index: a field, `extra.…`, or an empty text for nothing. Not set: as
    /// it was chosen before, or guessed.
    #[serde(skip_serializing)]
    uses: Vec<Option<String>>,
}

/// What a reading of the rows gives.
struct ReadRows {
    jobs: Vec<IssueJob>,
    kept: Vec<String>,
    left_out: Vec<LeftOutRow>,
    /// What is remembered of it.
    noted: KeptReading,
}

/// The most rows that are sent to the page.
const MAX_ROWS: usize = 2_000;

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
        *people =
            Some(PeopleFile { number, file, sha256, bytes, reading: 0, ready: None });
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
        let (file, sha256, bytes, number) = {
            let mut people = self.lock();
            let people = people.as_mut().filter(|people| people.number == wish.people);
            let people = people.ok_or_else(gone)?;
            // From now on the rows are not known: what was shown before cannot be issued any more.
            people.reading += 1;
            people.ready = None;
            let PeopleFile { file, sha256, bytes, reading, .. } = people;
            (file.clone(), sha256.clone(), bytes.clone(), *reading)
        };
        let mut told = json!({
            "file": file, "reading": number, "columns": [], "rows": [], "findings": [],
            "warnings": []
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
                read.map(|ReadRows { jobs, kept, left_out, noted }| {
                    let jobs = Arc::new(jobs);
                    (Ready { press: press.clone(), jobs, kept, left_out }, noted)
                })
            }
        };
        if let Some((ready, _)) = &ready {
            let rows = ready.jobs.iter().take(MAX_ROWS);
            told["rows"] = rows.map(row).collect();
            told["total"] = ready.jobs.len().into();
        }
        let mut people = self.lock();
        let is_last =
            |it: &&mut PeopleFile| (it.number, it.reading) == (wish.people, number);
        if let Some(people) = people.as_mut().filter(is_last)
            && let Some((ready, noted)) = ready
        {
            people.ready = Some(ready);
            context.readings.note(noted);
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
        let Ready { press, jobs, .. } = self.ready(wish.people, wish.reading)?;
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

    /// The rows of a file that can be issued, as this reading of it gave them.
    ///
    /// # Errors
    /// There are none; another file was dropped since, or the file is read in another way.
    pub(super) fn ready(&self, number: u64, reading: u64) -> Result<Ready> {
        let people = self.lock();
        let people = people.as_ref().filter(|people| people.number == number);
        let people = people.ok_or_else(gone)?;
        if people.reading != reading {
            let message = "the rows are read in another way since they were shown";
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help("look at the rows as they are now, and begin again"));
        }
        people.ready.clone().ok_or_else(gone)
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
    ) -> Option<ReadRows> {
        let fields = reading.free_fields(table);
        let (guessed, _) = reading.mapping_with(table, &fields, &[]);
        let chosen = match columns::chosen(&self.uses) {
            Ok(chosen) => chosen,
            Err(error) => {
                told["findings"] = findings::of_error(&error);
                return None;
            }
        };
        let mut before = columns::uses_before(&guessed, readings, sha256);
        before.retain(|(index, _)| chosen.iter().all(|(other, _)| other != index));
        let decided = [chosen, before.clone()].concat();
        let (mapping, mut faults) = reading.mapping_with(table, &fields, &decided);
        told["form"] = table.form.as_str().into();
        told["columns"] = columns::told(table, &mapping);
        for (index, _) in &before {
            told["columns"][*index]["why"] = "before".into();
        }
        told["targets"] = columns::targets(&fields, &mapping);
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
        Some(ReadRows {
            jobs,
            kept: recipients.kept,
            left_out: left_out.collect(),
            noted: self.kept(sha256, &mapping, &decided),
        })
    }

    /// What is remembered of this reading.
    fn kept(
        &self,
        sha256: &str,
        mapping: &Mapping,
        decided: &[(usize, ColumnUse)],
    ) -> KeptReading {
        let columns = mapping.columns.iter().enumerate();
        let columns = columns.map(|(index, column)| KeptColumn {
            header: column.header.clone(),
            used_as: columns::name_of(&column.used_as),
            is_chosen: decided.iter().any(|(other, _)| *other == index),
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
    reading: u64,
    row: usize,
    pixels_per_inch: Option<f64>,
}

fn gone() -> Error {
    Error::new(ErrorKind::MissingFile, "the recipients file is not open any more")
        .with_help("drop it into the page again")
}
