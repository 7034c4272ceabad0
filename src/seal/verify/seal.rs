//! The check of the seal inside a PDF.

use super::report::{
    PadesLevel, RevisionKind, SealReport, SignerReport, TimestampReport,
};
use super::revisions::Revisions;
use super::trust::Trust;
use crate::base::timestamp::Timestamp;
use crate::seal::timestamp::TimestampToken;
use crate::seal::x509::{CertificationPath, Crl, X509};

/// The largest difference between the clocks of two machines, in seconds.
const MAX_SKEW_SECONDS: u64 = 600;
/// The byte strings of which every sealed PDF has one.
const SEAL_TRACES: [&[u8]; 3] = [b"/ByteRange", b"/AcroForm", b"/ETSI."];

/// Checks the seal of a file. Returns `None` if the file is no PDF, or has no trace of a seal.
pub(super) fn check(file: &[u8], trust: &Trust, now: Timestamp) -> Option<SealReport> {
    let has = |trace: &&[u8]| file.windows(trace.len()).any(|window| window == *trace);
    if !file.starts_with(b"%PDF") || !SEAL_TRACES.iter().any(has) {
        return None;
    }
    let mut report = SealReport::default();
    match Revisions::read(file) {
        Ok(revisions) => {
            SealCheck { revisions: &revisions, trust, now, report: &mut report }.run()
        }
        Err(why) => report.faults.push(why.to_owned()),
    }
    report.trusted =
        report.intact && report.faults.is_empty() && report.doubts.is_empty();
    Some(report)
}

/// One check: what it reads, and the report that it writes.
struct SealCheck<'a> {
    revisions: &'a Revisions,
    trust: &'a Trust,
    now: Timestamp,
    report: &'a mut SealReport,
}

