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
        let has_others = (0..table.header.len())
            .any(|index| !names.contains(&index) && !table.header[index].is_empty());
        if !has_others && names.len() < 2 {
            return Self::default();
        }
        let mut found = Self::default();
        // The rows of the block that a blank row begins, and whether the rows before it have more.
        let mut is_above_full = true;
        for (index, row) in table.rows.iter().enumerate() {
            let is_alone = is_alone(row, names);
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

/// Whether a row has one cell, which is of the name.
pub(super) fn is_alone(row: &TableRow, names: &[usize]) -> bool {
    let mut cells = row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_blank());
    let only = cells.next().filter(|_| cells.next().is_none());
    only.is_some_and(|(index, _)| names.contains(&index))
}
