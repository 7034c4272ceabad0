//! The routes of the HTTP API.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

use super::answers::{self, error_with, json_answer, refusal, retry_later, status_of};
use super::state::{AppState, HealthState, RequestState};
use crate::agent::ops::shutdown::Shutdown;
use crate::agent::spool::SpoolAnswer;
use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result};

/// The most bytes of a request's body.
const MAX_BODY: usize = 64 << 10;
/// How long a request's body may take to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(15);
/// How many seconds `?wait` waits if it gives no number.
const DEFAULT_WAIT: u64 = 30;
/// The most seconds that `?wait=…` waits.
const MAX_WAIT: u64 = 60;
/// How often the agent's shutdown is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// Returns the routes of requests for certificates.
pub(super) fn request_routes(state: &Arc<AppState>) -> Router {
    Router::new()
        .route("/certificates", post(accept))
        .route("/certificates/{id}", get(certificate))
        .route("/openapi.json", get(async || answers::text("application/json", OPENAPI)))
        .fallback(not_found)
        .with_state(state.clone())
}

/// Returns the routes of health and metrics, which ask for no token.
pub(super) fn health_routes(state: &Arc<HealthState>) -> Router {
    Router::new()
        .route(
            "/healthz",
            get(async || json_answer(StatusCode::OK, &json!({ "alive": true }))),
        )
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(state.clone())
}

async fn not_found() -> Response {
    refusal(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path")
}

/// Waits until all work of the agent has ended.
pub(super) async fn until_closed(shutdown: Arc<Shutdown>) {
    while !shutdown.closed.is_requested() {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// `POST /certificates`
async fn accept(
    State(state): State<Arc<AppState>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if let Some(refusal) = state.authorize(&headers) {
        return refusal;
    }
    let wait = match read_wait(query.as_deref()) {
        Ok(wait) => wait,
        Err(error) => return error_with(StatusCode::BAD_REQUEST, &error),
    };
    let too_large = || {
        let error = Error::new(ErrorKind::TooLarge, "the request is too large")
            .with_help(format!("at most {MAX_BODY} bytes are read"));
        error_with(StatusCode::PAYLOAD_TOO_LARGE, &error)
    };
    if headers.get(CONTENT_ENCODING).is_some_and(|it| it != "identity") {
        let why = "a compressed body is not read: send it without `Content-Encoding`";
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "syntax", why);
    }
    let length =
        headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_BODY) {
        return too_large();
    }
    let body = match tokio::time::timeout(BODY_DEADLINE, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if answers::is_length_error(&error) => return too_large(),
        Ok(Err(_)) => {
            let why = "the request's body ended early";
            return refusal(StatusCode::BAD_REQUEST, "syntax", why);
        }
        Err(_) => {
            let why = "the request's body came too slowly";
            return refusal(StatusCode::REQUEST_TIMEOUT, "deadline", why);
        }
    };
    let blocking = state.clone();
    let accepted = tokio::task::spawn_blocking(move || blocking.accept(&body)).await;
    let (accepted, told) = match accepted {
        Ok(Ok(accepted)) => accepted,
        Ok(Err(refusal)) => return *refusal,
        Err(_) => {
            let why = "an internal error: please report it";
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "panic", why);
        }
    };
    let Some(wait) = wait else { return json_answer(StatusCode::ACCEPTED, &told) };
    tokio::select! {
        answer = accepted.listener => match answer {
            Ok(SpoolAnswer { answer, json }) => json_answer(status_of(&answer), &json),
            Err(_) => json_answer(StatusCode::ACCEPTED, &told),
        },
        () = tokio::time::sleep(wait) => json_answer(StatusCode::ACCEPTED, &told),
        () = until_closed(state.parts.shutdown.clone()) => {
            json_answer(StatusCode::ACCEPTED, &told)
        }
    }
}

/// Reads how long to wait for the answer: `?wait` or `?wait=20`, in seconds.
fn read_wait(query: Option<&str>) -> Result<Option<Duration>> {
    let mut wait = None;
    for part in query.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if key != "wait" {
            let message = format!("unknown parameter `{}`", key.escape_debug());
            return Err(Error::new(ErrorKind::UnknownKey, message)
                .with_help("did you mean `wait`?"));
        }
        let seconds = match value {
            "" => Some(DEFAULT_WAIT),
            value => value.parse().ok(),
        };
        let seconds = seconds.ok_or_else(|| {
            Error::new(ErrorKind::InvalidValue, "`wait` is no number of seconds")
                .with_help(format!("write a whole number up to {MAX_WAIT}"))
        })?;
        if wait.replace(Duration::from_secs(seconds.min(MAX_WAIT))).is_some() {
            let twice = Error::new(ErrorKind::InvalidValue, "`wait` occurs twice");
            return Err(twice.with_help("write it once"));
        }
    }
    Ok(wait)
}

/// `GET /certificates/{id}`
async fn certificate(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = state.authorize(&headers) {
        return refusal;
    }
    let unknown = || {
        let why = "there is no certificate of this id";
        refusal(StatusCode::NOT_FOUND, "unknown_certificate", why)
    };
    let Ok(id) = CertificateId::parse(&id) else { return unknown() };
    let found = tokio::task::spawn_blocking(move || {
        let RequestState { issue_service, health, .. } = &state.parts;
        let found = issue_service.current().register().record(&id);
        health.record_store(found.as_ref().map(drop));
        found
    });
    match found.await {
        Ok(Ok(Some(record))) => answers::text("application/json", record.to_json()),
        Ok(Ok(None)) => unknown(),
        _ => retry_later("store", "the store cannot be reached"),
    }
}

/// `GET /readyz`
async fn ready(State(state): State<Arc<HealthState>>) -> Response {
    let (reasons, faults) = (state.readiness.reasons(), state.readiness.faults());
    let mut body = json!({ "ready": reasons.is_empty() });
    let status = if reasons.is_empty() {
        StatusCode::OK
    } else {
        body["why"] = reasons.into();
        StatusCode::SERVICE_UNAVAILABLE
    };
    if !faults.is_empty() {
        body["faults"] = faults.into();
    }
    json_answer(status, &body)
}

/// `GET /metrics`
async fn metrics(State(state): State<Arc<HealthState>>) -> Response {
    let text = state.metrics.to_text();
    answers::text("application/openmetrics-text; version=1.0.0; charset=utf-8", text)
}
