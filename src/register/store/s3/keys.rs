//! The keys that requests to a bucket are signed with.

use std::fmt;
use std::fs;
use std::path::Path;

use s3::creds::Credentials;
use zeroize::Zeroizing;

use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::site::settings::KeyFiles;

/// The keys of a bucket. `Debug` does not print them, and their memory is cleared on drop.
#[derive(Clone)]
pub struct S3Keys {
    access_key: Zeroizing<String>,
    secret_key: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
}

impl S3Keys {
    /// An access key and its secret key.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self {
            access_key: Zeroizing::new(access_key.into()),
            secret_key: Zeroizing::new(secret_key.into()),
            session_token: None,
        }
    }

    /// Adds the session token of temporary keys.
    pub fn with_session_token(mut self, token: impl Into<String>) -> Self {
        self.session_token = Some(Zeroizing::new(token.into()));
        self
    }

    pub(super) fn access_key(&self) -> &str {
        &self.access_key
    }

    pub(super) fn secret_key(&self) -> &str {
        &self.secret_key
    }

    pub(super) fn session_token(&self) -> Option<&str> {
        self.session_token.as_ref().map(|token| token.as_str())
    }

    pub(super) fn credentials(&self) -> Result<Credentials> {
        let token = self.session_token();
        Credentials::new(
            Some(&self.access_key),
            Some(&self.secret_key),
            None,
            token,
            None,
        )
        // The message of the cause is left out, because it may quote the keys.
        .map_err(|_| Error::new(ErrorKind::Key, "the keys of the store cannot be used"))
    }
}

impl fmt::Debug for S3Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Keys").finish_non_exhaustive()
    }
}

/// The keys in the files that the settings name.
pub(super) fn of_files(files: &KeyFiles, site: &Path) -> Result<S3Keys> {
    Ok(S3Keys {
        access_key: read(&site.join(&files.access_key))?,
        secret_key: read(&site.join(&files.secret_key))?,
        session_token: match &files.session_token {
            Some(file) => Some(read(&site.join(file))?),
            None => None,
        },
    })
}

fn read(path: &Path) -> Result<Zeroizing<String>> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|cause| {
        let kind = match cause.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::MissingFile,
            _ => ErrorKind::Io,
        };
        Error::caused(kind, "failed to read a key of the store", cause)
            .at(Place::file(&shown))
    })?;
    let key = text.trim();
    if key.is_empty() || key.contains(|c: char| !c.is_ascii_graphic()) {
        return Err(Error::new(
            ErrorKind::Key,
            "the file holds more or less than one key",
        )
        .at(Place::file(shown))
        .with_help("write nothing but the key into it, on one line"));
    }
    Ok(Zeroizing::new(key.to_owned()))
}
