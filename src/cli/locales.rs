//! `testamur locales`: which languages each layout speaks, and what each lacks.

use std::collections::BTreeSet;

use crate::Tag;
use crate::press::{Inspection, Press};
use serde_json::{Map, Value, json};

use super::args::{Locales, SiteArguments};
use super::{Failure, Outcome, place, report};

pub(crate) fn run(site: &SiteArguments, locales: &Locales) -> Result<Outcome, Failure> {
    let press = Press::new(place::site(site)?)?;
    let layouts: Vec<&str> = press.site().layouts().into_iter().collect();
    let mut languages = BTreeSet::new();
    for layout in &layouts {
        languages.extend(press.languages(layout));
    }
    let mut sound = true;
    let mut rows = vec![[vec!["language".to_owned()], texts(&layouts)].concat()];
    for language in &languages {
        let mut row = vec![language.to_string()];
        for layout in &layouts {
            // A layout may speak a language that others do not.
            if !press.languages(layout).contains(language) {
                row.push("–".to_owned());
                continue;
            }
            let inspection = press.inspect(layout, language)?;
            sound &= inspection.fault.is_none();
            if locales.json {
                report::object(&object(layout, language, &inspection));
            }
            row.push(cell(layout, language, &inspection));
        }
        rows.push(row);
    }
    if !locales.json {
        report::text(&table(&rows));
        for language in press.pseudo_languages() {
            report::line(&format!("`{language}` is made from `en`, to test layouts"));
        }
    }
    Ok(if sound { Outcome::Done } else { Outcome::SomeFailed })
}

/// Where the sentences come from, and what there is none of.
fn cell(layout: &str, language: &Tag, inspection: &Inspection) -> String {
    if let Some(fault) = &inspection.fault
        && inspection.found.is_empty()
    {
        return format!("broken: {}", fault.message());
    }
    let mut sources: Vec<String> = Vec::new();
    for (_, file) in &inspection.found {
        let source = source(layout, language, file);
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let mut cell = sources.join(" + ");
    if !inspection.lacking.is_empty() {
        cell += &format!("; lacks {}", inspection.lacking.join(", "));
    }
    if let Some(fault) = &inspection.fault {
        cell += &format!("; {} faults", fault.faults().count());
    }
    cell
}

/// `own` or `shared`, with the tag where it is that of another language.
fn source(layout: &str, language: &Tag, file: &str) -> String {
    let own = file.starts_with(&format!("layouts/{layout}/"));
    let tag = file.rsplit('/').next().and_then(|name| name.strip_suffix(".yaml"));
    let folder = if own { "own" } else { "shared" };
    match tag {
        Some(tag) if tag != language.as_str() => format!("{folder} {tag}"),
        _ => folder.to_owned(),
    }
}

fn object(layout: &str, language: &Tag, inspection: &Inspection) -> Value {
    let found = inspection.found.iter();
    let found: Map<String, Value> =
        found.map(|(key, file)| ((*key).to_owned(), file.as_str().into())).collect();
    json!({
        "language": language,
        "layout": layout,
        "complete": inspection.is_complete(),
        "sentences": found,
        "lacks": inspection.lacking,
        "error": inspection.fault.as_ref().map(report::error_json),
    })
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Rows in columns as wide as their widest cell.
fn table(rows: &[Vec<String>]) -> String {
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
