//! Output: text for people on standard error, results and JSON on standard output.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::sync::OnceLock;

use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::exit::Failure;
use crate::{ErrorKind, Place, Warning};

/// Prints a message for the user on standard error. A closed pipe is ignored, so that `| head` does
/// not end the command.
pub(crate) fn print_message(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The first write to standard output that failed. A command that prints many lines checks it once,
/// at its end.
static LOST_OUTPUT: OnceLock<io::Error> = OnceLock::new();

/// Keeps the failure of a write to standard output. A closed pipe is no failure, so that `| head`
/// does not end the command.
fn keep_failure(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let _ = LOST_OUTPUT.set(error);
    }
}

/// Returns an error unless all results reached standard output.
pub(crate) fn check_output() -> Result<(), Failure> {
    keep_failure(io::stdout().flush());
    match LOST_OUTPUT.get() {
        None => Ok(()),
        Some(error) => Err(Failure::new(format!(
            "failed to write to standard output ({error}): what is there is not whole"
        ))),
    }
}

/// Prints the result of a command on standard output.
pub(crate) fn print_result(text: &str) {
    keep_failure(writeln!(io::stdout().lock(), "{text}"));
}

/// Standard output for many results, which are printed together. A closed pipe is ignored.
pub(crate) struct Results(BufWriter<StdoutLock<'static>>);

impl Results {
    pub(crate) fn new() -> Self {
        Self(BufWriter::with_capacity(1 << 16, io::stdout().lock()))
    }

    pub(crate) fn print(&mut self, text: &str) {
        keep_failure(writeln!(self.0, "{text}"));
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        keep_failure(self.0.flush());
    }
}

/// Prints a note: information that needs no action of the user.
pub(crate) fn print_note(text: &str) {
    print_message(&format!("note: {text}"));
}

/// Prints a JSON object as one line on standard output.
pub(crate) fn print_json(value: &Value) {
    keep_failure(writeln!(io::stdout().lock(), "{value}"));
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

/// The warnings of a run, each of which is printed once, however many certificates have it.
#[derive(Default)]
pub(crate) struct RunWarnings {
    /// The warnings by kind and line, or by message if they have no line.
    all: IndexMap<(ErrorKind, String), RunWarning>,
}

struct RunWarning {
    warning: Warning,
    languages: Vec<String>,
    count: usize,
}

impl RunWarnings {
    /// Notes the warnings of a certificate in a language, whose recipient has this row.
    pub(crate) fn add(
        &mut self,
        warnings: &[Warning],
        language: &str,
        row: Option<&Place>,
    ) {
        for warning in warnings {
            // A place with a line identifies a fault. A place without one does not: a file may have
            // several faults, each in several languages.
            let place = warning.place.as_ref().filter(|place| place.line.is_some());
            let same = || warning.message.replace(&format!("`{language}`"), "");
            let key = (warning.kind, place.map_or_else(same, ToString::to_string));
            let same = self.all.entry(key).or_insert_with(|| RunWarning {
                warning: match row {
                    Some(row) if warning.place.is_none() => {
                        warning.clone().at(row.clone())
                    }
                    _ => warning.clone(),
                },
                languages: Vec::new(),
                count: 0,
            });
            same.count += 1;
            if !same.languages.iter().any(|it| it == language) {
                same.languages.push(language.to_owned());
            }
        }
    }

    /// Prints them.
    pub(crate) fn print(&self) {
        for RunWarning { warning, languages, count } in self.all.values() {
            print_warning(warning);
            let mut more = Vec::new();
            if let [_, others @ ..] = &languages[..]
                && !others.is_empty()
            {
                more.push(format!("the same in {}", others.join(", ")));
            }
            if *count > 1 {
                more.push(format!("{count} times"));
            }
            if !more.is_empty() {
                print_message(&format!("({})", more.join("; ")));
            }
        }
    }
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
