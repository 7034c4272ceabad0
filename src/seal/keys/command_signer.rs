//! A signer behind a command, for an HSM, a KMS or an agent.

use std::time::Duration;

use super::public::PublicKey;
use super::signer::Signer;
use super::signer_input::SignerInput;
use super::signing_command::SigningCommand;
use crate::base::error::{Error, ErrorKind, Result};

/// Signs by running a command that holds the private key. The command reads the message from its
/// standard input and writes the bare signature, and nothing else, to its standard output.
///
/// The command is started without a shell, with the environment of this process. This library puts
/// no secret on its command line; a command that needs one must read it itself.
///
/// ```no_run
/// use testamur::seal::{CommandSigner, X509};
///
/// let certificate = X509::from_pem(&std::fs::read("seal.pem")?)?.remove(0);
/// let arguments = ["dgst", "-sha256", "-sign", "seal.key"].map(str::to_owned).to_vec();
/// let signer = CommandSigner::new("openssl", arguments, certificate.key()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `examples/command_signer.rs` is a whole program.
#[derive(Debug, Clone)]
pub struct CommandSigner {
    command: SigningCommand,
    public: PublicKey,
    input: SignerInput,
}

impl CommandSigner {
    /// The command `program` with its arguments, whose signatures `public` checks.
    pub fn new(
        program: impl Into<String>,
        arguments: Vec<String>,
        public: PublicKey,
    ) -> Self {
        Self {
            command: SigningCommand::new(program.into(), arguments),
            public,
            input: SignerInput::default(),
        }
    }

    /// Sets what the command reads. The default is the whole message.
    pub fn with_input(mut self, input: SignerInput) -> Self {
        self.input = input;
        self
    }

    /// Sets the time after which the command is killed. The default is 20 seconds.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.command = self.command.with_deadline(deadline);
        self
    }
}

impl Signer for CommandSigner {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = match self.input {
            SignerInput::Message => self.command.run(message)?,
            SignerInput::Digest => {
                self.command.run(&self.public.algorithm().hash().of(&[message]))?
            }
        };
        if self.public.verifies(message, &signature) {
            return Ok(signature);
        }
        let message = format!(
            "`{}` wrote {} bytes that are no signature of the certificate's key",
            self.command.program(),
            signature.len()
        );
        Err(Error::new(ErrorKind::Signer, message).with_help(format!(
            "it must write a bare {} signature (ECDSA as DER), and say whether it reads the \
             message or its digest",
            self.public.algorithm().name()
        )))
    }
}
