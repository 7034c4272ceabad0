//! A bounded cache of values that all threads share.
//!
//! The decision made here: each value is made by one thread. The first thread that asks for a key
//! makes the value, without holding the lock; others that ask meanwhile wait for it, and share its
//! error. If it panics, one of them makes the value instead.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::base::error::{Error, Result};

/// How many values a cache keeps unless its owner says otherwise: the layouts of a large site, or
/// their sentences in all languages.
const DEFAULT_MAX_VALUES: usize = 512;

/// Values by key, made when they are first needed. An error is not kept: the next call makes the
/// value again, because its cause may be gone. The value that was not used for the longest time
/// makes room for a new one.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    entries: Mutex<Entries<K, V>>,
    max_values: usize,
    max_weight: usize,
    weigh: fn(&V) -> usize,
}

#[derive(Debug)]
struct Entries<K, V> {
    by_key: HashMap<K, Entry<V>>,
    /// The weight of all values together.
    weight: usize,
    /// A counter of all uses, by which the least recently used value is found.
    uses: u64,
}

#[derive(Debug)]
struct Entry<V> {
    slot: Arc<Slot<V>>,
    weight: usize,
    last_use: u64,
}

/// Where the thread that makes a value leaves it for the threads that wait.
#[derive(Debug)]
struct Slot<V> {
    state: Mutex<State<V>>,
    left: Condvar,
}

#[derive(Debug)]
enum State<V> {
    Making,
    Made(Arc<V>),
    Failed(Error),
    /// The thread that made it panicked.
    Abandoned,
}

impl<K: Eq + Hash + Clone, V> Cache<K, V> {
    /// An empty cache of at most `max_values` values, which together weigh at most `max_weight`. A
    /// value that weighs more than `max_weight` is the only one that is kept.
    pub(crate) fn with_weights(
        max_values: usize,
        max_weight: usize,
        weigh: fn(&V) -> usize,
    ) -> Self {
        let entries = Entries { by_key: HashMap::new(), weight: 0, uses: 0 };
        Self { entries: Mutex::new(entries), max_values, max_weight, weigh }
    }

    /// Returns the value of `key`, and makes it if there is none. `make` must not ask this cache
    /// for the same key.
    pub(crate) fn get(&self, key: K, make: impl FnOnce() -> Result<V>) -> Result<Arc<V>> {
        loop {
            let (slot, is_maker) = self.slot(&key);
            if is_maker {
                let mut making =
                    Making { cache: self, key: &key, slot: &slot, state: None };
                let made = make().map(Arc::new);
                making.state = Some(match &made {
                    Ok(value) => State::Made(value.clone()),
                    Err(error) => State::Failed(error.clone()),
                });
                return made;
            }
            match &*slot.wait() {
                State::Made(value) => return Ok(value.clone()),
                State::Failed(error) => return Err(error.clone()),
                State::Making | State::Abandoned => {}
            }
        }
    }

    /// The value of a key if it is there; none is made or waited for.
    pub(crate) fn made(&self, key: &K) -> Option<Arc<V>> {
        let slot = {
            let mut entries = lock(&self.entries);
            entries.uses += 1;
            let last_use = entries.uses;
            let entry = entries.by_key.get_mut(key)?;
            entry.last_use = last_use;
            entry.slot.clone()
        };
        match &*lock(&slot.state) {
            State::Made(value) => Some(value.clone()),
            State::Making | State::Failed(_) | State::Abandoned => None,
        }
    }

    /// The slot of a key, and whether the caller has to fill it.
    fn slot(&self, key: &K) -> (Arc<Slot<V>>, bool) {
        let mut entries = lock(&self.entries);
        entries.uses += 1;
        let last_use = entries.uses;
        if let Some(entry) = entries.by_key.get_mut(key) {
            entry.last_use = last_use;
            return (entry.slot.clone(), false);
        }
        let slot =
            Arc::new(Slot { state: Mutex::new(State::Making), left: Condvar::new() });
        let entry = Entry { slot: slot.clone(), weight: 0, last_use };
        entries.by_key.insert(key.clone(), entry);
        (slot, true)
    }

    /// Keeps a value that was made, unless its slot was evicted meanwhile, and drops others that are too
    /// many or too heavy.
    fn keep(&self, key: &K, slot: &Arc<Slot<V>>, weight: usize) {
        let mut entries = lock(&self.entries);
        if let Some(entry) = entries.by_key.get_mut(key)
            && Arc::ptr_eq(&entry.slot, slot)
        {
            entry.weight = weight;
            entries.weight += weight;
        }
        while entries.by_key.len() > self.max_values || entries.weight > self.max_weight {
            let others = entries.by_key.iter().filter(|(other, _)| *other != key);
            let oldest = others.min_by_key(|(_, entry)| entry.last_use);
            let Some(oldest) = oldest.map(|(oldest, _)| oldest.clone()) else { break };
            entries.remove(&oldest);
        }
    }
}

impl<K: Eq + Hash + Clone, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self::with_weights(DEFAULT_MAX_VALUES, usize::MAX, |_| 0)
    }
}

impl<K: Eq + Hash, V> Entries<K, V> {
    fn remove(&mut self, key: &K) {
        if let Some(entry) = self.by_key.remove(key) {
            self.weight -= entry.weight;
        }
    }

