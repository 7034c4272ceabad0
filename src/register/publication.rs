//! The first publication of a certificate: the writes to both stores, in the order that makes them
//! safe.
//!
//! The caller prepares the snapshot, creates the PDF, and finishes with pages, signature and
//! record. The public record of a first edition is written after all that it speaks of, so that a
//! process that stops anywhere before it leaves no certificate, only files that the next run
//! completes. That of a later edition is written before its pages: a page without a record would
//! say that it is valid beside the edition before it, which is superseded only when there is a record.

use crate::base::digits::{CertificateId, Sha256};
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::path::StorePath;
use crate::register::agreement::{Known, Settled};
use crate::register::certificates::Register;
use crate::register::pages::{PageFiles, PageSources};
use crate::register::paths;
use crate::register::private_record::PrivateRecord;
use crate::register::record::Record;
use crate::register::snapshot::Snapshot;
use crate::register::store::{CreateOutcome, Store, StoreBatch, StoreFile};

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

/// A text with its path in a store.
type TextFile = (StorePath, String);

/// The files of a first edition, but for its PDF.
#[derive(Debug)]
pub(crate) struct EditionFiles {
    /// The snapshot, for the private store.
    snapshot: TextFile,
    /// Where the PDF goes.
    pdf: StorePath,
    signature: Option<TextFile>,
    pages: Vec<TextFile>,
    record: TextFile,
    /// The record of the private store.
    private: TextFile,
    /// What the pages' texts lack.
    pub(crate) warnings: Vec<Warning>,
}

/// An edition that is published together with others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EditionToPublish<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) files: &'a EditionFiles,
    pub(crate) pdf: &'a [u8],
}

/// What became of an edition that was to be published together with others.
#[derive(Debug)]
pub(crate) enum BatchOutcome {
    /// It was published, or has ended meanwhile: as [`Register::finish`] returns it.
    Finished(Option<Finished>),
    /// There was something of it, or a store failed: it has to be published by itself.
    Left,
}

/// The numbers of an edition's files in the batches of the two stores.
struct StagedEdition {
    snapshot: usize,
    pdf: usize,
    signature: Option<usize>,
    pages: Vec<usize>,
    record: usize,
    private: usize,
}

impl EditionFiles {
    /// How many bytes the files have.
    pub(crate) fn size(&self) -> usize {
        let texts = self.pages.iter().chain(&self.signature);
        let texts = texts.chain([&self.snapshot, &self.record, &self.private]);
        texts.map(|(_, text)| text.len()).sum()
    }

    fn stage(
        &self,
        pdf: &[u8],
        public: &mut dyn StoreBatch,
        private: &mut dyn StoreBatch,
    ) -> Result<StagedEdition> {
        let text = |batch: &mut dyn StoreBatch, (path, text): &TextFile| {
            batch.stage(&StoreFile::new(path, text.as_bytes()))
        };
        let pages: Result<_> = self.pages.iter().map(|file| text(public, file)).collect();
        Ok(StagedEdition {
            snapshot: text(private, &self.snapshot)?,
            pdf: public.stage(&StoreFile::new(&self.pdf, pdf))?,
            signature: self
                .signature
                .as_ref()
                .map(|file| text(public, file))
                .transpose()?,
            pages: pages?,
            record: text(public, &self.record)?,
            private: text(private, &self.private)?,
        })
    }
}

impl Register {
    /// Writes a snapshot to the private store, before anything of it is published.
    pub(crate) fn prepare(&self, snapshot: &Snapshot, sha256: &Sha256) -> Result<()> {
        let path = snapshot_path(&snapshot.record.id, sha256)?;
        self.private.replace(&StoreFile::new(&path, snapshot.to_json().as_bytes()))
    }

    /// Creates a PDF in the public store, unless there is one at the path.
    pub(crate) fn create_pdf(
        &self,
        path: &StorePath,
        bytes: &[u8],
    ) -> Result<PdfOutcome> {
        // The file may be removed after a revocation, so it is written with the default cache
        // control, by which browsers ask each time.
        Ok(match self.public.create(&StoreFile::new(path, bytes))? {
            CreateOutcome::Created => PdfOutcome::Created,
            CreateOutcome::Exists => match self.public.read(path)? {
                Some(first) => PdfOutcome::Exists(first),
                None => PdfOutcome::Removed,
            },
        })
    }

    /// Removes the snapshot of a PDF that was not published, because another process was first.
    pub(crate) fn discard(&self, id: &CertificateId, sha256: &Sha256) -> Result<()> {
        self.private.remove(&snapshot_path(id, sha256)?)
    }

    /// Publishes what goes with a PDF: pages, signature, the public record, and then the private one.
    ///
    /// Returns `None` if the edition was superseded, revoked or erased meanwhile: then everything
    /// says what that record says.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`]: it was published before, and both its records are lost. Nothing is
    /// changed. Else what the stores fail with.
    pub(crate) fn finish(&self, snapshot: &Snapshot) -> Result<Option<Finished>> {
        match self.publish_first(snapshot)? {
            Publication::Done(warnings) => {
                Ok(Some(Finished { is_first: true, warnings }))
            }
            Publication::Overtaken { is_first } => {
                if !is_first && self.has_lost_records(snapshot)? {
                    return Err(lost_records(&snapshot.record.id));
                }
                self.finish_overtaken(snapshot, is_first)
            }
        }
    }

