//! The date of issue as a template's value, which only the filter `date` prints.

use std::fmt;
use std::sync::Arc;

use minijinja::value::Object;

use crate::base::date::Date;
use crate::base::lang::Tag;
use crate::site::course::Text;

/// A date, or what a course says instead of one.
#[derive(Debug)]
pub(super) enum DateValue {
    Date(Date),
    /// The text, and the course's language, whose text is used where a language has none.
    Text(Box<(Text, Tag)>),
}

impl Object for DateValue {
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &**self {
            DateValue::Date(date) => fmt::Display::fmt(date, f),
            DateValue::Text(text) => f.write_str(text.0.get(&text.1, &text.1).0),
        }
    }
}
