//! Certificate revocation lists (RFC 5280, 5).

#[cfg(feature = "seal")]
use const_oid::AssociatedOid;
use const_oid::db::rfc5912;
use der::Encode;
use der::asn1::GeneralizedTime;
use x509_cert::crl::{CertificateList, RevokedCert};
#[cfg(feature = "seal")]
use x509_cert::ext::pkix::CrlNumber;

use super::certificate::X509;
use crate::base::digits::Sha256;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::asn1;

/// The largest CRL that is read, in bytes: the largest that is fetched.
const MAX_LEN: usize = 4 << 20;

/// A CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crl {
    der: Vec<u8>,
    parsed: CertificateList,
    /// The `TBSCertList` as DER, which the issuer has signed.
    tbs: Vec<u8>,
    /// The SHA-256 of the DER.
    sha256: Sha256,
}

/// A revoked certificate of a CRL.
#[cfg(feature = "seal")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RevokedSerial {
    pub(super) serial: Vec<u8>,
    pub(super) date: Timestamp,
}

impl Crl {
    /// Reads DER. Other encodings of the same CRL (BER) are rejected.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: the bytes are not a CRL.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self> {
        let invalid = || Error::new(ErrorKind::Syntax, "this is no CRL");
        if der.len() > MAX_LEN {
            return Err(invalid());
        }
        let parsed: CertificateList =
            asn1::decode(der).map_err(|cause| invalid().with_source(cause))?;
        let tbs = parsed.tbs_cert_list.to_der().map_err(|_| invalid())?;
        let is_der = parsed.to_der().is_ok_and(|again| again == der);
        if is_der && parsed.signature_algorithm == parsed.tbs_cert_list.signature {
            Ok(Self { der: der.to_vec(), parsed, tbs, sha256: Sha256::of(der) })
        } else {
            Err(invalid())
        }
    }

    /// The parsed ASN.1.
    pub(super) fn parsed(&self) -> &CertificateList {
        &self.parsed
    }

    /// Whether it names that certificate as its issuer.
    pub(crate) fn names(&self, issuer: &X509) -> bool {
        self.parsed.tbs_cert_list.issuer == issuer.parsed().tbs_certificate.subject
    }

    /// The SHA-256 of the CRL (DER).
    pub(crate) fn fingerprint(&self) -> &Sha256 {
        &self.sha256
    }

    /// The CRL as DER.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether that issuer's key has signed the CRL, and the names agree.
    pub(crate) fn is_signed_by(&self, issuer: &X509) -> bool {
        self.parsed.tbs_cert_list.issuer == issuer.parsed().tbs_certificate.subject
            && issuer.has_signed(&self.sha256, || {
                issuer.key().is_ok_and(|key| {
                    let signature = self.parsed.signature.as_bytes().unwrap_or_default();
                    let algorithm = &self.parsed.signature_algorithm;
                    key.verifies_as(algorithm, None, &self.tbs, signature)
                })
            })
    }

    /// Whether the CRL names the issuer of that certificate as its own issuer.
    pub(crate) fn is_for(&self, certificate: &X509) -> bool {
        self.parsed.tbs_cert_list.issuer == certificate.parsed().tbs_certificate.issuer
    }

    /// The number of the CRL, by which a later one is told from an earlier one (RFC 5280, 5.2.3);
    /// 0 if it states none, or one of more than eight bytes.
    #[cfg(feature = "seal")]
    pub(crate) fn number(&self) -> u64 {
        let extensions = self.parsed.tbs_cert_list.crl_extensions.iter().flatten();
        let number = extensions
            .filter(|extension| extension.extn_id == CrlNumber::OID)
            .find_map(|e| asn1::decode::<CrlNumber>(e.extn_value.as_bytes()).ok());
        number.map_or(0, |number| {
            let bytes = number.0.as_bytes();
            let fits = bytes.len() <= 8;
            bytes.iter().filter(|_| fits).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        })
    }

    /// When it was issued.
    pub(crate) fn this_update(&self) -> Timestamp {
        Timestamp::from_der(self.parsed.tbs_cert_list.this_update.to_date_time())
    }

    /// When the next one is due at the latest, if it says so.
    pub(crate) fn next_update(&self) -> Option<Timestamp> {
        let next = self.parsed.tbs_cert_list.next_update?;
        Some(Timestamp::from_der(next.to_date_time()))
    }

    /// Whether it takes the place of another one of the same issuer: it has a higher number, and
    /// has revoked all that the other has.
    #[cfg(all(feature = "seal", feature = "press"))]
    pub(crate) fn supersedes(&self, other: &Self) -> bool {
        self.number() > other.number() && self.has_all_of(other)
    }

    /// Whether it has revoked all that another one of the same issuer has, no later.
    #[cfg(all(feature = "seal", feature = "press"))]
    pub(crate) fn has_all_of(&self, other: &Self) -> bool {
        let own = self.revoked();
        let has = |it: &RevokedSerial| {
            own.iter().any(|own| own.serial == it.serial && own.date <= it.date)
        };
        other.revoked().iter().all(has)
    }

    /// Whether it is in force at that time: it was issued by then, and the next is not due.
    #[cfg(feature = "seal")]
    pub(crate) fn is_current_at(&self, time: Timestamp) -> bool {
        self.this_update() <= time && self.next_update().is_none_or(|next| time <= next)
    }

    /// The serial numbers of the revoked certificates, each with its date.
    #[cfg(feature = "seal")]
    pub(super) fn revoked(&self) -> Vec<RevokedSerial> {
        let revoked = self.parsed.tbs_cert_list.revoked_certificates.iter().flatten();
        revoked
            .map(|entry| RevokedSerial {
                serial: entry.serial_number.as_bytes().to_vec(),
                date: Timestamp::from_der(entry.revocation_date.to_date_time()),
            })
            .collect()
    }

    /// The time from which on that certificate does not count, if it was revoked: that of the
    /// revocation, or an earlier one from which on, as the CRL says, the key may have been known to
    /// others (invalidity date, RFC 5280, 5.3.2). The certificate must have the CRL's issuer.
    pub(crate) fn revocation_date(&self, certificate: &X509) -> Option<Timestamp> {
        self.entries(certificate)
            .map(|entry| {
                let date = Timestamp::from_der(entry.revocation_date.to_date_time());
                invalidity_date(entry).map_or(date, |earlier| earlier.min(date))
            })
            .min()
    }

    /// Whether a certificate was revoked for no other reason than that its key is not used any more. Then
    /// timestamps that were made before stay valid (RFC 3161, 4).
    pub(crate) fn has_only_ended(&self, certificate: &X509) -> bool {
        self.entries(certificate).all(is_orderly)
    }

    fn entries(&self, certificate: &X509) -> impl Iterator<Item = &RevokedCert> {
        let serial = certificate.parsed().tbs_certificate.serial_number.clone();
        let revoked = self.parsed.tbs_cert_list.revoked_certificates.iter().flatten();
        revoked.filter(move |entry| entry.serial_number == serial)
    }
}

/// Whether the reason of a revocation says that the key was not misused: another affiliation, another
/// certificate, or the end of its use (RFC 5280, 5.3.1).
fn is_orderly(entry: &RevokedCert) -> bool {
    let mut extensions = entry.crl_entry_extensions.iter().flatten();
    let found = extensions.find(|it| it.extn_id == rfc5912::ID_CE_CRL_REASONS);
    found.is_some_and(|it| matches!(it.extn_value.as_bytes(), [0x0a, 1, 0 | 1 | 4 | 5]))
}

/// The time from which on the key of a revoked certificate is said to be known to others.
fn invalidity_date(entry: &RevokedCert) -> Option<Timestamp> {
    let mut extensions = entry.crl_entry_extensions.iter().flatten();
    let found = extensions.find(|it| it.extn_id == rfc5912::ID_CE_INVALIDITY_DATE)?;
    let time = asn1::decode::<GeneralizedTime>(found.extn_value.as_bytes()).ok()?;
    Some(Timestamp::from_der(time.to_date_time()))
}
