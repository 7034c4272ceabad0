//! Private keys in memory: read from PEM, or generated.

use std::fmt;

use const_oid::db::{rfc5912, rfc8410};
use der::asn1::OctetStringRef;
use der::{Decode, Reader, SliceReader};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::public::PublicKey;
use crate::base::error::{Error, ErrorKind, Result};
use crate::seal::pem;

/// A private key in memory. Its `Debug` form shows the algorithm only.
///
/// ```
/// use testamur::seal::{Algorithm, PrivateKey};
///
/// // The example of RFC 8410.
/// let pem = b"-----BEGIN PRIVATE KEY-----
/// MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
/// -----END PRIVATE KEY-----";
/// assert_eq!(PrivateKey::from_pem(pem)?.algorithm(), Algorithm::Ed25519);
/// # Ok::<(), testamur::Error>(())
/// ```
pub struct PrivateKey {
    pair: RingKeyPair,
    public: PublicKey,
}

enum RingKeyPair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// Reads the private key of a PEM file: PKCS #8 (`PRIVATE KEY`) or PKCS #1 (`RSA PRIVATE KEY`).
    /// Other blocks, such as certificates, are ignored. The buffers that held the key are wiped.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the file has no private key or more than one; the key is encrypted, too
    /// weak, or of a form or kind that is not supported (the help says how to convert it).
    /// [`ErrorKind::Syntax`], [`ErrorKind::TooLarge`]: the file is not PEM.
    pub fn from_pem(text: &[u8]) -> Result<Self> {
        let mut keys: Vec<_> = pem::read(text)?
            .into_iter()
            .filter(|block| block.label.ends_with("PRIVATE KEY"))
            .collect();
        let block = match keys.len() {
            1 => keys.remove(0),
            0 => {
                return Err(Error::new(
                    ErrorKind::Key,
                    "there is no private key in the file",
                )
                .with_help("a PEM file has a line `-----BEGIN PRIVATE KEY-----`"));
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::Key,
                    "there is more than one private key in the file",
                ));
            }
        };
        let bytes = block.bytes.ok_or_else(encrypted)?;
        match block.label.as_str() {
            "ENCRYPTED PRIVATE KEY" => Err(encrypted()),
            "PRIVATE KEY" => Self::from_pkcs8(&bytes),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&bytes)
                .map_err(|cause| unreadable(&cause))
                .and_then(Self::from_rsa),
            "EC PRIVATE KEY" => Err(Error::new(
                ErrorKind::Key,
                "the key is in the SEC1 form (`EC PRIVATE KEY`), which is not read",
            )
            .with_help(
                "convert it: openssl pkcs8 -topk8 -nocrypt -in OLD.pem -out NEW.pem",
            )),
            label => Err(Error::new(
                ErrorKind::Key,
                format!("keys in the form `{label}` are not read"),
            )
            .with_help("convert it to PKCS #8 (`PRIVATE KEY`)")),
        }
    }

    /// Generates a key, and returns it with its PKCS #8 form.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the system gives no random numbers, or the algorithm is RSA, whose keys
    /// `ring` does not generate.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<(Self, Zeroizing<Vec<u8>>)> {
        let random = SystemRandom::new();
        let document = match algorithm {
            Algorithm::P256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
            }
            Algorithm::P384 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &random)
            }
            Algorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8(&random),
            Algorithm::Rsa => {
                return Err(Error::new(ErrorKind::Key, "RSA keys are not made here"));
            }
        };
        let document = document.map_err(|_| {
            Error::new(ErrorKind::Key, "failed to make a key (no random numbers)")
        })?;
        let pkcs8 = Zeroizing::new(document.as_ref().to_vec());
        Ok((Self::from_pkcs8(&pkcs8)?, pkcs8))
    }

    /// The kind of key.
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The public key that belongs to it.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a message in the form that [`Algorithm`] names.
    ///
    /// # Errors
    /// [`ErrorKind::Signer`]: the system gives no random numbers.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed =
            |_| Error::new(ErrorKind::Signer, "failed to sign (no random numbers)");
        let random = SystemRandom::new();
        match &self.pair {
            RingKeyPair::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            RingKeyPair::Ecdsa(key) => {
                Ok(key.sign(&random, message).map_err(failed)?.as_ref().to_vec())
            }
            RingKeyPair::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self> {
        let random = SystemRandom::new();
        match pkcs8_algorithm(der)? {
            Algorithm::Rsa => RsaKeyPair::from_pkcs8(der)
                .map_err(|cause| unreadable(&cause))
                .and_then(Self::from_rsa),
            Algorithm::P256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, &random)
                    .map_err(|cause| unreadable(&cause))
                    .and_then(|key| Self::from_ecdsa(Algorithm::P256, key))
            }
            Algorithm::P384 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, der, &random)
                    .map_err(|cause| unreadable(&cause))
                    .and_then(|key| Self::from_ecdsa(Algorithm::P384, key))
            }
            // OpenSSL writes PKCS #8 of version 1, which has no public key and which `from_pkcs8`
            // therefore rejects.
            Algorithm::Ed25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
                .map_err(|cause| unreadable(&cause))
                .and_then(|key| {
                    let public = PublicKey::from_ed25519(key.public_key().as_ref())?;
                    Ok(Self { pair: RingKeyPair::Ed25519(key), public })
                }),
        }
    }

    fn from_rsa(key: RsaKeyPair) -> Result<Self> {
        let public = PublicKey::from_raw(Algorithm::Rsa, key.public().as_ref())?;
        Ok(Self { pair: RingKeyPair::Rsa(key), public })
    }

    fn from_ecdsa(algorithm: Algorithm, key: EcdsaKeyPair) -> Result<Self> {
        let public = PublicKey::from_raw(algorithm, key.public_key().as_ref())?;
        Ok(Self { pair: RingKeyPair::Ecdsa(key), public })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// The algorithm that a PKCS #8 document names (RFC 5958).
fn pkcs8_algorithm(der: &[u8]) -> Result<Algorithm> {
    let read = || -> der::Result<_> {
        let mut reader = SliceReader::new(der)?;
        reader.sequence(|reader| {
            u8::decode(reader)?;
            let algorithm = AlgorithmIdentifierRef::decode(reader)?;
            OctetStringRef::decode(reader)?;
            reader.read_slice(reader.remaining_len())?;
            Ok((algorithm.oid, algorithm.parameters_oid().ok()))
        })
    };
    let (oid, curve) = read()
        .map_err(|_| Error::new(ErrorKind::Key, "the private key cannot be read"))?;
    match (oid, curve) {
        (rfc5912::RSA_ENCRYPTION, _) => Ok(Algorithm::Rsa),
        (rfc8410::ID_ED_25519, _) => Ok(Algorithm::Ed25519),
        (rfc5912::ID_EC_PUBLIC_KEY, Some(rfc5912::SECP_256_R_1)) => Ok(Algorithm::P256),
        (rfc5912::ID_EC_PUBLIC_KEY, Some(rfc5912::SECP_384_R_1)) => Ok(Algorithm::P384),
        _ => Err(Error::new(ErrorKind::Key, "a key of this kind is not supported")
            .with_help(
                "use RSA (2048 bits or more), P-256 or P-384; Ed25519 for OpenPGP only",
            )),
    }
}

fn unreadable(cause: &dyn fmt::Display) -> Error {
    Error::new(ErrorKind::Key, format!("the private key is not accepted ({cause})"))
        .with_help("RSA keys must have 2048 to 4096 bits; others be whole and consistent")
}

fn encrypted() -> Error {
    Error::new(
        ErrorKind::Key,
        "the key is protected by a passphrase, which is not asked for",
    )
    .with_help(
        "write an unprotected copy that only its owner can read: umask 077; openssl \
             pkcs8 -topk8 -nocrypt -in OLD.pem -out NEW.pem; or let a command sign that \
             knows the passphrase",
    )
}
