//! Where the agent's log goes.

use std::io;

use crate::site::{AgentSettings, LogFormat, LogSettings, LogTarget, SyslogAddress};
use crate::{Error, ErrorKind};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::syslog::{Farewell, Syslog, Wire, away_from};
use super::{Failure, report};

type Target = Box<dyn Layer<Registry> + Send + Sync>;

/// Begins the log; keep what it gives until the end. Whoever only checks the settings reads the log
/// where they are, but what is wrong with its target is found.
pub(crate) fn begin(
    settings: &AgentSettings,
    host: &str,
    check: bool,
) -> Result<Option<Farewell>, Failure> {
    let log = &settings.log;
    let filter = EnvFilter::try_new(&log.level).map_err(|error| {
        let message = format!("`{}` is no level of a log ({error})", log.level);
        let error = Error::new(ErrorKind::InvalidValue, message)
            .with_help("write `warn`, `info`, `debug`, or `info,testamur=debug`");
        settings.at("LOG__LEVEL", error)
    })?;
    let (target, farewell) = match log.to {
        LogTarget::Journald => (journald(settings)?, None),
        LogTarget::Syslog => {
            let wire = syslog(settings, check)?;
            let begun = Syslog::start(log, host, wire);
            let (syslog, farewell) = begun.map_err(|error| no_log(&error))?;
            (lines(log.format, syslog), Some(farewell))
        }
        _ => (stderr(log.format), None),
    };
    let target = if check { stderr(log.format) } else { target };
    let log = tracing_subscriber::registry().with(target).with(filter);
    log.try_init().map_err(|error| no_log(&error))?;
    Ok(farewell)
}

fn no_log(error: &dyn std::error::Error) -> Failure {
    Failure::new(format!("failed to begin the log ({error})"))
}

fn stderr(format: LogFormat) -> Target {
    let ansi = io::IsTerminal::is_terminal(&io::stderr());
    match format {
        LogFormat::Json => lines(format, io::stderr),
        _ => fmt::layer().with_writer(io::stderr).with_ansi(ansi).boxed(),
    }
}

/// Lines, without what a syslog knows by itself if they are for people.
fn lines<W>(format: LogFormat, writer: W) -> Target
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer).with_ansi(false);
    match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        _ => layer.without_time().with_level(false).boxed(),
    }
}

fn journald(settings: &AgentSettings) -> Result<Target, Error> {
    let journald = tracing_journald::layer().map_err(|error| {
        let message =
            format!("failed to reach journald at `/run/systemd/journal/socket` ({error})");
        let error = Error::new(ErrorKind::Io, message).with_help(
            "start systemd-journald, mount its socket into the container, or set `agent.log.to` \
             to `stderr`",
        );
        settings.at("LOG__TO", error)
    })?;
    // As in a syslog.
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

/// A way to the syslog. One on another machine may be away when we begin, and comes back by itself.
fn syslog(settings: &AgentSettings, check: bool) -> Result<Option<Wire>, Error> {
    let address = &settings.log.address;
    let error = match Wire::open(address) {
        Ok(wire) => return Ok(Some(wire)),
        Err(error) => error,
    };
    let local = matches!(address, SyslogAddress::Local(_));
    if !local && !check {
        report::line(&away_from(address, &error));
        return Ok(None);
    }
    let help = match local {
        true => {
            "start a syslog, mount its socket into the container, or set `agent.log.address` to \
             where one listens"
        }
        false => "start it, or set `agent.log.address` to where one listens",
    };
    let message = format!("failed to reach the syslog at `{address}` ({error})");
    // Nobody wrote the usual one.
    let key = match *address == LogSettings::default().address {
        true => "LOG__TO",
        false => "LOG__ADDRESS",
    };
    Err(settings.at(key, Error::new(ErrorKind::Io, message).with_help(help)))
}
