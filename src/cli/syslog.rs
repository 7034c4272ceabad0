//! The log into a syslog. A thread of its own sends the lines, so that no syslog that is slow or
//! away holds up the agent: what waits too long is dropped, and counted.
//!
//! Over a network a line is a message of RFC 5424. On the machine's own socket it is what syslog(3)
//! writes, because that is all that journald, rsyslog and syslog-ng expect there: the header of
//! RFC 5424 would become a part of the text.

use std::io::{self, Read as _, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
#[cfg(unix)]
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError, TrySendError};
use std::thread;
use std::time::{Duration, Instant};

use crate::site::{LogSettings, SyslogAddress};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use super::{place, report};

/// As many lines wait for a syslog that is away; more are dropped.
const WAITING: usize = 1024;
/// The longest message, in bytes: what rsyslog and syslog-ng take unless told otherwise.
const LONGEST: usize = 8 * 1024;
/// How long a syslog may take to let us in, or to take a line.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before trying a syslog again.
const AGAIN: Duration = Duration::from_secs(1);
/// How long the last lines may take.
const PARTING: Duration = Duration::from_secs(2);
const WARNING: u8 = 4;

/// What takes the lines.
pub(super) struct Syslog {
    head: Arc<Head>,
    jobs: SyncSender<Job>,
    lost: Arc<AtomicUsize>,
}

enum Job {
    Send(Vec<u8>),
    /// Tell when everything before is sent.
    Tell(SyncSender<()>),
}

impl Syslog {
    /// Begins over what is open already, if it is.
    pub(super) fn start(
        settings: &LogSettings,
        host: &str,
        wire: Option<Wire>,
    ) -> io::Result<(Self, Farewell)> {
        let (jobs, waiting) = mpsc::sync_channel(WAITING);
        let head = Arc::new(Head::new(settings, host));
        let lost = Arc::new(AtomicUsize::new(0));
        let carrier = Carrier {
            address: settings.address.clone(),
            wire,
            head: head.clone(),
            lost: lost.clone(),
        };
        thread::Builder::new()
            .name("syslog".to_owned())
            .spawn(move || carrier.run(&waiting))?;
        let farewell = Farewell(jobs.clone());
        Ok((Self { head, jobs, lost }, farewell))
    }

    fn take(&self, severity: u8, text: &[u8]) {
        let line = self.head.line(severity, &String::from_utf8_lossy(text));
        if self.jobs.try_send(Job::Send(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Gives the last lines a moment to leave, when it is dropped at the program's end.
pub(super) struct Farewell(SyncSender<Job>);

impl Drop for Farewell {
    fn drop(&mut self) {
        let begun = Instant::now();
        let (tell, told) = mpsc::sync_channel(1);
        let mut job = Job::Tell(tell);
        while let Err(TrySendError::Full(back)) = self.0.try_send(job) {
            if begun.elapsed() > PARTING {
                return;
            }
            job = back;
            thread::sleep(Duration::from_millis(20));
        }
        let _ = told.recv_timeout(PARTING.saturating_sub(begun.elapsed()));
    }
}

impl<'a> MakeWriter<'a> for Syslog {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { syslog: self, severity: WARNING }
    }

    fn make_writer_for(&'a self, event: &tracing::Metadata<'_>) -> Line<'a> {
        let severity = match *event.level() {
            tracing::Level::ERROR => 3,
            tracing::Level::WARN => WARNING,
            tracing::Level::INFO => 6,
            _ => 7,
        };
        Line { syslog: self, severity }
    }
}

/// Takes one line, which is written as a whole.
pub(super) struct Line<'a> {
    syslog: &'a Syslog,
    severity: u8,
}

impl Write for Line<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.syslog.take(self.severity, text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What every message begins with.
struct Head {
    facility: u8,
    /// None on the machine's own socket.
    host: Option<String>,
    process: u32,
}

impl Head {
    fn new(settings: &LogSettings, host: &str) -> Self {
        let host = match settings.address {
            SyslogAddress::Local(_) => None,
            _ if host.is_empty() => Some("-".to_owned()),
            _ => Some(host.chars().filter(char::is_ascii_graphic).take(255).collect()),
        };
        Self { facility: settings.facility.code(), host, process: std::process::id() }
    }

    fn line(&self, severity: u8, text: &str) -> Vec<u8> {
        let (priority, process) = (self.facility * 8 + severity, self.process);
        let mut line = match &self.host {
            None => {
                let time = place::syslog_time();
                format!("<{priority}>{time} testamur[{process}]: ")
            }
            Some(host) => {
                let mut time = String::new();
                if SystemTime.format_time(&mut Writer::new(&mut time)).is_err() {
                    time = "-".to_owned();
                }
                format!("<{priority}>1 {time} {host} testamur {process} - - ")
            }
        };
        // A message is one line: what else controls a terminal is no part of it.
        let text = text.trim_end().chars();
        line.extend(text.map(|c| if c.is_control() { ' ' } else { c }));
        line.truncate(line.floor_char_boundary(LONGEST));
        line.into_bytes()
    }
}

/// The thread that sends.
struct Carrier {
    address: SyslogAddress,
    wire: Option<Wire>,
    head: Arc<Head>,
    lost: Arc<AtomicUsize>,
}

impl Carrier {
    fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let job = match jobs.try_recv() {
                Err(TryRecvError::Empty) => {
                    self.own_up();
                    jobs.recv().ok()
                }
                job => job.ok(),
            };
            match job {
                Some(Job::Send(line)) => self.send(&line),
                Some(Job::Tell(tell)) => {
                    self.own_up();
                    let _ = tell.send(());
                }
                None => return,
            }
        }
    }

