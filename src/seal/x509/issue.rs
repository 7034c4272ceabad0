//! New certificates: a self-signed root, the leaf that seals, and the root's empty CRL.

use const_oid::db::rfc4519;
use const_oid::{AssociatedOid, ObjectIdentifier as Oid};
use der::asn1::{
    BitString, GeneralizedTime, OctetString, SetOfVec, Uint, UtcTime, Utf8StringRef,
};
use der::flagset::FlagSet;
use der::{Any, Decode, Encode};
use ring::rand::{SecureRandom, SystemRandom};
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::crl::{CertificateList, TbsCertList};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlNumber, ExtendedKeyUsage, KeyUsage,
    KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};
use x509_cert::{Certificate, TbsCertificate, Version};

use super::certificate::X509;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::keys::{PrivateKey, PublicKey, sha256};

/// The extended key usage document signing (RFC 9336).
const DOCUMENT_SIGNING: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.36");
/// The extended key usage e-mail protection, for PDF readers older than RFC 9336.
const EMAIL_PROTECTION: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.4");
/// The upper bound of a common name in characters (RFC 5280, appendix A).
const MAX_NAME_LEN: usize = 64;

/// The content of a new certificate.
#[derive(Debug)]
pub(crate) struct X509Params<'a> {
    /// The organization's name, which is also the common name.
    pub(crate) organization: &'a str,
    /// The organizational unit, by which a root's name differs from that of its leaves; may be
    /// empty.
    pub(crate) unit: &'static str,
    /// The subject's key.
    pub(crate) key: &'a PublicKey,
    /// The first time at which it is valid.
    pub(crate) not_before: Timestamp,
    /// The length of the validity period in days.
    pub(crate) days: u64,
}

impl X509Params<'_> {
    /// Issues a root: a self-signed CA certificate, with a path length of zero.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the organization's name cannot stand in a certificate.
    pub(crate) fn root(&self, key: &PrivateKey) -> Result<X509> {
        let usage = KeyUsages::KeyCertSign | KeyUsages::CRLSign;
        let extensions = || -> der::Result<Vec<Extension>> {
            Ok(vec![
                extension(
                    &BasicConstraints { ca: true, path_len_constraint: Some(0) },
                    true,
                )?,
                extension(&KeyUsage(usage), true)?,
                subject_key(self.key)?,
            ])
        };
        let subject = self.subject()?;
        self.sign(subject, extensions().map_err(unwritable)?, key)
    }

    /// Issues a leaf that may sign documents, signed with the root's key.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the certificate cannot be written.
    pub(crate) fn leaf(&self, root: &X509, key: &PrivateKey) -> Result<X509> {
        let usage: FlagSet<KeyUsages> =
            KeyUsages::DigitalSignature | KeyUsages::NonRepudiation;
        let extended_usage = ExtendedKeyUsage(vec![DOCUMENT_SIGNING, EMAIL_PROTECTION]);
        let extensions = || -> der::Result<Vec<Extension>> {
            Ok(vec![
                extension(
                    &BasicConstraints { ca: false, path_len_constraint: None },
                    true,
                )?,
                extension(&KeyUsage(usage), true)?,
                extension(&extended_usage, false)?,
                subject_key(self.key)?,
                authority_key(root)?,
            ])
        };
        let issuer = root.parsed().tbs_certificate.subject.clone();
        self.sign(issuer, extensions().map_err(unwritable)?, key)
    }

    /// Issues an empty CRL of the root, for the same validity period. With it a seal reaches B-LT
    /// without a server that publishes CRLs.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the CRL cannot be written.
    pub(crate) fn empty_crl(&self, root: &X509, key: &PrivateKey) -> Result<Vec<u8>> {
        let algorithm = key.algorithm().identifier();
        let build = || -> der::Result<TbsCertList> {
            let number = CrlNumber(Uint::new(&[1])?);
            Ok(TbsCertList {
                version: Version::V2,
                signature: algorithm.clone(),
                issuer: root.parsed().tbs_certificate.subject.clone(),
                this_update: time(self.not_before)?,
                next_update: Some(time(self.not_before.plus_days(self.days))?),
                revoked_certificates: None,
                crl_extensions: Some(vec![
                    authority_key(root)?,
                    extension(&number, false)?,
                ]),
            })
        };
        let tbs_cert_list = build().map_err(unwritable)?;
        let message = tbs_cert_list.to_der().map_err(unwritable)?;
        let signature =
            BitString::from_bytes(&key.sign(&message)?).map_err(unwritable)?;
        let crl =
            CertificateList { tbs_cert_list, signature_algorithm: algorithm, signature };
        crl.to_der().map_err(unwritable)
    }

    fn sign(
        &self,
        issuer: Name,
        extensions: Vec<Extension>,
        key: &PrivateKey,
    ) -> Result<X509> {
        let algorithm = key.algorithm().identifier();
        let not_after = self.not_before.plus_days(self.days);
        let build = || -> der::Result<TbsCertificate> {
            Ok(TbsCertificate {
                version: Version::V3,
                serial_number: SerialNumber::new(&serial()?)?,
                signature: algorithm.clone(),
                issuer,
                validity: Validity {
                    not_before: time(self.not_before)?,
                    not_after: time(not_after)?,
                },
                subject: self.name()?,
                subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(
                    self.key.spki(),
                )?,
                issuer_unique_id: None,
                subject_unique_id: None,
                extensions: Some(extensions),
            })
        };
        let tbs_certificate = build().map_err(unwritable)?;
        let message = tbs_certificate.to_der().map_err(unwritable)?;
        let signature =
            BitString::from_bytes(&key.sign(&message)?).map_err(unwritable)?;
        let certificate =
            Certificate { tbs_certificate, signature_algorithm: algorithm, signature };
        X509::from_der(&certificate.to_der().map_err(unwritable)?)
    }

    /// The checked name of the subject.
    fn subject(&self) -> Result<Name> {
        let text = self.organization;
        let has_length = (1..=MAX_NAME_LEN).contains(&text.chars().count());
        if !has_length || text.trim() != text || text.chars().any(char::is_control) {
            let message =
                format!("`{}` is no name for a certificate", text.escape_debug());
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help(format!("give a name of 1 to {MAX_NAME_LEN} letters")));
        }
        self.name().map_err(unwritable)
    }

    fn name(&self) -> der::Result<Name> {
        let part = |oid: Oid, text: &str| -> der::Result<RelativeDistinguishedName> {
            let value = Any::from(Utf8StringRef::new(text)?);
            Ok(RelativeDistinguishedName(SetOfVec::try_from([AttributeTypeAndValue {
                oid,
                value,
            }])?))
        };
        let mut parts = vec![part(rfc4519::O, self.organization)?];
        if !self.unit.is_empty() {
            parts.push(part(rfc4519::OU, self.unit)?);
        }
        parts.push(part(rfc4519::CN, self.organization)?);
        Ok(RdnSequence(parts))
    }
}

