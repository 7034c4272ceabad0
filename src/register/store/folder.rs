//! Writes files into a folder: stages them, moves them to their paths, and syncs them.
//!
//! The decision made here: a file is written in a staging folder below the root (hidden, and closed
//! to other users), and then gets its path: by a hard link if the path must be free, by a rename if
//! it replaces a file. A reader sees the old file or the new one, never a part.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::CreateOutcome;
use super::syncs::Syncs;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::path::StorePath;
use crate::base::random;
use crate::site::settings::Readers;

/// The folder below the root in which files are written. No [`StorePath`] leads there.
pub(super) const STAGING_DIR: &str = ".testamur";
/// The file in it that a process locks while it compares a file and then replaces it.
const LOCK_FILE: &str = "lock";
/// The ending of files that are being written.
pub(super) const STAGED_SUFFIX: &str = ".new";
/// The ending of folders in which the files of a batch are written, and of the files beside them
/// that are locked while the batch is.
pub(super) const BATCH_SUFFIX: &str = ".batch";
pub(super) const BATCH_LOCK_SUFFIX: &str = ".batch-lock";
/// A staged file that is older than this was left behind by an interrupted run.
const MAX_STAGED_AGE: Duration = Duration::from_secs(60 * 60);
/// How long a process takes at most from making a staged file to locking it.
const LOCKED_AFTER: Duration = Duration::from_millis(200);
/// How often other processes may remove a folder between its making and its use.
const MAX_ATTEMPTS: usize = 16;

/// A folder in which files appear whole.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) root: PathBuf,
    pub(super) readers: Readers,
    pub(super) syncs: Syncs,
}

/// What syncs a file or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SyncedBy {
    /// The call that writes it.
    Call,
    /// The batch that it belongs to.
    Batch,
}

impl Folder {
    pub(super) fn target(&self, path: &StorePath) -> PathBuf {
        self.root.join(path.as_str())
    }

    pub(super) fn staging_dir(&self) -> PathBuf {
        self.root.join(STAGING_DIR)
    }

    /// Writes and syncs a file in the staging folder.
    pub(super) fn stage(&self, bytes: &[u8]) -> Result<StagedFile> {
        let path = self.staging_dir().join(format!("{}{STAGED_SUFFIX}", random::name()?));
        self.stage_as(path, bytes, SyncedBy::Call)
    }

