//! Settings of a queue in Redis: a stream with a consumer group.

use std::time::Duration;

use crate::site::settings::secret::Secret;

/// A queue in Redis: `agent.redis`. A stream with requests, one for the answers, and one for
/// messages that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisSettings {
    /// The server's address, without user and password: `redis://localhost:6379/0`, `rediss://…`
    /// with TLS, or `redis+unix:///run/redis.sock`. Required.
    pub url: Option<String>,
    /// The user, if the server has users.
    pub user: Option<String>,
    /// The password, if the environment sets it.
    pub password: Option<Secret>,
    /// The path of the file with the password, relative to the site unless it is absolute.
    pub password_file: Option<String>,
    /// The stream that requests are read from. Required.
    pub stream: Option<String>,
    /// The consumer group, which all agents share; `testamur` unless set.
    pub group: String,
    /// The stream of the answers; the name of `stream` and `-results` unless set.
    pub results: Option<String>,
    /// The stream of dead letters: messages that cannot be read. The name of `stream` and `-dead`
    /// unless set.
    pub dead_letters: Option<String>,
    /// The stream of requests that failed because the site had no such course, from which
    /// `agent replay` takes them; the name of `stream` and `-unknown` unless set.
    pub unknown_courses: Option<String>,
    /// The enrolment modes that earn a certificate, in events of Open edX; if it is empty all but
    /// `audit`, as on Open edX.
    pub modes: Vec<String>,
    /// The certificate statuses that earn a certificate, in events of Open edX; `downloadable`
    /// unless set.
    pub statuses: Vec<String>,
    /// How long a request is leased to an agent before another one takes it, from 1 to 3600
    /// seconds; 60 seconds unless set. A living agent extends the lease.
    pub lease: Duration,
    /// How long the server may take to answer, from 0.1 to 3600 seconds; 10 seconds unless set.
    pub deadline: Duration,
    /// About how many entries `results`, `dead_letters` and `unknown_courses` keep each, at least 1;
    /// 100,000 unless set.
    pub results_max_len: u64,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            url: None,
            user: None,
            password: None,
            password_file: None,
            stream: None,
            group: "testamur".to_owned(),
            results: None,
            dead_letters: None,
            unknown_courses: None,
            modes: Vec::new(),
            statuses: vec!["downloadable".to_owned()],
            lease: Duration::from_secs(60),
            deadline: Duration::from_secs(10),
            results_max_len: 100_000,
        }
    }
}

impl RedisSettings {
    /// Returns the name of the stream of the answers.
    pub fn results(&self) -> Option<String> {
        self.name_or_default(self.results.as_ref(), "results")
    }

    /// Returns the name of the stream of dead letters.
    pub fn dead_letters(&self) -> Option<String> {
        self.name_or_default(self.dead_letters.as_ref(), "dead")
    }

    /// Returns the name of the stream of requests for unknown courses.
    pub fn unknown_courses(&self) -> Option<String> {
        self.name_or_default(self.unknown_courses.as_ref(), "unknown")
    }

    /// Returns the name that is set, else the name of `stream` with an ending.
    fn name_or_default(&self, set: Option<&String>, ending: &str) -> Option<String> {
        set.cloned().or_else(|| Some(format!("{}-{ending}", self.stream.as_ref()?)))
    }
}
