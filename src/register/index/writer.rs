//! Rows brought up to date from the stores.
//!
//! The decision made here: a row is always made from what the store says, never from what a caller
//! was about to write, and only replaces the row that was there before the store was read. So of
//! two processes that change the same record the slower one cannot put an older state back.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior};

use super::database::Database;
use super::edition::{self, Described};
use super::presence::{self, Presence};
use super::rows::{self, NewRow, RowId, RowState};
use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::path::StorePath;
use crate::register::paths;
use crate::register::private_record::PrivateRecord;
use crate::register::record::{Record, Status};
use crate::register::store::Store;
use crate::site::award::Award;

/// How often other processes may write a row while this one reads its record.
const MAX_ATTEMPTS: usize = 16;
/// How many private files that this process wrote are kept until their record is written.
const MAX_RECENT: usize = 256;

/// The database of an index, and the stores that it is made from.
#[derive(Debug)]
pub(super) struct IndexWriter {
    pub(super) database: Database,
    pub(super) public: Arc<dyn Store>,
    pub(super) private: Arc<dyn Store>,
    /// Snapshots that were just written, because their records come next.
    recent: Mutex<VecDeque<(StorePath, Vec<u8>)>>,
    failures: OnceLock<FailureReport>,
    /// Tells others that this process is at work, once it writes.
    presence: Mutex<Option<Presence>>,
}

/// Where the first failure of a write is told.
struct FailureReport {
    tell: Box<TellFailure>,
    was_told: AtomicBool,
}

/// Tells that what was written is not in the index.
pub(super) type TellFailure = dyn Fn(&Error) + Send + Sync;

impl IndexWriter {
    pub(super) fn new(
        database: Database,
        public: Arc<dyn Store>,
        private: Arc<dyn Store>,
    ) -> Self {
        Self {
            database,
            public,
            private,
            recent: Mutex::default(),
            failures: OnceLock::new(),
            presence: Mutex::default(),
        }
    }

    /// Does something that may write the record of an id, and brings its row up to date. A failure
    /// of the index is no failure of the write: it is kept for the caller, and the next answer
    /// lists the store.
    pub(super) fn around<T>(
        &self,
        id: &RowId,
        write: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let token = self.begin(id);
        let result = write();
        // After an error the mark stays: the record may have been written all the same.
        if result.is_ok() {
            self.end(id, token);
        }
        result
    }

    /// Marks an id before its record is written. Returns `None` if that failed, which is kept.
    pub(super) fn begin(&self, id: &RowId) -> Option<i64> {
        self.begin_all(std::slice::from_ref(id)).pop().flatten()
    }

    /// As [`begin`](Self::begin), for many ids at once.
    pub(super) fn begin_all(&self, ids: &[RowId]) -> Vec<Option<i64>> {
        match self.mark(ids) {
            Ok(tokens) => tokens.into_iter().map(Some).collect(),
            Err(error) => {
                self.fail(&error);
                vec![None; ids.len()]
            }
        }
    }

    /// Brings the row of an id up to date after its record was written, and removes the mark.
    pub(super) fn end(&self, id: &RowId, token: Option<i64>) {
        if let Some(token) = token
            && let Err(error) = self.settle(id, Some(token))
        {
            self.tell(&error);
        }
    }

    /// As [`end`](Self::end), for many ids at once.
    pub(super) fn end_all(&self, written: &[(RowId, Option<i64>)]) {
        let left = self.settle_all(written).unwrap_or_else(|error| {
            self.tell(&error);
            Vec::new()
        });
        left.into_iter().for_each(|(id, token)| self.end(&id, Some(token)));
    }

