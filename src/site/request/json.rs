//! Requests in JSON: the one reader and writer of them, for queues, HTTP and embedders.
//!
//! ```json
//! { "course": "course-v1:ExampleX+CURL101+2026_T1", "name": "Guido van Rossum",
//!   "username": "guido", "language": "es", "grade": "0.93", "issued": "2026-05-14",
//!   "designation": "MD", "gender": "f", "layout": "modern", "extra": { "hours": 12 },
//!   "second_language": "ar", "paper": "letter", "requested_at": "2026-05-14T09:30:00Z",
//!   "specimen": false }
//! ```
//!
//! A grade is on the scale that the course declares; `{ "fraction": 0.93 }` is a share of 1 in every
//! course. `course` and `name` are required; a key that is missing or `null` is not set; an unknown key is
//! an error, with the nearest known one as its help.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::Request;
use super::json_object::JsonObject;
use super::unique_json::UniqueJson;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::site::gender::Gender;

/// What messages call a request.
const WHAT: &str = "the request";

impl Request {
    /// The keys of a request in JSON.
    pub(crate) const KEYS: [&str; 15] = [
        "requested_at",
        "course",
        "designation",
        "extra",
        "gender",
        "grade",
        "issued",
        "language",
        "layout",
        "name",
        "paper",
        "second_language",
        "specimen",
        "template",
        "username",
    ];

