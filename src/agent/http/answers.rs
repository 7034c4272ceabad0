//! The answers of the HTTP API: status, headers, and a body in JSON.

use std::error::Error as _;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse as _, Response};
use http_body_util::LengthLimitError;
use serde_json::{Value, json};

use crate::agent::queue::Answer;
use crate::base::error::{Error, ErrorClass, ErrorKind};

/// Returns the status of an answer that a client waited for.
pub(super) fn status_of(answer: &Answer) -> StatusCode {
    match answer {
        Answer::Issued { outcome, .. } if outcome.is_new_edition() => StatusCode::CREATED,
        Answer::Failed { kind, .. } => status_of_error(*kind),
        _ => StatusCode::OK,
    }
}

fn status_of_error(kind: ErrorKind) -> StatusCode {
    match kind.class() {
        ErrorClass::Input => match kind {
            ErrorKind::Syntax => StatusCode::BAD_REQUEST,
            ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::Exists | ErrorKind::Revoked => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        ErrorClass::Site => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorClass::Environment => match kind {
            ErrorKind::Io => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        ErrorClass::Transient => match kind {
            // The agent has tried the request twice: a client that sends it again waits
            // as long, and fails again.
            ErrorKind::Deadline => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        },
        ErrorClass::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The answer to a request that fails before it is accepted.
pub(super) fn error(error: &Error) -> Response {
    match status_of_error(error.kind()) {
        StatusCode::SERVICE_UNAVAILABLE => {
            retry_later(error.kind().as_str(), "try again later")
        }
        status => error_with(status, error),
    }
}

/// An answer that names all errors of a request.
pub(super) fn error_with(status: StatusCode, error: &Error) -> Response {
    let mut body = error_body(error);
    let all: Vec<Value> = error.faults().map(error_body).collect();
    if all.len() > 1 {
        body["faults"] = all.into();
    }
    json_answer(status, &body)
}

fn error_body(error: &Error) -> Value {
    let mut body = json!({ "error": error.kind().as_str(), "message": error.message() });
    if let Some(help) = error.help() {
        body["help"] = help.into();
    }
    body
}

pub(super) fn refusal(status: StatusCode, error: &str, message: &str) -> Response {
    json_answer(status, &json!({ "error": error, "message": message }))
}

pub(super) fn unauthorized() -> Response {
    let why = "give the agent's token: `Authorization: Bearer …`";
    let answer = refusal(StatusCode::UNAUTHORIZED, "unauthorized", why);
    ([(WWW_AUTHENTICATE, "Bearer")], answer).into_response()
}

/// The answer while the agent stops or something that it needs is down for now.
pub(super) fn retry_later(error: &str, message: &str) -> Response {
    let answer = refusal(StatusCode::SERVICE_UNAVAILABLE, error, message);
    ([(RETRY_AFTER, "10")], answer).into_response()
}

/// The answer while the spool is full.
pub(super) fn full() -> Response {
    let why = "more requests wait than the agent accepts";
    let answer = refusal(StatusCode::TOO_MANY_REQUESTS, "full", why);
    ([(RETRY_AFTER, "5")], answer).into_response()
}

pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, text("application/json", body.to_string() + "\n")).into_response()
}

pub(super) fn text(media_type: &'static str, body: impl Into<Body>) -> Response {
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-store")];
    (headers, body.into()).into_response()
}

/// Whether a body was not read because it is too long.
pub(super) fn is_length_error(error: &axum::Error) -> bool {
    error.source().is_some_and(|cause| cause.is::<LengthLimitError>())
}
