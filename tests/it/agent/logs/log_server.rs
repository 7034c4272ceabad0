//! Servers that collect log messages, and parsers of the messages.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A syslog or journald server: a thread that collects messages until it is dropped.
pub(super) struct LogServer {
    received: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

const PAUSE: Duration = Duration::from_millis(20);

impl LogServer {
    pub(super) fn new(
        mut receive: impl FnMut() -> io::Result<Vec<u8>> + Send + 'static,
    ) -> Self {
        let (received, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (kept, stopped): (Arc<Mutex<Vec<Vec<u8>>>>, _) =
            (Arc::clone(&received), stop.clone());
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match receive() {
                    Ok(message) => kept.lock().unwrap().push(message),
                    Err(error) => assert!(is_quiet(&error), "{error}"),
                }
            }
        });
        Self { received, stop, thread: Some(thread) }
    }

    pub(super) fn unix(path: &Path) -> Self {
        let _ = fs::remove_file(path);
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PAUSE)).unwrap();
        Self::new(move || datagram(|buffer| socket.recv(buffer)))
    }

    /// Returns the address too.
    pub(super) fn udp() -> (Self, String) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PAUSE)).unwrap();
        let address = format!("udp://{}", socket.local_addr().unwrap());
        (Self::new(move || datagram(|buffer| socket.recv(buffer))), address)
    }

    pub(super) fn tcp(at: &str) -> (Self, String) {
        let listener = TcpListener::bind(at).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut stream = None;
        let server = Self::new(move || {
            if stream.is_none() {
                thread::sleep(PAUSE);
                let (accepted, _) = listener.accept()?;
                accepted.set_nonblocking(false)?;
                stream = Some(accepted);
            }
            let accepted = stream.as_mut().unwrap();
            accepted.set_read_timeout(Some(PAUSE))?;
            let message = octet_counted(accepted);
            // One agent has ended: wait for the next connection.
            if message.as_ref().is_err_and(|it| it.kind() == ErrorKind::UnexpectedEof) {
                stream = None;
            }
            message
        });
        (server, address)
    }

    /// All messages, as they came.
    pub(super) fn all(&self) -> Vec<Vec<u8>> {
        self.received.lock().unwrap().clone()
    }

    pub(super) fn text(&self) -> String {
        let received = self.all().concat();
        String::from_utf8_lossy(&received).into_owned()
    }
}

impl Drop for LogServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Err(panic) = self.thread.take().unwrap().join()
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

fn is_quiet(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionReset, TimedOut, UnexpectedEof, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | UnexpectedEof | ConnectionReset)
}

fn datagram(receive: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 65_536];
    let length = receive(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

/// A message after its length in decimal digits and a space (RFC 6587, section 3.4.1).
fn octet_counted(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = 0;
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    // The rest of a message that has begun may take longer.
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    assert!((b'1'..=b'9').contains(&byte[0]), "{}", byte[0]);
    while byte[0] != b' ' {
        assert!(byte[0].is_ascii_digit() && length < 10_000);
        length = length * 10 + usize::from(byte[0] - b'0');
        stream.read_exact(&mut byte)?;
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message)?;
    Ok(message)
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) facility: u8,
    pub(super) severity: u8,
    pub(super) process: String,
    pub(super) text: String,
}

fn priority(message: &[u8]) -> (u8, u8, String) {
    let message = String::from_utf8(message.to_vec()).unwrap();
    assert!(!message.contains(char::is_control), "{message:?}");
    let (priority, rest) = message.strip_prefix('<').unwrap().split_once('>').unwrap();
    let number: u8 = priority.parse().unwrap();
    assert_eq!(number.to_string(), priority, "no leading zeros");
    (number / 8, number % 8, rest.to_owned())
}

fn shape(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

/// Parses a message of RFC 5424, section 6.
pub(super) fn rfc5424(message: &[u8]) -> Message {
    let (facility, severity, rest) = priority(message);
    let parts: Vec<&str> = rest.splitn(8, ' ').collect();
    let [version, time, host, name, process, id, data, text] = parts[..] else {
        panic!("{rest}");
    };
    assert_eq!((version, name, id, data), ("1", "testamur", "-", "-"), "{rest}");
    assert_eq!(shape(time), "0000-00-00T00:00:00.000000Z");
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(host, kernel.trim());
    Message { facility, severity, process: process.to_owned(), text: text.to_owned() }
}

/// Parses a message in the format of syslog(3).
pub(super) fn local(message: &[u8]) -> Message {
    let (facility, severity, rest) = priority(message);
    let (time, rest) = rest.split_at(15);
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"];
    let later = ["Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    assert!(months.iter().chain(&later).any(|it| time.starts_with(it)), "{time}");
    let day = shape(&time[3..]);
    assert!(day == " 00 00:00:00" || day == "  0 00:00:00", "{time}");
    let rest = rest.strip_prefix(" testamur[").unwrap();
    let (process, text) = rest.split_once("]: ").unwrap();
    Message { facility, severity, process: process.to_owned(), text: text.to_owned() }
}

/// Parses an entry of journald's native protocol.
pub(super) fn journald_entry(mut datagram: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    while !datagram.is_empty() {
        let end = datagram.iter().position(|byte| *byte == b'\n').unwrap();
        let (line, rest) = (&datagram[..end], &datagram[end + 1..]);
        let line = String::from_utf8(line.to_vec()).unwrap();
        if let Some((key, value)) = line.split_once('=') {
            fields.insert(key.to_owned(), value.to_owned());
            datagram = rest;
            continue;
        }
        let (length, rest) = rest.split_at(8);
        let length = u64::from_le_bytes(length.try_into().unwrap()) as usize;
        let value = String::from_utf8(rest[..length].to_vec()).unwrap();
        assert_eq!(rest[length], b'\n');
        fields.insert(line, value);
        datagram = &rest[length + 1..];
    }
    fields
}
