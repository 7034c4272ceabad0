//! Raising a seal's level after the fact, by appending only.

use std::collections::BTreeSet;

use super::{Sealed, Sealer};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::pdf::{self, Dss};
use crate::seal::verify::{PadesLevel, Revisions};
use crate::seal::x509::{Crl, X509};

/// Room for an archive stamp, in bytes.
const ARCHIVE_PLACEHOLDER_LEN: usize = 12_288;

impl Sealer {
    /// Raises a document that this sealer sealed to the highest level that can be had: a time stamp
    /// where one was missed, then the revocation lists of its certificates (`lists` are DER that
    /// is there already; the rest is fetched), then an archive stamp in the reserved field. The
    /// signature beside is made anew, as the bytes are new.
    ///
    /// What it has already is kept: an upgraded document comes back as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Tampered`]: not a seal of ours that holds. [`ErrorKind::Seal`]: no authority is set, or
    /// there is no room. [`ErrorKind::Timestamp`]: an authority or an issuer cannot be reached.
    pub fn upgrade(
        &self,
        file: &[u8],
        lists: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Sealed> {
        let broken = |why: &str| {
            Error::new(ErrorKind::Tampered, format!("the seal cannot be raised ({why})"))
        };
        let mut revisions = Revisions::read(file).map_err(broken)?;
        if !revisions.holds || revisions.seal.leaf() != Some(self.identity.certificate())
        {
            return Err(broken("it is not this site's, or does not hold"));
        }
        if revisions.archive.is_some() {
            return self.finish(file.to_vec(), PadesLevel::Lta, Vec::new(), now);
        }
        if revisions.seal.stamp().is_none() {
            revisions = self.stamp_late(file, &revisions, now)?;
        }
        let mut level = PadesLevel::T;
        if revisions.validation.is_none() {
            let validation = self.validation(&revisions, lists)?;
            let revision = validation.revise(&revisions.document)?;
            revisions.document.append(revision);
        }
        level = level.max(PadesLevel::Lt);
        if let Some(field) = revisions.reserved {
            let tsa = self.tsa.as_ref().ok_or_else(no_tsa)?;
            let mut signable =
                pdf::embed_archive(&revisions.document, field, ARCHIVE_PLACEHOLDER_LEN)?;
            let stamp = tsa.stamp(&signable.signed_parts(&revisions.document), now)?;
            signable.embed(stamp.der())?;
            revisions.document.append(signable.revision);
            level = PadesLevel::Lta;
        }
        let warnings = self.identity.warnings(now);
        self.finish(revisions.document.into_bytes(), level, warnings, now)
    }

    /// Writes a stamp into the room that the seal has left, which no signature covers.
    fn stamp_late(
        &self,
        file: &[u8],
        revisions: &Revisions,
        now: Timestamp,
    ) -> Result<Revisions> {
        if revisions.validation.is_some() {
            return Err(Error::new(
                ErrorKind::Seal,
                "the document has validation data already",
            ));
        }
        let tsa = self.tsa.as_ref().ok_or_else(no_tsa)?;
        let stamp = tsa.stamp(&[revisions.seal.signature()], now)?;
        let digits = crate::base::hex::upper(&revisions.seal.stamped(&stamp)?);
        let slot = &revisions.digits;
        if digits.len() > slot.len() {
            return Err(Error::new(
                ErrorKind::Seal,
                "the seal has no room for a time stamp",
            )
            .with_help(
                "seal with a time-stamp authority set, or with an archive field",
            ));
        }
        let mut file = file.to_vec();
        file[slot.start..slot.start + digits.len()].copy_from_slice(digits.as_bytes());
        Revisions::read(&file).map_err(|why| Error::new(ErrorKind::Seal, why))
    }

    /// All certificates of a seal and its stamp, and the known issuers of those, each once.
    fn certificates(&self, revisions: &Revisions) -> Vec<X509> {
        let stamp = revisions.seal.stamp().flatten();
        let held = revisions.seal.certificates().iter().cloned();
        let mut all: Vec<X509> = Vec::new();
        for certificate in
            held.chain(stamp.iter().flat_map(|stamp| stamp.certificates().to_vec()))
        {
            for member in certificate.chain_in(&self.issuers) {
                if !all.contains(member) {
                    all.push(member.clone());
                }
            }
        }
        all
    }

    /// The certificates of the seal and its stamp, and what their issuers have revoked.
    fn validation(&self, revisions: &Revisions, lists: &[Vec<u8>]) -> Result<Dss> {
        let certificates = self.certificates(revisions);
        let mut found: Vec<Crl> =
            lists.iter().map(|der| Crl::from_der(der)).collect::<Result<_>>()?;
        let missing = |found: &[Crl], cert: &X509| {
            !cert.is_self_signed() && !found.iter().any(|list| list.is_about(cert))
        };
        let urls: BTreeSet<String> = certificates
            .iter()
            .filter(|cert| missing(&found, cert))
            .flat_map(X509::revocation_lists)
            .collect();
        if !urls.is_empty() {
            let tsa = self.tsa.as_ref().ok_or_else(no_tsa)?;
            for url in urls {
                let der = tsa.network.get(&url)?;
                found.push(Crl::from_der(&der)?);
            }
        }
        found.retain(|list| certificates.iter().any(|issuer| list.is_signed_by(issuer)));
        if let Some(cert) = certificates.iter().find(|cert| missing(&found, cert)) {
            let message = format!(
                "there is no revocation list for the certificate of `{}`",
                cert.name()
            );
            return Err(Error::new(ErrorKind::Seal, message).with_help(
                "its issuer must publish one; the issuer's own certificate must be in the chain",
            ));
        }
        Ok(Dss {
            certificates: certificates.iter().map(|cert| cert.der().to_vec()).collect(),
            revocation_lists: found.iter().map(|list| list.der().to_vec()).collect(),
        })
    }
}

fn no_tsa() -> Error {
    Error::new(ErrorKind::Seal, "there is no time-stamp authority")
        .with_help("set one, with its address")
}
