//! Where requests come from: a queue, and the leases of its requests that this agent
//! holds and extends while it works on them.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::failure::loggable;
use super::ops::availability::Availability;
use super::ops::metrics::Metrics;
use super::ops::readiness::{Readiness, Unready};
use super::ops::shutdown::Shutdown;
use crate::agent::queue::{Delivery, LeaseState, Queue};
use crate::base::error::Error;

/// A queue, and the deliveries of it that this agent works on.
pub(super) struct RequestSource {
    /// The name of the source in metrics and logs.
    pub(super) name: &'static str,
    pub(super) queue: Arc<dyn Queue>,
    metrics: Arc<Metrics>,
    availability: Availability,
    next: AtomicU64,
    leases: Mutex<HashMap<u64, Lease>>,
}

struct Lease {
    delivery: Arc<Delivery>,
    extended: Instant,
}

/// A delivery whose lease is extended until this is dropped.
pub(super) struct LeaseGuard {
    source: Arc<RequestSource>,
    number: u64,
}

impl RequestSource {
    /// `reason` is the one that is set while this source is down.
    pub(super) fn new(
        reason: Unready,
        queue: Arc<dyn Queue>,
        metrics: Arc<Metrics>,
        readiness: Arc<Readiness>,
    ) -> Self {
        let name = reason.as_str();
        metrics.set_in_hand(name, 0);
        metrics.set_queue_up(name, true);
        Self {
            name,
            queue,
            metrics,
            availability: Availability::new(readiness, reason),
            next: AtomicU64::new(0),
            leases: Mutex::default(),
        }
    }

    /// Records an answer of the queue. A change is logged.
    pub(super) fn record(&self, result: Result<(), &Error>) {
        match result {
            Ok(()) => {
                if self.availability.record_success() {
                    self.metrics.set_queue_up(self.name, true);
                    tracing::info!(source = self.name, "the queue answers again");
                }
            }
            Err(error) => {
                self.metrics.count_queue_error(self.name);
                self.metrics.set_queue_up(self.name, false);
                if self.availability.record_failure(error) {
                    let error = loggable(error);
                    tracing::error!(
                        source = self.name,
                        error,
                        "the queue fails: the agent waits for it"
                    );
                }
            }
        }
    }

    /// Asks the queue for its depth, for the metrics and to see whether it is up.
    pub(super) fn probe(&self) {
        let depth = self.queue.depth();
        if let Ok(Some(depth)) = &depth {
            self.metrics.set_depth(self.name, depth);
        }
        self.record(depth.as_ref().map(drop));
    }

    /// Extends the lease of a delivery from now on, until the guard is dropped.
    pub(super) fn hold(self: &Arc<Self>, delivery: Arc<Delivery>) -> LeaseGuard {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut leases = self.leases();
        leases.insert(number, Lease { delivery, extended: Instant::now() });
        self.metrics.set_in_hand(self.name, leases.len());
        drop(leases);
        LeaseGuard { source: self.clone(), number }
    }

    /// Extends leases until all work has ended.
    pub(super) fn extend_leases(&self, shutdown: &Shutdown) {
        let due = self.queue.lease() / 3;
        let interval = (due / 4).clamp(Duration::from_millis(50), Duration::from_secs(5));
        while !shutdown.closed.wait(interval) {
            let is_due = |lease: &Lease| lease.extended.elapsed() >= due;
            let found: Vec<(u64, Arc<Delivery>)> = self
                .leases()
                .iter()
                .filter(|(_, lease)| is_due(lease))
                .map(|(number, lease)| (*number, lease.delivery.clone()))
                .collect();
            for (number, delivery) in found {
                let extended = self.queue.extend_lease(&delivery);
                match &extended {
                    Ok(LeaseState::Held) => {}
                    // The work goes on: the agent that has the request now gets the same
                    // certificate.
                    Ok(LeaseState::Lost) => {
                        tracing::debug!(
                            source = self.name,
                            id = delivery.id(),
                            "lease lost"
                        );
                    }
                    Err(error) => {
                        self.record(Err(error));
                        continue;
                    }
                }
                if let Some(lease) = self.leases().get_mut(&number) {
                    lease.extended = Instant::now();
                }
            }
        }
    }

    /// Returns all deliveries in hand to the queue, and the number of those that it took.
    pub(super) fn nack_all(&self) -> usize {
        let held: Vec<Arc<Delivery>> =
            self.leases().values().map(|lease| lease.delivery.clone()).collect();
        held.iter().filter(|one| self.queue.nack(one, Duration::ZERO).is_ok()).count()
    }

    fn leases(&self) -> MutexGuard<'_, HashMap<u64, Lease>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RequestSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSource").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        let mut leases = self.source.leases();
        leases.remove(&self.number);
        self.source.metrics.set_in_hand(self.source.name, leases.len());
    }
}