    /// Removes a key, unless it was evicted while its value was made and another thread makes it
    /// anew.
    fn remove_slot(&mut self, key: &K, slot: &Arc<Slot<V>>) {
        if self.by_key.get(key).is_some_and(|entry| Arc::ptr_eq(&entry.slot, slot)) {
            self.remove(key);
        }
    }
}

impl<V> Slot<V> {
    /// Waits until the value is made, or its making failed.
    fn wait(&self) -> MutexGuard<'_, State<V>> {
        let state = lock(&self.state);
        let is_making = |state: &mut State<V>| matches!(state, State::Making);
        self.left.wait_while(state, is_making).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks that a value is being made. Dropping it, which happens on a panic too, ends that.
struct Making<'a, K: Eq + Hash + Clone, V> {
    cache: &'a Cache<K, V>,
    key: &'a K,
    slot: &'a Arc<Slot<V>>,
    state: Option<State<V>>,
}

impl<K: Eq + Hash + Clone, V> Drop for Making<'_, K, V> {
    fn drop(&mut self) {
        match &self.state {
            Some(State::Made(value)) => {
                self.cache.keep(self.key, self.slot, (self.cache.weigh)(value));
            }
            _ => lock(&self.cache.entries).remove_slot(self.key, self.slot),
        }
        *lock(&self.slot.state) = self.state.take().unwrap_or(State::Abandoned);
        self.slot.left.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::base::error::ErrorKind;

    const THREADS: usize = 8;

    /// Lets all threads ask at once for a value, and returns what each got.
    fn ask_at_once<T: Send>(ask: impl Fn() -> T + Sync) -> Vec<T> {
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            let ask = || {
                start.wait();
                ask()
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
        })
    }

    #[test]
    fn value_is_made_once_for_all_threads() {
        let cache = Cache::default();
        let made = AtomicUsize::new(0);
        let got = ask_at_once(|| {
            cache.get("key", || {
                thread::sleep(Duration::from_millis(50));
                Ok(made.fetch_add(1, Ordering::SeqCst))
            })
        });
        assert!(got.iter().all(|value| value.as_deref().is_ok_and(|value| *value == 0)));
        assert_eq!(made.into_inner(), 1);
    }

    #[test]
    fn error_is_shared_by_those_who_wait_and_not_kept() {
        let cache = Cache::default();
        let made = AtomicUsize::new(0);
        let got = ask_at_once(|| {
            cache.get("key", || -> Result<u8> {
                made.fetch_add(1, Ordering::SeqCst);
                // Long enough for all to wait.
                thread::sleep(Duration::from_millis(300));
                Err(Error::new(ErrorKind::Image, "broken").with_help("mend it"))
            })
        });
        for error in got {
            let error = error.expect_err("it is broken");
            assert_eq!((error.message(), error.help()), ("broken", Some("mend it")));
        }
        assert_eq!(made.into_inner(), 1);
        assert_eq!(*cache.get("key", || Ok(2)).expect("it is mended"), 2);
    }

    #[test]
    fn panic_of_a_maker_leaves_the_making_to_another() {
        let cache = Cache::default();
        let made = AtomicUsize::new(0);
        let got = ask_at_once(|| {
            catch_unwind(AssertUnwindSafe(|| {
                cache.get("key", || {
                    let number = made.fetch_add(1, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(50));
                    assert!(number > 0, "the first maker panics");
                    Ok(number)
                })
            }))
        });
        assert_eq!(got.iter().filter(|got| got.is_err()).count(), 1);
        let values = got.into_iter().flatten().map(|value| *value.expect("it is made"));
        assert!(values.into_iter().all(|value| value == 1));
    }

    #[test]
    fn one_key_does_not_wait_for_the_maker_of_another() {
        let cache = Cache::default();
        let inner = cache.get(1, || Ok(*cache.get(2, || Ok(20))? + 1));
        assert_eq!(*inner.expect("both are made"), 21);
    }

    #[test]
    fn value_that_was_not_used_for_longest_makes_room() {
        let cache = Cache::with_weights(3, 0, |_| 0);
        let made = AtomicUsize::new(0);
        let get = |key: usize| {
            let make = || Ok(made.fetch_add(1, Ordering::SeqCst));
            *cache.get(key, make).expect("it is made")
        };
        let first = [get(1), get(2), get(3)];
        assert_eq!(get(1), first[0], "it is used again");
        get(4);
        assert_eq!([get(1), get(3)], [first[0], first[2]], "these are kept");
        assert_ne!(get(2), first[1], "this one made room");
        (0..1000).for_each(|key| assert!(get(key) > 0));
        assert_eq!(lock(&cache.entries).by_key.len(), 3);
    }

    #[test]
    fn heavy_values_make_room_for_each_other() {
        let cache = Cache::with_weights(100, 10, |value: &Vec<u8>| value.len());
        let get = |key: usize, weight: usize| {
            drop(cache.get(key, || Ok(vec![0; weight])).expect("it is made"));
            let entries = lock(&cache.entries);
            let weights: Vec<usize> = entries.by_key.values().map(|e| e.weight).collect();
            assert_eq!(weights.iter().sum::<usize>(), entries.weight);
            weights.len()
        };
        assert_eq!([get(1, 4), get(2, 4), get(3, 4)], [1, 2, 2]);
        assert_eq!(get(4, 50), 1, "one that is too heavy is kept alone");
        assert_eq!(get(5, 1), 1);
    }
}
