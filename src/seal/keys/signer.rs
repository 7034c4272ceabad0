//! The trait behind which a private key lives: in memory, in a file, or behind a command.

use std::fmt;

use super::private::PrivateKey;
use super::public::PublicKey;
use crate::base::error::Result;

/// Signs with a private key that it holds or reaches.
pub trait Signer: fmt::Debug + Send + Sync {
    /// The public key that belongs to the private key.
    fn public(&self) -> &PublicKey;

    /// Signs a message in the form that the key's [`Algorithm`](super::Algorithm) names: an RSA
    /// signature as long as the modulus, an ECDSA signature in DER, or the 64 bytes of Ed25519.
    ///
    /// # Errors
    /// [`ErrorKind::Signer`](crate::ErrorKind::Signer): the key cannot be used now.
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
