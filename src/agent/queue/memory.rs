//! A queue in memory, for tests and for programs whose requests come from themselves.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::contract::{Depth, LeaseState, Queue};
use super::delivery::{Correlation, Delivery, Task};
use crate::base::error::{Error, Result};

/// How long a request is kept from other agents, unless the caller sets it.
const DEFAULT_LEASE: Duration = Duration::from_secs(60);

/// A queue that keeps its requests in memory, and loses them when the last of its clones is
/// dropped. Clones are the same queue.
///
/// ```
/// use std::time::Duration;
/// use testamur::agent::{Answer, MemoryQueue, Queue};
///
/// let queue = MemoryQueue::new();
/// queue.send_json(r#"{ "course": "Example/Knots/2026", "name": "Ada Lovelace" }"#);
/// let delivery = queue.receive(Duration::ZERO)?.expect("a request was sent");
/// assert!(delivery.task().is_ok());
/// queue.ack(&delivery, &Answer::Ignored { why: "an example".to_owned() })?;
/// assert_eq!(queue.take_answers()[0].answer.as_str(), "ignored");
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Clone)]
pub struct MemoryQueue {
    lease: Duration,
    shared: Arc<Shared>,
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnsweredRequest {
    /// The request's id in the queue.
    pub id: String,
    /// What the answer repeats of the request.
    pub correlation: Correlation,
    /// The answer.
    pub answer: Answer,
    /// Whether the request was set aside with an error, and not answered in the ordinary way.
    pub is_dead_letter: bool,
}

struct Shared {
    /// An id is this prefix and the request's number. Each process has another prefix: a
    /// register remembers the ids of finished requests after the process has ended, and a
    /// request of the next process is not one of those.
    prefix: String,
    state: Mutex<State>,
    /// Notified when a request may have become ready.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Requests that are not answered, by the order in which they were sent.
    requests: BTreeMap<u64, Request>,
    answers: Vec<AnsweredRequest>,
    last_request: u64,
    last_lease: u64,
}

struct Request {
    message: Message,
    /// How often it was handed out and neither answered nor returned.
    attempts: u32,
    /// The number of the last lease, which only its holder knows; 0 if there was none or
    /// the request was returned.
    lease: u64,
    /// When it is handed out next: at once, after a delay, or when its lease ends.
    ready_at: Instant,
}

enum Message {
    Task(Box<Task>),
    Json(Vec<u8>),
}

/// What a delivery keeps of its lease.
struct LeaseReceipt {
    request: u64,
    lease: u64,
}

impl MemoryQueue {
    /// An empty queue, whose leases last a minute.
    pub fn new() -> Self {
        // The keys of a `RandomState` are random: they come from the operating system.
        let prefix = RandomState::new().hash_one(());
        let shared = Shared {
            prefix: format!("{prefix:016x}"),
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        Self { lease: DEFAULT_LEASE, shared: Arc::new(shared) }
    }

    /// Sets how long a request is kept from other agents.
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Adds a request, and returns its id in the queue.
    pub fn send(&self, task: Task) -> String {
        self.push(Message::Task(Box::new(task)))
    }

    /// Adds a request as JSON, in the form in which it comes over HTTP, and returns its id in the
    /// queue. It is read when it is handed out: a text that is no request is set aside by the
    /// agent.
    pub fn send_json(&self, text: impl Into<Vec<u8>>) -> String {
        self.push(Message::Json(text.into()))
    }

    /// Takes the answers that were given since the last call, in their order.
    pub fn take_answers(&self) -> Vec<AnsweredRequest> {
        std::mem::take(&mut self.state().answers)
    }

    fn push(&self, message: Message) -> String {
        let mut state = self.state();
        state.last_request += 1;
        let number = state.last_request;
        let ready_at = Instant::now();
        let request = Request { message, attempts: 0, lease: 0, ready_at };
        state.requests.insert(number, request);
        drop(state);
        self.shared.changed.notify_one();
        self.id(number)
    }

    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.shared.prefix)
    }

