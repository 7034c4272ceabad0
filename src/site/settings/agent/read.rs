//! Reads the settings of the agent: from `testamur.yaml`, the environment and the command line.
//!
//! All three set a setting by the same function, so that each value has one form.

use super::value::{
    listen_address, redis_address, seconds, unknown_value, web_address, whole, word,
};
use super::{AgentSettings, PREFIX, QueueKind};
use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean};
use crate::base::yaml::{Faults, Node};
use crate::site::settings::secret::Secret;

const AGENT_KEYS: [&str; 9] = [
    "http",
    "log",
    "queue",
    "redis",
    "reissue",
    "shutdown_timeout",
    "webhook",
    "workers",
    "xqueue",
];
/// Those of them that are one value, not a section.
const VALUE_KEYS: [&str; 4] = ["queue", "reissue", "shutdown_timeout", "workers"];
const HTTP_KEYS: [&str; 3] = ["capacity", "listen", "token_file"];
const LOG_KEYS: [&str; 5] = ["address", "facility", "format", "level", "to"];
const WEBHOOK_KEYS: [&str; 2] = ["secret_file", "url"];
const REDIS_KEYS: [&str; 12] = [
    "dead_letters",
    "deadline",
    "group",
    "results_max_len",
    "lease",
    "modes",
    "password_file",
    "results",
    "statuses",
    "stream",
    "url",
    "user",
];
const XQUEUE_KEYS: [&str; 9] = [
    "auth_password_file",
    "auth_user",
    "deadline",
    "lease",
    "name",
    "password_file",
    "poll",
    "url",
    "user",
];
/// Settings that the environment may set and the file may not: section and key.
const SECRET_KEYS: [(&str, &str); 5] = [
    ("http", "token"),
    ("redis", "password"),
    ("webhook", "secret"),
    ("xqueue", "auth_password"),
    ("xqueue", "password"),
];
/// Shorter names of variables, and the rest of the longer ones. The shorter ones go before the
/// longer ones.
const SHORT_NAMES: [(&str, &str); 2] =
    [("TESTAMUR_LOG", "LOG__LEVEL"), ("TESTAMUR_LOG_FORMAT", "LOG__FORMAT")];

impl AgentSettings {
    /// Reads the value of `agent`.
    pub(in crate::site::settings) fn read(node: Node<'_>, faults: &mut Faults) -> Self {
        let mut settings = Self::default();
        let Some(fields) = node.fields(&AGENT_KEYS, faults) else { return settings };
        for key in VALUE_KEYS {
            if let Some(node) = fields.get(key) {
                settings.read_text("", key, node, faults);
            }
        }
        for (section, known) in [
            ("http", &HTTP_KEYS[..]),
            ("log", &LOG_KEYS[..]),
            ("redis", &REDIS_KEYS[..]),
            ("webhook", &WEBHOOK_KEYS[..]),
            ("xqueue", &XQUEUE_KEYS[..]),
        ] {
            let Some(node) = fields.get(section) else { continue };
            let fields = node.fields_or(known, faults, |key| {
                if !SECRET_KEYS.contains(&(section, key.text())) {
                    return key.unknown(known);
                }
                key.fault(ErrorKind::InvalidValue, "a secret does not belong here")
                    .with_help(format!(
                        "name the file that holds it under `{}_file`, or set {PREFIX}{}",
                        key.text(),
                        variable(section, key.text())
                    ))
            });
            for (key, node) in
                known.iter().filter_map(|key| Some((*key, fields?.get(key)?)))
            {
                match key {
                    "modes" | "statuses" => settings.read_list(key, node, faults),
                    _ => settings.read_text(section, key, node, faults),
                }
            }
        }
        settings
    }

    /// Sets what the variables of the environment say, in place of what is set already. Pass all
    /// variables: those of other programs, and empty ones, are ignored.
    ///
    /// # Errors
    /// All errors at once, each with the name of its variable as its place:
    /// [`ErrorKind::UnknownKey`], [`ErrorKind::InvalidValue`].
    pub fn with_env<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self> {
        let mut faults = Vec::new();
        let mut variables: Vec<_> = variables.into_iter().collect();
        // `TESTAMUR_LOG` sorts after `TESTAMUR_AGENT__…`, so that the short names are set last.
        variables.sort_by(|(one, _), (other, _)| one.as_ref().cmp(other.as_ref()));
        for (name, value) in &variables {
            let (name, value) = (name.as_ref(), value.as_ref());
            let long =
                SHORT_NAMES.iter().find(|(short, _)| *short == name).map(|it| it.1);
            let rest = long.or_else(|| name.strip_prefix(PREFIX));
            let Some(rest) = rest.filter(|_| !value.is_empty()) else { continue };
            let place = Place::file(name);
            match set_variable(&mut self, rest, value) {
                Ok(()) => drop(self.places.insert(rest.to_owned(), place)),
                Err(fault) => faults.push(fault.at(place)),
            }
        }
        Error::join(faults)?;
        Ok(self)
    }

