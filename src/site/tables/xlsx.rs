//! Sheets of XLSX files.
//!
//! calamine reads the cells; hidden rows and columns, merged cells and formulas without a result,
//! which it does not give, are read from the XML of the sheet.

use std::collections::{HashMap, HashSet};
use std::io::Cursor;

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};
use quick_xml::events::{BytesStart, Event};

use super::archive::{Archive, PartNames, broken};
use super::number_format::NumberFormat;
use super::sheet::{MAX_SHEETS, Sheet, SheetContent, called, cell_address};
use super::table::{CellBudget, CellKind, MAX_COLUMNS, MAX_ROWS, TableCell, too_large};
use super::xml::attribute;
use crate::base::error::Result;

/// Reads the sheets of a file: those that `wanted` names, or all that are not hidden, because their
/// headers decide which one is meant. Of the others there is only the name.
pub(super) fn read_sheets(
    file: &str,
    bytes: &[u8],
    wanted: Option<&str>,
) -> Result<Vec<Sheet>> {
    let mut archive = Archive::open(file, bytes)?;
    let part_names = archive.part_names()?;
    let workbook_parts = sheet_parts(file, &mut archive, &part_names)?;
    let mut workbook: Xlsx<_> =
        Xlsx::new(Cursor::new(bytes)).map_err(|error| broken(file, error))?;
    let metadata = workbook.sheets_metadata().to_vec();
    if metadata.len() > MAX_SHEETS {
        return Err(too_large(file, format_args!("{MAX_SHEETS} sheets")));
    }
    let names: Vec<&str> = metadata.iter().map(|sheet| sheet.name.as_str()).collect();
    let wanted = wanted.map(|wanted| called(&names, wanted));
    let mut budget = CellBudget::new(file);
    let mut sheets = Vec::new();
    for (index, sheet) in metadata.iter().enumerate() {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let is_hidden = sheet.visible != SheetVisible::Visible;
        let is_read = match &wanted {
            Some(wanted) => wanted.contains(&index),
            None => !is_hidden,
        };
        let mut content = SheetContent::default();
        if is_read {
            // A sheet at which one cannot look may have rows that are hidden.
            let part = workbook_parts.sheets.get(&sheet.name);
            let part = part.and_then(|part| part_names.find(part));
            let xml = part.map(|part| archive.text(part)).transpose()?.flatten();
            let xml = xml.ok_or_else(|| {
                let cause = format!("there is no part for the sheet `{}`", sheet.name);
                broken(file, std::io::Error::other(cause))
            })?;
            let stale = workbook_parts.is_calculated_on_load;
            let open = read_outline(file, &xml, stale, &mut content)?;
            let name = &sheet.name;
            read_cells(file, &mut workbook, name, &open, &mut budget, &mut content)?;
        }
        sheets.push(Sheet { name: sheet.name.clone(), is_hidden, content });
    }
    Ok(sheets)
}

fn read_cells(
    file: &str,
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    open: &HashSet<(u32, u32)>,
    budget: &mut CellBudget<'_>,
    content: &mut SheetContent,
) -> Result<()> {
    let mut reader =
        workbook.worksheet_cells_reader(name).map_err(|error| broken(file, error))?;
    let formats: Vec<NumberFormat> = reader
        .styles()
        .iter()
        .map(|style| {
            let code = style.number_format.as_ref().map(|it| it.format_code.as_str());
            NumberFormat::parse(code.unwrap_or_default())
        })
        .collect();
    let general = NumberFormat::default();
    while let Some((cell, style)) =
        reader.next_cell_with_style_id().map_err(|error| broken(file, error))?
    {
        let (row, column) = cell.get_position();
        let format = formats.get(style).unwrap_or(&general);
        let line = row.saturating_add(1);
        let hidden = match cell.get_value() {
            DataRef::Float(number) => format.rounded_value(*number),
            _ => None,
        };
        let cell = if open.contains(&(line, column.saturating_add(1))) {
            TableCell { text: String::new(), kind: CellKind::NoResult }
        } else {
            match cell_of(cell.get_value(), format) {
                Some(cell) => cell,
                None => continue,
            }
        };
        budget.check_text(line, &cell.text)?;
        let column = column as usize;
        if let Some(number) = hidden {
            budget.take(0, number.len())?;
            content.rounded.push(((line, column), number));
        }
        if column >= MAX_COLUMNS {
            return Err(too_large(file, format_args!("{MAX_COLUMNS} columns")));
        }
        if row as usize >= MAX_ROWS {
            return Err(too_large(file, format_args!("{MAX_ROWS} rows")));
        }
        if content.rows.last().is_none_or(|(last, _)| *last < line) {
            content.rows.push((line, Vec::new()));
        }
        // No spreadsheet program writes rows out of order.
        let Some((last, cells)) = content.rows.last_mut() else { continue };
        if *last != line {
            let cause = std::io::Error::other(format!("row {line} follows row {last}"));
            return Err(broken(file, cause));
        }
        let more = (column + 1).saturating_sub(cells.len());
        budget.take(more, cell.text.len())?;
        if more > 0 {
            cells.resize(column + 1, TableCell::default());
        }
        cells[column] = cell;
    }
    Ok(())
}

