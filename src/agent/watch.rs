//! Reads the site anew when its files change. What does not work is not taken.

use std::path::Path;
use std::time::Duration;

use super::shared::Shared;
use crate::base::error::Result;
use crate::site::files::SETTINGS_FILE;
use crate::site::files::Site;

/// Looks for changes until a stop is asked for.
pub(super) fn run(shared: &Shared, folder: &Path, every: Duration) {
    let look = || {
        let mut stamps = Site::open(folder).ok()?.file_versions();
        stamps.remove(SETTINGS_FILE);
        Some(stamps)
    };
    let (mut read, mut last) = (look(), None);
    while !shared.halt.wait(every) {
        let Some(seen) = look() else { continue };
        // Only when it has come to rest: many files are rarely written at once.
        let rests = last.as_ref() == Some(&seen);
        let changed = read.as_ref() != Some(&seen);
        last = Some(seen);
        if !(rests && changed) {
            continue;
        }
        match reload(shared, folder) {
            Ok(()) => {
                shared.metrics.reload("done");
                tracing::info!("the site has changed, and was read anew");
            }
            Err(error) => {
                shared.metrics.reload("failed");
                let error = format!("{error:#}");
                tracing::error!(
                    error,
                    "the site has changed, and has faults: the old one stays"
                );
            }
        }
        read.clone_from(&last);
    }
}

fn reload(shared: &Shared, folder: &Path) -> Result<()> {
    let old = shared.issuer();
    // Keys, stores and links are those that we began with.
    let settings =
        old.press().site().read(SETTINGS_FILE)?.unwrap_or_default().into_owned();
    let site = Site::open(folder)?.with_file(SETTINGS_FILE, settings);
    shared.replace_issuer(old.with_site(site)?);
    Ok(())
}