impl SealCheck<'_> {
    fn run(&mut self) {
        let revisions = self.revisions;
        self.report.covered = revisions.covered;
        self.report.signing_time = Some(revisions.params.signing_time);
        self.report.revisions = vec![RevisionKind::Document, RevisionKind::Seal];
        self.report.revisions.extend(&revisions.appended);
        self.report.level = Some(PadesLevel::B);
        let Some(leaf) = revisions.seal.leaf() else {
            return self.fault("its certificate is missing");
        };
        self.report.signer = Some(SignerReport::new(leaf));
        if !revisions.is_intact {
            return self.fault("the seal is not over this document");
        }
        if revisions.params.name != leaf.name() {
            self.fault("it names another signer than its certificate does");
        }
        if let Err(why) = leaf.check_document_signing() {
            self.fault(&format!("its certificate cannot seal: {why}"));
        }
        let has_timestamp = self.check_timestamp();
        let has_dss = self.check_dss(leaf);
        let has_archive = self.check_archive_timestamps();
        self.check_signing_time(leaf);
        self.check_signer(leaf);
        self.report.level = Some(match (has_timestamp, has_dss, has_archive) {
            (true, true, true) => PadesLevel::Lta,
            (true, true, false) => PadesLevel::Lt,
            (true, ..) => PadesLevel::T,
            (false, ..) => PadesLevel::B,
        });
        self.report.intact = self.report.faults.is_empty();
    }

    /// Checks the timestamp token over the seal. Returns whether there is a valid one.
    fn check_timestamp(&mut self) -> bool {
        let Some(der) = self.revisions.seal.timestamp_token() else { return false };
        let Some(token) = TimestampToken::read(&der) else {
            self.fault("its timestamp token is not as our writer stores it");
            return false;
        };
        let validity = token.check(&[self.revisions.seal.signature()]);
        self.report.timestamp = self.check_token(&token, validity);
        validity.is_ok()
    }

    /// Checks the archive timestamps. Returns whether there are any, all valid.
    fn check_archive_timestamps(&mut self) -> bool {
        for archive in &self.revisions.archives {
            self.report.archive = self.check_token(&archive.token, archive.validity);
        }
        let archives = &self.revisions.archives;
        !archives.is_empty() && archives.iter().all(|archive| archive.validity.is_ok())
    }

    fn check_token(
        &mut self,
        token: &TimestampToken,
        validity: Result<(), &'static str>,
    ) -> Option<TimestampReport> {
        if let Err(why) = validity {
            self.fault(&format!("a timestamp token in it is not valid: {why}"));
        }
        let tsa = token.tsa()?;
        let anchors = self.trust.tsa_anchors();
        let path = CertificationPath::find(tsa, token.certificates(), &anchors);
        let trusted = path.is_some_and(|path| path.is_valid_at(token.time()));
        if !trusted {
            self.doubt("the TSA of a timestamp token in it is not trusted");
        }
        if token.time().unix() > self.now.unix().saturating_add(MAX_SKEW_SECONDS) {
            self.doubt("a timestamp token in it is from the future");
        }
        self.authenticate_chain(token.certificates(), tsa);
        Some(TimestampReport {
            time: token.time(),
            tsa: tsa.name(),
            fingerprint: tsa.fingerprint(),
            trusted,
        })
    }

    /// Checks the DSS. Returns whether there is one that has a CRL for the signer's certificate and
    /// those of its timestamp token, or needs none.
    fn check_dss(&mut self, leaf: &X509) -> bool {
        let Some(dss) = &self.revisions.dss else { return false };
        let certificates: Option<Vec<X509>> =
            dss.certificates.iter().map(|der| X509::from_der(der).ok()).collect();
        let crls: Option<Vec<Crl>> =
            dss.crls.iter().map(|der| Crl::from_der(der).ok()).collect();
        let (Some(certificates), Some(crls)) = (certificates, crls) else {
            self.fault("its validation data cannot be read");
            return false;
        };
        // The seal does not cover the DSS, so each part must be authentic by itself.
        for certificate in &certificates {
            let is_signed = certificates
                .iter()
                .any(|other| other != certificate && certificate.is_signed_by(other));
            if !is_signed && !self.trust.authenticates(certificate) {
                self.doubt("a certificate in its validation data cannot be checked");
            }
        }
        let is_signed = |crl: &Crl| {
            let mut known = certificates.iter().chain(self.revisions.seal.certificates());
            known.any(|issuer| crl.is_signed_by(issuer))
        };
        if !crls.iter().all(is_signed) {
            self.fault("a CRL in it is not signed by any certificate in it");
        }
        let timestamp = self.report.timestamp.as_ref().map(|timestamp| timestamp.time);
        let time = timestamp.unwrap_or(self.now);
        let is_revoked = |cert: &X509| {
            let crls = crls.iter().filter(|crl| crl.is_for(cert));
            crls.filter_map(|crl| crl.revocation_date(cert)).any(|date| date <= time)
        };
        if certificates.iter().chain([leaf]).any(is_revoked) {
            self.fault("a certificate had been revoked when it was sealed");
        }
        let token = self.revisions.seal.timestamp_token();
        let token = token.and_then(|der| TimestampToken::read(&der));
        let has_crl = |cert: &X509| {
            cert.is_self_signed() || crls.iter().any(|crl| crl.is_for(cert))
        };
        has_crl(leaf)
            && token.is_none_or(|token| token.certificates().iter().all(has_crl))
    }

    /// Checks that the certificate was valid at the claimed signing time and at the timestamp.
    fn check_signing_time(&mut self, leaf: &X509) {
        let claimed = self.revisions.params.signing_time;
        if !leaf.is_valid_at(claimed) {
            self.fault("its certificate was not valid at the time that it claims");
        }
        match self.report.timestamp.clone() {
            Some(timestamp) => {
                if claimed.unix() > timestamp.time.unix().saturating_add(MAX_SKEW_SECONDS)
                {
                    self.fault("its timestamp is older than the time that it claims");
                }
                if !leaf.is_valid_at(timestamp.time) {
                    self.fault("its certificate was not valid at its timestamp");
                }
            }
            None if claimed.unix() > self.now.unix().saturating_add(MAX_SKEW_SECONDS) => {
                self.doubt("it says that it was sealed in the future");
            }
            None => {}
        }
    }

    /// Checks that the signer is trusted: at the time of a trusted timestamp, else now.
    fn check_signer(&mut self, leaf: &X509) {
        let others = self.revisions.seal.certificates();
        self.authenticate_chain(others, leaf);
        let trusted = self.report.timestamp.as_ref().filter(|found| found.trusted);
        let time = trusted.map_or(self.now, |timestamp| timestamp.time);
        if self.trust.is_pinned(leaf) {
            if !leaf.is_valid_at(time) {
                self.doubt(
                    "its certificate has expired, and no timestamp proves when it sealed",
                );
            }
            return;
        }
        match CertificationPath::find(leaf, others, self.trust.roots()) {
            None => self.doubt("its signer is not among those that are trusted"),
            Some(path) if !path.is_valid_at(time) => self.doubt(
                "a certificate has expired, and no timestamp proves when it sealed",
            ),
            Some(_) => {}
        }
    }

    /// Checks that the last certificate of a chain is authentic: no signature in the file covers
    /// it.
    fn authenticate_chain(&mut self, chain: &[X509], leaf: &X509) {
        if let Some(last) = leaf.chain_in(chain).last()
            && !self.trust.authenticates(last)
        {
            if last.is_self_issued() {
                self.fault("a root certificate in it has been changed");
            } else {
                self.doubt("the issuer of its last certificate is not known");
            }
        }
    }

    fn fault(&mut self, what: &str) {
        self.report.faults.push(what.to_owned());
    }

    fn doubt(&mut self, what: &str) {
        if !self.report.doubts.iter().any(|known| known == what) {
            self.report.doubts.push(what.to_owned());
        }
    }
}
