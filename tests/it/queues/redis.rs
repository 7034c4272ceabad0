//! Redis Streams, and the event bus of Open edX that runs over them.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use testamur::ErrorKind;
use testamur::agent::{Answer, LeaseState, Queue, RedisQueue, Target, Task, open_queue};
use testamur::site::{Award, Recipient, Secret};

use super::contract::{LEASE, World, receive};
use super::server::{DEAD, RESULTS, RedisWorld, STREAM};
use super::{BRIEF, LONG, issued};
use crate::agent::producer::produce;

const COURSE: &str = "course-v1:ExampleX+CURL101+2026_T1";
/// What a real producer wrote of a recipient's certificate.
const EVENT: &str = "DgEKZ3VpZG8aZ0BleGFtcGxlLm9yZyBHdWlkbyB2YW4gUm9zc3VtRGNvdXJzZS12MTpFeGFtcGxlWCtDVVJMMTAxKzIwMjZfVDEuSW50cm9kdWN0aW9uIHRvIEN1cmxpbmcAABB2ZXJpZmllZAgwLjkzACBHdWlkbyB2YW4gUm9zc3VtGGRvd25sb2FkYWJsZQA=";

fn world() -> (RedisWorld, RedisQueue) {
    let world = RedisWorld::new();
    let queue = world.redis("a");
    queue.check().unwrap();
    (world, queue)
}

fn add_event(world: &RedisWorld, kind: &str, data: &[u8]) {
    let kind = format!("org.openedx.learning.{kind}.v1");
    world.add(&[
        ("type", kind.as_bytes()),
        ("id", b"8a2b8a5c-1111-11f1-8000-0242ac120002"),
        ("source", b"openedx/lms/web"),
        ("time", b"2026-05-14T11:30:00.123456+02:00"),
        ("minorversion", b"0"),
        ("sourcehost", b"lms-1"),
        ("sourcelib", b"10.5.0"),
        ("event_data", data),
        ("another", b"\xff\x00"),
    ]);
}

#[test]
fn the_events_of_a_certificates_life() {
    let (world, queue) = world();
    let data = BASE64_STANDARD.decode(EVENT).unwrap();
    add_event(&world, "certificate.created", &data);
    add_event(&world, "course.enrollment.created", &data);
    add_event(&world, "certificate.revoked", &data);

    let delivery = receive(&queue);
    let Ok(Task::Issue { request, options, .. }) = delivery.task() else { panic!() };
    assert_eq!((request.course(), request.recipient()), (COURSE, Some("guido")));
    assert_eq!(request.name().as_str(), "Guido van Rossum");
    assert_eq!(request.grade(), Some("0.93"));
    assert_eq!(
        request.requested_at().unwrap().to_string(),
        "2026-05-14T09:30:00.123456Z"
    );
    assert!(!options.replace && !options.reissue);
    queue.ack(&delivery, &issued(&delivery)).unwrap();

    let delivery = receive(&queue);
    let Ok(Task::Ignore(why)) = delivery.task() else { panic!() };
    queue.ack(&delivery, &Answer::Ignored { why: why.clone() }).unwrap();

    let delivery = receive(&queue);
    let Ok(Task::Revoke(revocation)) = delivery.task() else { panic!() };
    let recipient = Recipient::Id("guido".to_owned());
    let award = Award { course: COURSE.to_owned(), recipient };
    assert_eq!(revocation.target, Target::Award(award));
    assert!(revocation.requested_at.is_some());
    queue.ack(&delivery, &Answer::Revoked { verify_id: "0".repeat(32) }).unwrap();

    assert_eq!(world.pending(), 0);
    let results = world.results();
    assert_eq!(results.len(), 2, "nothing is said of other people's events");
    let result = &results[0];
    assert_eq!(result["reference"], "8a2b8a5c-1111-11f1-8000-0242ac120002");
    assert_eq!(result["action"], "org.openedx.learning.certificate.created.v1");
    assert_eq!(
        (&result["course"], &result["username"]),
        (&json!(COURSE), &json!("guido"))
    );
    assert_eq!(result["outcome"], "issued");
    assert!(result["url"].as_str().unwrap().ends_with("/Certificate.pdf"));
    assert_eq!(results[1]["outcome"], "revoked");
}

