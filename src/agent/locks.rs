//! One at a time for each award: of two who want the same certificate the second finds it made.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::site::award::Award;

/// The awards that somebody is at.
#[derive(Debug, Default)]
pub(super) struct Locks {
    busy: Mutex<HashSet<Award>>,
    freed: Condvar,
}

/// An award that nobody else is at, until this is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    locks: &'a Locks,
    award: Award,
}

impl Locks {
    /// Waits for the turn.
    pub(super) fn turn(&self, award: Award) -> Turn<'_> {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let mut busy = self
            .freed
            .wait_while(busy, |busy| busy.contains(&award))
            .unwrap_or_else(PoisonError::into_inner);
        busy.insert(award.clone());
        Turn { locks: self, award }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut busy = self.locks.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.remove(&self.award);
        self.locks.freed.notify_all();
    }
}
