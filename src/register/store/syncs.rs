//! What makes files outlast a power failure, and how often it was asked for.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Syncs files and folders, and counts how often. Clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Syncs(Arc<AtomicU64>);

impl Syncs {
    /// How often the system was asked to sync something.
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Makes the content of a file outlast a power failure.
    pub(super) fn sync_file(&self, file: &File) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        file.sync_all()
    }

    /// Makes the names in a folder outlast a power failure.
    #[cfg(unix)]
    pub(super) fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        match File::open(folder).and_then(|folder| self.sync_file(&folder)) {
            // Another process removed the folder with all that was in it.
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(())
            }
            // File systems without this operation, such as some network ones, sync by themselves
            // or not at all.
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            other => other,
        }
    }

    #[cfg(not(unix))]
    pub(super) fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}
