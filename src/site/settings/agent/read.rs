//! One reading of each setting, wherever it comes from: a line of the file, or a variable.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{AgentSettings, QueueKind, Secret, unknown_variable};
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::base::yaml::{Faults, Node};

const TOP: [&str; 9] = [
    "http",
    "log",
    "queue",
    "redis",
    "reissue",
    "shutdown_timeout",
    "webhook",
    "workers",
    "xqueue",
];
/// Those of them that are one value.
const PLAIN: [&str; 4] = ["queue", "reissue", "shutdown_timeout", "workers"];
const HTTP: [&str; 3] = ["capacity", "listen", "token_file"];
const LOG: [&str; 5] = ["address", "facility", "format", "level", "to"];
const WEBHOOK: [&str; 2] = ["secret_file", "url"];
const REDIS: [&str; 12] = [
    "dead_letters",
    "deadline",
    "group",
    "results_max_len",
    "lease",
    "modes",
    "password_file",
    "results",
    "statuses",
    "stream",
    "url",
    "user",
];
const XQUEUE: [&str; 9] = [
    "auth_password_file",
    "auth_user",
    "deadline",
    "lease",
    "name",
    "password_file",
    "poll",
    "url",
    "user",
];
/// What the environment may say and a file may not.
const SECRETS: [(&str, &str); 5] = [
    ("http", "token"),
    ("redis", "password"),
    ("webhook", "secret"),
    ("xqueue", "auth_password"),
    ("xqueue", "password"),
];
/// The longest time of all, in seconds.
const LONGEST: f64 = 3600.0;

impl AgentSettings {
    /// Reads the value of `agent`.
    pub(in crate::site::settings) fn read(node: Node<'_>, faults: &mut Faults) -> Self {
        let mut settings = Self::default();
        let Some(fields) = node.fields(&TOP, faults) else { return settings };
        for key in PLAIN {
            if let Some(node) = fields.get(key) {
                settings.read_text("", key, node, faults);
            }
        }
        for (section, known) in [
            ("http", &HTTP[..]),
            ("log", &LOG[..]),
            ("redis", &REDIS[..]),
            ("webhook", &WEBHOOK[..]),
            ("xqueue", &XQUEUE[..]),
        ] {
            let Some(node) = fields.get(section) else { continue };
            let fields = node.fields_or(known, faults, |key| {
                match SECRETS.contains(&(section, key.text())) {
                    true => key
                        .fault(ErrorKind::InvalidValue, "a secret does not belong here")
                        .with_help(format!(
                            "name the file that holds it under `{}_file`, or set {}{}",
                            key.text(),
                            super::PREFIX,
                            variable(section, key.text())
                        )),
                    false => key.unknown(known),
                }
            });
            for (key, node) in
                known.iter().filter_map(|key| Some((*key, fields?.get(key)?)))
            {
                match key {
                    "modes" | "statuses" => settings.read_list(key, node, faults),
                    _ => settings.read_text(section, key, node, faults),
                }
            }
        }
        settings
    }

    fn read_text(
        &mut self,
        section: &str,
        key: &str,
        node: Node<'_>,
        faults: &mut Faults,
    ) {
        let Some(text) = faults.keep(node.text()) else { return };
        if key == "url" && text.split('/').any(|part| part.contains('@')) {
            let fault =
                node.fault(ErrorKind::InvalidValue, "a secret does not belong here");
            let name = variable(section, key);
            faults.push(match section {
                "redis" => fault.with_help(format!(
                    "give `user` and `password_file`, or the whole address in {}{name}",
                    super::PREFIX
                )),
                _ => fault.with_help("give `auth_user` and `auth_password_file`"),
            });
            return;
        }
        match set(self, section, key, text) {
            Ok(()) => {
                let place = node.span().place().clone();
                self.places.insert(variable(section, key), place);
            }
            Err(error) => faults.push(node.wrap(error)),
        }
    }

    fn read_list(&mut self, key: &str, node: Node<'_>, faults: &mut Faults) {
        let Some(items) = faults.keep(node.items()) else { return };
        let mut words = Vec::new();
        for item in items {
            words.extend(faults.keep(item.text()).map(str::to_owned));
        }
        if let Err(error) = set_list(self, key, words) {
            faults.push(node.wrap(error));
        }
    }
}

/// The name of a setting in the environment, without the prefix.
fn variable(section: &str, key: &str) -> String {
    let path = match section {
        "" => key.to_owned(),
        _ => format!("{section}__{key}"),
    };
    path.to_uppercase()
}

