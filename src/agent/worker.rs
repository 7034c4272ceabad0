//! The threads that do the work: receive, perform, answer.
//!
//! Three rules: each request that is received is answered or returned; no error is sent
//! after a success; no request can end the thread.

mod abandoned;
mod award_locks;
mod disposition;
mod perform;
mod quarantine;
mod respond;
mod waiting_line;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use self::award_locks::AwardGuard;
pub(super) use self::award_locks::AwardLocks;
use self::disposition::Disposition;
pub(super) use self::perform::Performer;
use self::perform::set_aside;
pub(super) use self::quarantine::Quarantine;
pub(super) use self::respond::Responder;
use self::respond::Settlement;
use self::waiting_line::HeldDelivery;
pub(super) use self::waiting_line::WaitingLine;
use super::ops::shutdown::{GRACE_PERIOD, Shutdown};
use super::source::RequestSource;
use crate::agent::queue::{Answer, Delivery};
use crate::base::backoff::Backoff;
use crate::base::error::{Error, ErrorKind, Result};

/// How long to wait for a request before looking whether a stop is requested.
const RECEIVE_WAIT: Duration = Duration::from_secs(1);
/// A request that was handed out more often than this and never answered may be what ends
/// the process: it is worked on alone from then on.
const MAX_SHARED_ATTEMPTS: u32 = 3;
/// A request that was handed out more often than this is set aside: it ends the process
/// each time.
const MAX_ATTEMPTS: u32 = 10;
/// How long a request that is worked on alone waits in hand for the others of its source.
const EXCLUSIVE_WAIT: Duration = Duration::from_secs(30);
/// When a request is handed out again if it could not be worked on alone, or not be
/// counted.
const EXCLUSIVE_RETRY: Duration = Duration::from_secs(1);
/// When a request is handed out again whose render was abandoned.
const ABANDONED_RETRY: Duration = Duration::from_secs(5);
/// When a request is handed out again if too many wait in line for their awards.
const FULL_LINE_RETRY: Duration = Duration::from_secs(5);

/// What one worker thread uses.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) source: Arc<RequestSource>,
    pub(super) performer: Arc<Performer>,
    pub(super) responder: Arc<Responder>,
    pub(super) quarantine: Arc<Quarantine>,
    pub(super) waiting: Arc<WaitingLine>,
    /// Shared by the workers of all sources.
    pub(super) locks: AwardLocks,
    pub(super) shutdown: Arc<Shutdown>,
}

impl Worker {
    /// Works until a stop is requested.
    pub(super) fn run(&self) {
        let mut receiving = Backoff::default();
        let mut working = Backoff::default();
        let stop = &self.shutdown.stop;
        while !stop.is_requested() {
            let turn = AssertUnwindSafe(|| self.turn(&mut receiving, &mut working));
            match catch_unwind(turn) {
                Ok(pause) if !pause.is_zero() => drop(stop.wait(pause)),
                Ok(_) => {}
                Err(_) => {
                    tracing::error!(
                        source = self.source.name,
                        "an internal error: please report it"
                    );
                    stop.wait(RECEIVE_WAIT);
                }
            }
        }
        // Each worker does this when it stops, because another one may add a request
        // later.
        for held in self.waiting.take_all() {
            self.give_back(&held.delivery, Duration::ZERO);
        }
    }

    /// Takes one request, if one comes, and returns the time to wait before the next.
    fn turn(&self, receiving: &mut Backoff, working: &mut Backoff) -> Duration {
        let source = &self.source;
        let Some(shared) = self.quarantine.shared(RECEIVE_WAIT) else {
            return Duration::ZERO;
        };
        if let Some((held, award)) = self.waiting.next(&self.locks) {
            if let Err(error) = self.count_again(&held.delivery) {
                source.record(Err(&error));
                self.give_back(&held.delivery, EXCLUSIVE_RETRY);
                return Duration::ZERO;
            }
            return self.take(&held.delivery, award, shared, working);
        }
        let received = match source.queue.receive(RECEIVE_WAIT) {
            Ok(received) => received,
            Err(error) => {
                drop(shared);
                source.record(Err(&error));
                return receiving.next();
            }
        };
        source.record(Ok(()));
        receiving.reset();
        let Some(delivery) = received else { return Duration::ZERO };
        let delivery = Arc::new(delivery);
        let held = HeldDelivery::new(delivery.clone(), source.hold(delivery));
        if held.delivery.attempt() > MAX_SHARED_ATTEMPTS {
            drop(shared);
            return self.take_alone(&held, working);
        }
        if let Some(award) = self.waiting.lock_award(&held, &self.locks) {
            return self.take(&held.delivery, award, shared, working);
        }
        // While the request waits, this attempt does not count: if the process ends, the
        // request is not the cause.
        let attempts = held.delivery.attempt().saturating_sub(1);
        if let Err(error) = source.queue.set_attempts(&held.delivery, attempts) {
            source.record(Err(&error));
            self.give_back(&held.delivery, EXCLUSIVE_RETRY);
        } else if let Some(held) = self.waiting.wait(held) {
            self.give_back(&held.delivery, FULL_LINE_RETRY);
        }
        Duration::ZERO
    }

