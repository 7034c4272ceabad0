//! The contract of `Queue`, a test each for each implementation.

use testamur::agent::conformance::{self, QueueHarness};
use testamur::agent::{Answer, Delivery, MemoryQueue, Queue};

pub(super) use testamur::agent::conformance::LEASE;

use super::LONG;
use super::redis_server::RedisServer;
use super::xqueue_server::XqueueServer;

macro_rules! contract {
    ($($name:ident)*) => {
        mod memory {
            $(#[test]
            fn $name() {
                super::conformance::$name(super::MemoryHarness::new());
            })*
        }
        mod redis {
            $(#[test]
            fn $name() {
                super::conformance::$name(super::RedisServer::new());
            })*
        }
        mod xqueue {
            $(#[test]
            fn $name() {
                super::conformance::$name(super::XqueueServer::new());
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

/// The queue in memory, whose answers add up.
struct MemoryHarness {
    queue: MemoryQueue,
}

impl MemoryHarness {
    fn new() -> Self {
        Self { queue: MemoryQueue::new().with_lease(LEASE) }
    }
}

impl QueueHarness for MemoryHarness {
    fn queue(&self, _: &str) -> Box<dyn Queue> {
        Box::new(self.queue.clone())
    }

    fn send(&self, recipient: &str) {
        let request = serde_json::json!({
            "course": conformance::COURSE,
            "name": "Ada Example",
            "username": recipient,
        });
        self.queue.send_json(request.to_string());
    }

    fn send_broken(&self) {
        self.queue.send_json("{\"course\":");
    }

    fn answers(&self) -> Vec<(String, bool)> {
        let is_issued = |answer: &Answer| matches!(answer, Answer::Issued { .. });
        let answers = self.queue.take_answers().into_iter();
        answers
            .map(|one| {
                (one.correlation.recipient.unwrap_or_default(), is_issued(&one.answer))
            })
            .collect()
    }
}

#[test]
fn memory_queue_keeps_tasks_and_marks_dead_letters() {
    use testamur::agent::Task;
    use testamur::register::IssueOptions;
    use testamur::{Error, ErrorKind, Request};

    let queue = MemoryQueue::new();
    let request = Request::new("c", "Ada").unwrap().with_username("ada");
    let (request, options) = (Box::new(request), IssueOptions::default());
    let id = queue.send(Task::Issue { request, options, replaces: None });
    let delivery = receive(&queue);
    assert_eq!(delivery.id(), id);
    assert_eq!(delivery.correlation().recipient.as_deref(), Some("ada"));
    let why = Error::new(ErrorKind::UnknownCourse, "there is no course `c`");
    queue.dead_letter(&delivery, &why).unwrap();
    let answers = queue.take_answers();
    assert!(answers[0].is_dead_letter);
    assert_eq!((answers[0].id.as_str(), answers[0].answer.as_str()), (&*id, "failed"));
    assert_eq!(queue.take_answers(), []);
}

/// The next request; there must be one.
pub(super) fn receive(queue: &dyn Queue) -> Delivery {
    queue.receive(LONG).unwrap().expect("a request was sent")
}
