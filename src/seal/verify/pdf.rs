//! The seal inside a PDF, judged.

use super::Revisions;
use super::report::{
    PadesLevel, RevisionKind, SealReport, SignerReport, TimestampReport,
};
use super::trust::Trust;
use crate::base::timestamp::Timestamp;
use crate::seal::cms::TimestampToken;
use crate::seal::x509::{Crl, Path, X509};

/// How far two clocks may be apart.
const SKEW_SECONDS: u64 = 600;

/// What is found of the seal of a PDF; none when the file is no PDF, or bears no trace of a seal.
pub(super) fn report(file: &[u8], trust: &Trust, now: Timestamp) -> Option<SealReport> {
    let traces: [&[u8]; 3] = [b"/ByteRange", b"/AcroForm", b"/ETSI."];
    let traced = |trace: &&[u8]| file.windows(trace.len()).any(|window| window == *trace);
    if !file.starts_with(b"%PDF") || !traces.iter().any(traced) {
        return None;
    }
    let mut report = SealReport::default();
    match Revisions::read(file) {
        Ok(revisions) => {
            Judge { revisions: &revisions, trust, now, report: &mut report }.judge()
        }
        Err(fault) => report.faults.push(fault.to_owned()),
    }
    report.trusted =
        report.intact && report.faults.is_empty() && report.doubts.is_empty();
    Some(report)
}

struct Judge<'a> {
    revisions: &'a Revisions,
    trust: &'a Trust,
    now: Timestamp,
    report: &'a mut SealReport,
}

