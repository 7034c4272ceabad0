//! The variables of the environment that configure keys.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::found::{FoundKeys, Lookup, refused};
use crate::base::error::Result;
use crate::register::store::s3::keys::S3Keys;

/// The variables of the environment.
pub(super) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads it. Amazon's tools are set up by variables, and so is a store with no keys of its own.
    #[expect(
        clippy::disallowed_methods,
        reason = "keys that Amazon's tools would find are named by the environment"
    )]
    pub(super) fn read() -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self(variables.collect())
    }

    /// The value of a variable; an empty one is none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The profile that it names, and by which variable.
    pub(super) fn profile(&self) -> Option<(&str, &'static str)> {
        let names = ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"].into_iter();
        names.filter_map(|name| Some((self.get(name)?, name))).next()
    }

    /// The keys in it.
    pub(super) fn keys(&self) -> Result<Lookup> {
        let Some(access) = self.get("AWS_ACCESS_KEY_ID") else {
            let why = "the environment: AWS_ACCESS_KEY_ID is not set";
            return Ok(Lookup::Absent(why.to_owned()));
        };
        let secret = self.get("AWS_SECRET_ACCESS_KEY").ok_or_else(|| {
            refused("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not")
        })?;
        let keys = S3Keys::new(access, secret);
        let token =
            self.get("AWS_SESSION_TOKEN").or_else(|| self.get("AWS_SECURITY_TOKEN"));
        let keys = match token {
            Some(token) => keys.with_session_token(token),
            None => keys,
        };
        Ok(Lookup::Found(FoundKeys { keys, expires_at: None }))
    }

    /// The endpoint that is set for a service of Amazon.
    pub(super) fn endpoint(&self, service: &str) -> Option<&str> {
        let is_ignored = self.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        if is_ignored.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return None;
        }
        let own = self.get(&format!("AWS_ENDPOINT_URL_{service}"));
        own.or_else(|| self.get("AWS_ENDPOINT_URL"))
    }

    /// A path, in which `~` is the home.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.get("HOME")) {
            (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => PathBuf::from(text),
        }
    }
}

/// The time, in seconds since 1970: Amazon's signatures and tokens hold it.
#[expect(clippy::disallowed_methods, reason = "keys end at a time of the world")]
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
