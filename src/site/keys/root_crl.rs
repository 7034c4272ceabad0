//! The CRLs of a site's roots: found in the folder of keys, made, and kept current.
//!
//! A set of keys has the CRL of its root in `root.crl`. Sets that share a root have copies of
//! different age, of which the newest counts: the one with the highest number. Every later CRL of a
//! root repeats all revocations of the earlier ones.

use std::cmp::Reverse;
use std::path::Path;
#[cfg(feature = "issue")]
use std::path::PathBuf;
use std::sync::Arc;
#[cfg(feature = "issue")]
use std::sync::{Mutex, PoisonError};

use super::files::{self, KeyFolder, ROOT_CRL_FILE, ROOT_FILE, ROOT_KEY_FILE, SEAL_FILE};
#[cfg(feature = "issue")]
use super::publication::KeyPublication;
use super::publication::{PublishedFiles, crl_path};
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

/// Returns the certificates of a set's key: the one in use, then the earlier ones.
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

/// The CRLs of a root that are known: those beside its certificate in a folder of keys, and the one
/// that is published.
#[derive(Debug)]
pub(super) struct KnownCrls {
    pub(super) root: X509,
    /// The newest first.
    crls: Vec<Crl>,
}

impl KnownCrls {
    pub(super) fn new(root: X509) -> Self {
        Self { root, crls: Vec::new() }
    }

    fn add(&mut self, crl: Crl) {
        if !self.crls.contains(&crl) {
            self.crls.push(crl);
            let age = |crl: &Crl| Reverse((crl.number(), crl.this_update()));
            self.crls.sort_by_key(age);
        }
    }

    /// The newest one.
    pub(super) fn newest(&self) -> Option<&Crl> {
        self.crls.first()
    }

    /// All of them, as [`sign_next`] wants them.
    pub(super) fn all(&self) -> Vec<&Crl> {
        self.crls.iter().collect()
    }

    /// Those that together have all revocations: the newest alone, unless another one has a
    /// revocation that it lacks.
    fn needed(self) -> impl Iterator<Item = Crl> {
        let mut needed: Vec<Crl> = Vec::new();
        for crl in self.crls {
            if !needed.iter().any(|newer| newer.has_all_of(&crl)) {
                needed.push(crl);
            }
        }
        needed.into_iter()
    }

    /// Whether the newest takes the place of all others.
    fn are_united(&self) -> bool {
        let Some((newest, others)) = self.crls.split_first() else { return true };
        let is_same = |crl: &Crl| crl.has_all_of(newest) && newest.has_all_of(crl);
        others.iter().all(|crl| newest.supersedes(crl) || is_same(crl))
    }

    /// From when on a certificate is revoked by any of them, if it is.
    pub(super) fn revocation_date(&self, certificate: &X509) -> Option<Timestamp> {
        self.crls.iter().filter_map(|crl| crl.revocation_date(certificate)).min()
    }
}

/// Returns the CRLs of each root of a folder.
pub(super) fn known_crls(keys: &KeyFolder) -> Result<Vec<KnownCrls>> {
    let mut all: Vec<KnownCrls> = Vec::new();
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
        let known = match all.iter().position(|known| known.root == root) {
            Some(at) => &mut all[at],
            None => {
                all.push(KnownCrls::new(root));
                let last = all.len() - 1;
                &mut all[last]
            }
        };
        known.add(crl);
    }
    Ok(all)
}

/// Returns the CRLs of a root in a folder; there may be none.
pub(super) fn known_crls_of(keys: &KeyFolder, root: &X509) -> Result<KnownCrls> {
    let known = known_crls(keys)?.into_iter().find(|known| known.root == *root);
    Ok(known.unwrap_or_else(|| KnownCrls::new(root.clone())))
}

/// Returns the CRLs of a root, with the one that is `published`.
pub(super) fn known_with(
    keys: &KeyFolder,
    root: &X509,
    published: Option<&[u8]>,
) -> Result<KnownCrls> {
    let mut known = known_crls_of(keys, root)?;
    if let Some(published) = published.and_then(|der| crl_of(root, der)) {
        known.add(published);
    }
    Ok(known)
}

/// Returns the CRLs of a folder that together have all revocations.
pub(super) fn needed_crls(keys: &KeyFolder) -> Result<Vec<Crl>> {
    Ok(known_crls(keys)?.into_iter().flat_map(KnownCrls::needed).collect())
}

/// The CRL of that root in DER, if it is one.
fn crl_of(root: &X509, der: &[u8]) -> Option<Crl> {
    Crl::from_der(der).ok().filter(|crl| crl.is_signed_by(root))
}

