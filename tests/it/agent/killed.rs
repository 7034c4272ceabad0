//! Agents that are killed at any moment, stopped under load, or share a queue.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use super::setup::{AgentSite, Program, Redis, request, until};

/// The recipients that were answered, each with the id of its certificate.
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

/// Asserts that each recipient has one certificate, the one that its answer names.
fn assert_one_certificate_each(site: &AgentSite, redis: &Redis, number: usize) {
    let told: BTreeSet<String> = answered(redis).into_values().collect();
    let records = site.records();
    let there: BTreeSet<String> =
        records.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told.len(), number);
    assert_eq!(there, told);
    for record in &records {
        assert_eq!((&record["status"], &record["edition"]), (&"valid".into(), &1.into()));
    }
    for record in records.iter().step_by(records.len() / 5 + 1) {
        site.assert_verifies(record);
    }
}

/// Kills the agent `kills` times, each time at another moment of its work.
fn kill_repeatedly(requests: usize, kills: usize) {
    let site = AgentSite::new();
    let redis = Redis::new();
    for number in 0..requests {
        redis.ask(&request(&number.to_string()));
    }
    let mut killed = 0;
    for turn in 0..kills {
        let before = redis.results().len();
        let mut program = Program::start(site.redis_command(&redis));
        // One kill in three comes at the start, the others during the work.
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
    assert!(killed > 1, "the agent was killed while it had work");
    let mut program = Program::start(site.redis_command(&redis));
    until("all are answered", || answered(&redis).len() == requests);
    program.terminate();
    assert_eq!(program.code(), 0);
    assert_one_certificate_each(&site, &redis, requests);
}

#[test]
fn agent_killed_four_times_loses_no_request() {
    kill_repeatedly(60, 4);
}

#[test]
#[ignore = "takes minutes"]
fn agent_killed_a_hundred_times_loses_no_request() {
    kill_repeatedly(500, 100);
}

/// Two agents share a queue and a store; each is stopped under load and ends with code 0.
#[test]
fn two_agents_stopped_under_load_answer_each_request() {
    let site = AgentSite::new();
    let redis = Redis::new();
    for number in 0..80 {
        redis.ask(&request(&number.to_string()));
        if number % 10 == 0 {
            redis.ask(&request(&number.to_string()));
        }
    }
    let mut one = Program::start(site.redis_command(&redis));
    let mut other = Program::start(site.redis_command(&redis));
    until("both agents have begun", || redis.results().len() > 5);
    one.terminate();
    assert_eq!(one.code(), 0, "{}", one.log());
    assert!(answered(&redis).len() < 80, "the agent was stopped under load");
    let before = redis.results().len();
    until("the other agent goes on", || {
        redis.results().len() > before || answered(&redis).len() == 80
    });
    other.terminate();
    assert_eq!(other.code(), 0, "{}", other.log());
    for log in [one.log(), other.log()] {
        assert!(log.contains("stopped") && !log.contains("given back"), "{log}");
    }
    let _last = Program::start(site.redis_command(&redis));
    until("all are answered", || redis.results().len() == 88);
    assert_one_certificate_each(&site, &redis, 80);
}
