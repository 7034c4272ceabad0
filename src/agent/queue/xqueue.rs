//! XQueue: the queue through which old installations of Open edX ask for certificates to be
//! created, regenerated and deleted.
//!
//! The server hides a request that was handed out for a time, usually a minute, and then hands it
//! out again under another key; it refuses an answer under the old key. A lease cannot be extended,
//! and a request cannot be returned early. The server passes each answer on to the learning
//! management system, and hands the request out again if that refuses the answer, up to four times
//! in all, also after a success.
//!
//! The decision made here: an agent fetches one request at a time, because the server
//! locks no row and hands the same request to all who ask at once. A request that is
//! handed out again while it is in hand is not worked on twice: its answer is sent with
//! the new key.

pub(crate) mod message;
mod session;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use self::message::{read_message, reply};
use self::session::{Response, Session};
use super::answer::Answer;
use super::contract::{Depth, LeaseState, Queue};
use super::delivery::Delivery;
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::site::request::limits::truncated;
use crate::site::settings::XqueueSettings;

/// The longest deadline of a query. Sending a result may take longer: the server waits for the
/// learning management system.
const MAX_QUERY_DEADLINE: Duration = Duration::from_secs(15);
/// The most successes that are remembered, so that no error is sent after them.
const MAX_REMEMBERED: usize = 10_000;
/// How often a waiting thread looks whether another one has received a request.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A queue of an XQueue server.
///
/// ```no_run
/// use testamur::agent::XQueue;
/// use testamur::site::Settings;
///
/// let settings = Settings::parse(b"agent: { xqueue: { url: https://xqueue.example.org, name: certificates } }")?;
/// let queue = XQueue::new(&settings.agent.xqueue)?;
/// # Ok::<(), testamur::Error>(())
/// ```
pub struct XQueue {
    session: Session,
    name: String,
    poll: Duration,
    lease: Duration,
    deadline: Duration,
    reissue: bool,
    polling: Mutex<Polling>,
    /// The requests in hand, by their id, while their deliveries exist.
    in_hand: Mutex<HashMap<String, Weak<Mutex<SubmissionReceipt>>>>,
    successes: Mutex<Successes>,
}

/// When a thread may ask the server for a request: at any time while requests come, once per poll
/// interval while the queue is empty, and never while another one asks.
struct Polling {
    is_fetching: bool,
    has_requests: bool,
    next_at: Instant,
}

/// What the server needs with the answer to a request.
#[derive(Clone)]
struct SubmissionReceipt {
    /// The header under which the request was handed out last.
    header: String,
    received: Instant,
}

/// The latest successful replies, by the id of their request.
#[derive(Default)]
struct Successes {
    replies: HashMap<String, String>,
    order: VecDeque<String>,
}

impl XQueue {
    /// Creates the queue of these settings, which hold the passwords themselves. The server is not
    /// asked yet.
    ///
    /// # Errors
    /// [`ErrorKind::MissingField`]: the settings have no URL, name, user or password.
    pub fn new(settings: &XqueueSettings) -> Result<Self> {
        let missing =
            |key| Error::new(ErrorKind::MissingField, format!("`xqueue` has no `{key}`"));
        Ok(Self {
            session: Session::new(settings)?,
            name: settings.name.clone().ok_or_else(|| missing("name"))?,
            poll: settings.poll,
            lease: settings.lease,
            deadline: settings.deadline,
            reissue: false,
            polling: Mutex::new(Polling {
                is_fetching: false,
                has_requests: false,
                next_at: Instant::now(),
            }),
            in_hand: Mutex::default(),
            successes: Mutex::default(),
        })
    }

    /// Sets whether each request issues a revoked certificate again.
    pub fn with_reissue(mut self, reissue: bool) -> Self {
        self.reissue = reissue;
        self
    }

    fn get(&self, path: &str) -> Result<Response> {
        let deadline = self.deadline.min(MAX_QUERY_DEADLINE);
        self.session.get(path, &[("queue_name", &self.name)], deadline)
    }

