//! `testamur erase`: removes everything personal of certificates, and of requests that wait.
//!
//! Agents go on while this runs, so it searches again after it has removed what it found, until
//! there is nothing left.

mod elsewhere;
mod photos;
#[cfg(feature = "redis")]
mod queue;
mod requests;
mod search;
#[cfg(feature = "http")]
mod spool;

use std::collections::BTreeSet;

use crate::register::{AwardEditions, CertificateId, Record, Register, Status};
use crate::site::IdSecret;

use self::elsewhere::Elsewhere;
use self::photos::Photos;
use self::search::{Found, Search};
use super::args::{Erase, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::selection::{
    check_addresses, check_published, confirm, not_found, print_found, read_ids,
};
use super::{clock, console, context};

/// How often agents may make or accept something while this erases, before it gives up.
const MAX_ROUNDS: usize = 16;

/// What was done in all rounds.
#[derive(Default)]
struct Done {
    /// The erased editions.
    erased: Vec<CertificateId>,
    waiting: usize,
    kept: usize,
    failed: usize,
}

pub(crate) fn run(
    site: &SiteArguments,
    erase: &Erase,
) -> Result<CommandOutcome, Failure> {
    let selection = &erase.selection;
    let ids = read_ids(selection)?;
    let output = erase.public.output.as_deref();
    let register = context::register_of_site(site, output, &erase.keys)?;
    let secret = context::open_id_secret(site, &erase.keys)?;
    check_addresses(&register, selection)?;
    // What killed runs left, nothing below finds.
    register.remove_leftovers()?;
    let mut search = Search::new(site, output, &register, &secret, selection);
    let (given, failed, unknown) = search.given(&ids);
    let mut done = Done { failed, ..Done::default() };
    let mut found = search.find(given)?;
    if let Some(failure) = &found.requests.queue_failure {
        done.failed += 1;
        console::print_message(&format!(
            "what the agents' queue has of the recipient is not known, and stays: {}",
            failure.message
        ));
    }
    let mut elsewhere = Elsewhere::default();
    elsewhere.note(&found);
    if found.is_empty() {
        elsewhere.print_unread();
        return match (&selection.recipient, done.failed) {
            (Some(_), 0) => Err(not_found(selection)),
            (None, 0) if unknown > 0 => Ok(CommandOutcome::NotFound),
            (None, 0) if selection.ids.is_empty() => {
                Err(Failure::new("the file names no id: nothing was erased"))
            }
            _ => Ok(CommandOutcome::SomeFailed),
        };
    }
    check_published(&register, output, found.awards.iter().flat_map(|it| &it.records))?;
    let folder = context::folder(site);
    let texts = found.requests.texts();
    let mut photos = Photos::find(folder, &register, &found.awards, &secret, texts)?;
    print_all(&register, &found);
    photos.print();
    if !confirm(selection, "erase all of it, for good?")? {
        return Ok(CommandOutcome::SomeFailed);
    }

    for round in 1.. {
        let failed = done.failed;
        erase_round(&register, &secret, &found, &photos, &mut done)?;
        // What fails is not tried again, but by the next run.
        if done.failed > failed {
            break;
        }
        found = search.find_left()?;
        elsewhere.note(&found);
        if found.is_empty() {
            break;
        }
        if round == MAX_ROUNDS {
            done.failed += 1;
            console::print_message(
                "agents keep issuing certificates of the recipient: stop what asks for them, and \
                 erase again",
            );
            break;
        }
        let texts = found.requests.texts();
        photos = Photos::find(folder, &register, &found.awards, &secret, texts)?;
    }
    let editions = if done.erased.len() == 1 { "edition" } else { "editions" };
    console::print_message(&format!("erased: {} {editions}", done.erased.len()));
    done.erased.iter().for_each(|id| console::print_message(&format!("  {id}")));
    if done.waiting > 0 {
        let waiting = done.waiting;
        console::print_message(&format!("removed: {waiting} requests that waited"));
    }
    if done.kept > 0 {
        let kept = done.kept;
        console::print_message(&format!("removed: {kept} entries of the agents' queue"));
    }
    elsewhere.print_unread();
    let verify_path = register.publish().verify_path();
    elsewhere.print(folder, selection, &done.erased, verify_path);
    Ok(CommandOutcome::of_counts(done.failed, unknown))
}

/// Removes what was found.
fn erase_round(
    register: &Register,
    secret: &IdSecret,
    found: &Found,
    photos: &Photos,
    done: &mut Done,
) -> Result<(), Failure> {
    let failed = |done: &mut Done, failure: &Failure| {
        done.failed += 1;
        console::print_message(&failure.message);
    };
    // An agent may be at work on a request that is removed: it must find the award erased.
    for award in found.requests.awards() {
        let ahead = register.erase_ahead(&award, secret, clock::now()?);
        if let Err(error) = ahead {
            failed(done, &error.into());
        }
    }
    // Requests are removed first, because a running agent would issue the certificate again.
    done.waiting += found.requests.remove_waiting()?;
    // Photos are removed before the certificates, because they are found by the snapshots.
    done.failed += photos.remove();
    let mut seen: BTreeSet<CertificateId> = done.erased.iter().cloned().collect();
    for editions in &found.awards {
        match erase_one(register, editions, secret) {
            // Erasing one award of a chain of corrections erases the others with it.
            Ok(ids) => {
                done.erased.extend(ids.into_iter().filter(|id| seen.insert(id.clone())))
            }
            Err(failure) => failed(done, &failure),
        }
    }
    match found.requests.remove_kept() {
        Ok(removed) => done.kept += removed,
        Err(failure) => failed(done, &failure),
    }
    Ok(())
}

fn erase_one(
    register: &Register,
    editions: &AwardEditions,
    secret: &IdSecret,
) -> Result<Vec<CertificateId>, Failure> {
    let now = clock::now()?;
    if let Some(award) = &editions.award {
        return Ok(register.erase_award(award, secret, now)?);
    }
    let mut ids = Vec::new();
    for record in &editions.records {
        ids.extend(register.erase(&record.id, secret, now)?);
    }
    Ok(ids)
}

/// Prints what was found, before the question.
fn print_all(register: &Register, found: &Found) {
    let count = |it: &AwardEditions| {
        it.records.len() + usize::from(it.records.is_empty() && it.award.is_some())
    };
    let records: usize = found.awards.iter().map(count).sum();
    console::print_message(&format!("to be erased: {records}"));
    for editions in &found.awards {
        editions
            .records
            .iter()
            .for_each(|record| print_found(register, editions, record));
        if let (Some(award), []) = (&editions.award, editions.records.as_slice()) {
            let name = editions.name.as_deref().unwrap_or("(no name)");
            let line =
                format!("  a certificate that was begun  {name}  {}", award.course);
            console::print_message(&line);
        }
        let is_erased = |it: &Record| it.status == Status::Erased;
        if editions.award.is_none() && !editions.records.iter().all(is_erased) {
            for record in &editions.records {
                console::print_note(&format!(
                    "of `{}` only this edition can be erased: its request is lost, so nothing \
                     tells which other editions are of the same award; look for them: testamur \
                     find NAME",
                    record.id
                ));
            }
        }
    }
    let (waiting, kept) = (found.requests.waiting(), found.requests.kept());
    if waiting > 0 {
        console::print_message(&format!(
            "  {waiting} requests that an agent has accepted and not answered"
        ));
    }
    if kept > 0 {
        console::print_message(&format!(
            "  {kept} answers and kept requests in the agents' queue"
        ));
    }
}
