//! Whether requests of a source are worked on side by side or one alone.
//!
//! A request that ends the process interrupts all others in hand, and nothing tells which
//! of them was the cause. A request that was in hand too often is therefore worked on
//! alone, so that the others of its source are not suspected with it.
//!
//! The decision made here: each source has a quarantine of its own, because an answer
//! that the queue of one source does not take must stop no other request. It is held from
//! before a request is received until that is answered, or until a first attempt to
//! answer it has failed. Each wait has an end.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lets many threads work at once, or one alone.
#[derive(Debug, Default)]
pub(crate) struct Quarantine {
    state: Mutex<QuarantineState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QuarantineState {
    /// How many threads work beside others.
    shared: usize,
    /// Whether a thread is alone or waits for it.
    is_exclusive: bool,
}

/// Other threads may work until this is dropped, and none alone.
#[derive(Debug)]
pub(super) struct SharedGuard<'a>(&'a Quarantine);

/// No other thread works until this is dropped.
#[derive(Debug)]
pub(super) struct ExclusiveGuard<'a>(&'a Quarantine);

impl Quarantine {
    /// Waits until no thread is alone or waits for it, and works beside others. `None` if that
    /// takes longer than `wait`.
    pub(super) fn shared(&self, wait: Duration) -> Option<SharedGuard<'_>> {
        let state = self.state();
        let waited =
            self.changed.wait_timeout_while(state, wait, |state| state.is_exclusive);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.is_exclusive {
            return None;
        }
        state.shared += 1;
        Some(SharedGuard(self))
    }

    /// Waits until all others are done, and works alone. `None` if another thread is alone or waits
    /// for it, or if the others take longer than `wait`.
    pub(super) fn exclusive(&self, wait: Duration) -> Option<ExclusiveGuard<'_>> {
        let mut state = self.state();
        if state.is_exclusive {
            return None;
        }
        state.is_exclusive = true;
        let guard = ExclusiveGuard(self);
        let waited =
            self.changed.wait_timeout_while(state, wait, |state| state.shared > 0);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let is_alone = state.shared == 0;
        // Unlocked before `guard` is dropped, which takes the same lock.
        drop(state);
        is_alone.then_some(guard)
    }

    fn state(&self) -> MutexGuard<'_, QuarantineState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SharedGuard<'_> {
    fn drop(&mut self) {
        self.0.state().shared -= 1;
        self.0.changed.notify_all();
    }
}

impl Drop for ExclusiveGuard<'_> {
    fn drop(&mut self) {
        self.0.state().is_exclusive = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const NOT: Duration = Duration::ZERO;

    #[test]
    fn one_is_alone_or_many_are_not() {
        let quarantine = Quarantine::default();
        let first = quarantine.shared(NOT).unwrap();
        let second = quarantine.shared(NOT).unwrap();
        assert!(quarantine.exclusive(NOT).is_none(), "others work");
        drop(first);
        assert!(quarantine.exclusive(NOT).is_none(), "another one works");
        assert!(quarantine.shared(NOT).is_some(), "a wait that ended stops none");
        drop(second);
        let alone = quarantine.exclusive(NOT).unwrap();
        assert!(quarantine.shared(NOT).is_none() && quarantine.exclusive(NOT).is_none());
        drop(alone);
        assert!(quarantine.shared(NOT).is_some());
    }

    #[test]
    fn waiting_ends_when_the_way_is_free() {
        const LONG: Duration = Duration::from_secs(60);
        let quarantine = Quarantine::default();
        let shared = quarantine.shared(NOT).unwrap();
        thread::scope(|scope| {
            let alone = scope.spawn(|| quarantine.exclusive(LONG).is_some());
            while quarantine.shared(NOT).is_some() {
                thread::yield_now();
            }
            let beside = scope.spawn(|| quarantine.shared(LONG).is_some());
            drop(shared);
            assert!(alone.join().unwrap() && beside.join().unwrap());
        });
    }
}
