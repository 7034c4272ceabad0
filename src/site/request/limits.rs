//! The limits of requests: of a message as a whole, of each text by its key, and of a text that a
//! message or a log repeats.
//!
//! The cost of making a certificate grows with its texts, so these limits are checked before any
//! work begins, for requests from every source.

use serde_json::Value;

use super::Request;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::date_of_issue;

/// The most bytes of one message that are read. A larger one is refused unread.
pub(crate) const MAX_MESSAGE: usize = 1 << 20;
/// The most bytes of an id: of a course, a recipient or a message.
pub(crate) const MAX_ID: usize = 255;

/// The most characters of a grade, a designation, and a name of a layout, template or paper.
const MAX_VALUE: usize = 200;
/// The most characters of one text under `extra`, and of all of them together with their keys: the
/// rows of a transcript have some 20,000.
const MAX_EXTRA_TEXT: usize = 2_000;
const MAX_EXTRA: usize = 40_000;
/// The most values under `extra`, and how deep they may be nested.
const MAX_EXTRA_VALUES: usize = 5_000;
const MAX_EXTRA_DEPTH: usize = 8;
/// The most characters of a reason for a revocation, which its page shows.
pub(crate) const MAX_REASON: usize = 500;

impl Request {
    /// Refuses texts that are too long for their key, and a date of issue in a year that no
    /// certificate has.
    pub(crate) fn check_limits(&self) -> Result<()> {
        let mut faults = Vec::new();
        faults.extend(self.issued.and_then(|date| date_of_issue::check(date).err()));
        for (key, text) in [
            ("course", Some(self.course.as_str())),
            ("username", self.recipient.as_deref()),
        ] {
            if text.is_some_and(|text| text.len() > MAX_ID) {
                faults.push(too_long(&format!("`{key}`"), "bytes", MAX_ID));
            }
        }
        for (key, text) in [
            ("grade", &self.grade),
            ("designation", &self.designation),
            ("layout", &self.layout),
            ("template", &self.template),
            ("paper", &self.paper),
        ] {
            if let Some(text) = text {
                faults.extend(check_length(key, text, MAX_VALUE).err());
            }
        }
        let mut extra = ExtraSize::default();
        for (key, value) in &self.extra {
            extra.characters += key.chars().count();
            if let Err(error) = extra.add(key, value, 1) {
                faults.push(error);
                break;
            }
        }
        Error::join(faults)
    }
}

/// Refuses a text of more than `max` characters.
pub(crate) fn check_length(key: &str, text: &str, max: usize) -> Result<()> {
    if text.chars().nth(max).is_some() {
        return Err(too_long(&format!("`{key}`"), "characters", max));
    }
    Ok(())
}

/// The sizes of what was found under `extra` so far.
#[derive(Default)]
struct ExtraSize {
    characters: usize,
    values: usize,
}

impl ExtraSize {
    /// Adds a value; `name` is the nearest key above it.
    fn add(&mut self, name: &str, value: &Value, depth: usize) -> Result<()> {
        self.values += 1;
        let key = || format!("`{}` under `extra`", truncated(name, 100).escape_debug());
        if depth > MAX_EXTRA_DEPTH {
            let message = format!("{} is nested more than {MAX_EXTRA_DEPTH} deep", key());
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        if let Value::String(text) = value {
            let length = text.chars().count();
            if length > MAX_EXTRA_TEXT {
                return Err(too_long(&key(), "characters", MAX_EXTRA_TEXT));
            }
            self.characters += length;
        }
        if self.values > MAX_EXTRA_VALUES {
            return Err(too_long("`extra`", "values", MAX_EXTRA_VALUES));
        }
        if self.characters > MAX_EXTRA {
            return Err(too_long("`extra`", "characters", MAX_EXTRA));
        }
        match value {
            Value::Array(items) => {
                items.iter().try_for_each(|item| self.add(name, item, depth + 1))
            }
            Value::Object(object) => object.iter().try_for_each(|(key, value)| {
                self.characters += key.chars().count();
                self.add(key, value, depth + 1)
            }),
            _ => Ok(()),
        }
    }
}

fn too_long(what: &str, unit: &str, max: usize) -> Error {
    Error::new(ErrorKind::TooLarge, format!("{what} has more than {max} {unit}"))
        .with_help("shorten it: a certificate has no room for more")
}

/// Returns a text of at most `max` bytes; one that was longer ends in `…`.
pub(crate) fn truncated(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max.saturating_sub('…'.len_utf8()));
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::date::Date;

    #[test]
    fn text_is_refused_by_where_it_goes() {
        use serde_json::json;
        let request = || Request::new("c", "Ada").unwrap();
        let rows = |rows: usize| {
            let row = json!({ "code": "CS 101", "title": "Algorithms", "grade": "A" });
            Value::from(vec![row; rows])
        };
        let mixed = "abc אבג ".repeat(7_500);
        let mut deep = json!(1);
        for _ in 0..9 {
            deep = json!([deep]);
        }
        for (request, words) in [
            (
                request().with_issued(Date::parse("0001-01-01").unwrap()),
                "certificates are not dated in the year 1",
            ),
            (
                request().with_username("u".repeat(256)),
                "`username` has more than 255 bytes",
            ),
            (
                request().with_grade("9".repeat(201)),
                "`grade` has more than 200 characters",
            ),
            (
                request().with_designation("é".repeat(201)),
                "`designation` has more than 200",
            ),
            (request().with_layout("l".repeat(201)), "`layout` has more than 200"),
            (
                request().with_extra("motto", mixed.as_str()),
                "`motto` under `extra` has more than 2000",
            ),
            (
                request().with_extra("m", json!([{ "a": mixed }])),
                "`a` under `extra` has more than 2000",
            ),
            (
                request().with_extra("deep", deep),
                "`deep` under `extra` is nested more than 8",
            ),
            (
                request().with_extra("rows", rows(1_800)),
                "`extra` has more than 5000 values",
            ),
            (
                request().with_extra("k".repeat(50_000), "v"),
                "`extra` has more than 40000",
            ),
            (
                (0..30).fold(request(), |request, at| {
                    request.with_extra(format!("e{at}"), "אb ".repeat(600))
                }),
                "`extra` has more than 40000 characters",
            ),
        ] {
            let error = request.check_limits().expect_err(words);
            let is_date = request.issued().is_some();
            let kind =
                if is_date { ErrorKind::InvalidValue } else { ErrorKind::TooLarge };
            assert_eq!(error.kind(), kind);
            assert!(error.message().contains(words), "{error}");
        }
        let request =
            request().with_username("é".repeat(127)).with_grade("A".repeat(200));
        let request =
            request.with_extra("rows", rows(900)).with_extra("m", "é".repeat(2_000));
        request.check_limits().unwrap();
    }

    #[test]
    fn texts_are_truncated_between_characters() {
        assert_eq!(truncated("abc", 3), "abc");
        assert_eq!(truncated("abcd", 3), "…");
        assert_eq!(truncated("aüüü", 6), "aü…");
        assert_eq!(truncated("aüüü", 7), "aüüü");
    }
}
