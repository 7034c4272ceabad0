//! The agent: requests in, certificates out, nothing lost.
//!
//! A few threads take deliveries from each [`Queue`], do what they ask for with one [`IssueService`], and
//! answer. What may succeed later is given back and tried again, for ever; what cannot is answered
//! with its fault. All of it blocks, on threads of its own; the caller gives the clock, and says when
//! to stop.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::http::Intake;
use super::intake::Tray;
use super::shared::{PATIENCE, Shared};
use super::source::Source;
use super::webhook::Webhook;
use super::{probe, watch, webhook, worker};
use crate::agent::queue::Queue;
use crate::base::error::{Error, ErrorKind, Result};
use crate::register::issue::IssueService;

/// Requests that are worked on at once for each core: most of the time they wait for a store.
const PER_CORE: usize = 4;
/// How often the site's files are looked at, unless it is told.
const LOOK: Duration = Duration::from_secs(2);
/// How often the one who watches looks up.
const TICK: Duration = Duration::from_millis(50);

/// Takes requests, issues certificates, answers. See [`start`](Self::start).
pub struct Agent {
    issuer: IssueService,
    clock: Arc<dyn Clock>,
    name: String,
    queue: Option<Arc<dyn Queue>>,
    intake: Option<Intake>,
    webhook: Option<Webhook>,
    folder: Option<(PathBuf, Duration)>,
    workers: usize,
    patience: Duration,
}

/// How an agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// It was asked to, and is done with what it had, or has given it back.
    Stopped,
    /// Too many renders did not end: start it anew.
    Unhealthy,
}

impl Agent {
    /// An agent that has nothing to do yet. `name` tells it from others that share queue and stores.
    pub fn new(
        issuer: IssueService,
        clock: Arc<dyn Clock>,
        name: impl Into<String>,
    ) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            issuer,
            clock,
            name: name.into(),
            queue: None,
            intake: None,
            webhook: None,
            folder: None,
            workers: cores * PER_CORE,
            patience: PATIENCE,
        }
    }

    /// The same that takes requests from this queue.
    pub fn with_queue(mut self, queue: Arc<dyn Queue>) -> Self {
        self.queue = Some(queue);
        self
    }

    /// The same with a door for requests over HTTP.
    pub fn with_intake(mut self, intake: Intake) -> Self {
        self.intake = Some(intake);
        self
    }

    /// The same that tells somebody of each outcome.
    pub fn with_webhook(mut self, webhook: Webhook) -> Self {
        self.webhook = Some(webhook);
        self
    }

    /// The same that looks for changes in the folder of its site, every two seconds unless `every`
    /// says otherwise: courses, layouts and the like are read anew, settings are not.
    pub fn with_folder(
        mut self,
        folder: impl Into<PathBuf>,
        every: Option<Duration>,
    ) -> Self {
        self.folder = Some((folder.into(), every.unwrap_or(LOOK)));
        self
    }

    /// The same with so many requests of each source at once, four a core unless set.
    pub fn with_workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// The same that, asked to stop, may take so long: 25 seconds unless set.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Begins: what an earlier run accepted and did not do first of all.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: no thread, or the address cannot be listened at; what the private store says.
    pub fn start(self) -> Result<Running> {
        let shared = Arc::new(Shared::new(self.issuer, self.clock, self.webhook));
        let mut sources = Vec::new();
        if let Some(queue) = self.queue {
            sources.push(Arc::new(Source::new("queue", queue)));
        }
        let mut tray = None;
        if let Some(intake) =
            self.intake.as_ref().filter(|intake| intake.takes_requests())
        {
            let private = shared.issuer().register().private().clone();
            let new = Arc::new(Tray::new(private, &self.name, intake.capacity()));
            let left = new.recover()?;
            if left > 0 {
                tracing::info!(
                    requests = left,
                    "an earlier run left these, and they come first"
                );
            }
            sources.push(Arc::new(Source::new("http", new.clone())));
            tray = Some(new);
        }

        let mut running = Running {
            patience: self.patience,
            address: None,
            sources: sources.clone(),
            workers: Vec::new(),
            helpers: Vec::new(),
            shared: shared.clone(),
        };
        if let Some(intake) = self.intake {
            let (address, thread) = intake.open(shared.clone(), sources.clone(), tray)?;
            running.address = Some(address);
            running.helpers.push(thread);
        }
        for source in &sources {
            for _ in 0..self.workers {
                let (shared, source) = (shared.clone(), source.clone());
                running.workers.push(spawn("testamur-agent", move || {
                    worker::run(&shared, &source);
                })?);
            }
            let (shared, source) = (shared.clone(), source.clone());
            let keep = move || source.keep(&shared);
            running.helpers.push(spawn("testamur-lease", keep)?);
        }
        let probed = shared.clone();
        let probe = move || probe::run(&probed, &sources);
        running.helpers.push(spawn("testamur-probe", probe)?);
        if let Some((folder, every)) = self.folder {
            let shared = shared.clone();
            let watch = move || watch::run(&shared, &folder, every);
            running.helpers.push(spawn("testamur-watch", watch)?);
        }
        if shared.webhook.is_some() {
            let shared = shared.clone();
            running
                .helpers
                .push(spawn("testamur-webhook", move || webhook::run(&shared))?);
        }
        Ok(running)
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An agent at work.
pub struct Running {
    patience: Duration,
    address: Option<SocketAddr>,
    sources: Vec<Arc<Source>>,
    workers: Vec<JoinHandle<()>>,
    helpers: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Running {
    /// Where it listens, if it has a door.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Waits until it is to stop or unhealthy, and ends it: it takes nothing more, and finishes what it
    /// has or gives it back.
    pub fn wait(self, stop: impl Fn() -> bool) -> End {
        while !stop() && !self.shared.halt.is_asked() {
            thread::sleep(TICK);
        }
        self.shared.halt.ask(self.patience);
        tracing::info!("stopping");
        let until = Instant::now() + self.patience;
        let busy = || self.workers.iter().any(|thread| !thread.is_finished());
        while busy() && Instant::now() < until {
            thread::sleep(TICK);
        }
        if busy() {
            let given_back: usize =
                self.sources.iter().map(|source| source.give_back()).sum();
            tracing::warn!(given_back, "what did not end in time is given back");
        }
        self.shared.closed.ask(Duration::ZERO);
        // Outcomes that somebody is still to be told of, and answers on their way to clients.
        let until = Instant::now() + Duration::from_secs(3);
        let busy = || self.helpers.iter().any(|thread| !thread.is_finished());
        while busy() && Instant::now() < until {
            thread::sleep(TICK);
        }
        match self.shared.is_unwell() {
            true => End::Unhealthy,
            false => End::Stopped,
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(|cause| {
        Error::new(ErrorKind::Io, format!("failed to start a thread ({cause})"))
    })
}
