//! What came of a request, for whoever sent it.

use serde_json::{Map, Value, json};

use super::{About, Delivery};
use crate::base::error::{Error, ErrorKind};
use crate::register::issue::{CertificateUrls, IssueOutcome, Receipt};
use crate::register::record::Record;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// There is a certificate.
    Issued {
        /// Where.
        urls: CertificateUrls,
        /// Whether it is new.
        outcome: IssueOutcome,
    },
    /// A certificate is valid no more.
    Revoked {
        /// Its verify id.
        verify_id: String,
    },
    /// Nothing was to be done.
    Ignored {
        /// Why.
        why: String,
    },
    /// It cannot be done, now or later.
    Failed {
        /// What kind of fault it is.
        kind: ErrorKind,
        /// What failed.
        message: String,
        /// What to do next.
        help: Option<String>,
    },
}

impl Answer {
    /// The outcome in one word: that of [`IssueOutcome::as_str`], or `revoked`, `ignored`, `failed`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Issued { outcome, .. } => outcome.as_str(),
            Self::Revoked { .. } => "revoked",
            Self::Ignored { .. } => "ignored",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether something was made or changed.
    pub(crate) fn is_change(&self) -> bool {
        let made = [IssueOutcome::Issued, IssueOutcome::Superseding];
        match self {
            Self::Issued { outcome, .. } => made.contains(outcome),
            Self::Revoked { .. } => true,
            Self::Ignored { .. } | Self::Failed { .. } => false,
        }
    }

    /// The answer to a delivery as JSON, the form of results, on a stream and over HTTP.
    ///
    /// `id` is the request's in the queue, `reference` the sender's own; `action`, `course` and
    /// `username` are as the request had them. `outcome` is one of `issued`, `unchanged`,
    /// `superseding`, `stale`, `revoked`, `ignored`, `failed`. A certificate has `verify_id`,
    /// `download_id`, `verify_url` and `url`; a failure `error`, `message` and perhaps `help`.
    pub fn to_json(&self, delivery: &Delivery) -> Value {
        let About { action, course, recipient, reference } = delivery.about();
        let mut fields = Map::new();
        fields.insert("id".into(), delivery.id().into());
        for (key, value) in [
            ("reference", reference),
            ("action", action),
            ("course", course),
            ("username", recipient),
        ] {
            if let Some(value) = value {
                fields.insert(key.into(), value.as_str().into());
            }
        }
        fields.insert("outcome".into(), self.as_str().into());
        let more = match self {
            Self::Issued { urls, .. } => json!({
                "verify_id": urls.verify_id,
                "download_id": urls.download_id,
                "verify_url": urls.verify_url,
                "url": urls.download_url,
            }),
            Self::Revoked { verify_id } => json!({ "verify_id": verify_id }),
            Self::Ignored { why } => json!({ "why": why }),
            Self::Failed { kind, message, help: None } => {
                json!({ "error": kind.as_str(), "message": message })
            }
            Self::Failed { kind, message, help: Some(help) } => {
                json!({ "error": kind.as_str(), "message": message, "help": help })
            }
        };
        if let Value::Object(more) = more {
            fields.extend(more);
        }
        Value::Object(fields)
    }
}

impl From<&Receipt> for Answer {
    fn from(receipt: &Receipt) -> Self {
        Self::Issued { urls: receipt.urls.clone(), outcome: receipt.outcome }
    }
}

impl From<&Record> for Answer {
    /// Of a certificate that was revoked.
    fn from(record: &Record) -> Self {
        Self::Revoked { verify_id: record.id.clone() }
    }
}

impl From<&Error> for Answer {
    fn from(error: &Error) -> Self {
        Self::Failed {
            kind: error.kind(),
            message: error.to_string(),
            help: error.help().map(str::to_owned),
        }
    }
}
