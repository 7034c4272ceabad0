//! Where requests are worked on: among others, or alone.
//!
//! A request that ends the process takes along all that were in hand with it, and nobody knows which it
//! was. What was in hand too often is therefore worked on alone, so that no other one is blamed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

#[derive(Debug, Default)]
pub(super) struct Room {
    door: RwLock<()>,
    claimed: AtomicBool,
}

/// Somebody works alone, until this is dropped.
#[derive(Debug)]
pub(super) struct Alone<'a> {
    room: &'a Room,
    _door: RwLockWriteGuard<'a, ()>,
}

impl Room {
    /// Comes in, once nobody is alone or waits to be.
    pub(super) fn enter(&self) -> RwLockReadGuard<'_, ()> {
        self.door.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Comes in, once all others are out; not, if somebody else waits for that.
    pub(super) fn enter_alone(&self) -> Option<Alone<'_>> {
        if self.claimed.swap(true, Ordering::Acquire) {
            return None;
        }
        let door = self.door.write().unwrap_or_else(PoisonError::into_inner);
        Some(Alone { room: self, _door: door })
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.room.claimed.store(false, Ordering::Release);
    }
}
