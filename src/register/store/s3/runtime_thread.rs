//! A thread with an async runtime of its own, so that a blocking call works inside of another
//! runtime.

use std::io;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::base::error::{Error, ErrorKind, Result};

/// The thread. It ends when this value is dropped.
#[derive(Debug)]
pub(super) struct RuntimeThread {
    handle: Handle,
    /// Stops the thread when it is dropped.
    _stop: oneshot::Sender<()>,
}

impl RuntimeThread {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new().name("testamur-s3".to_owned()).spawn(move || {
            // No message is ever sent: the thread waits until the sender is dropped.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, _stop: stop })
    }

    /// Where tasks of the thread are started.
    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Runs a task on the thread, and waits for its end.
    pub(super) fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.handle.spawn(async move { sender.send(task.await) });
        receiver.recv().map_err(|cause| {
            Error::new(ErrorKind::Panic, "a request to a store panicked")
                .with_source(cause)
        })
    }
}
