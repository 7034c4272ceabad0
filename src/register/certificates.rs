//! The register: what was issued, as the public store tells it.
//!
//! There is no database. A certificate exists as soon as its record does, which is written last.
//! Whatever changes a certificate later changes its pages first, which people look at, then takes its
//! PDF away, and its record last: as long as the record is as it was, the change is not done, and
//! running it again finishes it.

mod pages;

use std::sync::Arc;

use self::pages::PageWriter;
use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::record::{Record, Status};
use crate::register::snapshot::Snapshot;
use crate::register::store::{Created, Store, StoreFile, Swapped};
use crate::site::award::{Award, is_id};
use crate::site::files::Site;
use crate::site::id_secret::IdSecret;
use crate::site::settings::PublishSettings;

/// The name of a record's file.
const RECORD: &str = "certificate.json";
/// An award of more editions than this is a mistake.
const MAX_EDITIONS: u32 = 1000;
/// So often may a record change under our hands before we give up.
const MAX_TURNS: usize = 16;

/// What was issued, and where it is.
#[derive(Debug)]
pub struct Register {
    publish: PublishSettings,
    pages: PageWriter,
    public: Arc<dyn Store>,
    private: Arc<dyn Store>,
}

impl Register {
    /// The register of a public store. The private store keeps what went into each certificate;
    /// nothing in it may be reachable from outside.
    ///
    /// # Errors
    /// [`ErrorKind::Layout`]: the site's own templates of pages cannot be read.
    pub fn new(
        site: &Site,
        publish: PublishSettings,
        public: Arc<dyn Store>,
        private: Arc<dyn Store>,
    ) -> Result<Self> {
        let pages = PageWriter::new(site.clone(), publish.clone())?;
        Ok(Self { publish, pages, public, private })
    }

    /// The same register with the pages of another site.
    pub(crate) fn with_site(&self, site: &Site) -> Result<Self> {
        let (public, private) = (self.public.clone(), self.private.clone());
        Self::new(site, self.publish.clone(), public, private)
    }

    /// The store of what is for the operator alone.
    #[cfg(feature = "agent")]
    pub(crate) fn private(&self) -> &Arc<dyn Store> {
        &self.private
    }

    /// Finds out, before anything is made, whether the stores can do what is asked of them, and
    /// removes what an interrupted run left behind in them.
    ///
    /// # Errors
    /// What the stores say.
    pub fn check(&self) -> Result<()> {
        self.public.check()?;
        self.private.check()
    }

