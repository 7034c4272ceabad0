//! Output: text for people on standard error, results and JSON on standard output.

use std::io::{self, IsTerminal, Write};

use crate::{Error, Place, Warning};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

/// Prints a message for the user on standard error. A closed pipe is ignored, so that `| head` ends
/// no command.
pub(crate) fn print_message(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints the result of a command on standard output.
pub(crate) fn print_result(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints a note: something that the user should know, and need not change.
pub(crate) fn print_note(text: &str) {
    print_message(&format!("note: {text}"));
}

/// Prints a JSON object as one line on standard output.
pub(crate) fn print_json(value: &Value) {
    let _ = writeln!(io::stdout().lock(), "{value}");
}

/// Prints a warning on standard error.
pub(crate) fn print_warning(warning: &Warning) {
    print_message(&format!("warning: {warning:#}"));
}

/// A progress bar on standard error. It is hidden for fewer than three jobs, and where standard
/// error is no terminal.
pub(crate) fn progress_bar(jobs: usize) -> ProgressBar {
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

/// An error as a JSON object; `faults` holds all errors if several were found at once.
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

/// A warning as a JSON object.
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
