//! The check of the seal inside a PDF.

use super::link::{CertificateLink, positions};
use super::origin::{self, ForeignSeal};
use super::report::{
    AnchorReport, PadesLevel, RevisionKind, SealReport, SignerReport, TimestampReport,
};
use super::revisions::Revisions;
use super::trust::Trust;
use crate::base::timestamp::Timestamp;
use crate::seal::timestamp::TimestampToken;
use crate::seal::x509::{CertificationPath, Crl, X509};

/// The largest difference between the clocks of two machines, in seconds.
const MAX_SKEW_SECONDS: u64 = 600;
/// The part of a file in which the header of a PDF is looked for, in bytes.
const MAX_HEADER_OFFSET: usize = 1024;

/// What was found in a file besides its detached signature.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) seal: Option<SealReport>,
    pub(super) certificate: Option<CertificateLink>,
    pub(super) foreign: Option<ForeignSeal>,
}

/// Checks the seal of a file. `is_signed` says whether it has a detached signature that is over it:
/// then it need not be sealed.
pub(super) fn check(
    file: &[u8],
    trust: &Trust,
    now: Timestamp,
    is_signed: bool,
) -> Found {
    let mut found = Found::default();
    // ISO 32000-1, annex H, implementation note 13: readers accept a header that is not at the
    // beginning.
    let head = &file[..file.len().min(MAX_HEADER_OFFSET)];
    let mut report = SealReport::default();
    if positions(head, b"%PDF-").next().is_none() {
        // A page or a record names certificates too: only what has a seal is broken.
        if origin::has_seal(file) && origin::is_ours(file) {
            report.faults.push("its beginning is missing or broken".to_owned());
            found.seal = Some(report);
        }
        return found;
    }
    match Revisions::read(file) {
        Ok(revisions) => {
            found.certificate = CertificateLink::read(&file[..revisions.covered]);
            SealCheck { revisions: &revisions, trust, now, report: &mut report }.run();
        }
        Err(why) => {
            let has_seal = origin::has_seal(file);
            found.certificate = CertificateLink::read(file);
            if !origin::is_ours(file) {
                found.foreign = has_seal.then(|| ForeignSeal::read(file));
                return found;
            }
            if !has_seal && is_signed {
                return found;
            }
            let why = if has_seal { why } else { "it has no seal" };
            report.faults.push(why.to_owned());
        }
    }
    report.trusted = report.intact
        && report.faults.is_empty()
        && report.doubts.is_empty()
        && !report.has_ended
        && !report.is_key_revoked;
    found.seal = Some(report);
    found
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
            self.time_doubt(
                "the time of sealing is not proven: the TSA of a timestamp token in it is not \
                 trusted",
            );
        }
        if token.time().unix() > self.now.unix().saturating_add(MAX_SKEW_SECONDS) {
            self.time_doubt("a timestamp token in it is from the future");
        }
        if let Some(why) = self.authenticate_chain(token.certificates(), tsa) {
            self.time_doubt(&format!("of a timestamp token in it, {why}"));
        }
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
        if !self.are_needed(&certificates, &crls) {
            self.fault("its validation data has what nothing in it needs");
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
            self.report.is_key_revoked = true;
            self.doubt("a certificate had been revoked when it was sealed");
        }
        let token = self.revisions.seal.timestamp_token();
        let token = token.and_then(|der| TimestampToken::read(&der));
        let has_crl = |cert: &X509| {
            cert.is_self_signed() || crls.iter().any(|crl| crl.is_for(cert))
        };
        has_crl(leaf)
            && token.is_none_or(|token| token.certificates().iter().all(has_crl))
    }

    /// Whether each certificate is in a chain of the seal or a timestamp token, or has issued one
    /// that is, and each CRL is of one that has.
    fn are_needed(&self, certificates: &[X509], crls: &[Crl]) -> bool {
        let token = self.revisions.seal.timestamp_token();
        let token = token.and_then(|der| TimestampToken::read(&der));
        let archive = self.revisions.archive.as_ref().map(|archive| &archive.token);
        let of_tokens =
            token.iter().chain(archive).flat_map(TimestampToken::certificates);
        let mut needed: Vec<&X509> = self.revisions.seal.certificates().iter().collect();
        needed.extend(of_tokens);
        let mut others: Vec<&X509> =
            certificates.iter().filter(|cert| !needed.contains(cert)).collect();
        while let Some(at) = others
            .iter()
            .position(|other| needed.iter().any(|cert| cert.is_signed_by(other)))
        {
            needed.push(others.swap_remove(at));
        }
        let is_needed = |crl: &Crl| needed.iter().any(|cert| crl.is_for(cert));
        others.is_empty() && crls.iter().all(is_needed)
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
                self.time_doubt("it says that it was sealed in the future");
            }
            None => {}
        }
    }

    /// Checks that the signer is trusted: at the time of a trusted timestamp, else now.
    fn check_signer(&mut self, leaf: &X509) {
        let others = self.revisions.seal.certificates();
        if let Some(why) = self.authenticate_chain(others, leaf) {
            self.doubt(why);
        }
        let trusted = self.report.timestamp.as_ref().filter(|found| found.trusted);
        let time = trusted.map_or(self.now, |timestamp| timestamp.time);
        let path = CertificationPath::find(leaf, others, self.trust.roots());
        let is_pinned = self.trust.is_pinned(leaf);
        let (anchor, is_valid) = match &path {
            _ if is_pinned => (leaf, leaf.is_valid_at(time)),
            Some(path) => (path.anchor(), path.is_valid_at(time)),
            None => return self.doubt("its signer is not among those that are trusted"),
        };
        let fingerprint = anchor.fingerprint();
        self.report.anchor = Some(AnchorReport {
            subject: anchor.subject(),
            source: self.trust.source(&fingerprint),
            fingerprint,
        });
        if !is_valid {
            self.report.has_ended = true;
            self.time_doubt(
                "a certificate of its signer has ended, and no timestamp proves when it sealed",
            );
        }
    }

    /// Checks that the last certificate of a chain is authentic: no signature in the file covers
    /// it. Returns a reason to doubt it.
    fn authenticate_chain(
        &mut self,
        chain: &[X509],
        leaf: &X509,
    ) -> Option<&'static str> {
        let path = leaf.chain_in(chain);
        let last = path.last()?;
        if path.iter().any(|certificate| self.trust.has_changed(certificate)) {
            // ECDSA signatures come in pairs: the other one of an issuer's is valid too.
            self.fault("a certificate in it has been changed");
        } else if !self.trust.authenticates(last) {
            if !last.is_self_issued() {
                return Some("the issuer of the last certificate is not known");
            }
            self.fault("a root certificate in it has been changed");
        }
        None
    }

    fn fault(&mut self, what: &str) {
        self.report.faults.push(what.to_owned());
    }

    fn doubt(&mut self, what: &str) {
        if !self.report.doubts.iter().any(|known| known == what) {
            self.report.doubts.push(what.to_owned());
        }
    }

    fn time_doubt(&mut self, what: &str) {
        if !self.report.time_doubts.iter().any(|known| known == what) {
            self.report.time_doubts.push(what.to_owned());
        }
    }
}
