//! The files in the folder of keys as a whole: read for a backup, and put back from one. Besides the sets and
//! the id secret these are the files that settings name in it, such as the folder of GnuPG that a migration
//! made.
//!
//! The decision made here: no existing file is replaced. Files that are equal are left; if one
//! differs, nothing is written.

use std::fs;
use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::Keys;
use super::files::{self, ID_SECRET_FILE, KeyFolder, ROOT_CRL_FILE, SEAL_FILE};
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::id_secret::IdSecret;

/// The files of a folder of keys by name, such as `id.secret`, `1/seal.pem` and `gnupg/pubring.kbx`, in order.
pub(crate) type KeyBackup = Vec<(String, Zeroizing<Vec<u8>>)>;

/// How many folders lie in one another.
const MAX_DEPTH: usize = 8;
/// The largest file, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The number of a set of keys, and its files by name.
type KeySet<'a> = (u32, Vec<(&'a str, &'a [u8])>);

impl Keys {
    /// Reads all that is needed to have the keys again: the sets, and the id secret.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: there is neither a set nor an id secret. [`ErrorKind::Io`]: a
    /// file cannot be read. [`ErrorKind::TooLarge`], [`ErrorKind::InvalidValue`]: the folder has what a
    /// backup cannot have.
    pub(crate) fn files(folder: &Path) -> Result<KeyBackup> {
        let keys = KeyFolder::new(folder);
        let mut found = Vec::new();
        let secret = files::read_if_exists(&folder.join(ID_SECRET_FILE))?;
        found.extend(secret.map(|bytes| (ID_SECRET_FILE.to_owned(), bytes)));
        for number in keys.numbers()? {
            let mut names = names_in(&keys.set_folder(number))?;
            names.sort();
            for name in names {
                let bytes = files::read(&keys.set_folder(number).join(&name))?;
                found.push((format!("{number}/{name}"), bytes));
            }
        }
        if found.is_empty() {
            return Err(super::no_keys(folder));
        }
        add_others(folder, "", 0, &mut found)?;
        Ok(found)
    }

    /// Puts files of [`files`](Self::files) back, and leaves existing files that are equal. Returns
    /// how many were written.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`]: the folder has other keys; nothing was written.
    /// [`ErrorKind::Syntax`]: a name is none of a folder of keys. [`ErrorKind::Key`]: the id secret
    /// is none. [`ErrorKind::Io`]: the folder cannot be written.
    pub(crate) fn put_back(folder: &Path, given: &KeyBackup) -> Result<usize> {
        let keys = KeyFolder::new(folder);
        let mut sets: Vec<KeySet<'_>> = Vec::new();
        let mut secret = None;
        let mut others: Vec<(&str, &[u8])> = Vec::new();
        for (name, bytes) in given {
            if name == ID_SECRET_FILE {
                IdSecret::parse(&folder.join(name), bytes)?;
                secret = Some(bytes);
                continue;
            }
            let Some((number, file)) = split_name(name) else {
                if !is_other(name) {
                    let message = format!("`{name}` is no file of a folder of keys");
                    return Err(Error::new(ErrorKind::Syntax, message));
                }
                others.push((name, bytes));
                continue;
            };
            let last = sets.last_mut().filter(|(last, _)| *last == number);
            match last {
                Some((_, files)) => files.push((file, bytes)),
                None => sets.push((number, vec![(file, bytes)])),
            }
        }
        // Everything is compared before anything is written.
        let existing = keys.numbers()?;
        let mut missing: Vec<KeySet<'_>> = Vec::new();
        let mut count = 0;
        for number in &existing {
            if !sets.iter().any(|(given, _)| given == number) {
                return Err(other_keys(&keys.set_folder(*number)));
            }
        }
        for (number, files) in &sets {
            let set = keys.set_folder(*number);
            let mut absent = Vec::new();
            for (name, bytes) in files {
                match files::read_if_exists(&set.join(name))? {
                    Some(own) if !is_same(name, &own, bytes) => {
                        return Err(other_keys(&set.join(name)));
                    }
                    Some(_) => {}
                    None => absent.push((*name, *bytes)),
                }
            }
            if !absent.is_empty() {
                count += absent.len();
                missing.push((*number, absent));
            }
        }
        let secret_file = folder.join(ID_SECRET_FILE);
        let own_secret = files::read_if_exists(&secret_file)?;
        if let (Some(own), Some(given)) = (&own_secret, secret)
            && own.as_slice() != given.as_slice()
        {
            return Err(other_keys(&secret_file));
        }
        let mut absent = Vec::new();
        for (name, bytes) in others {
            let path = folder.join(name);
            match files::read_if_exists(&path)? {
                Some(own) if own.as_slice() != bytes => return Err(other_keys(&path)),
                Some(_) => {}
                None => absent.push((name, bytes)),
            }
        }
        let mut count = count + absent.len();
        for (name, bytes) in absent {
            keys.add_other(name, bytes)?;
        }
        for (number, files) in &missing {
            if existing.contains(number) {
                keys.complete(*number, files)?;
            } else {
                keys.add(*number, files)?;
            }
        }
        if let (None, Some(given)) = (&own_secret, secret) {
            count += 1;
            keys.add_secret(ID_SECRET_FILE, &String::from_utf8_lossy(given))?;
        }
        Ok(count)
    }
}

