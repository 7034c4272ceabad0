//! The index brought up to date by a listing of the store.
//!
//! The decision made here: the listing, the reading of records and the writing of rows go on at the
//! same time. Only records whose version changed are read. A row whose record was not listed is
//! removed only if reading the record finds none.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::rows::{self, NewRow, RowId, RowState};
use super::writer::IndexWriter;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::paths;

/// How many records are read at the same time.
const READERS: usize = 16;
/// How many records wait for a reader, and rows for the database.
const QUEUE_LEN: usize = 1024;
/// If the index has at most this many rows, the private store is listed too, to find certificates
/// that neither the public store nor the index has. A larger index knows its certificates already.
const MAX_LISTED_PRIVATE: usize = 20_000;
/// How many rows are written together.
const BATCH_LEN: usize = 512;

/// The result of a refresh.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refreshed {
    /// How many records the store has.
    pub listed: usize,
    /// How many of them were read, because they were new or had changed.
    pub read: usize,
    /// How many rows were removed, because the store has no such record.
    pub removed: usize,
}

/// A row that the index has.
struct KnownRow {
    id: RowId,
    /// A fingerprint of the version of the record; `None` if it has to be read again.
    version: Option<u64>,
    change: i64,
    is_listed: bool,
}

/// A record that is to be read: its id, and the `change` of its row.
type ReadTask = (RowId, i64);

/// Brings all rows up to date. `on_read` is told how many records were read so far.
pub(super) fn refresh(
    writer: &IndexWriter,
    now: Timestamp,
    on_read: &mut dyn FnMut(usize),
) -> Result<Refreshed> {
    let begun = Instant::now();
    // A write that fails to enter the index from now on leaves a new marker.
    writer.clear_stale()?;
    check_file(writer)?;
    writer.check_store()?;
    writer.settle_marks()?;
    let hasher = RandomState::new();
    let known = known_rows(writer, &hasher)?;

    let (task_sender, tasks) = mpsc::sync_channel(QUEUE_LEN);
    let (row_sender, rows) = mpsc::sync_channel(QUEUE_LEN);
    let tasks = Arc::new(Mutex::new(tasks));
    let mut refreshed = thread::scope(|scope| {
        let listing = scope.spawn(|| list(writer, known, &hasher, task_sender));
        for _ in 0..READERS {
            let (tasks, row_sender) = (Arc::clone(&tasks), row_sender.clone());
            scope.spawn(move || read(writer, &tasks, &row_sender));
        }
        // Dropped so that receivers notice when all other senders are gone.
        drop((tasks, row_sender));
        let written = write(writer, rows, on_read);
        let listed = listing.join().unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Panic, "the listing of a store panicked"))
        });
        let mut refreshed = written?;
        refreshed.listed = listed?;
        Ok::<_, Error>(refreshed)
    })?;
    refreshed.read -= refreshed.removed;

    let took = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    writer.database.with(&mut |connection| {
        let set = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)";
        connection.execute(set, rusqlite::params!["refreshed_at", now.to_string()])?;
        connection.execute(set, rusqlite::params!["refresh_took", took]).map(drop)
    })?;
    writer.scrub_if_due()?;
    Ok(refreshed)
}

/// Searches the file for damage that queries may not notice. A damaged file is removed.
fn check_file(writer: &IndexWriter) -> Result<()> {
    writer.database.with(&mut |connection| {
        let check = "PRAGMA quick_check(1)";
        let found: String = connection.query_row(check, [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(rusqlite::Error::QueryReturnedNoRows) }
    })
}

fn known_rows(writer: &IndexWriter, hasher: &RandomState) -> Result<Vec<KnownRow>> {
    let mut known: Vec<KnownRow> = writer.database.with(&mut |connection| {
        // A row without a recipient is read again: the private store may have been restored.
        let mut query = connection.prepare(
            "SELECT id, change, iif(fault IS NULL AND (recipient IS NOT NULL OR \
             status = 'erased'), version, NULL) FROM editions",
        )?;
        let rows = query.query_map([], |row| {
            let version = row.get_ref(2)?.as_str_or_null()?;
            Ok(KnownRow {
                id: row.get(0)?,
                change: row.get(1)?,
                version: version.map(|version| hasher.hash_one(version)),
                is_listed: false,
            })
        })?;
        rows.collect()
    })?;
    known.sort_unstable_by_key(|row| row.id);
    Ok(known)
}

/// Lists the records, and sends those that have to be read. Returns how many there are.
fn list(
    writer: &IndexWriter,
    mut known: Vec<KnownRow>,
    hasher: &RandomState,
    tasks: SyncSender<ReadTask>,
) -> Result<usize> {
    // The readers end early only after a failure. The caller reports that failure, and not this
    // error.
    let send = |task| {
        tasks.send(task).map_err(|_| Error::new(ErrorKind::Store, "the refresh ended"))
    };
    let lists_private = known.len() <= MAX_LISTED_PRIVATE;
    let mut new: HashSet<RowId> = HashSet::new();
    let mut new_count = 0;
    let folder = StorePath::parse(paths::CERTIFICATES)?;
    writer.public.list_named(&folder, paths::RECORD, &mut |path, version| {
        let Some(id) = paths::record_id(path.as_str()).map(|id| rows::id(&id)) else {
            return Ok(());
        };
        let version = version.map(|version| hasher.hash_one(version.as_str()));
        match known.binary_search_by_key(&id, |row| row.id) {
            Ok(at) => {
                let row = &mut known[at];
                if row.is_listed {
                    return Ok(());
                }
                row.is_listed = true;
                let is_same = version.is_some() && version == row.version;
                if is_same { Ok(()) } else { send((id, row.change)) }
            }
            Err(_) => {
                new_count += 1;
                if lists_private {
                    new.insert(id);
                }
                send((id, 0))
            }
        }
    })?;
    if lists_private {
        writer.private.list(None, &mut |path| {
            let id = paths::private_id(path.as_str())
                .filter(|_| paths::is_private_record(path.name()))
                .map(|id| rows::id(&id));
            let is_unknown = |id: &RowId| {
                known.binary_search_by_key(id, |row| row.id).is_err() && !new.contains(id)
            };
            id.filter(is_unknown).map_or(Ok(()), |id| send((id, 0)))
        })?;
    }
    let gone = known.iter().filter(|row| !row.is_listed);
    gone.clone().try_for_each(|row| send((row.id, row.change)))?;
    Ok(new_count + known.len() - gone.count())
}

/// Reads records until there are no more tasks.
fn read(
    writer: &IndexWriter,
    tasks: &Mutex<Receiver<ReadTask>>,
    rows: &SyncSender<Result<NewRow>>,
) {
    loop {
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((id, seen)) = task else { return };
        if rows.send(writer.read(&id, seen)).is_err() {
            return;
        }
    }
}

/// Writes rows as they come.
fn write(
    writer: &IndexWriter,
    rows: Receiver<Result<NewRow>>,
    on_read: &mut dyn FnMut(usize),
) -> Result<Refreshed> {
    let mut refreshed = Refreshed::default();
    while let Ok(first) = rows.recv() {
        let mut batch = vec![first?];
        while batch.len() < BATCH_LEN
            && let Ok(row) = rows.try_recv()
        {
            batch.push(row?);
        }
        refreshed.read += batch.len();
        refreshed.removed +=
            batch.iter().filter(|row| row.state == RowState::Gone).count();
        writer.write(&batch)?;
        on_read(refreshed.read);
    }
    Ok(refreshed)
}
