//! A lost public or private side, made anew from the other one.
//!
//! Takes both stores, and a source of PDFs; gives what was done and what could not be. The decision
//! made here: no certificate becomes valid that was not, and every loss is reported. A PDF is never
//! made again, because its seal contains its time: it comes from a copy with the digest in the
//! record.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::base::digits::{CertificateId, DownloadId};
use crate::base::error::{Error, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::agreement::{Known, Settled};
use crate::register::award::{AwardHandle, mark};
use crate::register::award_settlement::Care;
use crate::register::certificates::Register;
use crate::register::paths;
use crate::register::published_pdf::FoundPdf;
use crate::register::record::{PublishedFile, Record, Status};
use crate::register::store::{StoreFile, SwapOutcome};
use crate::site::award::Award;
use crate::site::id_secret::IdSecret;

/// Where [`Register::restore`] gets the copy of a PDF from: the bytes of a file that may be the one
/// that a record describes, or `None`. The register takes only a file with the SHA-256 of the
/// record.
pub type PdfSource<'a> = dyn FnMut(&PublishedFile) -> Result<Option<Vec<u8>>> + 'a;

/// What [`Register::restore`] found and did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Restoration {
    /// How many certificates there are.
    pub certificates: usize,
    /// How many of them lacked a file that was written now: a record, a page, a signature.
    pub restored: usize,
    /// How many PDFs were taken from the copy.
    pub pdfs: usize,
    /// The ids of certificates that stand and whose PDF is lost. Their pages say that it is.
    pub lost_pdfs: BTreeSet<CertificateId>,
    /// The ids of certificates that keep their PDF, and in whose place the public store has another
    /// file: it was damaged or changed.
    pub changed_pdfs: BTreeSet<CertificateId>,
    /// The ids of certificates whose award is not known, because the private side was lost: a
    /// request for the same recipient finds them again, and erasing one erases that one edition.
    pub unknown_awards: Vec<CertificateId>,
    /// The ids of certificates that were begun and never published.
    pub unpublished: Vec<CertificateId>,
    /// The folders of pages, and the paths of PDFs, in the public store whose records are lost on
    /// both sides: nothing tells what became of their certificates, and nothing changes them.
    pub unknown_files: BTreeSet<String>,
    /// How many files were removed that belong to certificates which have ended.
    pub removed: usize,
    /// What failed, by the id of the certificate.
    pub failures: Vec<(CertificateId, Error)>,
}

impl Restoration {
    /// The ids of the certificates that failed.
    fn failed(&self) -> HashSet<CertificateId> {
        self.failures.iter().map(|(id, _)| id.clone()).collect()
    }
}

impl Register {
    /// Makes the two sides of every certificate agree: rebuilds public records, pages and
    /// signatures from the private store, and private records from the public one. What was revoked
    /// stays revoked, and what was erased stays erased, whichever side still knows it. It finishes
    /// what was interrupted, and may run while certificates are issued.
    ///
    /// `pdfs` is asked for each PDF that the public store lacks, or that is not the one that was
    /// issued. `each` is called for every id that was checked.
    ///
    /// # Errors
    /// [`ErrorKind::Key`](crate::ErrorKind::Key): the register belongs to another id secret. A store
    /// cannot be listed, or what it lists cannot be read. What fails of one certificate is in
    /// [`Restoration::failures`].
    pub fn restore(
        &self,
        secret: &IdSecret,
        pdfs: &mut PdfSource<'_>,
        now: Timestamp,
        each: &mut dyn FnMut(),
    ) -> Result<Restoration> {
        self.mark(secret)?;
        let mut done = Restoration::default();
        let mut kept: HashSet<DownloadId> = HashSet::new();
        for (id, files) in self.all_ids()? {
            let mut run =
                Run { register: self, secret, now, done: &mut done, kept: &mut kept };
            if let Err(error) = run.certificate(&id, files, pdfs) {
                done.failures.push((id, error));
            }
            each();
        }
        self.link_editions(secret, &mut done, now)?;
        self.remove_orphaned_pdfs(&kept, &mut done)?;
        Ok(done)
    }

