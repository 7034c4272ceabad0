//! What is done with a request that failed: decided by the kind of its error.

use crate::base::error::{Error, ErrorClass, ErrorKind};

/// What is done with a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposition {
    /// It is answered with its error.
    Reject,
    /// It is returned to its queue and tried again, without a limit: the request is not at fault.
    Retry,
    /// It exceeded its deadline. It is tried once more, because the machine may have been
    /// busy, and then set aside.
    Abandoned,
    /// It is returned to its queue, and the agent ends.
    Shutdown,
}

impl Disposition {
    /// Decides by the class of the error, and of transient ones by the kind.
    pub(super) fn of(error: &Error) -> Self {
        match error.kind().class() {
            ErrorClass::Input | ErrorClass::Site | ErrorClass::Internal => Self::Reject,
            // The request waits until the operator has mended the environment.
            ErrorClass::Environment => Self::Retry,
            ErrorClass::Transient => match error.kind() {
                // The request itself may be what takes so long.
                ErrorKind::Deadline => Self::Abandoned,
                // Only a new process has threads that are free.
                ErrorKind::Unhealthy => Self::Shutdown,
                _ => Self::Retry,
            },
        }
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
            (ErrorKind::Deadline, Disposition::Abandoned),
            (ErrorKind::Unhealthy, Disposition::Shutdown),
        ] {
            assert_eq!(Disposition::of(&Error::new(kind, "")), disposition, "{kind}");
        }
    }
}
