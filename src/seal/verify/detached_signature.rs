//! The check of a detached OpenPGP signature.

use super::report::SignatureReport;
use super::trust::Trust;
use crate::base::timestamp::Timestamp;
use crate::seal::openpgp::{DetachedSignature, FormError};

/// Checks a detached signature, given as armoured text, over a file's bytes.
pub(super) fn check(
    bytes: &[u8],
    text: &[u8],
    trust: &Trust,
    now: Timestamp,
) -> SignatureReport {
    let mut report = SignatureReport::default();
    let signature = match DetachedSignature::read(text) {
        Ok(signature) => signature,
        Err(FormError::Unsupported(what)) => {
            report.doubts.push(what);
            return report;
        }
        Err(FormError::Other) => {
            let what = "the signature is not in the form that is written here";
            report.faults.push(what.to_owned());
            return report;
        }
    };
    let judgement = signature.judge(trust.keys(), bytes, now);
    report.fingerprint = Some(signature.fingerprint());
    report.signing_time = Some(signature.signing_time());
    report.user_id = judgement.user_id;
    report.intact = judgement.is_intact;
    report.faults = judgement.findings.faults;
    report.doubts = judgement.findings.doubts;
    report.trusted =
        report.intact && report.faults.is_empty() && report.doubts.is_empty();
    report
}
