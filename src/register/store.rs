//! Where the files of certificates go: a folder that a web server serves, or a bucket of S3.
//!
//! Takes finished bytes with a path, and gives them back. The decision made here: only the store
//! records what was issued. So a store must be able to create a file only if the path is free, and
//! to replace one only if it still has the expected content. With these two operations many
//! machines share one store without a lock.

mod batch;
mod directory;
mod folder;
mod memory;
mod moved;
pub(super) mod open;
#[cfg(feature = "s3")]
mod s3;
mod syncs;

use std::fmt::{Debug, Display};

pub use self::directory::Directory;
pub use self::memory::MemoryStore;
pub use self::open::Stores;
#[cfg(feature = "s3")]
pub use self::s3::{S3, S3Keys};
use crate::base::error::Result;
use crate::base::path::StorePath;

/// A store of files. All methods block, and may be called from many threads and many machines at
/// once.
///
/// A file exists whole or not at all. When a call that wrote it returns, the file outlasts a power
/// failure. A path names a file or a folder, never both. `Display` names the store for messages.
///
/// # Errors
/// [`ErrorKind::Store`](crate::ErrorKind::Store): the store cannot be reached or is full; the same
/// call may succeed later. [`ErrorKind::StoreRefused`](crate::ErrorKind::StoreRefused): the store
/// does not allow it; the operator must correct its settings or its rights.
/// [`ErrorKind::Io`](crate::ErrorKind::Io): the system failed otherwise. After any of them the file
/// may have been written.
pub trait Store: Debug + Display + Send + Sync {
    /// Creates a file, unless the path has one.
    ///
    /// Of several callers that create the same path, one writes it; the others change nothing. A
    /// caller that gets [`CreateOutcome::Created`] finds its bytes there. (Where the network loses
    /// an answer, another caller that wrote the very same bytes may get it too.)
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome>;

    /// Writes a file, over one that the path may have.
    fn replace(&self, file: &StoreFile<'_>) -> Result<()>;

    /// Writes a file over one that still has the content `was`.
    ///
    /// Of several callers that swap the same content, one writes. That holds among callers that use
    /// only [`create`](Store::create) and this method for the path: [`replace`](Store::replace)
    /// overwrites whatever they wrote. A swap of bytes for equal bytes checks whether the file
    /// still has them.
    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome>;

    /// The content of a file, or `None` if the path has no file.
    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>>;

    /// Removes a file. It is no error if the path has none.
    fn remove(&self, path: &StorePath) -> Result<()>;

    /// Calls `found` with the path of each file below `folder`, or of every file, until `found`
    /// fails.
    ///
    /// The order is not specified, and the paths need not fit into memory. Files that are written
    /// or removed meanwhile may be listed or not. The store's own files, and names that are no
    /// [`StorePath`], are left out.
    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()>;

    /// Calls `found` with each file of this name in the folders directly below `folder`, until
    /// `found` fails, and tells its version.
    ///
    /// The order is not specified, and a file may be found more than once. If a version equals that
    /// of an earlier [`read_version`](Store::read_version), the file still has that content. A
    /// store without versions gives `None`.
    fn list_named(
        &self,
        folder: &StorePath,
        name: &str,
        found: &mut dyn FnMut(StorePath, Option<FileVersion>) -> Result<()>,
    ) -> Result<()> {
        self.list(Some(folder), &mut |path| {
            if is_named(&path, folder, name) { found(path, None) } else { Ok(()) }
        })
    }

    /// The content of a file with its version, or `None` if the path has no file.
    ///
    /// The content is that of the version or, if the file changes meanwhile, a later one.
    fn read_version(&self, path: &StorePath) -> Result<Option<VersionedFile>> {
        let bytes = self.read(path)?;
        Ok(bytes.map(|bytes| VersionedFile { bytes, version: None }))
    }

    /// Begins a batch of files, or returns `None` if writing them one by one is as fast. A store
    /// that wraps another one can keep this default; then every file passes through it.
    fn begin_batch(&self) -> Result<Option<Box<dyn StoreBatch + '_>>> {
        Ok(None)
    }

    /// Removes what processes that were killed have left in the store outside of its paths. A store that
    /// hands its calls on to another hands on this one too.
    fn remove_leftovers(&self) -> Result<()> {
        Ok(())
    }

    /// Checks that the store can do all this: that it exists, can be written to, and creates a path
    /// only once. Removes what an interrupted run left in it. Call it before the first file.
    fn check(&self) -> Result<()>;
}

