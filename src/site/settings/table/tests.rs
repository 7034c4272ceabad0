//! Each row at its limits, and its default against that of the code.

use std::collections::BTreeSet;

use super::*;
use crate::site::settings::setting::SettingForm::{
    Boolean, Choice, Command, Deadline, File, Folder, Other, Seconds, Text, Url, Whole,
    Word,
};
use crate::site::settings::setting::{Setter, SettingDefault, SettingForm};
use crate::site::settings::{AgentSettings, Settings};

/// What a section needs besides a setting: keys that are left out if the setting is one of
/// them.
const NEEDED: [(&str, &[(&str, &str)]); 5] = [
    ("store", &[("folder", "public")]),
    (
        "store.s3",
        &[
            ("bucket", "abc"),
            ("region", "x"),
            ("access_key_file", "a"),
            ("secret_key_file", "b"),
        ],
    ),
    ("seal.tsa", &[("url", "'https://tsa.example.org/'")]),
    ("seal.pdf", &[("chain", "c"), ("command", "[x]")]),
    ("seal.openpgp", &[("key", "c"), ("command", "[x]")]),
];

/// A file with this setting and what its section needs; without the setting if there is no
/// value.
fn file(setting: &Setting, value: Option<&str>) -> Result<Settings, crate::Error> {
    let (section, key) = setting.path().rsplit_once('.').unwrap_or(("", setting.path()));
    let mut needed: Vec<(&str, &str)> = NEEDED
        .iter()
        .filter(|(name, _)| *name == section)
        .flat_map(|(_, needed)| needed.iter().copied())
        .collect();
    needed.retain(|(name, _)| *name != key);
    let of_token = ["module", "token", "key_label", "key_id", "pin_file"];
    if section == "seal.pdf" && (key == "key" || of_token.contains(&key)) {
        needed.retain(|(name, _)| *name != "command");
    }
    if section == "seal.pdf" && of_token.contains(&key) {
        let all = [("module", "m"), ("token", "t")];
        needed.extend(all.into_iter().filter(|(name, _)| *name != key));
    }
    if setting.path() == "store.s3.kms_key" {
        needed.push(("encryption", "'aws:kms'"));
    }
    needed.extend(value.map(|value| (key, value)));
    let fields: Vec<String> =
        needed.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let mut text = fields.join(", ");
    for section in section.rsplit('.').filter(|section| !section.is_empty()) {
        text = format!("{section}: {{ {text} }}");
    }
    Settings::parse(text.as_bytes())
}

/// Values that are refused, and some that are accepted, by the form of a setting.
fn examples(setting: &Setting) -> (Vec<String>, Vec<String>) {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    match setting.form() {
        Text | Folder | File => (vec![], texts(&["other"])),
        Word => (texts(&["'a b'"]), texts(&["other"])),
        Url => (texts(&["ftp://x"]), texts(&["'https://other.example.org'"])),
        Boolean => (texts(&["yes"]), texts(&["true", "false"])),
        Whole { min, max } => {
            let above = max.map(|max| (max + 1).to_string());
            let below = min.saturating_sub(1).to_string();
            let allowed = vec![min.to_string(), max.unwrap_or(u64::MAX).to_string()];
            (above.into_iter().chain([below, "2.5".to_owned()]).collect(), allowed)
        }
        Seconds { min, max } => (
            vec![(max + 0.5).to_string(), (min - 0.05).to_string()],
            vec![min.to_string(), max.to_string()],
        ),
        Deadline { max } => (
            vec![(max + 0.5).to_string(), "0".to_owned()],
            vec!["0.5".to_owned(), max.to_string()],
        ),
        Choice(words) => (texts(&["other"]), texts(words)),
        SettingForm::List => (texts(&["[]"]), texts(&["[other]"])),
        Command => (texts(&["[]", "other"]), texts(&["[other]"])),
        Other(_) => match setting.path() {
            "seal.pdf.key_id" => (texts(&["xyz", "'abc'"]), texts(&["'0aB1'"])),
            "agent.redis.url" => (texts(&["other"]), texts(&["redis://other"])),
            "agent.http.listen" | "agent.http.health_listen" => {
                (texts(&["other"]), texts(&["'[::]:80'"]))
            }
            "agent.log.level" => (texts(&["other"]), texts(&["other=debug"])),
            "publish.filename" => (texts(&["other"]), texts(&["other.pdf"])),
            "index" => (texts(&["other"]), texts(&["other.sqlite", "none"])),
            "legacy" => (texts(&["other", "[other]"]), texts(&["{ other: 1 }"])),
            "store.s3.tags" => {
                (texts(&["other", "{ 'aws:x': y }"]), texts(&["{ other: tag }"]))
            }
            "timezone" => (texts(&["a b"]), texts(&["Other/Place"])),
            _ => (texts(&["'a b/..'"]), texts(&["other"])),
        },
    }
}

#[test]
fn each_setting_is_read_within_its_form() {
    for setting in SETTINGS.iter().filter(|setting| !setting.is_secret()) {
        let path = setting.path();
        let without = file(setting, None);
        let (refused, accepted) = examples(setting);
        for value in refused {
            let error = file(setting, Some(&value)).unwrap_err();
            assert!(error.place().is_some(), "{path}: {value}: {error}");
            assert!(!error.to_string().contains("unknown key"), "{path}: {error}");
        }
        let mut has_changed = false;
        for value in accepted {
            let with = file(setting, Some(&value))
                .unwrap_or_else(|error| panic!("{path}: {value}: {error:#}"));
            has_changed |= without.as_ref().ok() != Some(&with);
        }
        // What a migrated site had before changes nothing.
        assert_eq!(has_changed, path != "legacy", "{path} is not read");
    }
}

#[test]
fn defaults_of_the_table_are_those_of_the_code() {
    for setting in SETTINGS {
        let SettingDefault::Value(value) = setting.default() else { continue };
        let path = setting.path();
        let Some(setter) = setting.setter() else {
            let [with, without] = [Some(value), None].map(|it| file(setting, it));
            assert_eq!(with.unwrap(), without.unwrap(), "{path}");
            continue;
        };
        let mut agent = AgentSettings::default();
        match setter {
            Setter::One(set) => set(&mut agent, setting, value).unwrap(),
            Setter::List(set) => {
                set(&mut agent, value.split(", ").map(str::to_owned).collect());
            }
        }
        assert_eq!(agent, AgentSettings::default(), "{path}");
    }
}

#[test]
fn each_secret_has_a_setting_for_its_file() {
    let paths: BTreeSet<&str> = SETTINGS.iter().map(Setting::path).collect();
    assert_eq!(paths.len(), SETTINGS.len(), "a path is in the table twice");
    for secret in SETTINGS.iter().filter(|setting| setting.is_secret()) {
        let file = format!("{}_file", secret.path());
        assert!(paths.contains(file.as_str()), "{file}");
        assert!(file_refuses(secret), "{}", secret.path());
    }
}

fn file_refuses(secret: &Setting) -> bool {
    let error = file(secret, Some("geheim")).unwrap_err();
    let variable = secret.variable().unwrap();
    error.message() == "a secret does not belong here"
        && error.help().is_some_and(|help| help.contains(&variable))
}

#[test]
fn variables_have_the_words_of_the_path() {
    assert_eq!(
        row("agent.redis.results_max_len").variable().as_deref(),
        Some("TESTAMUR_AGENT__REDIS__RESULTS_MAX_LEN")
    );
    assert_eq!(row("publish.url").variable(), None);
}
