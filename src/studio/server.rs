//! The server of a studio: one address on the loopback interface, a bounded number of connections, and
//! a bounded time and size for each request.

use std::convert::Infallible;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fmt, io, thread};

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue, LOCATION};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::answer::Answer;
use super::call::Call;
use super::context::StudioContext;
use super::guard::{Guard, Refusal};
use super::host::StudioHost;
use super::people::People;
use super::run::Runs;
use super::state::State;
use super::watch::watch;
use super::{api, assets, events};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::percent;

/// The most connections at once; a browser opens six.
const MAX_CONNECTIONS: usize = 64;
/// The most requests that are computed at once.
const MAX_COMPUTING: usize = 16;
/// How long the head and the body of a request may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the server checks whether the studio should end.
const STOP_INTERVAL: Duration = Duration::from_millis(100);
/// How long running requests may take after that.
const GRACE_PERIOD: Duration = Duration::from_secs(2);

/// How a studio is served.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StudioOptions {
    /// The port; a free one unless set.
    pub port: Option<u16>,
    /// Whether nothing may be changed.
    pub is_read_only: bool,
}

impl StudioOptions {
    /// Sets the port.
    pub fn with_port(mut self, port: Option<u16>) -> Self {
        self.port = port;
        self
    }

    /// Sets whether nothing may be changed.
    pub fn with_read_only(mut self, is_read_only: bool) -> Self {
        self.is_read_only = is_read_only;
        self
    }
}

/// A studio that listens, and answers as soon as it is [served](Self::serve).
pub struct Studio {
    state: Arc<State>,
    listeners: Vec<TcpListener>,
    /// The scheme, the host and the port.
    origin: String,
    address: String,
}

impl Studio {
    /// Opens a studio on the loopback interface: at 127.0.0.1, and at ::1 where the machine has it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: the port is taken. [`ErrorKind::Key`]: the machine gives no random numbers.
    pub fn open(host: Arc<dyn StudioHost>, options: &StudioOptions) -> Result<Self> {
        let wanted = options.port.unwrap_or_default();
        let failed = |error: io::Error| {
            Error::new(
                ErrorKind::Io,
                format!("failed to listen at port {wanted} ({error})"),
            )
            .with_help("name another one with --port, or leave it out")
        };
        let listen = |address: SocketAddr| {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let first = listen((Ipv4Addr::LOCALHOST, wanted).into()).map_err(failed)?;
        let port = first.local_addr().map_err(failed)?.port();
        let second = listen((Ipv6Addr::LOCALHOST, port).into()).ok();
        let (guard, token) = Guard::new(port)?;
        let state = State {
            context: StudioContext::new(host),
            guard,
            is_read_only: options.is_read_only,
            changes: watch::Sender::new(0),
            people: People::default(),
            runs: Runs::default(),
            saving: Mutex::default(),
        };
        let origin = format!("http://127.0.0.1:{port}");
        Ok(Self {
            state: Arc::new(state),
            listeners: [first].into_iter().chain(second).collect(),
            address: format!("{origin}/{token}/"),
            origin,
        })
    }

    /// The address of the page. It contains the token, so anyone who knows it can use the studio.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// An address that shows the page once, within two minutes. For the command line of a browser, which
    /// other users of the machine can read.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the machine gives no random numbers.
    pub fn start_address(&self) -> Result<String> {
        let path = self.state.guard.new_start_path()?;
        Ok(format!("{}{path}", self.origin))
    }

    /// Serves the page until `is_stopped` says so.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: the operating system refuses a thread or a socket.
    pub fn serve(self, is_stopped: impl Fn() -> bool) -> Result<()> {
        let failed = |error: io::Error| {
            Error::new(ErrorKind::Io, format!("failed to start the studio ({error})"))
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(MAX_COMPUTING)
            .thread_name("testamur-studio")
            .build()
            .map_err(failed)?;
        let watched = Arc::downgrade(&self.state);
        let watcher = thread::Builder::new().name("testamur-watch".into());
        watcher.spawn(move || watch(&watched)).map_err(failed)?;
        let served = runtime.block_on(async {
            let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
            for listener in self.listeners {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                tokio::spawn(accept(listener, self.state.clone(), places.clone()));
            }
            while !is_stopped() {
                sleep(STOP_INTERVAL).await;
            }
            // Certificates that were begun are finished first.
            while self.state.runs.is_stopping() {
                sleep(STOP_INTERVAL).await;
            }
            Ok(())
        });
        runtime.shutdown_timeout(GRACE_PERIOD);
        served.map_err(failed)
    }
}

impl fmt::Debug for Studio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Studio").field("state", &self.state).finish_non_exhaustive()
    }
}

