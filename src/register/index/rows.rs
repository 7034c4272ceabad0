//! The rows of the index: how an edition is written into SQLite and read back.

use std::error::Error as StdError;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::edition::{Described, IndexedEdition};
use super::fold::{SEPARATOR, fold};
use crate::base::date::Date;
use crate::base::digits::{CertificateId, KeyedDigest, Sha256};
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::register::record::Status;
use crate::register::store::FileVersion;
use crate::site::settings::CertificateUrl;

/// A verify id as the index keeps it.
pub(super) type RowId = [u8; 16];

/// The tables. Rows are stored by time of issue, which is the order of lists.
///
/// - `editions`: a row for each record. `change` is another number after each write of the row, by
///   which a slow writer sees that another was faster. `fault` is set if the record or its snapshot
///   cannot be read. `behind` is 1 if the public store lacks the record, or has an older one than
///   the private store: the row says what the private one does.
/// - `marks`: the ids of records that are being written, and by which process.
/// - `meta`: `identity`; `store`, the mark of the store that the rows are of; `boot`, the run of the
///   machine in which the file was last opened; `refreshed_at` and `refresh_took`, the time of the last refresh and its
///   milliseconds; the last `change`; `scrub`, if the file may hold names that were removed.
pub(super) const SCHEMA: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE marks (
    token INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL, writer TEXT NOT NULL
);
CREATE TABLE editions (
    issued_at INTEGER NOT NULL, id BLOB NOT NULL, change INTEGER NOT NULL, version TEXT,
    fault TEXT, status TEXT, edition INTEGER, folded TEXT, course TEXT, recipient TEXT,
    username TEXT, name TEXT, issued TEXT, issued_time TEXT, pdf_url TEXT, sha256 BLOB,
    successor TEXT, history TEXT, behind INTEGER NOT NULL, PRIMARY KEY (issued_at, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX by_id ON editions (id);
CREATE INDEX by_recipient ON editions (recipient) WHERE recipient IS NOT NULL;
CREATE INDEX by_fault ON editions (id) WHERE fault IS NOT NULL;
CREATE INDEX by_behind ON editions (behind) WHERE behind = 1;
CREATE INDEX by_sha256 ON editions (sha256) WHERE sha256 IS NOT NULL;
INSERT INTO meta (key, value) VALUES ('change', 0);
";

/// The columns that [`edition`] and [`version`] read.
pub(super) const COLUMNS: &str = "id, status, edition, issued_time, course, name, \
     username, issued, pdf_url, sha256, successor, history, version";

/// What the store has for an id.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RowState {
    /// An edition.
    Edition {
        described: Box<Described>,
        /// The message, if its snapshot cannot be read.
        fault: Option<String>,
        /// Whether the public store lacks its record, or has an older one than the private store.
        is_behind: bool,
    },
    /// A record that cannot be read, with the message.
    Unreadable(String),
    /// No record.
    Gone,
}

/// A row that is to be written.
#[derive(Debug)]
pub(super) struct NewRow {
    pub(super) id: RowId,
    pub(super) state: RowState,
    pub(super) version: Option<FileVersion>,
    /// The `change` that the row had before the store was read; 0 if there was no row.
    pub(super) seen: i64,
}

/// The bytes of a verify id.
pub(super) fn id(id: &CertificateId) -> RowId {
    let bytes = hex::read_lower(id.as_bytes());
    bytes.and_then(|bytes| bytes.try_into().ok()).expect("an id has 32 digits")
}

/// The verify id of these bytes.
pub(super) fn certificate_id(id: &RowId) -> CertificateId {
    KeyedDigest::of_bytes(id).into_certificate_id()
}

/// A time as rows are ordered by.
pub(super) fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.unix()).unwrap_or(i64::MAX)
}

/// The `change` of a row; 0 if there is none.
pub(super) fn change(connection: &Connection, id: &RowId) -> rusqlite::Result<i64> {
    let found =
        connection.query_row("SELECT change FROM editions WHERE id = ?1", [id], |row| {
            row.get(0)
        });
    Ok(found.optional()?.unwrap_or(0))
}

