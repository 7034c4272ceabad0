//! How a command ends: done, partly done, or not run, with the exit code of each.

use std::process::ExitCode;

use crate::{ErrorClass, ErrorKind};

/// The end of a command that ran.
pub(crate) enum CommandOutcome {
    /// Everything is done.
    Done,
    /// Some items failed. Each was reported, and the others are done.
    SomeFailed,
    /// What was searched for was not found.
    NotFound,
}

impl CommandOutcome {
    /// `Done` if nothing failed.
    pub(crate) fn of(all_done: bool) -> Self {
        if all_done { Self::Done } else { Self::SomeFailed }
    }

    /// The end of a command of whose items some failed, and some are not known.
    pub(crate) fn of_counts(failed: usize, unknown: usize) -> Self {
        match (failed, unknown) {
            (0, 0) => Self::Done,
            (0, _) => Self::NotFound,
            _ => Self::SomeFailed,
        }
    }

    /// 0, 1 or 3.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::SomeFailed => ExitCode::FAILURE,
            Self::NotFound => ExitCode::from(3),
        }
    }
}

/// Why a command did not run, or ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The text for the user.
    pub(crate) message: String,
    /// The exit code: 2 if the arguments contradict each other or lack something, 3 if what
    /// was looked for is not known, else 1.
    pub(crate) code: u8,
    /// Whether a later attempt may succeed.
    #[cfg_attr(
        not(feature = "http"),
        allow(dead_code, reason = "only the agent tries again")
    )]
    pub(crate) is_retryable: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1, is_retryable: false }
    }

    /// A failure of the arguments, which ends the program with 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, ..Self::new(message) }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        // All classes have one exit code, because a script could not act differently; the message
        // says who has to mend what.
        let code = match error.kind().class() {
            _ if error.kind() == ErrorKind::UnknownCertificate => 3,
            ErrorClass::Input
            | ErrorClass::Site
            | ErrorClass::Environment
            | ErrorClass::Transient
            | ErrorClass::Internal => 1,
        };
        Self { message: format!("{error:#}"), code, is_retryable: error.is_retryable() }
    }
}