    /// Removes the request of a delivery whose lease has lasted, and keeps its answer.
    fn settle(
        &self,
        delivery: &Delivery,
        answer: Answer,
        is_dead_letter: bool,
    ) -> LeaseState {
        let mut state = self.state();
        let Some(receipt) = held(&state, delivery) else { return LeaseState::Lost };
        state.requests.remove(&receipt.request);
        state.answers.push(AnsweredRequest {
            id: delivery.id().to_owned(),
            correlation: delivery.correlation().clone(),
            answer,
            is_dead_letter,
        });
        LeaseState::Held
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Hands out the first request that is ready.
    fn lease(
        &mut self,
        now: Instant,
        lease: Duration,
        id: impl FnOnce(u64) -> String,
    ) -> Option<Delivery> {
        let is_ready = |entry: &(&u64, &mut Request)| entry.1.ready_at <= now;
        let (number, request) = self.requests.iter_mut().find(is_ready)?;
        self.last_lease += 1;
        request.attempts += 1;
        request.lease = self.last_lease;
        request.ready_at = now + lease;
        let (correlation, task) = match &request.message {
            Message::Task(task) => (correlation(task), Ok(Task::clone(task))),
            Message::Json(text) => Task::from_json(text),
        };
        let receipt = LeaseReceipt { request: *number, lease: request.lease };
        Some(
            Delivery::new(id(*number), task)
                .with_attempt(request.attempts)
                .with_correlation(correlation)
                .with_receipt(receipt),
        )
    }
}

impl Queue for MemoryQueue {
    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn receive(&self, wait: Duration) -> Result<Option<Delivery>> {
        let until = Instant::now() + wait;
        let mut state = self.state();
        loop {
            let now = Instant::now();
            if let Some(delivery) = state.lease(now, self.lease, |it| self.id(it)) {
                return Ok(Some(delivery));
            }
            let ready_at = state.requests.values().map(|request| request.ready_at).min();
            let wake_at = ready_at.map_or(until, |ready_at| ready_at.min(until));
            if now >= until {
                return Ok(None);
            }
            let waited = self.shared.changed.wait_timeout(state, wake_at - now);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn extend_lease(&self, delivery: &Delivery) -> Result<LeaseState> {
        let mut state = self.state();
        let Some(receipt) = held(&state, delivery) else { return Ok(LeaseState::Lost) };
        if let Some(request) = state.requests.get_mut(&receipt.request) {
            request.ready_at = Instant::now() + self.lease;
        }
        Ok(LeaseState::Held)
    }

    fn ack(&self, delivery: &Delivery, answer: &Answer) -> Result<LeaseState> {
        Ok(self.settle(delivery, answer.clone(), false))
    }

    fn nack(&self, delivery: &Delivery, after: Duration) -> Result<()> {
        let mut state = self.state();
        let Some(receipt) = held(&state, delivery) else { return Ok(()) };
        if let Some(request) = state.requests.get_mut(&receipt.request) {
            request.lease = 0;
            // The agent itself returns the request: this attempt has not ended the
            // process.
            request.attempts = request.attempts.saturating_sub(1);
            request.ready_at = Instant::now() + after.min(self.lease);
        }
        drop(state);
        // Callers that wait for a later time wake up for this one.
        self.shared.changed.notify_all();
        Ok(())
    }

    fn dead_letter(&self, delivery: &Delivery, why: &Error) -> Result<LeaseState> {
        Ok(self.settle(delivery, Answer::from(why), true))
    }

    fn depth(&self) -> Result<Option<Depth>> {
        let (state, now) = (self.state(), Instant::now());
        let is_held = |request: &&Request| request.lease != 0 && request.ready_at > now;
        let held = state.requests.values().filter(is_held).count() as u64;
        let waiting = state.requests.len() as u64 - held;
        Ok(Some(Depth { waiting: Some(waiting), held: Some(held), lag: None }))
    }

    fn lease(&self) -> Duration {
        self.lease
    }
}

impl Default for MemoryQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryQueue {
    /// Writes nothing personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = self.state().requests.len();
        f.debug_struct("MemoryQueue").field("requests", &requests).finish_non_exhaustive()
    }
}

/// The receipt of a delivery, unless its request was handed out again or answered.
fn held<'a>(state: &State, delivery: &'a Delivery) -> Option<&'a LeaseReceipt> {
    let receipt: &LeaseReceipt = delivery.receipt()?;
    let request = state.requests.get(&receipt.request)?;
    (request.lease == receipt.lease).then_some(receipt)
}

fn correlation(task: &Task) -> Correlation {
    let text = |text: &str| Some(text.to_owned());
    match task {
        Task::Issue { request, .. } => Correlation {
            action: text("issue"),
            course: text(request.course()),
            recipient: request.recipient().map(str::to_owned),
            reference: None,
        },
        Task::Revoke(_) => {
            Correlation { action: text("revoke"), ..Correlation::default() }
        }
        Task::Ignore(_) => Correlation::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_two_queues_have_different_ids() {
        let request = r#"{ "course": "c", "name": "Ada" }"#;
        let (one, other) = (MemoryQueue::new(), MemoryQueue::new());
        let first = one.send_json(request);
        assert_ne!(first, other.send_json(request));
        let delivery = one.receive(Duration::ZERO).unwrap().unwrap();
        assert_eq!(delivery.id(), first);
    }
}
