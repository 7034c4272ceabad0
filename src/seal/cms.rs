//! CMS signed data (RFC 5652), in the two forms that a sealed PDF holds: the seal itself, and the
//! token of a time-stamp authority inside it.
//!
//! RustCrypto's types carry the ASN.1, `ring` the mathematics. Reading is strict where anything is
//! not signed: one signer, one encoding, and no certificate that does not belong.

mod read;
mod timestamp;

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo,
    SignerInfos,
};
use const_oid::ObjectIdentifier as Oid;
use const_oid::db::rfc5911;
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Decode, Encode, Sequence};
use x509_cert::attr::Attribute;

pub(crate) use self::read::Seal;
pub(crate) use self::timestamp::{TimestampRequest, TimestampToken};
use crate::base::error::{Error, ErrorKind, Result};
use crate::seal::key::sha256;
use crate::seal::signer::Identity;
use crate::seal::x509::X509;

const SIGNING_CERTIFICATE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.47");
const TIME_STAMP_TOKEN: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.14");
const TST_INFO: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// Seals the digest of a document: exactly the signed attributes that PAdES B-B has (ETSI EN 319
/// 142-1, table 1). The time stands in the PDF, so `signing-time` is not among them.
///
/// # Errors
/// [`ErrorKind::Signer`]: the signer does not sign.
pub(crate) fn seal(identity: &Identity, digest: &[u8]) -> Result<Vec<u8>> {
    let attributes =
        signed_attributes(identity.certificate(), digest).map_err(unwritable)?;
    // What is signed is the set; what is stored is the same under another tag (RFC 5652, 5.4).
    let message = attributes.to_der().map_err(unwritable)?;
    let signature = identity.sign(&message)?;
    let build = || -> der::Result<Vec<u8>> {
        let algorithm = identity.algorithm();
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: signer_identifier(identity.certificate()),
            digest_alg: algorithm.hash().identifier(),
            signed_attrs: Some(attributes),
            signature_algorithm: algorithm.identifier(),
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let certificates = identity.chain().iter().map(X509::parsed).cloned();
        let data = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: one(algorithm.hash().identifier())?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: rfc5911::ID_DATA,
                econtent: None,
            },
            certificates: Some(CertificateSet(SetOfVec::try_from(
                certificates.map(CertificateChoices::Certificate).collect::<Vec<_>>(),
            )?)),
            crls: None,
            signer_infos: SignerInfos(one(signer)?),
        };
        wrap(&data)
    };
    build().map_err(unwritable)
}

fn signed_attributes(leaf: &X509, digest: &[u8]) -> der::Result<SetOfVec<Attribute>> {
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

/// RFC 5035, 3, without what is optional: SHA-256 is the default and may not be written in DER.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

#[derive(Sequence)]
struct EssCertIdV2 {
    hash: OctetString,
}

fn signer_identifier(certificate: &X509) -> SignerIdentifier {
    let tbs = &certificate.parsed().tbs_certificate;
    SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: tbs.issuer.clone(),
        serial_number: tbs.serial_number.clone(),
    })
}

fn attribute(oid: Oid, value: &impl Encode) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: one(Any::from_der(&value.to_der()?)?)? })
}

fn one<T: der::DerOrd>(value: T) -> der::Result<SetOfVec<T>> {
    SetOfVec::try_from([value])
}

fn wrap(data: &SignedData) -> der::Result<Vec<u8>> {
    let content = Any::from_der(&data.to_der()?)?;
    ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content }.to_der()
}

fn unwritable(cause: der::Error) -> Error {
    Error::new(ErrorKind::Seal, format!("failed to write the seal ({cause})"))
}
