//! The program `testamur`: raw arguments become settings, settings become calls of the library.
//!
//! - **Takes**: the process: its arguments, environment, clock, folders and standard streams.
//! - **Gives**: files, lines for people or JSON, and an exit code from [`run`].
//! - **Imports**: every other module, and only what they offer publicly.
//!
//! Policy lives here and mechanism in the library: what the library may not do, such as reading the
//! environment and the clock, is done in these files and nowhere else.

#[cfg(feature = "agent")]
mod agent;
mod args;
mod check;
mod crew;
mod issue;
mod key;
mod locales;
#[cfg(feature = "agent")]
mod log;
mod new;
mod output;
mod people;
mod place;
mod register;
mod render;
mod report;
mod seal;
mod signature;
#[cfg(feature = "agent")]
mod syslog;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use self::args::{Arguments, Command};

/// How a command ends when it ran at all.
pub(crate) enum Outcome {
    /// Everything is done.
    Done,
    /// Something failed, was named, and the rest is done.
    SomeFailed,
}

/// What keeps a command from running, in words for people.
pub(crate) struct Failure {
    message: String,
    /// Whether the arguments do not go together.
    usage: bool,
    /// Whether it may pass.
    #[cfg_attr(not(feature = "agent"), allow(dead_code, reason = "only agents wait"))]
    passes: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), usage: false, passes: false }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { usage: true, ..Self::new(message) }
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        Self { passes: error.is_retryable(), ..Self::new(format!("{error:#}")) }
    }
}

/// Runs the command that the arguments name: 0 done, 1 something failed, 2 wrong usage.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors and go to standard output.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let outcome = match arguments.command {
        Command::Render(render) => render::run(&arguments.site, &render),
        Command::Issue(issue) => issue::run(&arguments.site, &issue),
        #[cfg(feature = "agent")]
        Command::Agent(agent) => agent::run(&arguments.site, &agent),
        Command::New(new) => new::run(&new),
        Command::List(list) => register::list(&arguments.site, &list),
        Command::Find(find) => register::find(&arguments.site, &find),
        Command::Revoke(revoke) => register::revoke(&arguments.site, &revoke),
        Command::Erase(erase) => register::erase(&arguments.site, &erase),
        Command::Check(check) => check::run(&arguments.site, &check),
        Command::Locales(locales) => locales::run(&arguments.site, &locales),
        Command::Signature(signature) => signature::run(&signature),
        Command::Key(key) => key::run(&arguments.site, &key),
        Command::Seal(seal) => seal::run(&arguments.site, &seal),
        Command::Verify(verify) => verify::run(&arguments.site, &verify),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeFailed) => ExitCode::FAILURE,
        Err(Failure { message, usage, .. }) => {
            report::line(&message);
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}
