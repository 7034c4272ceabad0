//! Failing stores, queues and sites, repeated and malformed requests, and webhooks.

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
use testamur::agent::{Agent, AgentExit, HttpApi, RunningAgent, Webhook};
use testamur::register::{CreateOutcome, Store, StoreFile, StorePath, SwapOutcome};
use testamur::site::{Secret, Site};
use testamur::{Error, ErrorKind, Result};

use super::setup::{
    AgentSite, COURSE, FixedClock, LONG, MemoryQueue, Program, Redis, TOKEN, get, issuer,
    post, request, until,
};

const MINUTE: Duration = Duration::from_secs(60);

/// A store that can refuse writes, and counts the PDFs that are created.
#[derive(Debug)]
struct RefusingStore {
    inner: Arc<dyn Store>,
    refuses: AtomicBool,
    /// Whether another page comes in place of each record.
    garbles: AtomicBool,
    pdfs: AtomicUsize,
}

impl RefusingStore {
    fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            refuses: AtomicBool::new(false),
            garbles: AtomicBool::new(false),
            pdfs: AtomicUsize::new(0),
        })
    }

    fn check_refusal(&self) -> Result<()> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(Error::new(
                ErrorKind::StoreRefused,
                "permission to write is denied",
            ));
        }
        Ok(())
    }
}

impl fmt::Display for RefusingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Store for RefusingStore {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        self.check_refusal()?;
        if file.path.as_str().ends_with(".pdf") {
            self.pdfs.fetch_add(1, Ordering::SeqCst);
        }
        self.inner.create(file)
    }
    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        self.check_refusal()?;
        self.inner.replace(file)
    }
    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        self.check_refusal()?;
        self.inner.swap(file, was)
    }
    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        let found = self.inner.read(path)?;
        let is_record = path.as_str().ends_with("/certificate.json");
        if found.is_some() && is_record && self.garbles.load(Ordering::SeqCst) {
            return Ok(Some(b"<html>down for maintenance</html>".to_vec()));
        }
        Ok(found)
    }
    fn remove(&self, path: &StorePath) -> Result<()> {
        self.check_refusal()?;
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
        self.check_refusal()?;
        self.inner.check()
    }
}

/// An agent within the test's process, over a store that can refuse writes.
struct TestAgent {
    _folder: tempfile::TempDir,
    store: Arc<RefusingStore>,
    agent: Agent,
}

fn test_agent(site: Site) -> TestAgent {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = None;
    let issuer = issuer(folder.path(), site, |inner| {
        let store = RefusingStore::over(inner);
        kept = Some(store.clone());
        store
    });
    let agent = Agent::new(issuer, Arc::new(FixedClock), "test");
    TestAgent { _folder: folder, store: kept.unwrap(), agent }
}

/// Ends an agent and asserts that it stopped by itself.
fn end(running: RunningAgent) {
    assert_eq!(running.wait(|| true), AgentExit::Stopped);
}

fn outcomes(queue: &MemoryQueue) -> Vec<String> {
    let answers = queue.answers();
    answers.iter().map(|it| it["outcome"].as_str().unwrap().to_owned()).collect()
}

/// While the store refuses, requests wait, up to the spool's limit; then all of them are done.
#[test]
fn requests_wait_while_the_store_refuses_writes() {
    check_refusing_store(Duration::from_millis(500));
}

#[test]
#[ignore = "takes minutes"]
fn requests_wait_while_the_store_refuses_writes_for_a_minute() {
    check_refusing_store(MINUTE);
}

