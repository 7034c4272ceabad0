//! The filter `select`: the wording for a value, such as a grade or a form of address.

use minijinja::Value;
use minijinja::value::{Kwargs, ValueKind};

use super::grade_value::GradeValue;

/// The form that `select` chose.
pub(super) struct ChosenForm {
    pub(super) name: String,
    pub(super) text: String,
}

/// The form for a value: the one of exactly that name, else of a name that differs in case, spaces
/// and hyphens only, else `other`.
///
/// # Errors
/// The cause, as text.
pub(super) fn select(value: &Value, forms: &Kwargs) -> Result<ChosenForm, String> {
    let wanted = match value.kind() {
        ValueKind::None => String::new(),
        _ if GradeValue::in_value(value).is_some() => value.to_string(),
        ValueKind::String | ValueKind::Number | ValueKind::Bool => value.to_string(),
        kind => {
            return Err(format!("`select` takes a text, not a value of type {kind}"));
        }
    };
    let names: Vec<&str> = forms.args().collect();
    check(names.iter().copied())?;
    let wanted = wanted.trim();
    let exact = names.iter().find(|name| **name == wanted);
    let similar = || names.iter().find(|name| folded(name) == folded(wanted));
    let name = exact.or_else(similar).copied().unwrap_or("other");
    let form = forms.get::<Option<String>>(name).map_err(|error| error.to_string())?;
    Ok(ChosenForm { name: name.to_owned(), text: form.unwrap_or_default() })
}

/// Checks that a `select` has a form for every value: `other`.
///
/// # Errors
/// The cause, as text.
pub(super) fn check<'a>(mut names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    if names.any(|name| name == "other") {
        Ok(())
    } else {
        Err("the form `other` is missing; it is for every other value, and for none"
            .to_owned())
    }
}

/// The name of a form for a text such as `High Distinction`, which a keyword argument cannot spell.
fn folded(text: &str) -> String {
    text.to_lowercase().replace([' ', '-'], "_")
}
