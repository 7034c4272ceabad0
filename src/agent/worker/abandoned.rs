//! Remembers the requests whose renders were abandoned: none is started while its render
//! may still run, nor after it was abandoned twice.
//!
//! A render that exceeded its deadline may never end, and its thread cannot be stopped. The
//! decision made here: what is remembered is the content of the request, not its message,
//! so that the same request occupies one thread at most.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ring::digest::{SHA256, digest};

use crate::base::error::{Error, ErrorKind, Result};
use crate::site::request::Request;

/// A request that exceeds its deadline this often is set aside.
const MAX_ABANDONED: u32 = 2;
/// A request is set aside if abandoned renders still run after this time.
const MAX_WAIT: Duration = Duration::from_secs(20);
/// The most requests that are remembered; the oldest is forgotten first.
const MAX_REMEMBERED: usize = 10_000;

/// The requests whose renders were abandoned.
#[derive(Debug, Default)]
pub(super) struct AbandonedRequests(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    by_content: HashMap<RequestDigest, Abandoned>,
    /// In the order in which they were first abandoned.
    order: VecDeque<RequestDigest>,
}

#[derive(Debug, Clone, Copy)]
struct Abandoned {
    times: u32,
    last: Instant,
    /// The generation of the site: once the site has changed, the request may succeed.
    generation: usize,
}

/// The content of a request, whatever message brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RequestDigest([u8; 32]);

/// Whether a request may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Now.
    Allowed,
    /// Later: its abandoned render may still run.
    Waits,
    /// Not any more.
    SetAside,
}

impl RequestDigest {
    pub(super) fn of(request: &Request) -> Result<Self> {
        let mut content = serde_json::to_value(request).map_err(|cause| {
            Error::caused(ErrorKind::InvalidValue, "no request", cause)
        })?;
        if let Some(content) = content.as_object_mut() {
            content.remove("requested_at");
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, content.to_string().as_bytes()).as_ref());
        Ok(Self(sha256))
    }
}

impl AbandonedRequests {
    /// Returns whether a request may be started, given the number of abandoned renders
    /// that still run.
    pub(super) fn start(
        &self,
        request: RequestDigest,
        generation: usize,
        still_running: usize,
    ) -> Start {
        let remembered = self.lock();
        let Some(found) = remembered.by_content.get(&request) else {
            return Start::Allowed;
        };
        if found.generation != generation {
            return Start::Allowed;
        }
        if found.times >= MAX_ABANDONED {
            return Start::SetAside;
        }
        match still_running {
            0 => Start::Allowed,
            _ if found.last.elapsed() > MAX_WAIT => Start::SetAside,
            _ => Start::Waits,
        }
    }

    /// Records that a render of the request was abandoned.
    pub(super) fn record(&self, request: RequestDigest, generation: usize) {
        let mut remembered = self.lock();
        let new = Abandoned { times: 0, last: Instant::now(), generation };
        let found = remembered.by_content.entry(request).or_insert(new);
        let is_new = found.times == 0;
        if found.generation != generation {
            *found = new;
        }
        found.times += 1;
        found.last = new.last;
        if is_new {
            remembered.order.push_back(request);
            if remembered.order.len() > MAX_REMEMBERED
                && let Some(oldest) = remembered.order.pop_front()
            {
                remembered.by_content.remove(&oldest);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(name: &str) -> RequestDigest {
        RequestDigest::of(&Request::new("c", name).unwrap()).unwrap()
    }

    #[test]
    fn request_is_started_again_once_and_only_when_nothing_runs() {
        let requests = AbandonedRequests::default();
        let (slow, other) = (digest_of("Slow"), digest_of("Other"));
        assert_eq!(requests.start(slow, 0, 3), Start::Allowed);
        requests.record(slow, 0);
        assert_eq!(requests.start(slow, 0, 1), Start::Waits);
        assert_eq!(requests.start(slow, 0, 0), Start::Allowed);
        assert_eq!(requests.start(other, 0, 1), Start::Allowed);
        requests.record(slow, 0);
        assert_eq!(requests.start(slow, 0, 0), Start::SetAside);
        assert_eq!(requests.start(slow, 1, 0), Start::Allowed, "the site has changed");
        requests.record(slow, 1);
        assert_eq!(requests.start(slow, 1, 0), Start::Allowed);
    }

    #[test]
    fn same_content_is_the_same_request_whenever_it_was_asked_for() {
        let request = Request::new("c", "Ada").unwrap();
        let at = |text: &str| crate::base::timestamp::Timestamp::parse(text).unwrap();
        let again = request.clone().with_requested_at(at("2026-05-14T09:30:00Z"));
        let again = again.with_message_id("7");
        assert_eq!(
            RequestDigest::of(&request).unwrap(),
            RequestDigest::of(&again).unwrap()
        );
        let other = RequestDigest::of(&request.with_grade("A")).unwrap();
        assert_ne!(other, RequestDigest::of(&again).unwrap());
    }

    #[test]
    fn oldest_request_is_forgotten_first() {
        let requests = AbandonedRequests::default();
        let digest_of = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            RequestDigest(bytes)
        };
        for number in 0..=MAX_REMEMBERED {
            requests.record(digest_of(number), 0);
        }
        assert_eq!(requests.start(digest_of(0), 0, 1), Start::Allowed);
        assert_eq!(requests.start(digest_of(1), 0, 1), Start::Waits);
        assert_eq!(requests.lock().by_content.len(), MAX_REMEMBERED);
    }
}
