//! Output: text for people on standard error, results and JSON on standard output.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use crate::Warning;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// Prints a message for the user on standard error. A closed pipe is ignored, so that `| head` ends
/// no command.
pub(crate) fn print_message(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints the result of a command on standard output.
pub(crate) fn print_result(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Standard output for many results, which are printed together. A closed pipe is ignored.
pub(crate) struct Results(BufWriter<StdoutLock<'static>>);

impl Results {
    pub(crate) fn new() -> Self {
        Self(BufWriter::with_capacity(1 << 16, io::stdout().lock()))
    }

    pub(crate) fn print(&mut self, text: &str) {
        let _ = writeln!(self.0, "{text}");
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        let _ = self.0.flush();
    }
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
