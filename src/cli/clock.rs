//! The clock of the machine: the only file of the program that reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Date, Timestamp};
use jiff::Zoned;

use super::exit::Failure;

/// Today's date in an IANA time zone, or in the machine's if none is given.
#[expect(clippy::disallowed_methods, reason = "this file reads the clock")]
pub(crate) fn today(timezone: Option<&str>) -> Result<Date, Failure> {
    let now = Zoned::now();
    let now = match timezone {
        Some(zone) => now.in_tz(zone).map_err(|error| {
            Failure::new(format!(
                "testamur.yaml: there is no time zone `{zone}` ({error})\nhelp: write an \
                 IANA name such as `Europe/Berlin`"
            ))
        })?,
        None => now,
    };
    let (year, month, day) = (i32::from(now.year()), now.month(), now.day());
    Date::new(year, month.unsigned_abs(), day.unsigned_abs()).ok_or_else(|| {
        Failure::new(format!(
            "the clock shows {now}, which is outside of the calendar\nhelp: set the clock of \
             the machine"
        ))
    })
}

/// The current time.
#[expect(clippy::disallowed_methods, reason = "this file reads the clock")]
pub(crate) fn now() -> Result<Timestamp, Failure> {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| Timestamp::from_unix(since.as_secs()))
        .ok_or_else(|| {
            Failure::new(
                "the clock shows no usable time\nhelp: set the clock of the machine",
            )
        })
}

/// The current local time in the format of syslog(3): `May  4 09:05:00`.
#[expect(clippy::disallowed_methods, reason = "this file reads the clock")]
#[cfg(feature = "http")]
pub(crate) fn syslog_time() -> String {
    Zoned::now().strftime("%b %e %H:%M:%S").to_string()
}