    /// Sets what the arguments of a program say, in place of what is set already. An argument is a
    /// name such as `redis.url`, and a value; `option` is the option that it follows on the command
    /// line, for messages.
    ///
    /// # Errors
    /// All errors at once, each with its argument as its place: [`ErrorKind::UnknownKey`],
    /// [`ErrorKind::InvalidValue`].
    pub fn with_arguments<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        option: &str,
        arguments: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self> {
        let mut faults = Vec::new();
        for (name, value) in arguments {
            let place = Place::file(format!("{option} {}", name.as_ref()));
            let variable = name.as_ref().replace('.', "__").to_uppercase();
            match set_variable(&mut self, &variable, value.as_ref()) {
                Ok(()) => drop(self.places.insert(variable, place)),
                Err(fault) => faults.push(fault.at(place)),
            }
        }
        Error::join(faults)?;
        Ok(self)
    }

    fn read_text(
        &mut self,
        section: &str,
        key: &str,
        node: Node<'_>,
        faults: &mut Faults,
    ) {
        let Some(text) = faults.keep(node.text()) else { return };
        if key == "url" && text.split('/').any(|part| part.contains('@')) {
            let fault =
                node.fault(ErrorKind::InvalidValue, "a secret does not belong here");
            let name = variable(section, key);
            faults.push(match section {
                "redis" => fault.with_help(format!(
                    "give `user` and `password_file`, or the whole address in {PREFIX}{name}"
                )),
                _ => fault.with_help("give `auth_user` and `auth_password_file`"),
            });
            return;
        }
        match set(self, section, key, text) {
            Ok(()) => {
                let place = node.span().place().clone();
                self.places.insert(variable(section, key), place);
            }
            Err(error) => faults.push(node.wrap(error)),
        }
    }

    fn read_list(&mut self, key: &str, node: Node<'_>, faults: &mut Faults) {
        let Some(items) = faults.keep(node.items()) else { return };
        let mut words = Vec::new();
        for item in items {
            words.extend(faults.keep(item.text()).map(str::to_owned));
        }
        if let Err(error) = set_list(self, key, words) {
            faults.push(node.wrap(error));
        }
    }
}

/// Returns the name of a setting in the environment, without the prefix.
fn variable(section: &str, key: &str) -> String {
    let path = match section {
        "" => key.to_owned(),
        _ => format!("{section}__{key}"),
    };
    path.to_uppercase()
}

/// Sets the setting of a variable, whose name without the prefix is `rest`.
fn set_variable(settings: &mut AgentSettings, rest: &str, value: &str) -> Result<()> {
    let all = VALUE_KEYS.map(|key| ("", key)).into_iter();
    let all = all.chain(HTTP_KEYS.map(|key| ("http", key)));
    let all = all.chain(LOG_KEYS.map(|key| ("log", key)));
    let all = all.chain(WEBHOOK_KEYS.map(|key| ("webhook", key)));
    let all = all.chain(REDIS_KEYS.map(|key| ("redis", key)));
    let mut all = all.chain(XQUEUE_KEYS.map(|key| ("xqueue", key))).chain(SECRET_KEYS);
    match all.clone().find(|(section, key)| variable(section, key) == rest) {
        Some((_, key @ ("modes" | "statuses"))) => {
            let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
            set_list(settings, key, words.map(str::to_owned).collect())
        }
        Some((section, key)) => set(settings, section, key, value),
        None => {
            let known: Vec<String> =
                all.by_ref().map(|(section, key)| variable(section, key)).collect();
            Err(unknown_variable(rest, &known))
        }
    }
}

