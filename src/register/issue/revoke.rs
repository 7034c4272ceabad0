//! Revoking what an award has, or will have been given too late.

use super::order::ENGINE;
use super::{IssueService, MAX_TURNS};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::record::{
    Content, Event, OrganizationFacts, Record, Status, ThemeFacts,
};
use crate::site::award::Award;
use crate::site::course::Text;

/// What came of a revocation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RevokeOutcome {
    /// No edition of the award is valid: this is the last one.
    Revoked(Box<Record>),
    /// What is there was asked for later, and stays.
    Stale,
    /// There is none.
    Nothing,
}

impl IssueService {
    /// Revokes what an award has.
    ///
    /// With `requested_at`, when it was asked for, the order of requests counts and not that of their
    /// coming: what was asked for later stays, and what was asked for earlier and is not issued yet
    /// never will be. A request of a later time brings it back.
    ///
    /// # Errors
    /// What the stores say, and what is wrong with a layout.
    pub fn revoke(
        &self,
        award: &Award,
        reason: &str,
        requested_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<RevokeOutcome> {
        for _ in 0..MAX_TURNS {
            let Some(current) = self.last(award)? else {
                let Some(requested_at) = requested_at else {
                    return Ok(RevokeOutcome::Nothing);
                };
                let Some(record) = self.tombstone(award, reason, requested_at, now)?
                else {
                    return Ok(RevokeOutcome::Nothing);
                };
                match self.register.create_tombstone(&record)? {
                    true => return Ok(RevokeOutcome::Revoked(Box::new(record))),
                    false => continue,
                }
            };
            match current.status {
                Status::Valid | Status::Specimen => {
                    if requested_at.is_some_and(|requested_at| {
                        current.last_requested_at() > requested_at
                    }) {
                        return Ok(RevokeOutcome::Stale);
                    }
                }
                // Revoking once more finishes what was interrupted.
                Status::Revoked => {}
                Status::Superseded | Status::Erased => {
                    return Ok(RevokeOutcome::Revoked(Box::new(current)));
                }
            }
            match self.register.revoke_as_of(&current.id, reason, requested_at, now) {
                // Whoever made the next edition meanwhile may not have seen it.
                Ok(record)
                    if self.last(award)?.is_none_or(|last| last.id == record.id) =>
                {
                    return Ok(RevokeOutcome::Revoked(Box::new(record)));
                }
                Ok(_) => {}
                // Superseded or erased meanwhile.
                Err(error) if error.kind() == ErrorKind::Revoked => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(ErrorKind::Unhealthy, "others keep issuing the same certificate"))
    }

    /// Revokes an edition if the one before it was revoked while it was made, by a request that is
    /// later than the one that it was made for.
    pub(super) fn revoke_with(
        &self,
        before: Option<&Record>,
        record: Record,
        now: Timestamp,
    ) -> Result<Record> {
        let Some((before, requested_at)) = before.zip(record.requested_at) else {
            return Ok(record);
        };
        let before = self.register.record(&before.id)?;
        let history = before.map(|before| before.history).unwrap_or_default();
        let later =
            |event: &&Event| event.requested_at.is_some_and(|later| later > requested_at);
        match history.iter().rfind(later) {
            Some(event) => {
                let reason = event.reason.as_deref().unwrap_or_default();
                self.register.revoke_as_of(&record.id, reason, event.requested_at, now)
            }
            None => Ok(record),
        }
    }

    /// The record of a certificate that was revoked before it was made; none of a course that is
    /// not known, in which nothing can be issued either.
    fn tombstone(
        &self,
        award: &Award,
        reason: &str,
        requested_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Record>> {
        let Ok(course) = self.press.courses().get(&award.course) else { return Ok(None) };
        let layout = self.press.layout(&course.layout)?;
        let colours = layout.theme.with(&course.theme);
        let text =
            |text: &Text| text.get(&course.language, &course.language).0.to_owned();
        Ok(Some(Record {
            schema: Record::SCHEMA,
            id: award.ids(&self.secret, 1).verify,
            status: Status::Revoked,
            edition: 1,
            issued_at: now,
            requested_at: None,
            facts: None,
            language: course.language.as_str().to_owned(),
            organization: OrganizationFacts {
                name: text(&course.organization.name),
                short: text(&course.organization.short),
            },
            layout: Content {
                name: layout.name.clone(),
                sha256: layout.sources.sha256.clone(),
            },
            theme: ThemeFacts {
                accent: colours.accent,
                paper: colours.paper,
                ink: colours.ink,
            },
            engine: ENGINE.to_owned(),
            certificate: None,
            successor: None,
            history: vec![Event {
                status: Status::Revoked,
                at: now,
                requested_at: Some(requested_at),
                reason: Some(reason.to_owned()),
            }],
        }))
    }
}
