//! The certificates and CRLs in a file, and the CRLs that the verifier has from elsewhere.
//!
//! No signature need cover the validation data of a file, so each part of it must be authentic by
//! itself, and needed. A CRL counts for a certificate only if the next certificate of a verified
//! path has signed it, whatever else in the file has that issuer's name.

use super::revisions::Revisions;
use super::trust::Trust;
use crate::base::timestamp::Timestamp;
use crate::seal::timestamp::TimestampToken;
use crate::seal::x509::{Crl, X509};

/// The largest number of signatures of certificates and CRLs that are checked to see whether the
/// validation data is authentic.
const MAX_CHECKS: usize = 128;
const TOO_MUCH: &str =
    "its validation data has more certificates and CRLs than are checked";

/// The validation data of a file.
#[derive(Debug, Default)]
pub(super) struct ValidationData {
    crls: Vec<Crl>,
}

/// What the CRLs say about a certification path.
#[derive(Debug, Default)]
pub(super) struct PathStatus {
    /// The number of certificates of the path.
    pub(super) path_len: usize,
    /// The earliest date from which on a certificate of the path does not count.
    pub(super) revoked_at: Option<Timestamp>,
    /// Whether a key of the path may have been misused, as far as the reasons of revocations say.
    pub(super) may_be_misused: bool,
    /// Whether the file has, for each certificate, a CRL whose next update was not past at the
    /// time.
    pub(super) is_covered: bool,
    /// The newest CRL for the first certificate.
    pub(super) newest: Option<NewestList>,
}

/// The newest CRL that counts for a certificate.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewestList {
    pub(super) this_update: Timestamp,
    next_update: Option<Timestamp>,
    /// Whether the verifier has it from the file alone.
    pub(super) is_of_file: bool,
}

impl NewestList {
    fn of(crl: &Crl, is_of_file: bool) -> Self {
        let (this_update, next_update) = (crl.this_update(), crl.next_update());
        Self { this_update, next_update, is_of_file }
    }

    /// Whether the next CRL was not due yet at that time.
    pub(super) fn is_current_at(&self, time: Timestamp) -> bool {
        self.next_update.is_some_and(|next| time <= next)
    }
}

