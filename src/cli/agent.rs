//! `testamur agent`: serves requests from a queue or over HTTP until it is stopped.

#[cfg(feature = "redis")]
mod replay;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use crate::agent::{Agent, AgentExit, Clock, ClockReading, HttpApi, Webhook, open_queue};
use crate::base::{hex, random};
use crate::press::Press;
use crate::register::{IssueService, IssueServiceBuilder, Stores};
use crate::site::{
    AgentSettings, KeyPublication, LogTarget, PublishAddress, QueueKind, Settings,
    StoreSettings,
};
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
    #[cfg(feature = "redis")]
    if let Some(args::AgentCommand::Replay(replay)) = &agent.command {
        return replay::run(site, &agent.set, replay, &press);
    }
    let settings = resolve_settings(&press, agent)?;
    settings.check()?;
    let host = host_name();
    log::start(&settings, agent.check)?;
    let logs_elsewhere = settings.log.to != LogTarget::Stderr && !agent.check;
    let result = serve(site, agent, press, &settings, &agent_name(&host)?);
    // `cli::run` prints the failure on standard error only, so it is logged here too.
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
    if agent.check {
        check_links(&press)?;
        let stores = Stores::open(press.settings(), folder)?;
        let before = store_folders(press.settings(), folder);
        let checked = issue_service(site, agent, &press, stores)
            .and_then(|parts| Ok(parts.check()?));
        remove_new_folders(press.settings(), folder, &before);
        checked?;
        if let Some(queue) = &queue {
            queue.check()?;
        }
        console::print_message("settings, keys, stores and queue are in order");
        return Ok(CommandOutcome::Done);
    }
    let reload = Arc::new(AtomicBool::new(false));
    let stop = StopSignal::listen_and_reload(reload.clone())?;
    let Some(issuer) = retry_until_stopped(&stop, || open_issuer(site, agent, &press))?
    else {
        return Ok(CommandOutcome::Done);
    };
    if let Some(queue) = &queue {
        match queue.check() {
            Err(error) if error.is_retryable() => {
                tracing::warn!(
                    "the queue is unreachable, and the agent waits for it: {error:#}"
                );
            }
            checked => checked?,
        }
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
        configured = configured.with_site_folder(folder, None).with_reload_flag(reload);
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
    let mut settings = context::agent_settings(press.settings(), &agent.set)?;
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

/// Refuses addresses about which an agent only warns, because without this check a dead link would
/// be found only on paper.
fn check_links(press: &Press) -> Result<(), Failure> {
    let settings = press.settings();
    if let Some(warning) = settings.warnings().first() {
        return Err(Failure::new(format!("{warning:#}")));
    }
    if settings.publish.address == PublishAddress::Unset {
        return Err(Failure::new(
            "testamur.yaml: the links on certificates would lead nowhere\nhelp: set `publish.url` \
             to the address at which the public folder is served",
        ));
    }
    Ok(())
}

/// The existing folders of the stores, inner ones first.
fn store_folders(settings: &Settings, site: &Path) -> Vec<PathBuf> {
    let private = settings.private.clone();
    let private = private.unwrap_or_else(|| StoreSettings::folder("private"));
    let mut folders = Vec::new();
    for store in [&settings.store, &private] {
        let StoreSettings::Folder(store) = store else { continue };
        let root = site.join(&store.path);
        let entries = fs::read_dir(&root).into_iter().flatten().flatten();
        folders.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()));
        folders.extend(Some(root).filter(|root| root.is_dir()));
    }
    folders
}

/// Removes the folders that a check of the stores has made, which are empty.
fn remove_new_folders(settings: &Settings, site: &Path, before: &[PathBuf]) {
    for folder in store_folders(settings, site) {
        if !before.contains(&folder) {
            // A folder that another process uses already is not empty, and stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Opens the issue service by arguments and settings.
fn open_issuer(
    site: &SiteArguments,
    agent: &args::Agent,
    press: &Arc<Press>,
) -> Result<IssueService, Failure> {
    let keys_folder = Some(&agent.sealing.keys);
    let stores =
        context::open_stores(site, press.settings(), None, keys_folder, |error| {
            tracing::warn!(
                "what is issued is not in the index of the register: {error:#}"
            );
        })?;
    Ok(issue_service(site, agent, press, stores)?.build()?)
}

/// The parts of the issue service by arguments and settings, over stores that were checked.
fn issue_service(
    site: &SiteArguments,
    agent: &args::Agent,
    press: &Arc<Press>,
    stores: Stores,
) -> Result<IssueServiceBuilder, Failure> {
    let now = clock::now()?;
    let settings = press.settings();
    let publication = KeyPublication::of(settings).with_agent(settings);
    let open =
        if agent.check { context::open_keys_as_they_are } else { context::open_keys };
    let public = &*stores.public;
    let keys = open(site, settings, &publication, &agent.sealing, public, now);
    // A signing command that fails at the start is a wrong setting, not a passing failure.
    let keys = keys.map_err(|failure| Failure { is_retryable: false, ..failure })?;
    // Requests wait for a TSA that is unreachable; none is answered without a timestamp token.
    let keys = keys.with_require_timestamp(true);
    let secret = context::open_id_secret(site, &agent.sealing.keys)?;
    stores.check()?;
    Ok(IssueService::builder(press.clone())
        .with_keys(&keys)
        .with_id_secret(secret)
        .with_stores(stores.public, stores.private))
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
    let host = fs::read_to_string(Path::new("/proc/sys/kernel/hostname"));
    host.map_or_else(|_| "agent".to_owned(), |host| host.trim().to_owned())
}

/// A name that no other agent has: host name, process id, start time and a random number, because in
/// containers that start together the first three may be the same.
fn agent_name(host: &str) -> crate::Result<String> {
    let host: String = host
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(40)
        .collect();
    let started_at = clock::now().map_or(0, Timestamp::unix);
    let mut random = [0; 4];
    random::fill(&mut random)?;
    let (process, random) = (std::process::id(), hex::lower(&random));
    Ok(format!("{host}-{process}-{started_at}-{random}"))
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
