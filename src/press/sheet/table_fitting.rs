//! Fits the cells of a table: the widths of its columns, one size for all cells, and the heights of
//! its rows.
//!
//! The decision made here: columns after the first are as wide as their cells, up to a limit, and
//! the first takes the rest; lines have the same height in all cells, whatever their scripts.

use super::sentence::Sentence;
use super::table::SheetTable;
use crate::press::fit::fitted::Fitted;
use crate::press::fit::{Fitter, Setting, Step};
use crate::press::layout::slot::{Slot, SlotAlign, SlotStyle};
use crate::text::locale::Align;

/// The grid's unit, in points: every line and every row is a multiple of it.
const UNIT: f64 = 6.0;
/// The width of the narrowest column, and the largest width that a heading alone gives a
/// column, in points.
const MIN_COLUMN: f64 = 14.0 * 72.0 / 25.4;
const MAX_HEADING: f64 = 26.0 * 72.0 / 25.4;
/// How much wider a column is than its widest cell, in points.
const SPARE: f64 = 0.5;
/// A width that no column has, in points.
const UNLIMITED: f64 = 1e5;

/// Fits the cells of tables in one language.
pub(super) struct TableFitting<'a> {
    pub(super) fitter: &'a Fitter,
    pub(super) setting: Setting<'a>,
    /// The width of the table and the gap between two columns, in points.
    pub(super) width: f64,
    pub(super) gutter: f64,
}

impl TableFitting<'_> {
    pub(super) fn fit(&self, table: &mut SheetTable) {
        let count = table.columns.len();
        for cell in cells(table) {
            self.cell(cell, UNLIMITED, SlotStyle::default(), 1.0);
        }
        let (above, below) = line_of(table);
        let widths = self.widths(table);
        let padding = if above + below > 2.0 * UNIT { UNIT / 4.0 } else { UNIT / 2.0 };
        let styles: Vec<SlotStyle> = table
            .columns
            .iter()
            .map(|column| SlotStyle {
                line: Some([above, below, 0.0]),
                align: side(column.align),
                balance: false,
                ..SlotStyle::default()
            })
            .collect();

        let mut smallest: f64 = 1.0;
        for row in &mut table.rows {
            for (i, cell) in row.iter_mut().enumerate().take(count) {
                let Some(cell) = cell else { continue };
                self.cell(cell, widths[i], styles[i], 1.0);
                smallest = smallest.min(cell.fitted.size / cell.fit.max);
            }
        }
        let set = |cell: &mut Sentence, i: usize, scale: f64| {
            self.cell(cell, widths[i], styles[i], scale);
            let fitted = &mut cell.fitted;
            let height = f64::from(fitted.lines) * (above + below);
            *fitted = Fitted {
                above,
                below,
                leading: 0.0,
                height,
                left: 0.0,
                right: 0.0,
                ..*fitted
            };
        };
        let row_height = |lines: u32| f64::from(lines) * (above + below) + 2.0 * padding;
        let set_row = |row: &mut [Option<Sentence>], scale: f64| {
            let mut lines = 1;
            for (i, cell) in row.iter_mut().enumerate().take(count) {
                let Some(cell) = cell else { continue };
                set(cell, i, scale);
                lines = lines.max(cell.fitted.lines);
            }
            row_height(lines)
        };
        table.heights = table.rows.iter_mut().map(|row| set_row(row, smallest)).collect();
        table.total_height = table.total.as_mut().map(|row| set_row(row, smallest));
        let mut lines = 1;
        for (i, column) in table.columns.iter_mut().enumerate() {
            set(&mut column.heading, i, 1.0);
            lines = lines.max(column.heading.fitted.lines);
        }
        table.heading_height = row_height(lines);
        (table.widths, table.gutter, table.padding) = (widths, self.gutter, padding);
    }

    fn cell(&self, cell: &mut Sentence, width: f64, style: SlotStyle, scale: f64) {
        let slot = Slot { width, narrow: None, style };
        self.fitter.fit(cell, &slot, &[Step::usual(scale)], self.setting);
    }

    /// The widths of the columns, from cells that were set on one line.
    fn widths(&self, table: &SheetTable) -> Vec<f64> {
        let count = table.columns.len();
        let most = self.width / (count as f64 + 1.0);
        let natural =
            |cell: &Sentence| cell.fitted.natural / cell.fitted.size * cell.fit.max;
        let mut widths = vec![0.0; count];
        for (i, column) in table.columns.iter().enumerate().skip(1) {
            let rows = table.rows.iter().chain(&table.total);
            let cells = rows.filter_map(|row| row.get(i)?.as_ref());
            let widest = cells.map(natural).fold(MIN_COLUMN, f64::max);
            let named = natural(&column.heading).min(MAX_HEADING);
            widths[i] = round(widest.max(named).min(most) + SPARE);
        }
        let gaps = (count as f64 - 1.0) * self.gutter;
        if let Some(first) = widths.first_mut() {
            *first = 0.0;
            let rest: f64 = widths.iter().sum();
            widths[0] = round(self.width - rest - gaps);
        }
        widths
    }
}

/// All cells of a table, its headings among them.
fn cells(table: &mut SheetTable) -> impl Iterator<Item = &mut Sentence> {
    let rows = table.rows.iter_mut().chain(&mut table.total).flatten().flatten();
    table.columns.iter_mut().map(|column| &mut column.heading).chain(rows)
}

/// The heights of a line above and below its base line, in points, from cells whose lines have the
/// reach of their own scripts.
fn line_of(table: &mut SheetTable) -> (f64, f64) {
    let (mut above, mut below, mut size) = (0.0, 0.0, 0.0);
    for cell in cells(table) {
        let fitted = &cell.fitted;
        above = f64::max(above, fitted.above / fitted.size);
        below = f64::max(below, fitted.below / fitted.size);
        size = f64::max(size, cell.fit.max);
    }
    // Reaches have two decimal places: rounding removes errors of computation.
    let (above, below) = ((above * 1e3).round() / 1e3, (below * 1e3).round() / 1e3);
    if above <= 1.0 && below <= 0.34 {
        (1.5 * UNIT, 0.5 * UNIT)
    } else if above <= 1.25 && below <= 0.6 {
        (2.0 * UNIT, UNIT)
    } else {
        let half = UNIT / 2.0;
        ((above * size / half).ceil() * half, (below * size / half).ceil() * half)
    }
}

/// Figures are aligned right in both directions, because they are read from left to right
/// and their units have to be below each other.
fn side(align: Align) -> SlotAlign {
    match align {
        Align::Start => SlotAlign::Start,
        Align::Center => SlotAlign::Center,
        Align::End => SlotAlign::Right,
    }
}

fn round(length: f64) -> f64 {
    (length * 1e4).round() / 1e4
}
