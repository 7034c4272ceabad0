//! `testamur key backup` and `testamur key restore`.
//!
//! A backup is a ZIP archive of the folder of keys, encrypted in the format of age. So without this
//! program it is read by `age --decrypt FILE > keys.zip` and `unzip`.

use std::fmt::Display;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use console::Term;
use zeroize::Zeroizing;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::cli::args::{BackupKeys, SiteArguments};
use crate::cli::exit::Failure;
use crate::cli::key::age;
use crate::cli::{console as messages, context};
use crate::site::{KeyBackup, Keys, PdfKeySettings};

/// The fewest letters of a passphrase.
const MIN_PASSPHRASE: usize = 12;
/// The most bytes of a backup, of a file in it, and the most files.
const MAX_BACKUP: u64 = 16 << 20;
const MAX_FILE: u64 = 1 << 20;
const MAX_FILES: usize = 10_000;

/// Writes all files of the folder of keys into one file.
pub(super) fn write(site: &SiteArguments, backup: &BackupKeys) -> Result<(), Failure> {
    let target = &backup.file;
    if target.exists() {
        return Err(exists(target));
    }
    let folder = context::key_folder(site, &backup.keys);
    let files = Keys::files(&folder)?;
    if !Keys::has_id_secret(&folder) {
        messages::print_message(&format!(
            "warning: {} has no id secret, without which no certificate can be issued\nhelp: \
             copy `id.secret` into it and make the backup again",
            folder.display()
        ));
    }
    for file in elsewhere(site, &folder) {
        messages::print_message(&format!(
            "warning: `{file}` is not in the backup, because it lies outside of {}\nhelp: keep a copy \
             of it too",
            folder.display()
        ));
    }
    let passphrase = read_passphrase(backup, true)?;
    let file = age::encrypt(&pack(&files)?, &passphrase)?;
    let failed = |error: &dyn Display| {
        Failure::new(format!("{}: failed to write the file ({error})", target.display()))
    };
    let beside = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Only its owner can read a temporary file.
    let mut staged = tempfile::NamedTempFile::new_in(beside.unwrap_or(Path::new(".")))
        .map_err(|error| failed(&error))?;
    staged.write_all(&file).map_err(|error| failed(&error))?;
    staged.as_file().sync_all().map_err(|error| failed(&error))?;
    staged.persist_noclobber(target).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(target),
        _ => failed(&error),
    })?;
    messages::print_message(&format!(
        "wrote {} files of {} into {}\nkeep it and the passphrase in two places; to read it: \
         testamur key restore",
        files.len(),
        folder.display(),
        target.display()
    ));
    Ok(())
}

/// Puts the files of a backup into the folder of keys.
pub(super) fn restore(site: &SiteArguments, backup: &BackupKeys) -> Result<(), Failure> {
    let path = &backup.file;
    let length = fs::metadata(path).map_or(0, |meta| meta.len());
    if length > MAX_BACKUP {
        return Err(Failure::new(format!("{}: the file is no backup", path.display())));
    }
    let file = context::read_file(path)?;
    let passphrase = read_passphrase(backup, false)?;
    let named = |failure: Failure| Failure {
        message: format!("{}: {}", path.display(), failure.message),
        ..failure
    };
    let archive = age::decrypt(&file, &passphrase).map_err(named)?;
    let files = unpack(&archive).map_err(named)?;
    let folder = context::key_folder(site, &backup.keys);
    let written = Keys::put_back(&folder, &files)?;
    messages::print_message(&match written {
        0 => format!("{} has all files of the backup already", folder.display()),
        _ => format!("put {written} files back into {}", folder.display()),
    });
    Ok(())
}

