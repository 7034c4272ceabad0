//! Requests to a bucket, and its answers.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{ETAG, HeaderMap, HeaderValue, RETRY_AFTER};
use s3::command::Command;
use s3::error::S3Error;

/// A request to a bucket.
pub(super) enum BucketRequest {
    Get { key: String },
    Delete { key: String },
    Put { key: String, bytes: Vec<u8>, media_type: String, headers: HeaderMap },
    List(ListRequest),
}

/// A request for one page of the keys that begin with a prefix.
#[derive(Clone, Default)]
pub(super) struct ListRequest {
    pub(super) prefix: String,
    /// Where the page before ended.
    pub(super) token: Option<String>,
    /// Only keys after this one.
    pub(super) start_after: Option<String>,
    pub(super) max_keys: Option<usize>,
}

/// An answer of a bucket. The client hands on an answer of success, 404 (the key does not exist)
/// and 412 (the condition of the request does not hold); all others are failures.
pub(super) struct BucketResponse {
    /// The HTTP status.
    pub(super) status: u16,
    pub(super) etag: Option<HeaderValue>,
    pub(super) body: Vec<u8>,
    /// How often the request was sent. An earlier attempt may have had its effect although its
    /// answer was lost.
    pub(super) attempts: u32,
    /// How long the server asks the client to wait (RFC 9110, 10.2.3).
    pub(super) retry_after: Option<Duration>,
}

impl BucketRequest {
    /// The key and the command of the crate `s3`.
    pub(super) fn command(&self) -> (&str, Command<'_>) {
        match self {
            BucketRequest::Get { key } => (key, Command::GetObject),
            BucketRequest::Delete { key } => (key, Command::DeleteObject),
            BucketRequest::Put { key, bytes, media_type, headers } => {
                let command = Command::PutObject {
                    content: bytes,
                    content_type: media_type,
                    custom_headers: Some(headers.clone()),
                    multipart: None,
                };
                (key, command)
            }
            BucketRequest::List(list) => {
                let command = Command::ListObjectsV2 {
                    prefix: list.prefix.clone(),
                    delimiter: None,
                    continuation_token: list.token.clone(),
                    start_after: list.start_after.clone(),
                    max_keys: list.max_keys,
                };
                ("/", command)
            }
        }
    }
}

impl BucketResponse {
    /// A response that has only a status and a body.
    pub(super) fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, etag: None, body, attempts: 1, retry_after: None }
    }

    pub(super) async fn read(response: Response) -> Result<Self, S3Error> {
        let headers = response.headers();
        let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let seconds = seconds.and_then(|seconds| seconds.trim().parse().ok());
        Ok(Self {
            etag: headers.get(ETAG).cloned(),
            retry_after: seconds.map(Duration::from_secs),
            ..Self::new(response.status().as_u16(), response.bytes().await?.to_vec())
        })
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
