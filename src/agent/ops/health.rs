//! The health of what every request needs besides its queue: the store, the seal, the machine.

use std::sync::Arc;

use super::availability::Availability;
use super::metrics::Metrics;
use super::readiness::{Readiness, Unready};
use crate::agent::failure::{is_of_seal, is_of_store, loggable};
use crate::agent::queue::Answer;
use crate::base::error::{Error, ErrorKind};

/// The dependencies of an agent's work, each by its last answer.
pub(crate) struct Health {
    metrics: Arc<Metrics>,
    store: Availability,
    seal: Availability,
    machine: Availability,
}

impl Health {
    pub(crate) fn new(metrics: Arc<Metrics>, readiness: &Arc<Readiness>) -> Self {
        metrics.set_store_up(true);
        let of = |reason| Availability::new(readiness.clone(), reason);
        Self {
            metrics,
            store: of(Unready::Store),
            seal: of(Unready::Seal),
            machine: of(Unready::Machine),
        }
    }

    pub(crate) fn is_store_up(&self) -> bool {
        self.store.is_up()
    }

    /// Records an answer of the store; other errors than the store's are ignored. A change is
    /// logged.
    pub(crate) fn record_store(&self, result: Result<(), &Error>) {
        match result {
            Ok(()) => {
                if self.store.record_success() {
                    self.metrics.set_store_up(true);
                    tracing::info!("the store answers again");
                }
            }
            Err(error) if is_of_store(error) => {
                self.metrics.count_store_error();
                self.metrics.set_store_up(false);
                if self.store.record_failure(error) {
                    let error = loggable(error);
                    tracing::error!(error, "the store fails: requests wait for it");
                }
            }
            Err(_) => {}
        }
    }

    /// Records what the result of a request's work shows of each dependency. A change is logged.
    pub(crate) fn record_work(&self, result: Result<&Answer, &Error>) {
        match result {
            Ok(answer) => {
                self.machine.record_success();
                // Work that only read does not show that the store takes files, or that keys sign.
                let has_written = answer.is_change();
                if has_written {
                    self.record_store(Ok(()));
                }
                if has_written
                    && matches!(answer, Answer::Issued { .. })
                    && self.seal.record_success()
                {
                    tracing::info!("certificates are sealed again");
                }
            }
            Err(error) if is_of_seal(error) => {
                if self.seal.record_failure(error) {
                    let error = loggable(error);
                    tracing::error!(error, "nothing can be sealed: requests wait for it");
                }
            }
            Err(error) if error.kind() == ErrorKind::Io => {
                self.machine.record_failure(error);
            }
            Err(error) => self.record_store(Err(error)),
        }
    }
}
