//! A web service that drafts and issues certificates, with axum.
//!
//! A body is a `Request`, which axum reads with serde. The library blocks, so each call is made with
//! `spawn_blocking`. An error of the request is answered with 422, one that may pass with 503, every
//! other one with 500.
//!
//! ```sh
//! cargo run --release --example axum_service -- 127.0.0.1:8080
//! request='{"course": "Example/Knots/2026", "name": "Ada Lovelace"}'
//! curl -d "$request" -H content-type:application/json http://127.0.0.1:8080/drafts -o draft.pdf
//! curl -d "$request" -H content-type:application/json http://127.0.0.1:8080/certificates
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program has arguments, a clock and output; the library has none"
)]

use std::env;
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use testamur::register::{IssueOptions, IssueService, MemoryStore, StorePath};
use testamur::site::{IdSecret, Keys};
use testamur::{ErrorClass, Press, Request, Site, Timestamp};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

const COURSES: &str = "
Example/Knots/2026:
  title: { en: Knots and Splices, es: Nudos y empalmes }
  organization: { short: ExampleX, name: Example University }
  layout: classic
  language: en
  issued: 2026-05-14
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let issuer = Arc::new(spawn_blocking(issue_service).await??);
    let routes = Router::new()
        .route("/drafts", post(draft))
        .route("/certificates", post(issue))
        .route("/{*path}", get(file))
        .with_state(issuer);
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, routes).await?;
    Ok(())
}

/// A service whose keys and certificates are gone when it ends. A real one has its own
/// `Sealer`, its own secret and a store that lasts.
fn issue_service() -> testamur::Result<IssueService> {
    let press = Press::new(Site::new().with_file("courses.yaml", COURSES))?;
    IssueService::builder(Arc::new(press))
        .with_keys(&Keys::generate("Example University", now()?)?)
        .with_id_secret(IdSecret::generate()?)
        .with_stores(Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()))
        .build()
}

async fn draft(
    State(issuer): State<Arc<IssueService>>,
    Json(request): Json<Request>,
) -> Result<Response, Failure> {
    let draft =
        spawn_blocking(move || issuer.press().draft(&request, now()?.date())).await??;
    Ok(([(CONTENT_TYPE, "application/pdf")], draft.bytes).into_response())
}

async fn issue(
    State(issuer): State<Arc<IssueService>>,
    Json(request): Json<Request>,
) -> Result<Json<Value>, Failure> {
    let receipt = spawn_blocking(move || {
        let now = now()?;
        issuer.issue(&request, now.date(), now, &IssueOptions::default())
    });
    let receipt = receipt.await??;
    Ok(Json(json!({
        "outcome": receipt.outcome.as_str(),
        "verify_url": receipt.urls.verify_url,
        "record": receipt.record,
    })))
}

/// A file of the public store.
async fn file(
    State(issuer): State<Arc<IssueService>>,
    Path(path): Path<String>,
) -> Result<Response, Failure> {
    let Ok(path) = StorePath::parse(&path) else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let found = spawn_blocking(move || issuer.register().file(&path)).await??;
    Ok(found.map_or(StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response))
}

/// An error of the library, or of a thread that panicked.
struct Failure {
    status: StatusCode,
    message: String,
}

impl From<testamur::Error> for Failure {
    fn from(error: testamur::Error) -> Self {
        let status = match error.kind().class() {
            ErrorClass::Input => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorClass::Transient => StatusCode::SERVICE_UNAVAILABLE,
            ErrorClass::Site | ErrorClass::Environment | ErrorClass::Internal => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Self { status, message: error.to_string() }
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: error.to_string() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}

fn now() -> testamur::Result<Timestamp> {
    Timestamp::try_from(SystemTime::now())
}
