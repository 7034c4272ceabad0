//! The threads that renders run on.
//!
//! Takes closures, gives their results within a deadline. Typst needs a deep stack and distributes
//! work over the rayon pool that it runs in, so each worker is a rayon pool of one thread with a
//! stack of 16 MiB. A render cannot be stopped from outside: one that exceeds its deadline is
//! abandoned, its thread gets the lowest priority and its worker is replaced. While too many
//! abandoned threads still run, the pool takes no more work. The pool alone evicts entries from
//! Typst's caches, which belong to the process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::base::error::{Error, ErrorKind, Result};

/// A fixed number of render workers.
#[derive(Debug)]
pub(crate) struct RenderPool {
    /// `None` stands for a worker whose thread could not be started: the job that takes
    /// it tries again.
    idle: Mutex<Vec<Option<ThreadPool>>>,
    start: fn() -> Result<ThreadPool>,
    freed: Condvar,
    deadline: Duration,
    abandoned: Arc<AtomicUsize>,
    done: AtomicUsize,
}

/// The state of a render, by which its end and its deadline agree on which came first.
#[derive(Debug, Default)]
struct RenderState {
    step: AtomicU8,
    thread: Mutex<Option<ThreadId>>,
}

impl RenderState {
    const RUNNING: u8 = 0;
    const DONE: u8 = 1;
    const ABANDONED: u8 = 2;

    /// Marks the end of the render. Returns whether it was abandoned before.
    fn end(&self) -> bool {
        self.step.swap(Self::DONE, Ordering::AcqRel) == Self::ABANDONED
    }

    /// Abandons the render. Returns whether it still runs; its thread then has the lowest
    /// priority.
    fn abandon(&self) -> bool {
        let abandoned = self.step.compare_exchange(
            Self::RUNNING,
            Self::ABANDONED,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if abandoned.is_ok() {
            let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
            thread.iter().for_each(ThreadId::yield_to_others);
        }
        abandoned.is_ok()
    }

    fn begin(&self) {
        let thread = ThreadId::current();
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = thread;
    }
}

/// A thread, by the operating system's number for it.
#[derive(Debug)]
struct ThreadId(#[cfg(target_os = "linux")] rustix::process::Pid);

#[cfg(target_os = "linux")]
impl ThreadId {
    fn current() -> Option<Self> {
        Some(Self(rustix::thread::gettid()))
    }

    /// Gives the thread the lowest priority. If the system refuses that, other threads
    /// are only slower.
    fn yield_to_others(&self) {
        // On Linux each thread has a priority of its own (setpriority(2)).
        let _ = rustix::process::setpriority_process(Some(self.0), 19);
    }
}

#[cfg(not(target_os = "linux"))]
impl ThreadId {
    fn current() -> Option<Self> {
        None
    }

    fn yield_to_others(&self) {}
}

impl RenderPool {
    /// The stack of a worker, in bytes.
    const STACK_SIZE: usize = 16 << 20;
    /// The number of abandoned renders that still run from which the pool is unhealthy:
    /// the memory of each is unbounded.
    pub(crate) const MAX_ABANDONED: usize = 16;
    /// After how many renders Typst's caches are evicted. Together with
    /// [`EVICT_AGE`](Self::EVICT_AGE) this drops results that twenty renders in a row did
    /// not use. Certificates of one layout still find all that they share; keeping
    /// results longer would take memory and save no time.
    const EVICT_INTERVAL: usize = 10;
    /// How many evictions in a row an unused result survives.
    const EVICT_AGE: usize = 1;

    /// Starts `workers` threads.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the operating system refuses a thread.
    pub(crate) fn start(workers: usize, deadline: Duration) -> Result<Self> {
        Self::start_with(workers, deadline, worker)
    }

    fn start_with(
        workers: usize,
        deadline: Duration,
        start: fn() -> Result<ThreadPool>,
    ) -> Result<Self> {
        let workers = (0..workers.max(1)).map(|_| start().map(Some));
        Ok(Self {
            idle: Mutex::new(workers.collect::<Result<_>>()?),
            start,
            freed: Condvar::new(),
            deadline,
            abandoned: Arc::default(),
            done: AtomicUsize::new(0),
        })
    }

    /// Runs a job on a worker and waits for it. `what` names it in errors.
    ///
    /// # Errors
    /// [`ErrorKind::Panic`], [`ErrorKind::Deadline`], [`ErrorKind::Unhealthy`]; [`ErrorKind::Io`]
    /// when the operating system refuses a thread in the place of an abandoned one; or the job's
    /// own.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        what: &str,
        job: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let abandoned = self.abandoned();
        if abandoned >= Self::MAX_ABANDONED {
            return Err(Error::new(
                ErrorKind::Unhealthy,
                format!("{abandoned} renders were given up and still run"),
            )
            .with_help("find the layout that does not end, then restart the program"));
        }
        let worker = self.take()?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let state = Arc::new(RenderState::default());
        let (inside, still_running) = (state.clone(), self.abandoned.clone());
        worker.spawn(move || {
            inside.begin();
            let outcome = catch_unwind(AssertUnwindSafe(job));
            // An abandoned job has no receiver, and its result is not needed.
            let _ = sender.send(outcome);
            if inside.end() {
                still_running.fetch_sub(1, Ordering::AcqRel);
            }
        });
        let outcome = match receiver.recv_timeout(self.deadline) {
            Ok(outcome) => Some(outcome),
            Err(_) => {
                // Counted before the thread may see that it was abandoned.
                self.abandoned.fetch_add(1, Ordering::AcqRel);
                if state.abandon() {
                    None
                } else {
                    self.abandoned.fetch_sub(1, Ordering::AcqRel);
                    receiver.recv().ok()
                }
            }
        };
        match outcome {
            Some(outcome) => {
                self.evict();
                self.give_back(Some(worker));
                outcome.unwrap_or_else(|payload| Err(panicked(what, &*payload)))
            }
            None => {
                // The thread runs until the job ends. A new worker takes its place now
                // or, if none can be started, before the next job.
                drop(worker);
                self.give_back((self.start)().ok());
                Err(Error::new(
                    ErrorKind::Deadline,
                    format!(
                        "the render of {what} took longer than {} s and was given up",
                        self.deadline.as_secs_f64()
                    ),
                )
                .with_help(
                    "look for a loop in the layout that does not end, or raise \
                     `render.deadline`",
                ))
            }
        }
    }

    /// How many abandoned renders still run.
    pub(crate) fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::Acquire)
    }

    /// The count of [`abandoned`](Self::abandoned), which outlives the pool as its threads do.
    #[cfg(feature = "agent")]
    pub(crate) fn abandoned_count(&self) -> Arc<AtomicUsize> {
        self.abandoned.clone()
    }

    fn evict(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed);
        if done % Self::EVICT_INTERVAL == Self::EVICT_INTERVAL - 1 {
            comemo::evict(Self::EVICT_AGE);
        }
    }

    /// Takes an idle worker, waiting for one if all are busy.
    fn take(&self) -> Result<ThreadPool> {
        let mut idle = self.lock();
        let place = loop {
            if let Some(place) = idle.pop() {
                break place;
            }
            idle = self.freed.wait(idle).unwrap_or_else(PoisonError::into_inner);
        };
        drop(idle);
        place.map_or_else(self.start, Ok).inspect_err(|_| self.give_back(None))
    }

    fn give_back(&self, worker: Option<ThreadPool>) {
        self.lock().push(worker);
        self.freed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<ThreadPool>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn worker() -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(1)
        .stack_size(RenderPool::STACK_SIZE)
        .thread_name(|_| "testamur-render".to_owned())
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::Io, "failed to start a render thread")
                .with_source(error)
        })
}

