//! Whether a process that began a write still runs, and whether the machine was restarted since.
//!
//! The decision made here: no clock is used. A process that writes holds a lock on a file of its
//! own next to the index; the system releases the lock when the process ends, however it ends. The
//! boot id shows whether the machine may have stopped before the index's log was on the disk.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::base::random;

/// Shows other processes that this one works on an index, until it is dropped.
#[derive(Debug)]
pub(super) struct Presence {
    /// The name of the process in marks.
    pub(super) name: String,
    path: PathBuf,
    /// Keeps the lock.
    _file: File,
}

impl Presence {
    /// Makes and locks the file, closed to other users.
    pub(super) fn new(index: &Path) -> io::Result<Self> {
        let name = random::name().map_err(io::Error::other)?;
        let path = file_of(index, &name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        file.lock()?;
        Ok(Self { name, path, _file: file })
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // If that fails, the next process that finds the file unlocked removes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the process of this name has ended; false if that is not known.
pub(super) fn has_ended(index: &Path, name: &str) -> bool {
    let path = file_of(index, name);
    match OpenOptions::new().write(true).open(&path).map(|file| file.try_lock()) {
        Ok(Ok(())) => {
            let _ = fs::remove_file(&path);
            true
        }
        Ok(Err(TryLockError::WouldBlock | TryLockError::Error(_))) => false,
        Err(cause) => cause.kind() == io::ErrorKind::NotFound,
    }
}

fn file_of(index: &Path, name: &str) -> PathBuf {
    let mut path = index.as_os_str().to_owned();
    path.push(format!("-writer-{name}"));
    path.into()
}

/// The id of the current boot; `None` if the system does not give one.
pub(super) fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}
