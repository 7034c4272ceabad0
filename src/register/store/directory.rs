//! A folder of a file system as a store, such as a web server serves.
//!
//! The decision made here: a file is written and synced in a staging folder below the root (hidden,
//! and closed to other users), and then gets its path: by a hard link if the path must be free, by
//! a rename if it replaces a file. A reader sees the old file or the new one, never a part.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::syncs::Syncs;
use super::{CreateOutcome, FileVersion, Store, StoreFile, SwapOutcome, VersionedFile};
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::path::StorePath;
use crate::base::random;
use crate::site::settings::Readers;

/// The folder below the root in which files are written. No [`StorePath`] leads there.
const STAGING_DIR: &str = ".testamur";
/// The file in it that a process locks while it compares a file and then replaces it.
const LOCK_FILE: &str = "lock";
/// The ending of files that are being written.
const STAGED_SUFFIX: &str = ".new";
/// A staged file that is older than this was left behind by an interrupted run.
const MAX_STAGED_AGE: Duration = Duration::from_secs(60 * 60);
/// How many bytes must be free for a store to be of use: about a certificate's.
const MIN_FREE_BYTES: usize = 192 << 10;
/// How often other processes may remove a folder between its making and its use.
const MAX_ATTEMPTS: usize = 16;

/// A store in a folder.
///
/// Symbolic links below the folder are read, but not listed.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
    readers: Readers,
    syncs: Syncs,
}

