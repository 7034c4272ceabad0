//! A form over a layout: its slots with their places, and its colours, changed in the text of
//! `layout.yaml`; and the start of a layout from a picture or from another one.
//!
//! The decision made here: the form is read from the text as far as possible, even while the layout
//! has errors, because a user must see two overlapping slots to move one.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Call, body};
use super::context::StudioContext;
use super::files;
use super::findings;
use super::workspace::Overlay;
use super::yaml_edit::{YamlEdit, child, parse, scalar};
use crate::base::error::{Error, ErrorKind, Result, finding};
use crate::base::yaml::{Document, Faults, Node};
use crate::image::cache::ImageCache;
use crate::press::layout::paper;
use crate::press::layout::placed::read::{MAY_BE_LEFT_OUT, slot_names};
use crate::press::layout::{file_of, folder_of};
use crate::press::{LayoutStart, start};
use crate::site::Site;

/// The keys of a slot that can be changed, by its content.
const PLACE: [&str; 4] = ["x", "y", "width", "height"];
const STYLE: [&str; 3] = ["align", "vertical", "fill"];
const TEXT_STYLE: [&str; 9] =
    ["colour", "face", "weight", "italic", "max", "min", "lines", "case", "tracking"];
const THEME: [&str; 3] = ["accent", "paper", "ink"];
/// The slots of pictures, and those of several sentences.
const PICTURES: [&str; 4] = ["code", "logo", "sponsors", "badges"];
const SEVERAL: [&str; 3] = ["blocks", "signatories", "table"];
/// The keys that `paper` is read with.
const PAPER_KEYS: [&str; 3] = ["paper", "orientation", "background"];
/// The sizes of letters, in points, of a slot that is added.
const NEW_SIZES: &str = "max: 14, min: 8";
/// The most changes of one request.
const MAX_CHANGES: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutWish {
    layout: String,
    #[serde(default)]
    overlay: Overlay,
}

/// The slots and the colours of a layout.
///
/// # Errors
/// There is no such layout; its `layout.yaml` is no YAML.
pub(super) fn form(context: &StudioContext, call: &Call<'_>) -> Result<Value> {
    let LayoutWish { layout, overlay } = body(call)?;
    files::check_texts(overlay.keys())?;
    let file = file_of(&layout);
    let site = context.host.open_site()?;
    let site =
        overlay.into_iter().fold(site, |site, (name, text)| site.with_file(name, text));
    let Some(bytes) = site.read(&file)? else {
        let message = finding!("layout_unknown", layout);
        return Err(Error::new(ErrorKind::UnknownLayout, message));
    };
    let document = parse(&file, &bytes)?;
    let root = document.as_ref().map(Document::root);
    let get = |key: &str| root.and_then(|root| child(root, key));
    let slots = get("slots");
    let faces = get("faces").and_then(|faces| faces.entries().ok());
    let faces = faces.into_iter().flatten().map(|(key, _)| key.text().to_owned());
    let theme = get("theme");
    let theme: Map<String, Value> = THEME
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), text_of(child(theme?, key)?)?.into())))
        .collect();
    let used: Vec<&str> = slots
        .and_then(|slots| slots.entries().ok())
        .map(|entries| entries.map(|(key, _)| key.text()).collect())
        .unwrap_or_default();
    let addable: Vec<&str> = slot_names().filter(|name| !used.contains(name)).collect();
    Ok(json!({
        "file": file,
        "own": site.has_own(&file),
        "hasSlots": slots.is_some(),
        "drawing": format!("{}/layout.typ", folder_of(&layout)),
        "paper": root.and_then(|root| paper_of(context, &site, root, &layout)),
        "faces": faces.collect::<Vec<_>>(),
        "theme": theme,
        "slots": slots.map(slot_values).unwrap_or_default(),
        "addable": addable,
    }))
}

