//! Keys: public and private keys, and the signers that hold a private key.
//!
//! - **Takes**: PEM, PKCS #8, `SubjectPublicKeyInfo`, or the command line of a signing command.
//! - **Gives**: [`PublicKey`], [`PrivateKey`], and implementations of [`Signer`].
//!
//! `ring` does the mathematics. An [`Algorithm`] is a kind of key together with the one signature
//! that this library makes with it, so the choice of hash is made in one place.

mod algorithm;
#[cfg(feature = "seal")]
mod command_signer;
mod ecdsa;
#[cfg(feature = "seal")]
mod private;
mod public;
#[cfg(feature = "seal")]
mod signer;
mod signer_input;
#[cfg(feature = "seal")]
mod signing_command;

pub use self::algorithm::Algorithm;
#[cfg(feature = "seal")]
pub(crate) use self::algorithm::HashState;
pub(crate) use self::algorithm::{Hash, sha256};
#[cfg(feature = "seal")]
pub use self::command_signer::CommandSigner;
pub(crate) use self::ecdsa::is_canonical;
#[cfg(feature = "seal")]
pub(crate) use self::ecdsa::low_s;
#[cfg(feature = "seal")]
pub use self::private::PrivateKey;
pub use self::public::PublicKey;
#[cfg(feature = "seal")]
pub use self::signer::Signer;
pub use self::signer_input::SignerInput;
#[cfg(feature = "seal")]
pub(crate) use self::signing_command::SigningCommand;
