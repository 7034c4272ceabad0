//! `testamur revoke`: ends the validity of certificates.

use crate::register::{AwardEditions, Record, Status};

use super::args::{Revoke, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::selection::{confirm, find_awards, not_found, print_found, read_ids};
use super::{clock, console, context};

pub(crate) fn run(
    site: &SiteArguments,
    revoke: &Revoke,
) -> Result<CommandOutcome, Failure> {
    let reason = revoke.reason.trim();
    if reason.is_empty() {
        return Err(Failure::usage(
            "the reason is empty\nhelp: write a few words, which the verify page shows",
        ));
    }
    let selection = &revoke.selection;
    let output = revoke.public.output.as_deref();
    let register = context::register_of_site(site, output, &revoke.keys)?;
    let mut found = Vec::new();
    let mut failed = 0;
    for id in read_ids(selection)? {
        // No secret is needed for an id.
        match register.edition(&id) {
            Ok(editions) => found.push(editions),
            Err(error) => {
                failed += 1;
                console::print_message(&format!("{error:#}"));
            }
        }
    }
    if selection.recipient.is_some() {
        let secret = context::open_id_secret(site, &revoke.keys)?;
        let awards = find_awards(site, output, &register, selection, &secret)?;
        found.extend(awards.map(|(_, awards)| awards).unwrap_or_default());
        if found.is_empty() {
            return Err(not_found(selection));
        }
    }
    let wanted: Vec<(&AwardEditions, &Record)> = found
        .iter()
        .flat_map(|editions| editions.records.iter().map(move |it| (editions, it)))
        .filter(|(editions, record)| {
            // Of what was looked for, only what can be revoked; of what was named, everything.
            editions.award.is_none() || can_be_revoked(record)
        })
        .collect();
    if wanted.is_empty() {
        if failed == 0 {
            console::print_message("there is nothing to revoke: no certificate is valid");
        }
        return Ok(CommandOutcome::of(failed == 0));
    }
    console::print_message(&format!("to be revoked: {}", wanted.len()));
    wanted.iter().for_each(|(editions, record)| print_found(editions, record));
    if !confirm(selection, "revoke them?")? {
        return Ok(CommandOutcome::SomeFailed);
    }
    for (_, record) in wanted {
        match register.revoke(&record.id, reason, clock::now()?) {
            Ok(record) => console::print_message(&format!(
                "revoked: {}\n  page  {}",
                record
                    .certificate
                    .map(|certificate| certificate.name)
                    .unwrap_or_default(),
                register.publish().verify_url(&record.id)
            )),
            Err(error) => {
                failed += 1;
                console::print_message(&format!("{error:#}"));
            }
        }
    }
    Ok(CommandOutcome::of(failed == 0))
}

fn can_be_revoked(record: &Record) -> bool {
    match record.status {
        Status::Valid | Status::Specimen | Status::Expired | Status::Revoked => true,
        Status::Superseded | Status::Erased => false,
    }
}
