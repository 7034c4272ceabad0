//! Shared setup of the agent's tests: agent processes, a Redis, a queue in memory, an HTTP client.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ::redis::{Client, Connection, Value as Reply, cmd};
use serde_json::{Value, json};
use tempfile::TempDir;
use testamur::agent::{
    Answer, Clock, ClockReading, Delivery, Depth, LeaseState, Queue, Task,
};
use testamur::press::Press;
use testamur::register::{Directory, IssueService, Store};
use testamur::seal::{Trust, verify};
use testamur::site::{KeySource, Keys, Site};
use testamur::{Error, ErrorKind, Timestamp};

use crate::workdir::Workdir;

/// Long enough for anything on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(120);
pub(crate) const COURSE: &str = "course-v1:ExampleX+CURL101+2026_T1";
pub(crate) const TOKEN: &str = "open sesame";

/// Polls until `so` returns true.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < LONG, "timed out waiting until {what}");
        thread::sleep(Duration::from_millis(25));
    }
}

pub(crate) fn request(user: &str) -> Value {
    json!({ "course": COURSE, "name": format!("Person {user}"), "username": user,
        "reference": user })
}

/// A site with keys, as `testamur new` makes it, and an HTTP token.
pub(crate) struct AgentSite(pub(crate) Workdir);

impl AgentSite {
    pub(crate) fn new() -> Self {
        let workdir = Workdir::new();
        let url = "https://certificates.example.org";
        assert_eq!(workdir.run(["new", "site", "--url", url]).code, 0);
        let site = Self(workdir);
        site.0.write("site/keys/token", TOKEN);
        site
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path("site")
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_testamur"));
        command
            .current_dir(self.path())
            .env_remove("TESTAMUR_SITE")
            .env_remove("TESTAMUR_FONTS")
            .arg("agent");
        command
    }

    /// The command of an agent with the HTTP API.
    pub(crate) fn http_command(&self) -> Command {
        let mut command = self.command();
        command.env("TESTAMUR_AGENT__HTTP__LISTEN", "127.0.0.1:0");
        command.env("TESTAMUR_AGENT__HTTP__TOKEN_FILE", "keys/token");
        command
    }

    /// The command of an agent with a Redis queue.
    pub(crate) fn redis_command(&self, redis: &Redis) -> Command {
        let mut command = self.command();
        command.env("TESTAMUR_AGENT__QUEUE", "redis");
        command.env("TESTAMUR_AGENT__REDIS__URL", redis.url());
        command.env("TESTAMUR_AGENT__REDIS__STREAM", Redis::STREAM);
        command.env("TESTAMUR_AGENT__REDIS__LEASE", "2");
        command
    }

    /// The records of all certificates.
    pub(crate) fn records(&self) -> Vec<Value> {
        records(&self.path().join("public"))
    }

    /// The number of requests that were accepted over HTTP and are not done yet.
    pub(crate) fn spooled(&self) -> usize {
        let folder = fs::read_dir(self.path().join("private/spool"));
        folder.map_or(0, Iterator::count)
    }

