//! The filters for the words around a name: `elide`, `suffix` and `titled`; and `emphasis`, for a part
//! of it.
//!
//! The decision: `elide` and `suffix` return only the translator's word, without the name, so that
//! the word is no fact and the name can have a style of its own.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::value::Kwargs;
use minijinja::{Environment, State, Value};

use super::filter_values::{defined, invalid, noted, text_of};
use super::finished_text::FinishedText;
use super::language_formats::LanguageFormats;
use super::origins::facts_of;
use super::{markup, name_sounds};
use crate::text::runs::{Run, Runs};

/// The filters for the words around a name, and for a part of it in italics.
pub(super) fn add(env: &mut Environment<'static>, formats: &Arc<LanguageFormats>) {
    let own = Arc::clone(formats);
    env.add_filter(
        "elide",
        move |state: &mut State<'_, '_>, value: &Value, forms: Kwargs| {
            let is_vowel =
                name_sounds::begins_with_vowel(&own.tag, &text_of(defined(value)?));
            let (vowel, other): (&str, &str) = (forms.get("vowel")?, forms.get("other")?);
            forms.assert_all_used()?;
            // The word is the translator's; the name only decides which one.
            Ok(noted(state, if is_vowel { vowel } else { other }.to_owned(), Vec::new()))
        },
    );
    let own = Arc::clone(formats);
    env.add_filter(
        "suffix",
        move |state: &mut State<'_, '_>, value: &Value, pattern: &str, forms: Kwargs| {
            let name = text_of(defined(value)?);
            let other: &str = forms.get("other")?;
            forms.assert_all_used()?;
            name_sounds::check_suffix(&own.tag, Some(pattern), true).map_err(invalid)?;
            let suffix = name_sounds::suffix(&own.tag, &name, pattern);
            let suffix = suffix.unwrap_or_else(|| other.to_owned());
            Ok(noted(state, suffix, Vec::new()))
        },
    );
    let own = Arc::clone(formats);
    env.add_filter(
        "titled",
        move |state: &mut State<'_, '_>, value: &Value, title: &Value| {
            let mut facts = facts_of(state, defined(value)?);
            facts.extend(facts_of(state, title));
            let is_missing = title.is_undefined() || title.is_none();
            let title = if is_missing { Cow::Borrowed("") } else { text_of(title) };
            let titled = name_sounds::titled(&own.tag, &text_of(value), title.trim());
            Ok(noted(state, titled, facts))
        },
    );
    env.add_filter("emphasis", emphasis);
}

/// A text whose occurrences of `words` are in italics, each with the letters that end its last word.
fn emphasis(
    state: &mut State<'_, '_>,
    value: &Value,
    words: &str,
) -> Result<Value, minijinja::Error> {
    if words.is_empty() {
        return Err(invalid("`emphasis` takes the words that are set in italics"));
    }
    let facts = facts_of(state, defined(value)?);
    let whole = markup::value(&text_of(value));
    let mut runs = Vec::new();
    let mut add = |text: &str, emphasis: bool| {
        if !text.is_empty() {
            runs.push(Run { text: text.to_owned(), emphasis, ..whole.clone() });
        }
    };
    let mut rest = whole.text.as_str();
    while let Some(start) = rest.find(words) {
        let after = &rest[start + words.len()..];
        let ending = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let end = start + words.len() + ending;
        add(&rest[..start], false);
        add(&rest[start..end], true);
        rest = &rest[end..];
    }
    add(rest, false);
    Ok(Value::from_object(FinishedText {
        runs: Runs(runs),
        facts,
        ..FinishedText::default()
    }))
}
