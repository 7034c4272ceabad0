//! Rows that have nothing but a name: headings inside a table, and notes below it.

use super::table::{Table, TableRow};

/// The rows of a table that have nothing but a name.
#[derive(Default)]
pub(super) struct LoneRows {
    pub(super) count: usize,
    /// The first line of a block below the table whose rows have nothing but a name.
    pub(super) footer: Option<u32>,
}

impl LoneRows {
    /// Finds them in the columns that make a name.
    pub(super) fn of(table: &Table, names: &[usize]) -> Self {
        if names.len() < 2 && !has_others(table, names) {
            return Self::default();
        }
        let mut found = Self::default();
        // The rows of the block that a blank row begins, and whether the rows before it have more.
        let mut is_above_full = true;
        for (index, row) in table.rows.iter().enumerate() {
            let is_alone = is_alone(table, row, names);
            if row.is_below_blank && found.footer.is_none() && is_above_full && index > 0
            {
                found.footer = Some(row.line);
            }
            if !is_alone {
                found.footer = None;
            } else if found.footer.is_none() {
                is_above_full = false;
            }
            found.count += usize::from(is_alone);
        }
        found
    }
}

/// Whether a row has nothing but a name, or in a table of names alone, one part of it.
pub(super) fn is_alone(table: &Table, row: &TableRow, names: &[usize]) -> bool {
    let cells = row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_blank());
    let (own, others): (Vec<_>, Vec<_>) =
        cells.partition(|(index, _)| names.contains(index));
    others.is_empty() && (own.len() == 1 || own.len() > 1 && has_others(table, names))
}

/// Whether a table has a column besides those of the name.
fn has_others(table: &Table, names: &[usize]) -> bool {
    (0..table.header.len())
        .any(|index| !names.contains(&index) && !table.header[index].is_empty())
}
