//! Errors and warnings as data: the form of `--json`, and of whatever a caller writes with serde.
//!
//! ```json
//! { "kind": "unknown_key", "message": "unknown key `titel`",
//!   "place": { "file": "courses.yaml", "line": 2, "column": 3 }, "help": "did you mean `title`?" }
//! ```
//!
//! `place` and `help` are `null` where there are none. Of several errors the object is the first
//! one's, and `faults` has all of them.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

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
    }
}
