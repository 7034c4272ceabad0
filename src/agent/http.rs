//! The door: requests over HTTP, and what those who watch over the agent want to know.
//!
//! It has a thread and a small runtime of its own. Whatever blocks, such as a store, is done beside
//! it; bodies, connections and the time that either may take are bounded.

mod answers;
mod listener;

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path as PathPart, RawQuery, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use ring::hmac;
use ring::rand::SystemRandom;
use serde_json::json;

use self::answers::{fault, json_with, refusal, retry_later, status_of};
use self::listener::Bounded;
use super::halt::Halt;
use super::intake::{Accepted, Outcome, Tray};
use super::shared::Shared;
use super::source::Source;
use crate::agent::queue::{Target, Task, read_secret};
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::award::is_id;
use crate::site::settings::{AgentSettings, Secret};

/// The most bytes of a request.
const LARGEST: usize = 64 << 10;
/// How long a request's body may take to come.
const BODY: Duration = Duration::from_secs(15);
/// How long `?wait` waits unless it says so, and the longest.
const WAIT: u64 = 30;
const LONGEST_WAIT: u64 = 60;
/// The most things at once that block.
const BLOCKING: usize = 32;
const OPENAPI: &str = include_str!("../../docs/openapi.json");

/// A door for requests over HTTP, and for whoever watches over the agent.
pub struct Intake {
    listen: SocketAddr,
    token: Option<Secret>,
    capacity: usize,
}

impl Intake {
    /// A door at an address. Without a token it takes no requests, and tells only health and metrics.
    pub fn new(listen: SocketAddr, token: Option<Secret>, capacity: usize) -> Self {
        Self { listen, token, capacity: capacity.max(1) }
    }

    /// The one of these settings, if they say where to listen; the token's file is looked for in
    /// `site`.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`] and the like for the token's file.
    pub fn of(settings: &AgentSettings, site: &Path) -> Result<Option<Self>> {
        let http = &settings.http;
        let Some(listen) = http.listen else { return Ok(None) };
        let token = match (&http.token, &http.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(file)) => Some(
                read_secret(&site.join(file))
                    .map_err(|error| settings.at("HTTP__TOKEN_FILE", error))?,
            ),
            (None, None) => None,
        };
        Ok(Some(Self::new(listen, token, http.capacity)))
    }

    pub(super) fn takes_requests(&self) -> bool {
        self.token.is_some()
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Opens it: gives the address, and the thread that ends when all work has.
    pub(super) fn open(
        self,
        shared: Arc<Shared>,
        sources: Vec<Arc<Source>>,
        tray: Option<Arc<Tray>>,
    ) -> Result<(SocketAddr, JoinHandle<()>)> {
        let failed = |cause: std::io::Error| {
            let message = format!("failed to listen at `{}` ({cause})", self.listen);
            Error::new(ErrorKind::Io, message)
                .with_help("set `agent.http.listen` to an address that is free")
        };
        let listener = TcpListener::bind(self.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let token = self.token.as_ref().map(Token::new).transpose()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING)
            .thread_name("testamur-http")
            .build()
            .map_err(failed)?;
        let door = Arc::new(Door { shared, sources, tray, token });
        let work = move || {
            runtime.block_on(serve(door, listener));
            // A call that blocks still must not keep the program from ending.
            runtime.shutdown_timeout(Duration::from_secs(1));
        };
        let thread = thread::Builder::new().name("testamur-http".into()).spawn(work);
        tracing::info!(%address, requests = self.token.is_some(), "listening");
        Ok((address, thread.map_err(failed)?))
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").field("listen", &self.listen).finish_non_exhaustive()
    }
}

/// A token, of which nothing can be learnt by the time that comparing takes.
struct Token {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Token {
    fn new(token: &Secret) -> Result<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map_err(
            |_| Error::new(ErrorKind::Key, "the machine gives no random numbers"),
        )?;
        let tag = hmac::sign(&key, token.reveal().as_bytes());
        Ok(Self { key, tag })
    }

    fn is(&self, given: &str) -> bool {
        hmac::verify(&self.key, given.as_bytes(), self.tag.as_ref()).is_ok()
    }
}

struct Door {
    shared: Arc<Shared>,
    sources: Vec<Arc<Source>>,
    tray: Option<Arc<Tray>>,
    token: Option<Token>,
}

