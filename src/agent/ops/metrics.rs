//! The metrics of an agent, as Prometheus defines them. Nothing here reads what is
//! measured: each part of the agent sets its own metrics when they change.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
#[cfg(feature = "http")]
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::agent::queue::Depth;
use crate::base::error::ErrorKind;
use crate::register::issue::Timings;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SourceLabel {
    source: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    source: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RetryLabels {
    source: &'static str,
    error: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StageLabel {
    stage: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

/// The upper bounds of the histogram's buckets, in seconds.
const BUCKETS: [f64; 12] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    retries: Family<RetryLabels, Counter>,
    leases_lost: Family<SourceLabel, Counter>,
    queue_errors: Family<SourceLabel, Counter>,
    store_errors: Counter,
    stages: Family<StageLabel, Histogram>,
    reloads: Family<OutcomeLabel, Counter>,
    webhooks: Family<OutcomeLabel, Counter>,
    waiting: Family<SourceLabel, Gauge>,
    held: Family<SourceLabel, Gauge>,
    lag: Family<SourceLabel, Gauge<f64, AtomicU64>>,
    in_hand: Family<SourceLabel, Gauge>,
    queue_up: Family<SourceLabel, Gauge>,
    store_up: Gauge,
    site_up: Gauge,
    ready: Gauge,
    abandoned: Gauge,
    memory: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("testamur"),
            requests: Family::default(),
            retries: Family::default(),
            leases_lost: Family::default(),
            queue_errors: Family::default(),
            store_errors: Counter::default(),
            stages: Family::new_with_constructor(histogram),
            reloads: Family::default(),
            webhooks: Family::default(),
            waiting: Family::default(),
            held: Family::default(),
            lag: Family::default(),
            in_hand: Family::default(),
            queue_up: Family::default(),
            store_up: Gauge::default(),
            site_up: Gauge::default(),
            ready: Gauge::default(),
            abandoned: Gauge::default(),
            memory: Gauge::default(),
        };
        let to = &mut metrics.registry;
        let help = "Requests that were answered";
        to.register("requests", help, metrics.requests.clone());
        let help = "Requests that were returned to their queue";
        to.register("retries", help, metrics.retries.clone());
        let help = "Answers that came after their lease had run out";
        to.register("leases_lost", help, metrics.leases_lost.clone());
        let help = "Failed calls to a queue";
        to.register("queue_errors", help, metrics.queue_errors.clone());
        let help = "Failed calls to the store";
        to.register("store_errors", help, metrics.store_errors.clone());
        let help = "How long the stages of a request take";
        to.register_with_unit("stage", help, Unit::Seconds, metrics.stages.clone());
        let help = "Reloads of the site's files";
        to.register("reloads", help, metrics.reloads.clone());
        let help = "Outcomes for the webhook";
        to.register("webhooks", help, metrics.webhooks.clone());
        let help = "Requests that were not handed out yet";
        to.register("queue_waiting", help, metrics.waiting.clone());
        let help = "Requests that were handed out, to all agents, and not answered";
        to.register("queue_held", help, metrics.held.clone());
        let help = "How far the requests that are handed out lag behind the newest";
        to.register_with_unit("queue_lag", help, Unit::Seconds, metrics.lag.clone());
        let help = "Requests that this agent works on";
        to.register("requests_in_hand", help, metrics.in_hand.clone());
        let help = "Whether the last call to the queue succeeded";
        to.register("queue_up", help, metrics.queue_up.clone());
        let help = "Whether the last call to the store succeeded";
        to.register("store_up", help, metrics.store_up.clone());
        let help = "Whether the site's files on disk are in order, and in use";
        to.register("site_up", help, metrics.site_up.clone());
        let help = "Whether the agent takes requests, as /readyz says";
        to.register("ready", help, metrics.ready.clone());
        let help =
            "Renders that exceeded their deadline and still run; at 16 the agent ends";
        to.register("abandoned_renders", help, metrics.abandoned.clone());
        let help = "Memory of the process, Typst's caches included";
        to.register_with_unit("memory", help, Unit::Bytes, metrics.memory.clone());
        metrics
    }

    pub(crate) fn count_request(&self, source: &'static str, outcome: &'static str) {
        self.requests.get_or_create(&RequestLabels { source, outcome }).inc();
    }

    pub(crate) fn count_retry(&self, source: &'static str, kind: ErrorKind) {
        self.retries.get_or_create(&RetryLabels { source, error: kind.as_str() }).inc();
    }

    pub(crate) fn count_lost_lease(&self, source: &'static str) {
        self.leases_lost.get_or_create(&SourceLabel { source }).inc();
    }

    pub(crate) fn count_queue_error(&self, source: &'static str) {
        self.queue_errors.get_or_create(&SourceLabel { source }).inc();
    }

    pub(crate) fn count_store_error(&self) {
        self.store_errors.inc();
    }

    pub(crate) fn count_reload(&self, outcome: &'static str) {
        self.reloads.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    pub(crate) fn count_webhook(&self, outcome: &'static str) {
        self.webhooks.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    pub(crate) fn observe_stage(&self, stage: &'static str, took: Duration) {
        self.stages.get_or_create(&StageLabel { stage }).observe(took.as_secs_f64());
    }

    /// Observes the stages of issuing, unless nothing had to be made.
    pub(crate) fn observe_timings(&self, timings: &Timings) {
        if *timings != Timings::default() {
            self.observe_stage("render", timings.render);
            self.observe_stage("seal", timings.seal);
            self.observe_stage("publish", timings.publish);
        }
    }

    pub(crate) fn set_depth(&self, source: &'static str, depth: &Depth) {
        let of = SourceLabel { source };
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        if let Some(waiting) = depth.waiting {
            self.waiting.get_or_create(&of).set(whole(waiting));
        }
        if let Some(held) = depth.held {
            self.held.get_or_create(&of).set(whole(held));
        }
        if let Some(lag) = depth.lag {
            self.lag.get_or_create(&of).set(lag.as_secs_f64());
        }
    }

    pub(crate) fn set_in_hand(&self, source: &'static str, in_hand: usize) {
        let in_hand = i64::try_from(in_hand).unwrap_or(i64::MAX);
        self.in_hand.get_or_create(&SourceLabel { source }).set(in_hand);
    }

    pub(crate) fn set_queue_up(&self, source: &'static str, is_up: bool) {
        self.queue_up.get_or_create(&SourceLabel { source }).set(is_up.into());
    }

    pub(crate) fn set_store_up(&self, is_up: bool) {
        self.store_up.set(is_up.into());
    }

    pub(crate) fn set_site_up(&self, is_up: bool) {
        self.site_up.set(is_up.into());
    }

    pub(crate) fn set_ready(&self, is_ready: bool) {
        self.ready.set(is_ready.into());
    }

    pub(crate) fn set_abandoned(&self, renders: usize) {
        self.abandoned.set(i64::try_from(renders).unwrap_or(i64::MAX));
    }

    /// Returns all metrics as text in the format of OpenMetrics 1.0. The memory is that
    /// of the whole process, and is read by this call.
    #[cfg(feature = "http")]
    pub(crate) fn to_text(&self) -> String {
        if let Some(bytes) = resident_memory() {
            self.memory.set(bytes);
        }
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}

/// Returns the resident memory of the process in bytes, if the system tells it.
#[cfg(feature = "http")]
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}
