//! Revoking the certificate of an award, also before it is issued.
//!
//! The decision made here: if requests state when they were made, those times count and not the
//! order of arrival. A revocation that arrives before the request that it revokes leaves a
//! tombstone, a record that says that the certificate is revoked. A revocation without such a time
//! leaves one too if it is known when it was accepted; that one counts for older requests alone.

use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::award::AwardHandle;
use crate::register::award_settlement::Care;
use crate::register::editions::Editions;
use crate::register::issue::decide::MAX_ATTEMPTS;
use crate::register::issue::service::IssueService;
use crate::register::record::{LayoutVersion, Record, Status, StatusChange, ThemeFacts};
use crate::site::award::Award;
use crate::site::request::limits::{MAX_REASON, check_length};

/// The outcome of a revocation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RevokeOutcome {
    /// No edition of the award is valid. The record of its last edition.
    Revoked(Box<Record>),
    /// The current edition was requested later than the revocation, and stays valid.
    Stale,
    /// The award never had a certificate. Requests that an agent accepted before the revocation
    /// will issue none.
    Nothing,
}

impl IssueService {
    /// Revokes the current certificate of an award, or the one that took its place under a corrected
    /// name.
    ///
    /// With `requested_at`, the time at which the revocation was requested, the order of such times
    /// counts and not the order of arrival: a certificate that was requested later stays valid, and
    /// one that was requested earlier and is not issued yet will never be valid. A request of a
    /// later time issues the certificate again.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`]: the reason has more than 500 characters.
    /// [`ErrorKind::UnknownCourse`]: the award has no certificate, and the site has no such course,
    /// so that the revocation cannot be recorded for requests that still come.
    /// [`ErrorKind::Store`], [`ErrorKind::StoreRefused`] and [`ErrorKind::Io`]: a store failed.
    /// [`ErrorKind::Layout`] and [`ErrorKind::UnknownLayout`]: the layout of the course cannot be
    /// read. [`ErrorKind::Unhealthy`]: other processes kept changing the award.
    pub fn revoke(
        &self,
        award: &Award,
        reason: &str,
        requested_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<RevokeOutcome> {
        self.revoke_accepted(award, reason, requested_at, None, now)
    }

    /// Revokes as [`revoke`](Self::revoke) does. `accepted_at` is when an agent accepted the
    /// revocation. If it has no time of its own, it revokes whatever certificate there is, and the
    /// requests accepted before it that are not done yet will issue none.
    pub(crate) fn revoke_accepted(
        &self,
        award: &Award,
        reason: &str,
        requested_at: Option<Timestamp>,
        accepted_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<RevokeOutcome> {
        check_length("reason", reason, MAX_REASON)?;
        let register = self.register();
        let mut award = AwardHandle::new(award.clone(), &self.secret);
        let asked_at = requested_at.or(accepted_at);
        // Of a certificate that there never was, only a sender who gives times learns more.
        let ahead = |record: Record| match requested_at {
            Some(_) => RevokeOutcome::Revoked(Box::new(record)),
            None => RevokeOutcome::Nothing,
        };
        let is_stale = |record: &Record| {
            requested_at.is_some_and(|it| record.last_requested_at() > it)
        };
        for _ in 0..MAX_ATTEMPTS {
            let editions =
                register.settle_award(&award, Care::Differing, now, &mut |_| ())?;
            let Editions { current, next, .. } = editions;
            let Some(current) = current.map(|edition| edition.record) else {
                let Some(asked_at) = asked_at else { return Ok(RevokeOutcome::Nothing) };
                let change = StatusChange {
                    status: Status::Revoked,
                    at: if requested_at.is_some() { now } else { asked_at },
                    requested_at,
                    reason: Some(reason.to_owned()),
                };
                let record = self.tombstone(award.award(), next.verify, change, now)?;
                self.mark_stores()?;
                match register.create_tombstone(award.award(), &record)? {
                    Some(record) => return Ok(ahead(record)),
                    None => continue,
                }
            };
            if let Some(asked_at) = asked_at.filter(|_| current.is_tombstone()) {
                let change = |record: Record| {
                    record.with_later_revocation(reason, requested_at, asked_at)
                };
                match register.change_tombstone(&current.id, &change, now)? {
                    Some(record) => return Ok(ahead(record)),
                    None => continue,
                }
            }
            match current.status {
                Status::Valid | Status::Specimen if is_stale(&current) => {
                    return Ok(RevokeOutcome::Stale);
                }
                // A second call finishes a revocation that was interrupted.
                Status::Valid | Status::Specimen | Status::Revoked | Status::Expired => {}
                Status::Superseded => {
                    let Some(last) = register.standing_successor(&current)? else {
                        return Ok(RevokeOutcome::Revoked(Box::new(current)));
                    };
                    if let Some(of_last) = self.award_with_last(&last.id)? {
                        award = of_last;
                        continue;
                    }
                    if is_stale(&last) {
                        return Ok(RevokeOutcome::Stale);
                    }
                    let record =
                        register.revoke_as_of(&last.id, reason, requested_at, now)?;
                    return Ok(RevokeOutcome::Revoked(Box::new(record)));
                }
                Status::Erased => {
                    return Ok(RevokeOutcome::Revoked(Box::new(current)));
                }
            }
            let record =
                match register.revoke_as_of(&current.id, reason, requested_at, now) {
                    Ok(record) => record,
                    // Another process superseded or erased the edition first.
                    Err(error) if error.kind() == ErrorKind::Revoked => continue,
                    Err(error) => return Err(error),
                };
            // Another process that made the next edition meanwhile may not have seen the
            // revocation: then revoke that edition too.
            let last = register.editions(&award)?.current;
            if last.is_none_or(|last| last.record.id == record.id) {
                return Ok(RevokeOutcome::Revoked(Box::new(record)));
            }
        }
        Err(Error::new(
            ErrorKind::Unhealthy,
            "other processes keep issuing the same certificate",
        ))
    }

    /// The award whose last edition has this id; `None` if its id does not follow from an award.
    fn award_with_last(&self, id: &CertificateId) -> Result<Option<AwardHandle<'_>>> {
        let Some(award) = self.register().award_of(id, &self.secret)? else {
            return Ok(None);
        };
        let award = AwardHandle::new(award, &self.secret);
        let last = self.register().editions(&award)?.current;
        Ok(last.is_some_and(|last| last.record.id == *id).then_some(award))
    }

    /// The record of a certificate that is revoked before it is issued.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCourse`]: the site has no such course. It may get it, and requests for it
    /// may be kept until then, so the revocation has to wait as they do.
    fn tombstone(
        &self,
        award: &Award,
        verify_id: CertificateId,
        change: StatusChange,
        now: Timestamp,
    ) -> Result<Record> {
        let course = self.press.courses().get(&award.course)?;
        let layout = self.press.layout(&course.layout)?;
        let theme = layout.theme.with(&course.theme);
        let theme =
            ThemeFacts { accent: theme.accent, paper: theme.paper, ink: theme.ink };
        let layout = LayoutVersion::of(&layout);
        Ok(Record::ended_ahead(verify_id, course, layout, theme, change, now))
    }
}
