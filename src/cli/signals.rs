//! The signals by which the operating system asks the program to stop, or to read its files again.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Calls `stop` at each Ctrl-C, SIGTERM and SIGHUP, but sets `reload` at SIGHUP if there is such a
/// flag.
pub(super) fn listen(
    reload: Option<Arc<AtomicBool>>,
    stop: impl Fn() + Clone + Send + 'static,
) -> io::Result<()> {
    ctrlc::set_handler(stop.clone()).map_err(io::Error::other)?;
    listen_to_system(reload, stop)
}

#[cfg(unix)]
fn listen_to_system(
    reload: Option<Arc<AtomicBool>>,
    stop: impl Fn() + Send + 'static,
) -> io::Result<()> {
    use std::sync::atomic::Ordering;

    use signal_hook::consts::{SIGHUP, SIGTERM};
    use signal_hook::iterator::Signals;

    let mut signals = Signals::new([SIGHUP, SIGTERM])?;
    let wait = move || {
        for signal in signals.forever() {
            match &reload {
                Some(reload) if signal == SIGHUP => reload.store(true, Ordering::Relaxed),
                _ => stop(),
            }
        }
    };
    std::thread::Builder::new().name("testamur-signals".into()).spawn(wait).map(drop)
}

#[cfg(not(unix))]
fn listen_to_system(
    _: Option<Arc<AtomicBool>>,
    _: impl Fn() + Send + 'static,
) -> io::Result<()> {
    Ok(())
}