/// Sets what a variable says.
pub(super) fn set_variable(
    settings: &mut AgentSettings,
    rest: &str,
    value: &str,
) -> Result<()> {
    let all = PLAIN.map(|key| ("", key)).into_iter();
    let all = all.chain(HTTP.map(|key| ("http", key)));
    let all = all.chain(LOG.map(|key| ("log", key)));
    let all = all.chain(WEBHOOK.map(|key| ("webhook", key)));
    let all = all.chain(REDIS.map(|key| ("redis", key)));
    let mut all = all.chain(XQUEUE.map(|key| ("xqueue", key))).chain(SECRETS);
    match all.clone().find(|(section, key)| variable(section, key) == rest) {
        Some((_, key @ ("modes" | "statuses"))) => {
            let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
            set_list(settings, key, words.map(str::to_owned).collect())
        }
        Some((section, key)) => set(settings, section, key, value),
        None => {
            let known: Vec<String> =
                all.by_ref().map(|(section, key)| variable(section, key)).collect();
            Err(unknown_variable(rest, &known))
        }
    }
}

fn set(settings: &mut AgentSettings, section: &str, key: &str, text: &str) -> Result<()> {
    let (redis, xqueue) = (&mut settings.redis, &mut settings.xqueue);
    match (section, key) {
        ("", "queue") => {
            settings.queue = Some(match text {
                "redis" => QueueKind::Redis,
                "xqueue" => QueueKind::Xqueue,
                _ => return Err(none_of(text, &["redis", "xqueue"])),
            });
        }
        ("", "reissue") => {
            settings.reissue = match text {
                "true" => true,
                "false" => false,
                _ => return Err(none_of(text, &["true", "false"])),
            };
        }
        ("", "workers") => {
            settings.workers = Some(whole(key, text, 1..=1024)?);
        }
        ("", "shutdown_timeout") => {
            settings.shutdown_timeout = Some(seconds(key, text, 0.0)?)
        }
        ("http", "listen") => settings.http.listen = Some(listen(text)?),
        ("http", "token") => settings.http.token = Some(Secret::new(text)),
        ("http", "token_file") => settings.http.token_file = Some(text.to_owned()),
        ("http", "capacity") => {
            settings.http.capacity = whole(key, text, 1..=1_000_000)?;
        }
        ("log", _) => settings.log.set(key, text)?,
        ("webhook", "url") => settings.webhook.url = Some(web_address(text)?),
        ("webhook", "secret") => settings.webhook.secret = Some(Secret::new(text)),
        ("webhook", "secret_file") => {
            settings.webhook.secret_file = Some(text.to_owned());
        }
        ("redis", "url") => {
            let address = redis_address(text)?;
            redis.url = Some(address.url);
            redis.user = address.user.or(redis.user.take());
            redis.password = address.password.or(redis.password.take());
        }
        ("redis", "user") => redis.user = Some(text.to_owned()),
        ("redis", "password") => redis.password = Some(Secret::new(text)),
        ("redis", "password_file") => redis.password_file = Some(text.to_owned()),
        ("redis", "stream") => redis.stream = Some(word(key, text)?),
        ("redis", "group") => redis.group = word(key, text)?,
        ("redis", "results") => redis.results = Some(word(key, text)?),
        ("redis", "dead_letters") => redis.dead_letters = Some(word(key, text)?),
        ("redis", "lease") => redis.lease = seconds(key, text, 1.0)?,
        ("redis", "deadline") => redis.deadline = seconds(key, text, 0.1)?,
        ("redis", "results_max_len") => {
            redis.results_max_len =
                text.parse().ok().filter(|keep| *keep > 0).ok_or_else(|| {
                    let message =
                        format!("`results_max_len: {text}` is no whole number from 1 on");
                    Error::new(ErrorKind::InvalidValue, message)
                })?;
        }
        ("xqueue", "url") => xqueue.url = Some(web_address(text)?),
        ("xqueue", "name") => xqueue.name = Some(word(key, text)?),
        ("xqueue", "user") => xqueue.user = Some(text.to_owned()),
        ("xqueue", "password") => xqueue.password = Some(Secret::new(text)),
        ("xqueue", "password_file") => xqueue.password_file = Some(text.to_owned()),
        ("xqueue", "auth_user") => xqueue.auth_user = Some(text.to_owned()),
        ("xqueue", "auth_password") => xqueue.auth_password = Some(Secret::new(text)),
        ("xqueue", "auth_password_file") => {
            xqueue.auth_password_file = Some(text.to_owned());
        }
        ("xqueue", "poll") => xqueue.poll = seconds(key, text, 0.1)?,
        ("xqueue", "lease") => xqueue.lease = seconds(key, text, 1.0)?,
        // Its longest answer takes 25 seconds, and whoever hangs up does not know what came of it.
        ("xqueue", "deadline") => xqueue.deadline = seconds(key, text, 30.0)?,
        _ => {
            return Err(Error::new(
                ErrorKind::UnknownKey,
                format!("unknown key `{key}`"),
            ));
        }
    }
    Ok(())
}

