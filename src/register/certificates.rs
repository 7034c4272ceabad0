//! The register: the issued certificates, as the public and the private store hold them.
//!
//! Takes the two stores and the templates of a site; gives records, editions and snapshots, and
//! writes pages. There is no database: a certificate exists once its record does.

use std::sync::Arc;

use crate::base::cache::Cache;
use crate::base::digits::{CertificateId, PgpFingerprint, Sha256};
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::path::StorePath;
use crate::register::award::AwardHandle;
use crate::register::editions::{Edition, Editions};
use crate::register::pages::PageWriter;
use crate::register::paths;
use crate::register::private_record::{PrivateRecord, Sides};
use crate::register::record::{Record, Status};
use crate::register::snapshot::Snapshot;
use crate::register::store::{CacheControl, Store, StoreFile};
use crate::register::web::{FolderFile, PageAsset};
use crate::seal::verify::certificate_of;
use crate::site::files::Site;
use crate::site::settings::PublishSettings;

/// The most editions that one award may have; more than these come from a mistake.
const MAX_EDITIONS: u32 = 1000;

/// The certificates that were issued, and where their files are.
#[derive(Debug)]
pub struct Register {
    pub(super) publish: PublishSettings,
    pub(super) pages: PageWriter,
    /// The files shared by pages that this process has published, by their paths: one script, and a
    /// style for each theme of the site.
    assets: Cache<String, ()>,
    pub(super) public: Arc<dyn Store>,
    pub(super) private: Arc<dyn Store>,
}

impl Register {
    /// Opens the register of a public and a private store. The private store keeps the request and
    /// the record of each certificate; none of its files may be served to the public.
    ///
    /// # Errors
    /// [`ErrorKind::Layout`]: the site's own page templates cannot be read.
    pub fn new(
        site: &Site,
        publish: PublishSettings,
        public: Arc<dyn Store>,
        private: Arc<dyn Store>,
    ) -> Result<Self> {
        let pages = PageWriter::new(site.clone(), publish.clone())?;
        Ok(Self { publish, pages, assets: Cache::default(), public, private })
    }

    /// A register of the same stores, with the page templates of another site.
    pub(crate) fn with_site(&self, site: &Site) -> Result<Self> {
        let (public, private) = (self.public.clone(), self.private.clone());
        Self::new(site, self.publish.clone(), public, private)
    }

    /// The private store.
    #[cfg(feature = "agent")]
    pub(crate) fn private(&self) -> &Arc<dyn Store> {
        &self.private
    }

    /// Checks that both stores can be used, and removes what an interrupted run left in them. Call
    /// it before the first request.
    ///
    /// # Errors
    /// As [`Store::check`].
    pub fn check(&self) -> Result<()> {
        self.public.check()?;
        self.private.check()
    }

    /// Removes what runs that were killed have left in both stores, which may hold what is personal.
    ///
    /// # Errors
    /// As [`Store::remove_leftovers`].
    pub(crate) fn remove_leftovers(&self) -> Result<()> {
        [&self.public, &self.private].into_iter().try_for_each(|store| {
            store.remove_leftovers().map_err(|error| {
                let help = "remove its folder `.testamur` while nothing is issued, then erase again";
                if error.help().is_none() { error.with_help(help) } else { error }
            })
        })
    }

