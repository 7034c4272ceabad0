//! `testamur restore`: a lost public or private folder, made anew from the other one.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::register::CertificateId;
use crate::register::PublishedFile;
use crate::site::Keys;
use crate::{Error, ErrorKind};

use super::args::{Restore, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::{clock, console, context};

/// How many ids a list of what is lost names.
const MAX_LISTED: usize = 20;

pub(crate) fn run(
    site: &SiteArguments,
    restore: &Restore,
) -> Result<CommandOutcome, Failure> {
    let register =
        context::register_of_site(site, restore.public.output.as_deref(), &restore.keys)?;
    let secret = context::open_id_secret(site, &restore.keys)?;
    register.check()?;
    if let Some(folder) = restore.from.as_ref().filter(|folder| !folder.is_dir()) {
        let message = format!("`{}` is no folder", folder.display());
        return Err(Failure::usage(message));
    }
    let mut backup = Backup { folder: restore.from.as_deref(), by_size: None };
    let mut looked_at = 0;
    let done = register.restore(
        &secret,
        &mut |pdf| backup.find(pdf),
        clock::now()?,
        &mut || looked_at += 1,
    )?;
    let folder = context::key_folder(site, &restore.keys);
    let published = Keys::published_in(&folder).and_then(|it| register.publish_keys(&it));
    for (id, error) in &done.failures {
        console::print_message(&format!("{id}: {error:#}"));
    }
    console::print_message(&format!(
        "{} certificates: {} restored, {} PDFs taken from the copy, {} failed",
        done.certificates,
        done.restored,
        done.pdfs,
        done.failures.len()
    ));
    if done.removed > 0 {
        let what = "PDFs removed that belong to certificates which have ended";
        console::print_message(&format!("{} {what}", done.removed));
    }
    let lost: Vec<&str> = done.lost_pdfs.iter().map(CertificateId::as_str).collect();
    print_list(
        &lost,
        "certificates are valid and their PDF is lost, as their pages say: give a copy with --from \
         DIR, or make the next editions with `issue --replace`",
    );
    let changed: Vec<&str> =
        done.changed_pdfs.iter().map(CertificateId::as_str).collect();
    print_list(
        &changed,
        "certificates have a PDF that is not the one that was issued, by its SHA-256: give a copy \
         with --from DIR, or make the next editions with `issue --replace`",
    );
    let unknown: Vec<&str> =
        done.unknown_awards.iter().map(CertificateId::as_str).collect();
    print_list(
        &unknown,
        "certificates have lost their request, so nothing tells their username: issuing for the \
         same recipient finds them again, and `erase` reaches one edition at a time",
    );
    let unpublished: Vec<&str> =
        done.unpublished.iter().map(CertificateId::as_str).collect();
    print_list(
        &unpublished,
        "certificates were begun and never published: issue them again",
    );
    let files: Vec<&str> = done.unknown_files.iter().map(String::as_str).collect();
    print_list(
        &files,
        "files of the public store belong to certificates whose record and request are lost, so \
         nothing tells whether those are valid: put copies back, or remove the files",
    );
    published?;
    Ok(CommandOutcome::of(done.failures.is_empty()))
}

/// Prints a note about some certificates, with the first of their ids.
fn print_list(ids: &[&str], what: &str) {
    if ids.is_empty() {
        return;
    }
    console::print_note(&format!("{} {what}", ids.len()));
    ids.iter().take(MAX_LISTED).for_each(|id| console::print_message(&format!("  {id}")));
    if ids.len() > MAX_LISTED {
        console::print_message(&format!("  and {} more", ids.len() - MAX_LISTED));
    }
}

/// A folder with copies of PDFs, under whatever names.
struct Backup<'a> {
    folder: Option<&'a Path>,
    /// The files below the folder by their length, once one is not found by its path.
    by_size: Option<HashMap<u64, Vec<PathBuf>>>,
}

impl Backup<'_> {
    /// The bytes of a PDF: at its path, else among the files of its length.
    fn find(&mut self, pdf: &PublishedFile) -> crate::Result<Option<Vec<u8>>> {
        let Some(folder) = self.folder else { return Ok(None) };
        let is_it = |bytes: &Vec<u8>| pdf.is(bytes);
        let read = |path: &Path| {
            fs::read(path).map_err(|cause| {
                let message = format!("failed to read `{}` ({cause})", path.display());
                Error::new(ErrorKind::Io, message)
            })
        };
        let at_path = folder.join(&pdf.path);
        if at_path.is_file()
            && let Some(bytes) = Some(read(&at_path)?).filter(is_it)
        {
            return Ok(Some(bytes));
        }
        if self.by_size.is_none() {
            let mut by_size = HashMap::new();
            list(folder, &mut by_size);
            self.by_size = Some(by_size);
        }
        let of_size = self.by_size.as_ref().and_then(|it| it.get(&(pdf.bytes as u64)));
        for path in of_size.into_iter().flatten() {
            if let Some(bytes) = Some(read(path)?).filter(is_it) {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

/// Lists the files below a folder by their length.
fn list(folder: &Path, by_size: &mut HashMap<u64, Vec<PathBuf>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            list(&entry.path(), by_size);
        } else if let Ok(meta) = fs::metadata(entry.path()) {
            by_size.entry(meta.len()).or_default().push(entry.path());
        }
    }
}
