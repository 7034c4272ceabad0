//! A site's keys: one folder, in which each set of keys has a numbered folder of its own.
//!
//! ```text
//! keys/
//!   1/               retired: public parts only
//!   2/               the current set, which is the highest number
//!     root.pem       the self-made root, to be handed out; root.key.pem signs the next leaf
//!     root.crl       its list of the revoked, which is empty
//!     seal.pem       the certificate that seals, then its issuers; seal.key.pem is its key
//!     openpgp.asc    the key that checks signatures, to be handed out; openpgp.key.pem is its key
//!   id.secret        what the addresses of certificates are derived from; never replaced
//! ```
//!
//! A set appears whole, by rename, and is never overwritten. Files that end in `.key.pem` are
//! secret and only their owner can read them. Rotating makes the next set and removes the secret
//! parts of the last; its public parts stay, so that what they sealed can still be verified.

mod external;
mod files;
mod make;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use self::files::Folder;
pub use self::make::KeySource;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::seal::identity::Identity;
use crate::seal::keys::{Algorithm, PrivateKey};
use crate::seal::openpgp::{PgpIdentity, PgpKey, PgpSigner};
use crate::seal::sealer::Sealer;
use crate::seal::verify::Trust;
use crate::seal::x509::X509;
use crate::site::award::IdSecret;
use crate::site::settings::{SealSettings, TsaSettings};

const ROOT: &str = "root.pem";
const ROOT_KEY: &str = "root.key.pem";
const ROOT_LIST: &str = "root.crl";
const SEAL: &str = "seal.pem";
const SEAL_KEY: &str = "seal.key.pem";
const PGP: &str = "openpgp.asc";
const PGP_KEY: &str = "openpgp.key.pem";
const ID_SECRET: &str = "id.secret";

/// The current keys of a site, ready to seal, and whom it trusts.
#[derive(Debug, Clone)]
pub struct Keys {
    folder: PathBuf,
    identity: Identity,
    pgp: Arc<dyn PgpSigner>,
    pgp_armor: String,
    #[cfg_attr(not(feature = "tsa"), expect(dead_code, reason = "only HTTP asks it"))]
    tsa: Option<TsaSettings>,
    issuers: Vec<X509>,
    archive: bool,
    require_timestamp: bool,
    root: Option<X509>,
    lists: Vec<Vec<u8>>,
    trust: Trust,
    warnings: Vec<Warning>,
}

impl Keys {
    /// Makes the first set of keys in a folder, which is made too.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`]: there are keys already. [`ErrorKind::Io`]; and what [`open`](Self::open) says.
    pub fn create(folder: &Path, source: &KeySource<'_>, now: Timestamp) -> Result<Self> {
        let keys = Folder::new(folder);
        if let Some(number) = keys.newest()? {
            return Err(Error::new(
                ErrorKind::Exists,
                format!("there are keys already, in `{}`", keys.set(number).display()),
            )
            .with_help(
                "they are never overwritten; to replace them: testamur key rotate",
            ));
        }
        make::set(&keys, 1, source, now)?;
        Self::open(folder, now)
    }

    /// Opens a folder and checks all that can be wrong with its current set.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: no keys. [`ErrorKind::Key`]: keys that cannot be used, for each of which
    /// the place names the file and the help what to do.
    pub fn open(folder: &Path, now: Timestamp) -> Result<Self> {
        Self::open_with(folder, Path::new(""), &SealSettings::default(), now)
    }

