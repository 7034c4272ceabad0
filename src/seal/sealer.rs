//! The sealer: a PDF of our own writer, signed so that every later change is found.
//!
//! - **Takes**: an [`Identity`], optionally a [`PgpSigner`] and a TSA, and a PDF.
//! - **Gives**: a [`Sealed`] PDF, with its detached signature.
//!
//! A [`Sealer`] lives as long as the process and is shared by its threads; a [`Sealed`] is one
//! document. If the TSA cannot be reached, the seal has a lower level and a warning; it is an error
//! only for a caller that requires a timestamp. Every sealed document is verified before it is
//! returned: the first of a sealer, and each with a timestamp token, is read whole, as the verifier
//! reads it; of every other one, all that differs from the first is checked.

mod crls;
mod sealed_dss;
mod upgrade;

use std::sync::{Arc, OnceLock};

pub(crate) use self::crls::SharedCrls;
#[cfg(feature = "press")]
pub(crate) use self::crls::revoked;
use crate::base::digits::Sha256;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::seal::cms::{Seal, SealTemplate};
use crate::seal::identity::Identity;
use crate::seal::keys::Hash;
use crate::seal::openpgp::{HashedFile, PgpSigner};
use crate::seal::pdf::{self, Document, SealParams};
use crate::seal::timestamp::{HttpClient, TimestampToken, Tsa};
use crate::seal::verify::{PadesLevel, Revisions, Trust};
use crate::seal::x509::X509;

/// The part of the placeholder for the seal without its certificates, in bytes.
const SEAL_LEN: usize = 1536;
/// The part of the placeholder for a timestamp token, in bytes: tokens of public TSAs, with their
/// chains, have 4 to 8 kB.
const TIMESTAMP_LEN: usize = 10_240;

/// Seals documents.
///
/// ```
/// use testamur::seal::verify;
/// use testamur::site::Keys;
/// use testamur::{Date, Press, Request, Site, Timestamp};
///
/// let press = Press::new(Site::demo())?;
/// let course = press.courses().iter().next().expect("the demo has courses");
/// let request = Request::new(&course.id, "Ada Lovelace")?;
/// let draft = press.draft(&request, Date::parse("2026-05-14")?)?;
///
/// let now = Timestamp::parse("2026-05-14T09:30:00Z")?;
/// let keys = Keys::generate("Example University", now)?;
/// let sealed = keys.sealer().seal(&draft.bytes, now)?;
/// assert!(verify(&sealed.bytes, None, keys.trust(), now).is_genuine());
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sealer {
    identity: Identity,
    /// The parts that all seals of the identity share. It is set once a whole document with them
    /// was verified.
    template: Arc<OnceLock<SealTemplate>>,
    pgp: Option<Arc<dyn PgpSigner>>,
    tsa: Option<Tsa>,
    issuers: Vec<X509>,
    crls: SharedCrls,
    /// The certificates that this site sealed with before, and their issuers. Seals of these are
    /// upgraded too.
    own: Trust,
    /// Whose timestamp tokens are taken; `None`: any TSA's.
    tsa_trust: Option<Trust>,
    archive: bool,
    require_timestamp: bool,
}

/// A sealed document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sealed {
    /// The PDF.
    pub bytes: Vec<u8>,
    /// The SHA-256 of the PDF.
    pub sha256: Sha256,
    /// The armoured OpenPGP signature over the PDF, if the sealer has a [`PgpSigner`].
    pub signature: Option<String>,
    /// The PAdES level of the seal.
    pub level: PadesLevel,
    /// When the certificate of the last timestamp token ends, if there is one.
    pub timestamp_ends: Option<Timestamp>,
    /// What the caller asked for and did not get, such as a timestamp token, and certificates that
    /// expire soon.
    pub warnings: Vec<Warning>,
}

