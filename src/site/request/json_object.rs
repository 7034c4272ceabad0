//! JSON objects of messages: their texts, ids, numbers, dates and flags, each checked as it is
//! read.

use serde_json::{Map, Value};

use super::limits::{MAX_ID, MAX_MESSAGE, truncated};
use super::unique_json::UniqueJson;
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::base::lang::Tag;

/// The most bytes of one text.
const MAX_TEXT: usize = 5_000;

/// A JSON object of a message.
pub(crate) struct JsonObject(Map<String, Value>);

impl JsonObject {
    /// Reads an object; `what` is its name in messages.
    pub(crate) fn parse(what: &str, text: &[u8]) -> Result<Self> {
        if text.len() > MAX_MESSAGE {
            let message = format!("{what} has {} bytes", text.len());
            return Err(Error::new(ErrorKind::TooLarge, message)
                .with_help(format!("at most {MAX_MESSAGE} are read")));
        }
        let value: UniqueJson = serde_json::from_slice(text).map_err(|cause| {
            let message = match cause.to_string() {
                cause if cause.contains("` occurs twice") => format!("{what}: {cause}"),
                cause => format!("{what} is no JSON ({cause})"),
            };
            Error::new(ErrorKind::Syntax, message).with_source(cause)
        })?;
        Self::from_value(what, value.0)
    }

    /// Reads as much as possible of an object that [`parse`](Self::parse) refuses, so that the
    /// answer can name the request: half of a surrogate pair becomes U+FFFD, and of several values
    /// for a key the last counts.
    pub(crate) fn parse_lossy(text: &[u8]) -> Option<Self> {
        let text = text.get(..text.len().min(MAX_MESSAGE))?;
        let text = String::from_utf8_lossy(text);
        let text = without_lone_surrogates(&text);
        Self::from_value("", serde_json::from_str(&text).ok()?).ok()
    }

    /// Takes a value that is an object.
    pub(crate) fn from_value(what: &str, value: Value) -> Result<Self> {
        match value {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(Error::new(ErrorKind::Syntax, format!("{what} is no JSON object"))),
        }
    }

    /// Reads a text, if there is one; a text of white space alone is none.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&str>> {
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

    /// Reads an id, if there is one.
    pub(crate) fn id(&self, key: &str) -> Result<Option<&str>> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        if text.chars().any(char::is_control) || text.len() > MAX_ID {
            return Err(Error::new(
                ErrorKind::InvalidValue,
                format!("`{key}` has control characters or more than {MAX_ID} bytes"),
            ));
        }
        Ok(Some(text))
    }

    /// Refuses a required value that is missing.
    pub(crate) fn required<'a>(
        &self,
        key: &str,
        found: Option<&'a str>,
    ) -> Result<&'a str> {
        let missing =
            || Error::new(ErrorKind::MissingField, format!("`{key}` is missing"));
        found.ok_or_else(missing)
    }

    /// Reads a text, or a number as it was written.
    pub(crate) fn number_or_text(&self, key: &str) -> Result<Option<String>> {
        match self.0.get(key) {
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            _ => Ok(self.text(key)?.map(str::to_owned)),
        }
    }

    /// Reads a boolean; a missing one is false.
    pub(crate) fn flag(&self, key: &str) -> Result<bool> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(Error::new(
                ErrorKind::InvalidValue,
                format!("`{key}` is neither true nor false"),
            )),
        }
    }

    /// Reads a date, `2026-05-14`.
    pub(crate) fn date(&self, key: &str) -> Result<Option<Date>> {
        self.text(key)?.map(Date::parse).transpose().map_err(|error| named(key, &error))
    }

    /// Reads a BCP 47 language tag.
    pub(crate) fn tag(&self, key: &str) -> Result<Option<Tag>> {
        self.text(key)?.map(Tag::parse).transpose().map_err(|error| named(key, &error))
    }

    /// Returns the value of a key as it is.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The keys and values, in their order.
    #[cfg(feature = "xqueue")]
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Refuses all keys that are not known.
    pub(crate) fn check_keys(&self, known: &[&str]) -> Result<()> {
        let unknown = self.0.keys().filter(|key| !known.contains(&key.as_str()));
        Error::join(unknown.map(|key| {
            let message = format!("unknown key `{}`", truncated(key, 100).escape_debug());
            Error::new(ErrorKind::UnknownKey, message)
                .with_help(did_you_mean(key, known.iter().copied()))
        }))
    }
}

/// Replaces each escape of a surrogate that is not one of a pair: `\\ud800`.
fn without_lone_surrogates(text: &str) -> String {
    let unit = |at: usize| -> Option<u16> {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut clean = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(next) = text[at..].find('\\') {
        clean.push_str(&text[at..at + next]);
        at += next;
        let length = match unit(at) {
            Some(0xd800..0xdc00) if matches!(unit(at + 6), Some(0xdc00..0xe000)) => 12,
            Some(0xd800..0xe000) => {
                clean.push(char::REPLACEMENT_CHARACTER);
                at += 6;
                continue;
            }
            // The character after a backslash is escaped, and begins no escape itself.
            _ => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
        clean.push_str(&text[at..at + length]);
        at += length;
    }
    clean.push_str(&text[at..]);
    clean
}

/// The error of a text that should be the id of a certificate.
pub(crate) fn not_an_id(key: &str, text: &str) -> Error {
    let message = format!(
        "`{key}: {}` is no id of a certificate",
        truncated(text, 100).escape_debug()
    );
    Error::new(ErrorKind::InvalidValue, message)
        .with_help("it has 32 hexadecimal digits in lower case")
}

/// Adds the key to the error of its value.
fn named(key: &str, error: &Error) -> Error {
    let named = Error::new(error.kind(), format!("`{key}`: {}", error.message()));
    match error.help() {
        Some(help) => named.with_help(help),
        None => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_surrogate_pair_is_replaced_and_nothing_else() {
        for (text, clean) in [
            (r#"{"a":"\ud800"}"#, "{\"a\":\"\u{fffd}\"}"),
            (r#""\udc00\ud83d\ude00\ud83d""#, "\"\u{fffd}\\ud83d\\ude00\u{fffd}\""),
            (r#""\\ud800 \n \u00e9""#, r#""\\ud800 \n \u00e9""#),
            ("\\", "\\"),
            ("\\u", "\\u"),
            ("\\é", "\\é"),
        ] {
            assert_eq!(without_lone_surrogates(text), clean);
        }
        let object = JsonObject::parse_lossy(br#"{"username":"ada","name":"\ud800"}"#);
        assert_eq!(object.unwrap().text("username").unwrap(), Some("ada"));
    }
}
