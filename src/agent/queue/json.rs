//! Requests in JSON: our own form, for any sender, and what it shares with other forms.
//!
//! ```json
//! { "course": "course-v1:ExampleX+CURL101+2026_T1", "name": "Guido van Rossum",
//!   "username": "guido", "language": "es", "grade": "0.93", "issued": "2026-05-14",
//!   "designation": "MD", "layout": "modern", "extra": { "hours": 12 },
//!   "second_language": "ar", "paper": "letter", "requested_at": "2026-05-14T09:30:00Z",
//!   "specimen": false, "replace": false, "reissue": false, "reference": "42" }
//! { "action": "revoke", "course": "…", "username": "guido", "reason": "…" }
//! { "action": "revoke", "id": "0123456789abcdef0123456789abcdef", "reason": "…" }
//! ```
//!
//! Of a request to issue, `course` and `name` must be there, and nothing that is not known.

use serde_json::{Map, Value};

use super::{About, LARGEST, Revocation, Target, Task, cut};
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::base::lang::Tag;
use crate::base::timestamp::Timestamp;
use crate::register::issue::IssueOptions;
use crate::site::award::{Award, Recipient, is_id};
use crate::site::request::Request;

const ISSUE: [&str; 17] = [
    "action",
    "requested_at",
    "course",
    "designation",
    "extra",
    "grade",
    "issued",
    "language",
    "layout",
    "name",
    "paper",
    "reference",
    "reissue",
    "replace",
    "second_language",
    "specimen",
    "username",
];
const WITHDRAW: [&str; 8] =
    ["action", "requested_at", "course", "id", "name", "reason", "reference", "username"];
/// The most bytes of one text.
const MAX_TEXT: usize = 5_000;
/// The most bytes of an id: of a course, a recipient, a message.
const MAX_ID: usize = 255;
/// Why, where a sender does not say.
const NO_REASON: &str = "revoked at the request of the issuing platform";

impl Task {
    /// Reads a request in JSON, and what its sender will recognize the answer by.
    ///
    /// # Errors
    /// In the second: [`ErrorKind::Syntax`], [`ErrorKind::TooLarge`], [`ErrorKind::UnknownKey`] and the like.
    pub fn from_json(text: &[u8]) -> (About, Result<Task>) {
        let object = match Object::parse("the request", text) {
            Ok(object) => object,
            Err(error) => return (About::default(), Err(error)),
        };
        let about = object.about("course", "username", "reference");
        let task = object.task();
        (about, task)
    }
}

/// A JSON object of a message.
pub(super) struct Object(Map<String, Value>);

