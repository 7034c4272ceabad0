//! The commands of the agent.

#[cfg(feature = "redis")]
use clap::Subcommand;
use clap::{Args, ValueEnum};

use super::keys::SealingArguments;
use super::values::pair;
#[cfg(feature = "redis")]
use super::values::timestamp;
#[cfg(feature = "redis")]
use crate::{Date, Timestamp};

#[derive(Debug, Args)]
pub(crate) struct Agent {
    /// A setting under `agent`, such as redis.url=redis://localhost; it wins over the environment
    /// variable (TESTAMUR_AGENT__REDIS__URL) and testamur.yaml
    #[arg(short, long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,

    #[command(flatten)]
    pub(crate) sealing: SealingArguments,

    /// The format of the log; it wins over TESTAMUR_LOG_FORMAT. TESTAMUR_LOG is the level, and the
    /// setting `agent.log.to` says where the log goes
    #[arg(long, value_enum)]
    pub(crate) log: Option<LogFormat>,

    /// Check settings, keys, stores and queue, and serve no requests
    #[arg(long)]
    pub(crate) check: bool,

    #[cfg(feature = "redis")]
    #[command(subcommand)]
    pub(crate) command: Option<AgentCommand>,
}

#[cfg(feature = "redis")]
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Put requests that failed because the site had no such course back on the queue in Redis
    Replay(Replay),
}

#[cfg(feature = "redis")]
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Those that failed since then: 2026-05-14, when this day began in UTC, or
    /// 2026-05-14T09:30:00Z
    #[arg(long, value_name = "DATE", value_parser = day_or_time)]
    pub(crate) since: Timestamp,
}

/// The format of a log.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line of text for each event
    Text,
    /// One JSON object for each event
    Json,
}

#[cfg(feature = "redis")]
fn day_or_time(text: &str) -> Result<Timestamp, String> {
    match Date::parse(text) {
        Ok(date) => timestamp(&format!("{date}T00:00:00Z")),
        Err(_) => timestamp(text),
    }
}
