//! The HTTP API: requests for certificates, and health and metrics for an operator.
//!
//! It has a thread and a single-threaded async runtime of its own. Work that blocks, such as a
//! store, runs on a bounded pool of threads; bodies, connections and the time that either may take
//! are bounded too.

mod answers;
mod listener;
mod routes;
mod state;
mod token;

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use self::listener::BoundedListener;
use self::routes::{router, until_closed};
use self::state::AppState;
use self::token::Token;
use super::clock::Clock;
use super::ops::status::Status;
use super::secret_file::read_secret;
use super::spool::Spool;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::settings::{AgentSettings, Secret};

/// The most calls at once that block.
const MAX_BLOCKING_CALLS: usize = 32;
/// How long open connections may take to end once all work has ended.
const CONNECTIONS_GRACE_PERIOD: Duration = Duration::from_secs(2);
/// How long calls that block may take to end after that.
const CALLS_GRACE_PERIOD: Duration = Duration::from_secs(1);

/// The HTTP API of an agent: takes requests, and tells health and metrics.
pub struct HttpApi {
    listen: SocketAddr,
    token: Option<Secret>,
    capacity: usize,
}

impl HttpApi {
    /// Creates an API at an address. Without a token it takes no requests, and tells health and
    /// metrics only. `capacity` is the most requests that are accepted and not yet answered.
    pub fn new(listen: SocketAddr, token: Option<Secret>, capacity: usize) -> Self {
        Self { listen, token, capacity: capacity.max(1) }
    }

    /// Creates the API of these settings, or none if they name no address. The path of the token's
    /// file is relative to the folder `site`.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`], [`ErrorKind::Io`], [`ErrorKind::InvalidValue`]: the token's file
    /// is missing, unreadable or empty.
    pub fn from_settings(settings: &AgentSettings, site: &Path) -> Result<Option<Self>> {
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

    /// Opens the API. Returns its address, and its thread, which ends when all work has ended.
    pub(super) fn open(
        self,
        status: Status,
        spool: Option<Arc<Spool>>,
        clock: Arc<dyn Clock>,
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
            .max_blocking_threads(MAX_BLOCKING_CALLS)
            .thread_name("testamur-http")
            .build()
            .map_err(failed)?;
        let state = Arc::new(AppState { status, token, spool, clock });
        let work = move || {
            runtime.block_on(serve(state, listener));
            // A call that still blocks must not keep the program from ending.
            runtime.shutdown_timeout(CALLS_GRACE_PERIOD);
        };
        let thread = thread::Builder::new().name("testamur-http".into()).spawn(work);
        tracing::info!(%address, requests = self.token.is_some(), "listening");
        Ok((address, thread.map_err(failed)?))
    }
}

impl fmt::Debug for HttpApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpApi").field("listen", &self.listen).finish_non_exhaustive()
    }
}

/// Serves until all work has ended and the open connections have ended or their time is over.
async fn serve(state: Arc<AppState>, listener: TcpListener) {
    let shutdown = state.status.shutdown.clone();
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => BoundedListener::new(listener),
        Err(error) => {
            tracing::error!(%error, "the HTTP API cannot start");
            return;
        }
    };
    let served = axum::serve(listener, router(state))
        .with_graceful_shutdown(until_closed(shutdown.clone()));
    let forced = async {
        until_closed(shutdown).await;
        tokio::time::sleep(CONNECTIONS_GRACE_PERIOD).await;
    };
    tokio::select! {
        result = async { served.await } => {
            if let Err(error) = result {
                tracing::error!(%error, "the HTTP API has failed");
            }
        }
        () = forced => {}
    }
}
