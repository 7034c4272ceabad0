//! A bucket of S3, or of a server with the same API, as a store.
//!
//! The crate `s3` (rust-s3) signs and sends; this module decides what to send and what an answer
//! means. The decision made here: creating and swapping are conditional writes (`If-None-Match`,
//! `If-Match`), and a server that ignores these conditions is refused.

mod client;
mod credentials;
mod failure;
mod keyed_bucket;
mod keys;
mod listing;
mod request;
mod runtime_thread;
mod xml;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{
    CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH,
};

use self::client::BucketClient;
use self::credentials::Chain;
use self::keyed_bucket::KeyedBucket;
pub use self::keys::S3Keys;
use self::request::{BucketRequest, BucketResponse, ListRequest};
use self::runtime_thread::RuntimeThread;
use super::{
    CacheControl, CreateOutcome, FileVersion, Store, StoreFile, SwapOutcome,
    VersionedFile, is_named,
};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::site::settings::S3Settings;

/// The key that [`Store::check`] creates to see whether the server heeds conditions. It is no
/// [`StorePath`], so no file is written over it. It stays in the bucket, because in a bucket with
/// versions each creation would leave one more.
const PROBE_KEY: &str = ".testamur";
const PROBE_TEXT: &[u8] =
    b"Certificates are kept here. This file shows that the store creates a file only once.\n";

/// A store in a bucket.
///
/// It sends its requests on a thread and a runtime of its own, and its methods block, so it may be
/// used from inside another runtime. Keys that expire are renewed.
///
/// ```
/// use testamur::register::{S3, S3Keys};
/// use testamur::site::S3Settings;
///
/// let settings = S3Settings::new("certificates", "eu-west-3");
/// let store = S3::with_keys(&settings, &S3Keys::new("access key", "secret key"))?;
/// # Ok::<(), testamur::Error>(())
/// ```
pub struct S3 {
    client: Arc<BucketClient>,
    runtime: RuntimeThread,
    /// What each key begins with: empty, or a path with a slash at its end.
    prefix: String,
    /// The headers of each file: its ACL, encryption, class and tags.
    headers: HeaderMap,
}

impl S3 {
    /// Opens the bucket of these settings with the keys that they name, else with those that
    /// Amazon's own tools would find: in the environment, in a profile, or from the machine that
    /// this runs on. Relative paths of key files start from the folder `site`.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`], [`ErrorKind::Key`]: a key file cannot be used.
    /// [`ErrorKind::StoreRefused`]: no keys were found, or a configured source of keys cannot be
    /// used. [`ErrorKind::Store`]: a source of keys cannot be reached. Else as
    /// [`with_keys`](Self::with_keys).
    pub fn open(settings: &S3Settings, site: &Path) -> Result<Self> {
        if let Some(files) = &settings.key_files {
            return Self::with_keys(settings, &keys::of_files(files, site)?);
        }
        let runtime = start_runtime(settings)?;
        let (profile, name) = (settings.profile.clone(), settings.to_string());
        let chain = Chain::new(profile, &settings.region, name, runtime.handle())?;
        let bucket = KeyedBucket::with_chain(settings, chain)?;
        Self::new(settings, bucket, runtime)
    }

    /// Opens the bucket of these settings with these keys.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the keys cannot be used. [`ErrorKind::Io`]: the settings name no bucket
    /// that can be addressed, or the system starts no thread.
    pub fn with_keys(settings: &S3Settings, keys: &S3Keys) -> Result<Self> {
        let bucket = KeyedBucket::with_keys(settings, keys)?;
        Self::new(settings, bucket, start_runtime(settings)?)
    }

    fn new(
        settings: &S3Settings,
        bucket: KeyedBucket,
        runtime: RuntimeThread,
    ) -> Result<Self> {
        Ok(Self {
            client: Arc::new(BucketClient {
                bucket,
                name: settings.to_string(),
                max_attempts: settings.attempts.max(1),
            }),
            runtime,
            prefix: settings
                .prefix
                .as_ref()
                .map_or_else(String::new, |it| format!("{it}/")),
            headers: file_headers(settings)?,
        })
    }

    fn send(&self, request: BucketRequest) -> Result<BucketResponse> {
        let client = Arc::clone(&self.client);
        self.runtime.run(async move { client.send(&request).await })?
    }

    fn put(
        &self,
        file: &StoreFile<'_>,
        condition: Option<(HeaderName, HeaderValue)>,
    ) -> Result<BucketResponse> {
        let key = self.key(file.path);
        self.put_at(key, file.bytes, file.media_type, file.cache_control, condition)
    }