    /// Whether a certificate that is to be published for the first time has a page that tells
    /// another status than that of its first publication: then it was published before, and both
    /// its records are lost.
    pub(crate) fn has_lost_records(&self, snapshot: &Snapshot) -> Result<bool> {
        let record = &snapshot.record;
        let sources =
            PageSources { signature: snapshot.signature.as_ref(), has_pdf: true };
        for (name, html) in self.pages.write(record, sources, false)?.pages {
            let path = StorePath::parse(&paths::page(&record.id, &name))?;
            let Some(shown) = self.public.read(&path)? else { continue };
            // The words of a page may have changed since it was begun.
            let is_same = match (shown_status(&shown), shown_status(html.as_bytes())) {
                (Some(shown), Some(first)) => shown == first,
                _ => shown == html.as_bytes(),
            };
            // Another process shows another status only after the records have it.
            if !is_same {
                return Ok(self.record(&record.id)?.is_none());
            }
        }
        Ok(false)
    }

    /// Finishes a certificate that another process is, or was, at. `was_first` says whether this one
    /// wrote the public record all the same.
    fn finish_overtaken(
        &self,
        snapshot: &Snapshot,
        was_first: bool,
    ) -> Result<Option<Finished>> {
        let record = &snapshot.record;
        let known = Known { award: Some(&snapshot.award), ..Known::default() };
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
        let path = record.certificate.as_ref().and_then(|it| it.pdf_path());
        if let Some(path) = path
            && (!self.keeps_pdf(&current) || current.is_tombstone())
        {
            self.public.remove(path)?;
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
        let created = |store: &dyn Store, path: &str, text: &str| -> Result<bool> {
            let path = StorePath::parse(path)?;
            let created = store.create(&StoreFile::new(&path, text.as_bytes()))?;
            Ok(created == CreateOutcome::Created)
        };
        let create_record =
            || created(&*self.public, &paths::record(&record.id), &record.to_json());
        let is_later = record.edition > 1;
        if is_later && (self.has_lost_records(snapshot)? || !create_record()?) {
            return Ok(Publication::Overtaken { is_first: false });
        }
        let sign = || match &snapshot.signature {
            Some(signature) => self.replace_signature(record, signature),
            None => Ok(()),
        };
        if is_later {
            sign()?;
        }
        for (name, html) in &pages {
            if !created(&*self.public, &paths::page(&record.id, name), html)? {
                return Ok(Publication::Overtaken { is_first: is_later });
            }
        }
        if !is_later {
            sign()?;
            if !create_record()? {
                return Ok(Publication::Overtaken { is_first: false });
            }
        }
        let private = PrivateRecord::new(Some(snapshot.award.clone()), record.clone());
        let path = paths::private_record(&record.id);
        if !created(&*self.private, &path, &private.to_json())? {
            // It may have been revoked before this process was done.
            return Ok(Publication::Overtaken { is_first: true });
        }
        Ok(Publication::Done(warnings))
    }

    /// Whether both stores can sync files together.
    pub(crate) fn has_batches(&self) -> bool {
        let has = |store: &dyn Store| matches!(store.begin_batch(), Ok(Some(_)));
        has(&*self.public) && has(&*self.private)
    }

    /// The files of a first edition, and what its pages load, published.
    pub(crate) fn edition_files(&self, snapshot: &Snapshot) -> Result<EditionFiles> {
        let record = &snapshot.record;
        let certificate = record.certificate.as_ref();
        let pdf = certificate.and_then(|it| it.pdf.as_ref());
        let pdf = pdf.ok_or_else(|| {
            let message = format!("the snapshot of `{}` has no PDF", record.id);
            Error::new(ErrorKind::Syntax, message)
        })?;
        let signature = snapshot.signature.as_ref();
        let sources = PageSources { signature, has_pdf: true };
        let PageFiles { pages, assets, warnings } =
            self.pages.write(record, sources, false)?;
        assets.iter().try_for_each(|asset| self.publish_asset(asset))?;
        let file = |path: &str, text: String| Ok((StorePath::parse(path)?, text));
        let pages = pages.into_iter();
        let pages = pages.map(|(name, html)| file(&paths::page(&record.id, &name), html));
        let signature = signature.zip(certificate.and_then(|it| it.signature.as_ref()));
        let signature = signature
            .map(|(signature, facts)| (facts.path.clone(), signature.armor.clone()));
        let private = PrivateRecord::new(Some(snapshot.award.clone()), record.clone());
        Ok(EditionFiles {
            snapshot: (snapshot_path(&record.id, &pdf.sha256)?, snapshot.to_json()),
            pdf: pdf.path.clone(),
            signature,
            pages: pages.collect::<Result<_>>()?,
            record: file(&paths::record(&record.id), record.to_json())?,
            private: file(&paths::private_record(&record.id), private.to_json())?,
            warnings,
        })
    }

    /// Publishes first editions, each with its PDF, and syncs their files together.
    ///
    /// The order is that of a single edition: snapshots, PDFs with signatures and pages, public
    /// records, private records. Each step outlasts a power failure before the next begins, unless
    /// the stores keep the order by themselves.
    ///
    /// # Errors
    /// The stores failed to sync files that had got their paths: what was published may be lost in a
    /// power failure.
    pub(crate) fn publish_together(
        &self,
        editions: &[EditionToPublish<'_>],
    ) -> Result<Vec<BatchOutcome>> {
        let begun = (self.public.begin_batch(), self.private.begin_batch());
        let (Ok(Some(mut public)), Ok(Some(mut private))) = begun else {
            return Ok(editions.iter().map(|_| BatchOutcome::Left).collect());
        };
        let stage = |it: &EditionToPublish<'_>| {
            it.files.stage(it.pdf, &mut *public, &mut *private).ok()
        };
        let mut staged: Vec<_> = editions.iter().map(stage).collect();
        let order = public.ordered_by();
        let is_ordered = order.is_some() && order == private.ordered_by();
        if (!is_ordered && private.sync().is_err()) || public.sync().is_err() {
            // Nothing has a path yet.
            return Ok(editions.iter().map(|_| BatchOutcome::Left).collect());
        }
        advance(&mut staged, |edition| private.replace(edition.snapshot).map(|()| true));
        if !is_ordered {
            private.sync()?;
        }
        advance(&mut staged, |edition| {
            // Signature and pages belong to this PDF, not to that of another process.
            if public.create(edition.pdf)? == CreateOutcome::Exists {
                return Ok(false);
            }
            for page in &edition.pages {
                if public.create(*page)? == CreateOutcome::Exists {
                    return Ok(false);
                }
            }
            edition.signature.map_or(Ok(true), |file| public.replace(file).map(|()| true))
        });
        if !is_ordered {
            public.sync()?;
        }
        advance(&mut staged, |edition| {
            Ok(public.create(edition.record)? == CreateOutcome::Created)
        });
        if !is_ordered {
            public.sync()?;
        }
        let mut outcomes = Vec::new();
        for (edition, staged) in editions.iter().zip(staged) {
            let created = staged.map(|staged| private.create(staged.private));
            outcomes.push(match created {
                Some(Ok(CreateOutcome::Created)) => {
                    let warnings = edition.files.warnings.clone();
                    BatchOutcome::Finished(Some(Finished { is_first: true, warnings }))
                }
                // It may have been revoked before this process was done.
                Some(Ok(CreateOutcome::Exists)) => {
                    let finished = self.finish_overtaken(edition.snapshot, true);
                    finished.map_or(BatchOutcome::Left, BatchOutcome::Finished)
                }
                Some(Err(_)) | None => BatchOutcome::Left,
            });
        }
        // Of stores that keep the order the sync of one is that of both.
        if is_ordered {
            public.sync()?
        } else {
            private.sync()?
        }
        Ok(outcomes)
    }

    /// Removes all snapshots of a certificate but that of its published PDF.
    pub(crate) fn remove_orphans(&self, snapshot: &Snapshot) -> Result<()> {
        let record = &snapshot.record;
        let sha256 = record.certificate.as_ref().and_then(|it| it.pdf_sha256());
        let Some(sha256) = sha256 else { return Ok(()) };
        let kept = paths::snapshot(&record.id, sha256);
        let paths = self.snapshot_paths(&record.id)?;
        let others = paths
            .iter()
            .filter(|path| path.as_str() != kept && paths::is_snapshot(path.as_str()));
        others.into_iter().try_for_each(|path| self.private.remove(path))
    }
}

/// Takes a step with each edition that is left, and drops those for which it fails.
fn advance(
    editions: &mut [Option<StagedEdition>],
    mut step: impl FnMut(&StagedEdition) -> Result<bool>,
) {
    for edition in editions {
        edition.take_if(|edition| !step(edition).unwrap_or(false));
    }
}

fn snapshot_path(id: &CertificateId, sha256: &Sha256) -> Result<StorePath> {
    StorePath::parse(&paths::snapshot(id, sha256))
}

/// The status that a page of the built-in template has for its script.
fn shown_status(page: &[u8]) -> Option<&[u8]> {
    let attribute = b"data-status=\"";
    let at = page.windows(attribute.len()).position(|part| part == attribute)?;
    page[at + attribute.len()..].split(|&byte| byte == b'"').next()
}

fn lost_records(id: &CertificateId) -> Error {
    let message = format!(
        "the certificate `{id}` was published before, and both its records are lost: whether it was \
         revoked is not known"
    );
    let (public, private) = (paths::record(id), paths::private_record(id));
    let help = format!(
        "put back a copy of `{public}` in the public store or of `{private}` in the private one"
    );
    Error::new(ErrorKind::Exists, message).with_help(help)
}
