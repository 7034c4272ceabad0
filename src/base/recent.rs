//! A bounded cache of recent results that are cheap to compute again.
//!
//! The decision made here: results are kept in two generations. When the young one is full, the old
//! one is dropped and the young one becomes old, so the order of uses need not be recorded. Two
//! threads may compute the same result; [`Cache`](super::cache::Cache) computes a value once, and
//! others wait.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Results by key, each of which is cheap to clone.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    generations: Mutex<[HashMap<K, V>; 2]>,
    max: usize,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// An empty cache of at most `max` results in each of two generations.
    pub(crate) fn new(max: usize) -> Self {
        Self { generations: Mutex::default(), max }
    }

    /// The result of a key, if it is remembered.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut generations = self.lock();
        let [young, old] = &mut *generations;
        if let Some(value) = young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = old.remove_entry(key)?;
        self.keep(&mut generations, key, value.clone());
        Some(value)
    }

    /// Remembers a result.
    pub(crate) fn insert(&self, key: K, value: V) {
        self.keep(&mut self.lock(), key, value);
    }

    fn keep(&self, generations: &mut [HashMap<K, V>; 2], key: K, value: V) {
        let [young, old] = generations;
        if young.len() >= self.max {
            *old = std::mem::take(young);
        }
        young.insert(key, value);
    }

    fn lock(&self) -> MutexGuard<'_, [HashMap<K, V>; 2]> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_in_use_are_kept_and_the_number_is_bounded() {
        let recent = Recent::new(10);
        for number in 0..1000 {
            recent.insert(number, number);
            assert_eq!(recent.get(&0), Some(0), "it is asked for each time");
            assert_eq!(recent.get(&number), Some(number));
        }
        let lengths = recent.lock().each_ref().map(HashMap::len);
        assert!(lengths.iter().all(|length| *length <= 10), "{lengths:?}");
        assert_eq!(recent.get(&500), None);
    }
}
