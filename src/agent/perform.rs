//! Does what a delivery asks for.

use super::fate::{Fate, loggable};
use super::shared::Shared;
use crate::agent::queue::{Answer, Revocation, Target, Task};
use crate::base::error::{Error, ErrorKind, Result};
use crate::register::issue::{IssueService, Receipt, RevokeOutcome};
use crate::register::record::{Record, Status};
use crate::site::award::Award;
use crate::site::request::Request;

/// What a page says of a certificate whose place another one took.
const REPLACED: &str = "another certificate took its place";

/// Does a task. The same task may be done any number of times.
pub(super) fn perform(shared: &Shared, task: &Task) -> Result<Answer> {
    match task {
        Task::Issue { request, options, replaces } => {
            let _turn = shared.locks.turn(Award::of(request));
            let issuer = shared.issuer();
            let clock = &shared.clock;
            let receipt = issuer
                .issue(request, clock.today()?, clock.now()?, options)
                .or_else(|error| standing(&issuer, request, error))?;
            shared.metrics.timings(&receipt.timings);
            if let Some(id) = replaces {
                take_place(shared, id, &receipt)?;
            }
            Ok(Answer::from(&receipt))
        }
        Task::Revoke(revocation) => revoke(shared, revocation),
        Task::Ignore(why) => Ok(Answer::Ignored { why: why.clone() }),
    }
}

/// What is there already of a request that fails: whoever had it before may have answered so, and no
/// error follows a success.
fn standing(issuer: &IssueService, request: &Request, error: Error) -> Result<Receipt> {
    match Fate::of(&error) {
        Fate::Waits | Fate::Unhealthy => Err(error),
        Fate::Fails | Fate::Slow => match issuer.standing(request)? {
            Some(receipt) => {
                let error = loggable(&error);
                tracing::warn!(
                    error,
                    "a request cannot be done again that was done before"
                );
                Ok(receipt)
            }
            None => Err(error),
        },
    }
}

/// Revokes what a new certificate takes the place of, where it is no edition of the same award: of
/// these, issuing has seen to it.
fn take_place(shared: &Shared, id: &str, receipt: &Receipt) -> Result<()> {
    let issuer = shared.issuer();
    let new = &receipt.record;
    let Some(old) = issuer.register().record(id)? else { return Ok(()) };
    let course = |record: &Record| Some(record.certificate.as_ref()?.course.id.clone());
    if old.id != new.id && old.status == Status::Valid && course(&old) == course(new) {
        issuer.register().revoke(id, REPLACED, shared.clock.now()?)?;
    }
    Ok(())
}

fn revoke(shared: &Shared, revocation: &Revocation) -> Result<Answer> {
    let (issuer, now) = (shared.issuer(), shared.clock.now()?);
    let Revocation { target, reason, requested_at } = revocation;
    let ignored = |why: &str| Ok(Answer::Ignored { why: why.to_owned() });
    let overtaken = "the certificate was asked for after it was to be revoked";
    let verify = match target {
        Target::Certificate { verify, .. } => verify,
        Target::Award(award) => {
            let _turn = shared.locks.turn(award.clone());
            return match issuer.revoke(award, reason, *requested_at, now)? {
                RevokeOutcome::Revoked(record) => Ok(Answer::from(&*record)),
                RevokeOutcome::Stale => ignored(overtaken),
                RevokeOutcome::Nothing => ignored("there is no certificate to revoke"),
            };
        }
    };
    let Some(record) = issuer.register().record(verify)? else {
        let message = format!("there is no certificate `{verify}`");
        return Err(Error::new(ErrorKind::UnknownCertificate, message));
    };
    match record.status {
        Status::Superseded | Status::Erased => Ok(Answer::from(&record)),
        Status::Valid | Status::Specimen
            if requested_at.is_some_and(|requested_at| {
                record.last_requested_at() > requested_at
            }) =>
        {
            ignored(overtaken)
        }
        // Revoking once more finishes what was interrupted.
        _ => {
            let register = issuer.register();
            Ok(Answer::from(&register.revoke_as_of(
                verify,
                reason,
                *requested_at,
                now,
            )?))
        }
    }
}
