//! An HTTP client over `ureq`: blocking, with rustls over `ring`, and without a runtime.

use std::time::Duration;

use ureq::Agent;
use ureq::http::Response;

use super::client::HttpClient;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::tls::native_roots;

/// The largest response in bytes: more than any token or CRL that a certificate should carry.
const MAX_RESPONSE_LEN: u64 = 4 << 20;

/// A blocking HTTP client with a deadline, which follows at most three redirects and trusts the
/// machine's CAs.
///
/// ```no_run
/// use std::time::Duration;
/// use testamur::seal::{BlockingHttpClient, HttpClient};
///
/// let client = BlockingHttpClient::new(Duration::from_secs(10));
/// let crl = client.get("http://crl.example.org/root.crl")?;
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BlockingHttpClient(Agent);

impl BlockingHttpClient {
    /// A client whose requests fail after that time.
    pub fn new(deadline: Duration) -> Self {
        Self::with_redirects(deadline, 3)
    }

    /// The same client without redirects: for answers that are trusted because of the host that
    /// gives them.
    pub fn without_redirects(self) -> Self {
        let deadline = self.0.config().timeouts().global.unwrap_or_default();
        Self::with_redirects(deadline, 0)
    }

    fn with_redirects(deadline: Duration, max_redirects: u32) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(deadline))
            .max_redirects(max_redirects)
            .tls_config(native_roots())
            .user_agent(concat!("testamur/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(Agent::new_with_config(config))
    }
}

impl HttpClient for BlockingHttpClient {
    fn post(&self, url: &str, media_type: &str, body: &[u8]) -> Result<Vec<u8>> {
        read_body(url, self.0.post(url).content_type(media_type).send(body))
    }

    fn get(&self, url: &str) -> Result<Vec<u8>> {
        read_body(url, self.0.get(url).call())
    }
}

fn read_body(
    url: &str,
    response: Result<Response<ureq::Body>, ureq::Error>,
) -> Result<Vec<u8>> {
    response
        .and_then(|mut response| {
            // With redirects off, `ureq` returns the redirect itself, which is no answer.
            let status = response.status();
            if status.is_redirection() {
                return Err(ureq::Error::StatusCode(status.as_u16()));
            }
            response.body_mut().with_config().limit(MAX_RESPONSE_LEN).read_to_vec()
        })
        .map_err(|cause| {
            Error::caused(ErrorKind::Timestamp, format!("failed to ask `{url}`"), cause)
        })
}
