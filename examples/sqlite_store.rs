//! A store of one's own: the files of certificates in an SQLite database.
//!
//! Issues a certificate for each name into the database, and reads one page back. `create` and
//! `swap` are one SQL statement each, so that many processes may share the database.
//!
//! ```sh
//! cargo run --release --example sqlite_store -- certificates.db "Ada Lovelace" "Grace Hopper"
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program has arguments, a clock and output; the library has none"
)]

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use std::{env, fmt};

use rusqlite::{
    Connection, ErrorCode, OptionalExtension, TransactionBehavior, named_params, params,
};
use testamur::register::{
    CreateOutcome, IssueOptions, IssueService, Store, StoreFile, StorePath, SwapOutcome,
};
use testamur::site::{IdSecret, Keys};
use testamur::{Error, ErrorKind, Press, Request, Result, Site, Timestamp};

/// How many paths are in memory at once while they are listed.
const PAGE_LEN: u32 = 500;

/// A table of files in an SQLite database.
pub(crate) struct SqliteStore {
    file: PathBuf,
    table: &'static str,
    connection: Mutex<Connection>,
}

impl SqliteStore {
    /// Opens a table, and makes database and table if they are missing. `table` is written into
    /// SQL as it is.
    pub(crate) fn open(file: &Path, table: &'static str) -> Result<Self> {
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(file)?;
            connection.busy_timeout(Duration::from_secs(10))?;
            // What was written outlasts a power failure.
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.execute_batch(&format!(
                "CREATE TABLE IF NOT EXISTS {table} (path TEXT PRIMARY KEY, bytes BLOB NOT NULL)"
            ))?;
            Ok(connection)
        };
        let connection = open().map_err(|cause| failure("open the database", cause))?;
        Ok(Self { file: file.to_owned(), table, connection: Mutex::new(connection) })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `sql`, which inserts a file, unless its path leads to other files or a part of it is
    /// a file. Returns whether a row was written.
    fn insert(&self, sql: &str, file: &StoreFile<'_>) -> Result<bool> {
        let table = self.table;
        let mut connection = self.connection();
        let mut insert = || -> rusqlite::Result<Option<bool>> {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let in_the_way: bool = transaction
                .prepare(&format!(
                    "SELECT EXISTS (SELECT 1 FROM {table} WHERE path > :path || '/' \
                     AND path < :path || '0') OR EXISTS (SELECT 1 FROM {table} \
                     WHERE substr(:path, 1, length(path) + 1) = path || '/')"
                ))?
                .query_row(named_params! { ":path": file.path.as_str() }, |row| {
                    row.get(0)
                })?;
            if in_the_way {
                return Ok(None);
            }
            let written = transaction
                .prepare(sql)?
                .execute(params![file.path.as_str(), file.bytes])?;
            transaction.commit()?;
            Ok(Some(written == 1))
        };
        insert().map_err(|cause| failure("write a file", cause))?.ok_or_else(|| {
            let message = format!("`{}` is a folder, or below a file", file.path);
            Error::new(ErrorKind::StoreRefused, message)
        })
    }
}

impl Store for SqliteStore {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        let sql = format!("INSERT OR IGNORE INTO {} VALUES (?1, ?2)", self.table);
        let created = self.insert(&sql, file)?;
        Ok(if created { CreateOutcome::Created } else { CreateOutcome::Exists })
    }

    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        let sql = format!("INSERT OR REPLACE INTO {} VALUES (?1, ?2)", self.table);
        self.insert(&sql, file).map(drop)
    }

    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        let sql = format!(
            "UPDATE {} SET bytes = ?2 WHERE path = ?1 AND bytes = ?3",
            self.table
        );
        let swapped = self
            .connection()
            .execute(&sql, params![file.path.as_str(), file.bytes, was])
            .map_err(|cause| failure("write a file", cause))?;
        Ok(if swapped == 1 { SwapOutcome::Swapped } else { SwapOutcome::Conflict })
    }

    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        let sql = format!("SELECT bytes FROM {} WHERE path = ?1", self.table);
        self.connection()
            .query_row(&sql, [path.as_str()], |row| row.get(0))
            .optional()
            .map_err(|cause| failure("read a file", cause))
    }

    fn remove(&self, path: &StorePath) -> Result<()> {
        let sql = format!("DELETE FROM {} WHERE path = ?1", self.table);
        let removed = self.connection().execute(&sql, [path.as_str()]);
        removed.map(drop).map_err(|cause| failure("remove a file", cause))
    }

    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        // All paths below a folder lie between `folder/` and `folder0`: 0 follows the slash.
        let (mut after, end) = match folder {
            Some(folder) => (format!("{folder}/"), Some(format!("{folder}0"))),
            None => (String::new(), None),
        };
        let sql = format!(
            "SELECT path FROM {} WHERE path > ?1 AND (?2 IS NULL OR path < ?2) \
             ORDER BY path LIMIT ?3",
            self.table
        );
        loop {
            let page = || -> rusqlite::Result<Vec<String>> {
                let connection = self.connection();
                let mut query = connection.prepare(&sql)?;
                let rows =
                    query.query_map(params![after, end, PAGE_LEN], |row| row.get(0))?;
                rows.collect()
            };
            // The connection is free again, so that `found` may use the store.
            let page = page().map_err(|cause| failure("list the files", cause))?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(last);
            for path in page {
                found(StorePath::parse(&path)?)?;
            }
        }
    }

    fn check(&self) -> Result<()> {
        let path = StorePath::parse("check-of-the-store")?;
        self.replace(&StoreFile::new(&path, b"is it writable?"))?;
        self.remove(&path)
    }
}

/// An error of SQLite, by what the operator can do about it.
fn failure(what: &str, cause: rusqlite::Error) -> Error {
    let kind = match cause.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull,
        ) => ErrorKind::Store,
        Some(
            ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly,
        ) => ErrorKind::StoreRefused,
        _ => ErrorKind::Io,
    };
    Error::new(kind, format!("failed to {what}")).with_source(cause)
}

impl fmt::Display for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the table `{}` of `{}`", self.table, self.file.display())
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("file", &self.file).finish_non_exhaustive()
    }
}

fn main() -> std::result::Result<(), Box<dyn StdError>> {
    let mut arguments = env::args().skip(1);
    let file = arguments.next().ok_or("usage: sqlite_store DATABASE NAME...")?;
    let public = Arc::new(SqliteStore::open(Path::new(&file), "public")?);
    let private = Arc::new(SqliteStore::open(Path::new(&file), "private")?);
    let now = Timestamp::try_from(SystemTime::now())?;
    // A service that lasts has keys and a secret that last as well.
    let issuer = IssueService::builder(Arc::new(Press::new(Site::demo())?))
        .with_keys(&Keys::generate("Example University", now)?)
        .with_id_secret(IdSecret::generate()?)
        .with_stores(public.clone(), private)
        .build()?;
    let course = issuer.press().courses().iter().next().ok_or("there is no course")?;
    for name in arguments {
        let request = Request::new(&course.id, &name)?;
        let receipt =
            issuer.issue(&request, now.date(), now, &IssueOptions::default())?;
        let page = StorePath::parse(&format!("cert/{}/index.html", receipt.record.id))?;
        let html = public.read(&page)?.ok_or("the page is missing")?;
        println!("{page} has {} bytes in {public}", html.len());
    }
    Ok(())
}
