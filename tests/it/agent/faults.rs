//! Everything that can go wrong, and what must not come of it.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use ring::hmac;
use serde_json::{Value, json};
use testamur::agent::{Agent, End, Intake, Running, Webhook};
use testamur::register::{CreateOutcome, Store, StoreFile, StorePath, SwapOutcome};
use testamur::site::{Secret, Site};
use testamur::{Error, ErrorKind, Result};

use super::bench::{
    COURSE, Heap, Home, LONG, Program, Redis, Still, TOKEN, get, issuer, post, request,
    until,
};

const MINUTE: Duration = Duration::from_secs(60);

/// A store that refuses to write for a while, and counts what is written.
#[derive(Debug)]
struct Moody {
    inner: Arc<dyn Store>,
    refuses: AtomicBool,
    pdfs: AtomicUsize,
}

impl Moody {
    fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            refuses: AtomicBool::new(false),
            pdfs: AtomicUsize::new(0),
        })
    }

    fn ask(&self) -> Result<()> {
        match self.refuses.load(Ordering::SeqCst) {
            true => Err(Error::new(
                ErrorKind::StoreRefused,
                "the right to write was taken away",
            )),
            false => Ok(()),
        }
    }
}

impl fmt::Display for Moody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Store for Moody {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        self.ask()?;
        if file.path.as_str().ends_with(".pdf") {
            self.pdfs.fetch_add(1, Ordering::SeqCst);
        }
        self.inner.create(file)
    }
    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        self.ask()?;
        self.inner.replace(file)
    }
    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        self.ask()?;
        self.inner.swap(file, was)
    }
    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        self.inner.read(path)
    }
    fn remove(&self, path: &StorePath) -> Result<()> {
        self.ask()?;
        self.inner.remove(path)
    }
    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        self.inner.list(folder, found)
    }
    fn check(&self) -> Result<()> {
        self.ask()?;
        self.inner.check()
    }
}

/// An agent within the test, over a store that can be made to fail.
struct Inside {
    _folder: tempfile::TempDir,
    store: Arc<Moody>,
    agent: Agent,
}

fn inside(site: Site) -> Inside {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = None;
    let issuer = issuer(folder.path(), site, |inner| {
        let store = Moody::over(inner);
        kept = Some(store.clone());
        store
    });
    let agent = Agent::new(issuer, Arc::new(Still), "test");
    Inside { _folder: folder, store: kept.unwrap(), agent }
}

/// Ends an agent, and holds that it does so by itself.
fn end(running: Running) {
    assert_eq!(running.wait(|| true), End::Stopped);
}

fn outcomes(heap: &Heap) -> Vec<String> {
    let answers = heap.answers();
    answers.iter().map(|it| it["outcome"].as_str().unwrap().to_owned()).collect()
}

/// While the store refuses, requests wait, up to a number; then all of them are done.
#[test]
fn a_store_that_refuses_for_a_while() {
    refused_for(Duration::from_millis(500));
}

#[test]
#[ignore = "it takes minutes"]
fn a_store_that_refuses_for_a_minute() {
    refused_for(MINUTE);
}

fn refused_for(time: Duration) {
    let Inside { _folder, store, agent } = inside(Site::demo());
    let intake = Intake::new("127.0.0.1:0".parse().unwrap(), Some(Secret::new(TOKEN)), 3);
    let running = agent.with_intake(intake).start().unwrap();
    let at = running.address().unwrap().to_string();
    store.refuses.store(true, Ordering::SeqCst);
    for user in ["a", "b", "c"] {
        assert_eq!(post(&at, "/certificates", &request(user)).status, 202);
    }
    until("it is noticed", || get(&at, "/readyz").status == 503);
    assert_eq!(get(&at, "/readyz").json()["why"], json!(["store"]));
    let said = post(&at, "/certificates", &request("d"));
    assert_eq!(said.status, 429, "{said:?}");
    assert!(said.head.contains("retry-after: "));
    // The same once more takes no room.
    assert_eq!(post(&at, "/certificates", &request("c")).status, 202);
    let begun = Instant::now();
    while begun.elapsed() < time {
        assert_eq!(get(&at, "/readyz").status, 503, "reading alone is not enough");
        thread::sleep(Duration::from_millis(100));
    }
    store.refuses.store(false, Ordering::SeqCst);
    for user in ["a", "b", "c"] {
        // They come again after up to a minute.
        let ask = || post(&at, "/certificates?wait=60", &request(user));
        let said = Some(ask()).filter(|said| said.status != 202).unwrap_or_else(ask);
        assert!([200, 201].contains(&said.status), "{said:?}");
    }
    assert_eq!(get(&at, "/readyz").status, 200);
    assert!(
        get(&at, "/metrics")
            .body
            .contains("testamur_retries_total{source=\"http\",error=\"store_refused\"}")
    );
    assert_eq!(store.pdfs.load(Ordering::SeqCst), 3);
    end(running);
}

