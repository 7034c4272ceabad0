//! An entry of the spool: a request, what it is about, and who waits for its answer.

use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::agent::queue::{Answer, Revocation, Target, Task};
use crate::base::digits::CertificateId;
use crate::site::award::Award;

/// A request in the spool.
pub(super) struct SpoolEntry {
    pub(super) id: String,
    pub(super) body: Vec<u8>,
    pub(super) subject: Subject,
    /// How often it was handed out after an earlier agent left it; `None` if this agent
    /// accepted it.
    pub(super) tries: Option<AtomicU32>,
    pub(super) not_before: Mutex<Instant>,
    pub(super) accepted_at: Instant,
    pub(super) listeners: Mutex<Vec<oneshot::Sender<SpoolAnswer>>>,
}

/// What a request is about: requests of one subject are done one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Award(Award),
    Certificate(CertificateId),
    /// Neither: such a request waits for no other one.
    None,
}

/// An answer, and its form in JSON.
#[derive(Debug, Clone)]
pub(in crate::agent) struct SpoolAnswer {
    pub(in crate::agent) answer: Answer,
    pub(in crate::agent) json: Value,
}

impl SpoolEntry {
    pub(super) fn new(id: String, body: Vec<u8>, subject: Subject) -> Self {
        let now = Instant::now();
        let (not_before, listeners) = (Mutex::new(now), Mutex::default());
        Self { id, body, subject, tries: None, not_before, accepted_at: now, listeners }
    }

    pub(super) fn not_before(&self) -> Instant {
        *self.not_before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn listen(&self) -> oneshot::Receiver<SpoolAnswer> {
        let (sender, receiver) = oneshot::channel();
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| !listener.is_closed());
        listeners.push(sender);
        receiver
    }
}

impl Subject {
    pub(super) fn of(task: Option<&Task>) -> Self {
        if let Some(award) = task.and_then(Task::award) {
            return Self::Award(award);
        }
        match task {
            Some(Task::Revoke(Revocation {
                target: Target::Certificate(verify),
                ..
            })) => Self::Certificate(verify.clone()),
            _ => Self::None,
        }
    }
}
