//! Bodies that are sent piece by piece: events, and files that are too large for the memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::mpsc;

/// How many bytes of a file are sent at once, and how many such pieces wait.
const PIECE: usize = 64 << 10;
const MAX_WAITING: usize = 4;

/// A body that is sent as it comes.
pub(super) struct Stream(mpsc::Receiver<io::Result<Bytes>>);

impl Stream {
    /// A body, and what sends its pieces.
    pub(super) fn new() -> (mpsc::Sender<io::Result<Bytes>>, Self) {
        let (send, receive) = mpsc::channel(MAX_WAITING);
        (send, Self(receive))
    }

    /// The content of a file. If the file cannot be read the body ends with an error, by which a browser
    /// knows that it is not whole.
    pub(super) fn of_file(mut file: impl io::Read + Send + 'static) -> Self {
        let (send, body) = Self::new();
        tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            loop {
                let read = match file.read(&mut piece) {
                    Ok(0) => return,
                    Ok(count) => Ok(Bytes::copy_from_slice(&piece[..count])),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let is_last = read.is_err();
                if send.blocking_send(read).is_err() || is_last {
                    return;
                }
            }
        });
        body
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| bytes.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use http_body_util::BodyExt as _;

    use super::*;

    /// Reads that fail one after the other.
    struct Failing(Vec<io::ErrorKind>);

    impl io::Read for Failing {
        fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
            piece[..3].copy_from_slice(b"PK.");
            self.0.pop().map_or(Ok(3), |kind| Err(kind.into()))
        }
    }

    #[test]
    fn file_that_cannot_be_read_to_its_end_is_no_whole_body() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let kinds = vec![io::ErrorKind::StorageFull, io::ErrorKind::Interrupted];
            let error = Stream::of_file(Failing(kinds)).collect().await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            let whole = Failing(vec![io::ErrorKind::Interrupted]).take(9);
            let whole = Stream::of_file(whole).collect().await.unwrap().to_bytes();
            assert_eq!(&whole[..], b"PK.PK.PK.");
        });
    }
}