#[test]
fn the_real_producer() {
    let (world, queue) = world();
    produce(&world.url(), &[]);
    let seen: Vec<String> = (0..3)
        .map(|_| {
            let delivery = receive(&queue);
            let seen = match delivery.task() {
                Ok(Task::Issue { request, .. }) => {
                    assert_eq!(
                        (request.course(), request.recipient()),
                        (COURSE, Some("莊"))
                    );
                    assert!(request.requested_at().is_some());
                    format!("{} {:?}", request.name(), request.grade())
                }
                Ok(Task::Revoke(_)) => "revoked".to_owned(),
                task => panic!("{task:?}"),
            };
            queue.ack(&delivery, &Answer::Ignored { why: String::new() }).unwrap();
            seen
        })
        .collect();
    assert_eq!(
        seen,
        ["Ya-Shen Chuang (莊雅善) Some(\"0.93\")", "莊雅善 None", "revoked"]
    );
}

#[test]
fn modes_and_statuses_are_set() {
    let world = RedisWorld::new();
    let mut settings = world.settings();
    settings.modes = vec!["honor".to_owned()];
    let queue = RedisQueue::new(&settings, "a").unwrap();
    queue.check().unwrap();
    add_event(&world, "certificate.created", &BASE64_STANDARD.decode(EVENT).unwrap());
    let delivery = receive(&queue);
    let Ok(Task::Ignore(why)) = delivery.task() else { panic!() };
    assert_eq!(why, "the mode `verified` earns no certificate");
}

#[test]
fn a_request_of_ones_own() {
    let (world, queue) = world();
    let request = json!({
        "course": COURSE, "name": " Guido  van Rossum ", "username": "guido",
        "language": "es", "grade": 0.93, "issued": "2026-05-14", "designation": "MD",
        "layout": "modern", "extra": { "hours": 12 }, "requested_at": "2026-05-14T09:30:00+00:00",
        "replace": true, "reissue": true, "reference": "42", "action": "issue",
    });
    world.add(&[("request", request.to_string().as_bytes())]);
    let delivery = receive(&queue);
    let Ok(Task::Issue { request, options, .. }) = delivery.task() else {
        panic!("{:?}", delivery.task())
    };
    assert_eq!(request.name().as_str(), "Guido van Rossum");
    assert_eq!(request.language().unwrap().as_str(), "es");
    assert_eq!(request.grade(), Some("0.93"));
    assert_eq!(request.issued().unwrap().to_string(), "2026-05-14");
    assert_eq!((request.designation(), request.layout()), (Some("MD"), Some("modern")));
    assert_eq!(request.extra()["hours"], json!(12));
    assert!(options.replace && options.reissue);
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    assert_eq!(world.results()[0]["reference"], "42");
}