/// Returns a cell as it is shown, or `None` if it is empty.
fn cell_of(value: &DataRef<'_>, format: &NumberFormat) -> Option<TableCell> {
    let (text, kind) = match value {
        DataRef::Empty => return None,
        DataRef::String(text) => (text.trim().to_owned(), CellKind::Text),
        DataRef::SharedString(text) => (text.trim().to_owned(), CellKind::Text),
        DataRef::Int(number) => (format.show(*number as f64), CellKind::Number),
        DataRef::Float(number) => (format.show(*number), CellKind::Number),
        DataRef::Bool(value) => {
            (if *value { "TRUE" } else { "FALSE" }.to_owned(), CellKind::Text)
        }
        DataRef::DateTime(date) => {
            let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            let time = format!("{hour:02}:{minute:02}:{second:02}");
            let has_day = date.as_f64() >= 1.0 && date.is_datetime();
            match (has_day, time.as_str()) {
                (true, "00:00:00") => (day, CellKind::Date),
                (true, time) => (format!("{day}T{time}"), CellKind::Date),
                (false, _) => (time, CellKind::Text),
            }
        }
        DataRef::DateTimeIso(text) => (text.clone(), CellKind::Date),
        DataRef::DurationIso(text) => (text.clone(), CellKind::Text),
        DataRef::Error(error) => (error.to_string(), CellKind::Error),
    };
    (!text.is_empty()).then_some(TableCell { text, kind })
}

/// What the workbook says about its sheets.
#[derive(Default)]
struct WorkbookParts {
    /// The parts of the archive that hold the sheets, by the sheets' names.
    sheets: HashMap<String, String>,
    /// Whether all results are calculated when the file is opened. Then the program that wrote the
    /// file did not know them.
    is_calculated_on_load: bool,
}

/// The path of the workbook, as [`Archive`] tells the form of a file by it.
const WORKBOOK: &str = "xl/workbook.xml";

fn sheet_parts(
    file: &str,
    archive: &mut Archive<'_>,
    names: &PartNames,
) -> Result<WorkbookParts> {
    let mut text = |part: &str| -> Result<String> {
        let text = names.find(part).map(|part| archive.text(part)).transpose()?;
        Ok(text.flatten().unwrap_or_default())
    };
    let mut is_elsewhere = false;
    each_element(file, &text("_rels/.rels")?, |element| {
        let is_document = attribute(element, "Type")
            .is_some_and(|kind| kind.ends_with("/relationships/officeDocument"));
        if is_document && let Some(target) = attribute(element, "Target") {
            let target = target.trim_start_matches('/').to_ascii_lowercase();
            is_elsewhere |= target != WORKBOOK;
        }
    })?;
    if is_elsewhere {
        let cause = format!("it names another workbook than `{WORKBOOK}`");
        return Err(broken(file, std::io::Error::other(cause)));
    }
    let mut targets: HashMap<String, String> = HashMap::new();
    let relations = text("xl/_rels/workbook.xml.rels")?;
    each_element(file, &relations, |element| {
        if element.local_name().as_ref() == "Relationship"
            && let (Some(id), Some(target)) =
                (attribute(element, "Id"), attribute(element, "Target"))
        {
            let target = match target.strip_prefix('/') {
                Some(target) => target.to_owned(),
                None => format!("xl/{target}"),
            };
            targets.insert(id, target);
        }
    })?;
    let mut parts = WorkbookParts::default();
    let workbook = text(WORKBOOK)?;
    each_element(file, &workbook, |element| {
        if element.local_name().as_ref() == "sheet"
            && let (Some(name), Some(id)) =
                (attribute(element, "name"), attribute(element, "id"))
            && let Some(target) = targets.get(&id)
        {
            parts.sheets.insert(name, target.clone());
        }
        if element.local_name().as_ref() == "calcPr" {
            let on_load = attribute(element, "fullCalcOnLoad");
            parts.is_calculated_on_load =
                matches!(on_load.as_deref(), Some("1" | "true"));
        }
    })?;
    Ok(parts)
}

