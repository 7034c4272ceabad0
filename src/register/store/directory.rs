//! A folder of a file system as a store, such as a web server serves.
//!
//! The decision made here: a call returns when what it wrote would survive a power failure. The
//! files of a batch are moved to their paths in the same way, and synced together.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::batch::FolderBatch;
use super::folder::{
    Folder, STAGING_DIR, StagedFile, SyncedBy, confirm_absence, failed, is_absent,
};
use super::syncs::Syncs;
use super::{
    CreateOutcome, FileVersion, Store, StoreBatch, StoreFile, SwapOutcome, VersionedFile,
};
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::base::random;
use crate::site::settings::Readers;

/// The least free space in bytes for a usable store: about one certificate.
const MIN_FREE_BYTES: usize = 192 << 10;

/// A store in a folder.
///
/// Symbolic links below the folder are read, but not listed.
///
/// ```
/// use testamur::register::{Directory, Store, StoreFile, StorePath};
///
/// let folder = tempfile::tempdir()?;
/// let store = Directory::new(folder.path().join("public"));
/// let path = StorePath::parse("cert/0f/certificate.json")?;
/// store.create(&StoreFile::new(&path, b"{}"))?;
/// assert_eq!(store.read(&path)?.as_deref(), Some(&b"{}"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Directory {
    folder: Folder,
}

impl Directory {
    /// A store in this folder, whose files every user of the machine can read. The folder is made
    /// when the first file is written.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let (readers, syncs) = (Readers::default(), Syncs::default());
        Self { folder: Folder { root: root.into(), readers, syncs } }
    }

    /// Sets which users can read the files and folders that are made from now on, whatever the
    /// process's umask says.
    pub fn with_readers(mut self, readers: Readers) -> Self {
        self.folder.readers = readers;
        self
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.folder.root
    }

    /// How often this store and its clones have asked the system to make a file, a folder or a file
    /// system outlast a power failure.
    pub fn sync_count(&self) -> u64 {
        self.folder.syncs.count()
    }

    /// The result of reading a path that has no file.
    fn absent<T>(target: &Path) -> Result<Option<T>> {
        match confirm_absence(target) {
            Ok(()) => Ok(None),
            Err(cause) => Err(failed("read", target, cause)),
        }
    }

    fn walk(
        &self,
        folder: &Path,
        path: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        let unreadable = |cause: io::Error| failed("list", folder, cause);
        let entries = match fs::read_dir(folder) {
            Err(cause) if is_absent(&cause) => {
                return confirm_absence(folder).map_err(unreadable);
            }
            entries => entries.map_err(unreadable)?,
        };
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let below = match path {
                Some(path) => path.join(name),
                None => StorePath::parse(name),
            };
            let Ok(below) = below else { continue };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    self.walk(&entry.path(), Some(&below), found)?;
                }
                Ok(kind) if kind.is_file() => found(below)?,
                Ok(_) => {}
                Err(cause) if is_absent(&cause) => {}
                Err(cause) => return Err(unreadable(cause)),
            }
        }
        Ok(())
    }
}

