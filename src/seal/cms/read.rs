//! Signed data, read and checked.

use cms::cert::CertificateChoices;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo, SignerInfos};
use const_oid::ObjectIdentifier as Oid;
use const_oid::db::rfc5911;
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode, Encode};
use ring::digest;
use x509_cert::attr::Attribute;

use super::{
    SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2, TIME_STAMP_TOKEN, TimestampToken,
    attribute, one, signed_attributes, signer_identifier, unwritable, wrap,
};
use crate::base::error::Result;
use crate::seal::key::Hash;
use crate::seal::x509::X509;

/// As many certificates as are read.
const MAX_CERTIFICATES: usize = 16;

/// A seal of the one form that [`seal`](super::seal) writes, with at most a time stamp added.
#[derive(Debug, Clone)]
pub(crate) struct Seal {
    signed: Signed,
}

impl Seal {
    /// Reads DER; none for any other form.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let signed = Signed::read(der)?;
        let info = &signed.data.encap_content_info;
        let signer = &signed.signer;
        let leaf = signed.leaf()?;
        let algorithm = leaf.key().ok()?.algorithm();
        let plain = info.econtent_type == rfc5911::ID_DATA
            && info.econtent.is_none()
            && signed.data.version == CmsVersion::V1
            && signer.sid == signer_identifier(leaf)
            && signer.digest_alg == algorithm.hash().identifier()
            && signer.signature_algorithm == algorithm.identifier();
        let stamped = match &signer.unsigned_attrs {
            None => true,
            Some(attributes) => match attributes.as_slice() {
                [only] => only.oid == TIME_STAMP_TOKEN && only.values.len() == 1,
                _ => false,
            },
        };
        let belong =
            leaf.chain_in(&signed.certificates).len() == signed.certificates.len();
        (plain && stamped && belong).then_some(Self { signed })
    }

    /// Whether the signer has sealed exactly this: the hash of these parts, and nothing besides.
    pub(crate) fn covers(&self, parts: &[&[u8]]) -> bool {
        let check = || {
            let leaf = self.signed.leaf()?;
            let digest = leaf.key().ok()?.algorithm().hash().of(parts);
            // The attributes must be the very ones that would be written.
            let attributes = signed_attributes(leaf, &digest).ok()?;
            Some(self.signed.signer.signed_attrs.as_ref() == Some(&attributes))
        };
        check().unwrap_or(false) && self.signed.is_signed()
    }

    /// The certificate of who sealed.
    pub(crate) fn leaf(&self) -> Option<&X509> {
        self.signed.leaf()
    }

    /// All certificates of the seal.
    pub(crate) fn certificates(&self) -> &[X509] {
        &self.signed.certificates
    }

    /// The signature itself, which is what a time stamp is over.
    pub(crate) fn signature(&self) -> &[u8] {
        self.signed.signer.signature.as_bytes()
    }

    /// The time stamp, if there is one. The inner is none if it cannot be read.
    pub(crate) fn stamp(&self) -> Option<Option<TimestampToken>> {
        let attributes = self.signed.signer.unsigned_attrs.as_ref()?;
        let token = attributes.iter().next()?.values.iter().next()?;
        Some(token.to_der().ok().and_then(|token| TimestampToken::read(&token)))
    }

    /// The same seal with a time stamp over its signature.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`](crate::ErrorKind::Seal): it cannot be written.
    pub(crate) fn stamped(&self, stamp: &TimestampToken) -> Result<Vec<u8>> {
        let build = || -> der::Result<Vec<u8>> {
            let token = Any::from_der(stamp.der())?;
            let mut signer = self.signed.signer.clone();
            signer.unsigned_attrs = Some(one(attribute(TIME_STAMP_TOKEN, &token)?)?);
            let mut data = self.signed.data.clone();
            data.signer_infos = SignerInfos(one(signer)?);
            wrap(&data)
        };
        build().map_err(unwritable)
    }
}

