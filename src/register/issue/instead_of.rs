//! Correcting the name on a certificate.
//!
//! The decision made here: a recipient with a username keeps it, and the corrected certificate is
//! the next edition. A recipient without one is identified by the name, so a corrected name is
//! another award, whose first edition supersedes the certificate with the wrong name. If there is
//! already another certificate in the corrected name, nothing is changed.

use crate::base::date::Date;
use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::award::AwardHandle;
use crate::register::certificates::Register;
use crate::register::corrections::successor;
use crate::register::editions::Editions;
use crate::register::issue::options::IssueOptions;
use crate::register::issue::receipt::{IssueOutcome, Receipt};
use crate::register::issue::service::IssueService;
use crate::register::record::{Record, Status};
use crate::site::award::{Award, Recipient};
use crate::site::request::Request;

impl IssueService {
    /// Issues a certificate that takes the place of the certificate `id` of another recipient's
    /// name: it corrects a name that was misspelt, where no username says that both are the same
    /// recipient. A request without a username has that of the old certificate. The old certificate is superseded, and its page leads to the new one. Called
    /// again it finishes what was interrupted. Where both are the same award it is
    /// [`issue`](Self::issue).
    ///
    /// # Errors
    /// As [`issue`](Self::issue). [`ErrorKind::UnknownCertificate`]: no certificate has this id.
    /// [`ErrorKind::Revoked`]: it is not valid any more. [`ErrorKind::InvalidValue`]: it is of
    /// another course, or one of both is a specimen. [`ErrorKind::Exists`]: the recipient of the
    /// request has another certificate of the course.
    pub fn issue_instead_of(
        &self,
        id: &CertificateId,
        request: &Request,
        today: Date,
        now: Timestamp,
        options: &IssueOptions,
    ) -> Result<Receipt> {
        let register = self.register();
        let old = register.known(id)?;
        // The recipient stays the same, whatever the name.
        let own = match register.award_of(id, &self.secret)?.map(|award| award.recipient)
        {
            Some(Recipient::Id(username)) if request.recipient().is_none() => {
                Some(request.clone().with_username(username))
            }
            _ => None,
        };
        let request = own.as_ref().unwrap_or(request);
        let award = AwardHandle::new(Award::of(request), &self.secret);
        let editions = register.editions(&award)?;
        let own = || editions.all();
        let leads_to_own = old.successor.as_ref().is_some_and(|successor| {
            own().any(|e| *successor == register.publish().verify_url(&e.record.id))
        });
        if leads_to_own || own().any(|edition| edition.record.id == *id) {
            check_not_corrected(&old, &editions, request)?;
            return self.issue(request, today, now, options);
        }
        check_old(&old, request)?;
        check_new(register, &editions, id, request)?;
        if let Some(old) = self.finish_other_correction(&old, &editions, now)? {
            // Revoked or erased, if another process was first.
            check_old(&old, request)?;
        }
        let first = editions.past.first().or(editions.current.as_ref());
        register.note_correction(
            id,
            first.map_or(&editions.next.verify, |it| &it.record.id),
        )?;
        let receipt = self.issue_edition(request, Some(id), today, now, options)?;
        if !receipt.record.status.stands() {
            return Ok(receipt);
        }
        let old = register.supersede_by(id, &receipt.urls.verify_url, now)?;
        if old.status == Status::Superseded && !self.leads_to(&old, &award)? {
            // Another process corrected it meanwhile, in another name or as its next edition.
            if let Some(by) = &old.successor {
                register.supersede_by(&receipt.record.id, by, now)?;
            }
            return Err(already_corrected(&old));
        }
        if old.status == Status::Revoked {
            // The old certificate was revoked meanwhile. That was meant for this recipient, so the
            // new one is revoked too.
            let change = old.history.last();
            let reason = change.and_then(|change| change.reason.as_deref());
            let requested_at = change.and_then(|change| change.requested_at);
            let reason = reason.unwrap_or_default();
            let record =
                register.revoke_as_of(&receipt.record.id, reason, requested_at, now)?;
            return Ok(Receipt { record, outcome: IssueOutcome::Stale, ..receipt });
        }
        if old.status == Status::Erased {
            // The same for an erasure, which did not find the new name.
            register.erase_award(award.award(), &self.secret, now)?;
            check_old(&old, request)?;
        }
        Ok(match receipt.outcome {
            IssueOutcome::Issued => {
                Receipt { outcome: IssueOutcome::Superseding, ..receipt }
            }
            _ => receipt,
        })
    }
}

