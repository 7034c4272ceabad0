//! `testamur verify`: is a certificate intact, is its signer trusted, and does it still stand?
//!
//! Each question has its own line. Exit code 0 says that all three are known and good; 1 that one is
//! known and bad; 3 that one is not known.

mod form;
#[cfg(feature = "tsa")]
mod online;
mod status;
mod trust;
mod verified_file;
mod words;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::json;

use crate::Timestamp;
use crate::seal::verify::verify_unasked;
use crate::seal::{Judgement, Standing, Verdict, Verification, verify};

use self::status::StatusSource;
use self::trust::CollectedTrust;
use self::verified_file::{FoundStatus, VerifiedFile};
use super::args::{SiteArguments, Verify};
use super::exit::{CommandOutcome, Failure};
use super::{clock, console, sealed_file};

/// The largest PDF that is read, in bytes, which is the largest that the library verifies.
const MAX_FILE_LEN: u64 = 64 << 20;
/// The largest detached signature that is read, in bytes.
const MAX_SIGNATURE_LEN: u64 = 1 << 20;

pub(crate) fn run(
    site: &SiteArguments,
    arguments: &Verify,
) -> Result<CommandOutcome, Failure> {
    // What could not be looked at is not known to be bad.
    verify_all(site, arguments).map_err(|failure| match failure.code {
        1 => Failure { code: 3, ..failure },
        _ => failure,
    })
}

