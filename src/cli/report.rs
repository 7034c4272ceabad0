//! What is said: to people on standard error, to programs on standard output.

use std::io::{self, IsTerminal, Write};

use crate::{Error, Place, Warning};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

/// A line for people. A closed pipe is nobody's fault.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What was asked for, on standard output.
pub(crate) fn text(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// A remark that is no fault.
pub(crate) fn note(text: &str) {
    line(&format!("note: {text}"));
}

/// One JSON object on a line of its own.
pub(crate) fn object(value: &Value) {
    let _ = writeln!(io::stdout().lock(), "{value}");
}

/// A warning, for people.
pub(crate) fn warning(warning: &Warning) {
    line(&format!("warning: {warning:#}"));
}

/// A bar for a number of jobs, on a terminal and for more than a few.
pub(crate) fn progress(jobs: usize) -> ProgressBar {
    if jobs < 3 || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{bar:30} {pos}/{len}  {per_sec}  {eta} left  {msg}",
    );
    let bar = ProgressBar::new(jobs as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// An error as JSON, the faults found with it included.
pub(crate) fn error_json(error: &Error) -> Value {
    let one = |error: &Error| {
        json!({
            "kind": error.kind().as_str(),
            "message": error.message(),
            "place": error.place().map(place_json),
            "help": error.help(),
        })
    };
    let faults: Vec<Value> = error.faults().map(one).collect();
    let mut first = faults[0].clone();
    if faults.len() > 1 {
        first["faults"] = faults.into();
    }
    first
}

/// A warning as JSON.
pub(crate) fn warning_json(warning: &Warning) -> Value {
    json!({
        "kind": warning.kind.as_str(),
        "message": warning.message,
        "place": warning.place.as_ref().map(place_json),
        "help": warning.help,
    })
}

fn place_json(place: &Place) -> Value {
    json!({ "file": place.file, "line": place.line, "column": place.column })
}
