//! Time stamps (RFC 3161): what an authority is asked, and what it answers.

use cmpv2::status::PkiStatus;
use cms::cert::CertificateChoices;
use cms::content_info::CmsVersion;
use cms::signed_data::{CertificateSet, SignerInfos};
use const_oid::ObjectIdentifier as Oid;
use const_oid::db::rfc5912;
use der::asn1::{Int, OctetString, SetOfVec};
use der::{Any, Decode, Encode, Tag, Tagged};
use ring::rand::{SecureRandom, SystemRandom};
use spki::AlgorithmIdentifierOwned;
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion};

use super::read::Signed;
use super::{TST_INFO, one, wrap};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::key::{Algorithm, Hash};
use crate::seal::x509::X509;

/// How far the authority's time may be from the caller's.
const SKEW_SECONDS: u64 = 600;
/// PKCS #1 v1.5 by its names: alone, or with a digest that CMS names already.
const RSA_NAMES: [Oid; 4] = [
    rfc5912::RSA_ENCRYPTION,
    rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
    rfc5912::SHA_384_WITH_RSA_ENCRYPTION,
    rfc5912::SHA_512_WITH_RSA_ENCRYPTION,
];

/// A question to an authority.
#[derive(Debug)]
pub(crate) struct TimestampRequest {
    der: Vec<u8>,
    nonce: Int,
    digest: Vec<u8>,
}

impl TimestampRequest {
    /// Asks for a stamp over the SHA-256 of `parts`, with a random number so that no old answer
    /// will do.
    ///
    /// # Errors
    /// [`ErrorKind::Timestamp`]: no random numbers.
    pub(crate) fn new(parts: &[&[u8]]) -> Result<Self> {
        let fault = || Error::new(ErrorKind::Timestamp, "failed to write the question");
        let mut nonce = [0; 8];
        SystemRandom::new().fill(&mut nonce).map_err(|_| fault())?;
        // A positive number in its shortest form.
        nonce[0] = nonce[0] & 0x3f | 0x40;
        let digest = Hash::Sha256.of(parts);
        let build = || -> der::Result<_> {
            let nonce = Int::new(&nonce)?;
            let request = TimeStampReq {
                version: TspVersion::V1,
                message_imprint: MessageImprint {
                    hash_algorithm: AlgorithmIdentifierOwned {
                        oid: rfc5912::ID_SHA_256,
                        parameters: Some(Any::null()),
                    },
                    hashed_message: OctetString::new(&digest[..])?,
                },
                req_policy: None,
                nonce: Some(nonce.clone()),
                cert_req: true,
                extensions: None,
            };
            Ok((request.to_der()?, nonce))
        };
        let (der, nonce) = build().map_err(|_| fault())?;
        Ok(Self { der, nonce, digest })
    }

    /// The question as it is sent.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Reads the answer and checks all of it.
    ///
    /// # Errors
    /// [`ErrorKind::Timestamp`]: a refusal, or an answer to another question, or a stamp that does not
    /// hold.
    pub(crate) fn answer(&self, der: &[u8], now: Timestamp) -> Result<TimestampToken> {
        let fault = |why: String| {
            Error::new(ErrorKind::Timestamp, format!("the time-stamp authority {why}"))
        };
        let answer = TimeStampResp::from_der(der)
            .map_err(|_| fault("gave no time-stamp answer".to_owned()))?;
        if !matches!(
            answer.status.status,
            PkiStatus::Accepted | PkiStatus::GrantedWithMods
        ) {
            return Err(fault(format!("refused ({:?})", answer.status.status)));
        }
        let token = answer.time_stamp_token.and_then(|token| token.to_der().ok());
        let stamp = token
            .and_then(|token| TimestampToken::adopt(&token))
            .ok_or_else(|| fault("gave a stamp that cannot be read".to_owned()))?;
        if stamp.info.nonce.as_ref() != Some(&self.nonce) {
            return Err(fault("answered another question".to_owned()));
        }
        if stamp.time().unix().abs_diff(now.unix()) > SKEW_SECONDS {
            return Err(fault(format!(
                "says that it is {}, and not {now}",
                stamp.time()
            ))
            .with_help("set this machine's clock"));
        }
        match stamp.fault_over_digest(&self.digest) {
            Some(why) => Err(fault(format!("gave a bad stamp ({why})"))),
            None => Ok(stamp),
        }
    }
}

