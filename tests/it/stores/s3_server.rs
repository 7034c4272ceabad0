//! An S3 server in this process, behind a proxy that can drop requests and responses.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use testamur::register::{S3, S3Keys};
use testamur::site::S3Settings;

pub(crate) const ACCESS_KEY: &str = "AKIDTESTAMUR";
pub(crate) const SECRET_KEY: &str = "a-Secret/of+testamur";
pub(crate) const BUCKET: &str = "certs";

/// The server; it checks signatures.
pub(crate) struct Server {
    pub(crate) proxy: Arc<Proxy>,
    address: SocketAddr,
    files: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let files = tempfile::tempdir().unwrap();
        std::fs::create_dir(files.path().join(BUCKET)).unwrap();
        let root = files.path().to_owned();
        let (sender, receiver) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut builder =
                    S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
                builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
                let service = builder.build();
                let listener =
                    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let service = service.clone();
                    tokio::spawn(async move {
                        http1::Builder::new()
                            .serve_connection(TokioIo::new(stream), service)
                            .await
                    });
                }
            })
        });
        let proxy = Arc::new(Proxy {
            server: receiver.recv().unwrap(),
            script: Mutex::default(),
            seen: Mutex::default(),
            turn: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = Arc::clone(&proxy);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let proxy = Arc::clone(&waiting);
                // The client notices a broken connection by itself.
                thread::spawn(move || proxy.forward(stream.unwrap()).ok());
            }
        });
        Self { proxy, address, files }
    }

    /// The folder of the bucket.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.files.path().join(BUCKET)
    }

    pub(crate) fn settings(&self) -> S3Settings {
        let mut settings = S3Settings::new(BUCKET, "us-east-1");
        settings.endpoint = Some(format!("http://{}", self.address));
        settings.path_style = true;
        settings.deadline = Duration::from_secs(20);
        settings
    }

    pub(super) fn store(&self) -> S3 {
        self.store_of(&self.settings())
    }

    pub(super) fn store_of(&self, settings: &S3Settings) -> S3 {
        S3::with_keys(settings, &S3Keys::new(ACCESS_KEY, SECRET_KEY)).unwrap()
    }
}

/// What the proxy does with a request.
pub(crate) enum Action {
    /// Forwards the request and its response.
    Pass,
    /// Answers with this status, headers and body, without the server.
    Answer(u16, &'static str, &'static str),
    /// Forwards the request, but not its response.
    Lose,
    /// Drops the request.
    Cut,
    /// Waits for this time and sends no response.
    Stall(Duration),
}

/// A request that reached the proxy: its first line, and its headers with names in lower case.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) line: String,
    headers: Vec<(String, String)>,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Forwards requests to the server one at a time: the test's server checks a condition and then
/// writes, which S3 does atomically.
pub(crate) struct Proxy {
    server: SocketAddr,
    script: Mutex<VecDeque<Action>>,
    seen: Mutex<Vec<Seen>>,
    turn: Mutex<()>,
}

impl Proxy {
    /// Sets what happens to the next requests; later ones pass.
    pub(crate) fn next(&self, actions: impl IntoIterator<Item = Action>) {
        let mut script = lock(&self.script);
        script.clear();
        script.extend(actions);
        lock(&self.seen).clear();
    }

    /// The requests since the last call of [`Proxy::next`].
    pub(super) fn seen(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    fn forward(&self, mut client: TcpStream) -> io::Result<()> {
        let Some((seen, request)) = read_request(&mut client)? else { return Ok(()) };
        lock(&self.seen).push(seen);
        let action = lock(&self.script).pop_front().unwrap_or(Action::Pass);
        match action {
            Action::Answer(status, headers, body) => {
                let length = body.len();
                write!(
                    client,
                    "HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: {length}\r\n\
                     {headers}\r\n{body}"
                )?;
            }
            Action::Cut => {}
            Action::Stall(time) => thread::sleep(time),
            Action::Pass => client.write_all(&self.answer(&request)?)?,
            Action::Lose => drop(self.answer(&request)?),
        }
        client.shutdown(Shutdown::Both)
    }

    fn answer(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let _turn = lock(&self.turn);
        let mut server = TcpStream::connect(self.server)?;
        server.write_all(request)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

/// Reads a request, and adds `Connection: close` to it.
fn read_request(client: &mut TcpStream) -> io::Result<Option<(Seen, Vec<u8>)>> {
    let mut request = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let head = loop {
        if let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end;
        }
        match client.read(&mut buffer)? {
            0 => return Ok(None),
            length => request.extend_from_slice(&buffer[..length]),
        }
    };
    let text = String::from_utf8_lossy(&request[..head]).into_owned();
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers: Vec<(String, String)> =
        headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let seen = Seen { line, headers };
    let length =
        seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    while request.len() < head + 4 + length {
        match client.read(&mut buffer)? {
            0 => return Ok(None),
            length => request.extend_from_slice(&buffer[..length]),
        }
    }
    request.splice(head..head, *b"\r\nConnection: close");
    Ok(Some((seen, request)))
}
