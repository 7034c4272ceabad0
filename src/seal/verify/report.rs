//! What a verifier has found: one report for the seal, one for the detached signature.
//!
//! The types serialize to the JSON of `testamur verify --json`.

use std::ops::Range;

use serde::Serialize;

use crate::base::digits::{PgpFingerprint, Sha256};
use crate::base::timestamp::Timestamp;
use crate::seal::keys::Algorithm;
use crate::seal::x509::X509;

/// The PAdES baseline level of a seal (ETSI EN 319 142-1, 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum PadesLevel {
    /// The seal proves its signer, and that nothing has changed.
    #[serde(rename = "B-B")]
    B,
    /// A timestamp token proves the time too.
    #[serde(rename = "B-T")]
    T,
    /// The certificates and CRLs that verification needs are in the file too.
    #[serde(rename = "B-LT")]
    Lt,
    /// An archive timestamp covers all of that too.
    #[serde(rename = "B-LTA")]
    Lta,
}

impl PadesLevel {
    /// The level's name in the standard, such as `B-LT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::B => "B-B",
            Self::T => "B-T",
            Self::Lt => "B-LT",
            Self::Lta => "B-LTA",
        }
    }
}

/// What a verifier has found about the seal inside a PDF.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct SealReport {
    /// Whether no byte has changed since it was sealed, except for the revisions listed below.
    pub intact: bool,
    /// Whether the seal is intact and its signer trusted.
    pub trusted: bool,
    /// Its PAdES level.
    pub level: Option<PadesLevel>,
    /// The signer, as its certificate states.
    pub signer: Option<SignerReport>,
    /// The trusted certificate to which the signer's path leads.
    pub anchor: Option<AnchorReport>,
    /// The claimed signing time.
    pub signing_time: Option<Timestamp>,
    /// The timestamp token over the seal.
    pub timestamp: Option<TimestampReport>,
    /// The archive timestamp over the whole file.
    pub archive: Option<TimestampReport>,
    /// The number of bytes from the beginning that the seal covers. The hexadecimal digits of the
    /// seal itself lie among them and are not covered.
    pub covered: usize,
    /// The revisions of the file in order.
    pub revisions: Vec<RevisionKind>,
    /// The SHA-256 of the file as it was with the seal's revision and with each that was appended.
    #[serde(skip)]
    pub(super) digests: Vec<Sha256>,
    /// The offsets in the file of the seal's hexadecimal digits, to which a timestamp may be added later.
    #[serde(skip)]
    pub(super) placeholder: Range<usize>,
    /// Defects: what has been changed or is not valid.
    pub faults: Vec<String>,
    /// Reasons for which its signer is not trusted.
    pub doubts: Vec<String>,
    /// Reasons for which the time of sealing is not proven. They say nothing about the signer.
    pub time_doubts: Vec<String>,
    /// What a reader should know and what does not change the verdict.
    pub notes: Vec<String>,
    /// Whether the signer is known and trusted, but a certificate of its path has ended, and no
    /// timestamp proves that it was valid when it sealed.
    pub has_ended: bool,
    /// Whether the key had been revoked when it sealed.
    pub is_key_revoked: bool,
}

/// A revision of a sealed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RevisionKind {
    /// The document without its seal.
    Document,
    /// The seal.
    Seal,
    /// The DSS: certificates and CRLs, added after the seal.
    Dss,
    /// An archive timestamp over all revisions before it.
    Archive,
}

/// The signer of a seal, as its certificate states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SignerReport {
    /// The subject's common name.
    pub name: String,
    /// The subject's distinguished name in the form of RFC 4514.
    pub subject: String,
    /// The issuer's distinguished name in the form of RFC 4514.
    pub issuer: String,
    /// The SHA-256 of the certificate (DER).
    pub fingerprint: Sha256,
    /// The kind of key.
    pub algorithm: Option<Algorithm>,
    /// The first time at which the certificate is valid.
    pub not_before: Timestamp,
    /// The last time at which the certificate is valid.
    pub not_after: Timestamp,
    /// Where the certificate says that its issuer publishes its CRLs: `http` and `https` URLs.
    pub crl_urls: Vec<String>,
}

impl SignerReport {
    pub(super) fn new(certificate: &X509) -> Self {
        Self {
            name: certificate.name(),
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            fingerprint: certificate.fingerprint(),
            algorithm: certificate.key().ok().map(|key| key.algorithm()),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            crl_urls: certificate.crl_urls().into_iter().collect(),
        }
    }
}

/// A trusted certificate, and how the verifier came by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AnchorReport {
    /// The subject's distinguished name in the form of RFC 4514.
    pub subject: String,
    /// The SHA-256 of the certificate (DER).
    pub fingerprint: Sha256,
    /// Where the certificate was read, as [`Trust::with_source`](super::Trust::with_source) was
    /// told.
    pub source: Option<String>,
}

/// A timestamp token, as its TSA's certificate states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TimestampReport {
    /// The time that it states.
    pub time: Timestamp,
    /// The common name of the TSA.
    pub tsa: String,
    /// The SHA-256 of the TSA's certificate (DER).
    pub fingerprint: Sha256,
    /// Whether the TSA is trusted.
    pub trusted: bool,
}

/// What a verifier has found about a detached signature.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct SignatureReport {
    /// Whether it is a signature over this very file; false if its key is not known.
    pub intact: bool,
    /// Whether its key is trusted.
    pub trusted: bool,
    /// The fingerprint of the key that is stated to have signed.
    pub fingerprint: Option<PgpFingerprint>,
    /// The key's user id.
    pub user_id: Option<String>,
    /// Where the key was read, as [`Trust::with_source`](super::Trust::with_source) was told.
    pub source: Option<String>,
    /// The claimed signing time.
    pub signing_time: Option<Timestamp>,
    /// Defects: what has been changed or is not valid.
    pub faults: Vec<String>,
    /// Reasons for which it is not trusted.
    pub doubts: Vec<String>,
}
