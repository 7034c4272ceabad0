//! Guesses what columns are from their headers, and refuses what may mean two things.

use super::field::RecipientField as Field;
use super::mapping::{ColumnUse, FreeFields, MappedColumn, Mapping, Unread, twice};
use super::table::{Table, TableRow};
use super::told::Told;
use super::words::{self, meanings};
use crate::base::error::{Error, ErrorKind, Result, nearest};
use crate::site::recipients_format::RecipientsFormat;

impl Mapping {
    /// Maps the columns of a table by its header, and by what the caller says.
    ///
    /// # Errors
    /// All that is wrong with the header. [`ErrorKind::MissingField`]: no column has names, or a
    /// column that the caller names is missing. [`ErrorKind::Duplicate`]: two columns of one
    /// meaning. [`ErrorKind::UnknownKey`]: a header that is misspelt, or a value that is not known.
    pub fn guess(
        table: &Table,
        format: &RecipientsFormat,
        fields: &FreeFields,
    ) -> Result<Self> {
        let (mapping, faults) = Self::guess_with_faults(table, format, fields, &[]);
        Error::join(faults)?;
        Ok(mapping)
    }

    /// As [`guess`](Self::guess), for a caller that shows the columns and lets the user change
    /// them: returns the mapping together with all its faults. `decided` says by index what a person
    /// reads columns as, which counts before the format; only the faults of these columns fall away.
    pub(crate) fn guess_with_faults(
        table: &Table,
        format: &RecipientsFormat,
        fields: &FreeFields,
        decided: &[(usize, ColumnUse)],
    ) -> (Self, Vec<Error>) {
        guess(table, format, fields, decided)
    }
}

fn guess(
    table: &Table,
    format: &RecipientsFormat,
    fields: &FreeFields,
    decided: &[(usize, ColumnUse)],
) -> (Mapping, Vec<Error>) {
    let mut faults = Vec::new();
    let mut told = Told::read(table, format, fields, decided, &mut faults);
    let mut columns: Vec<Guessed> = (0..table.header.len())
        .map(|index| Guessed::of(table, index, &told, fields))
        .collect();
    let told_name = told.has(Field::Name);
    let told_parts = told.has(Field::GivenName) || told.has(Field::FamilyName);
    for field in Field::ALL {
        if told.has(field) || (told_name && field.is_name()) {
            set_aside(&mut columns, field);
        } else if field == Field::Name && told_parts {
            set_aside(&mut columns, Field::Name);
        } else {
            choose_best(table, &mut columns, field, &mut faults);
        }
    }
    if !told_name && !told_parts {
        settle_name(table, &mut columns, &mut faults);
    }
    if !told.has(Field::Username) {
        faults.extend(numbered_rows(table, &columns));
    }
    for (index, column) in columns.iter_mut().enumerate() {
        if let Some(used_as) = told.uses.get_mut(index).and_then(Option::take) {
            column.used_as = used_as;
        } else if column.used_as == ColumnUse::Unread(Unread::Unknown) {
            let header = &table.header[index];
            if let Some(fault) = particle(table, index) {
                faults.push(fault);
            } else if !told.kept[index]
                && let Some(fault) = misspelt(table, header, fields)
            {
                faults.push(fault);
            }
        }
    }
    let columns =
        (0..).zip(columns).map(|(index, column): (usize, Guessed)| MappedColumn {
            header: table.header[index].clone(),
            used_as: column.used_as,
            is_kept: told.kept[index],
            languages: column.languages,
        });
    let mapping = Mapping { columns: columns.collect(), name_order: told.name_order };
    if faults.is_empty() {
        faults.extend(mapping.check(table).err());
    }
    (mapping, faults)
}

/// A column, its use, and how well its header fits that use.
struct Guessed {
    used_as: ColumnUse,
    rank: usize,
    languages: Vec<&'static str>,
}

