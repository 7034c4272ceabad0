//! The public record of an issued certificate, `certificate.json`: with it a certificate exists.
//!
//! Its serde shape is a format that outlives this program: `docs/record.md` documents it, and
//! [`Record::SCHEMA`] counts its versions. It holds what is printed and nothing personal besides.

use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::site::course::Colour;

/// What is publicly known of one edition of an award.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// The version of this format.
    pub schema: u32,
    /// The id of the verify page: 32 hexadecimal digits in lower case.
    pub id: String,
    /// Whether it is valid.
    pub status: Status,
    /// The edition of the award, from one.
    pub edition: u32,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it was asked for, if the request said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// A fingerprint of the facts, keyed by the site's secret: equal for equal facts, and nothing
    /// can be guessed from it. Gone when the person was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<String>,
    /// The language of certificate and page, a BCP 47 tag.
    pub language: String,
    /// Who certifies.
    pub organization: OrganizationFacts,
    /// The layout.
    pub layout: Content,
    /// Its colours, which the verify page shares.
    pub theme: ThemeFacts,
    /// What made it: name and version.
    pub engine: String,
    /// What is certified: not told of a certificate that was superseded or erased, and not there if
    /// it was revoked before it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// The verify page of the edition that superseded this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// What happened to it since it was issued, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Event>,
}

/// Whether a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It stands.
    Valid,
    /// It is an example that certifies nothing.
    Specimen,
    /// A later edition took its place.
    Superseded,
    /// It was taken back.
    Revoked,
    /// Its person was forgotten.
    Erased,
}

impl Status {
    /// Whether it can be had as it was issued.
    pub(crate) fn stands(self) -> bool {
        matches!(self, Status::Valid | Status::Specimen)
    }

    /// The status in one word, as the record writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Valid => "valid",
            Status::Specimen => "specimen",
            Status::Superseded => "superseded",
            Status::Revoked => "revoked",
            Status::Erased => "erased",
        }
    }
}

/// A change of a certificate's status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// What it became.
    pub status: Status,
    /// When.
    pub at: Timestamp,
    /// When it was asked for, if the request said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// Why, in the words of whoever revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Something named, by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Content {
    /// Its name.
    pub name: String,
    /// The SHA-256 of what it consisted of: 64 hexadecimal digits in lower case.
    pub sha256: String,
}

/// What an issued certificate says, and what proves it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Certificate {
    /// The document's title.
    pub title: String,
    /// To whom.
    pub name: String,
    /// A degree or rank, where it is printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub designation: Option<String>,
    /// For what.
    pub course: CourseFacts,
    /// The date of issue.
    pub issued: Date,
    /// The date of issue in words of the language.
    pub issued_text: String,
    /// Who signed.
    pub signatories: Vec<SignatoryFacts>,
    /// Every sentence that is printed, in the order of reading.
    pub printed: Vec<Printed>,
    /// The verify page's address.
    pub verify_url: String,
    /// The PDF.
    pub pdf: File,
    /// The OpenPGP signature beside it, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureFacts>,
    /// The seal inside it.
    pub seal: SealFacts,
}

/// A course, as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CourseFacts {
    /// Its id.
    pub id: String,
    /// Its title in the certificate's language.
    pub title: String,
}

/// An organization, as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrganizationFacts {
    /// In full.
    pub name: String,
    /// As in course ids.
    pub short: String,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignatoryFacts {
    /// The name.
    pub name: String,
    /// The office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A printed sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Printed {
    /// Its role in the layout.
    pub role: String,
    /// Its text.
    pub text: String,
}

/// A published file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct File {
    /// Its address.
    pub url: String,
    /// Its path in the store.
    pub path: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// Its SHA-256: 64 hexadecimal digits in lower case.
    pub sha256: String,
}

/// The OpenPGP signature beside the PDF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignatureFacts {
    /// Its path in the store.
    pub path: String,
    /// The whole fingerprint of the key: 40 hexadecimal digits in upper case.
    pub key: String,
}

/// The seal inside the PDF.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SealFacts {
    /// Its level when it was issued, by ETSI EN 319 142-1.
    pub level: String,
    /// Whom its certificate names.
    pub signer: String,
    /// The SHA-256 of its certificate: 64 hexadecimal digits in lower case.
    pub certificate: String,
}

/// The colours of a certificate, `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ThemeFacts {
    /// Of ornaments.
    pub accent: Colour,
    /// Of the paper.
    pub paper: Colour,
    /// Of the text.
    pub ink: Colour,
}

impl Record {
    /// The version of the format.
    pub const SCHEMA: u32 = 1;

    /// Reads a `certificate.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`] when it is no record, or one of a later version.
    pub fn parse(json: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let failed = |cause: serde_json::Error| {
            Error::new(ErrorKind::Syntax, format!("failed to read the record ({cause})"))
        };
        let Version { schema } = serde_json::from_slice(json).map_err(failed)?;
        if schema > Self::SCHEMA {
            let message = format!("the record has version {schema} of the format");
            return Err(Error::new(ErrorKind::Syntax, message)
                .with_help("a later testamur wrote it: use that one"));
        }
        serde_json::from_slice(json).map_err(failed)
    }

    /// When it was asked for last, or made for want of that.
    pub(crate) fn last_requested_at(&self) -> Timestamp {
        self.requested_at.unwrap_or(self.issued_at)
    }

    /// The content of the file.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self)
            .expect("a record has string keys and finite numbers");
        json.push('\n');
        json
    }

    /// The record of a certificate that another took the place of: no word of what it said.
    pub(crate) fn superseded(self, successor: &str, at: Timestamp) -> Self {
        let successor = Some(successor.to_owned());
        let superseded = Self { certificate: None, successor, ..self };
        superseded.then(Event::new(Status::Superseded, at))
    }

    /// The record of a certificate that was taken back. Of one that was already, only when that was
    /// asked for last is new.
    pub(crate) fn revoked(
        mut self,
        reason: &str,
        requested_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Self {
        match (self.status, self.history.last_mut()) {
            (Status::Revoked, Some(event)) => {
                event.requested_at = event
                    .requested_at
                    .map(|before| requested_at.map_or(before, |it| it.max(before)));
                self
            }
            _ => self.then(Event {
                requested_at,
                reason: Some(reason.to_owned()),
                ..Event::new(Status::Revoked, at)
            }),
        }
    }

    /// The record of a person who was forgotten: that there was one.
    pub(crate) fn erased(mut self, at: Timestamp) -> Self {
        // A reason may name the person.
        self.history.iter_mut().for_each(|event| event.reason = None);
        let gone = Self { certificate: None, successor: None, facts: None, ..self };
        gone.then(Event::new(Status::Erased, at))
    }

    fn then(mut self, event: Event) -> Self {
        if self.status != event.status {
            self.status = event.status;
            self.history.push(event);
        }
        self
    }
}

impl Event {
    fn new(status: Status, at: Timestamp) -> Self {
        Self { status, at, requested_at: None, reason: None }
    }
}