    /// Reads a request in JSON, in the form in which it comes over HTTP. `Deserialize` reads the
    /// same form, but its error is that of the format.
    ///
    /// ```
    /// use testamur::Request;
    ///
    /// let text = br#"{ "course": "Example/Knots/2026", "name": "Ada", "langage": "es" }"#;
    /// let error = Request::from_json(text).unwrap_err();
    /// assert_eq!(error.message(), "unknown key `langage`");
    /// assert_eq!(error.help(), Some("did you mean `language`?"));
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`], [`ErrorKind::TooLarge`]: it is no JSON object, or too long.
    /// [`ErrorKind::UnknownKey`], [`ErrorKind::MissingField`], [`ErrorKind::InvalidValue`]: a key
    /// or its value is wrong. [`ErrorKind::Name`]: the name cannot be printed.
    pub fn from_json(text: &[u8]) -> Result<Self> {
        Self::from_object(&JsonObject::parse(WHAT, text)?)
    }

    fn from_object(object: &JsonObject) -> Result<Self> {
        object.check_keys(&Self::KEYS)?;
        Self::read(object)
    }

    /// Reads the request's own keys of an object that may have others.
    pub(crate) fn read(object: &JsonObject) -> Result<Self> {
        let course = object.required("course", object.id("course")?)?;
        let name = object.required("name", object.text("name")?)?;
        let mut request = Self::new(course, name)?;
        request.recipient = object.id("username")?.map(str::to_owned);
        request.specimen = object.flag("specimen")?;
        request.language = object.tag("language")?;
        request.second_language = object.tag("second_language")?;
        match object.get("grade") {
            Some(Value::Object(grade)) => {
                let grade = JsonObject::from_value("`grade`", grade.clone().into())?;
                grade.check_keys(&["fraction"])?;
                let share = grade.number_or_text("fraction")?;
                let missing = || {
                    let message = "`grade` has no `fraction`";
                    Error::new(ErrorKind::MissingField, message)
                };
                request = request.with_grade_fraction(share.ok_or_else(missing)?);
            }
            _ => request.grade = object.number_or_text("grade")?,
        }
        request.issued = object.date("issued")?;
        request.designation = object.text("designation")?.map(str::to_owned);
        request.gender = object.text("gender")?.map(Gender::parse).transpose()?;
        request.layout = object.text("layout")?.map(str::to_owned);
        request.template = object.text("template")?.map(str::to_owned);
        if let Some(paper) = object.text("paper")? {
            request = request.with_paper(paper);
        }
        request.requested_at =
            object.text("requested_at")?.map(Timestamp::parse).transpose()?;
        match object.get("extra") {
            None | Some(Value::Null) => {}
            Some(Value::Object(extra)) => {
                let fields =
                    extra.iter().map(|(key, value)| (key.clone(), value.clone()));
                request.extra = fields.collect();
            }
            Some(_) => {
                return Err(Error::new(ErrorKind::InvalidValue, "`extra` is no object"));
            }
        }
        request.check_limits()?;
        Ok(request)
    }
}

impl<'de> Deserialize<'de> for Request {
    /// Reads the object that [`from_json`](Request::from_json) reads.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = UniqueJson::deserialize(deserializer)?;
        let object = JsonObject::from_value(WHAT, value.0);
        let request = object.and_then(|object| Self::from_object(&object));
        request.map_err(|error| match error.help() {
            Some(help) => D::Error::custom(format!("{error}; {help}")),
            None => D::Error::custom(error),
        })
    }
}

impl Serialize for Request {
    /// Writes what is set. A request with attachments cannot be written.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.attachments.is_empty() {
            return Err(S::Error::custom("a request with attachments cannot be written"));
        }
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("course", &self.course)?;
        object.serialize_entry("name", self.name.as_str())?;
        let texts = [
            ("username", self.recipient.as_deref()),
            ("language", self.language.as_ref().map(|tag| tag.as_str())),
            ("second_language", self.second_language.as_ref().map(|tag| tag.as_str())),
            ("grade", self.grade.as_deref().filter(|_| !self.grade_is_fraction)),
            ("designation", self.designation.as_deref()),
            ("gender", self.gender.map(Gender::as_str)),
            ("layout", self.layout.as_deref()),
            ("template", self.template.as_deref()),
            ("paper", self.paper.as_deref()),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                object.serialize_entry(key, text)?;
            }
        }
        if let (Some(grade), true) = (&self.grade, self.grade_is_fraction) {
            object.serialize_entry("grade", &serde_json::json!({ "fraction": grade }))?;
        }
        if let Some(issued) = self.issued {
            object.serialize_entry("issued", &issued)?;
        }
        if let Some(requested_at) = self.requested_at {
            object.serialize_entry("requested_at", &requested_at)?;
        }
        if self.specimen {
            object.serialize_entry("specimen", &true)?;
        }
        if !self.extra.is_empty() {
            object.serialize_entry("extra", &self.extra)?;
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::site::request::Attachment;

    #[test]
    fn each_key_is_read_and_written_again() {
        let all = json!({
            "course": "c", "name": "Ada Lovelace", "username": "ada", "language": "es",
            "second_language": "ar", "grade": "0.93", "designation": "MD", "gender": "f", "layout": "modern",
            "template": "t.pdf", "paper": "letter", "issued": "2026-05-14", "requested_at": "2026-05-14T09:30:00Z",
            "specimen": true, "extra": { "hours": 12, "motto": "Per aspera" },
        });
        assert_eq!(all.as_object().unwrap().len(), Request::KEYS.len());
        let request: Request = serde_json::from_value(all.clone()).unwrap();
        assert_eq!(serde_json::to_value(&request).unwrap(), all);
        let least = json!({ "course": "c", "name": "Ada Lovelace" });
        let request: Request = serde_json::from_value(least.clone()).unwrap();
        assert_eq!(serde_json::to_value(&request).unwrap(), least);
    }

    #[test]
    fn unknown_key_is_refused_with_the_nearest_one() {
        let text = r#"{ "course": "c", "name": "Ada", "usrname": "ada" }"#;
        let error = serde_json::from_str::<Request>(text).unwrap_err();
        let words = "unknown key `usrname`; did you mean `username`?";
        assert!(error.to_string().starts_with(words), "{error}");
    }

    #[test]
    fn attachments_are_not_dropped_silently() {
        let attachment =
            Attachment::new("a.json", "application/json", "a", "{}").unwrap();
        let request = Request::new("c", "Ada").unwrap().with_attachment(attachment);
        assert!(serde_json::to_value(&request).is_err());
    }
}
