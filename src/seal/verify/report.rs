//! What a verifier has found, for people and as JSON.

use serde::Serialize;

use crate::base::timestamp::Timestamp;
use crate::seal::key::Algorithm;
use crate::seal::x509::X509;

/// What comes of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Everything present is intact, and made by somebody trusted.
    Good,
    /// Intact, but by somebody who is not trusted, or not any more.
    Unknown,
    /// Something present does not hold.
    Bad,
    /// There is neither a seal nor a signature.
    Unsigned,
}

/// How much a seal proves (ETSI EN 319 142-1, 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum PadesLevel {
    /// Who, and that nothing changed.
    #[serde(rename = "B-B")]
    B,
    /// And when: a time stamp.
    #[serde(rename = "B-T")]
    T,
    /// And all that is needed to check it when its issuers are gone.
    #[serde(rename = "B-LT")]
    Lt,
    /// And a time stamp over all that.
    #[serde(rename = "B-LTA")]
    Lta,
}

impl PadesLevel {
    /// The level's name in the standard.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::B => "B-B",
            Self::T => "B-T",
            Self::Lt => "B-LT",
            Self::Lta => "B-LTA",
        }
    }
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// The outcome.
    pub verdict: Verdict,
    /// The SHA-256 of the file: 64 digits in lower case.
    pub sha256: String,
    /// The seal inside a PDF, if there is one.
    pub seal: Option<SealReport>,
    /// The signature beside the file, if one was given.
    pub signature: Option<SignatureReport>,
}

impl Verification {
    pub(super) fn new(
        sha256: String,
        seal: Option<SealReport>,
        signature: Option<SignatureReport>,
    ) -> Self {
        let parts: Vec<(bool, bool)> = seal
            .iter()
            .map(|seal| (seal.intact && seal.faults.is_empty(), seal.trusted))
            .chain(signature.iter().map(|signature| {
                (signature.faults.is_empty(), signature.intact && signature.trusted)
            }))
            .collect();
        let verdict = match &parts[..] {
            [] => Verdict::Unsigned,
            parts if parts.iter().any(|(holds, _)| !holds) => Verdict::Bad,
            parts if parts.iter().all(|(_, trusted)| *trusted) => Verdict::Good,
            _ => Verdict::Unknown,
        };
        Self { verdict, sha256, seal, signature }
    }

    /// Whether everything present is intact and made by somebody trusted.
    pub fn is_good(&self) -> bool {
        self.verdict == Verdict::Good
    }
}

/// What was found of the seal inside a PDF.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct SealReport {
    /// Whether not a byte has changed since it was sealed, additions of ours apart.
    pub intact: bool,
    /// Whether who sealed is trusted.
    pub trusted: bool,
    /// How much it proves.
    pub level: Option<PadesLevel>,
    /// Who sealed.
    pub signer: Option<SignerReport>,
    /// When it says that it was sealed.
    pub claimed: Option<Timestamp>,
    /// The time stamp over the seal.
    pub stamp: Option<TimestampReport>,
    /// The time stamp over all of it.
    pub archive: Option<TimestampReport>,
    /// How many bytes from the beginning the seal covers, its own digits apart.
    pub covered: usize,
    /// What the file consists of, in order.
    pub revisions: Vec<RevisionKind>,
    /// What does not hold.
    pub faults: Vec<String>,
    /// What keeps it from being trusted.
    pub doubts: Vec<String>,
}

/// A part of a sealed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RevisionKind {
    /// The document itself.
    Document,
    /// The seal.
    Seal,
    /// Certificates and revocation lists, added since.
    Dss,
    /// A time stamp over all that comes before it, added since.
    Archive,
}

/// Who sealed, as the certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SignerReport {
    /// The common name.
    pub name: String,
    /// The whole name.
    pub subject: String,
    /// Who says so.
    pub issuer: String,
    /// The whole SHA-256 of the certificate.
    pub fingerprint: String,
    /// The kind of key.
    pub algorithm: Option<Algorithm>,
    /// Since when the certificate is valid.
    pub not_before: Timestamp,
    /// Until when it is.
    pub not_after: Timestamp,
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
        }
    }
}

/// A time stamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TimestampReport {
    /// What it states.
    pub time: Timestamp,
    /// The authority's name.
    pub tsa: String,
    /// The whole SHA-256 of the authority's certificate.
    pub fingerprint: String,
    /// Whether the authority is trusted.
    pub trusted: bool,
}

/// What was found of the signature beside a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct SignatureReport {
    /// Whether it is a signature over this very file. Without its key, that cannot be said.
    pub intact: bool,
    /// Whether its key is trusted.
    pub trusted: bool,
    /// The whole fingerprint of the key that is said to have signed.
    pub fingerprint: Option<String>,
    /// The name that the key gives itself.
    pub user_id: Option<String>,
    /// When it says that it was made.
    pub signing_time: Option<Timestamp>,
    /// What does not hold.
    pub faults: Vec<String>,
    /// What keeps it from being trusted.
    pub doubts: Vec<String>,
}
