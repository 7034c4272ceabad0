//! A clock that jumps, fails, and never comes to rest: requests wait for a right one, and no lease
//! depends on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use testamur::agent::{Agent, AgentExit, Clock, HttpApi, RedisQueue, RunningAgent};
use testamur::site::{KeySource, Keys, Settings, Site};
use testamur::{Date, Error, ErrorKind, Timestamp};

use super::bench::{COURSE, Redis, Said, get, holds, issuer_by, records, request, until};

/// The day on which the keys are made, and another one later on which all is well.
const MADE: &str = "2025-01-10T00:00:00Z";
const TODAY: &str = "2026-05-14T09:30:00Z";

/// A clock of the test's own, in seconds since 1970; at nought it fails.
struct Unsteady(AtomicU64);

impl Unsteady {
    fn set(&self, text: &str) {
        self.0.store(Timestamp::parse(text).unwrap().unix(), Ordering::SeqCst);
    }

    fn fail(&self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

impl Clock for Unsteady {
    fn now(&self) -> Result<Timestamp, Error> {
        match self.0.load(Ordering::SeqCst) {
            0 => Err(Error::new(ErrorKind::Io, "the clock shows no usable time")),
            seconds => Ok(Timestamp::from_unix(seconds).unwrap()),
        }
    }
    fn today(&self) -> Result<Date, Error> {
        Date::parse(&self.now()?.to_string()[..10])
    }
}

/// An agent with a clock that can be set, behind a Redis whose leases are short.
struct World {
    folder: tempfile::TempDir,
    redis: Redis,
    clock: Arc<Unsteady>,
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

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::NewRoot { name: "Example University" };
        let made = Timestamp::parse(MADE).unwrap();
        let keys = Keys::create(&folder.path().join("keys"), &source, made).unwrap();
        let site = Site::new().with_file("courses.yaml", COURSES);
        let issuer = issuer_by(&keys, folder.path(), site, |store| store);
        let redis = Redis::new();
        let text = format!(
            "agent: {{ queue: redis, redis: {{ url: '{}', stream: {}, lease: 2 }} }}\n",
            redis.url(),
            Redis::STREAM
        );
        let settings = Settings::parse(text.as_bytes()).unwrap().agent;
        let queue = RedisQueue::new(&settings.redis, "test").unwrap();
        let clock = Arc::new(Unsteady(AtomicU64::new(0)));
        clock.set(TODAY);
        let agent = Agent::new(issuer, clock.clone(), "test");
        let door = HttpApi::new("127.0.0.1:0".parse().unwrap(), None, 1);
        let agent = agent.with_queue(Arc::new(queue)).with_http_api(door);
        let running = agent.start().unwrap();
        Self { folder, redis, clock, keys, running }
    }

    fn public(&self) -> PathBuf {
        self.folder.path().join("public")
    }

    /// The answer to what is asked for now.
    fn ask(&self, request: &Value) -> Value {
        let before = self.redis.results().len();
        self.redis.ask(request);
        until("it is answered", || self.redis.results().len() > before);
        self.redis.results().remove(before)
    }

    /// Holds that nothing is answered for a while, and that it is said why.
    fn nothing_comes(&self, why: &str) {
        let before = self.redis.results();
        thread::sleep(Duration::from_secs(2));
        assert_eq!(self.redis.results(), before);
        let said = self.readiness();
        assert_eq!(said.status, 503);
        assert!(said.json()["why"].as_array().unwrap().contains(&json!(why)), "{said:?}");
    }

    fn readiness(&self) -> Said {
        get(&self.running.address().unwrap().to_string(), "/readyz")
    }

    /// Ends it, and gives the results and the records, all of whose certificates verify.
    fn end(self) -> (Vec<Value>, Vec<Value>) {
        // What was answered is handed out no more.
        thread::sleep(Duration::from_secs(3));
        let public = self.public();
        assert_eq!(self.running.wait(|| true), AgentExit::Stopped);
        let records = records(&public);
        for record in records.iter().filter(|record| record["status"] == "valid") {
            holds(&public, record, self.keys.trust(), Timestamp::parse(TODAY).unwrap());
        }
        (self.redis.results(), records)
    }
}

fn of<'a>(records: &'a [Value], id: &Value) -> &'a Value {
    records.iter().find(|record| record["id"] == *id).unwrap()
}

