//! What an operator sets about where requests come from.
//!
//! ```yaml
//! agent:
//!   queue: redis            # or xqueue
//!   reissue: true           # what was revoked comes back when it is asked for anew
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
//! The environment has the same words: `TESTAMUR_AGENT__REDIS__URL`. Secrets come from files or from
//! there, never from `testamur.yaml`.

mod http;
mod log;
mod read;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

pub use self::http::{HttpSettings, WebhookSettings};
pub use self::log::{Facility, LogFormat, LogSettings, LogTarget, SyslogAddress};
use super::FILE;
use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean};

/// What the variables of the environment begin with.
const PREFIX: &str = "TESTAMUR_AGENT__";
/// Shorter names of variables; they win over the longer ones.
const SHORT: [(&str, &str); 2] =
    [("TESTAMUR_LOG", "LOG__LEVEL"), ("TESTAMUR_LOG_FORMAT", "LOG__FORMAT")];

/// Where requests come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AgentSettings {
    /// The queue that requests are taken from.
    pub queue: Option<QueueKind>,
    /// Whether a certificate that was revoked comes back when it is asked for anew: otherwise only
    /// the operator brings it back.
    pub reissue: bool,
    /// Redis, if it is the queue.
    pub redis: RedisSettings,
    /// XQueue, if it is the queue.
    pub xqueue: XqueueSettings,
    /// The door for requests over HTTP, and for whoever watches over the agent.
    pub http: HttpSettings,
    /// What is logged, and where it goes.
    pub log: LogSettings,
    /// Who is told of each outcome.
    pub webhook: WebhookSettings,
    /// How many requests of each source are worked on at once: four a core unless set.
    pub workers: Option<usize>,
    /// How long an agent that is asked to stop may take to finish what it has: 25 seconds unless set.
    pub shutdown_timeout: Option<Duration>,
    /// Where each was set, by its name in the environment without the prefix.
    places: BTreeMap<String, Place>,
}

/// A kind of queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueKind {
    /// A stream of Redis, such as the event bus of Open edX.
    Redis,
    /// XQueue, which old installations of Open edX have.
    Xqueue,
}

/// A stream of Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisSettings {
    /// The server's address, without user and password: `redis://`, `rediss://` with TLS, or
    /// `redis+unix:///path`.
    pub url: Option<String>,
    /// The user, if the server has any.
    pub user: Option<String>,
    /// The password, if it came from the environment.
    pub password: Option<Secret>,
    /// The file that holds the password, in the site unless absolute.
    pub password_file: Option<String>,
    /// The stream that requests are read from.
    pub stream: Option<String>,
    /// The consumer group, which all agents share: `testamur` unless set.
    pub group: String,
    /// The stream that answers go to: the stream's name and `-results` unless set.
    pub results: Option<String>,
    /// The stream that unusable messages go to: the stream's name and `-dead` unless set.
    pub dead_letters: Option<String>,
    /// The modes of enrolment that earn a certificate.
    pub modes: Vec<String>,
    /// The statuses that mean that a certificate is earned: `downloadable` unless set.
    pub statuses: Vec<String>,
    /// How long a request belongs to an agent that gives no sign of life: 60 seconds unless set.
    pub lease: Duration,
    /// How long the server may take to answer: 10 seconds unless set.
    pub deadline: Duration,
    /// The most entries, about, that the streams of answers and of unusable messages keep each:
    /// 100,000 unless set.
    pub results_max_len: u64,
}

/// A queue of an XQueue server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct XqueueSettings {
    /// The server's address, without the `/` at its end.
    pub url: Option<String>,
    /// The queue's name.
    pub name: Option<String>,
    /// The user of XQueue itself.
    pub user: Option<String>,
    /// Their password, if it came from the environment.
    pub password: Option<Secret>,
    /// The file that holds it, in the site unless absolute.
    pub password_file: Option<String>,
    /// The user that a web server in front asks for (HTTP Basic).
    pub auth_user: Option<String>,
    /// Their password, if it came from the environment.
    pub auth_password: Option<Secret>,
    /// The file that holds it, in the site unless absolute.
    pub auth_password_file: Option<String>,
    /// How long to wait before asking an empty queue again: 5 seconds unless set.
    pub poll: Duration,
    /// How long the server keeps a request from others: 60 seconds unless set, as its
    /// `SUBMISSION_PROCESSING_DELAY` is.
    pub lease: Duration,
    /// How long the server may take to answer: 60 seconds unless set. It waits for the learning
    /// management system, up to 25 seconds.
    pub deadline: Duration,
}

/// A password. It shows itself nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret of that text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Default for RedisSettings {
    fn default() -> Self {
        // Open edX counts these among its modes as relevant for certificates; `audit` earns none.
        let modes = [
            "credit",
            "executive-education",
            "honor",
            "masters",
            "no-id-professional",
            "professional",
            "verified",
        ];
        Self {
            url: None,
            user: None,
            password: None,
            password_file: None,
            stream: None,
            group: "testamur".to_owned(),
            results: None,
            dead_letters: None,
            modes: modes.map(str::to_owned).to_vec(),
            statuses: vec!["downloadable".to_owned()],
            lease: Duration::from_secs(60),
            deadline: Duration::from_secs(10),
            results_max_len: 100_000,
        }
    }
}

impl Default for XqueueSettings {
    fn default() -> Self {
        Self {
            url: None,
            name: None,
            user: None,
            password: None,
            password_file: None,
            auth_user: None,
            auth_password: None,
            auth_password_file: None,
            poll: Duration::from_secs(5),
            lease: Duration::from_secs(60),
            deadline: Duration::from_secs(60),
        }
    }
}

