//! The session with an XQueue server: sends forms, and reads `{"return_code": …, "content": …}`.
//! The server may end the session at any time; the call is repeated in a new one.
//!
//! Redirects are not followed: one to the login page means that the session has ended, and
//! following it would turn a `POST` into a `GET` and lose the result.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request, StatusCode};
use zeroize::Zeroizing;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::percent::append_fields;
use crate::base::tls::native_roots;
use crate::site::request::limits::truncated;
use crate::site::settings::{Secret, XqueueSettings};

/// The most bytes of one response: far more than any request for a certificate, so that a request
/// that is too large is still received and answered.
const MAX_RESPONSE: u64 = 32 << 20;
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// A session with one server, which all threads share.
pub(super) struct Session {
    agent: Agent,
    url: String,
    user: String,
    password: Secret,
    /// The header `Authorization` for a web server in front (HTTP Basic).
    basic: Option<Zeroizing<String>>,
    deadline: Duration,
    /// The cookies of the session, while there is one.
    cookies: Mutex<Option<Cookies>>,
}

type Cookies = BTreeMap<String, String>;
type HttpResponse = ureq::http::Response<ureq::Body>;

/// What the server answers within a session.
pub(super) enum Response {
    /// Return code 0, with the content.
    Success(Value),
    /// Another return code, with the server's reason.
    Failure(String),
    /// The user is logged in and may not do this.
    Denied,
    /// The server has nothing at this address.
    NotFound,
}

/// The result of one HTTP exchange.
enum Exchange {
    Answered(Response),
    /// There is no session, or it has ended.
    Unauthenticated,
}

