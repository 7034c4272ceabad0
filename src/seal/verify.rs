//! Is it intact, by whom, and since when: what a seal and a signature beside it prove.
//!
//! A PDF is taken apart into our writer's revisions by making each of them anew and comparing byte
//! for byte; the few bytes that no signature covers, those of the signatures themselves, are held
//! to one encoding. So whatever is not exactly what our writer makes is told to be tampered with,
//! even where other readers are lenient. Nothing here fails: what is wrong is in the [`Verification`].

mod pdf;
mod report;
mod revisions;
#[cfg(test)]
mod tests;
mod trust;

pub use self::report::{
    PadesLevel, RevisionKind, SealReport, SignatureReport, SignerReport, TimestampReport,
    Verdict, Verification,
};
pub use self::trust::Trust;

pub(crate) use self::revisions::Revisions;

use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::seal::key::sha256;
use crate::seal::openpgp::DetachedSignature;

/// Verifies a file, and the signature that stands beside it if one is given.
///
/// Time is what `now` says; a certificate that has ended by then proves nothing any more, unless a
/// trusted time stamp shows that it sealed while it was valid.
pub fn verify(
    bytes: &[u8],
    signature: Option<&[u8]>,
    trust: &Trust,
    now: Timestamp,
) -> Verification {
    let seal = pdf::report(bytes, trust, now);
    let signature = signature.map(|text| beside(bytes, text, trust, now));
    Verification::new(hex::lower(&sha256(bytes)), seal, signature)
}

/// The detached signature.
fn beside(bytes: &[u8], text: &[u8], trust: &Trust, now: Timestamp) -> SignatureReport {
    let mut report = SignatureReport::default();
    let signature = match DetachedSignature::from_armor(text) {
        Ok(signature) => signature,
        Err(fault) => {
            report.faults.push(fault.message().to_owned());
            return report;
        }
    };
    report.fingerprint = Some(signature.fingerprint());
    report.signing_time = Some(signature.signing_time());
    if signature.signing_time() > now.plus_days(1) {
        report.doubts.push("it says that it was made in the future".to_owned());
    }
    let known =
        trust.keys().iter().find(|key| key.fingerprint() == signature.fingerprint());
    match known {
        None => {
            report.doubts.push("its key is not among those that are trusted".to_owned())
        }
        Some(key) if !signature.verifies(key, bytes) => {
            report.faults.push("it is no signature of this file".to_owned());
        }
        Some(key) => {
            report.user_id = key.user_id().map(str::to_owned);
            report.intact = true;
            match key.unfit_at(signature.signing_time()) {
                Some(why) => report.faults.push(why.to_owned()),
                None => report.trusted = report.doubts.is_empty(),
            }
        }
    }
    report
}