    /// Every id that either store has a file of.
    fn all_ids(&self) -> Result<BTreeMap<CertificateId, FilesOfId>> {
        let mut ids: BTreeMap<CertificateId, FilesOfId> = BTreeMap::new();
        self.private.list(None, &mut |path| {
            if let Some(id) = paths::private_id(path.as_str()) {
                let files = ids.entry(id).or_default();
                files.has_snapshot |= paths::is_snapshot(path.as_str());
            }
            Ok(())
        })?;
        let folder = StorePath::parse(paths::CERTIFICATES)?;
        self.public.list(Some(&folder), &mut |path| {
            if let Some(id) = paths::folder_id(path.as_str()) {
                ids.entry(id).or_default().is_public = true;
            }
            Ok(())
        })?;
        Ok(ids)
    }

    /// Supersedes editions whose award is not known by the editions that name them as their
    /// predecessor: a process ended before it did that, and the private side was lost since.
    fn link_editions(
        &self,
        secret: &IdSecret,
        done: &mut Restoration,
        now: Timestamp,
    ) -> Result<()> {
        let mut next = HashMap::new();
        let failed = done.failed();
        for id in &done.unknown_awards {
            // Records that cannot be read were reported already.
            if failed.contains(id) {
                continue;
            }
            let Some(record) = self.record(id)? else { continue };
            let successor = record.successor.clone();
            let successor = successor.unwrap_or_else(|| self.publish.verify_url(id));
            next.extend(record.predecessor.map(|mark| (mark, successor)));
        }
        for id in &done.unknown_awards {
            let Some(successor) = next.get(&mark(secret, id)) else { continue };
            let settled = self.settle(id, Known::default(), |record| {
                Ok(record
                    .filter(|record| record.status.stands())
                    .map(|record| record.clone().superseded(successor, now)))
            })?;
            done.restored += usize::from(settled.is_some());
        }
        Ok(())
    }

    /// Removes PDFs that belong to certificates which have ended: a process that ended early may
    /// have left one. PDFs of certificates that are not known stay.
    fn remove_orphaned_pdfs(
        &self,
        kept: &HashSet<DownloadId>,
        done: &mut Restoration,
    ) -> Result<()> {
        let mut others = Vec::new();
        let folder = StorePath::parse(paths::DOWNLOADS)?;
        self.public.list(Some(&folder), &mut |path| {
            let id = paths::download_id(path.as_str());
            if id.is_some_and(|id| !kept.contains(&id)) {
                others.push(path);
            }
            Ok(())
        })?;
        let failed = done.failed();
        for path in others {
            let Some(pdf) = self.public.read(&path)? else { continue };
            let id = self.id_of(&pdf);
            let record = match &id {
                // It is not known whether a certificate with an unreadable record has ended.
                Some(id) if failed.contains(id) => continue,
                Some(id) => self.record(id)?,
                None => None,
            };
            match (record, id) {
                (Some(record), _) if !self.keeps_pdf(&record) => {
                    self.public.remove(&path)?;
                    done.removed += 1;
                }
                (Some(_), _) => {}
                // A certificate that a process is just publishing has its request.
                (None, Some(id)) if !self.snapshots(&id)?.is_empty() => {}
                (None, _) => {
                    done.unknown_files.insert(path.as_str().to_owned());
                }
            }
        }
        Ok(())
    }
}

/// The files of an id in the stores.
#[derive(Debug, Clone, Copy, Default)]
struct FilesOfId {
    has_snapshot: bool,
    /// Whether there is anything in the folder of its record.
    is_public: bool,
}

/// One run of [`Register::restore`].
struct Run<'a> {
    register: &'a Register,
    secret: &'a IdSecret,
    now: Timestamp,
    done: &'a mut Restoration,
    /// The download ids of certificates that keep their PDF.
    kept: &'a mut HashSet<DownloadId>,
}