/// Back a year, before the keys, ten years on when they have ended, and a clock that fails.
#[test]
fn a_clock_that_jumps() {
    let world = World::new();
    let first = world.ask(&request("a"));
    assert_eq!(first["outcome"], "issued");

    world.clock.set("2025-05-15T09:30:00Z");
    let earlier = world.ask(&request("b"));
    assert_eq!(earlier["outcome"], "issued");
    let again = world.ask(&request("a"));
    assert_eq!(
        (&again["outcome"], &again["verify_id"]),
        (&json!("unchanged"), &first["verify_id"])
    );
    // A name that was mended: the first edition was made a year from now.
    let mended = json!({ "course": COURSE, "name": "Ada Example", "username": "a",
        "requested_at": "2026-05-15T00:00:00Z" });
    let mended = world.ask(&mended);
    assert_eq!(mended["outcome"], "superseding");

    world.clock.set("2024-05-14T09:30:00Z");
    world.redis.ask(&request("c"));
    world.nothing_comes("seal");
    world.clock.set("2036-05-14T09:30:00Z");
    world.redis.ask(&request("d"));
    world.nothing_comes("seal");
    world.clock.fail();
    world.redis.ask(&request("e"));
    let revoke = json!({ "action": "revoke", "course": COURSE, "username": "b" });
    world.redis.ask(&revoke);
    world.nothing_comes("machine");
    world.clock.set(TODAY);
    until("all are answered", || world.redis.results().len() == 8);
    assert_eq!(world.readiness().status, 200);

    let (results, records) = world.end();
    assert_eq!(results.len(), 8, "each is answered once");
    assert!(results.iter().all(|result| result["outcome"] != "failed"), "{results:?}");
    assert_eq!(records.len(), 6);
    let facts = |id: &Value| {
        let record = of(&records, id);
        (record["status"].clone(), record["edition"].clone())
    };
    assert_eq!(facts(&first["verify_id"]), (json!("superseded"), json!(1)));
    assert_eq!(of(&records, &first["verify_id"])["successor"], mended["verify_url"]);
    assert_eq!(facts(&mended["verify_id"]), (json!("valid"), json!(2)));
    assert_eq!(facts(&earlier["verify_id"]), (json!("revoked"), json!(1)));
    let issued = |id: &Value| of(&records, id)["certificate"]["issued"].clone();
    assert_eq!(issued(&mended["verify_id"]), "2025-05-15");
    for result in results.iter().filter(|result| result["outcome"] == "issued").skip(2) {
        assert_eq!(facts(&result["verify_id"]), (json!("valid"), json!(1)));
        assert_eq!(issued(&result["verify_id"]), "2026-05-14");
    }
}

/// Right, a century on, back a year, failing, all the while: each request is answered once.
#[test]
fn a_clock_that_never_comes_to_rest() {
    let world = World::new();
    let times = [TODAY, "2126-05-14T09:30:00Z", "2025-05-14T09:30:00Z", ""];
    for number in 0..24 {
        world.redis.ask(&request(&number.to_string()));
    }
    let mut turn = 0;
    until("all are answered", || {
        match times[turn % times.len()] {
            "" => world.clock.fail(),
            time => world.clock.set(time),
        }
        turn += 1;
        world.redis.results().len() >= 24
    });
    world.clock.set(TODAY);
    let (results, records) = world.end();
    assert_eq!((results.len(), records.len()), (24, 24), "each once");
    for result in &results {
        assert_eq!(result["outcome"], "issued", "{result}");
        let record = of(&records, &result["verify_id"]);
        assert_eq!((&record["status"], &record["edition"]), (&json!("valid"), &json!(1)));
    }
}
