//! A store in memory: for tests, previews, and callers who take the files elsewhere themselves.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{CreateOutcome, Store, StoreFile, SwapOutcome};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;

/// A store that keeps its files in memory, and loses them when it is dropped.
///
/// ```
/// use testamur::register::{CreateOutcome, MemoryStore, Store, StoreFile, StorePath};
///
/// let store = MemoryStore::new();
/// let path = StorePath::parse("cert/0f/certificate.json")?;
/// assert_eq!(store.create(&StoreFile::new(&path, b"{}"))?, CreateOutcome::Created);
/// assert_eq!(store.create(&StoreFile::new(&path, b"[]"))?, CreateOutcome::Exists);
/// assert_eq!(store.read(&path)?.as_deref(), Some(&b"{}"[..]));
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Default)]
pub struct MemoryStore {
    files: Mutex<BTreeMap<StorePath, Vec<u8>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every file with its content, sorted by path.
    pub fn into_files(self) -> BTreeMap<StorePath, Vec<u8>> {
        self.files.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<StorePath, Vec<u8>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        let mut files = self.files();
        if files.contains_key(file.path) {
            return Ok(CreateOutcome::Exists);
        }
        insert(&mut files, file)?;
        Ok(CreateOutcome::Created)
    }

    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        insert(&mut self.files(), file)
    }

    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        let mut files = self.files();
        match files.get_mut(file.path) {
            Some(bytes) if bytes == was => {
                *bytes = file.bytes.to_vec();
                Ok(SwapOutcome::Swapped)
            }
            _ => Ok(SwapOutcome::Conflict),
        }
    }

    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        Ok(self.files().get(path).cloned())
    }

    fn remove(&self, path: &StorePath) -> Result<()> {
        self.files().remove(path);
        Ok(())
    }

    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        let is_below = |path: &&StorePath| {
            folder.is_none_or(|folder| path.is_in(folder) && *path != folder)
        };
        // A copy, so that `found` may change the store.
        let paths: Vec<StorePath> =
            self.files().keys().filter(is_below).cloned().collect();
        paths.into_iter().try_for_each(found)
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Writes a file unless its path leads to other files, or a part of it is a file.
fn insert(files: &mut BTreeMap<StorePath, Vec<u8>>, file: &StoreFile<'_>) -> Result<()> {
    let is_in_the_way = |path: &&StorePath| {
        *path != file.path && (path.is_in(file.path) || file.path.is_in(path))
    };
    if let Some(other) = files.keys().find(is_in_the_way) {
        let message = format!("`{}` cannot be written: `{other}` is a file", file.path);
        return Err(Error::new(ErrorKind::StoreRefused, message)
            .with_help("a path is a file or leads to files, never both"));
    }
    files.insert(file.path.clone(), file.bytes.to_vec());
    Ok(())
}

impl fmt::Display for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store in memory")
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("files", &self.files().len()).finish()
    }
}
