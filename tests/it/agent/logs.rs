//! Log destinations, personal data in logs, and a syslog that is unreachable.

mod log_server; // Servers that collect log messages, and parsers of the messages

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use self::log_server::{LogServer, Message, journald_entry, local, rfc5424};
use super::setup::{AgentSite, COURSE, Program, Redis, TOKEN, http, post, until};

/// Parts of names, usernames and other facts that no log shows at the level `info`.
const PERSONAL: [&str; 6] =
    ["Beeblebrox", "Zaphod", "zaphod", "Trillian", "trillian", "betelgeuse"];

fn to_syslog(command: &mut Command, address: &str) {
    command.env("TESTAMUR_AGENT__LOG__TO", "syslog");
    command.env("TESTAMUR_AGENT__LOG__ADDRESS", address);
}

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
    wrong.iter().for_each(|body| redis.ask(body));
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

#[test]
fn syslog_names_no_recipient() {
    let redis = Redis::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (udp, tcp) = (LogServer::udp(), LogServer::tcp("127.0.0.1:0"));
    let unix = (LogServer::unix(&path), path.to_str().unwrap().to_owned());
    let tcp = (tcp.0, format!("tcp://{}", tcp.1));
    type Read = fn(&[u8]) -> Message;
    for ((server, address), format, read) in [
        (&unix, "text", local as Read),
        (&unix, "json", local),
        (&udp, "text", rfc5424),
        (&udp, "json", rfc5424),
        (&tcp, "text", rfc5424),
        (&tcp, "json", rfc5424),
    ] {
        let site = AgentSite::new();
        let mut command = command(&site, &redis);
        to_syslog(&mut command, address);
        command.env("TESTAMUR_AGENT__LOG__FACILITY", "local3");
        command.env("TESTAMUR_AGENT__LOG__FORMAT", format);
        let received = server.all().len();
        let new = || server.all()[received..].to_vec();
        let program =
            run_requests(&redis, command, |_| String::from_utf8(new().concat()).unwrap());
        until("the last line arrives", || {
            new().last().is_some_and(|it| {
                let text = read(it).text;
                text.ends_with(": stopped") || text.contains("\"stopped\"")
            })
        });
        let messages: Vec<Message> = new().iter().map(|it| read(it)).collect();
        let mut severities = BTreeMap::new();
        for message in &messages {
            assert_no_personal_data(&message.text);
            assert_eq!(message.facility, 19);
            assert_eq!(message.process, program.id().to_string());
            *severities.entry(message.severity).or_insert(0) += 1;
            if format == "json" {
                let object: Value = serde_json::from_str(&message.text).unwrap();
                let level = if message.severity == 6 { "INFO" } else { "WARN" };
                assert_eq!(object["level"], level);
            }
        }
        assert_eq!(Vec::from_iter(severities.keys()), [&4, &6], "{messages:?}");
        let has = |words: &str| messages.iter().any(|it| it.text.contains(words));
        assert!(has("superseding") && has("answered"), "{messages:?}");
        // Standard error is empty.
        assert_eq!(program.log(), "");
    }
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

/// The address at which a syslog server stops and starts again: a TCP port or, without one, a Unix
/// socket.
struct SyslogAddress {
    folder: TempDir,
    port: Option<String>,
}

impl SyslogAddress {
    fn path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn open(&mut self) -> LogServer {
        let Some(port) = &self.port else { return LogServer::unix(&self.path()) };
        let (server, at) = LogServer::tcp(port);
        self.port = Some(at);
        server
    }

    fn setting(&self) -> String {
        match &self.port {
            None => self.path().to_str().unwrap().to_owned(),
            Some(port) => format!("tcp://{port}"),
        }
    }
}

/// Work goes on without the syslog, buffered lines arrive later, and lost lines are counted.
#[test]
fn syslog_outage_buffers_lines_and_counts_lost_ones() {
    for port in [None, Some("127.0.0.1:0".to_owned())] {
        let (site, redis) = (AgentSite::new(), Redis::new());
        let mut address = SyslogAddress { folder: tempfile::tempdir().unwrap(), port };
        let server = address.open();
        let mut command = site.redis_command(&redis);
        to_syslog(&mut command, &address.setting());
        command.env("TESTAMUR_AGENT__LOG__LEVEL", "debug");
        let mut program = Program::spawn(command);
        until("the agent takes requests", || server.text().contains("taking requests"));
        drop(server);

        let gone = json!({ "course": "nowhere", "name": "Ada" });
        redis.ask(&gone);
        until("the request is answered", || redis.results().len() == 1);
        until("the agent reports the outage", || {
            program.log().contains("is unreachable, and the agent continues")
        });
        let server = address.open();
        until("the buffered lines arrive", || server.text().contains("why it failed"));
        assert!(server.text().contains("answered"), "no earlier line is lost");
        until("the agent reports the recovery", || {
            program.log().contains("is reachable again")
        });

        drop(server);
        (0..800).for_each(|_| redis.ask(&gone));
        until("all are answered", || redis.results().len() == 801);
        let server = address.open();
        until("the number of lost lines is logged", || {
            server.text().contains("lines of the log are lost")
        });
        let received = server.text().matches("why it failed").count();
        assert!((400..800).contains(&received), "{received}");
        redis.ask(&gone);
        until("a new line arrives", || {
            server.text().matches("why it failed").count() == received + 1
        });

        drop(server);
        redis.ask(&gone);
        program.terminate();
        assert_eq!(program.code(), 0, "{}", program.log());
    }
}

/// A remote syslog may start after the agent; `--check` requires it.
#[test]
fn agent_starts_before_a_remote_syslog() {
    let (site, redis) = (AgentSite::new(), Redis::new());
    let (server, at) = LogServer::tcp("127.0.0.1:0");
    drop(server);
    let mut command = site.redis_command(&redis);
    to_syslog(&mut command, &format!("tcp://{at}"));
    let mut program = Program::spawn(command);
    until("the agent reports the outage", || {
        program.log().contains("is unreachable, and the agent continues")
    });
    let (server, _) = LogServer::tcp(&at);
    until("the agent takes requests", || server.text().contains("taking requests"));
    program.terminate();
    assert_eq!(program.code(), 0);
    // The error that ends the agent is sent to the syslog too.
    let mut command = site.http_command();
    command.env("TESTAMUR_AGENT__HTTP__TOKEN_FILE", "keys/nothing");
    to_syslog(&mut command, &format!("tcp://{at}"));
    let mut program = Program::spawn(command);
    assert_eq!(program.code(), 1);
    until("the reason arrives", || server.text().contains("keys/nothing"));
}

#[test]
fn wrong_log_settings_are_refused() {
    let site = AgentSite::new();
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    let nothing = nothing.to_str().unwrap();
    let check = |variables: &[(&str, &str)]| {
        let mut command = site.http_command();
        command.arg("--check");
        for (name, value) in variables {
            command.env(format!("TESTAMUR_{name}"), value);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let to = ("AGENT__LOG__TO", "syslog");
    let at = |address| [to, ("AGENT__LOG__ADDRESS", address)];
    for (variables, words) in [
        (
            &[("AGENT__LOG__TO", "sislog")][..],
            "LOG__TO: unknown value `sislog`\nhelp: did",
        ),
        (&[("AGENT__LOG__FACILITY", "lokal0")], "did you mean `local0`?"),
        (&[("LOG_FORMAT", "jsn")], "LOG_FORMAT: unknown value `jsn`\nhelp: did you mean"),
        (
            &[("LOG", "inof")],
            "TESTAMUR_LOG: unknown level `inof`\nhelp: did you mean `info`?",
        ),
        (
            &[("AGENT__LOG__LEVEL", "testamur=loud")],
            "LOG__LEVEL: `testamur=loud` is no log level",
        ),
        (&at(nothing), "LOG__ADDRESS: failed to reach the syslog at `/"),
        (
            &at("tcp://127.0.0.1:1"),
            "failed to reach the syslog at `tcp://127.0.0.1:1` (Con",
        ),
        (
            &at("udp://nowhere.invalid:514"),
            "failed to reach the syslog at `udp://nowhere",
        ),
    ] {
        let (code, message) = check(variables);
        assert!(message.contains(words) && message.contains("\nhelp: "), "{message}");
        assert_eq!(code, Some(1));
    }
    site.0.write("site/testamur.yaml", "agent:\n  log: { to: syslog, facilty: mail }\n");
    assert!(check(&[]).1.contains("testamur.yaml:2:22: unknown key `facilty`"));
    let file = format!(
        "agent:\n  log:\n    to: syslog\n    address: {nothing}\n\
         publish: {{ url: 'https://certificates.example.org' }}\n"
    );
    site.0.write("site/testamur.yaml", file);
    assert!(
        check(&[]).1.contains("testamur.yaml:4:14: failed to reach the syslog at `/")
    );

    // The environment overrides the file; a check sends nothing to the syslog.
    let server = LogServer::unix(&folder.path().join("nothing"));
    assert_eq!(check(&[]).0, Some(0));
    assert!(server.all().is_empty());
    drop(server);
    fs::remove_file(nothing).unwrap();
    assert_eq!(check(&[("AGENT__LOG__TO", "stderr")]).0, Some(0));
}
