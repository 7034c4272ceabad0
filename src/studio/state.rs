//! The state that all requests to a studio share.

use std::sync::Mutex;

use tokio::sync::watch;

use super::context::StudioContext;
use super::guard::Guard;
use super::people::People;
use super::run::Runs;

/// The state of a studio. Each page keeps its own state itself.
#[derive(Debug)]
pub(super) struct State {
    pub(super) context: StudioContext,
    pub(super) guard: Guard,
    pub(super) is_read_only: bool,
    /// The number of the site's state, which pages listen to.
    pub(super) changes: watch::Sender<u64>,
    pub(super) people: People,
    pub(super) runs: Runs,
    /// Held while a file is compared and written.
    pub(super) saving: Mutex<()>,
}
