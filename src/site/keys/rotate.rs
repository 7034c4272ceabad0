//! Keys that take the place of others, and keys that are not trusted any more.
//!
//! The public parts of a set stay after a rotation, each with a note in front of it that names its
//! successor. A root that retires signs one last CRL, which is valid until its last certificate
//! ends.

use std::path::Path;

use super::Keys;
use super::files::{self, KeyFolder, PGP_FILE, ROOT_CRL_FILE, ROOT_FILE, SEAL_FILE};
use super::make::{self, KeySource};
use super::publication::KeyPublication;
use super::root_crl;
use super::upkeep::no_root;
use crate::base::digits::Sha256;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::openpgp::PgpKey;
use crate::seal::x509::X509;

/// The certificates of a key that is not trusted any more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyRevocation {
    /// The number of the set of keys.
    pub set: u32,
    /// The SHA-256 of each certificate that the key had: 64 hexadecimal digits in lower case.
    pub certificates: Vec<Sha256>,
    /// From when on its seals do not count.
    pub since: Timestamp,
}

impl Keys {
    /// Makes the next set of keys, and removes the secret parts of the current one. With
    /// [`KeySource::NextLeaf`] the root stays, so that those who trust it trust the new keys. With
    /// [`KeySource::NewRoot`] the root retires and, if its key is in the folder, signs one last
    /// CRL.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: there are no keys to replace. [`ErrorKind::Io`]: the folder
    /// cannot be written. The errors of [`open`](Self::open).
    pub fn rotate(folder: &Path, source: &KeySource<'_>, now: Timestamp) -> Result<Self> {
        Self::rotate_with(folder, source, &KeyPublication::default(), now)
    }

    /// As [`rotate`](Self::rotate), with the addresses at which the site publishes.
    ///
    /// # Errors
    /// The errors of [`rotate`](Self::rotate).
    pub fn rotate_with(
        folder: &Path,
        source: &KeySource<'_>,
        publication: &KeyPublication,
        now: Timestamp,
    ) -> Result<Self> {
        let keys = KeyFolder::new(folder);
        let number = keys.newest()?.ok_or_else(|| super::no_keys(folder))?;
        // What cannot be read of the earlier sets is told before there is another one.
        root_crl::known_crls(&keys)?;
        Self::trusted(folder)?;
        Self::finish_rotations(folder, now)?;
        make::add_set(&keys, number + 1, source, publication, now)?;
        let opened = Self::open(folder, now)?;
        finish(&keys, number, now)?;
        Ok(opened)
    }

    /// Finishes rotations that were interrupted: an earlier set that still has secret parts is noted as
    /// replaced and loses them, if the current set can be opened.
    pub(super) fn finish_rotations(folder: &Path, now: Timestamp) -> Result<()> {
        let keys = KeyFolder::new(folder);
        let mut numbers = keys.numbers()?;
        numbers.pop();
        let mut unfinished = Vec::new();
        for number in numbers {
            if keys.has_secrets(number)? {
                unfinished.push(number);
            }
        }
        // Keys that cannot be opened are reported by the commands that need them.
        if unfinished.is_empty() || Self::open(folder, now).is_err() {
            return Ok(());
        }
        unfinished.into_iter().try_for_each(|number| finish(&keys, number, now))
    }

    /// The organization's name in the current keys, for the next ones.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: there are no keys. [`ErrorKind::Io`], [`ErrorKind::Syntax`]: a
    /// public part cannot be read.
    pub fn name(folder: &Path) -> Result<String> {
        let keys = KeyFolder::new(folder);
        let number = keys.newest()?.ok_or_else(|| super::no_keys(folder))?;
        let file = keys.set_folder(number).join(PGP_FILE);
        let text = files::read(&file)?;
        let keys = files::place_in(&file, PgpKey::from_armor(&text))?;
        let name = keys.first().and_then(PgpKey::user_id).unwrap_or_default();
        Ok(name.to_owned())
    }

