//! What becomes of a request that failed.

use crate::base::error::{Error, ErrorKind};

/// What becomes of a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is answered with its fault.
    Fails,
    /// It is tried again, for ever: somebody else is at fault, or nobody.
    Waits,
    /// It did not end in time: it is tried once more, because the machine may have been busy.
    Slow,
    /// It is given back, and the agent ends.
    Unhealthy,
}

impl Fate {
    pub(super) fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Deadline => Self::Slow,
            ErrorKind::Unhealthy => Self::Unhealthy,
            kind if is_ours(kind) || error.is_retryable() => Self::Waits,
            _ => Self::Fails,
        }
    }
}

/// Whether it is for the operator to mend, and no request's fault: a right that was taken away, a key
/// that ran out, a disk that fails.
fn is_ours(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Io
            | ErrorKind::Key
            | ErrorKind::QueueRefused
            | ErrorKind::StoreRefused
    )
}

/// Whether it is the store that failed.
pub(super) fn is_of_store(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Store | ErrorKind::StoreRefused)
}

/// Whether it is what certificates are sealed with: a key, a signer, a time-stamp authority.
pub(super) fn is_of_seal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Key | ErrorKind::Signer | ErrorKind::Timestamp)
}

/// What may be logged of an error: messages about requests may name a person.
pub(super) fn loggable(error: &Error) -> String {
    let telling = is_ours(error.kind())
        || matches!(
            error.kind(),
            ErrorKind::Queue
                | ErrorKind::Store
                | ErrorKind::Signer
                | ErrorKind::Timestamp
                | ErrorKind::UnknownCourse
        );
    match (telling, error.place()) {
        (true, _) => format!("{error:#}").replace('\n', "; "),
        (false, Some(place)) => format!("{}: {}", place, error.kind()),
        (false, None) => error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_fails_for_what_is_not_its_fault() {
        for (kind, fate) in [
            (ErrorKind::UnknownCourse, Fate::Fails),
            (ErrorKind::Layout, Fate::Fails),
            (ErrorKind::Revoked, Fate::Fails),
            (ErrorKind::Panic, Fate::Fails),
            (ErrorKind::Store, Fate::Waits),
            (ErrorKind::StoreRefused, Fate::Waits),
            (ErrorKind::Signer, Fate::Waits),
            (ErrorKind::Timestamp, Fate::Waits),
            (ErrorKind::Key, Fate::Waits),
            (ErrorKind::Io, Fate::Waits),
            (ErrorKind::Deadline, Fate::Slow),
            (ErrorKind::Unhealthy, Fate::Unhealthy),
        ] {
            assert_eq!(Fate::of(&Error::new(kind, "")), fate, "{kind}");
        }
    }

    #[test]
    fn names_are_not_logged() {
        let error = Error::new(ErrorKind::Revoked, "`Ada` has a certificate");
        assert!(!loggable(&error).contains("Ada"));
    }
}
