//! The agent with an XQueue: requests that ended the predecessor are answered, and the queue goes
//! on.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use testamur::agent::{Agent, AgentExit, Clock};
use testamur::site::{Keys, Site};

use super::contract::LEASE;
use super::xqueue_server::{QUEUE, XqueueServer};
use crate::agent::setup::{
    AgentSite, COURSE, FixedClock, Program, assert_verifies, issuer, until,
};

/// The command of an agent for the queue of that server.
pub(super) fn command(site: &AgentSite, server: &XqueueServer) -> Command {
    let mut command = site.command();
    for (name, value) in [
        ("QUEUE", "xqueue"),
        ("XQUEUE__URL", &server.url()),
        ("XQUEUE__NAME", QUEUE),
        ("XQUEUE__USER", "lms"),
        ("XQUEUE__PASSWORD", "geheim & +%"),
        ("XQUEUE__POLL", "0.1"),
        ("XQUEUE__LEASE", &LEASE.as_secs_f64().to_string()),
    ] {
        command.env(format!("TESTAMUR_AGENT__{name}"), value);
    }
    command
}

const COURSES: &str = "\
defaults: &defaults
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: classic
  issued: rolling
Example/Knots/2026: { title: Knots }
Example/Sails/2026: { title: Sails, layout: modern }
Example/Ropes/2026: { title: Ropes, layout: nothing }
";

/// Faults 1 to 7 of the predecessor: requests that looped, ended it, or gave one recipient
/// another's certificate.
#[test]
fn requests_that_ended_the_predecessor_are_answered() {
    let server = XqueueServer::new();
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new().with_sample_pictures().with_file("courses.yaml", COURSES);
    let issuer = issuer(folder.path(), site, |store| store);
    let create = |user: &str, course: &str, name: &str| {
        json!({ "action": "create", "username": user, "course_id": course, "name": name,
            "course_name": "Another Title", "grade": "Pass" })
    };
    let uuid = "0123456789abcdef0123456789abcdef";
    let knots = "Example/Knots/2026";
    let all = [
        // 1: actions that it did not know.
        json!({ "action": "remove", "username": "a", "course_id": knots, "delete_verify_uuid": uuid,
            "delete_download_uuid": uuid }),
        json!({ "action": "regen", "username": "b", "course_id": knots, "name": "Bea",
            "delete_verify_uuid": uuid, "delete_download_uuid": uuid }),
        // 2: a missing layout, and a message that is no JSON.
        create("c", "Example/Ropes/2026", "Cyd"),
        json!("{{"),
        // 3: examples have no course name and no grade.
        json!({ "action": "create", "username": uuid, "course_id": knots, "name": "John Doë",
            "example_certificate": true }),
        // 4: each course has its own layout and title.
        create("d", "Example/Sails/2026", "Dee"),
        create("e", knots, "Eve"),
        // 5: invalid course keys.
        create("f", "ccx-v1:a+b+c+ccx@1", "Fay"),
        create("g", "\u{0}", "Gus"),
        // 6: letters beyond ASCII in an error message.
        create("josé-π", "no/such/course", "José"),
        create("josé", knots, "José <b>&amp;</b>"),
    ];
    let number = all.len();
    for body in &all {
        match body.as_str() {
            Some(text) => server.submit(text),
            None => server.submit(&body.to_string()),
        }
    }
    let queue = Arc::new(server.xqueue());
    let agent = Agent::new(issuer, Arc::new(FixedClock), "test").with_queue(queue);
    let running = agent.start().unwrap();
    until("half of the requests are answered", || server.replies().len() >= number / 2);
    // 7: a session that ends.
    server.end_sessions();
    until("all requests are retired", || {
        server.state().rows.iter().all(|row| row.retired)
    });
    assert_eq!(running.wait(|| true), AgentExit::Stopped);

    let replies = server.replies();
    let of = |user: &str| {
        let mut found = replies.iter().filter(|reply| reply["username"] == user);
        found.next_back().unwrap_or_else(|| panic!("no reply for {user}: {replies:?}"))
    };
    let trust = Keys::trusted(&folder.path().join("keys")).unwrap();
    for good in ["b", uuid, "d", "e", "josé"] {
        let reply = of(good);
        assert!(reply.get("error").is_none(), "{reply}");
        let id = reply["verify_uuid"].as_str().unwrap();
        let record = folder.path().join(format!("public/cert/{id}/certificate.json"));
        let record: Value =
            serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
        let title = if good == "d" { "Sails" } else { "Knots" };
        assert_eq!(record["certificate"]["course"]["title"], title, "{good}");
        assert_eq!(
            record["layout"]["name"],
            if good == "d" { "modern" } else { "classic" }
        );
        assert_eq!(reply["url"], record["certificate"]["pdf"]["url"], "{good}");
        assert_verifies(
            &folder.path().join("public"),
            &record,
            &trust,
            FixedClock.read().unwrap().now,
        );
    }
    for bad in ["a", "c", "f", "g", "josé-π"] {
        assert!(of(bad)["error"].is_string(), "{}", of(bad));
    }
    // A recipient with a certificate never gets an error.
    for good in ["b", "d", "e"] {
        let wrong =
            replies.iter().find(|it| it["username"] == good && it.get("error").is_some());
        assert!(wrong.is_none(), "{wrong:?}");
    }
}

/// Two agents at one queue and one store: each message is answered, repeated ones too, and each
/// recipient gets one certificate, which verifies.
#[test]
fn two_agents_share_one_xqueue() {
    const RECIPIENTS: usize = 30;
    let server = XqueueServer::new();
    let site = AgentSite::new();
    let mut programs = [(); 2].map(|()| Program::start(command(&site, &server)));
    for number in 0..RECIPIENTS {
        let body = json!({ "action": "create", "username": format!("recipient-{number}"),
            "course_id": COURSE, "name": format!("Person {number}"), "grade": "Pass" });
        // Some messages are submitted twice.
        for _ in 0..1 + usize::from(number % 3 == 0) {
            server.submit(&body.to_string());
        }
    }
    until("all requests are retired", || {
        server.state().rows.iter().all(|row| row.retired)
    });
    for program in &mut programs {
        program.terminate();
        assert_eq!(program.code(), 0);
        assert!(
            program.log().contains("outcome=\"issued\""),
            "each agent issued some: {}",
            program.log()
        );
    }
    let mut told: BTreeMap<String, Value> = BTreeMap::new();
    for reply in server.replies() {
        assert!(reply.get("error").is_none(), "{reply}");
        let before = told.insert(reply["username"].to_string(), reply.clone());
        assert!(before.is_none_or(|before| before == reply), "{reply}");
    }
    let records = site.records();
    assert_eq!((told.len(), records.len()), (RECIPIENTS, RECIPIENTS));
    for (number, record) in records.iter().enumerate() {
        assert_eq!((&record["status"], &record["edition"]), (&json!("valid"), &json!(1)));
        let id = &record["id"];
        let reply = told.values().find(|reply| reply["verify_uuid"] == *id).unwrap();
        assert_eq!(reply["url"], record["certificate"]["pdf"]["url"]);
        if number % 5 == 0 {
            site.assert_verifies(record);
        }
    }
}
