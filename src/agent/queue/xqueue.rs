//! XQueue, from which old installations of Open edX hand out requests: certificates to create, to
//! create anew and to delete.
//!
//! What is pulled is hidden from others for a while, a minute mostly, and then handed out again under
//! another key; an answer under the old one is refused. Nothing can be renewed or given back early.
//! The server passes answers on to the learning management system, and hands a request out again when
//! that does not take the answer: up to four times in all, the success that was given once included.

mod message;
mod session;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use self::session::{Said, Session};
use super::{Answer, Delivery, Depth, LeaseState, Queue, Task, cut};
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::site::settings::XqueueSettings;

/// The longest that an answer is awaited to anything but a result, for which the server asks another.
const SHORT: Duration = Duration::from_secs(15);
/// How many successes are remembered, so that no error follows them.
const REMEMBERED: usize = 10_000;
/// How often a thread that waits looks whether another found something.
const LOOK: Duration = Duration::from_millis(50);

/// A queue of an XQueue server.
pub struct XQueue {
    session: Session,
    name: String,
    poll: Duration,
    lease: Duration,
    deadline: Duration,
    reissue: bool,
    turn: Mutex<Turn>,
    successes: Mutex<Successes>,
}

/// Who may ask for a request: everybody while there are some, one at a time of an empty queue.
struct Turn {
    flows: bool,
    next: Instant,
}

/// What a request is answered by.
struct Ticket {
    header: String,
    received: Instant,
}

/// The last successful replies, by request.
#[derive(Default)]
struct Successes {
    replies: HashMap<String, String>,
    order: VecDeque<String>,
}

impl XQueue {
    /// The queue of these settings, whose passwords must have been read. Nothing is asked of the
    /// server yet.
    ///
    /// # Errors
    /// [`ErrorKind::MissingField`]: no address, name, user or password.
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
            turn: Mutex::new(Turn { flows: false, next: Instant::now() }),
            successes: Mutex::default(),
        })
    }

    /// Whether a certificate that was revoked comes back when it is asked for anew.
    pub fn with_reissue(mut self, reissue: bool) -> Self {
        self.reissue = reissue;
        self
    }

    fn get(&self, path: &str) -> Result<Said> {
        let deadline = self.deadline.min(SHORT);
        self.session.get(path, &[("queue_name", &self.name)], deadline)
    }

    /// Waits for the turn to ask, and says whether it came.
    fn turn(&self, until: Instant) -> bool {
        loop {
            let now = Instant::now();
            {
                let mut turn = lock(&self.turn);
                if turn.flows {
                    return true;
                }
                if turn.next <= now {
                    turn.next = now + self.poll;
                    return true;
                }
            }
            if now >= until {
                return false;
            }
            thread::sleep(LOOK.min(until - now));
        }
    }

    fn fetch(&self) -> Result<Option<Delivery>> {
        let said = self.get("get_submission")?;
        match said {
            Said::Done(Value::String(content)) => {
                let content = serde_json::from_str(&content).map_err(|_| strange())?;
                self.delivery(&content).map(Some)
            }
            Said::Done(content) => self.delivery(&content).map(Some),
            Said::Failed(why) if why.ends_with("is empty") => Ok(None),
            // Somebody else was faster.
            Said::Failed(why) if why.starts_with("Error fetching submission") => Ok(None),
            Said::Failed(why) if why.ends_with("not found") => {
                Err(self.no_such_queue(None))
            }
            Said::Failed(why) => Err(self.failed("fetch a request", &why)),
            Said::Denied => Err(self.denied()),
            Said::Absent => Err(self.session.absent()),
        }
    }

    fn delivery(&self, content: &Value) -> Result<Delivery> {
        // The header goes back as it came.
        let header = match content.get("xqueue_header") {
            Some(Value::String(header)) => header.clone(),
            Some(header) => header.to_string(),
            None => return Err(strange()),
        };
        let parsed: Value = serde_json::from_str(&header).map_err(|_| strange())?;
        let id = match parsed.get("submission_id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(strange()),
        };
        let (about, task) = match content.get("xqueue_body") {
            Some(Value::String(body)) => message::task(body.as_bytes()),
            Some(body) => message::task(body.to_string().as_bytes()),
            None => message::task(b""),
        };
        let task = task.map(|task| match task {
            Task::Issue { request, options, replaces } => {
                let options = options.with_reissue(options.reissue || self.reissue);
                Task::Issue { request, options, replaces }
            }
            other => other,
        });
        let receipt = Ticket { header, received: Instant::now() };
        Ok(Delivery::new(id, task).with_about(about).with_receipt(receipt))
    }

    /// Sends a reply, and says whether it was taken.
    fn put(&self, delivery: &Delivery, reply: &str) -> Result<LeaseState> {
        let Some(receipt) = delivery.receipt::<Ticket>() else {
            let message = format!("`{}` is of another queue", delivery.id());
            return Err(Error::new(ErrorKind::InvalidValue, message));
        };
        let form = [("xqueue_header", receipt.header.as_str()), ("xqueue_body", reply)];
        match self.session.post("put_result", &form, self.deadline)? {
            Said::Done(_) => Ok(LeaseState::Ours),
            // A server with real status codes says no more to a key that is not its own.
            Said::Denied | Said::Absent => Ok(LeaseState::Lost),
            Said::Failed(why) if why == "Incorrect key for submission" => {
                Ok(LeaseState::Lost)
            }
            Said::Failed(why) if why == "Submission does not exist" => {
                Ok(LeaseState::Lost)
            }
            Said::Failed(why) => Err(self.failed("send a result", &why)),
        }
    }

    fn failed(&self, what: &str, why: &str) -> Error {
        let why = cut(why, 200);
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

    /// The fault of a queue that is not there; `known` are those that are.
    fn no_such_queue(&self, known: Option<&str>) -> Error {
        let fault = Error::new(
            ErrorKind::QueueRefused,
            format!("{} has no queue `{}`", self.session, self.name),
        );
        match known {
            Some(known) => {
                let known: Vec<&str> = known.split(", ").map(str::trim).collect();
                fault.with_help(did_you_mean(&self.name, known.iter().copied()))
            }
            None => fault.with_help("set `name` to that of the LMS's `CERT_QUEUE`"),
        }
    }
}

