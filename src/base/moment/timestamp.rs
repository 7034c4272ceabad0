//! When something was asked for, as its sender's clock says it.

use std::fmt;

use super::Moment;
use crate::base::as_text::as_text;
use crate::base::error::{Error, Kind, Result};

/// A point in universal time to the microsecond, as a sender's clock says it: of two requests, the
/// later one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    second: Moment,
    micros: u32,
}

impl Timestamp {
    /// Reads RFC 3339 with any offset, `2026-05-14T11:30:00.123456+02:00`, and what ISO 8601 allows
    /// beside it: a space for the `T`, an offset without its colon. What is finer than a microsecond
    /// is cut off.
    ///
    /// # Errors
    /// [`Kind::InvalidValue`]: another form, or no such time.
    pub fn parse(text: &str) -> Result<Self> {
        read(text).ok_or_else(|| {
            let start: String = text.chars().take(100).collect();
            let message = format!("`{}` is not a time", start.escape_debug());
            Error::new(Kind::InvalidValue, message)
                .with_help("write it with its offset, as in `2026-05-14T09:30:00+00:00`")
        })
    }

    /// The second that it lies in.
    pub fn second(self) -> Moment {
        self.second
    }
}

fn read(text: &str) -> Option<Timestamp> {
    let (local, rest) = text.split_at_checked(19)?;
    let (date, time) = local.split_at_checked(10)?;
    let time = time.strip_prefix([' ', 'T'])?;
    let local = Moment::parse(&format!("{date}T{time}Z")).ok()?.unix();
    let (micros, offset) = match rest.strip_prefix('.') {
        Some(rest) => fraction(rest)?,
        None => (0, rest),
    };
    let second = match offset {
        "Z" | "z" => local,
        _ => {
            let (sign, offset) = offset.split_at_checked(1)?;
            let offset = seconds(offset)?;
            match sign {
                "+" => local.checked_sub(offset)?,
                "-" => local + offset,
                _ => return None,
            }
        }
    };
    Some(Timestamp { second: Moment::from_unix(second)?, micros })
}

/// The digits that a text begins with as microseconds, and the rest of it.
fn fraction(text: &str) -> Option<(u32, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    let micros = format!("{digits:0<6}").get(..6)?.parse().ok()?;
    (!digits.is_empty()).then_some((micros, rest))
}

/// The seconds of an offset, `02:00` or `0200`.
fn seconds(offset: &str) -> Option<u64> {
    let (hours, minutes) = match offset.split_once(':') {
        Some(parts) => parts,
        None => offset.split_at_checked(2)?,
    };
    let number = |text: &str, most: u64| {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u64>().ok().filter(|number| digits && *number <= most)
    };
    Some(number(hours, 23)? * 3600 + number(minutes, 59)? * 60)
}

impl From<Moment> for Timestamp {
    fn from(second: Moment) -> Self {
        Self { second, micros: 0 }
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in universal time, with a fraction if there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.second.to_string();
        match self.micros {
            0 => f.write_str(&second),
            micros => write!(f, "{}.{micros:06}Z", second.trim_end_matches('Z')),
        }
    }
}

as_text!(Timestamp);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_offsets() {
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
            "2026-05-14T09:30:00",
            "2026-05-14T09:30:00.Z",
            "2026-05-14T09:30:00+1",
            "2026-05-14T09:30:00+24:00",
            "2026-05-14T09:30:00+٠٠:00",
            "2026-05-14x09:30:00Z",
            "2026-13-14T09:30:00Z",
            "1970-01-01T00:00:00+01:00",
            "２026-05-14T09:30:00Z",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_later_one_counts() {
        let times = ["09:30:00Z", "09:30:00.000001Z", "09:30:00.2Z", "09:30:01Z"]
            .map(|time| Timestamp::parse(&format!("2026-05-14T{time}")).unwrap());
        assert!(times.is_sorted_by(|a, b| a < b));
        assert_eq!(times[0], Timestamp::from(times[2].second()));
    }
}
