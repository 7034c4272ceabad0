//! Entries of the agents' queue in Redis about a recipient who is erased.

use crate::agent::{FoundEntries, KeptRequests, Sought, open_kept};
use crate::cli::args::SiteArguments;
use crate::cli::context;
use crate::cli::exit::Failure;
use crate::site::QueueKind;

/// Answers, dead letters and kept requests about the recipient.
pub(super) struct Kept {
    streams: KeptRequests,
    found: FoundEntries,
}

impl Kept {
    /// Finds them; `None` if the site's agents have no queue in Redis.
    pub(super) fn open(
        site: &SiteArguments,
        sought: &Sought<'_>,
    ) -> Result<Option<Self>, Failure> {
        let files = context::open_site_without_note(site)?;
        let settings = context::read_settings(&files)?;
        let settings = context::agent_settings(&settings, &[])?;
        if settings.queue != Some(QueueKind::Redis) {
            return Ok(None);
        }
        let streams = open_kept(&settings, context::folder(site))?;
        let found = streams.find(sought)?;
        Ok(Some(Self { streams, found }))
    }

    pub(super) fn len(&self) -> usize {
        self.found.entries.len()
    }

    /// The names in the requests.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.found.entries.iter().filter_map(|entry| entry.name())
    }

    /// The texts that the requests gave in free fields.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.found.entries.iter().flat_map(|entry| entry.texts()).map(String::as_str)
    }

    /// What cannot be read, and may be about the recipient.
    pub(super) fn unread(&self) -> impl Iterator<Item = String> {
        self.found.unread.iter().map(|(stream, number)| match number {
            1 => format!("1 entry of the stream `{stream}` in Redis"),
            _ => format!("{number} entries of the stream `{stream}` in Redis"),
        })
    }

    /// Removes them, and returns how many were there.
    pub(super) fn remove(&self) -> Result<usize, Failure> {
        Ok(self.streams.remove(&self.found.entries)?)
    }
}
