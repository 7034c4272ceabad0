//! The index as callers use it.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::params_from_iter;

use super::database::Database;
use super::edition::IndexedEdition;
use super::location::IndexLocation;
use super::query::EditionQuery;
use super::refresh::{self, Refreshed};
use super::rows::{self, COLUMNS, RowId};
use super::watched::{Side, WatchedStore};
use super::writer::IndexWriter;
use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::paths;
use crate::register::store::{FileVersion, Store, Stores};

/// If an answer has at most this many rows, their records are read before they are returned.
const MAX_CONFIRMED: usize = 256;
/// How many records are read at the same time.
const READERS: usize = 16;
/// A refresh that took less than this is made before each answer.
const QUICK_REFRESH: Duration = Duration::from_millis(500);

/// An index of the register: finds certificates without reading each record.
///
/// It is made from the store, which remains the only source of truth. Any machine may have one;
/// several processes may use the same file.
///
/// ```
/// use std::sync::Arc;
/// use testamur::register::{EditionQuery, Index, MemoryStore};
/// use testamur::Timestamp;
///
/// let (public, private) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
/// let index = Index::in_memory(public, private);
/// let now = Timestamp::parse("2026-05-14T09:30:00Z")?;
/// index.refresh(now, &mut |_| ())?;
/// let query = EditionQuery::default().with_text("lovelace");
/// let answer = index.answer(&query, now, &mut |edition, _| {
///     println!("{:?}", edition?.name);
///     Ok(())
/// })?;
/// assert_eq!((answer.count, answer.as_of), (0, now));
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Index {
    writer: Arc<IndexWriter>,
}

/// How complete and how recent an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// How many editions were found.
    pub count: usize,
    /// The time of the last refresh: what other machines wrote since then may be missing. What was
    /// written through [`Index::watch`] is not.
    pub as_of: Timestamp,
    /// Whether the record of each edition was read for this answer.
    pub is_confirmed: bool,
    /// The number of certificates of the whole register that the public store lacks, or has with an
    /// older status than the private store: then the public store was lost or is an old copy.
    pub behind: usize,
}

/// Receives each edition, or the error of its record, with the time at which the store was read.
pub type EachEdition<'a> =
    dyn FnMut(Result<IndexedEdition>, Timestamp) -> Result<()> + 'a;

/// The rows of an answer, with the versions of their records.
type FoundRows = Vec<(IndexedEdition, Option<FileVersion>)>;

impl Index {
    /// The index of these stores in a file. The file is opened when it is needed. It is made if it
    /// is missing, and made anew if it is damaged or belongs to other stores.
    pub fn new(
        location: IndexLocation,
        public: Arc<dyn Store>,
        private: Arc<dyn Store>,
    ) -> Self {
        Self::with_database(Database::new(Some(location)), public, private)
    }

    /// An index in memory, for stores without one on disk.
    pub fn in_memory(public: Arc<dyn Store>, private: Arc<dyn Store>) -> Self {
        Self::with_database(Database::new(None), public, private)
    }

    fn with_database(
        database: Database,
        public: Arc<dyn Store>,
        private: Arc<dyn Store>,
    ) -> Self {
        Self { writer: Arc::new(IndexWriter::new(database, public, private)) }
    }

    /// The stores of the index, wrapped so that writes enter the index at once. A failure of the
    /// index does not fail the write: `on_failure` is called with the first one, and the next
    /// answer refreshes the index.
    pub fn watch(
        &self,
        stores: Stores,
        on_failure: impl Fn(&Error) + Send + Sync + 'static,
    ) -> Stores {
        self.writer.set_failure_report(Box::new(on_failure));
        let watched = |store, side| -> Arc<dyn Store> {
            Arc::new(WatchedStore::new(store, Arc::clone(&self.writer), side))
        };
        Stores {
            public: watched(stores.public, Side::Public),
            private: watched(stores.private, Side::Private),
        }
    }

    /// Whether the folder for the file can be made. A site that has issued nothing may lack the
    /// folder above it.
    pub fn has_place(&self) -> bool {
        let above =
            |file: &Path| file.parent().and_then(Path::parent).map(Path::to_owned);
        let Some(file) = self.writer.database.file() else { return true };
        let above = above(file).filter(|above| !above.as_os_str().is_empty());
        above.is_none_or(|above| above.is_dir())
    }

    /// The time of the last refresh; `None` if there was none.
    ///
    /// # Errors
    /// [`ErrorKind::Store`]: another process keeps the file. [`ErrorKind::StoreRefused`]: the file
    /// cannot be written to. [`ErrorKind::Exists`]: the file is no index. [`ErrorKind::Io`]: it
    /// cannot be used otherwise.
    pub fn as_of(&self) -> Result<Option<Timestamp>> {
        let text = self.meta("refreshed_at")?;
        Ok(text.and_then(|text| Timestamp::parse(&text).ok()))
    }

