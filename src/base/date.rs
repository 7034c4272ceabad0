//! A calendar date, as courses, requests and records write it: `2026-05-14`.

use std::fmt;
use std::str::FromStr;

use icu_calendar::Iso;

use crate::base::as_text::as_text;
use crate::base::error::{Error, Kind, Result};

/// A day of the Gregorian calendar, from year 1 to 9999, without a time or a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

impl Date {
    /// The date, if there is such a day.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        if !(1..=9999).contains(&year) {
            return None;
        }
        icu_calendar::Date::try_new_iso(year, month, day).ok()?;
        Some(Self { year, month, day })
    }

    /// Reads `YYYY-MM-DD` (ISO 8601, RFC 3339 `full-date`) and no other form.
    ///
    /// # Errors
    /// [`Kind::InvalidValue`]: another form, or no such day.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| {
            Error::new(
                Kind::InvalidValue,
                format!("`{}` is not a date", text.escape_debug()),
            )
            .with_help("write year, month and day as in `2026-05-14`")
        })
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.year
    }

    /// The month, from one.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from one.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The date as ICU4X's formatters take it.
    pub(crate) fn iso(self) -> icu_calendar::Date<Iso> {
        icu_calendar::Date::try_new_iso(self.year, self.month, self.day)
            .expect("`new` has built this very date")
            .to_calendar(Iso)
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| {
            bytes[range].iter().try_fold(0, |number: i32, byte| {
                byte.is_ascii_digit().then(|| number * 10 + i32::from(byte - b'0'))
            })
        };
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        Self::new(digits(0..4)?, digits(5..7)? as u8, digits(8..10)? as u8)
    }
}

impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

as_text!(Date);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_form_only() {
        let date = Date::parse("2024-02-29").unwrap();
        assert_eq!((date.year(), date.month(), date.day()), (2024, 2, 29));
        assert_eq!(date.to_string(), "2024-02-29");
        let wrong = [
            "",
            "2026-02-29",
            "2026-5-14",
            "14.05.2026",
            "2026-05-14T00:00",
            "２０２６-05-14",
        ];
        for text in wrong.into_iter().chain(["0000-01-01", "+026-01-01", "2026-13-01"]) {
            assert_eq!(
                Date::parse(text).unwrap_err().kind(),
                Kind::InvalidValue,
                "{text}"
            );
        }
    }
}
