//! How a recipients file is read where the file does not tell: what a course declares under
//! `recipients`, overridden by the arguments of the program.

use std::collections::HashSet;

use indexmap::IndexMap;

/// What the caller knows about a recipients file. What is not set is recognised from the file,
/// which is refused if it allows two readings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecipientsFormat {
    /// The headers of the columns that hold a value: `name`, a key of a request, or a free field.
    /// Several columns are joined by spaces in their order.
    pub columns: IndexMap<String, Vec<String>>,
    /// The headers of columns that are kept for the report of a run, and go nowhere else.
    pub keep: Vec<String>,
    /// The headers of columns that are not read, so that no warning names them.
    pub ignore: Vec<String>,
    /// The encoding of a text file that is neither UTF-8 nor UTF-16, by its label in the WHATWG
    /// standard: `windows-1250`.
    pub encoding: Option<String>,
    /// The character between the cells of a text file.
    pub delimiter: Option<char>,
    /// The name of the sheet, in a file that has several.
    pub sheet: Option<String>,
    /// The line of the header; unless set, the first that is not blank.
    pub header: Option<u32>,
    /// The order in which dates are written.
    pub dates: Option<DateOrder>,
}

/// The order of day, month and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// `31.12.2025`
    Dmy,
    /// `12/31/2025`
    Mdy,
    /// `2025/12/31`
    Ymd,
}

/// The names that a free field cannot have: the keys of a request, and the usual word for the date
/// of issue.
pub(crate) const RESERVED_FIELDS: [&str; 16] = [
    "course",
    "date",
    "designation",
    "extra",
    "gender",
    "grade",
    "issued",
    "language",
    "layout",
    "name",
    "paper",
    "requested_at",
    "second_language",
    "specimen",
    "template",
    "username",
];

impl DateOrder {
    /// The names of all orders.
    pub const NAMES: [&str; 3] = ["dmy", "mdy", "ymd"];

    /// Returns the order of a name: `dmy`, `mdy`, `ymd`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "dmy" => Some(Self::Dmy),
            "mdy" => Some(Self::Mdy),
            "ymd" => Some(Self::Ymd),
            _ => None,
        }
    }

    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dmy => "dmy",
            Self::Mdy => "mdy",
            Self::Ymd => "ymd",
        }
    }
}

impl RecipientsFormat {
    /// Fills in what is not set: columns by name, lists together, every other field as a whole. A column
    /// that is mapped or left out here has no other use from `below`.
    pub fn or(mut self, below: &Self) -> Self {
        let mapped: HashSet<String> =
            self.columns.values().flatten().chain(&self.ignore).cloned().collect();
        let is_told = |header: &String| mapped.contains(header);
        for (target, headers) in &below.columns {
            if !headers.iter().any(is_told) {
                self.columns.entry(target.clone()).or_insert_with(|| headers.clone());
            }
        }
        for header in &below.keep {
            if !self.keep.contains(header) {
                self.keep.push(header.clone());
            }
        }
        for header in &below.ignore {
            if !self.ignore.contains(header) && !is_told(header) {
                self.ignore.push(header.clone());
            }
        }
        Self {
            encoding: self.encoding.or_else(|| below.encoding.clone()),
            delimiter: self.delimiter.or(below.delimiter),
            sheet: self.sheet.or_else(|| below.sheet.clone()),
            header: self.header.or(below.header),
            dates: self.dates.or(below.dates),
            ..self
        }
    }

    /// Sets the headers of the columns that hold a value; several are joined by spaces.
    pub fn with_column<S: Into<String>>(
        mut self,
        target: impl Into<String>,
        headers: impl IntoIterator<Item = S>,
    ) -> Self {
        let headers = headers.into_iter().map(Into::into).collect();
        self.columns.insert(target.into(), headers);
        self
    }

    /// Keeps a column for the report.
    pub fn with_kept(mut self, header: impl Into<String>) -> Self {
        self.keep.push(header.into());
        self
    }

    /// Leaves a column unread, without a warning.
    pub fn with_ignored(mut self, header: impl Into<String>) -> Self {
        self.ignore.push(header.into());
        self
    }

    /// Sets the encoding.
    pub fn with_encoding(mut self, label: impl Into<String>) -> Self {
        self.encoding = Some(label.into());
        self
    }

    /// Sets the character between cells.
    pub fn with_delimiter(mut self, delimiter: char) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Sets the name of the sheet.
    pub fn with_sheet(mut self, name: impl Into<String>) -> Self {
        self.sheet = Some(name.into());
        self
    }

    /// Sets the line of the header, counted from 1.
    pub fn with_header(mut self, line: u32) -> Self {
        self.header = Some(line);
        self
    }

    /// Sets the order of dates.
    pub fn with_dates(mut self, order: DateOrder) -> Self {
        self.dates = Some(order);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::request::Request;

    #[test]
    fn no_free_field_is_called_as_a_value_of_requests() {
        let missing: Vec<_> = Request::KEYS
            .into_iter()
            .filter(|key| !RESERVED_FIELDS.contains(key))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn what_is_set_goes_before_what_is_below() {
        let own =
            RecipientsFormat::default().with_column("name", ["A"]).with_encoding("gbk");
        let below = RecipientsFormat::default()
            .with_column("name", ["B"])
            .with_column("grade", ["C"])
            .with_encoding("big5")
            .with_dates(DateOrder::Mdy)
            .with_ignored("D");
        let both = own.or(&below);
        assert_eq!(both.columns["name"], ["A"]);
        assert_eq!(both.columns["grade"], ["C"]);
        assert_eq!(both.encoding.as_deref(), Some("gbk"));
        let other = RecipientsFormat::default().with_column("username", ["C"]);
        let other = other.with_column("designation", ["D"]).or(&below);
        assert_eq!(
            other.columns.keys().collect::<Vec<_>>(),
            ["username", "designation", "name"]
        );
        assert!(other.ignore.is_empty());
        assert_eq!(
            (both.dates, both.ignore),
            (Some(DateOrder::Mdy), vec!["D".to_owned()])
        );
    }
}
