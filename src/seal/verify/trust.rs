//! The certificates and keys that a verifier trusts.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::openpgp::PgpKey;
use crate::seal::pem;
use crate::seal::x509::{CertificationPath, Crl, X509};

/// The certificates and keys whose seals, timestamp tokens and signatures are trusted.
///
/// To trust a root is to trust every certificate that it issues. That fits a site's self-made root.
/// For a certificate from a public CA, trust the [certificate](Self::with_certificate) alone.
///
/// ```
/// use testamur::Timestamp;
/// use testamur::seal::{Trust, Verdict, verify};
/// use testamur::site::Keys;
///
/// let now = Timestamp::parse("2026-05-14T09:30:00Z")?;
/// let keys = Keys::generate("Example University", now)?;
/// let trust = Trust::new().with_roots(keys.root().cloned());
/// assert_eq!(verify(b"%PDF-1.7", None, &trust, now).verdict, Verdict::NotSealed);
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Trust {
    roots: Vec<X509>,
    pinned: Vec<X509>,
    /// Certificates that are known, but not trusted.
    known: Vec<X509>,
    tsa_roots: Vec<X509>,
    keys: Vec<PgpKey>,
    /// CRLs of issuers.
    crls: Vec<Crl>,
    /// Where certificates and keys were read, by their fingerprints.
    sources: Vec<(String, String)>,
    /// When roots retired, by their fingerprints.
    retired: Vec<(String, Timestamp)>,
}

impl Trust {
    /// Trusts nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these certificates, and all that they issue, to seal and to timestamp.
    pub fn with_roots(mut self, roots: impl IntoIterator<Item = X509>) -> Self {
        self.roots.extend(roots);
        self
    }

    /// Trusts these certificates, and all that they issue, to timestamp only.
    pub fn with_tsa_roots(mut self, roots: impl IntoIterator<Item = X509>) -> Self {
        self.tsa_roots.extend(roots);
        self
    }

    /// Trusts this certificate to seal. `chain` has its issuers, which serve to check it and are
    /// not trusted.
    pub fn with_certificate(mut self, certificate: X509, chain: Vec<X509>) -> Self {
        self.pinned.push(certificate);
        self.known.extend(chain);
        self
    }

    /// Trusts the detached signatures of these OpenPGP keys.
    pub fn with_keys(mut self, keys: impl IntoIterator<Item = PgpKey>) -> Self {
        self.keys.extend(keys);
        self
    }

    /// Adds CRLs, each as DER or PEM, that may be newer than those in a file. A CRL counts for the
    /// certificates of the issuer that signed it, if their path is trusted.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`](crate::ErrorKind::Syntax): one is no CRL.
    pub fn with_crls<T: AsRef<[u8]>>(
        mut self,
        crls: impl IntoIterator<Item = T>,
    ) -> Result<Self> {
        for crl in crls {
            if crl.as_ref().starts_with(b"-----BEGIN ") {
                let blocks = pem::read(crl.as_ref())?;
                for block in &blocks {
                    if block.label != "X509 CRL" {
                        return Err(Error::new(
                            ErrorKind::Syntax,
                            format!("this is no CRL: it has a `{}`", block.label),
                        ));
                    }
                    let der = block.bytes.as_deref().map_or(&[][..], Vec::as_slice);
                    self.crls.push(Crl::from_der(der)?);
                }
            } else {
                self.crls.push(Crl::from_der(crl.as_ref())?);
            }
        }
        Ok(self)
    }

    /// As [`with_crls`](Self::with_crls), of one that was read from there, such as the name of a file. A
    /// report says of it if it counts for nothing.
    ///
    /// # Errors
    /// As [`with_crls`](Self::with_crls).
    pub fn with_crl_from(
        mut self,
        source: impl Into<String>,
        crl: impl AsRef<[u8]>,
    ) -> Result<Self> {
        let known = self.crls.len();
        self = self.with_crls([crl])?;
        let source = source.into();
        let added = self.crls[known..].iter();
        let told = added.map(|crl| (crl.fingerprint().to_string(), source.clone()));
        self.sources.extend(told);
        Ok(self)
    }

    /// Says where the certificate or the OpenPGP key of this fingerprint was read, such as the name
    /// of a file. The report names it.
    pub fn with_source(
        mut self,
        fingerprint: impl Into<String>,
        source: impl Into<String>,
    ) -> Self {
        self.sources.push((fingerprint.into(), source.into()));
        self
    }

    /// Says when the root of this fingerprint retired: what it issued is not trusted to have sealed
    /// after that time.
    pub fn with_retired(
        mut self,
        fingerprint: impl Into<String>,
        time: Timestamp,
    ) -> Self {
        self.retired.push((fingerprint.into(), time));
        self
    }

    /// The earliest time at which a root is said to have retired.
    pub(super) fn retired(&self, fingerprint: &str) -> Option<Timestamp> {
        let told = self.retired.iter().filter(|(of, _)| of == fingerprint);
        told.map(|(_, time)| *time).min()
    }

    /// The first source that was given for a fingerprint.
    pub(super) fn source(&self, fingerprint: &str) -> Option<String> {
        let mut told = self.sources.iter().filter(|(of, _)| of == fingerprint);
        told.next().map(|(_, source)| source.clone())
    }

    /// Whether a certificate is trusted to seal, at any time.
    pub(crate) fn has_sealer(&self, leaf: &X509, others: &[X509]) -> bool {
        self.is_pinned(leaf)
            || CertificationPath::find(leaf, others, &self.roots).is_some()
    }

    /// The trust anchors of seals.
    pub(super) fn roots(&self) -> &[X509] {
        &self.roots
    }

    pub(super) fn crls(&self) -> &[Crl] {
        &self.crls
    }

    pub(super) fn keys(&self) -> &[PgpKey] {
        &self.keys
    }

    /// The certificates that are known, and not trusted.
    pub(super) fn known(&self) -> &[X509] {
        &self.known
    }

    /// Whether this very certificate is trusted to seal.
    pub(super) fn is_pinned(&self, certificate: &X509) -> bool {
        self.pinned.contains(certificate)
    }

    /// Whether a TSA's certificate is trusted at that time, with the others of its token.
    #[cfg(feature = "seal")]
    pub(crate) fn has_tsa(&self, tsa: &X509, others: &[X509], time: Timestamp) -> bool {
        let anchors = self.tsa_anchors();
        let path = CertificationPath::find(tsa, others, &anchors);
        path.is_some_and(|path| path.is_valid_at(time))
    }

    /// The trust anchors of timestamp tokens.
    pub(super) fn tsa_anchors(&self) -> Vec<X509> {
        self.tsa_roots.iter().chain(&self.roots).cloned().collect()
    }

    /// Whether a known self-signed certificate has the name and the key of this one, but other
    /// bytes: then this one is a copy whose signature was changed.
    pub(super) fn has_changed(&self, certificate: &X509) -> bool {
        let mut known = self.roots.iter().chain(&self.tsa_roots).chain(&self.known);
        known.any(|other| other != certificate && other.has_tbs_of(certificate))
    }

    /// Whether a certificate is authentic, trusted or not: it is self-signed, or it is, or is
    /// signed by, a known certificate. No byte of an authentic certificate has been changed.
    pub(super) fn authenticates(&self, certificate: &X509) -> bool {
        let mut known = self.roots.iter().chain(&self.tsa_roots).chain(&self.known);
        certificate.is_self_signed()
            || self.is_pinned(certificate)
            || known.any(|other| other == certificate || certificate.is_signed_by(other))
    }
}
