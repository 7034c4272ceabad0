//! Sends the log to a syslog. It takes lines, and gives messages.
//!
//! A thread of its own sends the lines, so that a slow or unreachable syslog never stops the agent.
//! When too many lines wait, new ones are dropped and counted.
//!
//! Over a network, a message has the format of RFC 5424. On the machine's own socket it has that of
//! syslog(3), because journald, rsyslog and syslog-ng expect no other there: they would take the
//! header of RFC 5424 for text.

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

use super::{clock, console};

/// How many lines wait for a syslog that is unreachable; more are dropped.
const MAX_WAITING_LINES: usize = 1024;
/// The longest message in bytes: the default limit of rsyslog and syslog-ng.
const MAX_MESSAGE_LEN: usize = 8 * 1024;
/// How long a syslog may take to accept a connection or a line.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait before another attempt to reach the syslog.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How long the end of the program waits for the last lines.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// The severity of a warning (RFC 5424, section 6.2.1).
const WARNING: u8 = 4;

/// Takes the lines of the log. It is what `tracing` writes to.
pub(super) struct Syslog {
    header: Arc<MessageHeader>,
    commands: SyncSender<SenderCommand>,
    dropped: Arc<AtomicUsize>,
}

/// What the sender's thread is told.
enum SenderCommand {
    Send(Vec<u8>),
    /// Answer when all lines before this command are sent.
    Flush(SyncSender<()>),
}

impl Syslog {
    /// Starts the sender's thread, over a connection that is open or with none.
    pub(super) fn start(
        settings: &LogSettings,
        host: &str,
        connection: Option<SyslogConnection>,
    ) -> io::Result<(Self, FlushGuard)> {
        let (commands, waiting) = mpsc::sync_channel(MAX_WAITING_LINES);
        let header = Arc::new(MessageHeader::new(settings, host));
        let dropped = Arc::new(AtomicUsize::new(0));
        let sender = Sender {
            address: settings.address.clone(),
            connection,
            header: header.clone(),
            dropped: dropped.clone(),
        };
        thread::Builder::new()
            .name("syslog".to_owned())
            .spawn(move || sender.run(&waiting))?;
        let flush_guard = FlushGuard(commands.clone());
        Ok((Self { header, commands, dropped }, flush_guard))
    }

