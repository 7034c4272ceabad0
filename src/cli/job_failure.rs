//! Why one certificate of a run was not made.

use crate::register::OutcomeFields;
use crate::register::batch::{failure_message, row_json};
use crate::site::tables::RecipientRow;
use crate::{Error, ErrorKind};
use serde_json::Value;

use super::exit::Failure;

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
            Self::Library(error) => failure_message(error, row),
            Self::Program(failure) => failure.message.clone(),
        }
    }

    /// Whether there is no certificate because the grade does not pass. That is no failure.
    pub(crate) fn is_not_passed(&self) -> bool {
        matches!(self, Self::Library(error) if error.kind() == ErrorKind::NotPassed)
    }

    /// What `--json` prints for a certificate that was not made.
    pub(crate) fn json(&self, course: &str, row: &RecipientRow) -> Value {
        row_json(&self.fields(), course, row)
    }

    /// The outcome of the request.
    pub(crate) fn fields(&self) -> OutcomeFields {
        match self {
            Self::Library(error) => OutcomeFields::from(error),
            Self::Program(failure) => {
                OutcomeFields::failed(ErrorKind::Io, &failure.message, None)
            }
        }
    }
}
