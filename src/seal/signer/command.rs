//! A command that signs: standard input to standard output, for an HSM, a KMS or an agent.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::Signer;
use crate::base::error::{Error, ErrorKind, Result};
use crate::seal::key::PublicKey;

/// More than any signature needs.
const LARGEST: u64 = 64 * 1024;
/// How often an ended command is looked for.
const PAUSE: Duration = Duration::from_millis(2);

/// What a command reads.
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

/// A command that holds a key: it reads what is to be signed from its standard input and writes
/// the bare signature, and nothing else, to its standard output.
///
/// It is started without a shell, with the environment of this process. No secret is put on its
/// command line; if it needs one, it knows where to look.
#[derive(Debug, Clone)]
pub struct CommandSigner {
    run: Run,
    public: PublicKey,
    input: SignerInput,
}

impl CommandSigner {
    /// The command `program` with its arguments, which signs with the other half of `public`.
    pub fn new(
        program: impl Into<String>,
        arguments: Vec<String>,
        public: PublicKey,
    ) -> Self {
        Self {
            run: Run::new(program.into(), arguments),
            public,
            input: SignerInput::default(),
        }
    }

    /// What the command reads; the whole message unless set.
    pub fn with_input(mut self, input: SignerInput) -> Self {
        self.input = input;
        self
    }

    /// The time after which the command is ended: 20 seconds unless set.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.run.deadline = deadline;
        self
    }
}

impl Signer for CommandSigner {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = match self.input {
            SignerInput::Message => self.run.feed(message)?,
            SignerInput::Digest => {
                self.run.feed(&self.public.algorithm().hash().of(&[message]))?
            }
        };
        match self.public.verifies(message, &signature) {
            true => Ok(signature),
            false => Err(Error::new(
                ErrorKind::Signer,
                format!(
                    "`{}` wrote {} bytes that are no signature of the certificate's key",
                    self.run.program,
                    signature.len()
                ),
            )
            .with_help(format!(
                "it must write a bare {} signature (ECDSA as DER), and say whether it reads the \
                 message or its digest",
                self.public.algorithm().name()
            ))),
        }
    }
}

/// A command line, and how long it may take.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    program: String,
    arguments: Vec<String>,
    pub(crate) deadline: Duration,
}

impl Run {
    pub(crate) fn new(program: String, arguments: Vec<String>) -> Self {
        Self { program, arguments, deadline: Duration::from_secs(20) }
    }

    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    /// Runs the command over some input and gives what it wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Signer`]: it cannot be started, fails, writes nothing or too much, or hangs.
    pub(crate) fn feed(&self, input: &[u8]) -> Result<Vec<u8>> {
        let start = Instant::now();
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|cause| self.fault(format!("cannot be started ({cause})")))?;
        let output = drain(child.stdout.take());
        let complaint = drain(child.stderr.take());
        if let Some(mut pipe) = child.stdin.take() {
            let input = input.to_vec();
            // A thread of its own: a command may write before it has read everything. If it reads
            // nothing at all, its exit says more than the broken pipe.
            thread::spawn(move || pipe.write_all(&input));
        }
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if start.elapsed() < self.deadline => thread::sleep(PAUSE),
                Ok(None) => return Err(self.hangs(&mut child)),
                Err(cause) => {
                    return Err(self.fault(format!("cannot be awaited ({cause})")));
                }
            }
        };
        let rest = self.deadline.saturating_sub(start.elapsed());
        if !status.success() {
            let words = complaint.recv_timeout(rest.min(Duration::from_secs(1)));
            return Err(self.fault(format!("failed ({status}){}", first_line(words))));
        }
        match output.recv_timeout(rest) {
            Ok(bytes) if bytes.is_empty() => Err(self.fault("wrote nothing".to_owned())),
            Ok(bytes) if bytes.len() as u64 > LARGEST => {
                Err(self.fault("wrote more than any signature needs".to_owned()))
            }
            Ok(bytes) => Ok(bytes),
            // It ended, but left somebody behind who holds its output open.
            Err(_) => Err(self.hangs(&mut child)),
        }
    }

    fn hangs(&self, child: &mut Child) -> Error {
        // It may have ended by itself just now, which is as good.
        let _ = child.kill();
        let _ = child.wait();
        self.fault(format!("took longer than {} seconds", self.deadline.as_secs_f64()))
            .with_help("run it by hand: it must not ask for anything on a terminal")
    }

    fn fault(&self, what: String) -> Error {
        Error::new(
            ErrorKind::Signer,
            format!("the signing command `{}` {what}", self.program),
        )
    }
}

/// Reads a pipe to its end, or a little more than [`LARGEST`], in a thread of its own.
fn drain(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What could be read is what counts; the exit status tells the rest.
            let _ = pipe.take(LARGEST + 1).read_to_end(&mut bytes);
        }
        sender.send(bytes)
    });
    receiver
}

/// The first words of a complaint, fit for a message.
fn first_line(words: Result<Vec<u8>, RecvTimeoutError>) -> String {
    let words = words.unwrap_or_default();
    let text = String::from_utf8_lossy(&words);
    let line =
        text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
    if line.is_empty() { line } else { format!(": {line}") }
}
