//! Keys, certificates of keys, CRLs, signatures and timestamp tokens.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::seal::cms::{ParsedSignedData, Seal, encode};
use crate::seal::openpgp::armor::{self, ArmorLabel};
use crate::seal::timestamp::{TimestampToken, Tsa};
use crate::seal::x509::{CertificationPath, Crl};
use crate::seal::{DetachedSignature, HttpClient, PgpKey, PrivateKey, X509};

/// A time at which the seeds are valid.
pub(super) fn now() -> Timestamp {
    Timestamp::from_unix(1_800_000_000).expect("it is before the year 10000")
}

/// PEM files with certificates or a private key.
pub fn pem(text: &[u8]) {
    let _ = PrivateKey::from_pem(text);
    for certificate in X509::from_pem(text).unwrap_or_default() {
        let again = X509::from_pem(certificate.pem().as_bytes());
        assert_eq!(again.ok().as_deref(), Some(&[certificate][..]));
    }
}

/// X.509 certificates in DER.
pub fn x509(der: &[u8]) {
    let Ok(certificate) = X509::from_der(der) else { return };
    assert_eq!(certificate.der(), der);
    read_certificate(&certificate);
}

fn read_certificate(certificate: &X509) {
    let _ = format!("{} {certificate:?}", certificate.name());
    let _ = (certificate.issuer(), certificate.fingerprint(), certificate.key());
    let _ = certificate.is_valid_at(now());
    let _ = (certificate.is_ca(), certificate.is_self_issued());
    let _ = (certificate.check_document_signing(), certificate.is_for_timestamping());
    let _ = certificate.crl_urls();
    let known = std::slice::from_ref(certificate);
    let _ = CertificationPath::find(certificate, known, known)
        .is_some_and(|path| path.is_valid_at(now()));
    assert_eq!(certificate.chain_in(known).len(), 1);
}

/// CRLs in DER, for certificates of their issuer.
pub fn crl(der: &[u8]) {
    // A certificate may follow the CRL: what is asked of a CRL is asked about a certificate.
    let length = der_length(der).unwrap_or(der.len());
    let (der, rest) = der.split_at(length);
    let Ok(crl) = Crl::from_der(der) else { return };
    assert_eq!(crl.der(), der);
    if let Ok(certificate) = X509::from_der(rest) {
        let _ = crl.is_signed_by(&certificate);
        let _ = crl.is_for(&certificate);
        let _ = crl.revocation_date(&certificate);
    }
}

/// The length of the DER value that the bytes begin with.
fn der_length(bytes: &[u8]) -> Option<usize> {
    use der::Reader as _;
    Some(der::SliceReader::new(bytes).ok()?.tlv_bytes().ok()?.len())
}

/// Seals and timestamp tokens in DER.
pub fn cms(der: &[u8]) {
    let Some(parsed) = ParsedSignedData::read_unordered(der) else {
        assert!(Seal::read(der).is_none() && TimestampToken::read(der).is_none());
        return;
    };
    let _ = (parsed.leaf().map(read_certificate), parsed.hash(), parsed.is_signed());
    let _ = encode(&parsed.data);
    let document: &[u8] = b"document";
    if let Some(seal) = Seal::read(der) {
        let _ = seal.covers(&[document]);
        let _ = seal.timestamp_token().and_then(|token| TimestampToken::read(&token));
    }
    if let Some(token) = TimestampToken::read(der) {
        let _ = (token.time(), token.tsa(), token.check(&[document]));
    }
}

/// The response of a TSA.
pub fn timestamp(response: &[u8]) {
    let tsa = Tsa::new(String::new(), Arc::new(Response(response.to_vec())));
    let token = tsa.timestamp(&[b"document"], now());
    // The request has a random nonce, which no input knows.
    assert!(token.is_err());
}

#[derive(Debug)]
struct Response(Vec<u8>);

impl HttpClient for Response {
    fn post(&self, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>> {
        Ok(self.0.clone())
    }

    fn get(&self, _: &str) -> Result<Vec<u8>> {
        Ok(self.0.clone())
    }
}

/// Key rings: armoured text, or the packets of which armour is made.
pub fn openpgp_key(bytes: &[u8]) {
    let name = "PGP PUBLIC KEY BLOCK";
    let base64 = BASE64_STANDARD.encode(bytes);
    let armored = format!("-----BEGIN {name}-----\n\n{base64}\n-----END {name}-----\n");
    for text in [bytes, armored.as_bytes()] {
        for key in PgpKey::from_armor(text).unwrap_or_default() {
            assert_eq!(key.fingerprint().len(), 40);
            let _ = (key.created(), key.user_id(), key.public());
            assert_eq!(
                PgpKey::from_armor(key.to_armor().as_bytes()).ok(),
                Some(vec![key])
            );
        }
    }
}

/// Detached signatures: armoured text, or a packet of which armour is made.
pub fn openpgp_signature(bytes: &[u8]) {
    let armored = armor::write(ArmorLabel::Signature, bytes);
    for text in [bytes, armored.as_bytes()] {
        if let Ok(signature) = DetachedSignature::from_armor(text) {
            assert_eq!(signature.to_armor().as_bytes(), text);
            assert_eq!(signature.fingerprint().len(), 40);
            let _ = signature.signing_time();
        }
    }
}