/// Sets the setting `key` of a section to what `text` says.
fn set(settings: &mut AgentSettings, section: &str, key: &str, text: &str) -> Result<()> {
    let (redis, xqueue) = (&mut settings.redis, &mut settings.xqueue);
    match (section, key) {
        ("", "queue") => {
            settings.queue = Some(match text {
                "redis" => QueueKind::Redis,
                "xqueue" => QueueKind::Xqueue,
                _ => return Err(unknown_value(text, &["redis", "xqueue"])),
            });
        }
        ("", "reissue") => {
            settings.reissue = match text {
                "true" => true,
                "false" => false,
                _ => return Err(unknown_value(text, &["true", "false"])),
            };
        }
        ("", "workers") => {
            settings.workers = Some(whole(key, text, 1..=1024)?);
        }
        ("", "shutdown_timeout") => {
            settings.shutdown_timeout = Some(seconds(key, text, 0.0)?)
        }
        ("http", "listen") => settings.http.listen = Some(listen_address(text)?),
        ("http", "token") => settings.http.token = Some(Secret::new(text)),
        ("http", "token_file") => settings.http.token_file = Some(text.to_owned()),
        ("http", "capacity") => {
            settings.http.capacity = whole(key, text, 1..=1_000_000)?;
        }
        ("log", _) => settings.log.set(key, text)?,
        ("webhook", "url") => settings.webhook.url = Some(web_address(text)?),
        ("webhook", "secret") => settings.webhook.secret = Some(Secret::new(text)),
        ("webhook", "secret_file") => {
            settings.webhook.secret_file = Some(text.to_owned());
        }
        ("redis", "url") => {
            let address = redis_address(text)?;
            redis.url = Some(address.url);
            redis.user = address.user.or(redis.user.take());
            redis.password = address.password.or(redis.password.take());
        }
        ("redis", "user") => redis.user = Some(text.to_owned()),
        ("redis", "password") => redis.password = Some(Secret::new(text)),
        ("redis", "password_file") => redis.password_file = Some(text.to_owned()),
        ("redis", "stream") => redis.stream = Some(word(key, text)?),
        ("redis", "group") => redis.group = word(key, text)?,
        ("redis", "results") => redis.results = Some(word(key, text)?),
        ("redis", "dead_letters") => redis.dead_letters = Some(word(key, text)?),
        ("redis", "lease") => redis.lease = seconds(key, text, 1.0)?,
        ("redis", "deadline") => redis.deadline = seconds(key, text, 0.1)?,
        ("redis", "results_max_len") => {
            redis.results_max_len =
                text.parse().ok().filter(|keep| *keep > 0).ok_or_else(|| {
                    let message =
                        format!("`results_max_len: {text}` is no whole number from 1 on");
                    Error::new(ErrorKind::InvalidValue, message)
                })?;
        }
        ("xqueue", "url") => xqueue.url = Some(web_address(text)?),
        ("xqueue", "name") => xqueue.name = Some(word(key, text)?),
        ("xqueue", "user") => xqueue.user = Some(text.to_owned()),
        ("xqueue", "password") => xqueue.password = Some(Secret::new(text)),
        ("xqueue", "password_file") => xqueue.password_file = Some(text.to_owned()),
        ("xqueue", "auth_user") => xqueue.auth_user = Some(text.to_owned()),
        ("xqueue", "auth_password") => xqueue.auth_password = Some(Secret::new(text)),
        ("xqueue", "auth_password_file") => {
            xqueue.auth_password_file = Some(text.to_owned());
        }
        ("xqueue", "poll") => xqueue.poll = seconds(key, text, 0.1)?,
        ("xqueue", "lease") => xqueue.lease = seconds(key, text, 1.0)?,
        // XQueue takes up to 25 seconds to answer. An agent that does not wait for the answer does
        // not know whether its result was accepted.
        ("xqueue", "deadline") => xqueue.deadline = seconds(key, text, 30.0)?,
        _ => {
            return Err(Error::new(
                ErrorKind::UnknownKey,
                format!("unknown key `{key}`"),
            ));
        }
    }
    Ok(())
}

fn set_list(settings: &mut AgentSettings, key: &str, words: Vec<String>) -> Result<()> {
    if words.is_empty() {
        return Err(Error::new(ErrorKind::InvalidValue, format!("`{key}` is empty"))
            .with_help("no event would ever lead to a certificate: leave it out"));
    }
    match key {
        "modes" => settings.redis.modes = words,
        _ => settings.redis.statuses = words,
    }
    Ok(())
}

/// Creates the error of a variable of the environment that is not a setting.
fn unknown_variable(rest: &str, known: &[String]) -> Error {
    let name = format!("{PREFIX}{rest}");
    let known: Vec<String> = known.iter().map(|path| format!("{PREFIX}{path}")).collect();
    Error::new(ErrorKind::UnknownKey, format!("unknown variable `{name}`"))
        .with_help(did_you_mean(&name, known.iter().map(String::as_str)))
}