    /// Revokes the key that seals of a set, of the current one unless `set` is given: its root
    /// signs a CRL that names every certificate of the key. Seals from `since` on do not count; it
    /// is `now` unless given. Call [`take_over_crls`](Self::take_over_crls) before, so that the
    /// published revocations are kept.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: there is no such set, or its certificate is of another CA.
    /// [`ErrorKind::Key`]: the folder does not have the key of the root.
    /// [`ErrorKind::InvalidValue`]: `since` is later than `now`. [`ErrorKind::Io`]: the folder
    /// cannot be written.
    pub fn revoke(
        folder: &Path,
        set: Option<u32>,
        since: Option<Timestamp>,
        publication: &KeyPublication,
        now: Timestamp,
    ) -> Result<KeyRevocation> {
        let keys = KeyFolder::new(folder);
        let numbers = keys.numbers()?;
        let newest = *numbers.last().ok_or_else(|| super::no_keys(folder))?;
        let set = set.unwrap_or(newest);
        if !numbers.contains(&set) {
            let message = format!("there is no set of keys {set}");
            return Err(Error::new(ErrorKind::MissingFile, message)
                .with_help(format!("the current one is {newest}")));
        }
        let since = since.unwrap_or(now);
        if since > now {
            let message = format!("{since} is later than now");
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help("give the time from which on the key may have been misused"));
        }
        let root = root_crl::root_of(&keys, set)?.ok_or_else(no_root)?;
        let key = match root_crl::root_of(&keys, newest)? {
            Some(current) if current == root => root_crl::root_key(&keys, newest)?,
            _ => None,
        };
        let key = key.ok_or_else(|| {
            let message = format!("the key of the root `{}` is not at hand", root.name());
            let file = keys.set_folder(newest).join(files::ROOT_KEY_FILE);
            Error::new(ErrorKind::Key, message)
                .at(Place::file(file.display().to_string()))
                .with_help(
                    "put it back from a copy; a retired root has no key any more: tell those who \
                     trust it to stop trusting it",
                )
        })?;
        let leaves = root_crl::leaves_of(&keys, set)?;
        let known = root_crl::known_crls_of(&keys, &root)?;
        let revoked: Vec<(&X509, Timestamp)> =
            leaves.iter().map(|leaf| (leaf, since)).collect();
        let days = publication.crl_days;
        let crl = root_crl::sign_next(&root, &key, &known.all(), &revoked, days, now)?;
        keys.replace(newest, ROOT_CRL_FILE, crl.der())?;
        note(&keys, set, SEAL_FILE, &format!("Revoked: {now}\nRevoked-Since: {since}"))?;
        let certificates = leaves.iter().map(X509::fingerprint).collect();
        Ok(KeyRevocation { set, certificates, since })
    }
}

/// Notes a set as replaced by the next one, and removes its secret parts. Each step can be done again, and
/// the secret parts go last, so that an interrupted rotation is known by them.
fn finish(keys: &KeyFolder, number: u32, now: Timestamp) -> Result<()> {
    let next_root = root_crl::root_of(keys, number + 1)?;
    if let Some(root) = root_crl::root_of(keys, number)?
        && next_root.as_ref() != Some(&root)
    {
        sign_last_crl(keys, number, &root, now)?;
    }
    note_replaced(keys, number, now)?;
    keys.retire(number)
}

/// Signs the CRL of a root that retires, which is valid until its last certificate ends. Without
/// the root's key the last CRL stays as it is.
fn sign_last_crl(
    keys: &KeyFolder,
    number: u32,
    root: &X509,
    now: Timestamp,
) -> Result<()> {
    let Some(key) = root_crl::root_key(keys, number)? else { return Ok(()) };
    let mut last = now;
    for set in keys.numbers()? {
        if root_crl::root_of(keys, set)?.as_ref() == Some(root) {
            let leaves = root_crl::leaves_of(keys, set)?;
            last = leaves.iter().map(X509::not_after).fold(last, Timestamp::max);
        }
    }
    let days = last.unix().saturating_sub(now.unix()).div_ceil(86_400);
    let known = root_crl::known_crls_of(keys, root)?;
    let crl = root_crl::sign_next(root, &key, &known.all(), &[], days, now)?;
    keys.replace(number, ROOT_CRL_FILE, crl.der())
}

/// Notes in each public part of a set its successor in the next set.
fn note_replaced(keys: &KeyFolder, number: u32, now: Timestamp) -> Result<()> {
    let next = number + 1;
    let fingerprint = |leaves: &[X509]| leaves.first().map(X509::fingerprint);
    let replaced =
        |what: &str| format!("Replaced: {now}\nReplaced-By: {what} (keys/{next})");
    if let Some(seal) = fingerprint(&root_crl::leaves_of(keys, next)?) {
        note_once(keys, number, SEAL_FILE, &replaced(&seal))?;
    }
    let (root, next_root) =
        (root_crl::root_of(keys, number)?, root_crl::root_of(keys, next)?);
    if root.is_some() && root != next_root {
        let what = next_root.map(|root| root.fingerprint());
        let what = what.as_deref().unwrap_or("a certificate of another CA");
        let text = format!("{}{now}\n{}", files::RETIRED, replaced(what));
        note_once(keys, number, ROOT_FILE, &text)?;
    }
    let file = keys.set_folder(next).join(PGP_FILE);
    let text = files::read(&file)?;
    for key in files::place_in(&file, PgpKey::from_armor(&text))?.iter().take(1) {
        note_once(keys, number, PGP_FILE, &replaced(&key.fingerprint()))?;
    }
    Ok(())
}

/// Writes the note of a successor, unless the part has one.
fn note_once(keys: &KeyFolder, number: u32, name: &str, text: &str) -> Result<()> {
    let part = files::read_if_exists(&keys.set_folder(number).join(name))?;
    match part {
        Some(part) if files::is_replaced(&part) => Ok(()),
        _ => note(keys, number, name, text),
    }
}

/// Writes a note in front of a public part, if the set has it.
fn note(keys: &KeyFolder, number: u32, name: &str, text: &str) -> Result<()> {
    match files::read_if_exists(&keys.set_folder(number).join(name))? {
        Some(part) => keys.replace(number, name, &files::with_note(&part, text)),
        None => Ok(()),
    }
}
