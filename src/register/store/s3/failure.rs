//! Which answers of a bucket are failures, which of them may pass, and what the operator can do.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use s3::error::S3Error;

use super::request::{BucketRequest, BucketResponse};
use super::xml;
use crate::base::error::{Error, ErrorKind};

/// The most characters of a server's message that an error quotes.
const MAX_QUOTE_LEN: usize = 200;

/// Why an attempt failed.
pub(super) enum Failure {
    /// A later attempt may succeed.
    Transient { cause: Cause, retry_after: Option<Duration> },
    /// Each attempt fails until the operator corrects something; `help` says what.
    Permanent { cause: Cause, help: String },
}

/// What an attempt failed with: in words, and the client's own error if there was no answer.
#[derive(Debug)]
pub(super) struct Cause {
    pub(super) text: String,
    pub(super) source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Cause {
    /// The error of a request that failed in this way.
    pub(super) fn error(self, kind: ErrorKind, message: String) -> Error {
        let error = Error::new(kind, message);
        match self.source {
            Some(source) => error.with_shared_source(source),
            None => error,
        }
    }
}

impl From<String> for Cause {
    fn from(text: String) -> Self {
        Self { text, source: None }
    }
}

/// Hands on the answers that a caller expects, and turns all others into failures.
pub(super) fn classify(
    outcome: Result<BucketResponse, S3Error>,
    request: &BucketRequest,
) -> Result<BucketResponse, Failure> {
    let response = outcome.map_err(transport_failure)?;
    let text = String::from_utf8_lossy(&response.body);
    let code =
        if response.is_success() { None } else { xml::values(&text, "Code").next() };
    let code = code.unwrap_or_default();
    if !is_of_bucket(&response, &text, &code, request) {
        let quote = quote(response.status, &code, "no answer of a bucket");
        return Err(Failure::Transient { cause: quote.into(), retry_after: None });
    }
    let is_list = matches!(request, BucketRequest::List(_));
    match response.status {
        200..300 | 412 => return Ok(response),
        404 if code != "NoSuchBucket" && !is_list => return Ok(response),
        _ => {}
    }
    let message = xml::values(&text, "Message").next().unwrap_or_default();
    let cause = Cause::from(quote(response.status, &code, &message));
    let is_transient = match code.as_str() {
        // The keys are renewed before the next attempt.
        "ExpiredToken" | "RequestTimeout" | "SlowDown" => true,
        "NotImplemented" => false,
        _ => matches!(response.status, 408 | 409 | 429 | 500 | 502..600),
    };
    if is_transient {
        return Err(Failure::Transient { cause, retry_after: response.retry_after });
    }
    let region = xml::values(&text, "Region").next();
    let help = help(response.status, &code, region.as_deref(), request);
    Err(Failure::Permanent { cause, help })
}

/// Whether an answer of success, or that there is no such key, comes from a bucket and not from a
/// proxy in front of it, whose page proves nothing.
fn is_of_bucket(
    response: &BucketResponse,
    text: &str,
    code: &str,
    request: &BucketRequest,
) -> bool {
    let is_success = response.is_success();
    match request {
        BucketRequest::Put { .. } if is_success => response.etag.is_some(),
        BucketRequest::Put { .. } => response.status != 404 || !code.is_empty(),
        BucketRequest::List(_) => !is_success || text.contains("<ListBucketResult"),
        BucketRequest::Get { .. } if is_success => response.etag.is_some(),
        BucketRequest::Delete { .. } if is_success => text.trim().is_empty(),
        BucketRequest::Get { .. } | BucketRequest::Delete { .. } => {
            response.status != 404 || !code.is_empty() || text.trim().is_empty()
        }
    }
}

/// The failure of a request that got no answer.
fn transport_failure(cause: S3Error) -> Failure {
    match cause {
        S3Error::Reqwest(cause) => {
            let timed_out = cause.is_timeout();
            let source = cause.without_url();
            let text = innermost(&source);
            let is_certificate = text.contains("certificate");
            let text = if timed_out { "no answer in time".to_owned() } else { text };
            let cause = Cause { text, source: Some(Arc::new(source)) };
            if is_certificate {
                let help = "if the server's CA is your own, add it to the machine's, or name its \
                            file in SSL_CERT_FILE";
                return Failure::Permanent { cause, help: help.to_owned() };
            }
            Failure::Transient { cause, retry_after: None }
        }
        S3Error::Credentials(cause) => {
            let text = format!("no keys: {cause}");
            let cause = Cause { text, source: Some(Arc::new(cause)) };
            Failure::Transient { cause, retry_after: None }
        }
        cause => {
            let cause = Cause { text: cause.to_string(), source: Some(Arc::new(cause)) };
            Failure::Permanent { cause, help: String::new() }
        }
    }
}

/// The status with the server's own code and message, for an error.
fn quote(status: u16, code: &str, message: &str) -> String {
    let mut quote = status.to_string();
    for (before, text) in [(" ", code), (": ", message.trim_end_matches('.'))] {
        if !text.is_empty() {
            quote.push_str(before);
            quote.extend(text.chars().filter(|c| !c.is_control()).take(MAX_QUOTE_LEN));
        }
    }
    quote
}

/// What the operator can do about a failure that does not pass; empty if that is not known.
fn help(
    status: u16,
    code: &str,
    region: Option<&str>,
    request: &BucketRequest,
) -> String {
    let help = match (code, status) {
        ("NoSuchBucket", _) => "make the bucket first, or correct `bucket`",
        ("SignatureDoesNotMatch", _) => {
            "the secret key is not the access key's: correct it"
        }
        ("InvalidAccessKeyId" | "InvalidTokenId" | "InvalidToken" | "NotSignedUp", _) => {
            "the server does not know the access key: correct it, or `endpoint`"
        }
        ("RequestTimeTooSkewed", _) => "set this machine's clock",
        ("AccessControlListNotSupported", _) => {
            "the bucket takes no ACLs: remove `acl`, and say who reads it in its policy"
        }
        (
            "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException"
            | "PermanentRedirect",
            _,
        )
        | (_, 301 | 307 | 308) => {
            return match region {
                Some(region) => {
                    format!("the bucket is elsewhere: set `region: {region}`")
                }
                None => {
                    "the bucket is elsewhere: correct `region` or `endpoint`".to_owned()
                }
            };
        }
        ("NotImplemented", _) => {
            "certificates need a server that knows conditional writes (`If-None-Match`)"
        }
        (_, 401 | 403) => match request {
            BucketRequest::Put { headers, .. } => return help_to_write(headers),
            BucketRequest::Get { .. } => {
                "give these keys the rights s3:GetObject, and s3:ListBucket, without which a \
                 file that is not there is forbidden too"
            }
            BucketRequest::Delete { .. } => "give these keys the right s3:DeleteObject",
            BucketRequest::List(_) => "give these keys the right s3:ListBucket",
        },
        _ => "",
    };
    help.to_owned()
}

/// The rights that a refused file needs, by its headers.
fn help_to_write(headers: &HeaderMap) -> String {
    let mut help = "give these keys the right s3:PutObject".to_owned();
    for (header, right, setting) in [
        ("x-amz-acl", "s3:PutObjectAcl", "acl"),
        ("x-amz-tagging", "s3:PutObjectTagging", "tags"),
        (
            "x-amz-server-side-encryption-aws-kms-key-id",
            "kms:GenerateDataKey and kms:Decrypt of the key",
            "kms_key",
        ),
    ] {
        if headers.contains_key(header) {
            help.push_str(&format!(", and {right}, or remove `{setting}`"));
        }
    }
    help
}

/// The innermost cause: the outer errors only say that a request was sent.
fn innermost(error: &dyn StdError) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::super::request::ListRequest;
    use super::*;

