//! Errors and warnings as data: the form of `--json`, and of all that a caller writes with serde.
//!
//! ```json
//! { "kind": "unknown_key", "message": "unknown key `titel`",
//!   "place": { "file": "courses.yaml", "line": 2, "column": 3 }, "help": "did you mean `title`?" }
//! ```
//!
//! `place` and `help` are `null` where there are none. Of several errors the object is the first
//! one's, and `faults` has all of them. Reading gives back what was written. The excerpt of a place
//! and the source of an error are not written.

use serde::de::{Deserializer, Error as _};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::Error;
use super::kind::ErrorKind;
use super::place::Place;
use super::warning::Warning;

impl Serialize for ErrorKind {
    /// Writes [`as_str`](ErrorKind::as_str).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Place {
    /// Writes `file`, `line` and `column`, without the excerpt.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Place", 3)?;
        object.serialize_field("file", &self.file)?;
        object.serialize_field("line", &self.line)?;
        object.serialize_field("column", &self.column)?;
        object.end()
    }
}

impl Serialize for Warning {
    /// Writes `kind`, `message`, `place` and `help`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { kind, message, place, help } = self;
        let fault =
            Fault { kind: *kind, message, place: place.as_ref(), help: help.as_deref() };
        fault.serialize(serializer)
    }
}

impl Serialize for Error {
    /// Writes `kind`, `message`, `place` and `help`, and if several errors were found at once all
    /// of them as `faults`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let faults: Vec<Fault<'_>> = self.faults().map(Fault::of).collect();
        Faults { first: Fault::of(self), faults }.serialize(serializer)
    }
}

/// One error, without those that were found with it.
#[derive(Serialize)]
struct Fault<'a> {
    kind: ErrorKind,
    message: &'a str,
    place: Option<&'a Place>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Faults<'a> {
    #[serde(flatten)]
    first: Fault<'a>,
    #[serde(skip_serializing_if = "is_one")]
    faults: Vec<Fault<'a>>,
}

impl<'a> Fault<'a> {
    fn of(error: &'a Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.message(),
            place: error.place(),
            help: error.help(),
        }
    }
}

/// An error as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadFault {
    kind: ErrorKind,
    message: String,
    place: Option<Place>,
    help: Option<String>,
    #[serde(default)]
    faults: Vec<ReadFault>,
}

impl ReadFault {
    fn single(self) -> Error {
        let Self { kind, message, place, help, faults: _ } = self;
        let error = Error::new(kind, message);
        let error = place.into_iter().fold(error, Error::at);
        help.into_iter().fold(error, Error::with_help)
    }
}

impl<'de> Deserialize<'de> for Error {
    /// Reads what [`Serialize`] writes.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut first = ReadFault::deserialize(deserializer)?;
        let faults = std::mem::take(&mut first.faults);
        if faults.is_empty() {
            return Ok(first.single());
        }
        let all = Error::all(faults.into_iter().map(ReadFault::single));
        all.ok_or_else(|| D::Error::custom("`faults` is empty"))
    }
}

impl<'de> Deserialize<'de> for Warning {
    /// Reads what [`Serialize`] writes.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ReadFault { kind, message, place, help, faults } =
            ReadFault::deserialize(deserializer)?;
        if !faults.is_empty() {
            return Err(D::Error::custom("a warning has no `faults`"));
        }
        Ok(Self { kind, message, place, help })
    }
}

impl<'de> Deserialize<'de> for Place {
    /// Reads `file`, `line` and `column`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct ReadPlace {
            file: String,
            line: Option<u32>,
            column: Option<u32>,
        }
        let ReadPlace { file, line, column } = ReadPlace::deserialize(deserializer)?;
        Ok(Self { line, column, ..Self::file(file) })
    }
}

fn is_one(faults: &[Fault<'_>]) -> bool {
    faults.len() == 1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn several_errors_are_listed_after_the_first() {
        let place = Place { line: Some(2), ..Place::file("courses.yaml") };
        let one = Error::new(ErrorKind::UnknownKey, "one").at(place).with_help("help");
        let found = serde_json::to_value(&one).unwrap();
        let first = json!({
            "kind": "unknown_key",
            "message": "one",
            "place": { "file": "courses.yaml", "line": 2, "column": null },
            "help": "help",
        });
        assert_eq!(found, first);

        let two = Error::new(ErrorKind::Store, "two");
        let both = Error::join([one, two]).unwrap_err();
        let second =
            json!({ "kind": "store", "message": "two", "place": null, "help": null });
        let mut expected = first.clone();
        expected["faults"] = json!([first, second]);
        assert_eq!(serde_json::to_value(&both).unwrap(), expected);

        let warning = Warning::new(ErrorKind::Store, "two");
        assert_eq!(serde_json::to_value(&warning).unwrap(), second);

        for json in [first, second.clone(), expected] {
            let read: Error = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), json);
        }
        let read: Warning = serde_json::from_value(second).unwrap();
        assert_eq!(read, warning);
    }

    #[test]
    fn other_objects_are_no_errors() {
        for json in [
            json!({ "kind": "no_such_kind", "message": "m" }),
            json!({ "kind": "store" }),
            json!({ "kind": "store", "message": "m", "hint": "h" }),
            json!({ "kind": "store", "message": "m", "place": { "line": 1 } }),
        ] {
            assert!(serde_json::from_value::<Error>(json.clone()).is_err(), "{json}");
        }
    }
}
