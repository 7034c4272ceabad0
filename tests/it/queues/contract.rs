//! The contract of `Queue`, as functions that run for each implementation.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use testamur::ErrorKind;
use testamur::agent::{Delivery, LeaseState, Queue, Task};

use super::redis_server::RedisServer;
use super::xqueue_server::XqueueServer;
use super::{BRIEF, LONG, failed, issued};

/// The lease of the queues in these tests.
pub(super) const LEASE: Duration = Duration::from_secs(2);

/// A server with one queue.
pub(super) trait QueueServer: Sync {
    fn new() -> Self
    where
        Self: Sized;
    /// An agent's connection to the queue.
    fn queue(&self, consumer: &str) -> Box<dyn Queue>;
    /// Sends a request for a recipient's certificate.
    fn send(&self, recipient: &str);
    /// Sends a malformed request.
    fn send_broken(&self);
    /// All answers so far: the recipient, and whether a certificate was issued.
    fn answers(&self) -> Vec<(String, bool)>;
    /// Stops the server, or starts it again with its data.
    fn set_down(&mut self, down: bool);
}

macro_rules! contract {
    ($($name:ident)*) => {
        mod redis {
            $(#[test]
            fn $name() {
                super::$name(<super::RedisServer as super::QueueServer>::new());
            })*
        }
        mod xqueue {
            $(#[test]
            fn $name() {
                super::$name(<super::XqueueServer as super::QueueServer>::new());
            })*
        }
    };
}

contract! {
    empty_queue_returns_none_after_the_wait
    acknowledged_requests_are_gone
    leased_request_is_not_delivered_again
    expired_lease_goes_to_another_consumer
    nacked_request_is_delivered_again
    malformed_request_is_dead_lettered
    concurrent_consumers_get_each_request_once
    outage_is_retryable_and_loses_nothing
    repeated_ack_is_harmless
    depth_counts_waiting_and_held
}

fn empty_queue_returns_none_after_the_wait(server: impl QueueServer) {
    let queue = server.queue("a");
    queue.check().unwrap();
    let begun = Instant::now();
    assert!(queue.receive(Duration::ZERO).unwrap().is_none());
    assert!(queue.receive(BRIEF).unwrap().is_none());
    assert!(begun.elapsed() >= BRIEF, "it waits");
    assert!(begun.elapsed() < LONG, "it does not wait for ever");
}

fn acknowledged_requests_are_gone(server: impl QueueServer) {
    let queue = server.queue("a");
    queue.check().unwrap();
    for recipient in ["ada", "grace", "émilie"] {
        server.send(recipient);
    }
    for recipient in ["ada", "grace", "émilie"] {
        let delivery = receive(&*queue);
        assert_eq!(
            delivery.correlation().recipient.as_deref(),
            Some(recipient),
            "requests come in order"
        );
        let Ok(Task::Issue { request, .. }) = delivery.task() else { panic!() };
        assert_eq!(request.recipient(), Some(recipient));
        assert_eq!(request.course(), "Example/Knots/2026");
        assert_eq!(delivery.attempt(), 1);
        assert!(
            !format!("{delivery:?}").contains(recipient),
            "the debug output has no personal data"
        );
        assert_eq!(queue.ack(&delivery, &issued(&delivery)).unwrap(), LeaseState::Held);
    }
    let all = ["ada", "grace", "émilie"].map(|recipient| (recipient.to_owned(), true));
    assert_eq!(server.answers(), all);
    thread::sleep(LEASE + BRIEF);
    assert!(queue.receive(BRIEF).unwrap().is_none());
}

fn leased_request_is_not_delivered_again(server: impl QueueServer) {
    let (one, other) = (server.queue("a"), server.queue("b"));
    one.check().unwrap();
    assert_eq!(one.lease(), LEASE);
    server.send("ada");
    let begun = Instant::now();
    let delivery = receive(&*one);
    let again = other.receive(BRIEF).unwrap();
    // If the machine was busy for longer than the lease, the result says nothing.
    if begun.elapsed() < LEASE {
        assert!(again.is_none());
        assert_eq!(one.extend_lease(&delivery).unwrap(), LeaseState::Held);
    }
}

fn expired_lease_goes_to_another_consumer(server: impl QueueServer) {
    let (one, other) = (server.queue("a"), server.queue("b"));
    one.check().unwrap();
    server.send("ada");
    let lost = receive(&*one);
    let delivery = receive(&*other);
    assert_eq!(delivery.id(), lost.id());
    assert_eq!(one.extend_lease(&lost).unwrap(), LeaseState::Lost);
    assert_eq!(other.ack(&delivery, &issued(&delivery)).unwrap(), LeaseState::Held);
    // The first agent was slow: its late answer does no harm.
    assert_eq!(one.ack(&lost, &issued(&lost)).unwrap(), LeaseState::Lost);
    let answers = server.answers();
    assert!(
        answers.iter().all(|answer| *answer == ("ada".to_owned(), true)),
        "{answers:?}"
    );
    thread::sleep(LEASE + BRIEF);
    assert!(other.receive(BRIEF).unwrap().is_none());
}

fn nacked_request_is_delivered_again(server: impl QueueServer) {
    let queue = server.queue("a");
    queue.check().unwrap();
    server.send("ada");
    for _ in 0..2 {
        let delivery = receive(&*queue);
        assert_eq!(delivery.attempt(), 1, "a nack does not count as a delivery");
        queue.nack(&delivery, BRIEF).unwrap();
    }
    assert_eq!(server.answers(), []);
    let delivery = receive(&*queue);
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    assert_eq!(server.answers(), [("ada".to_owned(), true)]);
}

