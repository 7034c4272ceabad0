//! A site's keys: a folder in which each set of keys has a numbered folder.
//!
//! ```text
//! keys/
//!   1/                  a retired set: public parts only
//!   2/                  the current set: the highest number
//!     root.pem          the certificate of the site's root CA, to be published
//!     root.key.pem      the key of the root CA, which issues the next leaf
//!     root.crl          the root's CRL, to be published
//!     seal.pem          the certificate that seals, then its issuers
//!     seal-1.pem        an earlier certificate of the same key, if there was one
//!     seal.key.pem      the key that seals
//!     openpgp.asc       the public OpenPGP key, to be published
//!     openpgp.key.pem   the key of detached signatures
//!   id.secret           the secret that ids are derived from; never replaced
//! ```
//!
//! - **Takes**: the folder, and the settings of keys that live elsewhere.
//! - **Gives**: [`Keys`], which seal; [`Trust`], which verifies; the [`IdSecret`].
//!
//! The decision made here is that the keys of a set never change. It appears whole, by rename. A
//! rotation makes the next set and removes the secret parts of the last one; the public parts stay,
//! so that what they sealed can still be verified, and a note in each says what replaced it. Two
//! files are renewed: the CRL, and a certificate that does not name the address of its issuer.
//! Files that end in `.key.pem` are secret: only their owner can read them.

#[cfg(feature = "cli")]
mod backup;
mod external;
mod files;
mod folder_parts;
mod make;
mod public;
mod publication;
mod root_crl;
mod rotate;
mod upkeep;

#[cfg(feature = "tsa")]
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(feature = "tsa")]
use std::time::Duration;

#[cfg(feature = "cli")]
pub(crate) use self::backup::KeyBackup;
#[cfg(feature = "cli")]
pub(crate) use self::files::retired_on;
use self::files::{
    ID_SECRET_FILE, KeyFolder, PGP_FILE, PGP_KEY_FILE, SEAL_FILE, SEAL_KEY_FILE,
};
pub use self::make::KeySource;
use self::make::NewRoot;
pub use self::public::{PublicKeys, X509Facts};
pub use self::publication::{KeyPublication, PublishedFiles};
#[cfg(not(feature = "issue"))]
use self::root_crl::RootCrl;
#[cfg(feature = "issue")]
pub(crate) use self::root_crl::{CrlOrder, RootCrl, crl_order, split_crls};
pub use self::rotate::KeyRevocation;
use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::seal::identity::Identity;
use crate::seal::keys::{Algorithm, PrivateKey};
use crate::seal::openpgp::{PgpIdentity, PgpKey, PgpSigner};
use crate::seal::sealer::{Sealer, SharedCrls};
#[cfg(feature = "tsa")]
use crate::seal::timestamp::HttpClient;
use crate::seal::verify::Trust;
#[cfg(feature = "tsa")]
use crate::seal::x509::Crl;
use crate::seal::x509::X509;
use crate::site::id_secret::IdSecret;
use crate::site::settings::{SealSettings, TsaSettings};

/// How long a CRL of another CA may take to be fetched.
#[cfg(feature = "tsa")]
const CRL_DEADLINE: Duration = Duration::from_secs(10);

/// The current keys of a site, which seal, and the trust anchors with which it verifies.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The folder of the current set; none if the keys are in memory only.
    folder: Option<PathBuf>,
    identity: Identity,
    pgp: Arc<dyn PgpSigner>,
    #[cfg_attr(
        not(feature = "tsa"),
        expect(dead_code, reason = "only the feature `tsa` asks it")
    )]
    tsa: Option<TsaSettings>,
    tsa_roots: Vec<X509>,
    archive: bool,
    require_timestamp: bool,
    root: Option<X509>,
    crls: SharedCrls,
    root_crl: Option<Arc<RootCrl>>,
    trust: Trust,
    warnings: Vec<Warning>,
}

