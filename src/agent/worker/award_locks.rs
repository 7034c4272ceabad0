//! A lock for each award: of two threads that want the same certificate the second finds it issued.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::site::award::Award;

/// The awards that threads of this agent work on.
#[derive(Debug, Default)]
pub(super) struct AwardLocks {
    locked: Mutex<HashSet<Award>>,
    unlocked: Condvar,
}

/// No other thread works on the award until this is dropped.
#[derive(Debug)]
pub(super) struct AwardGuard<'a> {
    locks: &'a AwardLocks,
    award: Award,
}

impl AwardLocks {
    /// Waits until no other thread works on the award, and locks it.
    pub(super) fn lock(&self, award: Award) -> AwardGuard<'_> {
        let locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut locked = self
            .unlocked
            .wait_while(locked, |locked| locked.contains(&award))
            .unwrap_or_else(PoisonError::into_inner);
        locked.insert(award.clone());
        AwardGuard { locks: self, award }
    }
}

impl Drop for AwardGuard<'_> {
    fn drop(&mut self) {
        let mut locked = self.locks.locked.lock().unwrap_or_else(PoisonError::into_inner);
        locked.remove(&self.award);
        self.locks.unlocked.notify_all();
    }
}