/// The subject key identifier: the leftmost 160 bits of a SHA-256 (RFC 7093, 2).
fn subject_key(key: &PublicKey) -> der::Result<Extension> {
    let identifier = OctetString::new(&sha256(key.raw())[..20])?;
    extension(&SubjectKeyIdentifier(identifier), false)
}

/// The authority key identifier of what the root issues.
fn authority_key(root: &X509) -> der::Result<Extension> {
    let identifier = AuthorityKeyIdentifier {
        key_identifier: root.extension::<SubjectKeyIdentifier>().map(|id| id.0),
        authority_cert_issuer: None,
        authority_cert_serial_number: None,
    };
    extension(&identifier, false)
}

/// A random serial number of 16 bytes.
fn serial() -> der::Result<[u8; 16]> {
    let mut serial = [0; 16];
    SystemRandom::new().fill(&mut serial).map_err(|_| der::ErrorKind::Failed)?;
    // Positive, and without a leading zero byte.
    serial[0] = serial[0] & 0x3f | 0x40;
    Ok(serial)
}

fn time(time: Timestamp) -> der::Result<Time> {
    let time = time.to_der();
    // RFC 5280, 4.1.2.5: UTCTime until 2049.
    Ok(if time.year() < 2050 {
        Time::UtcTime(UtcTime::from_date_time(time)?)
    } else {
        Time::GeneralTime(GeneralizedTime::from_date_time(time))
    })
}

fn extension<T: Encode + AssociatedOid>(
    value: &T,
    critical: bool,
) -> der::Result<Extension> {
    let extn_value = OctetString::new(value.to_der()?)?;
    Ok(Extension { extn_id: T::OID, critical, extn_value })
}

fn unwritable(cause: der::Error) -> Error {
    Error::new(ErrorKind::Key, format!("failed to write the certificate ({cause})"))
}
