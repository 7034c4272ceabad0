//! What every queue promises.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use testamur::ErrorKind;
use testamur::agent::{Delivery, LeaseState, Queue, Task};

use super::server::RedisWorld;
use super::xserver::XqueueWorld;
use super::{BRIEF, LONG, failed, issued};

/// How long a lease is in these tests.
pub(super) const LEASE: Duration = Duration::from_secs(2);

/// A server with one queue.
pub(super) trait World: Sync {
    fn new() -> Self
    where
        Self: Sized;
    /// An agent's view of the queue.
    fn queue(&self, consumer: &str) -> Box<dyn Queue>;
    /// Somebody asks for a recipient's certificate.
    fn send(&self, recipient: &str);
    /// Somebody sends what is no request.
    fn send_broken(&self);
    /// Every answer that has arrived: the recipient, and whether it is a good one.
    fn answers(&self) -> Vec<(String, bool)>;
    /// The server goes away, or comes back with all it had.
    fn set_away(&mut self, away: bool);
}

macro_rules! contract {
    ($($name:ident)*) => {
        mod redis {
            $(#[test]
            fn $name() {
                super::$name(<super::RedisWorld as super::World>::new());
            })*
        }
        mod xqueue {
            $(#[test]
            fn $name() {
                super::$name(<super::XqueueWorld as super::World>::new());
            })*
        }
    };
}

contract! {
    nothing_is_there
    what_is_answered_is_gone
    what_is_held_is_not_handed_out
    the_dead_lose_what_they_held
    what_is_given_back_comes_again
    poison_among_good
    many_hands
    away_and_back
    an_answer_may_be_given_twice
    how_much_there_is_to_do
}

fn nothing_is_there(world: impl World) {
    let queue = world.queue("a");
    queue.check().unwrap();
    let begun = Instant::now();
    assert!(queue.receive(Duration::ZERO).unwrap().is_none());
    assert!(queue.receive(BRIEF).unwrap().is_none());
    assert!(begun.elapsed() >= BRIEF, "it waited");
    assert!(begun.elapsed() < LONG, "and not for ever");
}

fn what_is_answered_is_gone(world: impl World) {
    let queue = world.queue("a");
    queue.check().unwrap();
    for recipient in ["ada", "grace", "émilie"] {
        world.send(recipient);
    }
    for recipient in ["ada", "grace", "émilie"] {
        let delivery = receive(&*queue);
        assert_eq!(
            delivery.correlation().recipient.as_deref(),
            Some(recipient),
            "in order"
        );
        let Ok(Task::Issue { request, .. }) = delivery.task() else { panic!() };
        assert_eq!(request.recipient(), Some(recipient));
        assert_eq!(request.course(), "Example/Knots/2026");
        assert_eq!(delivery.attempt(), 1);
        assert!(!format!("{delivery:?}").contains(recipient), "it shows nobody");
        assert_eq!(queue.ack(&delivery, &issued(&delivery)).unwrap(), LeaseState::Held);
    }
    let all = ["ada", "grace", "émilie"].map(|recipient| (recipient.to_owned(), true));
    assert_eq!(world.answers(), all);
    thread::sleep(LEASE + BRIEF);
    assert!(queue.receive(BRIEF).unwrap().is_none());
}

fn what_is_held_is_not_handed_out(world: impl World) {
    let (one, other) = (world.queue("a"), world.queue("b"));
    one.check().unwrap();
    assert_eq!(one.lease(), LEASE);
    world.send("ada");
    let begun = Instant::now();
    let delivery = receive(&*one);
    let again = other.receive(BRIEF).unwrap();
    // A machine that stands still for so long proves nothing.
    if begun.elapsed() < LEASE {
        assert!(again.is_none());
        assert_eq!(one.extend_lease(&delivery).unwrap(), LeaseState::Held);
    }
}

fn the_dead_lose_what_they_held(world: impl World) {
    let (one, other) = (world.queue("a"), world.queue("b"));
    one.check().unwrap();
    world.send("ada");
    let lost = receive(&*one);
    let delivery = receive(&*other);
    assert_eq!(delivery.id(), lost.id());
    assert_eq!(one.extend_lease(&lost).unwrap(), LeaseState::Lost);
    assert_eq!(other.ack(&delivery, &issued(&delivery)).unwrap(), LeaseState::Held);
    // The first was only slow: its answer comes late, and does no harm.
    assert_eq!(one.ack(&lost, &issued(&lost)).unwrap(), LeaseState::Lost);
    let answers = world.answers();
    assert!(
        answers.iter().all(|answer| *answer == ("ada".to_owned(), true)),
        "{answers:?}"
    );
    thread::sleep(LEASE + BRIEF);
    assert!(other.receive(BRIEF).unwrap().is_none());
}

