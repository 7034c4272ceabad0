//! Stores whose writes enter the index.
//!
//! The decision made here: the index follows the files and not the commands, so that a record that
//! is written by any of them, now or later, enters it.

use std::fmt;
use std::sync::Arc;

use super::rows;
use super::writer::IndexWriter;
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::register::paths;
use crate::register::store::{
    CreateOutcome, FileVersion, Store, StoreFile, SwapOutcome, VersionedFile,
};

/// A public or a private store that an index follows.
#[derive(Debug)]
pub(super) struct WatchedStore {
    store: Arc<dyn Store>,
    writer: Arc<IndexWriter>,
    side: Side,
}

/// Which store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Public,
    Private,
}

impl WatchedStore {
    pub(super) fn new(
        store: Arc<dyn Store>,
        writer: Arc<IndexWriter>,
        side: Side,
    ) -> Self {
        Self { store, writer, side }
    }

    /// Does something that may write a file.
    fn around<T>(
        &self,
        path: &StorePath,
        write: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let id = paths::record_id(path.as_str()).filter(|_| self.side == Side::Public);
        match id.and_then(rows::id) {
            Some(id) => self.writer.around(&id, write),
            None => write(),
        }
    }

    /// Keeps what was written to the private store.
    fn keep(&self, file: &StoreFile<'_>) {
        if self.side == Side::Private {
            self.writer.keep_recent(file.path, file.bytes);
        }
    }
}

impl Store for WatchedStore {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        self.around(file.path, || self.store.create(file))
    }

    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        self.around(file.path, || self.store.replace(file))?;
        self.keep(file);
        Ok(())
    }

    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        self.around(file.path, || self.store.swap(file, was))
    }

    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        self.store.read(path)
    }

    fn remove(&self, path: &StorePath) -> Result<()> {
        if self.side == Side::Private {
            self.writer.drop_recent(path);
        }
        self.around(path, || self.store.remove(path))
    }

    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        self.store.list(folder, found)
    }

    fn list_named(
        &self,
        folder: &StorePath,
        name: &str,
        found: &mut dyn FnMut(StorePath, Option<FileVersion>) -> Result<()>,
    ) -> Result<()> {
        self.store.list_named(folder, name, found)
    }

    fn read_version(&self, path: &StorePath) -> Result<Option<VersionedFile>> {
        self.store.read_version(path)
    }

    fn check(&self) -> Result<()> {
        self.store.check()
    }
}

impl fmt::Display for WatchedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}
