//! The file of the index: opened when it is needed, made anew when it cannot be used.
//!
//! The decisions made here: because the rows hold names, other users cannot read the file, deleted
//! rows are overwritten, and SQLite's temporary data stays in memory. A file that is no index of
//! this program is never changed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::location::IndexLocation;
use super::presence;
use super::rows::SCHEMA;
use crate::base::error::{Error, ErrorKind, Place, Result};

/// The version of the tables. An index of another version is made anew.
const VERSION: i64 = 3;
/// The folder of the site in which only this program writes.
const OWN_FOLDER: &str = ".testamur";
/// The application id that distinguishes an index from other SQLite files: `tsmr`.
const APPLICATION_ID: i64 = 0x7473_6d72;
/// How long a process waits for another that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The database of one index.
#[derive(Debug)]
pub(super) struct Database {
    /// `None`: in memory.
    location: Option<IndexLocation>,
    open: Mutex<Option<OpenDatabase>>,
}

#[derive(Debug)]
struct OpenDatabase {
    connection: Connection,
    /// The file of the connection, by which a replacement by another process is noticed.
    file: Option<FileId>,
}

/// Distinguishes a file from one that replaced it: device and inode.
type FileId = (u64, u64);

/// Why a file is not used as it is.
enum Unusable {
    /// It is an index, but not this one, or it is damaged: it may be removed.
    Outdated,
    Failed(rusqlite::Error),
    Refused(Error),
}

impl From<rusqlite::Error> for Unusable {
    fn from(cause: rusqlite::Error) -> Self {
        if is_damage(&cause) { Self::Outdated } else { Self::Failed(cause) }
    }
}

impl Database {
    pub(super) fn new(location: Option<IndexLocation>) -> Self {
        Self { location, open: Mutex::new(None) }
    }

    /// The file; `None` if the index is in memory.
    pub(super) fn file(&self) -> Option<&Path> {
        self.location.as_ref().map(|location| location.file.as_path())
    }

    /// The file that exists if a write did not enter the index.
    pub(super) fn stale_marker(&self) -> Option<PathBuf> {
        self.file().map(|file| with_suffix(file, "-stale"))
    }

    /// Whether this process has used the database.
    pub(super) fn is_open(&self) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Does something with the database. A file that turns out to be damaged is removed, and `act`
    /// is called again with an empty database.
    pub(super) fn with<T>(
        &self,
        act: &mut dyn FnMut(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..2 {
            let result =
                self.opened(&mut open).and_then(|connection| Ok(act(connection)?));
            match result {
                Ok(value) => return Ok(value),
                Err(Unusable::Refused(error)) => return Err(error),
                Err(Unusable::Failed(cause)) => return Err(self.failed(cause)),
                Err(Unusable::Outdated) => {
                    *open = None;
                    self.remove().map_err(|cause| self.unusable(cause))?;
                }
            }
        }
        let message = "failed to use the index of the register (it is damaged again)";
        Err(Error::new(ErrorKind::Io, message))
    }

    /// Removes the file, so that the next use makes an empty one.
    pub(super) fn remove(&self) -> io::Result<()> {
        let Some(file) = self.file() else { return Ok(()) };
        // The log is removed first: SQLite would apply it to a new database of that name.
        for suffix in ["-shm", "-wal", ""] {
            match fs::remove_file(with_suffix(file, suffix)) {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
        }
        Ok(())
    }

    fn opened<'a>(
        &self,
        open: &'a mut Option<OpenDatabase>,
    ) -> Result<&'a mut Connection, Unusable> {
        let file = self.file().map(file_id);
        let is_other = |open: &mut OpenDatabase| file.is_some_and(|now| now != open.file);
        if open.as_mut().is_some_and(is_other) {
            *open = None;
        }
        match open {
            Some(open) => Ok(&mut open.connection),
            None => Ok(&mut open.insert(self.open()?).connection),
        }
    }

    fn open(&self) -> Result<OpenDatabase, Unusable> {
        let Some(location) = &self.location else {
            let mut connection = Connection::open_in_memory()?;
            prepare(&mut connection, "")?;
            return Ok(OpenDatabase { connection, file: None });
        };
        let path = &location.file;
        create(path).map_err(|cause| Unusable::Refused(self.unusable(cause)))?;
        if !is_own_file(path).map_err(|cause| Unusable::Refused(self.unusable(cause)))? {
            return Err(Unusable::Refused(
                Error::new(ErrorKind::Exists, "the file is no index of a register")
                    .at(Place::file(path.display().to_string()))
                    .with_help("set `index` to the path of a file that does not exist"),
            ));
        }
        let file = file_id(path);
        let mut connection = Connection::open(path)?;
        prepare(&mut connection, &location.identity).map_err(
            |unusable| match unusable {
                Unusable::Refused(error) => {
                    Unusable::Refused(error.at(Place::file(path.display().to_string())))
                }
                other => other,
            },
        )?;
        Ok(OpenDatabase { connection, file })
    }

