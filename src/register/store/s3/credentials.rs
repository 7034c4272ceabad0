//! The keys that Amazon's own tools would find, in the order in which boto looks for them.
//!
//! - **Takes**: the environment, the files of Amazon's tools, and the answers of Amazon's endpoints.
//! - **Gives**: keys and the time at which they end, or what was tried.
//!
//! The decision made here: a configured source that fails is an error; only sources that are not
//! configured are skipped. Keys that expire are found again in the same way, so that each file is
//! read anew.

mod container;
mod environment;
mod found;
mod http;
mod instance;
mod process;
mod profile;
mod signature;
mod sso;
mod sts;

use std::collections::BTreeSet;

use tokio::runtime::Handle;

use self::environment::Environment;
pub(super) use self::environment::now;
pub(super) use self::found::FoundKeys;
use self::found::{Lookup, refused};
use self::http::Http;
use self::profile::{Profile, Profiles};
use self::sts::{Role, Sts};
use super::keys::S3Keys;
use crate::base::error::Result;

/// The profile that is used if none is named.
const DEFAULT_PROFILE: &str = "default";
/// The most profiles in a chain in which each takes its keys from the next.
const MAX_CHAIN: usize = 10;

/// Where keys are looked for.
pub(super) struct Chain {
    /// The profile that the settings name.
    profile: Option<String>,
    region: String,
    /// The name of the store in messages.
    store: String,
    http: Http,
}

impl Chain {
    /// `handle` is of the runtime that sends requests. All other methods block.
    pub(super) fn new(
        profile: Option<String>,
        region: &str,
        store: String,
        handle: Handle,
    ) -> Result<Self> {
        Ok(Self { profile, region: region.to_owned(), store, http: Http::new(handle)? })
    }

    /// Finds keys.
    ///
    /// # Errors
    /// [`ErrorKind::StoreRefused`](crate::ErrorKind::StoreRefused): there are none, a profile does
    /// not exist, or a source that is named gives none.
    /// [`ErrorKind::Store`](crate::ErrorKind::Store): an endpoint that is named cannot be reached.
    pub(super) fn find(&self) -> Result<FoundKeys> {
        let environment = Environment::read();
        let look = Look {
            chain: self,
            profiles: &Profiles::read(&environment)?,
            environment: &environment,
        };
        look.find()
    }
}

/// One search for keys.
struct Look<'a> {
    chain: &'a Chain,
    environment: &'a Environment,
    profiles: &'a Profiles,
}

