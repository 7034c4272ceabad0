//! Sheets of XLSX files.
//!
//! calamine reads the cells; what it leaves out (hidden rows and columns, formulas without a result)
//! and what it would read as a whole (merged cells) is read from the XML of the sheet.

use std::collections::HashMap;
use std::io::Cursor;

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};
use quick_xml::events::{BytesStart, Event};

use super::archive::{Archive, broken};
use super::number_format::NumberFormat;
use super::sheet::{MAX_SHEETS, Sheet, SheetContent, cell_address};
use super::table::{CellKind, MAX_CELLS, MAX_COLUMNS, MAX_ROWS, TableCell, too_large};
use super::xml::attribute;
use crate::base::error::Result;

/// Reads the sheets of a file. A sheet other than `wanted` is read too, because its header decides
/// whether it is the one.
pub(super) fn read_sheets(
    file: &str,
    bytes: &[u8],
    wanted: Option<&str>,
) -> Result<Vec<Sheet>> {
    let mut archive = Archive::open(file, bytes)?;
    let parts = sheet_parts(file, &mut archive)?;
    let mut workbook: Xlsx<_> =
        Xlsx::new(Cursor::new(bytes)).map_err(|error| broken(file, error))?;
    let metadata = workbook.sheets_metadata().to_vec();
    if metadata.len() > MAX_SHEETS {
        return Err(too_large(file, format_args!("{MAX_SHEETS} sheets")));
    }
    let mut cells_left = MAX_CELLS;
    let mut sheets = Vec::new();
    for sheet in metadata {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let is_hidden = sheet.visible != SheetVisible::Visible;
        let is_read = match wanted {
            Some(wanted) => {
                super::words::normalized(wanted) == super::words::normalized(&sheet.name)
            }
            None => !is_hidden,
        };
        let mut content = SheetContent::default();
        if is_read {
            if let Some(part) = parts.get(&sheet.name) {
                read_outline(file, &mut archive, part, &mut content)?;
            }
            read_cells(file, &mut workbook, &sheet.name, &mut cells_left, &mut content)?;
        }
        sheets.push(Sheet { name: sheet.name, is_hidden, content });
    }
    Ok(sheets)
}

fn read_cells(
    file: &str,
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    cells_left: &mut usize,
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
        let Some(cell) = cell_of(cell.get_value(), format) else { continue };
        let (line, column) = (row.saturating_add(1), column as usize);
        if column >= MAX_COLUMNS {
            return Err(too_large(file, format_args!("{MAX_COLUMNS} columns")));
        }
        if row as usize >= MAX_ROWS {
            return Err(too_large(file, format_args!("{MAX_ROWS} rows")));
        }
        if content.rows.last().is_none_or(|(last, _)| *last < line) {
            content.rows.push((line, Vec::new()));
        }
        // Rows out of order are of no program.
        let Some((last, cells)) = content.rows.last_mut() else { continue };
        if *last != line {
            let cause = std::io::Error::other(format!("row {line} follows row {last}"));
            return Err(broken(file, cause));
        }
        let more = (column + 1).saturating_sub(cells.len());
        *cells_left = cells_left
            .checked_sub(more)
            .ok_or_else(|| too_large(file, format_args!("{MAX_CELLS} cells")))?;
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

/// Returns the parts of the archive that hold the sheets, by the sheets' names.
fn sheet_parts(file: &str, archive: &mut Archive<'_>) -> Result<HashMap<String, String>> {
    let mut targets: HashMap<String, String> = HashMap::new();
    let relations = archive.text("xl/_rels/workbook.xml.rels")?.unwrap_or_default();
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
    let mut parts = HashMap::new();
    let workbook = archive.text("xl/workbook.xml")?.unwrap_or_default();
    each_element(file, &workbook, |element| {
        if element.local_name().as_ref() == "sheet"
            && let (Some(name), Some(id)) =
                (attribute(element, "name"), attribute(element, "id"))
            && let Some(target) = targets.get(&id)
        {
            parts.insert(name, target.clone());
        }
    })?;
    Ok(parts)
}

/// Reads which rows and columns of a sheet are hidden, which cells are merged, and which formulas were
/// never calculated.
fn read_outline(
    file: &str,
    archive: &mut Archive<'_>,
    part: &str,
    content: &mut SheetContent,
) -> Result<()> {
    let Some(xml) = archive.text(part)? else { return Ok(()) };
    let mut row = 0_u32;
    // The cell that is read, as long as it has a formula and no result.
    let mut formula: Option<(u32, u32)> = None;
    let mut cell = (0_u32, 0_u32);
    let has_formulas = xml.contains("<f") || xml.contains(":f");
    each_element(file, &xml, |element| {
        let number = |name: &str| attribute(element, name)?.parse::<u32>().ok();
        let is_hidden =
            || matches!(attribute(element, "hidden").as_deref(), Some("1" | "true"));
        // A row or a column without a height or a width is not seen either.
        let is_flat = |name: &str| {
            attribute(element, name).is_some_and(|it| it.parse::<f64>() == Ok(0.0))
        };
        match element.local_name().as_ref() {
            "c" if has_formulas => {
                content.uncalculated.extend(formula.take());
                let own = attribute(element, "r").and_then(|it| cell_address(&it));
                cell = own.unwrap_or((row, cell.1.saturating_add(1)));
            }
            "f" => formula = Some(cell),
            "v" | "is" => formula = None,
            "row" => {
                row = number("r").unwrap_or(row.saturating_add(1));
                cell = (row, 0);
                if is_hidden() || is_flat("ht") {
                    match content.hidden_rows.last_mut() {
                        Some((_, last)) if last.saturating_add(1) == row => *last = row,
                        _ => content.hidden_rows.push((row, row)),
                    }
                }
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
    })?;
    content.uncalculated.extend(formula);
    Ok(())
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
