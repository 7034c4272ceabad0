//! A stop that is asked for once, and that interrupts whoever waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whether to stop, and by when.
#[derive(Debug, Default)]
pub(super) struct Halt {
    by: Mutex<Option<Instant>>,
    bell: Condvar,
}

impl Halt {
    /// Asks to stop within that time. What was asked first holds.
    pub(super) fn ask(&self, within: Duration) {
        self.lock().get_or_insert_with(|| Instant::now() + within);
        self.bell.notify_all();
    }

    pub(super) fn is_asked(&self) -> bool {
        self.lock().is_some()
    }

    /// Whether it was asked for, and its time is over.
    pub(super) fn is_over(&self) -> bool {
        self.lock().is_some_and(|by| Instant::now() >= by)
    }

    /// Waits, until that time has passed or a stop is asked for, which it says.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let by = self.lock();
        let waited = self.bell.wait_timeout_while(by, time, |by| by.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.by.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