/// Signed data with one signer, in the one encoding that it has.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    pub(super) data: SignedData,
    pub(super) signer: SignerInfo,
    pub(super) certificates: Vec<X509>,
}

impl Signed {
    /// Reads DER, and nothing that is not its own encoding.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let signed = Self::read_any(der)?;
        let same = wrap(&signed.data).is_ok_and(|again| again == der);
        (same && signed.data.crls.is_none()).then_some(signed)
    }

    /// Reads DER, whatever the order of its sets.
    pub(super) fn read_any(der: &[u8]) -> Option<Self> {
        let info = ContentInfo::from_der(der).ok()?;
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
        let fits = signer.version == CmsVersion::V1
            && digest.oid == signer.digest_alg.oid
            && digest.parameters == signer.digest_alg.parameters;
        fits.then_some(Self { data, signer, certificates })
    }

    /// The certificate that the signer says is its own.
    pub(super) fn leaf(&self) -> Option<&X509> {
        match &self.signer.sid {
            SignerIdentifier::IssuerAndSerialNumber(_) => self
                .certificates
                .iter()
                .find(|cert| signer_identifier(cert) == self.signer.sid),
            SignerIdentifier::SubjectKeyIdentifier(_) => None,
        }
    }

    pub(super) fn hash(&self) -> Option<Hash> {
        Hash::by_oid(self.signer.digest_alg.oid)
    }

    /// Whether the leaf's key has signed the attributes.
    pub(super) fn is_signed(&self) -> bool {
        let check = || {
            let message = self.signer.signed_attrs.as_ref()?.to_der().ok()?;
            let key = self.leaf()?.key().ok()?;
            let signature = self.signer.signature.as_bytes();
            let hash = Some(self.hash()?);
            Some(key.verifies_as(
                &self.signer.signature_algorithm,
                hash,
                &message,
                signature,
            ))
        };
        check().unwrap_or(false)
    }

    /// Whether the attributes name that type of content, this digest, and the leaf.
    pub(super) fn says(&self, content_type: Oid, digest: &[u8]) -> bool {
        let check = || {
            let typed: ObjectIdentifier =
                self.attribute(rfc5911::ID_CONTENT_TYPE)?.decode_as().ok()?;
            let digested: OctetString =
                self.attribute(rfc5911::ID_MESSAGE_DIGEST)?.decode_as().ok()?;
            Some(typed == content_type && digested.as_bytes() == digest)
        };
        check().unwrap_or(false) && self.names_leaf().unwrap_or(false)
    }

    /// Whether the attributes hold the leaf's hash (RFC 5035; RFC 2634 with SHA-1 before it).
    fn names_leaf(&self) -> Option<bool> {
        let leaf = self.leaf()?.der();
        let v2 = self.attribute(SIGNING_CERTIFICATE_V2);
        let attribute = v2.or_else(|| self.attribute(SIGNING_CERTIFICATE))?;
        let parts: Vec<Any> = attribute.decode_as().ok()?;
        let ids: Vec<Any> = parts.first()?.decode_as().ok()?;
        let id: Vec<Any> = ids.first()?.decode_as().ok()?;
        let (first, second) = (id.first()?, id.get(1));
        let (expected, hash) = if v2.is_none() {
            let sha1 = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, leaf);
            (sha1.as_ref().to_vec(), first)
        } else if let Ok(algorithm) = first.decode_as::<spki::AlgorithmIdentifierOwned>()
        {
            (Hash::by_oid(algorithm.oid)?.of(&[leaf]), second?)
        } else {
            (Hash::Sha256.of(&[leaf]), first)
        };
        let hash: OctetString = hash.decode_as().ok()?;
        Some(hash.as_bytes() == expected)
    }

    fn attribute(&self, oid: Oid) -> Option<&Any> {
        let attributes: &SetOfVec<Attribute> = self.signer.signed_attrs.as_ref()?;
        let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
        match (found.next(), found.next()) {
            (Some(one), None) => match one.values.as_slice() {
                [value] => Some(value),
                _ => None,
            },
            _ => None,
        }
    }
}
