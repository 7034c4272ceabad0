//! The public parts of keys in the public store: certificates, CRLs, OpenPGP keys.
//!
//! The decision made here: a CRL never replaces a published one that has a revocation which it
//! lacks, so that no published revocation is lost.

use crate::base::digits::PgpFingerprint;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::certificates::Register;
use crate::register::paths;
use crate::register::store::{CreateOutcome, StoreFile, SwapOutcome};
use crate::seal::x509::X509;
use crate::site::{CrlOrder, RootCrl, crl_order, split_crls};

/// How often other processes may publish another CRL meanwhile, before this one gives up.
const MAX_ATTEMPTS: usize = 16;

impl Register {
    /// Publishes an OpenPGP key (ASCII armor), which the pages link to.
    pub(crate) fn publish_key(
        &self,
        fingerprint: &PgpFingerprint,
        armor: &str,
    ) -> Result<()> {
        let path = StorePath::parse(&paths::key(fingerprint))?;
        let file = StoreFile::new(&path, armor.as_bytes());
        self.public.create(&file).map(|_| ())
    }

    /// Publishes public parts of keys, each at its path, where the store has another content. A
    /// published CRL that supersedes the given one, because it was made later on another machine,
    /// stays. Returns how many were written.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: a published CRL and the given one each have a revocation that the other
    /// lacks, so neither may replace the other; all others are published. Else what the public
    /// store fails with.
    pub fn publish_keys(&self, files: &[(String, Vec<u8>)]) -> Result<usize> {
        let (mut count, mut split) = (0, None);
        for (path, bytes) in files {
            let store_path = StorePath::parse(path)?;
            let is_written = match crl_root(files, path) {
                // An error with the CRL of one root does not keep the others from being published.
                Some(root) => match self.publish_crl(&root, &store_path, bytes) {
                    Err(error) if error.kind() == ErrorKind::Key => {
                        split = Some(error);
                        false
                    }
                    written => written?,
                },
                None if self.public.read(&store_path)?.as_ref() == Some(bytes) => false,
                None => {
                    self.public.replace(&StoreFile::new(&store_path, bytes))?;
                    true
                }
            };
            count += usize::from(is_written);
        }
        split.map_or(Ok(count), Err)
    }

    /// Publishes the CRL of a root, unless the published one supersedes it. Returns whether it was
    /// written.
    fn publish_crl(&self, root: &X509, path: &StorePath, crl: &[u8]) -> Result<bool> {
        let file = StoreFile::new(path, crl);
        for _ in 0..MAX_ATTEMPTS {
            let Some(was) = self.public.read(path)? else {
                if self.public.create(&file)? == CreateOutcome::Created {
                    return Ok(true);
                }
                continue;
            };
            match crl_order(root, &was, crl) {
                CrlOrder::Older => return Ok(false),
                CrlOrder::Split => return Err(split_crls()),
                CrlOrder::Newer => {}
            }
            if self.public.swap(&file, &was)? == SwapOutcome::Swapped {
                return Ok(true);
            }
        }
        let message = format!("other processes keep changing `{path}`");
        Err(Error::new(ErrorKind::Store, message))
    }

    /// Keeps both CRLs of the root current: the published one, and the one that seals contain.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the certificate that seals is revoked, or as
    /// [`publish_keys`](Self::publish_keys). Else what the store and the folder of keys fail with.
    pub(crate) fn refresh_crl(&self, crl: &RootCrl, now: Timestamp) -> Result<()> {
        let path = StorePath::parse(&crl.path())?;
        let published = self.public.read(&path)?;
        match crl.refresh(published.as_deref(), now)? {
            Some(newer) => self.publish_crl(crl.root(), &path, &newer).map(drop),
            None => Ok(()),
        }
    }
}

/// The root whose CRL the file at a path is, if its certificate is one of `files`.
fn crl_root(files: &[(String, Vec<u8>)], path: &str) -> Option<X509> {
    let certificate = format!("{}.cer", path.strip_suffix(".crl")?);
    let (_, der) = files.iter().find(|(path, _)| *path == certificate)?;
    X509::from_der(der).ok()
}
