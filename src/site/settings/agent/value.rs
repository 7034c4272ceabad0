//! The forms of single values: words and addresses.

use std::net::{AddrParseError, SocketAddr};

use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::base::percent;
use crate::site::settings::address;
use crate::site::settings::secret::Secret;

/// The most bytes of a word.
const MAX_WORD_LEN: usize = 255;

/// Creates the error of a word that is none of `known`.
pub(crate) fn unknown_value(text: &str, known: &[&str]) -> Error {
    Error::new(ErrorKind::InvalidValue, format!("unknown value `{text}`"))
        .with_help(did_you_mean(text, known.iter().copied()))
}

/// Reads a name without spaces, at most 255 bytes: of a stream, a group, a queue.
pub(crate) fn word(key: &str, text: &str) -> Result<String> {
    let is_clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if is_clean && (1..=MAX_WORD_LEN).contains(&text.len()) {
        return Ok(text.to_owned());
    }
    Err(Error::new(ErrorKind::InvalidValue, format!("`{text}` is no {key}"))
        .with_help("write a name without spaces"))
}

/// Reads an address and a port to listen at.
pub(crate) fn listen_address(text: &str) -> Result<SocketAddr> {
    text.parse().map_err(|cause: AddrParseError| {
        Error::new(
            ErrorKind::InvalidValue,
            format!("`{text}` is no address to listen at"),
        )
        .with_help("write numbers and a port, as in `127.0.0.1:8080` or `[::]:8080`")
        .with_source(cause)
    })
}

/// Reads an `http` or `https` address, and removes the `/` at its end.
pub(crate) fn web_address(text: &str) -> Result<String> {
    if let Some(url) = address::web_address(text) {
        Ok(url.to_owned())
    } else if text.contains('@') {
        // The message does not repeat the address, which may hold a password.
        Err(Error::new(ErrorKind::InvalidValue, "this is no address of XQueue")
            .with_help("users and passwords have settings of their own"))
    } else {
        Err(Error::new(ErrorKind::InvalidValue, format!("`{text}` is no address"))
            .with_help("write it like `https://xqueue.example.org`"))
    }
}

/// An address of Redis, with its user and password apart.
pub(crate) struct RedisAddress {
    pub(crate) url: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
}

/// Reads an address of Redis, and removes user and password from it. No message repeats the
/// address, which may hold a password.
pub(crate) fn redis_address(text: &str) -> Result<RedisAddress> {
    let fault = || {
        Error::new(ErrorKind::InvalidValue, "this is no address of Redis").with_help(
            "write it like `redis://localhost:6379/0`, with TLS `rediss://…`, or \
             `redis+unix:///run/redis.sock`; a password of special letters is percent-encoded",
        )
    };
    let clean = text.bytes().all(|byte| byte.is_ascii_graphic());
    let (scheme, rest) = text.split_once("://").filter(|_| clean).ok_or_else(fault)?;
    match scheme {
        "redis" | "rediss" => {}
        _ if scheme.contains("sentinel") || scheme.contains("cluster") => {
            let what = if scheme.contains("sentinel") { "Sentinel" } else { "Cluster" };
            let message = format!("Redis {what} is not supported (`{scheme}://`)");
            return Err(Error::new(ErrorKind::InvalidValue, message).with_help(
                "name one server, `redis://HOST:6379/0`, or a proxy that follows the one that \
                 takes writes: an agent changes several streams at once",
            ));
        }
        "redis+unix" | "unix" if rest.starts_with('/') => {
            if rest.contains("pass=") {
                return Err(fault());
            }
            return Ok(RedisAddress { url: text.to_owned(), user: None, password: None });
        }
        _ => return Err(fault()),
    }
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let port = host.rsplit_once(':').filter(|_| !host.ends_with(']')).map(|it| it.1);
    let port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let database = path.trim_matches('/');
    let database = database.is_empty() || database.parse::<u32>().is_ok();
    if host.is_empty() || host.starts_with(':') || !port || !database {
        return Err(fault());
    }
    let (mut name, mut password) = (None, None);
    if let Some(user) = user {
        let (user, secret) = user.split_once(':').unwrap_or((user, ""));
        let decode = |text: &str| percent::decode(text).ok_or_else(fault);
        name = Some(decode(user)?).filter(|name| !name.is_empty());
        password = Some(decode(secret)?).filter(|it| !it.is_empty()).map(Secret::new);
    }
    Ok(RedisAddress { url: format!("{scheme}://{host}{path}"), user: name, password })
}
