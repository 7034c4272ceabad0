//! A table on the sheet: columns, rows of finished sentences, and the row of totals.

use serde::Serialize;

use super::sentence::Sentence;
use super::sentence_builder::SentenceBuilder;
use crate::text::locale::Align;
use crate::text::phrases::{Phrase, TablePhrases};

/// A table, ready to be set.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetTable {
    /// The columns in reading order.
    pub columns: Vec<SheetColumn>,
    /// The rows, each with one cell for each column; an empty cell is `None`.
    pub rows: Vec<Vec<Option<Sentence>>>,
    /// The row of totals, if the layout declares one; an empty cell is `None`.
    pub total: Option<Vec<Option<Sentence>>>,
    /// The widths of the columns, in points.
    pub widths: Vec<f64>,
    /// The gap between two columns, in points.
    pub gutter: f64,
    /// The space above and below the lines of a row, in points.
    pub padding: f64,
    /// The height of the row of headings, in points.
    pub heading_height: f64,
    /// The height of each row, in points.
    pub heights: Vec<f64>,
    /// The height of the row of totals, in points.
    pub total_height: Option<f64>,
}

/// A column of a table.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetColumn {
    /// The heading, which a table repeats on each of its pages.
    pub heading: Sentence,
    /// How its cells are aligned.
    pub align: Align,
}

impl SheetTable {
    pub(super) fn arrange(
        phrases: TablePhrases,
        builder: &mut SentenceBuilder<'_>,
    ) -> Self {
        let mut row = |id: &str, role: &str, cells: Vec<Option<Phrase>>| {
            let cells = cells.into_iter().enumerate().map(|(index, cell)| {
                let id = format!("{id}-{}", index + 1);
                Some(builder.phrase(&id, Phrase { role: role.to_owned(), ..cell? }))
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
        Self {
            columns,
            rows,
            total,
            widths: Vec::new(),
            gutter: 0.0,
            padding: 0.0,
            heading_height: 0.0,
            heights: Vec::new(),
            total_height: None,
        }
    }

    /// The column headings, which are on each page with rows.
    pub(crate) fn headings(&self) -> impl Iterator<Item = &Sentence> {
        self.columns.iter().map(|column| &column.heading)
    }

    /// The cells of all rows and of the row of totals, in reading order.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &Sentence> {
        self.rows.iter().chain(&self.total).flatten().flatten()
    }
}
