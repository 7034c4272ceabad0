//! Killed at any moment, stopped under load, two at once.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use super::bench::{Home, Program, Redis, request, until};

/// The recipients that were answered, each with the certificate that it got.
fn answered(redis: &Redis) -> BTreeMap<String, String> {
    let mut answered = BTreeMap::new();
    for result in redis.results() {
        let text = |key: &str| result[key].as_str().unwrap().to_owned();
        assert!(["issued", "unchanged"].contains(&text("outcome").as_str()), "{result}");
        let before = answered.insert(text("reference"), text("verify_id"));
        assert!(before.is_none_or(|id| id == text("verify_id")), "{result}");
    }
    answered
}

/// Each recipient has one certificate, and it is the one that was told.
fn each_has_one(home: &Home, redis: &Redis, number: usize) {
    let told: BTreeSet<String> = answered(redis).into_values().collect();
    let records = home.records();
    let there: BTreeSet<String> =
        records.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told.len(), number);
    assert_eq!(there, told);
    for record in &records {
        assert_eq!((&record["status"], &record["edition"]), (&"valid".into(), &1.into()));
    }
    for record in records.iter().step_by(records.len() / 5 + 1) {
        home.verifies(record);
    }
}

/// Kills the agent again and again, each time at another moment of its work.
fn kill(requests: usize, kills: usize) {
    let home = Home::new();
    let redis = Redis::new();
    for number in 0..requests {
        redis.ask(&request(&number.to_string()));
    }
    let mut killed = 0;
    for turn in 0..kills {
        let before = redis.results().len();
        let mut program = Program::start(home.queue(&redis));
        // Some at once, some amid the work.
        if turn % 3 > 0 {
            let begun = Instant::now();
            while redis.results().len() < before + turn % 5 + 1
                && begun.elapsed() < Duration::from_secs(20)
            {
                thread::sleep(Duration::from_millis(5));
            }
        }
        thread::sleep(Duration::from_millis(turn as u64 * 37 % 250));
        killed += usize::from(answered(&redis).len() < requests);
        program.kill();
    }
    assert!(killed > 1, "it was killed while it had something to do");
    let mut program = Program::start(home.queue(&redis));
    until("all are answered", || answered(&redis).len() == requests);
    program.terminate();
    assert_eq!(program.code(), 0);
    each_has_one(&home, &redis, requests);
}

#[test]
fn killed_a_few_times() {
    kill(60, 4);
}

#[test]
#[ignore = "it takes minutes"]
fn killed_a_hundred_times() {
    kill(500, 100);
}

/// Two agents share a queue and a store; each is stopped under load and ends well.
#[test]
fn two_at_once_and_stopped_under_load() {
    let home = Home::new();
    let redis = Redis::new();
    for number in 0..80 {
        redis.ask(&request(&number.to_string()));
        if number % 10 == 0 {
            redis.ask(&request(&number.to_string()));
        }
    }
    let mut one = Program::start(home.queue(&redis));
    let mut other = Program::start(home.queue(&redis));
    until("they have begun", || redis.results().len() > 5);
    one.terminate();
    assert_eq!(one.code(), 0, "{}", one.log());
    assert!(answered(&redis).len() < 80, "it was stopped under load");
    let before = redis.results().len();
    until("the other one goes on", || {
        redis.results().len() > before || answered(&redis).len() == 80
    });
    other.terminate();
    assert_eq!(other.code(), 0, "{}", other.log());
    for log in [one.log(), other.log()] {
        assert!(log.contains("stopped") && !log.contains("given back"), "{log}");
    }
    let _last = Program::start(home.queue(&redis));
    until("all are answered", || redis.results().len() == 88);
    each_has_one(&home, &redis, 80);
}