fn what_is_given_back_comes_again(world: impl World) {
    let queue = world.queue("a");
    queue.check().unwrap();
    world.send("ada");
    for _ in 0..2 {
        let delivery = receive(&*queue);
        assert_eq!(delivery.attempt(), 1, "giving it back is no failure");
        queue.nack(&delivery, BRIEF).unwrap();
    }
    assert_eq!(world.answers(), []);
    let delivery = receive(&*queue);
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    assert_eq!(world.answers(), [("ada".to_owned(), true)]);
}

fn poison_among_good(world: impl World) {
    let queue = world.queue("a");
    queue.check().unwrap();
    world.send("ada");
    world.send_broken();
    world.send("grace");
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
    let answers = world.answers();
    assert_eq!(answers.iter().filter(|(_, good)| *good).count(), 2);
    assert_eq!(answers.iter().filter(|(_, good)| !*good).count(), 1, "{answers:?}");
}

fn many_hands(world: impl World) {
    const MANY: usize = 60;
    let queues = [world.queue("a"), world.queue("b")];
    queues[0].check().unwrap();
    for number in 0..MANY {
        world.send(&format!("recipient-{number:02}"));
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
    assert_eq!(count.len(), MANY, "none is lost");
    assert!(count.values().all(|times| *times == 1), "{count:?}");
    assert_eq!(world.answers().len(), MANY);
}

fn away_and_back(mut world: impl World) {
    let queue = world.queue("a");
    queue.check().unwrap();
    world.send("ada");
    world.send("grace");
    let delivery = receive(&*queue);

    world.set_away(true);
    for fault in [
        queue.receive(BRIEF).map(drop).unwrap_err(),
        queue.ack(&delivery, &issued(&delivery)).map(drop).unwrap_err(),
        queue.check().unwrap_err(),
        queue.depth().map(drop).unwrap_err(),
        world.queue("b").check().unwrap_err(),
    ] {
        assert_eq!(fault.kind(), ErrorKind::Queue, "{fault}");
        assert!(fault.is_retryable() && !fault.is_user_fault());
    }

    world.set_away(false);
    // Whoever holds it still has the answer, and the rest is there as it was.
    patiently(|| queue.ack(&delivery, &issued(&delivery)).map(drop));
    let mut recipients = Vec::new();
    for _ in 0..4 {
        let Some(delivery) = patiently(|| queue.receive(LEASE)) else { continue };
        queue.ack(&delivery, &issued(&delivery)).unwrap();
        recipients.extend(delivery.correlation().recipient.clone());
    }
    assert!(recipients.contains(&"grace".to_owned()), "{recipients:?}");
    let answers = world.answers();
    assert!(answers.contains(&("ada".to_owned(), true)), "{answers:?}");
    assert!(answers.contains(&("grace".to_owned(), true)), "{answers:?}");
}

fn an_answer_may_be_given_twice(world: impl World) {
    let queue = world.queue("a");
    queue.check().unwrap();
    world.send("ada");
    let delivery = receive(&*queue);
    let answer = issued(&delivery);
    queue.ack(&delivery, &answer).unwrap();
    queue.ack(&delivery, &answer).unwrap();
    let answers = world.answers();
    assert!(
        answers.iter().all(|answer| *answer == ("ada".to_owned(), true)),
        "{answers:?}"
    );
}

fn how_much_there_is_to_do(world: impl World) {
    let queue = world.queue("a");
    queue.check().unwrap();
    assert_eq!(queue.depth().unwrap().unwrap().waiting, Some(0));
    world.send("ada");
    world.send("grace");
    world.send("emmy");
    let begun = Instant::now();
    let delivery = receive(&*queue);
    let depth = queue.depth().unwrap().unwrap();
    if begun.elapsed() < LEASE {
        assert_eq!(depth.waiting, Some(2));
        assert!(matches!(depth.held, None | Some(1)));
    }
    queue.ack(&delivery, &failed()).unwrap();
    assert_eq!(world.answers(), [("ada".to_owned(), false)]);
}

/// The next request, which must come.
pub(super) fn receive(queue: &dyn Queue) -> Delivery {
    queue.receive(LONG).unwrap().expect("a request was sent")
}

/// What a caller does who never gives up.
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
