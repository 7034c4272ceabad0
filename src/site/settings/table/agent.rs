//! The settings of the agent, except for its queues.

use crate::site::settings::agent::log::read_level;
use crate::site::settings::agent::value::{listen_address, web_address};
use crate::site::settings::agent::{LogFormat, LogTarget, QueueKind};
use crate::site::settings::secret::Secret;
use crate::site::settings::setting::SettingDefault::{Unset, Value, Words};
use crate::site::settings::setting::SettingForm::{Boolean, Choice, File, Other, Url};
use crate::site::settings::setting::{Setting, SettingForm};

pub(super) const SETTINGS: &[Setting] = &[
    Setting::agent(
        "agent.queue",
        Choice(&["redis", "xqueue"]),
        Unset,
        "The kind of the queue; none if requests come over HTTP alone.",
        |agent, setting, text| {
            agent.queue = Some(match setting.choice(text)? {
                "redis" => QueueKind::Redis,
                _ => QueueKind::Xqueue,
            });
            Ok(())
        },
    ),
    Setting::agent(
        "agent.reissue",
        Boolean,
        Value("false"),
        "Whether a request for a revoked certificate issues a new edition. Else only the operator can reissue it.",
        |agent, setting, text| {
            agent.reissue = setting.boolean(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.workers",
        SettingForm::range(1, 1024),
        Words("four for each core"),
        "How many requests of each source are worked on at the same time.",
        |agent, setting, text| {
            agent.workers = Some(setting.whole(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.shutdown_timeout",
        SettingForm::up_to_an_hour(0.0),
        Words("25"),
        "How long an agent that is stopped may take to finish its requests.",
        |agent, setting, text| {
            agent.shutdown_timeout = Some(setting.seconds(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.http.listen",
        Other("address and port, in numbers"),
        Words("no HTTP API"),
        "Where the HTTP API listens: `127.0.0.1:8080`, `[::]:8080`.",
        |agent, _, text| {
            agent.http.listen = Some(listen_address(text)?);
            Ok(())
        },
    ),
    Setting::secret(
        "agent.http.token",
        "The bearer token that requests must have.",
        |agent, _, text| {
            agent.http.token = Some(Secret::new(text));
            Ok(())
        },
    ),
    Setting::agent(
        "agent.http.token_file",
        File,
        Words("no requests over HTTP"),
        "The file that holds the token. Without a token there are health checks and metrics alone.",
        |agent, _, text| {
            agent.http.token_file = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.http.capacity",
        SettingForm::range(1, 1_000_000),
        Value("1000"),
        "The most requests that are accepted and not answered yet.",
        |agent, setting, text| {
            agent.http.capacity = setting.whole(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.http.health_listen",
        Other("address and port, in numbers"),
        Words("those of `listen`"),
        "A separate address for `/healthz`, `/readyz` and `/metrics`, without a token: clients of the API cannot keep these from being answered there.",
        |agent, _, text| {
            agent.http.health_listen = Some(listen_address(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.http.connections_per_client",
        SettingForm::range(1, 512),
        Value("128"),
        "The most connections of one client at once, of 512 altogether. A client is an address of IPv4 or a network of 64 bits of IPv6; a web server in front of the agent is one.",
        |agent, setting, text| {
            agent.http.connections_per_client = setting.whole(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.webhook.url",
        Url,
        Words("no webhook"),
        "The address that each outcome is posted to.",
        |agent, _, text| {
            agent.webhook.url = Some(web_address(text, "https://lms.example.org/hook")?);
            Ok(())
        },
    ),
    Setting::secret(
        "agent.webhook.secret",
        "The secret that signs what is posted, by HMAC-SHA-256.",
        |agent, _, text| {
            agent.webhook.secret = Some(Secret::new(text));
            Ok(())
        },
    ),
    Setting::agent(
        "agent.webhook.secret_file",
        File,
        Words("required with `url` unless the environment has the secret"),
        "The file that holds the secret.",
        |agent, _, text| {
            agent.webhook.secret_file = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.log.to",
        Choice(&["stderr", "journald"]),
        Value("stderr"),
        "Where the log goes: to standard error, or to the journal of systemd. A syslog program can read both.",
        |agent, setting, text| {
            agent.log.to = match setting.choice(text)? {
                "stderr" => LogTarget::Stderr,
                _ => LogTarget::Journald,
            };
            Ok(())
        },
    ),
    Setting::agent(
        "agent.log.format",
        Choice(&["text", "json"]),
        Value("text"),
        "The format of a line on standard error. The journal has fields instead.",
        |agent, setting, text| {
            agent.log.format = match setting.choice(text)? {
                "text" => LogFormat::Text,
                _ => LogFormat::Json,
            };
            Ok(())
        },
    )
    .with_short_name("TESTAMUR_LOG_FORMAT"),
    Setting::agent(
        "agent.log.level",
        Other("`off`, `error`, `warn`, `info`, `debug`, `trace`, also by module: `info,testamur=debug`"),
        Value("info"),
        "The level. Names, usernames and addresses are logged at `debug` alone.",
        |agent, _, text| {
            agent.log.level = read_level(text)?;
            Ok(())
        },
    )
    .with_short_name("TESTAMUR_LOG"),
];
