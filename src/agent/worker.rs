//! One of the threads that do the work: receive, do, answer.
//!
//! Three rules: what is received is answered or given back; no error follows a success; nothing that
//! a request brings ends the thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::fate::{Fate, is_of_store, loggable};
use super::perform::perform;
use super::shared::Shared;
use super::source::Source;
use crate::agent::queue::{Answer, Delivery, LeaseState};
use crate::base::backoff::Backoff;
use crate::base::error::{Error, ErrorKind, Result};

/// How long to wait for a request before looking whether to stop.
const WAIT: Duration = Duration::from_secs(1);
/// A request that was handed out so often and never answered may end whoever takes it, and is worked
/// on alone from then on.
const MAX_IN_COMPANY: u32 = 3;
/// One that was handed out so often does end whoever takes it.
const MAX_ATTEMPTS: u32 = 10;
/// How long such a one waits while another of them is worked on.
const NEXT_ALONE: Duration = Duration::from_secs(1);
/// A request that did not end in time so often never will.
const MAX_SLOW: u32 = 2;

/// Works until a stop is asked for.
pub(super) fn run(shared: &Shared, source: &Source) {
    let mut reaching = Backoff::default();
    let mut working = Backoff::default();
    while !shared.halt.is_asked() {
        let turn = AssertUnwindSafe(|| {
            let company = shared.room.enter();
            match source.queue.receive(WAIT) {
                Ok(found) => {
                    source.saw(shared, Ok(()));
                    reaching.reset();
                    let delivery = Arc::new(found?);
                    let _held = source.hold(delivery.clone());
                    let suspicious = delivery.attempt() > MAX_IN_COMPANY;
                    Some(match suspicious {
                        false => take(shared, source, &delivery, &mut working),
                        true => {
                            drop(company);
                            take_alone(shared, source, &delivery, &mut working)
                        }
                    })
                }
                Err(error) => {
                    source.saw(shared, Err(&error));
                    Some(reaching.next())
                }
            }
        });
        match catch_unwind(turn) {
            Ok(Some(pause)) if !pause.is_zero() => drop(shared.halt.wait(pause)),
            Ok(_) => {}
            Err(_) => {
                tracing::error!(
                    source = source.name,
                    "a fault of the program: please report it"
                );
                shared.halt.wait(WAIT);
            }
        }
    }
}

/// How a request ends.
enum Close<'a> {
    Answered(Answer),
    Dead(&'a Error),
}

/// Does what a delivery asks for as [`take`] does, while nothing else is in hand.
fn take_alone(
    shared: &Shared,
    source: &Source,
    delivery: &Delivery,
    backoff: &mut Backoff,
) -> Duration {
    match shared.room.enter_alone() {
        Some(_alone) => take(shared, source, delivery, backoff),
        None => {
            // Otherwise its lease runs out.
            if let Err(error) = source.queue.retry(delivery, NEXT_ALONE) {
                source.saw(shared, Err(&error));
            }
            Duration::ZERO
        }
    }
}

/// Does what a delivery asks for, and gives the time to wait before the next.
fn take(
    shared: &Shared,
    source: &Source,
    delivery: &Delivery,
    backoff: &mut Backoff,
) -> Duration {
    let task = match delivery.task() {
        Ok(task) => task,
        Err(why) => {
            close(shared, source, delivery, Close::Dead(why));
            return Duration::ZERO;
        }
    };
    if delivery.attempt() > MAX_ATTEMPTS {
        let message =
            format!("it was handed out {} times, and never answered", MAX_ATTEMPTS);
        let why = Error::new(ErrorKind::Panic, message)
            .with_help("it seems to end the agent: look into its logs, and mend it");
        close(shared, source, delivery, Close::Dead(&why));
        return Duration::ZERO;
    }

    let begun = Instant::now();
    let result = catch(|| perform(shared, task));
    shared.metrics.stage("work", begun.elapsed());
    let error = match result {
        Ok(answer) => {
            shared.saw_work(Ok(&answer));
            close(shared, source, delivery, Close::Answered(answer));
            backoff.reset();
            return Duration::ZERO;
        }
        Err(error) => error,
    };
    shared.saw_work(Err(&error));
    let mut fate = Fate::of(&error);
    if fate == Fate::Slow {
        let times = shared.count_slow(format!("{} {}", source.name, delivery.id()));
        if times >= MAX_SLOW {
            fate = Fate::Fails;
        }
    }
    let pause = match fate {
        Fate::Fails => {
            close(shared, source, delivery, Close::Answered(Answer::from(&error)));
            backoff.reset();
            Duration::ZERO
        }
        Fate::Waits | Fate::Slow => {
            let pause = backoff.next();
            give_back(shared, source, delivery, &error, pause);
            pause
        }
        Fate::Unhealthy => {
            give_back(shared, source, delivery, &error, Duration::ZERO);
            shared.set_unwell();
            Duration::ZERO
        }
    };
    // Not only when the next one fails: others may be able to take it.
    if shared.has_abandoned_too_many() {
        shared.set_unwell();
    }
    pause
}

