//! The public record of an issued certificate, `certificate.json`. A certificate exists as soon as
//! its record does.
//!
//! The serde shape of [`Record`] is a file format that outlives this program: `docs/record.md`
//! documents it, and [`Record::SCHEMA`] counts its versions. A record holds what the certificate
//! prints, and nothing else that is personal.

use serde::{Deserialize, Serialize};

use crate::base::date::Date;
use crate::base::digits::{CertificateId, KeyedDigest, PgpFingerprint, Sha256};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::lang::Tag;
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::press::layout::Layout;
use crate::site::course::{Colour, Course, Text};
use crate::site::settings::CertificateUrl;

/// What is publicly known about one edition of an award: the content of `certificate.json`.
///
/// Times are written by RFC 3339 in UTC, dates as `2026-05-14`. Keys without a value are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// The version of this format: [`Record::SCHEMA`] in a record of this release.
    pub schema: u32,
    /// The verify id, which is also in the address of the verify page.
    pub id: CertificateId,
    /// The status of the edition.
    pub status: Status,
    /// The number of the edition in its award, counted from 1.
    pub edition: u32,
    /// When the edition was issued. Of a tombstone, when it was written.
    pub issued_at: Timestamp,
    /// When the certificate was requested, to the microsecond: as the request says, or else when an
    /// agent accepted it. A later request with the same facts and a time of its own updates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// The fingerprint of the facts, derived from them with the site's id secret. Equal for equal facts;
    /// the facts cannot be guessed from it. Absent after an erasure and in a tombstone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<KeyedDigest>,
    /// The fingerprint of the appearance: all else that can be seen on the certificate. Its form is
    /// that of `facts`. A record that has `facts` and no `appearance` was written before
    /// certificates were compared by what they print: its `facts` are those of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appearance: Option<KeyedDigest>,
    /// The last day on which the certificate is valid. Reserved: this release does not set it, and
    /// keeps it in records that have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
    /// The language of certificate and pages: a BCP 47 language tag.
    pub language: String,
    /// The organization that certifies.
    pub organization: OrganizationFacts,
    /// The layout of the page.
    pub layout: LayoutVersion,
    /// The colours of the page, which the verify page shares.
    pub theme: ThemeFacts,
    /// The program that made the certificate, with its version: `testamur 0.1.0`.
    pub engine: String,
    /// What the certificate says. Absent after the edition was superseded or erased, and in a
    /// tombstone, the record of a certificate that was revoked before it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateFacts>,
    /// The address of the verify page of the edition that superseded this one. Absent if none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<CertificateUrl>,
    /// A mark of the edition before this one in its award, derived from its verify id with the site's
    /// id secret, so that only the site can find that edition. Absent in a first edition, and after an
    /// erasure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<KeyedDigest>,
    /// The changes of the status since the edition was issued, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<StatusChange>,
}

/// The status of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// The certificate is valid.
    Valid,
    /// The certificate is an example, which certifies nothing.
    Specimen,
    /// Its validity period is over. Reserved: this release reads this status, and issues no
    /// certificate with an end.
    Expired,
    /// A later edition took its place.
    Superseded,
    /// The issuer ended its validity.
    Revoked,
    /// Everything personal was removed.
    Erased,
}

impl Status {
    /// Whether the edition is as it was issued, so that its PDF can be downloaded.
    pub(crate) fn stands(self) -> bool {
        matches!(self, Status::Valid | Status::Specimen)
    }

    /// The rank of the status. An edition only ever gets a status of a higher rank.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Status::Valid | Status::Specimen => 0,
            Status::Expired => 1,
            Status::Superseded => 2,
            Status::Revoked => 3,
            Status::Erased => 4,
        }
    }

    /// The status in one word, as the record writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Valid => "valid",
            Status::Specimen => "specimen",
            Status::Expired => "expired",
            Status::Superseded => "superseded",
            Status::Revoked => "revoked",
            Status::Erased => "erased",
        }
    }
}

/// A change of an edition's status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StatusChange {
    /// The status since then.
    pub status: Status,
    /// When the status was changed.
    pub at: Timestamp,
    /// When the change was requested, to the microsecond, if the request said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// The reason of a revocation, as the operator or the platform wrote it. Removed by an erasure,
    /// because it may name the recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A layout, and the digest of its files when the certificate was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LayoutVersion {
    /// The name of the layout's folder, such as `classic`.
    pub name: String,
    /// The SHA-256 of the layout's files. Absent if another program issued the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

