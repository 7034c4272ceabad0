//! New sets of keys: the root CA, the certificate that seals, the OpenPGP key.

use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::files::{
    self, KeyFolder, PGP_FILE, PGP_KEY_FILE, ROOT_CRL_FILE, ROOT_FILE, ROOT_KEY_FILE,
    SEAL_FILE, SEAL_KEY_FILE,
};
use super::publication::KeyPublication;
use super::root_crl;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::identity::Identity;
use crate::seal::keys::{Algorithm, PrivateKey, PublicKey};
use crate::seal::openpgp::{PgpIdentity, PgpSigner};
use crate::seal::pem;
use crate::seal::x509::{Crl, IssuerAddresses, X509, X509Params};

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
    publication: &KeyPublication,
    now: Timestamp,
) -> Result<()> {
    let mut files: Vec<(&str, Zeroizing<Vec<u8>>)> = Vec::new();
    let name = match *source {
        KeySource::NewRoot { name } => {
            let new = NewRoot::generate(name, publication, now)?;
            files.push((ROOT_CRL_FILE, Zeroizing::new(new.crl.der().to_vec())));
            new.leaf.push_files(&mut files);
            files.push((ROOT_FILE, into_bytes(new.root.pem())));
            files.push((ROOT_KEY_FILE, write_key_pem(&new.pkcs8)));
            name
        }
        KeySource::NextLeaf { name } => {
            let last = keys.set_folder(number - 1);
            let [root_file, key_file] =
                [ROOT_FILE, ROOT_KEY_FILE].map(|file| last.join(file));
            let (root_pem, key_pem) = (files::read(&root_file)?, files::read(&key_file)?);
            let mut roots = files::place_in(&root_file, X509::from_pem(&root_pem))?;
            let key = files::place_in(&key_file, PrivateKey::from_pem(&key_pem))?;
            let root = roots.remove(0);
            let addresses = publication.addresses(&root);
            Leaf::issue(name, &root, &key, addresses.as_ref(), now)?
                .push_files(&mut files);
            let known = root_crl::known_crls_of(keys, &root)?;
            let newest = known.newest().map(|crl| Zeroizing::new(crl.der().to_vec()));
            files.extend(newest.map(|der| (ROOT_CRL_FILE, der)));
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
    let pgp = PgpIdentity::new(Arc::new(key), name, now)?;
    files.push((PGP_FILE, into_bytes(pgp.key().to_armor())));
    files.push((PGP_KEY_FILE, write_key_pem(&pkcs8)));
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    keys.add(number, &files)
}

/// A new root CA with its first leaf.
pub(super) struct NewRoot {
    pub(super) root: X509,
    /// The private key of the root in PKCS #8.
    pkcs8: Zeroizing<Vec<u8>>,
    /// The root's CRL, which is empty.
    pub(super) crl: Crl,
    pub(super) leaf: Leaf,
}

/// A certificate that seals, with its key.
pub(super) struct Leaf {
    pub(super) key: PrivateKey,
    /// The private key in PKCS #8.
    pkcs8: Zeroizing<Vec<u8>>,
    /// The certificate, then its issuer.
    pub(super) chain: Vec<X509>,
}

impl NewRoot {
    /// Makes a root CA and a leaf that it issues, both on P-256.
    pub(super) fn generate(
        name: &str,
        publication: &KeyPublication,
        now: Timestamp,
    ) -> Result<Self> {
        let (key, pkcs8) = PrivateKey::generate(Algorithm::P256)?;
        let root = params(name, "root", key.public(), now, ROOT_DAYS).root(&key)?;
        let days = publication.crl_days;
        let crl = root_crl::sign_next(&root, &key, &[], &[], days, now)?;
        let addresses = publication.addresses(&root);
        let leaf = Leaf::issue(name, &root, &key, addresses.as_ref(), now)?;
        Ok(Self { root, pkcs8, crl, leaf })
    }
}

impl Leaf {
    /// Makes a key, and a certificate of it that the root issues.
    fn issue(
        name: &str,
        root: &X509,
        root_key: &PrivateKey,
        addresses: Option<&IssuerAddresses>,
        now: Timestamp,
    ) -> Result<Self> {
        let (key, pkcs8) = PrivateKey::generate(Algorithm::P256)?;
        let chain = Self::certify(name, key.public(), root, root_key, addresses, now)?;
        Ok(Self { key, pkcs8, chain })
    }

    /// Issues the certificate of a key that seals. Returns it with its issuer.
    pub(super) fn certify(
        name: &str,
        key: &PublicKey,
        root: &X509,
        root_key: &PrivateKey,
        addresses: Option<&IssuerAddresses>,
        now: Timestamp,
    ) -> Result<Vec<X509>> {
        // A leaf must not be valid for longer than its root.
        let left = root.not_after().unix().saturating_sub(now.unix()) / 86_400;
        if left < 365 {
            return Err(Error::new(
                ErrorKind::Key,
                format!("the root ends on {}", root.not_after()),
            )
            .with_help("make a new root: testamur key rotate --root"));
        }
        let days = LEAF_DAYS.min(left);
        let params = params(name, "", key, now, days);
        Ok(vec![params.leaf_at(root, root_key, addresses)?, root.clone()])
    }

    fn push_files(&self, files: &mut Vec<(&str, Zeroizing<Vec<u8>>)>) {
        let chain: String = self.chain.iter().map(X509::pem).collect();
        files.push((SEAL_FILE, into_bytes(chain)));
        files.push((SEAL_KEY_FILE, write_key_pem(&self.pkcs8)));
    }
}

fn params<'a>(
    name: &'a str,
    kind: &'static str,
    key: &'a PublicKey,
    from: Timestamp,
    days: u64,
) -> X509Params<'a> {
    // Valid from one day before, for verifiers whose clocks are slow.
    let from = Timestamp::from_unix(from.unix().saturating_sub(86_400)).unwrap_or(from);
    X509Params { organization: name, unit: kind, key, not_before: from, days }
}

fn write_key_pem(pkcs8: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(pem::write("PRIVATE KEY", pkcs8).as_bytes().to_vec())
}

fn into_bytes(text: String) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.into_bytes())
}
