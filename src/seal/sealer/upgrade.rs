//! Raising a seal's level after the fact, by appending only.

use std::collections::BTreeSet;

use super::{Sealed, Sealer};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::pdf::{self, Validation};
use crate::seal::verify::{Layers, SealLevel};
use crate::seal::x509::{RevocationList, X509};

/// Room for an archive stamp, in bytes.
const ARCHIVE_ROOM: usize = 12_288;

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
        let mut layers = Layers::read(file).map_err(broken)?;
        if !layers.holds || layers.seal.leaf() != Some(self.identity.certificate()) {
            return Err(broken("it is not this site's, or does not hold"));
        }
        if layers.archive.is_some() {
            return self.finish(file.to_vec(), SealLevel::Archived, Vec::new(), now);
        }
        if layers.seal.stamp().is_none() {
            layers = self.stamp_late(file, &layers, now)?;
        }
        let mut level = SealLevel::Timed;
        if layers.validation.is_none() {
            let validation = self.validation(&layers, lists)?;
            let revision = validation.revise(&layers.document)?;
            layers.document.append(revision);
        }
        level = level.max(SealLevel::LongTerm);
        if let Some(field) = layers.reserved {
            let authority = self.authority.as_ref().ok_or_else(no_authority)?;
            let mut signable = pdf::fill_archive(&layers.document, field, ARCHIVE_ROOM)?;
            let stamp = authority.stamp(&signable.signed_parts(&layers.document), now)?;
            signable.fill(stamp.der())?;
            layers.document.append(signable.revision);
            level = SealLevel::Archived;
        }
        let warnings = self.identity.warnings(now);
        self.finish(layers.document.into_bytes(), level, warnings, now)
    }

    /// Writes a stamp into the room that the seal has left, which no signature covers.
    fn stamp_late(&self, file: &[u8], layers: &Layers, now: Timestamp) -> Result<Layers> {
        if layers.validation.is_some() {
            return Err(Error::new(
                ErrorKind::Seal,
                "the document has validation data already",
            ));
        }
        let authority = self.authority.as_ref().ok_or_else(no_authority)?;
        let stamp = authority.stamp(&[layers.seal.signature()], now)?;
        let digits = crate::base::hex::upper(&layers.seal.stamped(&stamp)?);
        let slot = &layers.digits;
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
        Layers::read(&file).map_err(|why| Error::new(ErrorKind::Seal, why))
    }

    /// All certificates of a seal and its stamp, and the known issuers of those, each once.
    fn certificates(&self, layers: &Layers) -> Vec<X509> {
        let stamp = layers.seal.stamp().flatten();
        let held = layers.seal.certificates().iter().cloned();
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
    fn validation(&self, layers: &Layers, lists: &[Vec<u8>]) -> Result<Validation> {
        let certificates = self.certificates(layers);
        let mut found: Vec<RevocationList> = lists
            .iter()
            .map(|der| RevocationList::from_der(der))
            .collect::<Result<_>>()?;
        let missing = |found: &[RevocationList], cert: &X509| {
            !cert.is_self_signed() && !found.iter().any(|list| list.is_about(cert))
        };
        let urls: BTreeSet<String> = certificates
            .iter()
            .filter(|cert| missing(&found, cert))
            .flat_map(X509::revocation_lists)
            .collect();
        if !urls.is_empty() {
            let authority = self.authority.as_ref().ok_or_else(no_authority)?;
            for url in urls {
                let der = authority.network.get(&url)?;
                found.push(RevocationList::from_der(&der)?);
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
        Ok(Validation {
            certificates: certificates.iter().map(|cert| cert.der().to_vec()).collect(),
            revocation_lists: found.iter().map(|list| list.der().to_vec()).collect(),
        })
    }
}

fn no_authority() -> Error {
    Error::new(ErrorKind::Seal, "there is no time-stamp authority")
        .with_help("set one, with its address")
}
