//! Keys: public and private keys, and the signers that hold a private key.
//!
//! - **Takes**: PEM, PKCS #8, `SubjectPublicKeyInfo`, or the command line of a signing command.
//! - **Gives**: [`PublicKey`], [`PrivateKey`], and implementations of [`Signer`].
//!
//! `ring` does the mathematics. An [`Algorithm`] is a kind of key together with the one signature
//! that this library makes with it, so the choice of hash is made in one place.

mod algorithm;
mod command_signer;
mod private;
mod public;
mod signer;
mod signing_command;

pub use self::algorithm::Algorithm;
pub(crate) use self::algorithm::{Hash, sha256};
pub use self::command_signer::{CommandSigner, SignerInput};
pub use self::private::PrivateKey;
pub use self::public::PublicKey;
pub use self::signer::Signer;
pub(crate) use self::signing_command::SigningCommand;
