//! Where files go: a folder that a web server shows, or a bucket of S3 or whatever speaks it.
//!
//! It takes finished bytes with a path, and gives them back. The store is the register: nothing
//! else remembers what was issued. So it can make a file only if it is absent, and change one only
//! from what it was; with these two, many machines share one store and need no lock.

mod directory;
mod memory;
mod open;
#[cfg(feature = "s3")]
mod s3;

use std::fmt::{Debug, Display};

pub use self::directory::Directory;
pub use self::memory::MemoryStore;
pub use self::open::Stores;
#[cfg(feature = "s3")]
pub use self::s3::{S3, S3Keys};
use crate::base::error::Result;
use crate::base::path::StorePath;

/// A place for files. All of it blocks, and works from many threads, and machines, at once.
///
/// A file is there as a whole or not at all, and once a call that wrote it returns it outlasts a
/// failure of power. A path is a file or leads to files, never both. `Display` names the store
/// for messages.
///
/// # Errors
/// [`ErrorKind::Store`](crate::ErrorKind::Store) if the store cannot be reached or has no room: the same may
/// succeed later. [`ErrorKind::StoreRefused`](crate::ErrorKind::StoreRefused) if it does not let us: somebody
/// must mend its settings or its rights. In either case the file may have been written.
pub trait Store: Debug + Display + Send + Sync {
    /// Writes a file unless there is one.
    ///
    /// Of several who create the same path, one makes it; the others change nothing. Who is told
    /// [`Created::New`] finds those bytes there. (Where the network loses an answer, somebody who
    /// wrote the very same bytes may be told so too.)
    fn create(&self, file: &StoreFile<'_>) -> Result<Created>;

    /// Writes a file, over what is there.
    fn replace(&self, file: &StoreFile<'_>) -> Result<()>;

    /// Writes a file over one that still has the content `was`.
    ///
    /// Of several who swap the same content, one does. That holds among those who use only
    /// [`Store::create`] and this for the path: [`Store::replace`] heeds nobody. To swap bytes for
    /// the same bytes is to ask whether they are still there.
    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<Swapped>;

    /// The content of a file, if there is one.
    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>>;

    /// Removes a file; that there is none is fine.
    fn remove(&self, path: &StorePath) -> Result<()>;

    /// Calls `found` with each file below `folder`, or with every file, until it fails.
    ///
    /// In any order, and never all of them in memory. What is written or removed meanwhile may be
    /// among them or not. What a store keeps for itself, and names that are no [`StorePath`], are
    /// left out.
    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()>;

    /// Finds out, before anything is made, whether the store can do all this: whether it is there,
    /// lets us write, and keeps its promise about creating. Removes what an interrupted run left
    /// behind in it.
    fn check(&self) -> Result<()>;
}

/// A file for a store.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StoreFile<'a> {
    /// Where it stands.
    pub path: &'a StorePath,
    /// What it holds.
    pub bytes: &'a [u8],
    /// Its media type, as HTTP's `Content-Type` has it; texts say their charset.
    pub media_type: &'a str,
    /// How long others may keep a copy.
    pub cache: Cache,
}

impl<'a> StoreFile<'a> {
    /// A file that may change, of the media type that its name's ending stands for.
    pub fn new(path: &'a StorePath, bytes: &'a [u8]) -> Self {
        let media_type = media_type(path.name());
        Self { path, bytes, media_type, cache: Cache::Changing }
    }

    /// The same with another media type.
    pub fn with_media_type(mut self, media_type: &'a str) -> Self {
        self.media_type = media_type;
        self
    }

    /// The same with another policy for copies.
    pub fn with_cache(mut self, cache: Cache) -> Self {
        self.cache = cache;
        self
    }
}

/// How long browsers, and caches between, may keep a copy without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cache {
    /// Not at all: they ask each time whether it changed.
    Changing,
    /// For a year. A copy then outlives the file's removal.
    Immutable,
}

impl Cache {
    /// The value of HTTP's `Cache-Control`.
    pub fn as_str(self) -> &'static str {
        match self {
            Cache::Changing => "no-cache",
            Cache::Immutable => "public, max-age=31536000, immutable",
        }
    }
}

/// What became of a file that was to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Created {
    /// It was made.
    New,
    /// There is one already, which is as it was.
    Exists,
}

/// What became of a file that was to be swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Swapped {
    /// It has the new content.
    Done,
    /// It has other content than was expected, or is gone; nothing was written.
    Changed,
}

/// What an ending of a file's name stands for.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("asc") => "application/pgp-keys",
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