/// Writes a row, unless another process wrote it since `seen`. Returns whether it was written. If
/// that removed a name, it is noted in `meta` under `scrub`.
pub(super) fn write(
    connection: &Connection,
    row: &NewRow,
    change_now: i64,
) -> rusqlite::Result<bool> {
    if change(connection, &row.id)? != row.seen {
        return Ok(false);
    }
    let had_name = connection
        .query_row(
            "SELECT folded IS NOT NULL FROM editions WHERE id = ?1",
            [&row.id],
            |row| row.get(0),
        )
        .optional()?
        .unwrap_or(false);
    connection.execute("DELETE FROM editions WHERE id = ?1", [&row.id])?;
    let (described, fault, is_behind) = match &row.state {
        RowState::Gone => (None, None, false),
        RowState::Edition { described, fault, is_behind } => {
            (Some(described), fault.as_ref(), *is_behind)
        }
        RowState::Unreadable(message) => (None, Some(message), false),
    };
    let edition = described.map(|described| &described.edition);
    let folded = edition.and_then(folded);
    if had_name && folded.is_none() {
        let note = "INSERT OR REPLACE INTO meta VALUES ('scrub', ?1)";
        connection.execute(note, [change_now])?;
    }
    if row.state == RowState::Gone {
        return Ok(true);
    }
    let history = edition.filter(|edition| !edition.history.is_empty());
    let history = history.map(|edition| serde_json::to_string(&edition.history));
    let history = history.transpose().expect("a history has string keys");
    connection.execute(
        "INSERT INTO editions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
         ?14, ?15, ?16, ?17, ?18, ?19)",
        params![
            edition.map_or(0, |edition| seconds(edition.issued_at)),
            row.id,
            change_now,
            row.version.as_ref().map(FileVersion::as_str),
            fault,
            edition.map(|edition| edition.status.as_str()),
            edition.map(|edition| edition.edition),
            folded,
            edition.and_then(|edition| edition.course.as_deref()),
            described.and_then(|described| described.recipient.as_deref()),
            edition.and_then(|edition| edition.username.as_deref()),
            edition.and_then(|edition| edition.name.as_deref()),
            edition.and_then(|edition| edition.issued).map(|date| date.to_string()),
            edition.map(|edition| edition.issued_at.to_string()),
            edition.and_then(|edition| edition.pdf_url.as_deref()),
            edition
                .and_then(|edition| edition.pdf_sha256.as_deref())
                .and_then(|digest| hex::read_lower(digest.as_bytes())),
            edition.and_then(|edition| edition.successor.as_deref()),
            history,
            is_behind,
        ],
    )?;
    Ok(true)
}

/// Returns the next `change`, for rows that are written together.
pub(super) fn next_change(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(
        "UPDATE meta SET value = value + 1 WHERE key = 'change' RETURNING value",
        [],
        |row| row.get(0),
    )
}

/// The text in which parts of names and usernames are searched.
fn folded(edition: &IndexedEdition) -> Option<String> {
    if edition.name.is_none() && edition.username.is_none() {
        return None;
    }
    let fold = |text: &Option<String>| text.as_deref().map(fold).unwrap_or_default();
    Some(format!("{}{SEPARATOR}{}", fold(&edition.name), fold(&edition.username)))
}

/// Reads a row; `None` if its record cannot be read.
pub(super) fn edition(row: &Row<'_>) -> rusqlite::Result<Option<IndexedEdition>> {
    let Some(status) = row.get::<_, Option<String>>(1)? else { return Ok(None) };
    let digest: Option<Vec<u8>> = row.get(9)?;
    let history: Option<String> = row.get(11)?;
    Ok(Some(IndexedEdition {
        id: certificate_id(&row.get(0)?),
        status: serde_json::from_value::<Status>(status.into()).map_err(other(1))?,
        edition: row.get(2)?,
        issued_at: Timestamp::parse(row.get_ref(3)?.as_str()?).map_err(other(3))?,
        course: row.get(4)?,
        name: row.get(5)?,
        username: row.get(6)?,
        issued: row
            .get_ref(7)?
            .as_str_or_null()?
            .map(Date::parse)
            .transpose()
            .map_err(other(7))?,
        pdf_url: url(row, 8)?,
        pdf_sha256: digest
            .map(|digest| Sha256::parse(&hex::lower(&digest)))
            .transpose()
            .map_err(other(9))?,
        successor: url(row, 10)?,
        history: history
            .map(|history| serde_json::from_str(&history))
            .transpose()
            .map_err(other(11))?
            .unwrap_or_default(),
    }))
}

/// The address in a column.
fn url(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<CertificateUrl>> {
    let text = row.get_ref(column)?.as_str_or_null()?;
    text.map(CertificateUrl::parse).transpose().map_err(other(column))
}

/// The version of the record that a row was made from.
pub(super) fn version(row: &Row<'_>) -> rusqlite::Result<Option<FileVersion>> {
    Ok(row.get::<_, Option<String>>(12)?.map(FileVersion::new))
}

/// The error for a column that this release did not write.
fn other<E: StdError + Send + Sync + 'static>(
    column: usize,
) -> impl Fn(E) -> rusqlite::Error {
    move |cause| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause))
    }
}