impl ValidationData {
    /// Reads and checks the validation data of a file, and returns it with a reason to doubt it if
    /// there is one. The error says what is wrong.
    pub(super) fn read(
        revisions: &Revisions,
        trust: &Trust,
    ) -> Result<(Self, Option<&'static str>), &'static str> {
        let Some(dss) = &revisions.dss else { return Ok((Self::default(), None)) };
        let certificates: Option<Vec<X509>> =
            dss.certificates.iter().map(|der| X509::from_der(der).ok()).collect();
        let crls: Option<Vec<Crl>> =
            dss.crls.iter().map(|der| Crl::from_der(der).ok()).collect();
        let (Some(certificates), Some(crls)) = (certificates, crls) else {
            return Err("its validation data cannot be read");
        };
        let mut pool = Pool { certificates: Vec::new(), checks: MAX_CHECKS };
        revisions.seal.certificates().iter().for_each(|cert| pool.add(cert));
        for token in tokens(revisions) {
            token.certificates().iter().for_each(|cert| pool.add(cert));
        }
        pool.add_issuers(&certificates)?;
        let mut doubt = None;
        for certificate in &certificates {
            if !pool.certificates.contains(certificate) {
                return Err(
                    "its validation data has a certificate that nothing in it needs",
                );
            }
            if trust.has_changed(certificate) {
                return Err("a certificate in its validation data has been changed");
            }
            if !trust.authenticates(certificate) && !pool.has_issuer(certificate)? {
                doubt = Some("a certificate in its validation data cannot be checked");
            }
        }
        for crl in &crls {
            if !pool.certificates.iter().any(|cert| crl.is_for(cert)) {
                return Err("its validation data has a CRL that nothing in it needs");
            }
            if !pool.has_signer(crl)? {
                return Err("a CRL in it is not signed by any certificate in it");
            }
        }
        Ok((Self { crls }, doubt))
    }

    /// What the CRLs say about a verified path: each certificate with its issuer, up to the anchor.
    /// `elsewhere` are CRLs that the verifier has besides those of the file.
    pub(super) fn status(
        &self,
        path: &[&X509],
        elsewhere: &[Crl],
        time: Timestamp,
    ) -> PathStatus {
        let mut status = PathStatus {
            path_len: path.len(),
            is_covered: path.len() > 1,
            ..PathStatus::default()
        };
        for (at, pair) in path.windows(2).enumerate() {
            let [certificate, issuer] = pair else { continue };
            let counts = |crl: &&Crl| crl.counts_for(certificate, issuer);
            let of_file: Vec<&Crl> = self.crls.iter().filter(counts).collect();
            let others: Vec<&Crl> = elsewhere.iter().filter(counts).collect();
            let mut both = of_file.iter().chain(&others);
            status.may_be_misused |= both.any(|crl| !crl.has_only_ended(certificate));
            let all = of_file.iter().chain(&others);
            let date = all.filter_map(|crl| crl.revocation_date(certificate)).min();
            status.revoked_at = [status.revoked_at, date].into_iter().flatten().min();
            let had_ended = |crl: &&Crl| crl.next_update().is_none_or(|next| next < time);
            status.is_covered &= of_file.iter().any(|crl| !had_ended(crl));
            if at == 0 {
                let of_file = of_file.iter().map(|crl| NewestList::of(crl, true));
                let others = others.iter().map(|crl| NewestList::of(crl, false));
                // Of two CRLs that were made at the same time, the one from elsewhere counts.
                let age = |list: &NewestList| (list.this_update, !list.is_of_file);
                status.newest = of_file.chain(others).max_by_key(age);
            }
        }
        status
    }
}

/// Certificates of which each is needed, and how many signatures may still be checked.
struct Pool {
    certificates: Vec<X509>,
    checks: usize,
}

impl Pool {
    fn add(&mut self, certificate: &X509) {
        if !self.certificates.contains(certificate) {
            self.certificates.push(certificate.clone());
        }
    }

    /// Adds those of `others` that have issued a member, until there are no more.
    fn add_issuers(&mut self, others: &[X509]) -> Result<(), &'static str> {
        let mut at = 0;
        while at < self.certificates.len() {
            for other in others {
                if !self.certificates.contains(other)
                    && self.is_issued(&self.certificates[at].clone(), other)?
                {
                    self.certificates.push(other.clone());
                }
            }
            at += 1;
        }
        Ok(())
    }

    /// Whether another member has issued a certificate.
    fn has_issuer(&mut self, certificate: &X509) -> Result<bool, &'static str> {
        for issuer in self.certificates.clone() {
            if issuer != *certificate && self.is_issued(certificate, &issuer)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a member has signed a CRL.
    fn has_signer(&mut self, crl: &Crl) -> Result<bool, &'static str> {
        for issuer in &self.certificates {
            if crl.names(issuer) {
                self.checks = self.checks.checked_sub(1).ok_or(TOO_MUCH)?;
                if crl.is_signed_by(issuer) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn is_issued(
        &mut self,
        certificate: &X509,
        issuer: &X509,
    ) -> Result<bool, &'static str> {
        if !certificate.names(issuer) {
            return Ok(false);
        }
        self.checks = self.checks.checked_sub(1).ok_or(TOO_MUCH)?;
        Ok(certificate.is_signed_by(issuer))
    }
}

/// The timestamp tokens of a file: that of the seal, and the archive timestamps.
fn tokens(revisions: &Revisions) -> Vec<TimestampToken> {
    let of_seal = revisions.seal.timestamp_token();
    let of_seal = of_seal.and_then(|der| TimestampToken::read(&der));
    let archives = revisions.archives.iter().map(|archive| archive.token.clone());
    of_seal.into_iter().chain(archives).collect()
}
