//! Where a private key lives: in memory, read from a file, or behind a command.
//!
//! A [`Signer`] signs; an [`Identity`] is a signer with the certificates that say whose it is.
//! Everything that can be wrong with the pair is found when the identity is made, before any
//! certificate is.

mod command;
mod identity;

use std::fmt;

pub(crate) use self::command::Run;
pub use self::command::{CommandSigner, SignerInput};
pub use self::identity::Identity;
use crate::base::error::Result;
use crate::seal::key::{PrivateKey, PublicKey};

/// Somebody who holds a private key and signs with it.
pub trait Signer: fmt::Debug + Send + Sync {
    /// The public half of the key.
    fn public(&self) -> &PublicKey;

    /// Signs a message in the form that the key's [`Algorithm`](crate::Algorithm) says: an RSA
    /// signature as long as the key, an ECDSA signature in DER, or the 64 bytes of Ed25519.
    ///
    /// # Errors
    /// [`ErrorKind::Signer`](crate::ErrorKind::Signer): the signature cannot be had now.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;
}

impl Signer for PrivateKey {
    fn public(&self) -> &PublicKey {
        self.public()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        self.sign(message)
    }
}
