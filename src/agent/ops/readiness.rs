//! Whether the agent can do its work: each of its parts sets and clears its own reason
//! why not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::metrics::Metrics;

/// Why an agent cannot do its work, in the words of `/readyz`. The order is that of the
/// answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unready {
    /// Too many renders do not end.
    Unhealthy,
    Stopping,
    Store,
    /// Keys, signer and TSA.
    Seal,
    /// The machine itself, above all its clock.
    Machine,
    Queue,
    Http,
}

impl Unready {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Unready::Unhealthy => "unhealthy",
            Unready::Stopping => "stopping",
            Unready::Store => "store",
            Unready::Seal => "seal",
            Unready::Machine => "machine",
            Unready::Queue => "queue",
            Unready::Http => "http",
        }
    }
}

/// The reasons that hold now, and what has to be mended although the agent works.
pub(crate) struct Readiness {
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Sorted.
    reasons: Vec<Unready>,
    /// Whether the site's files on disk have errors, so that the agent still uses the
    /// files it read before.
    is_site_faulty: bool,
}

impl Readiness {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        metrics.set_ready(true);
        metrics.set_site_up(true);
        Self { metrics, state: Mutex::default() }
    }

    /// Sets whether a reason holds.
    pub(crate) fn set(&self, reason: Unready, holds: bool) {
        let mut state = self.state();
        match state.reasons.binary_search(&reason) {
            Err(place) if holds => state.reasons.insert(place, reason),
            Ok(place) if !holds => drop(state.reasons.remove(place)),
            _ => {}
        }
        self.metrics.set_ready(state.reasons.is_empty());
    }

    pub(crate) fn set_site_faulty(&self, is_faulty: bool) {
        self.state().is_site_faulty = is_faulty;
        self.metrics.set_site_up(!is_faulty);
    }

    /// Returns the reasons why the agent cannot do its work; none if it is ready.
    pub(crate) fn reasons(&self) -> Vec<&'static str> {
        self.state().reasons.iter().map(|reason| reason.as_str()).collect()
    }

    /// Returns what has to be mended although the agent does its work, in the words of
    /// `/readyz`.
    pub(crate) fn faults(&self) -> Vec<&'static str> {
        if self.state().is_site_faulty { vec!["site"] } else { Vec::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