    /// Says how much was lost, after what was not.
    fn own_up(&mut self) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let text = format!("{lost} lines of the log are lost: the syslog was away");
            self.send(&self.head.line(WARNING, &text));
        }
    }

    /// Sends a line, however long it takes.
    fn send(&mut self, line: &[u8]) {
        let mut away = false;
        while let Err(error) = self.try_send(line) {
            if !away {
                report::line(&away_from(&self.address, &error));
            }
            away = true;
            thread::sleep(AGAIN);
        }
        if away {
            report::line(&format!("the syslog at {} is back", self.address));
        }
    }

    fn try_send(&mut self, line: &[u8]) -> io::Result<()> {
        // What is open may lead to a syslog that is gone, and a new one be there.
        if let Some(mut wire) = self.wire.take()
            && wire.send(line).is_ok()
        {
            self.wire = Some(wire);
            return Ok(());
        }
        let mut wire = Wire::open(&self.address)?;
        wire.send(line)?;
        self.wire = Some(wire);
        Ok(())
    }
}

/// What is said, on standard error, of a syslog that is away.
pub(super) fn away_from(address: &SyslogAddress, error: &io::Error) -> String {
    format!("the syslog at {address} is away, and we go on without it ({error})")
}

/// A way to a syslog.
pub(super) enum Wire {
    #[cfg(unix)]
    Local(UnixDatagram),
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Wire {
    pub(super) fn open(address: &SyslogAddress) -> io::Result<Self> {
        match address {
            #[cfg(unix)]
            SyslogAddress::Local(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Ok(Self::Local(socket))
            }
            SyslogAddress::Udp(host) => first(host, |to| {
                let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any)?;
                socket.connect(to)?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Ok(Self::Udp(socket))
            }),
            SyslogAddress::Tcp(host) => first(host, |to| {
                let stream = TcpStream::connect_timeout(to, PATIENCE)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Ok(Self::Tcp(stream))
            }),
        }
    }

    fn send(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Self::Local(socket) => socket.send(line).map(drop),
            Self::Udp(socket) => socket.send(line).map(drop),
            Self::Tcp(stream) => {
                still_there(stream)?;
                let mut message = format!("{} ", line.len()).into_bytes();
                message.extend(line);
                stream.write_all(&message)
            }
        }
    }
}

/// The first of a host's addresses that works.
fn first<T>(
    host: &str,
    mut open: impl FnMut(&SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut failure = io::Error::other("it has no address");
    for address in host.to_socket_addrs()? {
        match open(&address) {
            Ok(open) => return Ok(open),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Whether the other end has not hung up: what is written after that is lost without an error. A
/// syslog says nothing, so there is nothing else to read.
fn still_there(stream: &mut TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let read = stream.read(&mut [0; 256]);
    stream.set_nonblocking(false)?;
    match read {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}
