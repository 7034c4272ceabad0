//! The agent: takes requests, issues certificates and answers. No request is lost.
//!
//! A few threads take deliveries from each [`Queue`], perform them with one
//! [`IssueService`], and answer. What may succeed later is returned to its queue and tried
//! again without a limit; what cannot is answered with its error. All calls block, on
//! threads of the agent's own; the caller gives the clock, and says when to stop.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::clock::Clock;
#[cfg(feature = "http")]
use super::http::{HealthState, HttpApi, RequestState};
use super::issue_service::CurrentIssueService;
use super::ops::health::Health;
use super::ops::metrics::Metrics;
use super::ops::readiness::{Readiness, Unready};
use super::ops::shutdown::{GRACE_PERIOD, Shutdown};
use super::ops::webhook::Webhook;
use super::ops::{probe, reload, webhook};
use super::source::RequestSource;
#[cfg(feature = "http")]
use super::spool::Spool;
use super::worker::{AwardLocks, Performer, Quarantine, Responder, WaitingLine, Worker};
use crate::agent::queue::Queue;
use crate::base::error::{Error, ErrorKind, Result};
use crate::register::issue::IssueService;

/// Workers for each source and each core: most of the time they wait for a store.
const DEFAULT_WORKERS_PER_CORE: usize = 4;
/// How often the site's files are checked for changes, unless the caller sets it.
const DEFAULT_RELOAD_INTERVAL: Duration = Duration::from_secs(2);
/// How often the waiting thread looks whether the others have ended.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long the helper threads may take to end: they post the outcomes that wait for the
/// webhook, and finish answers to HTTP clients.
const HELPERS_GRACE_PERIOD: Duration = Duration::from_secs(3);

/// Takes requests, issues certificates, answers. See [`start`](Self::start).
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use testamur::agent::{Agent, AgentExit, Clock, ClockReading, MemoryQueue};
/// use testamur::register::MemoryStore;
/// use testamur::site::{IdSecret, Keys};
/// use testamur::{Date, IssueService, Press, Result, Site, Timestamp};
///
/// struct FixedClock(ClockReading);
///
/// impl Clock for FixedClock {
///     fn read(&self) -> Result<ClockReading> {
///         Ok(self.0)
///     }
/// }
///
/// let now = Timestamp::parse("2026-05-14T09:30:00Z")?;
/// let issuer = IssueService::builder(Arc::new(Press::new(Site::demo())?))
///     .with_keys(&Keys::generate("Example University", now)?)
///     .with_id_secret(IdSecret::generate()?)
///     .with_stores(Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()))
///     .build()?;
/// let queue = MemoryQueue::new();
/// queue.send_json(r#"{ "course": "no such course", "name": "Ada Lovelace" }"#);
///
/// let clock = FixedClock(ClockReading { now, today: Date::parse("2026-05-14")? });
/// let agent = Agent::new(issuer, Arc::new(clock), "agent-1").with_queue(Arc::new(queue.clone()));
/// let answers = Mutex::new(Vec::new());
/// let exit = agent.start()?.wait(|| {
///     let mut answers = answers.lock().unwrap();
///     answers.extend(queue.take_answers());
///     !answers.is_empty()
/// });
/// assert_eq!(exit, AgentExit::Stopped);
/// assert_eq!(answers.lock().unwrap()[0].answer.as_str(), "failed");
/// # Ok::<(), testamur::Error>(())
/// ```
pub struct Agent {
    issue_service: IssueService,
    clock: Arc<dyn Clock>,
    name: String,
    queue: Option<Arc<dyn Queue>>,
    #[cfg(feature = "http")]
    http_api: Option<HttpApi>,
    webhook: Option<Webhook>,
    site_folder: Option<(PathBuf, Duration)>,
    reload_flag: Arc<AtomicBool>,
    workers: usize,
    shutdown_timeout: Duration,
}

/// How an agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AgentExit {
    /// It was asked to stop, and has answered its requests or returned them to their queues.
    Stopped,
    /// Too many renders did not end: restart the process.
    Unhealthy,
}