impl IssueService {
    /// Finishes a correction of a certificate in another name that was begun: its certificate stands,
    /// and the old one was not superseded yet. Returns the old record, if there was one.
    fn finish_other_correction(
        &self,
        old: &Record,
        own: &Editions,
        now: Timestamp,
    ) -> Result<Option<Record>> {
        let register = self.register();
        for by in register.begun_corrections(&old.id)? {
            let is_own = own.all().any(|edition| edition.record.id == by);
            if is_own || own.next.verify == by {
                continue;
            }
            let Some(award) = register.award_of(&by, &self.secret)? else { continue };
            let award = AwardHandle::new(award, &self.secret);
            let last = register.editions(&award)?.current.map(|it| it.record);
            if let Some(last) = last.filter(|last| last.status.stands()) {
                let url = register.publish().verify_url(&last.id);
                return register.supersede_by(&old.id, &url, now).map(Some);
            }
        }
        Ok(None)
    }

    /// Whether a superseded certificate names an edition of this award.
    fn leads_to(&self, old: &Record, award: &AwardHandle<'_>) -> Result<bool> {
        let by = successor(old);
        let editions = self.register().editions(award)?;
        Ok(editions.all().any(|edition| Some(&edition.record.id) == by.as_ref()))
    }
}

/// The error for a second correction of a certificate.
fn already_corrected(old: &Record) -> Error {
    let by = old.successor.as_deref().unwrap_or_default();
    Error::new(ErrorKind::Revoked, format!("`{}` was superseded already", old.id))
        .with_help(format!("correct its successor: {by}"))
}

/// Checks that an edition that was superseded is not corrected a second time, by another name: the first
/// correction would be undone.
fn check_not_corrected(
    old: &Record,
    editions: &Editions,
    request: &Request,
) -> Result<()> {
    let current = editions.current.as_ref().map(|edition| &edition.record);
    let is_same = current
        .and_then(|record| record.certificate.as_ref())
        .is_none_or(|certificate| certificate.name == request.name().as_str());
    if old.status == Status::Superseded && !is_same {
        return check_old(old, request);
    }
    Ok(())
}

/// Checks that a certificate can be corrected by a request.
fn check_old(old: &Record, request: &Request) -> Result<()> {
    let id = &old.id;
    let ended = |how: &str, help: String| {
        let message = format!("`{id}` was {how} already");
        Err(Error::new(ErrorKind::Revoked, message).with_help(help))
    };
    match old.status {
        Status::Valid | Status::Specimen => {}
        Status::Superseded => return Err(already_corrected(old)),
        Status::Revoked => {
            let help = "issue the certificate in the right name without --instead-of";
            return ended("revoked", help.to_owned());
        }
        Status::Expired => {
            let help = "issue the certificate in the right name without --instead-of";
            return ended("expired", help.to_owned());
        }
        Status::Erased => {
            let help = "issue the certificate in the right name without --instead-of";
            return ended("erased", help.to_owned());
        }
    }
    let course =
        old.certificate.as_ref().map(|certificate| certificate.course.id.as_str());
    if course != Some(request.course()) {
        let course = course.unwrap_or_default();
        let message = format!("`{id}` is a certificate of `{course}`");
        return Err(Error::new(ErrorKind::InvalidValue, message)
            .with_help(format!("name that course: --course {course}")));
    }
    if (old.status == Status::Specimen) != request.is_specimen() {
        let message = format!("of `{id}` and the new certificate one is a specimen");
        return Err(Error::new(ErrorKind::InvalidValue, message)
            .with_help("a specimen takes the place of specimens only"));
    }
    Ok(())
}

/// Checks that the recipient of a request has no certificate but one that corrects `id`.
fn check_new(
    register: &Register,
    editions: &Editions,
    id: &CertificateId,
    request: &Request,
) -> Result<()> {
    let Some(current) = &editions.current else { return Ok(()) };
    let first = editions.past.first().unwrap_or(current);
    let snapshots = register.snapshots(&first.record.id)?;
    if snapshots.iter().any(|snapshot| snapshot.instead_of.as_ref() == Some(id)) {
        return Ok(());
    }
    let name = request.name();
    let url = register.publish().verify_url(&current.record.id);
    let message = format!("`{name}` has another certificate of the course: {url}");
    Err(Error::new(ErrorKind::Exists, message).with_help(format!(
        "if it is the same recipient, revoke `{id}`; else tell the two apart: --username"
    )))
}
