use std::time::Duration;

use super::*;
use crate::site::settings::Settings;
use crate::site::settings::secret::Secret;

fn parse(text: &str) -> Result<AgentSettings> {
    Settings::parse(text.as_bytes()).map(|settings| settings.agent)
}

const REDIS: &str =
    "agent: { queue: redis, redis: { url: 'redis://localhost', stream: s } }\n";

#[test]
fn all_keys_are_read() {
    let settings = parse(
        "agent:\n  queue: redis\n  reissue: true\n  redis:\n    url: rediss://r.example.org:6380/2\n    \
         user: agent\n    password_file: keys/redis\n    stream: events\n    group: g\n    \
         results: out\n    dead_letters: poison\n    modes: [honor, verified]\n    \
         statuses: [downloadable]\n    lease: 90\n    deadline: 2.5\n    results_max_len: 1000\n  xqueue:\n    \
         url: https://x.example.org/\n    name: certs\n    user: lms\n    password_file: x\n    \
         auth_user: edx\n    auth_password_file: y\n    poll: 2\n    lease: 120\n    deadline: 40\n",
    )
    .unwrap();
    settings.check().unwrap();
    assert_eq!(settings.queue, Some(QueueKind::Redis));
    assert!(settings.reissue);
    let redis = &settings.redis;
    assert_eq!(redis.url.as_deref(), Some("rediss://r.example.org:6380/2"));
    assert_eq!(redis.modes, ["honor", "verified"]);
    assert_eq!(
        (redis.results().unwrap(), redis.dead_letters().unwrap()),
        ("out".into(), "poison".into())
    );
    assert_eq!(redis.lease, Duration::from_secs(90));
    assert_eq!(
        (redis.deadline, redis.results_max_len),
        (Duration::from_millis(2500), 1000)
    );
    let xqueue = &settings.xqueue;
    assert_eq!(xqueue.url.as_deref(), Some("https://x.example.org"));
    assert_eq!(xqueue.poll, Duration::from_secs(2));
    assert_eq!((xqueue.lease.as_secs(), xqueue.deadline.as_secs()), (120, 40));
}

#[test]
fn optional_settings_have_defaults() {
    let settings = parse(REDIS).unwrap();
    settings.check().unwrap();
    let redis = settings.redis;
    assert_eq!(redis.group, "testamur");
    assert_eq!(redis.results().as_deref(), Some("s-results"));
    assert_eq!(redis.dead_letters().as_deref(), Some("s-dead"));
    assert!(redis.modes.is_empty(), "all but `audit`");
    assert_eq!(parse("agent:\n").unwrap(), AgentSettings::default());
}

#[test]
fn wrong_value_is_reported_with_its_line() {
    for (line, words, text) in [
        (1, "unknown value `rabbit`", "agent: { queue: rabbit }\n"),
        (2, "unknown key `qeue`", "agent:\n  qeue: redis\n"),
        (3, "unknown key `strem`", "agent:\n  redis:\n    strem: s\n"),
        (2, "is no address", "agent:\n  redis: { url: 'http://localhost' }\n"),
        (2, "is no address", "agent:\n  redis: { url: 'redis://' }\n"),
        (2, "is no address", "agent:\n  redis: { url: 'redis://localhost:port' }\n"),
        (2, "is no address", "agent:\n  redis: { url: 'redis://localhost/first' }\n"),
        (
            2,
            "the address has a user name or a password",
            "agent:\n  redis: { url: 'redis://:geheim@localhost' }\n",
        ),
        (2, "a secret does not belong here", "agent:\n  redis: { password: geheim }\n"),
        (
            2,
            "a secret does not belong here",
            "agent:\n  xqueue: { auth_password: geheim }\n",
        ),
        (2, "`modes` is empty", "agent:\n  redis: { modes: [] }\n"),
        (2, "`lease: 0`", "agent:\n  redis: { lease: 0 }\n"),
        (2, "`results_max_len: -1`", "agent:\n  redis: { results_max_len: -1 }\n"),
        (2, "is no stream", "agent:\n  redis: { stream: 'a b' }\n"),
        (
            2,
            "the address has a user name or a password",
            "agent:\n  xqueue: { url: 'https://a:geheim@x.example.org' }\n",
        ),
        (2, "is no address", "agent:\n  xqueue: { url: x.example.org }\n"),
        (2, "`poll: often`", "agent:\n  xqueue: { poll: often }\n"),
        (1, "unknown value `yes`", "agent: { reissue: yes }\n"),
        (2, "unknown value `sislog`", "agent:\n  log: { to: sislog }\n"),
        (2, "unknown value `xml`", "agent:\n  log: { format: xml }\n"),
        (2, "unknown level `inof`", "agent:\n  log: { level: 'inof,testamur=debug' }\n"),
    ] {
        let fault = parse(text).unwrap_err();
        assert!(fault.to_string().contains(words), "{text}: {fault}");
        assert_eq!(fault.place().and_then(|place| place.line), Some(line), "{text}");
        assert!(!fault.to_string().contains("geheim"), "{fault}");
    }
}

