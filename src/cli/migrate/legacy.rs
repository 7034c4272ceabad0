//! The keys of an old course that have no meaning for a site. They are kept unchanged.

use super::course_reader::CourseReader;
use super::python::{Node, Value};
use super::report::Report;
use super::yaml::Yaml;

/// The most values that one course keeps under `legacy`, aliases written out.
const MAX_LEGACY: usize = 4_000;
/// The most bytes of their texts.
const MAX_LEGACY_BYTES: usize = 256 * 1024;

/// The keys that mean nothing to the site, as they were.
pub(super) fn legacy_of(
    reader: &mut CourseReader<'_>,
    is_programmatic: bool,
    report: &mut Report,
) -> Option<Yaml> {
    let Value::Map(entries) = &reader.node.value else { return None };
    let mut kept = Vec::new();
    let mut budget = (MAX_LEGACY, MAX_LEGACY_BYTES);
    for (key, node) in entries {
        let name = key.printed();
        if reader.used.contains(&name) {
            continue;
        }
        let at = reader.at.line(key.line);
        match of_node(node, &mut budget) {
            Some(value) => {
                kept.push((name.clone(), value));
                let how = if is_programmatic {
                    "kept in `legacy`"
                } else {
                    "kept in `legacy`; to print it, move it to `extra` and write a sentence that \
                     names it"
                };
                report.person(at, name, how);
            }
            None => report.person(
                at,
                name,
                "too large for `legacy`: it stays in legacy/cert-data.yml",
            ),
        }
    }
    (!kept.is_empty()).then_some(Yaml::Map(kept))
}

/// A value as it was; none if it is larger than the budget.
fn of_node(node: &Node, budget: &mut (usize, usize)) -> Option<Yaml> {
    budget.0 = budget.0.checked_sub(1)?;
    Some(match &node.value {
        Value::None => Yaml::plain("null"),
        Value::Bool(value) => Yaml::plain(value.to_string()),
        Value::Int(number) if i64::try_from(*number).is_ok() => {
            Yaml::plain(number.to_string())
        }
        Value::List(items) => {
            let items: Option<_> = items.iter().map(|it| of_node(it, budget)).collect();
            Yaml::List(items?)
        }
        Value::Map(entries) => {
            let entries: Option<_> = entries
                .iter()
                .map(|(key, value)| Some((key.printed(), of_node(value, budget)?)))
                .collect();
            Yaml::Map(entries?)
        }
        _ => {
            let text = node.printed();
            budget.1 = budget.1.checked_sub(text.len())?;
            Yaml::text(text)
        }
    })
}
