//! What a command that signs reads: a choice that settings and the command signer share.

/// What a [`CommandSigner`](crate::seal::CommandSigner) writes to the standard input of its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignerInput {
    /// The whole message: the command hashes it.
    #[default]
    Message,
    /// The hash of the message (32 bytes of SHA-256; 48 of SHA-384 for P-384), as most KMS and
    /// `openssl pkeyutl -sign` take it. Not for Ed25519.
    Digest,
}