impl Look<'_> {
    fn find(&self) -> Result<FoundKeys> {
        let named = self.chain.profile.as_deref().map(|name| (name, "`profile`"));
        let is_named = named.is_some();
        let named = named.or_else(|| self.environment.profile());
        let profile = match named {
            Some((name, by)) => self.profiles.named(name, by)?,
            None => self.profiles.get(DEFAULT_PROFILE),
        };
        let mut tried = Vec::new();
        let mut visited = BTreeSet::new();
        let profile_name = named.map_or(DEFAULT_PROFILE, |(name, _)| name);
        // A profile of the settings goes before the environment, as in boto.
        let of_environment = |lookup: &dyn Fn() -> Result<Lookup>, what: &str| {
            if is_named {
                return Ok(Lookup::Absent(format!("{what}: `profile` is set")));
            }
            lookup()
        };
        let steps: [&mut dyn FnMut() -> Result<Lookup>; 6] = [
            &mut || of_environment(&|| self.environment.keys(), "the environment"),
            &mut || match profile {
                Some(profile) => self.role_keys(profile_name, profile, &mut visited),
                None => Ok(Lookup::Absent(self.profiles.without(profile_name))),
            },
            &mut || of_environment(&|| self.web_identity(), "a web identity"),
            &mut || match profile {
                Some(profile) => self.own_keys(profile_name, profile),
                None => Ok(Lookup::none()),
            },
            &mut || container::find(self.environment, &self.chain.http),
            &mut || instance::find(self.environment, &self.chain.http),
        ];
        for step in steps {
            match step()? {
                Lookup::Found(found) => return Ok(found),
                Lookup::Absent(why) if why.is_empty() => {}
                Lookup::Absent(why) => tried.push(why),
            }
        }
        Err(refused(&format!(
            "failed to open {} (no keys for it; tried: {})",
            self.chain.store,
            tried.join("; ")
        ))
        .with_help(
            "name files by `access_key_file` and `secret_key_file`, or set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or name a profile, or run this where a role gives keys",
        ))
    }

    /// Keys of a role that the profile takes with the keys of another one, or of the machine.
    fn role_keys(
        &self,
        name: &str,
        profile: &Profile,
        visited: &mut BTreeSet<String>,
    ) -> Result<Lookup> {
        let Some(arn) = profile.get("role_arn") else { return Ok(Lookup::none()) };
        if profile.get("web_identity_token_file").is_some() {
            return Ok(Lookup::none());
        }
        let fault = |what: String| refused(&format!("the profile `{name}` {what}"));
        if profile.get("mfa_serial").is_some() {
            return Err(fault(
                "asks for a code (`mfa_serial`), which no program can give".into(),
            ));
        }
        if !visited.insert(name.to_owned()) || visited.len() > MAX_CHAIN {
            return Err(fault("takes its keys from itself (`source_profile`)".into()));
        }
        let source = match (
            profile.get("source_profile"),
            profile.get("credential_source"),
        ) {
            (Some(_), Some(_)) => {
                return Err(fault("has `source_profile` and `credential_source`".into()));
            }
            (None, None) => {
                return Err(fault(
                    "has `role_arn`, and neither `source_profile` nor `credential_source`".into(),
                ));
            }
            (Some(source), None) => {
                let by = format!("`source_profile` of the profile `{name}`");
                let Some(profile) = self.profiles.named(source, &by)? else {
                    return Err(fault(format!("names `{source}`, which has no keys")));
                };
                let has_keys = ["aws_access_key_id", "aws_secret_access_key"]
                    .iter()
                    .any(|key| profile.get(key).is_some());
                let by_role = if source == name || has_keys {
                    // The source has keys of its own, or is this profile itself: then its keys take
                    // the role, and a role of the source is not used.
                    Lookup::none()
                } else {
                    self.role_keys(source, profile, visited)?
                };
                match by_role {
                    Lookup::Found(found) => Lookup::Found(found),
                    Lookup::Absent(_) => self.own_keys(source, profile)?,
                }
            }
            (None, Some("Environment")) => self.environment.keys()?,
            (None, Some("EcsContainer")) => {
                container::find(self.environment, &self.chain.http)?
            }
            (None, Some("Ec2InstanceMetadata")) => {
                instance::find(self.environment, &self.chain.http)?
            }
            (None, Some(other)) => {
                return Err(fault(format!(
                    "has the unknown `credential_source` `{other}`"
                )));
            }
        };
        let source = match source {
            Lookup::Found(found) => found.keys,
            Lookup::Absent(why) => {
                return Err(fault(format!("has no keys to take its role with ({why})")));
            }
        };
        let role = Role {
            arn,
            session: profile.get("role_session_name"),
            external_id: profile.get("external_id"),
            seconds: profile.get("duration_seconds"),
        };
        self.sts(Some(profile)).assume(&role, &source).map(Lookup::Found)
    }

    /// Keys that a profile has without a role: by SSO, a program, or in a file.
    fn own_keys(&self, name: &str, profile: &Profile) -> Result<Lookup> {
        if let (Some(file), Some(arn)) =
            (profile.get("web_identity_token_file"), profile.get("role_arn"))
        {
            let role = Role::new(arn, profile.get("role_session_name"));
            let file = self.environment.path(file);
            return self
                .sts(Some(profile))
                .assume_with_token(&role, &file)
                .map(Lookup::Found);
        }
        if let Some(login) = self.profiles.sso(name, profile)? {
            return sso::find(&login, self.environment, &self.chain.http)
                .map(Lookup::Found);
        }
        if let Some(keys) = profile.static_keys(name, profile::Origin::Credentials)? {
            return Ok(Lookup::Found(keys.into()));
        }
        if let Some(command) = profile.get("credential_process") {
            return process::find(name, command).map(Lookup::Found);
        }
        Ok(match profile.static_keys(name, profile::Origin::Config)? {
            Some(keys) => Lookup::Found(keys.into()),
            None => Lookup::Absent(format!("the profile `{name}`: has no keys")),
        })
    }

    /// Keys of the role that the environment names with the file of a token, as in Kubernetes.
    fn web_identity(&self) -> Result<Lookup> {
        let Some(file) = self.environment.get("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            let why = "a web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set";
            return Ok(Lookup::Absent(why.to_owned()));
        };
        let arn = self.environment.get("AWS_ROLE_ARN").ok_or_else(|| {
            refused("AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not")
        })?;
        let role = Role::new(arn, self.environment.get("AWS_ROLE_SESSION_NAME"));
        let file = self.environment.path(file);
        self.sts(None).assume_with_token(&role, &file).map(Lookup::Found)
    }

    fn sts<'a>(&'a self, profile: Option<&'a Profile>) -> Sts<'a> {
        let environment = self.environment;
        let region = environment
            .get("AWS_REGION")
            .or_else(|| environment.get("AWS_DEFAULT_REGION"))
            .or_else(|| profile.and_then(|profile| profile.get("region")))
            .unwrap_or(&self.chain.region);
        Sts { endpoint: environment.endpoint("STS"), region, http: &self.chain.http }
    }
}

impl From<S3Keys> for FoundKeys {
    fn from(keys: S3Keys) -> Self {
        Self { keys, expires_at: None }
    }
}
