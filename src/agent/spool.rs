//! Requests that came over HTTP: written to the private store before they are accepted, removed
//! when they are answered.
//!
//! A spool is a [`Queue`]: the files under `spool/` are its entries, and memory holds
//! their order. Requests for one award are handed out one at a time, in the order of
//! arrival. A request that an earlier agent left may be what ended that agent: a `.tries`
//! file next to it counts how often it is handed out from then on.

mod entry;
mod paths;

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::de::IgnoredAny;
use tokio::sync::oneshot;

pub(super) use self::entry::SpoolAnswer;
use self::entry::{SpoolEntry, Subject};
pub(super) use self::paths::{FOLDER, request_path, tries_path};
use self::paths::{accepted_at, second_of};
use crate::agent::queue::{Answer, Delivery, Depth, LeaseState, Queue, Task};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::store::{CreateOutcome, Store, StoreFile};

/// The length of a lease that callers are told. No other agent hands these requests out,
/// so that in fact a lease lasts as long as the agent.
const LEASE: Duration = Duration::from_secs(3600);
/// How many ids are tried for a request, if other agents have taken the ones before.
const MAX_TAKEN_IDS: usize = 100;
/// How long a receiver sleeps at most: nothing wakes it when the retry time of an entry
/// comes.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The requests that came over HTTP and are not answered.
pub(super) struct Spool {
    store: Arc<dyn Store>,
    agent: String,
    capacity: usize,
    next: AtomicU64,
    state: Mutex<SpoolState>,
    entry_ready: Condvar,
}

#[derive(Default)]
struct SpoolState {
    /// In the order of arrival.
    waiting: VecDeque<Arc<SpoolEntry>>,
    busy: Vec<Arc<SpoolEntry>>,
    /// Capacity taken by requests that are being written to the store.
    reserved: usize,
    /// The latest Unix second in an id. Entries are sorted by their ids, so it does not
    /// go back when the clock does.
    last_second: u64,
}

/// A request that was accepted, and the end of a channel that brings its answer.
pub(super) struct Accepted {
    pub(super) id: String,
    pub(super) listener: oneshot::Receiver<SpoolAnswer>,
}

impl Spool {
    pub(super) fn new(store: Arc<dyn Store>, agent: &str, capacity: usize) -> Self {
        let allowed = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let agent: String = agent.chars().filter(allowed).take(100).collect();
        Self {
            store,
            agent,
            capacity,
            next: AtomicU64::new(0),
            state: Mutex::default(),
            entry_ready: Condvar::new(),
        }
    }

    /// Loads the requests that other agents accepted and have not answered. Such an agent
    /// may still run, and then does the same work. Returns the number of requests.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] and [`ErrorKind::StoreRefused`]: the private store fails.
    pub(super) fn recover(&self) -> Result<usize> {
        let mut paths = Vec::new();
        self.store.list(Some(&StorePath::parse(FOLDER)?), &mut |path| {
            paths.push(path);
            Ok(())
        })?;
        paths.sort();
        let requests: HashSet<String> = paths.iter().filter_map(request_id).collect();
        let mut state = self.state();
        for path in paths {
            let Some(id) = request_id(&path) else {
                // What counts the attempts of a request that was answered or erased.
                let id = path.name().strip_suffix(".tries");
                if id.is_some_and(|id| !requests.contains(id)) {
                    self.store.remove(&path)?;
                }
                continue;
            };
            let id = id.as_str();
            // New requests sort after this one.
            let next = second_of(id).map_or(0, |second| second.saturating_add(1));
            state.last_second = state.last_second.max(next);
            if let Some(body) = self.store.read(&path)? {
                // Only JSON is accepted: this was not read from the store, but from
                // something that answers in its place.
                if serde_json::from_slice::<IgnoredAny>(&body).is_err() {
                    let file = path.as_str();
                    tracing::error!(
                        file,
                        "a request of an earlier run cannot be read, and waits for the next start"
                    );
                    continue;
                }
                let (_, task) = Task::from_json(&body);
                let tries = self.store.read(&tries_path(id)?)?;
                let tries =
                    tries.and_then(|text| str::from_utf8(&text).ok()?.parse().ok());
                let mut entry =
                    SpoolEntry::new(id.to_owned(), body, Subject::of(task.as_ref().ok()));
                entry.tries = Some(AtomicU32::new(tries.unwrap_or_default()));
                state.waiting.push_back(Arc::new(entry));
            }
        }
        Ok(state.waiting.len())
    }