impl AgentSettings {
    /// Sets what these variables of the environment say, over what is set already; pass all of them,
    /// those of other programs are passed over. An empty one says nothing.
    ///
    /// # Errors
    /// Everything that is wrong with them, each at the name of its variable.
    pub fn with_env<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self> {
        let mut faults = Vec::new();
        let mut variables: Vec<_> = variables.into_iter().collect();
        // So that the short names come last.
        variables.sort_by(|(one, _), (other, _)| one.as_ref().cmp(other.as_ref()));
        for (name, value) in &variables {
            let (name, value) = (name.as_ref(), value.as_ref());
            let long = SHORT.iter().find(|(short, _)| *short == name).map(|it| it.1);
            let rest = long.or_else(|| name.strip_prefix(PREFIX));
            let Some(rest) = rest.filter(|_| !value.is_empty()) else { continue };
            let place = Place::file(name);
            match read::set_variable(&mut self, rest, value) {
                Ok(()) => drop(self.places.insert(rest.to_owned(), place)),
                Err(fault) => faults.push(fault.at(place)),
            }
        }
        Error::join(faults)?;
        Ok(self)
    }

    /// Sets what these arguments of a program say, `redis.url` and the value, over what is set
    /// already; `option` is what they follow on the command line.
    ///
    /// # Errors
    /// Everything that is wrong with them, each at its argument.
    pub fn with_arguments<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        option: &str,
        arguments: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self> {
        let mut faults = Vec::new();
        for (name, value) in arguments {
            let place = Place::file(format!("{option} {}", name.as_ref()));
            let variable = name.as_ref().replace('.', "__").to_uppercase();
            match read::set_variable(&mut self, &variable, value.as_ref()) {
                Ok(()) => drop(self.places.insert(variable, place)),
                Err(fault) => faults.push(fault.at(place)),
            }
        }
        Error::join(faults)?;
        Ok(self)
    }

    /// Whether all is set that the queue needs.
    ///
    /// # Errors
    /// [`ErrorKind::MissingField`] and [`ErrorKind::InvalidValue`], all of them together.
    pub fn check(&self) -> Result<()> {
        let missing = |owner: &str, path: &str| {
            let key = path.rsplit("__").next().unwrap_or(path).to_lowercase();
            Error::new(ErrorKind::MissingField, format!("`{owner}` has no `{key}`"))
                .at(Place::file(FILE))
                .with_help(format!("write it there, or set {PREFIX}{path}"))
        };
        let mut faults = Vec::new();
        match self.queue {
            None if self.http.listen.is_none() => faults.push(missing("agent", "QUEUE")),
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
                let names = [redis.stream.clone(), redis.results(), redis.dead_letters()];
                for (index, key) in [(1, "RESULTS"), (2, "DEAD_LETTERS")] {
                    if names[index].is_some() && names[..index].contains(&names[index]) {
                        let key = format!("REDIS__{key}");
                        let message = "one stream for two purposes: agents would read \
                                       what they wrote themselves";
                        let fault = Error::new(ErrorKind::InvalidValue, message);
                        faults.push(self.at(&key, fault).with_help(
                            "give `stream`, `results` and `dead_letters` a name each",
                        ));
                    }
                }
            }
            Some(QueueKind::Xqueue) => {
                let queue = &self.xqueue;
                let password = match (&queue.password, &queue.password_file) {
                    (Some(_), _) | (_, Some(_)) => Some(String::new()),
                    _ => None,
                };
                for (key, value) in [
                    ("URL", &queue.url),
                    ("NAME", &queue.name),
                    ("USER", &queue.user),
                    ("PASSWORD_FILE", &password),
                ] {
                    if value.is_none() {
                        faults.push(missing("xqueue", &format!("XQUEUE__{key}")));
                    }
                }
            }
        }
        let webhook = &self.webhook;
        let secret = webhook.secret.is_some() || webhook.secret_file.is_some();
        if webhook.url.is_some() && !secret {
            faults.push(missing("webhook", "WEBHOOK__SECRET_FILE"));
        }
        Error::join(faults)
    }

    /// Gives an error the place where a setting was set, by its name in the environment without
    /// the prefix: `REDIS__URL`.
    pub fn at(&self, path: &str, error: Error) -> Error {
        match self.places.get(path) {
            Some(place) => error.at(place.clone()),
            None => error.at(Place::file(FILE)),
        }
    }
}

impl RedisSettings {
    /// The stream that answers go to.
    pub fn results(&self) -> Option<String> {
        self.beside(self.results.as_ref(), "results")
    }

    /// The stream that unusable messages go to.
    pub fn dead_letters(&self) -> Option<String> {
        self.beside(self.dead_letters.as_ref(), "dead")
    }

    fn beside(&self, set: Option<&String>, ending: &str) -> Option<String> {
        set.cloned().or_else(|| Some(format!("{}-{ending}", self.stream.as_ref()?)))
    }
}

/// The fault of a variable of the environment that nothing reads.
fn unknown_variable(rest: &str, known: &[String]) -> Error {
    let name = format!("{PREFIX}{rest}");
    let known: Vec<String> = known.iter().map(|path| format!("{PREFIX}{path}")).collect();
    Error::new(ErrorKind::UnknownKey, format!("unknown variable `{name}`"))
        .with_help(did_you_mean(&name, known.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests;
