//! A table as it stands in a file: a header, and rows of cells with their places.

use std::collections::HashMap;

use crate::base::error::{Error, ErrorKind, Place, Result, Warning};

/// The most bytes of a file.
pub(super) const MAX_FILE: usize = 256 << 20;
/// The most columns of a table.
pub(super) const MAX_COLUMNS: usize = 1_000;
/// The most rows of a table: those of a sheet.
pub(super) const MAX_ROWS: usize = 1_048_576;
/// The most cells of a table. Each takes 32 bytes besides its text.
const MAX_CELLS: usize = 12_000_000;
/// The most characters of a cell: those that Excel allows.
const MAX_CELL_TEXT: usize = 32_767;
/// The most bytes of the texts of all cells. A file may store a text once and use it in many cells.
const MAX_TEXT: usize = MAX_FILE;

/// A table with a header.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Table {
    /// The file's name.
    pub file: String,
    /// What the file is, in words: `CSV with «;» in windows-1250`, `sheet «People»`.
    pub form: String,
    /// The line of the header, counted from 1.
    pub header_line: u32,
    /// The headers of the columns. A column without a header has an empty one.
    pub header: Vec<String>,
    /// The rows below the header that are not blank, in their order.
    pub rows: Vec<TableRow>,
    /// How many rows below the header are blank.
    pub blank_rows: usize,
    /// What was noticed while reading it.
    pub warnings: Vec<Warning>,
    /// Whether it is the sheet of a spreadsheet, and no text.
    pub is_sheet: bool,
    /// The numbers that cells hold, where they show fewer digits: by line, and by column from 0.
    pub(super) rounded: HashMap<(u32, usize), String>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TableRow {
    /// Its line in the file as an editor counts it, or its number in the sheet.
    pub line: u32,
    /// At least as many cells as the header has.
    pub cells: Vec<TableCell>,
    /// How many cells it has in the file, if it has more or fewer than the header.
    pub ragged: Option<usize>,
    /// Whether a blank row is above it.
    pub is_below_blank: bool,
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableCell {
    /// What the cell shows, without white space around it. A date of a sheet is `2025-12-31`, with
    /// `T10:30:00` after it if the cell has a time of day too.
    pub text: String,
    /// What the cell holds.
    pub kind: CellKind,
}

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CellKind {
    /// A text. All cells of a text file do.
    #[default]
    Text,
    /// A number of a sheet.
    Number,
    /// A date of a sheet.
    Date,
    /// An error of a sheet's formula: `#N/A`.
    Error,
    /// A formula whose result is not in the file. The cell has no text.
    NoResult,
}

impl TableCell {
    pub(super) fn text(text: &str) -> Self {
        Self { text: text.trim().to_owned(), kind: CellKind::Text }
    }

    /// Whether the cell shows nothing. What a formula without its result would show is not known.
    pub fn is_blank(&self) -> bool {
        self.text.is_empty() && self.kind != CellKind::NoResult
    }
}

/// The memory that the cells of a file may still take, so that a small file makes no large table.
pub(super) struct CellBudget<'a> {
    file: &'a str,
    cells: usize,
    bytes: usize,
}

impl<'a> CellBudget<'a> {
    pub(super) fn new(file: &'a str) -> Self {
        Self { file, cells: MAX_CELLS, bytes: MAX_TEXT }
    }

    /// Reserves cells, and the bytes of their texts, before they are made.
    pub(super) fn take(&mut self, cells: usize, bytes: usize) -> Result<()> {
        let left = |left: usize, taken: usize, what: std::fmt::Arguments<'_>| {
            left.checked_sub(taken).ok_or_else(|| too_large(self.file, what))
        };
        self.cells = left(self.cells, cells, format_args!("{MAX_CELLS} cells"))?;
        self.bytes =
            left(self.bytes, bytes, format_args!("{} MB of text", MAX_TEXT >> 20))?;
        Ok(())
    }

    /// Refuses a text that is too long for a cell.
    pub(super) fn check_text(&self, line: u32, text: &str) -> Result<()> {
        if text.len() <= MAX_CELL_TEXT || text.chars().nth(MAX_CELL_TEXT).is_none() {
            return Ok(());
        }
        let message = format!("a cell has more than {MAX_CELL_TEXT} characters");
        Err(Error::new(ErrorKind::TooLarge, message)
            .at(Place::line(self.file, line))
            .with_help("shorten it; a quote that is never closed joins cells"))
    }
}

