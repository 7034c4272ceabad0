//! Makes the two sides of a certificate agree: pages, files, public record and private record.
//!
//! One loop: read, decide, write what differs, read again. It ends when all of them say the same.
//! The decision made here is the order of the reads and writes, which lets any number of processes
//! run the loop at the same time, and lets a process end at any point:
//!
//! - Pages are read before the records, and a page is written only over the content that was read.
//!   So a slow process never overwrites the page of a later status with that of an earlier one.
//! - A change is written to the private side first, then to the pages, and to the public record
//!   last. So if the two records agree, everything between is done.
//! - The first publication begins with the pages, and its private record comes last: a certificate
//!   exists as soon as its public record does. A later edition begins with its public record, so
//!   that no page says that it is valid while the edition before it is not known to be superseded;
//!   signature and pages come next, and its private record last too.

use std::collections::BTreeSet;

use crate::base::digits::{CertificateId, DownloadId};
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::certificates::Register;
use crate::register::pages::{PageFiles, PageSources};
use crate::register::paths;
use crate::register::private_record::{PrivateRecord, Sides};
use crate::register::record::{CertificateFacts, Record, Status};
use crate::register::snapshot::{DetachedSignature, Snapshot};
use crate::register::store::{CreateOutcome, Store, StoreFile, SwapOutcome};
use crate::site::award::Award;

/// How often other processes may change a certificate while this one does, before it gives up.
const MAX_ROUNDS: usize = 64;

/// What the caller knows about a certificate besides its id.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known<'a> {
    pub(super) award: Option<&'a Award>,
    /// The id in the address of its PDF.
    pub(super) download_id: Option<&'a DownloadId>,
    /// When the change is made, if it may replace the reason of a revocation.
    pub(super) now: Option<Timestamp>,
}

/// A certificate whose sides agree.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) record: Record,
    /// Whether this process wrote its first public record.
    pub(super) is_first: bool,
    /// Whether anything was written.
    pub(super) is_changed: bool,
    /// Whether the public store lacks the PDF of a certificate that stands.
    pub(super) is_pdf_lost: bool,
    /// Warnings about missing texts of its pages.
    pub(super) warnings: Vec<Warning>,
}

/// The file name of a page, and what is in the public store under it.
type ShownPage<'a> = (&'a str, Option<Vec<u8>>);

/// Whether a file was written, was right already, or was changed by another process first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Created,
    Replaced,
    Unneeded,
    Overtaken,
}

impl Register {
    /// Gives `next` the current record of a certificate, and makes all of its files agree with the
    /// record that `next` returns. Returns `None` if `next` does.
    ///
    /// # Errors
    /// Those of `next`. [`ErrorKind::Store`], [`ErrorKind::StoreRefused`] and [`ErrorKind::Io`]: a
    /// store failed, or other processes keep changing the certificate.
    pub(super) fn settle(
        &self,
        id: &CertificateId,
        known: Known<'_>,
        mut next: impl FnMut(Option<&Record>) -> Result<Option<Record>>,
    ) -> Result<Option<Settled>> {
        let (mut is_first, mut is_changed) = (false, false);
        for _ in 0..MAX_ROUNDS {
            let shown = self.shown_pages(id)?;
            let sides = self.sides(id)?;
            let Some(target) = next(sides.record())? else { return Ok(None) };
            let Some(round) = self.write_all(&shown, &sides, &target, known)? else {
                is_changed = true;
                continue;
            };
            is_first |= round.is_first;
            is_changed |= round.is_changed;
            let sides = self.sides(id)?;
            if sides.agree() && sides.record() == Some(&target) {
                return Ok(Some(Settled { is_first, is_changed, ..round }));
            }
        }
        Err(Error::new(
            ErrorKind::Store,
            format!("other processes keep changing the certificate `{id}`"),
        ))
    }