    /// Brings the rows of marked ids up to date and removes their marks. Returns those that have to be
    /// settled by themselves, because another process wrote them or they cannot be read.
    fn settle_all(&self, written: &[(RowId, Option<i64>)]) -> Result<Vec<(RowId, i64)>> {
        let marked = written.iter().filter_map(|(id, token)| Some((*id, (*token)?)));
        let marked: Vec<(RowId, i64)> = marked.collect();
        let seen: Vec<i64> = self.database.with(&mut |connection| {
            marked.iter().map(|(id, _)| rows::change(connection, id)).collect()
        })?;
        let rows: Vec<Option<NewRow>> = marked
            .iter()
            .zip(seen)
            .map(|((id, _), seen)| self.read(id, seen).ok())
            .collect();
        self.transaction(&mut |connection, change| {
            let mut left = Vec::new();
            for (marked, row) in marked.iter().zip(&rows) {
                let written = match row {
                    Some(row) => rows::write(connection, row, change)?,
                    None => false,
                };
                if written {
                    unmark(connection, marked.1)?;
                } else {
                    left.push(*marked);
                }
            }
            Ok(left)
        })
    }

    /// Brings the row of an id up to date, and removes a mark that this process made for it.
    pub(super) fn settle(&self, id: &RowId, token: Option<i64>) -> Result<()> {
        for _ in 0..MAX_ATTEMPTS {
            let seen =
                self.database.with(&mut |connection| rows::change(connection, id))?;
            let row = self.read(id, seen)?;
            let written = self.transaction(&mut |connection, change| {
                let written = rows::write(connection, &row, change)?;
                if let (true, Some(token)) = (written, token) {
                    unmark(connection, token)?;
                }
                Ok(written)
            })?;
            if written {
                return Ok(());
            }
        }
        // Other processes keep changing the record. The mark stays.
        Ok(())
    }

