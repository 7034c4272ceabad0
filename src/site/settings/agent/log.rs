//! Settings of the agent's log.

use std::fmt;

use super::read::none_of;
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};

/// What a syslog files a line under (RFC 5424, section 6.2.1): those that a service may take.
const FACILITIES: [(&str, u8); 19] = [
    ("user", 1),
    ("mail", 2),
    ("daemon", 3),
    ("auth", 4),
    ("syslog", 5),
    ("lpr", 6),
    ("news", 7),
    ("uucp", 8),
    ("cron", 9),
    ("authpriv", 10),
    ("ftp", 11),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What is logged, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSettings {
    /// Where it goes: standard error unless set.
    pub to: LogTarget,
    /// What a line looks like on standard error and in a syslog: text unless set.
    pub format: LogFormat,
    /// How much is logged: `info` unless set. `debug` alone tells names, usernames and addresses.
    pub level: String,
    /// Where the syslog is, if the log goes there: `/dev/log` unless set.
    pub address: SyslogAddress,
    /// What the syslog files it under: `daemon` unless set.
    pub facility: Facility,
}

/// Where a log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogTarget {
    /// Standard error.
    Stderr,
    /// The journal of systemd, with a field for each fact.
    Journald,
    /// A syslog, on this machine or another.
    Syslog,
}

/// What a line of a log looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object.
    Json,
}

/// Where a syslog is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SyslogAddress {
    /// On this machine: the path of its socket.
    Local(String),
    /// A host and a port, over UDP (RFC 5426).
    Udp(String),
    /// A host and a port, over TCP; each message comes after its length (RFC 6587).
    Tcp(String),
}

/// What a syslog files a line under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facility(u8);

impl Facility {
    /// Its number, from 1 to 23.
    pub fn code(self) -> u8 {
        self.0
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            to: LogTarget::Stderr,
            format: LogFormat::Text,
            level: "info".to_owned(),
            address: SyslogAddress::Local("/dev/log".to_owned()),
            facility: Facility(3),
        }
    }
}

impl fmt::Display for SyslogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => f.write_str(path),
            Self::Udp(host) => write!(f, "udp://{host}"),
            Self::Tcp(host) => write!(f, "tcp://{host}"),
        }
    }
}

impl LogSettings {
    pub(super) fn set(&mut self, key: &str, text: &str) -> Result<()> {
        match key {
            "to" => {
                self.to = match text {
                    "stderr" => LogTarget::Stderr,
                    "journald" => LogTarget::Journald,
                    "syslog" => LogTarget::Syslog,
                    _ => return Err(none_of(text, &["stderr", "journald", "syslog"])),
                };
            }
            "format" => {
                self.format = match text {
                    "text" => LogFormat::Text,
                    "json" => LogFormat::Json,
                    _ => return Err(none_of(text, &["text", "json"])),
                };
            }
            "level" => self.level = level(text)?,
            "address" => self.address = address(text)?,
            "facility" => {
                let found = FACILITIES.iter().find(|(name, _)| *name == text);
                let (_, code) = found.ok_or_else(|| {
                    Error::new(
                        ErrorKind::InvalidValue,
                        format!("unknown facility `{text}`"),
                    )
                    .with_help(did_you_mean(text, FACILITIES.map(|(name, _)| name)))
                })?;
                self.facility = Facility(*code);
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::UnknownKey,
                    format!("unknown key `{key}`"),
                ));
            }
        }
        Ok(())
    }
}

/// A level, or several with the module that each is for. A word that is no level would be taken for
/// a module, and silence everything else.
fn level(text: &str) -> Result<String> {
    let words = text.split(',').map(str::trim);
    for word in words.filter(|word| !word.contains(['=', '['])) {
        if !LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word)) {
            let message = format!("unknown level `{word}`");
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help(did_you_mean(word, LEVELS)));
        }
    }
    Ok(text.to_owned())
}

fn address(text: &str) -> Result<SyslogAddress> {
    let host = |rest: &str| {
        let (host, port) = rest.rsplit_once(':')?;
        let v6 = host.starts_with('[') && host.ends_with(']');
        let clean = host.bytes().all(|byte| byte.is_ascii_graphic())
            && !host.contains(['/', '@', '?', '#']);
        let right = !host.is_empty() && clean && (v6 || !host.contains(':'));
        let port = port.parse::<u16>().ok().filter(|port| *port > 0);
        (right && port.is_some()).then(|| rest.to_owned())
    };
    let found = match text.split_once("://") {
        Some(("udp", rest)) => host(rest).map(SyslogAddress::Udp),
        Some(("tcp", rest)) => host(rest).map(SyslogAddress::Tcp),
        _ => text.starts_with('/').then(|| SyslogAddress::Local(text.to_owned())),
    };
    found.ok_or_else(|| {
        Error::new(ErrorKind::InvalidValue, format!("`{text}` is no address of a syslog"))
            .with_help(
                "write the path of its socket, such as `/dev/log`, or \
                 `udp://log.example.org:514` or `tcp://log.example.org:514`",
            )
    })
}
