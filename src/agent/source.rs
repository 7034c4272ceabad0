//! Where deliveries come from, and which of them are held: a lease is renewed while there is work.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::fate::loggable;
use super::health::Health;
use super::shared::Shared;
use crate::agent::queue::{Delivery, LeaseState, Queue};
use crate::base::error::Error;

/// A queue, and what is held of it.
pub(super) struct Source {
    pub(super) name: &'static str,
    pub(super) queue: Arc<dyn Queue>,
    health: Health,
    next: AtomicU64,
    held: Mutex<HashMap<u64, Held>>,
}

struct Held {
    delivery: Arc<Delivery>,
    renewed: Instant,
}

/// A delivery that is held until this is dropped.
pub(super) struct Holding<'a> {
    source: &'a Source,
    number: u64,
}

impl Source {
    pub(super) fn new(name: &'static str, queue: Arc<dyn Queue>) -> Self {
        Self {
            name,
            queue,
            health: Health::default(),
            next: AtomicU64::new(0),
            held: Mutex::default(),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.health.is_well()
    }

    /// Remembers how the queue answered; a change is said once.
    pub(super) fn saw(&self, shared: &Shared, result: Result<(), &Error>) {
        match result {
            Ok(()) => {
                if self.health.answers() {
                    tracing::info!(source = self.name, "the queue answers again");
                }
            }
            Err(error) => {
                shared.metrics.queue_error(self.name);
                if self.health.fails(error) {
                    let error = loggable(error);
                    tracing::error!(
                        source = self.name,
                        error,
                        "the queue fails: we wait for it"
                    );
                }
            }
        }
    }

    /// Keeps the lease of a delivery.
    pub(super) fn hold(&self, delivery: Arc<Delivery>) -> Holding<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.held().insert(number, Held { delivery, renewed: Instant::now() });
        Holding { source: self, number }
    }

    pub(super) fn in_hand(&self) -> usize {
        self.held().len()
    }

    /// Renews leases until all work has ended.
    pub(super) fn keep(&self, shared: &Shared) {
        let due = self.queue.lease() / 3;
        let tick = (due / 4).clamp(Duration::from_millis(50), Duration::from_secs(5));
        while !shared.closed.wait(tick) {
            let late = |held: &Held| held.renewed.elapsed() >= due;
            let found: Vec<(u64, Arc<Delivery>)> = self
                .held()
                .iter()
                .filter(|(_, held)| late(held))
                .map(|(number, held)| (*number, held.delivery.clone()))
                .collect();
            for (number, delivery) in found {
                let renewed = self.queue.extend(&delivery);
                match &renewed {
                    Ok(LeaseState::Ours) => {}
                    // Whoever has it now gets the same certificate: we go on.
                    Ok(LeaseState::Lost) => {
                        tracing::debug!(
                            source = self.name,
                            id = delivery.id(),
                            "lease lost"
                        );
                    }
                    Err(error) => {
                        self.saw(shared, Err(error));
                        continue;
                    }
                }
                if let Some(held) = self.held().get_mut(&number) {
                    held.renewed = Instant::now();
                }
            }
        }
    }

    /// Gives back all that is held, and says how many.
    pub(super) fn give_back(&self) -> usize {
        let held: Vec<Arc<Delivery>> =
            self.held().values().map(|held| held.delivery.clone()).collect();
        held.iter().filter(|one| self.queue.retry(one, Duration::ZERO).is_ok()).count()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<u64, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.source.held().remove(&self.number);
    }
}
