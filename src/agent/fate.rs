//! What becomes of a request that failed.

use crate::base::error::{Error, Kind};

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
    Unwell,
}

impl Fate {
    pub(super) fn of(error: &Error) -> Self {
        match error.kind() {
            Kind::Deadline => Self::Slow,
            Kind::Unwell => Self::Unwell,
            kind if is_ours(kind) || error.is_retryable() => Self::Waits,
            _ => Self::Fails,
        }
    }
}

/// Whether it is for the operator to mend, and no request's fault: a right that was taken away, a key
/// that ran out, a disk that fails.
fn is_ours(kind: Kind) -> bool {
    matches!(kind, Kind::Io | Kind::Key | Kind::QueueRefused | Kind::StoreRefused)
}

/// Whether it is the store that failed.
pub(super) fn is_of_store(error: &Error) -> bool {
    matches!(error.kind(), Kind::Store | Kind::StoreRefused)
}

/// Whether it is what certificates are sealed with: a key, a signer, a time-stamp authority.
pub(super) fn is_of_seal(error: &Error) -> bool {
    matches!(error.kind(), Kind::Key | Kind::Signer | Kind::Timestamp)
}

/// What may be logged of an error: messages about requests may name a person.
pub(super) fn loggable(error: &Error) -> String {
    let telling = is_ours(error.kind())
        || matches!(
            error.kind(),
            Kind::Queue
                | Kind::Store
                | Kind::Signer
                | Kind::Timestamp
                | Kind::UnknownCourse
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
            (Kind::UnknownCourse, Fate::Fails),
            (Kind::Layout, Fate::Fails),
            (Kind::Withdrawn, Fate::Fails),
            (Kind::Panic, Fate::Fails),
            (Kind::Store, Fate::Waits),
            (Kind::StoreRefused, Fate::Waits),
            (Kind::Signer, Fate::Waits),
            (Kind::Timestamp, Fate::Waits),
            (Kind::Key, Fate::Waits),
            (Kind::Io, Fate::Waits),
            (Kind::Deadline, Fate::Slow),
            (Kind::Unwell, Fate::Unwell),
        ] {
            assert_eq!(Fate::of(&Error::new(kind, "")), fate, "{kind}");
        }
    }

    #[test]
    fn names_are_not_logged() {
        let error = Error::new(Kind::Withdrawn, "`Ada` has a certificate");
        assert!(!loggable(&error).contains("Ada"));
    }
}
