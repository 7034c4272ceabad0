//! What was found about a file and its status.

use crate::Timestamp;
use crate::register::Record;
use crate::seal::{Standing, Verification};

/// What was found about a file.
pub(super) struct VerifiedFile {
    pub(super) name: String,
    pub(super) found: Verification,
    pub(super) status: FoundStatus,
    /// What the file is, if it is no whole PDF, and what to do.
    pub(super) advice: Option<&'static str>,
}

/// What was found about the status of a certificate.
#[derive(Debug, Default)]
pub(super) struct FoundStatus {
    pub(super) standing: Standing,
    /// Why it is not known.
    pub(super) why: Option<String>,
    pub(super) record: Option<Record>,
    /// The source of the answer.
    pub(super) source: Option<String>,
    /// Whether the record is from the site's own register, which only the site writes.
    pub(super) is_own: bool,
}

impl FoundStatus {
    pub(super) fn unknown(why: impl Into<String>) -> Self {
        let (standing, why) = (Standing::Unknown, Some(why.into()));
        Self { standing, why, ..Self::default() }
    }

    pub(super) fn of(record: Record, source: &str, now: Timestamp) -> Self {
        let standing = record.standing(now.date());
        let facts = record.certificate.as_ref();
        let why = facts
            .and_then(|facts| facts.seal.as_ref()?.key_revoked)
            .map(|since| format!("the key that sealed it is revoked since {since}"));
        let source = Some(source.to_owned());
        Self { standing, why, record: Some(record), source, is_own: false }
    }
}
