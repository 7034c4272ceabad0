//! Redis Streams, and the event bus of Open edX on top of them.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use testamur::agent::{Answer, LeaseState, Queue, RedisQueue, Target, Task, open_queue};
use testamur::site::{Award, Recipient, Secret};
use testamur::{Error, ErrorKind};

use testamur::agent::conformance::QueueHarness as _;

use super::contract::{LEASE, receive};
use super::redis_server::{DEAD, RESULTS, RedisServer, STREAM};
use super::{BRIEF, LONG, issued};
use crate::agent::producer::produce;

const COURSE: &str = "course-v1:ExampleX+CURL101+2026_T1";
/// An event of a recipient's certificate, as Open edX's producer wrote it.
const EVENT: &str = "DgEKZ3VpZG8aZ0BleGFtcGxlLm9yZyBHdWlkbyB2YW4gUm9zc3VtRGNvdXJzZS12MTpFeGFtcGxlWCtDVVJMMTAxKzIwMjZfVDEuSW50cm9kdWN0aW9uIHRvIEN1cmxpbmcAABB2ZXJpZmllZAgwLjkzACBHdWlkbyB2YW4gUm9zc3VtGGRvd25sb2FkYWJsZQA=";

fn server() -> (RedisServer, RedisQueue) {
    let server = RedisServer::new();
    let queue = server.redis("a");
    queue.check().unwrap();
    (server, queue)
}

