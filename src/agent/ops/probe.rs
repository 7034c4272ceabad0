//! Checks the store and the queues at intervals, and keeps the CRL of the root
//! certificate current, also while there are no requests.

use std::sync::Arc;
use std::time::Duration;

use super::health::Health;
use super::metrics::Metrics;
use super::shutdown::Shutdown;
use crate::agent::clock::Clock;
use crate::agent::issue_service::CurrentIssueService;
use crate::agent::source::RequestSource;
use crate::base::digits::CertificateId;

const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// Probes the store and the queues until all work has ended.
pub(crate) fn run(
    issue_service: &CurrentIssueService,
    health: &Health,
    metrics: &Metrics,
    sources: &[Arc<RequestSource>],
    clock: &dyn Clock,
    shutdown: &Shutdown,
) {
    loop {
        let issuer = issue_service.current();
        let register = issuer.register();
        // A store whose disk is full or whose right to write is missing can still be read: once a
        // write has failed, only a successful write shows that the store is up again.
        let probed = if health.is_store_up() {
            // No certificate has this id: a random one equals it with a probability of
            // 2^-128.
            register.record(&CertificateId::nil()).map(drop)
        } else {
            register.check()
        };
        health.record_store(probed.as_ref().map(drop));
        // Renew the CRL also while there are no requests.
        if let Err(error) = clock.read().and_then(|it| issuer.refresh_crl(it.now)) {
            tracing::warn!("the revocation list of the root is not renewed: {error:#}");
        }
        // Abandoned renders may end while no request comes.
        metrics.set_abandoned(issue_service.abandoned());
        for source in sources {
            source.probe();
        }
        if shutdown.closed.wait(PROBE_INTERVAL) {
            return;
        }
    }
}
