//! Recipients files: tables of people in CSV, XLSX and ODS, as real programs save them.
//!
//! - **Takes**: the bytes of a file, and what the caller knows of it: a [`RecipientsFormat`].
//! - **Gives**: a [`Table`]; its [`Mapping`], which can be shown and changed; and the
//!   [`Recipients`], each a [`Request`](crate::site::Request) of its own, with the [`Finding`]s.
//!
//! The decision made here is that nothing is guessed at. A table has a header, and a column counts
//! only if its header is a known word or the caller maps it; every other column is named. Where two
//! readings are possible (of the encoding, the separator, the order of dates, the sheet), the file
//! is refused and the message has both.
//!
//! ```
//! use testamur::site::tables::{FreeFields, Mapping, Recipients, RowOptions, Table};
//! use testamur::site::RecipientsFormat;
//!
//! let file = "Timestamp,Email Address,Full Name\n2026/05/14,ada@example.org,Ada Lovelace\n";
//! let format = RecipientsFormat::default();
//! let table = Table::read("form.csv", file.into(), &format)?;
//! let mapping = Mapping::guess(&table, &format, &FreeFields::default())?;
//! let recipients = Recipients::read(&table, &mapping, &RowOptions::default())?;
//! assert_eq!(recipients.rows[0].name, "Ada Lovelace");
//! let unread = mapping.unread_warning(&table).unwrap();
//! assert_eq!(unread.message, "these columns are not used: `Timestamp`, `Email Address`");
//! # Ok::<(), testamur::Error>(())
//! ```

mod archive;
mod csv;
mod dates;
mod decimals;
mod doubt;
mod encoding;
mod field;
mod finding;
mod findings;
mod guess;
mod lone_rows;
mod mapping;
mod month_names;
mod number_format;
mod ods;
mod other_rows;
mod recipient_row;
mod recipients;
mod rounded;
mod sheet;
mod table;
mod text;
mod told;
mod words;
mod xlsx;
mod xml;

#[cfg(feature = "cli")]
#[cfg(feature = "cli")]
pub(crate) use self::encoding::spellings;
pub use self::field::RecipientField;
pub use self::finding::{Finding, FindingKind};
pub use self::mapping::{ColumnUse, FreeFields, MappedColumn, Mapping, Unread};
#[cfg(feature = "cli")]
pub(crate) use self::recipient_row::nested as nested_fields;
pub use self::recipient_row::{RecipientRow, RequestDefaults, RowFault};
pub use self::recipients::{Recipients, RowOptions};
pub use self::table::{CellKind, Table, TableCell, TableRow};

use self::archive::{FileForm, form_of};
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::site::recipients_format::RecipientsFormat;

impl Table {
    /// Reads the table in a file. The content tells whether it is CSV, TSV, XLSX or ODS. `file` is
    /// its name in messages.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: the file is none of these, or broken; its encoding or separator cannot
    /// be known. [`ErrorKind::InvalidValue`]: merged cells, hidden rows, or a value of `format` that
    /// fits no file. [`ErrorKind::MissingField`]: it has no header, or no such sheet.
    /// [`ErrorKind::TooLarge`].
    pub fn read(file: &str, bytes: Vec<u8>, format: &RecipientsFormat) -> Result<Self> {
        check_size(file, &bytes)?;
        match form_of(file, &bytes)? {
            FileForm::Text => text::read_table(file, bytes, format),
            FileForm::Xlsx => {
                let sheets = xlsx::read_sheets(file, &bytes, format.sheet.as_deref())?;
                sheet::choose(file, sheets, format)
            }
            FileForm::Ods => sheet::choose(file, ods::read_sheets(file, &bytes)?, format),
        }
    }

    /// Reads a list of names, one on each line: a table with the one column `name`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the first line is the header of a table, or the file is a
    /// spreadsheet. Else as [`read`](Self::read).
    pub fn read_names(
        file: &str,
        bytes: Vec<u8>,
        format: &RecipientsFormat,
    ) -> Result<Self> {
        check_size(file, &bytes)?;
        if form_of(file, &bytes)? != FileForm::Text {
            let message = "the file is a spreadsheet, and no list of names";
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .at(Place::file(file))
                .with_help("write `name` above the names, and leave out --names"));
        }
        text::read_names(file, bytes, format)
    }
}

fn check_size(file: &str, bytes: &[u8]) -> Result<()> {
    if bytes.len() > table::MAX_FILE {
        return Err(table::too_large(file, format_args!("{} MB", table::MAX_FILE >> 20)));
    }
    Ok(())
}