/// An answer that is not taken is given again, and stays the same; nothing is made twice.
#[test]
fn a_queue_that_does_not_take_answers() {
    let Inside { _folder, store, agent } = inside(Site::demo());
    let heap = Heap::of((0..4).map(|user| request(&user.to_string()).to_string()));
    heap.deaf.store(6, Ordering::SeqCst);
    let running = agent.with_queue(heap.clone()).start().unwrap();
    until("all are answered", || heap.answers().len() == 4);
    assert_eq!(outcomes(&heap), ["issued"; 4]);
    assert_eq!(store.pdfs.load(Ordering::SeqCst), 4);
    end(running);
}

/// What may have ended an agent is worked on alone, and set aside if it does so again and again.
#[test]
fn whoever_may_be_deadly_is_alone() {
    let Inside { _folder, store, agent } = inside(Site::demo());
    let heap = Heap::of([]);
    for user in 0..12 {
        match user % 3 {
            0 => heap.add_again(request(&user.to_string()).to_string(), 5),
            _ => heap.add(request(&user.to_string()).to_string()),
        }
    }
    heap.add_again(request("deadly").to_string(), 10);
    let running = agent.with_workers(6).with_queue(heap.clone()).start().unwrap();
    until("all are answered", || heap.answers().len() == 13);
    let outcomes = outcomes(&heap);
    let count = |word: &str| outcomes.iter().filter(|it| *it == word).count();
    assert_eq!((count("issued"), count("failed")), (12, 1), "{outcomes:?}");
    assert_eq!(*heap.company.lock().unwrap(), [0; 5], "none of the others is in hand");
    assert_eq!(store.pdfs.load(Ordering::SeqCst), 12);
    end(running);
}

/// The same at once is rendered once, and what is poison among what is good ends nothing.
#[test]
fn the_same_many_times_and_poison_between() {
    let Inside { _folder, store, agent } = inside(Site::demo());
    let mut all: Vec<String> = vec![request("ada").to_string(); 8];
    for poison in [
        "{".to_owned(),
        String::new(),
        json!({ "course": "no/such/course", "name": "Ada" }).to_string(),
        json!({ "course": COURSE, "name": " " }).to_string(),
        json!({ "course": COURSE, "name": "<script>alert(1)</script> #panic() $x$ {{ y }}" }).to_string(),
        json!({ "course": COURSE, "name": "x".repeat(4000) }).to_string(),
        json!({ "course": COURSE, "name": "Ada", "layout": "../../etc" }).to_string(),
        json!({ "course": COURSE, "name": "Ada", "language": "tlh" }).to_string(),
        json!({ "action": "explode" }).to_string(),
    ] {
        all.push(poison);
        all.push(request("ada").to_string());
    }
    all.push(request("eve").to_string());
    let number = all.len();
    let heap = Heap::of(all);
    let running = agent.with_queue(heap.clone()).start().unwrap();
    until("all are answered", || heap.answers().len() == number);
    let outcomes = outcomes(&heap);
    let count = |word: &str| outcomes.iter().filter(|it| *it == word).count();
    // The one with a script is a name like any other.
    assert_eq!(
        (count("failed"), count("issued"), count("unchanged")),
        (8, 3, 16),
        "{outcomes:?}"
    );
    assert_eq!(store.pdfs.load(Ordering::SeqCst), 3, "each is rendered once");
    end(running);
}

const COURSES: &str = "\
Org/Knots/2026:
  title: Knots
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: classic
  issued: rolling
";

