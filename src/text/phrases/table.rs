//! Writes the sentences of a table: a heading for each column, a cell for each row, the row of
//! totals.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, Value};
use serde_json::{Map, Value as Json};

use super::certificate_facts::CertificateFacts;
use super::course_texts::Texts;
use super::grade_value::GradeValue;
use super::rendering::write_sentence;
use super::sentences::{Phrase, TablePhrases};
use super::template_analysis::TemplateAnalysis;
use super::template_values::{field_value, parse_number};
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::course::no_scale;
use crate::site::table_rows;
use crate::text::locale::{SentenceTemplate, Table};

/// Writes the table, if the course or the request gives rows. `common` holds the values that all
/// sentences may name.
///
/// # Errors
/// All errors of the sentences together; [`ErrorKind::TooLarge`]: more rows than fit;
/// [`ErrorKind::InvalidValue`]: the rows are none.
pub(super) fn write_table(
    table: &Table,
    env: &Environment<'static>,
    facts: &CertificateFacts<'_>,
    common: &BTreeMap<&'static str, Value>,
    texts: &mut Texts<'_>,
) -> Result<Option<TablePhrases>> {
    let Some(given) = facts.extra.get(&table.rows) else { return Ok(None) };
    let place = facts.course.place();
    let rows =
        table_rows::read(&table.rows, given).map_err(|error| error.at(place.clone()))?;
    if rows.len() > table.max_rows {
        let message = format!(
            "`{}` has {} rows, and the layout has room for {}",
            table.rows,
            rows.len(),
            table.max_rows
        );
        return Err(Error::new(ErrorKind::TooLarge, message).at(place.clone()));
    }
    let rows: Vec<BTreeMap<String, Value>> = rows
        .into_iter()
        .enumerate()
        .map(|(index, row)| row_values(&table.rows, index, row, facts, texts))
        .collect::<Result<_>>()?;
    check_grades(table, &rows, facts)?;
    check_totals(table, &rows, facts)?;

    let mut errors = Vec::new();
    let mut write = |sentence: &SentenceTemplate, what: &str, values: Value| {
        let written = write_sentence(env, sentence, what, values, facts);
        let written = written.map_err(|error| errors.push(error)).ok()?;
        // The words of a cell come from the course or the request, not from its sentence.
        Phrase::visible(&sentence.role, written, place)
    };
    let all = Value::from(common.clone());
    let columns = table.columns.iter().filter_map(|column| {
        let heading = column.heading.as_ref()?;
        let phrase = write(heading, &column.name, all.clone())?;
        Some((Phrase { place: heading.place.clone(), ..phrase }, column.align))
    });
    let columns: Vec<_> = columns.collect();
    let cells: Vec<Vec<_>> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let mut values = common.clone();
            values.insert("row", Value::from(row.clone()));
            let values = Value::from(values);
            let cells = table.columns.iter().map(|column| {
                let what = format!("{} of row {}", column.name, index + 1);
                write(&column.cell, &what, values.clone())
            });
            cells.collect()
        })
        .collect();
    let has_totals = table.columns.iter().any(|column| column.total.is_some());
    let total = has_totals.then(|| {
        let mut values = common.clone();
        values.insert("total", Value::from(totals(&rows)));
        values.insert("rows", Value::from(rows.clone()));
        let values = Value::from(values);
        let totals = table.columns.iter().enumerate().map(|(index, column)| {
            // The word for the row is in its first cell, unless that has a total.
            let word = table.total.as_ref().filter(|_| index == 0);
            let sentence = column.total.as_ref().or(word)?;
            write(sentence, &format!("total of {}", column.name), values.clone())
        });
        totals.collect()
    });
    Error::join(errors)?;
    Ok(Some(TablePhrases { columns, rows: cells, total }))
}