    /// Accepts a request: it is in the store when this returns. `None` if the spool is
    /// full.
    ///
    /// A request that equals the latest one of the same subject, while that waits or is
    /// worked on, is the same request and is not stored again.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] and [`ErrorKind::StoreRefused`]: the private store fails.
    pub(super) fn accept(
        &self,
        body: &[u8],
        task: &Task,
        now: Timestamp,
    ) -> Result<Option<Accepted>> {
        let subject = Subject::of(Some(task));
        // An equal request whose file is gone was erased, or answered by another agent, and is not
        // done any more.
        let equal = self.equal(&subject, body).map(|entry| {
            let is_there = self.store.read(&request_path(&entry.id)?)?.is_some();
            Ok::<_, Error>(is_there.then_some(entry))
        });
        let equal = equal.transpose()?.flatten();
        let second = {
            let mut state = self.state();
            // It may be answered by now: then the request is a new one.
            let equal = equal.filter(|equal| {
                let mut all = state.busy.iter().chain(&state.waiting);
                all.any(|entry| Arc::ptr_eq(entry, equal))
            });
            if let Some(entry) = equal {
                return Ok(Some(Accepted {
                    id: entry.id.clone(),
                    listener: entry.listen(),
                }));
            }
            if state.len() >= self.capacity {
                return Ok(None);
            }
            state.reserved += 1;
            state.last_second = state.last_second.max(now.unix());
            state.last_second
        };
        let written = self.write_request(second, body);
        let mut state = self.state();
        state.reserved -= 1;
        let id = written?;
        let entry = Arc::new(SpoolEntry::new(id.clone(), body.to_vec(), subject));
        let listener = entry.listen();
        state.waiting.push_back(entry);
        drop(state);
        self.entry_ready.notify_one();
        Ok(Some(Accepted { id, listener }))
    }

    /// The latest request of a subject, if it waits or is worked on and equals this one.
    fn equal(&self, subject: &Subject, body: &[u8]) -> Option<Arc<SpoolEntry>> {
        let state = self.state();
        let mut all = state.busy.iter().chain(&state.waiting);
        let last = all.rfind(|entry| entry.subject == *subject);
        last.filter(|entry| entry.body == body).cloned()
    }

    /// Writes a request to the store under an id that no other request has, and returns
    /// the id.
    fn write_request(&self, second: u64, body: &[u8]) -> Result<String> {
        for _ in 0..MAX_TAKEN_IDS {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let id = format!("{second:012}-{}-{number:09}", self.agent);
            let path = request_path(&id)?;
            match self.store.create(&StoreFile::new(&path, body))? {
                CreateOutcome::Created => return Ok(id),
                // The id of another agent's request: that agent was given the same name.
                CreateOutcome::Exists => {}
            }
        }
        Err(Error::new(
            ErrorKind::Store,
            "each id that was tried is taken by an agent of the same name",
        ))
    }

    /// Takes the first entry that may be worked on now.
    fn pick(&self, state: &mut SpoolState) -> Option<Arc<SpoolEntry>> {
        let now = Instant::now();
        let mut blocked: HashSet<&Subject> =
            state.busy.iter().map(|entry| &entry.subject).collect();
        let found = state.waiting.iter().position(|entry| {
            let is_free =
                entry.subject == Subject::None || !blocked.contains(&entry.subject);
            let is_next = is_free && entry.not_before() <= now;
            if !is_next {
                // Later requests of the subject wait for this one.
                blocked.insert(&entry.subject);
            }
            is_next
        })?;
        let entry = state.waiting.remove(found)?;
        state.busy.push(entry.clone());
        Some(entry)
    }

    /// Returns how often an entry was handed out, this time included, and records it. If
    /// it cannot be recorded this attempt does not count, and the entry is not handed
    /// out.
    fn count_attempt(&self, entry: &SpoolEntry) -> Result<u32> {
        let Some(tries) = &entry.tries else { return Ok(1) };
        let next = tries.load(Ordering::Relaxed).saturating_add(1);
        self.write_tries(&entry.id, next)?;
        tries.store(next, Ordering::Relaxed);
        // The agent that accepted it handed it out at least once.
        Ok(next.saturating_add(1))
    }

    /// Writes how often an entry was handed out since an earlier agent left it.
    fn write_tries(&self, id: &str, tries: u32) -> Result<()> {
        let (path, text) = (tries_path(id)?, tries.to_string());
        self.store.replace(&StoreFile::new(&path, text.as_bytes()))
    }

    /// Puts an entry that is worked on back before all others of its award, to be handed
    /// out once `after` has passed. It is moved under one lock: if it was in neither list
    /// for a moment, a later request of the award would overtake it.
    fn put_back(&self, id: &str, after: Duration) {
        let mut state = self.state();
        let Some(at) = state.busy.iter().position(|it| it.id == id) else { return };
        let entry = state.busy.swap_remove(at);
        *entry.not_before.lock().unwrap_or_else(PoisonError::into_inner) =
            Instant::now() + after;
        state.waiting.push_front(entry);
        drop(state);
        self.entry_ready.notify_one();
    }

