//! A form over a course file: the values of a course with their bytes, and the text with one of them changed.
//!
//! The decision made here: the file's text is edited in place and given back to the editor, which shows it, previews
//! it and saves it like any typed change. Comments, order and quotes of all else stay as they are.

use std::ops::Range;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, body};
use super::context::StudioContext;
use super::files;
use super::workspace::Overlay;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::yaml;
use crate::base::yaml::{Document, Faults, Node};
use crate::image::picture::Picture;

/// The keys of a course that the form shows, in their order.
const KEYS: [&str; 11] = [
    "title",
    "organization",
    "language",
    "second_language",
    "layout",
    "paper",
    "issued",
    "place",
    "signatories",
    "outcomes",
    "theme",
];
/// What can be added where it is missing.
const ADDABLE: [&str; 4] = ["signature", "scale", "dx", "dy"];
const DEFAULTS: &str = "defaults";
/// How deep the values of the form lie.
const MAX_DEPTH: usize = 4;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormWish {
    course: String,
    #[serde(default)]
    overlay: Overlay,
}

/// The values of a course, each with the bytes at which it is written.
///
/// # Errors
/// No course file has the course, or the file is no YAML.
pub(super) fn form(context: &StudioContext, call: &Call<'_>) -> Result<Value> {
    let wish: FormWish = body(call)?;
    files::check_texts(wish.overlay.keys())?;
    let site = context.host.open_site()?;
    for file in site.course_files() {
        let own = wish.overlay.get(file).map(|text| text.as_bytes().to_vec());
        let bytes = match own {
            Some(bytes) => bytes,
            None => site.read(file)?.unwrap_or_default().into_owned(),
        };
        let document = parse(file, &bytes)?;
        let Some(root) = document.as_ref().map(Document::root) else { continue };
        let Some(course) = child(root, &wish.course) else { continue };
        let defaults = child(root, DEFAULTS);
        let mut values = Vec::new();
        for key in KEYS {
            let own = child(course, key);
            let shared = defaults.and_then(|defaults| child(defaults, key));
            if let Some(node) = own.or(shared) {
                let is_shared = own.is_none();
                collect(node, key, is_shared, 0, &mut values);
            }
        }
        return Ok(json!({ "file": file, "values": values }));
    }
    let message = format!("no course file has `{}`", wish.course);
    Err(Error::new(ErrorKind::UnknownCourse, message))
}

/// Adds the scalars of a value, and where something can be added.
fn collect(
    node: Node<'_>,
    path: &str,
    is_shared: bool,
    depth: usize,
    values: &mut Vec<Value>,
) {
    if depth > MAX_DEPTH || node.is_alias() {
        return;
    }
    if node.is_scalar() {
        let Range { start, end } = node.span().range();
        values.push(json!({
            "path": path,
            "value": node.text().unwrap_or_default(),
            "start": start,
            "end": end,
            "line": node.span().place().line,
            "isShared": is_shared,
        }));
    } else if let Ok(items) = node.items() {
        for (index, item) in items.enumerate() {
            collect(item, &format!("{path}.{index}"), is_shared, depth + 1, values);
        }
    } else if let Ok(entries) = node.entries() {
        for (key, value) in entries {
            let path = format!("{path}.{}", key.text());
            collect(value, &path, is_shared, depth + 1, values);
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: String,
    text: String,
    start: usize,
    end: usize,
    value: String,
    /// The key that is added after the value at these bytes, in the same map.
    add: Option<String>,
}

/// The text of a file with one value changed, or one key added after it.
///
/// # Errors
/// There is no such value in the text; it is written over several lines.
pub(super) fn edit(call: &Call<'_>) -> Result<Value> {
    let Edit { file, text, start, end, value, add } = body(call)?;
    let document = parse(&file, text.as_bytes())?;
    let at = start..end;
    let is_value = document.as_ref().is_some_and(|it| has_scalar(it.root(), &at, 0));
    let old = text.get(at.clone()).filter(|_| is_value);
    let Some(old) = old else {
        let error = Error::new(ErrorKind::InvalidValue, "the text changed meanwhile");
        return Err(error.at(Place::file(file)));
    };
    let by_hand = || {
        let message = "the value is written over several lines";
        let error = Error::new(ErrorKind::InvalidValue, message);
        error
            .at(Place::in_text(&file, &text, at.clone()))
            .with_help("change it in the text")
    };
    if old.contains('\n') || old.starts_with(['|', '>']) {
        return Err(by_hand());
    }
    let mut changed = text.clone();
    match add {
        None => changed.replace_range(at, &scalar(&value)),
        Some(key) if ADDABLE.contains(&key.as_str()) => {
            let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
            let indent: String = text[line..].chars().take_while(|c| *c == ' ').collect();
            // In a list the first key stands behind a hyphen.
            let hyphen = text[line..].trim_start().starts_with("- ");
            let indent = if hyphen { indent + "  " } else { indent };
            let before = &text[line..start];
            if before.contains(['{', '[']) {
                return Err(by_hand());
            }
            let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
            changed.insert_str(line_end, &format!("\n{indent}{key}: {}", scalar(&value)));
        }
        Some(key) => {
            let message = format!("`{}` cannot be added here", key.escape_debug());
            return Err(Error::new(ErrorKind::InvalidValue, message));
        }
    }
    Ok(json!({ "text": changed }))
}

/// Whether a scalar of the document is written at these bytes.
fn has_scalar(node: Node<'_>, at: &Range<usize>, depth: usize) -> bool {
    if depth > 2 * MAX_DEPTH || node.is_alias() {
        return false;
    }
    if node.is_scalar() {
        return node.span().range() == *at;
    }
    if let Ok(mut items) = node.items() {
        return items.any(|item| has_scalar(item, at, depth + 1));
    }
    node.entries().is_ok_and(|mut entries| {
        entries.any(|(_, value)| has_scalar(value, at, depth + 1))
    })
}

fn child<'a>(node: Node<'a>, key: &str) -> Option<Node<'a>> {
    let mut entries = node.entries().ok()?;
    entries.find(|(own, _)| own.text() == key).map(|(_, value)| value)
}

