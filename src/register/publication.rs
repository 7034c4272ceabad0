//! The first publication of a certificate: the writes to both stores, in the order that makes them
//! safe.
//!
//! The caller prepares the snapshot, creates the PDF, and finishes with signature, pages and
//! record. The record is written last, so that a process that stops anywhere before it leaves no
//! certificate, only files that the next run completes.

use crate::base::error::{Result, Warning};
use crate::base::path::StorePath;
use crate::register::certificates::Register;
use crate::register::paths;
use crate::register::record::{Record, Status};
use crate::register::snapshot::Snapshot;
use crate::register::store::{CreateOutcome, StoreFile};

/// What became of a PDF that was to be created.
#[derive(Debug)]
pub(crate) enum PdfOutcome {
    /// The PDF was written.
    Created,
    /// Another process had written one first: its bytes.
    Exists(Vec<u8>),
    /// Another process had written one first, and it was removed since.
    Removed,
}

impl Register {
    /// Publishes an OpenPGP key (ASCII armor), which the pages link to.
    pub(crate) fn publish_key(&self, fingerprint: &str, armor: &str) -> Result<()> {
        let path = StorePath::parse(&paths::key(fingerprint))?;
        let file = StoreFile::new(&path, armor.as_bytes());
        self.public.create(&file).map(|_| ())
    }

    /// Writes a snapshot to the private store, before anything of it is published.
    pub(crate) fn prepare(&self, snapshot: &Snapshot, sha256: &str) -> Result<()> {
        let path = snapshot_path(&snapshot.record.id, sha256)?;
        self.private.replace(&StoreFile::new(&path, snapshot.to_json().as_bytes()))
    }

    /// Creates a PDF in the public store, unless there is one at the path.
    pub(crate) fn create_pdf(&self, path: &str, bytes: &[u8]) -> Result<PdfOutcome> {
        let path = StorePath::parse(path)?;
        // The file may be removed after a revocation, so it is written with the default cache
        // control, by which browsers ask each time.
        Ok(match self.public.create(&StoreFile::new(&path, bytes))? {
            CreateOutcome::Created => PdfOutcome::Created,
            CreateOutcome::Exists => match self.public.read(&path)? {
                Some(first) => PdfOutcome::Exists(first),
                None => PdfOutcome::Removed,
            },
        })
    }

    /// Removes the snapshot of a PDF that was not published, because another process was first.
    pub(crate) fn discard(&self, id: &str, sha256: &str) -> Result<()> {
        self.private.remove(&snapshot_path(id, sha256)?)
    }

    /// Publishes what goes with a PDF: signature, pages and, last of all, the record.
    ///
    /// Returns what the pages' texts lack. Returns `None` if another process has changed the record
    /// meanwhile (the edition was superseded, revoked or erased): then that record stays, and the
    /// pages say what it says.
    pub(crate) fn finish(&self, snapshot: &Snapshot) -> Result<Option<Vec<Warning>>> {
        let record = &snapshot.record;
        let certificate = record.certificate.as_ref();
        let name = certificate.and_then(|c| c.signature.as_ref()).map(|s| &s.path);
        if let (Some(name), Some(signature)) = (name, &snapshot.signature) {
            let (path, bytes) = (StorePath::parse(name)?, signature.armor.as_bytes());
            self.public.replace(&StoreFile::new(&path, bytes))?;
        }
        let warnings = self.write_pages(record, Some(snapshot))?;
        let path = StorePath::parse(&paths::record(&record.id))?;
        let json = record.to_json();
        let created = self.public.create(&StoreFile::new(&path, json.as_bytes()))?;
        if created == CreateOutcome::Created {
            return Ok(Some(warnings));
        }
        let current = self.known(&record.id)?;
        if (Record { requested_at: record.requested_at, ..current.clone() }) == *record {
            return Ok(Some(warnings));
        }
        // Another process superseded, revoked or erased the edition while this one wrote its pages:
        // write them again by the record that stands.
        let sha256 = current.certificate.as_ref().map(|c| c.pdf.sha256.as_str());
        let recorded =
            sha256.map(|sha256| self.snapshot(&record.id, sha256)).transpose()?;
        self.write_pages(&current, recorded.flatten().as_ref())?;
        if current.status == Status::Erased || !self.publish.keep_revoked_pdfs {
            self.remove_files(record, None)?;
        }
        Ok(None)
    }

    /// Removes all snapshots of a certificate but that of its published PDF.
    pub(crate) fn remove_orphans(&self, snapshot: &Snapshot) -> Result<()> {
        let record = &snapshot.record;
        let Some(certificate) = &record.certificate else { return Ok(()) };
        let kept = paths::snapshot(&record.id, &certificate.pdf.sha256);
        let paths = self.snapshot_paths(&record.id)?;
        let others = paths
            .iter()
            .filter(|path| path.as_str() != kept && paths::is_snapshot(path.as_str()));
        others.into_iter().try_for_each(|path| self.private.remove(path))
    }
}

fn snapshot_path(id: &str, sha256: &str) -> Result<StorePath> {
    StorePath::parse(&paths::snapshot(id, sha256))
}
