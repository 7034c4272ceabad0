//! A form over a course file: the values of a course, and the text with one of them changed.
//!
//! The decision made here: the file's text is edited in place and given back to the editor, which shows it, previews
//! it and saves it like any typed change. Comments, order and quotes of all else stay as they are.

use std::iter;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, body};
use super::context::StudioContext;
use super::files;
use super::workspace::Overlay;
use super::yaml_edit::{YamlEdit, child, parse, scalar};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::yaml::{Document, Node};
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

/// The values of a course, each with the path at which it is written.
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
                let owner = if own.is_some() { wish.course.as_str() } else { DEFAULTS };
                collect(node, &mut vec![key.to_owned()], owner, &mut values);
            }
        }
        return Ok(json!({ "file": file, "values": values }));
    }
    let message = format!("no course file has `{}`", wish.course);
    Err(Error::new(ErrorKind::UnknownCourse, message))
}

/// Adds the scalars of a value.
fn collect(node: Node<'_>, path: &mut Vec<String>, owner: &str, values: &mut Vec<Value>) {
    if path.len() > MAX_DEPTH || node.is_alias() {
        return;
    }
    let mut below = |part: String, node: Node<'_>, path: &mut Vec<String>| {
        path.push(part);
        collect(node, path, owner, values);
        path.pop();
    };
    if let Ok(items) = node.items() {
        for (index, item) in items.enumerate() {
            below(index.to_string(), item, path);
        }
    } else if let Ok(entries) = node.entries() {
        for (key, value) in entries {
            below(key.text().to_owned(), value, path);
        }
    } else {
        values.push(json!({
            "path": path,
            "value": node.text().unwrap_or_default(),
            "owner": owner,
        }));
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CourseEdit {
    file: String,
    text: String,
    /// The id of a course, or `defaults`.
    course: String,
    /// The keys of the value below it, and the numbers of items.
    path: Vec<String>,
    value: String,
    /// Whether an item is added to the list at the path, a map whose name is the value.
    #[serde(default)]
    is_item: bool,
}

/// The text of a file with one value of a course changed or added.
///
/// # Errors
/// The form does not have the value; it cannot be changed in its place.
pub(super) fn edit(call: &Call<'_>) -> Result<Value> {
    let CourseEdit { file, text, course, path, value, is_item } = body(call)?;
    if !path.first().is_some_and(|key| KEYS.contains(&key.as_str())) {
        let key = path.first().map_or("", String::as_str).escape_debug();
        let message = format!("`{key}` cannot be changed here");
        return Err(Error::new(ErrorKind::InvalidValue, message));
    }
    let path: Vec<&str> =
        iter::once(course.as_str()).chain(path.iter().map(String::as_str)).collect();
    let mut yaml = YamlEdit::new(&file, text);
    if is_item {
        yaml.add_item(&path, &format!("{{ name: {} }}", scalar(&value)))?;
    } else {
        yaml.set(&path, &scalar(&value))?;
    }
    Ok(json!({ "text": yaml.into_text() }))
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