    /// Whether the next answer should be preceded by a refresh: there was none yet, a write did not
    /// enter the index, or the last refresh was quick.
    ///
    /// # Errors
    /// As [`as_of`](Self::as_of).
    pub fn wants_refresh(&self) -> Result<bool> {
        let took = self.meta("refresh_took")?.and_then(|took| took.parse().ok());
        let took = took.map(Duration::from_millis);
        Ok(self.writer.is_stale() || took.is_none_or(|took| took < QUICK_REFRESH))
    }

    /// Brings the index up to date with the stores: lists the records, and reads those that
    /// changed. `on_read` is called from time to time with the number of records read.
    ///
    /// # Errors
    /// As [`as_of`](Self::as_of), and what the stores fail with. Rows that were read until then
    /// stay.
    pub fn refresh(
        &self,
        now: Timestamp,
        on_read: &mut dyn FnMut(usize),
    ) -> Result<Refreshed> {
        refresh::refresh(&self.writer, now, on_read)
    }

    /// Calls `each` with the editions that are wanted, in the order of their issue, until it fails.
    /// An unreadable record is handed to `each` as its error, even if the query would not match it.
    ///
    /// The status of a certificate is the later one of the two stores, because the public store may
    /// be lost or restored from an old copy. The records of up to 256 editions are read before they
    /// are returned. An index that was never refreshed is refreshed first.
    ///
    /// # Errors
    /// The first error of `each`. Else as [`refresh`](Self::refresh).
    pub fn answer(
        &self,
        query: &EditionQuery,
        now: Timestamp,
        each: &mut EachEdition<'_>,
    ) -> Result<Answer> {
        if self.writer.is_stale() {
            self.refresh(now, &mut |_| ())?;
        }
        self.writer.check_store()?;
        self.writer.settle_marks()?;
        self.writer.scrub_if_due()?;
        // Twice, if the file turns out to be damaged.
        for _ in 0..2 {
            let as_of = match self.as_of()? {
                Some(as_of) => as_of,
                None => {
                    self.refresh(now, &mut |_| ())?;
                    now
                }
            };
            let (mut count, mut held) = self.find(query, as_of, each)?;
            if held.is_empty() && count == 0 && self.as_of()?.is_none() {
                continue;
            }
            let mut is_confirmed = count == held.len();
            if is_confirmed {
                match self.confirm(&held) {
                    Ok(true) => {}
                    Ok(false) => {
                        self.writer.scrub_if_due()?;
                        (count, held) = self.find(query, as_of, each)?;
                        is_confirmed = count == held.len();
                    }
                    // The store does not answer, so the rows are as of the last refresh.
                    Err(_) => is_confirmed = false,
                }
            }
            for (edition, _) in held {
                each(Ok(edition), if is_confirmed { now } else { as_of })?;
            }
            for fault in self.faults()? {
                each(Err(Error::new(ErrorKind::Syntax, fault)), as_of)?;
            }
            return Ok(Answer { count, as_of, is_confirmed, behind: self.behind()? });
        }
        let message = "failed to use the index of the register (it is damaged again)";
        Err(Error::new(ErrorKind::Io, message))
    }