    /// Writes a file under this path, which is below the staging folder.
    pub(super) fn stage_as(
        &self,
        path: PathBuf,
        bytes: &[u8],
        synced_by: SyncedBy,
    ) -> Result<StagedFile> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let folder = path.parent().unwrap_or(&self.root);
        let open = || options.open(&path);
        let file = self.with_folder(folder, Readers::Owner, synced_by, open);
        let mut file = file.map_err(|cause| failed("write", &path, cause))?;
        let mut staged = StagedFile { path, locked: None };
        let mut write = || {
            // By its lock a file is known that a process has yet to move. Elsewhere a lock would keep
            // readers out.
            #[cfg(unix)]
            if synced_by == SyncedBy::Call {
                // Without locks its age tells.
                let _ = file.try_lock();
            }
            file.write_all(bytes)?;
            #[cfg(unix)]
            file.set_permissions(permissions(self.readers.file_mode()))?;
            match synced_by {
                SyncedBy::Call => self.syncs.sync_file(&file),
                SyncedBy::Batch => Ok(()),
            }
        };
        write().map_err(|cause| failed("write", &staged.path, cause))?;
        // The files of a batch have one lock.
        if synced_by == SyncedBy::Call {
            staged.locked = Some(file);
        }
        Ok(staged)
    }

    /// Moves a staged file to its path, if the path is free.
    pub(super) fn move_if_free(
        &self,
        staged: &StagedFile,
        target: &Path,
        synced_by: SyncedBy,
    ) -> Result<CreateOutcome> {
        self.move_to(target, synced_by, || self.link(staged, target))
    }

    /// Moves a staged file to its path, over a file that may be there.
    pub(super) fn move_over(
        &self,
        staged: &StagedFile,
        target: &Path,
        synced_by: SyncedBy,
    ) -> Result<()> {
        self.move_to(target, synced_by, || fs::rename(&staged.path, target))
    }

    /// Runs `rename`, which gives a staged file its final path.
    fn move_to<T>(
        &self,
        target: &Path,
        synced_by: SyncedBy,
        rename: impl Fn() -> io::Result<T>,
    ) -> Result<T> {
        let folder = target.parent().unwrap_or(&self.root);
        let moved = self.with_folder(folder, self.readers, synced_by, rename);
        let moved = moved.map_err(|cause| {
            if target.is_dir() {
                is_folder(target)
            } else {
                failed("write", target, cause)
            }
        })?;
        if synced_by == SyncedBy::Call {
            // The folder is synced even if the file exists: the process that moved it there may not
            // have done so yet.
            self.sync_folder(folder)?;
        }
        Ok(moved)
    }

    pub(super) fn sync_folder(&self, folder: &Path) -> Result<()> {
        let synced = self.syncs.sync_folder(folder);
        synced.map_err(|cause| failed("sync", folder, cause))
    }

    fn link(&self, staged: &StagedFile, target: &Path) -> io::Result<CreateOutcome> {
        match fs::hard_link(&staged.path, target) {
            Ok(()) => Ok(CreateOutcome::Created),
            Err(cause) if is_absent(&cause) => Err(cause),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => exists(target),
            // The file system has no hard links.
            Err(_) => self.rename_if_absent(staged, target),
        }
    }

    /// Moves a file only if the path is free, as a hard link would. It is safe only among processes
    /// that take the lock.
    fn rename_if_absent(
        &self,
        staged: &StagedFile,
        target: &Path,
    ) -> io::Result<CreateOutcome> {
        let _lock = self.lock()?;
        match fs::symlink_metadata(target) {
            Ok(_) => exists(target),
            Err(_) => fs::rename(&staged.path, target).map(|()| CreateOutcome::Created),
        }
    }

    /// Waits until no other process holds the lock, on this machine or on another.
    pub(super) fn lock(&self) -> io::Result<File> {
        let folder = self.staging_dir();
        let open = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            options.open(folder.join(LOCK_FILE))
        };
        let file = self.with_folder(&folder, Readers::Owner, SyncedBy::Call, open)?;
        file.lock()?;
        Ok(file)
    }

    /// Runs `act`, which needs the folder, and makes the folder if it is missing.
    pub(super) fn with_folder<T>(
        &self,
        folder: &Path,
        readers: Readers,
        synced_by: SyncedBy,
        act: impl Fn() -> io::Result<T>,
    ) -> io::Result<T> {
        for _ in 0..MAX_ATTEMPTS {
            match act() {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                    match self.make_folder(folder, readers, synced_by) {
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

    fn make_folder(
        &self,
        folder: &Path,
        readers: Readers,
        synced_by: SyncedBy,
    ) -> io::Result<()> {
        if folder.as_os_str().is_empty() {
            return Ok(());
        }
        let make = || DirBuilder::new().create(folder);
        let made = match (make(), folder.parent()) {
            (Err(cause), Some(above)) if cause.kind() == io::ErrorKind::NotFound => {
                self.make_folder(above, self.readers, synced_by)?;
                make()
            }
            (made, _) => made,
        };
        match made {
            Ok(()) => {}
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                return refuse_dangling_link(folder);
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
            Some(above) if synced_by == SyncedBy::Call => self.syncs.sync_folder(above),
            _ => Ok(()),
        }
    }

    /// Removes staged files that an interrupted run left behind: those of a batch that no process
    /// locks, and old ones. Their age is measured against `probe`, which was just written: the clock
    /// of the file system may differ from the machine's.
    pub(super) fn remove_stale(&self, probe: &StagedFile) -> io::Result<()> {
        let now = fs::metadata(&probe.path)?.modified()?;
        let staging = self.staging_dir();
        for entry in fs::read_dir(&staging)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let batch = name.strip_suffix(BATCH_SUFFIX);
            if let Some(batch) = batch.or(name.strip_suffix(BATCH_LOCK_SUFFIX)) {
                // What cannot be removed now is when the store is checked next.
                let _ = remove_abandoned_batch(&staging, batch);
                continue;
            }
            let is_staged = name.ends_with(STAGED_SUFFIX);
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

    /// Removes all that processes left behind that have ended, whatever its age.
    pub(super) fn remove_leftovers(&self) -> io::Result<()> {
        let staging = self.staging_dir();
        let entries = match fs::read_dir(&staging) {
            Err(cause) if is_absent(&cause) => return Ok(()),
            entries => entries?,
        };
        let mut unlocked = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            let batch = name.strip_suffix(BATCH_SUFFIX);
            if let Some(batch) = batch.or(name.strip_suffix(BATCH_LOCK_SUFFIX)) {
                remove_abandoned_batch(&staging, batch)?;
            } else if name.ends_with(STAGED_SUFFIX) {
                unlocked.push(staging.join(&*name));
            }
        }
        unlocked.retain(|path| !is_locked(path));
        if unlocked.is_empty() {
            return Ok(());
        }
        // A process that has just made one may not have locked it yet.
        std::thread::sleep(LOCKED_AFTER);
        for path in unlocked.iter().filter(|path| !is_locked(path)) {
            remove_if_there(fs::remove_file(path))?;
        }
        Ok(())
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
pub(super) struct StagedFile {
    pub(super) path: PathBuf,
    /// Locked until the file has its path, unless it is a batch's.
    locked: Option<File>,
}

impl StagedFile {
    /// A name that is removed on drop.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, locked: None }
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        // It may have been renamed. A file that cannot be removed now is stale later.
        let _ = fs::remove_file(&self.path);
        self.locked = None;
    }
}

/// Removes a batch that has no process any more. What another process removed first is no error.
fn remove_abandoned_batch(staging: &Path, name: &str) -> io::Result<()> {
    let lock = staging.join(format!("{name}{BATCH_LOCK_SUFFIX}"));
    if is_locked(&lock) {
        return Ok(());
    }
    remove_if_there(fs::remove_dir_all(staging.join(format!("{name}{BATCH_SUFFIX}"))))?;
    remove_if_there(fs::remove_file(lock))
}

/// Whether a process may hold the lock of a file: one that cannot be opened may be in use.
fn is_locked(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(cause) => !is_absent(&cause),
    }
}

/// What another process removed first is no error.
fn remove_if_there(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(cause) if is_absent(&cause) => Ok(()),
        removed => removed,
    }
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

/// A symbolic link that leads to nothing: what it led to is not mounted, or was removed.
#[derive(Debug)]
struct DanglingLink {
    link: PathBuf,
    target: PathBuf,
}

impl fmt::Display for DanglingLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (link, target) = (self.link.display(), self.target.display());
        write!(f, "`{link}` leads to {target}, which does not exist")
    }
}

impl std::error::Error for DanglingLink {}

/// Refuses a path at which there is a symbolic link that leads to nothing.
fn refuse_dangling_link(path: &Path) -> io::Result<()> {
    let Ok(target) = fs::read_link(path) else { return Ok(()) };
    match fs::metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            Err(io::Error::other(DanglingLink { link: path.to_owned(), target }))
        }
        _ => Ok(()),
    }
}