impl Store for Directory {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        let target = self.folder.target(file.path);
        if fs::symlink_metadata(&target).is_ok_and(|meta| !meta.is_dir()) {
            // When a run is repeated most files exist already, and need not be staged.
            let folder = target.parent().unwrap_or(&self.folder.root);
            self.folder.sync_folder(folder)?;
            return Ok(CreateOutcome::Exists);
        }
        let staged = self.folder.stage(file.bytes)?;
        self.folder.move_if_free(&staged, &target, SyncedBy::Call)
    }

    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        let staged = self.folder.stage(file.bytes)?;
        self.folder.move_over(&staged, &self.folder.target(file.path), SyncedBy::Call)
    }

    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        let target = self.folder.target(file.path);
        let _lock = self.folder.lock().map_err(|cause| failed("lock", &target, cause))?;
        match self.read(file.path)? {
            Some(is) if is == was => {}
            _ => return Ok(SwapOutcome::Conflict),
        }
        self.replace(file).map(|()| SwapOutcome::Swapped)
    }

    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        let target = self.folder.target(path);
        match fs::read(&target) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(cause) if is_absent(&cause) => Self::absent(&target),
            Err(_) if target.is_dir() => Ok(None),
            Err(cause) => Err(failed("read", &target, cause)),
        }
    }

    fn remove(&self, path: &StorePath) -> Result<()> {
        let target = self.folder.target(path);
        let removed = match fs::symlink_metadata(&target) {
            Ok(_) => {
                // Not while a swap has compared the content and not put the new one in its place.
                let lock = self.folder.lock();
                let _lock = lock.map_err(|cause| failed("lock", &target, cause))?;
                fs::remove_file(&target)
            }
            Err(cause) => Err(cause),
        };
        match removed {
            Ok(()) => {}
            Err(cause) if is_absent(&cause) => return Ok(()),
            Err(_) if target.is_dir() => return Ok(()),
            Err(cause) => return Err(failed("remove", &target, cause)),
        }
        let folders =
            target.ancestors().skip(1).take_while(|folder| *folder != self.folder.root);
        for folder in folders {
            self.folder.sync_folder(folder)?;
            // Empty folders go too, because their names may tell which file there was. A folder
            // that is not empty stays.
            if fs::remove_dir(folder).is_err() {
                return Ok(());
            }
        }
        self.folder.sync_folder(&self.folder.root)
    }

    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        let top = folder
            .map_or_else(|| self.folder.root.clone(), |path| self.folder.target(path));
        self.walk(&top, folder, found)
    }

    fn list_named(
        &self,
        folder: &StorePath,
        name: &str,
        found: &mut dyn FnMut(StorePath, Option<FileVersion>) -> Result<()>,
    ) -> Result<()> {
        let top = self.folder.target(folder);
        let unreadable = |cause: io::Error| failed("list", &top, cause);
        let entries = match fs::read_dir(&top) {
            Err(cause) if is_absent(&cause) => {
                return confirm_absence(&top).map_err(unreadable);
            }
            entries => entries.map_err(unreadable)?,
        };
        // There are many folders with few files each, and opening the wanted file takes half the
        // time of listing the folder.
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let below = entry.file_name().to_str().map(|below| folder.join(below));
            let Some(Ok(below)) = below else { continue };
            // As in `list`, symbolic links are left out.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {}
                Ok(_) => continue,
                Err(cause) if is_absent(&cause) => continue,
                Err(cause) => return Err(unreadable(cause)),
            }
            let file = entry.path().join(name);
            match fs::symlink_metadata(&file) {
                Ok(meta) if meta.is_file() => found(below.join(name)?, version(&meta))?,
                Ok(_) => {}
                Err(cause) if is_absent(&cause) => {}
                Err(cause) => return Err(failed("list", &file, cause)),
            }
        }
        Ok(())
    }

    fn read_version(&self, path: &StorePath) -> Result<Option<VersionedFile>> {
        let target = self.folder.target(path);
        let read = || -> io::Result<VersionedFile> {
            let mut file = File::open(&target)?;
            // Taken before the content is read: if the file changes meanwhile, the version will
            // differ.
            let version = version(&file.metadata()?);
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(VersionedFile { bytes, version })
        };
        match read() {
            Ok(file) => Ok(Some(file)),
            Err(cause) if is_absent(&cause) => Self::absent(&target),
            Err(_) if target.is_dir() => Ok(None),
            Err(cause) => Err(failed("read", &target, cause)),
        }
    }

    fn begin_batch(&self) -> Result<Option<Box<dyn StoreBatch + '_>>> {
        let batch = FolderBatch::begin(&self.folder)?;
        Ok(batch.map(|batch| Box::new(batch) as Box<dyn StoreBatch>))
    }

    fn remove_leftovers(&self) -> Result<()> {
        let removed = self.folder.remove_leftovers();
        removed.map_err(|cause| {
            failed("remove what a killed run left", &self.folder.staging_dir(), cause)
        })
    }

    fn check(&self) -> Result<()> {
        let probe = self.folder.stage(&[0; MIN_FREE_BYTES])?;
        self.folder
            .remove_stale(&probe)
            .map_err(|cause| failed("list", &self.folder.staging_dir(), cause))?;
        // The root may be read-only although the staging folder can be written to.
        let name = format!("{STAGING_DIR}-{}", random::name()?);
        let target = StagedFile::at(self.folder.root.join(name));
        self.folder.move_if_free(&probe, &target.path, SyncedBy::Call).map(drop)
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the folder `{}`", self.folder.root.display())
    }
}

/// Distinguishes one content of a file from another: files are replaced by rename, so a new content
/// has another inode.
#[cfg(unix)]
fn version(meta: &fs::Metadata) -> Option<FileVersion> {
    use std::os::unix::fs::MetadataExt;
    let (modified, changed) =
        ((meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec()));
    Some(FileVersion::new(format!(
        "{:x}-{:x}-{:x}.{:x}-{:x}.{:x}",
        meta.ino(),
        meta.size(),
        modified.0,
        modified.1,
        changed.0,
        changed.1
    )))
}

#[cfg(not(unix))]
fn version(_: &fs::Metadata) -> Option<FileVersion> {
    None
}
