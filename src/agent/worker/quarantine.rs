//! Whether requests are worked on side by side or one alone.
//!
//! A request that ends the process takes along all others in hand, and nothing tells which of them
//! it was. A request that was in hand too often is therefore worked on alone, so that the others
//! are not suspected with it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Lets many threads work at once, or one alone.
#[derive(Debug, Default)]
pub(crate) struct Quarantine {
    access: RwLock<()>,
    /// Whether a thread is alone or waits for it.
    exclusive: AtomicBool,
}

/// No other thread works until this is dropped.
#[derive(Debug)]
pub(super) struct ExclusiveGuard<'a> {
    quarantine: &'a Quarantine,
    _access: RwLockWriteGuard<'a, ()>,
}

impl Quarantine {
    /// Waits until no thread is alone or waits for it, and works beside others.
    pub(super) fn shared(&self) -> RwLockReadGuard<'_, ()> {
        self.access.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until all others are done, and works alone. None if another thread is alone or waits
    /// for it.
    pub(super) fn exclusive(&self) -> Option<ExclusiveGuard<'_>> {
        if self.exclusive.swap(true, Ordering::Acquire) {
            return None;
        }
        let access = self.access.write().unwrap_or_else(PoisonError::into_inner);
        Some(ExclusiveGuard { quarantine: self, _access: access })
    }
}

impl Drop for ExclusiveGuard<'_> {
    fn drop(&mut self) {
        self.quarantine.exclusive.store(false, Ordering::Release);
    }
}
