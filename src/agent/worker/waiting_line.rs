//! The requests of a source that wait until another one of their award is done.
//!
//! A request whose award is locked waits here, and is taken out again in the order of
//! arrival, once the award is free. The worker that brought it works on another request
//! meanwhile, so that many requests for one certificate stall no other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::award_locks::{AwardGuard, AwardLocks};
use crate::agent::queue::Delivery;
use crate::agent::source::LeaseGuard;
use crate::site::award::Award;

/// The most requests that wait; others are returned to their queue.
const MAX_WAITING: usize = 256;

/// The requests of one source that wait for their awards.
#[derive(Default)]
pub(crate) struct WaitingLine(Mutex<VecDeque<HeldDelivery>>);

/// A delivery in hand.
pub(super) struct HeldDelivery {
    pub(super) delivery: Arc<Delivery>,
    /// Its award, unless it is about none: then it waits for no other.
    award: Option<Award>,
    _lease: LeaseGuard,
}

impl HeldDelivery {
    pub(super) fn new(delivery: Arc<Delivery>, lease: LeaseGuard) -> Self {
        let award = delivery.task().ok().and_then(|task| task.award());
        Self { delivery, award, _lease: lease }
    }

    /// Locks its award, even if other deliveries wait for it. `None` if a thread works on
    /// the award.
    pub(super) fn lock(&self, locks: &AwardLocks) -> Option<Option<AwardGuard>> {
        let Some(award) = &self.award else { return Some(None) };
        locks.try_lock(award).map(Some)
    }
}

impl WaitingLine {
    /// Locks the award of a delivery. `None` if it has to [wait](Self::wait): a thread works on the
    /// award, or earlier deliveries wait for it.
    pub(super) fn lock_award(
        &self,
        held: &HeldDelivery,
        locks: &AwardLocks,
    ) -> Option<Option<AwardGuard>> {
        let line = self.lock();
        let is_behind =
            held.award.is_some() && line.iter().any(|other| other.award == held.award);
        if is_behind { None } else { held.lock(locks) }
    }

    /// Lets a delivery wait in line, unless so many wait that it is returned.
    pub(super) fn wait(&self, held: HeldDelivery) -> Option<HeldDelivery> {
        let mut line = self.lock();
        if line.len() >= MAX_WAITING {
            return Some(held);
        }
        line.push_back(held);
        None
    }

    /// Takes the first delivery whose award is free, and locks that.
    pub(super) fn next(
        &self,
        locks: &AwardLocks,
    ) -> Option<(HeldDelivery, Option<AwardGuard>)> {
        let mut line = self.lock();
        let mut found = line.iter().enumerate();
        let (at, guard) =
            found.find_map(|(at, held)| held.lock(locks).map(|guard| (at, guard)))?;
        line.remove(at).map(|held| (held, guard))
    }

    /// Takes all deliveries that wait.
    pub(super) fn take_all(&self) -> VecDeque<HeldDelivery> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<HeldDelivery>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
