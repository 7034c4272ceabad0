//! Lists of what an issuer has revoked (RFC 5280, 5).

use der::{Decode, Encode};
use x509_cert::crl::CertificateList;

use super::X509;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;

/// A revocation list, as its issuer has signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crl {
    der: Vec<u8>,
    parsed: CertificateList,
    signed: Vec<u8>,
}

impl Crl {
    /// Reads DER, and nothing that is not DER.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: not a revocation list.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self> {
        let fault = || Error::new(ErrorKind::Syntax, "this is no revocation list");
        let parsed = CertificateList::from_der(der).map_err(|_| fault())?;
        let signed = parsed.tbs_cert_list.to_der().map_err(|_| fault())?;
        let same = parsed.to_der().is_ok_and(|again| again == der);
        match same && parsed.signature_algorithm == parsed.tbs_cert_list.signature {
            true => Ok(Self { der: der.to_vec(), parsed, signed }),
            false => Err(fault()),
        }
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether that certificate's key has signed the list, and the names agree.
    pub(crate) fn is_signed_by(&self, issuer: &X509) -> bool {
        self.parsed.tbs_cert_list.issuer == issuer.parsed().tbs_certificate.subject
            && issuer.key().is_ok_and(|key| {
                let signature = self.parsed.signature.as_bytes().unwrap_or_default();
                key.verifies_as(
                    &self.parsed.signature_algorithm,
                    None,
                    &self.signed,
                    signature,
                )
            })
    }

    /// Whether it is about the issuer of that certificate.
    pub(crate) fn is_about(&self, certificate: &X509) -> bool {
        self.parsed.tbs_cert_list.issuer == certificate.parsed().tbs_certificate.issuer
    }

    /// Since when that certificate, of the list's issuer, is revoked.
    pub(crate) fn revoked(&self, certificate: &X509) -> Option<Timestamp> {
        let serial = &certificate.parsed().tbs_certificate.serial_number;
        let revoked = self.parsed.tbs_cert_list.revoked_certificates.iter().flatten();
        revoked
            .filter(|entry| entry.serial_number == *serial)
            .map(|entry| Timestamp::from_der(entry.revocation_date.to_date_time()))
            .min()
    }
}