async fn serve(door: Arc<Door>, listener: TcpListener) {
    let shared = door.shared.clone();
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => Bounded::new(listener),
        Err(error) => {
            tracing::error!(%error, "the door cannot be opened");
            return;
        }
    };
    let routes = Router::new()
        .route("/certificates", post(accept))
        .route("/certificates/{id}", get(certificate))
        .route(
            "/healthz",
            get(async || json_with(StatusCode::OK, &json!({ "alive": true }))),
        )
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(async || answers::text("application/json", OPENAPI)))
        .fallback(async || {
            refusal(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
        })
        .with_state(door);
    let closed = asked(shared.clone(), |shared| &shared.closed);
    let served = axum::serve(listener, routes).with_graceful_shutdown(closed);
    let forced = async {
        asked(shared, |shared| &shared.closed).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    tokio::select! {
        result = async { served.await } => {
            if let Err(error) = result {
                tracing::error!(%error, "the door has closed");
            }
        }
        () = forced => {}
    }
}

/// Ends when a stop is asked for.
async fn asked(shared: Arc<Shared>, which: impl Fn(&Shared) -> &Halt) {
    while !which(&shared).is_asked() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// `POST /certificates`
async fn accept(
    State(door): State<Arc<Door>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if let Some(refusal) = door.keeps_out(&headers) {
        return refusal;
    }
    let wait = match wait(query.as_deref()) {
        Ok(wait) => wait,
        Err(error) => return fault(StatusCode::BAD_REQUEST, &error),
    };
    let too_large = || {
        let error = Error::new(ErrorKind::TooLarge, "the request is too large")
            .with_help(format!("at most {LARGEST} bytes are read"));
        fault(StatusCode::PAYLOAD_TOO_LARGE, &error)
    };
    let length =
        headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > LARGEST) {
        return too_large();
    }
    let body = match tokio::time::timeout(BODY, to_bytes(body, LARGEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if answers::is_of_length(&error) => return too_large(),
        Ok(Err(_)) => {
            return refusal(StatusCode::BAD_REQUEST, "syntax", "the request broke off");
        }
        Err(_) => {
            return refusal(
                StatusCode::REQUEST_TIMEOUT,
                "deadline",
                "the request is too slow",
            );
        }
    };
    let blocking = door.clone();
    let taken = tokio::task::spawn_blocking(move || blocking.take(&body)).await;
    let (accepted, told) = match taken {
        Ok(Ok(taken)) => taken,
        Ok(Err(refusal)) => return *refusal,
        Err(_) => {
            let why = "a fault of the program: please report it";
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "panic", why);
        }
    };
    let Some(wait) = wait else { return json_with(StatusCode::ACCEPTED, &told) };
    let stopped = asked(door.shared.clone(), |shared| &shared.closed);
    tokio::select! {
        outcome = accepted.listener => match outcome {
            Ok(Outcome { answer, json }) => json_with(status_of(&answer), &json),
            Err(_) => json_with(StatusCode::ACCEPTED, &told),
        },
        () = tokio::time::sleep(wait) => json_with(StatusCode::ACCEPTED, &told),
        () = stopped => json_with(StatusCode::ACCEPTED, &told),
    }
}

/// How long to wait: `?wait` or `?wait=20`.
fn wait(query: Option<&str>) -> Result<Option<Duration>> {
    let mut wait = None;
    for part in query.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if key != "wait" {
            let message = format!("unknown parameter `{}`", key.escape_debug());
            return Err(Error::new(ErrorKind::UnknownKey, message)
                .with_help("did you mean `wait`?"));
        }
        let seconds = match value {
            "" => Some(WAIT),
            value => value.parse().ok(),
        };
        let seconds = seconds.ok_or_else(|| {
            Error::new(ErrorKind::InvalidValue, "`wait` is no number of seconds")
                .with_help(format!("write a whole number up to {LONGEST_WAIT}"))
        })?;
        wait = Some(Duration::from_secs(seconds.min(LONGEST_WAIT)));
    }
    Ok(wait)
}