/// Writes the CRL of a root that is `published` into its set if it supersedes those of the folder.
/// If the root's key is in the folder, signs a new one when it is due or when no known CRL has all
/// revocations. Returns all that are known then.
fn take_over(
    keys: &KeyFolder,
    number: u32,
    root: &X509,
    published: Option<&[u8]>,
    days: u64,
    now: Timestamp,
) -> Result<KnownCrls> {
    let own = known_crls_of(keys, root)?.newest().cloned();
    let mut known = known_with(keys, root, published)?;
    let is_due = known.newest().is_none_or(|crl| is_due(crl, days, now));
    if (is_due || !known.are_united())
        && root.is_valid_at(now)
        && let Some(key) = root_key(keys, number)?
    {
        known.add(sign_next(root, &key, &known.all(), &[], days, now)?);
    }
    if let Some(newest) = known.newest().filter(|_| known.are_united())
        && own.as_ref() != Some(newest)
    {
        // If the folder cannot be written it keeps the old CRL. No harm: the new one is published,
        // and every process that seals reads it there.
        let _ = keys.replace(number, ROOT_CRL_FILE, newest.der());
    }
    Ok(known)
}

/// Takes over the published CRL of every root of a folder.
pub(super) fn take_over_all(
    keys: &KeyFolder,
    published: &PublishedFiles<'_>,
    days: u64,
    now: Timestamp,
) -> Result<()> {
    let mut done: Vec<X509> = Vec::new();
    // Of the sets that share a root, the last one has the root's key.
    for number in keys.numbers()?.into_iter().rev() {
        let Some(root) = root_of(keys, number)? else { continue };
        if done.contains(&root) {
            continue;
        }
        let published = published(&crl_path(&root))?;
        take_over(keys, number, &root, published.as_deref(), days, now)?;
        done.push(root);
    }
    Ok(())
}

/// The published CRLs of the roots of a folder, in DER.
///
/// # Errors
/// [`ErrorKind::Key`]: what is published in the place of a list is none of the root. It may have been one
/// that revoked a key.
pub(super) fn published_crls(
    keys: &KeyFolder,
    published: &PublishedFiles<'_>,
) -> Result<Vec<Vec<u8>>> {
    let mut crls = Vec::new();
    for number in keys.numbers()? {
        let Some(root) = root_of(keys, number)? else { continue };
        let path = crl_path(&root);
        let Some(der) = published(&path)? else { continue };
        if crl_of(&root, &der).is_none() {
            let message =
                format!("the published file `{path}` is not a CRL of this root");
            return Err(Error::new(ErrorKind::Key, message)
                .with_help("publish the list again: testamur key publish"));
        }
        crls.push(der);
    }
    Ok(crls)
}

/// How a CRL of a root relates to the published one.
#[cfg(feature = "issue")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CrlOrder {
    /// It takes the place of the published one.
    Newer,
    /// The published one stays.
    Older,
    /// Neither may take the place of the other: each has a revocation that the other lacks, or the
    /// one with more revocations has no higher number.
    Split,
}

/// Compares a CRL of a root with the one that is published, both in DER.
#[cfg(feature = "issue")]
pub(crate) fn crl_order(root: &X509, published: &[u8], given: &[u8]) -> CrlOrder {
    let (Some(published), Some(given)) = (crl_of(root, published), crl_of(root, given))
    else {
        // The published file is no CRL of this root.
        return CrlOrder::Newer;
    };
    if given.supersedes(&published) {
        CrlOrder::Newer
    } else if published.has_all_of(&given) {
        CrlOrder::Older
    } else {
        CrlOrder::Split
    }
}

/// The error for two CRLs of which only a new one, signed with the root's key, can have all
/// revocations.
#[cfg(feature = "issue")]
pub(crate) fn split_crls() -> Error {
    let message = "the revocation list (CRL) that is published and the one in the folder of \
                   keys differ: each has entries that the other lacks";
    Error::new(ErrorKind::Key, message).with_help(
        "sign a new list with the entries of both, where the root's key is at hand: testamur key \
         publish --root-key FILE",
    )
}

/// Whether a CRL should be renewed: half of its validity is over, or it was signed by a clock that
/// was ahead.
fn is_due(crl: &Crl, days: u64, now: Timestamp) -> bool {
    let life =
        crl.next_update().map_or(u64::MAX, |next| seconds(crl.this_update(), next));
    let half = crl.this_update().unix().saturating_add(life.min(days * 86_400) / 2);
    now.unix() >= half || crl.this_update() > now
}

/// The warning about a CRL of whose validity less than a quarter is left.
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

/// Reads the private key of a set's root, if the set has it.
pub(super) fn root_key(keys: &KeyFolder, number: u32) -> Result<Option<PrivateKey>> {
    let file = keys.set_folder(number).join(ROOT_KEY_FILE);
    let Some(text) = files::read_if_exists(&file)? else { return Ok(None) };
    files::place_in(&file, PrivateKey::from_pem(&text)).map(Some)
}

/// Signs the next CRL of a root, which is valid for that many days, and at most as long as the
/// root. It supersedes all that are `known`: by its number also those that a clock which was ahead
/// has dated later than now.
pub(super) fn sign_next(
    root: &X509,
    key: &PrivateKey,
    known: &[&Crl],
    revoked: &[(&X509, Timestamp)],
    days: u64,
    now: Timestamp,
) -> Result<Crl> {
    let begin = now.unix().saturating_sub(SLOW_CLOCK_SECONDS);
    let times = known.iter().map(|crl| crl.this_update()).filter(|time| *time <= now);
    let after = times.map(|time| time.unix() + 1).max().unwrap_or(0);
    let this_update = Timestamp::from_unix(begin.max(after)).unwrap_or(now);
    let next_update = now.plus_days(days).min(root.not_after());
    CrlParams { root, before: known, revoked, this_update, next_update }.sign(key)
}

