//! A TSA: its URL, and the client that asks it.

use std::sync::Arc;

use super::client::HttpClient;
use super::request::TimestampRequest;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// The media type of a request (RFC 3161, 3.4).
const REQUEST_MEDIA_TYPE: &str = "application/timestamp-query";

/// A TSA that is asked over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Tsa {
    url: String,
    client: Arc<dyn HttpClient>,
}

impl Tsa {
    pub(crate) fn new(url: String, client: Arc<dyn HttpClient>) -> Self {
        Self { url, client }
    }

    /// The client, which also fetches CRLs.
    pub(crate) fn client(&self) -> &dyn HttpClient {
        &*self.client
    }

    /// Asks for a token over the concatenated parts, and checks it. Returns the token as DER.
    ///
    /// # Errors
    /// [`ErrorKind::Timestamp`](crate::ErrorKind::Timestamp): there is no response, or no valid
    /// token in it.
    pub(crate) fn timestamp(&self, parts: &[&[u8]], now: Timestamp) -> Result<Vec<u8>> {
        let request = TimestampRequest::new(parts)?;
        let response = self.client.post(&self.url, REQUEST_MEDIA_TYPE, request.der())?;
        request.read_response(&response, now)
    }
}
