//! Whether one dependency is up, and which changes of that are logged.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::readiness::{Readiness, Unready};
use crate::base::error::{Error, ErrorKind};

/// The state of a dependency, by its last answer. Each change for the worse is reported
/// once, and so is the recovery. The readiness of the agent follows this state.
pub(crate) struct Availability {
    readiness: Arc<Readiness>,
    reason: Unready,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Up,
    Down,
    /// It answers and refuses: the operator has to mend it.
    Refused,
}

impl Availability {
    pub(crate) fn new(readiness: Arc<Readiness>, reason: Unready) -> Self {
        Self { readiness, reason, state: Mutex::new(State::Up) }
    }

    pub(crate) fn is_up(&self) -> bool {
        *self.state() == State::Up
    }

    /// Records a success. Returns whether the state has changed, which is to be logged.
    pub(crate) fn record_success(&self) -> bool {
        let mut state = self.state();
        let is_news = *state != State::Up;
        if is_news {
            *state = State::Up;
            self.readiness.set(self.reason, false);
        }
        is_news
    }

    /// Records a failure. Returns whether the state has become worse, which is to be
    /// logged.
    pub(crate) fn record_failure(&self, error: &Error) -> bool {
        let new = match error.kind() {
            ErrorKind::QueueRefused | ErrorKind::StoreRefused => State::Refused,
            _ => State::Down,
        };
        let mut state = self.state();
        let is_news = *state < new;
        if is_news {
            *state = new;
            self.readiness.set(self.reason, true);
        }
        is_news
    }

    /// Locks the state. The lock is held while the readiness is set, so that of two
    /// threads the same one comes last for both.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::ops::metrics::Metrics;

    #[test]
    fn outage_is_news_once_and_so_is_a_refusal_during_it() {
        let readiness = Arc::new(Readiness::new(Arc::new(Metrics::new())));
        let state = Availability::new(readiness.clone(), Unready::Store);
        let other = Availability::new(readiness.clone(), Unready::Queue);
        let [down, refused] =
            [ErrorKind::Queue, ErrorKind::QueueRefused].map(|kind| Error::new(kind, ""));
        assert!(!state.record_success() && state.is_up());
        let news = [&down, &down, &refused, &down, &refused];
        let news = news.map(|error| state.record_failure(error));
        assert_eq!(news, [true, false, true, false, false]);
        assert!(!state.is_up());
        assert!(other.record_failure(&down));
        assert_eq!(readiness.reasons(), ["store", "queue"]);
        assert!(state.record_success() && !state.record_success() && state.is_up());
        assert_eq!(readiness.reasons(), ["queue"]);
        assert!(state.record_failure(&refused));
    }
}
