//! `select`: wording by a value, such as a grade or how somebody wants to be addressed.

use minijinja::Value;
use minijinja::value::{Kwargs, ValueKind};

/// The form for a value: exactly, then without regard to case, blanks and hyphens, else `other`.
pub(super) fn select(value: &Value, forms: &Kwargs) -> Result<String, String> {
    let wanted = match value.kind() {
        ValueKind::None => String::new(),
        ValueKind::String | ValueKind::Number | ValueKind::Bool => value.to_string(),
        kind => {
            return Err(format!("`select` takes a text, not a value of type {kind}"));
        }
    };
    let names: Vec<&str> = forms.args().collect();
    check(names.iter().copied())?;
    let wanted = wanted.trim();
    let exact = names.iter().find(|name| **name == wanted);
    let alike = || names.iter().find(|name| folded(name) == folded(wanted));
    let name = exact.or_else(alike).copied().unwrap_or("other");
    let form = forms.get::<Option<String>>(name).map_err(|error| error.to_string())?;
    Ok(form.unwrap_or_default())
}

/// Whether a `select` has a form for every value.
pub(super) fn check<'a>(mut names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    match names.any(|name| name == "other") {
        true => Ok(()),
        false => Err("the form `other` is missing; it is for every other value, and \
             for none"
            .to_owned()),
    }
}

/// A name of a form cannot hold what a grade such as `High Distinction` does.
fn folded(text: &str) -> String {
    text.to_lowercase().replace([' ', '-'], "_")
}
