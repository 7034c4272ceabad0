//! The HTTP API: authorization, responses, and requests that survive a kill.

use std::fs;

use serde_json::{Value, json};
use testamur::agent::Task;

use super::setup::{AgentSite, COURSE, Program, get, http, post, request, until};

#[test]
fn http_api_answers_with_status_and_error_code() {
    let site = AgentSite::new();
    let program = Program::start(site.http_command());
    let at = &program.address();
    let body = request("ada").to_string();
    let body = body.as_bytes();

    for token in [None, Some(""), Some("open sesam"), Some("open sesame!")] {
        let response = http(at, "POST", "/certificates", token, body);
        assert_eq!(response.status, 401, "{response:?}");
        assert!(response.head.contains("www-authenticate: bearer"));
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
    until("the record is published", || {
        get(at, &format!("/certificates/{id}")).status == 200
    });
    let record = get(at, &format!("/certificates/{id}")).json();
    assert_eq!(record["certificate"]["name"], "Person ada");

    // While a request is in hand, an equal request is merged with it: wait until it is done.
    until("the request is done", || {
        let idle = "testamur_requests_in_hand{source=\"http\"} 0";
        get(at, "/metrics").body.contains(idle)
    });
    let response = post(at, "/certificates?wait", &request("ada"));
    assert_eq!(
        (response.status, &response.json()["outcome"]),
        (200, &json!("unchanged"))
    );
    assert_eq!(response.json()["verify_id"], id);
    let response = post(at, "/certificates?wait=60", &request("eve"));
    assert_eq!((response.status, &response.json()["outcome"]), (201, &json!("issued")));
    assert_eq!(response.json()["reference"], "eve");
    assert_eq!(response.json()["warnings"], json!([]));
    let mut misspelt = request("uma");
    misspelt["extra"] = json!({ "hurs": 5 });
    let response = post(at, "/certificates?wait=60", &misspelt);
    let warnings = response.json()["warnings"].to_string();
    assert!(warnings.contains("nothing on the certificate reads `hurs`"), "{warnings}");
    misspelt["extra"] = json!(null);
    misspelt["issued"] = json!("0001-01-01");
    let response = post(at, "/certificates?wait=60", &misspelt);
    assert_eq!(
        (response.status, &response.json()["error"]),
        (422, &json!("invalid_value"))
    );
    let revoke = json!({ "action": "revoke", "id": id, "reason": "a mistake" });
    let response = post(at, "/certificates?wait=60", &revoke);
    assert_eq!((response.status, &response.json()["outcome"]), (200, &json!("revoked")));
    let response = post(at, "/certificates", &request("ada"));
    assert_eq!((response.status, &response.json()["error"]), (409, &json!("revoked")));

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
        let response = http(
            at,
            "POST",
            "/certificates?wait",
            Some(super::setup::TOKEN),
            body.as_bytes(),
        );
        assert_eq!(
            (response.status, &response.json()["error"]),
            (status, &json!(error)),
            "{response:?}"
        );
    }
    let response = post(at, "/certificates", &json!({ "cours": "x" }));
    assert_eq!(response.json()["help"], "did you mean `course`?");
    assert_eq!(post(at, "/certificates?await", &request("ada")).status, 400);
    assert_eq!(post(at, "/certificates?wait=long", &request("ada")).status, 400);
    let twice = post(at, "/certificates?wait=1&wait", &request("ada"));
    assert_eq!((twice.status, &twice.json()["error"]), (400, &json!("invalid_value")));
    assert_eq!(get(at, "/certificates/none").status, 404);
    assert_eq!(get(at, &format!("/certificates/{:032}", 0)).status, 404);
    assert_eq!(get(at, "/").status, 404);

    assert_eq!(http(at, "GET", "/healthz", None, b"").status, 200);
    let response = http(at, "GET", "/readyz", None, b"");
    assert_eq!((response.status, response.json()), (200, json!({ "ready": true })));
    let metrics = http(at, "GET", "/metrics", None, b"").body;
    for line in [
        "testamur_requests_total{source=\"http\",outcome=\"issued\"} 3",
        "testamur_requests_total{source=\"http\",outcome=\"revoked\"} 1",
        "testamur_stage_seconds_count{stage=\"render\"} 3",
        "testamur_queue_waiting{source=\"http\"}",
        "testamur_store_up 1",
        "testamur_memory_bytes ",
        "# EOF",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert_eq!(site.spooled(), 0, "a done request leaves the spool");
    assert_eq!(site.records().len(), 3);
}

/// Accepted requests are done after the agent that accepted them was killed.
#[test]
fn accepted_requests_survive_a_kill() {
    let site = AgentSite::new();
    let mut program = Program::start(site.http_command());
    let at = program.address();
    let ids: Vec<String> = (0..12)
        .map(|number| {
            let response = post(&at, "/certificates", &request(&number.to_string()));
            assert_eq!(response.status, 202, "{response:?}");
            response.json()["verify_id"].as_str().unwrap().to_owned()
        })
        .collect();
    program.kill();
    assert!(site.records().len() < 12, "the agent was killed too late to test anything");
    assert!(site.spooled() > 0);

    let mut program = Program::start(site.http_command());
    until("the remaining requests are done", || {
        site.records().len() == 12 && site.spooled() == 0
    });
    for record in site.records() {
        assert!(ids.iter().any(|id| record["id"] == **id));
        site.assert_verifies(&record);
    }
    program.terminate();
    assert_eq!(program.code(), 0);
}

#[test]
fn http_api_without_token_answers_health_only() {
    let site = AgentSite::new();
    let redis = super::setup::Redis::new();
    let mut command = site.redis_command(&redis);
    command.env("TESTAMUR_AGENT__HTTP__LISTEN", "127.0.0.1:0");
    let program = Program::start(command);
    let at = program.address();
    assert_eq!(post(&at, "/certificates", &request("ada")).status, 403);
    assert_eq!(get(&at, "/healthz").status, 200);
}

/// The OpenAPI document has the keys, paths, methods and status codes of the API.
#[test]
fn openapi_document_matches_the_http_api() {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = fs::read_to_string(format!("{root}/docs/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let read = |file: &str| fs::read_to_string(format!("{root}/src/{file}")).unwrap();
    let (of_site, of_agent) = (read("site/request/json.rs"), read("agent/queue/json.rs"));
    let keys = |source: &'_ str, list: &str| -> Vec<String> {
        let list = source.split_once(list).unwrap().1.split_once('=').unwrap().1;
        let list = list.split_once('[').unwrap().1.split_once(']').unwrap().0;
        list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let issue =
        [keys(&of_site, "const KEYS"), keys(&of_agent, "const ISSUE_KEYS")].concat();
    let revoke = keys(&of_agent, "const REVOKE_KEYS");
    for (schema, mut known) in [("Issue", issue), ("Revoke", revoke)] {
        let properties = &document["components"]["schemas"][schema]["properties"];
        let mut told: Vec<&str> =
            properties.as_object().unwrap().keys().map(String::as_str).collect();
        known.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, known, "{schema}");
    }
    let (_, task) = Task::from_json(request("ada").to_string().as_bytes());
    assert!(task.is_ok());

    let site = AgentSite::new();
    let program = Program::start(site.http_command());
    let at = program.address();
    assert_eq!(get(&at, "/openapi.json").json(), document);
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let known = &document["paths"][path][method]["responses"];
            let path = path.replace("{id}", &"0".repeat(32));
            let response = http(&at, &method.to_uppercase(), &path, None, b"{}");
            assert_ne!(response.status, 405, "{path}");
            assert!(
                known.get(response.status.to_string()).is_some(),
                "{path}: {response:?}"
            );
        }
    }
}
