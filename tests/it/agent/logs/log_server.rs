//! A server that collects log messages, and a parser of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A journald server: a thread that collects messages until it is dropped.
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
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn datagram(receive: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 65_536];
    let length = receive(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
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
