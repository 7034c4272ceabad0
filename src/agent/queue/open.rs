//! Opens the queue that the settings name.

use std::path::Path;
use std::sync::Arc;

use super::contract::Queue;
#[cfg(feature = "redis")]
use super::redis::{KeptRequests, QueuedBatch, RedisQueue};
#[cfg(feature = "xqueue")]
use super::xqueue::XQueue;
#[cfg(any(feature = "redis", feature = "xqueue"))]
use crate::agent::secret_file::read_secret;
use crate::base::error::{Error, ErrorKind, Result};
#[cfg(feature = "redis")]
use crate::site::settings::RedisSettings;
#[cfg(any(feature = "redis", feature = "xqueue"))]
use crate::site::settings::Secret;
use crate::site::settings::{AgentSettings, QueueKind};

/// Opens the queue of these settings, without [checking](Queue::check) it. Paths of
/// password files are relative to the folder `site`. `consumer` is the agent's name,
/// which has to differ from that of each other agent that shares the queue.
///
/// # Errors
/// As [`AgentSettings::check`]; [`ErrorKind::MissingField`]: the settings name no queue;
/// [`ErrorKind::MissingFile`], [`ErrorKind::Io`], [`ErrorKind::InvalidValue`]: a password
/// file is missing, unreadable or empty, an address is not valid, or this build does not
/// have the queue.
pub fn open(
    settings: &AgentSettings,
    site: &Path,
    consumer: &str,
) -> Result<Arc<dyn Queue>> {
    settings.check()?;
    match settings.queue {
        Some(QueueKind::Redis) => open_redis(settings, site, consumer),
        Some(QueueKind::Xqueue) => open_xqueue(settings, site),
        None => Err(Error::new(ErrorKind::MissingField, "`agent` has no `queue`")),
    }
}

#[cfg(feature = "redis")]
fn open_redis(
    settings: &AgentSettings,
    site: &Path,
    consumer: &str,
) -> Result<Arc<dyn Queue>> {
    let redis = redis_settings(settings, site)?;
    let queue = RedisQueue::new(&redis, consumer)
        .map_err(|error| settings.at("REDIS__URL", error))?;
    Ok(Arc::new(queue.with_reissue(settings.reissue)))
}

/// Opens the queue in Redis for the rows of a list, which are requests in JSON.
///
/// # Errors
/// As [`open`]; [`ErrorKind::InvalidValue`]: the queue is not in Redis.
#[cfg(feature = "redis")]
pub fn open_batch(
    settings: &AgentSettings,
    site: &Path,
    requests: Vec<Vec<u8>>,
) -> Result<QueuedBatch> {
    QueuedBatch::new(&settings_of_redis(settings, site)?, requests)
        .map_err(|error| settings.at("REDIS__URL", error))
}

/// Opens the streams in which agents keep answers, dead letters and requests for unknown
/// courses.
///
/// # Errors
/// As [`open_batch`].
#[cfg(feature = "redis")]
pub fn open_kept(settings: &AgentSettings, site: &Path) -> Result<KeptRequests> {
    KeptRequests::new(&settings_of_redis(settings, site)?)
        .map_err(|error| settings.at("REDIS__URL", error))
}

#[cfg(feature = "redis")]
fn settings_of_redis(settings: &AgentSettings, site: &Path) -> Result<RedisSettings> {
    settings.check()?;
    if settings.queue != Some(QueueKind::Redis) {
        let message = "the agents have no queue in Redis";
        let error = Error::new(ErrorKind::InvalidValue, message)
            .with_help("set `agent.queue` to `redis`, and `agent.redis`");
        return Err(settings.at("QUEUE", error));
    }
    redis_settings(settings, site)
}

/// The settings of Redis, with the password itself.
#[cfg(feature = "redis")]
fn redis_settings(settings: &AgentSettings, site: &Path) -> Result<RedisSettings> {
    let mut redis = settings.redis.clone();
    let (given, file) = (&redis.password, &redis.password_file);
    redis.password = find_secret(settings, site, "REDIS__PASSWORD_FILE", given, file)?;
    Ok(redis)
}

#[cfg(not(feature = "redis"))]
fn open_redis(settings: &AgentSettings, _: &Path, _: &str) -> Result<Arc<dyn Queue>> {
    Err(not_built_in(settings, "redis"))
}

#[cfg(feature = "xqueue")]
fn open_xqueue(settings: &AgentSettings, site: &Path) -> Result<Arc<dyn Queue>> {
    let mut xqueue = settings.xqueue.clone();
    let (given, file) = (&xqueue.password, &xqueue.password_file);
    xqueue.password = find_secret(settings, site, "XQUEUE__PASSWORD_FILE", given, file)?;
    let (given, file) = (&xqueue.auth_password, &xqueue.auth_password_file);
    xqueue.auth_password =
        find_secret(settings, site, "XQUEUE__AUTH_PASSWORD_FILE", given, file)?;
    Ok(Arc::new(XQueue::new(&xqueue)?.with_reissue(settings.reissue)))
}

#[cfg(not(feature = "xqueue"))]
fn open_xqueue(settings: &AgentSettings, _: &Path) -> Result<Arc<dyn Queue>> {
    Err(not_built_in(settings, "xqueue"))
}

/// Returns the secret that the settings hold, or else the one in the file that they name.
/// An error in the file is reported at the setting `variable`.
#[cfg(any(feature = "redis", feature = "xqueue"))]
fn find_secret(
    settings: &AgentSettings,
    site: &Path,
    variable: &str,
    given: &Option<Secret>,
    file: &Option<String>,
) -> Result<Option<Secret>> {
    match (given, file) {
        (Some(given), _) => Ok(Some(given.clone())),
        (None, Some(file)) => read_secret(&site.join(file))
            .map(Some)
            .map_err(|error| settings.at(variable, error)),
        (None, None) => Ok(None),
    }
}

#[cfg(not(all(feature = "redis", feature = "xqueue")))]
fn not_built_in(settings: &AgentSettings, feature: &str) -> Error {
    let message = "this build has no such queue";
    let error = Error::new(ErrorKind::InvalidValue, message)
        .with_help(format!("build testamur with the feature `{feature}`"));
    settings.at("QUEUE", error)
}
