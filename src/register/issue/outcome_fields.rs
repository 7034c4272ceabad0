//! The outcome of a request, as JSON fields.
//!
//! Takes a receipt, a revocation or an error; gives [`OutcomeFields`]. The decision made here: the
//! program's JSON and reports and the agent's answers have these fields, besides those that
//! identify the request, so that one reader understands all of them.

use std::borrow::Cow;

use serde::Serialize;

use crate::base::error::{Error, ErrorKind};
use crate::register::issue::receipt::{CertificateUrls, IssueOutcome};

/// The outcome of a request in one word, and its details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OutcomeFields {
    /// The outcome: that of [`IssueOutcome::as_str`], or `not-passed`, `revoked`, `ignored`,
    /// `failed`.
    pub outcome: &'static str,
    /// The ids and addresses of the certificate, if there is one.
    #[serde(flatten)]
    pub urls: Option<CertificateUrls>,
    /// The id of the verify page, where only that is known.
    #[serde(rename = "verify_id", skip_serializing_if = "Option::is_none")]
    pub revoked_id: Option<String>,
    /// Why there is no certificate, or why there was nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The kind of the error: that of [`ErrorKind::as_str`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Cow<'static, str>>,
    /// What failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where the cause of the error is, if that is in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl OutcomeFields {
    /// The outcome of a recipient whose grade does not pass.
    pub const NOT_PASSED: &str = "not-passed";
    /// The outcome of a request that cannot be done.
    pub const FAILED: &str = "failed";

    pub(crate) fn new(outcome: &'static str) -> Self {
        Self {
            outcome,
            urls: None,
            revoked_id: None,
            why: None,
            error: None,
            message: None,
            help: None,
            place: None,
        }
    }

    /// The recipient has this certificate.
    pub fn certificate(outcome: IssueOutcome, urls: &CertificateUrls) -> Self {
        Self { urls: Some(urls.clone()), ..Self::new(outcome.as_str()) }
    }

    /// The certificate of this verify id is not valid any more.
    pub fn revoked(verify_id: &str) -> Self {
        Self { revoked_id: Some(verify_id.to_owned()), ..Self::new("revoked") }
    }

    /// The grade does not pass.
    pub fn not_passed(why: &str) -> Self {
        Self { why: Some(why.to_owned()), ..Self::new(Self::NOT_PASSED) }
    }

    /// There was nothing to do.
    pub fn ignored(why: &str) -> Self {
        Self { why: Some(why.to_owned()), ..Self::new("ignored") }
    }

    /// The request cannot be done.
    pub fn failed(kind: ErrorKind, message: &str, help: Option<&str>) -> Self {
        Self {
            error: Some(kind.as_str().into()),
            message: Some(message.to_owned()),
            help: help.map(str::to_owned),
            ..Self::new(Self::FAILED)
        }
    }
}

impl From<&Error> for OutcomeFields {
    /// An error whose kind is [`ErrorKind::NotPassed`] is an outcome and no failure.
    fn from(error: &Error) -> Self {
        if error.kind() == ErrorKind::NotPassed {
            return Self::not_passed(error.message());
        }
        let failed = Self::failed(error.kind(), error.message(), error.help());
        Self { place: error.place().map(ToString::to_string), ..failed }
    }
}