impl Judge<'_> {
    fn judge(&mut self) {
        let revisions = self.revisions;
        self.report.covered = revisions.covered;
        self.report.claimed = Some(revisions.facts.signing_time);
        self.report.revisions = vec![RevisionKind::Document, RevisionKind::Seal];
        self.report.level = Some(PadesLevel::B);
        let Some(leaf) = revisions.seal.leaf() else {
            return self.fault("its certificate is missing");
        };
        self.report.signer = Some(SignerReport::new(leaf));
        if !revisions.holds {
            return self.fault("the seal is not over this document");
        }
        if revisions.facts.name != leaf.name() {
            self.fault("it names somebody else than its certificate does");
        }
        if let Some(why) = leaf.unfit_for_documents() {
            self.fault(&format!("its certificate cannot seal: {why}"));
        }
        let stamped = self.stamp();
        let validated = self.validation(leaf);
        let archived = self.archive();
        self.time(leaf);
        self.signer(leaf);
        self.report.level = Some(match (stamped, validated, archived) {
            (true, true, true) => PadesLevel::Lta,
            (true, true, false) => PadesLevel::Lt,
            (true, ..) => PadesLevel::T,
            (false, ..) => PadesLevel::B,
        });
        self.report.intact = self.report.faults.is_empty();
    }

    /// The time stamp over the seal; whether there is a good one.
    fn stamp(&mut self) -> bool {
        match self.revisions.seal.stamp() {
            None => false,
            Some(None) => {
                self.fault("its time stamp is not as our writer keeps it");
                false
            }
            Some(Some(stamp)) => {
                let fault = stamp.fault_over(&[self.revisions.seal.signature()]);
                self.report.stamp = self.judge_stamp(&stamp, fault);
                fault.is_none()
            }
        }
    }

    /// The time stamp over everything; whether there is a good one.
    fn archive(&mut self) -> bool {
        let Some((stamp, fault)) = &self.revisions.archive else { return false };
        self.report.revisions.push(RevisionKind::Archive);
        self.report.archive = self.judge_stamp(stamp, *fault);
        fault.is_none()
    }

    fn judge_stamp(
        &mut self,
        stamp: &TimestampToken,
        fault: Option<&'static str>,
    ) -> Option<TimestampReport> {
        if let Some(why) = fault {
            self.fault(&format!("a time stamp in it does not hold: {why}"));
        }
        let tsa = stamp.tsa()?;
        let roots = self.trust.time_roots();
        let path = Path::find(tsa, stamp.certificates(), &roots);
        let trusted = path.is_some_and(|path| path.invalid_at(stamp.time()).is_none());
        if !trusted {
            self.doubt("the authority of a time stamp in it is not trusted");
        }
        if stamp.time().unix() > self.now.unix().saturating_add(SKEW_SECONDS) {
            self.doubt("a time stamp in it is from the future");
        }
        self.account_for(stamp.certificates(), tsa);
        Some(TimestampReport {
            time: stamp.time(),
            tsa: tsa.name(),
            fingerprint: tsa.fingerprint(),
            trusted,
        })
    }

    /// The validation data; whether it has all that it should.
    fn validation(&mut self, leaf: &X509) -> bool {
        let Some(validation) = &self.revisions.validation else { return false };
        self.report.revisions.push(RevisionKind::Dss);
        let certificates: Option<Vec<X509>> =
            validation.certificates.iter().map(|der| X509::from_der(der).ok()).collect();
        let lists: Option<Vec<Crl>> = validation
            .revocation_lists
            .iter()
            .map(|der| Crl::from_der(der).ok())
            .collect();
        let (Some(certificates), Some(lists)) = (certificates, lists) else {
            self.fault("its validation data cannot be read");
            return false;
        };
        // No seal covers this data, so each part must prove itself.
        for certificate in &certificates {
            let known = certificates
                .iter()
                .any(|other| other != certificate && certificate.is_signed_by(other));
            if !known && !self.trust.accounts_for(certificate) {
                self.doubt("a certificate in its validation data cannot be checked");
            }
        }
        let signed = |list: &Crl| {
            let mut known = certificates.iter().chain(self.revisions.seal.certificates());
            known.any(|issuer| list.is_signed_by(issuer))
        };
        if !lists.iter().all(signed) {
            self.fault("a revocation list in it is by nobody that it names");
        }
        let stamp = self.report.stamp.as_ref().map(|stamp| stamp.time);
        let time = stamp.unwrap_or(self.now);
        let revoked = |cert: &X509| {
            let lists = lists.iter().filter(|list| list.is_about(cert));
            lists.filter_map(|list| list.revoked(cert)).any(|since| since <= time)
        };
        if certificates.iter().chain([leaf]).any(revoked) {
            self.fault("a certificate had been revoked when it was sealed");
        }
        leaf.is_self_signed() || lists.iter().any(|list| list.is_about(leaf))
    }

    /// Whether the certificate was valid when it sealed.
    fn time(&mut self, leaf: &X509) {
        let claimed = self.revisions.facts.signing_time;
        if !leaf.is_valid_at(claimed) {
            self.fault("its certificate was not valid at the time that it claims");
        }
        match self.report.stamp.clone() {
            Some(stamp) => {
                if claimed.unix() > stamp.time.unix().saturating_add(SKEW_SECONDS) {
                    self.fault("its time stamp is older than the time that it claims");
                }
                if !leaf.is_valid_at(stamp.time) {
                    self.fault("its certificate was not valid when it was stamped");
                }
            }
            None if claimed.unix() > self.now.unix().saturating_add(SKEW_SECONDS) => {
                self.doubt("it says that it was sealed in the future");
            }
            None => {}
        }
    }

    /// Whether the signer is trusted, at the proven time if there is one.
    fn signer(&mut self, leaf: &X509) {
        let others = self.revisions.seal.certificates();
        self.account_for(others, leaf);
        let proven = self.report.stamp.as_ref().filter(|stamp| stamp.trusted);
        let time = proven.map_or(self.now, |stamp| stamp.time);
        if self.trust.is_pinned(leaf) {
            if !leaf.is_valid_at(time) {
                self.doubt("its certificate has ended since, and no time stamp proves when it sealed");
            }
            return;
        }
        match Path::find(leaf, others, self.trust.roots()) {
            None => self.doubt("who sealed it is not among those that are trusted"),
            Some(path) if path.invalid_at(time).is_some() => {
                self.doubt("a certificate has ended since, and no time stamp proves when it sealed");
            }
            Some(_) => {}
        }
    }

    /// No signature covers the last certificate of a chain but its issuer's.
    fn account_for(&mut self, chain: &[X509], leaf: &X509) {
        if let Some(last) = leaf.chain_in(chain).last()
            && !self.trust.accounts_for(last)
        {
            match last.is_self_issued() {
                true => self.fault("a root certificate in it has been changed"),
                false => self.doubt("the issuer of its last certificate is not known"),
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
