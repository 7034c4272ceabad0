//! Settings of the agent's log.

use std::fmt;

use crate::base::error::{Error, ErrorKind, Result, did_you_mean};

/// The facilities of a syslog that a service may use, with their codes (RFC 5424, section 6.2.1).
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
/// The names of the facilities.
pub(crate) const FACILITY_NAMES: [&str; FACILITIES.len()] = {
    let mut names = [""; FACILITIES.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = FACILITIES[index].0;
        index += 1;
    }
    names
};
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The log: `agent.log`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSettings {
    /// Where the log goes: `stderr`, `journald` or `syslog`; `stderr` unless set.
    pub to: LogTarget,
    /// The format of a line on standard error and in a syslog: `text` or `json`; `text` unless set.
    /// The journal has fields instead.
    pub format: LogFormat,
    /// The level: `off`, `error`, `warn`, `info`, `debug` or `trace`, also for single modules:
    /// `info,testamur=debug`; `info` unless set. Names, usernames and addresses are logged at
    /// `debug` alone.
    pub level: String,
    /// The address of the syslog: the path of its socket, `udp://HOST:PORT` or `tcp://HOST:PORT`;
    /// `/dev/log` unless set.
    pub address: SyslogAddress,
    /// The facility of the syslog: `daemon`, `user`, `local0` to `local7` and others; `daemon`
    /// unless set.
    pub facility: Facility,
}

/// Where a log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogTarget {
    /// Standard error.
    Stderr,
    /// The journal of systemd, with one field for each value.
    Journald,
    /// A syslog, on this machine or another.
    Syslog,
}

/// The format of a line of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogFormat {
    /// A line of text.
    Text,
    /// A JSON object.
    Json,
}

/// The address of a syslog.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SyslogAddress {
    /// The path of a socket on this machine.
    Local(String),
    /// A host and a port, over UDP (RFC 5426).
    Udp(String),
    /// A host and a port, over TCP. The length of each message comes before it (RFC 6587, 3.4.1).
    Tcp(String),
}

/// A facility of a syslog (RFC 5424, 6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facility(u8);

impl Facility {
    /// Returns its code, from 1 to 23.
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

/// Reads the name of a facility.
pub(crate) fn read_facility(text: &str) -> Result<Facility> {
    let found = FACILITIES.iter().find(|(name, _)| *name == text);
    found.map(|(_, code)| Facility(*code)).ok_or_else(|| {
        Error::new(ErrorKind::InvalidValue, format!("unknown facility `{text}`"))
            .with_help(did_you_mean(text, FACILITY_NAMES))
    })
}

/// Checks a level, or a list of levels by module. The log's filter takes a word that is no level
/// for the name of a module, and then logs that module alone, so such a word is refused here.
pub(crate) fn read_level(text: &str) -> Result<String> {
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

/// Reads the address of a syslog.
pub(crate) fn read_address(text: &str) -> Result<SyslogAddress> {
    let host = |rest: &str| {
        let (host, port) = rest.rsplit_once(':')?;
        let is_v6 = host.starts_with('[') && host.ends_with(']');
        let is_clean = host.bytes().all(|byte| byte.is_ascii_graphic())
            && !host.contains(['/', '@', '?', '#']);
        let is_host = !host.is_empty() && is_clean && (is_v6 || !host.contains(':'));
        let port = port.parse::<u16>().ok().filter(|port| *port > 0);
        (is_host && port.is_some()).then(|| rest.to_owned())
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
