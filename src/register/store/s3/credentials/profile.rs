//! The profiles in `~/.aws/config` and `~/.aws/credentials`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, io};

use super::environment::Environment;
use super::found::refused;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::register::store::s3::keys::S3Keys;

/// The most bytes of a file.
const MAX_FILE: u64 = 4 << 20;

type Section = BTreeMap<String, String>;

/// All profiles.
pub(super) struct Profiles {
    profiles: BTreeMap<String, Profile>,
    /// The sections `sso-session`.
    sessions: BTreeMap<String, Section>,
    /// The files, and whether each is there.
    files: [(PathBuf, bool); 2],
}

/// A profile, with what each file has of it.
#[derive(Default)]
pub(super) struct Profile {
    config: Section,
    credentials: Section,
}

/// Which of the two files.
#[derive(Clone, Copy)]
pub(super) enum Origin {
    Config,
    Credentials,
}

/// A login by SSO, as a profile has it.
pub(super) struct SsoLogin<'a> {
    pub(super) profile: &'a str,
    /// The text from which the name of the token's file is derived.
    pub(super) cached_as: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) role: &'a str,
}

impl Profiles {
    /// Reads both files. One that is not there is empty.
    pub(super) fn read(environment: &Environment) -> Result<Self> {
        let path = |variable, default| {
            environment.path(environment.get(variable).unwrap_or(default))
        };
        let config = path("AWS_CONFIG_FILE", "~/.aws/config");
        let credentials = path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
        let (config_text, credentials_text) = (read(&config)?, read(&credentials)?);
        let mut all = Self {
            profiles: BTreeMap::new(),
            sessions: BTreeMap::new(),
            files: [
                (config, config_text.is_some()),
                (credentials, credentials_text.is_some()),
            ],
        };
        for (name, section) in sections(config_text.as_deref().unwrap_or_default()) {
            if let Some(name) = words_after(&name, "sso-session") {
                all.sessions.entry(name).or_default().extend(section);
            } else if let Some(name) = words_after(&name, "profile") {
                all.profiles.entry(name).or_default().config.extend(section);
            } else if name == "default" {
                all.profiles.entry(name).or_default().config.extend(section);
            }
        }
        for (name, section) in sections(credentials_text.as_deref().unwrap_or_default()) {
            all.profiles.entry(name).or_default().credentials.extend(section);
        }
        Ok(all)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(name)
    }

    /// The profile of this name, which `by` names: it has to exist.
    pub(super) fn named(&self, name: &str, by: &str) -> Result<Option<&Profile>> {
        if let Some(profile) = self.get(name) {
            return Ok(Some(profile));
        }
        let message = format!("there is no profile `{name}`, which {by} names");
        Err(refused(&message)
            .with_help(format!("write it into {}", self.names_of_files())))
    }

    /// The reason why a profile gives no keys.
    pub(super) fn without(&self, name: &str) -> String {
        format!("the profile `{name}`: it is in neither of {}", self.names_of_files())
    }

    fn names_of_files(&self) -> String {
        let name = |(path, is_there): &(PathBuf, bool)| {
            let missing = if *is_there { "" } else { " (no such file)" };
            format!("`{}`{missing}", path.display())
        };
        self.files.each_ref().map(name).join(" and ")
    }

    /// The login by SSO of a profile, if it has one.
    pub(super) fn sso<'a>(
        &'a self,
        name: &'a str,
        profile: &'a Profile,
    ) -> Result<Option<SsoLogin<'a>>> {
        let session = profile.get("sso_session");
        let is_login = ["sso_account_id", "sso_role_name"];
        if is_login.iter().all(|key| profile.get(key).is_none()) {
            return Ok(None);
        }
        let section = match session {
            Some(session) => Some(self.sessions.get(session).ok_or_else(|| {
                refused(&format!("there is no `[sso-session {session}]`, which the profile `{name}` names"))
            })?),
            None => None,
        };
        let of_session = |key: &str| match section {
            Some(section) => section.get(key).map(String::as_str),
            None => profile.get(key),
        };
        let missing =
            |key: &str| refused(&format!("the profile `{name}` with SSO has no `{key}`"));
        let start_url =
            of_session("sso_start_url").ok_or_else(|| missing("sso_start_url"))?;
        Ok(Some(SsoLogin {
            profile: name,
            cached_as: session.unwrap_or(start_url),
            region: of_session("sso_region").ok_or_else(|| missing("sso_region"))?,
            account: profile
                .get("sso_account_id")
                .ok_or_else(|| missing("sso_account_id"))?,
            role: profile.get("sso_role_name").ok_or_else(|| missing("sso_role_name"))?,
        }))
    }
}

