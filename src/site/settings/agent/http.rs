//! Settings of the door for requests over HTTP, and of who is told of outcomes.

use std::net::SocketAddr;

use super::Secret;

/// The door for requests over HTTP, and for whoever watches over the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpSettings {
    /// Where to listen: `127.0.0.1:8080`. There is no door unless it is set.
    pub listen: Option<SocketAddr>,
    /// The token that requests bring, if it came from the environment.
    pub token: Option<Secret>,
    /// The file that holds it, in the site unless absolute. Without a token no requests are taken:
    /// only health and metrics are told.
    pub token_file: Option<String>,
    /// The most requests that are accepted and not yet done: 1,000 unless set.
    pub capacity: usize,
}

/// Who is told of each outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WebhookSettings {
    /// The address that each outcome is posted to.
    pub url: Option<String>,
    /// The secret that signs what is posted, if it came from the environment.
    pub secret: Option<Secret>,
    /// The file that holds it, in the site unless absolute.
    pub secret_file: Option<String>,
}

impl HttpSettings {
    /// Whether there is a token, so that requests can be taken.
    pub fn has_token(&self) -> bool {
        self.token.is_some() || self.token_file.is_some()
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self { listen: None, token: None, token_file: None, capacity: 1000 }
    }
}
