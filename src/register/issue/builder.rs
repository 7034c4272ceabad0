//! How an issue service is made: from a press, a sealer, an id secret and two stores.
//!
//! The decision made here: nothing is searched on disk, and no missing part is made up. A part that
//! was not given is an error that names the call.

use std::sync::Arc;

use crate::base::error::{Error, ErrorKind, Result};
use crate::press::draft::Press;
use crate::register::certificates::Register;
use crate::register::issue::service::IssueService;
use crate::register::store::Store;
use crate::seal::sealer::Sealer;
use crate::seal::verify::Trust;
use crate::site::id_secret::IdSecret;
use crate::site::keys::Keys;

/// Makes an [`IssueService`]. See [`IssueService::builder`].
#[derive(Debug, Clone)]
#[must_use = "it makes a service when `build` is called"]
pub struct IssueServiceBuilder {
    press: Arc<Press>,
    sealer: Option<Sealer>,
    trust: Option<Trust>,
    secret: Option<IdSecret>,
    keys: Option<Keys>,
    stores: Option<(Arc<dyn Store>, Arc<dyn Store>)>,
}

impl IssueService {
    /// Begins a service that makes its pages with this press. It needs a
    /// [sealer](IssueServiceBuilder::with_sealer) or [keys](IssueServiceBuilder::with_keys), an
    /// [id secret](IssueServiceBuilder::with_id_secret) and
    /// [stores](IssueServiceBuilder::with_stores).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use testamur::register::{IssueOptions, IssueService, MemoryStore};
    /// use testamur::site::{IdSecret, Keys};
    /// use testamur::{Date, Press, Request, Site, Timestamp};
    ///
    /// let now = Timestamp::parse("2026-05-14T09:30:00Z")?;
    /// let public = Arc::new(MemoryStore::new());
    /// let issuer = IssueService::builder(Arc::new(Press::new(Site::demo())?))
    ///     .with_keys(&Keys::generate("Example University", now)?)
    ///     .with_id_secret(IdSecret::generate()?)
    ///     .with_stores(public.clone(), Arc::new(MemoryStore::new()))
    ///     .build()?;
    ///
    /// let course = issuer.press().courses().iter().next().expect("the demo has courses");
    /// let request = Request::new(&course.id, "Ada Lovelace")?;
    /// let today = Date::parse("2026-05-14")?;
    /// let receipt = issuer.issue(&request, today, now, &IssueOptions::default())?;
    /// assert!(issuer.register().record(&receipt.record.id)?.is_some());
    /// # Ok::<(), testamur::Error>(())
    /// ```
    pub fn builder(press: Arc<Press>) -> IssueServiceBuilder {
        IssueServiceBuilder {
            press,
            sealer: None,
            trust: None,
            secret: None,
            keys: None,
            stores: None,
        }
    }
}

impl IssueServiceBuilder {
    /// Seals with these keys, and trusts what they and the sets before them have sealed. The public
    /// parts of all sets are published, and the CRL of the root is renewed while the service
    /// issues.
    pub fn with_keys(self, keys: &Keys) -> Self {
        Self { keys: Some(keys.clone()), ..self }
            .with_sealer(keys.sealer())
            .with_trust(keys.trust().clone())
    }

    /// Seals with this sealer, whose keys may be anywhere: see [`Signer`](crate::seal::Signer) and
    /// [`PgpSigner`](crate::seal::PgpSigner). The OpenPGP key of a sealer that has one is
    /// published; without one there are no detached signatures.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use testamur::seal::{Identity, PgpIdentity, PrivateKey, Sealer, X509};
    /// use testamur::{Result, Timestamp};
    ///
    /// /// A sealer from three texts, as a service finds them in its environment or its vault.
    /// fn sealer(key: &[u8], chain: &[u8], pgp: &[u8], now: Timestamp) -> Result<Sealer> {
    ///     let key = Arc::new(PrivateKey::from_pem(key)?);
    ///     let identity = Identity::new(key, X509::from_pem(chain)?, now)?;
    ///     let created = Timestamp::parse("2026-01-01T00:00:00Z")?;
    ///     let pgp = Arc::new(PrivateKey::from_pem(pgp)?);
    ///     let pgp = PgpIdentity::new(pgp, "Example University", created)?;
    ///     Ok(Sealer::new(identity).with_pgp(Arc::new(pgp)))
    /// }
    /// ```
    pub fn with_sealer(mut self, sealer: Sealer) -> Self {
        self.sealer = Some(sealer);
        self
    }

