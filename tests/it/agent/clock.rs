//! A clock that jumps, fails and keeps changing: requests wait until it is right, and no lease
//! depends on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use testamur::agent::{
    Agent, AgentExit, Clock, ClockReading, HttpApi, RedisQueue, RunningAgent,
};
use testamur::site::{KeySource, Keys, Settings, Site};
use testamur::{Error, ErrorKind, Timestamp};

use super::setup::{
    COURSE, HttpResponse, Redis, assert_verifies, get, issuer_with_keys, records,
    request, until,
};

/// The day on which the keys are made, and a later day on which the keys are valid.
const MADE: &str = "2025-01-10T00:00:00Z";
const TODAY: &str = "2026-05-14T09:30:00Z";

/// A clock that the test sets, in seconds since 1970; at 0 it fails.
struct SettableClock(AtomicU64);

impl SettableClock {
    fn set(&self, text: &str) {
        self.0.store(Timestamp::parse(text).unwrap().unix(), Ordering::SeqCst);
    }

    fn fail(&self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

impl Clock for SettableClock {
    fn read(&self) -> Result<ClockReading, Error> {
        let now = match self.0.load(Ordering::SeqCst) {
            0 => {
                return Err(Error::new(ErrorKind::Io, "the clock shows no usable time"));
            }
            seconds => Timestamp::from_unix(seconds).unwrap(),
        };
        Ok(ClockReading { now, today: now.date() })
    }
}

/// An agent with a settable clock, and a Redis with short leases.
struct Setup {
    folder: tempfile::TempDir,
    redis: Redis,
    clock: Arc<SettableClock>,
    keys: Keys,
    running: RunningAgent,
}

const COURSES: &str = "\
course-v1:ExampleX+CURL101+2026_T1:
  title: Introduction to Curling
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: classic
  issued: rolling
";

impl Setup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::NewRoot { name: "Example University" };
        let made = Timestamp::parse(MADE).unwrap();
        let keys = Keys::create(&folder.path().join("keys"), &source, made).unwrap();
        let site = Site::new().with_sample_pictures().with_file("courses.yaml", COURSES);
        let issuer = issuer_with_keys(&keys, folder.path(), site, |store| store);
        let redis = Redis::new();
        let text = format!(
            "agent: {{ queue: redis, redis: {{ url: '{}', stream: {}, lease: 2 }} }}\n",
            redis.url(),
            Redis::STREAM
        );
        let settings = Settings::parse(text.as_bytes()).unwrap().agent;
        let queue = RedisQueue::new(&settings.redis, "test").unwrap();
        let clock = Arc::new(SettableClock(AtomicU64::new(0)));
        clock.set(TODAY);
        let agent = Agent::new(issuer, clock.clone(), "test");
        let http_api = HttpApi::new("127.0.0.1:0".parse().unwrap(), None, 1);
        let agent = agent.with_queue(Arc::new(queue)).with_http_api(http_api);
        let running = agent.start().unwrap();
        Self { folder, redis, clock, keys, running }
    }

    fn public(&self) -> PathBuf {
        self.folder.path().join("public")
    }

    /// Sends a request and returns its answer.
    fn ask(&self, request: &Value) -> Value {
        let before = self.redis.results().len();
        self.redis.ask(request);
        until("the request is answered", || self.redis.results().len() > before);
        self.redis.results().remove(before)
    }

    /// Asserts that nothing is answered for two seconds, and that `/readyz` gives the reason.
    fn assert_waits(&self, why: &str) {
        let before = self.redis.results();
        thread::sleep(Duration::from_secs(2));
        assert_eq!(self.redis.results(), before);
        let response = self.readiness();
        assert_eq!(response.status, 503);
        assert!(
            response.json()["why"].as_array().unwrap().contains(&json!(why)),
            "{response:?}"
        );
    }

    fn readiness(&self) -> HttpResponse {
        get(&self.running.address().unwrap().to_string(), "/readyz")
    }

    /// Ends the agent and returns the results and the records; all valid certificates verify.
    fn end(self) -> (Vec<Value>, Vec<Value>) {
        // Long enough for a lease to expire: an answered request must not be delivered again.
        thread::sleep(Duration::from_secs(3));
        let public = self.public();
        assert_eq!(self.running.wait(|| true), AgentExit::Stopped);
        let records = records(&public);
        for record in records.iter().filter(|record| record["status"] == "valid") {
            assert_verifies(
                &public,
                record,
                self.keys.trust(),
                Timestamp::parse(TODAY).unwrap(),
            );
        }
        (self.redis.results(), records)
    }
}

