//! Which site, and which day it is there.

use std::path::Path;

use jiff::Zoned;
use testamur::{Date, Press, Site};

use super::Failure;
use super::args::SiteArguments;
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

/// Today's date in the site's time zone, or in the machine's if the site names none.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is asked")]
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
