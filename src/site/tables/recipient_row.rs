//! One recipient of a table, and the request for them.

use serde_json::{Map, Value};

use super::field::RecipientField as Field;
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::lang::Tag;
use crate::site::gender::Gender;
use crate::site::request::Request;

/// The most dots of a field's name: each makes an object inside another.
const MAX_DOTS: usize = 6;

/// One recipient: a row of a table, or a name alone. Its values are the texts of its cells; an empty
/// cell is no value.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct RecipientRow {
    /// File and line of the row.
    pub place: Option<Place>,
    /// What is wrong with the row, if it cannot be read.
    pub fault: Option<RowFault>,
    /// The name as it is to be printed.
    pub name: String,
    /// The username or another id.
    pub username: Option<String>,
    /// The course's id.
    pub course: Option<String>,
    /// The language.
    pub language: Option<String>,
    /// The second language.
    pub second_language: Option<String>,
    /// The grade as it is written.
    pub grade: Option<String>,
    /// The grade that the cell of a sheet holds, if it shows one with fewer digits.
    pub grade_value: Option<String>,
    /// The designation.
    pub designation: Option<String>,
    /// The gender.
    pub gender: Option<Gender>,
    /// The date of issue.
    pub issued: Option<Date>,
    /// The layout.
    pub layout: Option<String>,
    /// The paper.
    pub paper: Option<String>,
    /// The free fields by their paths.
    pub extra: Vec<(String, String)>,
    /// The cells of the columns that are kept for the report, in the order of
    /// [`Recipients::kept`](super::Recipients::kept).
    pub kept: Vec<String>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowFault {
    /// The kind of the error.
    pub kind: ErrorKind,
    /// One sentence, without the place.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl RowFault {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>, help: &str) -> Self {
        Self { kind, message: message.into(), help: Some(help.to_owned()) }
    }

    /// Returns the fault as an error.
    pub fn to_error(&self) -> Error {
        let error = Error::new(self.kind, &self.message);
        match &self.help {
            Some(help) => error.with_help(help),
            None => error,
        }
    }
}

impl RecipientRow {
    /// Creates a recipient with a name alone.
    pub fn with_name(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(super) fn set(&mut self, field: Field, value: String) {
        match field {
            Field::Username => self.username = Some(value),
            Field::Course => self.course = Some(value),
            Field::Language => self.language = Some(value),
            Field::SecondLanguage => self.second_language = Some(value),
            Field::Grade => self.grade = Some(value),
            Field::Designation => self.designation = Some(value),
            Field::Layout => self.layout = Some(value),
            Field::Paper => self.paper = Some(value),
            Field::Name
            | Field::GivenName
            | Field::MiddleName
            | Field::FamilyName
            | Field::Gender
            | Field::Issued
            | Field::Email
            | Field::TitleBefore => {}
        }
    }

    /// Returns the request for this recipient: the values of the row, and those of `below` where
    /// the row has none. The free fields of the row are added to `fields`; dots in a path make
    /// objects inside each other.
    ///
    /// # Errors
    /// What is wrong with the row; [`ErrorKind::Name`]: the name cannot be printed;
    /// [`ErrorKind::InvalidValue`]: a language is no tag; [`ErrorKind::TooLarge`]: a path has too
    /// many dots.
    pub fn request(&self, below: &RequestDefaults) -> Result<Request> {
        if let Some(fault) = &self.fault {
            return Err(fault.to_error());
        }
        let course = self.course.as_deref().unwrap_or(&below.course);
        let mut request = Request::new(course, &self.name)?;
        if let Some(username) = self.username.as_ref().or(below.username.as_ref()) {
            request = request.with_username(username);
        }
        let own = self.language.as_deref().map(Tag::parse).transpose()?;
        if let Some(language) = own.or_else(|| below.language.clone()) {
            request = request.with_language(language);
        }
        let own = self.second_language.as_deref().map(Tag::parse).transpose()?;
        if let Some(language) = own.or_else(|| below.second_language.clone()) {
            request = request.with_second_language(language);
        }
        if let Some(issued) = self.issued.or(below.issued) {
            request = request.with_issued(issued);
        }
        if let Some(grade) = self.grade.as_ref().or(below.grade.as_ref()) {
            request = request.with_grade(grade);
        }
        if let Some(title) = self.designation.as_ref().or(below.designation.as_ref()) {
            request = request.with_designation(title);
        }
        if let Some(gender) = self.gender.or(below.gender) {
            request = request.with_gender(gender);
        }
        if let Some(layout) = self.layout.as_ref().or(below.layout.as_ref()) {
            request = request.with_layout(layout);
        }
        if let Some(paper) = self.paper.as_ref().or(below.paper.as_ref()) {
            request = request.with_paper(paper);
        }
        for (key, value) in nested(below.extra.iter().chain(&self.extra))? {
            request = request.with_extra(key, value);
        }
        request.check_limits()?;
        Ok(request)
    }
}

/// What the requests of rows have where a row has no value.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RequestDefaults {
    /// The course's id.
    pub course: String,
    /// The username, for a single recipient.
    pub username: Option<String>,
    /// The language.
    pub language: Option<Tag>,
    /// The second language.
    pub second_language: Option<Tag>,
    /// The grade.
    pub grade: Option<String>,
    /// The designation.
    pub designation: Option<String>,
    /// The gender.
    pub gender: Option<Gender>,
    /// The date of issue.
    pub issued: Option<Date>,
    /// The layout.
    pub layout: Option<String>,
    /// The paper.
    pub paper: Option<String>,
    /// Free fields by their paths.
    pub extra: Vec<(String, String)>,
}

impl RequestDefaults {
    /// Creates defaults for a course.
    pub fn new(course: impl Into<String>) -> Self {
        Self { course: course.into(), ..Self::default() }
    }
}

/// The fields as a JSON object; dots in a key make objects in it: `modules.knots.grade`.
///
/// # Errors
/// [`ErrorKind::TooLarge`]: a key has too many dots.
pub(crate) fn nested<'a>(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_nested_up_to_a_limit() {
        let request = |path: &str| {
            let mut row = RecipientRow::with_name("Ada");
            row.extra.push((path.to_owned(), "x".to_owned()));
            row.request(&RequestDefaults::new("c"))
        };
        let extra = request("a.b").unwrap().extra().clone();
        assert_eq!(extra["a"], serde_json::json!({ "b": "x" }));
        assert!(request(&"a.".repeat(MAX_DOTS)).is_ok());
        let error = request(&"a.".repeat(1_000_000)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.to_string().len() < 200, "{error}");
    }
}