impl Directory {
    /// A store in this folder, whose files every user of the machine can read. The folder is made
    /// when the first file is written.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let (readers, syncs) = (Readers::default(), Syncs::default());
        Self { root: root.into(), readers, syncs }
    }

    /// Sets which users can read the files and folders that are made from now on, whatever the
    /// process's umask says.
    pub fn with_readers(mut self, readers: Readers) -> Self {
        self.readers = readers;
        self
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How often this store and its clones asked the system to sync a file or a folder.
    pub fn sync_count(&self) -> u64 {
        self.syncs.count()
    }

    fn target(&self, path: &StorePath) -> PathBuf {
        self.root.join(path.as_str())
    }

    fn staging_dir(&self) -> PathBuf {
        self.root.join(STAGING_DIR)
    }

    /// Writes and syncs a file in the staging folder.
    fn stage(&self, bytes: &[u8]) -> Result<StagedFile> {
        let folder = self.staging_dir();
        let path = folder.join(format!("{}{STAGED_SUFFIX}", random::name()?));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = self.with_folder(&folder, Readers::Owner, || options.open(&path));
        let mut file = file.map_err(|cause| failed("write", &path, &cause))?;
        let staged = StagedFile(path);
        let mut write = || {
            file.write_all(bytes)?;
            #[cfg(unix)]
            file.set_permissions(permissions(self.readers.file_mode()))?;
            self.syncs.sync_file(&file)
        };
        write().map_err(|cause| failed("write", &staged.0, &cause))?;
        Ok(staged)
    }

    /// Moves a staged file to its path, if the path is free.
    fn move_if_free(&self, staged: &StagedFile, target: &Path) -> Result<CreateOutcome> {
        self.move_to(target, || self.link(staged, target))
    }

    /// Moves a staged file to its path, over a file that may be there.
    fn move_over(&self, staged: &StagedFile, target: &Path) -> Result<()> {
        self.move_to(target, || fs::rename(&staged.0, target))
    }

    /// Runs `rename`, which gives a staged file its final path.
    fn move_to<T>(&self, target: &Path, rename: impl Fn() -> io::Result<T>) -> Result<T> {
        let folder = target.parent().unwrap_or(&self.root);
        let moved = self.with_folder(folder, self.readers, rename).map_err(|cause| {
            if target.is_dir() {
                is_folder(target)
            } else {
                failed("write", target, &cause)
            }
        })?;
        // Also if the file exists: the process that moved it there may not have synced the folder
        // yet.
        self.syncs.sync_folder(folder).map_err(|cause| failed("sync", folder, &cause))?;
        Ok(moved)
    }

    fn link(&self, staged: &StagedFile, target: &Path) -> io::Result<CreateOutcome> {
        match fs::hard_link(&staged.0, target) {
            Ok(()) => Ok(CreateOutcome::Created),
            Err(cause) if is_absent(&cause) => Err(cause),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => exists(target),
            // The file system has no hard links.
            Err(_) => self.rename_if_absent(staged, target),
        }
    }

    /// Does what a hard link does, among processes that take the lock.
    fn rename_if_absent(
        &self,
        staged: &StagedFile,
        target: &Path,
    ) -> io::Result<CreateOutcome> {
        let _lock = self.lock()?;
        match fs::symlink_metadata(target) {
            Ok(_) => exists(target),
            Err(_) => fs::rename(&staged.0, target).map(|()| CreateOutcome::Created),
        }
    }

    /// Waits until no other process holds the lock, on this machine or on another.
    fn lock(&self) -> io::Result<File> {
        let folder = self.staging_dir();
        let open = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            options.open(folder.join(LOCK_FILE))
        };
        let file = self.with_folder(&folder, Readers::Owner, open)?;
        file.lock()?;
        Ok(file)
    }

    /// Runs `act`, which needs the folder, and makes the folder if it is missing.
    fn with_folder<T>(
        &self,
        folder: &Path,
        readers: Readers,
        act: impl Fn() -> io::Result<T>,
    ) -> io::Result<T> {
        for _ in 0..MAX_ATTEMPTS {
            match act() {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                    match self.make_folder(folder, readers) {
                        // Another process removed the parent, which was empty.
                        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                        other => other?,
                    }
                }
                other => return other,
            }
        }
        act()
    }

    fn make_folder(&self, folder: &Path, readers: Readers) -> io::Result<()> {
        if folder.as_os_str().is_empty() {
            return Ok(());
        }
        let made = DirBuilder::new().create(folder);
        match made {
            Ok(()) => {}
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let Some(above) = folder.parent() else { return Err(cause) };
                self.make_folder(above, self.readers)?;
                return self.make_folder(folder, readers);
            }
            Err(cause) => return Err(cause),
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The set-group-ID bit that a folder inherits from its parent stays.
            let special = fs::metadata(folder)?.permissions().mode() & 0o7000;
            let mode = special | readers.folder_mode();
            fs::set_permissions(folder, permissions(mode))?;
        }
        match folder.parent() {
            Some(above) => self.syncs.sync_folder(above),
            None => Ok(()),
        }
    }

    fn walk(
        &self,
        folder: &Path,
        path: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        let unreadable = |cause: io::Error| failed("list", folder, &cause);
        let entries = match fs::read_dir(folder) {
            Err(cause) if is_absent(&cause) => return Ok(()),
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

    /// Removes staged files that an interrupted run left behind. Their age is measured against
    /// `probe`, which was just written: the clock of the file system may differ from the machine's.
    fn remove_stale(&self, probe: &StagedFile) -> io::Result<()> {
        let now = fs::metadata(&probe.0)?.modified()?;
        for entry in fs::read_dir(self.staging_dir())? {
            let entry = entry?;
            let is_staged = entry.file_name().to_string_lossy().ends_with(STAGED_SUFFIX);
            let modified = entry.metadata().and_then(|meta| meta.modified());
            let age =
                modified.ok().and_then(|modified| now.duration_since(modified).ok());
            if is_staged && age.is_some_and(|age| age > MAX_STAGED_AGE) {
                // Another process may have removed it first.
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

impl Store for Directory {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        let target = self.target(file.path);
        if fs::symlink_metadata(&target).is_ok_and(|meta| !meta.is_dir()) {
            // A run that is repeated finds most files in place, and need not stage them.
            let folder = target.parent().unwrap_or(&self.root);
            self.syncs
                .sync_folder(folder)
                .map_err(|cause| failed("sync", folder, &cause))?;
            return Ok(CreateOutcome::Exists);
        }
        let staged = self.stage(file.bytes)?;
        self.move_if_free(&staged, &target)
    }

    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        let staged = self.stage(file.bytes)?;
        self.move_over(&staged, &self.target(file.path))
    }

    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        let target = self.target(file.path);
        let _lock = self.lock().map_err(|cause| failed("lock", &target, &cause))?;
        match self.read(file.path)? {
            Some(is) if is == was => {}
            _ => return Ok(SwapOutcome::Conflict),
        }
        self.replace(file).map(|()| SwapOutcome::Swapped)
    }

    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        let target = self.target(path);
        match fs::read(&target) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(cause) if is_absent(&cause) => Ok(None),
            Err(_) if target.is_dir() => Ok(None),
            Err(cause) => Err(failed("read", &target, &cause)),
        }
    }

    fn remove(&self, path: &StorePath) -> Result<()> {
        let target = self.target(path);
        match fs::remove_file(&target) {
            Ok(()) => {}
            Err(cause) if is_absent(&cause) => return Ok(()),
            Err(_) if target.is_dir() => return Ok(()),
            Err(cause) => return Err(failed("remove", &target, &cause)),
        }
        let folders =
            target.ancestors().skip(1).take_while(|folder| *folder != self.root);
        for folder in folders {
            self.syncs
                .sync_folder(folder)
                .map_err(|cause| failed("sync", folder, &cause))?;
            // Empty folders go too, because their names may tell which file there was. A folder
            // that is not empty stays.
            if fs::remove_dir(folder).is_err() {
                return Ok(());
            }
        }
        self.syncs
            .sync_folder(&self.root)
            .map_err(|cause| failed("sync", &self.root, &cause))
    }

    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        let top = folder.map_or_else(|| self.root.clone(), |path| self.target(path));
        self.walk(&top, folder, found)
    }

    fn list_named(
        &self,
        folder: &StorePath,
        name: &str,
        found: &mut dyn FnMut(StorePath, Option<FileVersion>) -> Result<()>,
    ) -> Result<()> {
        let top = self.target(folder);
        let unreadable = |cause: io::Error| failed("list", &top, &cause);
        let entries = match fs::read_dir(&top) {
            Err(cause) if is_absent(&cause) => return Ok(()),
            entries => entries.map_err(unreadable)?,
        };
        // The folders are many, and each has few files: one look at the wanted one takes half the
        // time of a listing.
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
                Err(cause) => return Err(failed("list", &file, &cause)),
            }
        }
        Ok(())
    }

    fn read_version(&self, path: &StorePath) -> Result<Option<VersionedFile>> {
        let target = self.target(path);
        let read = || -> io::Result<VersionedFile> {
            let mut file = File::open(&target)?;
            // Before the content: if the file changes meanwhile, its version is another.
            let version = version(&file.metadata()?);
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(VersionedFile { bytes, version })
        };
        match read() {
            Ok(file) => Ok(Some(file)),
            Err(cause) if is_absent(&cause) => Ok(None),
            Err(_) if target.is_dir() => Ok(None),
            Err(cause) => Err(failed("read", &target, &cause)),
        }
    }

    fn check(&self) -> Result<()> {
        let probe = self.stage(&[0; MIN_FREE_BYTES])?;
        self.remove_stale(&probe)
            .map_err(|cause| failed("list", &self.staging_dir(), &cause))?;
        // That the staging folder can be written to does not tell that the root can.
        let name = format!("{STAGING_DIR}-{}", random::name()?);
        let target = StagedFile(self.root.join(name));
        self.move_if_free(&probe, &target.0).map(drop)
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the folder `{}`", self.root.display())
    }
}