    fn failed(&self, cause: rusqlite::Error) -> Error {
        let code = cause.sqlite_error_code();
        let (kind, help) = match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                (ErrorKind::Store, "another process keeps it: run the same again")
            }
            Some(ErrorCode::DiskFull) => {
                (ErrorKind::Store, "make room there, then run the same again")
            }
            Some(
                ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied,
            ) => (
                ErrorKind::StoreRefused,
                "let the user who runs this write there, or set `index` to another file or `none`",
            ),
            _ => (ErrorKind::Io, "remove the file: it is made anew"),
        };
        self.error(kind, cause).with_help(help)
    }

    fn unusable(&self, cause: io::Error) -> Error {
        self.error(ErrorKind::StoreRefused, cause).with_help(
            "let the user who runs this write there, or set `index` to another file or `none`",
        )
    }

    fn error(
        &self,
        kind: ErrorKind,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Error {
        let error = Error::caused(kind, "failed to use the index of the register", cause);
        match self.file() {
            Some(file) => error.at(Place::file(file.display().to_string())),
            None => error,
        }
    }
}

/// Sets a connection up, and makes the tables of an empty file.
fn prepare(connection: &mut Connection, identity: &str) -> Result<(), Unusable> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let is_empty = |connection: &Connection| -> rusqlite::Result<bool> {
        let count = "SELECT count(*) FROM sqlite_schema";
        Ok(connection.query_row(count, [], |row| row.get::<_, i64>(0))? == 0)
    };
    let number = |connection: &Connection, name: &str| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, name, |row| row.get(0))
    };
    if !is_empty(connection)? && number(connection, "application_id")? != APPLICATION_ID {
        let message = "the SQLite file is no index of a register";
        return Err(Unusable::Refused(
            Error::new(ErrorKind::Exists, message)
                .with_help("set `index` to the path of a file that does not exist"),
        ));
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // If a restart of the machine can be detected, no write needs to wait for the disk.
    let boot = presence::boot_id();
    let synchronous = if boot.is_some() { "NORMAL" } else { "FULL" };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    if is_empty(&transaction)? {
        transaction.execute_batch(SCHEMA)?;
        transaction.execute("INSERT INTO meta VALUES ('identity', ?1)", [identity])?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    if number(&transaction, "user_version")? != VERSION {
        return Err(Unusable::Outdated);
    }
    let query = "SELECT value FROM meta WHERE key = 'identity'";
    let found = transaction.query_row(query, [], |row| row.get::<_, String>(0));
    if found.optional()?.as_deref() != Some(identity) {
        return Err(Unusable::Outdated);
    }
    if let Some(boot) = &boot {
        let query = "SELECT value FROM meta WHERE key = 'boot'";
        let last = transaction.query_row(query, [], |row| row.get::<_, String>(0));
        if last.optional()?.as_deref() != Some(boot) {
            let forget = "DELETE FROM meta WHERE key IN ('refreshed_at', 'refresh_took')";
            transaction.execute(forget, [])?;
            let set = "INSERT OR REPLACE INTO meta VALUES ('boot', ?1)";
            transaction.execute(set, [boot])?;
        }
    }
    Ok(transaction.commit()?)
}

/// Makes the file, closed to other users, if there is none. SQLite gives its other files the same
/// rights.
fn create(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        options.mode(0o600);
        builder.mode(0o700);
    }
    let already = |result: io::Result<()>| match result {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    };
    match already(options.open(file).map(drop)) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        result => return result,
    }
    if let Some(folder) = file.parent() {
        already(builder.create(folder))?;
    }
    already(options.open(file).map(drop))
}

/// Whether a file may be removed if it is damaged: it is empty, an index, or in the folder in which
/// only this program writes.
fn is_own_file(path: &Path) -> io::Result<bool> {
    let folder = path.parent().and_then(Path::file_name);
    if folder.is_some_and(|name| name == OWN_FOLDER) {
        return Ok(true);
    }
    let mut header = Vec::new();
    File::open(path)?.take(72).read_to_end(&mut header)?;
    // The format of SQLite's files, 1.3: the application id is at offset 68.
    let id = (APPLICATION_ID as u32).to_be_bytes();
    let is_new = header.get(68..72) == Some(&[0; 4]);
    Ok(header.is_empty()
        || header.starts_with(b"SQLite format 3\0")
            && (is_new || header.get(68..72) == Some(&id)))
}

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether the file is damaged, or holds what this release did not write.
fn is_damage(cause: &rusqlite::Error) -> bool {
    match cause {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::QueryReturnedNoRows => true,
        // SQLite reports SQL that does not fit the tables as `Unknown`.
        _ => matches!(
            cause.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown
            )
        ),
    }
}