    /// Asserts that the program verifies a record's PDF.
    pub(crate) fn assert_verifies(&self, record: &Value) {
        let pdf = record["certificate"]["pdf"]["path"].as_str().unwrap();
        let pdf = self.path().join("public").join(pdf);
        let sig = record["certificate"]["signature"]["path"].as_str().unwrap();
        let sig = self.path().join("public").join(sig);
        let mut command = self.0.command();
        command.arg("--site").arg(self.path()).arg("verify").arg(pdf);
        let run = crate::workdir::Run::of({
            command.arg("--signature").arg(sig);
            command
        });
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
}

/// A running program, killed when it is dropped.
pub(crate) struct Program {
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Program {
    /// Starts the program and waits until it takes requests.
    pub(crate) fn start(command: Command) -> Self {
        let program = Self::spawn(command);
        until("the agent takes requests", || {
            assert!(
                program.log().contains("taking requests") || program.is_alive(),
                "{}",
                program.log()
            );
            program.log().contains("taking requests")
        });
        program
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let kept = log.clone();
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self { child, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    fn is_alive(&self) -> bool {
        Path::new(&format!("/proc/{}/exe", self.child.id())).exists()
    }

    /// The address that the HTTP API listens at.
    pub(crate) fn address(&self) -> String {
        let log = self.log();
        let rest = log.split_once("address=").expect("the log has the address").1;
        rest.split_whitespace().next().unwrap().trim_matches('"').to_owned()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
    }

    /// Waits for the exit code.
    pub(crate) fn code(&mut self) -> i32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(begun.elapsed() < LONG, "the program does not end: {}", self.log());
            thread::sleep(Duration::from_millis(25));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A redis-server, stopped when it is dropped.
pub(crate) struct Redis {
    folder: TempDir,
    server: Option<Child>,
    more: Vec<String>,
}

impl Redis {
    pub(crate) const STREAM: &str = "requests";

    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// A server with additional arguments.
    pub(crate) fn with(more: &[&str]) -> Self {
        // The temporary folder is short: the path of a Unix socket has at most 107 bytes.
        let folder = tempfile::tempdir().unwrap();
        let more = more.iter().map(|&it| it.to_owned()).collect();
        let mut redis = Self { folder, server: None, more };
        redis.start();
        redis
    }

    pub(crate) fn start(&mut self) {
        let server = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "yes", "--unixsocket"])
            .arg(self.folder.path().join("socket"))
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.more)
            .stdout(Stdio::null())
            .spawn();
        self.server = Some(server.expect("tests/run installs redis-server"));
        until("the server starts", || {
            self.open().is_some_and(|mut it| cmd("PING").exec(&mut it).is_ok())
        });
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.path().join("socket").display())
    }

    fn open(&self) -> Option<Connection> {
        Client::open(self.url()).unwrap().get_connection().ok()
    }

    /// Adds an entry, and returns its id.
    pub(crate) fn add(&self, fields: &[(&str, &[u8])]) -> String {
        let mut add = cmd("XADD");
        add.arg(Self::STREAM).arg("*");
        for (name, value) in fields {
            add.arg(name).arg(value);
        }
        add.query(&mut self.open().unwrap()).unwrap()
    }

    /// Adds a request, and returns the id of its entry.
    pub(crate) fn ask(&self, request: &Value) -> String {
        self.add(&[("request", request.to_string().as_bytes())])
    }

    /// The results so far, in order.
    pub(crate) fn results(&self) -> Vec<Value> {
        type Entry = (String, Vec<(String, Vec<u8>)>);
        let mut range = cmd("XRANGE");
        range.arg(format!("{}-results", Self::STREAM)).arg("-").arg("+");
        let Some(mut connection) = self.open() else { return Vec::new() };
        let entries: Vec<Entry> = range.query(&mut connection).unwrap();
        let values = entries.into_iter().map(|(_, mut fields)| fields.remove(0).1);
        values.map(|value| serde_json::from_slice(&value).unwrap()).collect()
    }

    /// The number of keys, streams included.
    pub(crate) fn keys(&self) -> i64 {
        match cmd("DBSIZE").query(&mut self.open().unwrap()).unwrap() {
            Reply::Int(keys) => keys,
            other => panic!("{other:?}"),
        }
    }

    /// The number of entries of a stream.
    pub(crate) fn length(&self, stream: &str) -> usize {
        cmd("XLEN").arg(stream).query(&mut self.open().unwrap()).unwrap()
    }

    /// How many entries a stream has had so far.
    pub(crate) fn entries_added(&self, stream: &str) -> usize {
        let info = cmd("XINFO").arg("STREAM").arg(stream).take();
        let info: HashMap<String, Reply> = info.query(&mut self.open().unwrap()).unwrap();
        ::redis::from_redis_value(info["entries-added"].clone()).unwrap()
    }

    /// Removes all entries of a stream.
    pub(crate) fn trim(&self, stream: &str) {
        let mut trim = cmd("XTRIM");
        trim.arg(stream).arg("MAXLEN").arg(0).exec(&mut self.open().unwrap()).unwrap();
    }

    pub(crate) fn delete(&self, key: &str) {
        cmd("DEL").arg(key).exec(&mut self.open().unwrap()).unwrap();
    }

