//! The clock that an agent's caller gives it.

use crate::base::date::Date;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// Tells the time, which the library never reads by itself.
pub trait Clock: Send + Sync {
    /// Returns the time.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if the machine has no usable time.
    fn now(&self) -> Result<Timestamp>;

    /// Returns the date in the time zone of the site.
    ///
    /// # Errors
    /// As [`now`](Self::now).
    fn today(&self) -> Result<Date>;
}
