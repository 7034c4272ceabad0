//! Files that hold a password, a token or a shared secret.

use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use crate::base::error::{Error, ErrorKind, Result};
use crate::site::settings::Secret;

/// Reads a file that holds a secret. Line ends at its end are not part of the secret.
pub(super) fn read_secret(path: &Path) -> Result<Secret> {
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|cause| {
        let kind = match cause.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::MissingFile,
            _ => ErrorKind::Io,
        };
        let what = format!("failed to read the secret in `{}`", path.display());
        Error::caused(kind, what, cause)
    })?;
    let secret = text.trim_end_matches(['\r', '\n']);
    let refused = |why: &str| {
        let message = format!("`{}` {why}", path.display());
        Error::new(ErrorKind::InvalidValue, message).with_help(
            "write the secret alone into it, on one line, without a byte order mark",
        )
    };
    if secret.trim().is_empty() {
        return Err(refused("holds no secret"));
    }
    // Such characters do not reach the other side as they are, so that the two secrets
    // would differ.
    if secret.starts_with('\u{feff}') || secret.contains(char::is_control) {
        return Err(refused(
            "holds more than one line, or characters that cannot be typed",
        ));
    }
    Ok(Secret::new(secret))
}
