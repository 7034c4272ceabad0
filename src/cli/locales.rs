//! `testamur locales`: a table of the languages that each layout speaks, with the files that the
//! sentences come from, and the sentences and texts of web pages that are missing.

use std::collections::BTreeSet;

use crate::Tag;
use crate::press::{Inspection, Press};
use serde_json::{Map, Value, json};

use super::args::{Locales, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::{console, context};

/// The most texts of web pages that a cell of the table names.
const MAX_NAMED: usize = 6;

pub(crate) fn run(
    site: &SiteArguments,
    locales: &Locales,
) -> Result<CommandOutcome, Failure> {
    let press = Press::new(context::open_site(site)?)?;
    let layouts: Vec<&str> = press.site().layouts().into_iter().collect();
    let mut languages = BTreeSet::new();
    for layout in &layouts {
        languages.extend(press.languages(layout));
    }
    let mut all_usable = true;
    let header: Vec<String> =
        ["language"].iter().chain(&layouts).map(|text| (*text).to_owned()).collect();
    let mut rows = vec![header];
    for language in &languages {
        let mut row = vec![language.to_string()];
        for layout in &layouts {
            if !press.languages(layout).contains(language) {
                row.push("–".to_owned());
                continue;
            }
            let inspection = press.inspect(layout, language)?;
            all_usable &= inspection.fault.is_none();
            if locales.json {
                console::print_json(&to_json(layout, language, &inspection));
            }
            row.push(format_cell(layout, language, &inspection));
        }
        rows.push(row);
    }
    if !locales.json {
        console::print_result(&format_table(&rows));
        for language in press.pseudo_languages() {
            console::print_message(&format!(
                "`{language}` is a pseudo-language, made from `en` to test layouts"
            ));
        }
    }
    Ok(CommandOutcome::of(all_usable))
}

/// One cell of the table: where the sentences come from, and which are missing.
fn format_cell(layout: &str, language: &Tag, inspection: &Inspection) -> String {
    if let Some(fault) = &inspection.fault
        && inspection.found.is_empty()
    {
        return format!("broken: {}", fault.message());
    }
    let mut sources: Vec<String> = Vec::new();
    for (_, file) in &inspection.found {
        let source = label_source(layout, language, file);
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let mut cell = sources.join(" + ");
    let mut lacking: Vec<String> =
        inspection.lacking.iter().map(|key| (*key).to_owned()).collect();
    match &inspection.lacking_page[..] {
        keys if keys.len() > MAX_NAMED => {
            lacking.push(format!("{} texts of pages", keys.len()));
        }
        keys => lacking.extend(keys.iter().map(|key| format!("page.{key}"))),
    }
    if !lacking.is_empty() {
        cell += &format!("; lacks {}", lacking.join(", "));
    }
    if let Some(fault) = &inspection.fault {
        cell += &format!("; {} errors", fault.faults().count());
    }
    cell
}

/// `own` for a file of the layout, else `shared`, with the file's tag if that is not the
/// language's.
fn label_source(layout: &str, language: &Tag, file: &str) -> String {
    let own = file.starts_with(&format!("layouts/{layout}/"));
    let tag = file.rsplit('/').next().and_then(|name| name.strip_suffix(".yaml"));
    let folder = if own { "own" } else { "shared" };
    match tag {
        Some(tag) if tag != language.as_str() => format!("{folder} {tag}"),
        _ => folder.to_owned(),
    }
}

fn to_json(layout: &str, language: &Tag, inspection: &Inspection) -> Value {
    let found = inspection.found.iter();
    let found: Map<String, Value> =
        found.map(|(key, file)| ((*key).to_owned(), file.as_str().into())).collect();
    json!({
        "language": language,
        "layout": layout,
        "complete": inspection.is_complete(),
        "sentences": found,
        "lacks": inspection.lacking,
        "lacks_page": inspection.lacking_page,
        "error": inspection.fault,
    })
}

/// Lays out rows in columns, each as wide as its widest cell.
fn format_table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> =
            cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        line.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
