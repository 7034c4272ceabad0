//! Puts the rows of a list on the stream in batches, and reads their results.
//!
//! Besides the stream of requests a list has two streams of its own, whose names end in a
//! digest of all its rows. The one entry of the first counts the rows that are put;
//! agents add the result of each row to the second. The decision made here: a batch is
//! put and counted in one script, so that a run that ends at any moment is continued by
//! the next one, and no row is put twice. Both streams are removed when the list is done,
//! or by the server itself a month after the last row was put.

use std::fmt;
use std::time::Duration;

use ::redis::{Cmd, Value, cmd};
use ring::digest::{Context, SHA256};
use serde_json::Value as Json;

use super::connections::{Connections, is_no_stream};
use super::reply::{self, Fields};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::site::settings::RedisSettings;

/// The most rows, and the most bytes, that are put at once.
const MAX_PUT: usize = 500;
const MAX_PUT_BYTES: usize = 1 << 20;
/// The most results that are read at once.
const MAX_READ: usize = 1_000;
/// How long the streams of a list stay after its last row was put.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The number of hexadecimal digits of a list's digest.
const DIGITS: usize = 32;
/// The fields of an entry that say of which list it is, and which row.
const BATCH: &str = "batch";
const ROW: &str = "row";

/// Puts rows on the stream if the number of rows that are put already is the one that the
/// caller knows. Returns the number of rows that are put then. The id of the entry that
/// counts them is their number plus one, because `0-0` is not a valid id.
const PUT: &str = "\
    local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1] \
    local put = 0 \
    if last then put = tonumber(string.match(last[1], '^%d+')) - 1 \
    else \
      redis.call('XADD', KEYS[2], '1-0', 'batch', ARGV[2]) \
      redis.call('XADD', KEYS[3], '*', 'batch', ARGV[2]) \
    end \
    if put == tonumber(ARGV[1]) and #ARGV > 3 then \
      for i = 4, #ARGV do \
        redis.call('XADD', KEYS[1], '*', 'request', ARGV[i], 'batch', ARGV[2], \
                   'row', string.format('%d', put)) \
        put = put + 1 \
      end \
      redis.call('XADD', KEYS[2], 'MAXLEN', 1, string.format('%d-0', put + 1), \
                 'batch', ARGV[2]) \
    end \
    redis.call('EXPIRE', KEYS[2], ARGV[3]) \
    redis.call('EXPIRE', KEYS[3], ARGV[3]) \
    return put";

/// The rows of a list, and the results of agents for them. A run that ended early is
/// continued by another one with the same rows.
pub struct QueuedBatch {
    connections: Connections,
    stream: String,
    group: String,
    id: String,
    requests: Vec<Vec<u8>>,
    put: usize,
    /// The entry of the results that was read last.
    cursor: String,
}

/// The result of one row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BatchResult {
    /// The row: its index in the list.
    pub row: usize,
    /// The answer, in the form of [`Answer::to_json`](crate::agent::Answer::to_json).
    pub answer: Json,
}

/// The requests of a stream that agents have not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Unfinished {
    /// Whether a request was not handed out yet.
    pub is_waiting: bool,
    /// How many requests are handed out and not answered.
    pub held: u64,
}

impl QueuedBatch {
    /// Creates the list of these rows, each of which is a request in JSON. Nothing is put yet.
    ///
    /// # Errors
    /// As [`RedisQueue::new`](crate::agent::RedisQueue::new).
    pub fn new(settings: &RedisSettings, requests: Vec<Vec<u8>>) -> Result<Self> {
        let stream = settings.stream.clone().ok_or_else(|| {
            Error::new(ErrorKind::MissingField, "`redis` has no `stream`")
        })?;
        let mut digest = Context::new(&SHA256);
        for request in &requests {
            digest.update(&(request.len() as u64).to_be_bytes());
            digest.update(request);
        }
        let digest = hex::lower(digest.finish().as_ref());
        Ok(Self {
            connections: Connections::new(settings)?,
            stream,
            group: settings.group.clone(),
            id: digest[..DIGITS].to_owned(),
            requests,
            put: 0,
            cursor: "0-0".to_owned(),
        })
    }

