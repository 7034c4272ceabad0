//! How a command ends: done, partly done, or not run, with the exit code of each.

use std::process::ExitCode;

/// The end of a command that ran.
pub(crate) enum CommandOutcome {
    /// Everything is done.
    Done,
    /// Some items failed. Each was reported, and the others are done.
    SomeFailed,
}

impl CommandOutcome {
    /// `Done` if nothing failed.
    pub(crate) fn of(all_done: bool) -> Self {
        if all_done { Self::Done } else { Self::SomeFailed }
    }

    /// 0 or 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::SomeFailed => ExitCode::FAILURE,
        }
    }
}

/// Why a command did not run, or ended early.
pub(crate) struct Failure {
    /// The text for the user.
    pub(crate) message: String,
    /// Whether the arguments contradict each other or lack something.
    pub(crate) is_usage: bool,
    /// Whether a later attempt may succeed.
    #[cfg_attr(
        not(feature = "http"),
        allow(dead_code, reason = "only the agent tries again")
    )]
    pub(crate) is_retryable: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_usage: false, is_retryable: false }
    }

    /// A failure of the arguments, which ends the program with 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { is_usage: true, ..Self::new(message) }
    }

    /// 2 for wrong usage, else 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.is_usage { 2 } else { 1 })
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        Self { is_retryable: error.is_retryable(), ..Self::new(format!("{error:#}")) }
    }
}
