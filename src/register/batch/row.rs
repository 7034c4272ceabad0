//! The messages about a row of a recipients file.

use serde_json::{Value, json};

use crate::base::error::Error;
use crate::register::issue::OutcomeFields;
use crate::site::tables::RecipientRow;

/// File and line of a row: `recipients.csv:12`.
pub(crate) fn row_place(row: &RecipientRow) -> Option<String> {
    row.place.as_ref().map(ToString::to_string)
}

/// The message that says why a row has no certificate. It begins with file and line of the row if
/// the error has no place of its own.
pub(crate) fn failure_message(error: &Error, row: &RecipientRow) -> String {
    match (&row.place, error.place()) {
        (Some(place), None) => format!("{place}: {error:#}"),
        (Some(place), Some(_)) => format!("{error:#}\n(for {place})"),
        (None, _) => format!("{error:#}"),
    }
}

/// The outcome of a row, with the values that identify the row.
pub(crate) fn row_json(
    outcome: &OutcomeFields,
    course: &str,
    row: &RecipientRow,
) -> Value {
    let mut object = json!({ "course": course, "name": row.name, "row": row_place(row) });
    // A struct always becomes an object.
    if let (Value::Object(object), Ok(Value::Object(outcome))) =
        (&mut object, serde_json::to_value(outcome))
    {
        object.extend(outcome);
    }
    object
}
