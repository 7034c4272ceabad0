//! New sets of keys: the root CA, the certificate that seals, the OpenPGP key.

use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::files::{
    self, KeyFolder, PGP_FILE, PGP_KEY_FILE, ROOT_CRL_FILE, ROOT_FILE, ROOT_KEY_FILE,
    SEAL_FILE, SEAL_KEY_FILE,
};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::identity::Identity;
use crate::seal::keys::{Algorithm, PrivateKey};
use crate::seal::openpgp::PgpIdentity;
use crate::seal::pem;
use crate::seal::x509::{X509, X509Params};

/// How long a root certificate is valid, in days.
const ROOT_DAYS: u64 = 30 * 365;
/// How long a leaf is valid, in days. A seal without a timestamp token can be verified for that
/// time.
const LEAF_DAYS: u64 = 10 * 365;

/// Where the key and the certificate that seal come from.
///
/// The OpenPGP key of the set is always a new one on Ed25519, with `name` as its user ID.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum KeySource<'a> {
    /// A new root CA, and a leaf that it issues, both on P-256. The root is valid for 30 years, the
    /// leaf for 10.
    NewRoot {
        /// The organization's name, of 1 to 64 characters.
        name: &'a str,
    },
    /// A new leaf, which the current root CA issues. It expires with the root at the latest.
    NextLeaf {
        /// The organization's name, of 1 to 64 characters.
        name: &'a str,
    },
    /// A key and a certificate that exist already, such as those of a public CA.
    Own {
        /// The organization's name.
        name: &'a str,
        /// The PEM file of the private key.
        key: &'a Path,
        /// The PEM file of its certificate, then of its issuers.
        chain: &'a Path,
    },
}

impl KeySource<'_> {
    /// The most characters of an organization's name (X.520, `ub-organization-name`).
    pub const MAX_NAME: usize = 64;
}

/// Makes a set of keys and adds it to the folder.
pub(super) fn add_set(
    keys: &KeyFolder,
    number: u32,
    source: &KeySource<'_>,
    now: Timestamp,
) -> Result<()> {
    let mut files: Vec<(&str, Zeroizing<Vec<u8>>)> = Vec::new();
    let name = match *source {
        KeySource::NewRoot { name } => {
            let (key, pkcs8) = PrivateKey::generate(Algorithm::P256)?;
            let root = issue(name, "root", &key, now, ROOT_DAYS).root(&key)?;
            let list =
                issue(name, "root", &key, now, ROOT_DAYS).empty_crl(&root, &key)?;
            files.push((ROOT_CRL_FILE, Zeroizing::new(list)));
            push_leaf(&mut files, name, &root, &key, now)?;
            files.push((ROOT_FILE, into_bytes(root.pem())));
            files.push((ROOT_KEY_FILE, write_key_pem(&pkcs8)));
            name
        }
        KeySource::NextLeaf { name } => {
            let last = keys.set_folder(number - 1);
            let [root_file, key_file, crl_file] =
                [ROOT_FILE, ROOT_KEY_FILE, ROOT_CRL_FILE].map(|file| last.join(file));
            let (root_pem, key_pem) = (files::read(&root_file)?, files::read(&key_file)?);
            let mut roots = files::place_in(&root_file, X509::from_pem(&root_pem))?;
            let key = files::place_in(&key_file, PrivateKey::from_pem(&key_pem))?;
            push_leaf(&mut files, name, &roots.remove(0), &key, now)?;
            files.extend(
                files::read_if_exists(&crl_file)?.map(|crl| (ROOT_CRL_FILE, crl)),
            );
            files.push((ROOT_FILE, root_pem));
            files.push((ROOT_KEY_FILE, key_pem));
            name
        }
        KeySource::Own { name, key: key_file, chain: chain_file } => {
            let (key_pem, chain_pem) = (files::read(key_file)?, files::read(chain_file)?);
            let key = files::place_in(key_file, PrivateKey::from_pem(&key_pem))?;
            let chain = files::place_in(chain_file, X509::from_pem(&chain_pem))?;
            files::place_in(chain_file, Identity::new(Arc::new(key), chain, now))?;
            files.push((SEAL_KEY_FILE, key_pem));
            files.push((SEAL_FILE, chain_pem));
            name
        }
    };
    let (key, pkcs8) = PrivateKey::generate(Algorithm::Ed25519)?;
    let pgp = PgpIdentity::new(Arc::new(key), now)?;
    files.push((PGP_FILE, into_bytes(pgp.public_armor(name)?)));
    files.push((PGP_KEY_FILE, write_key_pem(&pkcs8)));
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    keys.add(number, &files)
}

/// Adds the files of a new leaf that the root issues.
fn push_leaf(
    files: &mut Vec<(&str, Zeroizing<Vec<u8>>)>,
    name: &str,
    root: &X509,
    root_key: &PrivateKey,
    now: Timestamp,
) -> Result<()> {
    let (key, pkcs8) = PrivateKey::generate(Algorithm::P256)?;
    // A leaf must not be valid for longer than its root.
    let left = root.not_after().unix().saturating_sub(now.unix()) / 86_400;
    if left < 365 {
        return Err(Error::new(
            ErrorKind::Key,
            format!("the root ends on {}", root.not_after()),
        )
        .with_help("make a new root: testamur key rotate --root"));
    }
    let issued = issue(name, "", &key, now, LEAF_DAYS.min(left)).leaf(root, root_key)?;
    files.push((SEAL_FILE, into_bytes(issued.pem() + &root.pem())));
    files.push((SEAL_KEY_FILE, write_key_pem(&pkcs8)));
    Ok(())
}

fn issue<'a>(
    name: &'a str,
    kind: &'static str,
    key: &'a PrivateKey,
    from: Timestamp,
    days: u64,
) -> X509Params<'a> {
    // One day earlier, for verifiers whose clocks are slow.
    let from = Timestamp::from_unix(from.unix().saturating_sub(86_400)).unwrap_or(from);
    X509Params {
        organization: name,
        unit: kind,
        key: key.public(),
        not_before: from,
        days,
    }
}

fn write_key_pem(pkcs8: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(pem::write("PRIVATE KEY", pkcs8).as_bytes().to_vec())
}

fn into_bytes(text: String) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.into_bytes())
}
