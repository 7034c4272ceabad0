//! Points in time, as seals, records and requests write them: `2026-05-14T09:30:00Z`.
//!
//! The library reads no clock: the caller passes the current time.

use std::fmt;
use std::time::SystemTime;

#[cfg(feature = "verify")]
use der::DateTime;
use jiff::SignedDuration;
use jiff::civil;
use jiff::fmt::temporal::{Pieces, PiecesOffset};

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::serde_text::serde_by_text;

/// A point in time in the years 1970 to 9999, to the microsecond.
///
/// Its text is RFC 3339 in UTC: `2026-05-14T09:30:00Z`, with six digits of a fraction only if there
/// is one: `2026-05-14T09:30:00.500000Z`.
// A civil time in UTC, because `jiff::Timestamp` ends a day before `99991231235959Z`, which X.509
// certificates without an expiry have (RFC 5280, 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(civil::DateTime);

impl Timestamp {
    const UNIX_EPOCH: civil::DateTime = civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    const MAX: civil::DateTime = civil::DateTime::constant(9999, 12, 31, 23, 59, 59, 0);

    /// Creates the time that many seconds after 1970-01-01T00:00:00Z; `None` from the year 10000
    /// on.
    pub fn from_unix(seconds: u64) -> Option<Self> {
        let seconds = SignedDuration::from_secs(i64::try_from(seconds).ok()?);
        Self::UNIX_EPOCH.checked_add(seconds).ok().map(Self)
    }

    /// Creates the time that many milliseconds after 1970-01-01T00:00:00Z; `None` from the year 10000
    /// on.
    #[cfg(feature = "redis")]
    pub(crate) fn from_unix_milliseconds(milliseconds: u64) -> Option<Self> {
        let since = SignedDuration::from_millis(i64::try_from(milliseconds).ok()?);
        Self::UNIX_EPOCH.checked_add(since).ok().map(Self)
    }

    /// Reads RFC 3339 with any offset, `2026-05-14T11:30:00.123456+02:00`; also with a space for
    /// the `T`, and with an offset without its colon. Digits after the microseconds are cut off.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: another form, no offset, or a time that does not exist or is
    /// before 1970.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| {
            let start: String = text.chars().take(100).collect();
            let message = format!("`{}` is not a time", start.escape_debug());
            Error::new(ErrorKind::InvalidValue, message)
                .with_help("write it with its offset, as in `2026-05-14T09:30:00+00:00`")
        })
    }

    fn read(text: &str) -> Option<Self> {
        // jiff also reads years of six digits, times without seconds, and names of time zones.
        let is_whole = text.as_bytes().get(16) == Some(&b':') && !text.contains('[');
        let pieces = Pieces::parse(text).ok().filter(|_| is_whole)?;
        let offset = match pieces.offset()? {
            PiecesOffset::Zulu => 0,
            PiecesOffset::Numeric(offset) => offset.offset().seconds(),
            _ => return None,
        };
        let local = pieces.date().to_datetime(pieces.time()?);
        let nanoseconds = local.subsec_nanosecond() % 1000;
        let local =
            local.checked_sub(SignedDuration::from_nanos(nanoseconds.into())).ok()?;
        let time = local.checked_sub(SignedDuration::from_secs(offset.into())).ok()?;
        let has_form = offset.unsigned_abs() < 86_400 && time >= Self::UNIX_EPOCH;
        has_form.then_some(Self(time))
    }

    /// Returns the whole seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> u64 {
        self.0.duration_since(Self::UNIX_EPOCH).as_secs().unsigned_abs()
    }

    /// Returns the day in UTC. For the day in another time zone, the caller needs a library of time
    /// zones.
    pub fn date(self) -> Date {
        let (month, day) = (self.0.month().unsigned_abs(), self.0.day().unsigned_abs());
        Date::new(self.0.year().into(), month, day)
            .expect("a `Date` has all days of the years 1970 to 9999")
    }

    /// Returns the time that many days of 24 hours later, at most the last second of the year 9999.
    pub fn plus_days(self, days: u64) -> Self {
        let seconds = days.checked_mul(86_400).and_then(|more| i64::try_from(more).ok());
        let later = seconds
            .and_then(|more| self.0.checked_add(SignedDuration::from_secs(more)).ok());
        Self(later.unwrap_or(Self::MAX))
    }

    /// The time that many microseconds later, within the same second: the order of what a clock of
    /// whole seconds, or milliseconds, does not tell apart.
    #[cfg(feature = "agent")]
    pub(crate) fn plus_order(self, microseconds: u64) -> Self {
        let left = 999_999 - i64::from(self.0.subsec_nanosecond() / 1000);
        let more = i64::try_from(microseconds).unwrap_or(left).min(left);
        let later = self.0.checked_add(SignedDuration::from_micros(more));
        later.map_or(self, Self)
    }

    #[cfg(feature = "verify")]
    pub(crate) fn from_der(time: DateTime) -> Self {
        Self::from_unix(time.unix_duration().as_secs())
            .expect("`DateTime` has the same range")
    }

    /// Writes the time as a PDF date (ISO 32000-2, 7.9.4) without its fraction of a second:
    /// `D:20260514093000Z`.
    pub(crate) fn to_pdf(self) -> String {
        self.0.strftime("D:%Y%m%d%H%M%SZ").to_string()
    }

    /// Reads what [`to_pdf`](Self::to_pdf) writes.
    pub(crate) fn from_pdf(text: &[u8]) -> Option<Self> {
        Self::from_digits(text.strip_prefix(b"D:")?.strip_suffix(b"Z")?)
    }

    /// Reads an ASN.1 `GeneralizedTime` in UTC. A fraction of a second, which RFC 3161 allows, is
    /// cut off.
    pub(crate) fn from_generalized(text: &[u8]) -> Option<Self> {
        let (digits, fraction) = text.strip_suffix(b"Z")?.split_at_checked(14)?;
        let is_plain = match fraction.split_first() {
            None => true,
            Some((point, rest)) => {
                *point == b'.' && !rest.is_empty() && rest.iter().all(u8::is_ascii_digit)
            }
        };
        Self::from_digits(digits).filter(|_| is_plain)
    }

    /// Reads `YYYYMMDDhhmmss`.
    fn from_digits(digits: &[u8]) -> Option<Self> {
        if digits.len() != 14 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let time = civil::DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
        // jiff reads second 60 as 59; these formats have no second 60.
        (time >= Self::UNIX_EPOCH && &digits[12..] != b"60").then_some(Self(time))
    }
}

