//! The streams in which agents keep answers, dead letters and requests for unknown
//! courses.
//!
//! Requests that failed because the site had no such course are put back on the stream of
//! requests; all entries about a recipient are found and removed when that recipient is
//! erased. The decision made here: an entry moves in one script, so that it is neither
//! lost nor put back twice.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use ::redis::cmd;
use serde_json::Value as Json;

use super::batch::is_of_batch;
use super::connections::Connections;
use super::entry::{
    ACCEPTED_AT, RESULT_NAME, acceptance, is_acceptance, lossy_name, read_entry,
};
use super::reply::{self, Fields, StreamEntry};
use crate::agent::queue::delivery::{Correlation, Task};
use crate::agent::queue::event::EventRules;
use crate::agent::queue::sought::Sought;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::site::award::{Award, Recipient};
use crate::site::settings::RedisSettings;

/// The most bytes, and the most fields, of a request that is kept: Lua takes some
/// thousand arguments.
const MAX_KEPT: usize = 64 << 10;
const MAX_KEPT_FIELDS: usize = 1000;
/// How many entries are read at once.
const PAGE: usize = 500;

/// Moves an entry to another stream, unless it is gone. It is added before it is removed, since Redis does
/// not undo what a script did before it failed.
const MOVE: &str = "\
    if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end \
    redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2)) \
    return redis.call('XDEL', KEYS[1], ARGV[1])";

/// The streams of answers, dead letters and requests for unknown courses.
pub struct KeptRequests {
    connections: Connections,
    stream: String,
    results: String,
    dead_letters: String,
    unknown_courses: String,
    rules: EventRules,
}

/// The result of [`KeptRequests::replay`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Replay {
    /// How many requests were put back.
    pub put: usize,
    /// How many requests stay, for each course that the site still does not have.
    pub unknown: BTreeMap<String, usize>,
}

/// An entry that is about a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEntry {
    stream: String,
    id: String,
    name: Option<String>,
    /// The texts that its request gave in free fields.
    texts: Vec<String>,
}

/// The result of [`KeptRequests::find`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FoundEntries {
    /// The entries about the recipient.
    pub entries: Vec<KeptEntry>,
    /// How many entries cannot be understood and may be about the recipient, for each stream that
    /// has any.
    pub unread: BTreeMap<String, usize>,
}

impl KeptEntry {
    fn new(stream: &str, id: &str) -> Self {
        let (stream, id) = (stream.to_owned(), id.to_owned());
        Self { stream, id, name: None, texts: Vec::new() }
    }

    /// The name of the recipient in its request, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The texts that its request gave in free fields, as far as the entry keeps them.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }
}

impl KeptRequests {
    /// Opens the streams of these settings, which hold the password itself. No connection is opened
    /// yet.
    ///
    /// # Errors
    /// As [`RedisQueue::new`](crate::agent::RedisQueue::new).
    pub fn new(settings: &RedisSettings) -> Result<Self> {
        let missing = || Error::new(ErrorKind::MissingField, "`redis` has no `stream`");
        Ok(Self {
            connections: Connections::new(settings)?,
            stream: settings.stream.clone().ok_or_else(missing)?,
            results: settings.results().ok_or_else(missing)?,
            dead_letters: settings.dead_letters().ok_or_else(missing)?,
            unknown_courses: settings.unknown_courses().ok_or_else(missing)?,
            rules: EventRules::new(settings.modes.clone(), settings.statuses.clone()),
        })
    }

    /// Puts requests for unknown courses that failed at `since` or later back on the
    /// stream of requests, if `is_known` holds for their course. A request keeps the time
    /// at which it first came: unless it says itself when it was made, it changes nothing
    /// that was requested later, and issues nothing again that was revoked later.
    ///
    /// # Errors
    /// As those of [`Queue`](crate::agent::Queue). What was put back stays so, and the same call may
    /// be repeated.
    pub fn replay(
        &self,
        since: Timestamp,
        is_known: &dyn Fn(&str) -> bool,
    ) -> Result<Replay> {
        let mut replay = Replay::default();
        let first = format!("{}-0", since.unix() * 1000);
        self.each(&self.unknown_courses, &first, &mut |id, fields| {
            let (correlation, _) = read_entry(fields, &self.rules);
            let course = correlation.course.unwrap_or_default();
            if !is_known(&course) {
                *replay.unknown.entry(course).or_default() += 1;
                return Ok(());
            }
            let mut put = cmd("EVAL");
            put.arg(MOVE).arg(2).arg(&self.unknown_courses).arg(&self.stream).arg(id);
            let own = |name: &[u8]| is_of_batch(name) || is_acceptance(name);
            for (name, value) in fields.0.iter().filter(|(name, _)| !own(name)) {
                put.arg(name).arg(value);
            }
            if let Some(acceptance) = acceptance(id, fields) {
                put.arg(ACCEPTED_AT).arg(acceptance.at.to_string());
            }
            let put: usize = self.connections.ask(Duration::ZERO, &put)?;
            replay.put += put;
            Ok(())
        })?;
        Ok(replay)
    }