    /// The record of a PDF that was issued here: found by the verify address in it; one that has no
    /// address, because it was issued while certificates were not published, by the digest of the
    /// file or of its first sealed revision. `None` if none of these finds one.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn record_of(&self, pdf: &[u8]) -> Result<Option<Record>> {
        let id = match self.id_of(pdf) {
            Some(id) => Some(id),
            None => self.id_by_digest(pdf)?,
        };
        id.map_or(Ok(None), |id| self.record(&id))
    }

    /// The verify id of the certificate whose snapshot names this PDF.
    pub(super) fn id_by_digest(&self, pdf: &[u8]) -> Result<Option<CertificateId>> {
        let digests: Vec<Sha256> = revisions(pdf).map(Sha256::of).collect();
        let mut id = None;
        self.private.list(None, &mut |path| {
            let digest = paths::snapshot_digest(path.as_str());
            if digest.is_some_and(|digest| digests.contains(&digest)) {
                id = paths::private_id(path.as_str());
            }
            Ok(())
        })?;
        Ok(id)
    }

    /// The verify id in the address that a PDF has: in a PDF of this program in its link, in one of
    /// another program anywhere.
    pub(super) fn id_of(&self, pdf: &[u8]) -> Option<CertificateId> {
        if let Some(link) = certificate_of(pdf) {
            return link.map(|link| link.id);
        }
        let before_id = format!("/{}/", self.publish.verify_path());
        let before_id = before_id.as_bytes();
        let mut found = pdf.windows(before_id.len()).enumerate();
        found.find_map(|(at, window)| {
            let start = at + before_id.len();
            let id = pdf.get(start..start + 32).filter(|_| window == before_id)?;
            CertificateId::parse(str::from_utf8(id).ok()?).ok()
        })
    }

    /// The record of a verify id, or `None` if there is no certificate of that id.
    ///
    /// Both stores are asked, so that a certificate whose public record is lost stays revoked.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: the record cannot be read. [`ErrorKind::Store`],
    /// [`ErrorKind::StoreRefused`] and [`ErrorKind::Io`]: a store failed.
    pub fn record(&self, id: &CertificateId) -> Result<Option<Record>> {
        Ok(self.sides(id)?.record().cloned())
    }

    /// The name in the request of a certificate, if its snapshot is kept and can be read.
    #[cfg(feature = "cli")]
    pub(crate) fn requested_name(&self, id: &CertificateId) -> Option<String> {
        let snapshot = self.snapshots(id).ok()?.pop();
        snapshot.map(|snapshot| snapshot.request.name)
    }

    /// Whether the public store has a record of that id, even one that cannot be read.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    #[cfg(feature = "cli")]
    pub(crate) fn is_published(&self, id: &CertificateId) -> Result<bool> {
        Ok(self.public.read(&path(&paths::record(id))?)?.is_some())
    }

    /// Calls `each` with every record, in the order of the store. A record that cannot be read is
    /// handed to `each` as its error, and the next ones are read.
    ///
    /// # Errors
    /// The first error of `each`, or of the public store.
    pub fn records(
        &self,
        each: &mut dyn FnMut(Result<Record>) -> Result<()>,
    ) -> Result<()> {
        self.public.list(Some(&path(paths::CERTIFICATES)?), &mut |path| {
            let Some(id) = paths::record_id(path.as_str()) else { return Ok(()) };
            self.record(&id).transpose().map_or(Ok(()), &mut *each)
        })
    }

    /// The settings by which certificates are published.
    pub fn publish(&self) -> &PublishSettings {
        &self.publish
    }

    /// The content of a published file, or `None` if no file has that path.
    ///
    /// # Errors
    /// [`ErrorKind::Store`], [`ErrorKind::StoreRefused`] and [`ErrorKind::Io`]: the public store
    /// failed.
    pub fn file(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        self.public.read(path)
    }

    /// The page that goes with a folder of certificates that are not published: how to check its
    /// files. It is in the language and the colours of `record`. `root` is the fingerprint of the
    /// root certificate, if there is one, and `key` that of the OpenPGP key.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLanguage`]: the record's language is not known. [`ErrorKind::Layout`]:
    /// the site's own template uses an unknown variable, or takes too long.
    pub fn folder_page(
        &self,
        record: &Record,
        files: Vec<FolderFile>,
        root: Option<&Sha256>,
        key: &PgpFingerprint,
    ) -> Result<String> {
        self.pages.folder(record, files, root, key)
    }

    /// Reads the editions of an award.
    pub(crate) fn editions(&self, award: &AwardHandle<'_>) -> Result<Editions> {
        let mut past = Vec::new();
        let mut current = None;
        for number in 1..=MAX_EDITIONS {
            let ids = award.ids(number);
            let sides = self.sides(&ids.verify)?;
            match sides.record().cloned() {
                Some(record) => {
                    // A private record that was made from the public one lacks the award.
                    let knows =
                        sides.award().is_some() || record.status == Status::Erased;
                    let is_agreed = sides.agree() && knows;
                    let edition = Edition { ids, record, is_agreed, is_pdf_lost: false };
                    past.extend(current.replace(edition));
                }
                None => return Ok(Editions { past, current, next: ids }),
            }
        }
        let message = format!("there are {MAX_EDITIONS} editions of one certificate");
        Err(Error::new(ErrorKind::TooLarge, message))
    }

    /// The snapshot that belongs to a PDF, by the verify id and the PDF's SHA-256.
    pub(crate) fn snapshot(
        &self,
        id: &CertificateId,
        sha256: &Sha256,
    ) -> Result<Option<Snapshot>> {
        self.read_snapshot(&path(&paths::snapshot(id, sha256))?)
    }

    /// The snapshots of a certificate: that of its published PDF, and those of PDFs that were not
    /// published because another process was first.
    pub(super) fn snapshots(&self, id: &CertificateId) -> Result<Vec<Snapshot>> {
        let paths = self.snapshot_paths(id)?;
        let paths = paths.iter().filter(|path| paths::is_snapshot(path.as_str()));
        paths.filter_map(|path| self.read_snapshot(path).transpose()).collect()
    }

    /// The paths of the snapshots of a certificate, and of the notes beside them.
    pub(super) fn snapshot_paths(&self, id: &CertificateId) -> Result<Vec<StorePath>> {
        let mut found = Vec::new();
        self.private.list(Some(&path(id)?), &mut |path| {
            if !paths::is_private_record(path.name()) {
                found.push(path);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Whether a certificate has a record, by which it does not stand.
    pub(super) fn has_ended(&self, id: &CertificateId) -> Result<bool> {
        Ok(self.record(id)?.is_some_and(|record| !record.status.stands()))
    }

    /// The record of an id that a caller gave.
    pub(super) fn known(&self, id: &CertificateId) -> Result<Record> {
        self.record(id)?.ok_or_else(|| unknown(id))
    }

    /// What both stores say about a verify id.
    pub(super) fn sides(&self, id: &CertificateId) -> Result<Sides> {
        let public = path(&paths::record(id))?;
        let private = path(&paths::private_record(id))?;
        // A change is written to the private side first, so what is read second is never older.
        let public = read_side(&*self.public, &public, Record::parse)?;
        let private = read_side(&*self.private, &private, PrivateRecord::parse)?;
        // A side that cannot be read counts as lost, if the other one can be read.
        let (has_public, has_private) =
            (matches!(public, Side::Whole(..)), matches!(private, Side::Whole(..)));
        let (public, damaged_public) = public.or_lost(has_private)?;
        let (private, damaged_private) = private.or_lost(has_public)?;
        Ok(Sides { public, private, damaged_public, damaged_private })
    }

    pub(super) fn read_snapshot(&self, path: &StorePath) -> Result<Option<Snapshot>> {
        Ok(read_with(&*self.private, path, Snapshot::parse)?
            .map(|(snapshot, _)| snapshot))
    }

    /// Publishes a file that pages share, once.
    pub(super) fn publish_asset(&self, asset: &PageAsset) -> Result<()> {
        self.assets.get(asset.path.clone(), || self.create_asset(asset))?;
        Ok(())
    }

    /// Publishes a file that pages share, unless the store has it.
    pub(super) fn create_asset(&self, asset: &PageAsset) -> Result<()> {
        let path = path(&asset.path)?;
        let file = StoreFile::new(&path, asset.text.as_bytes());
        // The path has the digest of the content in it.
        let file = file.with_cache_control(CacheControl::Immutable);
        self.public.create(&file).map(|_| ())
    }
}

/// One side of a certificate.
enum Side<T> {
    Whole(T, Vec<u8>),
    Damaged(Vec<u8>, Error),
    Absent,
}

impl<T> Side<T> {
    /// What it says and its bytes, or those of a side that cannot be read.
    #[expect(clippy::type_complexity, reason = "the caller takes it apart at once")]
    fn or_lost(self, has_other: bool) -> Result<(Option<(T, Vec<u8>)>, Option<Vec<u8>>)> {
        match self {
            Self::Whole(value, bytes) => Ok((Some((value, bytes)), None)),
            Self::Damaged(bytes, _) if has_other => Ok((None, Some(bytes))),
            // Damage in the store is an error of the store, not of the request.
            Self::Damaged(_, error) => {
                let place = error.place().cloned();
                let help = error.help().map(str::to_owned);
                let message = error.message().to_owned();
                let error = Error::new(ErrorKind::Store, message).with_source(error);
                let error = place.into_iter().fold(error, Error::at);
                Err(help.into_iter().fold(error, |error, help| error.with_help(help)))
            }
            Self::Absent => Ok((None, None)),
        }
    }
}

/// Reads one side. A record of a later version of the format is not damaged: it is an error.
fn read_side<T>(
    store: &dyn Store,
    path: &StorePath,
    parse: fn(&[u8]) -> Result<T>,
) -> Result<Side<T>> {
    let Some(bytes) = store.read(path)? else { return Ok(Side::Absent) };
    match parse(&bytes) {
        Ok(value) => Ok(Side::Whole(value, bytes)),
        Err(error) => {
            let error = error.at(Place::file(path.as_str()));
            if Record::is_of_later_version(&bytes) {
                return Err(error);
            }
            let help = "put the file back from a copy, or remove it: then what the other store \
                        has of the certificate counts";
            let error =
                if error.help().is_none() { error.with_help(help) } else { error };
            Ok(Side::Damaged(bytes, error))
        }
    }
}

/// Reads a file with `parse`, and returns its bytes too. Errors name the file and have the kinds of
/// a store, because the request is not at fault.
fn read_with<T>(
    store: &dyn Store,
    path: &StorePath,
    parse: fn(&[u8]) -> Result<T>,
) -> Result<Option<(T, Vec<u8>)>> {
    let Some(bytes) = store.read(path)? else { return Ok(None) };
    let parsed = parse(&bytes).map_err(|error| {
        let help = error.help().unwrap_or(
            "find out what answers in place of the store, or put the file back from a copy",
        );
        Error::new(ErrorKind::Store, error.message())
            .at(Place::file(path.as_str()))
            .with_help(help)
    })?;
    Ok(Some((parsed, bytes)))
}

/// A PDF, and each of its earlier states before a revision was appended: each ends in `%%EOF` and a
/// line end (ISO 32000-2, 7.5.5).
fn revisions(pdf: &[u8]) -> impl Iterator<Item = &[u8]> {
    const END: &[u8] = b"%%EOF";
    const MAX_REVISIONS: usize = 8;
    let ends = pdf.windows(END.len()).enumerate().filter(|(_, window)| *window == END);
    let earlier = ends.take(MAX_REVISIONS).flat_map(|(at, _)| {
        let end = at + END.len();
        [end, end + 1, end + 2].into_iter().filter_map(|end| pdf.get(..end))
    });
    earlier.filter(|revision| revision.len() < pdf.len()).chain([pdf])
}

/// The error for an id that has no certificate.
pub(super) fn unknown(id: &CertificateId) -> Error {
    Error::new(ErrorKind::UnknownCertificate, format!("there is no certificate `{id}`"))
        .with_help("look for it: testamur find NAME")
}

fn path(name: &str) -> Result<StorePath> {
    StorePath::parse(name)
}
