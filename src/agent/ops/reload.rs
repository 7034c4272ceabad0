//! Reloads the site when its files change. If the changed site has errors, the agent
//! keeps the old one.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::metrics::Metrics;
use super::readiness::Readiness;
use super::shutdown::Shutdown;
use crate::agent::issue_service::CurrentIssueService;
use crate::base::error::Result;
use crate::site::files::SETTINGS_FILE;
use crate::site::files::Site;

/// Watches the folder of the site until a stop is requested.
pub(crate) fn run(
    issue_service: &CurrentIssueService,
    readiness: &Readiness,
    metrics: &Metrics,
    shutdown: &Shutdown,
    folder: &Path,
    interval: Duration,
    asked: &AtomicBool,
) {
    let look = || {
        let mut stamps = Site::open(folder).ok()?.file_versions();
        stamps.remove(SETTINGS_FILE);
        Some(stamps)
    };
    // The comparison begins with the files as they were when the site was opened: what
    // was written while the agent waited for its stores may not be loaded.
    let current = issue_service.current();
    let opened = current.press().site().versions_at_open().cloned();
    let mut loaded = opened.map_or_else(look, |mut opened| {
        opened.remove(SETTINGS_FILE);
        Some(opened)
    });
    drop(current);
    let mut last = None;
    while !shutdown.stop.wait(interval) {
        let Some(seen) = look() else { continue };
        // A reload that was asked for is done once the folder can be read.
        let is_asked = asked.swap(false, Ordering::Relaxed);
        // Several files are rarely written at once: wait until the folder is the same
        // twice.
        let is_at_rest = last.as_ref() == Some(&seen);
        let is_changed = loaded.as_ref() != Some(&seen);
        last = Some(seen);
        if !(is_asked || is_at_rest && is_changed) {
            continue;
        }
        match reload(issue_service, folder) {
            Ok(()) => {
                metrics.count_reload("done");
                readiness.set_site_faulty(false);
                tracing::info!("the site is reloaded");
            }
            Err(error) => {
                metrics.count_reload("failed");
                readiness.set_site_faulty(true);
                let error = format!("{error:#}");
                tracing::error!(error, "the changed site has errors: the old one stays");
            }
        }
        loaded.clone_from(&last);
    }
}

fn reload(issue_service: &CurrentIssueService, folder: &Path) -> Result<()> {
    let old = issue_service.current();
    // Keys, stores and URLs stay as they were at the start, and so do the settings and the
    // folder of fonts.
    let old_site = old.press().site();
    let settings = old_site.read(SETTINGS_FILE)?.unwrap_or_default().into_owned();
    let site = Site::open(folder)?.with_file(SETTINGS_FILE, settings);
    let site = site.with_fonts_of(old_site);
    issue_service.replace(old.with_site(site)?);
    Ok(())
}
