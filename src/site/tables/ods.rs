//! Sheets of ODS files (ODF 1.3, part 3, 9.1).
//!
//! The XML is read here because calamine does not give what cells show or which rows are hidden,
//! and repeats cells before their number can be checked. What a cell shows is in its paragraphs; a
//! writer may leave them out, and then its value counts.

use std::collections::HashSet;

use quick_xml::events::{BytesStart, Event};

use super::archive::{Archive, broken};
use super::number_format::plain;
use super::rounded::hides_digits;
use super::sheet::{MAX_SHEETS, Sheet, SheetContent};
use super::table::{CellBudget, CellKind, MAX_COLUMNS, MAX_ROWS, TableCell, too_large};
use super::xml::attribute;
use crate::base::error::{Error, ErrorKind, Place, Result};

/// Reads the sheets of a file.
pub(super) fn read_sheets(file: &str, bytes: &[u8]) -> Result<Vec<Sheet>> {
    let mut archive = Archive::open(file, bytes)?;
    let manifest = archive.text("META-INF/manifest.xml")?.unwrap_or_default();
    if manifest.contains("encryption-data") {
        return Err(Error::new(ErrorKind::Syntax, "the file has a password")
            .at(Place::file(file))
            .with_help("save it without one"));
    }
    let xml = archive.text("content.xml")?.unwrap_or_default();
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut content = ContentReader::new(file);
    loop {
        match reader.read_event().map_err(|error| broken(file, error))? {
            Event::Start(element) => content.start(&element, false)?,
            Event::Empty(element) => content.start(&element, true)?,
            Event::End(element) => content.end(element.local_name().as_ref())?,
            Event::Text(text) => content.text(&text.xml10_content()),
            Event::CData(text) => content.text(&text),
            Event::GeneralRef(reference) => {
                let name: &str = &reference;
                let known =
                    quick_xml::escape::resolve_xml_entity(name).map(str::to_owned);
                let code = reference.resolve_char_ref().ok().flatten().map(String::from);
                content.text(&known.or(code).unwrap_or_default());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(content.sheets)
}

/// The state of reading `content.xml`.
struct ContentReader<'a> {
    file: &'a str,
    sheets: Vec<Sheet>,
    budget: CellBudget<'a>,
    /// The style that is being read, and those of hidden sheets.
    style: String,
    hidden_styles: HashSet<String>,
    /// Those of rows without a height, and of columns without a width.
    flat_styles: HashSet<String>,
    /// How many groups of rows or columns are open, from the first that is folded on.
    hidden_groups: usize,
    /// The number of the last row and of the last column that was declared.
    row: u32,
    column: u32,
    cells: Vec<TableCell>,
    /// The numbers of its cells that show fewer digits, by column.
    rounded: Vec<(usize, String)>,
    row_repeats: u32,
    /// Empty cells that may be followed by others in their row.
    blank_cells: usize,
    cell: Option<OpenCell>,
    /// The depth of nested elements that are not part of what a cell shows.
    skipped: usize,
}

/// A cell whose end is not read yet.
struct OpenCell {
    repeats: usize,
    /// Its value, besides the paragraphs that show it.
    value: Option<String>,
    kind: CellKind,
    has_formula: bool,
    text: String,
    paragraphs: usize,
    is_covered: bool,
}

impl<'a> ContentReader<'a> {
    fn new(file: &'a str) -> Self {
        Self {
            file,
            sheets: Vec::new(),
            budget: CellBudget::new(file),
            style: String::new(),
            hidden_styles: HashSet::new(),
            flat_styles: HashSet::new(),
            hidden_groups: 0,
            row: 0,
            column: 0,
            cells: Vec::new(),
            rounded: Vec::new(),
            row_repeats: 0,
            blank_cells: 0,
            cell: None,
            skipped: 0,
        }
    }

    fn start(&mut self, element: &BytesStart<'_>, is_empty: bool) -> Result<()> {
        if self.skipped > 0 {
            self.skipped += usize::from(!is_empty);
            return Ok(());
        }
        let count = |name: &str| -> u32 {
            attribute(element, name)
                .and_then(|count| count.parse().ok())
                .unwrap_or(1)
                .max(1)
        };
        match element.local_name().as_ref() {
            "style" => self.style = attribute(element, "name").unwrap_or_default(),
            "table-properties"
                if attribute(element, "display").as_deref() == Some("false") =>
            {
                self.hidden_styles.insert(self.style.clone());
            }
            "table-row-properties" if has_no_size(element, "row-height") => {
                self.flat_styles.insert(self.style.clone());
            }
            "table-column-properties" if has_no_size(element, "column-width") => {
                self.flat_styles.insert(self.style.clone());
            }
            "table-row-group" | "table-column-group" if !is_empty => {
                let is_folded = attribute(element, "display").as_deref() == Some("false");
                self.hidden_groups += usize::from(is_folded || self.hidden_groups > 0);
            }
            "table" if element.name().as_ref() == "table:table" => {
                self.start_sheet(element)?
            }
            "table-column" => {
                let (first, columns) =
                    (self.column + 1, count("number-columns-repeated"));
                self.column = self.column.saturating_add(columns);
                if self.is_hidden(element)
                    && let Some(sheet) = self.sheets.last_mut()
                {
                    sheet.content.hidden_columns.push((first, self.column));
                }
            }
            "table-row" => {
                self.row_repeats = count("number-rows-repeated");
                self.cells.clear();
                self.rounded.clear();
                self.blank_cells = 0;
                if self.is_hidden(element)
                    && let Some(sheet) = self.sheets.last_mut()
                {
                    let last = self.row.saturating_add(self.row_repeats);
                    sheet.content.hidden_rows.push((self.row + 1, last));
                }
                if is_empty {
                    self.end_row()?;
                }
            }
            "table-cell" | "covered-table-cell" => {
                self.start_cell(element, count("number-columns-repeated") as usize);
                if is_empty {
                    self.end_cell()?;
                }
            }
            "annotation" | "shapes" | "tracked-changes" => {
                self.skipped = usize::from(!is_empty);
            }
            "p" | "h" => {
                if let Some(cell) = &mut self.cell {
                    if cell.paragraphs > 0 {
                        cell.text.push('\n');
                    }
                    cell.paragraphs += 1;
                }
            }
            "s" => {
                let attribute =
                    attribute(element, "c").and_then(|count| count.parse().ok());
                let spaces: usize = attribute.unwrap_or(1);
                self.text(&" ".repeat(spaces.min(1_000)));
            }
            "tab" => self.text("\t"),
            "line-break" => self.text("\n"),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<()> {
        if self.skipped > 0 {
            self.skipped -= 1;
            return Ok(());
        }
        match name {
            "table-cell" | "covered-table-cell" => self.end_cell(),
            "table-row" => self.end_row(),
            "table-row-group" | "table-column-group" => {
                self.hidden_groups = self.hidden_groups.saturating_sub(1);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipped == 0
            && let Some(cell) = self.cell.as_mut().filter(|cell| cell.paragraphs > 0)
        {
            cell.text.push_str(text);
        }
    }

    fn start_sheet(&mut self, element: &BytesStart<'_>) -> Result<()> {
        if self.sheets.len() == MAX_SHEETS {
            return Err(too_large(self.file, format_args!("{MAX_SHEETS} sheets")));
        }
        let style = attribute(element, "style-name").unwrap_or_default();
        let is_hidden = self.hidden_styles.contains(&style);
        let name = attribute(element, "name").unwrap_or_default();
        let content = SheetContent::default();
        self.sheets.push(Sheet { name, is_hidden, content });
        (self.row, self.column) = (0, 0);
        self.hidden_groups = 0;
        Ok(())
    }

    /// Whether a row or a column is hidden: by hand, by a filter, with its group, or because it has no size.
    fn is_hidden(&self, element: &BytesStart<'_>) -> bool {
        let style = attribute(element, "style-name");
        let is_flat = style.is_some_and(|style| self.flat_styles.contains(&style));
        let visibility = attribute(element, "visibility");
        is_flat
            || self.hidden_groups > 0
            || matches!(visibility.as_deref(), Some("collapse" | "filter"))
    }

    fn start_cell(&mut self, element: &BytesStart<'_>, repeats: usize) {
        let of = |name: &str| attribute(element, name);
        let span =
            |name: &str| of(name).and_then(|it| it.parse::<u32>().ok()).unwrap_or(1);
        let is_covered = element.local_name().as_ref() == "covered-table-cell";
        let (columns, rows) =
            (span("number-columns-spanned"), span("number-rows-spanned"));
        let column =
            u32::try_from(self.cells.len() + self.blank_cells).unwrap_or(u32::MAX);
        if (columns > 1 || rows > 1)
            && let Some(sheet) = self.sheets.last_mut()
        {
            let (top, left) = (self.row + 1, column.saturating_add(1));
            let bottom = top.saturating_add(rows.max(1) - 1);
            let right = left.saturating_add(columns.max(1) - 1);
            sheet.content.merged.push([top, left, bottom, right]);
        }
        // `calcext:value-type` tells an error, which `office:value-type` does not.
        let mut types = element.attributes();
        let is_error = types
            .with_checks(false)
            .flatten()
            .filter(|it| it.key.local_name().as_ref() == "value-type")
            .any(|it| it.value.as_ref() == "error");
        let kind = match of("value-type").as_deref() {
            _ if is_error => CellKind::Error,
            Some("date") => CellKind::Date,
            Some("float" | "percentage" | "currency") => CellKind::Number,
            _ => CellKind::Text,
        };
        let number = || of("value").and_then(|value| value.parse::<f64>().ok());
        let value = match of("value-type").as_deref() {
            _ if is_error => None,
            Some("date") => of("date-value"),
            Some("float" | "currency") => number().map(plain),
            Some("percentage") => {
                number().map(|share| format!("{}%", plain(share * 100.0)))
            }
            Some("boolean") => of("boolean-value").map(|value| value.to_uppercase()),
            Some("time") => of("time-value"),
            Some("string") => of("string-value"),
            _ => None,
        };
        self.cell = Some(OpenCell {
            repeats,
            value,
            kind,
            has_formula: of("formula").is_some(),
            text: String::new(),
            paragraphs: 0,
            is_covered,
        });
    }

    fn end_cell(&mut self) -> Result<()> {
        let Some(cell) = self.cell.take() else { return Ok(()) };
        let shown = cell.text.trim();
        let text = match &cell.value {
            Some(date) if cell.kind == CellKind::Date => {
                date.trim_end_matches("T00:00:00").to_owned()
            }
            Some(value) if shown.is_empty() => value.trim().to_owned(),
            _ => shown.to_owned(),
        };
        let is_open = cell.has_formula && cell.value.is_none() && text.is_empty();
        let kind = if is_open { CellKind::NoResult } else { cell.kind };
        self.budget.check_text(self.row.saturating_add(1), &text)?;
        if text.is_empty() && !is_open || cell.is_covered {
            self.blank_cells = self.blank_cells.saturating_add(cell.repeats);
            return Ok(());
        }
        let width = self
            .cells
            .len()
            .saturating_add(self.blank_cells)
            .saturating_add(cell.repeats);
        if width > MAX_COLUMNS {
            return Err(too_large(self.file, format_args!("{MAX_COLUMNS} columns")));
        }
        let blank = self.cells.len() + self.blank_cells;
        self.cells.resize(blank, TableCell::default());
        self.blank_cells = 0;
        let number = cell.value.filter(|_| kind == CellKind::Number);
        if let Some(number) = number.filter(|number| hides_digits(&text, number)) {
            let columns = (blank..width).map(|column| (column, number.clone()));
            self.rounded.extend(columns);
        }
        self.cells.resize(width, TableCell { text, kind });
        Ok(())
    }

    fn end_row(&mut self) -> Result<()> {
        let first = self.row.saturating_add(1);
        self.row = self.row.saturating_add(self.row_repeats);
        if self.cells.is_empty() {
            return Ok(());
        }
        let repeats = self.row_repeats as usize;
        if self.row as usize > MAX_ROWS {
            return Err(too_large(self.file, format_args!("{MAX_ROWS} rows")));
        }
        let bytes: usize = self.cells.iter().map(|cell| cell.text.len()).sum();
        let hidden: usize = self.rounded.iter().map(|(_, number)| number.len()).sum();
        let bytes = bytes + hidden;
        let all = |one: usize| one.saturating_mul(repeats);
        self.budget.take(all(self.cells.len()), all(bytes))?;
        let Some(sheet) = self.sheets.last_mut() else { return Ok(()) };
        for line in first..=self.row {
            sheet.content.rows.push((line, self.cells.clone()));
            let rounded = self.rounded.iter();
            let rounded = rounded.map(|(column, text)| ((line, *column), text.clone()));
            sheet.content.rounded.extend(rounded);
        }
        Ok(())
    }
}

/// Whether the properties of a row or a column give it no size. One whose size follows from what it holds
/// is seen.
fn has_no_size(element: &BytesStart<'_>, name: &str) -> bool {
    let number = |text: String| {
        let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        text[..end].trim().parse::<f64>().ok()
    };
    let size = attribute(element, name).and_then(number);
    let is_optimal = |name: &str| attribute(element, name).as_deref() == Some("true");
    size == Some(0.0)
        && !is_optimal("use-optimal-row-height")
        && !is_optimal("use-optimal-column-width")
}
