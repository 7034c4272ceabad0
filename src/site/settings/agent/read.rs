//! Reads the settings of the agent: from `testamur.yaml`, the environment and the command line.
//!
//! All three set a setting by the function that its row of the table has, so that each value has
//! one form.

use super::{AgentSettings, PREFIX};
use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean};
use crate::base::yaml::{Faults, Key, Node, YamlFault};
use crate::site::settings::setting::{SetList, SetOne, Setter, Setting};
use crate::site::settings::table::{self, SETTINGS};

/// The section of the file.
const SECTION: &str = "agent";

impl AgentSettings {
    /// Reads the value of `agent`.
    pub(in crate::site::settings) fn read(node: Node<'_>, faults: &mut Faults) -> Self {
        let mut settings = Self::default();
        settings.read_section(SECTION, node, faults);
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
            let short = SETTINGS.iter().find(|it| it.short_name() == Some(name));
            let rest = match short {
                Some(setting) => Some(rest_of_variable(setting)),
                None => name.strip_prefix(PREFIX).map(str::to_owned),
            };
            let Some(rest) = rest.filter(|_| !value.is_empty()) else { continue };
            let place = Place::file(name);
            match set_variable(&mut self, &rest, value) {
                Ok(()) => drop(self.places.insert(rest, place)),
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

    /// Reads a section, and the sections in it.
    fn read_section(&mut self, section: &str, node: Node<'_>, faults: &mut Faults) {
        let known = table::keys(section);
        let unknown = |key: Key<'_>| unknown_key(section, key, &known);
        let Some(fields) = node.fields_or(&known, faults, unknown) else { return };
        for key in &known {
            let Some(node) = fields.get(key) else { continue };
            let path = format!("{section}.{key}");
            let setting = table::find(&path);
            match setting.and_then(|setting| Some((setting, setting.setter()?))) {
                Some((setting, Setter::One(set))) => {
                    self.read_text(setting, set, node, faults);
                }
                Some((setting, Setter::List(set))) => {
                    self.read_list(setting, set, node, faults);
                }
                None => self.read_section(&path, node, faults),
            }
        }
    }

    fn read_text(
        &mut self,
        setting: &Setting,
        set: SetOne,
        node: Node<'_>,
        faults: &mut Faults,
    ) {
        let Some(text) = faults.keep(node.text()) else { return };
        let rest = rest_of_variable(setting);
        if setting.key() == "url" && text.split('/').any(|part| part.contains('@')) {
            let fault = node.fault(
                ErrorKind::InvalidValue,
                "the address has a user name or a password",
            );
            faults.push(match setting.path() {
                "agent.redis.url" => fault.with_help(format!(
                    "give `user` and `password_file`, or the whole address in {PREFIX}{rest}"
                )),
                "agent.webhook.url" => {
                    fault.with_help("leave it out: the webhook is signed with `secret_file`")
                }
                _ => fault.with_help("give `auth_user` and `auth_password_file`"),
            });
            return;
        }
        match set(self, setting, text) {
            Ok(()) => drop(self.places.insert(rest, node.span().place().clone())),
            Err(error) => faults.push(node.wrap(error)),
        }
    }

    fn read_list(
        &mut self,
        setting: &Setting,
        set: SetList,
        node: Node<'_>,
        faults: &mut Faults,
    ) {
        let Some(items) = faults.keep(node.items()) else { return };
        let mut words = Vec::new();
        for item in items {
            words.extend(faults.keep(item.text()).map(str::to_owned));
        }
        match check_list(setting, words) {
            Ok(words) => set(self, words),
            Err(error) => faults.push(node.wrap(error)),
        }
    }
}

/// Creates the fault of a key that the file cannot have in a section: it is unknown, or a secret.
fn unknown_key(section: &str, key: Key<'_>, known: &[&str]) -> YamlFault {
    let path = format!("{section}.{}", key.text());
    match table::find(&path).filter(|setting| setting.is_secret()) {
        Some(setting) => key
            .fault(ErrorKind::InvalidValue, "a secret does not belong here")
            .with_help(format!(
                "name the file that holds it under `{}_file`, or set {PREFIX}{}",
                key.text(),
                rest_of_variable(setting)
            )),
        None => key.unknown(known),
    }
}

/// Returns the name of a setting in the environment without the prefix: `REDIS__URL`.
fn rest_of_variable(setting: &Setting) -> String {
    let name = setting.variable().unwrap_or_default();
    name.strip_prefix(PREFIX).map(str::to_owned).unwrap_or(name)
}

/// Sets the setting of a variable, whose name without the prefix is `rest`.
fn set_variable(settings: &mut AgentSettings, rest: &str, value: &str) -> Result<()> {
    let name = format!("{PREFIX}{rest}");
    let named = |setting: &&Setting| setting.variable().as_ref() == Some(&name);
    let setting = SETTINGS.iter().find(named);
    match setting.and_then(|setting| Some((setting, setting.setter()?))) {
        Some((setting, Setter::One(set))) => set(settings, setting, value),
        Some((setting, Setter::List(set))) => {
            let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
            let words = check_list(setting, words.map(str::to_owned).collect())?;
            set(settings, words);
            Ok(())
        }
        None => Err(unknown_variable(&name)),
    }
}

fn check_list(setting: &Setting, words: Vec<String>) -> Result<Vec<String>> {
    if words.is_empty() {
        let message = format!("`{}` is empty", setting.key());
        return Err(Error::new(ErrorKind::InvalidValue, message)
            .with_help("no event would ever lead to a certificate: leave it out"));
    }
    Ok(words)
}

/// Creates the error of a variable of the environment that is not a setting.
fn unknown_variable(name: &str) -> Error {
    let known: Vec<String> = SETTINGS.iter().filter_map(Setting::variable).collect();
    Error::new(ErrorKind::UnknownKey, format!("unknown variable `{name}`"))
        .with_help(did_you_mean(name, known.iter().map(String::as_str)))
}
