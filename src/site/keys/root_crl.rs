//! The CRLs of a site's roots: found in the folder of keys, made, and kept current.
//!
//! A set of keys has the CRL of its root in `root.crl`. Sets that share a root have copies of
//! different age, of which the newest counts: the one with the highest number. What a CRL has
//! revoked, every later one of the root repeats.

use std::path::PathBuf;
#[cfg(feature = "issue")]
use std::sync::{Mutex, PoisonError};

use super::files::{self, KeyFolder, ROOT_CRL_FILE, ROOT_FILE, ROOT_KEY_FILE, SEAL_FILE};
use super::publication::KeyPublication;
#[cfg(feature = "issue")]
use super::publication::crl_path;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::seal::keys::PrivateKey;
use crate::seal::sealer::SharedCrls;
use crate::seal::x509::{Crl, CrlParams, X509};

/// How much earlier than now a CRL begins, in seconds, for verifiers whose clocks are slow.
const SLOW_CLOCK_SECONDS: u64 = 600;

/// Returns the root of a set, if the set has one.
pub(super) fn root_of(keys: &KeyFolder, number: u32) -> Result<Option<X509>> {
    let file = keys.set_folder(number).join(ROOT_FILE);
    let Some(text) = files::read_if_exists(&file)? else { return Ok(None) };
    Ok(Some(files::place_in(&file, X509::from_pem(&text))?.remove(0)))
}

/// Returns the certificates that seal of a set: the one in use, then those that it took the place
/// of.
pub(super) fn leaves_of(keys: &KeyFolder, number: u32) -> Result<Vec<X509>> {
    let set = keys.set_folder(number);
    let mut leaves = Vec::new();
    for name in [SEAL_FILE.to_owned()].into_iter().chain(keys.earlier_leaves(number)?) {
        let file = set.join(name);
        if let Some(text) = files::read_if_exists(&file)? {
            leaves.push(files::place_in(&file, X509::from_pem(&text))?.remove(0));
        }
    }
    Ok(leaves)
}

/// Returns the newest CRL of each root of a folder.
pub(super) fn newest_crls(keys: &KeyFolder) -> Result<Vec<(X509, Crl)>> {
    let mut newest: Vec<(X509, Crl)> = Vec::new();
    for number in keys.numbers()? {
        let Some(root) = root_of(keys, number)? else { continue };
        let file = keys.set_folder(number).join(ROOT_CRL_FILE);
        let Some(der) = files::read_if_exists(&file)? else { continue };
        let crl = files::place_in(&file, Crl::from_der(&der))?;
        if !crl.is_signed_by(&root) {
            let error = Error::new(ErrorKind::Key, "this CRL is not signed by the root")
                .with_help(
                    "restore it from a copy, or remove it and make a new one: testamur key publish",
                );
            return files::place_in(&file, Err(error));
        }
        match newest.iter_mut().find(|(known, _)| *known == root) {
            Some((_, known)) if crl.is_newer_than(known) => *known = crl,
            Some(_) => {}
            None => newest.push((root, crl)),
        }
    }
    Ok(newest)
}

/// Whether a CRL should be renewed: half of its life is over.
fn is_due(crl: &Crl, days: u64, now: Timestamp) -> bool {
    let life =
        crl.next_update().map_or(u64::MAX, |next| seconds(crl.this_update(), next));
    now.unix() >= crl.this_update().unix().saturating_add(life.min(days * 86_400) / 2)
}

/// The warning of a CRL whose last quarter has begun.
pub(super) fn ending(root: &X509, crl: &Crl, now: Timestamp) -> Option<Warning> {
    let next = crl.next_update()?;
    if seconds(now, next) > seconds(crl.this_update(), next) / 4 {
        return None;
    }
    let (verb, name) = (if next < now { "ended" } else { "ends" }, root.name());
    let message = format!("the revocation list (CRL) of `{name}` {verb} on {next}");
    Some(Warning::new(ErrorKind::Key, message).with_help(
        "renew it where the root's key is at hand: testamur key publish --root-key FILE",
    ))
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    to.unix().saturating_sub(from.unix())
}

/// Reads the private key of a set's root, if it is at hand.
pub(super) fn root_key(keys: &KeyFolder, number: u32) -> Result<Option<PrivateKey>> {
    let file = keys.set_folder(number).join(ROOT_KEY_FILE);
    let Some(text) = files::read_if_exists(&file)? else { return Ok(None) };
    files::place_in(&file, PrivateKey::from_pem(&text)).map(Some)
}

/// Signs the next CRL of a root, which holds for that many days, and at most as long as the root.
pub(super) fn sign_next(
    root: &X509,
    key: &PrivateKey,
    before: Option<&Crl>,
    revoked: &[(&X509, Timestamp)],
    days: u64,
    now: Timestamp,
) -> Result<Crl> {
    let begin = now.unix().saturating_sub(SLOW_CLOCK_SECONDS);
    let after = before.map_or(0, |before| before.this_update().unix() + 1);
    let this_update = Timestamp::from_unix(begin.max(after)).unwrap_or(now);
    let next_update = now.plus_days(days).min(root.not_after());
    CrlParams { root, before, revoked, this_update, next_update }.sign(key)
}

