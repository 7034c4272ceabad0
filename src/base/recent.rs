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
    generations: Mutex<Generations<K, V>>,
    max: usize,
    max_weight: usize,
    weigh: fn(&V) -> usize,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// The weight of all results in the young generation together.
    weight: usize,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// An empty cache of at most `max` results in each of two generations.
    pub(crate) fn new(max: usize) -> Self {
        Self::with_weights(max, usize::MAX, |_| 0)
    }

    /// An empty cache of at most `max` results in each of two generations, which in each weigh at
    /// most `max_weight` together. A result that weighs more is the only one of its generation.
    pub(crate) fn with_weights(
        max: usize,
        max_weight: usize,
        weigh: fn(&V) -> usize,
    ) -> Self {
        let generations =
            Generations { young: HashMap::new(), old: HashMap::new(), weight: 0 };
        Self { generations: Mutex::new(generations), max, max_weight, weigh }
    }

    /// The result of a key, if it is remembered.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut generations = self.lock();
        if let Some(value) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = generations.old.remove_entry(key)?;
        self.keep(&mut generations, key, value.clone());
        Some(value)
    }

    /// Remembers a result.
    pub(crate) fn insert(&self, key: K, value: V) {
        self.keep(&mut self.lock(), key, value);
    }

    fn keep(&self, generations: &mut Generations<K, V>, key: K, value: V) {
        let weight = (self.weigh)(&value);
        let is_full = generations.young.len() >= self.max
            || generations.weight.saturating_add(weight) > self.max_weight;
        if is_full && !generations.young.is_empty() {
            generations.old = std::mem::take(&mut generations.young);
            generations.weight = 0;
        }
        generations.weight = generations.weight.saturating_add(weight);
        if let Some(before) = generations.young.insert(key, value) {
            generations.weight -= (self.weigh)(&before);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations<K, V>> {
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
        let generations = recent.lock();
        let lengths = [generations.young.len(), generations.old.len()];
        assert!(lengths.iter().all(|length| *length <= 10), "{lengths:?}");
        drop(generations);
        assert_eq!(recent.get(&500), None);
    }

    #[test]
    fn weight_of_the_results_is_bounded() {
        let recent = Recent::with_weights(10, 100, |weight: &usize| *weight);
        let kept = |recent: &Recent<usize, usize>| {
            let generations = recent.lock();
            [&generations.young, &generations.old].map(|it| it.values().sum::<usize>())
        };
        for key in 0..100 {
            recent.insert(key % 7, 40);
            recent.insert(key % 7, 30);
            assert!(kept(&recent).iter().all(|weight| *weight <= 100));
        }
        recent.insert(200, 1000);
        assert_eq!((kept(&recent)[0], recent.get(&200)), (1000, Some(1000)));
        recent.insert(201, 1);
        recent.insert(202, 99);
        recent.insert(203, 1);
        assert_eq!(recent.get(&200), None, "a heavy one goes like any other");
    }
}
