//! Requests in the spool of the site's agents about a recipient who is erased.

use std::sync::Arc;

use crate::agent::{FoundRequests, Sought, remove_spooled, spooled_requests};
use crate::cli::exit::Failure;
use crate::register::{Register, Store};
use crate::site::Award;

/// The requests that an agent has accepted and not answered.
pub(super) struct Spool {
    found: FoundRequests,
    private: Arc<dyn Store>,
}

impl Spool {
    pub(super) fn open(
        register: &Register,
        sought: &Sought<'_>,
    ) -> Result<Self, Failure> {
        let private = register.private().clone();
        let found = spooled_requests(&*private, sought)?;
        Ok(Self { found, private })
    }

    pub(super) fn len(&self) -> usize {
        self.found.requests.len()
    }

    /// The awards that the requests are about.
    pub(super) fn awards(&self) -> impl Iterator<Item = &Award> {
        self.found.requests.iter().filter_map(|request| request.award.as_ref())
    }

    /// The names in the requests.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.found.requests.iter().filter_map(|request| request.name.as_deref())
    }

    /// The texts that the requests gave in free fields.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.found.requests.iter().flat_map(|it| &it.texts).map(String::as_str)
    }

    /// What cannot be read, and may be about the recipient.
    pub(super) fn unread(&self) -> impl Iterator<Item = String> {
        self.found.unread.iter().map(|path| format!("{path} in {}", self.private))
    }

    /// Removes them, and returns how many were there.
    pub(super) fn remove(&self) -> Result<usize, Failure> {
        let mut removed = 0;
        for request in &self.found.requests {
            removed += usize::from(remove_spooled(&*self.private, &request.id)?);
        }
        Ok(removed)
    }
}
