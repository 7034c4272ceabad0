//! Keys: what signs, and what checks.
//!
//! A [`PrivateKey`] is read from PEM or made; a [`PublicKey`] comes out of a certificate or a key
//! ring. `ring` does the mathematics. Which hash goes with which key is decided here: an
//! [`Algorithm`] is a kind of key together with the signature that we make with it.

mod private;
mod public;

use const_oid::ObjectIdentifier as Oid;
use const_oid::db::rfc5912;
use der::Any;
use ring::digest;
use serde::Serialize;
use spki::AlgorithmIdentifierOwned;

pub use self::private::PrivateKey;
pub use self::public::PublicKey;

/// A kind of key, and the signature made with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Algorithm {
    /// RSA of 2048 to 8192 bits (4096 to sign with a file): PKCS #1 v1.5 with SHA-256.
    Rsa,
    /// ECDSA on P-256 with SHA-256.
    P256,
    /// ECDSA on P-384 with SHA-384.
    P384,
    /// Ed25519, for OpenPGP only: PDF readers do not know it.
    Ed25519,
}

impl Algorithm {
    /// The algorithm's name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA with SHA-256",
            Self::P256 => "ECDSA P-256 with SHA-256",
            Self::P384 => "ECDSA P-384 with SHA-384",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The hash that goes with it. Ed25519 hashes for itself, and OpenPGP adds SHA-512 before it.
    pub(crate) fn hash(self) -> Hash {
        match self {
            Self::Rsa | Self::P256 => Hash::Sha256,
            Self::P384 => Hash::Sha384,
            Self::Ed25519 => Hash::Sha512,
        }
    }

    /// What stands in a CMS or a certificate for this signature. RSA needs its NULL, the others
    /// must have no parameters (RFC 4055, RFC 5758).
    pub(crate) fn identifier(self) -> AlgorithmIdentifierOwned {
        let (oid, parameters) = match self {
            Self::Rsa => (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
            Self::P256 => (rfc5912::ECDSA_WITH_SHA_256, None),
            Self::P384 => (rfc5912::ECDSA_WITH_SHA_384, None),
            Self::Ed25519 => (const_oid::db::rfc8410::ID_ED_25519, None),
        };
        AlgorithmIdentifierOwned { oid, parameters }
    }
}

/// A hash that signatures are made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(crate) fn by_oid(oid: Oid) -> Option<Self> {
        match oid {
            rfc5912::ID_SHA_256 => Some(Self::Sha256),
            rfc5912::ID_SHA_384 => Some(Self::Sha384),
            rfc5912::ID_SHA_512 => Some(Self::Sha512),
            _ => None,
        }
    }

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

    /// The hash of parts that follow each other.
    pub(crate) fn of(self, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = digest::Context::new(self.ring());
        parts.iter().for_each(|part| context.update(part));
        context.finish().as_ref().to_vec()
    }
}

/// SHA-256 of some bytes: what fingerprints and imprints are.
pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Hash::Sha256.of(&[bytes])
}
