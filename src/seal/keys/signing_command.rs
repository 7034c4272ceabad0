//! Runs a signing command: input to its standard input, signature from its standard output.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::error::{Error, ErrorKind, Result};

/// The longest output that is read, in bytes: more than any signature needs.
const MAX_OUTPUT_LEN: u64 = 64 * 1024;
/// The time after which a command is killed, unless set.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(20);
/// The pause between two checks whether the command has exited.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// A command line and its deadline.
#[derive(Debug, Clone)]
pub(crate) struct SigningCommand {
    program: String,
    arguments: Vec<String>,
    deadline: Duration,
}

impl SigningCommand {
    pub(crate) fn new(program: String, arguments: Vec<String>) -> Self {
        Self { program, arguments, deadline: DEFAULT_DEADLINE }
    }

    pub(crate) fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    /// Runs the command with that input and returns its output.
    ///
    /// # Errors
    /// [`ErrorKind::Signer`]: the command cannot be started, fails, writes nothing or too much, or
    /// takes longer than its deadline.
    pub(crate) fn run(&self, input: &[u8]) -> Result<Vec<u8>> {
        let start = Instant::now();
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|cause| self.error(format!("cannot be started ({cause})")))?;
        let output = read_in_thread(child.stdout.take());
        let error_output = read_in_thread(child.stderr.take());
        if let Some(mut pipe) = child.stdin.take() {
            let input = input.to_vec();
            // In a thread, because a command may write before it has read all of its input. An
            // error is ignored: if the command does not read, its exit status is what to report.
            thread::spawn(move || pipe.write_all(&input));
        }
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if start.elapsed() < self.deadline => {
                    thread::sleep(POLL_INTERVAL)
                }
                Ok(None) => return Err(self.kill(&mut child)),
                Err(cause) => {
                    return Err(self.error(format!("cannot be awaited ({cause})")));
                }
            }
        };
        let rest = self.deadline.saturating_sub(start.elapsed());
        if !status.success() {
            let bytes = error_output.recv_timeout(rest.min(Duration::from_secs(1)));
            return Err(self.error(format!("failed ({status}){}", first_line(bytes))));
        }
        match output.recv_timeout(rest) {
            Ok(bytes) if bytes.is_empty() => Err(self.error("wrote nothing".to_owned())),
            Ok(bytes) if bytes.len() as u64 > MAX_OUTPUT_LEN => {
                Err(self.error("wrote more than any signature needs".to_owned()))
            }
            Ok(bytes) => Ok(bytes),
            // The command exited, but a process that it started holds its output open.
            Err(_) => Err(self.kill(&mut child)),
        }
    }

    /// Kills a command that is over its deadline, and returns the error that says so.
    fn kill(&self, child: &mut Child) -> Error {
        // Killing fails if the command has exited meanwhile, which needs no report.
        let _ = child.kill();
        let _ = child.wait();
        self.error(format!("took longer than {} seconds", self.deadline.as_secs_f64()))
            .with_help("run it by hand: it must not ask for anything on a terminal")
    }

    fn error(&self, what: String) -> Error {
        Error::new(
            ErrorKind::Signer,
            format!("the signing command `{}` {what}", self.program),
        )
    }
}

/// Reads a pipe in a thread, to its end or one byte beyond [`MAX_OUTPUT_LEN`].
fn read_in_thread(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // A read error needs no report: the exit status and the bytes read so far decide.
            let _ = pipe.take(MAX_OUTPUT_LEN + 1).read_to_end(&mut bytes);
        }
        sender.send(bytes)
    });
    receiver
}

/// The first line of an error output, as the end of a message: `: no such slot`, or nothing.
fn first_line(bytes: Result<Vec<u8>, RecvTimeoutError>) -> String {
    let bytes = bytes.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let line =
        text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
    if line.is_empty() { line } else { format!(": {line}") }
}