    /// Finds the entries about a recipient.
    ///
    /// # Errors
    /// As those of [`Queue`](crate::agent::Queue).
    pub fn find(&self, sought: &Sought<'_>) -> Result<FoundEntries> {
        let mut found = FoundEntries::default();
        for stream in [&self.results, &self.dead_letters, &self.unknown_courses] {
            self.each(stream, "-", &mut |id, fields| {
                let mut entry = KeptEntry::new(stream, id);
                let is_about = match fields.get("result") {
                    Some(result) => Some(is_result_about(result, fields, sought)),
                    None => self.is_request_about(fields, sought, &mut entry),
                };
                match is_about {
                    Some(true) => found.entries.push(entry),
                    Some(false) => {}
                    None => *found.unread.entry(stream.clone()).or_default() += 1,
                }
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// Removes entries. Returns how many were there.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn remove(&self, entries: &[KeptEntry]) -> Result<usize> {
        let mut removed = 0;
        for KeptEntry { stream, id, .. } in entries {
            let remove = cmd("XDEL").arg(stream).arg(id).take();
            removed += self.connections.ask::<usize>(Duration::ZERO, &remove)?;
        }
        Ok(removed)
    }

    /// Calls `visit` with each entry that the stream holds now, from the id `first` on.
    fn each(
        &self,
        stream: &str,
        first: &str,
        visit: &mut dyn FnMut(&str, &Fields) -> Result<()>,
    ) -> Result<()> {
        let mut last = cmd("XREVRANGE");
        last.arg(stream).arg("+").arg("-").arg("COUNT").arg(1);
        let last = reply::parse_range(self.connections.ask(Duration::ZERO, &last)?)?;
        let Some(last) = last.first() else { return Ok(()) };
        let mut from = first.to_owned();
        loop {
            let mut range = cmd("XRANGE");
            range.arg(stream).arg(&from).arg(&last.id).arg("COUNT").arg(PAGE);
            let page = self.connections.ask(Duration::ZERO, &range)?;
            let page = reply::parse_range(page)?;
            for StreamEntry { id, fields } in &page {
                if let Some(fields) = fields {
                    visit(id, fields)?;
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => from = format!("({}", last.id),
                _ => return Ok(()),
            }
        }
    }

    /// Whether the request in an entry is about a recipient; `None` if that cannot be read. What the
    /// request says of its recipient is added to the entry.
    fn is_request_about(
        &self,
        fields: &Fields,
        sought: &Sought<'_>,
        entry: &mut KeptEntry,
    ) -> Option<bool> {
        let (Correlation { course, recipient, .. }, task) =
            read_entry(fields, &self.rules);
        if let Ok(task) = &task {
            if let Task::Issue { request, .. } = task {
                let given = request.extra().values().filter_map(Json::as_str);
                entry.texts.extend(given.map(str::to_owned));
                entry.name = Some(request.name().as_str().to_owned());
            }
            return Some(sought.has_task(task));
        }
        let name = lossy_name(fields);
        let recipient = match recipient {
            Some(id) => Some(Recipient::Id(id)),
            None => name.clone().map(Recipient::Name),
        };
        let is_named =
            || fields.0.iter().any(|(_, value)| sought.is_named_in(value.as_slice()));
        let Some(recipient) = recipient else { return is_named().then_some(true) };
        let award = Award { course: course.unwrap_or_default(), recipient };
        entry.name.clone_from(&name);
        Some(sought.has_award(&award, name.as_deref()) || is_named())
    }
}

impl fmt::Debug for KeptRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptRequests")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// Tells that the next request that is kept takes the place of the oldest one.
pub(super) fn tell_trimming(
    connections: &Connections,
    stream: &str,
    max_len: u64,
) -> Result<()> {
    let length = cmd("XLEN").arg(stream).take();
    let length: u64 = connections.ask(Duration::ZERO, &length)?;
    if length >= max_len {
        tracing::error!(
            stream,
            length,
            "kept requests for unknown courses are lost: add the courses and run `testamur agent \
             replay`, or raise `redis.results_max_len`"
        );
    }
    Ok(())
}

/// Whether an entry is short enough to be kept whole.
pub(super) fn is_kept(fields: &Fields) -> bool {
    let sizes = fields.0.iter().map(|(name, value)| name.len() + value.len());
    fields.0.len() <= MAX_KEPT_FIELDS && sizes.sum::<usize>() <= MAX_KEPT
}

/// Whether a result is about a recipient.
fn is_result_about(result: &[u8], fields: &Fields, sought: &Sought<'_>) -> bool {
    let name = fields.get(RESULT_NAME);
    let name = name.map(|it| String::from_utf8_lossy(it).into_owned());
    let awards = awards_of_result(result, name.as_deref());
    awards.iter().any(|award| sought.has_award(award, name.as_deref()))
}

/// Returns the awards to which a result may belong: a result does not say whether its
/// certificate is a specimen. `name` is the field of the entry with the name of a
/// recipient without an id.
fn awards_of_result(result: &[u8], name: Option<&str>) -> Vec<Award> {
    let result = serde_json::from_slice::<Json>(result).unwrap_or_default();
    let course = result["course"].as_str().unwrap_or_default();
    let award = |recipient| Award { course: course.to_owned(), recipient };
    match (result["username"].as_str(), name) {
        (Some(id), _) => {
            let id = id.to_owned();
            vec![award(Recipient::Id(id.clone())), award(Recipient::Specimen(id))]
        }
        (None, Some(name)) => {
            let name = name.to_owned();
            vec![award(Recipient::Name(name.clone())), award(Recipient::Specimen(name))]
        }
        (None, None) => Vec::new(),
    }
}