    /// One round of [`settle`](Self::settle), or `None` if another process changed a file first.
    fn write_all(
        &self,
        shown: &[ShownPage<'_>],
        sides: &Sides,
        target: &Record,
        known: Known<'_>,
    ) -> Result<Option<Settled>> {
        let certificate = target.certificate.as_ref();
        let keeps_pdf = self.keeps_pdf(target);
        let snapshot = match certificate.and_then(|it| it.pdf_sha256()) {
            Some(sha256) => self.snapshot(&target.id, sha256)?,
            None => None,
        };
        let signature = self.signature(target, snapshot.as_ref())?;
        let path = certificate.and_then(|it| it.pdf_path());
        let has_pdf = match path.filter(|_| keeps_pdf) {
            Some(path) => self.has_file(path)?,
            None => false,
        };
        let sources = PageSources { signature: signature.as_ref(), has_pdf };
        let has_pages = shown.iter().any(|(_, page)| page.is_some());
        let pages = self.pages.write(target, sources, has_pages)?;

        let award = known.award.or(sides.award()).cloned();
        let award = match award.or(snapshot.map(|snapshot| snapshot.award)) {
            None if target.status != Status::Erased => {
                self.snapshots(&target.id)?.pop().map(|snapshot| snapshot.award)
            }
            award => award,
        };
        let private = PrivateRecord::new(award, target.clone());
        let private = private.with_reasons_of(sides, known.now);
        let is_later = target.edition > 1;
        let is_publication = target.status.stands()
            && sides.private.is_none()
            && (sides.public.is_none() || is_later);
        let mut writes = Vec::new();
        if !is_publication {
            writes.push(self.write_private(sides, &private)?);
            if writes.contains(&Write::Overtaken) {
                return Ok(None);
            }
        }
        let is_record_first = is_publication && is_later;
        let mut public = Write::Unneeded;
        if is_record_first {
            public = self.write_public(sides, target)?;
            writes.push(public);
            if let Some(signature) =
                signature.as_ref().filter(|_| public != Write::Overtaken)
            {
                writes.push(self.write_signature(target, signature)?);
            }
        }
        if public != Write::Overtaken {
            writes.push(self.write_pages(&target.id, shown, &pages)?);
        }
        // Of a record that was created it is told that this process did, whatever happens to the
        // pages: the sides are read again.
        if writes.contains(&Write::Overtaken) && public != Write::Created {
            return Ok(None);
        }
        match signature.filter(|_| !is_record_first) {
            Some(signature) => writes.push(self.write_signature(target, &signature)?),
            None if !keeps_pdf => self.remove_files(sides, target, known.download_id)?,
            None => {}
        }
        if !is_record_first {
            public = self.write_public(sides, target)?;
            writes.push(public);
        }
        if public != Write::Overtaken && is_publication {
            writes.push(self.write_private(sides, &private)?);
        }
        let is_first = public == Write::Created && sides.private.is_none();
        if writes.contains(&Write::Overtaken) && !is_first {
            return Ok(None);
        }
        Ok(Some(Settled {
            record: target.clone(),
            is_first,
            is_changed: writes.iter().any(|write| *write != Write::Unneeded),
            is_pdf_lost: target.status.stands() && certificate.is_some() && !has_pdf,
            warnings: pages.warnings,
        }))
    }

    /// Whether the public store keeps the PDF of a certificate in this state.
    pub(super) fn keeps_pdf(&self, record: &Record) -> bool {
        let is_ended = !record.status.stands();
        record.status != Status::Erased && (!is_ended || self.publish.keep_revoked_pdfs)
    }

    /// Whether the public store has the file. It lists the folder, because the answer is shorter
    /// than a PDF.
    pub(super) fn has_file(&self, path: &StorePath) -> Result<bool> {
        let Some((folder, _)) = path.rsplit_once('/') else { return Ok(false) };
        let mut is_there = false;
        self.public.list(Some(&StorePath::parse(folder)?), &mut |found| {
            is_there |= found == *path;
            Ok(())
        })?;
        Ok(is_there)
    }

    /// The detached signature that the pages of a record show: that of the snapshot, else the file
    /// in the public store.
    fn signature(
        &self,
        record: &Record,
        snapshot: Option<&Snapshot>,
    ) -> Result<Option<DetachedSignature>> {
        let facts = record.certificate.as_ref().and_then(|it| it.signature.as_ref());
        let Some(facts) = facts.filter(|_| record.status.stands()) else {
            return Ok(None);
        };
        if let Some(signature) = snapshot.and_then(|snapshot| snapshot.signature.as_ref())
        {
            return Ok(Some(signature.clone()));
        }
        let text = |path: &StorePath| -> Result<Option<String>> {
            let bytes = self.public.read(path)?;
            Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
        };
        let found =
            text(&facts.path)?.zip(text(&StorePath::parse(&paths::key(&facts.key))?)?);
        Ok(found.map(|(armor, key)| DetachedSignature { armor, key }))
    }

    /// The pages of a certificate as they are in the public store.
    fn shown_pages(&self, id: &CertificateId) -> Result<Vec<ShownPage<'_>>> {
        let read = |name| {
            let path = StorePath::parse(&paths::page(id, name))?;
            Ok((name, self.public.read(&path)?))
        };
        self.pages.names().into_iter().map(read).collect()
    }

