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
    judge(DetachedSignature::read(text), bytes, trust, now)
}

/// As [`check`], of a signature that another program made.
#[cfg(feature = "issue")]
pub(super) fn check_foreign(
    bytes: &[u8],
    text: &[u8],
    trust: &Trust,
    now: Timestamp,
) -> SignatureReport {
    judge(DetachedSignature::read_foreign(text, trust.keys(), bytes), bytes, trust, now)
}

fn judge(
    signature: Result<DetachedSignature, FormError>,
    bytes: &[u8],
    trust: &Trust,
    now: Timestamp,
) -> SignatureReport {
    let mut report = SignatureReport::default();
    let signature = match signature {
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
    let fingerprint = signature.fingerprint();
    report.source = trust.source(&fingerprint);
    report.fingerprint = Some(fingerprint);
    report.signing_time = Some(signature.signing_time());
    report.user_id = judgement.user_id;
    report.intact = judgement.is_intact;
    report.faults = judgement.findings.faults;
    report.doubts = judgement.findings.doubts;
    report.trusted =
        report.intact && report.faults.is_empty() && report.doubts.is_empty();
    report
}
