//! Tells somebody of each outcome, beside the work and never in its way.

use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::hmac;
use serde_json::Value;

use super::metrics::Metrics;
use super::shared::Shared;
use crate::agent::queue::read_secret;
use crate::base::backoff::Backoff;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::tls::native_roots;
use crate::site::settings::{AgentSettings, Secret};

/// The most outcomes that wait to be told.
const CAPACITY: usize = 1000;
/// So often is one tried: for about two minutes.
const MAX_TRIES: usize = 9;
/// How long one may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Who is told of each outcome.
pub struct Webhook {
    url: String,
    key: hmac::Key,
    http: ureq::Agent,
    waiting: Mutex<VecDeque<Vec<u8>>>,
    bell: Condvar,
}

impl Webhook {
    /// Posts outcomes to an address, signed with a secret.
    pub fn new(url: impl Into<String>, secret: &Secret) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(DEADLINE))
            .max_redirects(0)
            .tls_config(native_roots())
            .user_agent(concat!("testamur/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            url: url.into(),
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes()),
            http: ureq::Agent::new_with_config(config),
            waiting: Mutex::default(),
            bell: Condvar::new(),
        }
    }

    /// The one of these settings, if they name any; the secret's file is looked for in `site`.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`] and the like for the secret's file.
    pub fn open(settings: &AgentSettings, site: &Path) -> Result<Option<Self>> {
        let webhook = &settings.webhook;
        let Some(url) = &webhook.url else { return Ok(None) };
        let secret = match (&webhook.secret, &webhook.secret_file) {
            (Some(secret), _) => secret.clone(),
            (None, Some(file)) => read_secret(&site.join(file))
                .map_err(|error| settings.at("WEBHOOK__SECRET_FILE", error))?,
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::MissingField,
                    "`webhook` has no `secret_file`",
                ));
            }
        };
        Ok(Some(Self::new(url.as_str(), &secret)))
    }

    /// Puts an outcome into the row; there is no room for it if the receiver is slow.
    pub(super) fn tell(&self, outcome: &Value, metrics: &Metrics) {
        let mut waiting = self.waiting();
        match waiting.len() < CAPACITY {
            true => waiting.push_back(outcome.to_string().into_bytes()),
            false => metrics.webhook("dropped"),
        }
        self.bell.notify_one();
    }

    /// The next outcome, or none if none comes for a while.
    fn next(&self) -> Option<Vec<u8>> {
        let wait = Duration::from_millis(500);
        let waited =
            self.bell.wait_timeout_while(self.waiting(), wait, |row| row.is_empty());
        waited.unwrap_or_else(PoisonError::into_inner).0.pop_front()
    }

    fn post(&self, body: &[u8]) -> Result<(), Refusal> {
        let tag = hmac::sign(&self.key, body);
        let signature = format!("sha256={}", hex::lower(tag.as_ref()));
        let posted = self
            .http
            .post(&self.url)
            .content_type("application/json")
            .header("x-testamur-signature", signature)
            .send(body);
        match posted {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(Refusal(answer.status().to_string(), false)),
            Err(ureq::Error::StatusCode(code @ 400..=499))
                if ![408, 429].contains(&code) =>
            {
                Err(Refusal(format!("status {code}"), true))
            }
            Err(cause) => Err(Refusal(cause.to_string(), false)),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Vec<u8>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why an outcome was not taken, and whether it never will be.
struct Refusal(String, bool);

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Tells of outcomes until all work has ended and all of them are told, or cannot be.
pub(super) fn run(shared: &Shared) {
    let Some(webhook) = &shared.webhook else { return };
    loop {
        let Some(body) = webhook.next() else {
            match shared.closed.is_asked() {
                true => return,
                false => continue,
            }
        };
        let mut backoff = Backoff::default();
        for turn in 1.. {
            match webhook.post(&body) {
                Ok(()) => shared.metrics.webhook("sent"),
                Err(Refusal(why, last)) => {
                    if !(last || turn >= MAX_TRIES || shared.closed.is_asked()) {
                        tracing::debug!(why, "a webhook is tried again");
                        shared.closed.wait(backoff.next());
                        continue;
                    }
                    shared.metrics.webhook("failed");
                    tracing::warn!(why, "an outcome could not be told to the webhook");
                }
            }
            break;
        }
    }
}
