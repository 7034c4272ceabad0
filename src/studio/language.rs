//! The sentences of a layout in a language: which exist, which are missing or marked for review,
//! and the start of a new language.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, body};
use super::context::StudioContext;
use super::findings;
use super::workspace::Overlay;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::lang::Tag;
use crate::site::Site;
use crate::text::Phrases;

/// The comment with which a translator marks a sentence for review.
const DOUBT: &str = "# review:";
const FOLDER: &str = "layouts/shared/locales";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageWish {
    layout: String,
    language: String,
    #[serde(default)]
    overlay: Overlay,
}

/// Says which sentences a layout has in a language.
///
/// # Errors
/// The site or the layout cannot be read.
pub(super) fn inspect(context: &StudioContext, call: &Call<'_>) -> Result<Value> {
    let wish: LanguageWish = body(call)?;
    let press = context.workspace.press(&wish.overlay)?;
    let inspection = press.inspect(&wish.layout, &Tag::parse(&wish.language)?)?;
    let files: BTreeSet<&str> =
        inspection.found.iter().map(|(_, file)| file.as_str()).collect();
    let doubts = files.iter().flat_map(|file| doubts(press.site(), file));
    let found = inspection.found.iter();
    Ok(json!({
        "found": found.map(|(key, file)| json!({ "key": key, "file": file })).collect::<Value>(),
        "lacking": inspection.lacking,
        "doubts": doubts.collect::<Value>(),
        "findings": inspection.fault.as_ref().map(findings::of_error),
        "warnings": findings::of_warnings(&inspection.warnings),
        "variables": Phrases::VARIABLES,
        "filters": Phrases::FILTERS,
    }))
}

/// The lines of a file that are marked for review.
fn doubts(site: &Site, file: &str) -> Vec<Value> {
    let Ok(Some(bytes)) = site.read(file) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().zip(1..).filter_map(|(line, number): (&str, u32)| {
        let (_, doubt) = line.split_once(DOUBT)?;
        Some(json!({ "file": file, "line": number, "text": doubt.trim() }))
    });
    lines.collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLanguage {
    language: String,
    from: String,
}

/// The beginning of a new language: the sentences of another one, to be translated in their places.
/// Nothing is written.
///
/// # Errors
/// One of both is no language tag; the new one exists; the other does not.
pub(super) fn begin(context: &StudioContext, call: &Call<'_>) -> Result<Value> {
    let wish: NewLanguage = body(call)?;
    let (tag, from) = (Tag::parse(&wish.language)?, Tag::parse(&wish.from)?);
    let press = context.workspace.press(&Overlay::new())?;
    let name = format!("{FOLDER}/{tag}.yaml");
    if press.site().read(&name)?.is_some() {
        let error = Error::new(ErrorKind::Exists, format!("`{tag}` exists already"));
        return Err(error.with_help("open its file, and change it"));
    }
    let model = format!("{FOLDER}/{from}.yaml");
    let Some(bytes) = press.site().read(&model)? else {
        let message = format!("there are no sentences in `{from}`");
        return Err(Error::new(ErrorKind::MissingFile, message));
    };
    Ok(json!({ "name": name, "text": String::from_utf8_lossy(&bytes) }))
}
