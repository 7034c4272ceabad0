//! A template together with what it printed: which variables a value came of.
//!
//! The decision: a text that `~` joined of values and words counts as its values, because the words
//! between them are the translator's.

use std::ops::Range;

use minijinja::value::ValueKind;
use minijinja::{OutputSpan, Value};
use unicode_segmentation::UnicodeSegmentation;

use super::fact::Fact;
use super::finished_text::FinishedText;
use super::template_analysis::{JoinedPart, TemplateAnalysis, joined_parts};
use crate::site::name;

/// The variables that never hold the recipient's name by themselves.
const OF_THE_COURSE: [&str; 13] = [
    "course",
    "organization",
    "issued",
    "place",
    "grade",
    "designation",
    "gender",
    "verify_url",
    "signatories",
    "heading",
    "total",
    "page",
    "pages",
];

/// A template that was rendered.
pub(super) struct WrittenTemplate<'a> {
    pub(super) source: &'a str,
    /// What minijinja reports of the output.
    pub(super) spans: &'a [OutputSpan],
    /// What it was rendered with.
    pub(super) values: &'a Value,
}

impl WrittenTemplate<'_> {
    /// Whether one of the printed `facts` is the recipient's name: it came of `name`, or of a free
    /// field that has the name in whole words. The letters alone don't show it: the course `Linear
    /// Algebra` has those of `Li`.
    pub(super) fn names(&self, name: &str, facts: &[(usize, Fact)]) -> bool {
        let mut facts = facts.iter().filter_map(|(offset, fact)| match fact {
            Fact::Value(text) if text.contains(name) => Some((offset, text)),
            _ => None,
        });
        facts.any(|(offset, text)| {
            let is_origin = |span: &&OutputSpan| span.output_range().contains(offset);
            let Some(span) = self.spans.iter().find(is_origin) else { return false };
            self.variables(&span.source_range()).iter().any(|path| match path.as_str() {
                "name" => true,
                "outcome" => self.is_outcome_with_name(),
                path => {
                    let first = path.split('.').next().unwrap_or_default();
                    !OF_THE_COURSE.contains(&first) && has_words(text, name)
                }
            })
        })
    }

    fn variables(&self, range: &Range<usize>) -> Vec<String> {
        let variables = TemplateAnalysis::of(self.source).variables;
        let own = variables.into_iter().filter(|(_, at)| range.contains(&at.start));
        own.map(|(path, _)| path).collect()
    }

    fn is_outcome_with_name(&self) -> bool {
        let outcome = self.values.get_attr("outcome").ok();
        let outcome = outcome.as_ref().and_then(|it| it.downcast_object_ref());
        outcome.is_some_and(|text: &FinishedText| text.names_recipient)
    }

    /// The values of an expression that joins them with words, such as `name ~ ', ' ~ designation`, if
    /// `text` is what it printed. `None` for any other expression.
    pub(super) fn joined_values(
        &self,
        expression: &str,
        text: &str,
    ) -> Option<Vec<Fact>> {
        let parts = joined_parts(expression)?;
        let (mut facts, mut joined) = (Vec::new(), String::new());
        for part in parts {
            match part {
                JoinedPart::Word(word) => joined.push_str(&word),
                JoinedPart::Variable(path) => {
                    let value =
                        path.split('.').try_fold(self.values.clone(), |it, key| {
                            it.get_attr(key).ok().filter(|it| !it.is_undefined())
                        })?;
                    // A date or a grade is written in its own way.
                    let is_plain =
                        value.kind() == ValueKind::String || value.is_integer();
                    let value = is_plain.then(|| value.to_string())?;
                    joined.push_str(&value);
                    facts.push(Fact::Value(name::tidy(&value).into_owned()));
                }
            }
        }
        (name::tidy(&joined) == text).then_some(facts)
    }
}

/// Whether a text has a name that neither begins nor ends inside of a word.
fn has_words(text: &str, name: &str) -> bool {
    let bounds = || {
        let starts = text.split_word_bound_indices().map(|(at, _)| at);
        starts.chain([text.len()])
    };
    let is_whole = |(at, _): (usize, &str)| {
        bounds().any(|it| it == at) && bounds().any(|it| it == at + name.len())
    };
    text.match_indices(name).any(is_whole)
}