fn give_back(
    shared: &Shared,
    source: &Source,
    delivery: &Delivery,
    error: &Error,
    pause: Duration,
) {
    shared.metrics.retry(source.name, error.kind());
    tracing::debug!(source = source.name, id = delivery.id(), %error, "it is tried again");
    // What the store says is said once, when it begins to fail.
    if !is_of_store(error) {
        let (id, error) = (delivery.id(), loggable(error));
        tracing::warn!(source = source.name, id, error, "it is tried again");
    }
    // Otherwise its lease runs out.
    if let Err(error) = source.queue.retry(delivery, pause) {
        source.saw(shared, Err(&error));
    }
}

/// Answers, as often as it takes: the work is done, and must not be for nothing.
fn close(shared: &Shared, source: &Source, delivery: &Delivery, close: Close<'_>) {
    let begun = Instant::now();
    let mut backoff = Backoff::default();
    let hold = loop {
        let result = match &close {
            Close::Answered(answer) => source.queue.done(delivery, answer),
            Close::Dead(why) => source.queue.dead(delivery, why),
        };
        let error = match result {
            Ok(hold) => break hold,
            Err(error) => error,
        };
        match is_of_store(&error) {
            true => shared.saw_store(Err(&error)),
            false => source.saw(shared, Err(&error)),
        }
        if shared.halt.is_over() {
            return;
        }
        let pause = backoff.next();
        if shared.halt.wait(pause) {
            thread::sleep(pause.min(Duration::from_millis(200)));
        }
    };
    source.saw(shared, Ok(()));
    shared.metrics.stage("answer", begun.elapsed());
    let answer = match close {
        Close::Answered(answer) => answer,
        Close::Dead(why) => Answer::from(why),
    };
    say(source, delivery, &answer);
    shared.metrics.request(source.name, answer.as_str());
    if hold == LeaseState::Lost {
        shared.metrics.lost(source.name);
        tracing::warn!(
            source = source.name,
            id = delivery.id(),
            "it was handed out again"
        );
        return;
    }
    if let Some(webhook) = &shared.webhook
        && !matches!(answer, Answer::Ignored { .. })
    {
        webhook.tell(&answer.to_json(delivery), &shared.metrics);
    }
}

fn say(source: &Source, delivery: &Delivery, answer: &Answer) {
    let (source, id) = (source.name, delivery.id());
    let course = delivery.about().course.as_deref();
    let recipient = delivery.about().recipient.as_deref();
    let outcome = answer.as_str();
    match answer {
        Answer::Issued { urls, .. } => {
            let certificate = &urls.verify_id;
            tracing::info!(source, id, course, outcome, certificate, "done");
        }
        Answer::Revoked { verify_id } => {
            tracing::info!(source, id, course, outcome, certificate = verify_id, "done");
        }
        Answer::Ignored { why } => {
            tracing::debug!(source, id, course, outcome, why, "done")
        }
        Answer::Failed { kind, message, help } => {
            tracing::warn!(
                source,
                id,
                course,
                outcome,
                error = kind.as_str(),
                "answered"
            );
            tracing::debug!(source, id, recipient, message, help, "why it failed");
        }
    }
}

/// Whatever happens is a result.
fn catch(work: impl FnOnce() -> Result<Answer>) -> Result<Answer> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Panic,
            "a fault of the program kept it from being issued",
        )
        .with_help("please report it with the request"))
    })
}
