//! Settings of the HTTP API and of the webhook.

use std::net::SocketAddr;

use crate::site::settings::secret::Secret;

const DEFAULT_CAPACITY: usize = 1000;

/// The HTTP API: `agent.http`. It takes requests, and answers health checks and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpSettings {
    /// The address and port to listen at: `127.0.0.1:8080`. There is no HTTP API unless it is set.
    pub listen: Option<SocketAddr>,
    /// The bearer token that requests must have, if the environment sets it.
    pub token: Option<Secret>,
    /// The path of the file with the token, relative to the site unless it is absolute. Without a
    /// token the API takes no requests, and answers health checks and metrics alone.
    pub token_file: Option<String>,
    /// The most requests that are accepted and not answered yet, from 1 to 1,000,000; 1,000 unless
    /// set.
    pub capacity: usize,
    /// The address and port of health checks and metrics alone: those of `listen` unless set.
    pub health_listen: Option<SocketAddr>,
    /// The most connections of one client at once, from 1 to 512; 128 unless set.
    pub connections_per_client: usize,
}

/// The webhook: `agent.webhook`. Each outcome is posted to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WebhookSettings {
    /// The address that outcomes are posted to, `http` or `https`. There is no webhook unless it is
    /// set.
    pub url: Option<String>,
    /// The secret that signs what is posted, by HMAC-SHA-256, if the environment sets it.
    pub secret: Option<Secret>,
    /// The path of the file with the secret, relative to the site unless it is absolute. Required
    /// with `url` unless `secret` is set.
    pub secret_file: Option<String>,
}

impl HttpSettings {
    /// The most connections of one client unless it is set: a web server in front of the agent is
    /// one client.
    pub(crate) const DEFAULT_CONNECTIONS_PER_CLIENT: usize = 128;

    /// Whether a token is set, so that the API takes requests.
    pub fn has_token(&self) -> bool {
        self.token.is_some() || self.token_file.is_some()
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: None,
            token: None,
            token_file: None,
            capacity: DEFAULT_CAPACITY,
            health_listen: None,
            connections_per_client: Self::DEFAULT_CONNECTIONS_PER_CLIENT,
        }
    }
}
