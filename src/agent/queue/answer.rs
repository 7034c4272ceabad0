//! The answer to a request: what its sender is told.

use serde_json::{Map, Value, json};

use super::delivery::{Correlation, Delivery};
use crate::base::date::Date;
use crate::base::digits::{CertificateId, Sha256};
use crate::base::error::{Error, ErrorKind, Warning};
use crate::register::issue::{CertificateUrls, IssueOutcome, OutcomeFields, Receipt};
use crate::register::record::Record;

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The recipient has a certificate.
    Issued {
        /// Its ids and URLs.
        urls: CertificateUrls,
        /// Whether this request issued it, or why it did not.
        outcome: IssueOutcome,
        /// Which edition it is, counted from 1.
        edition: u32,
        /// The date of issue, unless the record has none.
        issued: Option<Date>,
        /// What the page is, and what was noticed while it was made.
        page: Box<IssuedPage>,
    },
    /// A certificate is not valid any more.
    Revoked {
        /// Its verify id.
        verify_id: CertificateId,
    },
    /// The grade does not pass: there is no certificate, and the request is done.
    NotPassed {
        /// The reason.
        why: String,
    },
    /// There was nothing to do.
    Ignored {
        /// The reason.
        why: String,
    },
    /// The request cannot be done, now or later.
    Failed {
        /// The kind of the error.
        kind: ErrorKind,
        /// The error's message.
        message: String,
        /// What the sender can do next.
        help: Option<String>,
        /// Where the cause is, if that is in a file of the site.
        place: Option<String>,
    },
}

/// What an answer tells of a certificate's page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct IssuedPage {
    /// The language: a BCP 47 language tag.
    pub language: String,
    /// The name of the layout.
    pub layout: String,
    /// The digest of the PDF, unless the record has none.
    pub sha256: Option<Sha256>,
    /// What was noticed while the certificate was made. Empty if nothing was made.
    pub warnings: Vec<Warning>,
}

impl Answer {
    /// Returns the outcome in one word: that of [`IssueOutcome::as_str`], or `not-passed`,
    /// `revoked`, `ignored`, `failed`.
    pub fn as_str(&self) -> &'static str {
        self.fields().outcome
    }

    /// Whether a certificate was issued or revoked.
    pub(crate) fn is_change(&self) -> bool {
        match self {
            Self::Issued { outcome, .. } => outcome.is_new_edition(),
            Self::Revoked { .. } => true,
            Self::NotPassed { .. } | Self::Ignored { .. } | Self::Failed { .. } => false,
        }
    }

    /// Returns the answer to a delivery as JSON: the form of results on a stream, over HTTP and for
    /// the webhook.
    ///
    /// `id` is the request's id in the queue, `reference` the sender's own; `action`, `course` and
    /// `username` are as the request had them. `outcome` is one of `issued`, `unchanged`,
    /// `superseding`, `reissued`, `stale`, `not-passed`, `revoked`, `ignored`, `failed`. A certificate has
    /// `verify_id`, `download_id`, `verify_url`, `download_url`, `edition`, `language`, `layout`, `issued`,
    /// `sha256` and `warnings`; `not-passed` and `ignored` have `why`; a failure has `error`, `message` and
    /// perhaps `help` and `place`.
    pub fn to_json(&self, delivery: &Delivery) -> Value {
        let Correlation { action, course, recipient, reference } = delivery.correlation();
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
        // A struct of texts becomes an object.
        if let Ok(Value::Object(outcome)) = serde_json::to_value(self.fields()) {
            fields.extend(outcome);
        }
        if let Self::Issued { edition, issued, page, .. } = self {
            let IssuedPage { language, layout, sha256, warnings } = &**page;
            fields.insert("edition".into(), (*edition).into());
            fields.insert("language".into(), language.as_str().into());
            fields.insert("layout".into(), layout.as_str().into());
            fields.extend(issued.map(|date| ("issued".into(), date.to_string().into())));
            let sha256 = sha256.as_ref().map(|it| ("sha256".into(), it.as_str().into()));
            fields.extend(sha256);
            fields.insert("warnings".into(), json!(warnings));
        }
        Value::Object(fields)
    }

    fn fields(&self) -> OutcomeFields {
        match self {
            Self::Issued { urls, outcome, .. } => {
                OutcomeFields::certificate(*outcome, urls)
            }
            Self::Revoked { verify_id } => OutcomeFields::revoked(verify_id),
            Self::NotPassed { why } => OutcomeFields::not_passed(why),
            Self::Ignored { why } => OutcomeFields::ignored(why),
            Self::Failed { kind, message, help, place } => OutcomeFields {
                place: place.clone(),
                ..OutcomeFields::failed(*kind, message, help.as_deref())
            },
        }
    }
}

impl From<&Receipt> for Answer {
    fn from(receipt: &Receipt) -> Self {
        let certificate = receipt.record.certificate.as_ref();
        Self::Issued {
            urls: receipt.urls.clone(),
            outcome: receipt.outcome,
            edition: receipt.record.edition,
            issued: certificate.map(|certificate| certificate.issued),
            page: Box::new(IssuedPage {
                language: receipt.record.language.clone(),
                layout: receipt.record.layout.name.clone(),
                sha256: certificate.and_then(|it| it.pdf_sha256()).cloned(),
                warnings: receipt.warnings.clone(),
            }),
        }
    }
}

impl From<&Record> for Answer {
    /// The answer to the revocation of this certificate.
    fn from(record: &Record) -> Self {
        Self::Revoked { verify_id: record.id.clone() }
    }
}

impl From<&Error> for Answer {
    fn from(error: &Error) -> Self {
        Self::Failed {
            kind: error.kind(),
            message: error.message().to_owned(),
            help: error.help().map(str::to_owned),
            place: error.place().map(ToString::to_string),
        }
    }
}
