//! Brings a sealed edition into the stores: prepares it, then publishes it.
//!
//! Takes a [`SealedEdition`]; gives the [`PublishedEdition`] that exists in the end, which is
//! another process's if that wrote its PDF first. The decision made here: the PDF in the store
//! decides, by its hash, which snapshot counts, so that all processes finish the same edition.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::digits::{CertificateId, Sha256};
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::certificates::Register;
use crate::register::issue::receipt::Timings;
use crate::register::issue::sealed::SealedEdition;
use crate::register::publication::{Finished, PdfOutcome};
use crate::register::record::Record;
use crate::register::snapshot::Snapshot;
use crate::seal::verify::{Judgement, Trust, verify};
use crate::site::files::Site;

/// Publishes sealed editions into a register.
#[derive(Debug)]
pub(super) struct Publisher {
    register: Register,
    /// The trust by which a PDF of another process must verify before it is taken over.
    trust: Trust,
    /// The verify ids of certificates whose PDF may or may not have been written, because the store
    /// failed: snapshots without a PDF are removed once the certificate is published.
    orphans: Arc<Mutex<HashSet<CertificateId>>>,
}

/// An edition whose snapshot is in the private store.
pub(super) struct PreparedEdition<'a> {
    publisher: &'a Publisher,
    sealed: SealedEdition,
}

/// An edition that has a record.
pub(super) struct PublishedEdition {
    pub(super) record: Record,
    /// Whether this process published it. Exactly one process does.
    pub(super) is_first: bool,
    pub(super) warnings: Vec<Warning>,
    pub(super) timings: Timings,
}

impl Publisher {
    pub(super) fn new(register: Register, trust: Trust) -> Self {
        Self { register, trust, orphans: Arc::default() }
    }

    /// A publisher into the same stores, with the pages of another site.
    pub(super) fn with_site(&self, site: &Site) -> Result<Self> {
        let register = self.register.with_site(site)?;
        let (trust, orphans) = (self.trust.clone(), self.orphans.clone());
        Ok(Self { register, trust, orphans })
    }

    pub(super) fn register(&self) -> &Register {
        &self.register
    }

    /// Writes the snapshot of an edition to the private store.
    pub(super) fn prepare(&self, sealed: SealedEdition) -> Result<PreparedEdition<'_>> {
        self.register.prepare(&sealed.snapshot, &sealed.pdf.sha256)?;
        Ok(PreparedEdition { publisher: self, sealed })
    }

    /// The snapshot of a PDF that another process created, once the PDF is verified.
    fn adopt(
        &self,
        id: &CertificateId,
        path: &StorePath,
        pdf: &[u8],
        now: Timestamp,
    ) -> Result<Snapshot> {
        let snapshot = self.register.snapshot(id, &Sha256::of(pdf))?;
        let is_intact = snapshot.as_ref().is_some_and(|snapshot| {
            let signature = snapshot.signature.as_ref().map(|s| s.armor.as_bytes());
            let found = verify(pdf, signature, &self.trust, now);
            found.intact == Judgement::Yes && found.trusted == Judgement::Yes
        });
        snapshot.filter(|_| is_intact).ok_or_else(|| {
            let message = format!("`{path}` is there, and is not what this site issued");
            Error::new(ErrorKind::Tampered, message).with_help(
                "it was never valid, because it has no record: remove it, and issue again",
            )
        })
    }

    fn orphans(&self) -> MutexGuard<'_, HashSet<CertificateId>> {
        self.orphans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PublishedEdition {
    pub(super) fn of(sealed: SealedEdition, finished: Finished) -> Self {
        let SealedEdition { snapshot, mut warnings, render, seal, sealed_at, .. } =
            sealed;
        warnings.extend(finished.warnings);
        let timings = Timings { render, seal, publish: sealed_at.elapsed() };
        Self { record: snapshot.record, is_first: finished.is_first, warnings, timings }
    }
}

impl PreparedEdition<'_> {
    /// Publishes the edition, or finishes the one that another process began under the same id.
    /// Returns `None` if that one was superseded, revoked or erased meanwhile.
    ///
    /// # Errors
    /// [`ErrorKind::Tampered`]: the PDF at the edition's path is not one of this site.
    /// [`ErrorKind::Exists`]: it was published before, and both its records are lost. Else what the
    /// stores fail with.
    pub(super) fn publish(self, now: Timestamp) -> Result<Option<PublishedEdition>> {
        let Self { publisher, mut sealed } = self;
        let register = &publisher.register;
        let id = sealed.snapshot.record.id.clone();
        let pdf = &sealed.pdf;
        let discard = || register.discard(&id, &pdf.sha256);
        let created = register.create_pdf(&pdf.path, &pdf.bytes);
        if created.is_err() {
            // The PDF may have been written nevertheless. Which snapshot belongs to it is known
            // once the edition is published.
            publisher.orphans().insert(id.clone());
        }
        match created? {
            PdfOutcome::Created => {}
            PdfOutcome::Exists(first) => {
                let adopted = publisher.adopt(&id, &pdf.path, &first, now);
                // If the bytes are its own, an earlier attempt of this process wrote them, and the
                // snapshot stays.
                if first != pdf.bytes {
                    discard()?;
                }
                match adopted {
                    Ok(adopted) => sealed.snapshot = adopted,
                    // Another process ended the edition, and the snapshot was removed with it.
                    Err(_) if register.has_ended(&id)? => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
            PdfOutcome::Removed => return discard().map(|()| None),
        }
        let finished = register.finish(&sealed.snapshot);
        let own = Some(&pdf.sha256);
        let certificate = sealed.snapshot.record.certificate.as_ref();
        if finished.as_ref().is_err_and(|error| error.kind() == ErrorKind::Exists)
            && certificate.and_then(|it| it.pdf_sha256()) == own
        {
            register.public.remove(&pdf.path)?;
            discard()?;
        }
        let Some(finished) = finished? else { return discard().map(|()| None) };
        if publisher.orphans().remove(&id) {
            register.remove_orphans(&sealed.snapshot)?;
        }
        Ok(Some(PublishedEdition::of(sealed, finished)))
    }
}