fn malformed_request_is_dead_lettered(server: impl QueueServer) {
    let queue = server.queue("a");
    queue.check().unwrap();
    server.send("ada");
    server.send_broken();
    server.send("grace");
    let mut good = 0;
    for _ in 0..3 {
        let delivery = receive(&*queue);
        match delivery.task() {
            Ok(_) => {
                good += 1;
                queue.ack(&delivery, &issued(&delivery)).unwrap();
            }
            Err(why) => {
                assert!(why.is_user_fault() && !why.is_retryable(), "{why}");
                assert_eq!(queue.dead_letter(&delivery, why).unwrap(), LeaseState::Held);
            }
        }
    }
    assert_eq!(good, 2);
    thread::sleep(LEASE + BRIEF);
    assert!(queue.receive(BRIEF).unwrap().is_none());
    let answers = server.answers();
    assert_eq!(answers.iter().filter(|(_, good)| *good).count(), 2);
    assert_eq!(answers.iter().filter(|(_, good)| !*good).count(), 1, "{answers:?}");
}

fn concurrent_consumers_get_each_request_once(server: impl QueueServer) {
    const MANY: usize = 60;
    let queues = [server.queue("a"), server.queue("b")];
    queues[0].check().unwrap();
    for number in 0..MANY {
        server.send(&format!("recipient-{number:02}"));
    }
    let received: Vec<Vec<String>> = thread::scope(|scope| {
        let hands: Vec<_> = (0..4)
            .map(|hand| {
                let queue = &queues[hand % 2];
                scope.spawn(move || {
                    let mut recipients = Vec::new();
                    while let Some(delivery) = queue.receive(BRIEF * 3).unwrap() {
                        queue.ack(&delivery, &issued(&delivery)).unwrap();
                        recipients.extend(delivery.correlation().recipient.clone());
                    }
                    recipients
                })
            })
            .collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    let mut count = BTreeMap::new();
    for recipient in received.into_iter().flatten() {
        *count.entry(recipient).or_insert(0) += 1;
    }
    assert_eq!(count.len(), MANY, "no request is lost");
    assert!(count.values().all(|times| *times == 1), "{count:?}");
    assert_eq!(server.answers().len(), MANY);
}

fn outage_is_retryable_and_loses_nothing(mut server: impl QueueServer) {
    let queue = server.queue("a");
    queue.check().unwrap();
    server.send("ada");
    server.send("grace");
    let delivery = receive(&*queue);

    server.set_down(true);
    for fault in [
        queue.receive(BRIEF).map(drop).unwrap_err(),
        queue.ack(&delivery, &issued(&delivery)).map(drop).unwrap_err(),
        queue.check().unwrap_err(),
        queue.depth().map(drop).unwrap_err(),
        server.queue("b").check().unwrap_err(),
    ] {
        assert_eq!(fault.kind(), ErrorKind::Queue, "{fault}");
        assert!(fault.is_retryable() && !fault.is_user_fault());
    }

    server.set_down(false);
    // The delivery that is held can be answered, and the other request is still there.
    patiently(|| queue.ack(&delivery, &issued(&delivery)).map(drop));
    let mut recipients = Vec::new();
    for _ in 0..4 {
        let Some(delivery) = patiently(|| queue.receive(LEASE)) else { continue };
        queue.ack(&delivery, &issued(&delivery)).unwrap();
        recipients.extend(delivery.correlation().recipient.clone());
    }
    assert!(recipients.contains(&"grace".to_owned()), "{recipients:?}");
    let answers = server.answers();
    assert!(answers.contains(&("ada".to_owned(), true)), "{answers:?}");
    assert!(answers.contains(&("grace".to_owned(), true)), "{answers:?}");
}

fn repeated_ack_is_harmless(server: impl QueueServer) {
    let queue = server.queue("a");
    queue.check().unwrap();
    server.send("ada");
    let delivery = receive(&*queue);
    let answer = issued(&delivery);
    queue.ack(&delivery, &answer).unwrap();
    queue.ack(&delivery, &answer).unwrap();
    let answers = server.answers();
    assert!(
        answers.iter().all(|answer| *answer == ("ada".to_owned(), true)),
        "{answers:?}"
    );
}

fn depth_counts_waiting_and_held(server: impl QueueServer) {
    let queue = server.queue("a");
    queue.check().unwrap();
    assert_eq!(queue.depth().unwrap().unwrap().waiting, Some(0));
    server.send("ada");
    server.send("grace");
    server.send("emmy");
    let begun = Instant::now();
    let delivery = receive(&*queue);
    let depth = queue.depth().unwrap().unwrap();
    if begun.elapsed() < LEASE {
        assert_eq!(depth.waiting, Some(2));
        assert!(matches!(depth.held, None | Some(1)));
    }
    queue.ack(&delivery, &failed()).unwrap();
    assert_eq!(server.answers(), [("ada".to_owned(), false)]);
}

/// The next request; there must be one.
pub(super) fn receive(queue: &dyn Queue) -> Delivery {
    queue.receive(LONG).unwrap().expect("a request was sent")
}

/// Repeats a call while its error is retryable.
fn patiently<T>(mut ask: impl FnMut() -> testamur::Result<T>) -> T {
    let begun = Instant::now();
    loop {
        match ask() {
            Ok(done) => return done,
            Err(fault) if fault.is_retryable() && begun.elapsed() < LONG => {
                thread::sleep(BRIEF / 4);
            }
            Err(fault) => panic!("{fault}"),
        }
    }
}
