//! The check of the seal inside a PDF.

use ring::digest::{Context, SHA256};

use super::link::{CertificateLink, positions};
use super::origin::{self, ForeignSeal};
use super::report::{
    AnchorReport, PadesLevel, RevisionKind, SealReport, SignerReport, TimestampReport,
};
use super::revisions::Revisions;
use super::trust::Trust;
use super::validation_data::{PathStatus, ValidationData};
use crate::base::digits::Sha256;
use crate::base::timestamp::Timestamp;
use crate::seal::timestamp::TimestampToken;
use crate::seal::x509::{CertificationPath, X509};

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

/// Checks the seal of a file. `is_signed` says whether a detached signature over the file is
/// intact: then a missing seal is no fault.
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
        // A verify page or a record names certificates too, so only a file with a trace of a seal
        // is called changed. The seal of another program is known by its signer.
        if origin::has_seal(file) {
            if origin::is_ours(file) {
                report.faults.push("its beginning is missing or broken".to_owned());
                found.seal = Some(report);
            } else {
                let foreign = ForeignSeal::read(file, trust);
                found.foreign = Some(foreign).filter(|seal| seal.signer.is_some());
            }
        }
        return found;
    }
    match Revisions::read(file) {
        Ok(revisions) => {
            found.certificate = CertificateLink::of(&revisions.document);
            report.digests = digests(file, &revisions.ends);
            let crls = vec![CrlUse::OfOthers; trust.crls().len()];
            SealCheck { revisions: &revisions, trust, now, report: &mut report, crls }
                .run();
        }
        Err(why) => {
            let has_seal = origin::has_seal(file);
            found.certificate = CertificateLink::in_any_file(file);
            if !origin::is_ours(file) {
                let foreign = has_seal.then(|| ForeignSeal::read(file, trust));
                if foreign.as_ref().is_none_or(|it| !it.is_encrypted || !it.is_trusted) {
                    found.foreign = foreign;
                    return found;
                }
                report.faults.push(
                    "it was encrypted after it was sealed: ask for the file that was issued"
                        .to_owned(),
                );
                found.seal = Some(report);
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

/// What a list of revoked certificates is to the certificates of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum CrlUse {
    /// It names the issuer of none.
    OfOthers,
    /// It names an issuer, and does not count.
    Unfit,
    /// It counts.
    Counts,
}

/// One check: what it reads, and the report that it writes.
struct SealCheck<'a> {
    revisions: &'a Revisions<'a>,
    trust: &'a Trust,
    now: Timestamp,
    report: &'a mut SealReport,
    /// What each list that the verifier has was to the certificates.
    crls: Vec<CrlUse>,
}

impl SealCheck<'_> {
    fn run(&mut self) {
        let revisions = self.revisions;
        self.report.covered = revisions.covered;
        self.report.placeholder = revisions.placeholder.clone();
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
        let data = self.read_validation_data();
        let (has_archive, until) = self.check_archive_timestamps(&data);
        let (has_timestamp, is_tsa_covered) = self.check_timestamp(&data, until);
        self.check_signing_time(leaf);
        let is_covered = self.check_signer(leaf, &data) && is_tsa_covered;
        self.note_unused_crls();
        self.report.level = Some(match (has_timestamp, is_covered, has_archive) {
            (true, true, true) => PadesLevel::Lta,
            (true, true, false) => PadesLevel::Lt,
            (true, ..) => PadesLevel::T,
            (false, ..) => PadesLevel::B,
        });
        self.report.intact = self.report.faults.is_empty();
    }

    /// Checks the timestamp token over the seal, whose time has to be proven at `until`. Returns
    /// whether there is a valid token, and whether the file has the CRLs for its TSA.
    fn check_timestamp(
        &mut self,
        data: &ValidationData,
        until: Timestamp,
    ) -> (bool, bool) {
        let Some(der) = self.revisions.seal.timestamp_token() else {
            return (false, false);
        };
        let Some(token) = TimestampToken::read(&der) else {
            self.fault("its timestamp token is not as our writer stores it");
            return (false, false);
        };
        let validity = token.check(&[self.revisions.seal.signature()]);
        let (report, is_covered) = self.check_token(&token, validity, data, until);
        self.report.timestamp = report;
        (validity.is_ok(), is_covered)
    }

    /// Checks the archive timestamps, the newest first: each proves that the one before it, and the seal's,
    /// were there at its time. Returns whether there are any, all valid, and the earliest time that they
    /// prove, or now.
    fn check_archive_timestamps(&mut self, data: &ValidationData) -> (bool, Timestamp) {
        let mut until = self.now;
        for archive in self.revisions.archives.iter().rev() {
            let (report, _) =
                self.check_token(&archive.token, archive.validity, data, until);
            if report.as_ref().is_some_and(|report| report.trusted) {
                until = archive.token.time();
            }
            self.report.archive = self.report.archive.take().or(report);
        }
        let archives = &self.revisions.archives;
        let are_valid = archives.iter().all(|archive| archive.validity.is_ok());
        (!archives.is_empty() && are_valid, until)
    }

    /// Checks a token whose time has to be proven at `until`. After the end of its TSA's
    /// certificate it proves nothing by itself (ETSI EN 319 102-1, 5.4): the seal then counts as
    /// one without it.
    fn check_token(
        &mut self,
        token: &TimestampToken,
        validity: Result<(), &'static str>,
        data: &ValidationData,
        until: Timestamp,
    ) -> (Option<TimestampReport>, bool) {
        if let Err(why) = validity {
            self.fault(&format!("a timestamp token in it is not valid: {why}"));
        }
        let Some(tsa) = token.tsa() else { return (None, false) };
        let anchors = self.trust.tsa_anchors();
        let path = CertificationPath::find(tsa, token.certificates(), &anchors);
        let status = path.as_ref().map(|path| {
            data.status(path.certificates(), self.trust.crls(), token.time())
        });
        self.mark_used(path.as_ref().map_or(&[][..], CertificationPath::certificates));
        let revoked_at = status.as_ref().and_then(|status| status.revoked_at);
        let is_revoked = revoked_at.is_some_and(|date| date <= token.time());
        let is_valid_at = |time| path.as_ref().is_some_and(|path| path.is_valid_at(time));
        let was_trusted = is_valid_at(token.time()) && !is_revoked;
        // Who has the key of a TSA writes any time into a token: once the key is revoked, a token counts
        // that was there before.
        let until = until.max(token.time());
        let may_be_misused = status.as_ref().is_some_and(|status| status.may_be_misused);
        let ended = match revoked_at {
            Some(date) if may_be_misused && date <= until => Some("was revoked"),
            _ if !is_valid_at(until) => Some("has ended"),
            _ => None,
        };
        let trusted = was_trusted && ended.is_none();
        if !was_trusted {
            self.time_doubt(
                "the time of sealing is not proven: the TSA of a timestamp token in it is not \
                 trusted",
            );
        } else if let Some(ended) = ended {
            self.report.notes.push(format!(
                "its timestamp of {} proves nothing any more: the certificate of the TSA {ended}, and \
                 no later timestamp was made before",
                token.time()
            ));
        }
        if token.time().unix() > self.now.unix().saturating_add(MAX_SKEW_SECONDS) {
            self.time_doubt("a timestamp token in it is from the future");
        }
        if let Some(why) = self.authenticate_chain(token.certificates(), tsa) {
            self.time_doubt(&format!("of a timestamp token in it, {why}"));
        }
        let is_covered = trusted && status.is_some_and(|status| status.is_covered);
        let report = TimestampReport {
            time: token.time(),
            tsa: tsa.name(),
            fingerprint: tsa.fingerprint(),
            trusted,
        };
        (Some(report), is_covered)
    }

    /// Reads and checks the validation data of the file.
    fn read_validation_data(&mut self) -> ValidationData {
        match ValidationData::read(self.revisions, self.trust) {
            Ok((data, doubt)) => {
                doubt.into_iter().for_each(|doubt| self.doubt(doubt));
                data
            }
            Err(why) => {
                self.fault(why);
                ValidationData::default()
            }
        }
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

    /// Checks that the signer is trusted: at the time of a trusted timestamp, else now. Returns
    /// whether the file has the CRLs for its path.
    fn check_signer(&mut self, leaf: &X509, data: &ValidationData) -> bool {
        let others = self.revisions.seal.certificates();
        if let Some(why) = self.authenticate_chain(others, leaf) {
            self.doubt(why);
        }
        let trusted = self.report.timestamp.as_ref().filter(|found| found.trusted);
        let proven = trusted.map(|timestamp| timestamp.time);
        let time = proven.unwrap_or(self.now);
        let path = CertificationPath::find(leaf, others, self.trust.roots());
        // The certificates in a file are not signed: who made it may have left out the issuers, which are
        // known of a certificate that is trusted by itself.
        let known: Vec<X509> = others.iter().chain(self.trust.known()).cloned().collect();
        let chain = leaf.chain_in(&known);
        if self.trust.is_pinned(leaf)
            && chain.len() == 1
            && !leaf.is_self_signed()
            && self.trust.crls().iter().any(|crl| crl.is_for(leaf))
        {
            self.doubt(
                "whether its certificate was revoked is not known: the certificate of its issuer is \
                 missing",
            );
        }
        let (anchor, is_valid, path) = match &path {
            _ if self.trust.is_pinned(leaf) => (leaf, leaf.is_valid_at(time), &chain[..]),
            Some(path) => (path.anchor(), path.is_valid_at(time), path.certificates()),
            None => {
                self.doubt("its signer is not among those that are trusted");
                return false;
            }
        };
        let fingerprint = anchor.fingerprint();
        let sealed = proven.unwrap_or(self.revisions.params.signing_time);
        if let Some(retired) = self.trust.retired(&fingerprint).filter(|it| *it < sealed)
        {
            self.doubt(&format!("its root retired on {retired}, before it was sealed"));
        }
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
        // Without a timestamp, the CRL in a file is judged at the time that the seal claims.
        let claimed = self.revisions.params.signing_time;
        let status = data.status(path, self.trust.crls(), proven.unwrap_or(claimed));
        self.mark_used(path);
        self.check_revocation(&status, proven);
        status.is_covered && !leaf.is_self_signed()
            || leaf.is_self_signed() && self.revisions.dss.is_some()
    }

    /// Notes which of the verifier's lists count for a certificate of a path.
    fn mark_used(&mut self, path: &[&X509]) {
        for (crl, usage) in self.trust.crls().iter().zip(&mut self.crls) {
            let found = path.windows(2).map(|pair| match () {
                () if crl.counts_for(pair[0], pair[1]) => CrlUse::Counts,
                () if crl.names(pair[1]) => CrlUse::Unfit,
                () => CrlUse::OfOthers,
            });
            *usage = found.fold(*usage, CrlUse::max);
        }
    }

    /// Names the lists of which the caller said where they were read, and which count for none of the
    /// certificates: who gave one takes it that it was asked.
    fn note_unused_crls(&mut self) {
        if self.report.anchor.is_none() {
            return;
        }
        for (crl, usage) in self.trust.crls().iter().zip(&self.crls) {
            let why = match usage {
                CrlUse::Counts => continue,
                CrlUse::OfOthers => "it is of another issuer",
                CrlUse::Unfit => {
                    "another key than its issuer's signed it, or it has what is not known here"
                }
            };
            if let Some(source) = self.trust.source(crl.fingerprint()) {
                self.report.notes.push(format!(
                    "the list of revoked certificates in `{source}` counts for nothing here: {why}"
                ));
            }
        }
    }

    /// Judges what the CRLs say about the signer. Without a proven time of sealing, a revoked
    /// signer is not trusted: the holder of the key can claim any time.
    fn check_revocation(&mut self, status: &PathStatus, proven: Option<Timestamp>) {
        let claimed = self.revisions.params.signing_time;
        match status.revoked_at {
            Some(date) if date <= proven.unwrap_or(claimed) => {
                self.report.is_key_revoked = true;
                self.doubt("a certificate had been revoked when it was sealed");
            }
            Some(date) if proven.is_none() => self.time_doubt(&format!(
                "the key was revoked on {date}, and no timestamp proves that it sealed before"
            )),
            _ => {}
        }
        if proven.is_some() || status.path_len < 2 {
            return;
        }
        let note = match status.newest {
            None => "no list of revoked certificates was seen".to_owned(),
            Some(list) if list.is_of_file || !list.is_current_at(self.now) => {
                format!("no list newer than {} was seen", list.this_update)
            }
            Some(_) => return,
        };
        self.report.notes.push(note);
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
            // Each ECDSA signature has a valid twin, so another signature of an issuer can replace
            // its own.
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

/// The SHA-256 of the beginning of a file up to each of these offsets, which ascend.
fn digests(file: &[u8], ends: &[usize]) -> Vec<Sha256> {
    let mut context = Context::new(&SHA256);
    let mut start = 0;
    let digest = |end: &usize| {
        context.update(&file[start..*end]);
        start = *end;
        Sha256::of_digest(&context.clone().finish())
    };
    ends.iter().map(digest).collect()
}
