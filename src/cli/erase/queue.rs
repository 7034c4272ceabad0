//! Entries of the agents' queue in Redis about a recipient who is erased.

use crate::cli::args::SiteArguments;
use crate::cli::exit::Failure;
use crate::site::Award;

#[cfg(feature = "redis")]
pub(super) use self::redis::Kept;

#[cfg(feature = "redis")]
mod redis {
    use super::{Award, Failure, SiteArguments};
    use crate::agent::{KeptEntry, KeptRequests, open_kept};
    use crate::cli::context;
    use crate::site::QueueKind;

    /// Answers, dead letters and kept requests about the recipient.
    pub(crate) struct Kept {
        streams: KeptRequests,
        entries: Vec<KeptEntry>,
    }

    impl Kept {
        /// Finds them; `None` if the site's agents have no queue in Redis.
        pub(crate) fn open(
            site: &SiteArguments,
            is_wanted: &dyn Fn(&Award, Option<&str>) -> bool,
        ) -> Result<Option<Self>, Failure> {
            let files = context::open_site_without_note(site)?;
            let settings = context::read_settings(&files)?;
            let settings = context::agent_settings(&settings, &[])?;
            if settings.queue != Some(QueueKind::Redis) {
                return Ok(None);
            }
            let streams = open_kept(&settings, context::folder(site))?;
            let entries = streams.find(is_wanted)?;
            Ok(Some(Self { streams, entries }))
        }

        pub(crate) fn len(&self) -> usize {
            self.entries.len()
        }

        /// The texts that the requests gave in free fields.
        pub(crate) fn texts(&self) -> Vec<String> {
            self.entries.iter().flat_map(|entry| entry.texts().to_vec()).collect()
        }

        pub(crate) fn remove(self) -> Result<(), Failure> {
            Ok(self.streams.remove(&self.entries)?)
        }
    }
}

/// A program without Redis has no such entries.
#[cfg(not(feature = "redis"))]
pub(super) struct Kept;

#[cfg(not(feature = "redis"))]
impl Kept {
    pub(super) fn open(
        _: &SiteArguments,
        _: &dyn Fn(&Award, Option<&str>) -> bool,
    ) -> Result<Option<Self>, Failure> {
        Ok(None)
    }

    pub(super) fn len(&self) -> usize {
        0
    }

    pub(super) fn texts(&self) -> Vec<String> {
        Vec::new()
    }

    pub(super) fn remove(self) -> Result<(), Failure> {
        Ok(())
    }
}
