//! The stream of events that a page listens to (server-sent events, HTML 9.2): the site changed.

use std::io;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use hyper::body::Bytes;
use hyper::{Response, StatusCode};
use tokio::sync::watch;
use tokio::time::timeout;

use super::answer::response;
use super::stream::Stream;

/// The interval of empty lines that are sent while nothing changes, so that a closed browser is
/// noticed.
const PULSE: Duration = Duration::from_secs(10);

/// The stream of the generations of a site, from the current one on.
pub(super) fn stream(
    mut changes: watch::Receiver<u64>,
) -> Response<BoxBody<Bytes, io::Error>> {
    let (send, body) = Stream::new();
    tokio::spawn(async move {
        loop {
            let generation = *changes.borrow_and_update();
            let event = format!("event: changed\ndata: {generation}\n\n");
            if send.send(Ok(Bytes::from(event))).await.is_err() {
                return;
            }
            loop {
                match timeout(PULSE, changes.changed()).await {
                    Ok(Ok(())) => break,
                    Ok(Err(_)) => return,
                    Err(_) => {
                        let pulse = Ok(Bytes::from_static(b":\n\n"));
                        if send.send(pulse).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
    });
    response(StatusCode::OK, "text/event-stream", body)
}
