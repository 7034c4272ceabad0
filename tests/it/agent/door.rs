//! HTTP: who is let in, what is answered, what survives.

use std::fs;

use serde_json::{Value, json};
use testamur::agent::Task;

use super::bench::{COURSE, Home, Program, get, http, post, request, until};

#[test]
fn what_the_door_answers() {
    let home = Home::new();
    let program = Program::start(home.door());
    let at = &program.address();
    let body = request("ada").to_string();
    let body = body.as_bytes();

    for token in [None, Some(""), Some("open sesam"), Some("open sesame!")] {
        let said = http(at, "POST", "/certificates", token, body);
        assert_eq!(said.status, 401, "{said:?}");
        assert!(said.head.contains("www-authenticate: bearer"));
    }
    assert_eq!(
        http(at, "GET", &format!("/certificates/{:032}", 0), None, b"").status,
        401
    );

    let accepted = post(at, "/certificates", &request("ada"));
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let accepted = accepted.json();
    assert_eq!(accepted["outcome"], "accepted");
    let id = accepted["verify_id"].as_str().unwrap();
    let page = accepted["verify_url"].as_str().unwrap();
    assert!(page.ends_with(&format!("/cert/{id}/")), "{page}");
    until("it is there", || get(at, &format!("/certificates/{id}")).status == 200);
    let record = get(at, &format!("/certificates/{id}")).json();
    assert_eq!(record["certificate"]["name"], "Person ada");

    // As long as it is in hand, the same request once more is that very request.
    until("it is out of hand", || {
        let idle = "testamur_requests_in_hand{source=\"http\"} 0";
        get(at, "/metrics").body.contains(idle)
    });
    let said = post(at, "/certificates?wait", &request("ada"));
    assert_eq!((said.status, &said.json()["outcome"]), (200, &json!("unchanged")));
    assert_eq!(said.json()["verify_id"], id);
    let said = post(at, "/certificates?wait=60", &request("eve"));
    assert_eq!((said.status, &said.json()["outcome"]), (201, &json!("issued")));
    assert_eq!(said.json()["reference"], "eve");
    let revoke = json!({ "action": "revoke", "id": id, "reason": "a mistake" });
    let said = post(at, "/certificates?wait=60", &revoke);
    assert_eq!((said.status, &said.json()["outcome"]), (200, &json!("revoked")));
    let said = post(at, "/certificates", &request("ada"));
    assert_eq!((said.status, &said.json()["error"]), (409, &json!("revoked")));

    for (status, error, body) in [
        (400, "syntax", "{".to_owned()),
        (400, "syntax", "[]".to_owned()),
        (422, "unknown_key", json!({ "cours": "x" }).to_string()),
        (422, "missing_field", json!({ "course": COURSE }).to_string()),
        (422, "unknown_course", json!({ "course": "x", "name": "Ada" }).to_string()),
        (
            422,
            "unknown_certificate",
            json!({ "action": "revoke", "id": "0".repeat(32) }).to_string(),
        ),
        (413, "too_large", " ".repeat(70_000)),
        (413, "too_large", " ".repeat(10 << 20)),
    ] {
        let said = http(
            at,
            "POST",
            "/certificates?wait",
            Some(super::bench::TOKEN),
            body.as_bytes(),
        );
        assert_eq!(
            (said.status, &said.json()["error"]),
            (status, &json!(error)),
            "{said:?}"
        );
    }
    let said = post(at, "/certificates", &json!({ "cours": "x" }));
    assert_eq!(said.json()["help"], "did you mean `course`?");
    assert_eq!(post(at, "/certificates?await", &request("ada")).status, 400);
    assert_eq!(post(at, "/certificates?wait=long", &request("ada")).status, 400);
    assert_eq!(get(at, "/certificates/none").status, 404);
    assert_eq!(get(at, &format!("/certificates/{:032}", 0)).status, 404);
    assert_eq!(get(at, "/").status, 404);

    assert_eq!(http(at, "GET", "/healthz", None, b"").status, 200);
    let said = http(at, "GET", "/readyz", None, b"");
    assert_eq!((said.status, said.json()), (200, json!({ "ready": true })));
    let metrics = http(at, "GET", "/metrics", None, b"").body;
    for line in [
        "testamur_requests_total{source=\"http\",outcome=\"issued\"} 2",
        "testamur_requests_total{source=\"http\",outcome=\"revoked\"} 1",
        "testamur_stage_seconds_count{stage=\"render\"} 2",
        "testamur_queue_waiting{source=\"http\"}",
        "testamur_store_up 1",
        "testamur_memory_bytes ",
        "# EOF",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert_eq!(home.accepted(), 0, "what is done is forgotten");
    assert_eq!(home.records().len(), 2);
}

/// What was accepted is done, whatever happens to whoever accepted it.
#[test]
fn what_was_accepted_survives() {
    let home = Home::new();
    let mut program = Program::start(home.door());
    let at = program.address();
    let ids: Vec<String> = (0..12)
        .map(|number| {
            let said = post(&at, "/certificates", &request(&number.to_string()));
            assert_eq!(said.status, 202, "{said:?}");
            said.json()["verify_id"].as_str().unwrap().to_owned()
        })
        .collect();
    program.kill();
    assert!(home.records().len() < 12, "it was killed too late to show anything");
    assert!(home.accepted() > 0);

    let mut program = Program::start(home.door());
    until("the rest is done", || home.records().len() == 12 && home.accepted() == 0);
    for record in home.records() {
        assert!(ids.iter().any(|id| record["id"] == **id));
        home.verifies(&record);
    }
    program.terminate();
    assert_eq!(program.code(), 0);
}

#[test]
fn a_door_without_a_token_tells_health_alone() {
    let home = Home::new();
    let redis = super::bench::Redis::new();
    let mut command = home.queue(&redis);
    command.env("TESTAMUR_AGENT__HTTP__LISTEN", "127.0.0.1:0");
    let program = Program::start(command);
    let at = program.address();
    assert_eq!(post(&at, "/certificates", &request("ada")).status, 403);
    assert_eq!(get(&at, "/healthz").status, 200);
}

/// The description says what is so.
#[test]
fn the_description_is_current() {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = fs::read_to_string(format!("{root}/docs/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let source = fs::read_to_string(format!("{root}/src/agent/queue/json.rs")).unwrap();
    for (schema, list) in [("Issue", "const ISSUE"), ("Revoke", "const REVOKE")] {
        let list = source.split_once(list).unwrap().1.split_once('=').unwrap().1;
        let list = list.split_once('[').unwrap().1;
        let mut known: Vec<&str> =
            list.split_once(']').unwrap().0.split('"').skip(1).step_by(2).collect();
        let properties = &document["components"]["schemas"][schema]["properties"];
        let mut told: Vec<&str> =
            properties.as_object().unwrap().keys().map(String::as_str).collect();
        known.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, known, "{schema}");
    }
    let (_, task) = Task::from_json(request("ada").to_string().as_bytes());
    assert!(task.is_ok());

    let home = Home::new();
    let program = Program::start(home.door());
    let at = program.address();
    assert_eq!(get(&at, "/openapi.json").json(), document);
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let known = &document["paths"][path][method]["responses"];
            let path = path.replace("{id}", &"0".repeat(32));
            let said = http(&at, &method.to_uppercase(), &path, None, b"{}");
            assert_ne!(said.status, 405, "{path}");
            assert!(known.get(said.status.to_string()).is_some(), "{path}: {said:?}");
        }
    }
}
