//! Whom a verifier trusts.

use crate::seal::openpgp::PgpKey;
use crate::seal::signer::Identity;
use crate::seal::x509::X509;

/// Whose seals, time stamps and signatures are taken to be genuine.
///
/// Trusting a root trusts everybody to whom it issues. That is right for a site's self-made root;
/// of a certificate from a public authority, trust the [identity](Self::with_identity) alone.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    roots: Vec<X509>,
    pinned: Vec<X509>,
    known: Vec<X509>,
    tsa_roots: Vec<X509>,
    keys: Vec<PgpKey>,
}

impl Trust {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these certificates, and whomever they issue to, to seal and to stamp times.
    pub fn with_roots(mut self, roots: impl IntoIterator<Item = X509>) -> Self {
        self.roots.extend(roots);
        self
    }

    /// Trusts these certificates, and whomever they issue to, to stamp times and nothing else.
    pub fn with_tsa_roots(mut self, roots: impl IntoIterator<Item = X509>) -> Self {
        self.tsa_roots.extend(roots);
        self
    }

    /// Trusts this very identity, and not whoever else has a certificate from its issuers.
    pub fn with_identity(mut self, identity: &Identity) -> Self {
        self.pinned.push(identity.certificate().clone());
        self.known.extend(identity.chain().iter().cloned());
        self
    }

    /// Trusts this very certificate to seal. `chain` are its issuers, which are only known.
    pub fn with_certificate(mut self, certificate: X509, chain: Vec<X509>) -> Self {
        self.pinned.push(certificate);
        self.known.extend(chain);
        self
    }

    /// Trusts these OpenPGP keys.
    pub fn with_keys(mut self, keys: impl IntoIterator<Item = PgpKey>) -> Self {
        self.keys.extend(keys);
        self
    }

    pub(super) fn roots(&self) -> &[X509] {
        &self.roots
    }

    pub(super) fn keys(&self) -> &[PgpKey] {
        &self.keys
    }

    pub(super) fn is_pinned(&self, certificate: &X509) -> bool {
        self.pinned.contains(certificate)
    }

    /// Who may vouch for the authorities of time.
    pub(super) fn time_roots(&self) -> Vec<X509> {
        self.tsa_roots.iter().chain(&self.roots).cloned().collect()
    }

    /// Whether every byte of a certificate is accounted for by itself or somebody known.
    pub(super) fn accounts_for(&self, certificate: &X509) -> bool {
        let mut known = self.roots.iter().chain(&self.tsa_roots).chain(&self.known);
        certificate.is_self_signed()
            || self.is_pinned(certificate)
            || known.any(|other| other == certificate || certificate.is_signed_by(other))
    }
}