impl Run<'_> {
    fn certificate(
        &mut self,
        id: &CertificateId,
        files: FilesOfId,
        pdfs: &mut PdfSource<'_>,
    ) -> Result<()> {
        let register = self.register;
        let FilesOfId { has_snapshot, is_public } = files;
        let record = register.record(id)?;
        if let Some(record) = &record {
            self.done.certificates += 1;
            self.take_pdf(record, pdfs)?;
        }
        if record.is_none() && has_snapshot && self.finish_begun(id)? {
            self.done.certificates += 1;
            self.done.restored += 1;
        }
        let award = register.award_of(id, self.secret)?;
        let Some(award) = award else {
            // The award of an erased certificate was removed, so it is not reported.
            if record.as_ref().is_some_and(|record| record.status != Status::Erased) {
                self.done.unknown_awards.push(id.clone());
            }
            let settled = register.settle(id, Known::default(), |it| Ok(it.cloned()))?;
            match settled {
                Some(settled) => self.count(&settled),
                None if is_public => {
                    self.done.unknown_files.insert(format!("{}/", paths::folder(id)));
                }
                None => {}
            }
            return Ok(());
        };
        self.award(id, &award, record.is_some())?;
        if has_snapshot && register.record(id)?.is_none() {
            if is_public {
                self.done.unknown_files.insert(format!("{}/", paths::folder(id)));
            } else {
                self.done.unpublished.push(id.clone());
            }
        }
        Ok(())
    }

    /// Publishes a certificate that an interrupted process has begun: it has a PDF and no record.
    /// If the edition before it was revoked or erased since then, this one is too when the award is
    /// settled.
    fn finish_begun(&mut self, id: &CertificateId) -> Result<bool> {
        for snapshot in self.register.snapshots(id)? {
            let certificate = snapshot.record.certificate.as_ref();
            let Some(pdf) = certificate.and_then(|it| it.pdf.as_ref()) else { continue };
            let bytes = self.register.public.read(&pdf.path)?;
            let is_whole = bytes.is_some_and(|bytes| pdf.is(&bytes));
            if is_whole && !self.register.has_lost_records(&snapshot)? {
                self.register.finish(&snapshot)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Settles an award once for all of its editions: when `id` is that of its last edition, or has no
    /// record yet.
    fn award(
        &mut self,
        id: &CertificateId,
        award: &Award,
        has_record: bool,
    ) -> Result<()> {
        let handle = AwardHandle::new(award.clone(), self.secret);
        let editions = self.register.editions(&handle)?;
        let known = Known { award: Some(award), ..Known::default() };
        let is_listed = editions.all().any(|edition| edition.record.id == *id);
        if has_record && !is_listed {
            // An edition before it is lost on both sides.
            let settled = self.register.settle(id, known, |it| Ok(it.cloned()))?;
            settled.iter().for_each(|settled| self.count(settled));
            return Ok(());
        }
        let is_last = editions.current.is_some_and(|it| it.record.id == *id);
        if is_last || !has_record {
            let mut all = Vec::new();
            let (care, now) = (Care::All, self.now);
            let register = self.register;
            let editions =
                register.settle_award(&handle, care, now, &mut |it| all.push(it))?;
            all.iter().for_each(|settled| self.count(settled));
            let is_finished = register.finish_correction(&editions, now)?;
            self.done.restored += usize::from(is_finished);
        }
        Ok(())
    }

    fn count(&mut self, settled: &Settled) {
        let record = &settled.record;
        self.done.restored += usize::from(settled.is_changed);
        let path = record.certificate.as_ref().and_then(|it| it.pdf_path());
        let download = path.and_then(|path| paths::download_id(path));
        if self.register.keeps_pdf(record) {
            self.kept.extend(download);
        }
        if settled.is_pdf_lost {
            self.done.lost_pdfs.insert(record.id.clone());
        }
    }

    /// Takes the PDF of a certificate that keeps one from the copy, if the public store lacks it or
    /// has another file in its place.
    fn take_pdf(&mut self, record: &Record, pdfs: &mut PdfSource<'_>) -> Result<()> {
        let register = self.register;
        let certificate = record.certificate.as_ref();
        let Some(pdf) = certificate.and_then(|it| it.pdf.as_ref()) else { return Ok(()) };
        if !register.keeps_pdf(record) {
            return Ok(());
        }
        let other = match register.published_pdf(&record.id, pdf)? {
            FoundPdf::Whole(_) => return Ok(()),
            FoundPdf::Other(bytes) => Some(bytes),
            FoundPdf::Lost => None,
        };
        let copy = pdfs(pdf)?.filter(|bytes| pdf.is(bytes));
        let is_taken = match (copy, other) {
            (Some(bytes), Some(was)) => {
                let file = StoreFile::new(&pdf.path, &bytes);
                register.public.swap(&file, &was)? == SwapOutcome::Swapped
            }
            (Some(bytes), None) => {
                register.public.create(&StoreFile::new(&pdf.path, &bytes))?;
                true
            }
            (None, Some(_)) => {
                self.done.changed_pdfs.insert(record.id.clone());
                false
            }
            (None, None) => false,
        };
        self.done.pdfs += usize::from(is_taken);
        Ok(())
    }
}
