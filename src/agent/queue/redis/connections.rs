//! Connections to Redis: each thread that asks uses one, which is kept for the next call and
//! dropped after an error of the connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::{
    Client, Cmd, Connection, FromRedisValue, IntoConnectionInfo as _, RedisError,
    RedisResult, ServerErrorKind,
};

use crate::base::error::{Error, ErrorKind, Result};
use crate::site::settings::RedisSettings;

/// The help for a server's certificate that is not trusted.
const CERTIFICATE_HELP: &str = "`url` must have the name that the certificate has; a CA of your \
                                own is trusted once this machine trusts it, or once the \
                                environment's SSL_CERT_FILE names a file that holds it";

/// The help for a server that answers without TLS.
const PLAIN_HELP: &str = "if the server has no TLS at this port, write `redis://`, or name the port \
                          at which it has TLS";

/// The help for a server that has a part of the keys only.
const CLUSTER_HELP: &str = "it is part of a Redis Cluster, which is not supported: use a server of \
                            its own, because an agent changes several streams at once";

/// The connections to one server.
pub(super) struct Connections {
    client: Client,
    /// The server's address, for messages.
    url: String,
    deadline: Duration,
    idle: Mutex<Vec<Connection>>,
}

impl Connections {
    pub(super) fn new(settings: &RedisSettings) -> Result<Self> {
        let url = settings.url.clone();
        let url = url
            .ok_or_else(|| Error::new(ErrorKind::MissingField, "`redis` has no `url`"))?;
        let invalid = |cause: RedisError| {
            let what = format!("`{url}` is no address of Redis");
            Error::caused(ErrorKind::InvalidValue, what, cause)
        };
        let mut info = url.as_str().into_connection_info().map_err(invalid)?;
        let mut login = info.redis_settings().clone();
        if let Some(user) = &settings.user {
            login = login.set_username(user);
        }
        if let Some(password) = &settings.password {
            login = login.set_password(password.reveal());
        }
        info = info.set_redis_settings(login);
        let client = Client::open(info).map_err(invalid)?;
        Ok(Self { client, url, deadline: settings.deadline, idle: Mutex::default() })
    }

    /// Sends one command. The server may wait for `wait` before it answers.
    pub(super) fn ask<T: FromRedisValue>(&self, wait: Duration, ask: &Cmd) -> Result<T> {
        self.with(wait, |connection| ask.query(connection))
    }

    fn with<T>(
        &self,
        wait: Duration,
        ask: impl FnOnce(&mut Connection) -> RedisResult<T>,
    ) -> Result<T> {
        let result = self.connection().and_then(|mut connection| {
            connection.set_read_timeout(Some(wait + self.deadline))?;
            connection.set_write_timeout(Some(self.deadline))?;
            let result = ask(&mut connection);
            if result.as_ref().err().is_none_or(is_answer) {
                self.idle().push(connection);
            }
            result
        });
        result.map_err(|error| {
            // The idle connections have most likely failed too.
            if !is_answer(&error) {
                self.idle().clear();
            }
            self.error(error)
        })
    }

    fn connection(&self) -> RedisResult<Connection> {
        let kept = self.idle().pop();
        match kept {
            Some(connection) => Ok(connection),
            None => self.client.get_connection_with_timeout(self.deadline),
        }
    }

    fn is_tls(&self) -> bool {
        self.url.starts_with("rediss:") || self.url.starts_with("valkeys:")
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, error: RedisError) -> Error {
        let (kind, help) = match error.kind() {
            redis::ErrorKind::AuthenticationFailed => (
                ErrorKind::QueueRefused,
                Some("set `user` and `password_file` as the server has them"),
            ),
            redis::ErrorKind::InvalidClientConfig => (ErrorKind::QueueRefused, None),
            redis::ErrorKind::Server(ServerErrorKind::NoPerm) => (
                ErrorKind::QueueRefused,
                Some(
                    "the user needs `+@stream +@scripting +type +info +ping`, and the \
                     keys of the three streams: `~certificates*`",
                ),
            ),
            _ => match error.code() {
                Some("NOAUTH" | "WRONGPASS") => (
                    ErrorKind::QueueRefused,
                    Some("set `user` and `password_file` as the server has them"),
                ),
                Some("DENIED" | "WRONGTYPE" | "NOPROTO") => {
                    (ErrorKind::QueueRefused, None)
                }
                Some("MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN") => {
                    (ErrorKind::QueueRefused, Some(CLUSTER_HELP))
                }
                _ if error.to_string().contains("unknown command") => {
                    (ErrorKind::QueueRefused, Some("Redis 6.2 or later is needed"))
                }
                // A server without TLS has answered the first bytes of the handshake.
                _ if self.is_tls() && is_no_tls(&error) => {
                    (ErrorKind::QueueRefused, Some(PLAIN_HELP))
                }
                // A Redis without TLS reads the handshake as the beginning of a command,
                // and waits for its end.
                _ if self.is_tls() && error.is_timeout() => {
                    (ErrorKind::Queue, Some(PLAIN_HELP))
                }
                // Waiting does not make its certificate trusted.
                _ if error.to_string().contains("invalid peer certificate") => {
                    (ErrorKind::QueueRefused, Some(CERTIFICATE_HELP))
                }
                _ => (ErrorKind::Queue, None),
            },
        };
        let message = if error.is_timeout() {
            // The system's own message says that a read would block.
            let seconds = self.deadline.as_secs_f64();
            format!("`{}` did not answer within {seconds} s", self.url)
        } else {
            format!("failed to ask `{}` ({error})", self.url)
        };
        let error = Error::new(kind, message).with_source(error);
        match help {
            Some(help) => error.with_help(help),
            None => error,
        }
    }
}

/// Whether the server has answered, but not in TLS.
fn is_no_tls(error: &RedisError) -> bool {
    let text = error.to_string();
    text.contains("InvalidContentType") || text.contains("received corrupt message")
}

/// Whether the error is an answer of the server, so that the connection can be used
/// again. False if the server does not take requests any more, or not yet: after a
/// failover its address leads to another server.
fn is_answer(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, MasterDown, ReadOnly};
    match error.kind() {
        redis::ErrorKind::Server(BusyLoading | MasterDown | ReadOnly) => false,
        // Redis 6 wraps the error of a command in a script in an error of its own.
        redis::ErrorKind::Server(_) if error.to_string().contains("READONLY") => false,
        redis::ErrorKind::Server(_) | redis::ErrorKind::Extension => {
            !error.is_unrecoverable_error()
        }
        _ => false,
    }
}

fn has_code(error: &Error, code: &str) -> bool {
    let cause = std::error::Error::source(error);
    let cause = cause.and_then(|cause| cause.downcast_ref::<RedisError>());
    cause.is_some_and(|cause| cause.code() == Some(code))
}

/// Whether the group or the stream does not exist.
pub(super) fn is_no_group(error: &Error) -> bool {
    // UNBLOCKED: the stream was removed while a read waited for its next entry.
    has_code(error, "NOGROUP") || has_code(error, "UNBLOCKED")
}

/// Whether the group exists already.
pub(super) fn is_existing_group(error: &Error) -> bool {
    has_code(error, "BUSYGROUP")
}

/// Whether the server understood a command on a stream and found no group or no stream.
pub(super) fn is_refused_by_stream(error: &Error) -> bool {
    is_no_group(error) || error.message().contains("requires the key to exist")
}

/// Whether the stream does not exist.
pub(super) fn is_no_stream(error: &Error) -> bool {
    error.message().contains("no such key")
}
