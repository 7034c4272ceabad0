//! Finished text as a template's value.

use std::fmt;
use std::sync::Arc;

use minijinja::value::Object;

use super::fact::Fact;
use crate::text::runs::Runs;

/// Finished text as a template's value. It keeps its runs where it is printed, and is plain text to
/// all filters.
#[derive(Debug, Default)]
pub(super) struct FinishedText {
    pub(super) runs: Runs,
    /// The facts that it prints.
    pub(super) facts: Vec<Fact>,
    /// Whether one of them is the recipient's name.
    pub(super) names_recipient: bool,
}

impl Object for FinishedText {
    fn is_true(self: &Arc<Self>) -> bool {
        !self.runs.is_empty()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.runs.bare())
    }
}
