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

/// A text of a stranger on one line: control characters, line ends, and characters that change the
/// direction of what follows are written as `\u{202e}`, so that a terminal does not act on them.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_active(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// A JSON value on one line, with the characters that [`escaped`] escapes as JSON writes them.
pub(crate) fn escaped_json(value: &Value) -> String {
    let text = value.to_string();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // They stand in strings only, and are below U+10000.
        if is_active(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a terminal acts on a character instead of showing it.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Bidirectional controls (UAX #9, 2), and line and paragraph separators.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            // Invisible: an interlinear annotation, a byte order mark, a tag.
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
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
