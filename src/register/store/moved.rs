//! A store whose verify pages are in another folder than in the register's paths.
//!
//! The decision made here: the register knows one layout of paths, and this store renames the
//! folder in each path, for a site that published elsewhere before. Files are written one by one,
//! without batches.

use std::fmt;
use std::sync::Arc;

use super::{CreateOutcome, FileVersion, Store, StoreFile, SwapOutcome, VersionedFile};
use crate::base::error::Result;
use crate::base::path::StorePath;

/// A store in which the folder `here` of the register is the folder `there`.
#[derive(Debug)]
pub(super) struct MovedPages {
    store: Arc<dyn Store>,
    here: String,
    there: String,
}

impl MovedPages {
    pub(super) fn new(store: Arc<dyn Store>, here: &str, there: &str) -> Self {
        Self { store, here: here.to_owned(), there: there.to_owned() }
    }

    /// The path in the store.
    fn there(&self, path: &StorePath) -> Result<StorePath> {
        StorePath::parse(&moved(path.as_str(), &self.here, &self.there))
    }

    /// The path in the register of a path in the store. `None` for a file in the store's folder of
    /// the register's name, which does not belong to the register.
    fn here(&self, path: &StorePath) -> Option<StorePath> {
        let is_other = first(path.as_str()) == self.here && self.here != self.there;
        let path = moved(path.as_str(), &self.there, &self.here);
        StorePath::parse(&path).ok().filter(|_| !is_other)
    }

    fn with_file<T>(
        &self,
        file: &StoreFile<'_>,
        write: impl FnOnce(&StoreFile<'_>) -> Result<T>,
    ) -> Result<T> {
        let path = self.there(file.path)?;
        write(&StoreFile { path: &path, ..*file })
    }
}

fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

/// A path with another first folder, if it has this one.
fn moved(path: &str, from: &str, to: &str) -> String {
    match path.strip_prefix(from) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{to}{rest}"),
        _ => path.to_owned(),
    }
}

impl fmt::Display for MovedPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

impl Store for MovedPages {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        self.with_file(file, |file| self.store.create(file))
    }

    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        self.with_file(file, |file| self.store.replace(file))
    }

    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        self.with_file(file, |file| self.store.swap(file, was))
    }

    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        self.store.read(&self.there(path)?)
    }

    fn remove(&self, path: &StorePath) -> Result<()> {
        self.store.remove(&self.there(path)?)
    }

    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        let folder = folder.map(|folder| self.there(folder)).transpose()?;
        self.store.list(folder.as_ref(), &mut |path| {
            self.here(&path).map_or(Ok(()), &mut *found)
        })
    }

    fn list_named(
        &self,
        folder: &StorePath,
        name: &str,
        found: &mut dyn FnMut(StorePath, Option<FileVersion>) -> Result<()>,
    ) -> Result<()> {
        let folder = self.there(folder)?;
        self.store.list_named(&folder, name, &mut |path, version| {
            self.here(&path).map_or(Ok(()), |path| found(path, version))
        })
    }

    fn read_version(&self, path: &StorePath) -> Result<Option<VersionedFile>> {
        self.store.read_version(&self.there(path)?)
    }

    fn remove_leftovers(&self) -> Result<()> {
        self.store.remove_leftovers()
    }

    fn check(&self) -> Result<()> {
        self.store.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::store::MemoryStore;

    #[test]
    fn pages_lie_in_the_other_folder_alone() {
        let inner = Arc::new(MemoryStore::default());
        let store = MovedPages::new(inner.clone(), "cert", "certificates");
        let path = |text: &str| StorePath::parse(text).unwrap();
        let page = path("cert/0f/index.html");
        store.create(&StoreFile::new(&page, b"x")).unwrap();
        assert_eq!(inner.read(&page).unwrap(), None);
        let moved = path("certificates/0f/index.html");
        assert_eq!(inner.read(&moved).unwrap().as_deref(), Some(&b"x"[..]));
        assert_eq!(store.read(&page).unwrap().as_deref(), Some(&b"x"[..]));
        let mut listed = Vec::new();
        store
            .list(Some(&path("cert")), &mut |path| {
                listed.push(path);
                Ok(())
            })
            .unwrap();
        assert_eq!(listed, [page]);
    }
}
