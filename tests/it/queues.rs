//! Queues: one contract for all implementations, and the faults of each server.
//!
//! Each test has a Redis server of its own. The XQueue server follows the protocol of the real one.

mod contract; // The contract of `Queue`, run for each implementation
mod faults; // Faults of the predecessor, tested through the program
mod pipeline; // The agent with an XQueue: requests that ended the predecessor
mod redis; // Redis Streams: groups, trimming, dead letters, the event bus of Open edX
mod redis_server; // A Redis server in a folder of its own
mod xqueue; // XQueue: sessions, keys, retirement, status codes, time
mod xqueue_server; // An XQueue server that behaves like the real one

use std::time::Duration;

use testamur::ErrorKind;
use testamur::agent::{Answer, Delivery, Task};
use testamur::register::{CertificateUrls, IssueOutcome};
use testamur::site::{CertificateId, PublishSettings};

/// Long enough for an expected message on a busy machine.
const LONG: Duration = Duration::from_secs(20);
/// Long enough to conclude that there is no message.
const BRIEF: Duration = Duration::from_millis(200);

/// The answer to an issued certificate, with ids made from the recipient.
fn issued(delivery: &Delivery) -> Answer {
    let Ok(Task::Issue { request, .. }) = delivery.task() else {
        panic!("{:?}", delivery.task())
    };
    let digit =
        request.recipient().map_or(0, |recipient| recipient.bytes().map(u32::from).sum());
    let verify_id: CertificateId = format!("{digit:032x}").parse().unwrap();
    let download_id = format!("{digit:032x}").parse().unwrap();
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
        warnings: Vec::new(),
    }
}

/// The answer when no certificate can be issued.
fn failed() -> Answer {
    let message = "there is no course `Example/Knots/2026`".to_owned();
    Answer::Failed { kind: ErrorKind::UnknownCourse, message, help: None }
}
