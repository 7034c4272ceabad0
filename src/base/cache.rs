//! A cache of values that all threads share.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::error::Result;

/// Values by key, made when they are first needed. An error is not kept: the next call makes the
/// value again, because its cause may be gone.
#[derive(Debug)]
pub(crate) struct Cache<K, V>(Mutex<HashMap<K, Arc<V>>>);

impl<K: Eq + Hash, V> Cache<K, V> {
    /// Returns the value of `key`, and makes it if there is none.
    ///
    /// No lock is held while a value is made. If two threads make the same one, both get the first
    /// that is finished.
    pub(crate) fn get(&self, key: K, make: impl FnOnce() -> Result<V>) -> Result<Arc<V>> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = lock().get(&key) {
            return Ok(value.clone());
        }
        let value = Arc::new(make()?);
        Ok(lock().entry(key).or_insert(value).clone())
    }
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
