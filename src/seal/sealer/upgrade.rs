//! A seal raised to a higher PAdES level, by appending revisions and filling its placeholder.

use std::collections::BTreeSet;

use super::{Sealed, Sealer};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::seal::pdf::{self, Dss};
use crate::seal::timestamp::{TimestampToken, Tsa};
use crate::seal::verify::{PadesLevel, Revisions};
use crate::seal::x509::{Crl, X509};

/// The length of the placeholder for an archive timestamp, in bytes.
const ARCHIVE_PLACEHOLDER_LEN: usize = 12_288;

impl Sealer {
    /// Raises a document that this sealer has sealed to the highest level that it can reach: adds a
    /// timestamp token if the seal has none, then the DSS with the CRLs of its certificates, then
    /// an archive timestamp if its field is reserved. `crls` are CRLs as DER that the caller has;
    /// others are fetched. The detached signature is made again, because the bytes change.
    ///
    /// What the document has already is kept; a document of the highest level is returned
    /// unchanged.
    ///
    /// # Errors
    /// - [`ErrorKind::Tampered`]: the seal is not this sealer's, or is not valid.
    /// - [`ErrorKind::Seal`]: no TSA is set, there is no CRL for a certificate, or a placeholder is
    ///   too small.
    /// - [`ErrorKind::Syntax`]: a CRL cannot be read.
    /// - [`ErrorKind::Timestamp`]: the TSA or the server of a CRL cannot be reached.
    /// - [`ErrorKind::Signer`]: the signer of the detached signature fails.
    pub fn upgrade(
        &self,
        file: &[u8],
        crls: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Sealed> {
        let invalid = |why: &str| {
            Error::new(ErrorKind::Tampered, format!("the seal cannot be raised ({why})"))
        };
        let mut revisions = Revisions::read(file).map_err(invalid)?;
        if !revisions.is_intact
            || revisions.seal.leaf() != Some(self.identity.certificate())
        {
            return Err(invalid("it is not this site's, or does not hold"));
        }
        if revisions.archive.is_some() {
            return self.finish(file.to_vec(), PadesLevel::Lta, Vec::new(), now);
        }
        if revisions.seal.timestamp_token().is_none() {
            revisions = self.add_timestamp(file, &revisions, now)?;
        }
        if revisions.dss.is_none() {
            let dss = self.dss(&revisions, crls)?;
            let revision = dss.revise(&revisions.document)?;
            revisions.document.append(revision);
        }
        let mut level = PadesLevel::Lt;
        if let Some(field) = revisions.archive_field {
            let mut signable =
                pdf::embed_archive(&revisions.document, field, ARCHIVE_PLACEHOLDER_LEN)?;
            let parts = signable.signed_parts(&revisions.document);
            let token = self.required_tsa()?.timestamp(&parts, now)?;
            signable.embed(&token)?;
            revisions.document.append(signable.revision);
            level = PadesLevel::Lta;
        }
        let warnings = self.identity.warnings(now);
        self.finish(revisions.document.bytes().to_vec(), level, warnings, now)
    }

    /// Embeds a seal with a timestamp token in place of the seal: no signature covers the
    /// placeholder, so the seal stays valid.
    fn add_timestamp(
        &self,
        file: &[u8],
        revisions: &Revisions,
        now: Timestamp,
    ) -> Result<Revisions> {
        if revisions.dss.is_some() {
            return Err(Error::new(
                ErrorKind::Seal,
                "the document has validation data already",
            ));
        }
        let token = self.required_tsa()?.timestamp(&[revisions.seal.signature()], now)?;
        let digits = hex::upper(&revisions.seal.with_timestamp_token(&token)?);
        let placeholder = &revisions.placeholder;
        if digits.len() > placeholder.len() {
            return Err(Error::new(
                ErrorKind::Seal,
                "the placeholder of the seal is too small for a timestamp token",
            )
            .with_help("seal with a TSA set, or with an archive field"));
        }
        let mut file = file.to_vec();
        file[placeholder.start..placeholder.start + digits.len()]
            .copy_from_slice(digits.as_bytes());
        Revisions::read(&file).map_err(|why| Error::new(ErrorKind::Seal, why))
    }

    /// The certificates of a seal and its timestamp token, and the known issuers of those, each
    /// once.
    fn certificates(&self, revisions: &Revisions) -> Vec<X509> {
        let seal = &revisions.seal;
        let token = seal.timestamp_token().and_then(|der| TimestampToken::read(&der));
        let of_token = token.iter().flat_map(TimestampToken::certificates);
        let mut all: Vec<X509> = Vec::new();
        for certificate in seal.certificates().iter().chain(of_token) {
            for member in certificate.chain_in(&self.issuers) {
                if !all.contains(member) {
                    all.push(member.clone());
                }
            }
        }
        all
    }

    /// The DSS for a seal: its certificates, and the CRLs of their issuers.
    fn dss(&self, revisions: &Revisions, crls: &[Vec<u8>]) -> Result<Dss> {
        let certificates = self.certificates(revisions);
        let mut crls: Vec<Crl> =
            crls.iter().map(|der| Crl::from_der(der)).collect::<Result<_>>()?;
        let has_no_crl = |crls: &[Crl], cert: &X509| {
            !cert.is_self_signed() && !crls.iter().any(|crl| crl.is_for(cert))
        };
        let urls: BTreeSet<String> = certificates
            .iter()
            .filter(|cert| has_no_crl(&crls, cert))
            .flat_map(X509::crl_urls)
            .collect();
        for url in urls {
            let der = self.required_tsa()?.client().get(&url)?;
            crls.push(Crl::from_der(&der)?);
        }
        crls.retain(|crl| certificates.iter().any(|issuer| crl.is_signed_by(issuer)));
        if let Some(cert) = certificates.iter().find(|cert| has_no_crl(&crls, cert)) {
            let message =
                format!("there is no CRL for the certificate of `{}`", cert.name());
            return Err(Error::new(ErrorKind::Seal, message).with_help(
                "its issuer must publish one; the issuer's own certificate must be in the chain",
            ));
        }
        Ok(Dss {
            certificates: certificates.iter().map(|cert| cert.der().to_vec()).collect(),
            crls: crls.iter().map(|crl| crl.der().to_vec()).collect(),
        })
    }

    fn required_tsa(&self) -> Result<&Tsa> {
        self.tsa.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Seal, "there is no timestamp authority (TSA)")
                .with_help("set one, with its URL")
        })
    }
}