/// The CRL of a set that is opened, with that of every other root of the folder.
pub(super) fn open_crl(
    folder: &Path,
    number: u32,
    root: Option<&X509>,
    leaf: &X509,
) -> Result<(SharedCrls, Option<Arc<RootCrl>>)> {
    let shared = SharedCrls::default();
    shared.set(needed_crls(&KeyFolder::new(folder))?);
    let Some(root) = root.cloned() else { return Ok((shared, None)) };
    let mut leaves = vec![leaf.clone()];
    leaves.extend(leaves_of(&KeyFolder::new(folder), number)?);
    let crl = RootCrl::new(folder, number, root, leaves, shared.clone());
    Ok((shared, Some(Arc::new(crl))))
}

/// The CRL of the current root, as the processes that seal keep it.
#[derive(Debug)]
pub(crate) struct RootCrl {
    #[cfg(feature = "issue")]
    folder: PathBuf,
    #[cfg(feature = "issue")]
    number: u32,
    root: X509,
    /// The certificate that seals, then the earlier ones of the same key: a revocation on another
    /// machine may name any of them.
    leaves: Vec<X509>,
    #[cfg(feature = "issue")]
    publication: KeyPublication,
    shared: SharedCrls,
    /// When the published CRL was last read.
    #[cfg(feature = "issue")]
    looked_at: Mutex<Option<Timestamp>>,
}

impl RootCrl {
    /// The CRL of a set of keys, whose root is `root`.
    fn new(
        #[cfg_attr(
            not(feature = "issue"),
            expect(
                unused_variables,
                reason = "only a process that issues renews the CRL"
            )
        )]
        folder: &Path,
        #[cfg_attr(
            not(feature = "issue"),
            expect(
                unused_variables,
                reason = "only a process that issues renews the CRL"
            )
        )]
        number: u32,
        root: X509,
        leaves: Vec<X509>,
        shared: SharedCrls,
    ) -> Self {
        Self {
            #[cfg(feature = "issue")]
            folder: folder.to_owned(),
            #[cfg(feature = "issue")]
            number,
            root,
            leaves,
            #[cfg(feature = "issue")]
            publication: KeyPublication::default(),
            shared,
            #[cfg(feature = "issue")]
            looked_at: Mutex::default(),
        }
    }

    /// Checks that no CRL has revoked the certificate that seals: neither those of the sealer nor
    /// the `published` one.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: it is revoked.
    pub(super) fn check_leaf(&self, published: Option<&[u8]>) -> Result<()> {
        let published = published.and_then(|der| crl_of(&self.root, der));
        let shared = self.shared.get();
        let own = shared.iter().filter(|crl| crl.is_signed_by(&self.root));
        let dates = own
            .chain(&published)
            .flat_map(|crl| self.leaves.iter().filter_map(|it| crl.revocation_date(it)));
        match dates.min() {
            Some(date) => Err(crate::seal::sealer::revoked(&self.leaves[0], date)),
            None => Ok(()),
        }
    }

    /// Its path in the public store.
    pub(crate) fn path(&self) -> String {
        crl_path(&self.root)
    }
}

#[cfg(feature = "issue")]
impl RootCrl {
    /// The same, with another publication.
    pub(super) fn with_publication(&self, publication: &KeyPublication) -> Self {
        let (root, leaves) = (self.root.clone(), self.leaves.clone());
        let publication = publication.clone();
        let shared = self.shared.clone();
        Self { publication, ..Self::new(&self.folder, self.number, root, leaves, shared) }
    }

    /// How often a process that issues reads the published CRL, in seconds. For at most this long a
    /// key seals after its revocation on another machine.
    const LOOK_SECONDS: u64 = 60;

    /// The certificate of the root.
    pub(crate) fn root(&self) -> &X509 {
        &self.root
    }

    /// Whether it is time to [`refresh`](Self::refresh) it again. If so, the next calls return
    /// false for a while.
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
        let keys = KeyFolder::new(&self.folder);
        let days = self.publication.crl_days;
        let known = take_over(&keys, self.number, &self.root, published, days, now)?;
        let is_united = known.are_united();
        let newest = known.newest().map(|crl| crl.der().to_vec());
        let others = known_crls(&keys)?.into_iter().filter(|it| it.root != self.root);
        let shared = others.flat_map(KnownCrls::needed).chain(known.needed()).collect();
        self.shared.set(shared);
        self.check_leaf(None)?;
        if !is_united {
            return Err(split_crls());
        }
        Ok(newest.filter(|newest| published != Some(newest)))
    }

    /// Makes the next call of [`is_time_to_look`](Self::is_time_to_look) return true, because this
    /// read failed.
    pub(crate) fn look_again(&self) {
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
