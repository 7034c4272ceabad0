//! OpenPGP: detached signatures beside the PDF, and the public key that checks them.
//!
//! What is written: version 4, Ed25519 (EdDSALegacy, algorithm 22) and SHA-512, armoured, which
//! GnuPG 2.2 and everything newer reads (RFC 4880 with RFC 6637's successor RFC 9580). What is read
//! is wider: keys and signatures of RSA, ECDSA and Ed25519 as GnuPG makes them, with SHA-256 or
//! better; but a signature only in the one form that [`DetachedSignature`] writes, byte for byte.
//! Keys are named by their whole fingerprint, never by the short ids that can be forged.

mod armor;
mod key;
mod packet;
mod sign;
mod signature;

pub use self::key::PgpKey;
pub use self::sign::{PgpCommand, PgpIdentity, PgpSigner};
pub use self::signature::DetachedSignature;
