//! The clock of the machine: the only file of the program that reads it.

use crate::{Date, Timestamp};
use jiff::Zoned;

use super::exit::Failure;

/// Today's date in an IANA time zone, or in the machine's if none is given.
pub(crate) fn today(timezone: Option<&str>) -> Result<Date, Failure> {
    date(&in_zone(machine_time(), timezone)?)
}

/// The current time.
pub(crate) fn now() -> Result<Timestamp, Failure> {
    timestamp(&machine_time())
}

/// As [`now`], with an error of the library, for the result of one certificate.
pub(crate) fn checked_now() -> crate::Result<Timestamp> {
    now().map_err(|failure| crate::Error::new(crate::ErrorKind::Io, failure.message))
}

/// The current time, with its date in an IANA time zone, or in the machine's if none is given.
#[cfg(any(feature = "agent", feature = "studio"))]
pub(crate) fn read(timezone: Option<&str>) -> Result<(Timestamp, Date), Failure> {
    let now = in_zone(machine_time(), timezone)?;
    Ok((timestamp(&now)?, date(&now)?))
}

#[expect(clippy::disallowed_methods, reason = "this file reads the clock")]
fn machine_time() -> Zoned {
    Zoned::now()
}

fn in_zone(now: Zoned, timezone: Option<&str>) -> Result<Zoned, Failure> {
    let Some(zone) = timezone else { return Ok(now) };
    now.in_tz(zone).map_err(|error| {
        Failure::new(format!(
            "testamur.yaml: there is no time zone `{zone}` ({error})\nhelp: write an \
             IANA name such as `Europe/Berlin`"
        ))
    })
}

fn date(now: &Zoned) -> Result<Date, Failure> {
    let (year, month, day) = (i32::from(now.year()), now.month(), now.day());
    Date::new(year, month.unsigned_abs(), day.unsigned_abs()).ok_or_else(|| {
        Failure::new(format!(
            "the clock shows {now}, which is outside of the calendar\nhelp: set the clock of \
             the machine"
        ))
    })
}

fn timestamp(now: &Zoned) -> Result<Timestamp, Failure> {
    let seconds = u64::try_from(now.timestamp().as_second());
    seconds.ok().and_then(Timestamp::from_unix).ok_or_else(|| {
        Failure::new("the clock shows no usable time\nhelp: set the clock of the machine")
    })
}