/// Fails if it cannot be known whether a file exists, because a folder above it is a symbolic link
/// that leads to nothing, such as to a disk that is not mounted.
pub(super) fn confirm_absence(path: &Path) -> io::Result<()> {
    let lowest = path.ancestors().find(|path| path.symlink_metadata().is_ok());
    lowest.map_or(Ok(()), refuse_dangling_link)
}

/// Whether the path has no file, because it is free or because its parent is a file.
pub(super) fn is_absent(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn is_folder(target: &Path) -> Error {
    Error::new(ErrorKind::StoreRefused, "failed to write a file (there is a folder)")
        .at(Place::file(target.display().to_string()))
        .with_help("move the folder away, if it is not needed")
}

pub(super) fn failed(what: &str, path: &Path, cause: io::Error) -> Error {
    if let Some(dangling) =
        cause.get_ref().and_then(|it| it.downcast_ref::<DanglingLink>())
    {
        let message = format!("failed to {what} in a store: {dangling}");
        return Error::new(ErrorKind::StoreRefused, message).with_help(
            "mount it; or remove the link, if the store is to be a folder of its own",
        );
    }
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
    let error = Error::caused(kind, format!("failed to {what} in a store"), cause)
        .at(Place::file(path.display().to_string()));
    if help.is_empty() { error } else { error.with_help(help) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_hard_links_one_of_many_creates_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (root, readers) = (folder.path().to_owned(), Readers::default());
        let store = Folder { root, readers, syncs: Syncs::default() };
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
