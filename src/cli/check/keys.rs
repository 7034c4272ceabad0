//! Faults of the keys, and warnings about expiry: of certificates that seal, timestamps and CRLs, each with
//! the number of published certificates that it affects.

use std::collections::BTreeMap;

use crate::cli::args::{Check, SiteArguments};
use crate::cli::exit::Failure;
use crate::cli::{clock, console, context};
use crate::register::Sha256;
use crate::seal::X509;
use crate::site::{Keys, PdfKeySettings, Settings, Site};
use crate::{Error, ErrorKind, Timestamp, Warning};

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
    let mut leaves = elsewhere(site, settings);
    if Keys::are_in(&folder)? {
        leaves.extend(Keys::certificates_in(&folder)?);
    }
    if leaves.is_empty() {
        return Ok(());
    }
    let now = clock::now()?;
    let soon = now.plus_days(WARNING_DAYS);
    let ending: Vec<_> = leaves.iter().filter(|leaf| leaf.not_after() < soon).collect();
    let lists = Keys::ending_crls(&folder, now)?;
    if ending.is_empty() && lists.is_empty() && settings.seal.tsa.is_none() {
        return Ok(());
    }
    let counts = count(site, files, settings, soon);
    if let Err(failure) = &counts {
        console::print_message(&format!(
            "warning: how many certificates are touched is unknown: {}",
            failure.message
        ));
    }
    let counts = counts.ok();
    for leaf in ending {
        let unproven = counts.as_ref().map(|counts| {
            counts.sealed.get(&leaf.fingerprint()).map_or(0, |(_, unproven)| *unproven)
        });
        let is_current = leaves.first() == Some(leaf);
        if unproven != Some(0) || is_current {
            console::print_warning(&leaf_warning(leaf.not_after(), unproven, is_current));
        }
    }
    if let Some(counts) = &counts
        && let Some(first) = counts.first_end
    {
        console::print_warning(&timestamp_warning(first, counts.timestamps));
    }
    for (mut warning, fingerprints) in lists {
        let count: Option<usize> = counts.as_ref().map(|counts| {
            let sealed = fingerprints.iter().filter_map(|it| counts.sealed.get(it));
            sealed.map(|(all, _)| all).sum()
        });
        warning.message =
            format!("{}; {} certificates name it", warning.message, written(count));
        console::print_warning(&warning);
    }
    Ok(())
}

/// The certificate that seals, if the settings name it outside of the folder of keys. One that cannot be
/// read is an error of the keys.
fn elsewhere(site: &SiteArguments, settings: &Settings) -> Vec<X509> {
    let Some(
        PdfKeySettings::File { chain, .. }
        | PdfKeySettings::Command { chain, .. }
        | PdfKeySettings::Token { chain, .. },
    ) = &settings.seal.pdf
    else {
        return Vec::new();
    };
    let text = context::read_file(&context::folder(site).join(chain)).ok();
    let chain = text.and_then(|text| X509::from_pem(&text).ok());
    chain.into_iter().flatten().take(1).collect()
}

/// A number that may not be known.
fn written(count: Option<usize>) -> String {
    count.map_or_else(|| "an unknown number of".to_owned(), |count| count.to_string())
}

/// Opens the keys as what seals does, and returns what is wrong with them. A site without any has not begun.
pub(super) fn faults(
    site: &SiteArguments,
    check: &Check,
    settings: &Settings,
) -> Result<Vec<Error>, Failure> {
    let folder = context::key_folder(site, &check.keys);
    let seal = context::with_token_pin(settings.seal.clone());
    if seal.pdf.is_none() && seal.openpgp.is_none() && !Keys::are_in(&folder)? {
        return Ok(Vec::new());
    }
    let keys = Keys::open_with(&folder, context::folder(site), &seal, clock::now()?);
    let checked = keys.and_then(|keys| keys.check_revocation());
    Ok(checked.err().map(Error::into_faults).into_iter().flatten().collect())
}

fn leaf_warning(end: Timestamp, unproven: Option<usize>, is_current: bool) -> Warning {
    let message = format!(
        "a certificate that seals ends on {end}: {} published certificates have no \
         timestamp, so that after it nothing but their record says when they were sealed",
        written(unproven)
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
