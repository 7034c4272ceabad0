//! A request for a timestamp token, and the check of the TSA's response.

use cmpv2::status::PkiStatus;
use const_oid::db::rfc5912;
use der::asn1::{Int, OctetString};
use der::{Any, Encode};
use spki::AlgorithmIdentifierOwned;
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion};

use super::token::TimestampToken;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::random;
use crate::base::timestamp::Timestamp;
use crate::seal::asn1;
use crate::seal::cms::ParsedSignedData;
use crate::seal::keys::Hash;

/// The largest difference between the TSA's time and the caller's, in seconds.
const MAX_SKEW_SECONDS: u64 = 600;

/// A request to a TSA.
#[derive(Debug)]
pub(crate) struct TimestampRequest {
    der: Vec<u8>,
    nonce: Int,
    digest: Vec<u8>,
}

impl TimestampRequest {
    /// Asks for a token over the SHA-256 of the concatenated parts. A random nonce prevents the
    /// replay of an old response.
    ///
    /// # Errors
    /// [`ErrorKind::Timestamp`]: the system gives no random numbers.
    pub(crate) fn new(parts: &[&[u8]]) -> Result<Self> {
        let failed =
            || Error::new(ErrorKind::Timestamp, "failed to write the timestamp request");
        let mut nonce = [0; 8];
        random::fill(&mut nonce).map_err(|cause| failed().with_source(cause))?;
        // Positive, and in its shortest form.
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
        let (der, nonce) = build().map_err(|cause| failed().with_source(cause))?;
        Ok(Self { der, nonce, digest })
    }

    /// The request as DER.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Reads the TSA's response to this request, and checks its token. Returns the token as DER in
    /// its normal form.
    ///
    /// # Errors
    /// [`ErrorKind::Timestamp`]: the TSA refuses, the response belongs to another request, or the
    /// token is not valid.
    pub(crate) fn read_response(&self, der: &[u8], now: Timestamp) -> Result<Vec<u8>> {
        let error =
            |why: String| Error::new(ErrorKind::Timestamp, format!("the TSA {why}"));
        let response: TimeStampResp<'_> = asn1::decode(der).map_err(|cause| {
            error("gave no timestamp response".to_owned()).with_source(cause)
        })?;
        if !matches!(
            response.status.status,
            PkiStatus::Accepted | PkiStatus::GrantedWithMods
        ) {
            return Err(error(format!("refused ({:?})", response.status.status)));
        }
        let token = response.time_stamp_token.and_then(|token| token.to_der().ok());
        let (normal_form, token) = token
            .and_then(|token| normalize(&token))
            .ok_or_else(|| error("gave a token that cannot be read".to_owned()))?;
        if token.nonce() != Some(&self.nonce) {
            return Err(error("answered another request".to_owned()));
        }
        if token.time().unix().abs_diff(now.unix()) > MAX_SKEW_SECONDS {
            let why = format!("says that it is {}, and not {now}", token.time());
            return Err(error(why).with_help("set this machine's clock"));
        }
        match token.check_digest(&self.digest) {
            Err(why) => Err(error(format!("gave a token that is not valid ({why})"))),
            Ok(()) => Ok(normal_form),
        }
    }
}

/// Reads a token as any TSA writes it. Returns its normal form, as DER and read again.
fn normalize(der: &[u8]) -> Option<(Vec<u8>, TimestampToken)> {
    let signed = ParsedSignedData::read_unordered(der)?;
    let normal_form = TimestampToken::from_signed_data(signed)?.normal_form()?;
    let token = TimestampToken::read(&normal_form)?;
    Some((normal_form, token))
}
