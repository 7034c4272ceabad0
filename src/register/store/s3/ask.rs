//! One request to a bucket: made again while there is hope, its answer understood.

use std::error::Error as StdError;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::{ETAG, HeaderMap, HeaderValue, RETRY_AFTER};
use ring::rand::{SecureRandom, SystemRandom};
use s3::Bucket;
use s3::error::S3Error;
use s3::request::Request as _;
use s3::request::tokio_backend::ReqwestRequest;

use super::xml;
use crate::base::error::{Error, ErrorKind, Result};

/// How long the first pause is, at most; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause of our own.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest that a server may ask for.
const LONGEST_WISH: Duration = Duration::from_secs(30);
/// The most letters of a server's words in a message.
const MAX_WORDS: usize = 200;

/// Whom to ask, and how often.
pub(super) struct Client {
    pub(super) bucket: Box<Bucket>,
    pub(super) name: String,
    pub(super) attempts: u32,
}

/// What is asked.
pub(super) enum Request {
    Get { key: String },
    Delete { key: String },
    Put { key: String, bytes: Vec<u8>, media_type: String, headers: HeaderMap },
    List { prefix: String, token: Option<String>, most: Option<usize> },
}

/// What is answered: done, or for the caller to understand that there is no such key (404) or that
/// its condition does not hold (412).
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) tag: Option<HeaderValue>,
    pub(super) body: Vec<u8>,
    /// How often it was asked; any but the last may have done what it asked for.
    pub(super) attempts: u32,
    wish: Option<Duration>,
}

impl Answer {
    pub(super) fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    async fn read(response: Response) -> Result<Self, S3Error> {
        let headers = response.headers();
        let wish = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let wish = wish.and_then(|seconds| seconds.trim().parse().ok());
        Ok(Self {
            status: response.status().as_u16(),
            tag: headers.get(ETAG).cloned(),
            wish: wish.map(Duration::from_secs),
            attempts: 1,
            body: response.bytes().await?.to_vec(),
        })
    }
}

/// Why an attempt came to nothing.
enum Failure {
    /// It may be better later.
    Passing { cause: String, wish: Option<Duration> },
    /// It will be the same until somebody mends it.
    Lasting { cause: String, help: String },
}

impl Client {
    pub(super) async fn ask(&self, request: &Request) -> Result<Answer> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (cause, wish) = match understood(self.attempt(request).await, request) {
                Ok(answer) => return Ok(Answer { attempts, ..answer }),
                Err(Failure::Passing { cause, wish }) => (cause, wish),
                Err(Failure::Lasting { cause, help }) => {
                    let message = format!("failed to {} ({cause})", self.what(request));
                    let error = Error::new(ErrorKind::StoreRefused, message);
                    return Err(if help.is_empty() {
                        error
                    } else {
                        error.with_help(help)
                    });
                }
            };
            if attempts >= self.attempts {
                let message = format!(
                    "failed to {} ({cause}; asked {attempts} times)",
                    self.what(request)
                );
                return Err(Error::new(ErrorKind::Store, message)
                    .with_help("run the same again later: what is done stays done"));
            }
            tokio::time::sleep(pause(attempts, wish)).await;
        }
    }

    async fn attempt(&self, request: &Request) -> Result<Answer, S3Error> {
        let (key, command) = request.command();
        let request = ReqwestRequest::new(&self.bucket, key, command).await?;
        match request.response().await {
            // So it is where somebody else in the program asks the crate for it.
            Err(S3Error::HttpFailWithBody(status, body)) => Ok(Answer {
                status,
                tag: None,
                body: body.into_bytes(),
                attempts: 1,
                wish: None,
            }),
            other => Answer::read(other?).await,
        }
    }

    fn what(&self, request: &Request) -> String {
        let name = &self.name;
        match request {
            Request::Get { key } => format!("read `{key}` in {name}"),
            Request::Delete { key } => format!("remove `{key}` in {name}"),
            Request::Put { key, .. } => format!("write `{key}` in {name}"),
            Request::List { .. } => format!("list {name}"),
        }
    }
}

fn understood(
    outcome: Result<Answer, S3Error>,
    request: &Request,
) -> Result<Answer, Failure> {
    let answer = outcome.map_err(unsent)?;
    let text = String::from_utf8_lossy(&answer.body);
    let code = if answer.is_done() { None } else { xml::values(&text, "Code").next() };
    let code = code.unwrap_or_default();
    match answer.status {
        200..300 | 412 => return Ok(answer),
        404 if code != "NoSuchBucket" && !matches!(request, Request::List { .. }) => {
            return Ok(answer);
        }
        _ => {}
    }
    let words = xml::values(&text, "Message").next().unwrap_or_default();
    let cause = said(answer.status, &code, &words);
    let passing = match code.as_str() {
        // The keys are renewed before the next attempt.
        "ExpiredToken" | "RequestTimeout" | "SlowDown" => true,
        "NotImplemented" => false,
        _ => matches!(answer.status, 408 | 409 | 429 | 500 | 502..600),
    };
    Err(match passing {
        true => Failure::Passing { cause, wish: answer.wish },
        false => {
            let region = xml::values(&text, "Region").next();
            let help = help(answer.status, &code, region.as_deref(), request);
            Failure::Lasting { cause, help }
        }
    })
}

