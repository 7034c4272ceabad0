//! The sentences of a table: a heading for each column, a cell for each row, and the row of totals;
//! and the numbers of pages.

use std::collections::BTreeMap;

use minijinja::Value;
use serde_json::{Map, Value as Json};

use super::job::{Job, syntax};
use super::values::{Texts, value, values};
use super::{Facts, Phrase, Phrases};
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::table_rows;
use crate::text::locale::{Align, Sentence};

/// A table's finished sentences.
#[derive(Debug, Clone)]
pub(crate) struct TablePhrases {
    /// The columns: heading and alignment.
    pub(crate) columns: Vec<(Phrase, Align)>,
    /// The cells of each row; none where a cell is empty.
    pub(crate) rows: Vec<Vec<Option<Phrase>>>,
    /// The row of totals, if any column has one.
    pub(crate) total: Option<Vec<Option<Phrase>>>,
}

impl Phrases {
    /// Fills the table. `common` is what every sentence may name.
    pub(super) fn table(
        &self,
        facts: &Facts<'_>,
        common: &BTreeMap<&'static str, Value>,
        texts: &mut Texts<'_>,
    ) -> Result<Option<TablePhrases>> {
        let Some(table) = &self.locale.table else { return Ok(None) };
        let Some(given) = facts.extra.get(&table.rows) else { return Ok(None) };
        let place = facts.course.place();
        let rows = table_rows::read(&table.rows, given)
            .map_err(|error| error.at(place.clone()))?;
        if rows.len() > table.most {
            let message = format!(
                "`{}` has {} rows, and the layout has room for {}",
                table.rows,
                rows.len(),
                table.most
            );
            return Err(Error::new(ErrorKind::TooLarge, message).at(place.clone()));
        }
        let rows: Vec<BTreeMap<String, Value>> = rows
            .into_iter()
            .enumerate()
            .map(|(index, row)| fields(&table.rows, index, row, facts, texts))
            .collect::<Result<_>>()?;

        let mut faults = Vec::new();
        let mut write = |sentence: &Sentence, what: &str, values: Value| {
            let runs = self.write_as(sentence, what, values, facts.extra);
            let runs = runs.map_err(|error| faults.push(error)).ok()?;
            // What a cell says comes from the course or the request.
            let (role, place) = (sentence.role.clone(), place.clone());
            (!runs.is_empty()).then_some(Phrase { role, runs, place })
        };
        let all = Value::from(common.clone());
        let columns = table.columns.iter().filter_map(|column| {
            let heading = column.heading.as_ref()?;
            let mut phrase = write(heading, &column.name, all.clone())?;
            phrase.place = heading.place.clone();
            Some((phrase, column.align))
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
        let adds = table.columns.iter().any(|column| column.total.is_some());
        let total = adds.then(|| {
            let mut values = common.clone();
            values.insert("total", Value::from(totals(&rows)));
            values.insert("rows", Value::from(rows.clone()));
            let values = Value::from(values);
            let totals = table.columns.iter().enumerate().map(|(index, column)| {
                // The word for it stands where the row begins.
                let word = table.total.as_ref().filter(|_| index == 0);
                let sentence = column.total.as_ref().or(word)?;
                write(sentence, &format!("total of {}", column.name), values.clone())
            });
            totals.collect()
        });
        Error::join(faults)?;
        Ok(Some(TablePhrases { columns, rows: cells, total }))
    }

    /// The numbers of pages of every document from one page to so many: `folios[n - 1][k - 1]` is
    /// that of page k of n, none if the sentence is empty there. No sentence, no numbers.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(crate) fn folios(
        &self,
        facts: &Facts<'_>,
        most: usize,
    ) -> Result<Vec<Vec<Option<Phrase>>>> {
        let Some(sentence) = &self.locale.folio else { return Ok(Vec::new()) };
        let mut texts =
            Texts { tag: &self.tag, course: facts.course, warnings: Vec::new() };
        let mut values = values(facts, &mut texts);
        let mut folio = |page: usize, pages: usize| {
            values.insert("page", Value::from(page));
            values.insert("pages", Value::from(pages));
            let runs =
                self.write_one(sentence, Value::from(values.clone()), facts.extra)?;
            let (role, place) = (sentence.role.clone(), sentence.place.clone());
            Ok((!runs.is_empty()).then_some(Phrase { role, runs, place }))
        };
        (1..=most).map(|n| (1..=n).map(|page| folio(page, n)).collect()).collect()
    }

    fn write_as(
        &self,
        sentence: &Sentence,
        what: &str,
        values: Value,
        extra: &indexmap::IndexMap<String, Json>,
    ) -> Result<crate::text::runs::Runs> {
        let place = |range| sentence.place_of(range);
        if !sentence.template.contains('{') {
            return self.write_one(sentence, values, extra);
        }
        let template = self.env.get_template(&sentence.id);
        let template = template.map_err(|error| syntax(&error, &place))?;
        Job { template, what, values, extra, place: &place }.run()
    }
}

/// A row's fields as a template's values: a map is a text by language, a grade what it is elsewhere.
fn fields(
    name: &str,
    index: usize,
    row: &Map<String, Json>,
    facts: &Facts<'_>,
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
            Json::String(text) if key == "grade" => match number(text) {
                Some(number) => Value::from(number),
                None => value(field),
            },
            _ => value(field),
        };
        fields.insert(key.clone(), value);
    }
    Ok(fields)
}

/// What the rows come to, for each field that is a number in one of them.
fn totals(rows: &[BTreeMap<String, Value>]) -> BTreeMap<String, Value> {
    let mut sums = BTreeMap::<String, f64>::new();
    for (key, value) in rows.iter().flatten() {
        let number = match value.as_str() {
            Some(text) => number(text),
            None => f64::try_from(value.clone()).ok(),
        };
        if let Some(number) = number {
            *sums.entry(key.clone()).or_default() += number;
        }
    }
    let sum = |sum: f64| match sum.fract() == 0.0 && sum.abs() < 1e15 {
        true => Value::from(sum as i64),
        // As many digits as anybody writes, without what binary fractions add to them.
        false => Value::from((sum * 1e6).round() / 1e6),
    };
    sums.into_iter().map(|(key, number)| (key, sum(number))).collect()
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}