/// A time-stamp token: an authority's word that something existed at a time.
#[derive(Debug, Clone)]
pub(crate) struct TimestampToken {
    der: Vec<u8>,
    signed: Signed,
    content: Vec<u8>,
    info: Info,
}

impl TimestampToken {
    /// Reads a token in the form that [`adopt`](Self::adopt) gives it; none for any other.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let signed = Signed::read(der)?;
        let stamp = Self::new(der.to_vec(), signed)?;
        (stamp.normal().as_deref() == Some(der)).then_some(stamp)
    }

    /// Reads a token as any authority writes it, and leaves out what no signature covers: order of
    /// sets, certificates of nobody's chain, revocation lists, unsigned attributes, a second name for
    /// the same algorithm.
    fn adopt(der: &[u8]) -> Option<Self> {
        let stamp = Self::new(der.to_vec(), Signed::read_any(der)?)?;
        Self::read(&stamp.normal()?)
    }

    fn new(der: Vec<u8>, signed: Signed) -> Option<Self> {
        let encapsulated = &signed.data.encap_content_info;
        if encapsulated.econtent_type != TST_INFO || signed.data.version != CmsVersion::V3
        {
            return None;
        }
        let content: OctetString = encapsulated.econtent.as_ref()?.decode_as().ok()?;
        let info = Info::read(content.as_bytes())?;
        Some(Self { der, content: content.as_bytes().to_vec(), info, signed })
    }

    /// The token as it stands in a PDF.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The time that it states.
    pub(crate) fn time(&self) -> Timestamp {
        self.info.time
    }

    /// The authority's certificate.
    pub(crate) fn tsa(&self) -> Option<&X509> {
        self.signed.leaf()
    }

    /// All certificates of the token.
    pub(crate) fn certificates(&self) -> &[X509] {
        &self.signed.certificates
    }

    /// What is wrong with it as a stamp over the SHA-256 of `parts`, if anything.
    pub(crate) fn fault_over(&self, parts: &[&[u8]]) -> Option<&'static str> {
        self.fault_over_digest(&Hash::Sha256.of(parts))
    }

    fn fault_over_digest(&self, digest: &[u8]) -> Option<&'static str> {
        let imprint = &self.info.imprint;
        if imprint.hash_algorithm.oid != rfc5912::ID_SHA_256
            || imprint.hashed_message.as_bytes() != digest
        {
            return Some("it is a stamp over something else");
        }
        let Some(hash) = self.signed.hash() else {
            return Some("its hash is not supported");
        };
        if !self.signed.says(TST_INFO, &hash.of(&[&self.content]))
            || !self.signed.is_signed()
        {
            return Some("its signature does not hold");
        }
        let Some(tsa) = self.tsa() else {
            return Some("its signer is missing");
        };
        if !tsa.is_for_time_stamps() {
            return Some("its certificate is not for time stamps");
        }
        (!tsa.is_valid_at(self.info.time)).then_some("its certificate was not valid then")
    }

    fn normal(&self) -> Option<Vec<u8>> {
        let chain = self.tsa()?.chain_in(&self.signed.certificates);
        let chain = chain.into_iter().map(X509::parsed).cloned();
        let mut signer = self.signed.signer.clone();
        signer.unsigned_attrs = None;
        let rsa = self.tsa()?.key().ok()?.algorithm() == Algorithm::Rsa;
        if rsa && RSA_NAMES.contains(&signer.signature_algorithm.oid) {
            // `rsaEncryption` and `sha256WithRSAEncryption` say the same beside a digest (RFC 5754).
            signer.signature_algorithm = AlgorithmIdentifierOwned {
                oid: rfc5912::RSA_ENCRYPTION,
                parameters: Some(Any::null()),
            };
        }
        let hash = self.signed.hash()?.identifier();
        signer.digest_alg = hash.clone();
        let mut data = self.signed.data.clone();
        data.digest_algorithms = one(hash).ok()?;
        data.certificates = Some(CertificateSet(
            SetOfVec::try_from(
                chain.map(CertificateChoices::Certificate).collect::<Vec<_>>(),
            )
            .ok()?,
        ));
        data.crls = None;
        data.signer_infos = SignerInfos(one(signer).ok()?);
        wrap(&data).ok()
    }
}

/// What a token states (`TSTInfo`), as far as it is needed. `x509-tsp`'s own type refuses the
/// fractions of a second that authorities write.
#[derive(Debug, Clone)]
struct Info {
    imprint: MessageImprint,
    time: Timestamp,
    nonce: Option<Int>,
}

impl Info {
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
