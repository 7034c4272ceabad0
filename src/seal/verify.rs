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
mod report;
mod revisions;
mod seal;
#[cfg(all(test, feature = "fonts", feature = "seal"))]
mod tests;
mod trust;

pub use self::report::{
    PadesLevel, RevisionKind, SealReport, SignatureReport, SignerReport, TimestampReport,
    Verdict, Verification,
};
#[cfg(feature = "seal")]
pub(crate) use self::revisions::Revisions;
pub use self::trust::Trust;
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::seal::keys::sha256;

/// Verifies a file and, if it is given, the armoured text of its detached signature.
///
/// `now` is the time of verification. A certificate that has expired by then proves nothing, unless
/// a trusted timestamp token shows that it sealed while it was valid.
pub fn verify(
    bytes: &[u8],
    signature: Option<&[u8]>,
    trust: &Trust,
    now: Timestamp,
) -> Verification {
    let seal = seal::check(bytes, trust, now);
    let signature =
        signature.map(|text| detached_signature::check(bytes, text, trust, now));
    Verification::new(hex::lower(&sha256(bytes)), seal, signature)
}
