//! Moments in time, as seals and records write them: `2026-05-14T09:30:00Z`.
//!
//! The library never asks a clock: whoever calls it says what time it is.

mod timestamp;

use std::fmt;
use std::time::Duration;

use der::DateTime;

pub use self::timestamp::Timestamp;
use crate::base::as_text::as_text;
use crate::base::error::{Error, Kind, Result};

/// A second of universal time, from 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(DateTime);

impl Moment {
    /// The moment that many seconds after the beginning of 1970, if it lies before the year 10000.
    pub fn from_unix(seconds: u64) -> Option<Self> {
        DateTime::from_unix_duration(Duration::from_secs(seconds)).ok().map(Self)
    }

    /// Reads `YYYY-MM-DDThh:mm:ssZ` (RFC 3339, universal time) and no other form.
    ///
    /// # Errors
    /// [`Kind::InvalidValue`]: another form, or no such moment.
    pub fn parse(text: &str) -> Result<Self> {
        let ends = text.len() == 20 && text.ends_with('Z');
        text.parse().ok().filter(|_| ends).map(Self).ok_or_else(|| {
            let message = format!("`{}` is not a time", text.escape_debug());
            Error::new(Kind::InvalidValue, message)
                .with_help("write universal time as in `2026-05-14T09:30:00Z`")
        })
    }

    /// Seconds since the beginning of 1970.
    pub fn unix(self) -> u64 {
        self.0.unix_duration().as_secs()
    }

    /// The moment so many days later, or the last one there is.
    pub fn plus_days(self, days: u64) -> Self {
        let seconds = self.unix().saturating_add(days.saturating_mul(86_400));
        Self::from_unix(seconds).unwrap_or(Self(DateTime::INFINITY))
    }

    pub(crate) fn from_der(time: DateTime) -> Self {
        Self(time)
    }

    pub(crate) fn to_der(self) -> DateTime {
        self.0
    }

    /// The moment as PDF writes it: `D:20260514093000Z`.
    pub(crate) fn to_pdf(self) -> String {
        let t = self.0;
        format!(
            "D:{:04}{:02}{:02}{:02}{:02}{:02}Z",
            t.year(),
            t.month(),
            t.day(),
            t.hour(),
            t.minutes(),
            t.seconds()
        )
    }

    /// Reads what [`to_pdf`](Self::to_pdf) writes.
    pub(crate) fn from_pdf(text: &[u8]) -> Option<Self> {
        Self::from_digits(text.strip_prefix(b"D:")?.strip_suffix(b"Z")?)
    }

    /// Reads an ASN.1 `GeneralizedTime` in universal time. A fraction of a second, which RFC 3161
    /// allows, is passed over.
    pub(crate) fn from_generalized(text: &[u8]) -> Option<Self> {
        let (digits, fraction) = text.strip_suffix(b"Z")?.split_at_checked(14)?;
        let plain = match fraction.split_first() {
            None => true,
            Some((point, rest)) => {
                *point == b'.' && !rest.is_empty() && rest.iter().all(u8::is_ascii_digit)
            }
        };
        Self::from_digits(digits).filter(|_| plain)
    }

    fn from_digits(digits: &[u8]) -> Option<Self> {
        if digits.len() != 14 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |from: usize, to: usize| {
            digits[from..to].iter().fold(0, |n: u16, d| n * 10 + u16::from(d - b'0'))
        };
        let small = |from: usize| number(from, from + 2) as u8;
        DateTime::new(number(0, 4), small(4), small(6), small(8), small(10), small(12))
            .ok()
            .map(Self)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

as_text!(Moment);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_each_way() {
        let moment = Moment::parse("2026-02-28T23:59:58Z").unwrap();
        assert_eq!(moment.to_string(), "2026-02-28T23:59:58Z");
        assert_eq!(moment.to_pdf(), "D:20260228235958Z");
        assert_eq!(Moment::from_pdf(b"D:20260228235958Z"), Some(moment));
        for text in ["20260228235958Z", "20260228235958.09Z"] {
            assert_eq!(Moment::from_generalized(text.as_bytes()), Some(moment), "{text}");
        }
        assert_eq!(Moment::from_generalized(b"20260228235958.Z"), None);
        assert_eq!(Moment::from_unix(moment.unix()), Some(moment));
        assert_eq!(moment.plus_days(1).to_string(), "2026-03-01T23:59:58Z");
        assert_eq!(moment.plus_days(u64::MAX).to_string(), "9999-12-31T23:59:59Z");
        for text in [
            "",
            "2026-02-30T00:00:00Z",
            "2026-02-28T00:00:00+01:00",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(
                Moment::parse(text).unwrap_err().kind(),
                Kind::InvalidValue,
                "{text}"
            );
        }
        for text in [
            "D:20260230000000Z",
            "D:2026022800000Z",
            "20260228000000Z",
            "D:2026022800000aZ",
        ] {
            assert_eq!(Moment::from_pdf(text.as_bytes()), None, "{text}");
        }
    }
}