    /// Removes an entry from those that are worked on.
    fn release(&self, id: &str) -> Option<Arc<SpoolEntry>> {
        let mut state = self.state();
        let at = state.busy.iter().position(|entry| entry.id == id)?;
        Some(state.busy.swap_remove(at))
    }

    fn state(&self) -> MutexGuard<'_, SpoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue for Spool {
    fn check(&self) -> Result<()> {
        self.store.check()
    }

    fn receive(&self, wait: Duration) -> Result<Option<Delivery>> {
        let until = Instant::now() + wait;
        let mut state = self.state();
        loop {
            if let Some(entry) = self.pick(&mut state) {
                drop(state);
                let return_it = |_: &Error| self.put_back(&entry.id, Duration::ZERO);
                let file = request_path(&entry.id)?;
                let is_there = self.store.read(&file).inspect_err(return_it)?.is_some();
                if !is_there {
                    // The request was erased, or answered by another agent; which of the
                    // two is not known here. A client that waits for the answer is told
                    // that the request was accepted.
                    if entry.tries.is_some() {
                        let tries = tries_path(&entry.id)?;
                        self.store.remove(&tries).inspect_err(return_it)?;
                    }
                    self.release(&entry.id);
                    self.entry_ready.notify_all();
                    state = self.state();
                    continue;
                }
                let (correlation, task) = Task::from_json(&entry.body);
                let mut delivery =
                    Delivery::new(entry.id.as_str(), task).with_correlation(correlation);
                if let Some(at) = accepted_at(&entry.id) {
                    delivery = delivery.with_accepted_at(at);
                }
                let attempt = self.count_attempt(&entry).inspect_err(return_it)?;
                return Ok(Some(delivery.with_attempt(attempt)));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let nap = left.min(POLL_INTERVAL);
            let waited = self.entry_ready.wait_timeout(state, nap);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn extend_lease(&self, _: &Delivery) -> Result<LeaseState> {
        Ok(LeaseState::Held)
    }

    fn ack(&self, delivery: &Delivery, answer: &Answer) -> Result<LeaseState> {
        if delivery.attempt() > 1 {
            self.store.remove(&tries_path(delivery.id())?)?;
        }
        self.store.remove(&request_path(delivery.id())?)?;
        let Some(entry) = self.release(delivery.id()) else {
            return Ok(LeaseState::Lost);
        };
        let outcome =
            SpoolAnswer { answer: answer.clone(), json: answer.to_json(delivery) };
        let mut listeners =
            entry.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.drain(..) {
            // A listener that is gone needs no answer.
            let _ = listener.send(outcome.clone());
        }
        self.entry_ready.notify_all();
        Ok(LeaseState::Held)
    }

    fn nack(&self, delivery: &Delivery, after: Duration) -> Result<()> {
        let held = self.state().busy.iter().find(|it| it.id == delivery.id()).cloned();
        let Some(entry) = held else { return Ok(()) };
        let written = entry.tries.as_ref().map_or(Ok(()), |tries| {
            // The agent itself returns the request: this attempt has not ended the
            // process. How often it was handed out before follows from the number of this
            // attempt, whatever `set_attempts` has written since.
            let before = delivery.attempt().saturating_sub(2);
            tries.store(before, Ordering::Relaxed);
            self.write_tries(&entry.id, before)
        });
        self.put_back(&entry.id, after);
        written
    }

    fn set_attempts(&self, delivery: &Delivery, attempts: u32) -> Result<()> {
        let held = self.state().busy.iter().find(|it| it.id == delivery.id()).cloned();
        let Some(entry) = held else { return Ok(()) };
        let Some(tries) = &entry.tries else { return Ok(()) };
        // The agent that accepted it handed it out once.
        let since_then = attempts.saturating_sub(1);
        self.write_tries(&entry.id, since_then)?;
        tries.store(since_then, Ordering::Relaxed);
        Ok(())
    }

    fn dead_letter(&self, delivery: &Delivery, why: &Error) -> Result<LeaseState> {
        self.ack(delivery, &Answer::from(why))
    }

    fn depth(&self) -> Result<Option<Depth>> {
        let state = self.state();
        let oldest = state.waiting.iter().map(|entry| entry.accepted_at.elapsed()).max();
        Ok(Some(Depth {
            waiting: Some(state.waiting.len() as u64),
            held: Some(state.busy.len() as u64),
            lag: Some(oldest.unwrap_or_default()),
        }))
    }

    fn lease(&self) -> Duration {
        LEASE
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("store", &self.store).finish_non_exhaustive()
    }
}

/// The id of the request in a file of the spool.
fn request_id(path: &StorePath) -> Option<String> {
    path.name().strip_suffix(".json").map(str::to_owned)
}

impl SpoolState {
    fn len(&self) -> usize {
        self.waiting.len() + self.busy.len() + self.reserved
    }
}

#[cfg(test)]
mod tests;
