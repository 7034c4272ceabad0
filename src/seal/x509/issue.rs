//! Certificates that a site makes for itself: a root, and the leaf that seals.

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

use super::X509;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::key::{PrivateKey, PublicKey, sha256};

/// Document signing (RFC 9336).
const DOCUMENT_SIGNING: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.36");
/// E-mail protection, which is what readers older than RFC 9336 look for.
const EMAIL_PROTECTION: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.4");
/// The upper bound of a common name (RFC 5280, appendix A).
const LONGEST_NAME: usize = 64;

/// What a new certificate says.
#[derive(Debug)]
pub(crate) struct Issue<'a> {
    /// The organisation, which is the certificate's common name too.
    pub(crate) organization: &'a str,
    /// What sets an issuer's name apart from its leaves', as a unit of the organisation.
    pub(crate) kind: &'static str,
    pub(crate) key: &'a PublicKey,
    pub(crate) from: Timestamp,
    pub(crate) days: u64,
}

impl Issue<'_> {
    /// A root: it has signed itself, and may issue leaves.
    pub(crate) fn root(&self, key: &PrivateKey) -> Result<X509> {
        let usage = KeyUsages::KeyCertSign | KeyUsages::CRLSign;
        let extensions = || -> der::Result<Vec<Extension>> {
            Ok(vec![
                extension(
                    &BasicConstraints { ca: true, path_len_constraint: Some(0) },
                    true,
                )?,
                extension(&KeyUsage(usage), true)?,
                self.subject_key()?,
            ])
        };
        let subject = self.subject()?;
        self.signed(subject, extensions().map_err(unwritable)?, key)
    }

    /// A leaf that seals documents, issued by a root.
    pub(crate) fn leaf(&self, root: &X509, key: &PrivateKey) -> Result<X509> {
        let usage: FlagSet<KeyUsages> =
            KeyUsages::DigitalSignature | KeyUsages::NonRepudiation;
        let uses = ExtendedKeyUsage(vec![DOCUMENT_SIGNING, EMAIL_PROTECTION]);
        let extensions = || -> der::Result<Vec<Extension>> {
            let identifier = root.extension::<SubjectKeyIdentifier>().map(|id| id.0);
            let authority = AuthorityKeyIdentifier {
                key_identifier: identifier,
                authority_cert_issuer: None,
                authority_cert_serial_number: None,
            };
            Ok(vec![
                extension(
                    &BasicConstraints { ca: false, path_len_constraint: None },
                    true,
                )?,
                extension(&KeyUsage(usage), true)?,
                extension(&uses, false)?,
                self.subject_key()?,
                extension(&authority, false)?,
            ])
        };
        let issuer = root.parsed().tbs_certificate.subject.clone();
        self.signed(issuer, extensions().map_err(unwritable)?, key)
    }

    /// A list that says that the root has revoked nobody, valid as long as this says. It lets a
    /// seal reach B-LT without a server that publishes lists.
    pub(crate) fn nobody_revoked(
        &self,
        root: &X509,
        key: &PrivateKey,
    ) -> Result<Vec<u8>> {
        let algorithm = key.algorithm().identifier();
        let build = || -> der::Result<TbsCertList> {
            let identifier = root.extension::<SubjectKeyIdentifier>().map(|id| id.0);
            let authority = AuthorityKeyIdentifier {
                key_identifier: identifier,
                authority_cert_issuer: None,
                authority_cert_serial_number: None,
            };
            let number = CrlNumber(Uint::new(&[1])?);
            Ok(TbsCertList {
                version: Version::V2,
                signature: algorithm.clone(),
                issuer: root.parsed().tbs_certificate.subject.clone(),
                this_update: time(self.from)?,
                next_update: Some(time(self.from.plus_days(self.days))?),
                revoked_certificates: None,
                crl_extensions: Some(vec![
                    extension(&authority, false)?,
                    extension(&number, false)?,
                ]),
            })
        };
        let tbs_cert_list = build().map_err(unwritable)?;
        let message = tbs_cert_list.to_der().map_err(unwritable)?;
        let signature =
            BitString::from_bytes(&key.sign(&message)?).map_err(unwritable)?;
        let list =
            CertificateList { tbs_cert_list, signature_algorithm: algorithm, signature };
        list.to_der().map_err(unwritable)
    }

    fn signed(
        &self,
        issuer: Name,
        extensions: Vec<Extension>,
        key: &PrivateKey,
    ) -> Result<X509> {
        let algorithm = key.algorithm().identifier();
        let until = self.from.plus_days(self.days);
        let read = || -> der::Result<TbsCertificate> {
            Ok(TbsCertificate {
                version: Version::V3,
                serial_number: SerialNumber::new(&serial()?)?,
                signature: algorithm.clone(),
                issuer,
                validity: Validity {
                    not_before: time(self.from)?,
                    not_after: time(until)?,
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
        let tbs_certificate = read().map_err(unwritable)?;
        let message = tbs_certificate.to_der().map_err(unwritable)?;
        let signature =
            BitString::from_bytes(&key.sign(&message)?).map_err(unwritable)?;
        let whole =
            Certificate { tbs_certificate, signature_algorithm: algorithm, signature };
        X509::from_der(&whole.to_der().map_err(unwritable)?)
    }

    fn subject(&self) -> Result<Name> {
        let text = self.organization;
        let fits = (1..=LONGEST_NAME).contains(&text.chars().count());
        if !fits || text.trim() != text || text.chars().any(char::is_control) {
            let message =
                format!("`{}` is no name for a certificate", text.escape_debug());
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help(format!("give a name of 1 to {LONGEST_NAME} letters")));
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
        if !self.kind.is_empty() {
            parts.push(part(rfc4519::OU, self.kind)?);
        }
        parts.push(part(rfc4519::CN, self.organization)?);
        Ok(RdnSequence(parts))
    }

    fn subject_key(&self) -> der::Result<Extension> {
        // RFC 7093, 2: the leftmost 160 bits of a SHA-256.
        let identifier = OctetString::new(&sha256(self.key.raw())[..20])?;
        extension(&SubjectKeyIdentifier(identifier), false)
    }
}

/// A positive random number of 16 bytes.
fn serial() -> der::Result<[u8; 16]> {
    let mut serial = [0; 16];
    SystemRandom::new().fill(&mut serial).map_err(|_| der::ErrorKind::Failed)?;
    // Positive, and of full length.
    serial[0] = serial[0] & 0x3f | 0x40;
    Ok(serial)
}

fn time(moment: Timestamp) -> der::Result<Time> {
    let time = moment.to_der();
    // RFC 5280, 4.1.2.5: the short form until 2049.
    Ok(match time.year() < 2050 {
        true => Time::UtcTime(UtcTime::from_date_time(time)?),
        false => Time::GeneralTime(GeneralizedTime::from_date_time(time)),
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