/// Whether a file of a set counts as equal to that of a backup. The notes, the CRL and the
/// certificate of a key may have been renewed since, so they always do.
fn is_same(name: &str, own: &[u8], given: &[u8]) -> bool {
    matches!(name, ROOT_CRL_FILE | SEAL_FILE)
        || files::without_notes(own) == files::without_notes(given)
}

/// The set and the file of a name such as `1/seal.pem`.
fn split_name(name: &str) -> Option<(u32, &str)> {
    let (folder, file) = name.split_once('/')?;
    let number: u32 = folder.parse().ok().filter(|n: &u32| n.to_string() == folder)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (!file.is_empty() && !file.starts_with('.') && file.chars().all(is_plain))
        .then_some((number, file))
}

/// Whether a name is that of a file beside the sets: a relative path, none of whose parts is hidden.
fn is_other(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    let is_plain = |part: &&str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.contains(['\\', ':'])
            && !part.chars().any(char::is_control)
    };
    let is_set = parts[0].parse::<u32>().is_ok();
    parts.len() <= MAX_DEPTH && !is_set && parts.iter().all(is_plain)
}

/// Whether a file beside the sets is of a running program, and holds no key: a lock, a draft, a seed of random
/// numbers.
fn is_passing(name: &str) -> bool {
    name.starts_with('.')
        || name.ends_with('~')
        || name.ends_with(".lock")
        || name == "random_seed"
}

/// Adds the files beside the sets and the id secret.
fn add_others(
    folder: &Path,
    within: &str,
    depth: usize,
    found: &mut KeyBackup,
) -> Result<()> {
    let here = folder.join(within);
    let failed = |cause: io::Error| files::failed("list the folder", &here, cause);
    let mut names = Vec::new();
    for entry in fs::read_dir(&here).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        names.push((entry.file_name(), entry.file_type().map_err(failed)?));
    }
    names.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (name, kind) in names {
        let Some(text) = name.to_str() else {
            return Err(not_kept(&here.join(&name), "its name is not UTF-8"));
        };
        let is_top = within.is_empty();
        let is_known = is_top && (text == ID_SECRET_FILE || text.parse::<u32>().is_ok());
        if is_known || is_passing(text) {
            continue;
        }
        let path = here.join(text);
        let name = if is_top { text.to_owned() } else { format!("{within}/{text}") };
        if kind.is_symlink() {
            return Err(not_kept(&path, "it is a link"));
        }
        if kind.is_dir() {
            if depth + 1 >= MAX_DEPTH {
                return Err(not_kept(&path, "it lies too deep"));
            }
            add_others(folder, &name, depth + 1, found)?;
        } else if kind.is_file() {
            if !is_other(&name) {
                return Err(not_kept(&path, "it has an unusual name"));
            }
            let length = fs::metadata(&path).map_err(failed)?.len();
            if length >= MAX_FILE {
                let message = format!("`{}` is too large for a backup", path.display());
                return Err(Error::new(ErrorKind::TooLarge, message)
                    .with_help("move it out of the folder of keys"));
            }
            found.push((name, files::read(&path)?));
        }
        // Sockets, by which programs find each other, hold no key.
    }
    Ok(())
}

fn not_kept(path: &Path, why: &str) -> Error {
    let message = format!("`{}` cannot be in a backup: {why}", path.display());
    Error::new(ErrorKind::InvalidValue, message)
        .with_help("put the file itself there under a plain name, or move it away")
}

fn names_in(set: &Path) -> Result<Vec<String>> {
    let failed = |cause: io::Error| files::failed("list the folder", set, cause);
    let mut names = Vec::new();
    for entry in fs::read_dir(set).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().into_string().unwrap_or_default();
        if entry.path().is_file() && split_name(&format!("1/{name}")).is_some() {
            names.push(name);
        }
    }
    Ok(names)
}

fn other_keys(path: &Path) -> Error {
    let message = format!("`{}` is there, and is not that of the backup", path.display());
    Error::new(ErrorKind::Exists, message).with_help(
        "keys are never replaced: restore into a folder of its own, --keys DIR, and compare",
    )
}