    /// Waits until this thread may ask the server, at most until `until`. `None` if it may not.
    fn wait_to_poll(&self, until: Instant) -> Option<Fetching<'_>> {
        loop {
            let now = Instant::now();
            {
                let mut polling = lock(&self.polling);
                if !polling.is_fetching
                    && (polling.has_requests || polling.next_at <= now)
                {
                    polling.is_fetching = true;
                    polling.next_at = now + self.poll;
                    return Some(Fetching(&self.polling));
                }
            }
            if now >= until {
                return None;
            }
            thread::sleep(POLL_INTERVAL.min(until - now));
        }
    }

    /// Fetches a request. `None` if there is none, or if it is already in hand.
    fn fetch(&self) -> Result<Option<Delivery>> {
        match self.get("get_submission")? {
            Response::Success(Value::String(content)) => {
                let content = serde_json::from_str(&content)
                    .map_err(|cause| unexpected().with_source(cause))?;
                self.delivery(&content)
            }
            Response::Success(content) => self.delivery(&content),
            Response::Failure(why) if why.ends_with("is empty") => Ok(None),
            // Another consumer has received the request meanwhile.
            Response::Failure(why) if why.starts_with("Error fetching submission") => {
                Ok(None)
            }
            Response::Failure(why) if why.ends_with("not found") => {
                Err(self.no_such_queue(None))
            }
            Response::Failure(why) => Err(self.failed("fetch a request", &why)),
            Response::Denied => Err(self.denied()),
            Response::NotFound => Err(self.session.not_found()),
        }
    }

    /// Reads the request in an answer of the server. `None` if it is already in hand.
    fn delivery(&self, content: &Value) -> Result<Option<Delivery>> {
        // The server wants its header back unchanged.
        let header = match content.get("xqueue_header") {
            Some(Value::String(header)) => header.clone(),
            Some(header) => header.to_string(),
            None => return Err(unexpected()),
        };
        let parsed: Value = serde_json::from_str(&header)
            .map_err(|cause| unexpected().with_source(cause))?;
        let id = match parsed.get("submission_id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(unexpected()),
        };
        let receipt = SubmissionReceipt { header, received: Instant::now() };
        let Some(receipt) = self.take_in_hand(&id, receipt) else { return Ok(None) };
        let (correlation, task) = match content.get("xqueue_body") {
            Some(Value::String(body)) => read_message(body.as_bytes()),
            Some(body) => read_message(body.to_string().as_bytes()),
            None => read_message(b""),
        };
        let task = task.map(|task| task.with_reissue(self.reissue));
        let delivery = Delivery::new(id, task).with_correlation(correlation);
        Ok(Some(delivery.with_receipt(receipt)))
    }

    /// Records that a request is in hand. `None` if it was already: its lease has run out
    /// while it is worked on, and the server takes an answer only with the new key.
    fn take_in_hand(
        &self,
        id: &str,
        receipt: SubmissionReceipt,
    ) -> Option<Arc<Mutex<SubmissionReceipt>>> {
        let mut in_hand = lock(&self.in_hand);
        in_hand.retain(|_, receipt| receipt.strong_count() > 0);
        if let Some(before) = in_hand.get(id).and_then(Weak::upgrade) {
            *lock(&before) = receipt;
            return None;
        }
        let receipt = Arc::new(Mutex::new(receipt));
        in_hand.insert(id.to_owned(), Arc::downgrade(&receipt));
        Some(receipt)
    }

    /// Sends a reply, and returns whether the server took it.
    fn put(&self, delivery: &Delivery, reply: &str) -> Result<LeaseState> {
        let mut sent = None;
        loop {
            let Some(receipt) = receipt(delivery) else {
                let message = format!("`{}` is of another queue", delivery.id());
                return Err(Error::new(ErrorKind::InvalidValue, message));
            };
            // The key has changed while the reply was on its way: send it with the new
            // one.
            if sent.as_ref() == Some(&receipt.header) {
                return Ok(LeaseState::Lost);
            }
            if self.put_under(&receipt.header, reply)? == LeaseState::Held {
                return Ok(LeaseState::Held);
            }
            sent = Some(receipt.header);
        }
    }

    fn put_under(&self, header: &str, reply: &str) -> Result<LeaseState> {
        let form = [("xqueue_header", header), ("xqueue_body", reply)];
        match self.session.post("put_result", &form, self.deadline)? {
            Response::Success(_) => Ok(LeaseState::Held),
            // A server that uses HTTP status codes gives this answer to a key that is not
            // the current one.
            Response::Denied | Response::NotFound => Ok(LeaseState::Lost),
            Response::Failure(why) if why == "Incorrect key for submission" => {
                Ok(LeaseState::Lost)
            }
            Response::Failure(why) if why == "Submission does not exist" => {
                Ok(LeaseState::Lost)
            }
            Response::Failure(why) => Err(self.failed("send a result", &why)),
        }
    }

    fn failed(&self, what: &str, why: &str) -> Error {
        let why = truncated(why, 200);
        Error::new(
            ErrorKind::Queue,
            format!("failed to {what} ({} says: {why})", self.session),
        )
    }

    fn denied(&self) -> Error {
        let message = format!(
            "{} lets `{}` in, and then does not",
            self.session,
            self.session.user()
        );
        Error::new(ErrorKind::QueueRefused, message)
            .with_help("the user may lack a right, such as the group `xqueue`")
    }

    /// Creates the error of a queue that the server does not have; `known` are those it has.
    fn no_such_queue(&self, known: Option<&str>) -> Error {
        let error = Error::new(
            ErrorKind::QueueRefused,
            format!("{} has no queue `{}`", self.session, self.name),
        );
        match known {
            Some(known) => {
                let known: Vec<&str> = known.split(", ").map(str::trim).collect();
                error.with_help(did_you_mean(&self.name, known.iter().copied()))
            }
            None => error.with_help("set `name` to that of the LMS's `CERT_QUEUE`"),
        }
    }
}