    /// Writes the files that the pages load, then the pages. A page with the file name of an
    /// earlier version is rewritten too, because printed links may lead to it.
    fn write_pages(
        &self,
        id: &str,
        shown: &[ShownPage<'_>],
        files: &PageFiles,
    ) -> Result<Write> {
        // Assets that this process published may have been lost since, so the cache of published
        // ones is not used.
        files.assets.iter().try_for_each(|asset| self.create_asset(asset))?;
        // A site that is no longer published only updates the pages that it has.
        let is_shown =
            |name: &str| shown.iter().any(|(it, page)| *it == name && page.is_some());
        let is_wanted = |name: &str| self.publish.has_pages() || is_shown(name);
        let pages = files.pages.iter().map(|(name, html)| (name.as_str(), html.as_str()));
        let mut pages: Vec<(&str, &str)> =
            pages.filter(|(name, _)| is_wanted(name)).collect();
        let is_written =
            |name: &str| files.pages.iter().any(|(written, _)| written == name);
        let earlier = shown.iter().filter(|(_, bytes)| bytes.is_some());
        let earlier = earlier.map(|(name, _)| *name).filter(|name| !is_written(name));
        if let Some((_, page)) = files.pages.first() {
            pages.extend(earlier.map(|name| (name, page.as_str())));
        }
        let mut result = Write::Unneeded;
        for (name, html) in pages {
            let path = StorePath::parse(&paths::page(id, name))?;
            let was = shown.iter().find(|(shown, _)| *shown == name);
            let was = was.and_then(|(_, bytes)| bytes.as_deref());
            match write_over(&*self.public, &path, html.as_bytes(), was)? {
                Write::Unneeded => {}
                Write::Overtaken => return Ok(Write::Overtaken),
                written => result = written,
            }
        }
        Ok(result)
    }

    fn write_private(&self, sides: &Sides, private: &PrivateRecord) -> Result<Write> {
        let path = StorePath::parse(&paths::private_record(&private.record.id))?;
        let was = sides.private_bytes();
        write_over(&*self.private, &path, private.to_json().as_bytes(), was)
    }

    fn write_public(&self, sides: &Sides, record: &Record) -> Result<Write> {
        let path = StorePath::parse(&paths::record(&record.id))?;
        let was = sides.public_bytes();
        write_over(&*self.public, &path, record.to_json().as_bytes(), was)
    }

    /// Writes the detached signature of a certificate over any file at its path.
    pub(super) fn replace_signature(
        &self,
        record: &Record,
        signature: &DetachedSignature,
    ) -> Result<()> {
        let facts = record.certificate.as_ref().and_then(|it| it.signature.as_ref());
        let Some(facts) = facts else { return Ok(()) };
        self.public.replace(&StoreFile::new(&facts.path, signature.armor.as_bytes()))
    }

    /// Writes the detached signature of a certificate and the key that verifies it, where they differ.
    fn write_signature(
        &self,
        record: &Record,
        signature: &DetachedSignature,
    ) -> Result<Write> {
        let facts = record.certificate.as_ref().and_then(|it| it.signature.as_ref());
        let Some(facts) = facts else { return Ok(Write::Unneeded) };
        self.publish_key(&facts.key, &signature.key)?;
        let was = self.public.read(&facts.path)?;
        if was.is_some_and(|bytes| bytes == signature.armor.as_bytes()) {
            return Ok(Write::Unneeded);
        }
        self.replace_signature(record, signature)?;
        Ok(Write::Replaced)
    }

    /// Removes the PDF and the signature of a certificate that has ended. The PDF is found by any
    /// record of it, else by the download id.
    fn remove_files(
        &self,
        sides: &Sides,
        target: &Record,
        download_id: Option<&DownloadId>,
    ) -> Result<()> {
        let filename = self.publish.filename.as_str();
        let public = sides.public.as_ref().map(|(record, _)| record);
        let private = sides.private.as_ref().map(|(private, _)| &private.record);
        let records = [public, private, Some(target)].into_iter().flatten();
        let recorded: Vec<_> =
            records.filter_map(|record| record.certificate.clone()).collect();
        let mut pdfs: Vec<StorePath> =
            recorded.iter().filter_map(|it| it.pdf_path().cloned()).collect();
        // The file names in the settings may have changed since it was published.
        let signature = |it: &CertificateFacts| Some(it.signature.as_ref()?.path.clone());
        let mut signatures: Vec<StorePath> =
            recorded.iter().filter_map(signature).collect();
        signatures.push(StorePath::parse(&paths::signature(&target.id, filename))?);
        if let Some(id) = download_id {
            pdfs.push(StorePath::parse(&paths::pdf(id, filename))?);
        }
        if pdfs.is_empty() {
            // A process that ended early may have left a PDF. If so, it has left the snapshot too.
            let snapshots = self.snapshots(&target.id)?;
            let left: Vec<_> =
                snapshots.into_iter().filter_map(|it| it.record.certificate).collect();
            signatures.extend(left.iter().filter_map(signature));
            pdfs.extend(left.into_iter().filter_map(|it| it.pdf).map(|pdf| pdf.path));
        }
        let files = pdfs.iter().chain(&signatures).collect::<BTreeSet<_>>();
        files.into_iter().try_for_each(|file| self.public.remove(file))
    }
}

/// Writes a file over the content that it had, or creates it where there was none.
fn write_over(
    store: &dyn Store,
    path: &StorePath,
    bytes: &[u8],
    was: Option<&[u8]>,
) -> Result<Write> {
    let file = StoreFile::new(path, bytes);
    match was {
        Some(was) if was == bytes => Ok(Write::Unneeded),
        Some(was) => Ok(match store.swap(&file, was)? {
            SwapOutcome::Swapped => Write::Replaced,
            SwapOutcome::Conflict => Write::Overtaken,
        }),
        None => Ok(match store.create(&file)? {
            CreateOutcome::Created => Write::Created,
            CreateOutcome::Exists => Write::Overtaken,
        }),
    }
}