impl Keys {
    /// Makes the first set of keys in a folder, and the folder if there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`]: the folder has keys already. [`ErrorKind::Io`]: it cannot be written.
    /// The errors of [`open`](Self::open).
    pub fn create(folder: &Path, source: &KeySource<'_>, now: Timestamp) -> Result<Self> {
        Self::create_with(folder, source, &KeyPublication::default(), now)
    }

    /// As [`create`](Self::create), with the addresses at which the site publishes: the certificate
    /// that seals names where its CRL is.
    ///
    /// # Errors
    /// The errors of [`create`](Self::create).
    pub fn create_with(
        folder: &Path,
        source: &KeySource<'_>,
        publication: &KeyPublication,
        now: Timestamp,
    ) -> Result<Self> {
        let keys = KeyFolder::new(folder);
        if let Some(number) = keys.newest()? {
            return Err(Error::new(
                ErrorKind::Exists,
                format!(
                    "there are keys already, in `{}`",
                    keys.set_folder(number).display()
                ),
            )
            .with_help(
                "they are never overwritten; to replace them: testamur key rotate",
            ));
        }
        make::add_set(&keys, 1, source, publication, now)?;
        Self::open(folder, now)
    }

    /// Makes keys in memory: a root CA of its own, a leaf that it issues, and an OpenPGP key, as
    /// [`KeySource::NewRoot`] describes. `name` is the organization's, of 1 to 64 characters.
    ///
    /// They are gone when the value is dropped, and no verifier trusts their root before it is
    /// published ([`root`](Self::root)). So they are for tests and first steps. A service that
    /// keeps its keys elsewhere makes a [`Sealer`] of an [`Identity`] and a
    /// [`PgpIdentity`](crate::seal::PgpIdentity), both of which are read from PEM in memory.
    ///
    /// ```
    /// use testamur::{Timestamp, site::Keys};
    ///
    /// let now = Timestamp::parse("2026-05-14T09:30:00Z")?;
    /// let keys = Keys::generate("Example University", now)?;
    /// assert_eq!(keys.identity().certificate().name(), "Example University");
    /// # Ok::<(), testamur::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the name cannot stand in a certificate. [`ErrorKind::Key`]: the
    /// system gives no random numbers.
    pub fn generate(name: &str, now: Timestamp) -> Result<Self> {
        let publication = KeyPublication::default();
        let NewRoot { root, crl, leaf, .. } = NewRoot::generate(name, &publication, now)?;
        let crls = SharedCrls::default();
        crls.set(vec![crl]);
        let identity = Identity::new(Arc::new(leaf.key), leaf.chain, now)?;
        let (key, _) = PrivateKey::generate(Algorithm::Ed25519)?;
        let pgp = PgpIdentity::new(Arc::new(key), name, now)?;
        Ok(Self {
            folder: None,
            trust: Trust::new()
                .with_roots([root.clone()])
                .with_identity(&identity)
                .with_keys([pgp.key().clone()]),
            identity,
            pgp: Arc::new(pgp),
            tsa: None,
            tsa_roots: Vec::new(),
            archive: false,
            require_timestamp: false,
            root: Some(root),
            crls,
            root_crl: None,
            warnings: Vec::new(),
        })
    }

    /// Opens a folder and checks its current set of keys as a whole.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: the folder has no keys, or a set lacks a file.
    /// [`ErrorKind::Key`]: keys that cannot be used, each with its file and with what to do.
    /// [`ErrorKind::Io`]: a file cannot be read.
    pub fn open(folder: &Path, now: Timestamp) -> Result<Self> {
        Self::open_with(folder, Path::new(""), &SealSettings::default(), now)
    }

