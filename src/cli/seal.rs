//! `testamur seal`: seals drafts, and raises the PAdES level of sealed PDFs, single ones and those of
//! the register.

use std::path::Path;

use crate::register::CertificateId;
use crate::register::{Record, SealUpgrade};
use crate::seal::Sealed;
use crate::site::{KeyPublication, Keys, Settings};

use super::args::{self, Seal, SealDraft, SealingArguments, SiteArguments};
use super::batch::{self, StopSignal};
use super::exit::{CommandOutcome, Failure};
use super::{clock, console, context, sealed_file};

pub(crate) fn run(
    site: &SiteArguments,
    command: &Seal,
) -> Result<CommandOutcome, Failure> {
    match command {
        Seal::Draft(draft) => seal_draft(site, draft),
        Seal::Upgrade(upgrade) if upgrade.file.is_none() => {
            upgrade_register(site, upgrade)
        }
        Seal::Upgrade(upgrade) => upgrade_file(site, upgrade),
    }
}

fn open(
    site: &SiteArguments,
    sealing: &SealingArguments,
) -> Result<(Settings, Keys), Failure> {
    let settings = context::read_settings(&context::open_site(site)?)?;
    let publication = KeyPublication::of(&settings);
    let public = &*context::public_store(site, &settings, &sealing.keys)?;
    let now = clock::now()?;
    let keys = context::open_keys(site, &settings, &publication, sealing, public, now)?;
    Ok((settings, keys))
}

fn seal_draft(
    site: &SiteArguments,
    draft: &SealDraft,
) -> Result<CommandOutcome, Failure> {
    let (_, keys) = open(site, &draft.sealing)?;
    let file = context::read_file(&draft.file)?;
    let sealed = keys.sealer().seal(&file, clock::now()?)?;
    let path = draft.output.as_ref().unwrap_or(&draft.file);
    write_sealed(path, &sealed)
}

fn upgrade_file(
    site: &SiteArguments,
    upgrade: &args::SealUpgrade,
) -> Result<CommandOutcome, Failure> {
    let Some(path) = &upgrade.file else { return Ok(CommandOutcome::Done) };
    let (_, keys) = open(site, &upgrade.sealing)?;
    let file = context::read_file(path)?;
    let sealed = keys.sealer().upgrade(&file, &keys.crls(), clock::now()?)?;
    let path = upgrade.output.as_ref().unwrap_or(path);
    write_sealed(path, &sealed)
}

/// Writes a sealed PDF with its signature, and prints its warnings and its level.
fn write_sealed(path: &Path, sealed: &Sealed) -> Result<CommandOutcome, Failure> {
    sealed.warnings.iter().for_each(console::print_warning);
    sealed_file::write(Some(path), sealed)?;
    console::print_message(&format!(
        "sealed {} ({})",
        path.display(),
        sealed.level.as_str()
    ));
    Ok(CommandOutcome::Done)
}

/// Raises the seals of the register's certificates that the arguments name.
fn upgrade_register(
    site: &SiteArguments,
    upgrade: &args::SealUpgrade,
) -> Result<CommandOutcome, Failure> {
    let (settings, keys) = open(site, &upgrade.sealing)?;
    let files = context::open_site_without_note(site)?;
    let keys_folder = Some(&upgrade.sealing.keys);
    let register = context::open_register(site, &files, &settings, None, keys_folder)?;
    register.check()?;
    register.publish_keys(&Keys::published_in(&context::key_folder(
        site,
        &upgrade.sealing.keys,
    ))?)?;
    let mut failed = 0;
    let mut ids = Vec::new();
    register.records(&mut |record| {
        match record {
            Ok(record) if is_wanted(&record, upgrade) => ids.push(record.id),
            Ok(_) => {}
            Err(error) => {
                failed += 1;
                console::print_message(&format!("{error:#}"));
            }
        }
        Ok(())
    })?;
    let stop = StopSignal::listen(|| {
        console::print_message("stopping: seals that have begun are finished first");
    })?;
    let (sealer, crls) = (keys.sealer(), keys.crls());
    let raise = |id: &CertificateId| -> Result<SealUpgrade, Failure> {
        Ok(register.upgrade_seal(id, &sealer, &crls, clock::now()?)?)
    };
    let mut raised = 0;
    let done =
        batch::run(&ids, batch::WAITING_PER_CORE, &stop, raise, |index, result| {
            match result {
                Ok(SealUpgrade::Raised) => raised += 1,
                Ok(_) => {}
                Err(failure) => {
                    failed += 1;
                    console::print_message(&format!(
                        "{}: {}",
                        ids[index], failure.message
                    ));
                }
            }
        });
    console::print_message(&format!(
        "{} certificates: {raised} raised, {} unchanged, {failed} failed",
        ids.len(),
        (done - raised).saturating_sub(failed)
    ));
    if done < ids.len() {
        return Err(Failure::new(format!(
            "stopped: {} certificates are not done\nhelp: run the same command again to continue",
            ids.len() - done
        )));
    }
    Ok(CommandOutcome::of(failed == 0))
}

/// Whether a certificate is one of those that the arguments name.
fn is_wanted(record: &Record, upgrade: &args::SealUpgrade) -> bool {
    let certificate = record.certificate.as_ref().filter(|_| record.status.stands());
    certificate.is_some_and(|certificate| {
        upgrade.course.as_ref().is_none_or(|course| certificate.course.id == *course)
            && upgrade.before.is_none_or(|day| record.issued_at.date() < day)
    })
}