    /// Queues a line, or drops and counts it if too many wait.
    fn queue(&self, severity: u8, text: &[u8]) {
        let line = self.header.message(severity, &String::from_utf8_lossy(text));
        if self.commands.try_send(SenderCommand::Send(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// When it is dropped, at the end of the program, it waits until the last lines are sent, for two
/// seconds at most.
pub(super) struct FlushGuard(SyncSender<SenderCommand>);

impl Drop for FlushGuard {
    fn drop(&mut self) {
        let started = Instant::now();
        let (sent, is_sent) = mpsc::sync_channel(1);
        let mut command = SenderCommand::Flush(sent);
        while let Err(TrySendError::Full(back)) = self.0.try_send(command) {
            if started.elapsed() > FLUSH_TIMEOUT {
                return;
            }
            command = back;
            thread::sleep(Duration::from_millis(20));
        }
        let _ = is_sent.recv_timeout(FLUSH_TIMEOUT.saturating_sub(started.elapsed()));
    }
}

impl<'a> MakeWriter<'a> for Syslog {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter { syslog: self, severity: WARNING }
    }

    fn make_writer_for(&'a self, event: &tracing::Metadata<'_>) -> LineWriter<'a> {
        let severity = match *event.level() {
            tracing::Level::ERROR => 3,
            tracing::Level::WARN => WARNING,
            tracing::Level::INFO => 6,
            _ => 7,
        };
        LineWriter { syslog: self, severity }
    }
}

/// Writes one line: `tracing` passes it in a single call.
pub(super) struct LineWriter<'a> {
    syslog: &'a Syslog,
    severity: u8,
}

impl Write for LineWriter<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.syslog.queue(self.severity, text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The parts of a message header that never change.
struct MessageHeader {
    facility: u8,
    /// `None` on the machine's own socket, where a message names no host.
    host: Option<String>,
    process: u32,
}

impl MessageHeader {
    fn new(settings: &LogSettings, host: &str) -> Self {
        let host = match settings.address {
            SyslogAddress::Local(_) => None,
            _ if host.is_empty() => Some("-".to_owned()),
            _ => Some(host.chars().filter(char::is_ascii_graphic).take(255).collect()),
        };
        Self { facility: settings.facility.code(), host, process: std::process::id() }
    }

    /// The message of a line.
    fn message(&self, severity: u8, text: &str) -> Vec<u8> {
        let (priority, process) = (self.facility * 8 + severity, self.process);
        let mut line = match &self.host {
            None => {
                let time = clock::syslog_time();
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
        // A message is one line, and must not control the terminal that shows it.
        let text = text.trim_end().chars();
        line.extend(text.map(|c| if c.is_control() { ' ' } else { c }));
        line.truncate(line.floor_char_boundary(MAX_MESSAGE_LEN));
        line.into_bytes()
    }
}

/// Sends messages, on a thread of its own.
struct Sender {
    address: SyslogAddress,
    connection: Option<SyslogConnection>,
    header: Arc<MessageHeader>,
    dropped: Arc<AtomicUsize>,
}

impl Sender {
    fn run(mut self, commands: &Receiver<SenderCommand>) {
        loop {
            let command = match commands.try_recv() {
                Err(TryRecvError::Empty) => {
                    self.report_dropped();
                    commands.recv().ok()
                }
                command => command.ok(),
            };
            match command {
                Some(SenderCommand::Send(line)) => self.send(&line),
                Some(SenderCommand::Flush(sent)) => {
                    self.report_dropped();
                    let _ = sent.send(());
                }
                None => return,
            }
        }
    }

    /// Sends how many lines were dropped, after the lines that were not.
    fn report_dropped(&mut self) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let text = format!(
                "{dropped} lines of the log are lost: the syslog was unreachable"
            );
            self.send(&self.header.message(WARNING, &text));
        }
    }

    /// Sends a line, with as many attempts as it takes.
    fn send(&mut self, line: &[u8]) {
        let mut is_unreachable = false;
        while let Err(error) = self.try_send(line) {
            if !is_unreachable {
                console::print_message(&unreachable_message(&self.address, &error));
            }
            is_unreachable = true;
            thread::sleep(RETRY_INTERVAL);
        }
        if is_unreachable {
            console::print_message(&format!(
                "the syslog at {} is reachable again",
                self.address
            ));
        }
    }

    fn try_send(&mut self, line: &[u8]) -> io::Result<()> {
        // The syslog may have been restarted since the connection was opened: then a new one
        // succeeds.
        if let Some(mut connection) = self.connection.take()
            && connection.send(line).is_ok()
        {
            self.connection = Some(connection);
            return Ok(());
        }
        let mut connection = SyslogConnection::open(&self.address)?;
        connection.send(line)?;
        self.connection = Some(connection);
        Ok(())
    }
}

/// The message on standard error when the syslog cannot be reached.
pub(super) fn unreachable_message(address: &SyslogAddress, error: &io::Error) -> String {
    format!(
        "the syslog at {address} is unreachable, and the agent continues without it ({error})"
    )
}

/// An open connection to a syslog.
pub(super) enum SyslogConnection {
    #[cfg(unix)]
    Local(UnixDatagram),
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl SyslogConnection {
    pub(super) fn open(address: &SyslogAddress) -> io::Result<Self> {
        match address {
            #[cfg(unix)]
            SyslogAddress::Local(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_write_timeout(Some(TIMEOUT))?;
                Ok(Self::Local(socket))
            }
            SyslogAddress::Udp(host) => open_first(host, |to| {
                let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any)?;
                socket.connect(to)?;
                socket.set_write_timeout(Some(TIMEOUT))?;
                Ok(Self::Udp(socket))
            }),
            SyslogAddress::Tcp(host) => open_first(host, |to| {
                let stream = TcpStream::connect_timeout(to, TIMEOUT)?;
                stream.set_write_timeout(Some(TIMEOUT))?;
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
                check_open(stream)?;
                let mut message = format!("{} ", line.len()).into_bytes();
                message.extend(line);
                stream.write_all(&message)
            }
        }
    }
}

/// Opens the first of a host's addresses that works.
fn open_first<T>(
    host: &str,
    mut open: impl FnMut(&SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut failure = io::Error::other("the host has no address");
    for address in host.to_socket_addrs()? {
        match open(&address) {
            Ok(open) => return Ok(open),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Fails if the syslog has closed the connection: a write after that is lost without an error. A
/// syslog sends nothing, so a read finds no data, or the end.
fn check_open(stream: &mut TcpStream) -> io::Result<()> {
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
