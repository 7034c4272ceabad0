//! Signed data with one signer, as seals and timestamp tokens are.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier as Oid;
use const_oid::db::rfc5911;
use der::asn1::SetOfVec;
use der::{Any, Decode, Encode};

use crate::seal::asn1;
use crate::seal::keys::Hash;
use crate::seal::x509::X509;

/// The largest number of certificates that are read.
const MAX_CERTIFICATES: usize = 16;

/// Signed data with one signer.
#[derive(Debug, Clone)]
pub(crate) struct ParsedSignedData {
    pub(crate) data: SignedData,
    pub(crate) signer: SignerInfo,
    pub(crate) certificates: Vec<X509>,
}

impl ParsedSignedData {
    /// Reads DER. Returns `None` for any other encoding, and if there are CRLs.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let parsed = Self::read_unordered(der)?;
        let is_der = encode(&parsed.data).is_ok_and(|again| again == der);
        (is_der && parsed.data.crls.is_none()).then_some(parsed)
    }

    /// Like [`read`](Self::read), but accepts sets in any order, and CRLs.
    pub(crate) fn read_unordered(der: &[u8]) -> Option<Self> {
        let info: ContentInfo = asn1::decode(der).ok()?;
        if info.content_type != rfc5911::ID_SIGNED_DATA {
            return None;
        }
        let data: SignedData = info.content.decode_as().ok()?;
        let [signer] = data.signer_infos.0.as_slice() else { return None };
        let signer = signer.clone();
        let set = data.certificates.as_ref()?.0.as_slice();
        if set.len() > MAX_CERTIFICATES {
            return None;
        }
        let certificates = set.iter().map(|choice| match choice {
            CertificateChoices::Certificate(cert) => {
                X509::from_der(&cert.to_der().ok()?).ok()
            }
            CertificateChoices::Other(_) => None,
        });
        let certificates = certificates.collect::<Option<_>>()?;
        let [digest] = data.digest_algorithms.as_slice() else { return None };
        let is_consistent = signer.version == CmsVersion::V1
            && digest.oid == signer.digest_alg.oid
            && digest.parameters == signer.digest_alg.parameters;
        is_consistent.then_some(Self { data, signer, certificates })
    }

    /// The signer's certificate.
    pub(crate) fn leaf(&self) -> Option<&X509> {
        match &self.signer.sid {
            SignerIdentifier::IssuerAndSerialNumber(_) => self
                .certificates
                .iter()
                .find(|cert| signer_identifier(cert) == self.signer.sid),
            SignerIdentifier::SubjectKeyIdentifier(_) => None,
        }
    }

    /// The signer's digest algorithm, if it is supported.
    pub(crate) fn hash(&self) -> Option<Hash> {
        Hash::by_oid(self.signer.digest_alg.oid)
    }

    /// Whether the signer's key has signed the signed attributes.
    pub(crate) fn is_signed(&self) -> bool {
        let check = || {
            let message = self.signer.signed_attrs.as_ref()?.to_der().ok()?;
            let key = self.leaf()?.key().ok()?;
            let algorithm = &self.signer.signature_algorithm;
            let signature = self.signer.signature.as_bytes();
            Some(key.verifies_as(algorithm, Some(self.hash()?), &message, signature))
        };
        check().unwrap_or(false)
    }

    /// The value of a signed attribute that occurs once, with one value.
    pub(crate) fn signed_attribute(&self, oid: Oid) -> Option<&Any> {
        let attributes = self.signer.signed_attrs.as_ref()?;
        let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
        match (found.next(), found.next()) {
            (Some(attribute), None) => match attribute.values.as_slice() {
                [value] => Some(value),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The identifier of a signer with that certificate.
pub(super) fn signer_identifier(certificate: &X509) -> SignerIdentifier {
    let tbs = &certificate.parsed().tbs_certificate;
    SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: tbs.issuer.clone(),
        serial_number: tbs.serial_number.clone(),
    })
}

/// A set with one member.
pub(crate) fn set_of_one<T: der::DerOrd>(member: T) -> der::Result<SetOfVec<T>> {
    SetOfVec::try_from([member])
}

/// Signed data as a `ContentInfo` in DER.
pub(crate) fn encode(data: &SignedData) -> der::Result<Vec<u8>> {
    let content = Any::from_der(&data.to_der()?)?;
    ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content }.to_der()
}