/// The rows of a file before its header is known: lines and cells.
pub(super) type RawRows = Vec<(u32, Vec<TableCell>)>;

impl Table {
    /// Makes a table of raw rows, of which blank ones are left out or have no cell with text.
    /// `has_gaps` says that rows of the file may be absent in `rows`, as blank rows of a sheet are.
    pub(super) fn of_rows(
        file: &str,
        form: String,
        rows: RawRows,
        header: Option<u32>,
        has_gaps: bool,
    ) -> Result<Self> {
        let is_blank = |cells: &[TableCell]| cells.iter().all(TableCell::is_blank);
        let mut rows = rows.into_iter().peekable();
        let found = match header {
            Some(line) => rows.find(|(at, _)| *at == line),
            None => rows.find(|(_, cells)| !is_blank(cells)),
        };
        let Some((header_line, mut cells)) = found else {
            return Err(Error::new(
                ErrorKind::MissingField,
                match header {
                    Some(line) => format!("there is no header on line {line}"),
                    None => "the file names no recipient".to_owned(),
                },
            )
            .at(Place::file(file))
            .with_help(
                "write a table whose first row names its columns, one of them `name`",
            ));
        };
        while cells.last().is_some_and(TableCell::is_blank) {
            cells.pop();
        }
        let mut header: Vec<String> = cells
            .into_iter()
            .map(|cell| cell.text.trim_start_matches('\u{feff}').to_owned())
            .collect();
        let width = header.len();
        let mut kept = Vec::new();
        let (mut blank_rows, mut pending, mut before) = (0, 0, header_line);
        for (line, mut cells) in rows {
            let gap = if has_gaps { line.saturating_sub(before + 1) as usize } else { 0 };
            pending += gap;
            before = line;
            if is_blank(&cells) {
                pending += 1;
                continue;
            }
            let is_below_blank = pending > 0;
            // Blank rows at the end are not counted.
            blank_rows += std::mem::take(&mut pending);
            let used =
                cells.iter().rposition(|cell| !cell.is_blank()).map_or(0, |i| i + 1);
            let given = cells.len();
            let ragged = (!has_gaps && (given < width || used > width)).then_some(given);
            cells.truncate(used.max(width.min(given)));
            kept.push(TableRow { line, cells, ragged, is_below_blank });
        }
        // In a sheet a cell may be in a column without a header. In a text file such a cell makes the
        // row ragged.
        if has_gaps {
            let used = kept.iter().map(|row| row.cells.len()).max().unwrap_or(0);
            header.resize(used.max(width), String::new());
        }
        if kept.len().saturating_mul(header.len()) > MAX_CELLS {
            return Err(too_large(file, format_args!("{MAX_CELLS} cells")));
        }
        for row in &mut kept {
            if row.cells.len() < header.len() {
                row.cells.resize(header.len(), TableCell::default());
            }
        }
        Ok(Self {
            file: file.to_owned(),
            form,
            header_line,
            header,
            rows: kept,
            blank_rows,
            warnings: Vec::new(),
            is_sheet: has_gaps,
            rounded: HashMap::new(),
        })
    }

    /// Returns the place of a line of the file.
    pub fn place(&self, line: u32) -> Place {
        Place::line(&self.file, line)
    }
}

/// The refusal of a file with too much in it.
pub(super) fn too_large(file: &str, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::TooLarge, format!("the file has more than {what}"))
        .at(Place::file(file))
        .with_help("split it, or remove what is not needed")
}
