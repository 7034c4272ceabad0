//! Many jobs at once, on several threads, until they are done or the user asks to stop. A job that has
//! begun is always finished.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Jobs at once for each core, where a job also waits for a store or the network.
pub(crate) const WAITING_PER_CORE: usize = 8;

/// Runs the jobs, `per_core` at once on each core, and calls `report` with the index and the result
/// of each as it is done. `run` returns the index and the result of each job that is done by then,
/// and `finish` those of the rest. Returns how many were done: fewer than all only if it was
/// stopped.
pub(crate) fn run_jobs<J: Sync, R>(
    jobs: &[J],
    per_core: usize,
    is_stopped: impl Fn() -> bool + Sync,
    run: impl Fn(usize, &J) -> Vec<(usize, R)> + Sync,
    finish: impl FnOnce() -> Vec<(usize, R)>,
    report: impl FnMut(usize, R) + Send,
) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let report = Mutex::new(report);
    let tell = |results: Vec<(usize, R)>| {
        let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, result) in results {
            report(index, result);
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 0..(cores * per_core).min(jobs.len()) {
            scope.spawn(|| {
                while !is_stopped() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { break };
                    tell(run(index, job));
                }
            });
        }
    });
    tell(finish());
    done.into_inner()
}