fn set_list(settings: &mut AgentSettings, key: &str, words: Vec<String>) -> Result<()> {
    if words.is_empty() {
        return Err(Error::new(ErrorKind::InvalidValue, format!("`{key}` is empty"))
            .with_help("no event would ever lead to a certificate: leave it out"));
    }
    match key {
        "modes" => settings.redis.modes = words,
        _ => settings.redis.statuses = words,
    }
    Ok(())
}

pub(super) fn none_of(text: &str, known: &[&str]) -> Error {
    Error::new(ErrorKind::InvalidValue, format!("unknown value `{text}`"))
        .with_help(did_you_mean(text, known.iter().copied()))
}

/// A name without spaces: those of streams, groups and queues.
fn word(key: &str, text: &str) -> Result<String> {
    let clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    match clean && !text.is_empty() && text.len() <= 255 {
        true => Ok(text.to_owned()),
        false => {
            Err(Error::new(ErrorKind::InvalidValue, format!("`{text}` is no {key}"))
                .with_help("write a name without spaces"))
        }
    }
}

fn whole(key: &str, text: &str, range: RangeInclusive<usize>) -> Result<usize> {
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let (from, to) = (range.start(), range.end());
        let message = format!("`{key}: {text}` is no whole number from {from} to {to}");
        Error::new(ErrorKind::InvalidValue, message)
    })
}

/// An address and a port to listen at.
fn listen(text: &str) -> Result<SocketAddr> {
    text.parse().map_err(|_| {
        Error::new(
            ErrorKind::InvalidValue,
            format!("`{text}` is no address to listen at"),
        )
        .with_help("write numbers and a port, as in `127.0.0.1:8080` or `[::]:8080`")
    })
}

fn seconds(key: &str, text: &str, least: f64) -> Result<Duration> {
    match text.parse::<f64>() {
        Ok(seconds) if (least..=LONGEST).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err(Error::new(
            ErrorKind::InvalidValue,
            format!("`{key}: {text}` is no number of seconds from {least} to {LONGEST}"),
        )),
    }
}

/// An address of the web, without the `/` at its end.
fn web_address(text: &str) -> Result<String> {
    let url = text.trim_end_matches('/');
    let host = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let clean = |host: &str| {
        !host.is_empty()
            && !host.starts_with(['/', ':'])
            && host.bytes().all(|byte| byte.is_ascii_graphic())
            && !host.contains(['?', '#', '@', '"', '<', '>', '\\'])
    };
    match host.is_some_and(clean) {
        true => Ok(url.to_owned()),
        // It may hold a password.
        false if url.contains('@') => {
            Err(Error::new(ErrorKind::InvalidValue, "this is no address of XQueue")
                .with_help("users and passwords have settings of their own"))
        }
        false => {
            Err(Error::new(ErrorKind::InvalidValue, format!("`{text}` is no address"))
                .with_help("write it like `https://xqueue.example.org`"))
        }
    }
}

struct RedisAddress {
    url: String,
    user: Option<String>,
    password: Option<Secret>,
}

/// An address of Redis, taken apart: what is secret does not stay in it. No message repeats it.
fn redis_address(text: &str) -> Result<RedisAddress> {
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
        let decode = |text: &str| percent_decode(text).ok_or_else(fault);
        name = Some(decode(user)?).filter(|name| !name.is_empty());
        password = Some(decode(secret)?).filter(|it| !it.is_empty()).map(Secret::new);
    }
    Ok(RedisAddress { url: format!("{scheme}://{host}{path}"), user: name, password })
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push((digit(high)? * 16 + digit(low)?) as u8);
                rest = after;
            }
            (b'%', _) => return None,
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}