#[test]
fn environment_overrides_the_file() {
    let settings = parse(REDIS).unwrap();
    let settings = settings
        .with_env([
            ("TESTAMUR_AGENT__REDIS__URL", "redis://agent:p%40ss@r.example.org:7000/1"),
            ("TESTAMUR_AGENT__REDIS__MODES", "honor, verified"),
            ("TESTAMUR_AGENT__REDIS__STREAM", ""),
            ("TESTAMUR_SITE", "/srv/site"),
            ("PATH", "/bin"),
        ])
        .unwrap();
    let redis = &settings.redis;
    assert_eq!(redis.url.as_deref(), Some("redis://r.example.org:7000/1"));
    assert_eq!(redis.user.as_deref(), Some("agent"));
    assert_eq!(redis.password.as_ref().map(Secret::reveal), Some("p@ss"));
    assert_eq!(redis.modes, ["honor", "verified"]);
    assert_eq!(redis.stream.as_deref(), Some("s"), "an empty one says nothing");
    assert!(!format!("{settings:?}").contains("p@ss"));
}

#[test]
fn log_settings_are_read_from_file_and_environment() {
    let log = AgentSettings::default().log;
    assert_eq!((log.to, log.format), (LogTarget::Stderr, LogFormat::Text));
    assert_eq!(log.level, "info");
    let settings =
        parse("agent:\n  log:\n    to: journald\n    format: json\n    level: warn\n")
            .unwrap();
    let log = &settings.log;
    assert_eq!((log.to, log.format), (LogTarget::Journald, LogFormat::Json));
    assert_eq!(log.level, "warn");

    // The short names of variables override the long ones.
    let log = settings
        .with_env([
            ("TESTAMUR_LOG_FORMAT", "text"),
            ("TESTAMUR_LOG", "info,testamur=debug"),
            ("TESTAMUR_AGENT__LOG__LEVEL", "error"),
        ])
        .unwrap()
        .log;
    assert_eq!(
        (log.format, log.level.as_str()),
        (LogFormat::Text, "info,testamur=debug")
    );
    let fault = AgentSettings::default().with_env([("TESTAMUR_LOG", "loud")]);
    assert!(fault.unwrap_err().to_string().starts_with("TESTAMUR_LOG: unknown level"));
}

#[test]
fn wrong_variable_is_named() {
    let fault = AgentSettings::default()
        .with_env([
            ("TESTAMUR_AGENT__XQUEUE__POLL", "often"),
            ("TESTAMUR_AGENT__REDIS__STREAMS", "s"),
            ("TESTAMUR_AGENT__REDIS__URL", "redis://:geheim@"),
            ("TESTAMUR_AGENT__XQUEUE__URL", "https://a:geheim@x.example.org"),
        ])
        .unwrap_err();
    let faults: Vec<String> = fault.faults().map(|fault| format!("{fault:#}")).collect();
    assert_eq!(faults.len(), 4);
    assert!(faults[0].starts_with("TESTAMUR_AGENT__REDIS__STREAMS: unknown variable"));
    assert!(
        faults[0].contains("did you mean `TESTAMUR_AGENT__REDIS__STREAM`?"),
        "{}",
        faults[0]
    );
    assert!(faults[1].starts_with("TESTAMUR_AGENT__REDIS__URL: this is no address"));
    assert!(faults[2].starts_with("TESTAMUR_AGENT__XQUEUE__POLL: `poll: often`"));
    assert!(!fault.to_string().contains("geheim"));
}

#[test]
fn missing_setting_is_named_as_key_and_as_variable() {
    let fault = AgentSettings::default().check().unwrap_err();
    assert_eq!(fault.to_string(), "testamur.yaml: `agent` has no `queue`");
    assert!(fault.help().unwrap().contains("TESTAMUR_AGENT__QUEUE"));
    let fault = parse("agent: { queue: xqueue, xqueue: { user: lms } }\n").unwrap();
    let fault = fault.check().unwrap_err();
    let keys: Vec<&str> = fault.faults().map(Error::message).collect();
    assert_eq!(
        keys,
        [
            "`xqueue` has no `url`",
            "`xqueue` has no `name`",
            "`xqueue` has no `password_file`"
        ]
    );
}

#[test]
fn streams_of_the_same_name_are_refused() {
    for (results, dead) in [("s", "d"), ("r", "s"), ("r", "r")] {
        let settings = parse(REDIS).unwrap();
        let settings = settings
            .with_env([
                ("TESTAMUR_AGENT__REDIS__RESULTS", results),
                ("TESTAMUR_AGENT__REDIS__DEAD_LETTERS", dead),
            ])
            .unwrap();
        let fault = settings.check().unwrap_err();
        assert!(fault.to_string().contains("one stream for two purposes"), "{fault}");
        assert!(fault.to_string().starts_with("TESTAMUR_AGENT__REDIS__"), "{fault}");
    }
}