fn panicked(what: &str, payload: &(dyn std::any::Any + Send)) -> Error {
    let message = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Error::new(ErrorKind::Panic, format!("the render of {what} panicked ({message})"))
        .with_help("this is a fault of the program: please report it with the layout")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn panic_fails_only_its_own_job() {
        let pool = RenderPool::start(1, Duration::from_secs(10)).expect("a thread");
        let error = pool.run("a", || -> Result<()> { panic!("oh") }).expect_err("panics");
        assert_eq!(error.kind(), ErrorKind::Panic);
        assert_eq!(error.message(), "the render of a panicked (oh)");
        assert_eq!(pool.run("b", || Ok(1)).expect("the worker lives"), 1);
    }

    #[test]
    fn refused_thread_is_started_by_a_later_job() {
        static REFUSES: AtomicBool = AtomicBool::new(false);
        let start = || {
            if REFUSES.load(Ordering::SeqCst) {
                Err(Error::new(ErrorKind::Io, "no threads are left"))
            } else {
                worker()
            }
        };
        let deadline = Duration::from_millis(200);
        let pool = RenderPool::start_with(1, deadline, start).expect("a thread");
        REFUSES.store(true, Ordering::SeqCst);
        let (end, wait) = mpsc::channel::<()>();
        let abandoned = pool.run("a", move || Ok(wait.recv().is_ok()));
        assert_eq!(abandoned.expect_err("never ends").kind(), ErrorKind::Deadline);
        for _ in 0..3 {
            let refused = pool.run("b", || Ok(())).expect_err("there is no thread");
            assert_eq!(refused.message(), "no threads are left");
        }
        REFUSES.store(false, Ordering::SeqCst);
        assert_eq!(pool.run("c", || Ok(1)).expect("a thread is started"), 1);
        drop(end);
    }

    #[test]
    fn abandoned_jobs_count_while_they_run() {
        let pool = RenderPool::start(1, Duration::from_millis(1)).expect("a thread");
        let (end, wait) = mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        for count in 1..=RenderPool::MAX_ABANDONED {
            let wait = wait.clone();
            let error = pool
                .run("a", move || {
                    let _ = wait.lock().map(|wait| wait.recv());
                    Ok(())
                })
                .expect_err("never ends");
            assert_eq!(error.kind(), ErrorKind::Deadline);
            assert_eq!(pool.abandoned(), count);
        }
        assert_eq!(
            pool.run("b", || Ok(())).expect_err("unhealthy").kind(),
            ErrorKind::Unhealthy
        );
        drop(end);
        while pool.abandoned() > 0 {
            std::thread::yield_now();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn abandoned_thread_has_the_lowest_priority() {
        let pool = RenderPool::start(1, Duration::from_millis(50)).expect("a thread");
        let (tell, told) = mpsc::channel();
        let (end, wait) = mpsc::channel::<()>();
        let abandoned = pool.run("a", move || {
            let priority = || {
                let this = rustix::thread::gettid();
                rustix::process::getpriority_process(Some(this)).unwrap()
            };
            let before = priority();
            let _ = wait.recv();
            let _ = tell.send((before, priority()));
            Ok(())
        });
        assert_eq!(abandoned.unwrap_err().kind(), ErrorKind::Deadline);
        drop(end);
        let (before, after) = told.recv().unwrap();
        assert!(before < 19 && after == 19, "{before} {after}");
        let other = rustix::process::getpriority_process(Some(rustix::thread::gettid()));
        assert!(other.unwrap() < 19);
    }
}
