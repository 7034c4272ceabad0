//! Sealing: a PDF that our writer made, signed so that nobody can change it unseen.
//!
//! A [`Sealer`] lives as long as the process and is shared by its threads; a [`Sealed`] is one
//! document. The seal stands inside the PDF (PAdES: ETSI EN 319 142-1), the OpenPGP signature
//! beside it, over the sealed bytes. A time-stamp authority that cannot be reached costs the level,
//! never the document, unless whoever seals can wait for it. What was sealed is verified before it
//! is handed on.

#[cfg(feature = "tsa")]
mod http;
mod network;
mod upgrade;

use std::sync::Arc;

#[cfg(feature = "tsa")]
pub use self::http::Http;
pub use self::network::Network;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::seal::cms::{self, Seal, TimestampRequest, TimestampToken};
use crate::seal::openpgp::PgpSigner;
use crate::seal::pdf::{self, Document, SealFacts};
use crate::seal::signer::Identity;
use crate::seal::verify::{PadesLevel, Revisions};
use crate::seal::x509::X509;

/// Room for the seal besides its certificates, in bytes.
const PLACEHOLDER_LEN: usize = 1536;
/// Room for a time stamp: those of public authorities, with their chains, have 4 to 8 kB.
const TIMESTAMP_LEN: usize = 10_240;
/// The media types of RFC 3161.
const QUESTION: &str = "application/timestamp-query";

/// Seals documents.
#[derive(Debug, Clone)]
pub struct Sealer {
    identity: Identity,
    pgp: Option<Arc<dyn PgpSigner>>,
    tsa: Option<Tsa>,
    issuers: Vec<X509>,
    archive: bool,
    require_timestamp: bool,
}

#[derive(Debug, Clone)]
struct Tsa {
    url: String,
    network: Arc<dyn Network>,
}

/// A sealed document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sealed {
    /// The PDF.
    pub bytes: Vec<u8>,
    /// The armoured OpenPGP signature over it, if the sealer makes one.
    pub signature: Option<String>,
    /// How much the seal proves.
    pub level: PadesLevel,
    /// What was meant to be better, such as a time stamp that could not be had.
    pub warnings: Vec<Warning>,
}

