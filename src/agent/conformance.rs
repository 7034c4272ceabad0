//! Tests of the contract of [`Queue`]: functions that panic if an implementation breaks
//! it.
//!
//! The tests of an implementation call each function with a new [`QueueHarness`]. A
//! function may take some seconds, because it waits until leases run out.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use super::queue::{Answer, Delivery, LeaseState, Queue, Task};
use crate::base::digits::CertificateId;
use crate::base::error::{ErrorKind, Result};
use crate::register::issue::{CertificateUrls, IssueOutcome};
use crate::site::PublishSettings;

/// The lease of the queues that a harness gives.
pub const LEASE: Duration = Duration::from_secs(2);
/// The course of the requests that a harness sends.
pub const COURSE: &str = "Example/Knots/2026";
/// Long enough for an expected message on a busy machine.
const LONG: Duration = Duration::from_secs(20);
/// Long enough to conclude that there is no message.
const BRIEF: Duration = Duration::from_millis(200);

/// The other side of a queue, which its tests need: it sends requests and reads answers.
/// Each harness has an empty queue of its own.
pub trait QueueHarness: Sync {
    /// An agent's connection to the queue, with leases of [`LEASE`].
    fn queue(&self, consumer: &str) -> Box<dyn Queue>;
    /// Sends a request for a certificate of [`COURSE`] to the recipient of this id.
    fn send(&self, recipient: &str);
    /// Sends a message that is no request.
    fn send_broken(&self);
    /// Returns all answers so far, in their order: the recipient, empty if that is not
    /// known, and whether a certificate was issued.
    fn answers(&self) -> Vec<(String, bool)>;
    /// Makes the queue unreachable, or reachable again with the requests that it held.
    /// Returns `false` if the harness cannot do that, for instance for a queue in memory.
    fn set_down(&mut self, _down: bool) -> bool {
        false
    }
}

/// A queue without requests returns none once the wait is over, and does not wait much
/// longer.
pub fn empty_queue_returns_none_after_the_wait(harness: impl QueueHarness) {
    let queue = open(&harness, "a");
    let begun = Instant::now();
    let now = queue.receive(Duration::ZERO).expect("`receive` succeeds");
    assert!(now.is_none(), "nothing was sent");
    assert!(receive_briefly(&*queue).is_none(), "nothing was sent");
    assert!(begun.elapsed() >= BRIEF, "`receive` waits");
    assert!(begun.elapsed() < LONG, "`receive` does not wait for ever");
}

/// Requests are received in the order and with the content in which they were sent, and
/// are removed once they are answered.
pub fn acknowledged_requests_are_gone(harness: impl QueueHarness) {
    let queue = open(&harness, "a");
    // No name is part of a number, which the debug output has.
    let recipients = ["hypatia", "grace", "émilie"];
    recipients.iter().for_each(|recipient| harness.send(recipient));
    for recipient in recipients {
        let delivery = receive(&*queue);
        assert_eq!(
            delivery.correlation().recipient.as_deref(),
            Some(recipient),
            "requests come in order"
        );
        let Ok(Task::Issue { request, .. }) = delivery.task() else {
            panic!("a request to issue is a task to issue: {:?}", delivery.task())
        };
        assert_eq!(request.recipient(), Some(recipient));
        assert_eq!(request.course(), COURSE);
        assert_eq!(delivery.attempt(), 1, "it was not handed out before");
        assert!(
            !format!("{delivery:?} {queue:?}").contains(recipient),
            "the debug output has no personal data"
        );
        assert_eq!(ack(&*queue, &delivery), LeaseState::Held);
    }
    assert_eq!(harness.answers(), recipients.map(issued_to), "each is answered once");
    thread::sleep(LEASE + BRIEF);
    assert!(receive_briefly(&*queue).is_none(), "an answered request is gone");
}

/// A request is kept from other agents as long as its lease lasts.
pub fn leased_request_is_not_delivered_again(harness: impl QueueHarness) {
    let (one, other) = (open(&harness, "a"), open(&harness, "b"));
    assert_eq!(one.lease(), LEASE, "the harness gives queues of this lease");
    harness.send("ada");
    let begun = Instant::now();
    let delivery = receive(&*one);
    let again = receive_briefly(&*other);
    // If the machine was busy for longer than the lease, the result proves nothing.
    if begun.elapsed() < LEASE {
        assert!(again.is_none(), "the request is leased");
        let extended = one.extend_lease(&delivery).expect("`extend_lease` succeeds");
        assert_eq!(extended, LeaseState::Held);
    }
}

