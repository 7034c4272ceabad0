//! The facts of a certificate: the values that its sentences print, and the choices that values
//! made.
//!
//! A value counts as it stood before a filter wrote it. The words, patterns and digits of a locale
//! are no facts.

use serde::{Deserialize, Serialize};

/// A fact of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fact {
    /// A value or a text of the course, without what a filter made of it.
    Value(String),
    /// What `select`, `plural` or `if` chose by a value that is not printed.
    Choice(String),
}

/// A fact with the role of the sentence that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PrintedFact {
    /// The role, such as `recipient`. It is not part of the fact.
    pub(crate) role: String,
    #[serde(flatten)]
    pub(crate) fact: Fact,
}

impl PrintedFact {
    pub(crate) fn value(role: &str, text: &str) -> Self {
        Self { role: role.to_owned(), fact: Fact::Value(text.to_owned()) }
    }
}

impl Fact {
    /// The text of the fact.
    pub(crate) fn text(&self) -> &str {
        match self {
            Fact::Value(text) | Fact::Choice(text) => text,
        }
    }
}
