//! The issue service that is in use: another one takes its place when the site's files change.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::press::engine::pool::RenderPool;
use crate::register::issue::IssueService;

/// Holds the current [`IssueService`].
pub(super) struct CurrentIssueService {
    current: RwLock<Arc<IssueService>>,
    /// Abandoned renders of the services that were replaced.
    abandoned_before: AtomicUsize,
}

impl CurrentIssueService {
    pub(super) fn new(service: IssueService) -> Self {
        Self {
            current: RwLock::new(Arc::new(service)),
            abandoned_before: AtomicUsize::new(0),
        }
    }

    /// Puts another service in the place of the current one.
    pub(super) fn replace(&self, service: IssueService) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        self.abandoned_before.fetch_add(current.press().abandoned(), Ordering::Relaxed);
        *current = Arc::new(service);
    }

    /// Returns the current service. Work that has begun keeps the one it began with.
    pub(super) fn current(&self) -> Arc<IssueService> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the number of renders that exceeded their deadline, of all services so far; their
    /// threads may still be running.
    pub(super) fn abandoned(&self) -> usize {
        self.abandoned_before.load(Ordering::Relaxed) + self.current().press().abandoned()
    }

    /// Whether so many renders were abandoned that only a restart frees their threads.
    pub(super) fn has_abandoned_too_many(&self) -> bool {
        self.abandoned() >= RenderPool::MAX_ABANDONED
    }
}
