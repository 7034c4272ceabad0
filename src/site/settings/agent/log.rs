//! Settings of the agent's log.

use crate::base::error::{Error, ErrorKind, Result, did_you_mean};

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The log: `agent.log`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSettings {
    /// Where the log goes: `stderr` or `journald`; `stderr` unless set.
    pub to: LogTarget,
    /// The format of a line on standard error: `text` or `json`; `text` unless set. The journal has
    /// fields instead.
    pub format: LogFormat,
    /// The level: `off`, `error`, `warn`, `info`, `debug` or `trace`, also for single modules:
    /// `info,testamur=debug`; `info` unless set. Names, usernames and addresses are logged at
    /// `debug` alone.
    pub level: String,
}

/// Where a log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogTarget {
    /// Standard error.
    Stderr,
    /// The journal of systemd, with one field for each value.
    Journald,
}

/// The format of a line of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogFormat {
    /// A line of text.
    Text,
    /// A JSON object.
    Json,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { to: LogTarget::Stderr, format: LogFormat::Text, level: "info".to_owned() }
    }
}

/// Checks a level, or a list of levels by module. The log's filter would take a word that is no
/// level for the name of a module and log only that module, so such a word is refused here.
pub(crate) fn read_level(text: &str) -> Result<String> {
    let words = text.split(',').map(str::trim);
    for word in words.filter(|word| !word.contains(['=', '['])) {
        if !LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word)) {
            let message = format!("unknown level `{word}`");
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help(did_you_mean(word, LEVELS)));
        }
    }
    Ok(text.to_owned())
}
