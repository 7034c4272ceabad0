//! Looks after what is needed, also while there is nothing to do.

use std::sync::Arc;
use std::time::Duration;

use super::shared::Shared;
use super::source::Source;

const EVERY: Duration = Duration::from_secs(5);
/// An id that no certificate has: it would take 2^128 tries.
const NOBODY: &str = "00000000000000000000000000000000";

/// Asks store and queues now and then, until a stop is asked for.
pub(super) fn run(shared: &Shared, sources: &[Arc<Source>]) {
    loop {
        let issuer = shared.issuer();
        let register = issuer.register();
        // A disk that is full, or a right that was taken away, lets us read: whoever could not write
        // is believed when it can.
        let found = match shared.store_is_up() {
            true => register.record(NOBODY).map(drop),
            false => register.check(),
        };
        shared.saw_store(found.as_ref().map(drop));
        for source in sources {
            let depth = source.queue.depth();
            match &depth {
                Ok(Some(depth)) => shared.metrics.depth(source.name, depth),
                Ok(None) => {}
                Err(_) => {}
            }
            source.saw(shared, depth.as_ref().map(drop));
        }
        if shared.closed.wait(EVERY) {
            return;
        }
    }
}

/// The memory that the process has, if the system tells.
pub(super) fn memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
