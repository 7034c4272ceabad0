//! Upkeep of keys: the certificate that seals names where its issuer publishes, and the CRL does
//! not expire.
//!
//! Both need the root's key. If the folder does not have it nothing is changed, and the warnings of
//! [`Keys`] say what to do.

use std::path::Path;

use super::Keys;
use super::files::{self, KeyFolder, ROOT_KEY_FILE, SEAL_FILE};
use super::make::Leaf;
use super::publication::{self, KeyPublication, PublishedFiles};
use super::root_crl::{self, KnownCrls};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::keys::PrivateKey;
use crate::seal::x509::X509;

impl Keys {
    /// Brings the current set of keys up to date, if the folder has the key of its root: issues the
    /// certificate that seals again if it does not name where the site publishes, and renews the
    /// CRL if half of its validity is over. First takes over a newer `published` CRL, as
    /// [`take_over_crls`](Self::take_over_crls) does. Keys without a root of their own stay as they
    /// are. Call it before [`open_with`](Self::open_with).
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: a file cannot be read or written. [`ErrorKind::Key`],
    /// [`ErrorKind::Syntax`]: a file is broken. The errors of `published`.
    pub fn keep_current(
        folder: &Path,
        publication: &KeyPublication,
        published: &PublishedFiles<'_>,
        now: Timestamp,
    ) -> Result<()> {
        Self::finish_rotations(folder, now)?;
        Self::take_over_crls(folder, publication, published, now)?;
        let keys = KeyFolder::new(folder);
        let Some(number) = keys.newest()? else { return Ok(()) };
        let Some(root) = root_crl::root_of(&keys, number)? else { return Ok(()) };
        match root_crl::root_key(&keys, number)? {
            Some(key) => {
                let known = root_crl::known_crls_of(&keys, &root)?;
                readdress(&keys, number, &known, &key, publication, now)
            }
            None => Ok(()),
        }
    }

    /// Takes over the CRLs that are `published`, of every root of a folder: a folder that was
    /// restored from a backup may lack later revocations. If the folder has the key of a root,
    /// signs a CRL with the revocations of both, and renews one that is due.
    ///
    /// # Errors
    /// As [`keep_current`](Self::keep_current).
    pub fn take_over_crls(
        folder: &Path,
        publication: &KeyPublication,
        published: &PublishedFiles<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let keys = KeyFolder::new(folder);
        root_crl::take_over_all(&keys, published, publication.crl_days, now)
    }

    /// Returns the CRLs that are `published` of the roots of a folder, in DER, for a verifier.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], [`ErrorKind::Syntax`]: a file cannot be read. The errors of `published`.
    pub fn published_crls(
        folder: &Path,
        published: &PublishedFiles<'_>,
    ) -> Result<Vec<Vec<u8>>> {
        root_crl::published_crls(&KeyFolder::new(folder), published)
    }

    /// Renews the CRL of the current root with its key, which the operator keeps elsewhere and
    /// gives as `root_key`. The new CRL has all revocations of the known ones, including the
    /// `published` one. The certificate that seals is issued again if it does not name where the
    /// site publishes.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: there are no keys, or none with a root of their own.
    /// [`ErrorKind::Key`]: the key is not the root's. [`ErrorKind::Io`]: a file cannot be read or
    /// written.
    pub fn renew_crl(
        folder: &Path,
        root_key: Option<&Path>,
        publication: &KeyPublication,
        published: &PublishedFiles<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let keys = KeyFolder::new(folder);
        let number = keys.newest()?.ok_or_else(|| super::no_keys(folder))?;
        let root = root_crl::root_of(&keys, number)?.ok_or_else(no_root)?;
        let file = keys.set_folder(number).join(ROOT_KEY_FILE);
        let file = root_key.unwrap_or(&file);
        let key = files::read(file)
            .and_then(|text| files::place_in(file, PrivateKey::from_pem(&text)))?;
        let der = published(&publication::crl_path(&root))?;
        let known = root_crl::known_with(&keys, &root, der.as_deref())?;
        readdress(&keys, number, &known, &key, publication, now)?;
        let days = publication.crl_days;
        let next = root_crl::sign_next(&root, &key, &known.all(), &[], days, now)?;
        keys.replace(number, files::ROOT_CRL_FILE, next.der())
    }
}

/// The error for keys whose certificate is of another CA.
pub(super) fn no_root() -> Error {
    Error::new(ErrorKind::MissingFile, "these keys have no root of their own").with_help(
        "their certificate is of another CA, which revokes it and publishes its own list",
    )
}

/// Issues the certificate that seals again, for the same key, unless it names the addresses
/// already, or a known CRL revokes a certificate of the key.
fn readdress(
    keys: &KeyFolder,
    number: u32,
    known: &KnownCrls,
    root_key: &PrivateKey,
    publication: &KeyPublication,
    now: Timestamp,
) -> Result<()> {
    let root = &known.root;
    let Some(addresses) = publication.addresses(root) else { return Ok(()) };
    let leaves = root_crl::leaves_of(keys, number)?;
    let Some(leaf) = leaves.first() else { return Ok(()) };
    let has_addresses = leaf.crl_urls().contains(&addresses.crl);
    let is_revoked = leaves.iter().any(|it| known.revocation_date(it).is_some());
    // An expired or revoked certificate needs a new key, not a new certificate.
    if has_addresses || is_revoked || !leaf.is_valid_at(now) || !leaf.is_signed_by(root) {
        return Ok(());
    }
    let (name, key) = (leaf.name(), leaf.key()?);
    let chain = Leaf::certify(&name, &key, root, root_key, Some(&addresses), now)?;
    let file = keys.set_folder(number).join(SEAL_FILE);
    let count = keys.earlier_leaves(number)?.len() + 1;
    let earlier = files::read(&file)?;
    let note = format!("Replaced: {now}\nReplaced-By: {}", chain[0].fingerprint());
    let earlier = files::with_note(&earlier, &note);
    keys.complete(number, &[(&format!("seal-{count}.pem"), &earlier)])?;
    let chain: String = chain.iter().map(X509::pem).collect();
    keys.replace(number, SEAL_FILE, chain.as_bytes())
}