impl Profile {
    /// The value of a key, of the file of keys if both files have it.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let value = self.credentials.get(key).or_else(|| self.config.get(key));
        value.map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The keys that a file has itself.
    pub(super) fn static_keys(
        &self,
        name: &str,
        origin: Origin,
    ) -> Result<Option<S3Keys>> {
        let section = match origin {
            Origin::Config => &self.config,
            Origin::Credentials => &self.credentials,
        };
        let get = |key: &str| section.get(key).filter(|value| !value.is_empty());
        let Some(access) = get("aws_access_key_id") else { return Ok(None) };
        let secret = get("aws_secret_access_key").ok_or_else(|| {
            let message = format!("the profile `{name}` has no `aws_secret_access_key`");
            refused(&message).with_help("it belongs beside `aws_access_key_id`")
        })?;
        let keys = S3Keys::new(access, secret);
        Ok(Some(match get("aws_session_token") {
            Some(token) => keys.with_session_token(token),
            None => keys,
        }))
    }
}

fn read(path: &std::path::Path) -> Result<Option<String>> {
    let failed = |cause: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Io, format!("failed to read the profiles ({cause})"))
            .at(Place::file(path.display().to_string()))
    };
    match fs::metadata(path) {
        // The file does not exist or may not be read: like boto, take it for empty.
        Err(cause)
            if matches!(
                cause.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::NotADirectory
                    | io::ErrorKind::PermissionDenied
            ) =>
        {
            return Ok(None);
        }
        Ok(file) if file.len() > MAX_FILE => {
            return Err(failed(&"the file is too large"));
        }
        _ => {}
    }
    fs::read_to_string(path).map(Some).map_err(|cause| failed(&cause))
}

/// The sections of a file, in order. A line that is indented continues the one before, and is
/// about nothing that is read here.
fn sections(text: &str) -> Vec<(String, Section)> {
    let mut found: Vec<(String, Section)> = Vec::new();
    for line in text.lines() {
        let is_indented = line.starts_with([' ', '\t']);
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|it| it.split_once(']')) {
            found.push((name.0.trim().to_owned(), Section::new()));
        } else if let (false, Some((_, section))) = (is_indented, found.last_mut())
            && let Some((key, value)) = trimmed.split_once(['=', ':'])
        {
            section.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    found
}

/// The name after a word, perhaps in quotes: `profile "one of mine"`.
fn words_after(text: &str, word: &str) -> Option<String> {
    let rest = text.strip_prefix(word).filter(|rest| rest.starts_with([' ', '\t']))?;
    let rest = rest.trim();
    let quoted = |quote| rest.strip_prefix(quote)?.strip_suffix(quote);
    Some(quoted('"').or_else(|| quoted('\'')).unwrap_or(rest).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_as_amazon_s_tools_do() {
        let text = "# a comment\n[default]\nregion=eu-west-1\ns3 =\n  max_concurrent_requests = 20\n\
                    [profile \"one of mine\"]\nRole_ARN : arn:aws:iam::1:role/x\n;no\n[ plain ]\na=b=c\n";
        let found = sections(text);
        assert_eq!(found[0].0, "default");
        assert_eq!(found[0].1.len(), 2, "{found:?}");
        assert_eq!(words_after(&found[1].0, "profile").as_deref(), Some("one of mine"));
        assert_eq!(found[1].1["role_arn"], "arn:aws:iam::1:role/x");
        assert_eq!((found[2].0.as_str(), found[2].1["a"].as_str()), ("plain", "b=c"));
        assert_eq!(words_after("profiles", "profile"), None);
    }
}