    fn put_at(
        &self,
        key: String,
        bytes: &[u8],
        media_type: &str,
        cache_control: CacheControl,
        condition: Option<(HeaderName, HeaderValue)>,
    ) -> Result<BucketResponse> {
        let mut headers = self.headers.clone();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control.as_str()));
        headers.extend(condition.map(|(name, value)| (Some(name), value)));
        let (bytes, media_type) = (bytes.to_vec(), media_type.to_owned());
        self.send(BucketRequest::Put { key, bytes, media_type, headers })
    }

    fn get(&self, key: &str) -> Result<Option<BucketResponse>> {
        let response = self.send(BucketRequest::Get { key: key.to_owned() })?;
        Ok((response.status != 404).then_some(response))
    }

    fn key(&self, path: &StorePath) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The path of a key; `None` if it is no file of this store.
    fn path(&self, key: &str) -> Option<StorePath> {
        StorePath::parse(key.strip_prefix(&self.prefix)?).ok()
    }

    fn create_probe(&self) -> Result<BucketResponse> {
        let key = format!("{}{PROBE_KEY}", self.prefix);
        let media_type = "text/plain; charset=utf-8";
        self.put_at(key, PROBE_TEXT, media_type, CacheControl::NoCache, if_none_match())
    }

    /// Whether a conditional write had its effect. If it was sent more than once, an earlier
    /// attempt may have written the file although its answer was lost.
    fn has_written(
        &self,
        file: &StoreFile<'_>,
        response: &BucketResponse,
    ) -> Result<bool> {
        Ok(response.is_success()
            || response.attempts > 1
                && self.read(file.path)?.is_some_and(|bytes| bytes == file.bytes))
    }

    /// The error for a server that does not do what a store must.
    fn unreliable(&self, what: &str) -> Error {
        let message = format!("failed to rely on {} ({what})", self.client.name);
        Error::new(ErrorKind::StoreRefused, message).with_help(
            "two who issue the same certificate would overwrite each other: use a server that \
             knows conditional writes",
        )
    }
}

impl Store for S3 {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        let response = self.put(file, if_none_match())?;
        let is_created = self.has_written(file, &response)?;
        Ok(if is_created { CreateOutcome::Created } else { CreateOutcome::Exists })
    }

    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        let response = self.put(file, None)?;
        if response.is_success() {
            return Ok(());
        }
        let what = format!("answer {} to a plain write", response.status);
        Err(self.unreliable(&what))
    }

    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        let current = self.get(&self.key(file.path))?;
        let Some(current) = current.filter(|current| current.body == was) else {
            return Ok(SwapOutcome::Conflict);
        };
        if file.bytes == was {
            return Ok(SwapOutcome::Swapped);
        }
        let Some(etag) = current.etag else {
            return Err(self.unreliable("it gives no `ETag`"));
        };
        let response = self.put(file, Some((IF_MATCH, etag)))?;
        let is_swapped = self.has_written(file, &response)?;
        Ok(if is_swapped { SwapOutcome::Swapped } else { SwapOutcome::Conflict })
    }

    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        Ok(self.get(&self.key(path))?.map(|response| response.body))
    }

    fn remove(&self, path: &StorePath) -> Result<()> {
        self.send(BucketRequest::Delete { key: self.key(path) }).map(drop)
    }

    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        let prefix = match folder {
            Some(folder) => format!("{}/", self.key(folder)),
            None => self.prefix.clone(),
        };
        listing::all(&prefix, &|page| self.send(page), &mut |listed| {
            self.path(&listed.key).map_or(Ok(()), &mut *found)
        })
    }

    fn list_named(
        &self,
        folder: &StorePath,
        name: &str,
        found: &mut dyn FnMut(StorePath, Option<FileVersion>) -> Result<()>,
    ) -> Result<()> {
        let prefix = format!("{}/", self.key(folder));
        listing::concurrent(&prefix, &|page| self.send(page), &mut |listed| match self
            .path(&listed.key)
            .filter(|path| is_named(path, folder, name))
        {
            Some(path) => found(path, listed.etag.map(FileVersion::new)),
            None => Ok(()),
        })
    }

    fn read_version(&self, path: &StorePath) -> Result<Option<VersionedFile>> {
        let response = self.get(&self.key(path))?;
        Ok(response.map(|response| {
            let etag = response.etag.as_ref().and_then(|etag| etag.to_str().ok());
            VersionedFile { version: etag.map(FileVersion::new), bytes: response.body }
        }))
    }

    fn check(&self) -> Result<()> {
        // The first creation may succeed, because the probe is new. The second must not.
        if self.create_probe()?.is_success() && self.create_probe()?.is_success() {
            return Err(self.unreliable("it ignores `If-None-Match`"));
        }
        if self.get(&format!("{}{PROBE_KEY}", self.prefix))?.is_none() {
            return Err(self.unreliable("what was written is not there"));
        }
        let prefix = self.prefix.clone();
        let page = ListRequest { prefix, max_keys: Some(1), ..ListRequest::default() };
        self.send(BucketRequest::List(page)).map(drop)
    }
}

impl fmt::Display for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.client.name)
    }
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3")
            .field("name", &self.client.name)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

fn start_runtime(settings: &S3Settings) -> Result<RuntimeThread> {
    RuntimeThread::start().map_err(|cause| {
        Error::new(ErrorKind::Io, format!("failed to open {settings} ({cause})"))
    })
}

/// The headers that each file of these settings has.
fn file_headers(settings: &S3Settings) -> Result<HeaderMap> {
    let tags = settings.tags.iter().map(|(key, value)| {
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        format!("{}={}", encode(key), encode(value))
    });
    let tags = Some(tags.collect::<Vec<_>>().join("&")).filter(|tags| !tags.is_empty());
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-amz-acl", settings.acl.as_deref()),
        ("x-amz-server-side-encryption", settings.encryption.as_deref()),
        ("x-amz-server-side-encryption-aws-kms-key-id", settings.kms_key.as_deref()),
        ("x-amz-storage-class", settings.storage_class.as_deref()),
        ("x-amz-tagging", tags.as_deref()),
    ] {
        let Some(value) = value else { continue };
        let value = HeaderValue::from_str(value).map_err(|cause| {
            let message = format!("failed to open {settings} (`{name}` cannot be sent)");
            Error::new(ErrorKind::Io, message).with_source(cause)
        })?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// The condition that the key does not exist.
fn if_none_match() -> Option<(HeaderName, HeaderValue)> {
    Some((IF_NONE_MATCH, HeaderValue::from_static("*")))
}
