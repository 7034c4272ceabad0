//! Signature algorithms and hashes, with their X.509 identifiers.

use const_oid::ObjectIdentifier as Oid;
use const_oid::db::{rfc5912, rfc8410};
use der::Any;
use ring::digest;
use serde::Serialize;
use spki::AlgorithmIdentifierOwned;

/// A kind of key, and the signature made with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Algorithm {
    /// RSA, PKCS #1 v1.5 with SHA-256. A public key has 2048 to 8192 bits, a private key 2048 to
    /// 4096.
    Rsa,
    /// ECDSA on P-256 with SHA-256.
    P256,
    /// ECDSA on P-384 with SHA-384.
    P384,
    /// Ed25519, for OpenPGP only: PDF readers do not support it.
    Ed25519,
}

impl Algorithm {
    /// The algorithm's name for messages, such as `ECDSA P-256 with SHA-256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA with SHA-256",
            Self::P256 => "ECDSA P-256 with SHA-256",
            Self::P384 => "ECDSA P-384 with SHA-384",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The hash of the signature. Ed25519 hashes internally; OpenPGP applies SHA-512 before it.
    pub(crate) fn hash(self) -> Hash {
        match self {
            Self::Rsa | Self::P256 => Hash::Sha256,
            Self::P384 => Hash::Sha384,
            Self::Ed25519 => Hash::Sha512,
        }
    }

    /// The `AlgorithmIdentifier` of the signature in CMS and X.509. RSA has NULL parameters, the
    /// others have none (RFC 4055, RFC 5758).
    pub(crate) fn identifier(self) -> AlgorithmIdentifierOwned {
        let (oid, parameters) = match self {
            Self::Rsa => (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
            Self::P256 => (rfc5912::ECDSA_WITH_SHA_256, None),
            Self::P384 => (rfc5912::ECDSA_WITH_SHA_384, None),
            Self::Ed25519 => (rfc8410::ID_ED_25519, None),
        };
        AlgorithmIdentifierOwned { oid, parameters }
    }
}

/// A hash function of the SHA-2 family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash with that object identifier, if it is supported.
    pub(crate) fn by_oid(oid: Oid) -> Option<Self> {
        match oid {
            rfc5912::ID_SHA_256 => Some(Self::Sha256),
            rfc5912::ID_SHA_384 => Some(Self::Sha384),
            rfc5912::ID_SHA_512 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The hash's `AlgorithmIdentifier`, without parameters.
    pub(crate) fn identifier(self) -> AlgorithmIdentifierOwned {
        let oid = match self {
            Self::Sha256 => rfc5912::ID_SHA_256,
            Self::Sha384 => rfc5912::ID_SHA_384,
            Self::Sha512 => rfc5912::ID_SHA_512,
        };
        AlgorithmIdentifierOwned { oid, parameters: None }
    }

    fn ring(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// The hash of the concatenated parts.
    pub(crate) fn of(self, parts: &[&[u8]]) -> Vec<u8> {
        self.begin().with(parts).finish()
    }

    /// A hash to which no part was added yet.
    pub(crate) fn begin(self) -> HashState {
        HashState(digest::Context::new(self.ring()))
    }
}

/// The state of a hash after some parts. Copies of it go on independently, so the common beginning
/// of several messages is hashed once.
#[derive(Clone)]
pub(crate) struct HashState(digest::Context);

impl HashState {
    /// Adds parts after those so far.
    pub(crate) fn with(mut self, parts: &[&[u8]]) -> Self {
        parts.iter().for_each(|part| self.0.update(part));
        self
    }

    /// The hash value.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

/// The SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Hash::Sha256.of(&[bytes])
}
