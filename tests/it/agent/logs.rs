//! Where the log goes, what it never tells, and a syslog that goes away.

mod ear; // Those who hear a log, and who take apart what they hear

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use self::ear::{Ear, Message, entry, local, rfc5424};
use super::bench::{COURSE, Home, Program, Redis, TOKEN, http, post, until};

/// Whose names, usernames and other facts nobody reads at the level `info`.
const PERSONAL: [&str; 6] =
    ["Beeblebrox", "Zaphod", "zaphod", "Trillian", "trillian", "betelgeuse"];

fn to_syslog(command: &mut Command, address: &str) {
    command.env("TESTAMUR_AGENT__LOG__TO", "syslog");
    command.env("TESTAMUR_AGENT__LOG__ADDRESS", address);
}

/// An agent with a queue and a door.
fn command(home: &Home, redis: &Redis) -> Command {
    let mut command = home.queue(redis);
    command.env("TESTAMUR_AGENT__HTTP__LISTEN", "127.0.0.1:0");
    command.env("TESTAMUR_AGENT__HTTP__TOKEN_FILE", "keys/token");
    command
}

/// Runs an agent over requests that come to something and requests that do not, by every road; gives
/// it after its end, and what was logged.
fn day(redis: &Redis, command: Command, log: impl Fn(&Program) -> String) -> Program {
    let mut program = Program::spawn(command);
    until("it takes requests", || log(&program).contains("taking requests"));
    let said = log(&program);
    // As text, as JSON, as a field of journald.
    let at = said.split("127.0.0.1:").nth(1).expect("it listens");
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
        let said = post(&at, "/certificates?wait=60", &body);
        assert_eq!(said.json()["outcome"], outcome, "{said:?}");
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

fn holds_nobody(log: &str) {
    for personal in PERSONAL {
        assert!(!log.contains(personal), "{personal}: {log}");
    }
}

#[test]
fn nobody_is_named_on_standard_error() {
    let redis = Redis::new();
    for format in ["text", "json"] {
        let home = Home::new();
        let mut command = command(&home, &redis);
        command.args(["--log", format]);
        let program = day(&redis, command, Program::log);
        until("it says that it has stopped", || program.log().contains("stopped"));
        let log = program.log();
        assert!(log.contains("superseding") && log.contains("answered"), "{log}");
        holds_nobody(&log);
    }
    // That they would be found: whoever wants to know can.
    let home = Home::new();
    let mut command = command(&home, &redis);
    command.env("TESTAMUR_LOG", "debug");
    let program = day(&redis, command, Program::log);
    assert!(program.log().contains("Zaphod") && program.log().contains("zaphod43"));
}

#[test]
fn nobody_is_named_in_a_syslog() {
    let redis = Redis::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (udp, tcp) = (Ear::udp(), Ear::tcp("127.0.0.1:0"));
    let unix = (Ear::unix(&path), path.to_str().unwrap().to_owned());
    let tcp = (tcp.0, format!("tcp://{}", tcp.1));
    type Read = fn(&[u8]) -> Message;
    for ((ear, address), format, read) in [
        (&unix, "text", local as Read),
        (&unix, "json", local),
        (&udp, "text", rfc5424),
        (&udp, "json", rfc5424),
        (&tcp, "text", rfc5424),
        (&tcp, "json", rfc5424),
    ] {
        let home = Home::new();
        let mut command = command(&home, &redis);
        to_syslog(&mut command, address);
        command.env("TESTAMUR_AGENT__LOG__FACILITY", "local3");
        command.env("TESTAMUR_AGENT__LOG__FORMAT", format);
        let heard = ear.all().len();
        let new = || ear.all()[heard..].to_vec();
        let program =
            day(&redis, command, |_| String::from_utf8(new().concat()).unwrap());
        until("the last words come", || {
            new().last().is_some_and(|it| {
                let text = read(it).text;
                text.ends_with(": stopped") || text.contains("\"stopped\"")
            })
        });
        let messages: Vec<Message> = new().iter().map(|it| read(it)).collect();
        let mut severities = BTreeMap::new();
        for message in &messages {
            holds_nobody(&message.text);
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
        // Standard error has nothing.
        assert_eq!(program.log(), "");
    }
}

/// In a file system of its own, so that the machine's journald, if it has one, hears nothing.
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
#[expect(clippy::print_stderr, reason = "what is left out is said")]
fn nobody_is_named_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    if !with_journald(folder.path(), &Command::new("true")).status().unwrap().success() {
        eprintln!("left out: this machine lets nobody mount");
        return;
    }
    let (home, redis) = (Home::new(), Redis::new());
    let mut program =
        Program::spawn(with_journald(folder.path(), &command(&home, &redis)));
    assert_eq!(program.code(), 1);
    until("it says why", || program.log().contains("set `agent.log.to` to `stderr`"));
    assert!(program.log().contains("TESTAMUR_AGENT__LOG__TO: failed to reach journald"));

    let ear = Ear::unix(&folder.path().join("socket"));
    let begin = with_journald(folder.path(), &command(&home, &redis));
    let program = day(&redis, begin, |_| ear.text());
    until("the last words come", || ear.text().contains("stopped"));
    holds_nobody(&ear.text());
    let entries: Vec<_> = ear.all().iter().map(|it| entry(it)).collect();
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

/// A syslog of a kind that can go and come back at the same place.
struct Place {
    folder: TempDir,
    port: Option<String>,
}

impl Place {
    fn path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn open(&mut self) -> Ear {
        let Some(port) = &self.port else { return Ear::unix(&self.path()) };
        let (ear, at) = Ear::tcp(port);
        self.port = Some(at);
        ear
    }

    fn address(&self) -> String {
        match &self.port {
            None => self.path().to_str().unwrap().to_owned(),
            Some(port) => format!("tcp://{port}"),
        }
    }
}

/// Work goes on, what waits comes after all, and what is too much is counted.
#[test]
fn a_syslog_that_goes_away() {
    for port in [None, Some("127.0.0.1:0".to_owned())] {
        let (home, redis) = (Home::new(), Redis::new());
        let mut place = Place { folder: tempfile::tempdir().unwrap(), port };
        let ear = place.open();
        let mut command = home.queue(&redis);
        to_syslog(&mut command, &place.address());
        command.env("TESTAMUR_AGENT__LOG__LEVEL", "debug");
        let mut program = Program::spawn(command);
        until("it takes requests", || ear.text().contains("taking requests"));
        drop(ear);

        let gone = json!({ "course": "nowhere", "name": "Ada" });
        redis.ask(&gone);
        until("it is answered", || redis.results().len() == 1);
        until("it is missed", || {
            program.log().contains("is unreachable, and the agent continues")
        });
        let ear = place.open();
        until("what was said is heard", || ear.text().contains("why it failed"));
        assert!(ear.text().contains("answered"), "no line before it is lost");
        until("it is said", || program.log().contains("is reachable again"));

        drop(ear);
        (0..800).for_each(|_| redis.ask(&gone));
        until("all are answered", || redis.results().len() == 801);
        let ear = place.open();
        until("the loss is told", || ear.text().contains("lines of the log are lost"));
        let heard = ear.text().matches("why it failed").count();
        assert!((400..800).contains(&heard), "{heard}");
        redis.ask(&gone);
        until("more is heard", || {
            ear.text().matches("why it failed").count() == heard + 1
        });

        drop(ear);
        redis.ask(&gone);
        program.terminate();
        assert_eq!(program.code(), 0, "{}", program.log());
    }
}

/// On another machine it may come later than we do; `--check` wants it there.
#[test]
fn a_syslog_that_comes_later() {
    let (home, redis) = (Home::new(), Redis::new());
    let (ear, at) = Ear::tcp("127.0.0.1:0");
    drop(ear);
    let mut command = home.queue(&redis);
    to_syslog(&mut command, &format!("tcp://{at}"));
    let mut program = Program::spawn(command);
    until("it is missed", || {
        program.log().contains("is unreachable, and the agent continues")
    });
    let (ear, _) = Ear::tcp(&at);
    until("it takes requests", || ear.text().contains("taking requests"));
    program.terminate();
    assert_eq!(program.code(), 0);
    // What ends it is told there too.
    let mut command = home.door();
    command.env("TESTAMUR_AGENT__HTTP__TOKEN_FILE", "keys/nothing");
    to_syslog(&mut command, &format!("tcp://{at}"));
    let mut program = Program::spawn(command);
    assert_eq!(program.code(), 1);
    until("it says why", || ear.text().contains("keys/nothing"));
}

#[test]
fn a_log_that_leads_nowhere() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    let nothing = nothing.to_str().unwrap();
    let said = |variables: &[(&str, &str)]| {
        let mut command = home.door();
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
            "LOG__LEVEL: `testamur=loud` is no level",
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
        let (code, said) = said(variables);
        assert!(said.contains(words) && said.contains("\nhelp: "), "{said}");
        assert_eq!(code, Some(1));
    }
    home.0.write("site/testamur.yaml", "agent:\n  log: { to: syslog, facilty: mail }\n");
    assert!(said(&[]).1.contains("testamur.yaml:2:22: unknown key `facilty`"));
    let file = format!("agent:\n  log:\n    to: syslog\n    address: {nothing}\n");
    home.0.write("site/testamur.yaml", file);
    assert!(said(&[]).1.contains("testamur.yaml:4:14: failed to reach the syslog at `/"));

    // The environment wins; and a syslog is not told of a check.
    let ear = Ear::unix(&folder.path().join("nothing"));
    assert_eq!(said(&[]).0, Some(0));
    assert!(ear.all().is_empty());
    drop(ear);
    fs::remove_file(nothing).unwrap();
    assert_eq!(said(&[("AGENT__LOG__TO", "stderr")]).0, Some(0));
}
