//! An identity: a signer with the certificates of its key.
//!
//! Every defect of the pair is found when the identity is made, before a document is sealed.

use std::sync::Arc;

use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::seal::keys::{Algorithm, Signer};
use crate::seal::verify::Trust;
use crate::seal::x509::X509;

/// The message that is signed to test whether key and certificate belong together.
const PROBE: &[u8] = b"testamur: is this key the certificate's?";
/// The number of days before a certificate's expiry from which on there is a warning.
const EXPIRY_WARNING_DAYS: u64 = 30;

/// A signer with its certificate chain, in whose name documents are sealed.
///
/// ```no_run
/// use std::sync::Arc;
/// use testamur::Timestamp;
/// use testamur::seal::{Identity, PrivateKey, Sealer, X509};
///
/// let key = PrivateKey::from_pem(&std::fs::read("seal.key")?)?;
/// let chain = X509::from_pem(&std::fs::read("seal.pem")?)?;
/// let now = Timestamp::parse("2026-05-14T09:30:00Z")?;
/// let sealer = Sealer::new(Identity::new(Arc::new(key), chain, now)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Identity {
    signer: Arc<dyn Signer>,
    /// The leaf first, then its issuers in order.
    chain: Vec<X509>,
}

impl Identity {
    /// Pairs a signer with its certificate chain: the signer's own certificate first, each signed
    /// by the next. The signer signs one test message.
    ///
    /// # Errors
    /// All defects together. [`ErrorKind::Key`]: the chain is empty or broken; a certificate is not
    /// valid at `now`, not for signing documents, or belongs to another key; the key is Ed25519,
    /// which PDF readers do not support. [`ErrorKind::Signer`]: the signer fails.
    pub fn new(
        signer: Arc<dyn Signer>,
        chain: Vec<X509>,
        now: Timestamp,
    ) -> Result<Self> {
        let mut errors = Vec::new();
        match chain.first() {
            None => errors.push(Error::new(ErrorKind::Key, "there is no certificate")),
            Some(leaf) => {
                errors.extend(check_leaf(leaf, now));
                errors.extend(check_key_pair(&*signer, leaf));
            }
        }
        errors.extend(check_issuers(&chain, now));
        Error::join(errors)?;
        Ok(Self { signer, chain })
    }

    /// The certificate of the key that signs.
    pub fn certificate(&self) -> &X509 {
        &self.chain[0]
    }

    /// The whole chain: that certificate, then its issuers.
    pub fn chain(&self) -> &[X509] {
        &self.chain
    }

    /// Warnings about certificates that expire within 30 days of `now`.
    pub fn warnings(&self, now: Timestamp) -> Vec<Warning> {
        let expires_soon =
            |cert: &&X509| cert.not_after() < now.plus_days(EXPIRY_WARNING_DAYS);
        let warn = |cert: &X509| {
            let message = format!(
                "the certificate of `{}` ends on {}",
                cert.name(),
                cert.not_after()
            );
            Warning::new(ErrorKind::Key, message)
                .with_help("make or ask for the next one now: testamur key rotate")
        };
        self.chain.iter().filter(expires_soon).map(warn).collect()
    }

    /// The kind of key.
    pub fn algorithm(&self) -> Algorithm {
        self.signer.public().algorithm()
    }

    /// Checks that the certificates are still valid: they may have expired since the identity was
    /// made.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: a certificate is not valid at `now`.
    pub(crate) fn check_validity(&self, now: Timestamp) -> Result<()> {
        Error::join(self.chain.iter().filter_map(|cert| check_validity(cert, now)))
    }

    /// An identity without any check, for tests that make invalid seals.
    #[cfg(test)]
    pub(crate) fn unchecked(signer: Arc<dyn Signer>, chain: Vec<X509>) -> Self {
        Self { signer, chain }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        self.signer.sign(message)
    }
}

impl Trust {
    /// Trusts the certificate of this identity to seal. Its issuers serve to check it and are not
    /// trusted: another certificate from them is not trusted.
    pub fn with_identity(self, identity: &Identity) -> Self {
        self.with_certificate(identity.certificate().clone(), identity.chain().to_vec())
    }
}

fn check_leaf(leaf: &X509, now: Timestamp) -> Vec<Error> {
    let mut errors: Vec<Error> = check_validity(leaf, now).into_iter().collect();
    if let Err(why) = leaf.check_document_signing() {
        let message = format!("the certificate of `{}` cannot seal ({why})", leaf.name());
        errors.push(Error::new(ErrorKind::Key, message).with_help(
            "ask its issuer for one with the key usage digitalSignature, nonRepudiation",
        ));
    }
    errors
}

fn check_validity(cert: &X509, now: Timestamp) -> Option<Error> {
    let (message, help) = if cert.not_after() < now {
        let message = format!(
            "the certificate of `{}` expired on {}",
            cert.name(),
            cert.not_after()
        );
        (message, "put the renewed one in its place, or run: testamur key rotate")
    } else if cert.not_before() > now {
        let message = format!(
            "the certificate of `{}` is not valid before {}",
            cert.name(),
            cert.not_before()
        );
        (message, "set this machine's clock, or wait")
    } else {
        return None;
    };
    Some(Error::new(ErrorKind::Key, message).with_help(help))
}

/// Checks that the certificate is about the signer's key: the public keys must be equal, and a test
/// signature must verify.
fn check_key_pair(signer: &dyn Signer, leaf: &X509) -> Option<Error> {
    let key = match leaf.key() {
        Ok(key) => key,
        Err(error) => return Some(error),
    };
    if key.algorithm() == Algorithm::Ed25519 {
        return Some(
            Error::new(ErrorKind::Key, "PDF readers do not support Ed25519 seals")
                .with_help("use P-256, P-384 or RSA for the PDF"),
        );
    }
    let mismatch = || {
        Error::new(
            ErrorKind::Key,
            format!("the key does not belong to the certificate of `{}`", leaf.name()),
        )
        .with_help("put the key and its own certificate side by side, the leaf first")
    };
    if *signer.public() != key {
        return Some(mismatch());
    }
    match signer.sign(PROBE) {
        Ok(signature) if key.verifies(PROBE, &signature) => None,
        Ok(_) => Some(mismatch()),
        Err(error) => Some(error),
    }
}

/// Checks that each certificate is signed by the next, and that the issuers are valid CAs.
fn check_issuers(chain: &[X509], now: Timestamp) -> Vec<Error> {
    let mut errors = Vec::new();
    for (cert, issuer) in chain.iter().zip(chain.iter().skip(1)) {
        if !cert.is_signed_by(issuer) || !issuer.is_ca() {
            let message = format!(
                "`{}` is not issued by the next, `{}`",
                cert.name(),
                issuer.name()
            );
            errors.push(Error::new(ErrorKind::Key, message).with_help(
                "order the chain: the leaf, its issuer, that one's issuer, …",
            ));
        }
        errors.extend(check_validity(issuer, now));
    }
    errors
}
