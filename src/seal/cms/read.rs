//! A seal, read and checked.

use cms::content_info::CmsVersion;
use const_oid::db::rfc5911;
use der::Encode;

use super::attributes::{TIMESTAMP_TOKEN, signed_attributes};
use super::signed_data::{ParsedSignedData, signer_identifier};
use crate::seal::keys::is_canonical;
use crate::seal::x509::X509;

/// A seal in the one form that [`seal`](super::seal) writes, with or without a timestamp token.
#[derive(Debug, Clone)]
pub(crate) struct Seal {
    pub(super) signed: ParsedSignedData,
}

impl Seal {
    /// Reads DER. Returns `None` for any other form.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let signed = ParsedSignedData::read(der)?;
        let info = &signed.data.encap_content_info;
        let signer = &signed.signer;
        let leaf = signed.leaf()?;
        let algorithm = leaf.key().ok()?.algorithm();
        let has_form = info.econtent_type == rfc5911::ID_DATA
            && info.econtent.is_none()
            && signed.data.version == CmsVersion::V1
            && signer.sid == signer_identifier(leaf)
            && signer.digest_alg == algorithm.hash().identifier()
            && signer.signature_algorithm == algorithm.identifier()
            && is_canonical(algorithm, signer.signature.as_bytes());
        let has_token_at_most = match &signer.unsigned_attrs {
            None => true,
            Some(attributes) => match attributes.as_slice() {
                [only] => only.oid == TIMESTAMP_TOKEN && only.values.len() == 1,
                _ => false,
            },
        };
        let has_chain_only =
            leaf.chain_in(&signed.certificates).len() == signed.certificates.len();
        (has_form && has_token_at_most && has_chain_only).then_some(Self { signed })
    }

    /// Whether the seal is a valid signature over the concatenated parts.
    pub(crate) fn covers(&self, parts: &[&[u8]]) -> bool {
        let check = || {
            let leaf = self.signed.leaf()?;
            let digest = leaf.key().ok()?.algorithm().hash().of(parts);
            // The attributes must be those that sealing these parts writes, and no others.
            let attributes = signed_attributes(leaf, &digest).ok()?;
            Some(self.signed.signer.signed_attrs.as_ref() == Some(&attributes))
        };
        check().unwrap_or(false) && self.signed.is_signed()
    }

    /// The signer's certificate.
    pub(crate) fn leaf(&self) -> Option<&X509> {
        self.signed.leaf()
    }

    /// The signer's certificate and its issuers, as far as the seal holds them.
    pub(crate) fn certificates(&self) -> &[X509] {
        &self.signed.certificates
    }

    /// The signature value, over which a timestamp token is made.
    pub(crate) fn signature(&self) -> &[u8] {
        self.signed.signer.signature.as_bytes()
    }

    /// The timestamp token as DER, if there is one.
    pub(crate) fn timestamp_token(&self) -> Option<Vec<u8>> {
        let attributes = self.signed.signer.unsigned_attrs.as_ref()?;
        let token = attributes.iter().next()?.values.iter().next()?;
        // A token that cannot be encoded again is as unreadable as no bytes.
        Some(token.to_der().unwrap_or_default())
    }
}
