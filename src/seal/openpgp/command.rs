//! An OpenPGP signer behind a command, such as `gpg --detach-sign`.

use std::slice;
use std::time::Duration;

use super::armor::{self, ArmorLabel};
use super::detached_signature::DetachedSignature;
use super::key::PgpKey;
use super::signer::PgpSigner;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::keys::SigningCommand;

/// Signs by running a command that reads the file from its standard input and writes an armoured
/// signature, as `gpg --batch --armor --detach-sign -u FINGERPRINT` does.
///
/// The signature is written again in the form of [`DetachedSignature`], which leaves out the
/// unhashed subpackets that GnuPG may add.
#[derive(Debug, Clone)]
pub struct PgpCommand {
    command: SigningCommand,
    key: PgpKey,
}

impl PgpCommand {
    /// The command `program` with its arguments, whose signatures `key` checks.
    pub fn new(program: impl Into<String>, arguments: Vec<String>, key: PgpKey) -> Self {
        Self { command: SigningCommand::new(program.into(), arguments), key }
    }

    /// Sets the time after which the command is killed. The default is 20 seconds.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.command = self.command.with_deadline(deadline);
        self
    }
}

impl PgpSigner for PgpCommand {
    fn key(&self) -> &PgpKey {
        &self.key
    }

    fn sign(&self, bytes: &[u8], now: Timestamp) -> Result<DetachedSignature> {
        let signature = read_any_form(&self.command.run(bytes)?)?;
        // The command has a clock of its own.
        let now = now.max(signature.signing_time());
        let findings = signature.judge(slice::from_ref(&self.key), bytes, now).findings;
        let Some(why) = findings.faults.first().or(findings.doubts.first()) else {
            return Ok(signature);
        };
        let message = format!(
            "`{}` did not make a signature that the key {} answers for ({why})",
            self.command.program(),
            self.key.fingerprint()
        );
        Err(Error::new(ErrorKind::Signer, message).with_help(
            "name that very key on its command line, with --digest-algo SHA512 (SHA256 for an \
             ECDSA key), and export the key anew",
        ))
    }
}

/// Reads an armoured signature as any program writes it.
fn read_any_form(text: &[u8]) -> Result<DetachedSignature> {
    let blocks = armor::read(ArmorLabel::Signature, text)?;
    let signature = match &blocks[..] {
        [bytes] => DetachedSignature::from_packet(bytes).ok(),
        _ => None,
    };
    signature.ok_or_else(|| {
        Error::new(
            ErrorKind::Signer,
            "this is no detached OpenPGP signature of version 4",
        )
    })
}