    fn answer(status: u16, body: &str) -> Result<BucketResponse, S3Error> {
        Ok(BucketResponse::new(status, body.as_bytes().to_vec()))
    }

    /// An answer of success with an entity tag.
    fn tagged(body: &str) -> Result<BucketResponse, S3Error> {
        let mut response = BucketResponse::new(200, body.as_bytes().to_vec());
        response.etag = Some(HeaderValue::from_static("\"e\""));
        Ok(response)
    }

    fn get() -> BucketRequest {
        BucketRequest::Get { key: "a".to_owned() }
    }

    fn code(status: u16, code: &str) -> Result<BucketResponse, S3Error> {
        let body = format!(
            "<Error><Code>{code}</Code><Message>Words.</Message>\
             <StringToSign>secret</StringToSign><Region>eu-west-3</Region></Error>"
        );
        answer(status, &body)
    }

    #[test]
    fn transient_failures_are_told_by_status_and_code() {
        for (status, name) in [
            (500, "InternalError"),
            (503, "SlowDown"),
            (503, ""),
            (502, ""),
            (504, ""),
            (429, "TooManyRequests"),
            (408, ""),
            (409, "ConditionalRequestConflict"),
            (400, "ExpiredToken"),
            (400, "RequestTimeout"),
        ] {
            let failure = classify(code(status, name), &get());
            assert!(matches!(failure, Err(Failure::Transient { .. })), "{status} {name}");
        }
    }