impl Agent {
    /// Creates an agent without a source of requests. `name` differs from that of each other agent
    /// that shares its queue or its stores.
    pub fn new(
        issue_service: IssueService,
        clock: Arc<dyn Clock>,
        name: impl Into<String>,
    ) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            issue_service,
            clock,
            name: name.into(),
            queue: None,
            #[cfg(feature = "http")]
            http_api: None,
            webhook: None,
            site_folder: None,
            reload_flag: Arc::default(),
            workers: cores * DEFAULT_WORKERS_PER_CORE,
            shutdown_timeout: GRACE_PERIOD,
        }
    }

    /// Sets the queue that requests come from.
    pub fn with_queue(mut self, queue: Arc<dyn Queue>) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Sets the HTTP API, for requests, health and metrics.
    #[cfg(feature = "http")]
    pub fn with_http_api(mut self, http_api: HttpApi) -> Self {
        self.http_api = Some(http_api);
        self
    }

    /// Sets the webhook that each outcome is posted to.
    pub fn with_webhook(mut self, webhook: Webhook) -> Self {
        self.webhook = Some(webhook);
        self
    }

    /// Sets the folder of the site, which is watched for changes every two seconds unless
    /// `interval` is given. Courses, layouts and the like are reloaded, settings are not.
    pub fn with_site_folder(
        mut self,
        folder: impl Into<PathBuf>,
        interval: Option<Duration>,
    ) -> Self {
        let interval = interval.unwrap_or(DEFAULT_RELOAD_INTERVAL);
        self.site_folder = Some((folder.into(), interval));
        self
    }

    /// Sets a flag by which the caller asks for a reload of the site's folder at the next
    /// check, whether or not its files have changed. The agent then clears the flag.
    pub fn with_reload_flag(mut self, flag: Arc<AtomicBool>) -> Self {
        self.reload_flag = flag;
        self
    }

    /// Sets how many requests of each source are worked on at once: four a core unless set.
    pub fn with_workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// Sets how long a stop may take before requests in hand are returned: 25 seconds unless set.
    pub fn with_shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// Starts the threads. Requests that an earlier run accepted over HTTP and did not
    /// answer are worked on first.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: no thread can be started, or the address of the HTTP API is not free;
    /// [`ErrorKind::Store`] and [`ErrorKind::StoreRefused`]: the private store fails.
    pub fn start(self) -> Result<RunningAgent> {
        let issue_service = Arc::new(CurrentIssueService::new(self.issue_service));
        let metrics = Arc::new(Metrics::new());
        let readiness = Arc::new(Readiness::new(metrics.clone()));
        let health = Arc::new(Health::new(metrics.clone(), &readiness));
        let shutdown = Arc::new(Shutdown::new(readiness.clone()));
        let webhook = self.webhook.map(Arc::new);

        let mut sources = Vec::new();
        let mut add_source = |reason, queue| {
            let (metrics, readiness) = (metrics.clone(), readiness.clone());
            let source = RequestSource::new(reason, queue, metrics, readiness);
            sources.push(Arc::new(source));
        };
        if let Some(queue) = self.queue {
            add_source(Unready::Queue, queue);
        }
        #[cfg(feature = "http")]
        let mut spool = None;
        #[cfg(feature = "http")]
        if let Some(http_api) = self.http_api.as_ref().filter(|api| api.takes_requests())
        {
            let private = issue_service.current().register().private().clone();
            let new = Arc::new(Spool::new(private, &self.name, http_api.capacity()));
            let left = new.recover()?;
            if left > 0 {
                tracing::info!(
                    requests = left,
                    "an earlier run left requests: they are done first"
                );
            }
            add_source(Unready::Http, new.clone());
            spool = Some(new);
        }

        let mut running = RunningAgent {
            shutdown_timeout: self.shutdown_timeout,
            address: None,
            health_address: None,
            sources: sources.clone(),
            workers: Vec::new(),
            helpers: Vec::new(),
            shutdown: shutdown.clone(),
        };
        #[cfg(feature = "http")]
        if let Some(http_api) = self.http_api {
            let told =
                HealthState { readiness: readiness.clone(), metrics: metrics.clone() };
            let taken = RequestState {
                issue_service: issue_service.clone(),
                health: health.clone(),
                metrics: metrics.clone(),
                shutdown: shutdown.clone(),
                spool,
                clock: self.clock.clone(),
            };
            let (addresses, thread) = http_api.open(told, taken)?;
            running.address = Some(addresses.requests);
            running.health_address = Some(addresses.health);
            running.helpers.push(thread);
        }
        let performer = Arc::new(Performer::new(
            issue_service.clone(),
            self.clock.clone(),
            health.clone(),
            metrics.clone(),
        ));
        let responder = Arc::new(Responder::new(
            health.clone(),
            metrics.clone(),
            shutdown.clone(),
            webhook.clone(),
        ));
        let locks = AwardLocks::default();
        for source in &sources {
            let worker = Worker {
                source: source.clone(),
                performer: performer.clone(),
                responder: responder.clone(),
                // Each source has its own, so that an outage of one stalls no other.
                quarantine: Arc::new(Quarantine::default()),
                waiting: Arc::new(WaitingLine::default()),
                locks: locks.clone(),
                shutdown: shutdown.clone(),
            };
            for _ in 0..self.workers {
                let worker = worker.clone();
                running.workers.push(spawn("testamur-agent", move || worker.run())?);
            }
            let (source, shutdown) = (source.clone(), shutdown.clone());
            let extend = move || source.extend_leases(&shutdown);
            running.helpers.push(spawn("testamur-lease", extend)?);
        }
        let probe = {
            let clock = self.clock;
            let (issue_service, shutdown) = (issue_service.clone(), shutdown.clone());
            let metrics = metrics.clone();
            move || {
                probe::run(
                    &issue_service,
                    &health,
                    &metrics,
                    &sources,
                    &*clock,
                    &shutdown,
                );
            }
        };
        running.helpers.push(spawn("testamur-probe", probe)?);
        if let Some((folder, interval)) = self.site_folder {
            let (metrics, shutdown) = (metrics.clone(), shutdown.clone());
            let watch = move || {
                reload::run(
                    &issue_service,
                    &readiness,
                    &metrics,
                    &shutdown,
                    &folder,
                    interval,
                    &self.reload_flag,
                );
            };
            running.helpers.push(spawn("testamur-watch", watch)?);
        }
        if let Some(webhook) = webhook {
            let post = move || webhook::run(&webhook, &metrics, &shutdown);
            running.helpers.push(spawn("testamur-webhook", post)?);
        }
        Ok(running)
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An agent whose threads run.
pub struct RunningAgent {
    shutdown_timeout: Duration,
    address: Option<SocketAddr>,
    health_address: Option<SocketAddr>,
    sources: Vec<Arc<RequestSource>>,
    workers: Vec<JoinHandle<()>>,
    helpers: Vec<JoinHandle<()>>,
    shutdown: Arc<Shutdown>,
}

impl RunningAgent {
    /// Returns the address that the HTTP API listens at, if there is one.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Returns the address of health and metrics, if there is one: that of the HTTP API, unless
    /// they have their own.
    pub fn health_address(&self) -> Option<SocketAddr> {
        self.health_address
    }

    /// Waits until `stop` returns true or the agent is unhealthy, and ends the agent: it takes no
    /// more requests, and answers those in hand or returns them to their queues.
    pub fn wait(self, stop: impl Fn() -> bool) -> AgentExit {
        while !stop() && !self.shutdown.stop.is_requested() {
            thread::sleep(POLL_INTERVAL);
        }
        self.shutdown.request_stop(self.shutdown_timeout);
        tracing::info!("stopping");
        if !wait_for(&self.workers, self.shutdown_timeout) {
            let given_back: usize =
                self.sources.iter().map(|source| source.nack_all()).sum();
            tracing::warn!(
                given_back,
                "requests that did not end in time are given back"
            );
        }
        self.shutdown.closed.request(Duration::ZERO);
        wait_for(&self.helpers, HELPERS_GRACE_PERIOD);
        if self.shutdown.is_unhealthy() {
            AgentExit::Unhealthy
        } else {
            AgentExit::Stopped
        }
    }
}

impl fmt::Debug for RunningAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningAgent")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Waits until all threads have ended, but no longer than `timeout`. Returns whether they have.
fn wait_for(threads: &[JoinHandle<()>], timeout: Duration) -> bool {
    let until = Instant::now() + timeout;
    let busy = || threads.iter().any(|thread| !thread.is_finished());
    while busy() && Instant::now() < until {
        thread::sleep(POLL_INTERVAL);
    }
    !busy()
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|cause| Error::caused(ErrorKind::Io, "failed to start a thread", cause))
}
