//! The network through `ureq`: blocking, with rustls over ring, and no runtime.

use std::time::Duration;

use ureq::Agent;
use ureq::http::Response;

use super::Network;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::tls::native_roots;

/// More than any stamp or revocation list that is worth carrying in a certificate.
const LARGEST: u64 = 4 << 20;

/// An HTTP client that follows few redirects and gives up in time.
#[derive(Debug, Clone)]
pub struct Http(Agent);

impl Http {
    /// A client that gives up after that time.
    pub fn new(deadline: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(deadline))
            .max_redirects(3)
            .tls_config(native_roots())
            .user_agent(concat!("testamur/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(Agent::new_with_config(config))
    }
}

impl Network for Http {
    fn post(&self, url: &str, media_type: &str, body: &[u8]) -> Result<Vec<u8>> {
        read(url, self.0.post(url).content_type(media_type).send(body))
    }

    fn get(&self, url: &str) -> Result<Vec<u8>> {
        read(url, self.0.get(url).call())
    }
}

fn read(url: &str, answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<Vec<u8>> {
    answer
        .and_then(|mut answer| {
            answer.body_mut().with_config().limit(LARGEST).read_to_vec()
        })
        .map_err(|cause| {
            Error::new(ErrorKind::Timestamp, format!("failed to ask `{url}` ({cause})"))
        })
}
