//! OpenPGP (RFC 9580): detached signatures over a file, and the keys that check them.
//!
//! - **Takes**: an armoured key ring or signature; for signing, a [`Signer`](crate::seal::Signer)
//!   or a command.
//! - **Gives**: [`PgpKey`], [`DetachedSignature`], and implementations of [`PgpSigner`].
//!
//! Signatures are written in version 4 with Ed25519 (EdDSALegacy, algorithm 22) and SHA-256, which
//! GnuPG 2.2 and every newer program reads. Keys and signatures of RSA, ECDSA and Ed25519 with
//! SHA-256 or better, as GnuPG makes them, are read too; but a signature file only in the one form
//! that [`DetachedSignature`] writes, byte for byte. Keys are named by their whole fingerprint,
//! never by a short id, which can be forged.
//!
//! A signature counts as good only if GnuPG calls it good too. An algorithm or a version that GnuPG
//! knows and this library does not gives the answer «unknown».

mod algorithm;
pub(crate) mod armor;
#[cfg(feature = "seal")]
mod command;
mod detached_signature;
#[cfg(feature = "cli")]
mod foreign_signature;
#[cfg(feature = "seal")]
mod hashed_file;
#[cfg(feature = "seal")]
mod identity;
mod key;
mod key_packet;
mod key_ring;
mod packet;
mod self_signature;
mod signature_packet;
#[cfg(feature = "seal")]
mod signer;
mod subpackets;

#[cfg(feature = "seal")]
pub use self::command::PgpCommand;
pub use self::detached_signature::DetachedSignature;
pub(crate) use self::detached_signature::FormError;
#[cfg(feature = "cli")]
pub(crate) use self::foreign_signature::ForeignSignature;
#[cfg(feature = "seal")]
pub use self::hashed_file::HashedFile;
#[cfg(feature = "seal")]
pub use self::identity::PgpIdentity;
pub use self::key::PgpKey;
#[cfg(feature = "seal")]
pub use self::signer::PgpSigner;
