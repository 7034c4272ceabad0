//! The webhook: posts each outcome to a URL, on a thread of its own, so that a slow receiver delays
//! no request.

use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::hmac;
use serde_json::Value;

use super::metrics::Metrics;
use super::shutdown::Shutdown;
use crate::agent::secret_file::read_secret;
use crate::base::backoff::Backoff;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::tls::native_roots;
use crate::site::settings::{AgentSettings, Secret};

/// The most outcomes that wait to be posted; more are dropped.
const MAX_WAITING: usize = 1000;
/// How often one outcome is posted at most, which takes about two minutes.
const MAX_ATTEMPTS: usize = 9;
/// How long one post may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long the thread waits for an outcome before it looks whether all work has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Posts each outcome to a URL, signed with a shared secret (HMAC-SHA256).
///
/// ```
/// use testamur::agent::Webhook;
/// use testamur::site::Secret;
///
/// let webhook = Webhook::new("https://lms.example.org/issued", &Secret::new("a shared secret"));
/// ```
pub struct Webhook {
    url: String,
    key: hmac::Key,
    http: ureq::Agent,
    waiting: Mutex<VecDeque<Vec<u8>>>,
    outcome_added: Condvar,
}

/// Why an outcome was not taken, and whether posting it again is useless.
struct PostError {
    message: String,
    is_final: bool,
}

impl Webhook {
    /// Creates a webhook for a URL, with the secret that signs what is posted.
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
            outcome_added: Condvar::new(),
        }
    }

    /// Creates the webhook of these settings, or none if they name no URL. The path of the secret's
    /// file is relative to the folder `site`.
    ///
    /// # Errors
    /// [`ErrorKind::MissingField`]: the settings name no secret. [`ErrorKind::MissingFile`],
    /// [`ErrorKind::Io`], [`ErrorKind::InvalidValue`]: the secret's file is missing, unreadable or
    /// empty.
    pub fn from_settings(settings: &AgentSettings, site: &Path) -> Result<Option<Self>> {
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

    /// Adds an outcome to those that wait to be posted, or drops and counts it if too many wait.
    pub(crate) fn enqueue(&self, outcome: &Value, metrics: &Metrics) {
        let mut waiting = self.waiting();
        if waiting.len() < MAX_WAITING {
            waiting.push_back(outcome.to_string().into_bytes());
        } else {
            metrics.count_webhook("dropped");
        }
        self.outcome_added.notify_one();
    }

    /// Waits for the next outcome; returns none if none comes within [`POLL_INTERVAL`].
    fn dequeue(&self) -> Option<Vec<u8>> {
        let waited = self.outcome_added.wait_timeout_while(
            self.waiting(),
            POLL_INTERVAL,
            |waiting| waiting.is_empty(),
        );
        waited.unwrap_or_else(PoisonError::into_inner).0.pop_front()
    }

    fn post(&self, body: &[u8]) -> Result<(), PostError> {
        let tag = hmac::sign(&self.key, body);
        let signature = format!("sha256={}", hex::lower(tag.as_ref()));
        let posted = self
            .http
            .post(&self.url)
            .content_type("application/json")
            .header("x-testamur-signature", signature)
            .send(body);
        let failed = |message, is_final| Err(PostError { message, is_final });
        match posted {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => failed(answer.status().to_string(), false),
            Err(ureq::Error::StatusCode(code @ 400..=499))
                if ![408, 429].contains(&code) =>
            {
                failed(format!("status {code}"), true)
            }
            Err(cause) => failed(cause.to_string(), false),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Vec<u8>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Posts outcomes until all work has ended and each outcome is posted or has failed.
pub(crate) fn run(webhook: &Webhook, metrics: &Metrics, shutdown: &Shutdown) {
    loop {
        let Some(body) = webhook.dequeue() else {
            if shutdown.closed.is_requested() {
                return;
            }
            continue;
        };
        let mut backoff = Backoff::default();
        for attempt in 1.. {
            match webhook.post(&body) {
                Ok(()) => metrics.count_webhook("sent"),
                Err(PostError { message: why, is_final }) => {
                    let is_last = is_final || attempt >= MAX_ATTEMPTS;
                    if !(is_last || shutdown.closed.is_requested()) {
                        tracing::debug!(why, "an outcome is posted to the webhook again");
                        shutdown.closed.wait(backoff.next());
                        continue;
                    }
                    metrics.count_webhook("failed");
                    tracing::warn!(why, "failed to post an outcome to the webhook");
                }
            }
            break;
        }
    }
}