    /// As [`open`](Self::open), with the keys that a site's settings name instead of the folder's.
    /// Paths in the settings are relative to `site`. If the settings name both keys, the folder may
    /// be missing.
    ///
    /// # Errors
    /// The errors of [`open`](Self::open), and [`ErrorKind::Signer`]: a command does not sign.
    pub fn open_with(
        folder: &Path,
        site: &Path,
        settings: &SealSettings,
        now: Timestamp,
    ) -> Result<Self> {
        let keys = KeyFolder::new(folder);
        let are_elsewhere = settings.pdf.is_some() && settings.openpgp.is_some();
        let number = match keys.newest()? {
            None if !are_elsewhere => return Err(no_keys(folder)),
            number => number.unwrap_or(0),
        };
        let set = keys.set_folder(number);
        let identity = match &settings.pdf {
            None => read_identity(&set, now),
            Some(pdf) => external::read_identity(site, pdf, now),
        };
        let pgp = match &settings.openpgp {
            None => read_openpgp(&set),
            Some(command) => external::read_openpgp(site, command),
        };
        let (identity, pgp) = Error::both(identity, pgp)?;
        let tsa_roots = match settings.tsa.as_ref().and_then(|tsa| tsa.roots.as_ref()) {
            None => Vec::new(),
            Some(file) => external::read_certificates(site, file)?,
        };
        let mut warnings = identity.warnings(now);
        if number > 0 {
            warnings.extend(keys.open_secrets(number)?);
        }
        let is_own = settings.pdf.is_none();
        let root = if is_own { root_crl::root_of(&keys, number)? } else { None };
        let leaf = identity.certificate();
        let (crls, root_crl) = root_crl::open_crl(folder, number, root.as_ref(), leaf)?;
        if let Some(root) = &root {
            let crls = crls.get();
            let own = crls.iter().find(|crl| crl.is_signed_by(root));
            warnings.extend(own.and_then(|crl| root_crl::ending(root, crl, now)));
        }
        Ok(Self {
            trust: Self::trusted(folder)?
                .with_identity(&identity)
                .with_keys([pgp.key().clone()])
                .with_tsa_roots(tsa_roots.iter().cloned()),
            folder: Some(set),
            identity,
            pgp,
            root,
            crls,
            root_crl,
            tsa: settings.tsa.clone(),
            tsa_roots,
            archive: settings.archive,
            require_timestamp: false,
            warnings,
        })
    }

    /// The file of the secret that ids are derived from, in the folder of keys.
    #[cfg(feature = "cli")]
    pub(crate) const ID_SECRET: &str = ID_SECRET_FILE;

    /// Returns the secret that a site's ids are derived from: `id.secret` in the folder of keys. A
    /// rotation of the keys does not change it.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: there is no such file. [`ErrorKind::Key`]: the file holds no
    /// secret. [`ErrorKind::Io`]: it cannot be read.
    pub fn id_secret(folder: &Path) -> Result<IdSecret> {
        let file = folder.join(ID_SECRET_FILE);
        match files::read_if_exists(&file)? {
            Some(text) => IdSecret::parse(&file, &text),
            None => Err(Error::new(ErrorKind::MissingFile, "there is no id secret")
                .at(Place::file(file.display().to_string()))
                .with_help(
                    "if certificates were issued, put it back from a copy: testamur key restore; \
                     for a new site make it: testamur key new --name NAME",
                )),
        }
    }

    /// Whether a folder has an id secret.
    pub fn has_id_secret(folder: &Path) -> bool {
        folder.join(ID_SECRET_FILE).exists()
    }

    /// Makes the id secret of a new site, unless the folder has one; then returns that one. Call it
    /// only for stores without certificates: with another secret every award would have another
    /// address.
    ///
    /// # Errors
    /// As [`id_secret`](Self::id_secret); [`ErrorKind::Io`]: the file cannot be written.
    pub fn create_id_secret(folder: &Path) -> Result<IdSecret> {
        if !Self::has_id_secret(folder) {
            KeyFolder::new(folder)
                .add_secret(ID_SECRET_FILE, &IdSecret::generate_text()?)?;
        }
        Self::id_secret(folder)
    }

    /// Sets whether a sealer must have a timestamp token if the settings name a TSA: while the TSA
    /// does not answer, [`Sealer::seal`] then fails with [`ErrorKind::Timestamp`]. Not set by
    /// default.
    pub fn with_require_timestamp(mut self, require_timestamp: bool) -> Self {
        self.require_timestamp = require_timestamp;
        self
    }

