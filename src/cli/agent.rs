//! `testamur agent`: serves requests from a queue or over HTTP until it is stopped.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::agent::{Agent, AgentExit, Clock, ClockReading, HttpApi, Webhook, open_queue};
use crate::press::Press;
use crate::register::IssueService;
use crate::site::{AgentSettings, KeyPublication, LogTarget, QueueKind};
use crate::{Error, ErrorKind, Timestamp};

use super::args::{self, LogFormat, SiteArguments};
use super::batch::StopSignal;
use super::exit::{CommandOutcome, Failure};
use super::{clock, console, context, log};

/// How long to wait between attempts to reach a store or a key that is unreachable at the start.
const START_RETRY_INTERVAL: Duration = Duration::from_secs(5);
/// How often a wait looks for a stop signal.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

pub(crate) fn run(
    site: &SiteArguments,
    agent: &args::Agent,
) -> Result<CommandOutcome, Failure> {
    let press = Arc::new(Press::new(context::open_site(site)?)?);
    let settings = resolve_settings(&press, agent)?;
    settings.check()?;
    let host = host_name();
    let _flush_guard = log::start(&settings, &host, agent.check)?;
    let logs_elsewhere = settings.log.to != LogTarget::Stderr && !agent.check;
    let result = serve(site, agent, press, &settings, &agent_name(&host));
    // `cli::run` prints it on standard error, where the log's reader does not see it.
    if let Err(failure) = &result
        && logs_elsewhere
    {
        tracing::error!("{}", failure.message);
    }
    result
}

fn serve(
    site: &SiteArguments,
    agent: &args::Agent,
    press: Arc<Press>,
    settings: &AgentSettings,
    name: &str,
) -> Result<CommandOutcome, Failure> {
    press.warnings().iter().for_each(|warning| tracing::warn!("{warning:#}"));
    context::open_secrets(site, press.settings(), settings)
        .iter()
        .for_each(|warning| tracing::warn!("{warning:#}"));
    let folder = context::folder(site);
    let queue = match settings.queue {
        Some(_) => Some(open_queue(settings, folder, name)?),
        None => None,
    };
    let http_api = HttpApi::from_settings(settings, folder)?;
    let webhook = Webhook::from_settings(settings, folder)?;
    let clock = Arc::new(MachineClock { timezone: press.settings().timezone.clone() });
    clock.read()?;

    check_address(&press, settings.queue)?;
    let stop = StopSignal::listen(|| {})?;
    let issuer = if agent.check {
        Some(open_issuer(site, agent, &press)?)
    } else {
        retry_until_stopped(&stop, || open_issuer(site, agent, &press))?
    };
    let Some(issuer) = issuer else { return Ok(CommandOutcome::Done) };
    if let Some(queue) = &queue {
        match queue.check() {
            Err(error) if error.is_retryable() && !agent.check => {
                tracing::warn!(
                    "the queue is unreachable, and the agent waits for it: {error:#}"
                );
            }
            checked => checked?,
        }
    }
    if agent.check {
        console::print_message("settings, keys, stores and queue are in order");
        return Ok(CommandOutcome::Done);
    }

    let mut configured = Agent::new(issuer, clock, name);
    if let Some(queue) = queue {
        configured = configured.with_queue(queue);
    }
    if let Some(http_api) = http_api {
        configured = configured.with_http_api(http_api);
    }
    if let Some(webhook) = webhook {
        configured = configured.with_webhook(webhook);
    }
    if let Some(workers) = settings.workers {
        configured = configured.with_workers(workers);
    }
    if let Some(timeout) = settings.shutdown_timeout {
        configured = configured.with_shutdown_timeout(timeout);
    }
    if !press.site().is_demo() {
        configured = configured.with_site_folder(folder, None);
    }
    // The agent makes a new press when the site's files change, and must then be able to free the
    // first one.
    drop(press);
    let running = configured.start()?;
    tracing::info!(agent = name, version = env!("CARGO_PKG_VERSION"), "taking requests");
    match running.wait(|| stop.is_set()) {
        AgentExit::Unhealthy => Ok(CommandOutcome::SomeFailed),
        _ => {
            tracing::info!("stopped");
            Ok(CommandOutcome::Done)
        }
    }
}

