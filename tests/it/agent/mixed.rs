//! Thousands of mixed requests, a tenth of them hostile: none is lost, none is done twice, none is
//! blamed for another, and memory does not grow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use super::setup::{AgentSite, COURSE, Program, Redis, until};

/// How many requests are put at once.
const CHUNK: usize = 100;
/// The kinds of hostile requests.
const HOSTILE_KINDS: usize = 25;
/// How much memory may grow after the first third, in kilobytes.
const MAX_GROWTH: usize = 64 << 10;

#[test]
fn two_hundred_mixed_requests_are_answered_once_each() {
    check(2 * CHUNK);
}

#[test]
#[ignore = "slow: tests/run --slow"]
#[expect(clippy::print_stdout, reason = "it measures")]
fn fifty_thousand_mixed_requests_are_answered_in_flat_memory() {
    let begun = std::time::Instant::now();
    let [settled, last] = check(50_000);
    let took = begun.elapsed().as_secs();
    println!(
        "50000 requests in {took} s; memory {settled} kB after a third, then {last} kB"
    );
}

/// What a request has to be answered with.
enum Expected {
    /// Any of these outcomes.
    Outcome(&'static [&'static str]),
    /// An answer, whatever it is, unless it blames the agent.
    Any,
}

/// Has an agent do so many requests. Returns its memory after a third of them and at the end.
fn check(requests: usize) -> [usize; 2] {
    let site = AgentSite::new();
    let redis = Redis::new();
    let mut command = site.redis_command(&redis);
    command.env("TESTAMUR_AGENT__REDIS__LEASE", "60");
    let program = Program::start(command);
    let mut memory = Vec::new();
    let mut certificates = BTreeSet::new();
    let mut revoked = 0;
    for from in (0..requests).step_by(CHUNK) {
        let to = requests.min(from + CHUNK);
        let expected: BTreeMap<String, (usize, Expected)> = (from..to)
            .map(|number| {
                let (id, expected) = ask(&redis, number);
                (id, (number, expected))
            })
            .collect();
        until("all are answered", || redis.results().len() >= expected.len());
        let results = redis.results();
        assert_eq!(results.len(), expected.len(), "one answer each");
        for result in &results {
            let (number, expected) = &expected[result["id"].as_str().unwrap()];
            let outcome = result["outcome"].as_str().unwrap();
            match expected {
                Expected::Outcome(known) => {
                    assert!(known.contains(&outcome), "{number}: {result}");
                }
                Expected::Any => {
                    let error = result["error"].as_str().unwrap_or_default();
                    assert!(
                        !["panic", "deadline"].contains(&error),
                        "{number}: {result}"
                    );
                }
            }
            if ["issued", "unchanged"].contains(&outcome) {
                certificates.insert(result["verify_id"].as_str().unwrap().to_owned());
            }
            revoked += usize::from(outcome == "revoked");
        }
        redis.delete(&format!("{}-results", Redis::STREAM));
        redis.trim(Redis::STREAM);
        memory.push(own_memory(program.id()));
    }
    let records = site.records();
    let ids: BTreeSet<&str> =
        records.iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids, certificates.iter().map(String::as_str).collect());
    assert!(records.iter().all(|it| it["edition"] == 1));
    let ended = records.iter().filter(|it| it["status"] == "revoked").count();
    assert_eq!(ended, revoked);
    program.terminate();
    let settled = memory[memory.len() / 3];
    let last = *memory.last().unwrap();
    assert!(last < settled + MAX_GROWTH, "{memory:?}");
    [settled, last]
}

/// Puts the request of this number on the stream, and returns its id there and what it has to be
/// answered with.
fn ask(redis: &Redis, number: usize) -> (String, Expected) {
    const ISSUED: Expected = Expected::Outcome(&["issued"]);
    let plain = |number: usize| {
        json!({ "course": COURSE, "name": format!("Person Number {number}"),
            "username": format!("u{number}"), "reference": number.to_string() })
    };
    let put = |request: &Value| redis.ask(request);
    match number % 20 {
        0 | 10 => (hostile(redis, number), Expected::Any),
        // Beside the same request, on another worker: one of the two issues it.
        1 => (put(&plain(number + 1)), Expected::Outcome(&["issued", "unchanged"])),
        2 => (put(&plain(number)), Expected::Outcome(&["issued", "unchanged"])),
        3 => {
            let mut request = plain(number);
            request["language"] = ["de", "fr", "es", "ja", "ar"][number / 20 % 5].into();
            (put(&request), Expected::Any)
        }
        4 => {
            let mut request = plain(number);
            request["specimen"] = true.into();
            (put(&request), ISSUED)
        }
        5 if number >= CHUNK => {
            // Its certificate is of the chunk before.
            let user = format!("u{}", number - CHUNK + 1);
            let revoke = json!({ "action": "revoke", "course": COURSE, "username": user,
                "reason": "a mistake" });
            (put(&revoke), Expected::Outcome(&["revoked"]))
        }
        _ => (put(&plain(number)), ISSUED),
    }
}

