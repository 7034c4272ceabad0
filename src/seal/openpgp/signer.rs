//! The trait behind which an OpenPGP key signs.

use std::fmt;

use super::detached_signature::DetachedSignature;
use super::hashed_file::HashedFile;
use super::key::PgpKey;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// Makes detached OpenPGP signatures.
pub trait PgpSigner: fmt::Debug + Send + Sync {
    /// The key that checks its signatures.
    fn key(&self) -> &PgpKey;

    /// Signs a file's bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Signer`](crate::ErrorKind::Signer): the key cannot be used now.
    /// [`ErrorKind::Key`](crate::ErrorKind::Key): the key has ended, or has been revoked.
    fn sign(&self, bytes: &[u8], now: Timestamp) -> Result<DetachedSignature>;

    /// Signs a file whose SHA-256 is known. A signer that signs hash values implements it, so that
    /// the file is not read again; the default reads the file.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    fn sign_hashed(
        &self,
        file: &HashedFile<'_>,
        now: Timestamp,
    ) -> Result<DetachedSignature> {
        self.sign(file.bytes(), now)
    }
}