    /// Adds trust anchors of the TSA, with which its tokens are verified, to those of the settings.
    pub fn with_tsa_roots(mut self, roots: Vec<X509>) -> Self {
        self.trust = self.trust.with_tsa_roots(roots.iter().cloned());
        self.tsa_roots.extend(roots);
        self
    }

    /// Fetches the CRLs that the certificates name, so that seals carry them. A CRL that cannot be
    /// fetched is a warning. Does nothing for keys with a root of their own, which have the CRL in
    /// their folder.
    #[cfg(feature = "tsa")]
    pub fn with_fetched_crls(mut self, now: Timestamp) -> Self {
        let chain = self.identity.chain().iter();
        let urls: BTreeSet<String> = chain
            .filter(|cert| self.root.is_none() && !cert.is_self_signed())
            .flat_map(X509::crl_urls)
            .collect();
        let client = crate::seal::timestamp::BlockingHttpClient::new(CRL_DEADLINE);
        let mut crls = self.crls.get().to_vec();
        for url in urls {
            let fetched = client.get(&url).and_then(|der| Crl::from_der(&der));
            match fetched {
                Ok(crl) if crl.is_current_at(now) => crls.push(crl),
                Ok(_) => self.warnings.push(no_crl(&url, "it has expired")),
                Err(error) => self.warnings.push(no_crl(&url, &error.to_string())),
            }
        }
        self.crls.set(crls);
        self
    }

    /// Sets how the keys are published. A process that issues for a long time renews the CRL of the
    /// root by it.
    #[cfg(feature = "issue")]
    pub fn with_publication(mut self, publication: &KeyPublication) -> Self {
        self.root_crl =
            self.root_crl.map(|crl| Arc::new(crl.with_publication(publication)));
        self
    }

    /// Returns a sealer with these keys: a PAdES signature in the PDF, a detached OpenPGP
    /// signature, and a timestamp token if the settings name a TSA and this library is built with
    /// `tsa`.
    pub fn sealer(&self) -> Sealer {
        let sealer = Sealer::new(self.identity.clone())
            .with_pgp(self.pgp.clone())
            .with_issuers(self.tsa_roots.iter().chain(&self.root).cloned())
            .with_shared_crls(self.crls.clone())
            .with_own(self.trust.clone())
            .with_archive(self.archive)
            .with_require_timestamp(self.require_timestamp);
        // Without roots of the TSA nothing is known of it, and the settings are warned of.
        let sealer = match &self.tsa_roots[..] {
            [] => sealer,
            _ => sealer.with_tsa_trust(self.trust.clone()),
        };
        #[cfg(feature = "tsa")]
        if let Some(tsa) = &self.tsa {
            let client = crate::seal::timestamp::BlockingHttpClient::new(tsa.deadline);
            return sealer.with_tsa(&tsa.url, Arc::new(client));
        }
        sealer
    }

    /// Returns the key and the certificates that seal.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns the certificate of the site's own root CA, if it has one. A verifier that
    /// trusts it trusts the seals.
    pub fn root(&self) -> Option<&X509> {
        self.root.as_ref()
    }

    /// Returns the trust anchors of the site.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Returns the CRLs of the site's roots in DER, for [`Sealer::upgrade`].
    pub fn crls(&self) -> Vec<Vec<u8>> {
        self.crls.get().iter().map(|crl| crl.der().to_vec()).collect()
    }

    /// Checks that the keys may seal: the certificate is not revoked by its root.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: it is revoked.
    pub fn check_revocation(&self) -> Result<()> {
        self.root_crl.as_ref().map_or(Ok(()), |own| own.check_leaf(None))
    }

