//! The upgrade of a published certificate's seal to a higher level, in the store.
//!
//! Takes a verify id and a sealer. The PDF gets other bytes, and with them another detached
//! signature, another snapshot and another hash in the record. The decision made here is the order:
//! the snapshot of the new PDF first, then the PDF, then the record. So a process that ends in
//! between leaves a PDF with a snapshot that contains the new record, and the next run finishes it.

use crate::base::digits::{CertificateId, Sha256};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::agreement::{Known, Settled};
use crate::register::certificates::{Register, unknown};
use crate::register::paths;
use crate::register::record::{
    CertificateFacts, Record, SealFacts, SignatureFacts, Status,
};
use crate::register::snapshot::{DetachedSignature, Snapshot};
use crate::register::store::{StoreFile, SwapOutcome};
use crate::seal::sealer::{Sealed, Sealer};

/// How often other processes may change a certificate while its seal is raised.
const MAX_ATTEMPTS: usize = 8;

/// The result of upgrading the seal of a published certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealUpgrade {
    /// The PDF has a seal of a higher level, or a new archive timestamp.
    Raised,
    /// There was nothing to add.
    Unchanged,
    /// The certificate is superseded, revoked or erased: its PDF stays as it is.
    Ended,
}

impl Register {
    /// Raises the seal of a published certificate as far as `sealer` can ([`Sealer::upgrade`]), and
    /// writes the PDF, its detached signature and its record anew. A second call finishes what was
    /// interrupted.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCertificate`]: no certificate has this id. [`ErrorKind::Tampered`]: the
    /// PDF in the store is not that of the record. [`ErrorKind::MissingFile`]: it is lost. The
    /// errors of [`Sealer::upgrade`], and of the stores.
    pub fn upgrade_seal(
        &self,
        id: &CertificateId,
        sealer: &Sealer,
        crls: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<SealUpgrade> {
        for _ in 0..MAX_ATTEMPTS {
            let record = self.record(id)?.ok_or_else(|| unknown(id))?;
            let Some(facts) =
                record.certificate.as_ref().filter(|_| record.status.stands())
            else {
                return Ok(SealUpgrade::Ended);
            };
            let Some(published) = &facts.pdf else {
                return Err(lost(&paths::folder(id)));
            };
            let path = &published.path;
            let pdf = self.public.read(path)?.ok_or_else(|| lost(path))?;
            if !published.is(&pdf) {
                let next = self.interrupted_upgrade(&record, &pdf)?;
                return self.show_upgrade(&record, &next);
            }
            let sealed = sealer.upgrade(&pdf, crls, now)?;
            if sealed.bytes == pdf {
                return Ok(SealUpgrade::Unchanged);
            }
            let Some(snapshot) = self.snapshot(id, &published.sha256)? else {
                let message =
                    format!("the private store has lost what belongs to `{id}`");
                return Err(Error::new(ErrorKind::MissingFile, message)
                    .with_help("put it back from a copy, then: testamur restore"));
            };
            let next = upgraded(snapshot, facts, &sealed, sealer)?;
            self.prepare(&next, &sealed.sha256)?;
            let file = StoreFile::new(path, &sealed.bytes);
            if self.public.swap(&file, &pdf)? == SwapOutcome::Conflict {
                // Another process upgraded it first, maybe to the same bytes, or ended the
                // certificate.
                if self.public.read(path)?.as_ref() != Some(&sealed.bytes) {
                    self.discard(id, &sealed.sha256)?;
                }
                continue;
            }
            return self.show_upgrade(&record, &next);
        }
        let message = format!("other processes keep changing the certificate `{id}`");
        Err(Error::new(ErrorKind::Store, message))
    }

    /// The snapshot of a PDF that an interrupted run has written, and whose record is that of the
    /// PDF before it.
    fn interrupted_upgrade(&self, record: &Record, pdf: &[u8]) -> Result<Snapshot> {
        let snapshot = self.snapshot(&record.id, &Sha256::of(pdf))?;
        let is_next = |snapshot: &Snapshot| {
            let certificate = snapshot.record.certificate.as_ref();
            certificate.and_then(|it| it.pdf.as_ref()).is_some_and(|it| it.is(pdf))
                && snapshot.record.id == record.id
        };
        snapshot.filter(is_next).ok_or_else(|| {
            let message =
                format!("the PDF of `{}` is not the one that its record says", record.id);
            Error::new(ErrorKind::Tampered, message)
                .with_help("put it back from a copy: testamur restore --from DIR")
        })
    }

    /// Makes signature, pages and record agree with the new PDF, and removes the snapshot of the
    /// old one. If the certificate ended meanwhile, the new PDF ends with it.
    fn show_upgrade(&self, before: &Record, next: &Snapshot) -> Result<SealUpgrade> {
        let (Some(old), Some(new)) =
            (before.certificate.as_ref(), next.record.certificate.as_ref())
        else {
            return Ok(SealUpgrade::Ended);
        };
        let download = new.pdf_path().and_then(|path| paths::download_id(path));
        let known =
            Known { award: Some(&next.award), download_id: download.as_ref(), now: None };
        let settled = self.settle(&before.id, known, |record| {
            let Some(mut record) = record.cloned() else { return Ok(None) };
            if let Some(certificate) = &mut record.certificate
                && [old.pdf_sha256(), new.pdf_sha256()]
                    .contains(&certificate.pdf_sha256())
            {
                certificate.pdf.clone_from(&new.pdf);
                certificate.signature.clone_from(&new.signature);
                let key_revoked = certificate.seal.as_ref().and_then(|it| it.key_revoked);
                let seal = new.seal.clone();
                certificate.seal = seal.map(|seal| SealFacts { key_revoked, ..seal });
            }
            Ok(Some(record))
        })?;
        let Some(Settled { record, .. }) = settled else { return Ok(SealUpgrade::Ended) };
        if record.status == Status::Erased {
            self.remove_snapshots(&record.id)?;
            return Ok(SealUpgrade::Ended);
        }
        if let Some(sha256) = old.pdf_sha256() {
            self.discard(&before.id, sha256)?;
        }
        let stands = record.status.stands();
        Ok(if stands { SealUpgrade::Raised } else { SealUpgrade::Ended })
    }
}

/// The snapshot of a certificate with a raised seal.
fn upgraded(
    snapshot: Snapshot,
    facts: &CertificateFacts,
    sealed: &Sealed,
    sealer: &Sealer,
) -> Result<Snapshot> {
    let mut certificate = facts.clone();
    if let Some(pdf) = &mut certificate.pdf {
        pdf.bytes = sealed.bytes.len();
        pdf.earlier.push(std::mem::replace(&mut pdf.sha256, sealed.sha256.clone()));
    }
    if let Some(seal) = &mut certificate.seal {
        seal.level = sealed.level.as_str().to_owned();
        seal.timestamp_ends = sealed.timestamp_ends;
    }
    let signer = sealed.signature.as_ref().and(sealer.pgp());
    let filename = facts.pdf_path().map_or("", |path| path.name());
    let path = signer.map(|_| paths::signature(&snapshot.record.id, filename));
    let path = path.map(|path| StorePath::parse(&path)).transpose()?;
    certificate.signature = signer
        .zip(path)
        .map(|(signer, path)| SignatureFacts { path, key: signer.key().fingerprint() });
    let signature = sealed.signature.clone().zip(sealer.pgp());
    let signature = signature
        .map(|(armor, signer)| DetachedSignature { armor, key: signer.key().to_armor() });
    let record = Record { certificate: Some(certificate), ..snapshot.record };
    Ok(Snapshot { record, signature, ..snapshot })
}

fn lost(path: &str) -> Error {
    Error::new(ErrorKind::MissingFile, format!("the PDF `{path}` is lost"))
        .with_help("put it back from a copy: testamur restore --from DIR")
}
