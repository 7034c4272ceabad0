//! What came of a request, for whoever sent it.

use serde_json::{Map, Value, json};

use super::{About, Delivery};
use crate::base::error::{Error, Kind};
use crate::register::issue::{Issued, Receipt};
use crate::register::record::Record;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// There is a certificate.
    Issued {
        /// Where.
        links: Links,
        /// Whether it is new.
        outcome: Issued,
    },
    /// A certificate is valid no more.
    Withdrawn {
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
        kind: Kind,
        /// What failed.
        message: String,
        /// What to do next.
        help: Option<String>,
    },
}

/// Where a certificate can be had and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The id of its verify page, 32 hexadecimal digits.
    pub verify_id: String,
    /// The id of its PDF, 32 hexadecimal digits.
    pub download_id: String,
    /// The verify page's address.
    pub verify_url: String,
    /// The PDF's address.
    pub download_url: String,
}

impl Answer {
    /// The outcome in one word: that of [`Issued::as_str`], or `withdrawn`, `ignored`, `failed`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Issued { outcome, .. } => outcome.as_str(),
            Self::Withdrawn { .. } => "withdrawn",
            Self::Ignored { .. } => "ignored",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether something was made or changed.
    pub(crate) fn is_change(&self) -> bool {
        let made = [Issued::New, Issued::Superseding];
        match self {
            Self::Issued { outcome, .. } => made.contains(outcome),
            Self::Withdrawn { .. } => true,
            Self::Ignored { .. } | Self::Failed { .. } => false,
        }
    }

    /// The answer to a delivery as JSON, the form of results, on a stream and over HTTP.
    ///
    /// `id` is the request's in the queue, `reference` the sender's own; `action`, `course` and
    /// `username` are as the request had them. `outcome` is one of `new`, `repeated`,
    /// `superseding`, `late`, `withdrawn`, `ignored`, `failed`. A certificate has `verify_id`,
    /// `download_id`, `verify_url` and `url`; a failure `error`, `message` and perhaps `help`.
    pub fn to_json(&self, delivery: &Delivery) -> Value {
        let About { action, course, learner, reference } = delivery.about();
        let mut fields = Map::new();
        fields.insert("id".into(), delivery.id().into());
        for (key, value) in [
            ("reference", reference),
            ("action", action),
            ("course", course),
            ("username", learner),
        ] {
            if let Some(value) = value {
                fields.insert(key.into(), value.as_str().into());
            }
        }
        fields.insert("outcome".into(), self.as_str().into());
        let more = match self {
            Self::Issued { links, .. } => json!({
                "verify_id": links.verify_id,
                "download_id": links.download_id,
                "verify_url": links.verify_url,
                "url": links.download_url,
            }),
            Self::Withdrawn { verify_id } => json!({ "verify_id": verify_id }),
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
        let links = Links {
            verify_id: receipt.record.id.clone(),
            download_id: receipt.download_id.clone(),
            verify_url: receipt.verify_url.clone(),
            download_url: receipt.download_url.clone(),
        };
        Self::Issued { links, outcome: receipt.outcome }
    }
}

impl From<&Record> for Answer {
    /// Of a certificate that was withdrawn.
    fn from(record: &Record) -> Self {
        Self::Withdrawn { verify_id: record.id.clone() }
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
