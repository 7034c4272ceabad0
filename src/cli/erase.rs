//! `testamur erase`: removes everything personal of certificates, and of requests that wait.

mod photos;
mod queue;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::ErrorKind;
use crate::register::{AwardEditions, CertificateId, Record, Register, Status};
use crate::site::{Award, IdSecret, Recipient};

use super::args::{Erase, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::selection::{
    check_addresses, check_published, confirm, find_awards, not_found, print_found,
    read_ids,
};
use super::traces::{self, Trace};
use super::{clock, console, context};

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
    let mut found: Vec<AwardEditions> = Vec::new();
    let (mut failed, mut unknown) = (0, 0);
    for id in &ids {
        match register.award_editions(id, &secret) {
            Ok(editions) => {
                // If earlier editions are lost, the award may not contain the given id.
                if !editions.records.iter().any(|record| record.id == *id) {
                    found.extend(register.edition(id).ok());
                }
                found.push(editions);
            }
            Err(error) => {
                let is_unknown = error.kind() == ErrorKind::UnknownCertificate;
                *(if is_unknown { &mut unknown } else { &mut failed }) += 1;
                console::print_message(&format!("{error:#}"));
            }
        }
    }
    let mut filter = None;
    if let Some((named, awards)) =
        find_awards(site, output, &register, selection, &secret)?
    {
        filter = Some(named);
        found.extend(awards);
    }
    let mut seen: BTreeSet<Award> = BTreeSet::new();
    register.add_corrections(&mut found, &secret)?;
    found.retain(|it| it.award.as_ref().is_none_or(|award| seen.insert(award.clone())));
    let is_wanted = |award: &Award, name: Option<&str>| {
        seen.contains(award)
            || filter.as_ref().is_some_and(|filter| filter.matches(award, name))
    };
    let spool = Spool::open(&register, &is_wanted)?;
    // If the queue cannot be reached, everything else is erased nevertheless.
    let queue = match queue::Kept::open(site, &is_wanted) {
        Ok(queue) => queue,
        Err(failure) => {
            failed += 1;
            console::print_message(&format!(
                "what the agents' queue has of the recipient is not known, and stays: {}",
                failure.message
            ));
            None
        }
    };
    let kept = queue.as_ref().map_or(0, queue::Kept::len);
    if found.is_empty() && spool.ids.is_empty() && kept == 0 {
        return match (&selection.recipient, failed) {
            (Some(_), 0) => Err(not_found(selection)),
            (None, 0) if unknown > 0 => Ok(CommandOutcome::NotFound),
            (None, 0) if selection.ids.is_empty() => {
                Err(Failure::new("the file names no id: nothing was erased"))
            }
            _ => Ok(CommandOutcome::SomeFailed),
        };
    }
    check_published(&register, output, found.iter().flat_map(|it| &it.records))?;
    let mut waiting = spool.texts.clone();
    waiting.extend(queue.iter().flat_map(queue::Kept::texts));
    let folder = context::folder(site);
    let photos = photos::Photos::find(folder, &register, &found, &secret, waiting)?;
    print_all(&register, &found, &spool, kept);
    photos.print();
    if !confirm(selection, "erase all of it, for good?")? {
        return Ok(CommandOutcome::SomeFailed);
    }

    // Requests are removed first, because a running agent would issue the certificate again.
    let requests = spool.remove()?;
    // Photos are removed before the certificates, because they are found by the snapshots.
    failed += photos.remove();
    let mut erased = Vec::new();
    for editions in &found {
        match erase_one(&register, editions, &secret) {
            Ok(ids) => erased.extend(ids),
            Err(failure) => {
                failed += 1;
                console::print_message(&failure.message);
            }
        }
    }
    // Erasing one award of a chain of corrections erases the others with it.
    let mut seen = BTreeSet::new();
    erased.retain(|id| seen.insert(id.clone()));
    let editions = if erased.len() == 1 { "edition" } else { "editions" };
    console::print_message(&format!("erased: {} {editions}", erased.len()));
    erased.iter().for_each(|id| console::print_message(&format!("  {id}")));
    if requests > 0 {
        console::print_message(&format!("removed: {requests} requests that waited"));
    }
    if let Some(queue) = queue.filter(|_| kept > 0) {
        match queue.remove() {
            Ok(()) => console::print_message(&format!(
                "removed: {kept} entries of the agents' queue"
            )),
            Err(failure) => {
                failed += 1;
                console::print_message(&failure.message);
            }
        }
    }
    print_elsewhere(site, &found, &erased, register.publish().verify_path());
    Ok(CommandOutcome::of_counts(failed, unknown))
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
fn print_all(register: &Register, found: &[AwardEditions], spool: &Spool, kept: usize) {
    let count = |it: &AwardEditions| {
        it.records.len() + usize::from(it.records.is_empty() && it.award.is_some())
    };
    let records: usize = found.iter().map(count).sum();
    console::print_message(&format!("to be erased: {records}"));
    for editions in found {
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
    if !spool.ids.is_empty() {
        console::print_message(&format!(
            "  {} requests that an agent has accepted and not answered",
            spool.ids.len()
        ));
    }
    if kept > 0 {
        console::print_message(&format!(
            "  {kept} answers and kept requests in the agents' queue"
        ));
    }
}

/// Names the files that an erasure cannot reach.
fn print_elsewhere(
    site: &SiteArguments,
    found: &[AwardEditions],
    erased: &[CertificateId],
    verify_path: &str,
) {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for editions in found {
        names.extend(editions.name.clone());
        let printed = editions.records.iter().filter_map(|it| it.certificate.as_ref());
        names.extend(printed.map(|certificate| certificate.name.clone()));
        if let Some(Award { recipient: Recipient::Name(name), .. }) = &editions.award {
            names.insert(name.clone());
        }
    }
    let holding: Vec<(PathBuf, Trace)> =
        traces::find(context::folder(site), &names, erased, verify_path);
    for (path, trace) in &holding {
        let what = match trace {
            Trace::Holds => "still names the recipient",
            Trace::MayHold => "may hold a certificate of the recipient",
            Trace::MayName => "has the parts of the name, and may name the recipient",
            Trace::Unread => "was not read, and may name the recipient",
        };
        console::print_message(&format!("  {}  {what}", path.display()));
    }
    console::print_note(
        "copies elsewhere remain: the stream of requests in Redis and the results of lists that `issue --queue` has not finished, recipients files, the reports, archives and prints that `issue` \
         wrote (--report, --zip, --print), PDFs that were sent on, backups, the caches of search \
         engines",
    );
}

/// The requests in the spool of the site's agents that are erased too.
struct Spool {
    ids: Vec<String>,
    /// The texts that the requests gave in free fields.
    texts: Vec<String>,
    #[cfg(feature = "http")]
    private: std::sync::Arc<dyn crate::register::Store>,
}

#[cfg(feature = "http")]
impl Spool {
    fn open(
        register: &Register,
        is_wanted: &dyn Fn(&Award, Option<&str>) -> bool,
    ) -> Result<Self, Failure> {
        let private = register.private().clone();
        let found = crate::agent::spooled_requests(&*private, is_wanted)?;
        let (ids, texts): (Vec<String>, Vec<Vec<String>>) = found.into_iter().unzip();
        Ok(Self { ids, texts: texts.concat(), private })
    }

    fn remove(&self) -> Result<usize, Failure> {
        for id in &self.ids {
            crate::agent::remove_spooled(&*self.private, id)?;
        }
        Ok(self.ids.len())
    }
}

#[cfg(not(feature = "http"))]
impl Spool {
    fn open(
        _: &Register,
        _: &dyn Fn(&Award, Option<&str>) -> bool,
    ) -> Result<Self, Failure> {
        Ok(Self { ids: Vec::new(), texts: Vec::new() })
    }

    fn remove(&self) -> Result<usize, Failure> {
        Ok(self.ids.len())
    }
}
