//! `testamur agent`: requests in, certificates out, until somebody stops it.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::agent::{Agent, AgentExit, Clock, HttpApi, Webhook, open_queue};
use crate::press::Press;
use crate::register::IssueService;
use crate::site::{AgentSettings, LogTarget};
use crate::{Date, Error, ErrorKind, Timestamp};

use super::args::{self, LogFormat, SiteArguments};
use super::crew::Stop;
use super::{Failure, Outcome, log, place, report, seal};

/// How long to wait for a store or a queue that is away when we begin.
const AWAY: Duration = Duration::from_secs(5);

pub(crate) fn run(site: &SiteArguments, agent: &args::Agent) -> Result<Outcome, Failure> {
    let press = Arc::new(Press::new(place::site(site)?)?);
    let settings = settings(&press, agent)?;
    settings.check()?;
    let host = host();
    let _farewell = log::begin(&settings, &host, agent.check)?;
    let elsewhere = settings.log.to != LogTarget::Stderr && !agent.check;
    let outcome = serve(site, agent, press, &settings, &name(&host));
    if let Err(failure) = &outcome
        && elsewhere
    {
        tracing::error!("{}", failure.message);
    }
    outcome
}

fn serve(
    site: &SiteArguments,
    agent: &args::Agent,
    press: Arc<Press>,
    settings: &AgentSettings,
    name: &str,
) -> Result<Outcome, Failure> {
    press.warnings().iter().for_each(|warning| tracing::warn!("{warning:#}"));
    let folder = place::folder(site);
    let queue = match settings.queue {
        Some(_) => Some(open_queue(settings, folder, name)?),
        None => None,
    };
    let http_api = HttpApi::from_settings(settings, folder)?;
    let webhook = Webhook::from_settings(settings, folder)?;
    let clock = Arc::new(Machine { timezone: press.settings().timezone.clone() });
    clock.today()?;

    let stop = Stop::on_signal_with(|| {})?;
    let issuer = match agent.check {
        true => Some(issuer(site, agent, &press)?),
        false => patiently(&stop, || issuer(site, agent, &press))?,
    };
    let Some(issuer) = issuer else { return Ok(Outcome::Done) };
    if let Some(queue) = &queue {
        match queue.check() {
            Err(error) if error.is_retryable() && !agent.check => {
                tracing::warn!("the queue is away, and we wait for it: {error:#}");
            }
            checked => checked?,
        }
    }
    if agent.check {
        report::line("everything is right");
        return Ok(Outcome::Done);
    }
    if queue.is_none() && press.settings().publish.url.is_none() {
        tracing::warn!("links lead nowhere: set `publish.url` in testamur.yaml");
    }

    let mut work = Agent::new(issuer, clock, name);
    if let Some(queue) = queue {
        work = work.with_queue(queue);
    }
    if let Some(http_api) = http_api {
        work = work.with_http_api(http_api);
    }
    if let Some(webhook) = webhook {
        work = work.with_webhook(webhook);
    }
    if let Some(workers) = settings.workers {
        work = work.with_workers(workers);
    }
    if let Some(timeout) = settings.shutdown_timeout {
        work = work.with_shutdown_timeout(timeout);
    }
    if !press.site().is_demo() {
        work = work.with_site_folder(folder, None);
    }
    // What made it is not kept beside it: the agent gets another one when the site changes.
    drop(press);
    let running = work.start()?;
    tracing::info!(agent = name, version = env!("CARGO_PKG_VERSION"), "taking requests");
    match running.wait(|| stop.is_asked()) {
        AgentExit::Unhealthy => Ok(Outcome::SomeFailed),
        _ => {
            tracing::info!("stopped");
            Ok(Outcome::Done)
        }
    }
}

/// Arguments over environment over `testamur.yaml`.
fn settings(press: &Press, agent: &args::Agent) -> Result<AgentSettings, Failure> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the place where the environment is read"
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

/// An issuer by arguments and settings, over stores that work.
fn issuer(
    site: &SiteArguments,
    agent: &args::Agent,
    press: &Arc<Press>,
) -> Result<IssueService, Failure> {
    let now = place::now()?;
    let settings = seal::settings(press.settings().seal.clone(), &agent.stamps);
    place::first_keys(site, &agent.keys, press, now)?;
    let keys = place::keys(site, &agent.keys, &settings, now);
    // A signer that does not sign at the start is a wrong setting rather than away.
    let keys = keys.map_err(|failure| Failure { passes: false, ..failure })?;
    // Certificates can wait for a time-stamp authority.
    let keys = keys.with_require_timestamp(true);
    let secret = place::id_secret(site, &agent.keys)?;
    let register = place::register(site, press.site(), press.settings(), None)?;
    register.check()?;
    Ok(IssueService::new(press.clone(), &keys, secret, register)?)
}

/// Tries until it works, or cannot, or a stop is asked for.
fn patiently<T>(
    stop: &Stop,
    mut make: impl FnMut() -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    while !stop.is_asked() {
        match make() {
            Ok(made) => return Ok(Some(made)),
            Err(failure) if failure.passes => {
                let why = &failure.message;
                tracing::warn!("not everything is there yet, and we wait: {why}");
                let mut left = AWAY;
                while !left.is_zero() && !stop.is_asked() {
                    let nap = left.min(Duration::from_millis(100));
                    thread::sleep(nap);
                    left -= nap;
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(None)
}

/// The machine's name.
fn host() -> String {
    let host = std::fs::read_to_string(Path::new("/proc/sys/kernel/hostname"));
    host.map_or_else(|_| "agent".to_owned(), |host| host.trim().to_owned())
}

/// A name that no other agent has: the machine's, and something of this process alone.
fn name(host: &str) -> String {
    let host: String = host
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(40)
        .collect();
    let since = place::now().map_or(0, Timestamp::unix);
    format!("{host}-{}-{since}", std::process::id())
}

/// The machine's clock.
struct Machine {
    timezone: Option<String>,
}

impl Clock for Machine {
    fn now(&self) -> Result<Timestamp, Error> {
        place::now().map_err(|failure| Error::new(ErrorKind::Io, failure.message))
    }

    fn today(&self) -> Result<Date, Error> {
        let today = place::today_in(self.timezone.as_deref());
        today.map_err(|failure| Error::new(ErrorKind::Io, failure.message))
    }
}
