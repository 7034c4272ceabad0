//! Does what a delivery asks for.

use super::shared::Shared;
use crate::award::Award;
use crate::error::{Error, Kind, Result};
use crate::issue::Receipt;
use crate::queue::{Answer, Target, Task, Withdrawal};
use crate::record::{Record, Status};

/// What a page says of a certificate whose place another one took.
const REPLACED: &str = "another certificate took its place";

/// Does a task. The same task may be done any number of times.
pub(super) fn perform(shared: &Shared, task: &Task) -> Result<Answer> {
    match task {
        Task::Issue { request, options, replaces, .. } => {
            let _turn = shared.locks.turn(Award::of(request));
            let issuer = shared.issuer();
            let clock = &shared.clock;
            let receipt = issuer.issue(request, clock.today()?, clock.now()?, options)?;
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
    let issuer = shared.issuer();
    let (record, _turn) = match &withdrawal.target {
        Target::Award(award) => {
            let turn = shared.locks.turn(award.clone());
            let Some(record) = issuer.last(award)? else {
                let why = "there is no certificate to withdraw".to_owned();
                return Ok(Answer::Ignored { why });
            };
            (record, Some(turn))
        }
        Target::Certificate { verify, .. } => {
            let Some(record) = issuer.register().record(verify)? else {
                let message = format!("there is no certificate `{verify}`");
                return Err(Error::new(Kind::UnknownCertificate, message));
            };
            (record, None)
        }
    };
    if let (Some(asked), Some(newer)) = (withdrawal.asked, record.asked)
        && newer > asked
    {
        let why = "the certificate was asked for after it was to be withdrawn".to_owned();
        return Ok(Answer::Ignored { why });
    }
    match record.status {
        // Withdrawing once more finishes what was interrupted.
        Status::Valid | Status::Withdrawn => {
            let (register, now) = (issuer.register(), shared.clock.now()?);
            let record = register.withdraw(&record.id, &withdrawal.reason, now)?;
            Ok(Answer::from(&record))
        }
        Status::Superseded | Status::Erased => Ok(Answer::from(&record)),
    }
}
