//! Settings of the agent: its queue, its HTTP API, its log, its webhook.
//!
//! ```yaml
//! agent:
//!   queue: redis            # or xqueue
//!   reissue: true           # a request for a revoked certificate issues a new edition
//!   redis:
//!     url: redis://localhost:6379
//!     stream: dev-learning-certificate-lifecycle
//!     group: testamur
//!     results: dev-testamur-certificates
//!   xqueue:
//!     url: https://xqueue.example.org
//!     name: certificates
//!     user: lms
//!     password_file: keys/xqueue
//! ```
//!
//! Each setting can be set in three places: in `testamur.yaml`, in a variable of the environment
//! (`TESTAMUR_AGENT__REDIS__URL`), and on the command line (`redis.url`). The environment goes
//! before the file, the command line before the environment. Secrets come from files or from the
//! environment, never from `testamur.yaml`. Times are seconds, with a fraction if need be. The table
//! of settings has the names and forms of all of them.

mod http;
pub(super) mod log;
mod read;
mod redis;
pub(super) mod value;
mod xqueue;

use std::collections::BTreeMap;
use std::time::Duration;

pub use self::http::{HttpSettings, WebhookSettings};
pub use self::log::{LogFormat, LogSettings, LogTarget};
pub use self::redis::RedisSettings;
pub use self::xqueue::XqueueSettings;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::site::files::SETTINGS_FILE;

/// The prefix of the variables of the environment.
const PREFIX: &str = "TESTAMUR_AGENT__";

/// The settings of the agent: `agent` in `testamur.yaml`. It takes requests from a queue, over
/// HTTP, or both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AgentSettings {
    /// The kind of the queue: `redis` or `xqueue`; none unless set.
    pub queue: Option<QueueKind>,
    /// Whether a request for a revoked certificate issues a new edition. Unless set, only the
    /// operator can reissue it.
    pub reissue: bool,
    /// The queue in Redis, if `queue` is `redis`.
    pub redis: RedisSettings,
    /// The queue of XQueue, if `queue` is `xqueue`.
    pub xqueue: XqueueSettings,
    /// The HTTP API: requests, health checks and metrics.
    pub http: HttpSettings,
    /// The log.
    pub log: LogSettings,
    /// The webhook that each outcome is posted to.
    pub webhook: WebhookSettings,
    /// How many requests of each source are worked on at the same time, from 1 to 1024; four for
    /// each core unless set.
    pub workers: Option<usize>,
    /// How long an agent that is stopped may take to finish its requests, from 0 to 3600 seconds;
    /// 25 seconds unless set.
    pub shutdown_timeout: Option<Duration>,
    /// Where each setting is set, by its name in the environment without the prefix.
    places: BTreeMap<String, Place>,
}

/// A kind of queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueKind {
    /// A stream in Redis, such as the event bus of Open edX.
    Redis,
    /// XQueue, a server that old installations of Open edX have.
    Xqueue,
}

impl AgentSettings {
    /// Checks that every required setting is set: for the queue, the HTTP API and the webhook.
    ///
    /// # Errors
    /// All of them at once: [`ErrorKind::MissingField`]: a setting is missing, or there is neither
    /// a queue nor an HTTP API. [`ErrorKind::InvalidValue`]: two streams have the same name.
    pub fn check(&self) -> Result<()> {
        let missing = |owner: &str, path: &str| {
            let key = path.rsplit("__").next().unwrap_or(path).to_lowercase();
            Error::new(ErrorKind::MissingField, format!("`{owner}` has no `{key}`"))
                .at(Place::file(SETTINGS_FILE))
                .with_help(format!("write it there, or set {PREFIX}{path}"))
        };
        let mut faults = Vec::new();
        match self.queue {
            None if self.http.listen.is_none() => faults.push(
                missing("agent", "QUEUE").with_help(format!(
                    "set `agent.queue` ({PREFIX}QUEUE) to `redis` or `xqueue`, or `agent.http.listen` \
                     ({PREFIX}HTTP__LISTEN) to take requests over HTTP alone"
                )),
            ),
            None if !self.http.has_token() => {
                faults.push(missing("http", "HTTP__TOKEN_FILE"));
            }
            None => {}
            Some(QueueKind::Redis) => {
                let redis = &self.redis;
                for (key, value) in [("URL", &redis.url), ("STREAM", &redis.stream)] {
                    if value.is_none() {
                        faults.push(missing("redis", &format!("REDIS__{key}")));
                    }
                }
                let names = [
                    redis.stream.clone(),
                    redis.results(),
                    redis.dead_letters(),
                    redis.unknown_courses(),
                ];
                for (index, key) in
                    [(1, "RESULTS"), (2, "DEAD_LETTERS"), (3, "UNKNOWN_COURSES")]
                {
                    if names[index].is_some() && names[..index].contains(&names[index]) {
                        let key = format!("REDIS__{key}");
                        let message = "one stream for two purposes: agents would read \
                                       what they wrote themselves";
                        let fault = Error::new(ErrorKind::InvalidValue, message);
                        faults.push(self.at(&key, fault).with_help(
                            "give `stream`, `results`, `dead_letters` and `unknown_courses` a \
                             name each",
                        ));
                    }
                }
            }
            Some(QueueKind::Xqueue) => {
                let queue = &self.xqueue;
                let has_password =
                    queue.password.is_some() || queue.password_file.is_some();
                for (key, is_set) in [
                    ("URL", queue.url.is_some()),
                    ("NAME", queue.name.is_some()),
                    ("USER", queue.user.is_some()),
                    ("PASSWORD_FILE", has_password),
                ] {
                    if !is_set {
                        faults.push(missing("xqueue", &format!("XQUEUE__{key}")));
                    }
                }
            }
        }
        let webhook = &self.webhook;
        let has_secret = webhook.secret.is_some() || webhook.secret_file.is_some();
        if webhook.url.is_some() && !has_secret {
            faults.push(missing("webhook", "WEBHOOK__SECRET_FILE"));
        }
        Error::join(faults)
    }

    /// Sets the place of an error: where the setting `path` is set. `path` is its name in the
    /// environment without the prefix, such as `REDIS__URL`.
    pub fn at(&self, path: &str, error: Error) -> Error {
        match self.places.get(path) {
            Some(place) => error.at(place.clone()),
            None => error.at(Place::file(SETTINGS_FILE)),
        }
    }
}

#[cfg(test)]
mod tests;
