//! Notices that a file of the site was saved, by whatever editor.
//!
//! The decision made here: the files are looked at every 40 milliseconds, while a page is open. A
//! site has tens of files, whose times take less than a millisecond to read, and this works on
//! network drives, in containers and through editors that write a new file in the place of the old
//! one, where notices of the operating system differ or are missing. On a large site a look takes
//! longer and is made less often: at most a sixth of the time is spent on it.

use std::sync::Weak;
use std::thread;
use std::time::{Duration, Instant};

use super::state::State;

const INTERVAL: Duration = Duration::from_millis(40);
/// The interval while no page is open.
const IDLE_INTERVAL: Duration = Duration::from_millis(250);
/// The pause after a look, as a multiple of its duration.
const REST: u32 = 5;

/// Looks until the studio has ended.
pub(super) fn watch(state: &Weak<State>) {
    loop {
        let Some(state) = state.upgrade() else { return };
        if state.changes.receiver_count() == 0 {
            drop(state);
            thread::sleep(IDLE_INTERVAL);
            continue;
        }
        let begun = Instant::now();
        let generation = state.context.workspace.refresh();
        state.changes.send_if_modified(|last| {
            let is_new = *last != generation;
            *last = generation;
            is_new
        });
        drop(state);
        thread::sleep(INTERVAL.max(begun.elapsed() * REST));
    }
}
