//! Requests and answers of the site's agents about a recipient who is erased, wherever they are.
//!
//! A program without these ways for requests to come has none.

use std::collections::BTreeSet;

#[cfg(feature = "redis")]
use super::queue::Kept;
#[cfg(feature = "http")]
use super::spool::Spool;
#[cfg(any(feature = "http", feature = "redis"))]
use crate::agent::Sought;
use crate::cli::args::SiteArguments;
use crate::cli::exit::Failure;
use crate::register::{CertificateId, Register};
use crate::site::Award;

/// What is known of the recipient.
pub(super) struct Recipient<'a> {
    /// Whether an award is theirs, by the award and the name in the request.
    pub(super) is_wanted: &'a dyn Fn(&Award, Option<&str>) -> bool,
    pub(super) ids: &'a BTreeSet<CertificateId>,
    /// Names and usernames.
    pub(super) words: &'a BTreeSet<String>,
}

/// What was found at one moment.
pub(super) struct Requests {
    #[cfg(feature = "http")]
    spool: Spool,
    #[cfg(feature = "redis")]
    queue: Option<Kept>,
    /// Why it is not known what the agents' queue has.
    pub(super) queue_failure: Option<Failure>,
}

impl Requests {
    pub(super) fn find(
        site: &SiteArguments,
        register: &Register,
        recipient: &Recipient<'_>,
    ) -> Result<Self, Failure> {
        let _ = (site, register, recipient);
        #[cfg(any(feature = "http", feature = "redis"))]
        let sought = Sought::new(recipient.is_wanted, recipient.ids, recipient.words);
        // If the queue cannot be reached, everything else is erased nevertheless.
        #[cfg(feature = "redis")]
        let (queue, queue_failure) = match Kept::open(site, &sought) {
            Ok(queue) => (queue, None),
            Err(failure) => (None, Some(failure)),
        };
        #[cfg(not(feature = "redis"))]
        let queue_failure = None;
        Ok(Self {
            #[cfg(feature = "http")]
            spool: Spool::open(register, &sought)?,
            #[cfg(feature = "redis")]
            queue,
            queue_failure,
        })
    }

    /// How many requests wait.
    pub(super) fn waiting(&self) -> usize {
        #[cfg(feature = "http")]
        return self.spool.len();
        #[cfg(not(feature = "http"))]
        0
    }

    /// How many entries the queue has.
    pub(super) fn kept(&self) -> usize {
        #[cfg(feature = "redis")]
        return self.queue.as_ref().map_or(0, Kept::len);
        #[cfg(not(feature = "redis"))]
        0
    }

    /// The awards of requests that an agent may work on.
    pub(super) fn awards(&self) -> BTreeSet<Award> {
        #[cfg(feature = "http")]
        return self.spool.awards().cloned().collect();
        #[cfg(not(feature = "http"))]
        BTreeSet::new()
    }

    /// The names in the requests.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let all = BTreeSet::new();
        #[cfg(feature = "http")]
        let all = &all | &self.spool.names().map(str::to_owned).collect();
        #[cfg(feature = "redis")]
        let all = &all
            | &self
                .queue
                .iter()
                .flat_map(|queue| queue.names().map(str::to_owned))
                .collect();
        all
    }

    /// The texts that the requests gave in free fields.
    pub(super) fn texts(&self) -> BTreeSet<String> {
        let all = BTreeSet::new();
        #[cfg(feature = "http")]
        let all = &all | &self.spool.texts().map(str::to_owned).collect();
        #[cfg(feature = "redis")]
        let all = &all
            | &self
                .queue
                .iter()
                .flat_map(|queue| queue.texts().map(str::to_owned))
                .collect();
        all
    }

    /// What cannot be read, and may be about the recipient.
    pub(super) fn unread(&self) -> BTreeSet<String> {
        let all = BTreeSet::new();
        #[cfg(feature = "http")]
        let all = &all | &self.spool.unread().collect();
        #[cfg(feature = "redis")]
        let all = &all | &self.queue.iter().flat_map(|queue| queue.unread()).collect();
        all
    }

    /// Removes the requests that wait, and returns how many were there.
    pub(super) fn remove_waiting(&self) -> Result<usize, Failure> {
        #[cfg(feature = "http")]
        return self.spool.remove();
        #[cfg(not(feature = "http"))]
        Ok(0)
    }

    /// Removes the entries of the queue, and returns how many were there.
    pub(super) fn remove_kept(&self) -> Result<usize, Failure> {
        #[cfg(feature = "redis")]
        return self.queue.as_ref().map_or(Ok(0), Kept::remove);
        #[cfg(not(feature = "redis"))]
        Ok(0)
    }
}
