//! Log destinations, and personal data in logs.

mod log_server; // A server that collects log messages, and a parser of them

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use self::log_server::{LogServer, journald_entry};
use super::setup::{AgentSite, COURSE, Program, Redis, TOKEN, http, post, until};

/// Parts of names, usernames and other facts that no log shows at the level `info`.
const PERSONAL: [&str; 6] =
    ["Beeblebrox", "Zaphod", "zaphod", "Trillian", "trillian", "betelgeuse"];

/// The command of an agent with a Redis queue and the HTTP API.
fn command(site: &AgentSite, redis: &Redis) -> Command {
    let mut command = site.redis_command(redis);
    command.env("TESTAMUR_AGENT__HTTP__LISTEN", "127.0.0.1:0");
    command.env("TESTAMUR_AGENT__HTTP__TOKEN_FILE", "keys/token");
    command
}

/// Runs an agent over requests that succeed and requests that fail, over HTTP and Redis. Returns
/// the program after its end.
fn run_requests(
    redis: &Redis,
    command: Command,
    log: impl Fn(&Program) -> String,
) -> Program {
    let mut program = Program::spawn(command);
    until("the agent takes requests", || log(&program).contains("taking requests"));
    let log = log(&program);
    // Finds the port whether the log is text, JSON or a journald field.
    let at = log.split("127.0.0.1:").nth(1).expect("the log has the address");
    let port: String = at.chars().take_while(char::is_ascii_digit).collect();
    let at = format!("127.0.0.1:{port}");

    let request = |name: &str| {
        json!({ "course": COURSE, "name": name, "username": "zaphod42",
            "reference": "zaphod's", "extra": { "home": "betelgeuse" } })
    };
    let revoke = json!({ "action": "revoke", "course": COURSE, "username": "zaphod42",
        "reason": "Zaphod Beeblebrox was Trillian" });
    for (outcome, body) in [
        ("issued", request("Zaphod Beeblebrox")),
        ("unchanged", request("Zaphod Beeblebrox")),
        ("superseding", request("Trillian Beeblebrox")),
        ("revoked", revoke.clone()),
    ] {
        let response = post(&at, "/certificates?wait=60", &body);
        assert_eq!(response.json()["outcome"], outcome, "{response:?}");
    }
    let mut odd = request("Zaphod Beeblebrox");
    odd["Zaphod"] = json!("trillian");
    let mut layout = request("Zaphod Beeblebrox");
    (layout["layout"], layout["username"]) = (json!("trillian"), json!("trillian"));
    let mut unprintable = request("Zaphod \u{e000} Beeblebrox");
    unprintable["username"] = json!("zaphod43");
    let wrong = [request("Zaphod Beeblebrox"), unprintable, layout, odd];
    for body in &wrong {
        assert!(post(&at, "/certificates?wait=60", body).status >= 400, "{body}");
    }
    let half = br#"{ "name": "Zaphod Beeblebrox", "#;
    let path = "/certificates?username=zaphod42";
    assert_eq!(http(&at, "POST", path, Some(TOKEN), half).status, 400);

    let before = (redis.results().len(), redis.dead());
    for body in &wrong {
        redis.ask(body);
    }
    redis.ask(&revoke);
    redis.add(&[("request", half)]);
    redis.add(&[("zaphod", b"Zaphod Beeblebrox")]);
    until("all are answered", || {
        let done = redis.results().len() - before.0;
        done + (redis.dead() - before.1) as usize >= 7
    });
    program.terminate();
    assert_eq!(program.code(), 0, "{}", program.log());
    program
}

fn assert_no_personal_data(log: &str) {
    for personal in PERSONAL {
        assert!(!log.contains(personal), "{personal}: {log}");
    }
}

#[test]
fn standard_error_log_names_no_recipient() {
    let redis = Redis::new();
    for format in ["text", "json"] {
        let site = AgentSite::new();
        let mut command = command(&site, &redis);
        command.args(["--log", format]);
        let program = run_requests(&redis, command, Program::log);
        until("the agent logs that it has stopped", || program.log().contains("stopped"));
        let log = program.log();
        assert!(log.contains("superseding") && log.contains("answered"), "{log}");
        assert_no_personal_data(&log);
    }
    // The level `debug` shows the values: the search above would find them.
    let site = AgentSite::new();
    let mut command = command(&site, &redis);
    command.env("TESTAMUR_LOG", "debug");
    let program = run_requests(&redis, command, Program::log);
    assert!(program.log().contains("Zaphod") && program.log().contains("zaphod43"));
}