/// What an issued certificate says, and the files that prove it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// The title of the document, in the certificate's language.
    pub title: String,
    /// The name of the recipient, as it is printed.
    pub name: String,
    /// The degree or rank of the recipient. Absent if it is not printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub designation: Option<String>,
    /// The course.
    pub course: CourseFacts,
    /// The date on the certificate.
    pub issued: Date,
    /// That date in the words of the certificate, which may be the course's own (`Spring 2026`).
    pub issued_text: String,
    /// The signatories, in the order of the course file.
    pub signatories: Vec<SignatoryFacts>,
    /// Every sentence that is printed outside of the table, in the order of reading.
    pub printed: Vec<PrintedSentence>,
    /// The table that is printed. Absent if the layout has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<PrintedTable>,
    /// The size of the paper. Absent in records of earlier versions of this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<PaperFacts>,
    /// The address of the verify page, which is printed and which the QR code holds. Absent if the
    /// certificate has neither, because it is not published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_url: Option<CertificateUrl>,
    /// The PDF. Absent if another program issued the certificate, and its PDF is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdf: Option<PublishedFile>,
    /// The detached OpenPGP signature of the PDF. Absent if the site has no OpenPGP key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureFacts>,
    /// The seal inside the PDF. Absent if another program issued the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<SealFacts>,
}

/// A course, as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CourseFacts {
    /// The course's id, its key in the course file.
    pub id: String,
    /// The course's title in the certificate's language.
    pub title: String,
}

/// An organization, as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrganizationFacts {
    /// The full name, in the certificate's language.
    pub name: String,
    /// The short name, as course ids have it, in the certificate's language.
    pub short: String,
}

impl OrganizationFacts {
    /// The organization of a course, in a language.
    pub(crate) fn of(course: &Course, language: &Tag) -> Self {
        let text = |text: &Text| text.get(language, &course.language).0.to_owned();
        let organization = &course.organization;
        Self { name: text(&organization.name), short: text(&organization.short) }
    }
}

impl LayoutVersion {
    /// The layout, with the digest of its files.
    pub(crate) fn of(layout: &Layout) -> Self {
        Self { name: layout.name.clone(), sha256: Some(layout.sources.sha256.clone()) }
    }
}

/// A person who signs by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignatoryFacts {
    /// The name, in the certificate's language.
    pub name: String,
    /// The office, in the certificate's language. Absent if the course names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A printed sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrintedSentence {
    /// The role of the sentence in the layout, such as `heading`.
    pub role: String,
    /// The text, without formatting.
    pub text: String,
    /// The language, if it is the second one of a bilingual page: a BCP 47 language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A printed table. Texts are without formatting; an empty cell is an empty text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrintedTable {
    /// The headings of the columns, in the order of reading.
    pub columns: Vec<String>,
    /// The rows, each with a cell for each column.
    pub rows: Vec<Vec<String>>,
    /// The row of totals. Absent if the layout has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Vec<String>>,
}

/// The size of a page, in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PaperFacts {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// A published file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PublishedFile {
    /// The address of the file. Of a certificate that is not published it is the path.
    pub url: CertificateUrl,
    /// The path of the file in the public store.
    pub path: StorePath,
    /// The length in bytes.
    pub bytes: usize,
    /// The SHA-256 of the content.
    pub sha256: Sha256,
    /// The SHA-256 that the file had before its seal was raised, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Sha256>,
}

impl PublishedFile {
    /// Whether these bytes are the file that was published, by length and digest.
    pub fn is(&self, bytes: &[u8]) -> bool {
        bytes.len() == self.bytes && Sha256::of(bytes) == self.sha256
    }
}

/// The detached OpenPGP signature of a PDF (RFC 9580).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignatureFacts {
    /// The path of the signature in the public store.
    pub path: StorePath,
    /// The fingerprint of the key that made it.
    pub key: PgpFingerprint,
}

/// The seal inside a PDF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SealFacts {
    /// The PAdES baseline level of the seal, by ETSI EN 319 142-1: `B-B`, `B-T`, `B-LT` or `B-LTA`.
    pub level: String,
    /// The common name in the subject of the sealer's X.509 certificate, else the whole subject.
    pub signer: String,
    /// The SHA-256 of that X.509 certificate (DER).
    pub certificate: Sha256,
    /// When the X.509 certificate of its last timestamp ends, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_ends: Option<Timestamp>,
    /// The time from which on its key is revoked, if the certificate was sealed after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_revoked: Option<Timestamp>,
}

/// The colours of a certificate, written as `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ThemeFacts {
    /// The colour of ornaments.
    pub accent: Colour,
    /// The colour of the paper.
    pub paper: Colour,
    /// The colour of the text.
    pub ink: Colour,
}

impl CertificateFacts {
    /// The path of the PDF, if there is one.
    pub(crate) fn pdf_path(&self) -> Option<&StorePath> {
        self.pdf.as_ref().map(|pdf| &pdf.path)
    }