/// The values of a row's fields. A map is a text by language; `grade` is on the scale of the
/// course, or a text that has no digits. A row with a failing grade is printed like any other.
fn row_values(
    name: &str,
    index: usize,
    row: &Map<String, Json>,
    facts: &CertificateFacts<'_>,
    texts: &mut Texts<'_>,
) -> Result<BTreeMap<String, Value>> {
    let mut fields = BTreeMap::new();
    for (key, field) in row {
        let value = match field {
            Json::Object(_) => {
                let text = facts.course.text_of(field).ok_or_else(|| {
                    let row = index + 1;
                    let message = format!(
                        "`{key}` of row {row} of `{name}` is no text by language"
                    );
                    Error::new(ErrorKind::InvalidValue, message)
                        .at(facts.course.place().clone())
                        .with_help("write `{ en: …, es: … }`, or a plain text")
                })?;
                let text = texts.plain(&text, &format!("`{key}` of `{name}`"));
                Value::from(text)
            }
            Json::String(text) if key == "grade" => row_grade(name, index, text, facts)?,
            Json::Number(number) if key == "grade" => {
                row_grade(name, index, &number.to_string(), facts)?
            }
            _ => field_value(field),
        };
        fields.insert(key.clone(), value);
    }
    Ok(fields)
}

fn row_grade(
    name: &str,
    index: usize,
    text: &str,
    facts: &CertificateFacts<'_>,
) -> Result<Value> {
    let mark = facts.course.mark_of_part(text, facts.language).map_err(|error| {
        let message = format!("row {} of `{name}`: {}", index + 1, error.message());
        let named = Error::new(error.kind(), message);
        match error.help() {
            Some(help) => named.with_help(help),
            None => named,
        }
    })?;
    Ok(GradeValue::of(&mark))
}

/// Refuses a row's grade that is a number without a scale if a cell prints it.
fn check_grades(
    table: &Table,
    rows: &[BTreeMap<String, Value>],
    facts: &CertificateFacts<'_>,
) -> Result<()> {
    let mut grades =
        rows.iter().filter_map(|row| GradeValue::in_value(row.get("grade")?));
    let unscaled = grades.find_map(|grade| match grade {
        GradeValue::Unscaled(text) => Some(text),
        GradeValue::Scaled(_) => None,
    });
    let Some(grade) = unscaled else { return Ok(()) };
    let is_named = |template: &str| {
        let variables = TemplateAnalysis::of(template).variables;
        variables.iter().any(|(path, _)| path.starts_with("row.grade"))
    };
    if table.columns.iter().any(|column| is_named(&column.cell.template)) {
        return Err(no_scale(grade).at(facts.course.place().clone()));
    }
    Ok(())
}

/// Refuses the total of a field that is a number in some rows and other text in others, which the
/// sum would leave out.
fn check_totals(
    table: &Table,
    rows: &[BTreeMap<String, Value>],
    facts: &CertificateFacts<'_>,
) -> Result<()> {
    let sums = totals(rows);
    let sentences = table.columns.iter().filter_map(|column| column.total.as_ref());
    let named = sentences.flat_map(|it| TemplateAnalysis::of(&it.template).variables);
    let fields: BTreeSet<String> = named
        .filter_map(|(path, _)| path.strip_prefix("total.").map(str::to_owned))
        .filter(|field| sums.contains_key(field))
        .collect();
    Error::join(fields.iter().flat_map(|field| {
        let wrong = rows.iter().enumerate().filter_map(move |(index, row)| {
            let text = row.get(field)?.as_str()?.trim();
            let is_wrong = !text.is_empty() && parse_number(text).is_none();
            is_wrong.then(|| (index + 1, text.to_owned()))
        });
        wrong.map(move |(row, text)| {
            let shown: String = text.chars().take(40).collect();
            let message = format!(
                "`{shown}` in `{field}` of row {row} of `{}` is not a number, and the column has \
                 a total",
                table.rows
            );
            Error::new(ErrorKind::InvalidValue, message)
                .at(facts.course.place().clone())
                .with_help("write a number with a decimal point, such as `12` or `7.5`")
        })
    }))
}

/// The sum of each field that is a number in any of the rows.
fn totals(rows: &[BTreeMap<String, Value>]) -> BTreeMap<String, Value> {
    let mut sums = BTreeMap::<String, f64>::new();
    for (key, value) in rows.iter().flatten() {
        let number = match value.as_str() {
            Some(text) => parse_number(text),
            None => f64::try_from(value.clone()).ok(),
        };
        if let Some(number) = number {
            *sums.entry(key.clone()).or_default() += number;
        }
    }
    let sum_value = |sum: f64| {
        if sum.fract() == 0.0 && sum.abs() < 1e15 {
            Value::from(sum as i64)
        } else {
            // Six decimal places hide the rounding errors of binary fractions.
            Value::from((sum * 1e6).round() / 1e6)
        }
    };
    sums.into_iter().map(|(key, sum)| (key, sum_value(sum))).collect()
}