/// The CRL of the current root, as the processes that seal keep it.
#[derive(Debug)]
pub(crate) struct RootCrl {
    folder: PathBuf,
    number: u32,
    root: X509,
    leaf: X509,
    publication: KeyPublication,
    shared: SharedCrls,
    /// When it was looked at last.
    #[cfg(feature = "issue")]
    looked_at: Mutex<Option<Timestamp>>,
}

impl RootCrl {
    /// The CRL of a set of keys, whose root is `root`.
    pub(super) fn new(
        folder: PathBuf,
        number: u32,
        root: X509,
        leaf: X509,
        shared: SharedCrls,
    ) -> Self {
        Self {
            folder,
            number,
            root,
            leaf,
            publication: KeyPublication::default(),
            shared,
            #[cfg(feature = "issue")]
            looked_at: Mutex::default(),
        }
    }

    /// The same, renewed as another publication says.
    pub(super) fn with_publication(&self, publication: &KeyPublication) -> Self {
        let (root, leaf) = (self.root.clone(), self.leaf.clone());
        let (folder, shared) = (self.folder.clone(), self.shared.clone());
        let publication = publication.clone();
        Self { publication, ..Self::new(folder, self.number, root, leaf, shared) }
    }

    /// Renews the CRL if it is due and the root's key is at hand. `published` is what the public
    /// store has: a newer one, such as one that was made on another machine, is taken over. Returns
    /// the newest one.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: the folder cannot be read. [`ErrorKind::Key`]: a file in it is broken.
    pub(super) fn renew(
        &self,
        published: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Option<Crl>> {
        let keys = KeyFolder::new(&self.folder);
        let mut all = newest_crls(&keys)?;
        let published = published
            .and_then(|der| Crl::from_der(der).ok())
            .filter(|crl| crl.is_signed_by(&self.root));
        let own = all.iter().position(|(root, _)| *root == self.root);
        let mut newest = own.map(|at| all.swap_remove(at).1);
        if let Some(published) = published
            && newest.as_ref().is_none_or(|own| published.is_newer_than(own))
        {
            self.keep(&keys, &published);
            newest = Some(published);
        }
        let days = self.publication.crl_days;
        if newest.as_ref().is_none_or(|crl| is_due(crl, days, now))
            && self.root.is_valid_at(now)
            && let Some(key) = root_key(&keys, self.number)?
        {
            let next = sign_next(&self.root, &key, newest.as_ref(), &[], days, now)?;
            self.keep(&keys, &next);
            newest = Some(next);
        }
        let mut shared: Vec<Crl> = all.into_iter().map(|(_, crl)| crl).collect();
        shared.extend(newest.clone());
        self.shared.set(shared);
        Ok(newest)
    }

    /// Writes a newer CRL into the set. A folder that cannot be written keeps the old one: the new
    /// one is published, and every process that seals finds it there.
    fn keep(&self, keys: &KeyFolder, crl: &Crl) {
        let _ = keys.replace(self.number, ROOT_CRL_FILE, crl.der());
    }

    /// The error if that CRL has revoked the certificate that seals.
    pub(super) fn check_leaf(&self, crl: &Crl) -> Result<()> {
        match crl.revocation_date(&self.leaf) {
            Some(date) => Err(crate::seal::sealer::revoked(&self.leaf, date)),
            None => Ok(()),
        }
    }
}

#[cfg(feature = "issue")]
impl RootCrl {
    /// How often a process that issues looks for a newer CRL, in seconds. A key that was revoked on
    /// another machine seals no longer than that.
    const LOOK_SECONDS: u64 = 60;

    /// Its path in the public store.
    pub(crate) fn path(&self) -> String {
        crl_path(&self.root)
    }

    /// Whether it is time to [`refresh`](Self::refresh) it again; then the next call says no.
    pub(crate) fn is_time_to_look(&self, now: Timestamp) -> bool {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = looked_at
            .is_none_or(|last| now.unix().abs_diff(last.unix()) >= Self::LOOK_SECONDS);
        if is_time {
            *looked_at = Some(now);
        }
        is_time
    }

    /// Renews the CRL if it is due, and takes over a newer one that is published. Returns the CRL as
    /// DER if it is to be published.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the certificate that seals is revoked, or a file of the folder is broken.
    /// [`ErrorKind::Io`]: the folder cannot be read.
    pub(crate) fn refresh(
        &self,
        published: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>> {
        let Some(crl) = self.renew(published, now)? else { return Ok(None) };
        self.check_leaf(&crl)?;
        Ok((published != Some(crl.der())).then(|| crl.der().to_vec()))
    }
}
