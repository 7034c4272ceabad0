//! A timestamp token: a TSA's statement that some bytes existed at a time.

use cms::cert::CertificateChoices;
use cms::content_info::CmsVersion;
use cms::signed_data::{CertificateSet, SignerInfos};
use const_oid::ObjectIdentifier as Oid;
use const_oid::db::rfc5912;
use der::asn1::{Int, OctetString, SetOfVec};
use der::{Any, Decode, Tag, Tagged};
use spki::AlgorithmIdentifierOwned;
use x509_tsp::MessageImprint;

use crate::base::timestamp::Timestamp;
use crate::seal::cms::{ParsedSignedData, encode, set_of_one};
use crate::seal::keys::{Algorithm, Hash};
use crate::seal::x509::X509;

/// `id-ct-TSTInfo` (RFC 3161, 2.4.2).
const TST_INFO: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// The identifiers of PKCS #1 v1.5: bare, or with a digest, which CMS states separately.
const RSA_IDENTIFIERS: [Oid; 4] = [
    rfc5912::RSA_ENCRYPTION,
    rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
    rfc5912::SHA_384_WITH_RSA_ENCRYPTION,
    rfc5912::SHA_512_WITH_RSA_ENCRYPTION,
];

/// A timestamp token (RFC 3161).
#[derive(Debug, Clone)]
pub(crate) struct TimestampToken {
    signed: ParsedSignedData,
    /// The `TSTInfo` as DER, which the TSA has signed.
    content: Vec<u8>,
    info: TstInfo,
}

impl TimestampToken {
    /// Reads a token in the normal form. Returns `None` for any other form.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let token = Self::from_signed_data(ParsedSignedData::read(der)?)?;
        (token.normal_form().as_deref() == Some(der)).then_some(token)
    }

    /// Takes signed data as a token. Returns `None` if it is none.
    pub(super) fn from_signed_data(signed: ParsedSignedData) -> Option<Self> {
        let encapsulated = &signed.data.encap_content_info;
        if encapsulated.econtent_type != TST_INFO || signed.data.version != CmsVersion::V3
        {
            return None;
        }
        let content: OctetString = encapsulated.econtent.as_ref()?.decode_as().ok()?;
        let content = content.as_bytes().to_vec();
        Some(Self { info: TstInfo::read(&content)?, content, signed })
    }

    /// The time that it states.
    pub(crate) fn time(&self) -> Timestamp {
        self.info.time
    }

    /// The nonce that it states.
    pub(super) fn nonce(&self) -> Option<&Int> {
        self.info.nonce.as_ref()
    }

    /// The TSA's certificate.
    pub(crate) fn tsa(&self) -> Option<&X509> {
        self.signed.leaf()
    }

    /// The TSA's certificate and its issuers, as far as the token holds them.
    pub(crate) fn certificates(&self) -> &[X509] {
        &self.signed.certificates
    }

    /// Checks that this is a valid token over the concatenated parts; the error says why not.
    pub(crate) fn check(&self, parts: &[&[u8]]) -> Result<(), &'static str> {
        self.check_digest(&Hash::Sha256.of(parts))
    }

    /// Like [`check`](Self::check), with the SHA-256 of the parts.
    pub(super) fn check_digest(&self, digest: &[u8]) -> Result<(), &'static str> {
        let imprint = &self.info.imprint;
        if imprint.hash_algorithm.oid != rfc5912::ID_SHA_256
            || imprint.hashed_message.as_bytes() != digest
        {
            return Err("it is over something else");
        }
        let hash = self.signed.hash().ok_or("its hash is not supported")?;
        if !self.signed.attributes_state(TST_INFO, &hash.of(&[&self.content]))
            || !self.signed.is_signed()
        {
            return Err("its signature does not hold");
        }
        let tsa = self.tsa().ok_or("its signer is missing")?;
        if !tsa.is_for_timestamping() {
            return Err("its certificate is not for timestamping");
        }
        if !tsa.is_valid_at(self.info.time) {
            return Err("its certificate was not valid then");
        }
        Ok(())
    }

    /// The token as DER without what no signature covers: the order of sets, certificates outside
    /// the TSA's chain, CRLs, unsigned attributes, and a second identifier for the same algorithm.
    pub(super) fn normal_form(&self) -> Option<Vec<u8>> {
        let chain = self.tsa()?.chain_in(&self.signed.certificates);
        let chain = chain.into_iter().map(X509::parsed).cloned();
        let mut signer = self.signed.signer.clone();
        signer.unsigned_attrs = None;
        let is_rsa = self.tsa()?.key().ok()?.algorithm() == Algorithm::Rsa;
        if is_rsa && RSA_IDENTIFIERS.contains(&signer.signature_algorithm.oid) {
            // With a separate digest algorithm, `rsaEncryption` and `sha256WithRSAEncryption` mean
            // the same (RFC 5754, 3.2).
            signer.signature_algorithm = AlgorithmIdentifierOwned {
                oid: rfc5912::RSA_ENCRYPTION,
                parameters: Some(Any::null()),
            };
        }
        let hash = self.signed.hash()?.identifier();
        signer.digest_alg = hash.clone();
        let mut data = self.signed.data.clone();
        data.digest_algorithms = set_of_one(hash).ok()?;
        data.certificates = Some(CertificateSet(
            SetOfVec::try_from(
                chain.map(CertificateChoices::Certificate).collect::<Vec<_>>(),
            )
            .ok()?,
        ));
        data.crls = None;
        data.signer_infos = SignerInfos(set_of_one(signer).ok()?);
        encode(&data).ok()
    }
}

/// The fields of `TSTInfo` that are needed here. The type of `x509-tsp` rejects the fractions of a
/// second that TSAs write.
#[derive(Debug, Clone)]
struct TstInfo {
    imprint: MessageImprint,
    time: Timestamp,
    nonce: Option<Int>,
}

impl TstInfo {
    fn read(der: &[u8]) -> Option<Self> {
        let fields: Vec<Any> = Vec::from_der(der).ok()?;
        let [version, policy, imprint, serial, time, rest @ ..] = &fields[..] else {
            return None;
        };
        let tags = [version.tag(), policy.tag(), serial.tag(), time.tag()];
        let expected =
            [Tag::Integer, Tag::ObjectIdentifier, Tag::Integer, Tag::GeneralizedTime];
        if tags != expected || version.value() != [1] {
            return None;
        }
        let nonce = rest.iter().find(|field| field.tag() == Tag::Integer);
        Some(Self {
            imprint: imprint.decode_as().ok()?,
            time: Timestamp::from_generalized(time.value())?,
            nonce: nonce.map(|nonce| nonce.decode_as()).transpose().ok()?,
        })
    }
}