impl Guessed {
    fn of(table: &Table, index: usize, told: &Told, fields: &FreeFields) -> Self {
        let header = table.header[index].as_str();
        let as_is = |used_as| Self { used_as, rank: 0, languages: Vec::new() };
        if let Some(used_as) = &told.uses[index] {
            // The caller decides about it, so nothing is guessed but the language of its word.
            let known = meanings(header).iter();
            let mut same = known.filter(|it| ColumnUse::Field(it.field) == *used_as);
            let languages = same.next().map(|it| it.languages.clone());
            let used_as = match used_as {
                ColumnUse::Field(_) | ColumnUse::Extra(_) => {
                    ColumnUse::Unread(Unread::Ignored)
                }
                other => other.clone(),
            };
            return Self { used_as, rank: 0, languages: languages.unwrap_or_default() };
        }
        if header.is_empty() {
            let has_values = table
                .rows
                .iter()
                .any(|row| row.cells.get(index).is_some_and(|cell| !cell.is_blank()));
            let why = if has_values { Unread::NoHeader } else { Unread::Ignored };
            return as_is(ColumnUse::Unread(why));
        }
        let found = meanings(header);
        let is_key = found.iter().any(|meaning| meaning.rank == 0);
        // A word for the date of issue never names a free field.
        let is_date = found.iter().any(|meaning| meaning.field == Field::Issued);
        if !is_key
            && !is_date
            && let Some(path) = fields.path_of(header)
        {
            return as_is(ColumnUse::Extra(path));
        }
        match found {
            [meaning] => Self {
                used_as: ColumnUse::Field(meaning.field),
                rank: meaning.rank,
                languages: meaning.languages.clone(),
            },
            _ if fields.all => as_is(ColumnUse::Extra(header.to_owned())),
            _ => as_is(ColumnUse::Unread(Unread::Unknown)),
        }
    }

    fn is(&self, field: Field) -> bool {
        self.used_as == ColumnUse::Field(field)
    }
}

/// Leaves the columns of a field unread, because the caller names another one.
fn set_aside(columns: &mut [Guessed], field: Field) {
    for column in columns.iter_mut().filter(|column| column.is(field)) {
        column.used_as = ColumnUse::Unread(Unread::Other(field));
    }
}

/// Keeps the column with the best word for a field. Two of the best are refused.
fn choose_best(
    table: &Table,
    columns: &mut [Guessed],
    field: Field,
    faults: &mut Vec<Error>,
) {
    if !field.is_read() {
        for column in columns.iter_mut().filter(|column| column.is(field)) {
            column.used_as = ColumnUse::Unread(Unread::NotPrinted(field));
        }
        return;
    }
    let ranked: Vec<(usize, usize)> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.is(field))
        .map(|(index, column)| (column.rank, index))
        .collect();
    // A key and a word of the first list are equals: `name` and `Full Name` mean the same.
    let class = |rank: usize| rank.max(1);
    let Some(best) = ranked.iter().map(|(rank, _)| class(*rank)).min() else { return };
    let mut chosen = ranked.iter().filter(|(rank, _)| class(*rank) == best);
    if let (Some((_, first)), Some((_, second))) = (chosen.next(), chosen.next()) {
        faults.push(twice(table, &table.header[*first], &table.header[*second]));
    }
    for (rank, index) in ranked {
        if class(rank) != best {
            columns[index].used_as = ColumnUse::Unread(Unread::Other(field));
        }
    }
}

/// The fault of a column `ID` that numbers the rows, as form software does: in the next file the
/// same numbers belong to other recipients.
fn numbered_rows(table: &Table, columns: &[Guessed]) -> Option<Error> {
    // The header `Student ID` says that the number is the recipient's.
    let is_number = |index: &usize| {
        columns[*index].is(Field::Username)
            && matches!(
                &*words::normalized(&table.header[*index]),
                "id" | "participantid"
            )
    };
    let index = (0..columns.len()).find(is_number)?;
    let mut last = 0;
    for row in table.rows.iter().filter(|row| !row.cells[index].is_blank()) {
        let text = row.cells[index].text.as_str();
        let number: usize = text.parse().ok()?;
        // A row that was deleted leaves a gap.
        let is_next = number > last && (last > 0 || number == 1);
        if !is_next || text.len() != number.to_string().len() {
            return None;
        }
        last = number;
    }
    if last == 0 || last > 2 * table.rows.len() {
        return None;
    }
    let header = table.header[index].escape_debug();
    let message =
        format!("the column `{header}` numbers the rows, and identifies no recipient");
    Some(Error::new(ErrorKind::InvalidValue, message)
        .at(table.place(table.header_line))
        .with_help(format!(
            "leave it out with --ignore \"{header}\"; if the numbers are the recipients' own, say \
             --column username=\"{header}\""
        )))
}

