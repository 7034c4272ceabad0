//! Why one certificate of a run was not made.

use crate::Error;
use serde_json::{Value, json};

use super::exit::Failure;
use super::recipients::RecipientRow;

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

    /// What `--json` prints of a certificate that was not made.
    pub(crate) fn json(&self, course: &str, row: &RecipientRow) -> Value {
        let error = match self {
            Self::Library(error) => json!(error),
            Self::Program(failure) => json!({ "kind": "io", "message": failure.message }),
        };
        json!({
            "status": "failed",
            "course": course,
            "name": row.name,
            "row": row.place,
            "error": error,
        })
    }
}