/// Runs the command in a mount namespace with `folder` in place of journald's, so that the
/// machine's own journald gets nothing.
fn with_journald(folder: &Path, command: &Command) -> Command {
    let script = "mount -t tmpfs none /run && mkdir -p /run/systemd/journal && \
                  mount --bind \"$0\" /run/systemd/journal && exec \"$@\"";
    let mut inside = Command::new("unshare");
    inside.args(["--mount", "--map-root-user", "sh", "-c", script]);
    inside.arg(folder).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => inside.env(name, value),
            None => inside.env_remove(name),
        };
    }
    inside.current_dir(command.get_current_dir().unwrap_or(Path::new("/")));
    inside.env("TESTAMUR_AGENT__LOG__TO", "journald");
    inside
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn journald_log_names_no_recipient() {
    let folder = tempfile::tempdir().unwrap();
    if !with_journald(folder.path(), &Command::new("true")).status().unwrap().success() {
        eprintln!("skipped: this machine allows no mount namespaces");
        return;
    }
    let (site, redis) = (AgentSite::new(), Redis::new());
    let mut program =
        Program::spawn(with_journald(folder.path(), &command(&site, &redis)));
    assert_eq!(program.code(), 1);
    until("the agent gives the reason", || {
        program.log().contains("set `agent.log.to` to `stderr`")
    });
    assert!(program.log().contains("TESTAMUR_AGENT__LOG__TO: failed to reach journald"));

    let server = LogServer::unix(&folder.path().join("socket"));
    let begin = with_journald(folder.path(), &command(&site, &redis));
    let program = run_requests(&redis, begin, |_| server.text());
    until("the last line arrives", || server.text().contains("stopped"));
    assert_no_personal_data(&server.text());
    let entries: Vec<_> = server.all().iter().map(|it| journald_entry(it)).collect();
    let entries: Vec<_> = entries.iter().filter(|it| !it.is_empty()).collect();
    assert!(entries.iter().all(|it| it["SYSLOG_IDENTIFIER"] == "testamur"));
    let is = |entry: &BTreeMap<String, String>, key: &str, value: &str| {
        entry.get(key).is_some_and(|it| it == value)
    };
    let new = entries.iter().find(|it| is(it, "TESTAMUR_OUTCOME", "issued")).unwrap();
    assert_eq!((new["PRIORITY"].as_str(), new["MESSAGE"].as_str()), ("6", "done"));
    assert_eq!(new["TESTAMUR_COURSE"], COURSE);
    let failed = entries.iter().find(|it| is(it, "TESTAMUR_OUTCOME", "failed")).unwrap();
    assert_eq!(failed["PRIORITY"], "4");
    assert_eq!(program.log(), "");
}

#[test]
fn wrong_log_settings_are_refused() {
    let site = AgentSite::new();
    let check = |variables: &[(&str, &str)]| {
        let mut command = site.http_command();
        command.arg("--check");
        for (name, value) in variables {
            command.env(format!("TESTAMUR_{name}"), value);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (variables, words) in [
        (
            &[("AGENT__LOG__TO", "jurnald")][..],
            "LOG__TO: unknown value `jurnald`\nhelp: did",
        ),
        (&[("LOG_FORMAT", "jsn")], "LOG_FORMAT: unknown value `jsn`\nhelp: did you mean"),
        (
            &[("LOG", "inof")],
            "TESTAMUR_LOG: unknown level `inof`\nhelp: did you mean `info`?",
        ),
        (
            &[("AGENT__LOG__LEVEL", "testamur=loud")],
            "LOG__LEVEL: `testamur=loud` is no log level",
        ),
    ] {
        let (code, message) = check(variables);
        assert!(message.contains(words) && message.contains("\nhelp: "), "{message}");
        assert_eq!(code, Some(1));
    }
    site.0.write("site/testamur.yaml", "agent:\n  log: { to: stderr, levl: info }\n");
    assert!(check(&[]).1.contains("testamur.yaml:2:22: unknown key `levl`"));
    // The environment overrides the file.
    let file = "agent: { log: { to: journald } }\n\
                publish: { url: 'https://certificates.example.org' }\n";
    site.0.write("site/testamur.yaml", file);
    assert_eq!(check(&[("AGENT__LOG__TO", "stderr")]).0, Some(0));
}