    /// Distinguishes the list from one of the same rows for another state of the site, which `mark`
    /// stands for: the results of that one are not those of this one.
    pub fn with_mark(mut self, mark: &[u8]) -> Self {
        let mut digest = Context::new(&SHA256);
        digest.update(self.id.as_bytes());
        digest.update(mark);
        self.id = hex::lower(digest.finish().as_ref())[..DIGITS].to_owned();
        self
    }

    /// Returns when the list was begun, by the clock of the server.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn begun_at(&self) -> Result<Option<Timestamp>> {
        let mut first = cmd("XRANGE");
        first.arg(results_stream(&self.stream, &self.id)).arg("-").arg("+");
        first.arg("COUNT").arg(1);
        let first = self.connections.ask(Duration::ZERO, &first)?;
        let first = reply::parse_range(first)?.into_iter().next();
        let milliseconds =
            first.and_then(|entry| entry.id.split('-').next()?.parse().ok());
        Ok(milliseconds.and_then(Timestamp::from_unix_milliseconds))
    }

    /// Returns how many rows are put.
    pub fn put_count(&self) -> usize {
        self.put
    }

    /// Finds out what another run has put, or begins the list.
    ///
    /// # Errors
    /// As those of [`Queue`](crate::agent::Queue), for this and all other methods.
    pub fn begin(&mut self) -> Result<()> {
        self.put_rows(0)
    }

    /// Puts the next rows, if there are any. After an error that is retryable the same call may be
    /// repeated.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn put_next(&mut self) -> Result<()> {
        let mut bytes = 0;
        let rest = self.requests[self.put..].iter();
        let fitting = rest.take(MAX_PUT).take_while(|request| {
            bytes += request.len();
            bytes <= MAX_PUT_BYTES
        });
        // A row that alone has more bytes is put alone.
        let rows = fitting.count().max(1).min(self.requests.len() - self.put);
        self.put_rows(rows)
    }

    fn put_rows(&mut self, rows: usize) -> Result<()> {
        let mut put = cmd("EVAL");
        put.arg(PUT).arg(3).arg(&self.stream);
        put.arg(counting_stream(&self.stream, &self.id));
        put.arg(results_stream(&self.stream, &self.id));
        put.arg(self.put).arg(&self.id).arg(LIFETIME.as_secs());
        for request in &self.requests[self.put..self.put + rows] {
            put.arg(request);
        }
        let put: usize = self.connections.ask(Duration::ZERO, &put)?;
        // There are fewer if the server has lost rows, or another run has ended the list.
        if put < self.put || put > self.requests.len() {
            return Err(ended());
        }
        self.put = put;
        Ok(())
    }

    /// Returns the results that were not returned before. If there are none, waits for
    /// them, at most for the time `wait`. A row may have several results, of which the
    /// first one counts. The requests of these rows are removed from the stream.
    ///
    /// # Errors
    /// As [`begin`](Self::begin); also if the list is not on the server any more.
    pub fn read_results(&mut self, wait: Duration) -> Result<Vec<BatchResult>> {
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(MAX_READ);
        if wait.as_millis() > 0 {
            read.arg("BLOCK").arg(wait.as_millis() as u64);
        }
        let results = results_stream(&self.stream, &self.id);
        read.arg("STREAMS").arg(&results).arg(&self.cursor);
        let entries = reply::parse_read(self.connections.ask(wait, &read)?)?;
        if entries.is_empty() && !self.exists()? {
            return Err(ended());
        }
        let mut found = Vec::new();
        let mut done = cmd("XDEL");
        done.arg(&self.stream);
        for entry in &entries {
            let Some(fields) = &entry.fields else { continue };
            let row = number(fields, ROW).filter(|row| *row < self.requests.len());
            let answer: Option<Json> = fields
                .get("result")
                .and_then(|result| serde_json::from_slice(result).ok());
            let (Some(row), Some(answer)) = (row, answer) else { continue };
            if let Some(id) = answer["id"].as_str().filter(|id| is_entry_id(id)) {
                done.arg(id);
            }
            found.push(BatchResult { row, answer });
        }
        if done.args_iter().count() > 2 {
            self.connections.ask::<Value>(Duration::ZERO, &done)?;
        }
        if let Some(last) = entries.last() {
            self.cursor.clone_from(&last.id);
        }
        Ok(found)
    }

    /// Returns what agents have not finished of the stream, including the requests that
    /// others have put.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn unfinished(&self) -> Result<Unfinished> {
        let groups = cmd("XINFO").arg("GROUPS").arg(&self.stream).take();
        let groups = match self.connections.ask::<Value>(Duration::ZERO, &groups) {
            Err(error) if is_no_stream(&error) => return Ok(Unfinished::default()),
            groups => groups?,
        };
        let state = reply::group_state(&groups, &self.group);
        let (last, held) = state.unwrap_or_else(|| ("0-0".to_owned(), 0));
        // The server's own count is wrong after entries were removed.
        let mut next = cmd("XRANGE");
        next.arg(&self.stream).arg(format!("({last}")).arg("+").arg("COUNT").arg(1);
        let next = reply::parse_range(self.connections.ask(Duration::ZERO, &next)?)?;
        Ok(Unfinished { is_waiting: !next.is_empty(), held })
    }

    fn exists(&self) -> Result<bool> {
        let mut last = cmd("XREVRANGE");
        last.arg(counting_stream(&self.stream, &self.id));
        last.arg("+").arg("-").arg("COUNT").arg(1);
        let last = self.connections.ask(Duration::ZERO, &last)?;
        Ok(!reply::parse_range(last)?.is_empty())
    }

    /// Removes the list's two streams from the server. Its results are lost unless they
    /// were read.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn end(&self) -> Result<()> {
        let mut remove = cmd("DEL");
        remove.arg(counting_stream(&self.stream, &self.id));
        remove.arg(results_stream(&self.stream, &self.id));
        self.connections.ask::<Value>(Duration::ZERO, &remove).map(drop)
    }
}