/// Reads which rows and columns of a sheet are hidden, and which cells are merged. Returns the
/// cells, by row and column from 1, that have a formula and no result. `stale` says that the stored
/// results are not reliable: some programs write 0 for results that they do not know.
fn read_outline(
    file: &str,
    xml: &str,
    stale: bool,
    content: &mut SheetContent,
) -> Result<HashSet<(u32, u32)>> {
    let mut open = HashSet::new();
    let mut cell = FormulaCell::default();
    let mut row = 0_u32;
    // Whether rows are hidden that have no height of their own.
    let mut is_flat_by_default = false;
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    loop {
        let event = reader.read_event().map_err(|error| broken(file, error))?;
        let (element, is_empty) = match &event {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::Text(text) if cell.in_value => {
                cell.result.push_str(text.xml10_content().trim());
                continue;
            }
            Event::End(element) => {
                match element.local_name().as_ref() {
                    "v" | "is" => cell.in_value = false,
                    "c" if cell.is_open(stale) => {
                        open.insert((row, cell.column));
                    }
                    _ => {}
                }
                continue;
            }
            Event::Eof => return Ok(open),
            _ => continue,
        };
        let number = |name: &str| attribute(element, name)?.parse::<u32>().ok();
        let is_hidden =
            || matches!(attribute(element, "hidden").as_deref(), Some("1" | "true"));
        // A row without height or a column without width is hidden too.
        let is_flat = |name: &str| {
            attribute(element, name).is_some_and(|it| it.parse::<f64>() == Ok(0.0))
        };
        match element.local_name().as_ref() {
            "sheetFormatPr" => {
                let is_zero = attribute(element, "zeroHeight");
                is_flat_by_default = matches!(is_zero.as_deref(), Some("1" | "true"));
            }
            "row" => {
                row = number("r").unwrap_or(row.saturating_add(1));
                cell = FormulaCell::default();
                let is_default = is_flat_by_default && attribute(element, "ht").is_none();
                if is_hidden() || is_flat("ht") || is_default {
                    match content.hidden_rows.last_mut() {
                        Some((_, last)) if last.saturating_add(1) == row => *last = row,
                        _ => content.hidden_rows.push((row, row)),
                    }
                }
            }
            "c" => {
                let address = attribute(element, "r").and_then(|it| cell_address(&it));
                cell = FormulaCell {
                    column: address
                        .map_or(cell.column.saturating_add(1), |(_, column)| column),
                    is_text: attribute(element, "t").as_deref() == Some("str"),
                    ..FormulaCell::default()
                };
            }
            "f" => cell.has_formula = true,
            "v" | "is" => {
                cell.has_value = true;
                cell.in_value = !is_empty && cell.has_formula;
            }
            "col" if is_hidden() || is_flat("width") => {
                if let (Some(min), Some(max)) = (number("min"), number("max")) {
                    content.hidden_columns.push((min, max));
                }
            }
            "mergeCell" => {
                let range = attribute(element, "ref").unwrap_or_default();
                let corners = range.split_once(':');
                let corners = corners.and_then(|(one, other)| {
                    Some((cell_address(one)?, cell_address(other)?))
                });
                if let Some(((top, left), (bottom, right))) = corners {
                    content.merged.push([top, left, bottom, right]);
                }
            }
            _ => {}
        }
    }
}

/// What is read of a cell to know whether its formula has a result.
#[derive(Default)]
struct FormulaCell {
    column: u32,
    /// Whether its result is declared to be a text, which may be empty.
    is_text: bool,
    has_formula: bool,
    has_value: bool,
    in_value: bool,
    result: String,
}

impl FormulaCell {
    /// Whether it has a formula whose result is not known.
    fn is_open(&self, stale: bool) -> bool {
        let is_known = match self.result.as_str() {
            "" => self.is_text && self.has_value,
            "0" => !stale || self.is_text,
            _ => true,
        };
        self.has_formula && !is_known
    }
}

/// Calls a function with each element of an XML text.
fn each_element(
    file: &str,
    xml: &str,
    mut call: impl FnMut(&BytesStart<'_>),
) -> Result<()> {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    loop {
        match reader.read_event().map_err(|error| broken(file, error))? {
            Event::Start(element) | Event::Empty(element) => call(&element),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}
