//! What is doubtful about a value, and its words.

use crate::base::error::{ErrorKind, Place, Warning};

/// What is doubtful about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// The text of a formula's error: `#N/A`.
    FormulaError,
    /// A word for no value: `null`, `None`, `N/A`.
    NoValue,
    /// A character reference or a tag of HTML: `&amp;`, `<b>`.
    Markup,
    /// A filter or template of another system: `{mlang en}`, `{{ name }}`, `[[name]]`.
    Template,
    /// An address in the place of a name.
    AddressForName,
    /// A digit in a name.
    DigitInName,
    /// A line break in a name, which prints as a space.
    LineBreakInName,
    /// A name with the family name first, before a comma.
    CommaInName,
    /// A given name without a family name, or the other way round, in a table that has both.
    NamePartMissing,
    /// Letters that were decoded wrongly before: `MÃ¼ller`, `J?rgen`.
    BrokenLetters,
    /// All names are in capitals.
    Capitals,
    /// All names are in small letters.
    SmallLetters,
    /// A date of issue far from the current day.
    FarDate,
    /// The only value of its row, where most rows have more: it may be a heading inside the table.
    AloneInRow,
    /// A name with a sign that stands between several.
    SeveralNames,
    /// A name that differs from another one only in capitals, accents or signs.
    AlikeName,
    /// A username that differs from another one only in capitals.
    AlikeUsername,
    /// A grade that the cell of a sheet rounds.
    RoundedGrade,
    /// A word for not having passed, in a column that nothing reads.
    UnreadFailure,
    /// A text in quotes, or in a form that only spreadsheets need: `'00123`, `="00123"`.
    SpreadsheetQuote,
}

/// A kind of doubtful values: how many there are, and where the first is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The kind.
    pub kind: FindingKind,
    /// How many values are of it.
    pub count: usize,
    /// The header of the first one's column.
    pub column: String,
    /// The first one.
    pub value: String,
    /// The place of the first one.
    pub place: Place,
}

impl Finding {
    /// Returns the finding as a warning.
    pub fn to_warning(&self) -> Warning {
        let shown: String = self.value.chars().take(60).collect();
        let shown = shown.escape_debug();
        let what = match self.kind {
            FindingKind::FormulaError => "is the error of a formula",
            FindingKind::NoValue => "may mean that there is no value",
            FindingKind::Markup => "has HTML, which is printed as it is",
            FindingKind::Template => "has a template, which is printed as it is",
            FindingKind::AddressForName => "is an address and no name",
            FindingKind::DigitInName => "is read as a name, but contains a digit",
            FindingKind::LineBreakInName => {
                "is read as a name, but contains a line break"
            }
            FindingKind::NamePartMissing => {
                "is the whole name, because the other part is empty"
            }
            FindingKind::CommaInName => "is printed as it is, with the family name first",
            FindingKind::BrokenLetters => "has letters that may be decoded wrongly",
            FindingKind::Capitals => "is in capitals, as all names are",
            FindingKind::SmallLetters => "is in small letters, as all names are",
            FindingKind::FarDate => "is far from today",
            FindingKind::AloneInRow => {
                "is the only value of its row, and other rows have more"
            }
            FindingKind::SeveralNames => "may be the names of several recipients",
            FindingKind::AlikeName => {
                "differs from another name only in capitals, accents or signs"
            }
            FindingKind::AlikeUsername => {
                "differs from another username only in capitals"
            }
            FindingKind::RoundedGrade => {
                "is rounded by its cell, which holds more digits; it is read as shown"
            }
            FindingKind::UnreadFailure => {
                "may mean that there is no certificate, but its column is not read"
            }
            FindingKind::SpreadsheetQuote => "has a sign that only a spreadsheet needs",
        };
        let more = match self.count {
            1 => String::new(),
            count => format!(" ({count} such values)"),
        };
        let message = format!("`{shown}` in the column `{}` {what}{more}", self.column);
        let help = match self.kind {
            FindingKind::CommaInName => {
                "write the names as they are to be printed, or in two columns: given and \
                 family name"
            }
            FindingKind::Capitals | FindingKind::SmallLetters => {
                "names are printed as they are written"
            }
            FindingKind::AlikeName | FindingKind::AlikeUsername => {
                "each gets a certificate: delete one if they are the same recipient"
            }
            FindingKind::RoundedGrade => {
                "round the grades in the sheet, or show their decimals"
            }
            FindingKind::UnreadFailure => {
                "delete the rows that get no certificate, or map the column: --column grade=\"…\""
            }
            _ => "look at the file again before these certificates are issued",
        };
        Warning::new(ErrorKind::InvalidValue, message)
            .at(self.place.clone())
            .with_help(help)
    }
}
