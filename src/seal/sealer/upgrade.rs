//! A seal raised to a higher PAdES level, by appending revisions and filling its placeholder.

use std::collections::BTreeSet;

use super::{Sealed, Sealer};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::seal::pdf::{self, Dss};
use crate::seal::timestamp::{TimestampToken, Tsa};
use crate::seal::verify::{PadesLevel, RevisionKind, Revisions};
use crate::seal::x509::{Crl, X509};

/// The length of the placeholder for an archive timestamp, in bytes.
const ARCHIVE_PLACEHOLDER_LEN: usize = 12_288;

/// How many days before the end of its TSA's certificate an archive timestamp is renewed.
const RENEWAL_DAYS: u64 = 366;

impl Sealer {
    /// Raises a document that this sealer, or one [before it](Self::with_own), has sealed to the
    /// highest level that it can reach: adds a timestamp token if the seal has none, then the CRLs
    /// of its certificates, then an archive timestamp if its field is reserved. An archive
    /// timestamp whose certificate ends within a year is renewed. `crls` are CRLs as DER that the
    /// caller has; others are fetched. The detached signature is made again, because the bytes
    /// change.
    ///
    /// What the document has already is kept. A document that needs nothing is returned unchanged.
    ///
    /// # Errors
    /// - [`ErrorKind::Tampered`]: the seal is not this sealer's, or is not valid.
    /// - [`ErrorKind::Seal`]: no TSA is set, there is no CRL for a certificate, a placeholder is
    ///   too small, or the last archive timestamp has ended.
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
        if !revisions.is_intact || !self.is_own(&revisions) {
            return Err(invalid("it is not this site's, or does not hold"));
        }
        let warnings = self.identity.warnings(now);
        if let Some(archive) = revisions.archives.last() {
            let end = archive.token.tsa().map(X509::not_after);
            let end =
                end.ok_or_else(|| invalid("its archive timestamp has no signer"))?;
            if end > now.plus_days(RENEWAL_DAYS) {
                return self.finish(file.to_vec(), PadesLevel::Lta, warnings, now);
            }
            if end < now {
                let message = format!(
                    "the certificate of the last archive timestamp ended on {end}: another \
                     one would prove nothing"
                );
                return Err(Error::new(ErrorKind::Seal, message));
            }
        }
        if revisions.seal.timestamp_token().is_none() {
            revisions = self.add_timestamp(file, &revisions, now)?;
        }
        if revisions.appended.last() != Some(&RevisionKind::Dss) {
            let dss = self.missing_dss(&revisions, crls, now)?;
            if !dss.is_empty() {
                let revision = dss.revise(&revisions.document)?;
                revisions.document.append(revision);
            }
        }
        let mut level = PadesLevel::Lt;
        if let Some(field) = revisions.next_archive_field() {
            let mut signable =
                pdf::embed_archive(&revisions.document, field, ARCHIVE_PLACEHOLDER_LEN)?;
            let parts = signable.signed_parts(&revisions.document);
            let token = self.trusted_token(self.required_tsa()?, &parts, now)?;
            signable.embed(&token)?;
            revisions.document.append(signable.revision);
            level = PadesLevel::Lta;
        }
        self.finish(revisions.document.bytes().to_vec(), level, warnings, now)
    }

    /// Embeds a seal with a timestamp token in place of the seal: no signature covers the
    /// placeholder, so the seal stays valid.
    fn add_timestamp(
        &self,
        file: &[u8],
        revisions: &Revisions,
        now: Timestamp,
    ) -> Result<Revisions<'static>> {
        if !revisions.appended.is_empty() {
            return Err(Error::new(
                ErrorKind::Seal,
                "the document has validation data already",
            ));
        }
        let token = self.required_tsa()?;
        let parts = [revisions.seal.signature()];
        let token = self.trusted_token(token, &parts, now)?;
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
        let revisions = Revisions::read(&file).map(Revisions::into_owned);
        revisions.map_err(|why| Error::new(ErrorKind::Seal, why))
    }

    /// The certificates of a seal, its timestamp token and its last archive timestamp, and the
    /// known issuers of those, each once.
    fn certificates(&self, revisions: &Revisions) -> Vec<X509> {
        let seal = &revisions.seal;
        let token = seal.timestamp_token().and_then(|der| TimestampToken::read(&der));
        let archive = revisions.archives.last().map(|archive| &archive.token);
        let of_tokens =
            token.iter().chain(archive).flat_map(TimestampToken::certificates);
        let mut all: Vec<X509> = Vec::new();
        for certificate in seal.certificates().iter().chain(of_tokens) {
            for member in certificate.chain_in(&self.issuers) {
                if !all.contains(member) {
                    all.push(member.clone());
                }
            }
        }
        all
    }

    /// What the DSS of a document lacks: its certificates, and the newest CRL of each issuer, if
    /// the document has none that was made after its last timestamp.
    fn missing_dss(
        &self,
        revisions: &Revisions,
        crls: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Dss> {
        let certificates = self.certificates(revisions);
        let present = revisions.dss.clone().unwrap_or_default();
        let read = |crls: &[Vec<u8>]| -> Result<Vec<Crl>> {
            crls.iter().map(|der| Crl::from_der(der)).collect()
        };
        let embedded = read(&present.crls)?;
        let mut known: Vec<Crl> = self.crls.get().to_vec();
        known.extend(read(crls)?);
        known.retain(|crl| certificates.iter().any(|issuer| crl.is_signed_by(issuer)));
        let is_missing = |known: &[Crl], cert: &X509| {
            !cert.is_self_signed()
                && !known.iter().any(|crl| crl.is_for(cert) && crl.is_current_at(now))
        };
        let urls: BTreeSet<String> = certificates
            .iter()
            // A CRL need not list a certificate that has expired (RFC 5280, 3.3), so a new CRL proves
            // no more than the embedded one.
            .filter(|cert| is_missing(&known, cert) && cert.is_valid_at(now))
            .filter(|cert| is_missing(&embedded, cert))
            .flat_map(X509::crl_urls)
            .collect();
        for url in urls {
            let der = self.required_tsa()?.client().get(&url)?;
            known.push(Crl::from_der(&der)?);
        }
        known.retain(|crl| certificates.iter().any(|issuer| crl.is_signed_by(issuer)));
        let mut missing = Dss::default();
        for certificate in &certificates {
            let der = certificate.der();
            if !present.certificates.iter().any(|known| known == der) {
                missing.certificates.push(der.to_vec());
            }
            if certificate.is_self_signed() {
                continue;
            }
            let age = |crl: &&Crl| (crl.number(), crl.this_update());
            let is_for = |crl: &&Crl| crl.is_for(certificate);
            let before = embedded.iter().filter(is_for).max_by_key(age);
            let newest = known.iter().filter(is_for).max_by_key(age);
            match (before, newest) {
                (None, None) => return Err(no_crl(certificate)),
                (before, Some(newest))
                    if before.is_none_or(|before| age(&before) < age(&newest)) =>
                {
                    let der = newest.der();
                    if !missing.crls.iter().any(|known| known == der) {
                        missing.crls.push(der.to_vec());
                    }
                }
                _ => {}
            }
        }
        Ok(missing)
    }

    fn required_tsa(&self) -> Result<&Tsa> {
        self.tsa.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Seal, "there is no timestamp authority (TSA)")
                .with_help("set one, with its URL")
        })
    }
}

fn no_crl(certificate: &X509) -> Error {
    let message =
        format!("there is no CRL for the certificate of `{}`", certificate.name());
    Error::new(ErrorKind::Seal, message).with_help(
        "its issuer must publish one, and the issuer's own certificate must be known: give it \
         with `--tsa-roots`, or set `seal.tsa.roots`",
    )
}