fn check_refusing_store(time: Duration) {
    let TestAgent { _folder, store, agent } = test_agent(Site::demo());
    let http_api =
        HttpApi::new("127.0.0.1:0".parse().unwrap(), Some(Secret::new(TOKEN)), 3);
    let running = agent.with_http_api(http_api).start().unwrap();
    let at = running.address().unwrap().to_string();
    store.refuses.store(true, Ordering::SeqCst);
    for user in ["a", "b", "c"] {
        assert_eq!(post(&at, "/certificates", &request(user)).status, 202);
    }
    until("the agent reports that it is not ready", || get(&at, "/readyz").status == 503);
    assert_eq!(get(&at, "/readyz").json()["why"], json!(["store"]));
    let response = post(&at, "/certificates", &request("d"));
    assert_eq!(response.status, 429, "{response:?}");
    assert!(response.head.contains("retry-after: "));
    // An equal request takes no further space in the spool.
    assert_eq!(post(&at, "/certificates", &request("c")).status, 202);
    let begun = Instant::now();
    while begun.elapsed() < time {
        assert_eq!(
            get(&at, "/readyz").status,
            503,
            "a readable store that refuses writes is not ready"
        );
        thread::sleep(Duration::from_millis(100));
    }
    store.refuses.store(false, Ordering::SeqCst);
    for user in ["a", "b", "c"] {
        // A waiting request is retried after up to a minute.
        let ask = || post(&at, "/certificates?wait=60", &request(user));
        let response =
            Some(ask()).filter(|response| response.status != 202).unwrap_or_else(ask);
        assert!([200, 201].contains(&response.status), "{response:?}");
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

/// A server in place of the store that answers each question with a page of its own makes requests wait,
/// and none of them is answered with an error.
#[test]
fn requests_wait_while_something_else_answers_for_the_store() {
    let TestAgent { _folder, store, agent } = test_agent(Site::demo());
    let queue = MemoryQueue::of([request("ada").to_string()]);
    let agent = agent.with_queue(queue.clone()).with_http_api(HttpApi::new(
        "127.0.0.1:0".parse().unwrap(),
        None,
        1,
    ));
    let running = agent.start().unwrap();
    let at = running.address().unwrap().to_string();
    until("it is issued", || outcomes(&queue) == ["issued"]);
    store.garbles.store(true, Ordering::SeqCst);
    let mut changed = request("ada");
    changed["name"] = "Augusta Ada King".into();
    queue.add(changed.to_string());
    until("the store fails", || {
        get(&at, "/metrics").body.contains("testamur_retries_total")
    });
    thread::sleep(Duration::from_millis(500));
    assert_eq!(outcomes(&queue), ["issued"]);
    store.garbles.store(false, Ordering::SeqCst);
    until("it is done", || outcomes(&queue).len() == 2);
    assert_eq!(outcomes(&queue), ["issued", "superseding"]);
    end(running);
}

/// An answer whose acknowledgement fails is sent again and stays the same; nothing is issued twice.
#[test]
fn unacknowledged_answer_is_sent_again_unchanged() {
    let TestAgent { _folder, store, agent } = test_agent(Site::demo());
    let queue =
        MemoryQueue::of((0..4).map(|user| request(&user.to_string()).to_string()));
    queue.failing_acks.store(6, Ordering::SeqCst);
    let running = agent.with_queue(queue.clone()).start().unwrap();
    until("all are answered", || queue.answers().len() == 4);
    assert_eq!(outcomes(&queue), ["issued"; 4]);
    assert_eq!(store.pdfs.load(Ordering::SeqCst), 4);
    end(running);
}

/// A grade that does not pass is an answer: it is not tried again, and nothing is published.
#[test]
fn grade_that_does_not_pass_is_answered() {
    let site = Site::new().with_sample_pictures().with_file(
        "courses.yaml",
        format!(
            "{COURSE}: {{ title: T, organization: O, language: en, grades: {{ scale: points, \
             max: 20, pass: 10 }} }}"
        ),
    );
    let TestAgent { _folder, store, agent } = test_agent(site);
    let graded = |user: &str, grade: Value| {
        let mut request = request(user);
        request["grade"] = grade;
        request
    };
    let queue = MemoryQueue::of([
        graded("a", json!("9.5")).to_string(),
        graded("b", json!("Fail")).to_string(),
        graded("c", json!({ "fraction": 0.49 })).to_string(),
        graded("d", json!({ "fraction": "0.93" })).to_string(),
        graded("e", json!(93)).to_string(),
    ]);
    let http_api =
        HttpApi::new("127.0.0.1:0".parse().unwrap(), Some(Secret::new(TOKEN)), 3);
    let running =
        agent.with_queue(queue.clone()).with_http_api(http_api).start().unwrap();
    let at = running.address().unwrap().to_string();
    until("all are answered", || queue.answers().len() == 5);
    let mut outcomes = outcomes(&queue);
    outcomes.sort();
    assert_eq!(outcomes, ["failed", "issued", "not-passed", "not-passed", "not-passed"]);
    for path in ["/certificates", "/certificates?wait"] {
        let response = post(&at, path, &graded("f", json!(9)));
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.json()["outcome"], "not-passed");
        let why = "not passed: the grade `9` is below the pass mark 10";
        assert_eq!(response.json()["why"], why);
    }
    assert_eq!(post(&at, "/certificates", &graded("g", json!(93))).status, 422);
    assert_eq!(store.pdfs.load(Ordering::SeqCst), 1);
    end(running);
}

/// A request that may have ended an agent runs alone, and is dead-lettered after ten deliveries.
#[test]
fn often_redelivered_request_runs_alone() {
    let TestAgent { _folder, store, agent } = test_agent(Site::demo());
    let queue = MemoryQueue::of([]);
    for user in 0..12 {
        match user % 3 {
            0 => queue.add_again(request(&user.to_string()).to_string(), 5),
            _ => queue.add(request(&user.to_string()).to_string()),
        }
    }
    queue.add_again(request("deadly").to_string(), 10);
    let running = agent.with_workers(6).with_queue(queue.clone()).start().unwrap();
    until("all are answered", || queue.answers().len() == 13);
    let outcomes = outcomes(&queue);
    let count = |word: &str| outcomes.iter().filter(|it| *it == word).count();
    assert_eq!((count("issued"), count("failed")), (12, 1), "{outcomes:?}");
    assert_eq!(
        *queue.others_in_hand.lock().unwrap(),
        [0; 5],
        "no other request is in hand"
    );
    // Those that wait to run alone do not count as handed out once more until they do.
    let counted = queue.counted.lock().unwrap().clone();
    let ids: Vec<String> = queue.attempts.lock().unwrap().keys().cloned().collect();
    for id in &ids {
        let of_it = counted.iter().filter(|(it, _)| it == id).map(|(_, count)| *count);
        let of_it: Vec<u32> = of_it.collect();
        let [first, .., last] = of_it[..] else { panic!("{counted:?}") };
        assert_eq!(first + 1, last, "{counted:?}");
    }
    assert_eq!(store.pdfs.load(Ordering::SeqCst), 12);
    end(running);
}

/// While a queue takes no answers, requests of it and of other sources are done, also suspicious
/// ones, which are worked on alone.
#[test]
fn queue_that_takes_no_answers_stalls_no_other_request() {
    let TestAgent { _folder: folder, store: _store, agent } = test_agent(Site::demo());
    // Three requests that an earlier agent left, one of which was in hand at four ends.
    let spool = folder.path().join("private/spool");
    fs::create_dir_all(&spool).unwrap();
    for (number, user) in ["suspicious", "b", "c"].iter().enumerate() {
        let file = spool.join(format!("00000000000{number}-x-000000000.json"));
        fs::write(file, request(user).to_string()).unwrap();
    }
    fs::write(spool.join("000000000000-x-000000000.tries"), "4").unwrap();
    let queue = MemoryQueue::of(["d", "e"].map(|user| request(user).to_string()));
    queue.add_again(request("also suspicious").to_string(), 5);
    queue.failing_acks.store(usize::MAX, Ordering::SeqCst);
    let http_api =
        HttpApi::new("127.0.0.1:0".parse().unwrap(), Some(Secret::new(TOKEN)), 10);
    let agent = agent.with_workers(2).with_http_api(http_api);
    let running = agent.with_queue(queue.clone()).start().unwrap();
    let at = running.address().unwrap().to_string();
    until("the queue has refused answers", || {
        queue.failing_acks.load(Ordering::SeqCst) < usize::MAX - 2
    });
    let response = post(&at, "/certificates?wait=30", &request("new"));
    assert_eq!(response.status, 201, "{response:?}");
    let is_spooled =
        || fs::read_dir(&spool).is_ok_and(|mut spool| spool.next().is_some());
    until("all that came over HTTP are done", || !is_spooled());
    assert!(queue.answers().is_empty());
    queue.failing_acks.store(0, Ordering::SeqCst);
    until("the others are answered", || queue.answers().len() == 3);
    end(running);
}

/// Equal requests at the same time are rendered once, and malformed ones among them end nothing.
#[test]
fn duplicates_render_once_and_malformed_requests_fail_alone() {
    let TestAgent { _folder, store, agent } = test_agent(Site::demo());
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
    let queue = MemoryQueue::of(all);
    let running = agent.with_queue(queue.clone()).start().unwrap();
    until("all are answered", || queue.answers().len() == number);
    let outcomes = outcomes(&queue);
    let count = |word: &str| outcomes.iter().filter(|it| *it == word).count();
    // The name with a script is a name like any other.
    assert_eq!(
        (count("failed"), count("issued"), count("unchanged")),
        (8, 3, 16),
        "{outcomes:?}"
    );
    assert_eq!(store.pdfs.load(Ordering::SeqCst), 3, "each certificate is rendered once");
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

/// Courses are added while the agent works; an error in the courses file keeps the courses as they
/// were.
#[test]
fn changed_courses_are_reloaded_and_broken_ones_ignored() {
    let site = tempfile::tempdir().unwrap();
    let courses = site.path().join("courses.yaml");
    fs::write(&courses, COURSES).unwrap();
    let TestAgent { _folder, agent, .. } = test_agent(Site::open(site.path()).unwrap());
    let queue = MemoryQueue::of([]);
    let every = Some(Duration::from_millis(50));
    let http_api = HttpApi::new("127.0.0.1:0".parse().unwrap(), None, 1);
    let agent = agent.with_queue(queue.clone()).with_http_api(http_api);
    let running = agent.with_site_folder(site.path(), every).start().unwrap();
    let at = running.address().unwrap().to_string();
    let reloads = |outcome: &str| {
        let line = format!("testamur_reloads_total{{outcome=\"{outcome}\"}} 1");
        get(&at, "/metrics").body.contains(&line)
    };
    let ask = |course: &str, user: &str| {
        let before = queue.answers().len();
        queue.add(
            json!({ "course": course, "name": "Ada", "username": user }).to_string(),
        );
        until("the request is answered", || queue.answers().len() > before);
        queue.answers().last().unwrap()["outcome"].clone()
    };
    assert_eq!(ask("Org/Sails/2026", "a"), "failed");
    let more = COURSES.replace("Knots", "Sails");
    fs::write(&courses, format!("{COURSES}{more}")).unwrap();
    until("the courses are reloaded", || reloads("done"));
    assert_eq!(ask("Org/Sails/2026", "a"), "issued");
    assert_eq!(ask("Org/Knots/2026", "a"), "issued");
    fs::write(&courses, "Org/Knots/2026: { tytle: }\n").unwrap();
    until("the error is noticed", || reloads("failed"));
    assert_eq!(ask("Org/Sails/2026", "b"), "issued");
    // The settings are read at the start only.
    fs::write(site.path().join("testamur.yaml"), "publsh: {}\n").unwrap();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(ask("Org/Sails/2026", "c"), "issued");
    end(running);
}

/// The webhook receives each outcome, signed; a failed delivery is repeated.
#[test]
fn webhook_receives_each_outcome_signed() {
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
    let TestAgent { _folder, agent, .. } = test_agent(Site::demo());
    let queue = MemoryQueue::of([request("ada").to_string(), "{".to_owned()]);
    let secret = Secret::new("hook");
    let agent = agent.with_workers(1).with_webhook(Webhook::new(url, &secret));
    let running = agent.with_queue(queue.clone()).start().unwrap();
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

/// Redis goes down and comes back, with malformed messages in the stream.
#[test]
fn requests_resume_after_a_queue_outage() {
    check_queue_outage(Duration::from_secs(2));
}

#[test]
#[ignore = "takes minutes"]
fn requests_resume_after_a_queue_outage_of_a_minute() {
    check_queue_outage(MINUTE);
}

fn check_queue_outage(time: Duration) {
    let site = AgentSite::new();
    let mut redis = Redis::new();
    redis.ask(&request("a"));
    let mut command = site.redis_command(&redis);
    command.env("TESTAMUR_AGENT__HTTP__LISTEN", "127.0.0.1:0");
    let mut program = Program::start(command);
    let at = program.address();
    until("the first request is answered", || redis.results().len() == 1);
    redis.stop();
    until("the agent reports that it is not ready", || get(&at, "/readyz").status == 503);
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
    assert_eq!(site.records().len(), 2);
    until("the agent is ready again", || get(&at, "/readyz").status == 200);
    let log = program.log();
    assert_eq!(
        log.matches("the queue fails").count(),
        1,
        "the failure is logged once: {log}"
    );
    program.terminate();
    assert_eq!(program.code(), 0);
}
