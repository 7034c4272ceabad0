//! Where a key is: the module, the token and the key in it.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::base::hex;

/// A key in a token: the module that the token's maker gives, the token's label, and the key's
/// label or id, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pkcs11Key {
    module: PathBuf,
    token: String,
    label: Option<String>,
    id: Option<Vec<u8>>,
}

impl Pkcs11Key {
    /// The only private key of the token with that label, behind the module in that file.
    pub fn new(module: impl Into<PathBuf>, token: impl Into<String>) -> Self {
        Self { module: module.into(), token: token.into(), label: None, id: None }
    }

    /// Names the key by its label (`CKA_LABEL`).
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Names the key by its id (`CKA_ID`).
    pub fn with_id(mut self, id: impl Into<Vec<u8>>) -> Self {
        self.id = Some(id.into());
        self
    }

    pub(super) fn module(&self) -> &Path {
        &self.module
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    pub(super) fn id(&self) -> Option<&[u8]> {
        self.id.as_deref()
    }
}

/// Names the key for a message: «the key `seal` of the token `seals`».
impl fmt::Display for Pkcs11Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key")?;
        if let Some(label) = &self.label {
            write!(f, " `{}`", label.escape_debug())?;
        }
        if let Some(id) = &self.id {
            write!(f, " with the id {}", hex::lower(id))?;
        }
        write!(f, " of the token `{}`", self.token.escape_debug())
    }
}
