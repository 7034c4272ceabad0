//! Values of a request or a course that a sentence cannot print: errors in which not the sentence
//! but the value has to be corrected.

use minijinja::Value;

use super::certificate_facts::CertificateFacts;
use super::template_analysis::TemplateAnalysis;
use crate::base::error::{Error, ErrorKind, Place};

/// A value that was given, and what is wrong with it.
pub(super) struct WrongValue<'a> {
    /// The free field, or the field of a row: `study_hours`.
    field: String,
    is_in_row: bool,
    /// The value as the cause shows it.
    shown: String,
    /// What the cause says about it: ` is not a number`.
    fault: &'a str,
}

impl<'a> WrongValue<'a> {
    /// Finds the field whose value a filter refused.
    pub(super) fn find(cause: &'a str, template: &str, values: &Value) -> Option<Self> {
        let variables = TemplateAnalysis::of(template).variables;
        variables.into_iter().find_map(|(path, _)| {
            let (is_in_row, field) = match path.split_once('.')? {
                ("extra", field) => (false, field),
                ("row", field) => (true, field),
                _ => return None,
            };
            let given = path
                .split('.')
                .try_fold(values.clone(), |value, key| value.get_attr(key).ok())?;
            // Filters show the beginning of a long value.
            let shown = if given.is_none() {
                vec!["nothing".to_owned()]
            } else {
                vec![format!("`{given:.40}`"), format!("`{given}`")]
            };
            let shown =
                shown.into_iter().find(|shown| cause.starts_with(shown.as_str()))?;
            let fault = &cause[shown.len()..];
            Some(Self { field: field.to_owned(), is_in_row, shown, fault })
        })
    }

    /// Returns the error for the person who can correct the value. It has no place if the request
    /// gave the value, because only the caller knows the row of the recipients file. `what` is the
    /// sentence that prints it, and `place` where it is written.
    pub(super) fn explain(
        self,
        facts: &CertificateFacts<'_>,
        what: &str,
        place: &Place,
    ) -> Error {
        let Self { field, is_in_row, shown, fault } = self;
        let wanted = if fault.contains("number") {
            "write a number with a decimal point, such as `12` or `7.5`"
        } else if fault.contains("date") {
            "write year, month and day as in `2026-05-14`"
        } else if fault.contains("address") {
            "write an address such as `https://example.org`"
        } else {
            "write another value"
        };
        // The sentence of a cell is named by its column and its row.
        let shown_field = if is_in_row { what } else { &field };
        let message = match shown.as_str() {
            "nothing" => format!("`{shown_field}` has no value"),
            _ => format!("{shown} in `{shown_field}`{fault}"),
        };
        let error = Error::new(ErrorKind::InvalidValue, message)
            .with_help(format!("{wanted}; the sentence `{what}` ({place}) prints it"));
        let own = &facts.course.extra;
        let root = field.split('.').next().unwrap_or_default();
        let is_of_course = if is_in_row {
            facts.extra == own
        } else {
            own.get(root).is_some_and(|value| facts.extra.get(root) == Some(value))
        };
        if is_of_course { error.at(facts.course.place().clone()) } else { error }
    }
}
