//! Who gets a certificate: one name, a file of people, or the sample names.

use std::fs;
use std::path::Path;

use crate::site::Request;
use crate::{Date, Error, Tag};
use serde_json::{Map, Value};

use super::Failure;
use super::args::{Facts, People};

/// The names that the predecessor was tested with: nine scripts and both directions.
pub(crate) const SAMPLES: [&str; 10] = [
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

/// One person, by what the arguments and a row of the file say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    /// Where the person is named: `people.csv:12`.
    pub(crate) place: Option<String>,
    /// What is wrong with the row, if it cannot be read.
    pub(crate) fault: Option<String>,
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

impl Person {
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The request for this person. What a row says wins over the arguments.
    pub(crate) fn request(&self, course: &str, facts: &Facts) -> Result<Request, Error> {
        let course = self.course.as_deref().unwrap_or(course);
        let mut request = Request::new(course, &self.name)?;
        if let Some(username) = self.username.as_ref().or(facts.username.as_ref()) {
            request = request.with_username(username);
        }
        let own = self.language.as_deref().map(Tag::parse).transpose()?;
        if let Some(language) = own.or_else(|| facts.language.clone()) {
            request = request.with_language(language);
        }
        let own = self.second_language.as_deref().map(Tag::parse).transpose()?;
        if let Some(language) = own.or_else(|| facts.second_language.clone()) {
            request = request.with_second_language(language);
        }
        let own = self.issued.as_deref().map(Date::parse).transpose()?;
        if let Some(issued) = own.or(facts.issued) {
            request = request.with_issued(issued);
        }
        if let Some(grade) = self.grade.as_ref().or(facts.grade.as_ref()) {
            request = request.with_grade(grade);
        }
        if let Some(title) = self.designation.as_ref().or(facts.designation.as_ref()) {
            request = request.with_designation(title);
        }
        if let Some(layout) = self.layout.as_ref().or(facts.layout.as_ref()) {
            request = request.with_layout(layout);
        }
        if let Some(paper) = self.paper.as_ref().or(facts.paper.as_ref()) {
            request = request.with_paper(paper);
        }
        for (key, value) in nested(facts.set.iter().chain(&self.extra)) {
            request = request.with_extra(key, value);
        }
        Ok(request)
    }

    /// An error of this person's in words, at the row that names them.
    pub(crate) fn complaint(&self, error: &Error) -> String {
        match (&self.place, error.place()) {
            (Some(place), None) => format!("{place}: {error:#}"),
            (Some(place), Some(_)) => format!("{error:#}\n(for {place})"),
            (None, _) => format!("{error:#}"),
        }
    }

    /// Whether the row names a course of its own.
    pub(crate) fn course(&self) -> Option<&str> {
        self.course.as_deref()
    }
}

/// Fields by name, of which `modules.knots.grade` is one inside another.
fn nested<'a>(fields: impl Iterator<Item = &'a (String, String)>) -> Map<String, Value> {
    let mut all = Map::new();
    for (path, text) in fields {
        put(&mut all, path, text);
    }
    all
}

fn put(map: &mut Map<String, Value>, path: &str, text: &str) {
    let Some((key, rest)) = path.split_once('.') else {
        map.insert(path.to_owned(), text.into());
        return;
    };
    let field = map.entry(key).or_insert(Value::Null);
    if !field.is_object() {
        *field = Value::Object(Map::new());
    }
    if let Value::Object(inner) = field {
        put(inner, rest, text);
    }
}

/// The people that the arguments name.
pub(crate) fn people(arguments: &People) -> Result<Vec<Person>, Failure> {
    match (&arguments.name, &arguments.file) {
        (Some(name), _) => Ok(vec![Person::named(name)]),
        (None, Some(file)) => read(file),
        (None, None) => Ok(SAMPLES.iter().map(|name| Person::named(name)).collect()),
    }
}

fn read(file: &Path) -> Result<Vec<Person>, Failure> {
    let name = file.display();
    let bytes = fs::read(file).map_err(|error| {
        Failure::new(format!("{name}: failed to read the file ({error})"))
    })?;
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
    let people = match has_header(header) {
        true => rows(text, &name.to_string())?,
        false => text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(index, line)| Person {
                place: Some(format!("{name}:{}", index + 1)),
                ..Person::named(line)
            })
            .collect(),
    };
    match people.is_empty() {
        true => Err(Failure::new(format!("{name}: nobody is named in the file"))),
        false => Ok(people),
    }
}

/// A header has a column `name`; a list of plain names has nobody called so.
fn has_header(line: &str) -> bool {
    separator(line).is_some()
}

fn separator(header: &str) -> Option<u8> {
    [b',', b';', b'\t'].into_iter().find(|&separator| {
        header
            .split(char::from(separator))
            .any(|field| field.trim().trim_matches('"').eq_ignore_ascii_case("name"))
    })
}

fn rows(text: &str, file: &str) -> Result<Vec<Person>, Failure> {
    let header = text.lines().next().unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(header).unwrap_or(b','))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|error| Failure::new(format!("{file}:1: {error}")))?
        .clone();
    let mut people = Vec::new();
    let mut lines = Lines { text, byte: 0, line: 1 };
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, |position| lines.at(position));
                let place = Some(format!("{file}:{line}"));
                let fault = Some(csv_message(&error));
                people.push(Person { place, fault, ..Person::default() });
                continue;
            }
        };
        let line = record.position().map_or(0, |position| lines.at(position));
        let mut person =
            Person { place: Some(format!("{file}:{line}")), ..Person::default() };
        for (key, value) in headers.iter().zip(&record) {
            if value.is_empty() {
                continue;
            }
            let value = value.to_owned();
            match key.to_ascii_lowercase().as_str() {
                "name" => person.name = value,
                "username" => person.username = Some(value),
                "course" => person.course = Some(value),
                "language" => person.language = Some(value),
                "second_language" => person.second_language = Some(value),
                "grade" => person.grade = Some(value),
                "designation" => person.designation = Some(value),
                "issued" => person.issued = Some(value),
                "layout" => person.layout = Some(value),
                "paper" => person.paper = Some(value),
                _ => person.extra.push((key.to_owned(), value)),
            }
        }
        people.push(person);
    }
    Ok(people)
}

/// The lines of a file as an editor counts them: the reader takes the line feed of a carriage
/// return for the beginning of the next record.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of a record, none of which lies before an earlier one.
    fn at(&mut self, position: &csv::Position) -> usize {
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
