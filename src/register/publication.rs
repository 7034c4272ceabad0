//! The first publication of a certificate: the writes to both stores, in the order that makes them
//! safe.
//!
//! The caller prepares the snapshot, creates the PDF, and finishes with signature, pages and
//! record. The public record is written after all that it speaks of, so that a process that stops anywhere before it leaves no
//! certificate, only files that the next run completes.

use crate::base::error::{Result, Warning};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::agreement::{Known, Settled};
use crate::register::certificates::Register;
use crate::register::pages::{PageFiles, PageSources};
use crate::register::paths;
use crate::register::private_record::PrivateRecord;
use crate::register::record::{Record, Status};
use crate::register::snapshot::Snapshot;
use crate::register::store::{CreateOutcome, Store, StoreFile};
use crate::seal::x509::{Crl, X509};
use crate::site::RootCrl;

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

    /// Publishes public parts of keys, each at its path, where the store has other ones. A CRL that
    /// is newer than the given one, made on another machine, stays. Returns how many were written.
    ///
    /// # Errors
    /// The public store failed.
    pub fn publish_keys(&self, files: &[(String, Vec<u8>)]) -> Result<usize> {
        let mut count = 0;
        for (path, bytes) in files {
            let path = StorePath::parse(path)?;
            let was = self.public.read(&path)?;
            let is_kept = was.is_some_and(|was| {
                was == *bytes || is_newer_crl(files, path.as_str(), &was, bytes)
            });
            if !is_kept {
                self.public.replace(&StoreFile::new(&path, bytes))?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Keeps the CRL of the root that is published current, and the one that is sealed with.
    ///
    /// # Errors
    /// [`ErrorKind::Key`](crate::ErrorKind::Key): the certificate that seals is revoked. Else what
    /// the store and the folder of keys fail with.
    pub(crate) fn refresh_crl(&self, crl: &RootCrl, now: Timestamp) -> Result<()> {
        let path = crl.path();
        let published = self.public.read(&StorePath::parse(&path)?)?;
        match crl.refresh(published.as_deref(), now)? {
            Some(newer) => self.publish_keys(&[(path, newer)]).map(|_| ()),
            None => Ok(()),
        }
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
        let PageFiles { pages, assets, warnings } = self.pages.write(record, sources)?;
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

/// Whether the file at a path is a CRL that is newer than another one of the same root, whose
/// certificate is one of `files`.
fn is_newer_crl(
    files: &[(String, Vec<u8>)],
    path: &str,
    there: &[u8],
    given: &[u8],
) -> bool {
    let certificate = path.strip_suffix(".crl").map(|stem| format!("{stem}.cer"));
    let certificate = files.iter().find(|(path, _)| Some(path) == certificate.as_ref());
    let root = certificate.and_then(|(_, der)| X509::from_der(der).ok());
    let crls = Crl::from_der(there).ok().zip(Crl::from_der(given).ok());
    root.zip(crls).is_some_and(|(root, (there, given))| {
        there.is_signed_by(&root) && there.is_newer_than(&given)
    })
}

fn snapshot_path(id: &str, sha256: &str) -> Result<StorePath> {
    StorePath::parse(&paths::snapshot(id, sha256))
}
