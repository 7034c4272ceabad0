//! A setting: one row of the table of settings.
//!
//! - **Takes**: a value as text, from a file, a variable of the environment or an argument.
//! - **Gives**: [`Setting`], which says what a setting is called, which values it takes and what it
//!   is unless set, and reads its values.

use std::fmt;
use std::time::Duration;

use super::agent::AgentSettings;
use super::agent::value::{self, unknown_value};
use crate::base::error::{Error, ErrorKind, Result};

/// The first part of all variables of the environment.
const PREFIX: &str = "TESTAMUR_";

/// A setting of `testamur.yaml`.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    path: &'static str,
    form: SettingForm,
    default: SettingDefault,
    about: &'static str,
    origin: Origin,
    short_name: Option<&'static str>,
}

/// The values that a setting takes. Its `Display` says it in Markdown.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SettingForm {
    /// Any text.
    Text,
    /// A name without spaces, at most 255 bytes.
    Word,
    /// An `http` or `https` address.
    Url,
    /// The path of a file, relative to the site unless it is absolute.
    File,
    /// The path of a folder, relative to the site unless it is absolute.
    Folder,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Whole {
        /// The smallest.
        min: u64,
        /// The largest; without it, any.
        max: Option<u64>,
    },
    /// A number of seconds, with a fraction if need be.
    Seconds {
        /// The shortest time.
        min: f64,
        /// The longest time.
        max: f64,
    },
    /// A number of seconds greater than 0, with a fraction if need be.
    Deadline {
        /// The longest time, in seconds.
        max: f64,
    },
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A list of texts; in a variable or an argument, with commas between them.
    List,
    /// A program and its arguments, as a list of texts.
    Command,
    /// What these words say, in Markdown.
    Other(&'static str),
}

