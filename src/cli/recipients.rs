//! Recipients: one name, the rows of a recipients file, or the sample names.

use std::path::Path;

use crate::press::Press;
use crate::site::Request;
use crate::{Date, Error, ErrorKind, Tag};
use serde_json::{Map, Value};

use super::args::{RecipientArguments, RequestArguments};
use super::context;
use super::exit::Failure;

/// Sample names in nine scripts and both directions, from the tests of `edx-certificates`.
pub(crate) const SAMPLE_NAMES: [&str; 10] = [
    "Guido van Rossum",
    "김헌영",
    "Dimitrios I. Toufekoulas (Δημήτριος Ι. Τουφεκούλας)",
    "NGUYỄN QUANG KHẢI",
    "Võ Văn Hồng Ngọc",
    "Ya-Shen Chuang (莊雅善)",
    "سيف رمضان ريان",
    "Αλέξανδρος Χαλικιόπουλος",
    "Илья Александрович Лахин",
    "Adam Palay (חיים פּלי)",
];

/// The most dots of a field's name: each makes an object inside another.
const MAX_DOTS: usize = 15;

/// One recipient: a row of the recipients file, or a name alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecipientRow {
    /// File and line of the row: `recipients.csv:12`.
    pub(crate) place: Option<String>,
    /// Why the row cannot be read, if it cannot.
    pub(crate) unreadable: Option<String>,
    pub(crate) name: String,
    username: Option<String>,
    course: Option<String>,
    language: Option<String>,
    second_language: Option<String>,
    grade: Option<String>,
    designation: Option<String>,
    issued: Option<String>,
    layout: Option<String>,
    paper: Option<String>,
    extra: Vec<(String, String)>,
}

impl RecipientRow {
    fn with_name(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The request for this recipient. A value of the row wins over that of the arguments.
    pub(crate) fn request(
        &self,
        course: &str,
        arguments: &RequestArguments,
    ) -> Result<Request, Error> {
        let course = self.course.as_deref().unwrap_or(course);
        let mut request = Request::new(course, &self.name)?;
        if let Some(username) = self.username.as_ref().or(arguments.username.as_ref()) {
            request = request.with_username(username);
        }
        let own = self.language.as_deref().map(Tag::parse).transpose()?;
        if let Some(language) = own.or_else(|| arguments.language.clone()) {
            request = request.with_language(language);
        }
        let own = self.second_language.as_deref().map(Tag::parse).transpose()?;
        if let Some(language) = own.or_else(|| arguments.second_language.clone()) {
            request = request.with_second_language(language);
        }
        let own = self.issued.as_deref().map(Date::parse).transpose()?;
        if let Some(issued) = own.or(arguments.issued) {
            request = request.with_issued(issued);
        }
        if let Some(grade) = self.grade.as_ref().or(arguments.grade.as_ref()) {
            request = request.with_grade(grade);
        }
        if let Some(title) = self.designation.as_ref().or(arguments.designation.as_ref())
        {
            request = request.with_designation(title);
        }
        if let Some(layout) = self.layout.as_ref().or(arguments.layout.as_ref()) {
            request = request.with_layout(layout);
        }
        if let Some(paper) = self.paper.as_ref().or(arguments.paper.as_ref()) {
            request = request.with_paper(paper);
        }
        for (key, value) in nested(arguments.set.iter().chain(&self.extra))? {
            request = request.with_extra(key, value);
        }
        Ok(request)
    }

    /// The course that the row names, if it does.
    pub(crate) fn course(&self) -> Option<&str> {
        self.course.as_deref()
    }
}

/// The fields as a JSON object; dots in a key make objects in it: `modules.knots.grade`.
///
/// # Errors
/// [`ErrorKind::TooLarge`]: a key has too many dots.
fn nested<'a>(
    fields: impl Iterator<Item = &'a (String, String)>,
) -> Result<Map<String, Value>, Error> {
    let mut object = Map::new();
    for (path, text) in fields {
        if path.matches('.').count() > MAX_DOTS {
            let start: String = path.chars().take(40).collect();
            let message = format!("the field `{start}…` has more than {MAX_DOTS} dots");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        insert(&mut object, path, text);
    }
    Ok(object)
}

fn insert(map: &mut Map<String, Value>, path: &str, text: &str) {
    let Some((key, rest)) = path.split_once('.') else {
        map.insert(path.to_owned(), text.into());
        return;
    };
    let field = map.entry(key).or_insert(Value::Null);
    if !field.is_object() {
        *field = Value::Object(Map::new());
    }
    if let Value::Object(inner) = field {
        insert(inner, rest, text);
    }
}

/// The recipients that the arguments name, or the sample names if they name none.
///
/// # Errors
/// The recipients file cannot be read, is not UTF-8, or names no recipient. A row that cannot be
/// read is no error here: see [`RecipientRow::unreadable`].
pub(crate) fn read_recipients(
    arguments: &RecipientArguments,
) -> Result<Vec<RecipientRow>, Failure> {
    match (&arguments.name, &arguments.file) {
        (Some(name), _) => Ok(vec![RecipientRow::with_name(name)]),
        (None, Some(file)) => read_file(file),
        (None, None) => {
            Ok(SAMPLE_NAMES.iter().map(|name| RecipientRow::with_name(name)).collect())
        }
    }
}

fn read_file(file: &Path) -> Result<Vec<RecipientRow>, Failure> {
    parse(&file.display().to_string(), context::read_file(file)?)
}

/// The rows of a recipients file with that name and content: CSV, or one name on each line.
///
/// # Errors
/// Those of [`read_recipients`].
pub(crate) fn parse(name: &str, bytes: Vec<u8>) -> Result<Vec<RecipientRow>, Failure> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        Failure::new(format!(
            "{name}:{line}: the file is not UTF-8\nhelp: save it as UTF-8 (in a spreadsheet: \
             «CSV UTF-8»)"
        ))
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let rows = match separator(header) {
        Some(separator) => read_csv(text, separator, name)?,
        None => text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(index, line)| RecipientRow {
                place: Some(format!("{name}:{}", index + 1)),
                ..RecipientRow::with_name(line)
            })
            .collect(),
    };
    if rows.is_empty() {
        return Err(Failure::new(format!(
            "{name}: the file names no recipient\nhelp: write one name on each line, or a CSV \
             file with a column `name`"
        )));
    }
    Ok(rows)
}

