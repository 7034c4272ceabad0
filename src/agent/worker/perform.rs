//! Does what a delivery asks for: issues or revokes a certificate.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::abandoned::{AbandonedRequests, RequestDigest, Start};
use super::disposition::Disposition;
use crate::agent::clock::{Clock, ClockReading};
use crate::agent::failure::loggable;
use crate::agent::issue_service::CurrentIssueService;
use crate::agent::ops::health::Health;
use crate::agent::ops::metrics::Metrics;
use crate::agent::queue::{Answer, Delivery, Revocation, Target, Task};
use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::issue::{IssueService, Receipt, RevokeOutcome};
use crate::register::record::{Record, Status};
use crate::site::request::{Acceptance, Request};

/// The reason that the page of a replaced certificate shows.
const REPLACED: &str = "another certificate took its place";

/// Performs tasks with the current issue service. The caller has locked the award of each.
pub(crate) struct Performer {
    issue_service: Arc<CurrentIssueService>,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    abandoned: AbandonedRequests,
}

impl Performer {
    pub(crate) fn new(
        issue_service: Arc<CurrentIssueService>,
        clock: Arc<dyn Clock>,
        health: Arc<Health>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let abandoned = AbandonedRequests::default();
        Self { issue_service, clock, health, metrics, abandoned }
    }

    pub(super) fn issue_service(&self) -> &CurrentIssueService {
        &self.issue_service
    }

    /// Performs the task of a delivery; performing it again changes nothing. The result is
    /// recorded in the health and the metrics.
    ///
    /// # Errors
    /// As [`IssueService::issue`] and [`IssueService::revoke`]; [`ErrorKind::Panic`] if the work
    /// panicked; [`ErrorKind::Deadline`] also if a render of the request was abandoned before.
    pub(super) fn perform(&self, delivery: &Delivery, task: &Task) -> Result<Answer> {
        let begun = Instant::now();
        let digest = match task {
            Task::Issue { request, .. } => Some(RequestDigest::of(request)?),
            _ => None,
        };
        let generation = self.issue_service.generation();
        if let Some(digest) = digest {
            self.check_start(digest, generation)?;
        }
        let result = catch(|| self.answer(delivery, task));
        if let (Some(digest), Err(error)) = (digest, &result)
            && error.kind() == ErrorKind::Deadline
        {
            self.abandoned.record(digest, generation);
            self.metrics.set_abandoned(self.issue_service.abandoned());
        }
        self.metrics.observe_stage("work", begun.elapsed());
        self.health.record_work(result.as_ref());
        result
    }

    /// Refuses a request whose render was abandoned and may still run, or was abandoned twice.
    fn check_start(&self, digest: RequestDigest, generation: usize) -> Result<()> {
        let still_running = self.issue_service.abandoned();
        match self.abandoned.start(digest, generation, still_running) {
            Start::Allowed => Ok(()),
            Start::Waits => Err(Error::new(
                ErrorKind::Deadline,
                "the render of the same request was given up and may still run",
            )),
            Start::SetAside => Err(set_aside()),
        }
    }

    /// Whether a request whose render was abandoned is set aside now.
    pub(super) fn is_set_aside(&self, task: &Task) -> bool {
        let Task::Issue { request, .. } = task else { return true };
        let generation = self.issue_service.generation();
        let still_running = self.issue_service.abandoned();
        RequestDigest::of(request).is_ok_and(|digest| {
            self.abandoned.start(digest, generation, still_running) == Start::SetAside
        })
    }

    fn answer(&self, delivery: &Delivery, task: &Task) -> Result<Answer> {
        match task {
            Task::Issue { request, options, replaces } => {
                let ClockReading { now, today } = self.clock.read()?;
                let request = &Request::clone(request)
                    .with_message_id(delivery.id())
                    .with_acceptance(acceptance(delivery, now));
                let issuer = self.issue_service.current();
                let receipt = issuer
                    .issue(request, today, now, options)
                    .or_else(|error| standing(&issuer, request, error));
                let receipt = match receipt {
                    Err(error) if error.kind() == ErrorKind::NotPassed => {
                        return Ok(Answer::NotPassed { why: error.message().to_owned() });
                    }
                    receipt => receipt?,
                };
                self.metrics.observe_timings(&receipt.timings);
                if let Some(id) = replaces {
                    self.revoke_replaced(id, &receipt)?;
                }
                Ok(Answer::from(&receipt))
            }
            Task::Revoke(revocation) => self.revoke(delivery, revocation),
            Task::Ignore(why) => Ok(Answer::Ignored { why: why.clone() }),
        }
    }

