//! The numbers of public-key and hash algorithms (RFC 9580, 9.1 and 9.5).

use crate::seal::keys::Hash;

pub(super) const RSA: u8 = 1;
pub(super) const ECDSA: u8 = 19;
pub(super) const EDDSA_LEGACY: u8 = 22;

pub(super) const SHA1: u8 = 2;
pub(super) const SHA256: u8 = 8;
pub(super) const SHA512: u8 = 10;

/// The hash of that number, if a signature with it is accepted here.
pub(super) fn hash(number: u8) -> Option<Hash> {
    match number {
        SHA256 => Some(Hash::Sha256),
        9 => Some(Hash::Sha384),
        SHA512 => Some(Hash::Sha512),
        _ => None,
    }
}
