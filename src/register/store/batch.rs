//! Many files of a folder that are synced together.
//!
//! The decision made here: a batch writes into a folder of its own below the staging folder, and
//! one sync of the file system replaces one for each file and folder. A locked file beside that
//! folder shows that the run is alive; if it is not locked, the run was killed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::PathBuf;

use super::folder::{
    BATCH_LOCK_SUFFIX, BATCH_SUFFIX, Folder, STAGED_SUFFIX, StagedFile, SyncedBy, failed,
    is_absent,
};
use super::syncs::FileSystem;
use super::{CreateOutcome, StoreBatch, StoreFile};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::random;
use crate::site::settings::Readers;

/// Staged files of a folder, before and after they get their paths.
#[derive(Debug)]
pub(super) struct FolderBatch<'a> {
    folder: &'a Folder,
    system: FileSystem,
    staging: PathBuf,
    lock: PathBuf,
    /// Locked until the batch is dropped.
    _locked: File,
    /// The staged files and where they go, until they are there.
    files: Vec<Option<(StagedFile, PathBuf)>>,
}

impl<'a> FolderBatch<'a> {
    /// Begins a batch, or returns `None` if the file system of the folder cannot be synced whole.
    pub(super) fn begin(folder: &'a Folder) -> Result<Option<Self>> {
        let above = folder.staging_dir();
        let open = || FileSystem::open(&above);
        let system = folder.with_folder(&above, Readers::Owner, SyncedBy::Call, open);
        let system = system.map_err(|cause| failed("write", &above, cause))?;
        let Some(system) = system else { return Ok(None) };
        let name = random::name()?;
        let staging = above.join(format!("{name}{BATCH_SUFFIX}"));
        let lock = above.join(format!("{name}{BATCH_LOCK_SUFFIX}"));
        let first = above.join(format!("{name}{STAGED_SUFFIX}"));
        let make_lock = || -> io::Result<File> {
            // It gets its name once it is locked: a lock that no process holds counts as
            // abandoned.
            let locked = OpenOptions::new().write(true).create_new(true).open(&first)?;
            locked.lock()?;
            fs::rename(&first, &lock)?;
            Ok(locked)
        };
        let make = || -> io::Result<File> {
            // The lock is made first: a folder without a lock counts as abandoned.
            let locked = match make_lock() {
                // Another process has removed it, as it does with what a killed run left.
                Err(cause) if is_absent(&cause) => make_lock()?,
                locked => locked?,
            };
            let mut builder = DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&staging)?;
            Ok(locked)
        };
        let locked = make().map_err(|cause| failed("write", &staging, cause))?;
        Ok(Some(Self {
            folder,
            system,
            staging,
            lock,
            _locked: locked,
            files: Vec::new(),
        }))
    }

    fn staged(&self, number: usize) -> Result<&(StagedFile, PathBuf)> {
        let unknown = || Error::new(ErrorKind::InvalidValue, "no such file is staged");
        self.files.get(number).and_then(Option::as_ref).ok_or_else(unknown)
    }
}

impl StoreBatch for FolderBatch<'_> {
    fn stage(&mut self, file: &StoreFile<'_>) -> Result<usize> {
        let number = self.files.len();
        let path = self.staging.join(format!("{number}{STAGED_SUFFIX}"));
        let staged = self.folder.stage_as(path, file.bytes, SyncedBy::Batch)?;
        self.files.push(Some((staged, self.folder.target(file.path))));
        Ok(number)
    }

    fn create(&mut self, number: usize) -> Result<CreateOutcome> {
        let (staged, target) = self.staged(number)?;
        let outcome = self.folder.move_if_free(staged, target, SyncedBy::Batch)?;
        if outcome == CreateOutcome::Created {
            // Its staged name is removed at once, because that changes the file's version.
            self.files[number] = None;
        }
        Ok(outcome)
    }

    fn replace(&mut self, number: usize) -> Result<()> {
        let (staged, target) = self.staged(number)?;
        self.folder.move_over(staged, target, SyncedBy::Batch)?;
        self.files[number] = None;
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        let synced = self.folder.syncs.sync_file_system(&self.system);
        synced.map_err(|cause| failed("sync", &self.staging, cause))
    }

    fn ordered_by(&self) -> Option<u64> {
        self.system.ordered
    }
}

impl Drop for FolderBatch<'_> {
    fn drop(&mut self) {
        self.files.clear();
        // If that fails, the folder is removed when the store is checked next.
        let _ = fs::remove_dir(&self.staging);
        let _ = fs::remove_file(&self.lock);
    }
}
