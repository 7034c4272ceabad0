//! Accepts connections and serves them. The number of open connections is limited, in all
//! and for each client, and so is the time that a client may take for each step:
//!
//! - To send the head of a request, with the time before it: [`HEAD_TIMEOUT`].
//! - To send its body: `routes::BODY_DEADLINE`.
//! - To read the answer: [`ANSWER_TIMEOUT`].

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};

use super::routes::until_closed;
use crate::agent::ops::shutdown::Shutdown;

/// How long the head of a request may take to arrive, counted from the beginning of the
/// connection or the end of the previous answer.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a client may take to read an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// How long to wait after a connection could not be accepted, for instance because the
/// process has too many open files.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);
/// How long open connections may take to end once all work has ended.
const CONNECTIONS_GRACE_PERIOD: Duration = Duration::from_secs(2);

/// The most connections at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionLimits {
    pub(super) all: usize,
    /// For one client: an IPv4 address, or a /64 network of IPv6, because one client may
    /// have all addresses of such a network.
    pub(super) of_client: usize,
}

/// Serves until all work has ended and the open connections have ended or their time is over.
pub(super) async fn serve(
    listener: std::net::TcpListener,
    router: Router,
    limits: ConnectionLimits,
    shutdown: Arc<Shutdown>,
) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the HTTP API cannot start");
            return;
        }
    };
    let open = Arc::new(OpenConnections { limits, by_client: Mutex::default() });
    let mut connections = JoinSet::new();
    let closed = until_closed(shutdown.clone());
    tokio::pin!(closed);
    loop {
        tokio::select! {
            () = &mut closed => break,
            _ = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                // The connection of a client that has too many is closed: if it waited
                // for a free one, it would keep out all other clients.
                Ok((stream, address)) => if let Some(guard) = open.admit(address.ip()) {
                    let served = converse(stream, router.clone(), shutdown.clone());
                    connections.spawn(async move {
                        served.await;
                        drop(guard);
                    });
                },
                Err(error) if is_of_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    sleep(ACCEPT_RETRY).await;
                }
            },
        }
    }
    drop(listener);
    let end = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(CONNECTIONS_GRACE_PERIOD, end).await;
}

/// Answers the requests of one connection, until it ends or all work has ended.
async fn converse(stream: TcpStream, router: Router, shutdown: Arc<Shutdown>) {
    // Answers are small and written whole: waiting for more bytes would only delay them.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(
            TokioIo::new(Connection { stream, answer: None }),
            TowerToHyperService::new(router),
        );
    tokio::pin!(connection);
    tokio::select! {
        // A client that goes or is too slow is no error of the agent's.
        _ = connection.as_mut() => return,
        () = until_closed(shutdown) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// The connections that are open, by client.
struct OpenConnections {
    limits: ConnectionLimits,
    by_client: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection that counts until this is dropped.
struct OpenGuard {
    open: Arc<OpenConnections>,
    client: IpAddr,
}

impl OpenConnections {
    /// Counts a connection of this address, or returns `None` if there are too many.
    fn admit(self: &Arc<Self>, address: IpAddr) -> Option<OpenGuard> {
        let client = match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64 << 64;
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            address => address,
        };
        let mut by_client = self.lock();
        let all: usize = by_client.values().sum();
        let own = by_client.get(&client).copied().unwrap_or_default();
        if all >= self.limits.all || own >= self.limits.of_client {
            return None;
        }
        by_client.insert(client, own + 1);
        Some(OpenGuard { open: self.clone(), client })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.by_client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenGuard {
    fn drop(&mut self) {
        let mut by_client = self.open.lock();
        if let Some(count) = by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                by_client.remove(&self.client);
            }
        }
    }
}

/// A connection that ends if its client does not read an answer within [`ANSWER_TIMEOUT`].
struct Connection {
    stream: TcpStream,
    /// The time limit, while a part of an answer waits for the client.
    answer: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_pending() {
            let answer =
                self.answer.get_or_insert_with(|| Box::pin(sleep(ANSWER_TIMEOUT)));
            if answer.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        written
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        // All of the answer is written.
        self.answer = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_for_each_client() {
        let limits = ConnectionLimits { all: 4, of_client: 2 };
        let open = Arc::new(OpenConnections { limits, by_client: Mutex::default() });
        let admit = |text: &str| open.admit(text.parse().unwrap());
        let (one, two) =
            (admit("192.0.2.1").unwrap(), admit("::ffff:192.0.2.1").unwrap());
        assert!(admit("192.0.2.1").is_none(), "the same address written otherwise");
        drop(one);
        let again = admit("192.0.2.1").unwrap();
        let _six = admit("2001:db8::1").unwrap();
        let _of_its_network = admit("2001:db8::2").unwrap();
        assert!(admit("2001:db8::3").is_none());
        assert!(admit("192.0.2.9").is_none(), "there are four");
        drop((two, again));
        assert!(admit("192.0.2.9").is_some());
        assert_eq!(open.lock().len(), 1);
    }
}
