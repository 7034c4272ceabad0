//! Errors and warnings as the page shows them: each with its file, line, excerpt and help.

use serde_json::{Value, json};

use crate::base::error::{Error, Place, Warning};

/// All errors that were found together, as a list.
pub(super) fn of_error(error: &Error) -> Value {
    error.faults().map(fault).collect()
}

pub(super) fn of_errors(errors: &[Error]) -> Value {
    errors.iter().flat_map(Error::faults).map(fault).collect()
}

pub(super) fn of_warnings(warnings: &[Warning]) -> Value {
    let warning = |it: &Warning| {
        finding(
            "warning",
            it.kind.as_str(),
            &it.message,
            it.place.as_ref(),
            it.help.as_deref(),
        )
    };
    warnings.iter().map(warning).collect()
}

fn fault(error: &Error) -> Value {
    let (message, place, help) = (error.message(), error.place(), error.help());
    let mut told = finding("error", error.kind().as_str(), message, place, help);
    // The page has these messages in its own language.
    if let Some(code) = error.code() {
        told["code"] = code.into();
        told["values"] =
            error.values().map(|(name, value)| (name, Value::from(value))).collect();
    }
    told
}

fn finding(
    severity: &str,
    kind: &str,
    message: &str,
    place: Option<&Place>,
    help: Option<&str>,
) -> Value {
    json!({
        "severity": severity,
        "kind": kind,
        "message": message,
        "help": help,
        "place": place.map(place_json),
    })
}

/// A place with the line that it lies in.
pub(super) fn place_json(place: &Place) -> Value {
    let excerpt = place.excerpt().map(
        |(text, column, width)| json!({ "text": text, "column": column, "width": width }),
    );
    json!({
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "excerpt": excerpt,
    })
}