/// The settings of the agent: arguments over environment over `testamur.yaml`.
fn resolve_settings(
    press: &Press,
    agent: &args::Agent,
) -> Result<AgentSettings, Failure> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment holds settings of the agent, and only the program reads it"
    )]
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    });
    let settings = press.settings().agent.clone();
    let settings = settings.with_env(variables)?;
    let set = agent.set.iter().map(|(key, value)| (key, value));
    let mut settings = settings.with_arguments("--set", set)?;
    if let Some(format) = agent.log {
        settings.log.format = match format {
            LogFormat::Text => crate::site::LogFormat::Text,
            LogFormat::Json => crate::site::LogFormat::Json,
        };
    }
    Ok(settings)
}

/// Checks that the addresses in answers lead somewhere, and that the queue can carry them.
fn check_address(press: &Press, queue: Option<QueueKind>) -> Result<(), Failure> {
    context::check_address(press, false)?;
    let publish = &press.settings().publish;
    if !publish.has_pages() {
        return Err(Failure::new(
            "testamur.yaml: an agent answers with addresses, and the site has none \
             (`publish: none`)\nhelp: set `publish.url`, or issue with `testamur issue`",
        ));
    }
    if queue == Some(QueueKind::Xqueue) {
        publish.check_for_xqueue()?;
    }
    Ok(())
}

/// Opens the issue service by arguments and settings, over stores that were checked.
fn open_issuer(
    site: &SiteArguments,
    agent: &args::Agent,
    press: &Arc<Press>,
) -> Result<IssueService, Failure> {
    let now = clock::now()?;
    let settings = press.settings();
    let publication = KeyPublication::of(settings).with_agent(settings);
    let keys = context::open_keys(site, settings, &publication, &agent.sealing, now);
    // A signing command that fails at the start is a wrong setting, not a passing failure.
    let keys = keys.map_err(|failure| Failure { is_retryable: false, ..failure })?;
    // Requests wait for a TSA that is unreachable; none is answered without a timestamp token.
    let keys = keys.with_require_timestamp(true);
    let secret = context::open_id_secret(site, &agent.sealing.keys)?;
    let stores = context::open_stores(site, press.settings(), None, |error| {
        tracing::warn!("what is issued is not in the index of the register: {error:#}");
    })?;
    stores.check()?;
    Ok(IssueService::builder(press.clone())
        .with_keys(&keys)
        .with_id_secret(secret)
        .with_stores(stores.public, stores.private)
        .build()?)
}

/// Calls `attempt` until it succeeds, fails for good, or a stop signal comes, which gives `None`.
fn retry_until_stopped<T>(
    stop: &StopSignal,
    mut attempt: impl FnMut() -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    while !stop.is_set() {
        match attempt() {
            Ok(value) => return Ok(Some(value)),
            Err(failure) if failure.is_retryable => {
                let why = &failure.message;
                tracing::warn!("the agent cannot start yet, and tries again: {why}");
                let mut left = START_RETRY_INTERVAL;
                while !left.is_zero() && !stop.is_set() {
                    let nap = left.min(POLL_INTERVAL);
                    thread::sleep(nap);
                    left -= nap;
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(None)
}

/// The machine's host name, or `agent` if it cannot be read.
fn host_name() -> String {
    let host = std::fs::read_to_string(Path::new("/proc/sys/kernel/hostname"));
    host.map_or_else(|_| "agent".to_owned(), |host| host.trim().to_owned())
}

/// A name that no other agent has: host name, process id and start time.
fn agent_name(host: &str) -> String {
    let host: String = host
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(40)
        .collect();
    let started_at = clock::now().map_or(0, Timestamp::unix);
    format!("{host}-{}-{started_at}", std::process::id())
}

/// The clock of the machine, with dates in the site's time zone.
struct MachineClock {
    timezone: Option<String>,
}

impl Clock for MachineClock {
    fn read(&self) -> Result<ClockReading, Error> {
        let reading = clock::read(self.timezone.as_deref());
        let (now, today) =
            reading.map_err(|failure| Error::new(ErrorKind::Io, failure.message))?;
        Ok(ClockReading { now, today })
    }
}