fn add_event(server: &RedisServer, kind: &str, data: &[u8]) {
    let kind = format!("org.openedx.learning.{kind}.v1");
    server.add(&[
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
fn lifecycle_events_become_tasks() {
    let (server, queue) = server();
    let data = BASE64_STANDARD.decode(EVENT).unwrap();
    add_event(&server, "certificate.created", &data);
    add_event(&server, "course.enrollment.created", &data);
    add_event(&server, "certificate.revoked", &data);

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
    queue
        .ack(&delivery, &Answer::Revoked { verify_id: "0".repeat(32).parse().unwrap() })
        .unwrap();

    assert_eq!(server.pending(), 0);
    let results = server.results();
    assert_eq!(results.len(), 2, "events of other types get no result");
    let result = &results[0];
    assert_eq!(result["reference"], "8a2b8a5c-1111-11f1-8000-0242ac120002");
    assert_eq!(result["action"], "org.openedx.learning.certificate.created.v1");
    assert_eq!(
        (&result["course"], &result["username"]),
        (&json!(COURSE), &json!("guido"))
    );
    assert_eq!(result["outcome"], "issued");
    assert!(result["download_url"].as_str().unwrap().ends_with("/Certificate.pdf"));
    assert_eq!(results[1]["outcome"], "revoked");
}

#[test]
fn events_of_the_real_producer_become_tasks() {
    let (server, queue) = server();
    produce(&server.url(), &[]);
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
fn event_of_another_mode_is_ignored() {
    let server = RedisServer::new();
    let mut settings = server.settings();
    settings.modes = vec!["honor".to_owned()];
    let queue = RedisQueue::new(&settings, "a").unwrap();
    queue.check().unwrap();
    add_event(&server, "certificate.created", &BASE64_STANDARD.decode(EVENT).unwrap());
    let delivery = receive(&queue);
    let Ok(Task::Ignore(why)) = delivery.task() else { panic!() };
    assert_eq!(why, "the mode `verified` earns no certificate");
}

#[test]
fn json_request_sets_all_fields() {
    let (server, queue) = server();
    let request = json!({
        "course": COURSE, "name": " Guido  van Rossum ", "username": "guido",
        "language": "es", "grade": 0.93, "issued": "2026-05-14", "designation": "MD",
        "layout": "modern", "extra": { "hours": 12 }, "requested_at": "2026-05-14T09:30:00+00:00",
        "replace": true, "reissue": true, "reference": "42", "action": "issue",
    });
    server.add(&[("request", request.to_string().as_bytes())]);
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
    assert_eq!(server.results()[0]["reference"], "42");
}

#[test]
fn malformed_entries_go_to_the_dead_letter_stream() {
    let (server, queue) = server();
    let large = vec![b' '; 10 << 20];
    /// An entry's fields, and a part of the error.
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
    let ids: Vec<String> = cases.iter().map(|(fields, _)| server.add(fields)).collect();
    for (_, words) in cases {
        let delivery = receive(&queue);
        let Err(why) = delivery.task() else { panic!("{words}") };
        assert!(why.to_string().contains(words), "{words}: {why}");
        if words.starts_with("unknown key") {
            assert_eq!(why.help(), Some("did you mean `language`?"));
        }
        assert_eq!(queue.dead_letter(&delivery, why).unwrap(), LeaseState::Held);
    }
    let letters = server.entries(DEAD);
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
    assert_eq!(server.pending(), 0);
    let results = server.results();
    assert_eq!(results.len(), cases.len());
    assert!(results.iter().all(|result| result["outcome"] == "failed"));
    assert_eq!(results[4]["help"], "did you mean `language`?");
}

/// Of two things that an entry asks for, which one is meant is not known.
#[test]
fn entry_with_two_meanings_is_refused() {
    let (server, queue) = server();
    let [one, other] = ["ada", "eve"].map(|user| {
        json!({ "course": COURSE, "name": "Ada", "username": user }).to_string()
    });
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let kind = b"org.openedx.learning.certificate.created.v1";
    for (fields, words) in [
        ([("request", one), ("request", other)], "the field `request` occurs twice"),
        ([("type", &kind[..]), ("type", &kind[..])], "the field `type` occurs twice"),
        ([("type", &kind[..]), ("request", one)], "both a `request` and the `type`"),
    ] {
        server.add(&fields);
        let delivery = receive(&queue);
        let why = delivery.task().unwrap_err();
        assert!(why.to_string().contains(words), "{words}: {why}");
        queue.dead_letter(&delivery, why).unwrap();
    }
    let more = [("traceparent", &b"00-1"[..]), ("request", one), ("sourcehost", b"lms")];
    server.add(&more);
    assert!(receive(&queue).task().is_ok(), "further fields are ignored");
}

#[test]
fn extended_lease_is_kept_and_an_expired_one_redelivered() {
    let (server, queue) = server();
    let other = server.redis("b");
    server.send("ada");
    let delivery = receive(&queue);
    let begun = Instant::now();
    while begun.elapsed() < LEASE * 2 {
        let renewed = Instant::now();
        assert_eq!(queue.extend_lease(&delivery).unwrap(), LeaseState::Held);
        let taken = other.receive(BRIEF).unwrap();
        if renewed.elapsed() > LEASE {
            // The machine was busy for longer than the lease.
            return;
        }
        assert!(taken.is_none());
    }
    // After the lease it is delivered to the other consumer, and counted.
    let delivery = other.receive(LONG).unwrap().unwrap();
    assert_eq!(delivery.attempt(), 2);
}

#[test]
fn delivery_counts_as_often_as_is_said() {
    let (server, queue) = server();
    let other = server.redis("b");
    server.send("ada");
    let delivery = receive(&queue);
    for attempts in [0, 6] {
        queue.set_attempts(&delivery, attempts).unwrap();
        let id = delivery.id();
        assert_eq!(server.attempts(id), attempts, "the lease stays");
        assert_eq!(queue.extend_lease(&delivery).unwrap(), LeaseState::Held);
    }
    let taken = other.receive(LONG).unwrap().unwrap();
    assert_eq!(taken.attempt(), 7);
    // What another one holds is not changed.
    queue.set_attempts(&delivery, 1).unwrap();
    assert_eq!(server.attempts(delivery.id()), 7);
}

#[test]
fn deleted_group_and_stream_are_created_again() {
    let (server, queue) = server();
    server.send("ada");
    let delivery = receive(&queue);
    let () = server.ask(&["FLUSHALL"]);
    assert_eq!(queue.extend_lease(&delivery).unwrap(), LeaseState::Lost);
    queue.nack(&delivery, BRIEF).unwrap();
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    server.send("grace");
    let delivery = receive(&queue);
    assert_eq!(delivery.correlation().recipient.as_deref(), Some("grace"));
    // The stream is deleted while a consumer waits for it.
    let () = server.ask(&["DEL", STREAM]);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| queue.receive(LONG));
        thread::sleep(BRIEF);
        server.send("emmy");
        assert_eq!(
            waiting.join().unwrap().unwrap().unwrap().correlation().recipient.as_deref(),
            Some("emmy")
        );
    });
}

#[test]
fn entries_older_than_the_group_are_read() {
    let server = RedisServer::new();
    server.send("ada");
    let queue = server.redis("a");
    queue.check().unwrap();
    queue.check().unwrap();
    assert_eq!(receive(&queue).correlation().recipient.as_deref(), Some("ada"));
}

#[test]
fn trimmed_entry_is_skipped() {
    let (server, queue) = server();
    server.send("ada");
    let lost = receive(&queue);
    let () = server.ask(&["XTRIM", STREAM, "MAXLEN", "0"]);
    server.send("grace");
    thread::sleep(LEASE + BRIEF);
    let delivery = receive(&server.redis("b"));
    assert_eq!(delivery.correlation().recipient.as_deref(), Some("grace"));
    assert!(server.redis("b").receive(BRIEF).unwrap().is_none());
    assert_eq!(queue.ack(&lost, &issued(&lost)).unwrap(), LeaseState::Lost);
}

#[test]
fn results_stream_is_trimmed() {
    let server = RedisServer::with(&["stream-node-max-entries 10"]);
    let mut settings = server.settings();
    settings.results_max_len = 20;
    let queue = RedisQueue::new(&settings, "a").unwrap();
    queue.check().unwrap();
    for number in 0..60 {
        server.send(&number.to_string());
        let delivery = receive(&queue);
        queue.ack(&delivery, &issued(&delivery)).unwrap();
    }
    let kept: usize = server.ask(&["XLEN", RESULTS]);
    assert!((20..=30).contains(&kept), "{kept}");
}

#[test]
fn depth_reports_the_lag() {
    let (server, queue) = server();
    let add = |id: &str| {
        let request = r#"{"course":"c","name":"A"}"#;
        let _: String = server.ask(&["XADD", STREAM, id, "request", request]);
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
fn check_reports_refusals() {
    let server = RedisServer::with(&[]);
    server.send("ada");
    let () = server.ask(&["SET", RESULTS, "something"]);
    let fault = server.redis("a").check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused);
    assert!(fault.to_string().contains("is a string, and no stream"), "{fault}");
    let () = server.ask(&["DEL", RESULTS]);

    let () = server.ask(&["CONFIG", "SET", "requirepass", "geheim"]);
    let fault = server.redis("a").check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused, "{fault}");
    assert!(fault.help().unwrap().contains("password_file"));
    let mut settings = server.settings();
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
fn password_is_read_from_file_or_environment() {
    let server = RedisServer::with(&["requirepass geheim"]);
    let site = tempfile::tempdir().unwrap();
    let settings = |more: &str| {
        let text = format!(
            "agent: {{ queue: redis, redis: {{ url: '{}', stream: s{more} }} }}\n",
            server.url()
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
fn hanging_server_fails_after_the_deadline() {
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
fn idle_consumers_are_removed() {
    let (server, queue) = server();
    server.send("ada");
    server.send("grace");
    let idle = server.redis("idle");
    let delivery = receive(&idle);
    idle.ack(&delivery, &issued(&delivery)).unwrap();
    let held = receive(&server.redis("killed"));
    thread::sleep(LEASE + BRIEF);
    queue.check().unwrap();
    let names = || {
        let consumers: Vec<BTreeMap<String, ::redis::Value>> =
            server.ask(&["XINFO", "CONSUMERS", STREAM, "testamur"]);
        let names = consumers.into_iter().map(|mut consumer| consumer.remove("name"));
        let text = |name: Option<::redis::Value>| match name {
            Some(::redis::Value::BulkString(name)) => String::from_utf8(name).unwrap(),
            other => panic!("{other:?}"),
        };
        names.map(text).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["idle", "killed"], "a check changes nothing");
    // The request of an agent that ended goes to one that starts.
    let delivery = receive(&server.redis("new"));
    assert_eq!(delivery.id(), held.id());
    assert_eq!(names(), ["killed", "new"]);
    // A removed consumer may come back.
    server.send("emmy");
    receive(&idle);
}

/// A free port whose cluster bus, 10,000 above it, is a port too.
fn port() -> u16 {
    let free =
        || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    std::iter::repeat_with(|| free().port()).find(|port| *port < 55_000).unwrap()
}

fn settings_at(url: &str) -> testamur::site::RedisSettings {
    let text = format!(
        "agent: {{ queue: redis, redis: {{ url: '{url}', stream: s, deadline: 0.5 }} }}\n"
    );
    testamur::site::Settings::parse(text.as_bytes()).unwrap().agent.redis
}

/// An answer that cannot be added leaves its request unacknowledged, so that it is not lost.
#[test]
fn answer_that_is_refused_acknowledges_nothing() {
    let (server, queue) = server();
    server.send("ada");
    let delivery = receive(&queue);
    let _: String = server.ask(&["SET", RESULTS, "no stream"]);
    let refused = queue.ack(&delivery, &issued(&delivery)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::QueueRefused, "{refused}");
    assert_eq!(server.pending(), 1);
    let why = Error::new(ErrorKind::Layout, "no");
    queue.dead_letter(&delivery, &why).unwrap_err();
    assert_eq!(server.pending(), 1);
    let _: i64 = server.ask(&["DEL", RESULTS]);
    assert_eq!(queue.ack(&delivery, &issued(&delivery)).unwrap(), LeaseState::Held);
    assert_eq!((server.pending(), server.results().len()), (0, 1));
}

/// After a failover the address leads to another server, while the old one still answers, as a replica.
#[test]
fn connection_to_a_server_that_was_demoted_is_given_up() {
    let (old, new) = (RedisServer::new(), RedisServer::new());
    let socket = |server: &RedisServer| {
        std::path::PathBuf::from(server.url().strip_prefix("redis+unix://").unwrap())
    };
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("socket");
    std::os::unix::fs::symlink(socket(&old), &link).unwrap();
    let mut settings = new.settings();
    settings.url = Some(format!("redis+unix://{}", link.display()));
    let queue = RedisQueue::new(&settings, "a").unwrap();
    assert!(queue.receive(BRIEF).unwrap().is_none());
    let _: String = old.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(socket(&new), &link).unwrap();
    new.send("ada");
    let refused = queue.receive(BRIEF).unwrap_err();
    assert!(refused.is_retryable(), "{refused}");
    let delivery = queue.receive(LONG).unwrap().unwrap();
    let answer = issued(&delivery);
    assert_eq!(queue.ack(&delivery, &answer).unwrap(), LeaseState::Held);
    // An answer, too.
    let _: String = new.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    let _: String = old.ask(&["REPLICAOF", "NO", "ONE"]);
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(socket(&old), &link).unwrap();
    queue.ack(&delivery, &answer).unwrap_err();
    assert_eq!(queue.ack(&delivery, &answer).unwrap(), LeaseState::Lost);
}

#[test]
fn rights_that_the_help_names_are_enough() {
    let rights = "+@stream +@scripting +type +info +ping";
    let user = format!("user agent on >geheim ~dev-* {rights}");
    let server = RedisServer::with(&[&user, "user narrow on >geheim ~dev-* +@stream"]);
    let queue = |user: &str| {
        let mut settings = server.settings();
        settings.user = Some(user.to_owned());
        settings.password = Some(Secret::new("geheim"));
        RedisQueue::new(&settings, "a").unwrap()
    };
    let fault = queue("narrow").check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused, "{fault}");
    assert!(fault.help().unwrap().contains(rights), "{fault:#}");
    let queue = queue("agent");
    queue.check().unwrap();
    for user in ["ada", "grace", "emmy"] {
        server.send(user);
    }
    let delivery = receive(&queue);
    queue.extend_lease(&delivery).unwrap();
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    let delivery = receive(&queue);
    queue.nack(&delivery, Duration::ZERO).unwrap();
    let delivery = receive(&queue);
    queue.dead_letter(&delivery, &Error::new(ErrorKind::Panic, "a test")).unwrap();
    queue.depth().unwrap();
    assert_eq!((server.results().len(), server.entries(DEAD).len()), (2, 1));
}

#[test]
fn server_that_is_none_of_its_own_is_refused_by_name() {
    let port = format!("port {}", port());
    let server = RedisServer::with(&[&port, "cluster-enabled yes"]);
    let fault = server.redis("a").check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused, "{fault}");
    assert!(fault.message().contains("Redis Cluster"), "{fault}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sentinel.conf");
    let port = self::port();
    std::fs::write(&file, format!("port {port}\nbind 127.0.0.1\n")).unwrap();
    let mut sentinel = std::process::Command::new("redis-server")
        .arg(&file)
        .arg("--sentinel")
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let settings = settings_at(&format!("redis://127.0.0.1:{port}"));
    let queue = RedisQueue::new(&settings, "a").unwrap();
    let begun = Instant::now();
    let fault = loop {
        match queue.check().unwrap_err() {
            fault if fault.kind() == ErrorKind::Queue && begun.elapsed() < LONG => {
                thread::sleep(BRIEF);
            }
            fault => break fault,
        }
    };
    sentinel.kill().unwrap();
    sentinel.wait().unwrap();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused, "{fault}");
    assert!(fault.message().contains("Redis Sentinel"), "{fault}");

    for (scheme, name) in
        [("redis-sentinel", "Redis Sentinel"), ("redis+cluster", "Redis Cluster")]
    {
        let text = format!(
            "agent: {{ queue: redis, redis: {{ url: '{scheme}://a:26379/m', stream: s }} }}\n"
        );
        let fault = testamur::site::Settings::parse(text.as_bytes()).unwrap_err();
        assert!(fault.message().contains(name), "{fault}");
    }
}

/// A server of a cluster is refused by name also if its user may not ask what it is.
#[test]
fn cluster_that_does_not_tell_is_refused_by_name() {
    let port = format!("port {}", port());
    let user = "user agent on >geheim ~* +@stream +@scripting +type +ping";
    let server = RedisServer::with(&[&port, "cluster-enabled yes", user]);
    let mut settings = server.settings();
    settings.user = Some("agent".to_owned());
    settings.password = Some(Secret::new("geheim"));
    let fault = RedisQueue::new(&settings, "a").unwrap().check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused, "{fault}");
    assert!(fault.help().unwrap().contains("Redis Cluster"), "{fault:#}");
}

#[test]
fn tls_at_a_plain_port_is_told_as_that() {
    let port = port();
    let _server = RedisServer::with(&[&format!("port {port}")]);
    let settings = settings_at(&format!("rediss://127.0.0.1:{port}"));
    let fault = RedisQueue::new(&settings, "a").unwrap().check().unwrap_err();
    assert!(fault.message().contains("did not answer within 0.5 s"), "{fault:#}");
    assert!(fault.help().unwrap().contains("no TLS at this port"), "{fault:#}");
}
