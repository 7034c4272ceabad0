//! What the routes of the HTTP API share, and how a request is accepted.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value};

use super::answers::{self, refusal, retry_later};
use super::token::Token;
use crate::agent::clock::Clock;
use crate::agent::issue_service::CurrentIssueService;
use crate::agent::ops::health::Health;
use crate::agent::ops::metrics::Metrics;
use crate::agent::ops::readiness::Readiness;
use crate::agent::ops::shutdown::Shutdown;
use crate::agent::queue::{Answer, Target, Task};
use crate::agent::spool::{Accepted, Spool};
use crate::base::error::{Error, ErrorKind, Result};

/// What the routes of health and metrics report.
pub(in crate::agent) struct HealthState {
    pub(in crate::agent) readiness: Arc<Readiness>,
    pub(in crate::agent) metrics: Arc<Metrics>,
}

/// What the routes of requests use of the agent.
pub(in crate::agent) struct RequestState {
    pub(in crate::agent) issue_service: Arc<CurrentIssueService>,
    pub(in crate::agent) health: Arc<Health>,
    pub(in crate::agent) metrics: Arc<Metrics>,
    pub(in crate::agent) shutdown: Arc<Shutdown>,
    /// None: no requests are taken.
    pub(in crate::agent) spool: Option<Arc<Spool>>,
    pub(in crate::agent) clock: Arc<dyn Clock>,
}

/// The state of the routes of requests.
pub(super) struct AppState {
    /// None: no requests are taken.
    pub(super) token: Option<Token>,
    pub(super) parts: RequestState,
}

impl AppState {
    /// Returns the answer to a client that may not make requests, or none if it may.
    pub(super) fn authorize(&self, headers: &HeaderMap) -> Option<Response> {
        let Some(token) = &self.token else {
            let why = "this agent takes no requests over HTTP: it has no token";
            return Some(refusal(StatusCode::FORBIDDEN, "closed", why));
        };
        if token.is_in(headers) { None } else { Some(answers::unauthorized()) }
    }

    /// Accepts a request: reads it, plans where its certificate will be, and spools it. Returns
    /// what the client is told.
    pub(super) fn accept(&self, body: &[u8]) -> Result<(Accepted, Value), Box<Response>> {
        let RequestState { issue_service, health, metrics, shutdown, spool, clock } =
            &self.parts;
        let Some(spool) = spool.as_ref().filter(|_| !shutdown.stop.is_requested()) else {
            return Err(Box::new(retry_later("stopping", "the agent is stopping")));
        };
        let (correlation, task) = Task::from_json(body);
        let refused = |error: Error| {
            health.record_store(Err(&error));
            metrics.count_request("http", "refused");
            Box::new(answers::error(&error))
        };
        let task = task.map_err(refused)?;
        let mut told = Map::new();
        for (key, value) in [
            ("reference", correlation.reference),
            ("course", correlation.course),
            ("username", correlation.recipient),
        ] {
            if let Some(value) = value {
                told.insert(key.to_owned(), value.into());
            }
        }
        told.insert("outcome".to_owned(), "accepted".into());
        match &task {
            Task::Issue { request, options, .. } => {
                let issuer = issue_service.current();
                let plan = issuer.plan(request, options).map_err(|error| {
                    if error.kind() == ErrorKind::NotPassed {
                        return answered_at_once(&mut told, &error, metrics);
                    }
                    refused(error)
                });
                // A struct of texts becomes an object.
                if let Ok(Value::Object(urls)) = serde_json::to_value(plan?.urls) {
                    told.extend(urls);
                }
            }
            Task::Revoke(revocation) => {
                if let Target::Certificate(verify) = &revocation.target {
                    told.insert("verify_id".to_owned(), verify.as_str().into());
                }
            }
            Task::Ignore(_) => {}
        }
        let now = clock.read().map_err(refused)?.now;
        match spool.accept(body, &task, now).map_err(refused)? {
            Some(accepted) => {
                told.shift_insert(0, "id".to_owned(), accepted.id.as_str().into());
                Ok((accepted, told.into()))
            }
            None => {
                metrics.count_request("http", "full");
                Err(Box::new(answers::full()))
            }
        }
    }
}

/// The answer to a request whose grade does not pass: nothing is left to do, so the
/// request is not spooled.
fn answered_at_once(
    told: &mut Map<String, Value>,
    error: &Error,
    metrics: &Metrics,
) -> Box<Response> {
    let answer = Answer::NotPassed { why: error.message().to_owned() };
    metrics.count_request("http", answer.as_str());
    told.insert("outcome".to_owned(), answer.as_str().into());
    told.insert("why".to_owned(), error.message().into());
    let body = std::mem::take(told).into();
    Box::new(answers::json_answer(answers::status_of(&answer), &body))
}
