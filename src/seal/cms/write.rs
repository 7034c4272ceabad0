//! A seal, made and given a timestamp token.

use cms::cert::CertificateChoices;
use cms::content_info::CmsVersion;
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerInfo, SignerInfos,
};
use const_oid::db::rfc5911;
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Decode, Encode};

use super::attributes::{TIMESTAMP_TOKEN, attribute, signed_attributes};
use super::read::Seal;
use super::signed_data::{encode, set_of_one, signer_identifier};
use crate::base::error::{Error, ErrorKind, Result};
use crate::seal::identity::Identity;
use crate::seal::keys::low_s;
use crate::seal::x509::X509;

/// Seals a document by its digest, made with the hash of the identity's algorithm. Returns DER.
///
/// # Errors
/// [`ErrorKind::Signer`]: the signer fails. [`ErrorKind::Seal`]: the seal cannot be written.
pub(crate) fn seal(identity: &Identity, digest: &[u8]) -> Result<Vec<u8>> {
    let attributes =
        signed_attributes(identity.certificate(), digest).map_err(unwritable)?;
    // RFC 5652, 5.4: the signature is over the attributes as a SET OF, which the signer info stores
    // under another tag.
    let message = attributes.to_der().map_err(unwritable)?;
    let algorithm = identity.algorithm();
    let signature = identity.sign(&message)?;
    // What cannot be read is kept: the sealer finds that it does not hold.
    let signature = low_s(algorithm, &signature).unwrap_or(signature);
    let build = || -> der::Result<Vec<u8>> {
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
            digest_algorithms: set_of_one(algorithm.hash().identifier())?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: rfc5911::ID_DATA,
                econtent: None,
            },
            certificates: Some(CertificateSet(SetOfVec::try_from(
                certificates.map(CertificateChoices::Certificate).collect::<Vec<_>>(),
            )?)),
            crls: None,
            signer_infos: SignerInfos(set_of_one(signer)?),
        };
        encode(&data)
    };
    build().map_err(unwritable)
}

impl Seal {
    /// The seal as DER with a timestamp token, given as DER, over its signature value.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`]: the seal cannot be written.
    pub(crate) fn with_timestamp_token(&self, token: &[u8]) -> Result<Vec<u8>> {
        let build = || -> der::Result<Vec<u8>> {
            let token = Any::from_der(token)?;
            let mut signer = self.signed.signer.clone();
            signer.unsigned_attrs =
                Some(set_of_one(attribute(TIMESTAMP_TOKEN, &token)?)?);
            let mut data = self.signed.data.clone();
            data.signer_infos = SignerInfos(set_of_one(signer)?);
            encode(&data)
        };
        build().map_err(unwritable)
    }
}

fn unwritable(cause: der::Error) -> Error {
    Error::caused(ErrorKind::Seal, "failed to write the seal", cause)
}
