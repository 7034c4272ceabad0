//! Does what a delivery asks for.

use super::fate::{Fate, loggable};
use super::shared::Shared;
use crate::agent::queue::{Answer, Target, Task, Withdrawal};
use crate::base::error::{Error, Kind, Result};
use crate::register::issue::{Issuer, Receipt, Withdrawn};
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
            shared.metrics.took(&receipt.took);
            if let Some(id) = replaces {
                take_place(shared, id, &receipt)?;
            }
            Ok(Answer::from(&receipt))
        }
        Task::Withdraw(withdrawal) => withdraw(shared, withdrawal),
        Task::Ignore(why) => Ok(Answer::Ignored { why: why.clone() }),
    }
}

/// What is there already of a request that fails: whoever had it before may have answered so, and no
/// error follows a success.
fn standing(issuer: &Issuer, request: &Request, error: Error) -> Result<Receipt> {
    match Fate::of(&error) {
        Fate::Waits | Fate::Unwell => Err(error),
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

/// Withdraws what a new certificate takes the place of, where it is no edition of the same award: of
/// these, issuing has seen to it.
fn take_place(shared: &Shared, id: &str, receipt: &Receipt) -> Result<()> {
    let issuer = shared.issuer();
    let new = &receipt.record;
    let Some(old) = issuer.register().record(id)? else { return Ok(()) };
    let course = |record: &Record| Some(record.certificate.as_ref()?.course.id.clone());
    if old.id != new.id && old.status == Status::Valid && course(&old) == course(new) {
        issuer.register().withdraw(id, REPLACED, shared.clock.now()?)?;
    }
    Ok(())
}

fn withdraw(shared: &Shared, withdrawal: &Withdrawal) -> Result<Answer> {
    let (issuer, now) = (shared.issuer(), shared.clock.now()?);
    let Withdrawal { target, reason, asked } = withdrawal;
    let ignored = |why: &str| Ok(Answer::Ignored { why: why.to_owned() });
    let overtaken = "the certificate was asked for after it was to be withdrawn";
    let verify = match target {
        Target::Certificate { verify, .. } => verify,
        Target::Award(award) => {
            let _turn = shared.locks.turn(award.clone());
            return match issuer.withdraw(award, reason, *asked, now)? {
                Withdrawn::Done(record) => Ok(Answer::from(&*record)),
                Withdrawn::Overtaken => ignored(overtaken),
                Withdrawn::Nothing => ignored("there is no certificate to withdraw"),
            };
        }
    };
    let Some(record) = issuer.register().record(verify)? else {
        let message = format!("there is no certificate `{verify}`");
        return Err(Error::new(Kind::UnknownCertificate, message));
    };
    match record.status {
        Status::Superseded | Status::Erased => Ok(Answer::from(&record)),
        Status::Valid | Status::Specimen
            if asked.is_some_and(|asked| record.asked_last() > asked) =>
        {
            ignored(overtaken)
        }
        // Withdrawing once more finishes what was interrupted.
        _ => {
            let register = issuer.register();
            Ok(Answer::from(&register.withdraw_asked(verify, reason, *asked, now)?))
        }
    }
}
