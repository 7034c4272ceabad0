//! Finds free fields of a request that nothing reads.
//!
//! Takes a request with its course, its layout and the sentences in its languages; gives
//! a warning that names the fields. The decision: a field that the course gives or
//! declares, or that the layout declares, is never named, even if no sentence prints it.

use crate::base::error::{ErrorKind, Warning, nearest};
use crate::press::layout::Layout;
use crate::site::course::Course;
use crate::site::request::Request;
use crate::site::request::limits::truncated;
use crate::text::phrases::{NamedFields, Phrases};

/// How many fields a warning names.
const MAX_SHOWN: usize = 5;

/// Returns the warning that names the fields which nothing on the certificate reads, if there are any.
pub(super) fn warning<'a>(
    request: &Request,
    course: &Course,
    layout: &Layout,
    languages: impl Iterator<Item = &'a Phrases>,
) -> Option<Warning> {
    let is_declared = |key: &String| {
        layout.fields.contains(key)
            || course.fields.contains(key)
            || course.extra.contains_key(key)
            || layout.table.as_ref().is_some_and(|table| table.rows == *key)
            || layout.sources.drawn_fields.has(key)
            // A photo reads the field: it names the file.
            || layout.photos().any(|photo| photo.field == *key)
    };
    let mut unread: Vec<&str> = request
        .extra()
        .keys()
        .filter(|key| !is_declared(key))
        .map(String::as_str)
        .collect();
    if unread.is_empty() {
        return None;
    }
    let mut named = NamedFields::default();
    for phrases in languages {
        let own = layout.placed.iter().flat_map(|placed| placed.texts());
        let outcomes = course.outcomes.iter().map(|outcome| &outcome.text);
        for text in own.map(|(_, text)| text).chain(outcomes) {
            named.add(text.get(phrases.language(), &course.language).0);
        }
        phrases.add_named_fields(&mut named);
    }
    if named.all {
        return None;
    }
    unread.retain(|key| !named.names.contains(*key));
    let first = *unread.first()?;
    let mut shown: Vec<String> = unread
        .iter()
        .take(MAX_SHOWN)
        .map(|key| format!("`{}`", truncated(key, 60).escape_debug()))
        .collect();
    if unread.len() > MAX_SHOWN {
        shown.push("…".to_owned());
    }
    let message = format!("nothing on the certificate reads {}", shown.join(", "));
    let known = layout.fields.iter().chain(&course.fields).chain(course.extra.keys());
    let known = known.chain(&named.names).map(String::as_str);
    let known = known.chain(layout.photos().map(|photo| photo.field.as_str()));
    let help = match nearest(&truncated(first, 100), known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "leave it out, or name it in a sentence: `{{ extra.… }}`".to_owned(),
    };
    Some(Warning::new(ErrorKind::UnknownKey, message).with_help(help))
}
