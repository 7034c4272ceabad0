//! What all threads of an agent share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::clock::Clock;
use super::fate::{is_of_seal, is_of_store, loggable};
use super::halt::Halt;
use super::health::Health;
use super::locks::Locks;
use super::metrics::Metrics;
use super::room::Room;
use super::webhook::Webhook;
use crate::agent::queue::Answer;
use crate::base::error::{Error, ErrorKind};
use crate::press::engine::pool::RenderPool;
use crate::register::issue::IssueService;

/// How long an agent that is asked to stop may take to finish what it has, unless it is told.
pub(super) const PATIENCE: Duration = Duration::from_secs(25);
/// The most requests that are remembered for being slow.
const REMEMBERED: usize = 10_000;

pub(super) struct Shared {
    issuer: RwLock<Arc<IssueService>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Metrics,
    pub(super) locks: Locks,
    pub(super) room: Room,
    pub(super) webhook: Option<Webhook>,
    /// Take nothing more.
    pub(super) halt: Halt,
    /// All work has ended.
    pub(super) closed: Halt,
    store: Health,
    /// Keys, signer and time-stamp authority.
    seal: Health,
    /// Its clock first of all.
    machine: Health,
    unhealthy: AtomicBool,
    /// Renders that issuers gave up whose place another one took.
    abandoned_before: AtomicUsize,
    /// How often requests did not end in time, by source and id.
    slow: Mutex<HashMap<String, u32>>,
}

impl Shared {
    pub(super) fn new(
        issuer: IssueService,
        clock: Arc<dyn Clock>,
        webhook: Option<Webhook>,
    ) -> Self {
        Self {
            issuer: RwLock::new(Arc::new(issuer)),
            clock,
            metrics: Metrics::new(),
            locks: Locks::default(),
            room: Room::default(),
            webhook,
            halt: Halt::default(),
            closed: Halt::default(),
            store: Health::default(),
            seal: Health::default(),
            machine: Health::default(),
            unhealthy: AtomicBool::new(false),
            abandoned_before: AtomicUsize::new(0),
            slow: Mutex::default(),
        }
    }

    /// The issuer of now. Work that has begun keeps the one that it began with.
    pub(super) fn issuer(&self) -> Arc<IssueService> {
        self.issuer.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn replace_issuer(&self, issuer: IssueService) {
        let mut place = self.issuer.write().unwrap_or_else(PoisonError::into_inner);
        self.abandoned_before.fetch_add(place.press().abandoned(), Ordering::Relaxed);
        *place = Arc::new(issuer);
    }

    /// Renders that were given up, and may still be running.
    pub(super) fn abandoned(&self) -> usize {
        self.abandoned_before.load(Ordering::Relaxed) + self.issuer().press().abandoned()
    }

    pub(super) fn has_abandoned_too_many(&self) -> bool {
        self.abandoned() >= RenderPool::MAX_ABANDONED
    }

    pub(super) fn store_is_up(&self) -> bool {
        self.store.is_well()
    }

    pub(super) fn is_unwell(&self) -> bool {
        self.unhealthy.load(Ordering::Relaxed)
    }

    /// Ends the agent, so that its supervisor starts it anew.
    pub(super) fn set_unwell(&self) {
        if !self.unhealthy.swap(true, Ordering::Relaxed) {
            let abandoned = self.abandoned();
            tracing::error!(
                abandoned,
                "too many renders did not end: start the agent anew"
            );
        }
        self.halt.ask(PATIENCE);
    }

    /// Remembers how the store answered; a change is said once.
    pub(super) fn saw_store(&self, result: Result<(), &Error>) {
        match result {
            Ok(()) => {
                if self.store.answers() {
                    tracing::info!("the store answers again");
                }
            }
            Err(error) if is_of_store(error) => {
                self.metrics.store_errors.inc();
                if self.store.fails(error) {
                    let error = loggable(error);
                    tracing::error!(error, "the store fails: requests wait for it");
                }
            }
            Err(_) => {}
        }
    }

    /// Remembers what a request's work tells of all that it needs.
    pub(super) fn saw_work(&self, result: Result<&Answer, &Error>) {
        match result {
            Ok(answer) => {
                self.machine.answers();
                // Whoever only reads does not know whether it could write, or seal.
                let wrote = answer.is_change();
                if wrote {
                    self.saw_store(Ok(()));
                }
                if wrote && matches!(answer, Answer::Issued { .. }) && self.seal.answers()
                {
                    tracing::info!("certificates are sealed again");
                }
            }
            Err(error) if is_of_seal(error) => {
                if self.seal.fails(error) {
                    let error = loggable(error);
                    tracing::error!(error, "nothing can be sealed: requests wait for it");
                }
            }
            Err(error) if error.kind() == ErrorKind::Io => {
                self.machine.fails(error);
            }
            Err(error) => self.saw_store(Err(error)),
        }
    }

    /// What keeps requests waiting, of what they need besides their queues.
    pub(super) fn ills(&self) -> impl Iterator<Item = &'static str> {
        let all =
            [("store", &self.store), ("seal", &self.seal), ("machine", &self.machine)];
        all.into_iter().filter(|(_, health)| !health.is_well()).map(|(name, _)| name)
    }

    /// How often this request did not end in time, with this one.
    pub(super) fn count_slow(&self, key: String) -> u32 {
        let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        if slow.len() >= REMEMBERED {
            slow.clear();
        }
        let count = slow.entry(key).or_default();
        *count += 1;
        *count
    }
}