impl Sealer {
    /// Seals in this identity's name.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            pgp: None,
            tsa: None,
            issuers: Vec::new(),
            archive: false,
            require_timestamp: false,
        }
    }

    /// Puts an OpenPGP signature beside each PDF.
    pub fn with_pgp(mut self, signer: Arc<dyn PgpSigner>) -> Self {
        self.pgp = Some(signer);
        self
    }

    /// Asks the time-stamp authority (RFC 3161) at that address.
    pub fn with_tsa(mut self, url: impl Into<String>, network: Arc<dyn Network>) -> Self {
        self.tsa = Some(Tsa { url: url.into(), network });
        self
    }

    /// Certificates of issuers that neither the chain nor the authority's answers hold, such as
    /// the authority's root. [`upgrade`](Self::upgrade) puts those that it needs into the file.
    pub fn with_issuers(mut self, certificates: impl IntoIterator<Item = X509>) -> Self {
        self.issuers.extend(certificates);
        self
    }

    /// Reserves a field for an archive time stamp in each PDF, so that the seal can be
    /// [upgraded](Self::upgrade) to B-LTA. Until then, viewers show an empty signature field.
    pub fn with_archive(mut self, archive: bool) -> Self {
        self.archive = archive;
        self
    }

    /// Whether an authority that cannot be reached is an error, rather than a warning: the way of
    /// those who can wait.
    pub fn with_require_timestamp(mut self, require_timestamp: bool) -> Self {
        self.require_timestamp = require_timestamp;
        self
    }

    /// Who seals.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Who signs beside the PDF.
    pub fn pgp(&self) -> Option<&dyn PgpSigner> {
        self.pgp.as_deref()
    }

    /// Seals a PDF that [`Press::draft`](crate) made.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`]: the PDF is not one of ours, or is sealed already. [`ErrorKind::Signer`]: a
    /// signature cannot be had. [`ErrorKind::Key`]: the certificate has ended since the sealer was made.
    /// [`ErrorKind::Tampered`]: what was sealed does not hold; this is a fault
    /// of this library or of a signer. [`ErrorKind::Timestamp`], if the sealer
    /// [insists](Self::with_require_timestamp).
    pub fn seal(&self, pdf: &[u8], now: Timestamp) -> Result<Sealed> {
        self.identity.check(now)?;
        let mut document = Document::read(pdf)?;
        let facts = SealFacts {
            signing_time: now,
            name: self.identity.certificate().name(),
            placeholder_len: self.placeholder_len(),
            archive: self.archive,
        };
        let mut signable = pdf::seal(&document, &facts)?;
        let hash = self.identity.algorithm().hash();
        let digest = hash.of(&signable.signed_parts(&document));
        let mut der = cms::seal(&self.identity, &digest)?;
        let mut warnings = self.identity.warnings(now);
        let mut level = PadesLevel::B;
        match self.stamped(&der, now) {
            None => {}
            Some(Ok(stamped)) if stamped.len() <= facts.placeholder_len => {
                der = stamped;
                level = PadesLevel::T;
            }
            Some(Ok(stamped)) => warnings.push(Warning::new(
                ErrorKind::Timestamp,
                format!(
                    "sealed without a time stamp: one of {} bytes has no room",
                    stamped.len()
                ),
            )),
            Some(Err(fault)) if self.require_timestamp && fault.is_retryable() => {
                return Err(fault);
            }
            Some(Err(fault)) => warnings.push(
                Warning::new(
                    ErrorKind::Timestamp,
                    format!("sealed without a time stamp: {fault}"),
                )
                .with_help("add it when the authority answers: testamur seal upgrade"),
            ),
        }
        signable.embed(&der)?;
        document.append(signable.revision);
        self.finish(document.into_bytes(), level, warnings, now)
    }

    /// Signs beside, and verifies everything before it is handed on.
    fn finish(
        &self,
        bytes: Vec<u8>,
        level: PadesLevel,
        warnings: Vec<Warning>,
        now: Timestamp,
    ) -> Result<Sealed> {
        let broken = |why: &str| {
            Error::new(ErrorKind::Tampered, format!("failed to seal ({why})"))
        };
        let revisions = Revisions::read(&bytes).map_err(broken)?;
        let ours = revisions.seal.leaf() == Some(self.identity.certificate());
        let archived = revisions.archive.is_none_or(|(_, fault)| fault.is_none());
        if !revisions.holds || !ours || !archived {
            return Err(broken("the seal that was made does not hold"));
        }
        let signature = match &self.pgp {
            None => None,
            Some(signer) => {
                let signature = signer.sign(&bytes, now)?;
                if !signature.verifies(signer.key(), &bytes) {
                    return Err(broken(
                        "the OpenPGP signature that was made does not hold",
                    ));
                }
                Some(signature.to_armor())
            }
        };
        Ok(Sealed { bytes, signature, level, warnings })
    }

    /// The seal with a time stamp over its signature, if an authority is set.
    fn stamped(&self, seal: &[u8], now: Timestamp) -> Option<Result<Vec<u8>>> {
        let tsa = self.tsa.as_ref()?;
        let unreadable =
            || Error::new(ErrorKind::Seal, "the seal that was made cannot be read");
        Some(Seal::read(seal).ok_or_else(unreadable).and_then(|seal| {
            let stamp = tsa.stamp(&[seal.signature()], now)?;
            seal.stamped(&stamp)
        }))
    }

    fn placeholder_len(&self) -> usize {
        let chain: usize =
            self.identity.chain().iter().map(|cert| cert.der().len()).sum();
        let stamp = if self.tsa.is_some() || self.archive { TIMESTAMP_LEN } else { 0 };
        chain + PLACEHOLDER_LEN + stamp
    }
}

impl Tsa {
    fn stamp(&self, parts: &[&[u8]], now: Timestamp) -> Result<TimestampToken> {
        let request = TimestampRequest::new(parts)?;
        let answer = self.network.post(&self.url, QUESTION, request.der())?;
        request.answer(&answer, now)
    }
}