#[test]
fn poison_goes_where_it_can_be_read() {
    let (world, queue) = world();
    let large = vec![b' '; 10 << 20];
    /// An entry's fields, and what is said of it.
    type Case<'a> = (&'a [(&'a str, &'a [u8])], &'a str);
    let cases: [Case<'_>; 9] = [
        (&[("request", b"\xff")], "is no JSON"),
        (&[("request", b"7")], "is no JSON object"),
        (&[("request", &large)], "bytes"),
        (&[("requst", b"{}")], "neither a `request` nor the `type`"),
        (
            &[("request", br#"{"course":"c","name":"A","langage":"es","usrname":"a"}"#)],
            "unknown key `langage`; unknown key `usrname`",
        ),
        (&[("request", br#"{"course":"c"}"#)], "`name` is missing"),
        (
            &[("request", br#"{"course":"c","name":"A","language":"Spanish!"}"#)],
            "`language`",
        ),
        (
            &[("request", br#"{"action":"issu","course":"c","name":"A"}"#)],
            "unknown action `issu`",
        ),
        (
            &[
                ("type", b"org.openedx.learning.certificate.created.v1"),
                ("event_data", b"\x0e\x01\x0a"),
            ],
            "`user.pii.username` is cut short",
        ),
    ];
    let ids: Vec<String> = cases.iter().map(|(fields, _)| world.add(fields)).collect();
    for (_, words) in cases {
        let delivery = receive(&queue);
        let Err(why) = delivery.task() else { panic!("{words}") };
        assert!(why.to_string().contains(words), "{words}: {why}");
        if words.starts_with("unknown key") {
            assert_eq!(why.help(), Some("did you mean `language`?"));
        }
        assert_eq!(queue.dead_letter(&delivery, why).unwrap(), LeaseState::Held);
    }
    let letters = world.entries(DEAD);
    assert_eq!(letters.len(), cases.len());
    for (letter, (id, (fields, words))) in letters.into_iter().zip(ids.iter().zip(cases))
    {
        let letter: BTreeMap<String, Vec<u8>> = letter.into_iter().collect();
        assert_eq!(letter["entry"], id.as_bytes());
        assert_eq!(letter["stream"], STREAM.as_bytes());
        assert!(String::from_utf8_lossy(&letter["reason"]).contains(words));
        for (name, value) in fields {
            assert_eq!(letter[*name], value[..value.len().min(64 << 10)]);
        }
    }
    assert_eq!(world.pending(), 0);
    let results = world.results();
    assert_eq!(results.len(), cases.len());
    assert!(results.iter().all(|result| result["outcome"] == "failed"));
    assert_eq!(results[4]["help"], "did you mean `language`?");
}

#[test]
fn a_lease_is_renewed() {
    let (world, queue) = world();
    let other = world.redis("b");
    world.send("ada");
    let delivery = receive(&queue);
    let begun = Instant::now();
    while begun.elapsed() < LEASE * 2 {
        let renewed = Instant::now();
        assert_eq!(queue.extend_lease(&delivery).unwrap(), LeaseState::Held);
        let taken = other.receive(BRIEF).unwrap();
        if renewed.elapsed() > LEASE {
            // The machine stood still.
            return;
        }
        assert!(taken.is_none());
    }
    // Held by none for the lease, it goes to another, who counts.
    let delivery = other.receive(LONG).unwrap().unwrap();
    assert_eq!(delivery.attempt(), 2);
}

#[test]
fn a_group_that_is_gone_is_made_again() {
    let (world, queue) = world();
    world.send("ada");
    let delivery = receive(&queue);
    let () = world.ask(&["FLUSHALL"]);
    assert_eq!(queue.extend_lease(&delivery).unwrap(), LeaseState::Lost);
    queue.nack(&delivery, BRIEF).unwrap();
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    world.send("grace");
    let delivery = receive(&queue);
    assert_eq!(delivery.correlation().recipient.as_deref(), Some("grace"));
    // The stream goes while we wait for it.
    let () = world.ask(&["DEL", STREAM]);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| queue.receive(LONG));
        thread::sleep(BRIEF);
        world.send("emmy");
        assert_eq!(
            waiting.join().unwrap().unwrap().unwrap().correlation().recipient.as_deref(),
            Some("emmy")
        );
    });
}

#[test]
fn what_was_there_before_the_group_is_read() {
    let world = RedisWorld::new();
    world.send("ada");
    let queue = world.redis("a");
    queue.check().unwrap();
    queue.check().unwrap();
    assert_eq!(receive(&queue).correlation().recipient.as_deref(), Some("ada"));
}

#[test]
fn what_was_trimmed_away_stops_nobody() {
    let (world, queue) = world();
    world.send("ada");
    let lost = receive(&queue);
    let () = world.ask(&["XTRIM", STREAM, "MAXLEN", "0"]);
    world.send("grace");
    thread::sleep(LEASE + BRIEF);
    let delivery = receive(&world.redis("b"));
    assert_eq!(delivery.correlation().recipient.as_deref(), Some("grace"));
    assert!(world.redis("b").receive(BRIEF).unwrap().is_none());
    assert_eq!(queue.ack(&lost, &issued(&lost)).unwrap(), LeaseState::Lost);
}

#[test]
fn results_do_not_grow_for_ever() {
    let world = RedisWorld::with(&["stream-node-max-entries 10"]);
    let mut settings = world.settings();
    settings.results_max_len = 20;
    let queue = RedisQueue::new(&settings, "a").unwrap();
    queue.check().unwrap();
    for number in 0..60 {
        world.send(&number.to_string());
        let delivery = receive(&queue);
        queue.ack(&delivery, &issued(&delivery)).unwrap();
    }
    let kept: usize = world.ask(&["XLEN", RESULTS]);
    assert!((20..=30).contains(&kept), "{kept}");
}

#[test]
fn how_far_behind() {
    let (world, queue) = world();
    let add = |id: &str| {
        let request = r#"{"course":"c","name":"A"}"#;
        let _: String = world.ask(&["XADD", STREAM, id, "request", request]);
    };
    add("1000000-0");
    add("1090000-0");
    receive(&queue);
    let depth = queue.depth().unwrap().unwrap();
    assert_eq!((depth.waiting, depth.held), (Some(1), Some(1)));
    assert_eq!(depth.lag, Some(Duration::from_secs(90)));
    receive(&queue);
    let depth = queue.depth().unwrap().unwrap();
    assert_eq!((depth.waiting, depth.held), (Some(0), Some(2)));
    assert_eq!(depth.lag, Some(Duration::ZERO));
}

#[test]
fn what_is_refused_is_said_before_anything_is_taken() {
    let world = RedisWorld::with(&[]);
    world.send("ada");
    let () = world.ask(&["SET", RESULTS, "something"]);
    let fault = world.redis("a").check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused);
    assert!(fault.to_string().contains("is a string, and no stream"), "{fault}");
    let () = world.ask(&["DEL", RESULTS]);

    let () = world.ask(&["CONFIG", "SET", "requirepass", "geheim"]);
    let fault = world.redis("a").check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused, "{fault}");
    assert!(fault.help().unwrap().contains("password_file"));
    let mut settings = world.settings();
    settings.password = Some(Secret::new("falsch"));
    let fault = RedisQueue::new(&settings, "a").unwrap().check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused, "{fault}");
    assert!(!format!("{fault:#}").contains("falsch"));
    settings.password = Some(Secret::new("geheim"));
    let queue = RedisQueue::new(&settings, "a").unwrap();
    queue.check().unwrap();
    assert!(queue.receive(LONG).unwrap().is_some());
}

#[test]
fn a_password_from_a_file() {
    let world = RedisWorld::with(&["requirepass geheim"]);
    let site = tempfile::tempdir().unwrap();
    let settings = |more: &str| {
        let text = format!(
            "agent: {{ queue: redis, redis: {{ url: '{}', stream: s{more} }} }}\n",
            world.url()
        );
        testamur::site::Settings::parse(text.as_bytes()).unwrap().agent
    };
    let with_file = settings(", password_file: redis.secret");
    let fault = open_queue(&with_file, site.path(), "a").unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::MissingFile);
    assert_eq!(fault.place().unwrap().line, Some(1));
    std::fs::write(site.path().join("redis.secret"), "geheim\n").unwrap();
    open_queue(&with_file, site.path(), "a").unwrap().check().unwrap();
    let environment = [("TESTAMUR_AGENT__REDIS__PASSWORD", "geheim"), ("PATH", "/bin")];
    let set = settings("").with_env(environment).unwrap();
    open_queue(&set, site.path(), "a").unwrap().check().unwrap();
    assert!(!format!("{set:?}").contains("geheim"));
}

#[test]
fn a_server_that_hangs_or_speaks_otherwise() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for scheme in ["redis", "rediss"] {
        let text = format!(
            "agent: {{ queue: redis, redis: {{ url: '{scheme}://{address}', stream: s, deadline: 0.3 }} }}\n"
        );
        let settings =
            testamur::site::Settings::parse(text.as_bytes()).unwrap().agent.redis;
        let begun = Instant::now();
        let fault = RedisQueue::new(&settings, "a").unwrap().check().unwrap_err();
        assert!(fault.is_retryable(), "{scheme}: {fault}");
        assert!(begun.elapsed() < LONG / 2, "{scheme}");
    }
    drop(listener);
}

#[test]
fn agents_of_earlier_days_are_forgotten() {
    let (world, queue) = world();
    world.send("ada");
    world.send("grace");
    let idle = world.redis("idle");
    let delivery = receive(&idle);
    idle.ack(&delivery, &issued(&delivery)).unwrap();
    let held = receive(&world.redis("killed"));
    thread::sleep(LEASE + BRIEF);
    queue.check().unwrap();
    let consumers: Vec<BTreeMap<String, ::redis::Value>> =
        world.ask(&["XINFO", "CONSUMERS", STREAM, "testamur"]);
    let names = consumers.iter().map(|consumer| &consumer["name"]);
    assert_eq!(Vec::from_iter(names), [&::redis::Value::BulkString(b"killed".to_vec())]);
    // What it held is not forgotten with it, and whoever was forgotten may come back.
    let delivery = receive(&idle);
    assert_eq!(delivery.id(), held.id());
}