/// A request whose lease has run out is handed out again, and a late answer under the old
/// lease changes nothing.
pub fn expired_lease_goes_to_another_consumer(harness: impl QueueHarness) {
    let (one, other) = (open(&harness, "a"), open(&harness, "b"));
    harness.send("ada");
    let lost = receive(&*one);
    let delivery = receive(&*other);
    assert_eq!(delivery.id(), lost.id(), "the lease runs out");
    let extended = one.extend_lease(&lost).expect("`extend_lease` succeeds");
    assert_eq!(extended, LeaseState::Lost);
    assert_eq!(ack(&*other, &delivery), LeaseState::Held);
    assert_eq!(ack(&*one, &lost), LeaseState::Lost, "a late answer");
    let answers = harness.answers();
    assert!(answers.iter().all(|answer| *answer == issued_to("ada")), "{answers:?}");
    thread::sleep(LEASE + BRIEF);
    assert!(receive_briefly(&*other).is_none(), "an answered request is gone");
}

/// A request that its agent returns is handed out again. It has no answer, and the
/// attempt is not counted.
pub fn nacked_request_is_delivered_again(harness: impl QueueHarness) {
    let queue = open(&harness, "a");
    harness.send("ada");
    for _ in 0..2 {
        let delivery = receive(&*queue);
        assert_eq!(delivery.attempt(), 1, "a nack does not count as a delivery");
        queue.nack(&delivery, BRIEF).expect("`nack` succeeds");
    }
    assert_eq!(harness.answers(), [], "a nack is no answer");
    let delivery = receive(&*queue);
    ack(&*queue, &delivery);
    assert_eq!(harness.answers(), [issued_to("ada")]);
}

/// A message that is no request is handed out as an error, and can be set aside for good.
pub fn malformed_request_is_dead_lettered(harness: impl QueueHarness) {
    let queue = open(&harness, "a");
    harness.send("ada");
    harness.send_broken();
    harness.send("grace");
    let mut good = 0;
    for _ in 0..3 {
        let delivery = receive(&*queue);
        match delivery.task() {
            Ok(_) => {
                good += 1;
                ack(&*queue, &delivery);
            }
            Err(why) => {
                assert!(why.is_user_fault() && !why.is_retryable(), "{why}");
                let state = queue.dead_letter(&delivery, why);
                let state = state.expect("`dead_letter` succeeds");
                assert_eq!(state, LeaseState::Held);
            }
        }
    }
    assert_eq!(good, 2, "the requests around it are requests");
    thread::sleep(LEASE + BRIEF);
    assert!(receive_briefly(&*queue).is_none(), "a dead letter does not come again");
    let answers = harness.answers();
    assert_eq!(answers.iter().filter(|(_, good)| *good).count(), 2, "{answers:?}");
    assert_eq!(answers.iter().filter(|(_, good)| !*good).count(), 1, "{answers:?}");
}

/// Each request is handed out to one of several threads of several agents.
pub fn concurrent_consumers_get_each_request_once(harness: impl QueueHarness) {
    const MANY: usize = 60;
    let queues = [open(&harness, "a"), open(&harness, "b")];
    (0..MANY).for_each(|number| harness.send(&format!("recipient-{number:02}")));
    let receive_all = |queue: &dyn Queue| {
        let mut recipients = Vec::new();
        while let Some(delivery) = queue.receive(BRIEF * 3).expect("`receive` succeeds") {
            ack(queue, &delivery);
            recipients.extend(delivery.correlation().recipient.clone());
        }
        recipients
    };
    let received: Vec<Vec<String>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let queue = &queues[number % 2];
                scope.spawn(move || receive_all(&**queue))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    });
    let mut count = BTreeMap::new();
    for recipient in received.into_iter().flatten() {
        *count.entry(recipient).or_insert(0) += 1;
    }
    assert_eq!(count.len(), MANY, "no request is lost");
    assert!(count.values().all(|times| *times == 1), "each comes once: {count:?}");
    assert_eq!(harness.answers().len(), MANY);
}

