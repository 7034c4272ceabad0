//! What an error says: which dependency failed, who has to mend it, and what of it may be logged.

use crate::base::error::{Error, ErrorKind};

/// Whether the operator has to mend it and the request is not at fault: a missing right, an expired
/// key, a failing disk.
pub(super) fn is_for_operator(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Io
            | ErrorKind::Key
            | ErrorKind::QueueRefused
            | ErrorKind::StoreRefused
    )
}

/// Whether the store failed.
pub(super) fn is_of_store(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Store | ErrorKind::StoreRefused)
}

/// Whether sealing failed: a key, a signer or a TSA.
pub(super) fn is_of_seal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Key | ErrorKind::Signer | ErrorKind::Timestamp)
}

/// Returns what may be logged of an error at any level: a message about a request may name its
/// recipient, so only the kind and the place of such an error are logged.
pub(super) fn loggable(error: &Error) -> String {
    let is_impersonal = is_for_operator(error.kind())
        || matches!(
            error.kind(),
            ErrorKind::Queue
                | ErrorKind::Store
                | ErrorKind::Signer
                | ErrorKind::Timestamp
                | ErrorKind::UnknownCourse
        );
    match (is_impersonal, error.place()) {
        (true, _) => format!("{error:#}").replace('\n', "; "),
        (false, Some(place)) => format!("{}: {}", place, error.kind()),
        (false, None) => error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipient_name_in_a_message_is_not_logged() {
        let error = Error::new(ErrorKind::Revoked, "`Ada` has a certificate");
        assert!(!loggable(&error).contains("Ada"));
    }
}