    /// Revokes the certificate that a new one replaces, unless it is an edition of the same award:
    /// issuing has superseded that already. If the new one does not stand, nothing took the place of
    /// the old one.
    fn revoke_replaced(&self, id: &CertificateId, receipt: &Receipt) -> Result<()> {
        let issuer = self.issue_service.current();
        let new = &receipt.record;
        if !new.status.stands() {
            return Ok(());
        }
        let Some(old) = issuer.register().record(id)? else { return Ok(()) };
        let course =
            |record: &Record| Some(record.certificate.as_ref()?.course.id.clone());
        if old.id != new.id && old.status == Status::Valid && course(&old) == course(new)
        {
            issuer.register().revoke(id, REPLACED, self.clock.read()?.now)?;
        }
        Ok(())
    }

    fn revoke(&self, delivery: &Delivery, revocation: &Revocation) -> Result<Answer> {
        let (issuer, now) = (self.issue_service.current(), self.clock.read()?.now);
        let Revocation { target, reason, requested_at } = revocation;
        let ignored = |why: &str| Ok(Answer::Ignored { why: why.to_owned() });
        let stale = "the certificate was asked for after it was to be revoked";
        let verify = match target {
            Target::Certificate(verify) => verify,
            Target::Award(award) => {
                let accepted_at = acceptance(delivery, now).map(|it| it.at);
                let done = issuer.revoke_accepted(
                    award,
                    reason,
                    *requested_at,
                    accepted_at,
                    now,
                )?;
                return match done {
                    RevokeOutcome::Revoked(record) => Ok(Answer::from(&*record)),
                    RevokeOutcome::Stale => ignored(stale),
                    RevokeOutcome::Nothing => {
                        ignored("there is no certificate to revoke")
                    }
                };
            }
        };
        let Some(record) = issuer.register().record(verify)? else {
            let message = format!("there is no certificate `{verify}`");
            return Err(Error::new(ErrorKind::UnknownCertificate, message));
        };
        match record.status {
            // Which certificate is meant is for the sender to say: the one that took its place is
            // revoked by its own id, or by the award.
            Status::Superseded => match issuer.register().standing_successor(&record)? {
                Some(last) => Err(superseded(verify, &last, &issuer)),
                None => Ok(Answer::from(&record)),
            },
            Status::Erased => Ok(Answer::from(&record)),
            Status::Valid | Status::Specimen
                if requested_at.is_some_and(|requested_at| {
                    record.last_requested_at() > requested_at
                }) =>
            {
                ignored(stale)
            }
            // Revoking a revoked certificate again completes a revocation that was interrupted.
            _ => {
                let register = issuer.register();
                let record = register.revoke_as_of(verify, reason, *requested_at, now)?;
                Ok(Answer::from(&record))
            }
        }
    }
}

/// When a delivery was accepted. None was accepted later than now, even if another machine's clock
/// says so; within a second, which the agent's clock may count alone, the order is kept.
fn acceptance(delivery: &Delivery, now: Timestamp) -> Option<Acceptance> {
    let at = |at: Timestamp| if at.unix() > now.unix() { now } else { at };
    delivery.acceptance().map(|it| Acceptance { at: at(it.at), ..it })
}

/// The error for the revocation of an edition by its id while its successor stands.
fn superseded(id: &CertificateId, by: &Record, issuer: &IssueService) -> Error {
    let message = format!("`{id}` was superseded already");
    let by = issuer.register().publish().verify_url(&by.id);
    Error::new(ErrorKind::Revoked, message)
        .with_help(format!("revoke its successor: {by}"))
}

/// The error of a request that is never started again.
pub(super) fn set_aside() -> Error {
    Error::new(
        ErrorKind::Deadline,
        "its certificate takes longer to render than `render.deadline` allows: it is set aside",
    )
    .with_help(
        "shorten its texts, look for a loop in the layout, or raise `render.deadline`; then send it again",
    )
}

/// Returns the certificate that was issued before for a request that fails now: another
/// agent may have answered with it, and no error is sent after a success.
fn standing(issuer: &IssueService, request: &Request, error: Error) -> Result<Receipt> {
    match Disposition::of(&error) {
        Disposition::Retry | Disposition::Shutdown => Err(error),
        Disposition::Reject | Disposition::Abandoned => match issuer.standing(request)? {
            Some(receipt) => {
                let error = loggable(&error);
                tracing::warn!(
                    error,
                    "a request that was done before cannot be done again"
                );
                Ok(receipt)
            }
            None => Err(error),
        },
    }
}

/// Turns a panic into an error.
fn catch(work: impl FnOnce() -> Result<Answer>) -> Result<Answer> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Panic,
            "an internal error kept the request from being done",
        )
        .with_help("please report it with the request"))
    })
}