/// Courses that come and go while the agent works; a fault in them changes nothing.
#[test]
fn a_site_that_changes() {
    let site = tempfile::tempdir().unwrap();
    let courses = site.path().join("courses.yaml");
    fs::write(&courses, COURSES).unwrap();
    let Inside { _folder, agent, .. } = inside(Site::open(site.path()).unwrap());
    let heap = Heap::of([]);
    let every = Some(Duration::from_millis(50));
    let intake = Intake::new("127.0.0.1:0".parse().unwrap(), None, 1);
    let agent = agent.with_queue(heap.clone()).with_intake(intake);
    let running = agent.with_folder(site.path(), every).start().unwrap();
    let at = running.address().unwrap().to_string();
    let reloads = |outcome: &str| {
        let line = format!("testamur_reloads_total{{outcome=\"{outcome}\"}} 1");
        get(&at, "/metrics").body.contains(&line)
    };
    let ask = |course: &str, user: &str| {
        let before = heap.answers().len();
        heap.add(
            json!({ "course": course, "name": "Ada", "username": user }).to_string(),
        );
        until("it is answered", || heap.answers().len() > before);
        heap.answers().last().unwrap()["outcome"].clone()
    };
    assert_eq!(ask("Org/Sails/2026", "a"), "failed");
    let more = COURSES.replace("Knots", "Sails");
    fs::write(&courses, format!("{COURSES}{more}")).unwrap();
    until("it is read anew", || reloads("done"));
    assert_eq!(ask("Org/Sails/2026", "a"), "issued");
    assert_eq!(ask("Org/Knots/2026", "a"), "issued");
    fs::write(&courses, "Org/Knots/2026: { tytle: }\n").unwrap();
    until("the fault is noticed", || reloads("failed"));
    assert_eq!(ask("Org/Sails/2026", "b"), "issued");
    // The settings are those of the beginning.
    fs::write(site.path().join("testamur.yaml"), "publsh: {}\n").unwrap();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(ask("Org/Sails/2026", "c"), "issued");
    end(running);
}

/// Each outcome is told once it can be, signed; who is told slows nobody.
#[test]
fn who_is_told_of_outcomes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, told) = mpsc::channel();
    thread::spawn(move || {
        for (turn, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut bytes = Vec::new();
            let mut part = [0; 4096];
            let whole = loop {
                let n = stream.read(&mut part).unwrap();
                bytes.extend_from_slice(&part[..n]);
                let text = String::from_utf8_lossy(&bytes).to_lowercase();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let length = head.split_once("content-length: ").unwrap().1;
                    let length: usize =
                        length.lines().next().unwrap().trim().parse().unwrap();
                    if body.len() >= length {
                        break String::from_utf8(bytes).unwrap();
                    }
                }
            };
            let status = if turn == 0 { "503 Later" } else { "204 Thanks" };
            let answer = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).unwrap();
            if turn > 0 && sender.send(whole).is_err() {
                return;
            }
        }
    });
    let Inside { _folder, agent, .. } = inside(Site::demo());
    let heap = Heap::of([request("ada").to_string(), "{".to_owned()]);
    let secret = Secret::new("hook");
    let agent = agent.with_workers(1).with_webhook(Webhook::new(url, &secret));
    let running = agent.with_queue(heap.clone()).start().unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let whole: String = told.recv_timeout(LONG).unwrap();
        let (head, body) = whole.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        let signature = head.split_once("x-testamur-signature: sha256=").unwrap().1;
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"hook");
        let tag = hmac::sign(&key, body.as_bytes());
        let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(signature.lines().next(), Some(tag.as_str()));
        let body: Value = serde_json::from_str(body).unwrap();
        seen.push(body["outcome"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, ["issued", "failed"]);
    end(running);
}

/// A queue that goes away and comes back, with poison of its own kind in it.
#[test]
fn a_queue_that_is_down_for_a_while() {
    down_for(Duration::from_secs(2));
}

#[test]
#[ignore = "it takes minutes"]
fn a_queue_that_is_down_for_a_minute() {
    down_for(MINUTE);
}

fn down_for(time: Duration) {
    let home = Home::new();
    let mut redis = Redis::new();
    redis.ask(&request("a"));
    let mut command = home.queue(&redis);
    command.env("TESTAMUR_AGENT__HTTP__LISTEN", "127.0.0.1:0");
    let mut program = Program::start(command);
    let at = program.address();
    until("the first is answered", || redis.results().len() == 1);
    redis.stop();
    until("it is noticed", || get(&at, "/readyz").status == 503);
    assert_eq!(get(&at, "/readyz").json()["why"], json!(["queue"]));
    thread::sleep(time);
    redis.start();
    redis.add(&[("request", &vec![b'x'; 10 << 20])]);
    redis.add(&[("request", b"\xff\xfe")]);
    redis.add(&[("something", b"else")]);
    redis.ask(&json!({ "course": "no/such/course", "name": "Ada", "username": "ada" }));
    redis.ask(&request("b"));
    redis.ask(&request("b"));
    until("all are answered", || redis.results().len() == 7);
    assert_eq!(redis.dead(), 3);
    assert_eq!(home.records().len(), 2);
    until("it is ready again", || get(&at, "/readyz").status == 200);
    let log = program.log();
    assert_eq!(log.matches("the queue fails").count(), 1, "it is said once: {log}");
    program.terminate();
    assert_eq!(program.code(), 0);
}