async fn accept(
    listener: tokio::net::TcpListener,
    state: Arc<State>,
    places: Arc<Semaphore>,
) {
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let state = state.clone();
                tokio::spawn(async move {
                    converse(stream, state).await;
                    drop(place);
                });
            }
            // The system has no more files, or the client went away.
            Err(_) => sleep(STOP_INTERVAL).await,
        }
    }
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, state: Arc<State>) {
    // Answers are written whole: waiting for more bytes only delays them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let state = state.clone();
        async move { Ok::<_, Infallible>(respond(state, request).await) }
    });
    // A browser that goes away is no error.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Response<BoxBody<Bytes, io::Error>> {
    let (parts, body) = request.into_parts();
    let path = match state.guard.admit(&parts.method, &parts.uri, &parts.headers) {
        Ok(path) => path.to_owned(),
        Err(refusal) => {
            if refusal == Refusal::Token
                && parts.method == Method::GET
                && let Some(page) = state.guard.exchange(parts.uri.path())
                && let Ok(page) = HeaderValue::try_from(page)
            {
                let answer = Answer::text(StatusCode::SEE_OTHER, "");
                let mut response = answer.into_response();
                response.headers_mut().insert(LOCATION, page);
                return response;
            }
            let mut response =
                Answer::text(refusal.status(), refusal.text()).into_response();
            // The connection is closed, so that refused pages do not use up the connections.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
    };
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    if let Some(path) = path.strip_prefix("api/").filter(|path| *path != "events") {
        if parts.method != Method::POST {
            let why = "the interface takes POST\n";
            return Answer::text(StatusCode::METHOD_NOT_ALLOWED, why).into_response();
        }
        let name = parts.uri.query().and_then(|query| query.strip_prefix("name="));
        let name = name.and_then(percent::decode);
        return compute(state, path.to_owned(), name, body).await.into_response();
    }
    if !is_read {
        let why = "the page is only read\n";
        return Answer::text(StatusCode::METHOD_NOT_ALLOWED, why).into_response();
    }
    if path == "api/events" {
        return events::stream(state.changes.subscribe());
    }
    let answer = match path.as_str() {
        "" => Some(assets::index()),
        path => match path.strip_prefix("picture/") {
            Some(picture) => picture_of(&state, picture),
            None => assets::file(path),
        },
    };
    let missing = || Answer::text(StatusCode::NOT_FOUND, "there is no such file\n");
    answer.unwrap_or_else(missing).into_response()
}

/// Reads the body and computes the answer, away from the thread that serves.
async fn compute(
    state: Arc<State>,
    path: String,
    name: Option<String>,
    body: Incoming,
) -> Answer {
    let body = Limited::new(body, api::max_body(&path)).collect();
    let body = match timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let error = Error::new(ErrorKind::TooLarge, "the file is too large");
            return Answer::failed(&error);
        }
        _ => {
            let why = "the request did not arrive\n";
            return Answer::text(StatusCode::REQUEST_TIMEOUT, why);
        }
    };
    let computed = tokio::task::spawn_blocking(move || {
        api::answer(&state, &Call { path: &path, name, body: &body })
    });
    computed.await.unwrap_or_else(|_| {
        let error = Error::new(ErrorKind::Panic, "the studio failed to answer");
        Answer::failed(&error)
    })
}

/// The picture of `NUMBER/PAGE`.
fn picture_of(state: &State, path: &str) -> Option<Answer> {
    let (number, page) = path.split_once('/')?;
    let (media_type, bytes) =
        state.context.pictures.page(number.parse().ok()?, page.parse().ok()?)?;
    Some(Answer::new(media_type, bytes))
}
