//! Withdrawing what an award has, or will have been given too late.

use super::order::ENGINE;
use super::{Issuer, MOST_TURNS};
use crate::base::error::{Error, Kind, Result};
use crate::base::moment::{Moment, Timestamp};
use crate::register::record::{
    Content, Event, OrganizationFacts, Record, Status, ThemeFacts,
};
use crate::site::award::Award;
use crate::site::course::Text;

/// What came of a withdrawal.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Withdrawn {
    /// No edition of the award is valid: this is the last one.
    Done(Box<Record>),
    /// What is there was asked for later, and stays.
    Overtaken,
    /// There is none.
    Nothing,
}

impl Issuer {
    /// Withdraws what an award has.
    ///
    /// With `asked`, when it was asked for, the order of requests counts and not that of their
    /// coming: what was asked for later stays, and what was asked for earlier and is not issued yet
    /// never will be. A request of a later time brings it back.
    ///
    /// # Errors
    /// What the stores say, and what is wrong with a layout.
    pub fn withdraw(
        &self,
        award: &Award,
        reason: &str,
        asked: Option<Timestamp>,
        now: Moment,
    ) -> Result<Withdrawn> {
        for _ in 0..MOST_TURNS {
            let Some(current) = self.last(award)? else {
                let Some(asked) = asked else { return Ok(Withdrawn::Nothing) };
                let Some(record) = self.unmade(award, reason, asked, now)? else {
                    return Ok(Withdrawn::Nothing);
                };
                match self.register.forestall(&record)? {
                    true => return Ok(Withdrawn::Done(Box::new(record))),
                    false => continue,
                }
            };
            match current.status {
                Status::Valid | Status::Specimen => {
                    if asked.is_some_and(|asked| current.asked_last() > asked) {
                        return Ok(Withdrawn::Overtaken);
                    }
                }
                // Withdrawing once more finishes what was interrupted.
                Status::Withdrawn => {}
                Status::Superseded | Status::Erased => {
                    return Ok(Withdrawn::Done(Box::new(current)));
                }
            }
            match self.register.withdraw_asked(&current.id, reason, asked, now) {
                // Whoever made the next edition meanwhile may not have seen it.
                Ok(record)
                    if self.last(award)?.is_none_or(|last| last.id == record.id) =>
                {
                    return Ok(Withdrawn::Done(Box::new(record)));
                }
                Ok(_) => {}
                // Superseded or erased meanwhile.
                Err(error) if error.kind() == Kind::Withdrawn => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(Kind::Unwell, "others keep issuing the same certificate"))
    }

    /// Withdraws an edition if the one before it was withdrawn while it was made, by a request that is
    /// later than the one that it was made for.
    pub(super) fn withdraw_with(
        &self,
        before: Option<&Record>,
        record: Record,
        now: Moment,
    ) -> Result<Record> {
        let Some((before, asked)) = before.zip(record.asked) else { return Ok(record) };
        let before = self.register.record(&before.id)?;
        let history = before.map(|before| before.history).unwrap_or_default();
        let later = |event: &&Event| event.asked.is_some_and(|later| later > asked);
        match history.iter().rfind(later) {
            Some(event) => {
                let reason = event.reason.as_deref().unwrap_or_default();
                self.register.withdraw_asked(&record.id, reason, event.asked, now)
            }
            None => Ok(record),
        }
    }

    /// The record of a certificate that was withdrawn before it was made; none of a course that is
    /// not known, in which nothing can be issued either.
    fn unmade(
        &self,
        award: &Award,
        reason: &str,
        asked: Timestamp,
        now: Moment,
    ) -> Result<Option<Record>> {
        let Ok(course) = self.press.courses().get(&award.course) else { return Ok(None) };
        let layout = self.press.layout(&course.layout)?;
        let colours = layout.theme.with(&course.theme);
        let text =
            |text: &Text| text.get(&course.language, &course.language).0.to_owned();
        Ok(Some(Record {
            schema: Record::SCHEMA,
            id: award.ids(&self.secret, 1).verify,
            status: Status::Withdrawn,
            edition: 1,
            recorded: now,
            asked: None,
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
                status: Status::Withdrawn,
                at: now,
                asked: Some(asked),
                reason: Some(reason.to_owned()),
            }],
        }))
    }
}
