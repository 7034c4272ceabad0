//! A bucket of S3, or of whatever speaks it.
//!
//! rust-s3 signs and sends; what to send, and what to make of the answer, is said here. Each
//! request is made until the server has answered it, within reason ([`ask`]).

mod ask;
mod keys;
mod worker;
mod xml;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use reqwest::header::{
    CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH,
};
use s3::command::Command;
use s3::{Bucket, Region};

use self::ask::{Answer, Client, Request};
pub use self::keys::S3Keys;
use self::worker::Worker;
use super::{Created, Store, StoreFile, Swapped};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::site::settings::S3Settings;

/// The key by which a bucket shows whether it keeps its word: no [`StorePath`], and so in nobody's
/// way. It stays there, lest each start leave versions behind.
const MARK: &str = ".testamur";
const MARK_TEXT: &[u8] =
    b"Certificates are kept here. This file shows that the store creates a file only once.\n";

/// A bucket as a store.
///
/// It has a thread and a runtime of its own, and may be used from inside another runtime: it
/// blocks. Keys that expire are renewed.
pub struct S3 {
    client: Arc<Client>,
    worker: Worker,
    prefix: String,
    acl: Option<HeaderValue>,
}

impl S3 {
    /// The store of these settings, with the keys they name, or those that Amazon's own tools
    /// would find: in the environment, the credentials file, or from the machine that this runs on.
    /// Files are looked for in the folder `site`.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`] and [`ErrorKind::Key`] for files of keys, [`ErrorKind::StoreRefused`] if there
    /// are no keys.
    pub fn open(settings: &S3Settings, site: &Path) -> Result<Self> {
        Self::new(settings, keys::find(settings, site)?)
    }

    /// The store of these settings, with these keys.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the system has no thread to spare.
    pub fn with_keys(settings: &S3Settings, keys: &S3Keys) -> Result<Self> {
        Self::new(settings, keys.credentials()?)
    }

    fn new(settings: &S3Settings, credentials: s3::creds::Credentials) -> Result<Self> {
        let unusable = |cause: String| {
            Error::new(ErrorKind::Io, format!("failed to open {settings} ({cause})"))
        };
        let region =
            Region::Custom { region: settings.region.clone(), endpoint: settings.host() };
        let bucket = Bucket::new(&settings.bucket, region, credentials);
        let mut bucket = bucket.map_err(|cause| unusable(cause.to_string()))?;
        if settings.path_style {
            bucket.set_path_style();
        }
        bucket.set_request_timeout(Some(settings.deadline));
        let acl = settings.acl.as_deref().map(HeaderValue::from_str).transpose();
        Ok(Self {
            client: Arc::new(Client {
                bucket,
                name: settings.to_string(),
                attempts: settings.attempts.max(1),
            }),
            worker: Worker::start().map_err(|cause| unusable(cause.to_string()))?,
            prefix: settings
                .prefix
                .as_ref()
                .map_or_else(String::new, |it| format!("{it}/")),
            acl: acl.map_err(|cause| unusable(cause.to_string()))?,
        })
    }

    fn ask(&self, request: Request) -> Result<Answer> {
        let client = Arc::clone(&self.client);
        self.worker.run(async move { client.ask(&request).await })?
    }