/// The first paper of a layout, in millimetres.
fn paper_of(
    context: &StudioContext,
    site: &Site,
    root: Node<'_>,
    layout: &str,
) -> Option<Value> {
    let mut ignored = Faults::default();
    let press = context.workspace.press(&Overlay::new()).ok();
    let (folder, none) = (folder_of(layout), ImageCache::default());
    let images = press.as_ref().map_or(&none, |press| press.image_cache());
    let background = paper::background(site, root, &folder, images, &mut ignored);
    let fields = root.fields(&PAPER_KEYS, &mut ignored)?;
    let papers = paper::papers(fields, background.as_ref(), &mut ignored)?;
    let paper = papers.first()?.1;
    Some(json!({ "width": paper.width, "height": paper.height }))
}

/// The slots that have a place, each with the values of its keys.
fn slot_values(slots: Node<'_>) -> Vec<Value> {
    let entries = slots.entries().into_iter().flatten();
    let slot = |(key, node): (crate::base::yaml::Key<'_>, Node<'_>)| {
        let name = key.text();
        let get = |key: &str| child(node, key);
        let number = |key: &str| text_of(get(key)?)?.parse::<f64>().ok();
        let area: Vec<f64> = PLACE.iter().map_while(|key| number(key)).collect();
        let [x, y, width, height] = area[..] else { return None };
        let is_given = get("picture").or_else(|| get("field")).is_some();
        let is_picture = is_given || PICTURES.contains(&name);
        let mut keys: Vec<&str> = STYLE.to_vec();
        match name {
            _ if is_picture => {
                let own = ["picture", "alt"].into_iter();
                keys.extend(own.filter(|key| get(key).is_some_and(Node::is_scalar)));
                keys.retain(|key| name != "code" || *key != "align");
            }
            name if SEVERAL.contains(&name) => keys.push("colour"),
            _ => {
                keys.extend(TEXT_STYLE);
                keys.extend(get("text").filter(|node| node.is_scalar()).map(|_| "text"));
            }
        }
        let values: Map<String, Value> = keys
            .iter()
            .map(|key| ((*key).to_owned(), get(key).and_then(text_of).into()))
            .collect();
        Some(json!({
            "name": name,
            "line": key.span().place().line,
            "x": x, "y": y, "width": width, "height": height,
            "keys": keys,
            "values": values,
        }))
    };
    entries.filter_map(slot).collect()
}

fn text_of(node: Node<'_>) -> Option<String> {
    node.text().ok().map(str::to_owned)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutEdit {
    file: String,
    text: String,
    changes: Vec<Change>,
}

/// A change of a layout.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Change {
    /// Sets a key of a slot, or removes it if there is no value.
    Slot {
        slot: String,
        key: String,
        value: Option<String>,
    },
    Theme {
        key: String,
        value: String,
    },
    Add {
        slot: String,
        area: [f64; 4],
        text: Option<String>,
    },
    Remove {
        slot: String,
    },
}

/// The text of a `layout.yaml` with changes. Nothing is written.
///
/// # Errors
/// The text is no YAML; a key is not one of a slot; a value cannot be changed in its place.
pub(super) fn edit(call: &Call<'_>) -> Result<Value> {
    let LayoutEdit { file, text, changes } = body(call)?;
    if changes.len() > MAX_CHANGES {
        let message = format!("{} changes at once: at most {MAX_CHANGES}", changes.len());
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    let mut yaml = YamlEdit::new(&file, text);
    for change in &changes {
        match change {
            Change::Slot { slot, key, value } => {
                let known =
                    PLACE.iter().chain(&STYLE).chain(&TEXT_STYLE).chain(&["text", "alt"]);
                checked(key, known.copied())?;
                let path = ["slots", slot, key];
                match value {
                    Some(value) => yaml.set(&path, &written(key, value))?,
                    None => yaml.remove(&path)?,
                }
            }
            Change::Theme { key, value } => {
                checked(key, THEME.into_iter())?;
                yaml.set(&["theme", key], &scalar(value))?;
            }
            Change::Add { slot, area, text } => {
                let area = PLACE
                    .iter()
                    .zip(area)
                    .map(|(key, side)| format!("{key}: {}", start::number(*side)));
                let text = text.as_ref().map(|text| format!("text: {}", scalar(text)));
                let has_size = !PICTURES.contains(&slot.as_str())
                    && !SEVERAL.contains(&slot.as_str());
                let sizes = has_size.then(|| NEW_SIZES.to_owned());
                let keys: Vec<String> = area.chain(sizes).chain(text).collect();
                yaml.set(&["slots", slot], &format!("{{ {} }}", keys.join(", ")))?;
                yaml.remove_item("without", slot)?;
            }
            Change::Remove { slot } => {
                yaml.remove(&["slots", slot])?;
                if MAY_BE_LEFT_OUT.contains(&slot.as_str()) {
                    yaml.add_item(&["without"], slot)?;
                }
            }
        }
    }
    Ok(json!({ "text": yaml.into_text() }))
}

/// Truth values are written as such.
fn written(key: &str, value: &str) -> String {
    match (key, value) {
        ("italic", "true" | "false") => value.to_owned(),
        _ => scalar(value),
    }
}

fn checked<'a>(key: &str, mut known: impl Iterator<Item = &'a str>) -> Result<()> {
    if known.any(|known| known == key) {
        return Ok(());
    }
    let message = format!("`{}` cannot be changed here", key.escape_debug());
    Err(Error::new(ErrorKind::InvalidValue, message))
}