/// Decides what a column `Name` holds if there is another column of given or of family names: in
/// many languages the word for a name also means one part of it.
fn settle_name(table: &Table, columns: &mut [Guessed], faults: &mut Vec<Error>) {
    let find =
        |columns: &[Guessed], field| columns.iter().position(|column| column.is(field));
    let Some(name) = find(columns, Field::Name) else { return };
    let given = find(columns, Field::GivenName);
    let family = find(columns, Field::FamilyName);
    let (part, rest) = match (given, family) {
        (None, None) => return,
        // If given and family name have columns, a column `Student` most likely holds a number.
        (Some(_), Some(_)) if columns[name].rank > 1 => {
            columns[name].used_as = ColumnUse::Unread(Unread::Other(Field::Name));
            return;
        }
        (Some(_), Some(_)) => {
            for field in [Field::GivenName, Field::MiddleName, Field::FamilyName] {
                for column in columns.iter_mut().filter(|column| column.is(field)) {
                    column.used_as = ColumnUse::Unread(Unread::Other(Field::Name));
                }
            }
            return;
        }
        (Some(given), None) => (given, Field::FamilyName),
        (None, Some(family)) => (family, Field::GivenName),
    };
    let contains = |name: &str, part: &str| {
        let part = words::normalized(part);
        name.split_whitespace().count() > 1
            && !part.is_empty()
            && words::normalized(name).contains(&part)
    };
    let (mut whole, mut partial) = (None, None);
    for row in table.rows.iter().filter(|row| row.ragged.is_none()) {
        let (name, part) = (&row.cells[name].text, &row.cells[part].text);
        if name.is_empty() || part.is_empty() {
            continue;
        }
        let kind = if contains(name, part) { &mut whole } else { &mut partial };
        kind.get_or_insert(row.line);
    }
    match (whole, partial) {
        (Some(whole), Some(partial)) => faults.push(
            Error::new(
                ErrorKind::InvalidValue,
                format!(
                    "the column `{}` has a full name on line {whole}, but on line {partial} only \
                     a part of a name; the other part is in the column `{}`",
                    table.header[name], table.header[part]
                ),
            )
            .at(table.place(table.header_line))
            .with_help(
                "say what the name is: --column name=\"…\", or --column name=\"…\"+\"…\"",
            ),
        ),
        (Some(_), None) => {
            let field = if rest == Field::FamilyName { Field::GivenName } else { Field::FamilyName };
            for field in [field, Field::MiddleName] {
                for column in columns.iter_mut().filter(|column| column.is(field)) {
                    column.used_as = ColumnUse::Unread(Unread::Other(Field::Name));
                }
            }
        }
        (None, _) => columns[name].used_as = ColumnUse::Field(rest),
    }
}

/// The fault of a column with parts of names whose place is not known: `Namenszusatz` is `von`, which stands
/// before the family name, or `jun.`, which stands after it.
fn particle(table: &Table, index: usize) -> Option<Error> {
    let has_value =
        |row: &TableRow| row.cells.get(index).is_some_and(|cell| !cell.is_blank());
    if !words::is_name_particle(&table.header[index]) || !table.rows.iter().any(has_value)
    {
        return None;
    }
    let header = table.header[index].escape_debug();
    let message = format!(
        "the column `{header}` has parts of names, and where they stand in a name is not known"
    );
    Some(
        Error::new(ErrorKind::InvalidValue, message)
            .at(table.place(table.header_line))
            .with_help(format!(
                "say how the name is made: --column name=\"…\"+\"{header}\"+\"…\"; or leave the \
                 column out with --ignore \"{header}\""
            )),
    )
}

/// The fault of an unknown header that is a misspelt known one.
fn misspelt(table: &Table, header: &str, fields: &FreeFields) -> Option<Error> {
    let known = words::near_miss(header).map(str::to_owned);
    let root = header.split('.').next().unwrap_or_default();
    let of_field = || {
        let names = fields.names.iter().map(String::as_str).filter(|name| name.len() > 3);
        nearest(&root.to_lowercase(), names).map(str::to_owned)
    };
    let meant = known.or_else(of_field)?;
    let message = format!("unknown column `{}`", header.escape_debug());
    Some(
        Error::new(ErrorKind::UnknownKey, message)
            .at(table.place(table.header_line))
            .with_help(format!(
                "did you mean `{meant}`? If not, leave the column out with --ignore \"{header}\""
            )),
    )
}
