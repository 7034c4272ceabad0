//! The private side of a certificate: what went in, and the record that it would have.
//!
//! A snapshot is written before anything is published, under the id of the certificate and the
//! SHA-256 of its PDF. Several processes may each have one for the same certificate; whose PDF is
//! created first is the winner, and the PDF's hash leads everybody else to the snapshot that goes
//! with it. So whoever finishes a certificate publishes the same bytes.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::record::Record;
use crate::site::award::Award;
use crate::site::request::Request;

/// All that is needed to publish a certificate but its PDF.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) schema: u32,
    pub(crate) award: Award,
    pub(crate) request: Input,
    pub(crate) record: Record,
    /// The armoured OpenPGP signature over the PDF, and the key that made it.
    pub(crate) signature: Option<Signature>,
}

/// A detached signature.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Signature {
    pub(crate) armor: String,
    pub(crate) key: String,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Input {
    course: String,
    name: String,
    recipient: Option<String>,
    requested_at: Option<Timestamp>,
    language: Option<String>,
    #[serde(default)]
    second_language: Option<String>,
    issued: Option<Date>,
    grade: Option<String>,
    designation: Option<String>,
    layout: Option<String>,
    extra: IndexMap<String, Value>,
}

impl Input {
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
            designation: request.designation().map(str::to_owned),
            layout: request.layout().map(str::to_owned),
            extra: request.extra().clone(),
        }
    }
}

impl Snapshot {
    /// Whether this is what a request asks for, whenever it does.
    #[cfg(feature = "agent")]
    pub(crate) fn answers(&self, request: &Request) -> bool {
        let requested_at = self.request.requested_at;
        self.request == Input { requested_at, ..Input::of(request) }
    }

    const SCHEMA: u32 = 1;

    pub(crate) fn new(
        award: &Award,
        request: &Request,
        record: Record,
        signature: Option<Signature>,
    ) -> Self {
        let (award, request) = (award.clone(), Input::of(request));
        Self { schema: Self::SCHEMA, award, request, record, signature }
    }

    /// Where the snapshot of a certificate is, by the SHA-256 of its PDF.
    pub(crate) fn path(id: &str, sha256: &str) -> String {
        format!("{id}/{sha256}.json")
    }

    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).map_err(|cause| {
            Error::new(
                ErrorKind::Syntax,
                format!("failed to read the snapshot ({cause})"),
            )
        })
    }

    pub(crate) fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self)
            .expect("a snapshot has string keys and finite numbers");
        json.push('\n');
        json
    }
}
