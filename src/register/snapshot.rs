//! The private side of a certificate: the request that it answers, and the record that it will
//! have.
//!
//! A snapshot is written to the private store before anything is published, under the verify id and
//! the SHA-256 of the PDF. Several processes may each write one for the same certificate. The PDF
//! that is created first counts, and its hash leads every process to the snapshot that belongs to
//! it, so that each of them publishes the same bytes.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::date::Date;
use crate::base::digits::{CertificateId, KeyedDigest};
use crate::base::error::{Error, ErrorKind, Result};
#[cfg(feature = "studio")]
use crate::base::lang::Tag;
use crate::base::timestamp::Timestamp;
use crate::register::record::{Record, Status};
use crate::site::award::Award;
#[cfg(feature = "studio")]
use crate::site::gender::Gender;
use crate::site::request::Request;
use crate::text::phrases::PrintedFact;

/// Everything that publishing a certificate needs besides its PDF.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) schema: u32,
    pub(crate) award: Award,
    pub(crate) request: RequestSnapshot,
    pub(crate) record: Record,
    /// The edition before this one, as it was when this one was decided on. A later revocation or
    /// erasure of that edition holds for this one too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) predecessor: Option<Predecessor>,
    /// The facts that the certificate prints, by which later messages name differences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) facts: Vec<PrintedFact>,
    /// The fingerprint of the id of the message that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<KeyedDigest>,
    /// The verify id of the certificate of another name that it corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instead_of: Option<CertificateId>,
    /// The detached signature of the PDF, if the site has an OpenPGP key.
    pub(crate) signature: Option<DetachedSignature>,
}

/// An edition at the time when the next one was decided on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Predecessor {
    pub(crate) id: CertificateId,
    pub(crate) status: Status,
    /// What the public record says of it.
    pub(crate) mark: KeyedDigest,
}

/// A detached OpenPGP signature and the public key that verifies it, both in ASCII armor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DetachedSignature {
    pub(crate) armor: String,
    pub(crate) key: String,
}

/// The request that a certificate was issued for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RequestSnapshot {
    course: String,
    pub(crate) name: String,
    recipient: Option<String>,
    requested_at: Option<Timestamp>,
    language: Option<String>,
    #[serde(default)]
    second_language: Option<String>,
    issued: Option<Date>,
    grade: Option<String>,
    /// Whether the grade is a share of 1, whatever the scale of the course.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    grade_is_fraction: bool,
    designation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gender: Option<String>,
    layout: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    #[serde(default)]
    paper: Option<String>,
    extra: IndexMap<String, Value>,
}

impl RequestSnapshot {
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            course: request.course().to_owned(),
            name: request.name().as_str().to_owned(),
            recipient: request.recipient().map(str::to_owned),
            requested_at: request.requested_at(),
            language: request.language().map(|tag| tag.as_str().to_owned()),
            second_language: request.second_language().map(|tag| tag.as_str().to_owned()),
            issued: request.issued(),
            grade: request.grade().map(str::to_owned),
            grade_is_fraction: request.is_grade_fraction(),
            designation: request.designation().map(str::to_owned),
            gender: request.gender().map(|gender| gender.as_str().to_owned()),
            layout: request.layout().map(str::to_owned),
            template: request.template().map(str::to_owned),
            paper: request.paper().map(str::to_owned),
            extra: request.extra().clone(),
        }
    }
}

#[cfg(feature = "studio")]
impl RequestSnapshot {
    /// The same request for another name, without the time of the old one.
    ///
    /// # Errors
    /// [`ErrorKind::Name`]: the name cannot be printed.
    pub(crate) fn to_request(&self, name: &str) -> Result<Request> {
        let mut request = Request::new(&self.course, name)?;
        if let Some(username) = &self.recipient {
            request = request.with_username(username);
        }
        if let Some(language) = &self.language {
            request = request.with_language(Tag::parse(language)?);
        }
        if let Some(language) = &self.second_language {
            request = request.with_second_language(Tag::parse(language)?);
        }
        if let Some(issued) = self.issued {
            request = request.with_issued(issued);
        }
        request = match &self.grade {
            Some(grade) if self.grade_is_fraction => request.with_grade_fraction(grade),
            Some(grade) => request.with_grade(grade),
            None => request,
        };
        if let Some(gender) = &self.gender {
            request = request.with_gender(Gender::parse(gender)?);
        }
        if let Some(template) = &self.template {
            request = request.with_template(template);
        }
        if let Some(designation) = &self.designation {
            request = request.with_designation(designation);
        }
        if let Some(layout) = &self.layout {
            request = request.with_layout(layout);
        }
        if let Some(paper) = &self.paper {
            request = request.with_paper(paper);
        }
        for (key, value) in &self.extra {
            request = request.with_extra(key, value.clone());
        }
        Ok(request)
    }
}

impl Snapshot {
    const SCHEMA: u32 = 1;

    /// The snapshot of a first edition, without its facts.
    pub(crate) fn new(
        award: &Award,
        request: &Request,
        record: Record,
        signature: Option<DetachedSignature>,
    ) -> Self {
        Self {
            schema: Self::SCHEMA,
            award: award.clone(),
            request: RequestSnapshot::of(request),
            record,
            predecessor: None,
            facts: Vec::new(),
            message: None,
            instead_of: None,
            signature,
        }
    }

    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).map_err(|cause| {
            Error::caused(ErrorKind::Syntax, "failed to read the snapshot", cause)
        })
    }

    pub(crate) fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self)
            .expect("a snapshot has string keys and finite numbers");
        json.push('\n');
        json
    }

    /// The recipient's username, if the request had one.
    pub(crate) fn username(&self) -> Option<&str> {
        self.request.recipient.as_deref()
    }

    /// The texts of the free fields that the request gave.
    pub(crate) fn given_texts(&self) -> impl Iterator<Item = &str> {
        self.request.extra.values().filter_map(Value::as_str)
    }

    /// Whether the certificate was issued for an equal request. The time of the request does not
    /// count.
    #[cfg(feature = "agent")]
    pub(crate) fn answers(&self, request: &Request) -> bool {
        let requested_at = self.request.requested_at;
        self.request == RequestSnapshot { requested_at, ..RequestSnapshot::of(request) }
    }
}
