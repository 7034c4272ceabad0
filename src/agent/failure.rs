//! What follows from an error: which dependency failed, at which level it is logged, and
//! what of it may be logged.

use tracing::Level;

use crate::base::error::{Error, ErrorClass, ErrorKind};

/// Whether the store failed.
pub(super) fn is_of_store(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Store | ErrorKind::StoreRefused)
}

/// Whether sealing failed: a key, a signer or a TSA.
pub(super) fn is_of_seal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Key | ErrorKind::Signer | ErrorKind::Timestamp)
}

/// The level at which a request that was answered with this kind of error is logged.
pub(super) fn log_level(kind: ErrorKind) -> Level {
    match kind.class() {
        ErrorClass::Input
        | ErrorClass::Site
        | ErrorClass::Environment
        | ErrorClass::Transient => Level::WARN,
        ErrorClass::Internal => Level::ERROR,
    }
}

/// Returns what may be logged of an error at any level: a message about a request may name its
/// recipient, so only the kind and the place of such an error are logged.
pub(super) fn loggable(error: &Error) -> String {
    let kind = error.kind();
    let is_impersonal = match kind.class() {
        // A course's id names no person.
        ErrorClass::Input => kind == ErrorKind::UnknownCourse,
        ErrorClass::Environment => true,
        // The messages of these errors name the request, and so its recipient.
        ErrorClass::Transient => {
            !matches!(kind, ErrorKind::Deadline | ErrorKind::Unhealthy)
        }
        ErrorClass::Site | ErrorClass::Internal => false,
    };
    match (is_impersonal, error.place()) {
        // The file of a photo may have the name of its recipient.
        (_, Some(place)) if place.file.starts_with("photos/") => kind.to_string(),
        (true, _) => format!("{error:#}").replace('\n', "; "),
        (false, Some(place)) => format!("{}: {}", place, error.kind()),
        (false, None) => error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Place;

    #[test]
    fn recipient_name_in_a_message_is_not_logged() {
        let error = Error::new(ErrorKind::Revoked, "`Ada` has a certificate");
        assert!(!loggable(&error).contains("Ada"));
        for kind in [ErrorKind::Io, ErrorKind::Image] {
            let photo = Error::new(kind, "broken").at(Place::file("photos/ada.jpg"));
            assert!(!loggable(&photo).contains("ada"));
        }
    }
}
