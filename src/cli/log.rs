//! The log of the agent: standard error, or journald.

use std::io;

use crate::site::{AgentSettings, LogFormat, LogTarget};
use crate::{Error, ErrorKind};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use super::exit::Failure;

type LogLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts the log.
///
/// With `check`, the target of the settings is opened and its errors are reported, but the log goes
/// to standard error.
pub(crate) fn start(settings: &AgentSettings, check: bool) -> Result<(), Failure> {
    let log = &settings.log;
    let filter = EnvFilter::try_new(&log.level).map_err(|error| {
        let message = format!("`{}` is no log level ({error})", log.level);
        let error = Error::new(ErrorKind::InvalidValue, message)
            .with_help("write `warn`, `info`, `debug`, or `info,testamur=debug`");
        settings.at("LOG__LEVEL", error)
    })?;
    let layer = match log.to {
        LogTarget::Journald => journald(settings)?,
        _ => stderr(log.format),
    };
    let layer = if check { stderr(log.format) } else { layer };
    let log = tracing_subscriber::registry().with(layer).with(filter);
    log.try_init()
        .map_err(|error| Failure::new(format!("failed to start the log ({error})")))
}

fn stderr(format: LogFormat) -> LogLayer {
    let layer = fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Json => layer.with_ansi(false).json().flatten_event(true).boxed(),
        _ => layer.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).boxed(),
    }
}

fn journald(settings: &AgentSettings) -> Result<LogLayer, Error> {
    let journald = tracing_journald::layer().map_err(|error| {
        let message =
            format!("failed to reach journald at `/run/systemd/journal/socket` ({error})");
        let error = Error::new(ErrorKind::Io, message).with_help(
            "start systemd-journald, mount its socket into the container, or set `agent.log.to` \
             to `stderr`",
        );
        settings.at("LOG__TO", error)
    })?;
    // The priorities that a syslog has for these levels.
    let priorities = PriorityMappings {
        info: Priority::Informational,
        debug: Priority::Debug,
        ..PriorityMappings::new()
    };
    Ok(journald
        .with_syslog_identifier("testamur".to_owned())
        .with_field_prefix(Some("TESTAMUR".to_owned()))
        .with_priority_mappings(priorities)
        .boxed())
}
