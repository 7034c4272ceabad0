//! What is counted and measured, in the words of Prometheus.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::probe::memory;
use super::shared::Shared;
use super::source::Source;
use crate::agent::queue::Depth;
use crate::base::error::ErrorKind;
use crate::register::issue::Timings;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Of {
    source: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    source: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Retry {
    source: &'static str,
    error: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Stage {
    stage: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// In seconds.
const BOUNDS: [f64; 12] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    retries: Family<Retry, Counter>,
    lost: Family<Of, Counter>,
    queue_errors: Family<Of, Counter>,
    pub(super) store_errors: Counter,
    stages: Family<Stage, Histogram>,
    reloads: Family<Outcome, Counter>,
    webhooks: Family<Outcome, Counter>,
    waiting: Family<Of, Gauge>,
    handed_out: Family<Of, Gauge>,
    lag: Family<Of, Gauge<f64, AtomicU64>>,
    in_hand: Family<Of, Gauge>,
    queue_up: Family<Of, Gauge>,
    store_up: Gauge,
    ready: Gauge,
    abandoned: Gauge,
    memory: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("testamur"),
            requests: Family::default(),
            retries: Family::default(),
            lost: Family::default(),
            queue_errors: Family::default(),
            store_errors: Counter::default(),
            stages: Family::new_with_constructor(histogram),
            reloads: Family::default(),
            webhooks: Family::default(),
            waiting: Family::default(),
            handed_out: Family::default(),
            lag: Family::default(),
            in_hand: Family::default(),
            queue_up: Family::default(),
            store_up: Gauge::default(),
            ready: Gauge::default(),
            abandoned: Gauge::default(),
            memory: Gauge::default(),
        };
        let to = &mut metrics.registry;
        to.register("requests", "Requests that were answered", metrics.requests.clone());
        to.register("retries", "Requests that were given back", metrics.retries.clone());
        to.register("leases_lost", "Answers that came too late", metrics.lost.clone());
        let help = "Times that a queue failed";
        to.register("queue_errors", help, metrics.queue_errors.clone());
        let help = "Times that the store failed";
        to.register("store_errors", help, metrics.store_errors.clone());
        let help = "How long the stages of a request take";
        to.register_with_unit("stage", help, Unit::Seconds, metrics.stages.clone());
        to.register(
            "reloads",
            "Times that the site was read anew",
            metrics.reloads.clone(),
        );
        let help = "Outcomes for the webhook";
        to.register("webhooks", help, metrics.webhooks.clone());
        let help = "Requests that nobody has yet";
        to.register("queue_waiting", help, metrics.waiting.clone());
        let help = "Requests that were handed out, to all agents, and not answered";
        to.register("queue_held", help, metrics.handed_out.clone());
        let help = "How far the requests that are handed out lie behind the newest";
        to.register_with_unit("queue_lag", help, Unit::Seconds, metrics.lag.clone());
        let help = "Requests that this agent works on";
        to.register("requests_in_hand", help, metrics.in_hand.clone());
        let help = "Whether the queue answered when it was asked last";
        to.register("queue_up", help, metrics.queue_up.clone());
        let help = "Whether the store answered when it was asked last";
        to.register("store_up", help, metrics.store_up.clone());
        let help = "Whether the agent takes requests, as /readyz says";
        to.register("ready", help, metrics.ready.clone());
        let help = "Renders that did not end; at 4 the agent ends";
        to.register("abandoned_renders", help, metrics.abandoned.clone());
        let help = "Memory of the process, Typst's caches included";
        to.register_with_unit("memory", help, Unit::Bytes, metrics.memory.clone());
        metrics
    }

    pub(super) fn request(&self, source: &'static str, outcome: &'static str) {
        self.requests.get_or_create(&Request { source, outcome }).inc();
    }

    pub(super) fn retry(&self, source: &'static str, kind: ErrorKind) {
        self.retries.get_or_create(&Retry { source, error: kind.as_str() }).inc();
    }

    pub(super) fn lost(&self, source: &'static str) {
        self.lost.get_or_create(&Of { source }).inc();
    }

    pub(super) fn queue_error(&self, source: &'static str) {
        self.queue_errors.get_or_create(&Of { source }).inc();
    }

    pub(super) fn stage(&self, stage: &'static str, took: Duration) {
        self.stages.get_or_create(&Stage { stage }).observe(took.as_secs_f64());
    }

    pub(super) fn timings(&self, timings: &Timings) {
        if *timings != Timings::default() {
            self.stage("render", timings.render);
            self.stage("seal", timings.seal);
            self.stage("publish", timings.publish);
        }
    }

    pub(super) fn reload(&self, outcome: &'static str) {
        self.reloads.get_or_create(&Outcome { outcome }).inc();
    }

    pub(super) fn webhook(&self, outcome: &'static str) {
        self.webhooks.get_or_create(&Outcome { outcome }).inc();
    }

    pub(super) fn depth(&self, source: &'static str, depth: &Depth) {
        let of = Of { source };
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        if let Some(waiting) = depth.waiting {
            self.waiting.get_or_create(&of).set(whole(waiting));
        }
        if let Some(held) = depth.held {
            self.handed_out.get_or_create(&of).set(whole(held));
        }
        if let Some(behind) = depth.behind {
            self.lag.get_or_create(&of).set(behind.as_secs_f64());
        }
    }

    /// All of it as text, in the format of OpenMetrics.
    pub(super) fn text<'a>(
        &self,
        shared: &Shared,
        sources: impl Iterator<Item = &'a Source>,
        ready: bool,
    ) -> String {
        for source in sources {
            let of = Of { source: source.name };
            let in_hand = i64::try_from(source.in_hand()).unwrap_or(i64::MAX);
            self.in_hand.get_or_create(&of).set(in_hand);
            self.queue_up.get_or_create(&of).set(source.is_up().into());
        }
        self.store_up.set(shared.store_is_up().into());
        self.ready.set(ready.into());
        self.abandoned.set(i64::try_from(shared.abandoned()).unwrap_or(i64::MAX));
        if let Some(memory) = memory() {
            self.memory.set(memory);
        }
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}

fn histogram() -> Histogram {
    Histogram::new(BOUNDS)
}
