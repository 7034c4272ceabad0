//! New sets of keys.

use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::files::{self, Folder};
use super::{PGP, PGP_KEY, ROOT, ROOT_KEY, ROOT_LIST, SEAL, SEAL_KEY};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::identity::Identity;
use crate::seal::keys::{Algorithm, PrivateKey};
use crate::seal::openpgp::PgpIdentity;
use crate::seal::pem;
use crate::seal::x509::{X509, X509Params};

/// How long a self-made root is valid.
const ROOT_DAYS: u64 = 30 * 365;
/// How long a leaf is: so long can a seal without a time stamp be verified.
const LEAF_DAYS: u64 = 10 * 365;

/// Where the key and the certificate that seal come from. The OpenPGP key is always a new one,
/// named after `name`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum KeySource<'a> {
    /// A new root, and a leaf that it issues, on P-256.
    NewRoot {
        /// The organisation's name, of 1 to 64 letters.
        name: &'a str,
    },
    /// A new leaf, issued by the current root.
    NextLeaf {
        /// The organisation's name, of 1 to 64 letters.
        name: &'a str,
    },
    /// A key and a certificate from somewhere else, such as an authority.
    Own {
        /// The organisation's name.
        name: &'a str,
        /// The private key's PEM file.
        key: &'a Path,
        /// The PEM file of its certificate, then its issuers.
        chain: &'a Path,
    },
}

impl KeySource<'_> {
    /// The longest name of an organisation, in letters (X.520, `ub-organization-name`).
    pub const LONGEST_NAME: usize = 64;
}

/// Makes a set and puts it into the folder.
pub(super) fn set(
    keys: &Folder,
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
            files.push((ROOT_LIST, Zeroizing::new(list)));
            leaf(&mut files, name, &root, &key, now)?;
            files.push((ROOT, public(root.pem())));
            files.push((ROOT_KEY, secret(&pkcs8)));
            name
        }
        KeySource::NextLeaf { name } => {
            let last = keys.set(number - 1);
            let [root_file, key_file, list_file] =
                [ROOT, ROOT_KEY, ROOT_LIST].map(|file| last.join(file));
            let (root_pem, key_pem) = (files::read(&root_file)?, files::read(&key_file)?);
            let mut roots = files::at(&root_file, X509::from_pem(&root_pem))?;
            let key = files::at(&key_file, PrivateKey::from_pem(&key_pem))?;
            leaf(&mut files, name, &roots.remove(0), &key, now)?;
            files.extend(files::read_if(&list_file)?.map(|list| (ROOT_LIST, list)));
            files.push((ROOT, root_pem));
            files.push((ROOT_KEY, key_pem));
            name
        }
        KeySource::Own { name, key: key_file, chain: chain_file } => {
            let (key_pem, chain_pem) = (files::read(key_file)?, files::read(chain_file)?);
            let key = files::at(key_file, PrivateKey::from_pem(&key_pem))?;
            let chain = files::at(chain_file, X509::from_pem(&chain_pem))?;
            files::at(chain_file, Identity::new(Arc::new(key), chain, now))?;
            files.push((SEAL_KEY, key_pem));
            files.push((SEAL, chain_pem));
            name
        }
    };
    let (key, pkcs8) = PrivateKey::generate(Algorithm::Ed25519)?;
    let pgp = PgpIdentity::new(Arc::new(key), now)?;
    files.push((PGP, public(pgp.public_armor(name)?)));
    files.push((PGP_KEY, secret(&pkcs8)));
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    keys.add(number, &files)
}

fn leaf(
    files: &mut Vec<(&str, Zeroizing<Vec<u8>>)>,
    name: &str,
    root: &X509,
    root_key: &PrivateKey,
    now: Timestamp,
) -> Result<()> {
    let (key, pkcs8) = PrivateKey::generate(Algorithm::P256)?;
    // No leaf outlives its root.
    let left = root.not_after().unix().saturating_sub(now.unix()) / 86_400;
    if left < 365 {
        return Err(Error::new(
            ErrorKind::Key,
            format!("the root ends on {}", root.not_after()),
        )
        .with_help("make a new root: testamur key rotate --root"));
    }
    let issued = issue(name, "", &key, now, LEAF_DAYS.min(left)).leaf(root, root_key)?;
    files.push((SEAL, public(issued.pem() + &root.pem())));
    files.push((SEAL_KEY, secret(&pkcs8)));
    Ok(())
}

fn issue<'a>(
    name: &'a str,
    kind: &'static str,
    key: &'a PrivateKey,
    from: Timestamp,
    days: u64,
) -> X509Params<'a> {
    // A day earlier, for whoever's clock is slow.
    let from = Timestamp::from_unix(from.unix().saturating_sub(86_400)).unwrap_or(from);
    X509Params {
        organization: name,
        unit: kind,
        key: key.public(),
        not_before: from,
        days,
    }
}

fn secret(pkcs8: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(pem::write("PRIVATE KEY", pkcs8).as_bytes().to_vec())
}

fn public(text: String) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.into_bytes())
}