    /// The ids of all certificates that may be those of a recipient, given by username or name:
    /// those whose row says so, those of the usernames that go with that name, and those whose
    /// recipient the index does not know: unreadable ones, ones of which the private store has no
    /// file, and ones that a process has begun and not published. It is as of the last refresh.
    ///
    /// # Errors
    /// As [`as_of`](Self::as_of), and what the private store fails with.
    pub fn ids_of_recipient(&self, recipient: &str) -> Result<BTreeSet<CertificateId>> {
        let (condition, values) =
            EditionQuery::default().with_recipient(recipient).condition();
        let mut rows: Vec<(RowId, Option<String>)> =
            self.writer.database.with(&mut |connection| {
                let sql = format!(
                    "SELECT id, username FROM editions WHERE fault IS NOT NULL \
                     OR recipient IS NULL AND status <> 'erased' OR {condition}"
                );
                let mut query = connection.prepare(&sql)?;
                let rows = query.query_map(params_from_iter(&values), |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
                rows.collect()
            })?;
        let usernames: BTreeSet<String> =
            rows.iter().filter_map(|(_, username)| username.clone()).collect();
        for username in usernames {
            rows.extend(self.writer.database.with(&mut |connection| {
                let sql = "SELECT id, NULL FROM editions WHERE recipient = ?1";
                let mut query = connection.prepare(sql)?;
                let rows =
                    query.query_map([&username], |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            })?);
        }
        let mut ids: BTreeSet<CertificateId> =
            rows.into_iter().map(|(id, _)| rows::certificate_id(&id)).collect();
        let known: HashSet<RowId> = self.writer.database.with(&mut |connection| {
            let mut query = connection.prepare("SELECT id FROM editions")?;
            query.query_map([], |row| row.get(0))?.collect()
        })?;
        self.writer.private.list(None, &mut |path| {
            let id = paths::private_id(path.as_str());
            ids.extend(id.filter(|id| !known.contains(&rows::id(id))));
            Ok(())
        })?;
        Ok(ids)
    }

    /// Finds rows. If there are few they are returned; if there are many, each is handed to `each`
    /// and only their number is returned.
    fn find(
        &self,
        query: &EditionQuery,
        as_of: Timestamp,
        each: &mut EachEdition<'_>,
    ) -> Result<(usize, FoundRows)> {
        let (condition, values) = query.condition();
        let sql = format!(
            "SELECT {COLUMNS} FROM editions WHERE status IS NOT NULL AND {condition} \
             ORDER BY issued_at, id"
        );
        let mut told = 0;
        let mut stopped = None;
        let found = self.writer.database.with(&mut |connection| {
            if told > 0 {
                // The damage was found after rows had been handed on.
                return Ok((told, FoundRows::new()));
            }
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(&values))?;
            let mut held = FoundRows::new();
            while let Some(row) = rows.next()? {
                let Some(edition) = rows::edition(row)? else { continue };
                if told == 0 && held.len() < MAX_CONFIRMED {
                    held.push((edition, rows::version(row)?));
                    continue;
                }
                let held = held.drain(..).map(|(edition, _)| edition);
                for edition in held.chain([edition]) {
                    told += 1;
                    if let Err(error) = each(Ok(edition), as_of) {
                        stopped = Some(error);
                        return Ok((told, FoundRows::new()));
                    }
                }
            }
            Ok((told + held.len(), held))
        })?;
        match stopped {
            Some(error) => Err(error),
            None if told > 0 && self.as_of()?.is_none() => {
                let message = "the index of the register was damaged, and is made anew";
                Err(Error::new(ErrorKind::Io, message).with_help("run the same again"))
            }
            None => Ok(found),
        }
    }

    /// Reads the records of rows. Returns whether all rows agree with their records, and corrects
    /// the others.
    fn confirm(&self, rows: &FoundRows) -> Result<bool> {
        let next = Mutex::new(rows.iter());
        let check = || -> Result<bool> {
            let mut are_same = true;
            loop {
                let row = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((edition, version)) = row else { return Ok(are_same) };
                let path = StorePath::parse(&paths::record(&edition.id))?;
                let now = self.writer.public.read_version(&path)?;
                let now = now.and_then(|file| file.version);
                let is_same = now.is_some() && now == *version;
                if !is_same || self.writer.is_behind(&edition.id, edition.status)? {
                    self.writer.settle(&rows::id(&edition.id), None)?;
                    are_same = false;
                }
            }
        };
        let readers = READERS.min(rows.len());
        thread::scope(|scope| {
            let threads: Vec<_> = (0..readers).map(|_| scope.spawn(check)).collect();
            threads.into_iter().try_fold(true, |are_same, thread| {
                let checked = thread.join().unwrap_or_else(|_| {
                    Err(Error::new(ErrorKind::Panic, "a request to a store panicked"))
                });
                Ok(checked? && are_same)
            })
        })
    }

    /// The messages of records that cannot be read.
    fn faults(&self) -> Result<Vec<String>> {
        self.writer.database.with(&mut |connection| {
            let faults = "SELECT fault FROM editions WHERE fault IS NOT NULL ORDER BY id";
            let mut query = connection.prepare(faults)?;
            query.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// How many certificates the public store lacks or has as they were before.
    fn behind(&self) -> Result<usize> {
        let count: i64 = self.writer.database.with(&mut |connection| {
            let count = "SELECT count(*) FROM editions WHERE behind = 1";
            connection.query_row(count, [], |row| row.get(0))
        })?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Whether a write that did not enter the index is noted.
    #[cfg(test)]
    pub(super) fn writer_is_stale(&self) -> bool {
        self.writer.is_stale()
    }

    /// The rows as they are. The store is not read.
    #[cfg(test)]
    pub(super) fn rows(&self) -> Vec<IndexedEdition> {
        let (query, now) = (EditionQuery::default(), Timestamp::from_unix(0).unwrap());
        let found = self.find(&query, now, &mut |_, _| Ok(())).unwrap();
        found.1.into_iter().map(|(edition, _)| edition).collect()
    }

    fn meta(&self, key: &str) -> Result<Option<String>> {
        self.writer.database.with(&mut |connection| {
            let value = "SELECT CAST(value AS TEXT) FROM meta WHERE key = ?1";
            let mut query = connection.prepare(value)?;
            let mut rows = query.query([key])?;
            rows.next()?.map(|row| row.get(0)).transpose()
        })
    }
}
