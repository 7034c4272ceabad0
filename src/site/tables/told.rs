//! What is said about the columns of a table: by the caller's format, and by a person of each column.

use super::field::RecipientField as Field;
use super::mapping::{ColumnUse, FreeFields, Unread, target, twice};
use super::table::Table;
use super::words;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::recipients_format::RecipientsFormat;

/// What the caller says about the columns.
pub(super) struct Told {
    pub(super) uses: Vec<Option<ColumnUse>>,
    pub(super) kept: Vec<bool>,
    pub(super) name_order: Vec<usize>,
}

impl Told {
    /// Reads what a format says, and what a person `decided` of columns by index, which counts before it.
    pub(super) fn read(
        table: &Table,
        format: &RecipientsFormat,
        fields: &FreeFields,
        decided: &[(usize, ColumnUse)],
        faults: &mut Vec<Error>,
    ) -> Self {
        let count = table.header.len();
        let mut told = Self {
            uses: vec![None; count],
            kept: vec![false; count],
            name_order: Vec::new(),
        };
        for (name, headers) in &format.columns {
            let used_as = match target(name, fields) {
                Ok(used_as) => used_as,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            let found: Result<Vec<usize>> =
                headers.iter().map(|header| find(table, header)).collect();
            // Another column was decided to be this value, so the format's counts no more.
            let is_elsewhere = |of_format: &[usize]| {
                let mut as_this = decided.iter().filter(|(_, it)| *it == used_as);
                as_this.any(|(index, _)| !of_format.contains(index))
            };
            match found {
                Err(_) if is_elsewhere(&[]) => {}
                Ok(found) if is_elsewhere(&found) => {}
                Err(fault) => faults.push(fault),
                Ok(found) => told.map(table, used_as, found, faults),
            }
        }
        for header in &format.ignore {
            match find(table, header) {
                Ok(index) => {
                    let ignored = ColumnUse::Unread(Unread::Ignored);
                    faults.extend(told.set(table, index, ignored).err());
                }
                Err(fault) => faults.push(fault),
            }
        }
        for header in &format.keep {
            match find(table, header) {
                Ok(index) => told.kept[index] = true,
                Err(fault) => faults.push(fault),
            }
        }
        for (index, used_as) in decided {
            if let Some(own) = told.uses.get_mut(*index) {
                *own = Some(used_as.clone());
                if *used_as != ColumnUse::Field(Field::Name) {
                    told.name_order.retain(|other| other != index);
                }
            }
        }
        told
    }

    fn map(
        &mut self,
        table: &Table,
        used_as: ColumnUse,
        found: Vec<usize>,
        faults: &mut Vec<Error>,
    ) {
        let is_name = used_as == ColumnUse::Field(Field::Name);
        if found.len() > 1 && !is_name {
            let message = "only a name can be made of several columns";
            faults.push(
                Error::new(ErrorKind::InvalidValue, message)
                    .at(table.place(table.header_line))
                    .with_help("name one column"),
            );
            return;
        }
        if let Some(first) =
            self.uses.iter().position(|own| *own == Some(used_as.clone()))
            && let Some(&second) = found.first()
        {
            faults.push(twice(table, &table.header[first], &table.header[second]));
            return;
        }
        for &index in &found {
            if let Err(fault) = self.set(table, index, used_as.clone()) {
                faults.push(fault);
                return;
            }
        }
        if is_name {
            self.name_order = found;
        }
    }

    /// Sets what a column is used as, once.
    fn set(&mut self, table: &Table, index: usize, used_as: ColumnUse) -> Result<()> {
        match &mut self.uses[index] {
            unset @ None => *unset = Some(used_as),
            // Ignoring a column twice is no contradiction.
            Some(known)
                if *known == used_as && matches!(used_as, ColumnUse::Unread(_)) => {}
            Some(_) => {
                let header = table.header[index].escape_debug();
                let message = format!("the column `{header}` is given two uses");
                return Err(Error::new(ErrorKind::InvalidValue, message)
                    .at(table.place(table.header_line))
                    .with_help("name it once, in one of `--column` and `--ignore`"));
            }
        }
        Ok(())
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.uses.iter().flatten().any(|used_as| *used_as == ColumnUse::Field(field))
    }
}

/// Finds the column of a header that the caller names.
fn find(table: &Table, header: &str) -> Result<usize> {
    let exact: Vec<usize> = indices(table, |own| own == header.trim());
    let wanted = words::normalized(header);
    let found = if !exact.is_empty() {
        exact
    } else if wanted.is_empty() {
        Vec::new()
    } else {
        indices(table, |own| words::normalized(own) == wanted)
    };
    match found[..] {
        [index] => Ok(index),
        [first, second, ..] => {
            Err(twice(table, &table.header[first], &table.header[second]))
        }
        [] => {
            let message = format!("the table has no column `{}`", header.escape_debug());
            let own = table.header.iter().map(String::as_str);
            let own = own.filter(|header| !header.is_empty());
            Err(Error::new(ErrorKind::MissingField, message)
                .at(table.place(table.header_line))
                .with_help(crate::base::error::did_you_mean(header, own)))
        }
    }
}

fn indices(table: &Table, is_wanted: impl Fn(&str) -> bool) -> Vec<usize> {
    (0..table.header.len()).filter(|index| is_wanted(&table.header[*index])).collect()
}
