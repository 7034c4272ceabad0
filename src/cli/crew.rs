//! Many jobs at once: a crew of threads, a bar, and a stop that loses nothing.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::{Failure, report};

/// As many threads as there are cores, times this, for jobs that also wait.
pub(crate) const WAITING: usize = 8;

/// Whether somebody asked the program to stop.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// A stop that Ctrl-C and SIGTERM ask for, which is then said. Asked twice, the program ends at
    /// once.
    pub(crate) fn on_signal() -> Result<Self, Failure> {
        Self::on_signal_with(|| {
            report::line("stopping: what has begun is finished first");
        })
    }

    /// The same for a program that has another way to say it.
    pub(crate) fn on_signal_with(tell: fn()) -> Result<Self, Failure> {
        let stop = Self::default();
        let flag = stop.clone();
        ctrlc::set_handler(move || {
            if flag.0.swap(true, Ordering::Relaxed) {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "whoever asks twice does not want to wait"
                )]
                std::process::exit(130);
            }
            tell();
        })
        .map_err(|error| {
            Failure::new(format!("failed to listen for Ctrl-C ({error})"))
        })?;
        Ok(stop)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Does the jobs, `per_core` at once on each core, and tells each result as it comes. Gives how
/// many were done; not all, if a stop was asked for.
pub(crate) fn work<J: Sync, R>(
    jobs: &[J],
    per_core: usize,
    stop: &Stop,
    run: impl Fn(&J) -> R + Sync,
    tell: impl FnMut(usize, R) + Send,
) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let bar = report::progress(jobs.len());
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let tell = Mutex::new(tell);
    thread::scope(|scope| {
        for _ in 0..(cores * per_core).min(jobs.len()) {
            scope.spawn(|| {
                while !stop.is_asked() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { break };
                    let result = run(job);
                    let mut tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
                    bar.suspend(|| tell(index, result));
                    done.fetch_add(1, Ordering::Relaxed);
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    done.into_inner()
}
