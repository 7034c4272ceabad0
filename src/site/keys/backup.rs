//! The files in the folder of keys as a whole: read for a backup, and put back from one.
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

/// The files of a folder of keys by name, such as `id.secret` and `1/seal.pem`, in order.
pub(crate) type KeyBackup = Vec<(String, Zeroizing<Vec<u8>>)>;

/// The number of a set of keys, and its files by name.
type KeySet<'a> = (u32, Vec<(&'a str, &'a [u8])>);

impl Keys {
    /// Reads all that is needed to have the keys again: the sets, and the id secret.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: there is neither a set nor an id secret. [`ErrorKind::Io`]: a
    /// file cannot be read.
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
        for (name, bytes) in given {
            if name == ID_SECRET_FILE {
                IdSecret::parse(&folder.join(name), bytes)?;
                secret = Some(bytes);
                continue;
            }
            let (number, file) = split_name(name).ok_or_else(|| {
                let message = format!("`{name}` is no file of a folder of keys");
                Error::new(ErrorKind::Syntax, message)
            })?;
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