/// While the queue cannot be reached, all calls fail with a retryable error; once it is
/// reachable again, no request is lost. Returns at once if the harness [cannot be
/// down](QueueHarness::set_down).
pub fn outage_is_retryable_and_loses_nothing(mut harness: impl QueueHarness) {
    let queue = open(&harness, "a");
    harness.send("ada");
    harness.send("grace");
    let delivery = receive(&*queue);

    if !harness.set_down(true) {
        return;
    }
    let failures = [
        ("receive", queue.receive(BRIEF).map(drop)),
        ("ack", queue.ack(&delivery, &issued(&delivery)).map(drop)),
        ("check", queue.check()),
        ("depth", queue.depth().map(drop)),
        ("check of a new connection", harness.queue("b").check()),
    ];
    for (call, result) in failures {
        let Err(error) = result else { panic!("`{call}` fails while it is down") };
        assert_eq!(error.kind(), ErrorKind::Queue, "{call}: {error}");
        assert!(error.is_retryable() && !error.is_user_fault(), "{call}: {error}");
    }

    harness.set_down(false);
    // The delivery that is held can be answered, and the other request is still there.
    retry(|| queue.ack(&delivery, &issued(&delivery)).map(drop));
    let mut recipients = Vec::new();
    for _ in 0..4 {
        let Some(delivery) = retry(|| queue.receive(LEASE)) else { continue };
        ack(&*queue, &delivery);
        recipients.extend(delivery.correlation().recipient.clone());
    }
    assert!(recipients.contains(&"grace".to_owned()), "{recipients:?}");
    let answers = harness.answers();
    assert!(answers.contains(&issued_to("ada")), "{answers:?}");
    assert!(answers.contains(&issued_to("grace")), "{answers:?}");
}

/// The same answer a second time changes nothing.
pub fn repeated_ack_is_harmless(harness: impl QueueHarness) {
    let queue = open(&harness, "a");
    harness.send("ada");
    let delivery = receive(&*queue);
    ack(&*queue, &delivery);
    ack(&*queue, &delivery);
    let answers = harness.answers();
    assert!(answers.iter().all(|answer| *answer == issued_to("ada")), "{answers:?}");
}

/// The depth, if the queue tells it, counts the requests that wait and those that are
/// held. A failure is an answer too.
pub fn depth_counts_waiting_and_held(harness: impl QueueHarness) {
    let queue = open(&harness, "a");
    let depth = || queue.depth().expect("`depth` succeeds").unwrap_or_default();
    assert!(matches!(depth().waiting, None | Some(0)), "nothing was sent");
    ["ada", "grace", "emmy"].iter().for_each(|recipient| harness.send(recipient));
    let begun = Instant::now();
    let delivery = receive(&*queue);
    let depth = depth();
    if begun.elapsed() < LEASE {
        assert!(matches!(depth.waiting, None | Some(2)), "{depth:?}");
        assert!(matches!(depth.held, None | Some(1)), "{depth:?}");
    }
    queue.ack(&delivery, &failed()).expect("`ack` succeeds");
    assert_eq!(harness.answers(), [("ada".to_owned(), false)]);
}

fn open(harness: &impl QueueHarness, consumer: &str) -> Box<dyn Queue> {
    let queue = harness.queue(consumer);
    queue.check().expect("`check` succeeds");
    queue
}

/// The next request; there must be one.
fn receive(queue: &dyn Queue) -> Delivery {
    queue.receive(LONG).expect("`receive` succeeds").expect("a request was sent")
}

fn receive_briefly(queue: &dyn Queue) -> Option<Delivery> {
    queue.receive(BRIEF).expect("`receive` succeeds")
}

/// Answers that a certificate was issued.
fn ack(queue: &dyn Queue, delivery: &Delivery) -> LeaseState {
    queue.ack(delivery, &issued(delivery)).expect("`ack` succeeds")
}

fn issued_to(recipient: &str) -> (String, bool) {
    (recipient.to_owned(), true)
}

/// The answer that a certificate was issued, with ids made from the recipient.
fn issued(delivery: &Delivery) -> Answer {
    let recipient = delivery.correlation().recipient.as_deref().unwrap_or_default();
    let sum: u32 = recipient.bytes().map(u32::from).sum();
    let verify_id: CertificateId =
        format!("{sum:032x}").parse().expect("it has 32 digits");
    let download_id = format!("{sum:032x}").parse().expect("it has 32 digits");
    let publish = PublishSettings::default();
    Answer::Issued {
        urls: CertificateUrls {
            verify_url: publish.verify_url(&verify_id),
            download_url: publish.download_url(&download_id),
            verify_id,
            download_id,
        },
        outcome: IssueOutcome::Issued,
        edition: 1,
        issued: None,
        page: Box::default(),
    }
}

/// The answer that no certificate can be issued.
fn failed() -> Answer {
    let message = format!("there is no course `{COURSE}`");
    Answer::Failed { kind: ErrorKind::UnknownCourse, message, help: None, place: None }
}

/// Repeats a call while its error is retryable.
fn retry<T>(mut call: impl FnMut() -> Result<T>) -> T {
    let begun = Instant::now();
    loop {
        match call() {
            Ok(value) => return value,
            Err(error) if error.is_retryable() && begun.elapsed() < LONG => {
                thread::sleep(BRIEF / 4);
            }
            Err(error) => panic!("the queue does not come back: {error}"),
        }
    }
}
