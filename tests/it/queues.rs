//! Queues: one contract for all, then what each server can do to us.
//!
//! Redis is the real one, of Debian, one server a test. The XQueue server is written from what is
//! known of the real one's behaviour on the wire.

mod contract; // What every queue promises, run for each
mod faults; // What the predecessor did wrong, through the program
mod pipeline; // The agent behind an XQueue server: what ended its predecessor
mod redis; // Redis Streams: groups, trimming, dead letters, the event bus of Open edX
mod server; // A real Redis server, in a folder of its own
mod xqueue; // XQueue: sessions, keys, retirement, status codes, time
mod xserver; // An XQueue server, with all its habits

use std::time::Duration;

use testamur::ErrorKind;
use testamur::agent::{Answer, Delivery, Task};
use testamur::register::{CertificateUrls, IssueOutcome};

/// Long enough for anything that is there on a busy machine.
const LONG: Duration = Duration::from_secs(20);
/// Long enough to see that nothing is there.
const BRIEF: Duration = Duration::from_millis(200);

/// The answer that a pipeline would give: a certificate for the recipient.
fn issued(delivery: &Delivery) -> Answer {
    let Ok(Task::Issue { request, .. }) = delivery.task() else {
        panic!("{:?}", delivery.task())
    };
    let digit =
        request.recipient().map_or(0, |recipient| recipient.bytes().map(u32::from).sum());
    let id = format!("{digit:032x}");
    Answer::Issued {
        urls: CertificateUrls {
            verify_url: format!("https://example.org/cert/{id}/"),
            download_url: format!("https://example.org/downloads/{id}/Certificate.pdf"),
            verify_id: id.clone(),
            download_id: id,
        },
        outcome: IssueOutcome::Issued,
    }
}

/// The answer when nothing can be issued.
fn failed() -> Answer {
    let message = "there is no course `Example/Knots/2026`".to_owned();
    Answer::Failed { kind: ErrorKind::UnknownCourse, message, help: None }
}
