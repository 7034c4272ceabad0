//! A thread with a runtime, for whoever has none and must not block the one he is in.

use std::io;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::base::error::{Error, ErrorKind, Result};

/// The thread; it ends with this.
#[derive(Debug)]
pub(super) struct Worker {
    handle: Handle,
    /// Dropped, it stops the thread.
    _stop: oneshot::Sender<()>,
}

impl Worker {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new().name("testamur-s3".to_owned()).spawn(move || {
            // Nothing is ever sent: that the other end is gone is the message.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, _stop: stop })
    }

    /// Does that on the thread, and waits for it.
    pub(super) fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.handle.spawn(async move { sender.send(task.await) });
        receiver
            .recv()
            .map_err(|_| Error::new(ErrorKind::Panic, "a request to a store panicked"))
    }
}
