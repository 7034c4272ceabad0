//! `testamur revoke`: ends the validity of certificates.

use crate::ErrorKind;
use crate::register::{AwardEditions, CertificateId, Record, Status, StatusChange};
use crate::site::request::limits::{MAX_REASON, check_length};

use super::args::{Revoke, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::selection::{
    check_addresses, check_published, confirm, find_awards, not_found, print_found,
    printed_name, read_ids,
};
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
    check_length("reason", reason, MAX_REASON)?;
    let selection = &revoke.selection;
    let output = revoke.public.output.as_deref();
    let register = context::register_of_site(site, output, &revoke.keys)?;
    let mut found = Vec::new();
    let (mut failed, mut unknown) = (0, 0);
    let ids = read_ids(selection)?;
    check_addresses(&register, selection)?;
    for id in &ids {
        // No secret is needed for an id.
        match register.edition(id) {
            Ok(editions) => found.push(editions),
            Err(error) => {
                let is_unknown = error.kind() == ErrorKind::UnknownCertificate;
                *(if is_unknown { &mut unknown } else { &mut failed }) += 1;
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
    let all =
        found.iter().flat_map(|it| it.records.iter().map(move |record| (it, record)));
    let wanted: Vec<(&AwardEditions, &Record)> = all
        .clone()
        .filter(|(editions, record)| {
            // Of the results of a search, only editions that can be revoked; of ids that were
            // given, all.
            is_named(&ids, editions, record) || can_be_revoked(record)
        })
        .collect();
    let kept: Vec<&Record> = all
        .filter(|(editions, record)| {
            record.status == Status::Revoked && !is_named(&ids, editions, record)
        })
        .map(|(_, record)| record)
        .collect();
    for record in &kept {
        // Revoking again with the same reason changes nothing, and finishes an interrupted
        // revocation.
        let reason = record.reason().unwrap_or_default();
        if let Err(error) = register.revoke(&record.id, reason, clock::now()?) {
            failed += 1;
            console::print_message(&format!("{error:#}"));
        }
    }
    if !kept.is_empty() {
        console::print_note(&format!(
            "{} revoked already, and keep their reason: to replace it, name the id",
            kept.len()
        ));
    }
    if wanted.is_empty() {
        if failed + unknown == 0 {
            console::print_message("there is nothing to revoke: no certificate is valid");
        }
        return Ok(CommandOutcome::of_counts(failed, unknown));
    }
    check_published(&register, output, wanted.iter().map(|(_, record)| *record))?;
    console::print_message(&format!("to be revoked: {}", wanted.len()));
    wanted.iter().for_each(|(editions, record)| print_found(&register, editions, record));
    if !confirm(selection, "revoke them?")? {
        return Ok(CommandOutcome::SomeFailed);
    }
    for (editions, before) in wanted {
        match register.revoke(&before.id, reason, clock::now()?) {
            Ok(record) => console::print_message(&format!(
                "{}: {}\n  page  {}",
                what_was_done(before, reason),
                printed_name(&register, editions, &record).unwrap_or_default(),
                register.publish().verify_url(&record.id)
            )),
            Err(error) => {
                failed += 1;
                console::print_message(&format!("{error:#}"));
            }
        }
    }
    Ok(CommandOutcome::of_counts(failed, unknown))
}

/// Whether an edition is one that the arguments name by its id.
fn is_named(ids: &[CertificateId], editions: &AwardEditions, record: &Record) -> bool {
    editions.award.is_none() && ids.contains(&record.id)
}

fn can_be_revoked(record: &Record) -> bool {
    match record.status {
        Status::Valid | Status::Specimen | Status::Expired => true,
        Status::Superseded | Status::Revoked | Status::Erased => false,
    }
}

/// What a revocation did to a record that was so before.
fn what_was_done(before: &Record, reason: &str) -> String {
    let is_revocation = |change: &&StatusChange| change.status == Status::Revoked;
    let revocation = before.history.iter().rfind(is_revocation);
    let Some(revocation) = revocation.filter(|_| before.status == Status::Revoked) else {
        return "revoked".to_owned();
    };
    let day = revocation.at.date();
    match before.reason().filter(|earlier| *earlier != reason) {
        Some(earlier) => format!(
            "revoked already, on {day}; the reason `{}` is replaced",
            earlier.escape_debug()
        ),
        None => format!("revoked already, on {day}, for the same reason"),
    }
}
