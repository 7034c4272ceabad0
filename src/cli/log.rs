//! The log of the agent: standard error, journald or a syslog.

use std::io;

use crate::site::{AgentSettings, LogFormat, LogSettings, LogTarget, SyslogAddress};
use crate::{Error, ErrorKind};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::console;
use super::exit::Failure;
use super::syslog::{FlushGuard, Syslog, SyslogConnection, unreachable_message};

type LogLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts the log. The caller keeps the guard until the end of the program, so that the last lines
/// reach the syslog.
///
/// With `check`, the target of the settings is opened and its errors are reported, but the log goes
/// to standard error.
pub(crate) fn start(
    settings: &AgentSettings,
    host: &str,
    check: bool,
) -> Result<Option<FlushGuard>, Failure> {
    let log = &settings.log;
    let filter = EnvFilter::try_new(&log.level).map_err(|error| {
        let message = format!("`{}` is no log level ({error})", log.level);
        let error = Error::new(ErrorKind::InvalidValue, message)
            .with_help("write `warn`, `info`, `debug`, or `info,testamur=debug`");
        settings.at("LOG__LEVEL", error)
    })?;
    let (layer, flush_guard) = match log.to {
        LogTarget::Journald => (journald(settings)?, None),
        LogTarget::Syslog => {
            let connection = connect_syslog(settings, check)?;
            let started = Syslog::start(log, host, connection);
            let (syslog, flush_guard) = started.map_err(|error| start_failure(&error))?;
            (plain_lines(log.format, syslog), Some(flush_guard))
        }
        _ => (stderr(log.format), None),
    };
    let layer = if check { stderr(log.format) } else { layer };
    let log = tracing_subscriber::registry().with(layer).with(filter);
    log.try_init().map_err(|error| start_failure(&error))?;
    Ok(flush_guard)
}

fn start_failure(error: &dyn std::error::Error) -> Failure {
    Failure::new(format!("failed to start the log ({error})"))
}

fn stderr(format: LogFormat) -> LogLayer {
    let ansi = io::IsTerminal::is_terminal(&io::stderr());
    match format {
        LogFormat::Json => plain_lines(format, io::stderr),
        _ => fmt::layer().with_writer(io::stderr).with_ansi(ansi).boxed(),
    }
}

/// Lines without colours. Text lines have no time and no level, which a syslog adds.
fn plain_lines<W>(format: LogFormat, writer: W) -> LogLayer
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer).with_ansi(false);
    match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        _ => layer.without_time().with_level(false).boxed(),
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

/// Connects to the syslog of the settings. `None` is a syslog on another machine that is
/// unreachable now: [`Syslog`] connects to it later. With `check` that is an error too.
fn connect_syslog(
    settings: &AgentSettings,
    check: bool,
) -> Result<Option<SyslogConnection>, Error> {
    let address = &settings.log.address;
    let error = match SyslogConnection::open(address) {
        Ok(connection) => return Ok(Some(connection)),
        Err(error) => error,
    };
    let is_local = matches!(address, SyslogAddress::Local(_));
    if !is_local && !check {
        console::print_message(&unreachable_message(address, &error));
        return Ok(None);
    }
    let help = if is_local {
        "start a syslog, mount its socket into the container, or set `agent.log.address` to \
         where one listens"
    } else {
        "start it, or set `agent.log.address` to where one listens"
    };
    let message = format!("failed to reach the syslog at `{address}` ({error})");
    // The default address is in no file: the error then belongs to the setting that chose a syslog.
    let is_default = *address == LogSettings::default().address;
    let key = if is_default { "LOG__TO" } else { "LOG__ADDRESS" };
    Err(settings.at(key, Error::new(ErrorKind::Io, message).with_help(help)))
}
