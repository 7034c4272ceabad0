//! Why one certificate of a run was not made.

use crate::{Error, ErrorKind};
use serde_json::{Value, json};

use super::exit::Failure;
use super::recipients::RecipientRow;

/// The outcome of a recipient whose grade does not pass, as JSON and reports write it.
pub(crate) const NOT_PASSED: &str = "not-passed";

/// Why one certificate of a run was not made.
pub(crate) enum JobFailure {
    /// The library refused the row of the recipients file, or its request.
    Library(Error),
    /// The program failed, for instance to write a file.
    Program(Failure),
}

impl JobFailure {
    /// The message for the user, with file and line of the row if the message has no other place.
    pub(crate) fn message(&self, row: &RecipientRow) -> String {
        match self {
            Self::Library(error) => match (&row.place, error.place()) {
                (Some(place), None) => format!("{place}: {error:#}"),
                (Some(place), Some(_)) => format!("{error:#}\n(for {place})"),
                (None, _) => format!("{error:#}"),
            },
            Self::Program(failure) => failure.message.clone(),
        }
    }

    /// Whether there is no certificate because the grade does not pass. That is no failure.
    pub(crate) fn is_not_passed(&self) -> bool {
        matches!(self, Self::Library(error) if error.kind() == ErrorKind::NotPassed)
    }

    /// What `--json` prints of a certificate that was not made.
    pub(crate) fn json(&self, course: &str, row: &RecipientRow) -> Value {
        if let (Self::Library(error), true) = (self, self.is_not_passed()) {
            return json!({
                "outcome": NOT_PASSED,
                "course": course,
                "name": row.name,
                "row": row.place,
                "why": error.message(),
            });
        }
        let mut failed = json!({
            "outcome": "failed",
            "course": course,
            "name": row.name,
            "row": row.place,
        });
        // The names that the agent's answers have: `error` is the kind.
        let error = match self {
            Self::Library(error) => json!({
                "error": error.kind().as_str(),
                "message": error.message(),
                "help": error.help(),
                "place": error.place().map(ToString::to_string),
            }),
            Self::Program(failure) => {
                json!({ "error": "io", "message": failure.message })
            }
        };
        if let (Value::Object(failed), Value::Object(error)) = (&mut failed, error) {
            failed.extend(error.into_iter().filter(|(_, value)| !value.is_null()));
        }
        failed
    }
}
