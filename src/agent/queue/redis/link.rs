//! Connections to Redis: one a thread that asks, kept for the next, thrown away after a fault.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::{
    Client, Cmd, Connection, FromRedisValue, IntoConnectionInfo as _, Pipeline,
    RedisError, RedisResult, ServerErrorKind,
};

use crate::base::error::{Error, ErrorKind, Result};
use crate::site::settings::RedisSettings;

/// What to do about a server's certificate that is not believed.
const CERTIFICATE: &str = "`url` must have the name that the certificate has; an authority of your \
                           own is trusted once this machine trusts it, or once the environment's \
                           SSL_CERT_FILE names the file of authorities that it is in";

pub(super) struct Link {
    client: Client,
    /// The address, for messages.
    url: String,
    deadline: Duration,
    idle: Mutex<Vec<Connection>>,
}

impl Link {
    pub(super) fn new(settings: &RedisSettings) -> Result<Self> {
        let url = settings.url.clone();
        let url = url
            .ok_or_else(|| Error::new(ErrorKind::MissingField, "`redis` has no `url`"))?;
        let invalid = |cause: RedisError| {
            let message = format!("`{url}` is no address of Redis ({cause})");
            Error::new(ErrorKind::InvalidValue, message)
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

    /// Asks one thing, which the server may hold back for `wait`.
    pub(super) fn ask<T: FromRedisValue>(&self, wait: Duration, ask: &Cmd) -> Result<T> {
        self.with(wait, |connection| ask.query(connection))
    }

    /// Asks several things at once.
    pub(super) fn ask_all<T: FromRedisValue>(&self, ask: &Pipeline) -> Result<T> {
        self.with(Duration::ZERO, |connection| ask.query(connection))
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
            // The others have most likely come to the same end.
            if !is_answer(&error) {
                self.idle().clear();
            }
            self.fault(error)
        })
    }

    fn connection(&self) -> RedisResult<Connection> {
        let kept = self.idle().pop();
        match kept {
            Some(connection) => Ok(connection),
            None => self.client.get_connection_with_timeout(self.deadline),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, error: RedisError) -> Error {
        let (kind, help) = match error.kind() {
            redis::ErrorKind::AuthenticationFailed => (
                ErrorKind::QueueRefused,
                Some("set `user` and `password_file` as the server has them"),
            ),
            redis::ErrorKind::InvalidClientConfig => (ErrorKind::QueueRefused, None),
            redis::ErrorKind::Server(ServerErrorKind::NoPerm) => (
                ErrorKind::QueueRefused,
                Some(
                    "the user needs @stream, @scripting and @transaction on the three streams",
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
                _ if error.to_string().contains("unknown command") => {
                    (ErrorKind::QueueRefused, Some("Redis 6.2 or later is needed"))
                }
                // No waiting makes it the server that was meant.
                _ if error.to_string().contains("invalid peer certificate") => {
                    (ErrorKind::QueueRefused, Some(CERTIFICATE))
                }
                _ => (ErrorKind::Queue, None),
            },
        };
        let message = format!("failed to ask `{}` ({error})", self.url);
        let fault = Error::new(kind, message).with_source(error);
        match help {
            Some(help) => fault.with_help(help),
            None => fault,
        }
    }
}

/// Whether the server said so, and the connection is as it was.
fn is_answer(error: &RedisError) -> bool {
    matches!(error.kind(), redis::ErrorKind::Server(_) | redis::ErrorKind::Extension)
        && !error.is_unrecoverable_error()
}

fn has_code(error: &Error, code: &str) -> bool {
    let cause = std::error::Error::source(error);
    let cause = cause.and_then(|cause| cause.downcast_ref::<RedisError>());
    cause.is_some_and(|cause| cause.code() == Some(code))
}

/// Whether it is because there is no such group, or no such stream.
pub(super) fn is_no_group(error: &Error) -> bool {
    // The second: the stream was removed while we waited for its next entry.
    has_code(error, "NOGROUP") || has_code(error, "UNBLOCKED")
}

/// Whether it is because the group is there already.
pub(super) fn is_group_there(error: &Error) -> bool {
    has_code(error, "BUSYGROUP")
}

/// Whether it is because there is no such stream.
pub(super) fn is_no_stream(error: &Error) -> bool {
    error.message().contains("no such key")
}
