//! The table of a layout: which rows it has, and the sentence of each column's cells.
//!
//! A column and its cells are declared in `layout.yaml`, because a cell is mostly a value; what a
//! column is called is a matter of the language and stands in its locale, under `table`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::{Sentence, Source};
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::yaml::{Document, Faults, Node};
use crate::site::files::Site;

/// The name of the locale's word for the row of totals.
pub(crate) const TOTAL: &str = "total";
const KEYS: [&str; 3] = ["rows", "most", "columns"];
const COLUMN_KEYS: [&str; 3] = ["align", "cell", TOTAL];
/// The most columns that a page has room for.
const MAX_COLUMNS: usize = 8;
/// The most rows unless the layout says fewer: a label is kept for each as long as the process lives.
const MAX_ROWS: usize = 500;

/// What a layout declares under `table`, and how the language calls it.
#[derive(Debug)]
pub(crate) struct Table {
    /// The field under `extra` that holds the rows.
    pub(crate) rows: String,
    /// The most rows.
    pub(crate) most: usize,
    pub(crate) columns: Vec<Column>,
    /// What stands at the beginning of the row of totals.
    pub(crate) total: Option<Sentence>,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) align: Align,
    pub(crate) heading: Option<Sentence>,
    pub(crate) cell: Sentence,
    pub(crate) total: Option<Sentence>,
}

/// The side of its column at which a cell stands, in the direction of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Align {
    /// Where a line begins.
    Start,
    /// In the middle.
    Center,
    /// Where a line ends: figures.
    End,
}

impl Table {
    /// The words of the language in it: what its columns and its last row are called.
    pub(super) fn words_mut(&mut self) -> impl Iterator<Item = &mut Sentence> {
        let headings = self.columns.iter_mut().filter_map(|c| c.heading.as_mut());
        headings.chain(&mut self.total)
    }

    /// What a layout declares, its columns not yet named. Faults are for the layout to report.
    pub(super) fn load(site: &Site, layout: &str) -> Result<Option<Self>> {
        let file = format!("layouts/{layout}/layout.yaml");
        let Some(bytes) = site.read(&file)? else { return Ok(None) };
        let mut faults = Faults::default();
        let document = Document::parse(&file, &bytes, &mut faults);
        Ok(document
            .and_then(|document| Self::find(document.root(), &file, &bytes, &mut faults)))
    }

    /// What a `layout.yaml` declares under `table`.
    pub(crate) fn find(
        root: Node<'_>,
        file: &str,
        bytes: &[u8],
        faults: &mut Faults,
    ) -> Option<Self> {
        let mut entries = root.entries().ok()?;
        let (_, node) = entries.find(|(key, _)| key.text() == "table")?;
        let source = Arc::new(Source::new(file, bytes));
        let fields = node.fields(&KEYS, faults)?;
        let rows = fields.required("rows", faults)?;
        let rows = faults.keep(rows.text())?.to_owned();
        let most = match fields.get("most") {
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
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            if name.is_empty() || name == TOTAL || !name.chars().all(plain) {
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
            let cell = Sentence::read(cell, "cell", &source, faults)?;
            let total = fields.get(TOTAL);
            let total =
                total.and_then(|node| Sentence::read(node, TOTAL, &source, faults));
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
        Some(Self { rows, most, columns, total: None })
    }

    /// Gives the columns the language's names for them.
    ///
    /// # Errors
    /// [`ErrorKind::Sentence`] for each that has none, at the file that should have it.
    pub(super) fn name(
        &mut self,
        mut words: BTreeMap<String, Sentence>,
        file: &str,
    ) -> Result<()> {
        let mut missing = Vec::new();
        for column in &mut self.columns {
            column.heading = words.remove(&column.name);
            missing.extend(column.heading.is_none().then(|| column.name.clone()));
        }
        self.total = words.remove(TOTAL);
        let adds = self.columns.iter().any(|column| column.total.is_some());
        missing.extend((adds && self.total.is_none()).then(|| TOTAL.to_owned()));
        Error::join(missing.into_iter().map(|name| {
            Error::new(
                ErrorKind::Sentence,
                format!("the layout's table needs `{name}`, and the locale has none"),
            )
            .at(Place::file(file))
            .with_help(format!("write it under `table`: `{name}: …`"))
        }))
    }

    /// Every sentence there is.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        let columns = self.columns.iter().flat_map(|column| {
            column.heading.iter().chain([&column.cell]).chain(&column.total)
        });
        columns.chain(&self.total)
    }
}