    /// The record of a PDF that was published here, found by the address that is printed on it;
    /// none if it names no certificate of this register.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn record_of(&self, pdf: &[u8]) -> Result<Option<Record>> {
        const BEFORE: &[u8] = b"/cert/";
        let found = pdf.windows(BEFORE.len()).enumerate();
        for (at, _) in found.filter(|(_, window)| *window == BEFORE) {
            let start = at + BEFORE.len();
            let id = pdf.get(start..start + 32).and_then(|id| str::from_utf8(id).ok());
            if let Some(id) = id.filter(|id| is_id(id)) {
                return self.record(id);
            }
        }
        Ok(None)
    }

    /// Revokes a certificate: its page says so and why, its PDF goes unless the settings keep
    /// it. Revoking once more finishes what was interrupted, and keeps the first reason.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCertificate`]: no such id. [`ErrorKind::Revoked`]: it was superseded or erased.
    /// What the store says.
    pub fn revoke(&self, id: &str, reason: &str, now: Timestamp) -> Result<Record> {
        self.revoke_as_of(id, reason, None, now)
    }

    /// The same with when it was asked for, by a clock that others ask as well.
    pub(crate) fn revoke_as_of(
        &self,
        id: &str,
        reason: &str,
        requested_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Record> {
        self.change(id, None, |record| match record.status {
            Status::Valid | Status::Specimen | Status::Revoked => {
                Ok(record.revoked(reason, requested_at, now))
            }
            Status::Superseded => {
                let by = record.successor.as_deref().unwrap_or_default();
                let message = format!("`{id}` was superseded already");
                Err(Error::new(ErrorKind::Revoked, message)
                    .with_help(format!("revoke its successor: {by}")))
            }
            Status::Erased => {
                let message = format!("`{id}` was erased already");
                Err(Error::new(ErrorKind::Revoked, message))
            }
        })
    }

    /// Forgets a person: of every edition of the award stays that there was one. Gives the ids of
    /// what was erased; erasing once more finishes what was interrupted.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCertificate`]: no such id. What the stores say.
    pub fn erase(
        &self,
        id: &str,
        secret: &IdSecret,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let mut editions = vec![self.known(id)?];
        let award = self.snapshots(id)?.pop().map(|snapshot| snapshot.award);
        if let Some(award) = &award {
            editions = self.editions(award, secret)?;
        }
        for edition in &editions {
            let ids = award.as_ref().map(|award| award.ids(secret, edition.edition));
            let download = ids.as_ref().map(|ids| ids.download.as_str());
            self.change(&edition.id, download, |record| Ok(record.erased(now)))?;
        }
        // Last, because they lead to the other editions.
        let ids: Vec<String> = editions.into_iter().map(|edition| edition.id).collect();
        for id in &ids {
            for path in self.snapshot_paths(id)? {
                self.private.remove(&path)?;
            }
        }
        Ok(ids)
    }

    /// The record of an id, if there is a certificate of it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: this is no id. [`ErrorKind::Syntax`]: a record that cannot be read. What
    /// the store says.
    pub fn record(&self, id: &str) -> Result<Option<Record>> {
        Ok(self.read(id)?.map(|(record, _)| record))
    }

    /// Every record, in the order of the store. One that cannot be read is handed on as its error,
    /// and ends nothing.
    ///
    /// # Errors
    /// What the store says, or `each`.
    pub fn records(
        &self,
        each: &mut dyn FnMut(Result<Record>) -> Result<()>,
    ) -> Result<()> {
        self.public.list(Some(&path("cert")?), &mut |path| {
            let id = path.as_str().strip_prefix("cert/");
            let id = id.and_then(|rest| rest.strip_suffix(RECORD)?.strip_suffix('/'));
            let Some(id) = id.filter(|id| is_id(id)) else { return Ok(()) };
            self.record(id).transpose().map_or(Ok(()), &mut *each)
        })
    }

    /// The settings that say how things are published.
    pub fn publish(&self) -> &PublishSettings {
        &self.publish
    }

    /// The content of a published file, if there is one of that path.
    ///
    /// # Errors
    /// What the store says.
    pub fn file(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.public.read(&path(name)?)
    }

    /// The editions of an award that exist, in order.
    pub(crate) fn editions(
        &self,
        award: &Award,
        secret: &IdSecret,
    ) -> Result<Vec<Record>> {
        let mut editions = Vec::new();
        for edition in 1..=MAX_EDITIONS {
            match self.record(&award.ids(secret, edition).verify)? {
                Some(record) => editions.push(record),
                None => return Ok(editions),
            }
        }
        let message = format!("there are {MAX_EDITIONS} editions of one certificate");
        Err(Error::new(ErrorKind::TooLarge, message))
    }

    /// Publishes a key, so that pages can lead to it.
    pub(crate) fn publish_key(&self, fingerprint: &str, armor: &str) -> Result<()> {
        let path = path(&pages::key_path(fingerprint))?;
        let file = StoreFile::new(&path, armor.as_bytes());
        self.public.create(&file).map(|_| ())
    }

    /// Writes a snapshot down, before anything of it is published.
    pub(crate) fn prepare(&self, snapshot: &Snapshot, sha256: &str) -> Result<()> {
        let path = path(&Snapshot::path(&snapshot.record.id, sha256))?;
        self.private.replace(&StoreFile::new(&path, snapshot.to_json().as_bytes()))
    }

    /// Creates a PDF, unless there is one.
    pub(crate) fn create_pdf(&self, name: &str, bytes: &[u8]) -> Result<PdfCreated> {
        let path = path(name)?;
        // It may be revoked: nobody shall keep a copy without asking.
        Ok(match self.public.create(&StoreFile::new(&path, bytes))? {
            Created::New => PdfCreated::New,
            Created::Exists => match self.public.read(&path)? {
                Some(winner) => PdfCreated::Exists(winner),
                None => PdfCreated::Gone,
            },
        })
    }

    /// The snapshot that goes with a PDF, by its hash.
    pub(crate) fn snapshot(&self, id: &str, sha256: &str) -> Result<Option<Snapshot>> {
        self.read_snapshot(&path(&Snapshot::path(id, sha256))?)
    }

    /// Removes the snapshot of a PDF that lost the race.
    pub(crate) fn discard(&self, id: &str, sha256: &str) -> Result<()> {
        self.private.remove(&path(&Snapshot::path(id, sha256))?)
    }

    /// Removes the other snapshots of a certificate whose PDF is published.
    pub(crate) fn remove_orphans(&self, snapshot: &Snapshot) -> Result<()> {
        let record = &snapshot.record;
        let Some(certificate) = &record.certificate else { return Ok(()) };
        let kept = Snapshot::path(&record.id, &certificate.pdf.sha256);
        let paths = self.snapshot_paths(&record.id)?;
        let others = paths.iter().filter(|path| path.as_str() != kept);
        others.into_iter().try_for_each(|path| self.private.remove(path))
    }

    /// Publishes what goes with a PDF: signature and pages, and last of all the record, which may
    /// be there already. Gives what the pages' texts lack; nothing, if the record that is there tells
    /// something else by now, which then stays what is told.
    pub(crate) fn finish(&self, snapshot: &Snapshot) -> Result<Option<Vec<Warning>>> {
        let record = &snapshot.record;
        let certificate = record.certificate.as_ref();
        let name = certificate.and_then(|c| c.signature.as_ref()).map(|s| &s.path);
        if let (Some(name), Some(signature)) = (name, &snapshot.signature) {
            let (path, bytes) = (path(name)?, signature.armor.as_bytes());
            self.public.replace(&StoreFile::new(&path, bytes))?;
        }
        let warnings = self.write_pages(record, Some(snapshot))?;
        let path = record_path(&record.id)?;
        let file = record.to_json();
        if self.public.create(&StoreFile::new(&path, file.as_bytes()))? == Created::New {
            return Ok(Some(warnings));
        }
        let current = self.known(&record.id)?;
        if (Record { requested_at: record.requested_at, ..current.clone() }) == *record {
            return Ok(Some(warnings));
        }
        // We were late: it was superseded, revoked or erased while we worked.
        let told = current.certificate.as_ref().map(|c| c.pdf.sha256.as_str());
        let told = told.map(|sha256| self.snapshot(&record.id, sha256)).transpose()?;
        self.write_pages(&current, told.flatten().as_ref())?;
        if current.status == Status::Erased || !self.publish.keep_revoked_pdfs {
            self.remove_files(record, None)?;
        }
        Ok(None)
    }

    /// Notes that a certificate was asked for again, so that it outlasts a revocation in between.
    /// None, if it is not what it was.
    pub(crate) fn ask_again(
        &self,
        record: Record,
        requested_at: Option<Timestamp>,
    ) -> Result<Option<Record>> {
        if requested_at
            .is_none_or(|requested_at| requested_at <= record.last_requested_at())
        {
            return Ok(Some(record));
        }
        let Some((current, was)) = self.read(&record.id)? else { return Ok(None) };
        if current != record {
            return Ok(None);
        }
        let again = Record { requested_at, ..record };
        let (path, json) = (record_path(&again.id)?, again.to_json());
        let swapped = self.public.swap(&StoreFile::new(&path, json.as_bytes()), &was)?;
        Ok((swapped == Swapped::Done).then_some(again))
    }

    /// Writes the record of a certificate that was revoked before it was made, unless there is one of
    /// that id, and says whether there was none.
    pub(crate) fn create_tombstone(&self, record: &Record) -> Result<bool> {
        let path = record_path(&record.id)?;
        let file = record.to_json();
        // The record first: whoever is about to finish the certificate sees it, and gives way.
        let created = self.public.create(&StoreFile::new(&path, file.as_bytes()))?;
        if created == Created::New {
            self.write_pages(record, None)?;
        }
        Ok(created == Created::New)
    }

    /// Marks a certificate as superseded by the one at that address.
    pub(crate) fn supersede(
        &self,
        id: &str,
        download_id: &str,
        successor: &str,
        now: Timestamp,
    ) -> Result<()> {
        self.change(id, Some(download_id), |record| match record.status {
            Status::Erased => Ok(record),
            _ => Ok(record.superseded(successor, now)),
        })?;
        Ok(())
    }

    /// Changes a record from what it is at that moment, and all that it tells: pages first, then the
    /// files, the record last. Then the rest once more, for whoever finished the certificate late may
    /// have written over it.
    fn change(
        &self,
        id: &str,
        download_id: Option<&str>,
        mut next: impl FnMut(Record) -> Result<Record>,
    ) -> Result<Record> {
        let path = record_path(id)?;
        for _ in 0..MAX_TURNS {
            let (record, was) = self.read(id)?.ok_or_else(|| unknown(id))?;
            let changed = next(record.clone())?;
            let tell = || -> Result<()> {
                self.write_pages(&changed, None)?;
                match changed.status == Status::Erased || !self.publish.keep_revoked_pdfs
                {
                    true => self.remove_files(&record, download_id),
                    false => Ok(()),
                }
            };
            tell()?;
            let json = changed.to_json();
            if json.as_bytes() == was {
                return Ok(changed);
            }
            let file = StoreFile::new(&path, json.as_bytes());
            if self.public.swap(&file, &was)? == Swapped::Done {
                tell()?;
                return Ok(changed);
            }
        }
        Err(Error::new(
            ErrorKind::Store,
            format!("others keep changing the record of `{id}`"),
        ))
    }

    fn read(&self, id: &str) -> Result<Option<(Record, Vec<u8>)>> {
        if !is_id(id) {
            return Err(Error::new(ErrorKind::InvalidValue, format!("`{id}` is no id"))
                .with_help(
                    "give the 32 digits between the slashes of a verify page's address",
                ));
        }
        let path = record_path(id)?;
        let Some(bytes) = self.public.read(&path)? else { return Ok(None) };
        let record = Record::parse(&bytes);
        let record = record.map_err(|error| error.at(Place::file(path.as_str())))?;
        Ok(Some((record, bytes)))
    }

    /// Removes PDF and signature of a certificate: where its record says, else below the id.
    fn remove_files(&self, record: &Record, download_id: Option<&str>) -> Result<()> {
        let filename = self.publish.filename.as_str();
        let told = record.certificate.as_ref().map(|c| c.pdf.path.clone());
        let derived = download_id.map(|id| format!("downloads/{id}/{filename}"));
        if let Some(pdf) = told.or(derived) {
            self.public.remove(&path(&pdf)?)?;
        }
        self.public.remove(&path(&format!("cert/{}/{filename}.sig", record.id))?)
    }

    fn write_pages(
        &self,
        record: &Record,
        snapshot: Option<&Snapshot>,
    ) -> Result<Vec<Warning>> {
        let (pages, warnings) = self.pages.write(record, snapshot)?;
        for (name, html) in pages {
            let path = path(&format!("cert/{}/{name}", record.id))?;
            self.public.replace(&StoreFile::new(&path, html.as_bytes()))?;
        }
        Ok(warnings)
    }

    /// The record of an id that somebody typed.
    fn known(&self, id: &str) -> Result<Record> {
        self.record(id)?.ok_or_else(|| unknown(id))
    }

    /// The snapshots of a certificate: one, and those that lost a race and were left behind.
    fn snapshots(&self, id: &str) -> Result<Vec<Snapshot>> {
        let paths = self.snapshot_paths(id)?;
        paths.iter().filter_map(|path| self.read_snapshot(path).transpose()).collect()
    }

    fn snapshot_paths(&self, id: &str) -> Result<Vec<StorePath>> {
        let mut paths = Vec::new();
        self.private.list(Some(&path(id)?), &mut |path| {
            paths.push(path);
            Ok(())
        })?;
        Ok(paths)
    }

    fn read_snapshot(&self, path: &StorePath) -> Result<Option<Snapshot>> {
        let bytes = self.private.read(path)?;
        let parse = |bytes: Vec<u8>| {
            Snapshot::parse(&bytes).map_err(|error| error.at(Place::file(path.as_str())))
        };
        bytes.map(parse).transpose()
    }
}

/// What became of a PDF that was to be created.
#[derive(Debug)]
pub(crate) enum PdfCreated {
    /// It was.
    New,
    /// There was one, the winner's, of these bytes.
    Exists(Vec<u8>),
    /// There was one, which was taken away since.
    Gone,
}

fn path(name: &str) -> Result<StorePath> {
    StorePath::parse(name)
}

fn record_path(id: &str) -> Result<StorePath> {
    path(&format!("cert/{id}/{RECORD}"))
}

fn unknown(id: &str) -> Error {
    Error::new(ErrorKind::UnknownCertificate, format!("there is no certificate `{id}`"))
        .with_help("look for it: testamur find NAME")
}
