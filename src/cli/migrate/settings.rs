//! The old settings: `settings.py`, then `env.json` and `auth.json` over it.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::old_files::Installation;
use super::python;
use super::report::{At, Report};

/// The settings that the old program takes from `env.json`, under the name of the file.
const ENV_KEYS: [&str; 23] = [
    "CERT_BUCKET",
    "CERT_DOWNLOAD_URL",
    "CERT_FILENAME",
    "CERT_GPG_DIR",
    "CERT_KEY_ID",
    "CERT_PRIVATE_DIR",
    "CERT_SITE_DISCLAIMER_TEXT",
    "CERT_URL",
    "CERT_VERIFY_URL",
    "CERT_WEB_ROOT",
    "CERTS_ARE_CALLED",
    "CERTS_ARE_CALLED_PLURAL",
    "COPY_TO_WEB_ROOT",
    "LOCAL_LOGLEVEL",
    "LOGGING_DEV_ENV",
    "LOGGING_ENV",
    "LOG_DIR",
    "QUEUE_NAME",
    "QUEUE_POLL_FREQUENCY",
    "QUEUE_URL",
    "S3_UPLOAD",
    "S3_VERIFY_PATH",
    "TMP_GEN_DIR",
];

/// The settings that it takes from `auth.json`.
const AUTH_KEYS: [&str; 7] = [
    "CERT_AWS_ID",
    "CERT_AWS_KEY",
    "DEFAULT_ORG",
    "QUEUE_AUTH_PASS",
    "QUEUE_AUTH_USER",
    "QUEUE_PASS",
    "QUEUE_USER",
];

/// Keys that installations of its time have in `env.json` or `auth.json` although nothing reads them.
const UNUSED: [&str; 2] = ["CERT_DATA", "TEMPLATE_DATA_DIR"];

/// Whether a setting of another program may be a secret, by its name, a name in it, or as an address with a
/// password.
fn may_be_secret(key: &str, value: &Json) -> bool {
    const WORDS: [&str; 8] =
        ["auth", "credential", "key", "pass", "private", "pw", "secret", "token"];
    let key = key.to_lowercase();
    WORDS.iter().any(|word| key.contains(word))
        || match value {
            Json::String(text) => {
                text.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
            }
            Json::Array(items) => items.iter().any(|item| may_be_secret("", item)),
            Json::Object(entries) => {
                entries.iter().any(|(key, value)| may_be_secret(key, value))
            }
            _ => false,
        }
}

/// What an installation sets, by the names of `env.json` and `auth.json`.
#[derive(Debug, Default)]
pub(super) struct OldSettings {
    values: IndexMap<String, Setting>,
    /// Keys of `env.json` that mean nothing to the old program, and whose names are not those of secrets.
    pub(super) unknown: Vec<(String, Json)>,
    /// The others, and those of `auth.json`, which may be secrets.
    pub(super) unknown_secrets: Vec<(String, Json)>,
}

#[derive(Debug)]
struct Setting {
    value: Json,
    file: &'static str,
}

impl OldSettings {
    /// Reads what the installation sets.
    pub(super) fn read(old: &Installation, report: &mut Report) -> Self {
        let mut settings = Self::default();
        if let Some(program) = &old.program {
            match program.read("settings.py") {
                Ok(Some(bytes)) => settings.read_program(&bytes),
                Ok(None) => {}
                Err(why) => report.unread(At::file("settings.py"), "the file", why),
            }
        }
        settings.read_json(old, "env.json", &ENV_KEYS, report);
        settings.read_json(old, "auth.json", &AUTH_KEYS, report);
        settings
    }

