//! The result for a file as a whole: three questions, their answers, and the verdict.
//!
//! The decision made here: an answer that is not known never counts as a good one. A verdict is
//! [`Good`](Verdict::Good) only if all three answers are.

use serde::Serialize;

use super::link::CertificateLink;
use super::origin::ForeignSeal;
use super::report::{SealReport, SignatureReport};
use crate::base::digits::Sha256;

/// The answer to a question about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Judgement {
    /// Yes: known and good.
    Yes,
    /// No: known and bad.
    No,
    /// It is not known.
    Unknown,
}

/// Whether a certificate stands: what its issuer says of it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// It was not asked for.
    #[default]
    NotAsked,
    /// It was asked for, and there is no answer: the issuer does not know the certificate or could
    /// not be asked.
    Unknown,
    /// The certificate is valid.
    Valid,
    /// The certificate is an example, which certifies nothing.
    Specimen,
    /// Its validity period is over.
    Expired,
    /// A later edition took its place.
    Superseded,
    /// The issuer ended its validity.
    Revoked,
    /// Everything personal was removed.
    Erased,
}

impl Standing {
    /// The status in one or two words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAsked => "not asked",
            Self::Unknown => "unknown",
            Self::Valid => "valid",
            Self::Specimen => "specimen",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Revoked => "revoked",
            Self::Erased => "erased",
        }
    }

    /// The verdict on a file that has this status, if it is a bad one.
    fn bad_verdict(self) -> Option<Verdict> {
        match self {
            Self::NotAsked | Self::Unknown | Self::Valid => None,
            Self::Specimen => Some(Verdict::Specimen),
            Self::Expired => Some(Verdict::Expired),
            Self::Superseded => Some(Verdict::Superseded),
            Self::Revoked => Some(Verdict::Revoked),
            Self::Erased => Some(Verdict::Erased),
        }
    }
}

/// The result of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Everything present is intact, made by a trusted signer, and the certificate is valid.
    Good,
    /// Everything present is intact and made by a trusted signer; whether the certificate stands
    /// was not asked.
    StatusNotAsked,
    /// As [`StatusNotAsked`](Self::StatusNotAsked), but it was asked, and there is no answer.
    StatusUnknown,
    /// Everything present is intact, but a signer is not trusted here.
    SignerUnknown,
    /// Everything present is intact and the signer is trusted, but its certificate has ended, and
    /// the time of sealing is not proven.
    SignerEnded,
    /// Everything present is intact and the signer is trusted, but what proves the time is not.
    TimeUnknown,
    /// It is sealed by another program, which this one does not judge.
    NotOurs,
    /// There is neither a seal nor a detached signature.
    NotSealed,
    /// The file is larger than any certificate, and was not read.
    TooLarge,
    /// Something present has been changed or is not valid, or a file of this program has no seal.
    Bad,
    /// The key had been revoked when it sealed.
    KeyRevoked,
    /// The certificate is an example, which certifies nothing.
    Specimen,
    /// The validity period of the certificate is over.
    Expired,
    /// A later edition of the certificate took its place.
    Superseded,
    /// The issuer ended the validity of the certificate.
    Revoked,
    /// The certificate was erased.
    Erased,
}

impl Verdict {
    /// Whether the file is good as a whole. [`StatusNotAsked`](Self::StatusNotAsked) is not known,
    /// unless the caller wanted to ask only for the first two answers.
    pub fn judgement(self) -> Judgement {
        match self {
            Self::Good => Judgement::Yes,
            Self::StatusNotAsked
            | Self::StatusUnknown
            | Self::SignerUnknown
            | Self::SignerEnded
            | Self::TimeUnknown
            | Self::NotOurs
            | Self::NotSealed
            | Self::TooLarge => Judgement::Unknown,
            Self::Bad
            | Self::KeyRevoked
            | Self::Specimen
            | Self::Expired
            | Self::Superseded
            | Self::Revoked
            | Self::Erased => Judgement::No,
        }
    }
}

