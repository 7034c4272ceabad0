//! What shows that a file was not written since.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file on disk as it was at one time. Two that are equal have the same content, unless a program
/// that writes files also sets back the clock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct FileVersion {
    path: PathBuf,
    len: u64,
    modified: SystemTime,
    inode: Inode,
}

/// The number of the file's inode, and when that was changed: seconds and nanoseconds.
#[cfg(unix)]
type Inode = (u64, i64, i64);
#[cfg(not(unix))]
type Inode = ();

impl FileVersion {
    /// The version of a file now; `None` if the system does not say.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let modified = metadata.modified().ok()?;
        let inode = inode(&metadata);
        Some(Self { path: path.to_owned(), len: metadata.len(), modified, inode })
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> Inode {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> Inode {}