impl Queue for XQueue {
    fn check(&self) -> Result<()> {
        self.session.login()?;
        self.depth().map(drop)
    }

    fn receive(&self, wait: Duration) -> Result<Option<Delivery>> {
        let until = Instant::now() + wait;
        while self.turn(until) {
            let fetched = self.fetch();
            let mut turn = lock(&self.turn);
            turn.flows = matches!(fetched, Ok(Some(_)));
            match fetched {
                Ok(None) if Instant::now() < until => {}
                // How long to wait then is for the caller to say.
                Err(error) => {
                    turn.next = Instant::now();
                    return Err(error);
                }
                fetched => return fetched,
            }
        }
        Ok(None)
    }

    fn extend(&self, delivery: &Delivery) -> Result<LeaseState> {
        let held = delivery.receipt::<Ticket>();
        match held.is_some_and(|receipt| receipt.received.elapsed() < self.lease) {
            true => Ok(LeaseState::Ours),
            false => Ok(LeaseState::Lost),
        }
    }

    fn done(&self, delivery: &Delivery, answer: &Answer) -> Result<LeaseState> {
        let (mut reply, good) = message::reply(delivery, answer);
        // Whether the learning management system has it nobody knows, so it is remembered before it
        // is sent: an error after it would take back a certificate that its recipient has seen.
        let mut successes = lock(&self.successes);
        match good {
            true => successes.remember(delivery.id(), &reply),
            false => {
                if let Some(success) = successes.replies.get(delivery.id()) {
                    reply.clone_from(success);
                }
            }
        }
        drop(successes);
        self.put(delivery, &reply)
    }

    fn retry(&self, _: &Delivery, _: Duration) -> Result<()> {
        // The server hands it out again when it is time.
        Ok(())
    }

    fn dead(&self, delivery: &Delivery, why: &Error) -> Result<LeaseState> {
        self.done(delivery, &Answer::from(why))
    }

    fn depth(&self) -> Result<Option<Depth>> {
        match self.get("get_queuelen")? {
            Said::Done(Value::Number(length)) => {
                Ok(Some(Depth { waiting: length.as_u64(), ..Depth::default() }))
            }
            Said::Failed(why) => match why.strip_prefix("Valid queue names are:") {
                Some(known) => Err(self.no_such_queue(Some(known))),
                None => Err(self.failed("ask how long the queue is", &why)),
            },
            Said::Denied => Err(self.denied()),
            // The successor within the learning management system does not tell.
            Said::Absent | Said::Done(_) => Ok(None),
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

impl Successes {
    fn remember(&mut self, id: &str, reply: &str) {
        if self.replies.insert(id.to_owned(), reply.to_owned()).is_none() {
            self.order.push_back(id.to_owned());
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.replies.remove(&oldest);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn strange() -> Error {
    Error::new(ErrorKind::Queue, "the server's answer is not of the form that XQueue has")
}
