//! Files that hold a password, a token or a shared secret.

use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use crate::base::error::{Error, ErrorKind, Result};
use crate::site::settings::Secret;

/// Reads a file that holds a secret; line ends after it do not belong to it.
pub(super) fn read_secret(path: &Path) -> Result<Secret> {
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|cause| {
        let kind = match cause.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::MissingFile,
            _ => ErrorKind::Io,
        };
        let what = format!("failed to read the secret in `{}`", path.display());
        Error::caused(kind, what, cause)
    })?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => {
            let message = format!("`{}` holds no secret", path.display());
            Err(Error::new(ErrorKind::InvalidValue, message))
        }
        secret => Ok(Secret::new(secret)),
    }
}