impl Queue for XQueue {
    fn check(&self) -> Result<()> {
        self.session.renew()?;
        self.depth().map(drop)
    }

    fn receive(&self, wait: Duration) -> Result<Option<Delivery>> {
        let until = Instant::now() + wait;
        while let Some(fetching) = self.wait_to_poll(until) {
            let fetched = self.fetch();
            drop(fetching);
            let mut polling = lock(&self.polling);
            polling.has_requests = matches!(fetched, Ok(Some(_)));
            match fetched {
                Ok(None) if Instant::now() < until => {}
                // The caller decides how long to wait after an error.
                Err(error) => {
                    polling.next_at = Instant::now();
                    return Err(error);
                }
                fetched => return fetched,
            }
        }
        Ok(None)
    }

    fn extend_lease(&self, delivery: &Delivery) -> Result<LeaseState> {
        let receipt = receipt(delivery);
        if receipt.is_some_and(|receipt| receipt.received.elapsed() < self.lease) {
            Ok(LeaseState::Held)
        } else {
            Ok(LeaseState::Lost)
        }
    }

    fn ack(&self, delivery: &Delivery, answer: &Answer) -> Result<LeaseState> {
        let (mut reply, is_success) = reply(delivery, answer);
        // A success is remembered before it is sent, because a failed call does not show whether
        // the learning management system has it: an error after it would remove a certificate that
        // its recipient has seen.
        let mut successes = lock(&self.successes);
        if is_success {
            successes.remember(delivery.id(), &reply);
        } else if let Some(success) = successes.replies.get(delivery.id()) {
            reply.clone_from(success);
        }
        drop(successes);
        let lease = self.put(delivery, &reply)?;
        lock(&self.in_hand).remove(delivery.id());
        Ok(lease)
    }

    fn nack(&self, delivery: &Delivery, _: Duration) -> Result<()> {
        // The server hands the request out again when its lease has run out.
        lock(&self.in_hand).remove(delivery.id());
        Ok(())
    }

    fn dead_letter(&self, delivery: &Delivery, why: &Error) -> Result<LeaseState> {
        self.ack(delivery, &Answer::from(why))
    }

    fn depth(&self) -> Result<Option<Depth>> {
        match self.get("get_queuelen")? {
            Response::Success(Value::Number(length)) => {
                Ok(Some(Depth { waiting: length.as_u64(), ..Depth::default() }))
            }
            Response::Failure(why) => match why.strip_prefix("Valid queue names are:") {
                Some(known) => Err(self.no_such_queue(Some(known))),
                None => Err(self.failed("ask how long the queue is", &why)),
            },
            Response::Denied => Err(self.denied()),
            // XQueue's successor inside the learning management system has no such call.
            Response::NotFound | Response::Success(_) => Ok(None),
        }
    }

    fn lease(&self) -> Duration {
        self.lease
    }
}

impl fmt::Debug for XQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("XQueue");
        shown.field("server", &self.session.to_string()).field("name", &self.name);
        shown.finish_non_exhaustive()
    }
}

/// The only thread that asks the server for a request, until this is dropped.
struct Fetching<'a>(&'a Mutex<Polling>);

impl Drop for Fetching<'_> {
    fn drop(&mut self) {
        lock(self.0).is_fetching = false;
    }
}

impl Successes {
    fn remember(&mut self, id: &str, reply: &str) {
        if self.replies.insert(id.to_owned(), reply.to_owned()).is_none() {
            self.order.push_back(id.to_owned());
        }
        if self.order.len() > MAX_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.replies.remove(&oldest);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The receipt of a request, as it was handed out last.
fn receipt(delivery: &Delivery) -> Option<SubmissionReceipt> {
    let receipt = delivery.receipt::<Arc<Mutex<SubmissionReceipt>>>()?;
    Some(lock(receipt).clone())
}

fn unexpected() -> Error {
    Error::new(ErrorKind::Queue, "the server's answer is not of the form that XQueue has")
}