    /// Brings the rows of all marked ids up to date. Marks of processes that are at work stay.
    pub(super) fn settle_marks(&self) -> Result<()> {
        let marked: Vec<(RowId, String)> = self.database.with(&mut |connection| {
            let mut query =
                connection.prepare("SELECT DISTINCT id, writer FROM marks")?;
            query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        let writers: BTreeSet<&str> =
            marked.iter().map(|(_, writer)| writer.as_str()).collect();
        // Looked for before their records are read: they write nothing any more.
        let ended: Vec<&str> =
            writers.into_iter().filter(|writer| self.has_ended(writer)).collect();
        let ids: BTreeSet<&RowId> = marked.iter().map(|(id, _)| id).collect();
        ids.into_iter().try_for_each(|id| self.settle(id, None))?;
        ended.into_iter().try_for_each(|writer| {
            self.database.with(&mut |connection| {
                let old = "DELETE FROM marks WHERE writer = ?1";
                connection.execute(old, [writer]).map(drop)
            })
        })
    }

    fn has_ended(&self, writer: &str) -> bool {
        self.database.file().is_some_and(|file| presence::has_ended(file, writer))
    }

    /// Removes the rows of another store, which was at the same place before: each store carries a
    /// mark of its own.
    pub(super) fn check_store(&self) -> Result<()> {
        let path = StorePath::parse(paths::STORE_MARK)?;
        let mark = match self.public.read(&path)? {
            Some(mark) => Some(mark),
            None => self.private.read(&path)?,
        };
        let Some(mark) = mark else { return Ok(()) };
        self.database.with(&mut |connection| {
            let query = "SELECT value FROM meta WHERE key = 'store'";
            let known = connection.query_row(query, [], |row| row.get::<_, Vec<u8>>(0));
            match known.optional()? {
                Some(known) if known == mark => Ok(()),
                // It is made anew, as a damaged file is.
                Some(_) => Err(rusqlite::Error::QueryReturnedNoRows),
                None => {
                    let set = "INSERT INTO meta VALUES ('store', ?1)";
                    connection.execute(set, [&mark]).map(drop)
                }
            }
        })
    }

    /// Writes rows that were read before.
    pub(super) fn write(&self, rows: &[NewRow]) -> Result<()> {
        self.transaction(&mut |connection, change| {
            rows.iter().try_for_each(|row| rows::write(connection, row, change).map(drop))
        })
    }

    /// Reads what the stores have for an id. `seen` is the `change` of its row before.
    pub(super) fn read(&self, id: &RowId, seen: i64) -> Result<NewRow> {
        let id_text = rows::certificate_id(id);
        let path = StorePath::parse(&paths::record(&id_text))?;
        let file = self.public.read_version(&path)?;
        let private = self.private_record(&id_text)?;
        let (public, version) = match file {
            Some(file) => (Some(Record::parse(&file.bytes)), file.version),
            None => (None, None),
        };
        let state = match (public, private) {
            (Some(Ok(record)), _) if record.id != id_text => {
                RowState::Unreadable(format!("{path}: the record has another id"))
            }
            (Some(Ok(public)), Some(private))
                if is_ahead(&private.record, public.status) =>
            {
                self.describe(private.record, private.award, true)?
            }
            (Some(Ok(record)), private) => {
                self.describe(record, private.and_then(|it| it.award), false)?
            }
            // The public side is lost, or damaged as by a disk that was full.
            (_, Some(private)) => self.describe(private.record, private.award, true)?,
            (Some(Err(error)), None) => RowState::Unreadable(format!(
                "{:#}",
                error.at(Place::file(path.as_str()))
            )),
            (None, None) => RowState::Gone,
        };
        Ok(NewRow { id: *id, state, version, seen })
    }

    /// Whether the private side of a certificate is further on than this status.
    pub(super) fn is_behind(&self, id: &CertificateId, status: Status) -> Result<bool> {
        let private = self.private_record(id)?;
        Ok(private.is_some_and(|private| is_ahead(&private.record, status)))
    }

    /// The record that the private side has of a certificate. One that cannot be read tells nothing.
    fn private_record(&self, id: &CertificateId) -> Result<Option<PrivateRecord>> {
        let path = StorePath::parse(&paths::private_record(id))?;
        let private = self.private.read(&path)?;
        let private = private.and_then(|bytes| PrivateRecord::parse(&bytes).ok());
        Ok(private.filter(|private| private.record.id == *id))
    }

    /// Overwrites what the file still has of removed names: SQLite overwrites a row that is
    /// deleted, but not the copies that moving rows between its pages left, so all pages are
    /// written anew. Another process that uses the database may hinder it; then the next answer
    /// does it.
    pub(super) fn scrub_if_due(&self) -> Result<()> {
        self.database.with(&mut |connection| {
            let due = "SELECT value FROM meta WHERE key = 'scrub'";
            let due = connection.query_row(due, [], |row| row.get::<_, i64>(0));
            let Some(due) = due.optional()? else { return Ok(()) };
            match connection.execute_batch("VACUUM") {
                Err(cause) if is_busy(&cause) => return Ok(()),
                result => result?,
            }
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            let is_hindered =
                connection.query_row(checkpoint, [], |row| row.get::<_, bool>(0))?;
            if !is_hindered {
                let done = "DELETE FROM meta WHERE key = 'scrub' AND value = ?1";
                connection.execute(done, [due])?;
            }
            Ok(())
        })
    }

    /// Keeps a snapshot until its record is written.
    pub(super) fn keep_recent(&self, path: &StorePath, bytes: &[u8]) {
        if paths::is_snapshot(path.as_str()) {
            let mut recent = self.recent();
            if recent.len() == MAX_RECENT {
                recent.pop_front();
            }
            recent.push_back((path.clone(), bytes.to_vec()));
        }
    }

    /// Forgets a private file that is removed.
    pub(super) fn drop_recent(&self, path: &StorePath) {
        self.recent().retain(|(recent, _)| recent != path);
    }

    /// Sets where the first failure of a write is told.
    pub(super) fn set_failure_report(&self, tell: Box<TellFailure>) {
        let report = FailureReport { tell, was_told: AtomicBool::new(false) };
        // The first one stays: an index is watched once.
        let _ = self.failures.set(report);
    }

    fn tell(&self, error: &Error) {
        if let Some(report) = self.failures.get()
            && !report.was_told.swap(true, Ordering::Relaxed)
        {
            (report.tell)(error);
        }
    }

    fn mark(&self, ids: &[RowId]) -> Result<Vec<i64>> {
        // The folder is there once the file was opened.
        self.database.with(&mut |_| Ok(()))?;
        let writer = self.writer()?;
        self.database.with(&mut |connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let insert = "INSERT INTO marks (id, writer) VALUES (?1, ?2)";
            let mut insert = transaction.prepare(insert)?;
            let tokens: rusqlite::Result<Vec<i64>> = ids
                .iter()
                .map(|id| insert.insert(rusqlite::params![id, writer]))
                .collect();
            let tokens = tokens?;
            drop(insert);
            transaction.commit()?;
            Ok(tokens)
        })
    }

    /// The name of this process in marks. An index in memory has no other.
    fn writer(&self) -> Result<String> {
        let Some(file) = self.database.file() else { return Ok(String::new()) };
        let mut presence = self.presence.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match presence.take() {
            Some(found) => found,
            None => Presence::new(file).map_err(|cause| {
                let what = "failed to use the index of the register";
                Error::caused(ErrorKind::StoreRefused, what, cause)
                    .at(Place::file(file.display().to_string()))
            })?,
        };
        Ok(presence.insert(found).name.clone())
    }

    /// Notes that a write did not enter the index: with a marker file next to it, or if that fails by
    /// removing the index.
    fn fail(&self, error: &Error) {
        if let Some(marker) = self.database.stale_marker() {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false);
            if options.open(marker).is_err() {
                // What cannot be removed either stays as of its last refresh.
                let _ = self.database.remove();
            }
        }
        self.tell(error);
    }