    /// As [`open`](Self::open), with what a site's settings put in place of the folder's keys.
    /// Files that the settings name are looked for in `site`. If both keys live elsewhere, the
    /// folder need not be there.
    ///
    /// # Errors
    /// What [`open`](Self::open) says, and [`ErrorKind::Signer`]: a command that does not sign.
    pub fn open_with(
        folder: &Path,
        site: &Path,
        settings: &SealSettings,
        now: Timestamp,
    ) -> Result<Self> {
        let keys = Folder::new(folder);
        let elsewhere = settings.pdf.is_some() && settings.openpgp.is_some();
        let number = match keys.newest()? {
            None if !elsewhere => return Err(no_keys(folder)),
            number => number.unwrap_or(0),
        };
        let set = keys.set(number);
        let identity = match &settings.pdf {
            None => identity(&set, now),
            Some(pdf) => external::identity(site, pdf, now),
        };
        let pgp = match &settings.openpgp {
            None => openpgp(&set),
            Some(command) => external::openpgp(site, command),
        };
        let (identity, (pgp, pgp_armor)) = Error::both(identity, pgp)?;
        let issuers = match settings.tsa.as_ref().and_then(|a| a.roots.as_ref()) {
            None => Vec::new(),
            Some(file) => external::certificates(site, file)?,
        };
        let mut warnings = identity.warnings(now);
        if number > 0 {
            warnings.extend(keys.open_secrets(number)?);
        }
        let own = settings.pdf.is_none();
        let root = match files::read_if(&set.join(ROOT))?.filter(|_| own) {
            None => None,
            Some(text) => files::at(&set.join(ROOT), X509::from_pem(&text))?.pop(),
        };
        let list = files::read_if(&set.join(ROOT_LIST))?.filter(|_| own);
        Ok(Self {
            trust: Self::trusted(folder)?
                .with_identity(&identity)
                .with_keys([pgp.key().clone()])
                .with_tsa_roots(issuers.iter().cloned()),
            folder: set,
            identity,
            pgp,
            pgp_armor,
            root,
            lists: list.map(|der| der.to_vec()).into_iter().collect(),
            tsa: settings.tsa.clone(),
            issuers,
            archive: settings.archive,
            require_timestamp: false,
            warnings,
        })
    }

    /// Whether there is a set of keys in a folder.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be listed.
    pub fn are_in(folder: &Path) -> Result<bool> {
        Ok(Folder::new(folder).newest()?.is_some())
    }

    /// The secret that a site's ids are derived from, which is made when it is first asked for:
    /// `id.secret` in the folder of the keys. Rotating the keys leaves it as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the file is there and holds something else. [`ErrorKind::Io`].
    pub fn id_secret(folder: &Path) -> Result<IdSecret> {
        let file = folder.join(ID_SECRET);
        let text = match files::read_if(&file)? {
            Some(text) => text,
            None => Folder::new(folder).add_secret(ID_SECRET, &IdSecret::generate()?)?,
        };
        IdSecret::parse(&file, &text)
    }

    /// Makes the next set of keys, and removes the secret parts of the current one. Under
    /// [`KeySource::NextLeaf`] the root stays, and so does the trust of whoever has it.
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: there is nothing to replace. [`ErrorKind::Io`]; and what
    /// [`open`](Self::open) says.
    pub fn rotate(folder: &Path, source: &KeySource<'_>, now: Timestamp) -> Result<Self> {
        let keys = Folder::new(folder);
        let number = keys.newest()?.ok_or_else(|| no_keys(folder))?;
        make::set(&keys, number + 1, source, now)?;
        let opened = Self::open(folder, now)?;
        // Only now that the next set is known to work.
        keys.retire(number)?;
        Ok(opened)
    }

    /// Whom a site trusts: its self-made roots, its own certificates, its OpenPGP keys; those of
    /// all its sets, which need no secret part for it. Nobody, if there are no keys.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], [`ErrorKind::Syntax`]: a public part that cannot be read.
    pub fn trusted(folder: &Path) -> Result<Trust> {
        let keys = Folder::new(folder);
        let mut trust = Trust::new();
        for number in keys.numbers()? {
            let set = keys.set(number);
            let read = |name: &str| files::read_if(&set.join(name));
            if let Some(text) = read(ROOT)? {
                trust =
                    trust.with_roots(files::at(&set.join(ROOT), X509::from_pem(&text))?);
            } else if let Some(text) = read(SEAL)? {
                let mut chain = files::at(&set.join(SEAL), X509::from_pem(&text))?;
                trust = trust.with_certificate(chain.remove(0), chain);
            }
            if let Some(text) = read(PGP)? {
                trust = trust
                    .with_keys(files::at(&set.join(PGP), PgpKey::from_armor(&text))?);
            }
        }
        Ok(trust)
    }

    /// The same whose sealers are content with nothing less than a time stamp, if the settings name an
    /// authority: while it is away, [`Sealer::seal`] fails with [`ErrorKind::Timestamp`].
    pub fn with_require_timestamp(mut self, require_timestamp: bool) -> Self {
        self.require_timestamp = require_timestamp;
        self
    }

