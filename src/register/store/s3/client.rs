//! Sends requests to a bucket, and repeats them while they fail in a way that may pass.

use std::time::Duration;

use s3::Bucket;
use s3::error::S3Error;
use s3::request::Request as _;
use s3::request::tokio_backend::ReqwestRequest;

use super::failure::{Failure, classify};
use super::keyed_bucket::KeyedBucket;
use super::request::{BucketRequest, BucketResponse};
use crate::base::backoff;
use crate::base::error::{ErrorKind, Result};

/// The longest pause after the first attempt; that after each further attempt is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The code of the server for keys that have ended.
const ENDED_KEYS: &str = "ExpiredToken";
/// The longest pause that this client makes by itself.
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause that a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// A bucket, and how often each request is sent to it.
pub(super) struct BucketClient {
    pub(super) bucket: KeyedBucket,
    /// The name of the store in messages.
    pub(super) name: String,
    pub(super) max_attempts: u32,
}

impl BucketClient {
    /// Sends a request until the server has answered it, or the attempts are used up.
    ///
    /// # Errors
    /// [`ErrorKind::Store`]: all attempts failed in a way that may pass.
    /// [`ErrorKind::StoreRefused`]: the server refuses the request.
    pub(super) async fn send(&self, request: &BucketRequest) -> Result<BucketResponse> {
        let mut attempts = 0;
        let mut have_keys_ended = false;
        loop {
            attempts += 1;
            let bucket = self.bucket.current(have_keys_ended).await?;
            let (cause, retry_after) =
                match classify(attempt(&bucket, request).await, request) {
                    Ok(response) => return Ok(BucketResponse { attempts, ..response }),
                    Err(Failure::Transient { cause, retry_after }) => {
                        have_keys_ended = cause.text.contains(ENDED_KEYS);
                        (cause, retry_after)
                    }
                    Err(Failure::Permanent { cause, help }) => {
                        let message =
                            format!("failed to {} ({})", self.what(request), cause.text);
                        let error = cause.error(ErrorKind::StoreRefused, message);
                        return Err(if help.is_empty() {
                            error
                        } else {
                            error.with_help(help)
                        });
                    }
                };
            if attempts >= self.max_attempts {
                let message = format!(
                    "failed to {} ({}; asked {attempts} times)",
                    self.what(request),
                    cause.text
                );
                return Err(cause
                    .error(ErrorKind::Store, message)
                    .with_help("run the same again later: what is done stays done"));
            }
            tokio::time::sleep(pause(attempts, retry_after)).await;
        }
    }

    /// What a request does, for messages.
    fn what(&self, request: &BucketRequest) -> String {
        let name = &self.name;
        match request {
            BucketRequest::Get { key } => format!("read `{key}` in {name}"),
            BucketRequest::Delete { key } => format!("remove `{key}` in {name}"),
            BucketRequest::Put { key, .. } => format!("write `{key}` in {name}"),
            BucketRequest::List(_) => format!("list {name}"),
        }
    }
}

async fn attempt(
    bucket: &Bucket,
    request: &BucketRequest,
) -> Result<BucketResponse, S3Error> {
    let (key, command) = request.command();
    let request = ReqwestRequest::new(bucket, key, command).await?;
    match request.response().await {
        // The crate `s3` turns error statuses into this error if its feature
        // `fail-on-err` is on, which any other crate of the program may ask for.
        Err(S3Error::HttpFailWithBody(status, body)) => {
            Ok(BucketResponse::new(status, body.into_bytes()))
        }
        other => BucketResponse::read(other?).await,
    }
}

/// How long to wait after this many attempts.
fn pause(attempts: u32, retry_after: Option<Duration>) -> Duration {
    let asked_for = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
    backoff::wait(FIRST_PAUSE, MAX_PAUSE, attempts - 1).max(asked_for)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        for _ in 0..100 {
            assert!((100..=200).contains(&pause(1, None).as_millis()));
            assert!((400..=800).contains(&pause(3, None).as_millis()));
            assert!((2500..=5000).contains(&pause(40, None).as_millis()));
            assert_eq!(pause(1, Some(Duration::from_secs(7))).as_secs(), 7);
            assert_eq!(pause(1, Some(Duration::from_secs(7000))).as_secs(), 30);
        }
    }
}
