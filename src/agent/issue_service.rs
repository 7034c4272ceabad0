//! The issue service that is in use: another one takes its place when the site's files change.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::press::engine::pool::RenderPool;
use crate::register::issue::IssueService;

/// Holds the current [`IssueService`].
pub(super) struct CurrentIssueService {
    current: RwLock<Arc<IssueService>>,
    /// How many services there were before the current one.
    generation: AtomicUsize,
    /// The abandoned renders of services that were replaced, while they still run.
    abandoned_before: Mutex<Vec<Arc<AtomicUsize>>>,
}

impl CurrentIssueService {
    pub(super) fn new(service: IssueService) -> Self {
        Self {
            current: RwLock::new(Arc::new(service)),
            generation: AtomicUsize::new(0),
            abandoned_before: Mutex::default(),
        }
    }

    /// Puts another service in the place of the current one.
    pub(super) fn replace(&self, service: IssueService) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = self.before();
        before.retain(|count| count.load(Ordering::Acquire) > 0);
        before.push(current.press().abandoned_count());
        *current = Arc::new(service);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns the current service. Work that has begun keeps the one it began with.
    pub(super) fn current(&self) -> Arc<IssueService> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns how many services there were before the current one.
    pub(super) fn generation(&self) -> usize {
        self.generation.load(Ordering::Acquire)
    }

    /// Returns the number of abandoned renders that still run, of all services so far.
    pub(super) fn abandoned(&self) -> usize {
        let before = self.before();
        let before = before.iter().map(|count| count.load(Ordering::Acquire));
        before.sum::<usize>() + self.current().press().abandoned()
    }

    /// Whether so many abandoned renders still run that only a restart frees their threads.
    pub(super) fn has_abandoned_too_many(&self) -> bool {
        self.abandoned() >= RenderPool::MAX_ABANDONED
    }

    fn before(&self) -> MutexGuard<'_, Vec<Arc<AtomicUsize>>> {
        self.abandoned_before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
