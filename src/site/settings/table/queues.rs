//! The settings of the queues that an agent reads from: Redis and XQueue.

use crate::site::settings::agent::value::{redis_address, web_address};
use crate::site::settings::secret::Secret;
use crate::site::settings::setting::SettingDefault::{Required, Unset, Value, Words};
use crate::site::settings::setting::SettingForm::{File, Other, Text, Url, Whole, Word};
use crate::site::settings::setting::{Setting, SettingForm};

pub(super) const SETTINGS: &[Setting] = &[
    Setting::agent(
        "agent.redis.url",
        Other("address, `redis`, `rediss` or `redis+unix`"),
        Required,
        "The server: `redis://localhost:6379/0`, `rediss://…` with TLS, `redis+unix:///run/redis.sock`. In the environment it may have user and password.",
        |agent, _, text| {
            let address = redis_address(text)?;
            let redis = &mut agent.redis;
            redis.url = Some(address.url);
            redis.user = address.user.or(redis.user.take());
            redis.password = address.password.or(redis.password.take());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.user",
        Text,
        Unset,
        "The user, if the server has users.",
        |agent, _, text| {
            agent.redis.user = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::secret("agent.redis.password", "The password.", |agent, _, text| {
        agent.redis.password = Some(Secret::new(text));
        Ok(())
    }),
    Setting::agent(
        "agent.redis.password_file",
        File,
        Unset,
        "The file that holds the password.",
        |agent, _, text| {
            agent.redis.password_file = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.stream",
        Word,
        Required,
        "The stream that requests are read from.",
        |agent, setting, text| {
            agent.redis.stream = Some(setting.word(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.group",
        Word,
        Value("testamur"),
        "The consumer group, the same for all agents.",
        |agent, setting, text| {
            agent.redis.group = setting.word(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.results",
        Word,
        Words("the name of `stream`, and `-results`"),
        "The stream of the answers.",
        |agent, setting, text| {
            agent.redis.results = Some(setting.word(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.dead_letters",
        Word,
        Words("the name of `stream`, and `-dead`"),
        "The stream of messages that cannot be read.",
        |agent, setting, text| {
            agent.redis.dead_letters = Some(setting.word(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.unknown_courses",
        Word,
        Words("the name of `stream`, and `-unknown`"),
        "The stream of requests that failed because the site had no such course: `agent replay` puts them back.",
        |agent, setting, text| {
            agent.redis.unknown_courses = Some(setting.word(text)?);
            Ok(())
        },
    ),
    Setting::list(
        "agent.redis.modes",
        Words("all but `audit`, as on Open edX"),
        "The enrolment modes that earn a certificate, in events of Open edX. The first event of a mode that does not is logged.",
        |agent, words| agent.redis.modes = words,
    ),
    Setting::list(
        "agent.redis.statuses",
        Value("downloadable"),
        "The certificate statuses that earn a certificate, in events of Open edX.",
        |agent, words| agent.redis.statuses = words,
    ),
    Setting::agent(
        "agent.redis.lease",
        SettingForm::up_to_an_hour(1.0),
        Value("60"),
        "How long a request is leased to an agent before another one takes it. A living agent extends the lease.",
        |agent, setting, text| {
            agent.redis.lease = setting.seconds(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.deadline",
        SettingForm::up_to_an_hour(0.1),
        Value("10"),
        "How long the server may take to answer.",
        |agent, setting, text| {
            agent.redis.deadline = setting.seconds(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.results_max_len",
        Whole { min: 1, max: None },
        Value("100000"),
        "About how many entries `results`, `dead_letters` and `unknown_courses` keep each; older ones are lost.",
        |agent, setting, text| {
            agent.redis.results_max_len = setting.whole(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.url",
        Url,
        Required,
        "The server, without what comes from `/xqueue/` on.",
        |agent, _, text| {
            agent.xqueue.url = Some(web_address(text, "https://xqueue.example.org")?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.name",
        Word,
        Required,
        "The name of the queue: `CERT_QUEUE` of the learning management system.",
        |agent, setting, text| {
            agent.xqueue.name = Some(setting.word(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.user",
        Text,
        Required,
        "The user of XQueue.",
        |agent, _, text| {
            agent.xqueue.user = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::secret(
        "agent.xqueue.password",
        "The password of `user`.",
        |agent, _, text| {
            agent.xqueue.password = Some(Secret::new(text));
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.password_file",
        File,
        Words("required unless the environment has the password"),
        "The file that holds the password of `user`.",
        |agent, _, text| {
            agent.xqueue.password_file = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.auth_user",
        Text,
        Unset,
        "The user of a web server in front of XQueue that asks for HTTP Basic.",
        |agent, _, text| {
            agent.xqueue.auth_user = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::secret(
        "agent.xqueue.auth_password",
        "The password of `auth_user`.",
        |agent, _, text| {
            agent.xqueue.auth_password = Some(Secret::new(text));
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.auth_password_file",
        File,
        Unset,
        "The file that holds the password of `auth_user`.",
        |agent, _, text| {
            agent.xqueue.auth_password_file = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.poll",
        SettingForm::up_to_an_hour(0.1),
        Value("5"),
        "How long to wait before an empty queue is polled again.",
        |agent, setting, text| {
            agent.xqueue.poll = setting.seconds(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.lease",
        SettingForm::up_to_an_hour(1.0),
        Value("60"),
        "How long the server leases a request: its `SUBMISSION_PROCESSING_DELAY`.",
        |agent, setting, text| {
            agent.xqueue.lease = setting.seconds(text)?;
            Ok(())
        },
    ),
    // XQueue takes up to 25 seconds to answer. An agent that does not wait for the answer does not
    // know whether its result was accepted.
    Setting::agent(
        "agent.xqueue.deadline",
        SettingForm::up_to_an_hour(30.0),
        Value("60"),
        "How long the server may take to answer. It waits up to 25 seconds itself.",
        |agent, setting, text| {
            agent.xqueue.deadline = setting.seconds(text)?;
            Ok(())
        },
    ),
];
