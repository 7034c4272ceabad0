//! Requests to Amazon's endpoints that give keys.

use std::sync::mpsc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use tokio::runtime::Handle;

use crate::base::error::{Error, ErrorKind, Result};

/// The most bytes of an answer.
const MAX_ANSWER: usize = 256 << 10;
/// How long an endpoint elsewhere may take to answer.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// The client.
pub(super) struct Http {
    handle: Handle,
    client: Client,
    /// For endpoints of the machine itself, which are asked without a proxy.
    direct: Client,
}

/// A request.
pub(super) struct HttpRequest {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    pub(super) deadline: Duration,
    /// Whether the endpoint is of the machine itself.
    pub(super) is_local: bool,
}

/// An answer: its status and its body.
pub(super) struct HttpAnswer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Http {
    pub(super) fn new(handle: Handle) -> Result<Self> {
        let failed = |cause: reqwest::Error| {
            Error::new(
                ErrorKind::Io,
                format!("failed to make a client of HTTP ({cause})"),
            )
        };
        // Redirects are not followed, so that a key is never sent to another address.
        let build = || Client::builder().redirect(Policy::none());
        let client = build().build().map_err(failed)?;
        let direct = build().no_proxy().build().map_err(failed)?;
        Ok(Self { handle, client, direct })
    }

    /// Sends a request, and waits for its answer. The error is the cause alone.
    pub(super) fn send(&self, request: HttpRequest) -> Result<HttpAnswer, String> {
        let client = if request.is_local { &self.direct } else { &self.client };
        let HttpRequest { method, url, headers, body, deadline, .. } = request;
        let mut sent = client.request(method, url).timeout(deadline).body(body);
        for (name, value) in headers {
            sent = sent.header(name, value);
        }
        let (sender, receiver) = mpsc::sync_channel(1);
        self.handle.spawn(async move { sender.send(answer(sent).await) });
        receiver.recv().unwrap_or_else(|_| Err("the request panicked".to_owned()))
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<HttpAnswer, String> {
    let cause = |error: reqwest::Error| {
        if error.is_timeout() {
            return "no answer in time".to_owned();
        }
        let error = error.without_url();
        let mut innermost: &dyn std::error::Error = &error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        innermost.to_string()
    };
    let mut response = request.send().await.map_err(cause)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(cause)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(format!("the answer has more than {MAX_ANSWER} bytes"));
        }
    }
    Ok(HttpAnswer { status, body: String::from_utf8_lossy(&body).into_owned() })
}