    /// Takes a request as [`take`](Self::take) does, while no other request of its source
    /// is in hand. While it only waits for that, this attempt does not count: if the
    /// process ends, the request is not the cause.
    fn take_alone(&self, held: &HeldDelivery, backoff: &mut Backoff) -> Duration {
        let delivery = &held.delivery;
        let queue = &self.source.queue;
        let begun = queue.set_attempts(delivery, delivery.attempt() - 1).and_then(|()| {
            let Some(alone) = self.quarantine.exclusive(EXCLUSIVE_WAIT) else {
                return Ok(None);
            };
            // Another source may work on the award.
            let Some(award) = held.lock(&self.locks) else { return Ok(None) };
            self.count_again(delivery)?;
            Ok(Some((alone, award)))
        });
        match begun {
            Ok(Some((alone, award))) => {
                return self.take(delivery, award, alone, backoff);
            }
            Ok(None) => {}
            Err(error) => self.source.record(Err(&error)),
        }
        self.give_back(delivery, EXCLUSIVE_RETRY);
        Duration::ZERO
    }

    /// Counts the attempt of a request that has waited in hand.
    fn count_again(&self, delivery: &Delivery) -> Result<()> {
        self.source.queue.set_attempts(delivery, delivery.attempt())
    }

    /// Returns a request that was not worked on to its queue. If this fails, the request
    /// is handed out again when its lease runs out.
    fn give_back(&self, delivery: &Delivery, after: Duration) {
        if let Err(error) = self.source.queue.nack(delivery, after) {
            self.source.record(Err(&error));
        }
    }

    /// Performs the task of a delivery, and answers or returns it. Returns the time to
    /// wait before the next request. `award` is unlocked when the task is done;
    /// `quarantined` is dropped when the delivery is answered, or when a first attempt to
    /// answer it has failed.
    fn take<G>(
        &self,
        delivery: &Delivery,
        award: Option<AwardGuard>,
        quarantined: G,
        backoff: &mut Backoff,
    ) -> Duration {
        let task = match delivery.task() {
            Ok(task) => task,
            Err(why) => {
                self.respond(delivery, Settlement::DeadLetter(why), quarantined);
                return Duration::ZERO;
            }
        };
        if delivery.attempt() > MAX_ATTEMPTS {
            let message =
                format!("it was handed out {MAX_ATTEMPTS} times, and never answered");
            let why = Error::new(ErrorKind::Panic, message).with_help(
                "it seems to end the agent: find the cause in the logs, and send it again",
            );
            self.respond(delivery, Settlement::DeadLetter(&why), quarantined);
            return Duration::ZERO;
        }

        let performed = self.performer.perform(delivery, task);
        drop(award);
        let error = match performed {
            Ok(answer) => {
                self.respond(delivery, Settlement::Ack(answer), quarantined);
                backoff.reset();
                return Duration::ZERO;
            }
            Err(error) => error,
        };
        let nack = |pause| self.responder.nack(&self.source, delivery, &error, pause);
        let pause = match Disposition::of(&error) {
            Disposition::Abandoned if self.performer.is_set_aside(task) => {
                let why = set_aside();
                self.respond(delivery, Settlement::DeadLetter(&why), quarantined);
                Duration::ZERO
            }
            Disposition::Reject => {
                let answer = Settlement::Ack(Answer::from(&error));
                self.respond(delivery, answer, quarantined);
                backoff.reset();
                Duration::ZERO
            }
            Disposition::Abandoned => {
                // The request waits and the worker goes on: nothing that other requests
                // need has failed.
                nack(ABANDONED_RETRY);
                Duration::ZERO
            }
            Disposition::Retry => {
                let pause = backoff.next();
                nack(pause);
                pause
            }
            Disposition::Shutdown => {
                nack(Duration::ZERO);
                self.shut_down();
                Duration::ZERO
            }
        };
        // Do not wait until the next request fails: another agent may be able to do that
        // one.
        if self.performer.issue_service().has_abandoned_too_many() {
            self.shut_down();
        }
        pause
    }

    fn respond<G>(
        &self,
        delivery: &Delivery,
        settlement: Settlement<'_>,
        quarantined: G,
    ) {
        self.responder.respond(&self.source, delivery, settlement, quarantined);
    }

    /// Stops the agent as unhealthy, so that its supervisor restarts it.
    fn shut_down(&self) {
        if self.shutdown.set_unhealthy() {
            let abandoned = self.performer.issue_service().abandoned();
            tracing::error!(
                abandoned,
                "too many renders do not end: start the agent anew"
            );
        }
        self.shutdown.request_stop(GRACE_PERIOD);
    }
}
