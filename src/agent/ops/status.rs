//! What an operator asks of an agent: whether it is ready, and its metrics. The parts set their own
//! metrics; what follows from several of them, or from the process, is set when it is asked.

use std::sync::Arc;

use super::health::Health;
use super::metrics::Metrics;
use super::shutdown::Shutdown;
use crate::agent::issue_service::CurrentIssueService;
use crate::agent::source::RequestSource;

/// The parts of an agent that an operator sees.
pub(crate) struct Status {
    pub(crate) issue_service: Arc<CurrentIssueService>,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) shutdown: Arc<Shutdown>,
    pub(crate) sources: Vec<Arc<RequestSource>>,
}

impl Status {
    /// Returns what keeps the agent from doing its work, by the words of `/readyz`; none if it is
    /// ready.
    pub(crate) fn unready_reasons(&self) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        if self.shutdown.is_unhealthy() || self.issue_service.has_abandoned_too_many() {
            reasons.push("unhealthy");
        }
        if self.shutdown.stop.is_requested() {
            reasons.push("stopping");
        }
        reasons.extend(self.health.unready_reasons());
        let sources = self.sources.iter();
        reasons.extend(sources.filter(|it| !it.is_up()).map(|source| source.name));
        reasons
    }

    /// Returns what is to be mended although the agent does its work, by the words of `/readyz`.
    pub(crate) fn faults(&self) -> Vec<&'static str> {
        if self.health.is_site_faulty() { vec!["site"] } else { Vec::new() }
    }

    /// Returns all metrics as text in the format of OpenMetrics 1.0, the gauges as of now.
    pub(crate) fn metrics_page(&self) -> String {
        let metrics = &self.metrics;
        metrics.set_ready(self.unready_reasons().is_empty());
        metrics.set_abandoned(self.issue_service.abandoned());
        if let Some(bytes) = resident_memory() {
            metrics.set_memory(bytes);
        }
        metrics.to_text()
    }
}

/// Returns the resident memory of the process in bytes, if the system tells it.
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
