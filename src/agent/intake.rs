//! Requests that came over HTTP: written down before they are accepted, removed when they are done.
//!
//! A tray is a [`Queue`]: what the private store holds under `intake/` is what is to be done, and
//! memory the order. Of one award one request is handed out at a time, in the order of their coming.
//! What an agent left when it ended is counted from then on, in a file beside the request: it may
//! have been what ended it.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::oneshot;

use crate::agent::queue::{Answer, Delivery, Depth, LeaseState, Queue, Target, Task};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::store::{Store, StoreFile};
use crate::site::award::Award;

/// Where they are written down in the private store.
const FOLDER: &str = "intake";
/// Nobody else hands these out: a lease lasts as long as the agent.
const LEASE: Duration = Duration::from_secs(3600);

/// The requests that came over HTTP and are not done.
pub(super) struct Tray {
    store: Arc<dyn Store>,
    agent: String,
    capacity: usize,
    next: AtomicU64,
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    /// In the order of their coming.
    waiting: VecDeque<Arc<Item>>,
    busy: Vec<Arc<Item>>,
    /// Room that is taken by what is just being written down.
    reserved: usize,
    /// The latest second that was written down, lest a clock that is set back puts new before old.
    second: u64,
}

/// A request.
struct Item {
    id: String,
    body: Vec<u8>,
    subject: Subject,
    /// How often it was handed out since an agent left it, if one did.
    tries: Option<AtomicU32>,
    not_before: Mutex<Instant>,
    came: Instant,
    listeners: Mutex<Vec<oneshot::Sender<Outcome>>>,
}

/// What requests are about that must be done one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    Award(Award),
    Certificate(String),
    Nothing,
}

/// An answer, and its form in JSON.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) answer: Answer,
    pub(super) json: Value,
}

/// A request that was accepted.
pub(super) struct Accepted {
    pub(super) id: String,
    pub(super) listener: oneshot::Receiver<Outcome>,
}

impl Tray {
    pub(super) fn new(store: Arc<dyn Store>, agent: &str, capacity: usize) -> Self {
        let allowed = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let agent: String = agent.chars().filter(allowed).take(100).collect();
        Self {
            store,
            agent,
            capacity,
            next: AtomicU64::new(0),
            state: Mutex::default(),
            bell: Condvar::new(),
        }
    }

    /// Takes up what was accepted and not done: by an agent that ended, or by another one, which
    /// then does the same. Says how many.
    pub(super) fn recover(&self) -> Result<usize> {
        let mut paths = Vec::new();
        self.store.list(Some(&StorePath::parse(FOLDER)?), &mut |path| {
            paths.push(path);
            Ok(())
        })?;
        paths.sort();
        let mut state = self.state();
        for path in paths {
            let Some(id) = path.name().strip_suffix(".json") else { continue };
            let second = id.split('-').next().and_then(|digits| digits.parse().ok());
            // What comes now comes after it.
            let next = second.map_or(0, |second: u64| second.saturating_add(1));
            state.second = state.second.max(next);
            if let Some(body) = self.store.read(&path)? {
                let (_, task) = Task::from_json(&body);
                let tries = self.store.read(&tries_path(id)?)?;
                let tries =
                    tries.and_then(|text| str::from_utf8(&text).ok()?.parse().ok());
                let mut item =
                    Item::new(id.to_owned(), body, Subject::of(task.as_ref().ok()));
                item.tries = Some(AtomicU32::new(tries.unwrap_or_default()));
                state.waiting.push_back(Arc::new(item));
            }
        }
        Ok(state.waiting.len())
    }

