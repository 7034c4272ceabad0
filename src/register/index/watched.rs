//! Stores whose writes enter the index.
//!
//! The decision made here: the index follows the files and not the commands, so that records
//! written by any command enter it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::rows::{self, RowId};
use super::writer::IndexWriter;
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::register::paths;
use crate::register::store::{
    CreateOutcome, FileVersion, Store, StoreBatch, StoreFile, SwapOutcome, VersionedFile,
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

    /// The row of the record at a path.
    fn row(&self, path: &StorePath) -> Option<RowId> {
        let id = paths::record_id(path.as_str()).filter(|_| self.side == Side::Public);
        id.map(|id| rows::id(&id))
    }

    /// The row of the private record at a path.
    fn private_row(&self, path: &StorePath) -> Option<RowId> {
        let is_record =
            self.side == Side::Private && paths::is_private_record(path.name());
        let id = paths::private_id(path.as_str()).filter(|_| is_record);
        id.map(|id| rows::id(&id))
    }

    /// Does something that may write a file.
    fn around<T>(
        &self,
        path: &StorePath,
        write: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        match self.row(path) {
            Some(id) => self.writer.around(&id, write),
            None => write(),
        }
    }

    /// Handles a file that was written to the private store.
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
        let swap = || self.store.swap(file, was);
        // A change of a status is written to the private store first, and the process may end
        // before it is public.
        match self.private_row(file.path) {
            Some(id) => self.writer.around(&id, swap),
            None => self.around(file.path, swap),
        }
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

    fn begin_batch(&self) -> Result<Option<Box<dyn StoreBatch + '_>>> {
        let Some(batch) = self.store.begin_batch()? else { return Ok(None) };
        let (staged, written) = (BTreeMap::new(), Vec::new());
        let marked = BTreeSet::new();
        Ok(Some(Box::new(WatchedBatch { batch, store: self, staged, marked, written })))
    }

    fn remove_leftovers(&self) -> Result<()> {
        self.store.remove_leftovers()
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

/// Files of a watched store that are synced together. Their rows are written after the sync, so
/// that no row exists for a record that a power failure removed.
#[derive(Debug)]
struct WatchedBatch<'a> {
    batch: Box<dyn StoreBatch + 'a>,
    store: &'a WatchedStore,
    /// The paths of the staged files, and what is kept of them.
    staged: BTreeMap<usize, (StorePath, Option<Vec<u8>>)>,
    /// The numbers of staged records whose rows are marked.
    marked: BTreeSet<usize>,
    /// The rows whose records were written, with their marks. Those of a batch that is not synced
    /// stay marked.
    written: Vec<(RowId, Option<i64>)>,
}

impl WatchedBatch<'_> {
    /// Marks the rows of all staged records, if the file is one of them and not marked yet.
    fn begin(&mut self, number: usize) {
        let row = |path: &StorePath| self.store.row(path);
        let is_record =
            self.staged.get(&number).is_some_and(|(path, _)| row(path).is_some());
        if !is_record || self.marked.contains(&number) {
            return;
        }
        let records = self
            .staged
            .iter()
            .filter_map(|(number, (path, _))| Some((*number, row(path)?)));
        let (numbers, ids): (Vec<usize>, Vec<RowId>) =
            records.filter(|(number, _)| !self.marked.contains(number)).unzip();
        let tokens = self.store.writer.begin_all(&ids);
        self.written.extend(ids.into_iter().zip(tokens));
        self.marked.extend(numbers);
    }
}

impl StoreBatch for WatchedBatch<'_> {
    fn stage(&mut self, file: &StoreFile<'_>) -> Result<usize> {
        let number = self.batch.stage(file)?;
        let kept = (self.store.side == Side::Private).then(|| file.bytes.to_vec());
        self.staged.insert(number, (file.path.clone(), kept));
        Ok(number)
    }

    fn create(&mut self, number: usize) -> Result<CreateOutcome> {
        self.begin(number);
        self.batch.create(number)
    }

    fn replace(&mut self, number: usize) -> Result<()> {
        self.begin(number);
        self.batch.replace(number)?;
        if let Some((path, Some(bytes))) = self.staged.get(&number) {
            self.store.keep(&StoreFile::new(path, bytes));
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.batch.sync()?;
        self.store.writer.end_all(&std::mem::take(&mut self.written));
        self.marked.clear();
        Ok(())
    }

    fn ordered_by(&self) -> Option<u64> {
        self.batch.ordered_by()
    }
}