    /// A sealer with these keys: PAdES inside, OpenPGP beside, and a time stamp if the settings
    /// name an authority (and this library is built with `tsa`).
    pub fn sealer(&self) -> Sealer {
        let sealer = Sealer::new(self.identity.clone())
            .with_pgp(self.pgp.clone())
            .with_issuers(self.issuers.iter().cloned())
            .with_archive(self.archive)
            .with_require_timestamp(self.require_timestamp);
        #[cfg(feature = "tsa")]
        if let Some(tsa) = &self.tsa {
            let client = crate::seal::timestamp::BlockingHttpClient::new(tsa.deadline);
            return sealer.with_tsa(&tsa.url, Arc::new(client));
        }
        sealer
    }

    /// Who seals.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whom the site trusts.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The revocation lists of the self-made root, for [`Sealer::upgrade`].
    pub fn lists(&self) -> &[Vec<u8>] {
        &self.lists
    }

    /// What is not as it should be, but does not keep the keys from being used.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// What can be handed out: fingerprints, dates, public parts.
    pub fn public(&self) -> PublicKeys {
        let leaf = self.identity.certificate();
        PublicKeys {
            folder: self.folder.display().to_string(),
            certificate: self.identity.chain().iter().map(X509Facts::new).collect(),
            algorithm: self.identity.algorithm(),
            root: self.root.as_ref().map(X509Facts::new),
            expires: leaf.not_after(),
            openpgp_fingerprint: self.pgp.key().fingerprint(),
            openpgp_user_id: self.pgp.key().user_id().map(str::to_owned),
            openpgp_created: self.pgp.key().created(),
            openpgp_armor: self.pgp_armor.clone(),
        }
    }
}

/// Everything about a site's keys that is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PublicKeys {
    /// Where the current set is.
    pub folder: String,
    /// The certificate that seals, then its issuers.
    pub certificate: Vec<X509Facts>,
    /// The kind of key.
    pub algorithm: Algorithm,
    /// The self-made root, to be handed out.
    pub root: Option<X509Facts>,
    /// When the certificate that seals ends.
    pub expires: Timestamp,
    /// The whole fingerprint of the OpenPGP key: 40 digits in upper case.
    pub openpgp_fingerprint: String,
    /// The name of the OpenPGP key.
    pub openpgp_user_id: Option<String>,
    /// When it was made.
    pub openpgp_created: Timestamp,
    /// The OpenPGP key, to be handed out.
    pub openpgp_armor: String,
}

/// A certificate for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct X509Facts {
    /// Whom it names.
    pub subject: String,
    /// The whole SHA-256 of the certificate: 64 digits in lower case.
    pub fingerprint: String,
    /// Since when it is valid.
    pub not_before: Timestamp,
    /// Until when it is.
    pub not_after: Timestamp,
    /// The certificate as PEM.
    pub pem: String,
}

impl X509Facts {
    fn new(certificate: &X509) -> Self {
        Self {
            subject: certificate.subject(),
            fingerprint: certificate.fingerprint(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            pem: certificate.pem(),
        }
    }
}

fn identity(set: &Path, now: Timestamp) -> Result<Identity> {
    let (key_file, chain_file) = (set.join(SEAL_KEY), set.join(SEAL));
    let key = files::at(&key_file, PrivateKey::from_pem(&files::read(&key_file)?));
    let chain = files::at(&chain_file, X509::from_pem(&files::read(&chain_file)?));
    let (key, chain) = Error::both(key, chain)?;
    files::at(&chain_file, Identity::new(Arc::new(key), chain, now))
}

fn openpgp(set: &Path) -> Result<(Arc<dyn PgpSigner>, String)> {
    let (key_file, public_file) = (set.join(PGP_KEY), set.join(PGP));
    let key = files::at(&key_file, PrivateKey::from_pem(&files::read(&key_file)?))?;
    let text = files::read(&public_file)?;
    let public = files::at(&public_file, PgpKey::from_armor(&text))?.remove(0);
    let made = PgpIdentity::new(Arc::new(key), public.created());
    let made = files::at(&key_file, made)?.with_user_id(public.user_id());
    if made.key().fingerprint() != public.fingerprint() {
        let fault = Error::new(
            ErrorKind::Key,
            "the key does not belong to `openpgp.asc` beside it",
        );
        return files::at(
            &key_file,
            Err(fault
                .with_help("put the two of one key side by side, or rotate the keys")),
        );
    }
    Ok((Arc::new(made), String::from_utf8_lossy(&text).into_owned()))
}

fn no_keys(folder: &Path) -> Error {
    Error::new(
        ErrorKind::MissingFile,
        format!("there are no keys in `{}`", folder.display()),
    )
    .with_help("make them: testamur key new")
}