/// Puts a hostile request on the stream, and returns its id there.
fn hostile(redis: &Redis, number: usize) -> String {
    let user = format!("h{number}");
    let request = |more: Value| {
        let mut request =
            json!({ "course": COURSE, "name": "Mallory", "username": user });
        let Value::Object(more) = more else { panic!() };
        request.as_object_mut().unwrap().extend(more);
        request
    };
    let put = |more: Value| redis.ask(&request(more));
    let text = |text: String| redis.add(&[("request", text.as_bytes())]);
    let mixed = "אבג abc \u{202e}123 ".repeat(2_500);
    match number / 10 % HOSTILE_KINDS {
        0 => text(format!("{{\"course\": \"{COURSE}\", ")),
        1 => redis.add(&[("request", &[0xff; 100])]),
        2 => text(format!("{{\"course\":\"{COURSE}\",\"name\":\"A\",\"name\":\"B\"}}")),
        3 => put(json!({ "naem": "B" })),
        4 => text(format!("{{\"course\":\"{COURSE}\",\"name\":\"\\ud800\"}}")),
        5 => put(json!({ "name": "x".repeat(10_000) })),
        6 => put(json!({ "name": "Zaphod \u{e000}" })),
        7 => put(json!({ "course": format!("Unknown/{number}") })),
        8 => put(json!({ "extra": { "text": mixed } })),
        9 => text(format!("{}{}", "[".repeat(20_000), "]".repeat(20_000))),
        10 => put(json!({ "language": format!("de-x-a{number}") })),
        11 => put(json!({ "language": format!("q{}", letters(number)) })),
        12 => text(format!("{{\"course\":\"{COURSE}\",\"name\":\"A\",\"grade\":1e999}}")),
        13 => redis.add(&[("event", b"none")]),
        14 => redis.add(&[("request", &vec![b' '; 1_200_000])]),
        15 => redis.add(&[
            ("type", b"org.openedx.learning.certificate.created.v1"),
            ("time", b"2026-05-14T11:30:00+02:00"),
            ("event_data", &[0x7f; 300]),
        ]),
        16 => text(format!("{{\"action\":\"revoke\",\"id\":\"{number:032x}\"}}")),
        17 => put(json!({ "layout": "../../../etc/passwd", "template": "\u{0}" })),
        18 => put(json!({ "name": format!("M{}", "\u{301}\u{327}\u{30a}".repeat(60)) })),
        19 => {
            let region = |at: usize| char::from(b'A' + (number / at % 26) as u8);
            put(json!({ "language": format!("de-{}{}", region(250), region(6_500)) }))
        }
        20 => put(json!({ "language": format!("de-u-nu-latn-x-b{number}") })),
        21 => redis.add(&[("request", b"{}"), ("request", b"{}")]),
        22 => {
            let names: Vec<String> = (0..2_000).map(|it| format!("f{it}")).collect();
            let fields: Vec<_> =
                names.iter().map(|it| (it.as_str(), &b"x"[..])).collect();
            redis.add(&fields)
        }
        23 => put(json!({ "reference": { "a": [number] } })),
        _ => {
            let marks = "e\u{301}\u{327}".repeat(600);
            let fields: Value =
                (0..20).map(|it| (it.to_string(), json!(marks))).collect();
            put(json!({ "extra": fields }))
        }
    }
}

/// A word of letters for a number.
fn letters(mut number: usize) -> String {
    let mut word = String::new();
    while number > 0 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word
}

/// The memory of a process that is its own, in kilobytes: pages of its file, such as fonts, come and
/// go with the needs of others.
fn own_memory(process: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
