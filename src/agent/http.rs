//! The HTTP API: requests for certificates, and health and metrics for an operator.
//!
//! It has a thread and a single-threaded async runtime of its own. Work that blocks, such as a
//! store, runs on a bounded pool of threads; bodies, connections and the time that a client may take
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

use self::listener::{ConnectionLimits, serve};
use self::routes::{health_routes, request_routes};
use self::state::AppState;
pub(super) use self::state::{HealthState, RequestState};
use self::token::Token;
use super::secret_file::read_secret;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::settings::{AgentSettings, HttpSettings, Secret};

/// The most calls that block at the same time.
const MAX_BLOCKING_CALLS: usize = 32;
/// The most open connections.
const MAX_CONNECTIONS: usize = 512;
/// The most open connections at a separate address of health and metrics.
const MAX_HEALTH_CONNECTIONS: usize = 64;
/// How long blocking calls may take to end once the API has ended.
const CALLS_GRACE_PERIOD: Duration = Duration::from_secs(1);

/// The HTTP API of an agent: takes requests, and serves health and metrics.
///
/// ```
/// use testamur::agent::HttpApi;
/// use testamur::site::Secret;
///
/// let listen = "127.0.0.1:8080".parse()?;
/// let api = HttpApi::new(listen, Some(Secret::new("a token")), 1000);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub struct HttpApi {
    listen: SocketAddr,
    health_listen: Option<SocketAddr>,
    token: Option<Secret>,
    capacity: usize,
    connections_per_client: usize,
}

impl HttpApi {
    /// Creates an API at an address. Without a token it takes no requests, and serves
    /// health and metrics only. `capacity` is the most requests that are accepted and not
    /// yet answered.
    pub fn new(listen: SocketAddr, token: Option<Secret>, capacity: usize) -> Self {
        Self {
            listen,
            health_listen: None,
            token,
            capacity: capacity.max(1),
            connections_per_client: HttpSettings::DEFAULT_CONNECTIONS_PER_CLIENT,
        }
    }

    /// Serves health and metrics at this address instead of that of the requests, so that
    /// clients of the API cannot keep health and metrics from being answered.
    pub fn with_health_listen(mut self, listen: SocketAddr) -> Self {
        self.health_listen = Some(listen);
        self
    }

    /// Sets how many connections one client may have at once: 128 unless set. A client is an
    /// address of IPv4, or a network of 64 bits of IPv6.
    pub fn with_connections_per_client(mut self, connections: usize) -> Self {
        self.connections_per_client = connections.clamp(1, MAX_CONNECTIONS);
        self
    }

    /// Creates the API of these settings, or `None` if they name no address. The path of
    /// the token's file is relative to the folder `site`.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`], [`ErrorKind::Io`], [`ErrorKind::InvalidValue`]: the token's file
    /// is missing, unreadable or empty.
    pub fn from_settings(settings: &AgentSettings, site: &Path) -> Result<Option<Self>> {
        let http = &settings.http;
        let listen = match (http.listen, http.health_listen) {
            (Some(listen), _) => listen,
            (None, Some(health)) => return Ok(Some(Self::new(health, None, 1))),
            (None, None) => return Ok(None),
        };
        let token = match (&http.token, &http.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(file)) => Some(
                read_secret(&site.join(file))
                    .map_err(|error| settings.at("HTTP__TOKEN_FILE", error))?,
            ),
            (None, None) => None,
        };
        let api = Self::new(listen, token, http.capacity);
        let api = api.with_connections_per_client(http.connections_per_client);
        Ok(Some(match http.health_listen {
            Some(health) => api.with_health_listen(health),
            None => api,
        }))
    }

    pub(super) fn takes_requests(&self) -> bool {
        self.token.is_some()
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Opens the API. Returns its addresses, and its thread, which ends when all work has ended.
    pub(super) fn open(
        self,
        told: HealthState,
        taken: RequestState,
    ) -> Result<(HttpAddresses, JoinHandle<()>)> {
        let (listener, requests) = bind(self.listen, "agent.http.listen")?;
        let health = self.health_listen;
        let health = health.map(|at| bind(at, "agent.http.health_listen")).transpose()?;
        let token = self.token.as_ref().map(Token::new).transpose()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(MAX_BLOCKING_CALLS)
            .thread_name("testamur-http")
            .build()
            .map_err(|cause| not_open(self.listen, "agent.http.listen", cause))?;
        let shutdown = taken.shutdown.clone();
        let taken = Arc::new(AppState { token, parts: taken });
        let told = Arc::new(told);
        let addresses = HttpAddresses {
            requests,
            health: health.as_ref().map_or(requests, |it| it.1),
        };
        let limits = ConnectionLimits {
            all: MAX_CONNECTIONS,
            of_client: self.connections_per_client,
        };
        let work = move || {
            runtime.block_on(async {
                match health {
                    Some((health, _)) => {
                        let all = MAX_HEALTH_CONNECTIONS;
                        let own = ConnectionLimits { all, of_client: all };
                        tokio::join!(
                            serve(
                                listener,
                                request_routes(&taken),
                                limits,
                                shutdown.clone()
                            ),
                            serve(health, health_routes(&told), own, shutdown.clone()),
                        );
                    }
                    None => {
                        let routes = request_routes(&taken).merge(health_routes(&told));
                        serve(listener, routes, limits, shutdown.clone()).await;
                    }
                }
            });
            // A call that still blocks must not keep the program from ending.
            runtime.shutdown_timeout(CALLS_GRACE_PERIOD);
        };
        let thread = thread::Builder::new().name("testamur-http".into()).spawn(work);
        let thread =
            thread.map_err(|cause| not_open(self.listen, "agent.http.listen", cause))?;
        tracing::info!(address = %requests, requests = self.token.is_some(), "listening");
        if addresses.health != requests {
            tracing::info!(health = %addresses.health, "listening for health checks");
        }
        Ok((addresses, thread))
    }
}

/// The addresses that the HTTP API listens at.
#[derive(Debug, Clone, Copy)]
pub(super) struct HttpAddresses {
    pub(super) requests: SocketAddr,
    /// The address of health and metrics; it may be the same one.
    pub(super) health: SocketAddr,
}

fn bind(listen: SocketAddr, setting: &str) -> Result<(TcpListener, SocketAddr)> {
    let failed = |cause: std::io::Error| not_open(listen, setting, cause);
    let listener = TcpListener::bind(listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn not_open(listen: SocketAddr, setting: &str, cause: std::io::Error) -> Error {
    Error::caused(ErrorKind::Io, format!("failed to listen at `{listen}`"), cause)
        .with_help(format!("set `{setting}` to an address that is free"))
}

impl fmt::Debug for HttpApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpApi").field("listen", &self.listen).finish_non_exhaustive()
    }
}
