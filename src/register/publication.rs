//! The first publication of a certificate: the writes to both stores, in the order that makes them
//! safe.
//!
//! The caller prepares the snapshot, creates the PDF, and finishes with signature, pages and
//! record. The public record is written after all that it speaks of, so that a process that stops anywhere before it leaves no
//! certificate, only files that the next run completes.

use crate::base::error::{Result, Warning};
use crate::base::path::StorePath;
use crate::register::agreement::{Known, Settled};
use crate::register::certificates::Register;
use crate::register::pages::{PageFiles, PageSources};
use crate::register::paths;
use crate::register::private_record::PrivateRecord;
use crate::register::record::{Record, Status};
use crate::register::snapshot::Snapshot;
use crate::register::store::{CreateOutcome, Store, StoreFile};

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

/// How far the first publication of a certificate came.
enum Publication {
    /// Everything was written; what the texts of the pages lack.
    Done(Vec<Warning>),
    /// Another process is, or was, at the same certificate.
    Overtaken {
        /// Whether the public record was written all the same.
        is_first: bool,
    },
}

/// A certificate whose first publication is done.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Whether this process wrote the public record, which one process does.
    pub(crate) is_first: bool,
    /// What the texts of the pages lack.
    pub(crate) warnings: Vec<Warning>,
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

    /// Publishes what goes with a PDF: signature, pages, the public record, and then the private one.
    ///
    /// Returns `None` if the edition was superseded, revoked or erased meanwhile: then everything
    /// says what that record says.
    pub(crate) fn finish(&self, snapshot: &Snapshot) -> Result<Option<Finished>> {
        let record = &snapshot.record;
        let was_first = match self.publish_first(snapshot)? {
            Publication::Done(warnings) => {
                return Ok(Some(Finished { is_first: true, warnings }));
            }
            Publication::Overtaken { is_first } => is_first,
        };
        let known = Known { award: Some(&snapshot.award), download_id: None };
        let settled = self.settle(&record.id, known, |current| {
            Ok(Some(current.unwrap_or(record).clone()))
        })?;
        let Some(Settled { record: current, is_first, warnings, .. }) = settled else {
            return Ok(None);
        };
        if (Record { requested_at: record.requested_at, ..current.clone() }) == *record {
            let is_first = is_first || was_first;
            return Ok(Some(Finished { is_first, warnings }));
        }
        // The PDF belongs to no record, or to one that has ended.
        if let Some(certificate) = &record.certificate {
            let is_tombstone =
                current.certificate.is_none() && current.status == Status::Revoked;
            if !self.keeps_pdf(&current) || is_tombstone {
                self.public.remove(&StorePath::parse(&certificate.pdf.path)?)?;
            }
        }
        Ok(None)
    }

    /// Publishes a certificate that nothing was published of.
    fn publish_first(&self, snapshot: &Snapshot) -> Result<Publication> {
        let record = &snapshot.record;
        let sources =
            PageSources { signature: snapshot.signature.as_ref(), has_pdf: true };
        let PageFiles { pages, assets, warnings } =
            self.pages.write(record, sources, false)?;
        assets.iter().try_for_each(|asset| self.publish_asset(asset))?;
        if let Some(signature) = &snapshot.signature {
            self.replace_signature(record, signature)?;
        }
        let created = |store: &dyn Store, path: &str, text: &str| -> Result<bool> {
            let path = StorePath::parse(path)?;
            let created = store.create(&StoreFile::new(&path, text.as_bytes()))?;
            Ok(created == CreateOutcome::Created)
        };
        for (name, html) in &pages {
            if !created(&*self.public, &paths::page(&record.id, name), html)? {
                return Ok(Publication::Overtaken { is_first: false });
            }
        }
        if !created(&*self.public, &paths::record(&record.id), &record.to_json())? {
            return Ok(Publication::Overtaken { is_first: false });
        }
        let private = PrivateRecord::new(Some(snapshot.award.clone()), record.clone());
        let path = paths::private_record(&record.id);
        if !created(&*self.private, &path, &private.to_json())? {
            // It may have been revoked before this process was done.
            return Ok(Publication::Overtaken { is_first: true });
        }
        Ok(Publication::Done(warnings))
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
