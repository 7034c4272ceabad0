//! The clock that an agent's caller gives it.

use crate::base::date::Date;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// Tells the time, which the library never reads by itself.
///
/// ```
/// use std::time::SystemTime;
/// use testamur::agent::{Clock, ClockReading};
/// use testamur::{Result, Timestamp};
///
/// /// The clock of the machine, with dates in UTC.
/// struct UtcClock;
///
/// impl Clock for UtcClock {
///     fn read(&self) -> Result<ClockReading> {
///         let now = Timestamp::try_from(SystemTime::now())?;
///         Ok(ClockReading { now, today: now.date() })
///     }
/// }
/// # assert!(UtcClock.read()?.today.year() > 2020);
/// # Ok::<(), testamur::Error>(())
/// ```
pub trait Clock: Send + Sync {
    /// Reads the clock once, so that day and time belong together also at midnight.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if the machine has no usable time.
    fn read(&self) -> Result<ClockReading>;
}

/// What a clock shows at one moment: time and date together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClockReading {
    /// The time.
    pub now: Timestamp,
    /// The date in the time zone of the site.
    pub today: Date,
}
