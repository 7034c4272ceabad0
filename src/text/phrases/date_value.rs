//! The date of issue as a template's value, which only the filter `date` prints.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Object;

use crate::base::date::Date;
use crate::base::lang::Tag;
use crate::site::course::Text;

/// A date, or the text that a course gives in its place.
#[derive(Debug)]
pub(super) enum DateValue {
    /// The day on which the certificate is issued, which is no fact of it.
    Rolling(Date),
    /// The date that the course or the request gives.
    Date(Date),
    /// The text, and the course's language, whose version is used if there is none in a language.
    Text(Box<(Text, Tag)>),
}

impl DateValue {
    /// Whether a value is a day, and not the text that a course gives in its place.
    pub(super) fn is_date(value: &Value) -> bool {
        match value.downcast_object_ref::<DateValue>() {
            Some(date) => !matches!(date, DateValue::Text(_)),
            None => value.as_str().is_some_and(|text| Date::parse(text).is_ok()),
        }
    }
}

impl fmt::Display for DateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DateValue::Rolling(date) | DateValue::Date(date) => date.fmt(f),
            DateValue::Text(text) => f.write_str(text.0.get(&text.1, &text.1).0),
        }
    }
}

impl Object for DateValue {
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