/// The separator of a CSV header, which has a column `name`; `None` for a file of plain names.
fn separator(header: &str) -> Option<u8> {
    [b',', b';', b'\t'].into_iter().find(|&separator| {
        header
            .split(char::from(separator))
            .any(|field| field.trim().trim_matches('"').eq_ignore_ascii_case("name"))
    })
}

fn read_csv(text: &str, separator: u8, file: &str) -> Result<Vec<RecipientRow>, Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|error| Failure::new(format!("{file}:1: {error}")))?
        .clone();
    let mut rows = Vec::new();
    let mut lines = LineCounter { text, byte: 0, line: 1 };
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, |position| lines.line_of(position));
                let place = Some(format!("{file}:{line}"));
                let unreadable = Some(csv_message(&error));
                rows.push(RecipientRow { place, unreadable, ..RecipientRow::default() });
                continue;
            }
        };
        let line = record.position().map_or(0, |position| lines.line_of(position));
        let mut row = RecipientRow {
            place: Some(format!("{file}:{line}")),
            ..RecipientRow::default()
        };
        for (key, value) in headers.iter().zip(&record) {
            if value.is_empty() {
                continue;
            }
            let value = value.to_owned();
            match key.to_ascii_lowercase().as_str() {
                "name" => row.name = value,
                "username" => row.username = Some(value),
                "course" => row.course = Some(value),
                "language" => row.language = Some(value),
                "second_language" => row.second_language = Some(value),
                "grade" => row.grade = Some(value),
                "designation" => row.designation = Some(value),
                "issued" => row.issued = Some(value),
                "layout" => row.layout = Some(value),
                "paper" => row.paper = Some(value),
                _ => row.extra.push((key.to_owned(), value)),
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Counts lines as a text editor does. The CSV reader's own line numbers are not used: for it, the
/// line feed after a carriage return belongs to the next record.
struct LineCounter<'a> {
    text: &'a str,
    byte: usize,
    line: usize,
}

impl LineCounter<'_> {
    /// The line of a record. Records are asked for in the order of the file.
    fn line_of(&mut self, position: &csv::Position) -> usize {
        let bytes = self.text.as_bytes();
        let start =
            usize::try_from(position.byte()).unwrap_or(usize::MAX).min(bytes.len());
        let blank = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let start = start + bytes[start..].iter().take_while(blank).count();
        let passed = bytes.get(self.byte..start).unwrap_or_default();
        self.line += passed.iter().filter(|&&byte| byte == b'\n').count();
        self.byte = self.byte.max(start);
        self.line
    }
}

fn csv_message(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
            "the row has {len} fields and the header {expected_len}\nhelp: put quotes around \
             a field that holds a comma"
        ),
        _ => error.to_string(),
    }
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
    if rows.iter().all(|row| row.course().is_some()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_nested_up_to_a_limit() {
        let request = |column: &str| {
            let file = format!("name,{column}\nAda,x\n");
            let rows = parse("r.csv", file.into_bytes()).ok().unwrap();
            rows[0].request("c", &RequestArguments::default())
        };
        let extra = request("a.b").unwrap().extra().clone();
        assert_eq!(extra["a"], serde_json::json!({ "b": "x" }));
        assert!(request(&"a.".repeat(MAX_DOTS)).is_ok());
        let error = request(&"a.".repeat(1_000_000)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.to_string().len() < 200, "{error}");
    }
}