/// Files of a [`Store`] that are synced together: all are staged, unseen by readers, and synced;
/// then each gets its path, and all are synced again. Files without a path when the batch is
/// dropped are removed.
///
/// # Errors
/// As [`Store`].
pub trait StoreBatch: Debug {
    /// Writes the content of a file, and returns the number by which the next calls name it.
    fn stage(&mut self, file: &StoreFile<'_>) -> Result<usize>;

    /// Creates a staged file, as [`Store::create`] does.
    fn create(&mut self, staged: usize) -> Result<CreateOutcome>;

    /// Writes a staged file over one that its path may have, as [`Store::replace`] does.
    fn replace(&mut self, staged: usize) -> Result<()>;

    /// Makes all that was staged, created and replaced until now outlast a power failure.
    fn sync(&mut self) -> Result<()>;

    /// A number that batches share if the file system keeps the order of their writes: after a
    /// power failure, a write of any of them exists only if all earlier ones do. Syncing one of
    /// them then syncs all. `None` if that is not known.
    fn ordered_by(&self) -> Option<u64> {
        None
    }
}

/// A file for a store.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StoreFile<'a> {
    /// The path in the store.
    pub path: &'a StorePath,
    /// The content.
    pub bytes: &'a [u8],
    /// The media type, as HTTP's `Content-Type` has it; that of a text names its charset.
    pub media_type: &'a str,
    /// How long browsers and proxies may keep a copy.
    pub cache_control: CacheControl,
}

impl<'a> StoreFile<'a> {
    /// A file that may change, with the media type of its name's ending.
    pub fn new(path: &'a StorePath, bytes: &'a [u8]) -> Self {
        let media_type = media_type(path.name());
        Self { path, bytes, media_type, cache_control: CacheControl::NoCache }
    }

    /// Sets the media type.
    pub fn with_media_type(mut self, media_type: &'a str) -> Self {
        self.media_type = media_type;
        self
    }

    /// Sets how long copies may be kept.
    pub fn with_cache_control(mut self, cache_control: CacheControl) -> Self {
        self.cache_control = cache_control;
        self
    }
}

/// By this a store tells one content of a file from another without reading it: the entity tag of
/// S3, or the metadata of a file system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileVersion(String);

impl FileVersion {
    /// A version, from a text that differs for each content of a file.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The content of a file at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionedFile {
    /// The content.
    pub bytes: Vec<u8>,
    /// Its version, if the store has versions.
    pub version: Option<FileVersion>,
}

/// How long browsers and proxies may keep a copy of a file: HTTP's `Cache-Control` (RFC 9111, 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheControl {
    /// They ask each time whether the file changed.
    NoCache,
    /// For a year, without asking. A copy then outlives the file's removal.
    Immutable,
}

impl CacheControl {
    /// The value of the HTTP header.
    pub fn as_str(self) -> &'static str {
        match self {
            CacheControl::NoCache => "no-cache",
            CacheControl::Immutable => "public, max-age=31536000, immutable",
        }
    }
}

/// What [`Store::create`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreateOutcome {
    /// The file was written.
    Created,
    /// The path has a file, which was left as it is.
    Exists,
}

/// What [`Store::swap`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SwapOutcome {
    /// The file has the new content.
    Swapped,
    /// The file has other content than the caller expects, or is gone. Nothing was written.
    Conflict,
}

/// Whether a path is that of a file of this name in a folder directly below `folder`.
fn is_named(path: &StorePath, folder: &StorePath, name: &str) -> bool {
    let rest = path.as_str().strip_prefix(folder.as_str());
    let rest = rest.and_then(|rest| rest.strip_prefix('/'));
    rest.and_then(|rest| rest.split_once('/')).is_some_and(|(_, last)| last == name)
}

/// The media type of a file name's ending.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("asc") => "application/pgp-keys",
        Some("cer") => "application/pkix-cert",
        Some("crl") => "application/pkix-crl",
        Some("css") => "text/css; charset=utf-8",
        Some("csv") => "text/csv; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        // JSON is UTF-8 and has no such parameter (RFC 8259, 11).
        Some("json") => "application/json",
        Some("pdf") => "application/pdf",
        Some("pem") => "application/x-pem-file",
        Some("png") => "image/png",
        Some("sig") => "application/pgp-signature",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("zip") => "application/zip",
        _ => "application/octet-stream",
    }
}