/// `GET /certificates/{id}`
async fn certificate(
    State(door): State<Arc<Door>>,
    PathPart(id): PathPart<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = door.keeps_out(&headers) {
        return refusal;
    }
    let unknown = || {
        let why = "there is no certificate of this id";
        refusal(StatusCode::NOT_FOUND, "unknown_certificate", why)
    };
    if !is_id(&id) {
        return unknown();
    }
    let blocking = door.clone();
    let found = tokio::task::spawn_blocking(move || {
        let found = blocking.shared.issuer().register().record(&id);
        blocking.shared.saw_store(found.as_ref().map(drop));
        found
    });
    match found.await {
        Ok(Ok(Some(record))) => answers::text("application/json", record.to_json()),
        Ok(Ok(None)) => unknown(),
        _ => retry_later("store", "the store cannot be reached"),
    }
}

/// `GET /readyz`
async fn ready(State(door): State<Arc<Door>>) -> Response {
    match door.ills().as_slice() {
        [] => json_with(StatusCode::OK, &json!({ "ready": true })),
        ills => {
            let body = json!({ "ready": false, "why": ills });
            json_with(StatusCode::SERVICE_UNAVAILABLE, &body)
        }
    }
}

/// `GET /metrics`
async fn metrics(State(door): State<Arc<Door>>) -> Response {
    let sources = door.sources.iter().map(|source| &**source);
    let text = door.shared.metrics.text(&door.shared, sources, door.ills().is_empty());
    answers::text("application/openmetrics-text; version=1.0.0; charset=utf-8", text)
}

impl Door {
    /// Why this one is not let in, if so.
    fn keeps_out(&self, headers: &HeaderMap) -> Option<Response> {
        let Some(token) = &self.token else {
            let why = "this agent takes no requests over HTTP: it has no token";
            return Some(refusal(StatusCode::FORBIDDEN, "closed", why));
        };
        let given = headers.get(AUTHORIZATION).and_then(|given| given.to_str().ok());
        let given = given.and_then(|given| {
            let (scheme, token) = given.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        match given.is_some_and(|given| token.is(given)) {
            true => None,
            false => Some(answers::unauthorized()),
        }
    }

    /// What keeps the agent from doing what it is asked.
    fn ills(&self) -> Vec<&'static str> {
        let mut ills = Vec::new();
        if self.shared.is_unwell() || self.shared.has_abandoned_too_many() {
            ills.push("unhealthy");
        }
        if self.shared.halt.is_asked() {
            ills.push("stopping");
        }
        ills.extend(self.shared.ills());
        ills.extend(
            self.sources.iter().filter(|it| !it.is_up()).map(|source| source.name),
        );
        ills
    }

    /// Takes a request: reads it, says where its certificate will be, and writes it down.
    fn take(&self, body: &[u8]) -> Result<(Accepted, serde_json::Value), Box<Response>> {
        let Some(tray) = self.tray.as_ref().filter(|_| !self.shared.halt.is_asked())
        else {
            return Err(Box::new(retry_later("stopping", "the agent is stopping")));
        };
        let (about, task) = Task::from_json(body);
        let refused = |error: Error| {
            self.shared.saw_store(Err(&error));
            self.shared.metrics.request("http", "refused");
            Box::new(answers::error(&error))
        };
        let task = task.map_err(refused)?;
        let mut told = serde_json::Map::new();
        for (key, value) in [
            ("reference", about.reference),
            ("course", about.course),
            ("username", about.recipient),
        ] {
            if let Some(value) = value {
                told.insert(key.to_owned(), value.into());
            }
        }
        told.insert("outcome".to_owned(), "accepted".into());
        match &task {
            Task::Issue { request, options, .. } => {
                let issuer = self.shared.issuer();
                let urls = issuer.plan(request, options).map_err(refused)?.urls;
                for (key, value) in [
                    ("verify_id", urls.verify_id),
                    ("download_id", urls.download_id),
                    ("verify_url", urls.verify_url),
                    ("url", urls.download_url),
                ] {
                    told.insert(key.to_owned(), value.into());
                }
            }
            Task::Revoke(revocation) => {
                if let Target::Certificate { verify, .. } = &revocation.target {
                    told.insert("verify_id".to_owned(), verify.as_str().into());
                }
            }
            Task::Ignore(_) => {}
        }
        let now = self.shared.clock.now().map_err(refused)?;
        match tray.accept(body, &task, now).map_err(refused)? {
            Some(accepted) => {
                told.shift_insert(0, "id".to_owned(), accepted.id.as_str().into());
                Ok((accepted, told.into()))
            }
            None => {
                self.shared.metrics.request("http", "full");
                Err(Box::new(answers::full()))
            }
        }
    }
}
