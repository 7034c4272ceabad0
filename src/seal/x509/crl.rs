//! Certificate revocation lists (RFC 5280, 5).

use der::Encode;
use x509_cert::crl::CertificateList;

use super::certificate::X509;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::asn1;

/// A CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crl {
    der: Vec<u8>,
    parsed: CertificateList,
    /// The `TBSCertList` as DER, which the issuer has signed.
    tbs: Vec<u8>,
}

impl Crl {
    /// Reads DER. Other encodings of the same CRL (BER) are rejected.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: the bytes are not a CRL.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self> {
        let invalid = || Error::new(ErrorKind::Syntax, "this is no CRL");
        let parsed: CertificateList = asn1::decode(der).map_err(|_| invalid())?;
        let tbs = parsed.tbs_cert_list.to_der().map_err(|_| invalid())?;
        let is_der = parsed.to_der().is_ok_and(|again| again == der);
        if is_der && parsed.signature_algorithm == parsed.tbs_cert_list.signature {
            Ok(Self { der: der.to_vec(), parsed, tbs })
        } else {
            Err(invalid())
        }
    }

    /// The CRL as DER.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether that issuer's key has signed the CRL, and the names agree.
    pub(crate) fn is_signed_by(&self, issuer: &X509) -> bool {
        self.parsed.tbs_cert_list.issuer == issuer.parsed().tbs_certificate.subject
            && issuer.key().is_ok_and(|key| {
                let signature = self.parsed.signature.as_bytes().unwrap_or_default();
                let algorithm = &self.parsed.signature_algorithm;
                key.verifies_as(algorithm, None, &self.tbs, signature)
            })
    }

    /// Whether the CRL names the issuer of that certificate as its own issuer.
    pub(crate) fn is_for(&self, certificate: &X509) -> bool {
        self.parsed.tbs_cert_list.issuer == certificate.parsed().tbs_certificate.issuer
    }

    /// The date on which that certificate was revoked, if it was. The certificate must have the
    /// CRL's issuer.
    pub(crate) fn revocation_date(&self, certificate: &X509) -> Option<Timestamp> {
        let serial = &certificate.parsed().tbs_certificate.serial_number;
        let revoked = self.parsed.tbs_cert_list.revoked_certificates.iter().flatten();
        revoked
            .filter(|entry| entry.serial_number == *serial)
            .map(|entry| Timestamp::from_der(entry.revocation_date.to_date_time()))
            .min()
    }
}
