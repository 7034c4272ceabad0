//! Calendar dates, as courses, requests and records write them: `2026-05-14`.

use std::fmt;
use std::str::FromStr;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::serde_text::serde_by_text;

/// A day of the Gregorian calendar in the years 1 to 9999, without a time or a time zone.
///
/// Its text is `YYYY-MM-DD` (RFC 3339, `full-date`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// The first day that a date can be.
    #[cfg(feature = "press")]
    pub(crate) const MIN: Self = Self(jiff::civil::Date::constant(1, 1, 1));

    /// Creates a date from a year, a month from 1 and a day from 1; `None` if there is no such day.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let year = i16::try_from(year).ok().filter(|year| (1..=9999).contains(year))?;
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        jiff::civil::Date::new(year, month, day).ok().map(Self)
    }

    /// Reads `YYYY-MM-DD` and no other form.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: another form, or a day that does not exist.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidValue,
                format!("`{}` is not a date", text.escape_debug()),
            )
            .with_help("write year, month and day as in `2026-05-14`")
        })
    }

    /// Returns the year, from 1 to 9999.
    pub fn year(self) -> i32 {
        self.0.year().into()
    }

    /// Returns the month, from 1 to 12.
    pub fn month(self) -> u8 {
        self.0.month().unsigned_abs()
    }

    /// Returns the day of the month, from 1 to 31.
    pub fn day(self) -> u8 {
        self.0.day().unsigned_abs()
    }

    fn read(text: &str) -> Option<Self> {
        let has_form = |(at, byte): (usize, u8)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        // jiff also reads other forms, and years with a sign.
        let is_plain = text.len() == 10 && text.bytes().enumerate().all(has_form);
        let date: jiff::civil::Date = text.parse().ok().filter(|_| is_plain)?;
        (date.year() > 0).then_some(Self(date))
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
        self.0.fmt(f)
    }
}

serde_by_text!(Date);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_one_form_is_read() {
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
                ErrorKind::InvalidValue,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_day_is_written_and_read_back(
            year in 1..=9999, month in 1..=12_u8, day in 1..=31_u8,
        ) {
            if let Some(date) = Date::new(year, month, day) {
                prop_assert_eq!(Date::parse(&date.to_string()).unwrap(), date);
            } else {
                let text = format!("{year:04}-{month:02}-{day:02}");
                prop_assert!(Date::parse(&text).is_err());
            }
        }
    }
}