    /// The defaults that a checkout has, where it changed them. The dummy values of the original are
    /// left out.
    fn read_program(&mut self, bytes: &[u8]) {
        const ORIGINAL: [(&str, &str); 6] = [
            ("CERT_BUCKET", "verify-test.edx.org"),
            ("CERT_WEB_ROOT", "/var/tmp"),
            ("CERT_KEY_ID", "FEF8D954"),
            ("QUEUE_URL", "https://stage-xqueue.edx.org"),
            ("QUEUE_NAME", "test-pull"),
            ("DEFAULT_ORG", "Some Institution"),
        ];
        let text = String::from_utf8_lossy(bytes);
        for (name, _, value) in python::assignments(&text) {
            let name = match name.as_str() {
                "CERTS_SITE_DISCLAIMER_TEXT" => "CERT_SITE_DISCLAIMER_TEXT".to_owned(),
                _ => name,
            };
            let is_original =
                ORIGINAL.iter().any(|(key, dummy)| *key == name && value == *dummy);
            let is_empty = value.is_null()
                || (value == "" && name != "CERT_KEY_ID")
                || (value == "" && !text.contains("os.environ"));
            let is_known = ENV_KEYS.contains(&&*name) || AUTH_KEYS.contains(&&*name);
            if is_known && !is_original && !is_empty {
                self.values.insert(name, Setting { value, file: "settings.py" });
            }
        }
    }

    fn read_json(
        &mut self,
        old: &Installation,
        name: &'static str,
        known: &[&str],
        report: &mut Report,
    ) {
        let at = At::file(name);
        let bytes = match old.settings.read(name) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                report.person(
                    at,
                    name,
                    "there is none: the old program did not start without it",
                );
                return;
            }
            Err(why) => {
                report.unread(at, name, why);
                return;
            }
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let object = match serde_json::from_slice(bytes) {
            Ok(Json::Object(object)) => object,
            Ok(_) => {
                report.unread(at, name, "it holds no object");
                return;
            }
            Err(error) => {
                report.unread(at, name, format!("it is no JSON ({error})"));
                return;
            }
        };
        for (key, value) in object {
            if known.contains(&key.as_str()) {
                self.values.insert(key, Setting { value, file: name });
            } else {
                let is_of_auth = AUTH_KEYS.contains(&key.as_str());
                let why = if UNUSED.contains(&key.as_str())
                    || ENV_KEYS.contains(&key.as_str())
                    || is_of_auth
                {
                    "the old program did not read it here"
                } else {
                    "no setting of the old program"
                };
                let (place, list) =
                    if name == "auth.json" || is_of_auth || may_be_secret(&key, &value) {
                        ("keys/legacy.json", &mut self.unknown_secrets)
                    } else {
                        ("`legacy` in testamur.yaml", &mut self.unknown)
                    };
                report.translated(at, &key, format!("{why}; kept in {place}"));
                let is_taken = list.iter().any(|(taken, _)| *taken == key);
                let key = if is_taken { format!("{key} of {name}") } else { key };
                list.push((key, value));
            }
        }
    }

    /// The file that sets a key.
    pub(super) fn file(&self, key: &str) -> &'static str {
        self.values.get(key).map_or("env.json", |it| it.file)
    }

    /// Whether a file sets the key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.values.get(key).is_some_and(|it| !it.value.is_null())
    }

    /// The value of a key as a text; none if it is not set or `null`.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match &self.values.get(key)?.value {
            Json::Null => None,
            Json::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// The value of a key as a text that is not empty.
    pub(super) fn word(&self, key: &str) -> Option<String> {
        self.text(key).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Whether Python takes the value as true.
    pub(super) fn is_true(&self, key: &str, default: bool) -> bool {
        match self.values.get(key).map(|it| &it.value) {
            None => default,
            Some(Json::Null) => false,
            Some(Json::Bool(value)) => *value,
            Some(Json::Number(number)) => number.as_f64() != Some(0.0),
            Some(Json::String(text)) => !text.is_empty(),
            Some(Json::Array(items)) => !items.is_empty(),
            Some(Json::Object(entries)) => !entries.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names_and_as_addresses_with_a_password() {
        let is_secret = |key: &str, value: Json| may_be_secret(key, &value);
        for key in ["DB_PASSWORD", "QueueAuth", "API_KEY", "hmac_secret", "GH_TOKEN"] {
            assert!(is_secret(key, "x".into()), "{key}");
        }
        let nested = serde_json::json!({ "default": [{ "PASSWORD": "x" }] });
        assert!(is_secret("DATABASES", nested));
        assert!(is_secret("BROKER", "amqp://user:word@host/".into()));
        assert!(!is_secret("BROKER", "amqp://host/".into()));
        assert!(!is_secret("CERTS_ARE_CALLED", "statement".into()));
        assert!(!is_secret("PORT", 7.into()));
    }
}