    #[test]
    fn permanent_failures_say_what_to_correct() {
        for (status, name, words) in [
            (403, "SignatureDoesNotMatch", "secret key"),
            (403, "InvalidAccessKeyId", "access key"),
            (403, "RequestTimeTooSkewed", "clock"),
            (403, "AccessDenied", "s3:ListBucket"),
            (404, "NoSuchBucket", "make the bucket"),
            (301, "PermanentRedirect", "region: eu-west-3"),
            (400, "AuthorizationHeaderMalformed", "region: eu-west-3"),
            (400, "AccessControlListNotSupported", "remove `acl`"),
            (501, "NotImplemented", "conditional writes"),
            (400, "InvalidArgument", ""),
        ] {
            match classify(code(status, name), &get()) {
                Err(Failure::Permanent { cause, help }) => {
                    assert_eq!(cause.text, format!("{status} {name}: Words"));
                    assert!(help.contains(words), "{name}: {help}");
                }
                _ => panic!("{status} {name}"),
            }
        }
    }

    #[test]
    fn answers_that_callers_expect_are_no_failures() {
        for outcome in [
            tagged("<Code>NoSuchBucket</Code>"),
            tagged(""),
            code(412, "PreconditionFailed"),
            code(404, "NoSuchKey"),
            answer(404, ""),
        ] {
            assert!(classify(outcome, &get()).is_ok());
        }
    }

    #[test]
    fn page_of_a_proxy_is_no_answer() {
        const PAGE: &str = "<html><title>Maintenance</title></html>";
        const LIST: &str = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\"/>";
        let put = || BucketRequest::Put {
            key: "a".to_owned(),
            bytes: Vec::new(),
            media_type: "text/plain".to_owned(),
            headers: HeaderMap::new(),
        };
        let list = || BucketRequest::List(ListRequest::default());
        let delete = || BucketRequest::Delete { key: "a".to_owned() };
        for (status, request) in [
            (200, put()),
            (404, put()),
            (404, get()),
            (200, get()),
            (404, delete()),
            (200, delete()),
            (200, list()),
            (503, get()),
        ] {
            let failure = classify(answer(status, PAGE), &request);
            assert!(matches!(failure, Err(Failure::Transient { .. })), "{status}");
        }
        assert!(classify(answer(200, LIST), &list()).is_ok());
        assert!(classify(tagged(""), &put()).is_ok());
        for status in [200, 204] {
            assert!(classify(answer(status, ""), &delete()).is_ok());
        }
    }
}