/// What a setting is unless it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingDefault {
    /// The setting is required where its section is used.
    Required,
    /// Nothing.
    Unset,
    /// This value, as it is written; the items of a list with commas between them.
    Value(&'static str),
    /// What these words say, in Markdown.
    Words(&'static str),
}

/// Where a setting can be set.
#[derive(Debug, Clone, Copy)]
enum Origin {
    /// In the file.
    File,
    /// In the file, the environment and the arguments of the agent.
    Anywhere(Setter),
    /// In the environment and the arguments of the agent: a secret.
    NotInFile(Setter),
}

/// Sets a setting of the agent from a text.
pub(super) type SetOne = fn(&mut AgentSettings, &Setting, &str) -> Result<()>;
/// Sets a setting of the agent that is a list.
pub(super) type SetList = fn(&mut AgentSettings, Vec<String>);

/// How a setting of the agent is set.
#[derive(Debug, Clone, Copy)]
pub(super) enum Setter {
    One(SetOne),
    List(SetList),
}

impl Setting {
    /// A setting of the file alone. The reader of its section reads it.
    pub(super) const fn file(
        path: &'static str,
        form: SettingForm,
        default: SettingDefault,
        about: &'static str,
    ) -> Self {
        Self { path, form, default, about, origin: Origin::File, short_name: None }
    }

    /// A setting of the agent.
    pub(super) const fn agent(
        path: &'static str,
        form: SettingForm,
        default: SettingDefault,
        about: &'static str,
        set: SetOne,
    ) -> Self {
        let origin = Origin::Anywhere(Setter::One(set));
        Self { path, form, default, about, origin, short_name: None }
    }

    /// A setting of the agent that is a list of texts.
    pub(super) const fn list(
        path: &'static str,
        default: SettingDefault,
        about: &'static str,
        set: SetList,
    ) -> Self {
        let origin = Origin::Anywhere(Setter::List(set));
        Self { path, form: SettingForm::List, default, about, origin, short_name: None }
    }

    /// A secret of the agent, which the file cannot hold.
    pub(super) const fn secret(
        path: &'static str,
        about: &'static str,
        set: SetOne,
    ) -> Self {
        Self {
            path,
            form: SettingForm::Text,
            default: SettingDefault::Unset,
            about,
            origin: Origin::NotInFile(Setter::One(set)),
            short_name: None,
        }
    }

    /// Gives the setting a second, shorter variable of the environment.
    pub(super) const fn with_short_name(mut self, name: &'static str) -> Self {
        self.short_name = Some(name);
        self
    }

    /// Returns its keys from the top of the file, with dots between them: `agent.redis.url`.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Returns the last of its keys: `url`.
    pub fn key(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, key)| key)
    }

    /// Returns the values that it takes.
    pub fn form(&self) -> SettingForm {
        self.form
    }

    /// Returns what it is unless it is set.
    pub fn default(&self) -> SettingDefault {
        self.default
    }

    /// Returns what it is for, in one line of Markdown.
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// Whether it is a secret, which the environment can set and the file cannot.
    pub fn is_secret(&self) -> bool {
        matches!(self.origin, Origin::NotInFile(_))
    }

    /// Returns its variable of the environment, such as `TESTAMUR_AGENT__REDIS__URL`; `None` if the
    /// file alone can set it. With `--set` it has the part of its path after `agent.`.
    pub fn variable(&self) -> Option<String> {
        let name = || self.path.replace('.', "__").to_uppercase();
        self.setter().map(|_| format!("{PREFIX}{}", name()))
    }

    /// Returns its second, shorter variable, which goes before the longer one.
    pub fn short_name(&self) -> Option<&'static str> {
        self.short_name
    }

    /// Returns how it is set, if it is a setting of the agent.
    pub(super) fn setter(&self) -> Option<Setter> {
        match self.origin {
            Origin::File => None,
            Origin::Anywhere(setter) | Origin::NotInFile(setter) => Some(setter),
        }
    }

    /// Returns the words that it may be; none if it has another form.
    pub(super) fn choices(&self) -> &'static [&'static str] {
        match self.form {
            SettingForm::Choice(words) => words,
            SettingForm::Boolean => &["true", "false"],
            _ => &[],
        }
    }

    /// Returns the longest time in seconds; no limit if it has another form.
    pub(super) fn max_seconds(&self) -> f64 {
        match self.form {
            SettingForm::Seconds { max, .. } | SettingForm::Deadline { max } => max,
            _ => f64::INFINITY,
        }
    }

    /// Reads one of its words.
    pub(super) fn choice<'a>(&self, text: &'a str) -> Result<&'a str> {
        let known = self.choices();
        known.contains(&text).then_some(text).ok_or_else(|| unknown_value(text, known))
    }

    /// Reads `true` or `false`.
    pub(super) fn boolean(&self, text: &str) -> Result<bool> {
        self.choice(text).map(|word| word == "true")
    }

    /// Reads a name without spaces.
    pub(super) fn word(&self, text: &str) -> Result<String> {
        value::word(self.key(), text)
    }

    /// Reads a whole number in its range.
    pub(super) fn whole<N: TryFrom<u64>>(&self, text: &str) -> Result<N> {
        let (min, max) = match self.form {
            SettingForm::Whole { min, max } => (min, max),
            _ => (0, None),
        };
        let number = text.parse::<u64>().ok();
        let number =
            number.filter(|number| (min..=max.unwrap_or(u64::MAX)).contains(number));
        number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| {
            let range = max.map_or("on".to_owned(), |max| format!("to {max}"));
            let key = self.key();
            let message =
                format!("`{key}: {text}` is no whole number from {min} {range}");
            Error::new(ErrorKind::InvalidValue, message)
        })
    }

    /// Reads a number of seconds in its range.
    pub(super) fn seconds(&self, text: &str) -> Result<Duration> {
        let (min, max) = match self.form {
            SettingForm::Seconds { min, max } => (min, max),
            _ => (0.0, f64::MAX),
        };
        let seconds = text.parse::<f64>().ok();
        let seconds = seconds.filter(|seconds| (min..=max).contains(seconds));
        seconds.and_then(|it| Duration::try_from_secs_f64(it).ok()).ok_or_else(|| {
            let key = self.key();
            Error::new(
                ErrorKind::InvalidValue,
                format!("`{key}: {text}` is no number of seconds from {min} to {max}"),
            )
        })
    }
}

impl SettingForm {
    /// A whole number in a range.
    pub(super) const fn range(min: u64, max: u64) -> Self {
        Self::Whole { min, max: Some(max) }
    }

    /// A number of seconds, at most an hour.
    pub(super) const fn up_to_an_hour(min: f64) -> Self {
        Self::Seconds { min, max: 3600.0 }
    }
}

impl fmt::Display for SettingForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Word => f.write_str("name without spaces"),
            Self::Url => f.write_str("address, `http` or `https`"),
            Self::File => f.write_str("path of a file"),
            Self::Folder => f.write_str("path of a folder"),
            Self::Boolean => f.write_str("`true` or `false`"),
            Self::Whole { min, max: Some(max) } => {
                write!(f, "whole number, {min} to {max}")
            }
            Self::Whole { min, max: None } => write!(f, "whole number from {min} on"),
            Self::Seconds { min, max } => write!(f, "seconds, {min} to {max}"),
            Self::Deadline { max } => write!(f, "seconds, more than 0, at most {max}"),
            Self::Choice(words) => write!(f, "`{}`", words.join("`, `")),
            Self::List => f.write_str("list of texts"),
            Self::Command => f.write_str("list: a program, then its arguments"),
            Self::Other(words) => f.write_str(words),
        }
    }
}
