//! The texts of the old program: what it printed, as plain text or a sentence, with a line of the report
//! for what is lost or surprising.

use super::markup;
use super::python::{Node, Value};
use super::report::{At, Report};

/// The words of a value that the old program printed: none if it is missing or blank.
pub(super) fn plain_text(
    node: &Node,
    key: &str,
    at: At<'_>,
    report: &mut Report,
) -> Option<String> {
    let at = at.line(node.line);
    if !node.is_scalar() {
        report.person(at, key, "it is no text: not taken");
        return None;
    }
    if !node.is_true() && !matches!(node.value, Value::Text(_) | Value::Int(_)) {
        return None;
    }
    note_surprise(node, key, at, report);
    let text = markup::plain(&node.printed());
    note_lost(&text.lost, key, at, report);
    (!text.text.is_empty()).then_some(text.text)
}

/// A value that the old program printed, as a sentence with its markup.
pub(super) fn sentence_text(
    node: &Node,
    key: &str,
    at: At<'_>,
    report: &mut Report,
) -> String {
    let at = at.line(node.line);
    if !node.is_scalar() {
        report.person(at, key, "it is no text: not taken");
        return String::new();
    }
    if matches!(node.value, Value::None) {
        return String::new();
    }
    note_surprise(node, key, at, report);
    let text = markup::sentence(&node.printed());
    note_lost(&text.lost, key, at, report);
    text.text
}

fn note_surprise(node: &Node, key: &str, at: At<'_>, report: &mut Report) {
    if let Some((written, printed)) = node.surprise() {
        let how = format!(
            "`{written}` without quotes was printed as `{printed}`, which is kept: mend it if \
             `{written}` was meant"
        );
        report.person(at, key, how);
    }
}

fn note_lost(lost: &[String], key: &str, at: At<'_>, report: &mut Report) {
    if !lost.is_empty() {
        let tags = lost.join(">, <");
        report.translated(
            at,
            key,
            format!("the words were kept, and not the look: <{tags}>"),
        );
    }
}
