//! Settings of a queue of XQueue.

use std::time::Duration;

use crate::site::settings::secret::Secret;

/// A queue of an XQueue server: `agent.xqueue`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct XqueueSettings {
    /// The server's address, `http` or `https`, without a `/` at its end. Required.
    pub url: Option<String>,
    /// The name of the queue. Required.
    pub name: Option<String>,
    /// The user of XQueue. Required.
    pub user: Option<String>,
    /// The password of `user`, if the environment sets it.
    pub password: Option<Secret>,
    /// The path of the file with the password, relative to the site unless it is absolute. Required
    /// unless `password` is set.
    pub password_file: Option<String>,
    /// The user of a web server in front of XQueue (HTTP Basic), if it has one.
    pub auth_user: Option<String>,
    /// The password of `auth_user`, if the environment sets it.
    pub auth_password: Option<Secret>,
    /// The path of the file with that password, relative to the site unless it is absolute.
    pub auth_password_file: Option<String>,
    /// How long to wait before an empty queue is polled again, from 0.1 to 3600 seconds; 5 seconds
    /// unless set.
    pub poll: Duration,
    /// How long the server leases a request to an agent, from 1 to 3600 seconds: the server's
    /// `SUBMISSION_PROCESSING_DELAY`, and 60 seconds, its default, unless set.
    pub lease: Duration,
    /// How long the server may take to answer, from 30 to 3600 seconds; 60 seconds unless set. The
    /// server itself waits up to 25 seconds for the learning management system.
    pub deadline: Duration,
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