    /// Accepts a request, which is then safe. None: there is no room for it now.
    ///
    /// The same request while it waits or is worked on, without another for the same award since, is
    /// one request.
    pub(super) fn accept(
        &self,
        body: &[u8],
        task: &Task,
        now: Timestamp,
    ) -> Result<Option<Accepted>> {
        let subject = Subject::of(Some(task));
        let second = {
            let mut state = self.state();
            let mut all = state.busy.iter().chain(&state.waiting);
            let last = all.rfind(|item| item.subject == subject);
            if let Some(item) = last.filter(|item| item.body == body) {
                return Ok(Some(Accepted {
                    id: item.id.clone(),
                    listener: item.listen(),
                }));
            }
            if state.len() >= self.capacity {
                return Ok(None);
            }
            state.reserved += 1;
            state.second = state.second.max(now.unix());
            state.second
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("{second:012}-{}-{number:09}", self.agent);
        let written = path(&id)
            .and_then(|path| self.store.create(&StoreFile::new(&path, body)).map(drop));
        let mut state = self.state();
        state.reserved -= 1;
        written?;
        let item = Arc::new(Item::new(id.clone(), body.to_vec(), subject));
        let listener = item.listen();
        state.waiting.push_back(item);
        drop(state);
        self.bell.notify_one();
        Ok(Some(Accepted { id, listener }))
    }

    /// The first that may be worked on now.
    fn pick(&self, state: &mut State) -> Option<Arc<Item>> {
        let now = Instant::now();
        let mut passed: HashSet<&Subject> =
            state.busy.iter().map(|item| &item.subject).collect();
        let found = state.waiting.iter().position(|item| {
            let alone =
                item.subject == Subject::Nothing || !passed.contains(&item.subject);
            let turn = alone && item.not_before() <= now;
            if !turn {
                // What comes after it waits for it.
                passed.insert(&item.subject);
            }
            turn
        })?;
        let item = state.waiting.remove(found)?;
        state.busy.push(item.clone());
        Some(item)
    }

    /// How often an item was handed out, with this time.
    fn count(&self, item: &Item) -> Result<u32> {
        let Some(tries) = &item.tries else { return Ok(1) };
        let tries = tries.fetch_add(1, Ordering::Relaxed) + 1;
        self.note(item)?;
        // Once at least by whoever accepted it.
        Ok(tries + 1)
    }

    /// Writes down how often an item was handed out since an agent left it.
    fn note(&self, item: &Item) -> Result<()> {
        let Some(tries) = &item.tries else { return Ok(()) };
        let (path, text) =
            (tries_path(&item.id)?, tries.load(Ordering::Relaxed).to_string());
        self.store.replace(&StoreFile::new(&path, text.as_bytes()))
    }

    /// Puts an item back, before all others of its award.
    fn put_back(&self, item: Arc<Item>, after: Duration) {
        *item.not_before.lock().unwrap_or_else(PoisonError::into_inner) =
            Instant::now() + after;
        self.state().waiting.push_front(item);
        self.bell.notify_one();
    }

    fn release(&self, id: &str) -> Option<Arc<Item>> {
        let mut state = self.state();
        let at = state.busy.iter().position(|item| item.id == id)?;
        Some(state.busy.swap_remove(at))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue for Tray {
    fn check(&self) -> Result<()> {
        self.store.check()
    }

    fn receive(&self, wait: Duration) -> Result<Option<Delivery>> {
        let until = Instant::now() + wait;
        let mut state = self.state();
        loop {
            if let Some(item) = self.pick(&mut state) {
                drop(state);
                let attempt = self.count(&item).inspect_err(|_| {
                    self.release(&item.id);
                    self.put_back(item.clone(), Duration::ZERO);
                })?;
                let (about, task) = Task::from_json(&item.body);
                let delivery = Delivery::new(item.id.as_str(), task).with_about(about);
                return Ok(Some(delivery.with_attempt(attempt)));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            // What was put off rings no bell.
            let nap = left.min(Duration::from_millis(200));
            let waited = self.bell.wait_timeout(state, nap);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn extend(&self, _: &Delivery) -> Result<LeaseState> {
        Ok(LeaseState::Ours)
    }

    fn done(&self, delivery: &Delivery, answer: &Answer) -> Result<LeaseState> {
        if delivery.attempt() > 1 {
            self.store.remove(&tries_path(delivery.id())?)?;
        }
        self.store.remove(&path(delivery.id())?)?;
        let Some(item) = self.release(delivery.id()) else { return Ok(LeaseState::Lost) };
        let outcome = Outcome { answer: answer.clone(), json: answer.to_json(delivery) };
        let mut listeners = item.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.drain(..) {
            // Whoever has gone need not be told.
            let _ = listener.send(outcome.clone());
        }
        self.bell.notify_all();
        Ok(LeaseState::Ours)
    }

    fn retry(&self, delivery: &Delivery, after: Duration) -> Result<()> {
        let Some(item) = self.release(delivery.id()) else { return Ok(()) };
        if let Some(tries) = &item.tries {
            // It was given back, and counts for nothing.
            tries.fetch_sub(1, Ordering::Relaxed);
        }
        let noted = self.note(&item);
        self.put_back(item, after);
        noted
    }

    fn dead(&self, delivery: &Delivery, why: &Error) -> Result<LeaseState> {
        self.done(delivery, &Answer::from(why))
    }

    fn depth(&self) -> Result<Option<Depth>> {
        let state = self.state();
        let oldest = state.waiting.iter().map(|item| item.came.elapsed()).max();
        Ok(Some(Depth {
            waiting: Some(state.waiting.len() as u64),
            held: Some(state.busy.len() as u64),
            behind: Some(oldest.unwrap_or_default()),
        }))
    }

    fn lease(&self) -> Duration {
        LEASE
    }
}

impl fmt::Debug for Tray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tray").field("store", &self.store).finish_non_exhaustive()
    }
}

impl State {
    fn len(&self) -> usize {
        self.waiting.len() + self.busy.len() + self.reserved
    }
}

impl Item {
    fn new(id: String, body: Vec<u8>, subject: Subject) -> Self {
        let now = Instant::now();
        let (not_before, listeners) = (Mutex::new(now), Mutex::default());
        Self { id, body, subject, tries: None, not_before, came: now, listeners }
    }

    fn not_before(&self) -> Instant {
        *self.not_before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        // Those who gave up waiting.
        listeners.retain(|listener| !listener.is_closed());
        listeners.push(sender);
        receiver
    }
}

impl Subject {
    fn of(task: Option<&Task>) -> Self {
        match task {
            Some(Task::Issue { request, .. }) => Self::Award(Award::of(request)),
            Some(Task::Revoke(revocation)) => match &revocation.target {
                Target::Award(award) => Self::Award(award.clone()),
                Target::Certificate { verify, .. } => Self::Certificate(verify.clone()),
            },
            Some(Task::Ignore(_)) | None => Self::Nothing,
        }
    }
}

fn path(id: &str) -> Result<StorePath> {
    beside(id, "json")
}

fn tries_path(id: &str) -> Result<StorePath> {
    beside(id, "tries")
}

fn beside(id: &str, ending: &str) -> Result<StorePath> {
    StorePath::parse(&format!("{FOLDER}/{id}.{ending}")).map_err(|error| {
        Error::new(
            ErrorKind::InvalidValue,
            format!("`{id}` is no request ({})", error.message()),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::store::Directory;

    /// The names of those whose requests are handed out, in order.
    fn handed_out(tray: &Tray) -> Vec<String> {
        let next = || tray.receive(Duration::ZERO).unwrap();
        std::iter::from_fn(next)
            .map(|delivery| delivery.about().recipient.clone().unwrap())
            .collect()
    }

    fn accept(tray: &Tray, user: &str, unix: u64) {
        let body = format!(r#"{{"course":"c","name":"x","username":"{user}"}}"#);
        let (_, task) = Task::from_json(body.as_bytes());
        let now = Timestamp::from_unix(unix).unwrap();
        tray.accept(body.as_bytes(), &task.unwrap(), now).unwrap().unwrap();
    }

    #[test]
    fn what_came_first_is_first_whatever_the_clock_says() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(Directory::new(folder.path()));
        let tray = Tray::new(store.clone(), "one", 100);
        for (user, unix) in [("a", 2_000_000_000), ("b", 1_000), ("c", 1_000_000_000)] {
            accept(&tray, user, unix);
        }
        // What another one took up comes before what that one accepts.
        let tray = Tray::new(store.clone(), "another", 100);
        assert_eq!(tray.recover().unwrap(), 3);
        accept(&tray, "d", 5);
        let tray = Tray::new(store, "a third", 100);
        assert_eq!(tray.recover().unwrap(), 4);
        assert_eq!(handed_out(&tray), ["a", "b", "c", "d"]);
    }

    /// What is in hand whenever an agent ends is known by that; what only waits is not.
    #[test]
    fn what_may_have_ended_an_agent_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(Directory::new(folder.path()));
        let receive = |tray: &Tray| tray.receive(Duration::ZERO).unwrap().unwrap();
        let tray = Tray::new(store.clone(), "one", 100);
        accept(&tray, "deadly", 1);
        accept(&tray, "patient", 2);
        assert_eq!(receive(&tray).attempt(), 1);
        let mut last = tray;
        for attempt in 2..6 {
            last = Tray::new(store.clone(), "next", 100);
            last.recover().unwrap();
            let delivery = receive(&last);
            assert_eq!(delivery.attempt(), attempt);
            assert_eq!(delivery.about().recipient.as_deref(), Some("deadly"));
            // What is given back does not count.
            last.retry(&delivery, Duration::ZERO).unwrap();
            assert_eq!(receive(&last).attempt(), attempt);
        }
        let other = receive(&last);
        assert_eq!(other.attempt(), 2);
        let tray = Tray::new(store, "last", 100);
        tray.recover().unwrap();
        for _ in 0..2 {
            let delivery = receive(&tray);
            let done = Answer::Ignored { why: "x".to_owned() };
            tray.done(&delivery, &done).unwrap();
        }
        let left = std::fs::read_dir(folder.path().join(FOLDER));
        assert_eq!(left.map_or(0, Iterator::count), 0);
    }
}