impl fmt::Debug for QueuedBatch {
    /// Writes nothing personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("QueuedBatch");
        shown.field("stream", &self.stream).field("id", &self.id);
        shown.field("put", &self.put).finish_non_exhaustive()
    }
}

/// Returns the command that adds the result of an entry to the results of its list, if
/// these exist. `None` if the entry is not the row of a list.
pub(super) fn add_result(stream: &str, fields: &Fields, result: &str) -> Option<Cmd> {
    let id = std::str::from_utf8(fields.get(BATCH)?).ok()?;
    let is_id = id.len() == DIGITS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let row = number(fields, ROW).filter(|_| is_id)?;
    let mut add = cmd("XADD");
    add.arg(results_stream(stream, id)).arg("NOMKSTREAM").arg("*");
    add.arg(ROW).arg(row).arg("result").arg(result);
    Some(add)
}

/// Whether a field says to which list an entry belongs: it is no part of the request.
pub(super) fn is_of_batch(name: &[u8]) -> bool {
    name == BATCH.as_bytes() || name == ROW.as_bytes()
}

fn number(fields: &Fields, name: &str) -> Option<usize> {
    std::str::from_utf8(fields.get(name)?).ok()?.parse().ok()
}

fn is_entry_id(id: &str) -> bool {
    let number =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    id.split_once('-').is_some_and(|(time, index)| number(time) && number(index))
}

fn counting_stream(stream: &str, id: &str) -> String {
    format!("{stream}-batch-{id}")
}

fn results_stream(stream: &str, id: &str) -> String {
    format!("{stream}-batch-{id}-results")
}

fn ended() -> Error {
    Error::new(
        ErrorKind::QueueRefused,
        "the list is not on the server any more: another run of it has ended, or the server has \
         lost its data",
    )
    .with_help("run the same command again: what is issued stays as it is")
}
