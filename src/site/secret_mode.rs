//! The modes of files that hold a secret.

use std::path::Path;

use crate::base::error::{ErrorKind, Place, Warning};

/// The warning about a secret file that users other than its owner can read. `what` says what it
/// holds: `secret key`.
pub(crate) fn warn_if_readable(path: &Path, what: &str) -> Option<Warning> {
    let file = path.display().to_string();
    let warning = || {
        Warning::new(
            ErrorKind::Key,
            format!("users other than its owner can read this {what}"),
        )
        .at(Place::file(&file))
        .with_help(format!("let only its owner read it: chmod 600 {file}"))
    };
    others_can_read(path).then(warning)
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_: &Path) -> bool {
    false
}
