//! Which site, which keys, and which day it is there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::press::Press;
use crate::register::{Directory, Register, Stores};
use crate::site::{IdSecret, KeySource, Keys, SealSettings, Settings, Site};
use crate::{Date, Timestamp};
use jiff::Zoned;

use super::Failure;
use super::args::{KeyFolder, SiteArguments};
use super::report;

/// The site that the arguments, the environment or the current folder name; else the demo site.
pub(crate) fn site(arguments: &SiteArguments) -> Result<Site, Failure> {
    let site = quiet_site(arguments)?;
    if site.is_demo() {
        report::note(&format!(
            "using {}: no --site, and no testamur.yaml here",
            site.name()
        ));
    }
    Ok(site)
}

/// The same, for commands to which it makes little difference.
pub(crate) fn quiet_site(arguments: &SiteArguments) -> Result<Site, Failure> {
    let here = Path::new(".");
    Ok(match &arguments.folder {
        Some(folder) => Site::open(folder)?,
        None if here.join("testamur.yaml").is_file() => Site::open(here)?,
        None => Site::demo(),
    })
}

/// The site's settings, for commands that make no page.
pub(crate) fn settings(arguments: &SiteArguments) -> Result<Settings, Failure> {
    settings_of(&site(arguments)?)
}

/// The settings of a site.
pub(crate) fn settings_of(site: &Site) -> Result<Settings, Failure> {
    Ok(match site.read("testamur.yaml")? {
        Some(bytes) => Settings::parse(&bytes)?,
        None => Settings::default(),
    })
}

/// The register by settings, or in the folder that an argument names.
pub(crate) fn register(
    arguments: &SiteArguments,
    site: &Site,
    settings: &Settings,
    output: Option<&Path>,
) -> Result<Register, Failure> {
    let stores = Stores::open(settings, folder(arguments))?;
    let public = match output {
        Some(folder) => Arc::new(Directory::new(folder)),
        None => stores.public,
    };
    Ok(Register::new(site, settings.publish.clone(), public, stores.private)?)
}

/// The secret that ids are derived from, which is made when it is first asked for.
pub(crate) fn id_secret(
    site: &SiteArguments,
    keys: &KeyFolder,
) -> Result<IdSecret, Failure> {
    Ok(Keys::id_secret(&key_folder(site, keys))?)
}

/// Today's date in the site's time zone, or in the machine's if the site names none.
pub(crate) fn today(press: &Press) -> Result<Date, Failure> {
    today_in(press.settings().timezone.as_deref())
}

/// The same, in the time zone of that name.
#[expect(clippy::disallowed_methods, reason = "the place where the clock is asked")]
pub(crate) fn today_in(timezone: Option<&str>) -> Result<Date, Failure> {
    let now = Zoned::now();
    let now = match timezone {
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
pub(crate) fn now() -> Result<Timestamp, Failure> {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| Timestamp::from_unix(since.as_secs()))
        .ok_or_else(|| Failure::new("the clock shows no usable time"))
}

/// The time, as syslog(3) writes it.
#[expect(clippy::disallowed_methods, reason = "the place where the clock is asked")]
#[cfg(feature = "agent")]
pub(crate) fn syslog_time() -> String {
    Zoned::now().strftime("%b %e %H:%M:%S").to_string()
}

/// The site's folder: where files that its settings name are. The demo site works here.
pub(crate) fn folder(site: &SiteArguments) -> &Path {
    site.folder.as_deref().unwrap_or(Path::new("."))
}

/// The folder of the keys: the one that is named, else `keys` in the site.
pub(crate) fn key_folder(site: &SiteArguments, keys: &KeyFolder) -> PathBuf {
    keys.folder.clone().unwrap_or_else(|| folder(site).join("keys"))
}

/// Makes keys for the built-in demo site if it has none, so that its first draft can be sealed.
pub(crate) fn demo_keys(
    site: &SiteArguments,
    keys: &KeyFolder,
    press: &Press,
    now: Timestamp,
) -> Result<(), Failure> {
    match press.site().is_demo() {
        true => first_keys(site, keys, press, now),
        false => Ok(()),
    }
}

/// Makes keys for a site that has none, so that its first certificate can be issued.
pub(crate) fn first_keys(
    site: &SiteArguments,
    keys: &KeyFolder,
    press: &Press,
    now: Timestamp,
) -> Result<(), Failure> {
    let folder = key_folder(site, keys);
    let seal = &press.settings().seal;
    let elsewhere = seal.pdf.is_some() && seal.openpgp.is_some();
    let Some(course) = press.courses().iter().next() else { return Ok(()) };
    if !elsewhere && !Keys::are_in(&folder)? {
        let name = &course.organization.name;
        let (name, _) = name.get(&course.language, &course.language);
        let name: String = name.chars().take(KeySource::MAX_NAME).collect();
        Keys::create(&folder, &KeySource::NewRoot { name: &name }, now)?;
        report::note(&format!(
            "made keys for {name} in {}: keep a copy in a safe place",
            folder.display()
        ));
    }
    Ok(())
}

/// The keys by arguments and settings, with their warnings said.
pub(crate) fn keys(
    site: &SiteArguments,
    keys: &KeyFolder,
    settings: &SealSettings,
    now: Timestamp,
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