/// All that a verifier has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// The result.
    pub verdict: Verdict,
    /// Whether nothing has been changed since it was sealed.
    pub intact: Judgement,
    /// Whether a trusted signer sealed it.
    pub trusted: Judgement,
    /// Whether the certificate stands, as [`with_status`](Self::with_status) was told.
    pub status: Standing,
    /// Whether the issuer's record answers for the file: it holds the file's digest, where the
    /// signer's certificate has ended and nothing in the file proves when it sealed.
    pub answered_by_record: bool,
    /// Whether another program issued the file before the caller's register knew it: then it has no
    /// seal, and its detached signature alone is judged.
    pub imported: bool,
    /// The SHA-256 of the file; `None` if it was not read.
    pub sha256: Option<Sha256>,
    /// The certificate that the document says it is.
    pub certificate: Option<CertificateLink>,
    /// The seal inside a PDF, if there is one of this program.
    pub seal: Option<SealReport>,
    /// The detached signature, if one was given.
    pub signature: Option<SignatureReport>,
    /// The seal of another program, if there is one.
    pub foreign: Option<ForeignSeal>,
}

impl Verification {
    pub(super) fn new(
        sha256: Option<Sha256>,
        certificate: Option<CertificateLink>,
        seal: Option<SealReport>,
        signature: Option<SignatureReport>,
        foreign: Option<ForeignSeal>,
    ) -> Self {
        let parts: Vec<(Judgement, Judgement)> = seal
            .iter()
            .map(seal_answers)
            .chain(signature.iter().map(signature_answers))
            .collect();
        let intact = |wanted| parts.iter().any(|(intact, _)| *intact == wanted);
        // A signature with an unknown key says nothing against a file whose seal proves it intact.
        let intact = if intact(Judgement::No) {
            Judgement::No
        } else if intact(Judgement::Yes) {
            Judgement::Yes
        } else {
            Judgement::Unknown
        };
        // Nor does it take the trust from a seal that has it.
        let has_trust = seal
            .as_ref()
            .is_some_and(|seal| seal_answers(seal) == (Judgement::Yes, Judgement::Yes));
        let counting = parts
            .iter()
            .filter(|answers| !has_trust || **answers != SIGNER_NOT_KNOWN)
            .map(|(_, trusted)| *trusted);
        let trusted = counting.reduce(worse);
        let trusted = trusted.unwrap_or(Judgement::Unknown);
        let mut found = Self {
            verdict: Verdict::NotSealed,
            intact,
            trusted,
            status: Standing::NotAsked,
            answered_by_record: false,
            imported: false,
            sha256,
            certificate,
            seal,
            signature,
            foreign,
        };
        found.judge();
        found
    }

    /// The result for a file that was not read because of its size.
    pub fn too_large() -> Self {
        let found = Self::new(None, None, None, None, None);
        Self { verdict: Verdict::TooLarge, ..found }
    }

    /// Adds what the issuer's register says about the certificate, and judges anew.
    pub fn with_status(mut self, status: Standing) -> Self {
        self.status = status;
        if self.verdict != Verdict::TooLarge {
            self.judge();
        }
        self
    }

    /// As [`with_status`](Self::with_status), from a record that the caller trusts, such as one of
    /// the caller's own register. `holds_digest` says whether the record has the SHA-256 of this
    /// file: then it answers for a file whose signer's certificate has ended meanwhile. Whether the
    /// record is of this file at all [`has_digest`](Self::has_digest) says.
    pub fn with_record(mut self, status: Standing, holds_digest: bool) -> Self {
        self = self.with_status(status);
        let is_answered = self.verdict == Verdict::SignerEnded
            && status == Standing::Valid
            && holds_digest;
        if is_answered {
            self.answered_by_record = true;
            self.verdict = Verdict::Good;
        }
        self
    }

    /// Marks a file as that of another program, whose certificate the caller's register holds.
    /// `holds_digest` says whether the register holds the digest of these bytes.
    #[cfg(feature = "issue")]
    pub(super) fn into_imported(mut self, holds_digest: bool) -> Self {
        self.imported = true;
        if self.signature.is_none() && holds_digest {
            self.intact = Judgement::Yes;
        }
        self.judge();
        self
    }

    /// Whether everything present is intact, made by a trusted signer, and without a doubt about
    /// the time of sealing. It says nothing about whether the certificate stands: a revoked one is
    /// as genuine as before.
    pub fn is_genuine(&self) -> bool {
        let is_proven = self.seal.iter().all(|seal| seal.time_doubts.is_empty());
        self.intact == Judgement::Yes && self.trusted == Judgement::Yes && is_proven
    }

    /// Whether the file has this SHA-256, or had it before something was appended to its seal: then the
    /// certificate of a record that names the digest is this one.
    pub fn has_digest(&self, sha256: &Sha256) -> bool {
        let earlier = self.seal.iter().flat_map(|seal| &seal.digests);
        self.sha256.iter().chain(earlier).any(|it| it == sha256)
    }

