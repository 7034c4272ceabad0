//! Events, settings, logs and exit codes of the agent program.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::setup::{AgentSite, COURSE, Program, Redis, post, request, until};

/// An event of a recipient's certificate, as Open edX's producer wrote it.
const EVENT: &str = "DgEKZ3VpZG8aZ0BleGFtcGxlLm9yZyBHdWlkbyB2YW4gUm9zc3VtRGNvdXJzZS12MTpFeGFtcGxlWCtDVVJMMTAxKzIwMjZfVDEuSW50cm9kdWN0aW9uIHRvIEN1cmxpbmcAABB2ZXJpZmllZAgwLjkzACBHdWlkbyB2YW4gUm9zc3VtGGRvd25sb2FkYWJsZQA=";

fn event(redis: &Redis, kind: &str) {
    let data = BASE64_STANDARD.decode(EVENT).unwrap();
    redis.add(&[
        ("type", format!("org.openedx.learning.certificate.{kind}.v1").as_bytes()),
        ("id", b"8a2b8a5c-1111-11f1-8000-0242ac120002"),
        ("time", b"2026-05-14T11:30:00.123456+02:00"),
        ("event_data", &data),
    ]);
}

/// An event issues a certificate that verifies, and gives a result; another event revokes it. The
/// log says what was done and names no recipient.
#[test]
fn event_issues_and_revokes_and_log_names_no_recipient() {
    let site = AgentSite::new();
    let redis = Redis::new();
    event(&redis, "created");
    let mut command = site.redis_command(&redis);
    command.args(["--log", "json"]);
    let mut program = Program::start(command);
    until("there is a result", || redis.results().len() == 1);
    let result = &redis.results()[0];
    assert_eq!(
        (&result["outcome"], &result["username"]),
        (&json!("issued"), &json!("guido"))
    );
    let records = site.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["id"], result["verify_id"]);
    assert_eq!(records[0]["certificate"]["name"], "Guido van Rossum");
    site.assert_verifies(&records[0]);

    event(&redis, "created");
    event(&redis, "revoked");
    until("the certificate is revoked", || site.records()[0]["status"] == "revoked");
    redis.ask(
        &json!({ "course": COURSE, "name": "Guido van Rossum", "username": "guido" }),
    );
    redis.ask(
        &json!({ "course": COURSE, "name": "Zaphod \u{e000}", "username": "zaphod" }),
    );
    until("all are answered", || redis.results().len() == 5);
    let failed: Vec<Value> =
        redis.results().into_iter().filter(|it| it["outcome"] == "failed").collect();
    assert!(failed.iter().any(|it| it["error"] == "revoked"), "{failed:?}");

    program.terminate();
    assert_eq!(program.code(), 0);
    let log = program.log();
    assert!(log.contains("\"outcome\":\"issued\""), "{log}");
    for personal in ["guido", "Guido", "Rossum", "g@example.org", "Zaphod", "zaphod"] {
        assert!(!log.contains(personal), "{personal}: {log}");
    }
    let lines = log.lines().filter(|line| line.starts_with('{'));
    let objects: Vec<Value> =
        lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(objects.len() > 3);
}

/// A wrong setting is refused with its place, before any request is taken.
#[test]
fn wrong_agent_settings_are_refused_with_their_place() {
    let site = AgentSite::new();
    let redis = Redis::new();
    redis.ask(&request("ada"));
    let log_of = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = site.redis_command(&redis);
        command.envs(variables.iter().copied()).args(arguments);
        let mut program = Program::spawn(command);
        assert_ne!(program.code(), 0);
        // Another thread collects the log's last lines.
        until("the agent gives the reason", || !program.log().is_empty());
        std::thread::sleep(std::time::Duration::from_millis(200));
        program.log()
    };
    for (variable, value, words) in [
        ("TESTAMUR_AGENT__QUEUE", "rediss", "did you mean `redis`?"),
        ("TESTAMUR_AGENT__REDIS__LEASE", "soon", "`lease: soon` is no number"),
        ("TESTAMUR_AGENT__REDIS__STREAMS", "x", "TESTAMUR_AGENT__REDIS__STREAM"),
        ("TESTAMUR_AGENT__HTTP__LISTEN", "localhost", "127.0.0.1:8080"),
        ("TESTAMUR_AGENT__WORKERS", "0", "from 1 to 1024"),
    ] {
        let log = log_of(&[(variable, value)], &[]);
        assert!(log.contains(variable) && log.contains(words), "{log}");
    }
    let log = log_of(&[], &["--set", "redis.lease=soon"]);
    assert!(log.contains("--set redis.lease: `lease: soon`"), "{log}");
    let missing = [
        ("TESTAMUR_AGENT__HTTP__LISTEN", "127.0.0.1:0"),
        ("TESTAMUR_AGENT__HTTP__TOKEN_FILE", "keys/nothing"),
    ];
    let log = log_of(&missing, &[]);
    assert!(
        log.contains("TESTAMUR_AGENT__HTTP__TOKEN_FILE") && log.contains("keys/nothing"),
        "{log}"
    );
    let log =
        log_of(&[("TESTAMUR_AGENT__WEBHOOK__URL", "https://example.org/hook")], &[]);
    assert!(log.contains("`webhook` has no `secret_file`"), "{log}");
    let log = log_of(&[("TESTAMUR_LOG", "lo=ud")], &[]);
    assert!(log.contains("TESTAMUR_LOG"), "{log}");
    assert!(redis.results().is_empty());

    let mut nothing = Program::spawn(site.command());
    assert_eq!(nothing.code(), 1);
    until("the agent gives the reason", || {
        nothing.log().contains("`agent` has no `queue`")
    });
    let mut check = site.redis_command(&redis);
    check.arg("--check");
    let mut check = Program::spawn(check);
    assert_eq!(check.code(), 0, "{}", check.log());
    assert!(redis.results().is_empty(), "`--check` takes no request");
}

/// When renders do not end, the agent takes no more requests, keeps those that it has, and exits so
/// that its supervisor restarts it.
#[test]
fn agent_exits_when_too_many_renders_do_not_end() {
    let site = AgentSite::new();
    let address = "publish: { url: https://certificates.example.org }\n";
    let slow = format!("{address}render: {{ deadline: 0.0005 }}\n");
    site.0.write("site/testamur.yaml", slow);
    let mut program = Program::start(site.http_command());
    let at = program.address();
    for user in ["a", "b", "c", "d", "e", "f"] {
        // The agent may have ended before the last request.
        if std::net::TcpStream::connect(&at).is_ok() {
            let _ =
                std::panic::catch_unwind(|| post(&at, "/certificates", &request(user)));
        }
    }
    assert_eq!(program.code(), 1, "{}", program.log());
    assert!(program.log().contains("too many renders did not end"));
    assert!(site.spooled() > 0, "unfinished requests stay in the spool");
    assert!(site.records().is_empty());

    site.0.write("site/testamur.yaml", address);
    let _program = Program::start(site.http_command());
    until("the remaining requests are done", || site.spooled() == 0);
    assert!(!site.records().is_empty());
}