fn record_of<'a>(records: &'a [Value], id: &Value) -> &'a Value {
    records.iter().find(|record| record["id"] == *id).unwrap()
}

/// A clock that goes back a year, to before the keys, and on to after their end, and one that
/// fails.
#[test]
fn requests_wait_while_the_clock_is_wrong() {
    let setup = Setup::new();
    let first = setup.ask(&request("a"));
    assert_eq!(first["outcome"], "issued");

    setup.clock.set("2025-05-15T09:30:00Z");
    let earlier = setup.ask(&request("b"));
    assert_eq!(earlier["outcome"], "issued");
    let again = setup.ask(&request("a"));
    assert_eq!(
        (&again["outcome"], &again["verify_id"]),
        (&json!("unchanged"), &first["verify_id"])
    );
    // A corrected name: the first edition's date is a year in the future.
    let mended = json!({ "course": COURSE, "name": "Ada Example", "username": "a",
        "requested_at": "2026-05-15T00:00:00Z" });
    let mended = setup.ask(&mended);
    assert_eq!(mended["outcome"], "superseding");

    setup.clock.set("2024-05-14T09:30:00Z");
    setup.redis.ask(&request("c"));
    setup.assert_waits("seal");
    setup.clock.set("2036-05-14T09:30:00Z");
    setup.redis.ask(&request("d"));
    setup.assert_waits("seal");
    setup.clock.fail();
    setup.redis.ask(&request("e"));
    let revoke = json!({ "action": "revoke", "course": COURSE, "username": "b" });
    setup.redis.ask(&revoke);
    setup.assert_waits("machine");
    setup.clock.set(TODAY);
    until("all are answered", || setup.redis.results().len() == 8);
    assert_eq!(setup.readiness().status, 200);

    let (results, records) = setup.end();
    assert_eq!(results.len(), 8, "each request is answered once");
    assert!(results.iter().all(|result| result["outcome"] != "failed"), "{results:?}");
    assert_eq!(records.len(), 6);
    let facts = |id: &Value| {
        let record = record_of(&records, id);
        (record["status"].clone(), record["edition"].clone())
    };
    assert_eq!(facts(&first["verify_id"]), (json!("superseded"), json!(1)));
    assert_eq!(
        record_of(&records, &first["verify_id"])["successor"],
        mended["verify_url"]
    );
    assert_eq!(facts(&mended["verify_id"]), (json!("valid"), json!(2)));
    assert_eq!(facts(&earlier["verify_id"]), (json!("revoked"), json!(1)));
    let issued = |id: &Value| record_of(&records, id)["certificate"]["issued"].clone();
    assert_eq!(issued(&mended["verify_id"]), "2025-05-15");
    for result in results.iter().filter(|result| result["outcome"] == "issued").skip(2) {
        assert_eq!(facts(&result["verify_id"]), (json!("valid"), json!(1)));
        assert_eq!(issued(&result["verify_id"]), "2026-05-14");
    }
}

/// A clock that is right, a century ahead, a year behind and failing by turns: each request is
/// answered once.
#[test]
fn unsteady_clock_issues_each_request_once() {
    let setup = Setup::new();
    let times = [TODAY, "2126-05-14T09:30:00Z", "2025-05-14T09:30:00Z", ""];
    for number in 0..24 {
        setup.redis.ask(&request(&number.to_string()));
    }
    let mut turn = 0;
    until("all are answered", || {
        match times[turn % times.len()] {
            "" => setup.clock.fail(),
            time => setup.clock.set(time),
        }
        turn += 1;
        setup.redis.results().len() >= 24
    });
    setup.clock.set(TODAY);
    let (results, records) = setup.end();
    assert_eq!(
        (results.len(), records.len()),
        (24, 24),
        "each recipient has one certificate"
    );
    for result in &results {
        assert_eq!(result["outcome"], "issued", "{result}");
        let record = record_of(&records, &result["verify_id"]);
        assert_eq!((&record["status"], &record["edition"]), (&json!("valid"), &json!(1)));
    }
}