/// The failure of a request that was not answered.
fn unsent(cause: S3Error) -> Failure {
    match cause {
        S3Error::Reqwest(cause) => {
            let timed_out = cause.is_timeout();
            let cause = innermost(&cause.without_url());
            if cause.contains("certificate") {
                let help = "if the server's authority is your own, add it to the machine's, or \
                            name its file in SSL_CERT_FILE";
                return Failure::Lasting { cause, help: help.to_owned() };
            }
            let cause = if timed_out { "no answer in time".to_owned() } else { cause };
            Failure::Passing { cause, wish: None }
        }
        S3Error::Credentials(cause) => {
            Failure::Passing { cause: format!("no keys: {cause}"), wish: None }
        }
        cause => Failure::Lasting { cause: cause.to_string(), help: String::new() },
    }
}

/// The status with the server's own words, fit for a message.
fn said(status: u16, code: &str, words: &str) -> String {
    let mut said = status.to_string();
    for (before, words) in [(" ", code), (": ", words.trim_end_matches('.'))] {
        if !words.is_empty() {
            said.push_str(before);
            said.extend(words.chars().filter(|c| !c.is_control()).take(MAX_WORDS));
        }
    }
    said
}

fn help(status: u16, code: &str, region: Option<&str>, request: &Request) -> String {
    let help = match (code, status) {
        ("NoSuchBucket", _) => "make the bucket first, or mend `bucket`",
        ("SignatureDoesNotMatch", _) => "the secret key is not the access key's: mend it",
        ("InvalidAccessKeyId" | "InvalidTokenId" | "InvalidToken" | "NotSignedUp", _) => {
            "the server does not know the access key: mend it, or `endpoint`"
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
                None => "the bucket is elsewhere: mend `region` or `endpoint`".to_owned(),
            };
        }
        ("NotImplemented", _) => {
            "certificates need a server that knows conditional writes (`If-None-Match`)"
        }
        (_, 401 | 403) => match request {
            Request::Put { headers, .. } if headers.contains_key("x-amz-acl") => {
                "give these keys the rights s3:PutObject and s3:PutObjectAcl, or remove `acl`"
            }
            Request::Put { .. } => "give these keys the right s3:PutObject",
            Request::Get { .. } => {
                "give these keys the rights s3:GetObject, and s3:ListBucket, without which a \
                 file that is not there is forbidden too"
            }
            Request::Delete { .. } => "give these keys the right s3:DeleteObject",
            Request::List { .. } => "give these keys the right s3:ListBucket",
        },
        _ => "",
    };
    help.to_owned()
}

/// What began it: the outer errors only say that something was sent.
fn innermost(error: &dyn StdError) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// How long to wait after so many attempts: between half and all of a time that doubles, so that
/// many who failed together do not come back together.
fn pause(attempts: u32, wish: Option<Duration>) -> Duration {
    let most = FIRST_PAUSE.saturating_mul(1 << (attempts - 1).min(16)).min(LONGEST_PAUSE);
    let mut byte = [0];
    // Without random numbers all wait the longest.
    let part = match SystemRandom::new().fill(&mut byte) {
        Ok(()) => 0.5 + f64::from(byte[0]) / 510.0,
        Err(_) => 1.0,
    };
    most.mul_f64(part).max(wish.unwrap_or_default().min(LONGEST_WISH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer, S3Error> {
        let body = body.as_bytes().to_vec();
        Ok(Answer { status, tag: None, body, attempts: 1, wish: None })
    }

    fn get() -> Request {
        Request::Get { key: "a".to_owned() }
    }

    fn code(status: u16, code: &str) -> Result<Answer, S3Error> {
        let body = format!(
            "<Error><Code>{code}</Code><Message>Words.</Message>\
             <StringToSign>secret</StringToSign><Region>eu-west-3</Region></Error>"
        );
        answer(status, &body)
    }

    #[test]
    fn pauses_grow_to_a_limit() {
        for _ in 0..100 {
            assert!((100..=200).contains(&pause(1, None).as_millis()));
            assert!((400..=800).contains(&pause(3, None).as_millis()));
            assert!((2500..=5000).contains(&pause(40, None).as_millis()));
            assert_eq!(pause(1, Some(Duration::from_secs(7))).as_secs(), 7);
            assert_eq!(pause(1, Some(Duration::from_secs(7000))).as_secs(), 30);
        }
    }

    #[test]
    fn what_passes_is_asked_again() {
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
            let failure = understood(code(status, name), &get());
            assert!(matches!(failure, Err(Failure::Passing { .. })), "{status} {name}");
        }
    }

    #[test]
    fn what_lasts_says_what_to_mend() {
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
            match understood(code(status, name), &get()) {
                Err(Failure::Lasting { cause, help }) => {
                    assert_eq!(cause, format!("{status} {name}: Words"));
                    assert!(help.contains(words), "{name}: {help}");
                }
                _ => panic!("{status} {name}"),
            }
        }
    }

    #[test]
    fn what_the_caller_asked_to_know() {
        for outcome in [
            answer(200, "<Code>NoSuchBucket</Code>"),
            answer(204, ""),
            code(412, "PreconditionFailed"),
            code(404, "NoSuchKey"),
            answer(404, ""),
        ] {
            assert!(understood(outcome, &get()).is_ok());
        }
    }
}
