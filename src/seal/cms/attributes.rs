//! The attributes of a seal's signer.

use const_oid::ObjectIdentifier as Oid;
use const_oid::db::rfc5911;
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Decode, Encode, Sequence};
use ring::digest;
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute;

use super::signed_data::{ParsedSignedData, set_of_one};
use crate::seal::keys::{Hash, sha256};
use crate::seal::x509::X509;

/// `id-aa-signingCertificate` (RFC 2634), which holds a SHA-1.
const SIGNING_CERTIFICATE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.12");
/// `id-aa-signingCertificateV2` (RFC 5035).
const SIGNING_CERTIFICATE_V2: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// `id-aa-timeStampToken` (RFC 3161, appendix A).
pub(super) const TIMESTAMP_TOKEN: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// The signed attributes of PAdES B-B (ETSI EN 319 142-1, table 1), and no others: `signing-time`
/// is left out, because the time stands in the PDF.
pub(super) fn signed_attributes(
    leaf: &X509,
    digest: &[u8],
) -> der::Result<SetOfVec<Attribute>> {
    let certificate = SigningCertificateV2 {
        certs: vec![EssCertIdV2 { hash: OctetString::new(sha256(leaf.der()))? }],
    };
    let mut attributes = SetOfVec::new();
    attributes.insert(attribute(rfc5911::ID_CONTENT_TYPE, &rfc5911::ID_DATA)?)?;
    attributes
        .insert(attribute(rfc5911::ID_MESSAGE_DIGEST, &OctetString::new(digest)?)?)?;
    attributes.insert(attribute(SIGNING_CERTIFICATE_V2, &certificate)?)?;
    Ok(attributes)
}

impl ParsedSignedData {
    /// Whether the signed attributes state that content type, that message digest, and the signer's
    /// certificate.
    pub(crate) fn attributes_state(&self, content_type: Oid, digest: &[u8]) -> bool {
        let check = || {
            let stated_type: Oid =
                self.signed_attribute(rfc5911::ID_CONTENT_TYPE)?.decode_as().ok()?;
            let stated_digest: OctetString =
                self.signed_attribute(rfc5911::ID_MESSAGE_DIGEST)?.decode_as().ok()?;
            Some(stated_type == content_type && stated_digest.as_bytes() == digest)
        };
        check().unwrap_or(false) && self.attributes_state_leaf().unwrap_or(false)
    }

    /// Whether the signed attributes hold the hash of the signer's certificate (RFC 5035, or with
    /// SHA-1 RFC 2634).
    fn attributes_state_leaf(&self) -> Option<bool> {
        let leaf = self.leaf()?.der();
        let v2 = self.signed_attribute(SIGNING_CERTIFICATE_V2);
        let attribute = v2.or_else(|| self.signed_attribute(SIGNING_CERTIFICATE))?;
        let parts: Vec<Any> = attribute.decode_as().ok()?;
        let ids: Vec<Any> = parts.first()?.decode_as().ok()?;
        let id: Vec<Any> = ids.first()?.decode_as().ok()?;
        let (first, second) = (id.first()?, id.get(1));
        let (expected, hash) = if v2.is_none() {
            let sha1 = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, leaf);
            (sha1.as_ref().to_vec(), first)
        } else if let Ok(algorithm) = first.decode_as::<AlgorithmIdentifierOwned>() {
            (Hash::by_oid(algorithm.oid)?.of(&[leaf]), second?)
        } else {
            (Hash::Sha256.of(&[leaf]), first)
        };
        let hash: OctetString = hash.decode_as().ok()?;
        Some(hash.as_bytes() == expected)
    }
}

/// An attribute with one value.
pub(super) fn attribute(oid: Oid, value: &impl Encode) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: set_of_one(Any::from_der(&value.to_der()?)?)? })
}

/// `SigningCertificateV2` (RFC 5035, 3) without its optional parts.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

/// `ESSCertIDv2` without its hash algorithm: SHA-256 is the default, which DER leaves out.
#[derive(Sequence)]
struct EssCertIdV2 {
    hash: OctetString,
}