impl Session {
    pub(super) fn new(settings: &XqueueSettings) -> Result<Self> {
        let missing =
            |key| Error::new(ErrorKind::MissingField, format!("`xqueue` has no `{key}`"));
        let config = Agent::config_builder()
            .max_redirects(0)
            .tls_config(native_roots())
            .http_status_as_error(false)
            // The proxy of the environment is for servers outside; an XQueue is in the
            // same network.
            .proxy(None)
            // Django's servers close idle connections after seconds.
            .max_idle_age(Duration::from_secs(1))
            .user_agent(concat!("testamur/", env!("CARGO_PKG_VERSION")))
            .build();
        let basic = settings.auth_user.as_ref().map(|user| {
            let password = settings.auth_password.as_ref().map_or("", Secret::reveal);
            let both = Zeroizing::new(format!("{user}:{password}"));
            Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(both.as_bytes())))
        });
        Ok(Self {
            agent: Agent::new_with_config(config),
            url: settings.url.clone().ok_or_else(|| missing("url"))?,
            user: settings.user.clone().ok_or_else(|| missing("user"))?,
            password: settings
                .password
                .clone()
                .ok_or_else(|| missing("password_file"))?,
            basic,
            deadline: settings.deadline,
            cookies: Mutex::default(),
        })
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn get(
        &self,
        call: &str,
        query: &[(&str, &str)],
        deadline: Duration,
    ) -> Result<Response> {
        self.ask(call, |cookies| {
            let query = encoded(query);
            let address = format!("{}/xqueue/{call}/?{}", self.url, *query);
            self.send(Request::get(address), cookies, String::new(), deadline)
        })
    }

    pub(super) fn post(
        &self,
        call: &str,
        form: &[(&str, &str)],
        deadline: Duration,
    ) -> Result<Response> {
        let form = encoded(form);
        self.ask(call, |cookies| {
            let address = format!("{}/xqueue/{call}/", self.url);
            let request = Request::post(address).header("content-type", FORM_TYPE);
            self.send(request, cookies, form.to_string(), deadline)
        })
    }

    /// Begins a new session.
    pub(super) fn renew(&self) -> Result<()> {
        let mut session = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        *session = None;
        *session = Some(self.log_in()?);
        Ok(())
    }

    /// Creates the error of a server that has no XQueue at this address.
    pub(super) fn not_found(&self) -> Error {
        Error::new(
            ErrorKind::QueueRefused,
            format!("there is no XQueue at `{}`", self.url),
        )
        .with_help("set `url` to what comes before `/xqueue/`")
    }

    /// Makes a call within the session; if that has ended, once more in a new one.
    fn ask(
        &self,
        call: &str,
        exchange: impl Fn(&Cookies) -> Result<HttpResponse, ureq::Error>,
    ) -> Result<Response> {
        for _ in 0..2 {
            let cookies = self.cookies()?;
            let answer =
                exchange(&cookies).map_err(|cause| self.transport_error(call, &cause))?;
            match self.read(call, answer)? {
                Exchange::Answered(response) => return Ok(response),
                Exchange::Unauthenticated => {
                    let mut session =
                        self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
                    // Another thread may have logged in meanwhile.
                    if session.as_ref() == Some(&cookies) {
                        *session = None;
                    }
                }
            }
        }
        Ok(Response::Denied)
    }

    /// Returns the session's cookies; logs in if there is none. A thread that comes while another
    /// logs in waits for that one.
    fn cookies(&self) -> Result<Cookies> {
        let mut session = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        match &*session {
            Some(cookies) => Ok(cookies.clone()),
            None => {
                let cookies = self.log_in()?;
                Ok(session.insert(cookies).clone())
            }
        }
    }

    fn log_in(&self) -> Result<Cookies> {
        let form =
            encoded(&[("username", &self.user), ("password", self.password.reveal())]);
        let request = Request::post(format!("{}/xqueue/login/", self.url));
        let request = request.header("content-type", FORM_TYPE);
        let none = Cookies::new();
        let answer = self
            .send(request, &none, form.to_string(), self.deadline)
            .map_err(|cause| self.transport_error("login", &cause))?;
        let mut cookies = Cookies::new();
        add_cookies(answer.headers(), &mut cookies);
        match self.read("login", answer)? {
            Exchange::Answered(Response::Success(_)) => Ok(cookies),
            Exchange::Answered(Response::NotFound) => Err(self.not_found()),
            _ => {
                let message = format!("{self} does not let `{}` in", self.user);
                Err(Error::new(ErrorKind::QueueRefused, message)
                    .with_help("set `user` and `password_file` as XQueue has them"))
            }
        }
    }

    fn send(
        &self,
        request: ureq::http::request::Builder,
        cookies: &Cookies,
        body: String,
        deadline: Duration,
    ) -> Result<HttpResponse, ureq::Error> {
        let mut request = request;
        if let Some(basic) = &self.basic {
            request = request.header("authorization", basic.as_str());
        }
        if !cookies.is_empty() {
            let pairs: Vec<String> =
                cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        if let Some(token) = cookies.get("csrftoken") {
            request = request.header("x-csrftoken", token).header("referer", &self.url);
        }
        let request = request.body(body)?;
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(deadline))
            .timeout_connect(Some(deadline.min(Duration::from_secs(10))))
            .build();
        self.agent.run(request)
    }

    fn read(&self, call: &str, mut answer: HttpResponse) -> Result<Exchange> {
        let status = answer.status();
        if status.is_redirection() {
            let to = answer.headers().get("location").and_then(|to| to.to_str().ok());
            let to = to.unwrap_or("nowhere");
            if to.contains("/login") {
                return Ok(Exchange::Unauthenticated);
            }
            let message = format!("{self} redirects to `{}`", truncated(to, 200));
            return Err(Error::new(ErrorKind::QueueRefused, message)
                .with_help("set `url` to that address, up to `/xqueue/`"));
        }
        let wants_basic = answer.headers().get_all("www-authenticate").iter().any(|it| {
            it.to_str().is_ok_and(|it| it.to_ascii_lowercase().starts_with("basic"))
        });
        if status == StatusCode::UNAUTHORIZED && wants_basic {
            let message =
                format!("the web server before {self} does not let the agent in");
            return Err(Error::new(ErrorKind::QueueRefused, message)
                .with_help("set `auth_user` and `auth_password_file` as it has them"));
        }
        let body = answer.body_mut().with_config().limit(MAX_RESPONSE).read_to_vec();
        let body = body.map_err(|cause| self.transport_error(call, &cause))?;
        if status.is_server_error() || [408, 409, 425, 429].contains(&status.as_u16()) {
            return Err(self.call_failed(call, &format!("status {}", status.as_u16())));
        }
        let object: Option<Value> = serde_json::from_slice(&body).ok();
        let code = object.as_ref().and_then(|object| object.get("return_code")?.as_i64());
        let content = object.and_then(|object| object.get("content").cloned());
        let (code, content) = match (code, content, status) {
            (_, Some(Value::String(content)), _) if content == "login_required" => {
                return Ok(Exchange::Unauthenticated);
            }
            (_, _, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                return Ok(Exchange::Unauthenticated);
            }
            (_, _, StatusCode::NOT_FOUND) => {
                return Ok(Exchange::Answered(Response::NotFound));
            }
            (Some(code), Some(content), _) => (code, content),
            _ => {
                let why = format!("{} bytes that are no answer", body.len());
                return Err(self.call_failed(call, &why));
            }
        };
        Ok(Exchange::Answered(match code {
            0 => Response::Success(content),
            _ => Response::Failure(match content {
                Value::String(why) => why,
                other => other.to_string(),
            }),
        }))
    }

    fn transport_error(&self, call: &str, cause: &ureq::Error) -> Error {
        self.call_failed(call, &cause.to_string())
    }

    fn call_failed(&self, call: &str, why: &str) -> Error {
        Error::new(ErrorKind::Queue, format!("failed to ask {self} for `{call}` ({why})"))
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "XQueue at `{}`", self.url)
    }
}

/// Adds the cookies that a response sets to those of the session.
fn add_cookies(headers: &HeaderMap, cookies: &mut Cookies) {
    for cookie in headers.get_all("set-cookie") {
        let pair = cookie.to_str().ok().and_then(|text| text.split(';').next());
        if let Some((name, value)) = pair.and_then(|pair| pair.split_once('=')) {
            cookies.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}

/// Encodes a form or a query; it may hold a password.
fn encoded(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let mut form = Zeroizing::new(String::new());
    append_fields(&mut form, fields);
    form
}
