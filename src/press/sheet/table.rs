//! A table on the sheet: columns, rows of finished sentences, and the row of totals.

use serde::Serialize;

use super::Sentence;
use super::arrange::Setter;
use crate::text::locale::Align;
use crate::text::phrases::{Phrase, TablePhrases};

/// A table, ready to be set.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetTable {
    /// The columns in the order of reading.
    pub columns: Vec<SheetColumn>,
    /// The rows, each with a cell for every column; none where a cell is empty.
    pub rows: Vec<Vec<Option<Sentence>>>,
    /// What the rows come to, if the layout adds them up.
    pub total: Option<Vec<Option<Sentence>>>,
}

/// A column of a table.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetColumn {
    /// What it is called. A table that goes on over several pages says it on each.
    pub heading: Sentence,
    /// The side at which its cells stand.
    pub align: Align,
}

impl SheetTable {
    pub(super) fn arrange(phrases: TablePhrases, setter: &mut Setter<'_>) -> Self {
        let mut row = |id: &str, role: &str, cells: Vec<Option<Phrase>>| {
            let cells = cells.into_iter().enumerate().map(|(index, cell)| {
                let id = format!("{id}-{}", index + 1);
                Some(setter.phrase(&id, Phrase { role: role.to_owned(), ..cell? }))
            });
            cells.collect::<Vec<_>>()
        };
        let (headings, aligns): (Vec<_>, Vec<_>) = phrases
            .columns
            .into_iter()
            .map(|(heading, align)| (Some(heading), align))
            .unzip();
        let headings = row("column", "column", headings).into_iter().flatten();
        let columns = headings.zip(aligns);
        let columns =
            columns.map(|(heading, align)| SheetColumn { heading, align }).collect();
        let rows = phrases.rows.into_iter().enumerate();
        let rows = rows
            .map(|(index, cells)| row(&format!("row-{}", index + 1), "cell", cells))
            .collect();
        let total = phrases.total.map(|cells| row("total", "total", cells));
        Self { columns, rows, total }
    }

    /// What every page says that the table goes on on.
    pub(crate) fn headings(&self) -> impl Iterator<Item = &Sentence> {
        self.columns.iter().map(|column| &column.heading)
    }

    /// Everything else, in the order of reading.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &Sentence> {
        self.rows.iter().chain(&self.total).flatten().flatten()
    }
}
