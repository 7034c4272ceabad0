//! Opens the queue that the settings name.

use std::path::Path;
use std::sync::Arc;

use super::contract::Queue;
use super::redis::RedisQueue;
use super::xqueue::XQueue;
use crate::agent::secret_file::read_secret;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::settings::{AgentSettings, QueueKind, Secret};

/// Opens the queue of these settings, without [checking](Queue::check) it. Paths of password files
/// are relative to the folder `site`. `consumer` is the agent's name, which differs from that of
/// each other agent that shares the queue.
///
/// # Errors
/// As [`AgentSettings::check`]; [`ErrorKind::MissingField`]: the settings name no queue;
/// [`ErrorKind::MissingFile`], [`ErrorKind::Io`], [`ErrorKind::InvalidValue`]: a password file is
/// missing, unreadable or empty, or an address is none.
pub fn open(
    settings: &AgentSettings,
    site: &Path,
    consumer: &str,
) -> Result<Arc<dyn Queue>> {
    settings.check()?;
    let secret = |path: &str, given: &Option<Secret>, file: &Option<String>| match given {
        Some(given) => Ok(Some(given.clone())),
        None => {
            let read = |file: &String| read_secret(&site.join(file));
            let read = file.as_ref().map(read).transpose();
            read.map_err(|error| settings.at(path, error))
        }
    };
    Ok(match settings.queue {
        Some(QueueKind::Redis) => {
            let mut redis = settings.redis.clone();
            redis.password =
                secret("REDIS__PASSWORD_FILE", &redis.password, &redis.password_file)?;
            Arc::new(
                RedisQueue::new(&redis, consumer)
                    .map_err(|error| settings.at("REDIS__URL", error))?
                    .with_reissue(settings.reissue),
            )
        }
        Some(QueueKind::Xqueue) => {
            let mut queue = settings.xqueue.clone();
            queue.password =
                secret("XQUEUE__PASSWORD_FILE", &queue.password, &queue.password_file)?;
            let (auth, file) = (&queue.auth_password, &queue.auth_password_file);
            queue.auth_password = secret("XQUEUE__AUTH_PASSWORD_FILE", auth, file)?;
            Arc::new(XQueue::new(&queue)?.with_reissue(settings.reissue))
        }
        None => {
            return Err(Error::new(ErrorKind::MissingField, "`agent` has no `queue`"));
        }
    })
}
