//! Where the texts that a sentence prints come from.
//!
//! Takes the values of a render; gives the [`Fact`]s behind each. The decision: a filter notes the
//! facts behind each text that it wrote, and a text that no filter wrote is a fact itself. So facts
//! stay with their text through any chain of filters.

use std::collections::HashMap;

use minijinja::value::ValueKind;
use minijinja::{State, Value};

use super::date_value::DateValue;
use super::fact::Fact;
use super::finished_text::FinishedText;
use super::grade_value::GradeValue;
use super::language_formats::canonical_number;
use crate::site::name;

/// The facts behind the texts that filters wrote during one render.
#[derive(Debug, Default)]
struct Origins(HashMap<String, Vec<Fact>>);

/// Notes that a filter wrote `output` for these facts.
pub(super) fn note(state: &mut State<'_, '_>, output: &str, facts: Vec<Fact>) {
    let origins = state.get_or_insert_extension_with(Origins::default);
    origins.0.insert(output.to_owned(), facts);
}

/// The facts of a text that is printed or handed to a filter.
pub(super) fn facts_of_text(state: &State<'_, '_>, text: &str) -> Vec<Fact> {
    let known = state.get_extension::<Origins>().and_then(|o| o.0.get(text));
    known.cloned().unwrap_or_else(|| vec![Fact::Value(name::tidy(text).into_owned())])
}

/// The facts of a value that is printed or handed to a filter. A date that is only the day of issue
/// has none.
pub(super) fn facts_of(state: &State<'_, '_>, value: &Value) -> Vec<Fact> {
    if let Some(text) = value.downcast_object_ref::<FinishedText>() {
        return text.facts.clone();
    }
    if let Some(date) = value.downcast_object_ref::<DateValue>() {
        return match date {
            DateValue::Rolling(_) => Vec::new(),
            date => vec![Fact::Value(date.to_string())],
        };
    }
    if GradeValue::in_value(value).is_some() {
        return vec![Fact::Value(canonical_number(value))];
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Vec::new(),
        ValueKind::String => facts_of_text(state, value.as_str().unwrap_or_default()),
        ValueKind::Number => vec![Fact::Value(canonical_number(value))],
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().into_iter().flatten();
            items.flat_map(|item| facts_of(state, &item)).collect()
        }
        _ => vec![Fact::Value(value.to_string())],
    }
}
