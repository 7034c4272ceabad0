//! Warnings about expiry: of certificates that seal, timestamps and CRLs, each with the number of
//! published certificates that it affects.

use std::collections::BTreeMap;

use crate::cli::args::{Check, SiteArguments};
use crate::cli::exit::Failure;
use crate::cli::{clock, console, context};
use crate::register::Sha256;
use crate::site::{Keys, Settings, Site};
use crate::{ErrorKind, Timestamp, Warning};

/// How long ahead the end of a certificate or a timestamp is warned of, in days.
const WARNING_DAYS: u64 = 366;

/// How many published certificates each expiry affects.
#[derive(Default)]
struct Counts {
    /// Those sealed by a certificate, by its fingerprint: all, and those without a timestamp.
    sealed: BTreeMap<Sha256, (usize, usize)>,
    /// Those whose last timestamp ends soon, and the first day on which one does.
    timestamps: usize,
    first_end: Option<Timestamp>,
}

/// Warns about everything that expires soon, and about a register that cannot be read.
pub(super) fn warn(
    site: &SiteArguments,
    check: &Check,
    files: &Site,
    settings: &Settings,
) -> Result<(), Failure> {
    let folder = context::key_folder(site, &check.keys);
    if !Keys::are_in(&folder)? {
        return Ok(());
    }
    let now = clock::now()?;
    let soon = now.plus_days(WARNING_DAYS);
    let leaves = Keys::certificates_in(&folder)?;
    let ending: Vec<_> = leaves.iter().filter(|leaf| leaf.not_after() < soon).collect();
    let lists = Keys::ending_crls(&folder, now)?;
    if ending.is_empty() && lists.is_empty() && settings.seal.tsa.is_none() {
        return Ok(());
    }
    let counts = count(site, files, settings, soon).unwrap_or_else(|failure| {
        console::print_message(&format!(
            "warning: how many certificates are touched is unknown: {}",
            failure.message
        ));
        Counts::default()
    });
    for leaf in ending {
        let (_, unproven) =
            counts.sealed.get(&leaf.fingerprint()).copied().unwrap_or_default();
        let is_current = leaves.first() == Some(leaf);
        if unproven > 0 || is_current {
            console::print_warning(&leaf_warning(leaf.not_after(), unproven, is_current));
        }
    }
    if let Some(first) = counts.first_end {
        console::print_warning(&timestamp_warning(first, counts.timestamps));
    }
    for (mut warning, fingerprints) in lists {
        let sealed = fingerprints.iter().filter_map(|it| counts.sealed.get(it));
        let count: usize = sealed.map(|(all, _)| all).sum();
        warning.message = format!("{}; {count} certificates name it", warning.message);
        console::print_warning(&warning);
    }
    Ok(())
}

fn leaf_warning(end: Timestamp, unproven: usize, is_current: bool) -> Warning {
    let message = format!(
        "a certificate that seals ends on {end}: {unproven} published certificates have no \
         timestamp, so that after it nothing but their record says when they were sealed"
    );
    Warning::new(ErrorKind::Key, message).with_help(if is_current {
        "make the next key: testamur key rotate; and raise the seals: testamur seal upgrade --all"
    } else {
        "raise the seals: testamur seal upgrade --all"
    })
}

fn timestamp_warning(first: Timestamp, count: usize) -> Warning {
    let message = format!(
        "the certificates of the timestamps of {count} published certificates end within a \
         year, the first on {first}"
    );
    Warning::new(ErrorKind::Timestamp, message)
        .with_help("renew the archive timestamps before: testamur seal upgrade --all")
}

fn count(
    site: &SiteArguments,
    files: &Site,
    settings: &Settings,
    soon: Timestamp,
) -> Result<Counts, Failure> {
    let register = context::open_register(site, files, settings, None, None)?;
    let mut counts = Counts::default();
    register.records(&mut |record| {
        // The commands that need a record report one that cannot be read.
        let Ok(record) = record else { return Ok(()) };
        let certificate = record.certificate.filter(|_| record.status.stands());
        let Some(seal) = certificate.and_then(|certificate| certificate.seal) else {
            return Ok(());
        };
        let sealed = counts.sealed.entry(seal.certificate).or_default();
        sealed.0 += 1;
        sealed.1 += usize::from(seal.level == "B-B");
        if let Some(end) = seal.timestamp_ends.filter(|end| *end < soon) {
            counts.timestamps += 1;
            counts.first_end =
                Some(counts.first_end.map_or(end, |first: Timestamp| first.min(end)));
        }
        Ok(())
    })?;
    Ok(counts)
}