    fn describe(
        &self,
        record: Record,
        award: Option<Award>,
        is_behind: bool,
    ) -> Result<RowState> {
        let read = |path: &StorePath| match self.take_recent(path) {
            Some(bytes) => Ok(Some(bytes)),
            None => self.private.read(path),
        };
        let (snapshot, fault) = match edition::snapshot(&record, &*self.private, &read) {
            Ok(snapshot) => (snapshot, None),
            Err(error) if error.kind() == ErrorKind::Syntax => {
                (None, Some(format!("{error:#}")))
            }
            Err(error) => return Err(error),
        };
        let described =
            Box::new(Described::new(record, snapshot.as_ref(), award.as_ref()));
        Ok(RowState::Edition { described, fault, is_behind })
    }

    fn transaction<T>(
        &self,
        act: &mut dyn FnMut(&Connection, i64) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.database.with(&mut |connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let change = rows::next_change(&transaction)?;
            let value = act(&transaction, change)?;
            transaction.commit()?;
            Ok(value)
        })
    }

    fn take_recent(&self, path: &StorePath) -> Option<Vec<u8>> {
        let mut recent = self.recent();
        let at = recent.iter().position(|(recent, _)| recent == path)?;
        recent.remove(at).map(|(_, bytes)| bytes)
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<(StorePath, Vec<u8>)>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for IndexWriter {
    fn drop(&mut self) {
        // What fails now is still due when the index is used next.
        if self.database.is_open() {
            let _ = self.scrub_if_due();
        }
    }
}

fn unmark(connection: &Connection, token: i64) -> rusqlite::Result<()> {
    let delete = "DELETE FROM marks WHERE token = ?1";
    connection.execute(delete, [token]).map(drop)
}

/// Whether a private record is further on than a public one of this status: each is on a way without
/// a way back.
fn is_ahead(private: &Record, public: Status) -> bool {
    private.status.rank() > public.rank()
}

fn is_busy(cause: &rusqlite::Error) -> bool {
    let code = cause.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

impl fmt::Debug for FailureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailureReport").finish_non_exhaustive()
    }
}

impl IndexWriter {
    /// Whether a write of some process did not enter the index.
    pub(super) fn is_stale(&self) -> bool {
        self.database.stale_marker().is_some_and(|marker| marker.exists())
    }

    /// Removes the marker of such a write, before the store is listed.
    pub(super) fn clear_stale(&self) -> Result<()> {
        let Some(marker) = self.database.stale_marker() else { return Ok(()) };
        match fs::remove_file(&marker) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::caused(ErrorKind::Io, "failed to remove the file", cause)
                    .at(Place::file(marker.display().to_string())))
            }
            _ => Ok(()),
        }
    }
}