fn parse(file: &str, bytes: &[u8]) -> Result<Option<Document>> {
    let mut faults = Faults::default();
    let document = Document::parse(file, bytes, &mut faults);
    faults.finish()?;
    Ok(document)
}

/// A value as a YAML scalar: a number or a date as it is, a text quoted where it has to be.
fn scalar(text: &str) -> String {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_date_or_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.'));
    if is_date_or_number { text.to_owned() } else { yaml::scalar(text) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InkWish {
    name: String,
}

/// The ink of a scan, lifted from its paper: the picture that stands on certificates.
///
/// # Errors
/// There is no such scan, or nothing is drawn on it.
pub(super) fn ink(
    context: &StudioContext,
    call: &Call<'_>,
) -> Result<super::answer::Answer> {
    let InkWish { name } = body(call)?;
    let site = context.host.open_site()?;
    let file = format!("signatures/{name}");
    let bytes = site.read(&file)?.ok_or_else(|| {
        Error::new(
            ErrorKind::MissingFile,
            format!("there is no `{}`", file.escape_debug()),
        )
    })?;
    let picture = Picture::read_signature(&bytes, None)?;
    let media_type = match picture.extension() {
        "svg" => "image/svg+xml",
        _ => "image/png",
    };
    Ok(super::answer::Answer::new(media_type, picture.bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Our courses\nK:\n  title: { en: Knots, de: Knoten } # short\n  language: en\n  signatories:\n    - name: Ada # first\n      title: Dean\n";

    /// The text with the value `old` changed.
    fn edited(old: &str, value: &str, add: Option<&str>) -> String {
        let start = TEXT.find(old).unwrap();
        let wish = json!({ "file": "courses.yaml", "text": TEXT, "start": start,
            "end": start + old.len(), "value": value, "add": add });
        let wish = wish.to_string();
        let call = Call { path: "", name: None, body: wish.as_bytes() };
        edit(&call).unwrap()["text"].as_str().unwrap().to_owned()
    }

    #[test]
    fn comments_and_all_else_stay() {
        assert_eq!(
            edited("Knoten", "Knoten und Spleiße", None),
            TEXT.replace("Knoten", "Knoten und Spleiße")
        );
        let quoted = edited("Dean", "Dean: \"the\" first", None);
        assert_eq!(quoted, TEXT.replace("Dean", "\"Dean: \\\"the\\\" first\""));
        let added = edited("Ada", "ada.png", Some("signature"));
        assert_eq!(
            added,
            TEXT.replace("Ada # first\n", "Ada # first\n      signature: ada.png\n")
        );
    }

    #[test]
    fn texts_are_quoted_where_yaml_would_read_something_else() {
        for text in [
            "", " a", "a ", "a: b", "- a", "#a", "{a}", "true", "null", "1e3", "'a",
            "@a", "a\nb", "a,b",
        ] {
            let written = scalar(text);
            assert_eq!(
                serde_json::from_str::<String>(&written).unwrap(),
                text,
                "{written}"
            );
        }
        for text in [
            "Knots and Splices",
            "-1.5",
            "0.8",
            "2026-05-14",
            "course-v1",
            "Müller",
            "ada.png",
        ] {
            assert_eq!(scalar(text), text);
        }
    }

    #[test]
    fn bytes_that_are_no_value_are_refused() {
        let start = TEXT.find("Our").unwrap();
        let wish = json!({ "file": "courses.yaml", "text": TEXT, "start": start, "end": start + 3, "value": "x" });
        let wish = wish.to_string();
        let call = Call { path: "", name: None, body: wish.as_bytes() };
        assert!(edit(&call).is_err());
    }
}
