//! Ends a delivery: answers it, sets it aside, or returns it to its queue.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tracing::Level;

use crate::agent::failure::{is_of_store, log_level, loggable};
use crate::agent::ops::health::Health;
use crate::agent::ops::metrics::Metrics;
use crate::agent::ops::shutdown::Shutdown;
use crate::agent::ops::webhook::Webhook;
use crate::agent::queue::{Answer, Delivery, LeaseState};
use crate::agent::source::RequestSource;
use crate::base::backoff::Backoff;
use crate::base::error::Error;

/// Ends deliveries, and tells the log, the metrics and the webhook of their outcomes.
pub(crate) struct Responder {
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    shutdown: Arc<Shutdown>,
    webhook: Option<Arc<Webhook>>,
}

/// How a delivery is settled for good.
pub(super) enum Settlement<'a> {
    Ack(Answer),
    DeadLetter(&'a Error),
}

impl Responder {
    pub(crate) fn new(
        health: Arc<Health>,
        metrics: Arc<Metrics>,
        shutdown: Arc<Shutdown>,
        webhook: Option<Arc<Webhook>>,
    ) -> Self {
        Self { health, metrics, shutdown, webhook }
    }

    /// Answers a delivery, and tries again until the queue takes the answer or the
    /// agent's time to stop is over: the work is done and must not be lost. The guard of
    /// the quarantine is dropped after the first attempt, so that no other request waits
    /// for the further ones.
    pub(super) fn respond<G>(
        &self,
        source: &RequestSource,
        delivery: &Delivery,
        settlement: Settlement<'_>,
        quarantined: G,
    ) {
        let mut quarantined = Some(quarantined);
        let begun = Instant::now();
        let mut backoff = Backoff::default();
        let lease = loop {
            let result = match &settlement {
                Settlement::Ack(answer) => source.queue.ack(delivery, answer),
                Settlement::DeadLetter(why) => source.queue.dead_letter(delivery, why),
            };
            drop(quarantined.take());
            let error = match result {
                Ok(lease) => break lease,
                Err(error) => error,
            };
            if is_of_store(&error) {
                self.health.record_store(Err(&error));
            } else {
                source.record(Err(&error));
            }
            if self.shutdown.stop.is_overdue() {
                return;
            }
            let pause = backoff.next();
            if self.shutdown.stop.wait(pause) {
                thread::sleep(pause.min(Duration::from_millis(200)));
            }
        };
        source.record(Ok(()));
        self.metrics.observe_stage("answer", begun.elapsed());
        let answer = match settlement {
            Settlement::Ack(answer) => answer,
            Settlement::DeadLetter(why) => Answer::from(why),
        };
        log(source, delivery, &answer);
        self.metrics.count_request(source.name, answer.as_str());
        if lease == LeaseState::Lost {
            self.metrics.count_lost_lease(source.name);
            tracing::warn!(
                source = source.name,
                id = delivery.id(),
                "the request was handed out again before it was answered"
            );
            return;
        }
        if let Some(webhook) = &self.webhook
            && !matches!(answer, Answer::Ignored { .. })
        {
            webhook.enqueue(&answer.to_json(delivery), &self.metrics);
        }
    }

    /// Returns a delivery that failed to its queue, to be handed out again after `pause`.
    pub(super) fn nack(
        &self,
        source: &RequestSource,
        delivery: &Delivery,
        error: &Error,
        pause: Duration,
    ) {
        self.metrics.count_retry(source.name, error.kind());
        let id = delivery.id();
        tracing::debug!(source = source.name, id, %error, "the request is tried again");
        // A failing store is logged once, when it begins to fail.
        if !is_of_store(error) {
            let error = loggable(error);
            tracing::warn!(source = source.name, id, error, "the request is tried again");
        }
        // If this fails, the request is handed out again when its lease runs out.
        if let Err(error) = source.queue.nack(delivery, pause) {
            source.record(Err(&error));
        }
    }
}

/// Logs an outcome. What may name the recipient is logged at the level `debug` alone.
fn log(source: &RequestSource, delivery: &Delivery, answer: &Answer) {
    let (source, id) = (source.name, delivery.id());
    let course = delivery.correlation().course.as_deref();
    let recipient = delivery.correlation().recipient.as_deref();
    let outcome = answer.as_str();
    match answer {
        Answer::Issued { urls, .. } => {
            let certificate = urls.verify_id.as_str();
            tracing::info!(source, id, course, outcome, certificate, "done");
        }
        Answer::Revoked { verify_id } => {
            let certificate = verify_id.as_str();
            tracing::info!(source, id, course, outcome, certificate, "done");
        }
        Answer::NotPassed { why } => {
            tracing::info!(source, id, course, outcome, "done");
            tracing::debug!(source, id, recipient, why, "why there is no certificate");
        }
        Answer::Ignored { why } => {
            tracing::debug!(source, id, course, outcome, why, "done")
        }
        Answer::Failed { kind, message, help, place } => {
            let error = kind.as_str();
            if log_level(*kind) == Level::ERROR {
                tracing::error!(source, id, course, outcome, error, "answered");
            } else {
                tracing::warn!(source, id, course, outcome, error, "answered");
            }
            tracing::debug!(source, id, recipient, message, help, place, "why it failed");
        }
    }
}