    /// The SHA-256 of the PDF, if there is one.
    pub(crate) fn pdf_sha256(&self) -> Option<&Sha256> {
        self.pdf.as_ref().map(|pdf| &pdf.sha256)
    }
}

impl Record {
    /// The version of the format that this release writes.
    pub const SCHEMA: u32 = 1;

    /// The value of [`engine`](Self::engine) in the records of this release.
    pub(crate) const ENGINE: &str = concat!("testamur ", env!("CARGO_PKG_VERSION"));

    /// The value of [`engine`](Self::engine) in the records of imported certificates.
    pub(crate) const IMPORTED: &str = "edx-certificates";

    /// Whether another program issued the certificate, before the register knew it.
    pub(crate) fn is_imported(&self) -> bool {
        self.engine == Self::IMPORTED
    }

    /// Reads a `certificate.json`. Keys that this version does not know are ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: the text is no record, or one of a later version of the format.
    pub fn parse(json: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let failed = |cause: serde_json::Error| {
            Error::caused(ErrorKind::Syntax, "failed to read the record", cause)
        };
        let Version { schema } = serde_json::from_slice(json).map_err(failed)?;
        if schema > Self::SCHEMA {
            let message = format!("the record has version {schema} of the format");
            return Err(Error::new(ErrorKind::Syntax, message)
                .with_help("a later testamur wrote it: use that one"));
        }
        serde_json::from_slice(json).map_err(failed)
    }

    /// Whether the text is a record, public or private, of a later version of the format.
    pub(crate) fn is_of_later_version(json: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
            record: Option<Box<Version>>,
        }
        let found = serde_json::from_slice::<Version>(json).ok();
        found.is_some_and(|it| {
            let inner = it.record.map_or(0, |record| record.schema);
            it.schema.max(inner) > Self::SCHEMA
        })
    }

    /// The content of a `certificate.json`: indented JSON with a line feed at its end.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self)
            .expect("a record has string keys and finite numbers");
        json.push('\n');
        json
    }

    /// When the certificate was last requested; if that is not known, when it was issued.
    pub(crate) fn last_requested_at(&self) -> Timestamp {
        self.requested_at.unwrap_or(self.issued_at)
    }

    /// The record of an edition that another one superseded. It has no content of the certificate
    /// any more.
    pub(crate) fn superseded(self, successor: &CertificateUrl, at: Timestamp) -> Self {
        let successor = Some(successor.clone());
        let superseded = Self { certificate: None, successor, ..self };
        superseded.with_change(StatusChange::new(Status::Superseded, at))
    }

    /// The record of an edition that was revoked. If it was revoked before, the date stays and the
    /// reason is replaced, unless the new revocation was requested before the recorded one.
    pub(crate) fn revoked(
        mut self,
        reason: &str,
        requested_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Self {
        match (self.status, self.history.last_mut()) {
            (Status::Revoked, Some(change)) => {
                let is_older = requested_at
                    .zip(change.requested_at)
                    .is_some_and(|(it, before)| it < before);
                if !is_older {
                    change.reason = Some(reason.to_owned());
                }
                change.requested_at = change
                    .requested_at
                    .map(|before| requested_at.map_or(before, |it| it.max(before)));
                self
            }
            _ => self.with_change(StatusChange {
                requested_at,
                reason: Some(reason.to_owned()),
                ..StatusChange::new(Status::Revoked, at)
            }),
        }
    }

    /// The reason for which the edition is revoked, if it is.
    pub(crate) fn reason(&self) -> Option<&str> {
        let is_revocation = |change: &&StatusChange| change.status == Status::Revoked;
        let change = self.history.iter().rfind(is_revocation);
        change.filter(|_| self.status == Status::Revoked)?.reason.as_deref()
    }

    /// The record of an edition whose recipient was erased: only the fact that there was an edition
    /// stays.
    pub(crate) fn erased(mut self, at: Timestamp) -> Self {
        // A reason may name the recipient.
        self.history.iter_mut().for_each(|change| change.reason = None);
        let erased = Self {
            certificate: None,
            predecessor: None,
            successor: None,
            facts: None,
            appearance: None,
            ..self
        };
        erased.with_change(StatusChange::new(Status::Erased, at))
    }

    pub(super) fn with_change(mut self, change: StatusChange) -> Self {
        if self.status != change.status {
            self.status = change.status;
            self.history.push(change);
        }
        self
    }
}

impl StatusChange {
    pub(super) fn new(status: Status, at: Timestamp) -> Self {
        Self { status, at, requested_at: None, reason: None }
    }
}