    /// Whether another file has all that the seal of this one covers: the same document, sealed at the same time.
    /// The seals of both may have timestamps or not.
    #[cfg(feature = "issue")]
    pub(crate) fn covers_the_same(&self, file: &[u8], other: &[u8]) -> bool {
        let Some(seal) = self.seal.as_ref().filter(|seal| seal.intact) else {
            return false;
        };
        [0..seal.placeholder.start, seal.placeholder.end..seal.covered].into_iter().all(
            |range| {
                let part = file.get(range.clone());
                part.is_some() && part == other.get(range)
            },
        )
    }

    /// Whether the seal is intact, and only the detached signature is wrong.
    pub fn is_signature_alone_bad(&self) -> bool {
        self.seal.as_ref().is_some_and(|seal| seal_answers(seal).0 == Judgement::Yes)
            && self
                .signature
                .as_ref()
                .map(signature_answers)
                .is_some_and(|it| it.0 == Judgement::No)
    }

    /// Whether the detached signature of a sealed file is left out, because its key is not known.
    pub fn is_signature_left_out(&self) -> bool {
        self.seal.is_some()
            && self.signature.as_ref().map(signature_answers) == Some(SIGNER_NOT_KNOWN)
    }

    fn judge(&mut self) {
        self.verdict = self.verdict_of_parts();
    }

    fn verdict_of_parts(&self) -> Verdict {
        let seal = self.seal.as_ref();
        if seal.is_some_and(|seal| seal.is_key_revoked) {
            return Verdict::KeyRevoked;
        }
        if self.intact == Judgement::No {
            return Verdict::Bad;
        }
        if self.seal.is_none() && self.signature.is_none() {
            let is_foreign = self.foreign.is_some();
            let ended = self.status.bad_verdict().filter(|_| self.imported);
            let unsealed = if is_foreign { Verdict::NotOurs } else { Verdict::NotSealed };
            return ended.unwrap_or(unsealed);
        }
        if let Some(verdict) = self.status.bad_verdict() {
            return verdict;
        }
        if !self.is_genuine() {
            let only = |is: fn(&SealReport) -> bool| {
                let of_signature = self.signature.as_ref().map(signature_answers);
                of_signature.is_none_or(|answers| {
                    answers == (Judgement::Yes, Judgement::Yes)
                        || answers == SIGNER_NOT_KNOWN
                }) && seal.is_some_and(|seal| seal.doubts.is_empty() && is(seal))
            };
            return if only(|seal| seal.has_ended) {
                Verdict::SignerEnded
            } else if only(|seal| !seal.time_doubts.is_empty()) {
                Verdict::TimeUnknown
            } else {
                Verdict::SignerUnknown
            };
        }
        match self.status {
            Standing::Valid => Verdict::Good,
            Standing::NotAsked => Verdict::StatusNotAsked,
            _ => Verdict::StatusUnknown,
        }
    }
}

/// The answers of a detached signature whose key or form is not known.
const SIGNER_NOT_KNOWN: (Judgement, Judgement) = (Judgement::Unknown, Judgement::Unknown);

fn seal_answers(seal: &SealReport) -> (Judgement, Judgement) {
    if !seal.intact || !seal.faults.is_empty() {
        return (Judgement::No, Judgement::Unknown);
    }
    let trusted = match (seal.trusted, seal.is_key_revoked) {
        (_, true) => Judgement::No,
        (true, false) => Judgement::Yes,
        (false, false) => Judgement::Unknown,
    };
    (Judgement::Yes, trusted)
}

/// The answers of a detached signature. If its key is not known, both are unknown.
fn signature_answers(signature: &SignatureReport) -> (Judgement, Judgement) {
    match (signature.faults.is_empty(), signature.intact, signature.trusted) {
        (false, ..) => (Judgement::No, Judgement::Unknown),
        (true, false, _) => SIGNER_NOT_KNOWN,
        (true, true, false) => (Judgement::Yes, Judgement::Unknown),
        (true, true, true) => (Judgement::Yes, Judgement::Yes),
    }
}

fn worse(one: Judgement, other: Judgement) -> Judgement {
    match (one, other) {
        (Judgement::No, _) | (_, Judgement::No) => Judgement::No,
        (Judgement::Unknown, _) | (_, Judgement::Unknown) => Judgement::Unknown,
        (Judgement::Yes, Judgement::Yes) => Judgement::Yes,
    }
}
