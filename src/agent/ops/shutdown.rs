//! The shutdown of an agent: a stop is requested once, and interrupts the threads that wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::readiness::{Readiness, Unready};

/// How long a stopping agent may take to finish its requests, unless the caller sets it.
pub(crate) const GRACE_PERIOD: Duration = Duration::from_secs(25);

/// The two steps of a shutdown, and whether the agent stops because it is unhealthy.
pub(crate) struct Shutdown {
    readiness: Arc<Readiness>,
    /// Requested: the agent takes no more requests.
    pub(crate) stop: StopSignal,
    /// Requested: all work has ended, and the helper threads end too.
    pub(crate) closed: StopSignal,
    unhealthy: AtomicBool,
}

/// A stop that is requested at most once, with a deadline.
#[derive(Debug, Default)]
pub(crate) struct StopSignal {
    deadline: Mutex<Option<Instant>>,
    requested: Condvar,
}

impl Shutdown {
    pub(crate) fn new(readiness: Arc<Readiness>) -> Self {
        let (stop, closed) = (StopSignal::default(), StopSignal::default());
        Self { readiness, stop, closed, unhealthy: AtomicBool::new(false) }
    }

    /// Requests the stop, to be complete within the time `within`.
    pub(crate) fn request_stop(&self, within: Duration) {
        self.readiness.set(Unready::Stopping, true);
        self.stop.request(within);
    }

    /// Records that the agent cannot go on and has to be restarted. Returns whether this is news.
    pub(crate) fn set_unhealthy(&self) -> bool {
        self.readiness.set(Unready::Unhealthy, true);
        !self.unhealthy.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn is_unhealthy(&self) -> bool {
        self.unhealthy.load(Ordering::Relaxed)
    }
}

impl StopSignal {
    /// Requests the stop, to be complete within the time `within`. The first request
    /// decides the deadline.
    pub(crate) fn request(&self, within: Duration) {
        self.lock().get_or_insert_with(|| Instant::now() + within);
        self.requested.notify_all();
    }

    pub(crate) fn is_requested(&self) -> bool {
        self.lock().is_some()
    }

    /// Whether the stop was requested and its deadline has passed.
    pub(crate) fn is_overdue(&self) -> bool {
        self.lock().is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Waits for the time `time`, or until the stop is requested. Returns whether it is
    /// requested.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let deadline = self.lock();
        let waited = self.requested.wait_timeout_while(deadline, time, |it| it.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
