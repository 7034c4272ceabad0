//! Revoking the certificate of an award, also before it is issued.
//!
//! The decision made here: if requests state when they were made, those times count and not the
//! order of arrival. A revocation that arrives before the request that it revokes leaves a
//! tombstone, a record that says that the certificate is revoked.

use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::award::AwardHandle;
use crate::register::award_settlement::Care;
use crate::register::editions::Editions;
use crate::register::issue::decide::MAX_ATTEMPTS;
use crate::register::issue::service::IssueService;
use crate::register::record::{
    LayoutVersion, OrganizationFacts, Record, Status, StatusChange, ThemeFacts,
};
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
    /// The award has no certificate.
    Nothing,
}

impl IssueService {
    /// Revokes the current certificate of an award.
    ///
    /// With `requested_at`, the time at which the revocation was requested, the order of such times
    /// counts and not the order of arrival: a certificate that was requested later stays valid, and
    /// one that was requested earlier and is not issued yet will never be valid. A request of a
    /// later time issues the certificate again.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`]: the reason has more than 500 characters.
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
        check_length("reason", reason, MAX_REASON)?;
        let register = self.register();
        let award = AwardHandle::new(award.clone(), &self.secret);
        for _ in 0..MAX_ATTEMPTS {
            let editions =
                register.settle_award(&award, Care::Differing, now, &mut |_| ())?;
            let Editions { current, next, .. } = editions;
            let Some(current) = current.map(|edition| edition.record) else {
                let Some(requested_at) = requested_at else {
                    return Ok(RevokeOutcome::Nothing);
                };
                let record = self.tombstone(
                    award.award(),
                    next.verify,
                    reason,
                    requested_at,
                    now,
                )?;
                let Some(record) = record else { return Ok(RevokeOutcome::Nothing) };
                self.mark_stores()?;
                match register.create_tombstone(award.award(), &record)? {
                    Some(record) => return Ok(RevokeOutcome::Revoked(Box::new(record))),
                    None => continue,
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
                // A second call finishes a revocation that was interrupted.
                Status::Revoked | Status::Expired => {}
                Status::Superseded | Status::Erased => {
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

    /// The record of a certificate that is revoked before it is issued. `None` if the course is
    /// unknown: then no certificate of it can be issued either.
    fn tombstone(
        &self,
        award: &Award,
        verify_id: CertificateId,
        reason: &str,
        requested_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Record>> {
        let Ok(course) = self.press.courses().get(&award.course) else { return Ok(None) };
        let layout = self.press.layout(&course.layout)?;
        let theme = layout.theme.with(&course.theme);
        Ok(Some(Record {
            schema: Record::SCHEMA,
            id: verify_id,
            status: Status::Revoked,
            edition: 1,
            issued_at: now,
            requested_at: None,
            facts: None,
            expires: None,
            appearance: None,
            language: course.language.as_str().to_owned(),
            organization: OrganizationFacts::of(course, &course.language),
            layout: LayoutVersion::of(&layout),
            theme: ThemeFacts {
                accent: theme.accent,
                paper: theme.paper,
                ink: theme.ink,
            },
            engine: Record::ENGINE.to_owned(),
            certificate: None,
            successor: None,
            predecessor: None,
            history: vec![StatusChange {
                status: Status::Revoked,
                at: now,
                requested_at: Some(requested_at),
                reason: Some(reason.to_owned()),
            }],
        }))
    }
}
