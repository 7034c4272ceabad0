//! Public keys, and the check of a signature with one.

use const_oid::ObjectIdentifier as Oid;
use const_oid::db::{rfc5912, rfc8410};
use der::asn1::UintRef;
use der::{Decode, Encode, Reader, SliceReader};
use ring::signature as ring_signature;
use spki::{
    AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
};

use super::algorithm::{Algorithm, Hash};
use crate::base::error::{Error, ErrorKind, Result};

/// A public key, which checks signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    /// The `SubjectPublicKeyInfo` as DER.
    spki: Vec<u8>,
    /// The content of its bit string.
    raw: Vec<u8>,
    bits: usize,
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` (RFC 5280, 4.1) as DER: the content of a PEM block
    /// `PUBLIC KEY`.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the bytes are not a public key, or its kind or size is not supported.
    pub fn from_spki(der: &[u8]) -> Result<Self> {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|cause| {
            Error::new(ErrorKind::Key, "the public key cannot be read").with_source(cause)
        })?;
        let raw = info
            .subject_public_key
            .as_bytes()
            .ok_or_else(|| Error::new(ErrorKind::Key, "the public key cannot be read"))?;
        let algorithm = match info.algorithm.oid {
            rfc5912::RSA_ENCRYPTION => Algorithm::Rsa,
            rfc8410::ID_ED_25519 => Algorithm::Ed25519,
            rfc5912::ID_EC_PUBLIC_KEY => match info.algorithm.parameters_oid() {
                Ok(rfc5912::SECP_256_R_1) => Algorithm::P256,
                Ok(rfc5912::SECP_384_R_1) => Algorithm::P384,
                _ => {
                    return Err(unsupported(
                        "an elliptic curve other than P-256 and P-384",
                    ));
                }
            },
            oid => return Err(unsupported(&format!("a key of the kind {oid}"))),
        };
        let bits = key_bits(algorithm, raw)?;
        Ok(Self { algorithm, spki: der.to_vec(), raw: raw.to_vec(), bits })
    }

    /// Reads an Ed25519 key of 32 bytes.
    pub(crate) fn from_ed25519(raw: &[u8]) -> Result<Self> {
        Self::from_raw(Algorithm::Ed25519, raw)
    }

    /// Reads the algorithm's own form: an uncompressed point, or an RSA key by PKCS #1.
    pub(crate) fn from_raw(algorithm: Algorithm, raw: &[u8]) -> Result<Self> {
        let curve = |oid: &Oid| Some(oid.into());
        let (oid, parameters) = match algorithm {
            Algorithm::Rsa => (rfc5912::RSA_ENCRYPTION, Some(der::Any::null())),
            Algorithm::P256 => (rfc5912::ID_EC_PUBLIC_KEY, curve(&rfc5912::SECP_256_R_1)),
            Algorithm::P384 => (rfc5912::ID_EC_PUBLIC_KEY, curve(&rfc5912::SECP_384_R_1)),
            Algorithm::Ed25519 => (rfc8410::ID_ED_25519, None),
        };
        let unusable = |_| Error::new(ErrorKind::Key, "the public key cannot be written");
        let info = SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned { oid, parameters },
            subject_public_key: der::asn1::BitString::from_bytes(raw)
                .map_err(unusable)?,
        };
        Self::from_spki(&info.to_der().map_err(unusable)?)
    }

    /// The kind of key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's size in bits: of the RSA modulus, or of the curve.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// The key as a `SubjectPublicKeyInfo` in DER (RFC 5280, 4.1).
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The key in its algorithm's own form: an uncompressed point, or an RSA key by PKCS #1.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Whether this key made the signature over the message. The signature has the form that
    /// [`Algorithm`] names: ECDSA as DER, RSA as long as the modulus, Ed25519 of 64 bytes.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifies_with_hash(self.algorithm.hash(), message, signature)
    }

    /// Like [`verifies`](Self::verifies), with another hash than the algorithm's own.
    pub(crate) fn verifies_with_hash(
        &self,
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        use ring_signature::*;
        let algorithm: &dyn VerificationAlgorithm = match (self.algorithm, hash) {
            (Algorithm::Rsa, Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            (Algorithm::Rsa, Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            (Algorithm::Rsa, Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            (Algorithm::P256, Hash::Sha256) => &ECDSA_P256_SHA256_ASN1,
            (Algorithm::P256, Hash::Sha384) => &ECDSA_P256_SHA384_ASN1,
            (Algorithm::P384, Hash::Sha256) => &ECDSA_P384_SHA256_ASN1,
            (Algorithm::P384, Hash::Sha384) => &ECDSA_P384_SHA384_ASN1,
            (Algorithm::Ed25519, _) => &ED25519,
            (Algorithm::P256 | Algorithm::P384, Hash::Sha512) => return false,
        };
        UnparsedPublicKey::new(algorithm, &self.raw).verify(message, signature).is_ok()
    }

    /// Like [`verifies`](Self::verifies), with the algorithm of an X.509 `AlgorithmIdentifier`.
    /// `digest` is the separate digest algorithm of a CMS signer, which must agree with the
    /// identifier, and completes it if it is a bare `rsaEncryption`.
    pub(crate) fn verifies_as(
        &self,
        identifier: &AlgorithmIdentifierOwned,
        digest: Option<Hash>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let (algorithm, hash) = match identifier.oid {
            rfc5912::RSA_ENCRYPTION => match digest {
                Some(hash) => (Algorithm::Rsa, hash),
                None => return false,
            },
            rfc5912::SHA_256_WITH_RSA_ENCRYPTION => (Algorithm::Rsa, Hash::Sha256),
            rfc5912::SHA_384_WITH_RSA_ENCRYPTION => (Algorithm::Rsa, Hash::Sha384),
            rfc5912::SHA_512_WITH_RSA_ENCRYPTION => (Algorithm::Rsa, Hash::Sha512),
            rfc5912::ECDSA_WITH_SHA_256 => (self.algorithm, Hash::Sha256),
            rfc5912::ECDSA_WITH_SHA_384 => (self.algorithm, Hash::Sha384),
            rfc8410::ID_ED_25519 => (Algorithm::Ed25519, Hash::Sha512),
            _ => return false,
        };
        let is_ecdsa = matches!(
            identifier.oid,
            rfc5912::ECDSA_WITH_SHA_256 | rfc5912::ECDSA_WITH_SHA_384
        );
        let has_curve = matches!(self.algorithm, Algorithm::P256 | Algorithm::P384);
        algorithm == self.algorithm
            && is_ecdsa == has_curve
            && digest.is_none_or(|digest| digest == hash)
            && self.verifies_with_hash(hash, message, signature)
    }
}

/// The size of a key in bits.
///
/// # Errors
/// [`ErrorKind::Key`]: the key has a wrong length, or an RSA key is too small or too large.
fn key_bits(algorithm: Algorithm, raw: &[u8]) -> Result<usize> {
    let fixed = |length: usize, bits: usize| {
        if raw.len() == length {
            Ok(bits)
        } else {
            Err(Error::new(ErrorKind::Key, "the public key has a wrong length"))
        }
    };
    match algorithm {
        Algorithm::Ed25519 => fixed(32, 256),
        Algorithm::P256 => fixed(65, 256),
        Algorithm::P384 => fixed(97, 384),
        Algorithm::Rsa => {
            let bits = modulus_bits(raw).ok_or_else(|| {
                Error::new(ErrorKind::Key, "the RSA key cannot be read")
            })?;
            if (2048..=8192).contains(&bits) {
                Ok(bits)
            } else {
                let message = format!("the RSA key has {bits} bits");
                Err(Error::new(ErrorKind::Key, message).with_help(
                    "use 3072 bits: at least 2048 and at most 8192 are accepted",
                ))
            }
        }
    }
}

/// The length of the modulus of an RSA key by PKCS #1.
fn modulus_bits(raw: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(raw).ok()?;
    reader
        .sequence(|reader| {
            let modulus = UintRef::decode(reader)?;
            UintRef::decode(reader)?;
            let bytes = modulus.as_bytes();
            let zeros = bytes.first().map_or(8, |byte| byte.leading_zeros() as usize);
            Ok(bytes.len() * 8 - zeros.min(bytes.len() * 8))
        })
        .ok()
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Key, format!("{what} is not supported")).with_help(
        "use RSA (2048 bits or more), P-256 or P-384; Ed25519 for OpenPGP only",
    )
}
