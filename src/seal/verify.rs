//! The verifier: whether a file is intact, who sealed it, and since when it exists.
//!
//! - **Takes**: a file's bytes, its detached signature if there is one, the [`Trust`], and the
//!   time.
//! - **Gives**: a [`Verification`], which holds every defect; verifying never fails.
//!
//! A PDF is read as our writer's revisions: each is made again and compared byte for byte. The
//! bytes that no signature covers, those of the signatures themselves, have one permitted encoding.
//! So any file that is not exactly what our writer makes counts as tampered with, even where other
//! readers are lenient.

mod detached_signature;
mod link;
mod origin;
mod report;
mod revisions;
mod seal;
#[cfg(all(test, feature = "fonts", feature = "seal"))]
mod tests;
mod trust;
mod validation_data;
mod verdict;

pub use self::link::CertificateLink;
#[cfg(feature = "issue")]
pub(crate) use self::link::certificate_of;
pub use self::origin::ForeignSeal;
pub use self::report::{
    AnchorReport, PadesLevel, RevisionKind, SealReport, SignatureReport, SignerReport,
    TimestampReport,
};
#[cfg(feature = "seal")]
pub(crate) use self::revisions::Revisions;
pub use self::trust::Trust;
pub use self::verdict::{Judgement, Standing, Verdict, Verification};
use crate::base::digits::Sha256;
use crate::base::timestamp::Timestamp;

/// The largest file that is read, in bytes: more than any certificate has.
pub(crate) const MAX_LEN: usize = 64 << 20;

/// Verifies a file and, if it is given, the armoured text of its detached signature.
///
/// `now` is the time of verification. The seal of a certificate that has expired by then proves
/// nothing, unless a trusted timestamp token shows that it was made while the certificate was
/// valid.
///
/// A file does not know whether it was revoked: ask the issuer's register, by the identifier in
/// [`Verification::certificate`], and add its answer with [`Verification::with_status`].
///
/// ```
/// use testamur::Timestamp;
/// use testamur::seal::{Judgement, Trust, Verdict, verify};
///
/// let now = Timestamp::parse("2026-05-14T09:30:00Z")?;
/// let found = verify(b"no certificate", None, &Trust::new(), now);
/// assert_eq!(found.verdict, Verdict::NotSealed);
/// assert_eq!(found.intact, Judgement::Unknown);
/// # Ok::<(), testamur::Error>(())
/// ```
pub fn verify(
    bytes: &[u8],
    signature: Option<&[u8]>,
    trust: &Trust,
    now: Timestamp,
) -> Verification {
    if bytes.len() > MAX_LEN {
        return Verification::too_large();
    }
    let signature =
        signature.map(|text| detached_signature::check(bytes, text, trust, now));
    let is_signed = signature.as_ref().is_some_and(|signature| signature.intact);
    let found = seal::check(bytes, trust, now, is_signed);
    let sha256 = Some(Sha256::of(bytes));
    Verification::new(sha256, found.certificate, found.seal, signature, found.foreign)
}

/// Verifies a file without asking a register, like [`verify`]. The difference: a PDF that names a
/// certificate and has neither a seal nor a trace of this program is not bad but unknown, because
/// another program may have issued it.
#[cfg(feature = "issue")]
pub(crate) fn verify_unasked(
    bytes: &[u8],
    signature: Option<&[u8]>,
    trust: &Trust,
    now: Timestamp,
) -> Verification {
    if bytes.len() > MAX_LEN || !origin::only_names_a_certificate(bytes) {
        return verify(bytes, signature, trust, now);
    }
    let signature =
        signature.map(|text| detached_signature::check_foreign(bytes, text, trust, now));
    let certificate = CertificateLink::in_any_file(bytes);
    Verification::new(Some(Sha256::of(bytes)), certificate, None, signature, None)
}

/// Verifies a file that another program issued, which therefore has no seal. `certificate` is the
/// one that the caller's register has for the file, and `holds_digest` says whether the register
/// has the file's digest. The signature may be in any form that GnuPG takes.
#[cfg(feature = "issue")]
pub(crate) fn verify_imported(
    bytes: &[u8],
    certificate: CertificateLink,
    signature: Option<&[u8]>,
    holds_digest: bool,
    trust: &Trust,
    now: Timestamp,
) -> Verification {
    let signature =
        signature.map(|text| detached_signature::check_foreign(bytes, text, trust, now));
    Verification::new(Some(Sha256::of(bytes)), Some(certificate), None, signature, None)
        .into_imported(holds_digest)
}
