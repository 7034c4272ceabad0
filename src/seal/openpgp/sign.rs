//! Who signs beside the PDF: a key of one's own, or a command such as `gpg --detach-sign`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::armor::{self, Label};
use super::key::PgpKey;
use super::packet;
use super::signature::{DetachedSignature, Signature};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::signer::{Run, Signer};

/// Somebody who makes detached OpenPGP signatures.
pub trait PgpSigner: fmt::Debug + Send + Sync {
    /// The key that checks them.
    fn key(&self) -> &PgpKey;

    /// Signs a file's bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Signer`]: the signature cannot be had now.
    fn sign(&self, bytes: &[u8], now: Timestamp) -> Result<DetachedSignature>;
}

/// An Ed25519 key with the name that it has in OpenPGP.
#[derive(Debug, Clone)]
pub struct PgpIdentity {
    signer: Arc<dyn Signer>,
    key: PgpKey,
}

impl PgpIdentity {
    /// The key of `signer`, as it was made at `created`: that moment is part of its fingerprint.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: not an Ed25519 key.
    pub fn new(signer: Arc<dyn Signer>, created: Timestamp) -> Result<Self> {
        let key = PgpKey::new(signer.public(), created)?;
        Ok(Self { signer, key })
    }

    /// The same, with the name that its public key bears.
    pub(crate) fn with_user_id(mut self, user_id: Option<&str>) -> Self {
        self.key.set_user_id(user_id);
        self
    }

    /// The key with its name and its own signature under it, armoured, to be handed out.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: an empty name or one with control characters. [`ErrorKind::Signer`]: the
    /// signer does not sign.
    pub fn public_armor(&self, user_id: &str) -> Result<String> {
        if user_id.is_empty()
            || user_id.len() > 1024
            || user_id.chars().any(char::is_control)
        {
            let message = format!("`{}` is no name for a key", user_id.escape_debug());
            return Err(Error::new(ErrorKind::InvalidValue, message));
        }
        // What the key is for: to certify and to sign. Preferred: AES-256, SHA-512 and SHA-256.
        // And that its messages come with a check against changes.
        let says: [(u8, &[u8]); 4] = [(27, &[3]), (11, &[9]), (21, &[10, 8]), (30, &[1])];
        let more: Vec<u8> = says
            .iter()
            .flat_map(|(kind, body)| packet::write_subpacket(*kind, body))
            .collect();
        let body = self.key.body();
        let length = (user_id.len() as u32).to_be_bytes();
        let signature = Signature::make(
            Signature::CERTIFICATION,
            *self.key.raw_fingerprint(),
            self.key.created(),
            &more,
            &[&PgpKey::signed_head(body), body, &[0xb4], &length, user_id.as_bytes()],
            |digest| self.signer.sign(digest),
        )?;
        let ring = [
            packet::write(packet::PUBLIC_KEY, body),
            packet::write(packet::USER_ID, user_id.as_bytes()),
            packet::write(packet::SIGNATURE, &signature.body()),
        ];
        Ok(armor::write(Label::PublicKey, &ring.concat()))
    }
}

impl PgpSigner for PgpIdentity {
    fn key(&self) -> &PgpKey {
        &self.key
    }

    fn sign(&self, bytes: &[u8], now: Timestamp) -> Result<DetachedSignature> {
        let signature = Signature::make(
            Signature::BINARY,
            *self.key.raw_fingerprint(),
            now,
            &[],
            &[bytes],
            |digest| self.signer.sign(digest),
        )?;
        Ok(DetachedSignature::new(signature))
    }
}

/// A command that makes the whole signature: it reads the file from its standard input and writes
/// an armoured signature, as `gpg --batch --armor --detach-sign -u FINGERPRINT` does.
///
/// Its signature is written again in our form before it is handed on: the same signature, without
/// what GnuPG may add that is not signed.
#[derive(Debug, Clone)]
pub struct PgpCommand {
    run: Run,
    key: PgpKey,
}

impl PgpCommand {
    /// The command `program` with its arguments, whose signatures `key` checks.
    pub fn new(program: impl Into<String>, arguments: Vec<String>, key: PgpKey) -> Self {
        Self { run: Run::new(program.into(), arguments), key }
    }

    /// The time after which the command is ended: 20 seconds unless set.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.run.deadline = deadline;
        self
    }
}

impl PgpSigner for PgpCommand {
    fn key(&self) -> &PgpKey {
        &self.key
    }

    fn sign(&self, bytes: &[u8], _: Timestamp) -> Result<DetachedSignature> {
        let signature = DetachedSignature::adopt(&self.run.feed(bytes)?)?;
        match signature.verifies(&self.key, bytes) {
            true => Ok(signature),
            false => Err(Error::new(
                ErrorKind::Signer,
                format!(
                    "`{}` did not sign with the key {}",
                    self.run.program(),
                    self.key.fingerprint()
                ),
            )
            .with_help("name that very key on its command line, with --digest-algo SHA512 (SHA256 for \
                 an ECDSA key)")),
        }
    }
}
