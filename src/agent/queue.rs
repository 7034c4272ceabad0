//! Where requests come from and answers go to.
//!
//! A [`Queue`] leases [`Delivery`]s: whoever has one does its [`Task`], then says [`done`](Queue::done)
//! with an [`Answer`]. Everything is handed out at least once, and can come again after it was done:
//! what is issued has ids that follow from the request, so that twice is once.

mod answer;
mod avro;
mod event;
mod json;
mod redis;
mod xqueue;

use std::any::Any;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

pub use self::answer::Answer;
pub use self::redis::RedisQueue;
pub use self::xqueue::XQueue;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::issue::IssueOptions;
use crate::site::award::Award;
use crate::site::request::Request;
use crate::site::settings::{AgentSettings, QueueKind, Secret};

/// The most bytes of one message that are read: more is no request for a certificate.
pub(crate) const LARGEST: usize = 1 << 20;

/// Hands out requests, and takes the answers.
///
/// `&self` and blocking: several threads may receive at once, and several agents from one queue. No
/// call goes on for ever; a fault that is [retryable](Error::is_retryable) leaves the queue usable,
/// and the same call may come again.
pub trait Queue: fmt::Debug + Send + Sync {
    /// Whether the queue can be used: it is reached, lets us in, and has what was set.
    ///
    /// # Errors
    /// [`ErrorKind::Queue`] if it may be so later, [`ErrorKind::QueueRefused`] if something is to be mended.
    fn check(&self) -> Result<()>;

    /// The next request, leased for [`lease`](Self::lease), or none if none comes while we wait.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    fn receive(&self, wait: Duration) -> Result<Option<Delivery>>;

    /// Renews a lease, where the queue can, and says whether it is ours still.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    fn extend(&self, delivery: &Delivery) -> Result<LeaseState>;

    /// Gives the answer and is rid of the request. After an error the same call may come again.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    fn done(&self, delivery: &Delivery, answer: &Answer) -> Result<LeaseState>;

    /// Gives the request back, for whoever receives next once that time has passed, or the lease if
    /// it is shorter. Nothing is answered.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    fn retry(&self, delivery: &Delivery, after: Duration) -> Result<()>;

    /// Sets the request aside with the reason, never to be handed out again, and answers with it.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    fn dead(&self, delivery: &Delivery, why: &Error) -> Result<LeaseState>;

    /// How much there is to do, if the queue tells.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    fn depth(&self) -> Result<Option<Depth>>;

    /// How long a request is kept from others.
    fn lease(&self) -> Duration;
}

/// Whether a lease held to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaseState {
    /// It is ours, or was until now.
    Ours,
    /// It ran out: the request was handed out again, or somebody else has answered.
    Lost,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Depth {
    /// Requests that nobody has yet, if that is known.
    pub waiting: Option<u64>,
    /// Requests that were handed out and not answered, if that is known.
    pub held: Option<u64>,
    /// How much older the last request that was handed out is than the last one there is, if that is
    /// known. A stream that is trimmed by its length loses requests if this grows.
    pub behind: Option<Duration>,
}

/// A request, leased until it is answered.
pub struct Delivery {
    id: String,
    attempt: u32,
    about: About,
    task: Result<Task>,
    receipt: Box<dyn Any + Send + Sync>,
}

/// By what the sender recognizes an answer: as much as could be read of the message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct About {
    /// What was asked for, in the words of the message.
    pub action: Option<String>,
    /// The course.
    pub course: Option<String>,
    /// The recipient, by the sender's id.
    pub recipient: Option<String>,
    /// The sender's own id of the message.
    pub reference: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Task {
    /// A certificate is to be issued.
    Issue {
        /// For whom.
        request: Box<Request>,
        /// What may be done to one that is there already.
        options: IssueOptions,
        /// The verify id of the certificate whose place it takes. If that is another edition's, or
        /// none of this site's, it is for whoever issues to see to it.
        replaces: Option<String>,
    },
    /// A certificate is to be revoked.
    Revoke(Revocation),
    /// Nothing is to be done, and why.
    Ignore(String),
}

/// A certificate that is to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// Which.
    pub target: Target,
    /// Why, for everybody to read on its page.
    pub reason: String,
    /// When it was asked for, if the sender says so: it changes nothing that was asked for later.
    pub requested_at: Option<Timestamp>,
}

/// By what a certificate is known that is to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The current edition of an award.
    Award(Award),
    /// The one of these ids.
    Certificate {
        /// The id of its verify page.
        verify: String,
        /// The id of its PDF, if the sender knows it.
        download: Option<String>,
    },
}

impl Delivery {
    /// A request by its id in the queue, or why it is none.
    pub fn new(id: impl Into<String>, task: Result<Task>) -> Self {
        Self {
            id: id.into(),
            attempt: 1,
            about: About::default(),
            task,
            receipt: Box::new(()),
        }
    }

    /// The same, with how often it was handed out.
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The same with what its sender knows it by.
    pub fn with_about(mut self, about: About) -> Self {
        self.about = about;
        self
    }

    /// The same with what the queue needs to know it by.
    pub fn with_receipt(mut self, receipt: impl Any + Send + Sync) -> Self {
        self.receipt = Box::new(receipt);
        self
    }

    /// Its id in the queue.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How often it was handed out and neither answered nor given back, with this time: one that
    /// ends whoever takes it is known by that. Always 1 where a queue does not count.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// By what its sender recognizes the answer.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What is to be done.
    ///
    /// # Errors
    /// Why the message cannot be understood: it is to be set aside as [dead](Queue::dead).
    pub fn task(&self) -> Result<&Task, &Error> {
        self.task.as_ref()
    }

    /// What the queue knows it by, if it is of that type.
    pub fn receipt<T: Any>(&self) -> Option<&T> {
        self.receipt.downcast_ref()
    }
}

impl fmt::Debug for Delivery {
    /// Without anything personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Delivery");
        shown
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// The queue of these settings, not yet [checked](Queue::check). Files are looked for in the folder
/// `site`; `consumer` names this agent among those that share the queue, each by a name of its own.
///
/// # Errors
/// What [`AgentSettings::check`] says; [`ErrorKind::MissingFile`] and the like for files of passwords.
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

/// The content of a file that holds a secret and perhaps a line's end.
pub(crate) fn read_secret(path: &Path) -> Result<Secret> {
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|cause| {
        let kind = match cause.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::MissingFile,
            _ => ErrorKind::Io,
        };
        let message =
            format!("failed to read the secret in `{}` ({cause})", path.display());
        Error::new(kind, message)
    })?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => {
            let message = format!("`{}` holds no secret", path.display());
            Err(Error::new(ErrorKind::InvalidValue, message))
        }
        secret => Ok(Secret::new(secret)),
    }
}

/// A text, cut so that it has at most `most` bytes; the end of a cut one shows it.
fn cut(text: &str, most: usize) -> String {
    match text.len() <= most {
        true => text.to_owned(),
        false => {
            let end = text.floor_char_boundary(most.saturating_sub('…'.len_utf8()));
            format!("{}…", &text[..end])
        }
    }
}

#[cfg(test)]
mod tests;
