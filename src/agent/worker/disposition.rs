//! What is done with a request that failed: decided by the kind of its error, and by how often it
//! exceeded its deadline.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::base::error::{Error, ErrorClass, ErrorKind};

/// A request that exceeds its deadline so often is not tried again.
const MAX_DEADLINES_EXCEEDED: u32 = 2;
/// The most requests whose exceeded deadlines are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// What is done with a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposition {
    /// It is answered with its error.
    Reject,
    /// It is returned to its queue and tried again, without a limit: the request is not at fault.
    Retry,
    /// It exceeded its deadline and is tried once more, because the machine may have been busy.
    RetryOnce,
    /// It is returned to its queue, and the agent ends.
    Shutdown,
}

/// How often requests exceeded their deadline, so that [`Disposition::RetryOnce`] ends.
#[derive(Debug, Default)]
pub(crate) struct DeadlineCounts {
    /// By source and id.
    counts: Mutex<HashMap<String, u32>>,
}

impl Disposition {
    /// Decides by the class of the error, and of transient ones by the kind.
    pub(super) fn of(error: &Error) -> Self {
        match error.kind().class() {
            ErrorClass::Input | ErrorClass::Site | ErrorClass::Internal => Self::Reject,
            // The request waits until the operator has mended it.
            ErrorClass::Environment => Self::Retry,
            ErrorClass::Transient => match error.kind() {
                // The request may itself be what takes so long.
                ErrorKind::Deadline => Self::RetryOnce,
                // Only a new process has threads that are free.
                ErrorKind::Unhealthy => Self::Shutdown,
                _ => Self::Retry,
            },
        }
    }
}

impl DeadlineCounts {
    /// Decides what is done with a request of a source, and counts an exceeded deadline.
    pub(super) fn decide(&self, source: &str, id: &str, error: &Error) -> Disposition {
        let disposition = Disposition::of(error);
        if disposition == Disposition::RetryOnce
            && self.count(format!("{source} {id}")) >= MAX_DEADLINES_EXCEEDED
        {
            return Disposition::Reject;
        }
        disposition
    }

    /// Returns how often this request exceeded its deadline, this time included.
    fn count(&self, key: String) -> u32 {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MAX_REMEMBERED {
            counts.clear();
        }
        let count = counts.entry(key).or_default();
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_is_rejected_only_for_its_own_error() {
        for (kind, disposition) in [
            (ErrorKind::UnknownCourse, Disposition::Reject),
            (ErrorKind::Layout, Disposition::Reject),
            (ErrorKind::Revoked, Disposition::Reject),
            (ErrorKind::Panic, Disposition::Reject),
            (ErrorKind::Store, Disposition::Retry),
            (ErrorKind::StoreRefused, Disposition::Retry),
            (ErrorKind::Signer, Disposition::Retry),
            (ErrorKind::Timestamp, Disposition::Retry),
            (ErrorKind::Key, Disposition::Retry),
            (ErrorKind::Io, Disposition::Retry),
            (ErrorKind::Deadline, Disposition::RetryOnce),
            (ErrorKind::Unhealthy, Disposition::Shutdown),
        ] {
            assert_eq!(Disposition::of(&Error::new(kind, "")), disposition, "{kind}");
        }
    }

    #[test]
    fn request_that_exceeds_its_deadline_twice_is_rejected() {
        let counts = DeadlineCounts::default();
        let late = Error::new(ErrorKind::Deadline, "");
        assert_eq!(counts.decide("queue", "1", &late), Disposition::RetryOnce);
        assert_eq!(counts.decide("http", "1", &late), Disposition::RetryOnce);
        assert_eq!(counts.decide("queue", "1", &late), Disposition::Reject);
    }
}