fn verify_all(
    site: &SiteArguments,
    arguments: &Verify,
) -> Result<CommandOutcome, Failure> {
    if arguments.signature.is_some() && arguments.files.len() > 1 {
        return Err(Failure::usage(
            "--signature belongs to one file, and there are several\nhelp: put each signature \
             beside its file, as FILE.sig",
        ));
    }
    let now = clock::now()?;
    let trust = trust::collect(site, arguments)?;
    if let Some(why) = trust.unknown_crls.as_ref().filter(|_| arguments.offline) {
        console::print_message(&format!(
            "warning: whether keys of this site were revoked is not known: {}",
            console::escaped(why)
        ));
    }
    let source = StatusSource::new(site, arguments)?;
    let is_many = arguments.files.len() > 1;
    let mut judgements = Vec::new();
    let mut table = words::Table::default();
    for path in &arguments.files {
        let file = match verify_file(path, arguments, &trust, &source, now) {
            Ok(file) => file,
            Err(failure) if is_many => {
                let message = console::escaped(&failure.message);
                if arguments.json {
                    let file = path.display().to_string();
                    let object =
                        json!({ "file": file, "verdict": null, "error": message });
                    console::print_result(&console::escaped_json(&object));
                } else {
                    table.push_unread(&path.display().to_string());
                }
                console::print_message(&message);
                judgements.push(Judgement::Unknown);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        judgements.push(judgement(&file, arguments.offline));
        if arguments.json {
            console::print_result(&console::escaped_json(&to_json(&file)));
        } else if is_many {
            table.push(&file);
        } else {
            console::print_result(&words::describe(&file, arguments.offline));
        }
    }
    if is_many && !arguments.json {
        console::print_result(&table.to_text());
    }
    Ok(if judgements.contains(&Judgement::No) {
        CommandOutcome::SomeFailed
    } else if judgements.contains(&Judgement::Unknown) {
        CommandOutcome::NotFound
    } else {
        CommandOutcome::Done
    })
}

fn verify_file(
    path: &Path,
    arguments: &Verify,
    collected: &CollectedTrust,
    source: &StatusSource<'_>,
    now: Timestamp,
) -> Result<VerifiedFile, Failure> {
    let CollectedTrust { trust, unknown_crls } = collected;
    let name = path.display().to_string();
    if name == "-" {
        return Err(Failure::usage(
            "standard input is not verified, because a detached signature has to lie beside the \
             PDF\nhelp: save it, and name the file",
        ));
    }
    let Some(file) = read(path, MAX_FILE_LEN)? else {
        let (found, status) = (Verification::too_large(), FoundStatus::default());
        return Ok(VerifiedFile { name, found, status, advice: None });
    };
    let beside = sealed_file::signature_path(path);
    let signature = match &arguments.signature {
        Some(path) => Some(path.as_path()),
        None => Some(beside.as_path()).filter(|path| path.is_file()),
    };
    // A file that is too large for a signature counts as a broken one.
    let signature = signature.map(|path| read(path, MAX_SIGNATURE_LEN)).transpose()?;
    let signature = signature.map(|text| text.unwrap_or_else(|| b"too long".to_vec()));
    let signature = signature.as_deref();
    let imported = source.imported(&file);
    let unknown_origin = imported.as_ref().err().cloned();
    match imported {
        Ok(Some(imported)) if arguments.offline => {
            let found = imported.verify_without_status(&file, signature, trust, now);
            return Ok(VerifiedFile {
                name,
                found,
                status: FoundStatus::default(),
                advice: None,
            });
        }
        Ok(Some(imported)) => {
            let found = imported.verify(&file, signature, trust, now);
            let status = FoundStatus::of(imported.record, status::OWN_REGISTER, now);
            return Ok(VerifiedFile { name, found, status, advice: None });
        }
        Ok(None) | Err(_) => {}
    }
    let found = if source.is_left_out() {
        verify_unasked(&file, signature, trust, now)
    } else {
        verify(&file, signature, trust, now)
    };
    let is_unsigned = found.seal.is_none() && found.signature.is_none();
    let status = match unknown_origin {
        Some(why) if is_unsigned => FoundStatus::unknown(why),
        _ => source.ask(&file, &found, now),
    };
    // A key that sealed a valid certificate may be revoked in a list that cannot be read.
    let status = match unknown_crls {
        Some(why) if status.standing == Standing::Valid => FoundStatus::unknown(
            status::one_line(&format!("whether its key was revoked is not known: {why}")),
        ),
        _ => status,
    };
    let holds_digest = status.is_own
        && status
            .record
            .as_ref()
            .zip(found.sha256.as_ref())
            .is_some_and(|(record, sha256)| record.holds(sha256));
    let found = found.with_record(status.standing, holds_digest);
    // A file with an intact seal needs no advice.
    let advice = form::advice(&file).filter(|_| found.intact != Judgement::Yes);
    Ok(VerifiedFile { name, found, status, advice })
}

/// Reads a file, or `None` if it is larger than that: such a one is not read at all.
fn read(path: &Path, max_len: u64) -> Result<Option<Vec<u8>>, Failure> {
    let failed = |error: std::io::Error| {
        // A file that is not there is no forgery.
        let message = format!("{}: failed to read the file ({error})", path.display());
        Failure { code: 3, ..Failure::new(message) }
    };
    if path.is_dir() {
        let message = format!(
            "{0}: this is a folder\nhelp: name the files in it: {0}/*.pdf",
            path.display()
        );
        return Err(Failure { code: 3, ..Failure::new(message) });
    }
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > max_len {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(length as usize + 1);
    file.take(max_len + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= max_len))
}

/// Whether a file is good. If the status was not asked it is unknown, unless the user chose not to
/// ask.
fn judgement(file: &VerifiedFile, offline: bool) -> Judgement {
    match file.found.verdict {
        Verdict::StatusNotAsked if offline => Judgement::Yes,
        verdict => verdict.judgement(),
    }
}

fn to_json(file: &VerifiedFile) -> serde_json::Value {
    let mut object = serde_json::to_value(&file.found).unwrap_or_default();
    object["file"] = json!(file.name);
    object["advice"] = json!(file.advice);
    object["status_reason"] = json!(file.status.why);
    object["status_source"] = json!(file.status.source);
    object["record"] = serde_json::to_value(&file.status.record).unwrap_or_default();
    object
}