impl Object {
    /// Reads an object; `what` is its name in messages.
    pub(super) fn parse(what: &str, text: &[u8]) -> Result<Self> {
        if text.len() > LARGEST {
            let message = format!("{what} has {} bytes", text.len());
            return Err(Error::new(ErrorKind::TooLarge, message)
                .with_help(format!("at most {LARGEST} are read")));
        }
        match serde_json::from_slice(text) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            Ok(_) => {
                Err(Error::new(ErrorKind::Syntax, format!("{what} is no JSON object")))
            }
            Err(cause) => {
                Err(Error::new(ErrorKind::Syntax, format!("{what} is no JSON ({cause})")))
            }
        }
    }

    /// What the answer is recognized by, as far as it is there.
    pub(super) fn about(&self, course: &str, recipient: &str, reference: &str) -> About {
        let text = |key| self.0.get(key)?.as_str().map(|text| cut(text, MAX_ID));
        About {
            action: text("action"),
            course: text(course),
            recipient: text(recipient),
            reference: text(reference),
        }
    }

    /// A text, if there is any; nothing but white space is none.
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>> {
        let text = match self.0.get(key) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text,
            Some(_) => {
                let message = format!("`{key}` is no text");
                return Err(Error::new(ErrorKind::InvalidValue, message));
            }
        };
        if text.len() > MAX_TEXT {
            let message = format!("`{key}` has {} bytes", text.len());
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(Some(text.as_str()).filter(|text| !text.trim().is_empty()))
    }

    /// An id, if there is one.
    pub(super) fn id(&self, key: &str) -> Result<Option<&str>> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        match text.chars().any(char::is_control) || text.len() > MAX_ID {
            false => Ok(Some(text)),
            true => Err(Error::new(
                ErrorKind::InvalidValue,
                format!("`{key}` has control characters or more than {MAX_ID} bytes"),
            )),
        }
    }

    /// What must be there.
    pub(super) fn required<'a>(
        &self,
        key: &str,
        found: Option<&'a str>,
    ) -> Result<&'a str> {
        let missing =
            || Error::new(ErrorKind::MissingField, format!("`{key}` is missing"));
        found.ok_or_else(missing)
    }

    /// A text, or a number as it was written.
    pub(super) fn number_or_text(&self, key: &str) -> Result<Option<String>> {
        match self.0.get(key) {
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            _ => Ok(self.text(key)?.map(str::to_owned)),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(Error::new(
                ErrorKind::InvalidValue,
                format!("`{key}` is neither true nor false"),
            )),
        }
    }

    pub(super) fn date(&self, key: &str) -> Result<Option<Date>> {
        self.text(key)?.map(Date::parse).transpose().map_err(|error| named(key, &error))
    }

    fn tag(&self, key: &str) -> Result<Option<Tag>> {
        self.text(key)?.map(Tag::parse).transpose().map_err(|error| named(key, &error))
    }

    fn known(&self, known: &[&str]) -> Result<()> {
        let unknown = self.0.keys().filter(|key| !known.contains(&key.as_str()));
        Error::join(unknown.map(|key| {
            let message = format!("unknown key `{}`", cut(key, 100).escape_debug());
            Error::new(ErrorKind::UnknownKey, message)
                .with_help(did_you_mean(key, known.iter().copied()))
        }))
    }

    fn task(&self) -> Result<Task> {
        match self.text("action")?.unwrap_or("issue") {
            "issue" => self.issue(),
            "revoke" => self.revoke().map(Task::Revoke),
            action => {
                let message = format!("unknown action `{}`", action.escape_debug());
                Err(Error::new(ErrorKind::InvalidValue, message)
                    .with_help(did_you_mean(action, ["issue", "revoke"])))
            }
        }
    }

    fn issue(&self) -> Result<Task> {
        self.known(&ISSUE)?;
        let course = self.required("course", self.id("course")?)?;
        let mut request =
            Request::new(course, self.required("name", self.text("name")?)?)?;
        if let Some(recipient) = self.id("username")? {
            request = request.with_username(recipient);
        }
        request = request.with_specimen(self.flag("specimen")?);
        if let Some(tag) = self.tag("language")? {
            request = request.with_language(tag);
        }
        if let Some(tag) = self.tag("second_language")? {
            request = request.with_second_language(tag);
        }
        if let Some(grade) = self.number_or_text("grade")? {
            request = request.with_grade(grade);
        }
        if let Some(date) = self.date("issued")? {
            request = request.with_issued(date);
        }
        if let Some(designation) = self.text("designation")? {
            request = request.with_designation(designation);
        }
        if let Some(layout) = self.text("layout")? {
            request = request.with_layout(layout);
        }
        if let Some(paper) = self.text("paper")? {
            request = request.with_paper(paper);
        }
        if let Some(requested_at) = self.text("requested_at")? {
            request = request.with_requested_at(Timestamp::parse(requested_at)?);
        }
        match self.0.get("extra") {
            None | Some(Value::Null) => {}
            Some(Value::Object(extra)) => {
                for (key, value) in extra {
                    request = request.with_extra(key, value.clone());
                }
            }
            Some(_) => {
                return Err(Error::new(ErrorKind::InvalidValue, "`extra` is no object"));
            }
        }
        let options = IssueOptions::default()
            .with_replace(self.flag("replace")?)
            .with_reissue(self.flag("reissue")?);
        let request = Box::new(request);
        Ok(Task::Issue { request, options, replaces: None })
    }

    fn revoke(&self) -> Result<Revocation> {
        self.known(&WITHDRAW)?;
        let id = self.id("id")?;
        let recipient = self.id("username")?;
        let name = self.text("name")?;
        let target = match (id, recipient, name) {
            (Some(id), None, None) if is_id(id) => {
                Target::Certificate { verify: id.to_owned(), download: None }
            }
            (Some(id), None, None) => return Err(no_id("id", id)),
            (Some(_), ..) => {
                return Err(Error::new(
                    ErrorKind::InvalidValue,
                    "`id` and a recipient: one of them says which certificate",
                ));
            }
            (None, recipient, name) => {
                let course = self.required("course", self.id("course")?)?.to_owned();
                let recipient = match recipient {
                    Some(recipient) => Recipient::Id(recipient.to_owned()),
                    None => {
                        let name = self.required("username", name)?;
                        let request = Request::new(course.as_str(), name)?;
                        Recipient::Name(request.name().as_str().to_owned())
                    }
                };
                Target::Award(Award { course, recipient })
            }
        };
        Ok(Revocation {
            target,
            reason: self.text("reason")?.unwrap_or(NO_REASON).to_owned(),
            requested_at: self.text("requested_at")?.map(Timestamp::parse).transpose()?,
        })
    }
}

/// The fault of what should be an id of a certificate.
pub(super) fn no_id(key: &str, text: &str) -> Error {
    let message =
        format!("`{key}: {}` is no id of a certificate", cut(text, 100).escape_debug());
    Error::new(ErrorKind::InvalidValue, message)
        .with_help("it has 32 hexadecimal digits in lower case")
}

/// The error of a value, with the key that it belongs to.
fn named(key: &str, error: &Error) -> Error {
    let named = Error::new(error.kind(), format!("`{key}`: {}", error.message()));
    match error.help() {
        Some(help) => named.with_help(help),
        None => named,
    }
}
