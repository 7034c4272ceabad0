//! A Redis server for each test, on a socket in a folder of its own.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ::redis::{Client, Connection, Value, cmd};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use testamur::agent::{Queue, RedisQueue};
use testamur::site::{RedisSettings, Settings};

use testamur::agent::conformance::QueueHarness;

use super::contract::LEASE;

pub(super) const STREAM: &str = "dev-learning-certificate-lifecycle";
pub(super) const RESULTS: &str = "dev-testamur-certificates";
pub(super) const DEAD: &str = "dev-testamur-dead";

/// A server, stopped when it is dropped.
pub(super) struct RedisServer {
    folder: TempDir,
    server: Option<Child>,
    more: Vec<String>,
}

impl RedisServer {
    pub(super) fn new() -> Self {
        Self::with(&[])
    }

    /// A server with additional lines in its configuration file.
    pub(super) fn with(more: &[&str]) -> Self {
        // Not below the target folder: the path of a Unix socket has at most 107 bytes.
        let folder = tempfile::tempdir().unwrap();
        let more = more.iter().map(|&line| line.to_owned()).collect();
        let mut redis = Self { folder, server: None, more };
        redis.start();
        redis
    }

    fn start(&mut self) {
        let mut settings = fs::File::create(self.path("redis.conf")).unwrap();
        let folder = self.folder.path().display();
        writeln!(settings, "port 0\nunixsocket {folder}/socket\ndir {folder}").unwrap();
        writeln!(settings, "appendonly yes\nappendfsync always\nsave \"\"").unwrap();
        for line in &self.more {
            writeln!(settings, "{line}").unwrap();
        }
        let server = Command::new("redis-server")
            .arg(self.path("redis.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.server = Some(server.expect("tests/run installs redis-server"));
        let begun = Instant::now();
        while !self.answers_at_all() {
            assert!(begun.elapsed() < super::LONG, "the server does not start");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the server answers, even if only with a request for a password.
    fn answers_at_all(&self) -> bool {
        let pong = self.open().map(|mut server| cmd("PING").exec(&mut server));
        pong.is_some_and(|pong| {
            pong.map_or_else(|no| no.code() == Some("NOAUTH"), |()| true)
        })
    }

    fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn url(&self) -> String {
        format!("redis+unix://{}", self.path("socket").display())
    }

    fn open(&self) -> Option<Connection> {
        Client::open(self.url()).unwrap().get_connection().ok()
    }

    pub(super) fn ask<T: ::redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut ask = cmd(words[0]);
        ask.arg(&words[1..]);
        ask.query(&mut self.open().unwrap()).unwrap()
    }

    /// Adds an entry with these fields to the stream of requests, and returns its id.
    pub(super) fn add(&self, fields: &[(&str, &[u8])]) -> String {
        let mut add = cmd("XADD");
        add.arg(STREAM).arg("*");
        for (name, value) in fields {
            add.arg(name).arg(value);
        }
        add.query(&mut self.open().unwrap()).unwrap()
    }

    /// The entries of a stream, each as the list of its fields.
    pub(super) fn entries(&self, stream: &str) -> Vec<Vec<(String, Vec<u8>)>> {
        type Entry = (String, Vec<(String, Vec<u8>)>);
        let entries: Vec<Entry> = self.ask(&["XRANGE", stream, "-", "+"]);
        entries.into_iter().map(|(_, fields)| fields).collect()
    }

    /// The results: JSON in the field `result`.
    pub(super) fn results(&self) -> Vec<Json> {
        let entries = self.entries(RESULTS).into_iter();
        let field = |entry: Vec<(String, Vec<u8>)>| {
            let result = entry.iter().find(|(name, _)| name == "result");
            serde_json::from_slice(&result.unwrap().1).unwrap()
        };
        entries.map(field).collect()
    }

    /// The settings as an operator writes them.
    pub(super) fn settings(&self) -> RedisSettings {
        let text = format!(
            "agent:\n  queue: redis\n  redis:\n    url: {}\n    stream: {STREAM}\n    \
             results: {RESULTS}\n    dead_letters: {DEAD}\n    lease: {}\n    deadline: 5\n",
            self.url(),
            LEASE.as_secs_f64()
        );
        Settings::parse(text.as_bytes()).unwrap().agent.redis
    }

    pub(super) fn redis(&self, consumer: &str) -> RedisQueue {
        RedisQueue::new(&self.settings(), consumer).unwrap()
    }

    /// The number of requests that are delivered and not acknowledged.
    pub(super) fn pending(&self) -> usize {
        let pending: (usize, Value, Value, Value) =
            self.ask(&["XPENDING", STREAM, "testamur"]);
        pending.0
    }

    /// How often a request that is not acknowledged counts as delivered.
    pub(super) fn attempts(&self, id: &str) -> u32 {
        let pending: Vec<(String, String, u64, u32)> =
            self.ask(&["XPENDING", STREAM, "testamur", id, id, "1"]);
        pending[0].3
    }
}

impl QueueHarness for RedisServer {
    fn queue(&self, consumer: &str) -> Box<dyn Queue> {
        Box::new(self.redis(consumer))
    }

    fn send(&self, recipient: &str) {
        let request = json!({
            "course": "Example/Knots/2026",
            "name": "Ada Example",
            "username": recipient,
        });
        self.add(&[("request", request.to_string().as_bytes())]);
    }

    fn send_broken(&self) {
        self.add(&[("request", b"{\"course\":")]);
    }

    fn answers(&self) -> Vec<(String, bool)> {
        let answer = |result: Json| {
            let recipient = result["username"].as_str().unwrap_or_default();
            (recipient.to_owned(), result["outcome"] != "failed")
        };
        self.results().into_iter().map(answer).collect()
    }

    fn set_down(&mut self, down: bool) -> bool {
        if down {
            self.stop()
        } else {
            self.start()
        }
        true
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}
