//! Suggestions for a misspelt name, from the names that are known.

use std::borrow::Cow;

/// Returns the known name with the fewest typing errors in `unknown`, unless there are too many.
pub(crate) fn nearest<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = unknown.to_lowercase();
    known
        .into_iter()
        .map(|name| {
            // A name in other case is no typing error.
            let is_same = name.to_lowercase() == lower;
            let distance = strsim::damerau_levenshtein(unknown, name);
            (if is_same { 0 } else { distance }, name)
        })
        .filter(|(distance, name)| {
            // One error for each three letters; none in a name of one or two letters.
            *distance <= name.chars().count().max(unknown.chars().count()) / 3
        })
        .min()
        .map(|(_, name)| name)
}

/// Returns the help for an unknown name: the nearest known name, else all known names.
pub(crate) fn did_you_mean<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Cow<'static, str> {
    match nearest(unknown, known.clone()) {
        Some(name) => format!("did you mean `{name}`?").into(),
        None => {
            let names: Vec<_> =
                known.into_iter().map(|name| format!("`{name}`")).collect();
            if names.is_empty() {
                "there are none".into()
            } else {
                format!("known here: {}", names.join(", ")).into()
            }
        }
    }
}
