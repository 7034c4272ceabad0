//! Events, settings, logs and exit codes of the agent program.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::setup::{AgentSite, COURSE, Program, Redis, get, post, request, until};

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

/// A layout whose loops end after hours: Typst limits the rounds of `while` only.
const ENDLESS: &str = "#let certificate(sheet) = {
  let rounds = 0
  for _ in range(30000) { for _ in range(30000) { for _ in range(30000) { rounds += 1 } } }
  [#rounds]
}
";

/// A site whose layout `honor` does not end.
fn site_with_an_endless_layout(deadline: f64) -> AgentSite {
    let site = AgentSite::new();
    let settings = format!(
        "publish: {{ url: https://certificates.example.org }}\n\
         render: {{ deadline: {deadline}, threads: 2 }}\n"
    );
    site.0.write("site/testamur.yaml", settings);
    site.0.write("site/layouts/honor/layout.typ", ENDLESS);
    site
}

fn endless(user: &str) -> serde_json::Value {
    let mut request = request(user);
    request["layout"] = "honor".into();
    request
}

/// Requests whose renders do not end are set aside for good, each after one start, and others are
/// done meanwhile.
#[test]
fn requests_that_do_not_end_are_set_aside_and_others_are_done() {
    let site = site_with_an_endless_layout(2.0);
    let mut program = Program::start(site.http_command());
    let at = program.address();
    for round in 0..2 {
        for user in ["a", "b", "c"] {
            let response = post(&at, "/certificates", &endless(user));
            assert_eq!(response.status, 202, "{round} {response:?}");
        }
    }
    for number in 0..4 {
        let response =
            post(&at, "/certificates?wait=60", &request(&format!("innocent {number}")));
        assert_eq!(response.status, 201, "{response:?}");
    }
    until("all were abandoned once", || {
        get(&at, "/metrics").body.contains("testamur_abandoned_renders 3\n")
    });
    until("they are set aside", || site.spooled() == 0);
    // The same requests again are answered at once: their renders still run.
    for user in ["a", "b", "c"] {
        let response = post(&at, "/certificates?wait=60", &endless(user));
        assert_eq!(response.status, 500, "{response:?}");
        assert!(response.body.contains("it is set aside"), "{response:?}");
    }
    let metrics = get(&at, "/metrics").body;
    assert!(metrics.contains("testamur_abandoned_renders 3\n"), "{metrics}");
    assert_eq!(get(&at, "/readyz").status, 200);
    program.terminate();
    assert_eq!(program.code(), 0, "{}", program.log());
}

/// When too many renders still run, the agent takes no more requests, keeps those that it has, and
/// exits so that its supervisor restarts it.
#[test]
fn agent_exits_when_too_many_renders_do_not_end() {
    let site = site_with_an_endless_layout(0.2);
    let mut program = Program::start(site.http_command());
    let at = program.address();
    for number in 0..20 {
        // The agent may have ended before the last request.
        if std::net::TcpStream::connect(&at).is_ok() {
            let request = endless(&number.to_string());
            let _ = std::panic::catch_unwind(|| post(&at, "/certificates", &request));
        }
    }
    assert_eq!(program.code(), 1, "{}", program.log());
    assert!(program.log().contains("too many renders do not end"));
    assert!(site.spooled() > 0, "unfinished requests stay in the spool");
    assert!(site.records().is_empty());

    std::fs::remove_file(site.path().join("layouts/honor/layout.typ")).unwrap();
    let settings = "publish: { url: https://certificates.example.org }\n";
    site.0.write("site/testamur.yaml", settings);
    let _program = Program::start(site.http_command());
    until("the remaining requests are done", || site.spooled() == 0);
    assert!(!site.records().is_empty());
}

/// All files and folders below a folder, with their content.
fn snapshot(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.clone());
                found.push((path, None));
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.push((path, Some(bytes)));
            }
        }
    }
    found.sort();
    found
}

/// `--check` leaves no trace, in the site or in the queue, and refuses links that lead nowhere.
#[test]
fn check_changes_nothing_and_refuses_links_that_lead_nowhere() {
    let (site, redis) = (AgentSite::new(), Redis::new());
    let check = |site: &AgentSite| {
        let mut command = site.redis_command(&redis);
        let output = command.arg("--check").output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let before = snapshot(&site.path());
    let (code, said) = check(&site);
    assert_eq!(code, Some(0), "{said}");
    let names = |files: &[(std::path::PathBuf, Option<Vec<u8>>)]| {
        files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    let after = snapshot(&site.path());
    assert_eq!(names(&after), names(&before));
    assert!(after == before, "a file has changed");
    assert_eq!(redis.keys(), 0, "there is no stream and no group");

    let bucket = "store: { s3: { endpoint: 'http://127.0.0.1:9', bucket: certificates, region: r } }\n";
    for (settings, words) in [
        ("", "would lead nowhere"),
        ("publish: none\n", "answers with addresses"),
        (&format!("publish: {{ url: https://c.example.org }}\n{bucket}"), "end in `/`"),
    ] {
        site.0.write("site/testamur.yaml", settings);
        let (code, said) = check(&site);
        assert!(code == Some(1) && said.contains(words), "{code:?} {said}");
    }
    let mut demo = site.redis_command(&redis);
    let folder = tempfile::tempdir().unwrap();
    let output = demo.current_dir(folder.path()).arg("--check").output().unwrap();
    assert_ne!(output.status.code(), Some(0), "{output:?}");
    assert!(snapshot(folder.path()).is_empty());
}

/// Of a recipient of whom nothing is issued yet, the requests that wait are removed, also those that
/// cannot be understood, and an agent that works on one issues nothing.
#[test]
fn erasure_of_a_request_that_waits_keeps_it_from_being_issued() {
    let site = AgentSite::new();
    let spool = site.path().join("private/spool");
    fs::create_dir_all(&spool).unwrap();
    let ada = json!({ "course": COURSE, "name": "Ada Lovelace", "username": "ada" });
    let king = json!({ "course": "c", "name": "Ada King", "username": "ada" });
    let later =
        json!({ "course": COURSE, "name": "Ada King", "username": "ada", "x": 1 });
    for (number, request) in [&ada, &king, &later].iter().enumerate() {
        let name = format!("000000000001-x-00000000{number}.json");
        fs::write(spool.join(name), request.to_string()).unwrap();
    }
    fs::write(site.path().join("marks.csv"), "username,mark\nada,1\n").unwrap();
    let mut erase = site.0.command();
    erase.arg("--site").arg(site.path());
    erase.args(["erase", "--recipient", "Ada Lovelace", "--yes"]);
    let run = crate::workdir::Run::of(erase);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("removed: 3 requests that waited"), "{}", run.stderr);
    assert!(run.stderr.contains("marks.csv  has the username"), "{}", run.stderr);
    assert_eq!(site.spooled(), 0);
    let records = site.records();
    assert_eq!((records.len(), &records[0]["status"]), (1, &json!("erased")));
    assert!(!records[0].to_string().contains("Ada"), "{}", records[0]);
}