    /// Sets the trust by which a seal is the site's own. The service takes over the PDF of a
    /// certificate that another process has begun only if it verifies by this trust. Unless set, it
    /// trusts the sealer's own certificate and OpenPGP key; set it if keys change while processes
    /// run.
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.trust = Some(trust);
        self
    }

    /// Sets the secret that ids are derived from: always the same one for the same stores, which
    /// carry a mark of it from the first certificate on. [`build`](Self::build) refuses stores of
    /// another secret.
    pub fn with_id_secret(mut self, secret: IdSecret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Sets the store in which certificates are published, and the one for the operator only. The
    /// private store holds requests and records; none of its files may be served to the public.
    pub fn with_stores(
        mut self,
        public: Arc<dyn Store>,
        private: Arc<dyn Store>,
    ) -> Self {
        self.stores = Some((public, private));
        self
    }

    /// Makes the service, and publishes the sealer's OpenPGP key. Whether the stores can be used is
    /// checked by [`Register::check`].
    ///
    /// # Errors
    /// [`ErrorKind::MissingField`]: a part was not given; the help names the call. All that are
    /// missing are reported together. [`ErrorKind::Layout`]: the site's own page templates cannot
    /// be read. [`ErrorKind::Key`]: the stores belong to another id secret. [`ErrorKind::Store`],
    /// [`ErrorKind::StoreRefused`] and [`ErrorKind::Io`]: a store failed.
    pub fn build(self) -> Result<IssueService> {
        let parts = self.assemble()?;
        prepare(&parts.register, &parts.sealer)?;
        let BuiltParts { press, sealer, secret, register, trust, keys } = parts;
        if let Some(keys) = &keys {
            match register.publish_keys(&keys.published()?) {
                // If the certificate that seals is revoked, `issue` refuses each request. A CRL of
                // an earlier root must not stop the service.
                Err(error) if error.kind() == ErrorKind::Key => {}
                published => drop(published?),
            }
        }
        let root_crl = keys.as_ref().and_then(Keys::root_crl).cloned();
        Ok(IssueService::new(press, sealer, secret, register, trust, root_crl))
    }

    /// Makes the service for [`IssueService::plan`]: nothing is written into the stores.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    #[cfg(feature = "cli")]
    pub(crate) fn build_to_plan(self) -> Result<IssueService> {
        let BuiltParts { press, sealer, secret, register, trust, .. } =
            self.assemble()?;
        Ok(IssueService::new(press, sealer, secret, register, trust, None))
    }

    /// Finds what [`build`](Self::build) would refuse, and writes nothing into the stores.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn check(self) -> Result<()> {
        self.assemble().map(drop)
    }

    fn assemble(self) -> Result<BuiltParts> {
        let Self { press, sealer, trust, secret, keys, stores } = self;
        let sealer =
            sealer.ok_or_else(|| missing("sealer", "with_keys` or `with_sealer"));
        let secret = secret.ok_or_else(|| missing("id secret", "with_id_secret"));
        let stores = stores.ok_or_else(|| missing("stores", "with_stores"));
        let (sealer, (secret, (public, private))) =
            Error::both(sealer, Error::both(secret, stores))?;
        let publish = press.settings().publish.clone();
        let register = Register::new(press.site(), publish, public, private)?;
        register.check_identity(&secret)?;
        let trust = trust.unwrap_or_else(|| own_trust(&sealer));
        Ok(BuiltParts { press, sealer, secret, register, trust, keys })
    }
}

/// The checked parts of a service.
struct BuiltParts {
    press: Arc<Press>,
    sealer: Sealer,
    secret: IdSecret,
    register: Register,
    trust: Trust,
    keys: Option<Keys>,
}

/// Writes what the stores must have before the first certificate.
fn prepare(register: &Register, sealer: &Sealer) -> Result<()> {
    if let Some(signer) = sealer.pgp() {
        let key = signer.key();
        register.publish_key(&key.fingerprint(), &key.to_armor())?;
    }
    Ok(())
}

/// Trusts the sealer itself, and nothing else.
fn own_trust(sealer: &Sealer) -> Trust {
    let keys = sealer.pgp().map(|signer| signer.key().clone());
    Trust::new().with_identity(sealer.identity()).with_keys(keys)
}

fn missing(part: &str, call: &str) -> Error {
    Error::new(ErrorKind::MissingField, format!("the issue service has no {part}"))
        .with_help(format!("call `{call}` of its builder"))
}
