//! The clock that an agent's caller gives it.

use crate::base::date::Date;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// Says what time it is: the library does not know.
pub trait Clock: Send + Sync {
    /// The moment.
    ///
    /// # Errors
    /// If the machine shows no usable time.
    fn now(&self) -> Result<Timestamp>;

    /// The day, in the time zone of the site.
    ///
    /// # Errors
    /// As [`now`](Self::now).
    fn today(&self) -> Result<Date>;
}
