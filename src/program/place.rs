//! Which site, which keys, and which day it is there.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Zoned;
use testamur::{Date, KeySource, Keys, Moment, Press, SealSettings, Settings, Site};

use super::Failure;
use super::args::{KeyFolder, SiteArguments};
use super::report;

/// The site that the arguments, the environment or the current folder name; else the demo site.
pub(crate) fn site(arguments: &SiteArguments) -> Result<Site, Failure> {
    let here = Path::new(".");
    Ok(match &arguments.folder {
        Some(folder) => Site::open(folder)?,
        None if here.join("testamur.yaml").is_file() => Site::open(here)?,
        None => {
            let site = Site::demo();
            report::note(&format!(
                "using {}: no --site, and no testamur.yaml here",
                site.name()
            ));
            site
        }
    })
}

/// The site's settings, for commands that make no page.
pub(crate) fn settings(arguments: &SiteArguments) -> Result<Settings, Failure> {
    let site = site(arguments)?;
    Ok(match site.read("testamur.yaml")? {
        Some(bytes) => Settings::parse(&bytes)?,
        None => Settings::default(),
    })
}

/// Today's date in the site's time zone, or in the machine's if the site names none.
#[expect(clippy::disallowed_methods, reason = "the place where the clock is asked")]
pub(crate) fn today(press: &Press) -> Result<Date, Failure> {
    let now = Zoned::now();
    let now = match &press.settings().timezone {
        Some(zone) => now.in_tz(zone).map_err(|error| {
            Failure::new(format!(
                "testamur.yaml: there is no time zone `{zone}` ({error})\nhelp: write an \
                 IANA name such as `Europe/Berlin`"
            ))
        })?,
        None => now,
    };
    let (year, month, day) = (i32::from(now.year()), now.month(), now.day());
    Date::new(year, month.unsigned_abs(), day.unsigned_abs()).ok_or_else(|| {
        Failure::new(format!("the clock says {now}, which is no usable date"))
    })
}

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "the place where the clock is asked")]
pub(crate) fn now() -> Result<Moment, Failure> {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| Moment::from_unix(since.as_secs()))
        .ok_or_else(|| Failure::new("the clock shows no usable time"))
}

/// The site's folder: where files that its settings name are. The demo site works here.
pub(crate) fn folder(site: &SiteArguments) -> &Path {
    site.folder.as_deref().unwrap_or(Path::new("."))
}

/// The folder of the keys: the one that is named, else `keys` in the site.
pub(crate) fn key_folder(site: &SiteArguments, keys: &KeyFolder) -> PathBuf {
    keys.folder.clone().unwrap_or_else(|| folder(site).join("keys"))
}

/// Makes keys for the built-in demo site, so that its first certificate can be sealed. A site of
/// somebody's own gets keys when they say so.
pub(crate) fn first_keys(
    site: &SiteArguments,
    keys: &KeyFolder,
    press: &Press,
    now: Moment,
) -> Result<(), Failure> {
    let folder = key_folder(site, keys);
    let demo = press.site().is_demo();
    let Some(course) = press.courses().iter().next() else { return Ok(()) };
    if demo && !folder.exists() {
        let name = &course.organization.name;
        let (name, _) = name.get(&course.language, &course.language);
        Keys::create(&folder, &KeySource::NewRoot { name }, now)?;
        report::note(&format!("made keys for the demo in {}", folder.display()));
    }
    Ok(())
}

/// The keys by arguments and settings, with their warnings said.
pub(crate) fn keys(
    site: &SiteArguments,
    keys: &KeyFolder,
    settings: &SealSettings,
    now: Moment,
) -> Result<Keys, Failure> {
    let keys = Keys::open_with(&key_folder(site, keys), folder(site), settings, now)?;
    keys.warnings().iter().for_each(report::warning);
    Ok(keys)
}

/// Reads a file that an argument names.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::new(format!("{}: failed to read the file ({error})", path.display()))
    })
}