/// Takes the time of a clock, in whole seconds: `Timestamp::try_from(SystemTime::now())`.
impl TryFrom<SystemTime> for Timestamp {
    type Error = Error;

    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the time is before 1970 or after 9999.
    fn try_from(time: SystemTime) -> Result<Self> {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).ok();
        since.and_then(|since| Self::from_unix(since.as_secs())).ok_or_else(|| {
            let message = "the clock shows a time before 1970 or after 9999";
            Error::new(ErrorKind::InvalidValue, message)
                .with_help("set the clock of the machine")
        })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.subsec_nanosecond() {
            0 => write!(f, "{}Z", self.0),
            _ => write!(f, "{:.6}Z", self.0),
        }
    }
}

serde_by_text!(Timestamp);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_format_is_written_and_read() {
        let time = Timestamp::parse("2026-02-28T23:59:58Z").unwrap();
        assert_eq!(time.to_string(), "2026-02-28T23:59:58Z");
        assert_eq!(time.to_pdf(), "D:20260228235958Z");
        assert_eq!(Timestamp::from_pdf(b"D:20260228235958Z"), Some(time));
        for text in ["20260228235958Z", "20260228235958.09Z"] {
            assert_eq!(
                Timestamp::from_generalized(text.as_bytes()),
                Some(time),
                "{text}"
            );
        }
        assert_eq!(Timestamp::from_generalized(b"20260228235958.Z"), None);
        assert_eq!(Timestamp::from_unix(time.unix()), Some(time));
        assert_eq!(
            Timestamp::from_der(DateTime::new(2026, 2, 28, 23, 59, 58).unwrap()),
            time
        );
        assert_eq!(time.plus_days(1).to_string(), "2026-03-01T23:59:58Z");
        assert_eq!(time.plus_days(u64::MAX).to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(time.plus_days(3_000_000).to_string(), "9999-12-31T23:59:59Z");
        let last = Timestamp::from_unix(253_402_300_799).unwrap();
        assert_eq!(last.to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(
            Timestamp::from_der(DateTime::new(9999, 12, 31, 23, 59, 59).unwrap()),
            last
        );
        assert_eq!(Timestamp::from_unix(253_402_300_800), None);
        for text in [
            "D:20260230000000Z",
            "D:2026022800000Z",
            "20260228000000Z",
            "D:2026022800000aZ",
            "D:20260228000060Z",
            "D:19691231235959Z",
        ] {
            assert_eq!(Timestamp::from_pdf(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn rfc_3339_is_read_with_any_offset() {
        for (text, expected) in [
            ("2026-05-14T09:30:00Z", "2026-05-14T09:30:00Z"),
            ("2026-05-14 09:30:00.5Z", "2026-05-14T09:30:00.500000Z"),
            ("2026-05-14T09:30:00.1234567Z", "2026-05-14T09:30:00.123456Z"),
            ("2026-05-14T09:30:00+00:00", "2026-05-14T09:30:00Z"),
            ("2026-05-14T00:10:00.000001+0530", "2026-05-13T18:40:00.000001Z"),
            ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00Z"),
        ] {
            let time = Timestamp::parse(text).unwrap();
            assert_eq!(time.to_string(), expected, "{text}");
            assert_eq!(Timestamp::parse(expected).unwrap(), time);
        }
        for text in [
            "",
            "2026-05-14",
            "2026-02-30T00:00:00Z",
            "2026-05-14T09:30Z",
            "2026-05-14T09:30:00",
            "2026-05-14T09:30:00.Z",
            "2026-05-14T09:30:00+1",
            "2026-05-14T09:30:00+24:00",
            "2026-05-14T09:30:00+٠٠:00",
            "2026-05-14T09:30:00+02:00[Europe/Berlin]",
            "2026-05-14x09:30:00Z",
            "2026-13-14T09:30:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "２026-05-14T09:30:00Z",
        ] {
            let error = Timestamp::parse(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{text}");
        }
    }

    #[test]
    fn day_is_that_of_utc() {
        let time = Timestamp::parse("2026-12-31T23:30:00-01:00").unwrap();
        assert_eq!(time.date().to_string(), "2027-01-01");
        let last = Timestamp::from_unix(253_402_300_799).unwrap();
        assert_eq!(last.date().to_string(), "9999-12-31");
    }

    #[test]
    fn clock_before_1970_is_refused() {
        let after = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_500);
        let time = Timestamp::try_from(after).unwrap();
        assert_eq!(time.to_string(), "1970-01-01T00:00:01Z");
        let before = SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(1);
        let error = Timestamp::try_from(before).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue);
    }

    #[test]
    fn times_are_ordered_to_the_microsecond() {
        let times = ["09:30:00Z", "09:30:00.000001Z", "09:30:00.2Z", "09:30:01Z"]
            .map(|time| Timestamp::parse(&format!("2026-05-14T{time}")).unwrap());
        assert!(times.is_sorted_by(|a, b| a < b));
    }

    proptest! {
        #[test]
        fn every_time_is_written_and_read_back(
            seconds in 0..=253_402_300_799_u64, micros in 0..1_000_000_u32,
            offset in -1439..=1439_i32,
        ) {
            let time = Timestamp::from_unix(seconds).unwrap();
            prop_assert_eq!(time.unix(), seconds);
            let since = std::time::Duration::from_secs(seconds);
            let der = DateTime::from_unix_duration(since).unwrap();
            prop_assert_eq!(Timestamp::from_der(der), time);
            prop_assert_eq!(Timestamp::from_pdf(time.to_pdf().as_bytes()), Some(time));
            let text = time.to_string();
            prop_assert_eq!(Timestamp::parse(&text).unwrap(), time);

            let with_fraction = text.replace('Z', &format!(".{micros:06}Z"));
            let time = Timestamp::parse(&with_fraction).unwrap();
            prop_assert_eq!(Timestamp::parse(&time.to_string()).unwrap(), time);
            let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
            let sign = if offset < 0 { '-' } else { '+' };
            let offset_text = format!("{sign}{hours:02}:{minutes:02}");
            if let Ok(local) = Timestamp::parse(&with_fraction.replace('Z', &offset_text)) {
                let seconds = i64::try_from(seconds).unwrap() - i64::from(offset) * 60;
                prop_assert_eq!(i64::try_from(local.unix()).unwrap(), seconds);
            }
        }
    }
}
