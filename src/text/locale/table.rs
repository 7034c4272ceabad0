//! The table of a layout: the field that holds its rows, and the sentence of each column's cells.
//!
//! The decision: columns and cells are declared in `layout.yaml`, because a cell is mostly a value;
//! the headings of columns depend on the language and are in the locale file, under `table`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::sentence::{SentenceTemplate, SourceText};
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::yaml::{Document, Faults, Node};
use crate::site::files::Site;

/// The key of the word for the row of totals.
pub(crate) const TOTAL: &str = "total";
const KEYS: [&str; 3] = ["rows", "most", "columns"];
const COLUMN_KEYS: [&str; 3] = ["align", "cell", TOTAL];
/// The most columns, which is what a page has room for.
const MAX_COLUMNS: usize = 8;
/// The most rows, unless the layout says fewer. Typst keeps a label for each as long as the process
/// lives.
const MAX_ROWS: usize = 500;

/// What a layout declares under `table`, with the headings of a language.
#[derive(Debug)]
pub(crate) struct Table {
    /// The field under `extra` that holds the rows.
    pub(crate) rows: String,
    /// The most rows that fit.
    pub(crate) max_rows: usize,
    pub(crate) columns: Vec<Column>,
    /// The word in the first cell of the row of totals.
    pub(crate) total: Option<SentenceTemplate>,
}

/// A column, with the sentences of its heading, its cells and its total.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) align: Align,
    pub(crate) heading: Option<SentenceTemplate>,
    pub(crate) cell: SentenceTemplate,
    pub(crate) total: Option<SentenceTemplate>,
}

/// The alignment of a cell in its column, in the direction of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Align {
    /// Where a line begins.
    Start,
    /// In the middle.
    Center,
    /// Where a line ends; for figures.
    End,
}

impl Table {
    /// The sentences of the locale: the headings of columns and the word for the row of totals.
    pub(super) fn headings_mut(&mut self) -> impl Iterator<Item = &mut SentenceTemplate> {
        let headings = self.columns.iter_mut().filter_map(|c| c.heading.as_mut());
        headings.chain(&mut self.total)
    }

    /// Reads the table of a layout, without headings. Faults are dropped, since loading the layout
    /// reports them.
    pub(super) fn load(site: &Site, layout: &str) -> Result<Option<Self>> {
        let file = format!("layouts/{layout}/layout.yaml");
        let Some(bytes) = site.read(&file)? else { return Ok(None) };
        let mut faults = Faults::default();
        let document = Document::parse(&file, &bytes, &mut faults);
        Ok(document
            .and_then(|document| Self::find(document.root(), &file, &bytes, &mut faults)))
    }

    /// Reads `table` from a `layout.yaml`, without headings.
    pub(crate) fn find(
        root: Node<'_>,
        file: &str,
        bytes: &[u8],
        faults: &mut Faults,
    ) -> Option<Self> {
        let mut entries = root.entries().ok()?;
        let (_, node) = entries.find(|(key, _)| key.text() == "table")?;
        let source = Arc::new(SourceText::new(file, bytes));
        let fields = node.fields(&KEYS, faults)?;
        let rows = fields.required("rows", faults)?;
        let rows = faults.keep(rows.text())?.to_owned();
        let max_rows = match fields.get("most") {
            None => MAX_ROWS,
            Some(node) => {
                let text = faults.keep(node.text())?;
                let number = text.parse().ok().filter(|n| (1..=MAX_ROWS).contains(n));
                if number.is_none() {
                    faults.push(node.fault(
                        ErrorKind::InvalidValue,
                        format!("`most: {text}` is no whole number from 1 to {MAX_ROWS}"),
                    ));
                }
                number?
            }
        };
        let mut columns = Vec::new();
        let node = fields.required("columns", faults)?;
        for (key, node) in faults.keep(node.entries())? {
            let name = key.text();
            let is_plain = |c: char| c.is_ascii_lowercase() || c == '-';
            if name.is_empty() || name == TOTAL || !name.chars().all(is_plain) {
                let fault = key.fault(
                    ErrorKind::InvalidValue,
                    format!("`{name}` is no name of a column"),
                );
                faults.push(fault.with_help(format!(
                    "a name is a lower-case word, and not `{TOTAL}`, which is that of a row"
                )));
                continue;
            }
            let Some(fields) = node.fields(&COLUMN_KEYS, faults) else { continue };
            let align = match fields.get("align") {
                None => Align::Start,
                Some(node) => {
                    match faults.keep(node.one_of(&["start", "center", "end"]))? {
                        "start" => Align::Start,
                        "center" => Align::Center,
                        _ => Align::End,
                    }
                }
            };
            let cell = fields.required("cell", faults)?;
            let cell = SentenceTemplate::read(cell, "cell", &source, faults)?;
            let total = fields.get(TOTAL);
            let total = total
                .and_then(|node| SentenceTemplate::read(node, TOTAL, &source, faults));
            let (name, heading) = (name.to_owned(), None);
            columns.push(Column { name, align, heading, cell, total });
        }
        if columns.is_empty() || columns.len() > MAX_COLUMNS {
            faults.push(node.key_span().fault(
                ErrorKind::InvalidValue,
                format!(
                    "a table has 1 to {MAX_COLUMNS} columns, and not {}",
                    columns.len()
                ),
            ));
            return None;
        }
        Some(Self { rows, max_rows, columns, total: None })
    }

    /// Takes the headings of the columns, and the word for the row of totals, from a locale.
    ///
    /// # Errors
    /// [`ErrorKind::Sentence`] for each that is missing, at the locale file.
    pub(super) fn take_headings(
        &mut self,
        mut words: BTreeMap<String, SentenceTemplate>,
        file: &str,
    ) -> Result<()> {
        let mut missing = Vec::new();
        for column in &mut self.columns {
            column.heading = words.remove(&column.name);
            missing.extend(column.heading.is_none().then(|| column.name.clone()));
        }
        self.total = words.remove(TOTAL);
        let has_totals = self.columns.iter().any(|column| column.total.is_some());
        missing.extend((has_totals && self.total.is_none()).then(|| TOTAL.to_owned()));
        Error::join(missing.into_iter().map(|name| {
            Error::new(
                ErrorKind::Sentence,
                format!("the layout's table needs `{name}`, and the locale has none"),
            )
            .at(Place::file(file))
            .with_help(format!("write it under `table`: `{name}: …`"))
        }))
    }

    /// All sentences.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = &SentenceTemplate> {
        let columns = self.columns.iter().flat_map(|column| {
            column.heading.iter().chain([&column.cell]).chain(&column.total)
        });
        columns.chain(&self.total)
    }
}