impl Sealer {
    /// A sealer that signs with that identity, and asks no TSA.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            template: Arc::default(),
            pgp: None,
            tsa: None,
            issuers: Vec::new(),
            crls: SharedCrls::default(),
            own: Trust::new(),
            tsa_trust: None,
            archive: false,
            require_timestamp: false,
        }
    }

    /// Sets the signer of a detached OpenPGP signature over each sealed PDF.
    pub fn with_pgp(mut self, signer: Arc<dyn PgpSigner>) -> Self {
        self.pgp = Some(signer);
        self
    }

    /// Sets the URL of the TSA (RFC 3161), and the client that asks it.
    pub fn with_tsa(
        mut self,
        url: impl Into<String>,
        client: Arc<dyn HttpClient>,
    ) -> Self {
        self.tsa = Some(Tsa::new(url.into(), client));
        self
    }

    /// Adds certificates of issuers that neither the identity's chain nor the tokens of the TSA
    /// hold, such as the TSA's root. [`upgrade`](Self::upgrade) puts those that it needs into the
    /// file.
    pub fn with_issuers(mut self, certificates: impl IntoIterator<Item = X509>) -> Self {
        self.issuers.extend(certificates);
        self
    }

    /// Sets the other certificates that this site has sealed with, such as those before a rotation.
    /// [`upgrade`](Self::upgrade) raises their seals too.
    pub fn with_own(mut self, own: Trust) -> Self {
        self.own = own;
        self
    }

    /// Sets whom a verifier will trust to timestamp. A token of another TSA is not taken, as if the TSA had
    /// not answered: a seal with it would never be known to be good. Not set by default.
    pub fn with_tsa_trust(mut self, trust: Trust) -> Self {
        self.tsa_trust = Some(trust);
        self
    }

    /// Sets whether each PDF has a reserved field for an archive timestamp, so that the seal can be
    /// [upgraded](Self::upgrade) to B-LTA. Until then, viewers show an empty signature field.
    pub fn with_archive(mut self, archive: bool) -> Self {
        self.archive = archive;
        self
    }

    /// Sets whether a TSA that cannot be reached is an error instead of a warning, for callers that
    /// can try again later.
    pub fn with_require_timestamp(mut self, require_timestamp: bool) -> Self {
        self.require_timestamp = require_timestamp;
        self
    }

    /// The identity that seals.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The signer of the detached signature.
    pub fn pgp(&self) -> Option<&dyn PgpSigner> {
        self.pgp.as_deref()
    }

    /// Seals a PDF that this library's `Press` has made.
    ///
    /// # Errors
    /// - [`ErrorKind::Seal`]: the PDF is not one of ours, or has a seal.
    /// - [`ErrorKind::Signer`]: a signer fails.
    /// - [`ErrorKind::Key`]: a certificate is not valid at `now`, or is revoked.
    /// - [`ErrorKind::Timestamp`]: the TSA cannot be reached, and the sealer
    ///   [requires a timestamp](Self::with_require_timestamp).
    /// - [`ErrorKind::Tampered`]: the new seal is not valid, by an error of this library or of a
    ///   signer.
    pub fn seal(&self, pdf: &[u8], now: Timestamp) -> Result<Sealed> {
        self.identity.check_validity(now)?;
        let document = Document::read(pdf)?;
        let params = SealParams {
            signing_time: now,
            name: self.identity.certificate().name(),
            placeholder_len: self.placeholder_len(),
            has_archive_field: self.archive,
            dss: self.sealed_dss(now)?,
        };
        let (mut signable, _) = pdf::seal(&document, &params)?;
        let hash = self.identity.algorithm().hash();
        // The seal, the detached signature and the record hash files that begin with the same
        // bytes.
        let [base, head, tail] = signable.signed_parts(&document);
        let begun = hash.begin().with(&[base, head]);
        let hashed_len = base.len() + head.len();
        let digest = begun.clone().with(&[tail]).finish();
        let new_template;
        let template = match self.template.get() {
            Some(template) => template,
            None => {
                new_template = SealTemplate::new(&self.identity)?;
                &new_template
            }
        };
        let made = template.seal(&self.identity, &digest)?;
        let mut der = made.der;
        let mut warnings = self.identity.warnings(now);
        let mut level = PadesLevel::B;
        match self.with_timestamp(&der, now) {
            None => {}
            Some(Ok(timestamped)) if timestamped.len() <= params.placeholder_len => {
                der = timestamped;
                level = PadesLevel::T;
            }
            Some(Ok(timestamped)) => warnings.push(Warning::new(
                ErrorKind::Timestamp,
                format!(
                    "sealed without a timestamp: with it the seal has {} bytes, and the \
                     placeholder {}",
                    timestamped.len(),
                    params.placeholder_len
                ),
            )),
            Some(Err(error)) if self.require_timestamp && error.is_retryable() => {
                return Err(error);
            }
            Some(Err(error)) => warnings.push(
                Warning::new(
                    ErrorKind::Timestamp,
                    format!("sealed without a timestamp: {error}"),
                )
                .with_help("add it when the TSA answers: testamur seal upgrade"),
            ),
        }
        signable.embed(&der)?;
        let bytes = [pdf, &signable.revision.bytes].concat();
        if self.tsa.is_some() || self.template.get().is_none() {
            let sealed = self.finish(bytes, level, warnings, now)?;
            if self.template.get().is_none() {
                // Another thread may have set it meanwhile, to the same value.
                let _ = self.template.set(SealTemplate::new(&self.identity)?);
            }
            return Ok(sealed);
        }
        // The verifier makes the revision again from these parameters. It tries both values of
        // `has_archive_field`, which the file does not state.
        let read = SealParams::read(&document, &bytes[pdf.len()..]);
        // If the document ends with a line feed, `base_end` counts that byte to the revision.
        let is_base = Document::base_end(&bytes)
            .and_then(|end| pdf.get(end..))
            .is_some_and(|rest| rest.is_empty() || rest == b"\n");
        let is_read_back = is_base
            && read == Some(SealParams { has_archive_field: true, ..params })
            && signable.extract(&bytes).as_ref() == Some(&der);
        if !made.is_signed || !is_read_back {
            return Err(does_not_hold());
        }
        let file = match hash {
            Hash::Sha256 => HashedFile::continued(&bytes, hashed_len, begun),
            _ => HashedFile::new(&bytes),
        };
        let (sha256, signature) = (file.sha256(), self.sign_file(&file, now)?);
        Ok(Sealed { bytes, sha256, signature, level, timestamp_ends: None, warnings })
    }

    /// The detached signature over a file, which is verified.
    fn sign_file(&self, file: &HashedFile<'_>, now: Timestamp) -> Result<Option<String>> {
        let Some(signer) = &self.pgp else { return Ok(None) };
        let signature = signer.sign_hashed(file, now)?;
        if signature.verifies_hashed(signer.key(), file) {
            Ok(Some(signature.to_armor()))
        } else {
            Err(failed("the OpenPGP signature that was made does not hold"))
        }
    }

    /// Verifies a sealed PDF, and makes the detached signature over it.
    fn finish(
        &self,
        bytes: Vec<u8>,
        level: PadesLevel,
        warnings: Vec<Warning>,
        now: Timestamp,
    ) -> Result<Sealed> {
        let revisions = Revisions::read(&bytes).map_err(failed)?;
        let has_valid_archives =
            revisions.archives.iter().all(|archive| archive.validity.is_ok());
        if !revisions.is_intact || !self.is_own(&revisions) || !has_valid_archives {
            return Err(does_not_hold());
        }
        let file = HashedFile::new(&bytes);
        let (sha256, signature) = (file.sha256(), self.sign_file(&file, now)?);
        let token = revisions.seal.timestamp_token();
        let token = token.and_then(|der| TimestampToken::read(&der));
        let last = revisions.archives.last().map(|archive| &archive.token);
        let timestamp_ends =
            last.or(token.as_ref()).and_then(|token| Some(token.tsa()?.not_after()));
        Ok(Sealed { bytes, sha256, signature, level, timestamp_ends, warnings })
    }

    /// Whether a seal is by this sealer's certificate, or by one that sealed before it.
    fn is_own(&self, revisions: &Revisions) -> bool {
        revisions.seal.leaf().is_some_and(|leaf| {
            leaf == self.identity.certificate()
                || self.own.has_sealer(leaf, revisions.seal.certificates())
        })
    }

    /// The seal with a timestamp token over its signature value, or `None` without a TSA.
    fn with_timestamp(&self, seal: &[u8], now: Timestamp) -> Option<Result<Vec<u8>>> {
        let tsa = self.tsa.as_ref()?;
        let token = |parts: &[&[u8]]| self.trusted_token(tsa, parts, now);
        let unreadable =
            || Error::new(ErrorKind::Seal, "the seal that was made cannot be read");
        Some(Seal::read(seal).ok_or_else(unreadable).and_then(|seal| {
            let token = token(&[seal.signature()])?;
            seal.with_timestamp_token(&token)
        }))
    }

    /// A token of the TSA, as DER, if a verifier will trust it.
    fn trusted_token(
        &self,
        tsa: &Tsa,
        parts: &[&[u8]],
        now: Timestamp,
    ) -> Result<Vec<u8>> {
        let der = tsa.timestamp(parts, now)?;
        let Some(trust) = &self.tsa_trust else { return Ok(der) };
        let token = TimestampToken::read(&der);
        let is_trusted = token.as_ref().is_some_and(|token| {
            let has_tsa = |tsa| trust.has_tsa(tsa, token.certificates(), token.time());
            token.tsa().is_some_and(has_tsa)
        });
        if is_trusted {
            return Ok(der);
        }
        let name = token.as_ref().and_then(TimestampToken::tsa).map(X509::name);
        let message = format!(
            "the TSA gave a token of `{}`, whose root is not among those of the TSA",
            name.unwrap_or_default().escape_debug()
        );
        Err(Error::new(ErrorKind::Timestamp, message).with_help(
            "if the TSA has a new root, add it to the file of `seal.tsa.roots`, or with --tsa-roots",
        ))
    }

    fn placeholder_len(&self) -> usize {
        let chain: usize =
            self.identity.chain().iter().map(|cert| cert.der().len()).sum();
        let timestamp =
            if self.tsa.is_some() || self.archive { TIMESTAMP_LEN } else { 0 };
        chain + SEAL_LEN + timestamp
    }
}

/// The error for a document whose seal was made, and is not valid.
fn failed(why: &str) -> Error {
    Error::new(ErrorKind::Tampered, format!("failed to seal ({why})"))
}

fn does_not_hold() -> Error {
    failed("the seal that was made does not hold")
}
