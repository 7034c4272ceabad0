//! The columns of a recipients file as the page shows them: what they are read as, what they can be read as,
//! and what a person chose for them, now or in an earlier file.

use serde_json::{Value, json};

use super::readings::Readings;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::tables::{
    ColumnUse, FreeFields, MappedColumn, Mapping, RecipientField, Table, Unread,
};

/// The most values of a column that are sent to the page.
const MAX_SAMPLES: usize = 3;

/// The columns for which a person chose what they are read as in an earlier file. Of the same file: all of
/// them, and those that would not be read any more. Of another one: those that would be read otherwise,
/// unless another column has this use; a choice that only agreed with the guess was for the values of that
/// file.
pub(super) fn uses_before(
    guessed: &Mapping,
    readings: &Readings,
    sha256: &str,
) -> Vec<(usize, ColumnUse)> {
    let columns = || guessed.columns.iter().enumerate();
    let known = |(index, name): (usize, String)| Some((index, use_of(&name)?));
    if let Some(same) = readings.of_file(sha256)
        && same.columns.len() == guessed.columns.len()
        && columns().all(|(index, it)| same.columns[index].header == it.header)
    {
        let is_lost = |index: usize, used_as: &str| {
            !used_as.is_empty() && name_of(&guessed.columns[index].used_as).is_empty()
        };
        let uses = same.columns.into_iter().enumerate();
        let uses =
            uses.filter(|(index, it)| it.is_chosen || is_lost(*index, &it.used_as));
        return uses.map(|(index, it)| (index, it.used_as)).filter_map(known).collect();
    }
    let is_other = |(index, name): &(usize, String)| {
        name_of(&guessed.columns[*index].used_as) != *name
    };
    let is_free = |name: &str| {
        name.is_empty() || columns().all(|(_, other)| name_of(&other.used_as) != name)
    };
    let is_only =
        |header: &str| columns().filter(|(_, other)| other.header == header).count() == 1;
    columns()
        .filter(|(_, column)| !column.header.is_empty() && is_only(&column.header))
        .filter_map(|(index, column)| Some((index, readings.chosen(&column.header)?)))
        .filter(|use_| is_other(use_) && is_free(&use_.1))
        .filter_map(known)
        .collect()
}

/// The name that the page has for what a column is read as.
pub(super) fn name_of(used_as: &ColumnUse) -> String {
    match used_as {
        ColumnUse::Field(field) => field.key().to_owned(),
        ColumnUse::Extra(path) => format!("extra.{path}"),
        ColumnUse::Unread(_) => String::new(),
    }
}

/// What a person chose for columns, by the names that the page has; of the others nothing.
///
/// # Errors
/// A name is none of the page's.
pub(super) fn chosen(uses: &[Option<String>]) -> Result<Vec<(usize, ColumnUse)>> {
    let set = uses.iter().enumerate();
    let set = set.filter_map(|(index, name)| Some((index, name.as_deref()?)));
    set.map(|(index, name)| match use_of(name) {
        Some(used_as) => Ok((index, used_as)),
        None => {
            let message =
                format!("`{}` is no value of a certificate", name.escape_debug());
            Err(Error::new(ErrorKind::UnknownKey, message))
        }
    })
    .collect()
}

/// What a column is read as, by the name that the page has for it.
fn use_of(name: &str) -> Option<ColumnUse> {
    match (RecipientField::of_key(name), name.strip_prefix("extra.")) {
        _ if name.is_empty() => Some(ColumnUse::Unread(Unread::Ignored)),
        (Some(field), _) if field.is_read() => Some(ColumnUse::Field(field)),
        (_, Some(path)) if !path.is_empty() => Some(ColumnUse::Extra(path.to_owned())),
        _ => None,
    }
}

/// The columns, with their first values and what they are read as.
pub(super) fn told(table: &Table, mapping: &Mapping) -> Value {
    let column = |(index, column): (usize, &MappedColumn)| {
        let values = table.rows.iter().filter_map(|row| row.cells.get(index));
        let values =
            values.map(|cell| cell.text.as_str()).filter(|text| !text.is_empty());
        let samples: Vec<String> = values
            .take(MAX_SAMPLES)
            .map(|text| text.chars().take(60).collect())
            .collect();
        let why = match &column.used_as {
            ColumnUse::Field(_)
            | ColumnUse::Extra(_)
            | ColumnUse::Unread(Unread::Ignored) => None,
            ColumnUse::Unread(Unread::NotPrinted(_)) => Some("not_printed"),
            ColumnUse::Unread(Unread::Other(_)) => Some("other"),
            ColumnUse::Unread(Unread::NoHeader) => Some("no_header"),
            ColumnUse::Unread(Unread::Unknown) => Some("unknown"),
        };
        let used_as = name_of(&column.used_as);
        json!({ "header": column.header, "use": used_as, "why": why, "samples": samples })
    };
    mapping.columns.iter().enumerate().map(column).collect()
}

/// What a column can be read as, with what one is read as now.
pub(super) fn targets(fields: &FreeFields, mapping: &Mapping) -> Value {
    let own = RecipientField::ALL.into_iter().filter(|field| field.is_read());
    let mut all: Vec<String> = own.map(|field| field.key().to_owned()).collect();
    let free = fields.names.iter().map(|name| format!("extra.{name}"));
    let now = mapping.columns.iter().map(|column| name_of(&column.used_as));
    for name in free.chain(now) {
        if !name.is_empty() && !all.contains(&name) {
            all.push(name);
        }
    }
    all.into()
}
