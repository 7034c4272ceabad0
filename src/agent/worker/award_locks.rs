//! A lock for each award, so that of two requests for the same certificate the second one
//! finds it issued.
//!
//! The decision made here: no thread waits for a lock. A request whose award is locked waits itself,
//! in the [`WaitingLine`](super::waiting_line::WaitingLine) of its source.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::site::award::Award;

/// The awards that threads of this agent work on.
#[derive(Debug, Clone, Default)]
pub(crate) struct AwardLocks(Arc<Mutex<HashSet<Award>>>);

/// No other thread works on the award until this is dropped.
#[derive(Debug)]
pub(super) struct AwardGuard {
    locks: AwardLocks,
    award: Award,
}

impl AwardLocks {
    /// Locks the award, unless another thread works on it.
    pub(super) fn try_lock(&self, award: &Award) -> Option<AwardGuard> {
        let mut locked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = locked.insert(award.clone());
        is_free.then(|| AwardGuard { locks: self.clone(), award: award.clone() })
    }
}

impl Drop for AwardGuard {
    fn drop(&mut self) {
        let mut locked = self.locks.0.lock().unwrap_or_else(PoisonError::into_inner);
        locked.remove(&self.award);
    }
}
