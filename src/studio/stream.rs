//! Bodies that are sent piece by piece: events, and files that are too large for the memory.

use std::convert::Infallible;
use std::io::Read as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::mpsc;

/// How many bytes of a file are sent at once, and how many such pieces wait.
const PIECE: usize = 64 << 10;
const MAX_WAITING: usize = 4;

/// A body that is sent as it comes.
pub(super) struct Stream(mpsc::Receiver<Bytes>);

impl Stream {
    /// A body, and what sends its pieces.
    pub(super) fn new() -> (mpsc::Sender<Bytes>, Self) {
        let (send, receive) = mpsc::channel(MAX_WAITING);
        (send, Self(receive))
    }

    /// The content of a file. It ends early if the file cannot be read, or is not read any more.
    pub(super) fn of_file(mut file: std::fs::File) -> Self {
        let (send, body) = Self::new();
        tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            while let Ok(count @ 1..) = file.read(&mut piece) {
                if send.blocking_send(Bytes::copy_from_slice(&piece[..count])).is_err() {
                    return;
                }
            }
        });
        body
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
