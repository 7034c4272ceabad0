//! The check of a detached OpenPGP signature.

use super::report::SignatureReport;
use super::trust::Trust;
use crate::base::timestamp::Timestamp;
use crate::seal::openpgp::DetachedSignature;

/// Checks a detached signature, given as armoured text, over a file's bytes.
pub(super) fn check(
    bytes: &[u8],
    text: &[u8],
    trust: &Trust,
    now: Timestamp,
) -> SignatureReport {
    let mut report = SignatureReport::default();
    let signature = match DetachedSignature::from_armor(text) {
        Ok(signature) => signature,
        Err(error) => {
            report.faults.push(error.message().to_owned());
            return report;
        }
    };
    report.fingerprint = Some(signature.fingerprint());
    report.signing_time = Some(signature.signing_time());
    if signature.signing_time() > now.plus_days(1) {
        report.doubts.push("it says that it was made in the future".to_owned());
    }
    let key =
        trust.keys().iter().find(|key| key.fingerprint() == signature.fingerprint());
    match key {
        None => {
            report.doubts.push("its key is not among those that are trusted".to_owned())
        }
        Some(key) if !signature.verifies(key, bytes) => {
            report.faults.push("it is no signature of this file".to_owned());
        }
        Some(key) => {
            report.user_id = key.user_id().map(str::to_owned);
            report.intact = true;
            match key.check_at(signature.signing_time()) {
                Err(why) => report.faults.push(why.to_owned()),
                Ok(()) => report.trusted = report.doubts.is_empty(),
            }
        }
    }
    report
}
