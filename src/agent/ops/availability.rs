//! Whether one dependency is up, and which changes of that are worth a line in the log.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::base::error::{Error, ErrorKind};

/// The state of a dependency by its last answer. Each change for the worse is news once, and so is
/// the recovery.
#[derive(Debug, Default)]
pub(crate) struct Availability(AtomicU8);

impl Availability {
    const UP: u8 = 0;
    const DOWN: u8 = 1;
    /// It answers and refuses: the operator has to mend it.
    const REFUSED: u8 = 2;

    pub(crate) fn is_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) == Self::UP
    }

    /// Records a success. Returns whether it is news.
    pub(crate) fn record_success(&self) -> bool {
        self.0.swap(Self::UP, Ordering::Relaxed) != Self::UP
    }

    /// Records a failure. Returns whether it is news.
    pub(crate) fn record_failure(&self, error: &Error) -> bool {
        let state = match error.kind() {
            ErrorKind::QueueRefused | ErrorKind::StoreRefused => Self::REFUSED,
            _ => Self::DOWN,
        };
        self.0.fetch_max(state, Ordering::Relaxed) < state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_is_news_once_and_so_is_a_refusal_during_it() {
        let state = Availability::default();
        let [down, refused] =
            [ErrorKind::Queue, ErrorKind::QueueRefused].map(|kind| Error::new(kind, ""));
        assert!(!state.record_success() && state.is_up());
        let news = [&down, &down, &refused, &down, &refused];
        let news = news.map(|error| state.record_failure(error));
        assert_eq!(news, [true, false, true, false, false]);
        assert!(!state.is_up());
        assert!(state.record_success() && !state.record_success() && state.is_up());
        assert!(state.record_failure(&refused));
    }
}
