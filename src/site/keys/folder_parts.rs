//! What can be read from a folder of keys without its secrets: the trust anchors, the CRLs, and
//! what is published.

use std::path::Path;

#[cfg(feature = "cli")]
use super::files::SEAL_KEY_FILE;
use super::files::{self, KeyFolder, PGP_FILE, ROOT_FILE, SEAL_FILE};
use super::{Keys, external, publication, root_crl};
use crate::base::digits::Sha256;
use crate::base::error::{Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::seal::openpgp::PgpKey;
use crate::seal::verify::Trust;
use crate::seal::x509::X509;
use crate::site::settings::{PdfKeySettings, SealSettings};

impl Keys {
    /// Whether a folder has a set of keys. A missing folder has none.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io): the folder cannot be listed.
    pub fn are_in(folder: &Path) -> Result<bool> {
        Ok(KeyFolder::new(folder).newest()?.is_some())
    }

    /// Whether a folder has the secrets of a site, and not only what a site publishes.
    #[cfg(feature = "cli")]
    pub(crate) fn are_own(folder: &Path) -> bool {
        let keys = KeyFolder::new(folder);
        let newest = keys.newest().ok().flatten();
        let has_key =
            newest.is_some_and(|set| keys.set_folder(set).join(SEAL_KEY_FILE).exists());
        has_key || Self::has_id_secret(folder)
    }

    /// Returns the trust anchors of a site, from all sets of keys in a folder: its root
    /// certificates, its seal certificates without a root, its OpenPGP keys. Secret parts are not
    /// needed. Without keys there are no trust anchors.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::Syntax`](crate::ErrorKind::Syntax): a public part cannot be read.
    pub fn trusted(folder: &Path) -> Result<Trust> {
        let keys = KeyFolder::new(folder);
        let mut trust = Trust::new();
        for number in keys.numbers()? {
            let set = keys.set_folder(number);
            let read = |name: &str| files::read_if_exists(&set.join(name));
            if let Some(text) = read(ROOT_FILE)? {
                let roots = files::place_in(&set.join(ROOT_FILE), X509::from_pem(&text))?;
                trust = named(trust, &set.join(ROOT_FILE), &roots);
                if let (Some(root), Some(time)) =
                    (roots.first(), files::retired_on(&text))
                {
                    trust = trust.with_retired(root.fingerprint(), time);
                }
                trust = trust.with_roots(roots);
            } else if let Some(text) = read(SEAL_FILE)? {
                let mut chain =
                    files::place_in(&set.join(SEAL_FILE), X509::from_pem(&text))?;
                trust = named(trust, &set.join(SEAL_FILE), &chain[..1])
                    .with_certificate(chain.remove(0), chain);
            }
            if let Some(text) = read(PGP_FILE)? {
                let keys =
                    files::place_in(&set.join(PGP_FILE), PgpKey::from_armor(&text))?;
                let file = set.join(PGP_FILE).display().to_string();
                trust = keys
                    .iter()
                    .fold(trust, |trust, key| trust.with_source(key.fingerprint(), &file))
                    .with_keys(keys);
            }
        }
        trust.with_crls(Self::crls_in(folder)?)
    }

    /// Returns the trust anchors of a site, as [`trusted`](Self::trusted) does, and those that its
    /// settings name: the certificate that seals, the OpenPGP key, and the roots of the TSA. Paths
    /// in the settings are relative to `site`.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`](crate::ErrorKind::MissingFile), [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::Syntax`](crate::ErrorKind::Syntax): a file cannot be read.
    pub fn trusted_by_site(
        folder: &Path,
        site: &Path,
        settings: &SealSettings,
    ) -> Result<Trust> {
        let mut trust = Self::trusted(folder)?;
        if let Some(
            PdfKeySettings::File { chain, .. }
            | PdfKeySettings::Command { chain, .. }
            | PdfKeySettings::Token { chain, .. },
        ) = &settings.pdf
        {
            let mut certificates = external::read_certificates(site, chain)?;
            trust = named(trust, &site.join(chain), &certificates[..1])
                .with_certificate(certificates.remove(0), certificates);
        }
        if let Some(settings) = &settings.openpgp {
            let file = site.join(&settings.key);
            let keys = files::place_in(&file, PgpKey::from_armor(&files::read(&file)?))?;
            let name = file.display().to_string();
            trust = keys
                .iter()
                .fold(trust, |trust, key| trust.with_source(key.fingerprint(), &name))
                .with_keys(keys);
        }
        if let Some(file) = settings.tsa.as_ref().and_then(|tsa| tsa.roots.as_ref()) {
            trust = trust.with_tsa_roots(external::read_certificates(site, file)?);
        }
        Ok(trust)
    }

    /// Returns the newest CRL in DER of each root in a folder, for a verifier; more than one of a
    /// root if none has all revocations of the others. Secret parts are not needed.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::Syntax`](crate::ErrorKind::Syntax): a file cannot be read. [`ErrorKind::Key`](crate::ErrorKind::Key): a CRL is
    /// not signed by its root.
    pub fn crls_in(folder: &Path) -> Result<Vec<Vec<u8>>> {
        let crls = root_crl::needed_crls(&KeyFolder::new(folder))?;
        Ok(crls.iter().map(|crl| crl.der().to_vec()).collect())
    }

    /// Returns the certificates that seal or have sealed, of all sets in a folder: those of the
    /// current set first.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::Syntax`](crate::ErrorKind::Syntax): a public part cannot be read.
    pub fn certificates_in(folder: &Path) -> Result<Vec<X509>> {
        let keys = KeyFolder::new(folder);
        let mut leaves = Vec::new();
        for number in keys.numbers()?.into_iter().rev() {
            leaves.extend(root_crl::leaves_of(&keys, number)?);
        }
        Ok(leaves)
    }

    /// Returns a warning for each CRL in a folder of whose validity less than a quarter is left,
    /// with the fingerprints of the valid certificates that it is about. A CRL without any is left
    /// out.
    ///
    /// # Errors
    /// The errors of [`crls_in`](Self::crls_in).
    pub fn ending_crls(
        folder: &Path,
        now: Timestamp,
    ) -> Result<Vec<(Warning, Vec<Sha256>)>> {
        let leaves = Self::certificates_in(folder)?;
        let known = root_crl::known_crls(&KeyFolder::new(folder))?;
        let ending = known.iter().filter_map(|known| {
            let root = &known.root;
            let warning = root_crl::ending(root, known.newest()?, now)?;
            let of_root = leaves.iter().filter(|leaf| leaf.is_signed_by(root));
            let of_root: Vec<&X509> =
                of_root.filter(|leaf| leaf.not_after() > now).collect();
            let fingerprints = of_root.iter().map(|leaf| leaf.fingerprint()).collect();
            (!of_root.is_empty()).then_some((warning, fingerprints))
        });
        Ok(ending.collect())
    }

    /// Returns the public parts of all sets in a folder, to be published: the path of each in the
    /// public store, and its content. Root certificates and CRLs are in DER, OpenPGP keys in ASCII
    /// armor.
    ///
    /// # Errors
    /// The errors of [`crls_in`](Self::crls_in).
    pub fn published_in(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
        let keys = KeyFolder::new(folder);
        let mut files = Vec::new();
        for number in keys.numbers()? {
            if let Some(root) = root_crl::root_of(&keys, number)? {
                files.push((publication::certificate_path(&root), root.der().to_vec()));
            }
            let file = keys.set_folder(number).join(PGP_FILE);
            if let Some(text) = files::read_if_exists(&file)? {
                for key in files::place_in(&file, PgpKey::from_armor(&text))? {
                    let path = format!("keys/{}.asc", key.fingerprint());
                    files.push((path, text.to_vec()));
                }
            }
        }
        for known in root_crl::known_crls(&keys)? {
            let newest = known.newest().map(|crl| crl.der().to_vec());
            files.extend(newest.map(|der| (publication::crl_path(&known.root), der)));
        }
        Ok(files)
    }
}

/// Sets the file as the source of these certificates.
fn named(trust: Trust, file: &Path, certificates: &[X509]) -> Trust {
    let file = file.display().to_string();
    let name = |trust: Trust, cert: &X509| trust.with_source(cert.fingerprint(), &file);
    certificates.iter().fold(trust, name)
}
