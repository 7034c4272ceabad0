//! Reading a recipients file for courses of a site.
//!
//! Takes a press, what the caller knows of the file, and its bytes; gives the table, its mapping,
//! and the recipients. The decision made here: the formats that courses declare count only where
//! they agree and the caller says nothing.

use std::collections::BTreeSet;

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::lang::Tag;
use crate::press::Press;
use crate::site::course::Course;
use crate::site::recipients_format::RecipientsFormat;
use crate::site::tables::{
    ColumnUse, FreeFields, Mapping, RecipientField, RecipientRow, Recipients, RowFault,
    RowOptions, Table,
};

/// The most layouts in a column whose free fields are looked up.
const MAX_LAYOUTS: usize = 50;

/// The courses and the format by which the rows of a file are read.
pub(crate) struct TableReading<'a> {
    press: &'a Press,
    /// The courses that the rows may be of.
    courses: Vec<&'a Course>,
    /// What the caller and the courses say about the file.
    pub(crate) format: RecipientsFormat,
    pub(crate) is_list_of_names: bool,
    pub(crate) layout: Option<&'a str>,
    pub(crate) language: Option<Tag>,
    pub(crate) today: Date,
}

impl<'a> TableReading<'a> {
    /// Reads files for a course, or for all of the site if none is named.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCourse`](crate::ErrorKind::UnknownCourse).
    pub(crate) fn new(
        press: &'a Press,
        course: Option<&str>,
        format: RecipientsFormat,
        today: Date,
    ) -> Result<Self> {
        let courses: Vec<&Course> = match course {
            Some(id) => vec![press.courses().get(id)?],
            None => press.courses().iter().collect(),
        };
        let format = match courses[..] {
            [first, ref rest @ ..]
                if rest.iter().all(|course| course.recipients == first.recipients) =>
            {
                format.or(&first.recipients)
            }
            _ => format,
        };
        Ok(Self {
            press,
            courses,
            format,
            is_list_of_names: false,
            layout: None,
            language: None,
            today,
        })
    }

    /// Reads the table.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub(crate) fn table(&self, file: &str, bytes: Vec<u8>) -> Result<Table> {
        if self.is_list_of_names {
            return Table::read_names(file, bytes, &self.format);
        }
        Table::read(file, bytes, &self.format)
    }

    /// Maps the columns. The errors are those of [`Mapping::guess`].
    pub(crate) fn mapping(&self, table: &Table) -> (Mapping, Vec<Error>) {
        self.mapping_with(table, &self.free_fields(table), &[])
    }

    /// As [`mapping`](Self::mapping), with these free fields, and with what a person decided of
    /// columns by index.
    pub(crate) fn mapping_with(
        &self,
        table: &Table,
        fields: &FreeFields,
        decided: &[(usize, ColumnUse)],
    ) -> (Mapping, Vec<Error>) {
        Mapping::guess_with_faults(table, &self.format, fields, decided)
    }

    /// Reads the rows.
    ///
    /// # Errors
    /// As [`Recipients::read`].
    pub(crate) fn recipients(
        &self,
        table: &Table,
        mapping: &Mapping,
    ) -> Result<Recipients> {
        let language = self.language.clone();
        let language = language.or_else(|| match self.courses[..] {
            [course] => Some(course.language.clone()),
            _ => None,
        });
        let options = RowOptions::default()
            .with_dates(self.format.dates)
            .with_language(language)
            .with_today(self.today);
        let mut recipients = Recipients::read(table, mapping, &options)?;
        for row in &mut recipients.rows {
            if row.fault.is_none() {
                row.fault = self.rounding_fault(row);
            }
        }
        Ok(recipients)
    }

    /// The fault of a row whose grade is another outcome as its cell shows it than as it is: 9.96 that is
    /// shown as `10`.
    fn rounding_fault(&self, row: &RecipientRow) -> Option<RowFault> {
        let (shown, value) = (row.grade.as_deref()?, row.grade_value.as_deref()?);
        let course = match (&row.course, &self.courses[..]) {
            (Some(id), _) => self.press.courses().get(id).ok()?,
            (None, [course]) => *course,
            (None, _) => return None,
        };
        let own = row.language.as_deref().and_then(|tag| Tag::parse(tag).ok());
        let language = own.or_else(|| self.language.clone());
        let language = language.as_ref().unwrap_or(&course.language);
        // A number of a sheet has a point.
        let written = Tag::parse("en").ok()?;
        let judged = |grade: &str, language: &Tag| match course.mark(grade, language) {
            Ok(mark) => Ok(course.outcome(&mark).map(|it| it.place().clone())),
            Err(error) => Err(error.kind()),
        };
        if judged(shown, language) == judged(value, &written) {
            return None;
        }
        let message = format!(
            "the cell of the grade shows `{}` and holds {value}, and the two have not the same \
             outcome",
            shown.escape_debug()
        );
        let help = "round the grades in the sheet, or show their decimals";
        Some(RowFault::new(ErrorKind::InvalidValue, message, help))
    }

    /// The free fields of the courses, on the layouts that the certificates may have. A layout that
    /// cannot be read is skipped here, and reported with the certificate.
    pub(crate) fn free_fields(&self, table: &Table) -> FreeFields {
        let any = FreeFields { all: true, ..FreeFields::default() };
        let mut layouts: BTreeSet<Option<&str>> = BTreeSet::new();
        layouts.insert(self.layout);
        let mapping = Mapping::guess(table, &self.format, &any).ok();
        let column = mapping.and_then(|it| it.columns_of(RecipientField::Layout).next());
        if let Some(column) = column {
            let named = table.rows.iter().map(|row| row.cells[column].text.as_str());
            let named = named.filter(|name| !name.is_empty());
            layouts.extend(named.take(10_000).map(Some));
        }
        let mut fields = FreeFields::default();
        for course in &self.courses {
            for layout in layouts.iter().take(MAX_LAYOUTS) {
                if let Ok(more) = self.press.free_fields(course, *layout) {
                    fields.extend(more);
                }
            }
        }
        fields
    }
}
