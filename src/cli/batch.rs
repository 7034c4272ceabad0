//! Runs many jobs at once, on several threads and with a progress bar, until they are done or the
//! user asks to stop. A job that has begun is always finished.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::console;
use super::exit::Failure;
use super::signals;
pub(crate) use crate::register::batch::WAITING_PER_CORE;
use crate::register::batch::run_jobs;

/// Jobs at once for each core, where a job computes all the time.
pub(crate) const COMPUTING_PER_CORE: usize = 1;

/// Whether the user or the operating system asked the program to stop.
#[derive(Clone, Default)]
pub(crate) struct StopSignal(Arc<AtomicBool>);

impl StopSignal {
    /// Listens for Ctrl-C and SIGTERM, and calls `tell` at the first of them. The second ends the
    /// program at once.
    pub(crate) fn listen(tell: fn()) -> Result<Self, Failure> {
        Self::listen_for(tell, None)
    }

    /// Listens as [`listen`](Self::listen) does, but SIGHUP asks for a reload: it sets the flag.
    #[cfg(feature = "http")]
    pub(crate) fn listen_and_reload(reload: Arc<AtomicBool>) -> Result<Self, Failure> {
        Self::listen_for(|| {}, Some(reload))
    }

    fn listen_for(tell: fn(), reload: Option<Arc<AtomicBool>>) -> Result<Self, Failure> {
        let signal = Self::default();
        let flag = signal.clone();
        signals::listen(reload, move || {
            if flag.0.swap(true, Ordering::Relaxed) {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "a second signal means that the user does not want to wait"
                )]
                std::process::exit(130);
            }
            tell();
        })
        .map_err(|error| {
            Failure::new(format!("failed to listen for Ctrl-C ({error})"))
        })?;
        Ok(signal)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs the jobs, `per_core` at once on each core, and calls `report` with the index and the result
/// of each as it is done. Returns how many were done: fewer than all only after a stop signal.
pub(crate) fn run<J: Sync, R>(
    jobs: &[J],
    per_core: usize,
    stop: &StopSignal,
    run: impl Fn(&J) -> R + Sync,
    report: impl FnMut(usize, R) + Send,
) -> usize {
    let run = |index, job: &J| vec![(index, run(job))];
    run_together(jobs, per_core, stop, run, Vec::new, report)
}

/// Like [`run`], for jobs that end together: `run` returns the index and the result of each that is
/// done by then, and `finish` those of the rest.
pub(crate) fn run_together<J: Sync, R>(
    jobs: &[J],
    per_core: usize,
    stop: &StopSignal,
    run: impl Fn(usize, &J) -> Vec<(usize, R)> + Sync,
    finish: impl FnOnce() -> Vec<(usize, R)>,
    mut report: impl FnMut(usize, R) + Send,
) -> usize {
    let bar = console::progress_bar(jobs.len());
    let tell = |index, result| {
        bar.suspend(|| report(index, result));
        bar.inc(1);
    };
    let done = run_jobs(jobs, per_core, || stop.is_set(), run, finish, tell);
    bar.finish_and_clear();
    done
}
