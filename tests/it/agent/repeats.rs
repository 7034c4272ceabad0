//! Requests that come again after they were answered.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use testamur::agent::{Agent, AgentExit, HttpApi};
use testamur::site::Site;

use super::setup::{FixedClock, MemoryQueue, get, issuer, until};

const COURSES: &str = "\
Org/Knots/2026:
  title: Knots
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: classic
  issued: rolling
";

/// An agent that was killed may have answered a request already, and its course may have changed or
/// gone since. The redelivered request must not fail.
#[test]
fn repeated_request_of_a_removed_course_is_unchanged() {
    let (site, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let courses = site.path().join("courses.yaml");
    fs::write(&courses, COURSES).unwrap();
    let issuer = issuer(folder.path(), Site::open(site.path()).unwrap(), |store| store);
    let queue = MemoryQueue::of([]);
    let running = Agent::new(issuer, Arc::new(FixedClock), "test")
        .with_queue(queue.clone())
        .with_http_api(HttpApi::new("127.0.0.1:0".parse().unwrap(), None, 1))
        .with_site_folder(site.path(), Some(Duration::from_millis(50)))
        .start()
        .unwrap();
    let at = running.address().unwrap().to_string();
    let ask = |user: &str, name: &str, asked: &str| {
        let before = queue.answers().len();
        let request = json!({ "course": "Org/Knots/2026", "name": name, "username": user,
            "requested_at": asked });
        queue.add(request.to_string());
        until("the request is answered", || queue.answers().len() > before);
        let answer = queue.answers().last().unwrap().clone();
        (answer["outcome"].as_str().unwrap().to_owned(), answer["download_url"].clone())
    };
    let (first, later) = ("2026-05-14T09:30:00Z", "2026-05-15T09:30:00Z");
    let (outcome, url) = ask("ada", "Ada", first);
    assert_eq!(outcome, "issued");
    fs::write(&courses, COURSES.replace("Knots", "Sails")).unwrap();
    let reloaded = "testamur_reloads_total{outcome=\"done\"} 1";
    until("the courses are reloaded", || get(&at, "/metrics").body.contains(reloaded));
    // The same request redelivered, and the same facts under a newer `requested_at`.
    for asked in [first, later] {
        assert_eq!(ask("ada", "Ada", asked), ("unchanged".to_owned(), url.clone()));
    }
    // A request with other facts, or of another recipient, fails: the course is gone.
    for (user, name) in [("ada", "Augusta"), ("eve", "Eve")] {
        assert_eq!(ask(user, name, later).0, "failed", "{user} {name}");
    }
    assert_eq!(running.wait(|| true), AgentExit::Stopped);
}

/// A revocation by id that has a `requested_at` is ordered with all other requests.
#[test]
fn revocation_by_id_is_ordered_by_requested_at() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new().with_sample_pictures().with_file("courses.yaml", COURSES);
    let issuer = issuer(folder.path(), site, |store| store);
    let queue = MemoryQueue::of([]);
    let agent =
        Agent::new(issuer, Arc::new(FixedClock), "test").with_queue(queue.clone());
    let running = agent.start().unwrap();
    let event = |request: serde_json::Value| {
        let before = queue.answers().len();
        queue.add(request.to_string());
        until("the request is answered", || queue.answers().len() > before);
        let answer = queue.answers().last().unwrap().clone();
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        (text("outcome"), text("verify_id"))
    };
    let issue = |hour: u32| {
        event(json!({ "course": "Org/Knots/2026", "name": "Ada", "username": "ada",
            "requested_at": format!("2026-05-14T{hour:02}:30:00Z") }))
    };
    let revoke = |id: &str, hour: u32| {
        event(json!({ "action": "revoke", "id": id, "reason": "left",
            "requested_at": format!("2026-05-14T{hour:02}:30:00Z") }))
        .0
    };
    let (outcome, id) = issue(1);
    assert_eq!(outcome, "issued");
    assert_eq!(revoke(&id, 3), "revoked");
    assert_eq!(issue(2).0, "stale");
    let (outcome, next) = issue(4);
    assert_eq!(outcome, "reissued");
    assert_eq!(revoke(&next, 3), "ignored");
    assert_eq!(revoke(&next, 5), "revoked");
    assert_eq!(running.wait(|| true), AgentExit::Stopped);
}