    /// The number of streams that lists have of their own.
    pub(crate) fn streams_of_lists(&self) -> usize {
        let mut keys = cmd("KEYS");
        let pattern = format!("{}-batch-*", Self::STREAM);
        let keys: Vec<String> =
            keys.arg(pattern).query(&mut self.open().unwrap()).unwrap();
        keys.len()
    }

    /// The number of dead-lettered messages.
    pub(crate) fn dead(&self) -> i64 {
        let mut length = cmd("XLEN");
        length.arg(format!("{}-dead", Self::STREAM));
        match length.query(&mut self.open().unwrap()).unwrap() {
            Reply::Int(length) => length,
            _ => 0,
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An HTTP response; `head` is in lower case.
#[derive(Debug)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl HttpResponse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

pub(crate) fn get(address: &str, path: &str) -> HttpResponse {
    http(address, "GET", path, Some(TOKEN), b"")
}

pub(crate) fn post(address: &str, path: &str, body: &Value) -> HttpResponse {
    http(address, "POST", path, Some(TOKEN), body.to_string().as_bytes())
}

pub(crate) fn http(
    address: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &[u8],
) -> HttpResponse {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    if let Some(token) = token {
        head += &format!("authorization: Bearer {token}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    // The server may have answered and closed before it has read the whole body.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let response = String::from_utf8(bytes).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
    let status = head.split(' ').nth(1).unwrap_or_else(|| panic!("{response:?}"));
    let (status, head) = (status.parse().unwrap(), head.to_lowercase());
    HttpResponse { status, head, body: body.to_owned() }
}

/// A clock that always shows 2026-05-14T09:30:00Z.
pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn read(&self) -> Result<ClockReading, Error> {
        let now = Timestamp::parse("2026-05-14T09:30:00Z")?;
        Ok(ClockReading { now, today: now.date() })
    }
}

/// An issue service over a site, with new keys and with stores in `folder`; `wrap` wraps the public
/// store.
pub(crate) fn issuer(
    folder: &Path,
    site: Site,
    wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
) -> IssueService {
    let now = FixedClock.read().unwrap().now;
    let source = KeySource::NewRoot { name: "Example University" };
    let keys = Keys::create(&folder.join("keys"), &source, now).unwrap();
    issuer_with_keys(&keys, folder, site, wrap)
}

/// The same with existing keys.
pub(crate) fn issuer_with_keys(
    keys: &Keys,
    folder: &Path,
    site: Site,
    wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
) -> IssueService {
    let secret = Keys::create_id_secret(&folder.join("keys")).unwrap();
    let press = Arc::new(Press::new(site).unwrap());
    let public = wrap(Arc::new(Directory::new(folder.join("public"))));
    let private = Arc::new(Directory::new(folder.join("private")));
    let builder = IssueService::builder(press).with_keys(keys).with_id_secret(secret);
    builder.with_stores(public, private).build().unwrap()
}

/// The bytes of a certificate and of its detached signature, from the public folder.
pub(crate) fn files(public: &Path, record: &Value) -> [Vec<u8>; 2] {
    let certificate = &record["certificate"];
    [&certificate["pdf"], &certificate["signature"]].map(|file| {
        let path = public.join(file["path"].as_str().unwrap());
        fs::read(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
    })
}

/// Asserts that a certificate in a public folder verifies.
pub(crate) fn assert_verifies(
    public: &Path,
    record: &Value,
    trust: &Trust,
    now: Timestamp,
) {
    let [pdf, signature] = files(public, record);
    let found = verify(&pdf, Some(&signature), trust, now);
    assert!(found.is_genuine(), "{found:?}");
    assert_eq!(record["certificate"]["pdf"]["sha256"], found.sha256.unwrap().as_str());
}

/// The records of all certificates in a public folder.
pub(crate) fn records(public: &Path) -> Vec<Value> {
    let Ok(folders) = fs::read_dir(public.join("cert")) else { return Vec::new() };
    let paths = folders.map(|folder| folder.unwrap().path().join("certificate.json"));
    let records = paths.filter_map(|path| fs::read(path).ok());
    records.map(|json| serde_json::from_slice(&json).unwrap()).collect()
}

/// A queue in memory, whose acknowledgements can be made to fail.
#[derive(Debug, Default)]
pub(crate) struct MemoryQueue {
    waiting: Mutex<VecDeque<(String, String)>>,
    held: Mutex<Vec<(String, String)>>,
    pub(crate) answers: Mutex<Vec<Value>>,
    next: AtomicUsize,
    /// How often a request was delivered before, for those that `add_again` added.
    pub(crate) attempts: Mutex<HashMap<String, u32>>,
    /// For each request of `attempts` that was acknowledged: how many others were in hand then.
    pub(crate) others_in_hand: Mutex<Vec<usize>>,
    /// What requests were said to count as, in this order.
    pub(crate) counted: Mutex<Vec<(String, u32)>>,
    /// The number of acknowledgements that fail before one succeeds.
    pub(crate) failing_acks: AtomicUsize,
}

impl MemoryQueue {
    pub(crate) fn of(requests: impl IntoIterator<Item = String>) -> Arc<Self> {
        let queue = Self::default();
        requests.into_iter().for_each(|request| queue.add(request));
        Arc::new(queue)
    }

    pub(crate) fn add(&self, request: String) {
        let id = self.next.fetch_add(1, Ordering::SeqCst).to_string();
        self.waiting.lock().unwrap().push_back((id, request));
    }

    /// Adds a request that was delivered `attempts` times before.
    pub(crate) fn add_again(&self, request: String, attempts: u32) {
        let id = self.next.load(Ordering::SeqCst).to_string();
        self.attempts.lock().unwrap().insert(id, attempts);
        self.add(request);
    }

    pub(crate) fn answers(&self) -> Vec<Value> {
        self.answers.lock().unwrap().clone()
    }

    /// The number of requests that are not handed out.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.lock().unwrap().len()
    }

    fn release(&self, delivery: &Delivery) -> Option<(String, String)> {
        let mut held = self.held.lock().unwrap();
        let at = held.iter().position(|(id, _)| id == delivery.id())?;
        Some(held.remove(at))
    }
}

impl Queue for MemoryQueue {
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    fn receive(&self, wait: Duration) -> Result<Option<Delivery>, Error> {
        let Some((id, request)) = self.waiting.lock().unwrap().pop_front() else {
            thread::sleep(wait.min(Duration::from_millis(20)));
            return Ok(None);
        };
        let (correlation, task) = Task::from_json(request.as_bytes());
        self.held.lock().unwrap().push((id.clone(), request));
        let attempts = self.attempts.lock().unwrap().get(&id).copied();
        let delivery = Delivery::new(id, task).with_correlation(correlation);
        Ok(Some(delivery.with_attempt(1 + attempts.unwrap_or_default())))
    }

    fn extend_lease(&self, _: &Delivery) -> Result<LeaseState, Error> {
        Ok(LeaseState::Held)
    }

    fn ack(&self, delivery: &Delivery, answer: &Answer) -> Result<LeaseState, Error> {
        let failing_acks =
            self.failing_acks
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if failing_acks.is_ok() {
            return Err(Error::new(ErrorKind::Queue, "the connection is lost"));
        }
        let attempts = self.attempts.lock().unwrap().clone();
        if attempts.contains_key(delivery.id()) {
            let held = self.held.lock().unwrap();
            let others = held.iter().filter(|(id, _)| !attempts.contains_key(id));
            self.others_in_hand.lock().unwrap().push(others.count());
        }
        self.release(delivery).expect("a request is acknowledged once");
        self.answers.lock().unwrap().push(answer.to_json(delivery));
        Ok(LeaseState::Held)
    }

    fn nack(&self, delivery: &Delivery, _: Duration) -> Result<(), Error> {
        if let Some(request) = self.release(delivery) {
            self.waiting.lock().unwrap().push_back(request);
        }
        Ok(())
    }

    fn set_attempts(&self, delivery: &Delivery, attempts: u32) -> Result<(), Error> {
        self.counted.lock().unwrap().push((delivery.id().to_owned(), attempts));
        Ok(())
    }

    fn dead_letter(&self, delivery: &Delivery, why: &Error) -> Result<LeaseState, Error> {
        self.ack(delivery, &Answer::from(why))
    }

    fn depth(&self) -> Result<Option<Depth>, Error> {
        Ok(None)
    }

    fn lease(&self) -> Duration {
        Duration::from_secs(60)
    }
}
