//! How long to wait before an attempt is repeated: exponential back-off with jitter, so that
//! several agents do not repeat theirs at the same time.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

/// The upper bound of the wait after the first failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(400);
/// The upper bound of every wait.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How long to wait after that many earlier failures: between half and all of a time that begins
/// with `first` and doubles up to `max`, at random.
pub(crate) fn wait(first: Duration, max: Duration, failures: u32) -> Duration {
    let full = first.saturating_mul(1 << failures.min(16)).min(max);
    let random = RandomState::new().build_hasher().finish() % 1000;
    full / 2 + (full / 2).mul_f64(random as f64 / 1000.0)
}

/// The number of failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    /// Counts a failure, and returns how long to wait now.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = wait(FIRST_WAIT, MAX_WAIT, self.0);
        self.0 = self.0.saturating_add(1);
        wait
    }

    /// Ends the row of failures after a success.
    pub(crate) fn reset(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_grows_up_to_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..20).map(|_| backoff.next()).collect();
        assert!(waits[0] <= FIRST_WAIT && waits[0] >= FIRST_WAIT / 2);
        assert!(waits[5] > waits[0]);
        assert!(waits.iter().all(|wait| *wait <= MAX_WAIT));
        assert!(waits[19] >= MAX_WAIT / 2);
        backoff.reset();
        assert!(backoff.next() <= FIRST_WAIT);
    }
}
