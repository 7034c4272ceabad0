//! A bucket with keys that expire: they are found anew before they expire, or once the server says
//! that they have.

use std::sync::Arc;

use s3::{Bucket, Region};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::credentials::{Chain, FoundKeys, now};
use super::keys::S3Keys;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::settings::S3Settings;

/// How long before they expire keys are found anew, in seconds.
const MARGIN: u64 = 5 * 60;
/// How long to wait before a failed search for new keys is repeated while the old ones are valid,
/// in seconds.
const RETRY: u64 = 30;

/// The bucket, with valid keys.
pub(super) struct KeyedBucket {
    settings: S3Settings,
    chain: Option<Arc<Chain>>,
    current: Mutex<Current>,
}

struct Current {
    bucket: Arc<Bucket>,
    expires_at: Option<u64>,
    /// When keys were searched last.
    looked_at: u64,
}

impl KeyedBucket {
    /// A bucket with keys that do not expire.
    pub(super) fn with_keys(settings: &S3Settings, keys: &S3Keys) -> Result<Self> {
        let found = FoundKeys { keys: keys.clone(), expires_at: None };
        Self::new(settings, found, None)
    }

    /// A bucket with keys that `chain` finds, now and whenever they expire.
    pub(super) fn with_chain(settings: &S3Settings, chain: Chain) -> Result<Self> {
        let found = chain.find()?;
        Self::new(settings, found, Some(Arc::new(chain)))
    }

    fn new(
        settings: &S3Settings,
        found: FoundKeys,
        chain: Option<Arc<Chain>>,
    ) -> Result<Self> {
        let bucket = Arc::new(open(settings, &found.keys)?);
        let current = Current { bucket, expires_at: found.expires_at, looked_at: now() };
        Ok(Self { settings: settings.clone(), chain, current: Mutex::new(current) })
    }

    /// Returns the bucket. `is_refused` says that the server answered that the keys have expired.
    pub(super) async fn current(&self, is_refused: bool) -> Result<Arc<Bucket>> {
        let mut current = self.current.lock().await;
        let Some(chain) = &self.chain else { return Ok(current.bucket.clone()) };
        let now = now();
        let ends_within =
            |seconds| current.expires_at.is_some_and(|end| end <= now + seconds);
        let is_due = ends_within(MARGIN) || is_refused;
        let was_looked_for = now < current.looked_at + RETRY;
        if !is_due || was_looked_for && !ends_within(0) && !is_refused {
            return Ok(current.bucket.clone());
        }
        let chain = chain.clone();
        let found = spawn_blocking(move || chain.find()).await.map_err(|cause| {
            Error::new(ErrorKind::Panic, "the look for keys of a store panicked")
                .with_source(cause)
        })?;
        let has_ended = ends_within(0) || is_refused;
        current.looked_at = now;
        match found {
            Ok(found) => {
                current.bucket = Arc::new(open(&self.settings, &found.keys)?);
                current.expires_at = found.expires_at;
            }
            Err(error) if has_ended => return Err(error),
            // The old keys are still valid for some minutes.
            Err(_) => {}
        }
        Ok(current.bucket.clone())
    }
}

fn open(settings: &S3Settings, keys: &S3Keys) -> Result<Bucket> {
    let unusable = |cause: String| {
        Error::new(ErrorKind::Io, format!("failed to open {settings} ({cause})"))
    };
    let region =
        Region::Custom { region: settings.region.clone(), endpoint: settings.host() };
    let bucket = Bucket::new(&settings.bucket, region, keys.credentials()?);
    let mut bucket = bucket.map_err(|cause| unusable(cause.to_string()))?;
    if settings.path_style {
        bucket.set_path_style();
    }
    bucket.set_request_timeout(Some(settings.deadline));
    Ok(*bucket)
}
