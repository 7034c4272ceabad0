//! The parts that all seals of an identity share, encoded once.
//!
//! Takes the certificates of a key; gives seals as DER. The decision made here: a seal is put
//! together from encoded parts, of which only the digest and the signature are new. So the content
//! of all seals is checked once, when the template is made, and of each seal only the signature.

use cms::cert::CertificateChoices;
use cms::content_info::CmsVersion;
use cms::signed_data::{CertificateSet, EncapsulatedContentInfo};
use const_oid::db::rfc5911;
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Decode, Encode, Tag, TagNumber};

use super::attributes::signed_attributes;
use super::signed_data::{set_of_one, signer_identifier};
use crate::base::error::{Error, ErrorKind, Result};
use crate::seal::identity::Identity;
use crate::seal::keys::{PublicKey, is_canonical, low_s};
use crate::seal::x509::X509;

/// The parts of an identity's seals.
#[derive(Debug)]
pub(crate) struct SealTemplate {
    key: PublicKey,
    /// The type of the content, as the `ContentInfo` begins with it.
    content_type: Vec<u8>,
    /// The `SignedData` up to its signers: version, digest algorithms, content and certificates.
    before_signers: Vec<u8>,
    /// The `SignerInfo` up to its attributes: version, identifier and digest algorithm.
    signer: Vec<u8>,
    /// The signed attributes as a `SET OF`, and where in it the digest is.
    attributes: Vec<u8>,
    digest_at: usize,
    signature_algorithm: Vec<u8>,
}

/// A seal that was made.
#[derive(Debug)]
pub(crate) struct MadeSeal {
    pub(crate) der: Vec<u8>,
    /// Whether the key of the certificate has made its signature, in the one form that is read.
    pub(crate) is_signed: bool,
}

impl SealTemplate {
    /// Encodes what all seals of an identity have in common.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`]: it cannot be written. [`ErrorKind::Key`]: the certificate's key is not
    /// supported.
    pub(crate) fn new(identity: &Identity) -> Result<Self> {
        let leaf = identity.certificate();
        let key = leaf.key()?;
        let algorithm = identity.algorithm();
        let digest_algorithm = algorithm.hash().identifier();
        let build = || -> der::Result<Self> {
            let content = EncapsulatedContentInfo {
                econtent_type: rfc5911::ID_DATA,
                econtent: None,
            };
            let certificates = identity.chain().iter().map(X509::parsed).cloned();
            let certificates = CertificateSet(SetOfVec::try_from(
                certificates.map(CertificateChoices::Certificate).collect::<Vec<_>>(),
            )?);
            let certificates = Any::from_der(&certificates.to_der()?)?;
            let before_signers = [
                CmsVersion::V1.to_der()?,
                set_of_one(digest_algorithm.clone())?.to_der()?,
                content.to_der()?,
                value(context_0(), certificates.value())?,
            ];
            let signer = [
                CmsVersion::V1.to_der()?,
                signer_identifier(leaf).to_der()?,
                digest_algorithm.to_der()?,
            ];
            // No other attribute has these bytes, so their position can be searched for; and the
            // order of the set does not depend on them.
            let digest = algorithm.hash().of(&[b"the digest of a document"]);
            let attributes = signed_attributes(leaf, &digest)?.to_der()?;
            let digest_at = attributes
                .windows(digest.len())
                .position(|bytes| bytes == digest)
                .ok_or_else(|| der::Error::from(der::ErrorKind::Failed))?;
            Ok(Self {
                key,
                content_type: rfc5911::ID_SIGNED_DATA.to_der()?,
                before_signers: before_signers.concat(),
                signer: signer.concat(),
                attributes,
                digest_at,
                signature_algorithm: algorithm.identifier().to_der()?,
            })
        };
        build().map_err(unwritable)
    }

    /// Seals a document by its digest, made with the hash of the identity's algorithm.
    ///
    /// # Errors
    /// [`ErrorKind::Signer`]: the signer fails. [`ErrorKind::Seal`]: the seal cannot be written.
    pub(crate) fn seal(&self, identity: &Identity, digest: &[u8]) -> Result<MadeSeal> {
        // RFC 5652, 5.4: the signature is over the attributes as a SET OF, which the signer info
        // stores under another tag.
        let mut message = self.attributes.clone();
        message
            .get_mut(self.digest_at..self.digest_at + digest.len())
            .ok_or_else(|| unwritable(der::ErrorKind::Failed.into()))?
            .copy_from_slice(digest);
        let algorithm = identity.algorithm();
        let signature = identity.sign(&message)?;
        // A signature that cannot be read is kept: `is_signed` below is false for it.
        let signature = low_s(algorithm, &signature).unwrap_or(signature);
        let is_signed = is_canonical(algorithm, &signature)
            && self.key.verifies(&message, &signature);
        let der = self.write(&message, signature).map_err(unwritable)?;
        Ok(MadeSeal { der, is_signed })
    }

    fn write(&self, attributes: &[u8], signature: Vec<u8>) -> der::Result<Vec<u8>> {
        let attributes = Any::from_der(attributes)?;
        let signer = [
            &self.signer[..],
            &value(context_0(), attributes.value())?,
            &self.signature_algorithm,
            &OctetString::new(signature)?.to_der()?,
        ];
        let signer = value(Tag::Sequence, &signer.concat())?;
        let data = [&self.before_signers[..], &value(Tag::Set, &signer)?].concat();
        let data = value(context_0(), &value(Tag::Sequence, &data)?)?;
        value(Tag::Sequence, &[&self.content_type[..], &data].concat())
    }
}

/// The tag `[0]` of a value that has members.
fn context_0() -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber::N0 }
}

/// A value in DER.
fn value(tag: Tag, content: &[u8]) -> der::Result<Vec<u8>> {
    Any::new(tag, content)?.to_der()
}

pub(super) fn unwritable(cause: der::Error) -> Error {
    Error::caused(ErrorKind::Seal, "failed to write the seal", cause)
}
