//! Why one certificate of a run was not made.

use crate::register::OutcomeFields;
use crate::{Error, ErrorKind};
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

    /// Whether there is no certificate because the grade does not pass. That is no failure.
    pub(crate) fn is_not_passed(&self) -> bool {
        matches!(self, Self::Library(error) if error.kind() == ErrorKind::NotPassed)
    }

    /// What `--json` prints of a certificate that was not made.
    pub(crate) fn json(&self, course: &str, row: &RecipientRow) -> Value {
        row_json(&self.fields(), course, row)
    }

    /// What the request led to.
    pub(crate) fn fields(&self) -> OutcomeFields {
        match self {
            Self::Library(error) => OutcomeFields::from(error),
            Self::Program(failure) => {
                OutcomeFields::failed(ErrorKind::Io, &failure.message, None)
            }
        }
    }
}

/// What a row led to, with what says which row it is.
pub(crate) fn row_json(
    outcome: &OutcomeFields,
    course: &str,
    row: &RecipientRow,
) -> Value {
    let mut object = json!({ "course": course, "name": row.name, "row": row.place });
    // A struct of texts becomes an object.
    if let (Value::Object(object), Ok(Value::Object(outcome))) =
        (&mut object, serde_json::to_value(outcome))
    {
        object.extend(outcome);
    }
    object
}
