//! The index of the register, for commands that look for certificates.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::Timestamp;
use crate::register::CertificateId;
use crate::register::{Index, Stores};

use super::args::SiteArguments;
use super::exit::Failure;
use super::{clock, console, context};

/// After how many records a refresh prints its progress.
const PROGRESS_STEP: usize = 20_000;

/// Lists the store, and reads the records that changed.
pub(crate) fn refresh(index: &Index, now: Timestamp) -> Result<(), Failure> {
    let mut next = PROGRESS_STEP;
    index.refresh(now, &mut |read| {
        if read >= next {
            console::print_note(&format!("{read} records are read"));
            next = read + PROGRESS_STEP;
        }
    })?;
    Ok(())
}

/// The ids of all certificates that may be those of a recipient. The store is listed first, so
/// certificates that other machines issued are among them. `None` if the site has no index, or none
/// that can be used.
pub(crate) fn ids_of_recipient(
    site: &SiteArguments,
    recipient: &str,
) -> Result<Option<BTreeSet<CertificateId>>, Failure> {
    let files = context::open_site_without_note(site)?;
    let settings = context::read_settings(&files)?;
    let stores = Stores::open(&settings, context::folder(site))?;
    let index = context::open_index(site, &settings, &stores).filter(Index::has_place);
    let Some(index) = index else { return Ok(None) };
    if let Err(error) = index.as_of() {
        console::print_note(&format!("every record is read, without an index: {error}"));
        return Ok(None);
    }
    let begun = Instant::now();
    refresh(&index, clock::now()?)?;
    let ids = index.ids_of_recipient(recipient)?;
    let took = begun.elapsed().as_secs_f32();
    console::print_note(&format!("the store was listed in {took:.1} s"));
    Ok(Some(ids))
}