    /// Checks by what is `published` too that the keys may seal: a folder of keys that was restored
    /// from a backup may lack the revocation.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the certificate that seals is revoked. The errors of `published`.
    pub fn check_published(&self, published: &PublishedFiles<'_>) -> Result<()> {
        let Some(own) = &self.root_crl else { return Ok(()) };
        own.check_leaf(published(&own.path())?.as_deref())
    }

    /// Returns the public parts of the sets of these keys, as
    /// [`published_in`](Self::published_in) does; of keys in memory, root and CRL.
    #[cfg(feature = "issue")]
    pub(crate) fn published(&self) -> Result<Vec<(String, Vec<u8>)>> {
        if let Some(folder) = self.folder.as_deref().and_then(Path::parent) {
            return Self::published_in(folder);
        }
        let Some(root) = &self.root else { return Ok(Vec::new()) };
        let mut files = vec![(publication::certificate_path(root), root.der().to_vec())];
        let crls = self.crls.get();
        let own = crls.iter().find(|crl| crl.is_signed_by(root));
        files.extend(own.map(|crl| (publication::crl_path(root), crl.der().to_vec())));
        Ok(files)
    }

    /// The CRL of the root, for a process that keeps it current while it issues.
    #[cfg(feature = "issue")]
    pub(crate) fn root_crl(&self) -> Option<&Arc<RootCrl>> {
        self.root_crl.as_ref()
    }

    /// Returns warnings about keys that can be used but should be changed.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Returns the public parts, with fingerprints and dates.
    pub fn public(&self) -> PublicKeys {
        let leaf = self.identity.certificate();
        PublicKeys {
            folder: self.folder.as_ref().map(|folder| folder.display().to_string()),
            certificate: self.identity.chain().iter().map(X509Facts::new).collect(),
            algorithm: self.identity.algorithm(),
            root: self.root.as_ref().map(X509Facts::new),
            expires: leaf.not_after(),
            openpgp_fingerprint: self.pgp.key().fingerprint(),
            openpgp_user_id: self.pgp.key().user_id().map(str::to_owned),
            openpgp_created: self.pgp.key().created(),
            openpgp_armor: self.pgp.key().to_armor(),
        }
    }
}

/// Reads the key that seals, and its certificates.
fn read_identity(set: &Path, now: Timestamp) -> Result<Identity> {
    let (key_file, chain_file) = (set.join(SEAL_KEY_FILE), set.join(SEAL_FILE));
    let key = files::place_in(&key_file, PrivateKey::from_pem(&files::read(&key_file)?));
    let chain = files::place_in(&chain_file, X509::from_pem(&files::read(&chain_file)?));
    let (key, chain) = Error::both(key, chain)?;
    files::place_in(&chain_file, Identity::new(Arc::new(key), chain, now))
}

/// Reads the OpenPGP key.
fn read_openpgp(set: &Path) -> Result<Arc<dyn PgpSigner>> {
    let (key_file, public_file) = (set.join(PGP_KEY_FILE), set.join(PGP_FILE));
    let key = files::place_in(&key_file, PrivateKey::from_pem(&files::read(&key_file)?))?;
    let text = files::read(&public_file)?;
    let public = files::place_in(&public_file, PgpKey::from_armor(&text))?.remove(0);
    let identity = PgpIdentity::from_key(Arc::new(key), public);
    Ok(Arc::new(files::place_in(&key_file, identity)?))
}

/// The warning about a CRL that cannot be fetched.
#[cfg(feature = "tsa")]
fn no_crl(url: &str, why: &str) -> Warning {
    let message = format!("seals carry no revocation list from `{url}`: {why}");
    Warning::new(ErrorKind::Timestamp, message).with_help(
        "seals are valid all the same; validators without a network cannot tell whether the \
         certificate was revoked, until `testamur seal upgrade` adds the list",
    )
}

fn no_keys(folder: &Path) -> Error {
    Error::new(
        ErrorKind::MissingFile,
        format!("there are no keys in `{}`", folder.display()),
    )
    .with_help(
        "put them back from a copy: testamur key restore FILE; a new site makes them: testamur key \
         new --name NAME",
    )
}