    fn put(
        &self,
        file: &StoreFile<'_>,
        condition: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Answer> {
        let key = format!("{}{}", self.prefix, file.path);
        self.put_at(key, file.bytes, file.media_type, file.cache.as_str(), condition)
    }

    fn put_at(
        &self,
        key: String,
        bytes: &[u8],
        media_type: &str,
        cache: &'static str,
        condition: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Answer> {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        if let Some(acl) = &self.acl {
            headers.insert(HeaderName::from_static("x-amz-acl"), acl.clone());
        }
        headers.extend(condition.map(|(name, value)| (Some(name), value)));
        let (bytes, media_type) = (bytes.to_vec(), media_type.to_owned());
        self.ask(Request::Put { key, bytes, media_type, headers })
    }

    fn get(&self, key: &str) -> Result<Option<Answer>> {
        let answer = self.ask(Request::Get { key: key.to_owned() })?;
        Ok((answer.status != 404).then_some(answer))
    }

    fn key(&self, path: &StorePath) -> String {
        format!("{}{path}", self.prefix)
    }

    fn mark(&self) -> Result<Answer> {
        let key = format!("{}{MARK}", self.prefix);
        self.put_at(key, MARK_TEXT, "text/plain; charset=utf-8", "no-cache", if_none())
    }

    fn faithless(&self, what: &str) -> Error {
        let message = format!("failed to rely on {} ({what})", self.client.name);
        Error::new(ErrorKind::StoreRefused, message).with_help(
            "two who issue the same certificate would overwrite each other: use a server that \
             knows conditional writes",
        )
    }
}

impl Store for S3 {
    fn create(&self, file: &StoreFile<'_>) -> Result<Created> {
        let answer = self.put(file, if_none())?;
        if answer.is_done() {
            return Ok(Created::New);
        }
        // An earlier attempt of ours may have come through, and only its answer been lost.
        let ours = answer.attempts > 1
            && self.read(file.path)?.is_some_and(|bytes| bytes == file.bytes);
        Ok(if ours { Created::New } else { Created::Exists })
    }

    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        match self.put(file, None)? {
            answer if answer.is_done() => Ok(()),
            answer => {
                Err(self.faithless(&format!("answer {} to a plain write", answer.status)))
            }
        }
    }

    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<Swapped> {
        let Some(is) = self.get(&self.key(file.path))? else {
            return Ok(Swapped::Changed);
        };
        if is.body != was {
            return Ok(Swapped::Changed);
        }
        if file.bytes == was {
            return Ok(Swapped::Done);
        }
        let Some(tag) = is.tag else { return Err(self.faithless("it gives no `ETag`")) };
        let answer = self.put(file, Some((IF_MATCH, tag)))?;
        let done = answer.is_done()
            || answer.attempts > 1
                && self.read(file.path)?.is_some_and(|bytes| bytes == file.bytes);
        Ok(if done { Swapped::Done } else { Swapped::Changed })
    }

    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        Ok(self.get(&self.key(path))?.map(|answer| answer.body))
    }

    fn remove(&self, path: &StorePath) -> Result<()> {
        self.ask(Request::Delete { key: self.key(path) }).map(drop)
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
        let mut token = None;
        loop {
            let request = Request::List { prefix: prefix.clone(), token, most: None };
            let page = self.ask(request)?;
            let page = String::from_utf8_lossy(&page.body);
            for key in xml::values(&page, "Key") {
                let path = key.strip_prefix(&self.prefix).map(StorePath::parse);
                if let Some(Ok(path)) = path {
                    found(path)?;
                }
            }
            let more =
                xml::values(&page, "IsTruncated").next().as_deref() == Some("true");
            token = xml::values(&page, "NextContinuationToken").next();
            if !more || token.is_none() {
                return Ok(());
            }
        }
    }

    fn check(&self) -> Result<()> {
        // Whose mark is new knows nothing yet about the second one who comes.
        if self.mark()?.is_done() && self.mark()?.is_done() {
            return Err(self.faithless("it ignores `If-None-Match`"));
        }
        if self.get(&format!("{}{MARK}", self.prefix))?.is_none() {
            return Err(self.faithless("what was written is not there"));
        }
        self.ask(Request::List {
            prefix: self.prefix.clone(),
            token: None,
            most: Some(1),
        })
        .map(drop)
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
            .field("acl", &self.acl)
            .finish_non_exhaustive()
    }
}

fn if_none() -> Option<(HeaderName, HeaderValue)> {
    Some((IF_NONE_MATCH, HeaderValue::from_static("*")))
}

impl Request {
    fn command(&self) -> (&str, Command<'_>) {
        match self {
            Request::Get { key } => (key, Command::GetObject),
            Request::Delete { key } => (key, Command::DeleteObject),
            Request::Put { key, bytes, media_type, headers } => {
                let command = Command::PutObject {
                    content: bytes,
                    content_type: media_type,
                    custom_headers: Some(headers.clone()),
                    multipart: None,
                };
                (key, command)
            }
            Request::List { prefix, token, most } => {
                let command = Command::ListObjectsV2 {
                    prefix: prefix.clone(),
                    delimiter: None,
                    continuation_token: token.clone(),
                    start_after: None,
                    max_keys: *most,
                };
                ("/", command)
            }
        }
    }
}
