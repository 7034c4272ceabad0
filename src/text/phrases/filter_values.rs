//! The parts that filters share: reading a value, and noting the facts of the text that a filter
//! wrote.

use std::borrow::Cow;

use minijinja::{State, Value};

use super::fact::Fact;
use super::language_formats::canonical_number;
use super::origins::note;

/// Refuses an undefined value, which minijinja would pass to filters.
pub(super) fn defined(value: &Value) -> Result<&Value, minijinja::Error> {
    if value.is_undefined() {
        return Err(minijinja::Error::from(minijinja::ErrorKind::UndefinedError));
    }
    Ok(value)
}

pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message)
}

/// Notes the facts of a text that a filter wrote, and returns it.
pub(super) fn noted(state: &mut State<'_, '_>, text: String, facts: Vec<Fact>) -> Value {
    note(state, &text, facts);
    Value::from(text)
}

/// As [`noted`], for the result of a filter of minijinja's.
pub(super) fn noted_value(
    state: &mut State<'_, '_>,
    written: Value,
    facts: Vec<Fact>,
) -> Value {
    if let Some(text) = written.as_str() {
        note(state, text, facts);
    }
    written
}

/// A number that a filter wrote, as a fact: `0.90` and `0.9` are the same.
pub(super) fn number(value: &Value) -> Vec<Fact> {
    vec![Fact::Value(canonical_number(value))]
}

/// The text that a filter takes.
pub(super) fn text_of(value: &Value) -> Cow<'_, str> {
    value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed)
}