/// The files of keys that the settings name outside of the folder of keys.
fn elsewhere(site: &SiteArguments, folder: &Path) -> Vec<String> {
    let settings = context::open_site_without_note(site)
        .and_then(|files| context::read_settings(&files));
    // Settings that cannot be read are reported by what seals; the folder is written whole.
    let Ok(settings) = settings else { return Vec::new() };
    let mut named = Vec::new();
    match settings.seal.pdf {
        Some(PdfKeySettings::File { key, chain }) => named.extend([key, chain]),
        Some(PdfKeySettings::Command { chain, .. }) => named.push(chain),
        Some(PdfKeySettings::Token { token, chain }) => {
            named.extend(token.pin_file);
            named.push(chain);
        }
        None => {}
    }
    named.extend(settings.seal.openpgp.map(|openpgp| openpgp.key));
    let own = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (folder, root) = (own(folder), context::folder(site));
    named.retain(|file| !own(&root.join(file)).starts_with(&folder));
    named
}

/// The files as a ZIP archive. The same files give the same archive.
fn pack(files: &KeyBackup) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: &dyn Display| {
        Failure::new(format!("failed to write the archive ({error})"))
    };
    let size = files.iter().map(|(name, bytes)| bytes.len() + 2 * name.len() + 200);
    // One buffer of the whole size: a buffer that grows leaves copies of the secrets in memory.
    let bytes = Vec::with_capacity(size.sum());
    let mut zip = ZipWriter::new(Cursor::new(bytes));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o600);
    for (name, bytes) in files {
        zip.start_file(name.as_str(), options).map_err(|error| failed(&error))?;
        zip.write_all(bytes).map_err(|error| failed(&error))?;
    }
    let archive = zip.finish().map_err(|error| failed(&error))?;
    Ok(Zeroizing::new(archive.into_inner()))
}

/// The files of a ZIP archive, with their names unchecked.
fn unpack(archive: &[u8]) -> Result<KeyBackup, Failure> {
    let failed = |error: &dyn Display| {
        Failure::new(format!("the backup has no archive ({error})"))
    };
    let mut zip =
        ZipArchive::new(Cursor::new(archive)).map_err(|error| failed(&error))?;
    if zip.len() > MAX_FILES {
        return Err(failed(&"it has too many files"));
    }
    let mut files = KeyBackup::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).map_err(|error| failed(&error))?;
        if file.is_dir() {
            continue;
        }
        let name = file.name().map_err(|error| failed(&error))?.into_owned();
        let mut bytes = Zeroizing::new(Vec::new());
        let read = file.by_ref().take(MAX_FILE + 1).read_to_end(&mut bytes);
        read.map_err(|error| failed(&error))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(failed(&format!("`{name}` is too long")));
        }
        files.push((name, bytes));
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(files)
}

/// The passphrase: the first line of a file, else what the user types, `twice` for a new one.
fn read_passphrase(
    backup: &BackupKeys,
    twice: bool,
) -> Result<Zeroizing<String>, Failure> {
    let passphrase = match &backup.passphrase_file {
        Some(file) => {
            let bytes = Zeroizing::new(context::read_file(file)?);
            let text = str::from_utf8(&bytes).map_err(|_| {
                Failure::new(format!("{}: the passphrase is not UTF-8", file.display()))
            })?;
            Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())
        }
        None => {
            let passphrase = ask("passphrase of the backup: ")?;
            if twice && *ask("the same once more: ")? != *passphrase {
                return Err(Failure::new("the two passphrases differ"));
            }
            passphrase
        }
    };
    if twice && passphrase.chars().count() < MIN_PASSPHRASE {
        return Err(Failure::new(format!(
            "the passphrase is too short\nhelp: take {MIN_PASSPHRASE} letters or more, such as \
             five words"
        )));
    }
    Ok(passphrase)
}

/// Asks on the terminal; what is typed is not shown.
fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let term = Term::stderr();
    if !term.is_term() {
        return Err(Failure::usage(
            "there is no terminal to ask for the passphrase\nhelp: --passphrase-file FILE",
        ));
    }
    let failed = |error: std::io::Error| {
        Failure::new(format!("failed to read the passphrase ({error})"))
    };
    term.write_str(prompt).map_err(failed)?;
    term.read_secure_line().map(Zeroizing::new).map_err(failed)
}

fn exists(path: &Path) -> Failure {
    Failure::new(format!(
        "{}: the file exists\nhelp: name another one; a backup is never overwritten",
        path.display()
    ))
}