/// Starts a layout from a picture, which is the body, and writes it into the site.
///
/// # Errors
/// It is no picture, or has no empty place; a file cannot be written.
pub(super) fn from_picture(context: &StudioContext, call: &Call<'_>) -> Result<Value> {
    let file = start::file_name(Path::new(call.name.as_deref().unwrap_or_default()));
    let stem = start::folder_name(Path::new(call.name.as_deref().unwrap_or_default()));
    begin(context, &stem, |site, name| {
        LayoutStart::from_picture(site, name, &file, call.body)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CopyWish {
    from: String,
    name: String,
}

/// Starts a layout as a copy of another one, and writes it into the site.
///
/// # Errors
/// There is no such layout; a file cannot be written.
pub(super) fn copy(context: &StudioContext, call: &Call<'_>) -> Result<Value> {
    let CopyWish { from, name } = body(call)?;
    let stem = start::folder_name(Path::new(name.trim()));
    begin(context, &stem, |site, name| LayoutStart::from_layout(site, name, &from))
}

/// Makes a layout under a name that none has yet: with a number, if need be.
fn begin(
    context: &StudioContext,
    stem: &str,
    make: impl FnOnce(&Site, &str) -> Result<LayoutStart>,
) -> Result<Value> {
    let site = context.host.open_site()?;
    let layouts = site.layouts();
    let is_free = |name: &String| {
        let folder = context.host.folder().join("layouts").join(name);
        name != "shared" && !layouts.contains(&name.as_str()) && !folder.exists()
    };
    let mut names =
        (1..1000).map(|n| if n == 1 { stem.to_owned() } else { format!("{stem}-{n}") });
    let name = names.find(is_free).ok_or_else(|| {
        Error::new(ErrorKind::Exists, format!("there are too many layouts `{stem}`"))
    })?;
    let start = make(&site, &name)?;
    // `layout.yaml` makes the folder a layout, so it is written last.
    let (last, first): (Vec<_>, Vec<_>) =
        start.files.iter().partition(|(file, _)| file == "layout.yaml");
    for (file, bytes) in first.into_iter().chain(last) {
        files::write_new(
            context.host.folder(),
            &format!("layouts/{name}/{file}"),
            bytes,
        )?;
    }
    Ok(json!({
        "layout": name,
        "findings": start.fault.as_ref().map(findings::of_error),
        "notes": start.notes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_changes_than_are_taken_at_once_are_refused() {
        let edited = |count: usize| {
            let change = json!({ "theme": { "key": "accent", "value": "#112233" } });
            let changes = vec![change; count];
            let text = json!({ "file": "layout.yaml", "text": "theme: { accent: red }\n", "changes": changes });
            let text = text.to_string();
            edit(&Call { path: "layout/edit", name: None, body: text.as_bytes() })
        };
        assert!(edited(MAX_CHANGES).is_ok());
        assert_eq!(edited(MAX_CHANGES + 1).unwrap_err().kind(), ErrorKind::TooLarge);
    }
}