impl Readers {
    #[cfg(unix)]
    fn file_mode(self) -> u32 {
        match self {
            Readers::Everybody => 0o644,
            Readers::Group => 0o640,
            Readers::Owner => 0o600,
        }
    }

    #[cfg(unix)]
    fn folder_mode(self) -> u32 {
        match self {
            Readers::Everybody => 0o755,
            Readers::Group => 0o750,
            Readers::Owner => 0o700,
        }
    }
}

/// A file in the staging folder. Its name there is removed on drop; a hard link to it stays.
#[derive(Debug)]
struct StagedFile(PathBuf);

impl Drop for StagedFile {
    fn drop(&mut self) {
        // It may have been renamed. A file that cannot be removed now is stale later.
        let _ = fs::remove_file(&self.0);
    }
}

/// What tells one content from another: a file appears by a rename, so each has an inode of its
/// own while the one before it exists.
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

#[cfg(unix)]
fn permissions(mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

/// The outcome for a path that is taken, by a file or by a folder.
fn exists(target: &Path) -> io::Result<CreateOutcome> {
    if target.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(CreateOutcome::Exists)
}

/// Whether the path has no file, because it is free or because its parent is a file.
fn is_absent(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn is_folder(target: &Path) -> Error {
    Error::new(ErrorKind::StoreRefused, "failed to write a file (there is a folder)")
        .at(Place::file(target.display().to_string()))
        .with_help("move the folder away, if it is not needed")
}

fn failed(what: &str, path: &Path, cause: &io::Error) -> Error {
    let (kind, help) = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorKind::Store, "make room there, then run the same again")
        }
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::ResourceBusy
        | io::ErrorKind::StaleNetworkFileHandle
        | io::ErrorKind::TimedOut => {
            (ErrorKind::Store, "run the same again when it answers")
        }
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::StoreRefused, "let the user who runs this write and read there")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            (ErrorKind::StoreRefused, "mount it so that it can be written to")
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => (
            ErrorKind::StoreRefused,
            "a file stands where a folder is needed: move it away",
        ),
        io::ErrorKind::CrossesDevices => (
            ErrorKind::StoreRefused,
            "the folders of a store must be on one file system: mount nothing below its own",
        ),
        _ => (ErrorKind::Io, ""),
    };
    let error = Error::new(kind, format!("failed to {what} in a store ({cause})"))
        .at(Place::file(path.display().to_string()));
    if help.is_empty() { error } else { error.with_help(help) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_hard_links_one_of_many_creates_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = Directory::new(folder.path());
        let target = folder.path().join("file");
        let create = |text: &str| {
            let staged = store.stage(text.as_bytes()).unwrap();
            store.rename_if_absent(&staged, &target).unwrap()
        };
        let texts: Vec<String> = (0..16).map(|number| number.to_string()).collect();
        let made = std::thread::scope(|scope| {
            let threads: Vec<_> =
                texts.iter().map(|text| scope.spawn(|| create(text))).collect();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap());
            ended.collect::<Vec<_>>()
        });
        let winners: Vec<_> = made
            .iter()
            .zip(&texts)
            .filter(|(made, _)| **made == CreateOutcome::Created)
            .collect();
        let [(_, winner)] = winners[..] else { panic!("{made:?}") };
        assert_eq!(fs::read_to_string(&target).unwrap(), *winner);
    }
}
