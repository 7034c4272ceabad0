//! A minimal web server: files of a folder, by GET. A folder's address gives its `index.html`, with
//! and without a slash at its end.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The content of a file at which the server fails.
pub(crate) const BROKEN: &[u8] = b"500";

pub(crate) struct Server {
    pub(crate) port: u16,
    /// The paths that were asked for.
    asked: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let (folder, stopped): (PathBuf, _) = (folder.to_owned(), Arc::clone(&stop));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                if let Ok(stream) = stream {
                    let (folder, log) = (folder.clone(), Arc::clone(&log));
                    std::thread::spawn(move || serve(&stream, &folder, &log));
                }
            }
        });
        Self { port, asked, stop }
    }

    /// The paths that were asked for since the last call, sorted.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort();
        asked.dedup();
        asked
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(mut stream: &TcpStream, folder: &Path, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    // A browser may connect ahead, and then ask for nothing.
    let Some(line) = lines.next() else { return };
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    let name = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    asked.lock().unwrap().push(format!("/{name}"));
    let mut path = folder.join(name);
    if path.is_dir() {
        path = path.join("index.html");
    }
    let (status, bytes) = match std::fs::read(&path) {
        Ok(bytes) if name.contains("..") || bytes == BROKEN => {
            ("500 Internal Server Error", Vec::new())
        }
        Ok(bytes) => ("200 OK", bytes),
        _ => ("404 Not Found", Vec::new()),
    };
    let kind = match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("pdf") => "application/pdf",
        _ => "image/x-icon",
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        bytes.len()
    );
    let _ = stream.write_all(&[head.as_bytes(), &bytes].concat());
}
