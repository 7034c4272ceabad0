//! Redis Streams: the event bus of Open edX, or an operator's own stream of requests in JSON.
//!
//! A consumer group is the queue, and its list of pending entries holds the leases. An
//! entry is acknowledged after the work; once it was idle for the time of a lease,
//! because its agent has ended, another agent claims it. Answers and unusable messages go
//! to streams of their own, in one script with the acknowledgement.

mod batch;
mod connections;
mod entry;
mod kept;
mod reply;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::redis::{Arg, Cmd, Value, cmd};

use self::batch::add_result;
pub use self::batch::{BatchResult, QueuedBatch, Unfinished};
use self::connections::{
    Connections, is_existing_group, is_no_group, is_no_stream, is_refused_by_stream,
};
use self::entry::{
    ACCEPTED_AT, RESULT_NAME, acceptance, is_acceptance, name_without_id, read_entry,
};
pub use self::kept::{FoundEntries, KeptEntry, KeptRequests, Replay};
use self::kept::{is_kept, tell_trimming};
use self::reply::{Fields, StreamEntry};
use super::answer::Answer;
use super::contract::{Depth, LeaseState, Queue};
use super::delivery::Delivery;
use super::event::EventRules;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::request::limits::MAX_ID;
use crate::site::settings::RedisSettings;

/// How often pending entries are looked through at most, for those that were returned and
/// those of agents that have ended.
const MAX_SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// The most fields of an entry that go to the stream of dead letters.
const MAX_FIELDS: usize = 64;
/// The most bytes of a field that go to the stream of dead letters.
const MAX_FIELD: usize = 64 << 10;

/// Runs commands one after the other up to the first that fails, and returns the reply to
/// the last. In the arguments each command comes after the number of its parts.
const SETTLE: &str = "\
    local reply = 0 \
    local at = 1 \
    while at <= #ARGV do \
      local last = at + tonumber(ARGV[at]) \
      reply = redis.call(unpack(ARGV, at + 1, last)) \
      at = last + 1 \
    end \
    return reply";

/// A group that no stream has.
const NO_GROUP: &str = "testamur-checks-whether-it-may";

/// A consumer group of a Redis stream.
///
/// ```no_run
/// use testamur::agent::RedisQueue;
/// use testamur::site::Settings;
///
/// let settings = Settings::parse(b"agent: { redis: { url: redis://localhost, stream: certificates } }")?;
/// let queue = RedisQueue::new(&settings.agent.redis, "agent-1")?;
/// # Ok::<(), testamur::Error>(())
/// ```
pub struct RedisQueue {
    connections: Connections,
    stream: String,
    group: String,
    consumer: String,
    results: String,
    dead_letters: String,
    unknown_courses: String,
    rules: EventRules,
    lease: Duration,
    results_max_len: u64,
    reissue: bool,
    sweep: Mutex<Sweep>,
    is_prepared: AtomicBool,
}

/// The progress of looking through pending entries.
struct Sweep {
    next_at: Instant,
    cursor: String,
}

impl RedisQueue {
    /// Creates the queue of these settings, which hold the password itself. `consumer` is this
    /// agent's name in the group, which differs from that of each other agent. No connection is
    /// opened yet.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the URL is no address of Redis; [`ErrorKind::MissingField`]:
    /// the settings have no URL or no stream.
    pub fn new(settings: &RedisSettings, consumer: &str) -> Result<Self> {
        let missing =
            |key| Error::new(ErrorKind::MissingField, format!("`redis` has no `{key}`"));
        Ok(Self {
            connections: Connections::new(settings)?,
            stream: settings.stream.clone().ok_or_else(|| missing("stream"))?,
            group: settings.group.clone(),
            consumer: consumer.to_owned(),
            results: settings.results().ok_or_else(|| missing("results"))?,
            dead_letters: settings
                .dead_letters()
                .ok_or_else(|| missing("dead_letters"))?,
            unknown_courses: settings
                .unknown_courses()
                .ok_or_else(|| missing("unknown_courses"))?,
            rules: EventRules::new(settings.modes.clone(), settings.statuses.clone()),
            lease: settings.lease,
            results_max_len: settings.results_max_len,
            reissue: false,
            sweep: Mutex::new(Sweep {
                next_at: Instant::now(),
                cursor: "0-0".to_owned(),
            }),
            is_prepared: AtomicBool::new(false),
        })
    }

    /// Sets whether each request issues a revoked certificate again.
    pub fn with_reissue(mut self, reissue: bool) -> Self {
        self.reissue = reissue;
        self
    }

    /// Creates the group, and the stream if it does not exist. A new group begins with the first
    /// entry of the stream.
    fn create_group(&self) -> Result<()> {
        let mut create = cmd("XGROUP");
        create.arg("CREATE").arg(&self.stream).arg(&self.group).arg("0").arg("MKSTREAM");
        match self.connections.ask::<Value>(Duration::ZERO, &create) {
            Err(error) if is_existing_group(&error) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => {
                tracing::warn!(
                    stream = self.stream,
                    group = self.group,
                    "the consumer group did not exist and is made: it begins with the first entry \
                     of the stream; `XGROUP SETID` lets it begin with the next one"
                );
                Ok(())
            }
        }
    }

    /// Creates the group and deletes idle consumers, once before the first receipt.
    fn prepare(&self) -> Result<()> {
        if !self.is_prepared.load(Ordering::Acquire) {
            self.create_group()?;
            self.delete_idle_consumers();
            self.is_prepared.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Refuses a server of a Redis Cluster, which has a part of the keys only, and a
    /// Sentinel, which only tells where the server is.
    fn check_mode(&self) -> Result<()> {
        let info: String =
            match self.connections.ask(Duration::ZERO, cmd("INFO").arg("server")) {
                // If the user may not ask this, a wrong server shows at the first command
                // on a stream.
                Err(error) if error.kind() == ErrorKind::QueueRefused => return Ok(()),
                info => info?,
            };
        let mode = info.lines().find_map(|line| line.trim().strip_prefix("redis_mode:"));
        match mode {
            Some("cluster") => Err(Error::new(
                ErrorKind::QueueRefused,
                "the server is part of a Redis Cluster, which is not supported",
            )
            .with_help(
                "use a server of its own: an agent changes several streams at once",
            )),
            Some("sentinel") => Err(Error::new(
                ErrorKind::QueueRefused,
                "the server is a Redis Sentinel, which holds no streams",
            )
            .with_help(
                "set `redis.url` to the server itself, or to a proxy that follows it",
            )),
            _ => Ok(()),
        }
    }

    /// Checks whether the user may run a command. The command names a group that does not
    /// exist, so that it changes nothing.
    fn check_right(&self, ask: &mut Cmd) -> Result<()> {
        match self.connections.ask::<Value>(Duration::ZERO, ask) {
            Err(error) if error.kind() == ErrorKind::QueueRefused => Err(error),
            Err(error) if !is_refused_by_stream(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Reads the next entry that was not handed out yet.
    fn read(&self, block: Duration) -> Result<Option<Delivery>> {
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(&self.group).arg(&self.consumer).arg("COUNT").arg(1);
        // `BLOCK 0` waits for ever.
        if block.as_millis() > 0 {
            read.arg("BLOCK").arg(block.as_millis() as u64);
        }
        read.arg("STREAMS").arg(&self.stream).arg(">");
        let entries = reply::parse_read(self.connections.ask(block, &read)?)?;
        Ok(entries.into_iter().find_map(|entry| self.delivery(entry, 1)))
    }

    /// Claims an entry that was returned, or whose agent has not extended its lease.
    fn claim(&self) -> Result<Option<Delivery>> {
        let Ok(mut sweep) = self.sweep.try_lock() else { return Ok(None) };
        // Each call looks at ten pending entries, and there are about as many as requests
        // in hand: a hundred calls are enough.
        for _ in 0..100 {
            if Instant::now() < sweep.next_at {
                return Ok(None);
            }
            let mut claim = cmd("XAUTOCLAIM");
            claim.arg(&self.stream).arg(&self.group).arg(&self.consumer);
            claim
                .arg(self.lease.as_millis() as u64)
                .arg(&sweep.cursor)
                .arg("COUNT")
                .arg(1);
            let claimed =
                reply::parse_claim(self.connections.ask(Duration::ZERO, &claim)?)?;
            if claimed.lost > 0 {
                tracing::error!(
                    stream = self.stream,
                    lost = claimed.lost,
                    "requests are lost: the stream was trimmed before they were done"
                );
            }
            sweep.cursor = claimed.cursor;
            if let Some(entry) = claimed.entries.into_iter().next() {
                let attempt = self.attempts(&entry.id)?;
                return Ok(self.delivery(entry, attempt));
            }
            if sweep.cursor == "0-0" {
                sweep.next_at = Instant::now() + MAX_SWEEP_INTERVAL.min(self.lease / 4);
            }
        }
        Ok(None)
    }

    /// Returns the time until entries are claimed again.
    fn until_claim(&self) -> Duration {
        let sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
        sweep.next_at.saturating_duration_since(Instant::now())
    }

    /// Returns how often an entry was handed out.
    fn attempts(&self, id: &str) -> Result<u32> {
        let mut pending = cmd("XPENDING");
        pending.arg(&self.stream).arg(&self.group).arg(id).arg(id).arg(1);
        let pending = self.connections.ask(Duration::ZERO, &pending)?;
        Ok(reply::times_delivered(&pending).unwrap_or(1))
    }

    /// Whether an entry is pending for this agent.
    fn holds(&self, id: &str) -> Result<bool> {
        let mut pending = cmd("XPENDING");
        pending.arg(&self.stream).arg(&self.group).arg(id).arg(id).arg(1);
        pending.arg(&self.consumer);
        match self.connections.ask(Duration::ZERO, &pending) {
            Ok(pending) => Ok(reply::times_delivered(&pending).is_some()),
            Err(error) if is_no_group(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn delivery(&self, entry: StreamEntry, attempt: u32) -> Option<Delivery> {
        let StreamEntry { id, fields } = entry;
        let fields = fields?;
        let (correlation, task) = read_entry(&fields, &self.rules);
        let task = task.map(|task| task.with_reissue(self.reissue));
        let acceptance = acceptance(&id, &fields);
        let delivery = Delivery::new(id, task).with_correlation(correlation);
        let delivery = delivery.with_acceptance(acceptance);
        Some(delivery.with_attempt(attempt).with_receipt(fields))
    }

    fn add(&self, stream: &str) -> Cmd {
        let mut add = cmd("XADD");
        add.arg(stream).arg("MAXLEN").arg("~").arg(self.results_max_len).arg("*");
        add
    }

    /// Returns the commands that add the result to the stream of all results and, for the
    /// row of a list, to the results of that list.
    fn results(&self, delivery: &Delivery, answer: &Answer) -> Vec<Cmd> {
        let result = answer.to_json(delivery).to_string();
        let fields = delivery.receipt::<Fields>();
        let of_batch =
            fields.and_then(|fields| add_result(&self.stream, fields, &result));
        let mut add = self.add(&self.results);
        add.arg("result").arg(result);
        if let Some(name) = name_without_id(delivery) {
            add.arg(RESULT_NAME).arg(name);
        }
        [add].into_iter().chain(of_batch).collect()
    }

    /// Returns the command that keeps a request whose course is unknown, as it came.
    /// `None` for all other requests, and for one that is too large to be kept.
    fn keep(&self, delivery: &Delivery, answer: &Answer) -> Option<Cmd> {
        let fields = delivery.receipt::<Fields>()?;
        if !matches!(answer, Answer::Failed { kind: ErrorKind::UnknownCourse, .. }) {
            return None;
        }
        if !is_kept(fields) {
            tracing::warn!(
                id = delivery.id(),
                "a request for an unknown course is too large to be kept"
            );
            return None;
        }
        let mut keep = self.add(&self.unknown_courses);
        for (name, value) in fields.0.iter().filter(|(name, _)| !is_acceptance(name)) {
            keep.arg(name).arg(value);
        }
        if let Some(acceptance) = delivery.acceptance() {
            keep.arg(ACCEPTED_AT).arg(acceptance.at.to_string());
        }
        Some(keep)
    }

    /// Runs the commands `entries`, which add entries, and acknowledges, in one script:
    /// if an entry cannot be added, the request is not acknowledged. A transaction would
    /// acknowledge it nevertheless.
    fn settle(&self, delivery: &Delivery, entries: Vec<Cmd>) -> Result<LeaseState> {
        let mut acknowledge = cmd("XACK");
        acknowledge.arg(&self.stream).arg(&self.group).arg(delivery.id());
        let mut settle = cmd("EVAL");
        settle.arg(SETTLE).arg(1).arg(&self.stream);
        for command in entries.iter().chain([&acknowledge]) {
            settle.arg(command.args_iter().count());
            for part in command.args_iter() {
                if let Arg::Simple(part) = part {
                    settle.arg(part);
                }
            }
        }
        match self.connections.ask::<u64>(Duration::ZERO, &settle)? {
            0 => Ok(LeaseState::Lost),
            _ => Ok(LeaseState::Held),
        }
    }

    /// Deletes the consumers of agents that have ended: their names would stay in the
    /// group. If the agent of a consumer without pending entries still runs, it loses
    /// nothing by that.
    fn delete_idle_consumers(&self) {
        const SCRIPT: &str = "\
            for _, c in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do \
              if c[4] == 0 and c[6] > tonumber(ARGV[2]) then \
                redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], c[2]) \
              end \
            end";
        let mut delete = cmd("EVAL");
        delete.arg(SCRIPT).arg(1).arg(&self.stream).arg(&self.group);
        delete.arg(self.lease.as_millis() as u64);
        if let Err(error) = self.connections.ask::<Value>(Duration::ZERO, &delete) {
            tracing::debug!(%error, "failed to delete idle consumers");
        }
    }
}

impl Queue for RedisQueue {
    fn check(&self) -> Result<()> {
        self.check_mode()?;
        for stream in
            [&self.stream, &self.results, &self.dead_letters, &self.unknown_courses]
        {
            let kind: String =
                self.connections.ask(Duration::ZERO, cmd("TYPE").arg(stream))?;
            if !matches!(kind.as_str(), "none" | "stream") {
                let message = format!("`{stream}` is a {kind}, and no stream");
                return Err(Error::new(ErrorKind::QueueRefused, message).with_help(
                    "give the stream another name, or the server another database",
                ));
            }
        }
        // Redis before 6.2 does not have this command.
        let mut claim = cmd("XAUTOCLAIM");
        claim.arg(&self.stream).arg(NO_GROUP).arg(&self.consumer);
        claim.arg(u64::from(u32::MAX)).arg("0-0").arg("COUNT").arg(1).arg("JUSTID");
        self.check_right(&mut claim)?;
        let mut create = cmd("XGROUP");
        create.arg("DELCONSUMER").arg(&self.stream).arg(NO_GROUP).arg(&self.consumer);
        self.check_right(&mut create)
    }

    fn receive(&self, wait: Duration) -> Result<Option<Delivery>> {
        let until = Instant::now() + wait;
        self.prepare()?;
        let mut is_created = false;
        loop {
            let left = || until.saturating_duration_since(Instant::now());
            let found = match self.claim() {
                Ok(None) => self.read(left().min(self.until_claim())),
                found => found,
            };
            match found {
                Ok(None) if left().is_zero() => return Ok(None),
                Ok(None) => {}
                // The server has lost its data, or the stream was removed.
                Err(error) if is_no_group(&error) && !is_created => {
                    self.create_group()?;
                    is_created = true;
                }
                found => return found,
            }
        }
    }

    fn extend_lease(&self, delivery: &Delivery) -> Result<LeaseState> {
        if !self.holds(delivery.id())? {
            return Ok(LeaseState::Lost);
        }
        let mut claim = cmd("XCLAIM");
        claim.arg(&self.stream).arg(&self.group).arg(&self.consumer).arg(0);
        claim.arg(delivery.id()).arg("JUSTID");
        self.connections.ask::<Value>(Duration::ZERO, &claim)?;
        Ok(LeaseState::Held)
    }

    fn ack(&self, delivery: &Delivery, answer: &Answer) -> Result<LeaseState> {
        let entries = match answer {
            Answer::Ignored { .. } => Vec::new(),
            _ => self.results(delivery, answer),
        };
        let kept = self.keep(delivery, answer);
        if kept.is_some() {
            let (stream, max_len) = (&self.unknown_courses, self.results_max_len);
            tell_trimming(&self.connections, stream, max_len)?;
        }
        self.settle(delivery, entries.into_iter().chain(kept).collect())
    }

    fn nack(&self, delivery: &Delivery, after: Duration) -> Result<()> {
        if !self.holds(delivery.id())? {
            return Ok(());
        }
        let idle = self.lease.saturating_sub(after).as_millis() as u64;
        let mut claim = cmd("XCLAIM");
        claim.arg(&self.stream).arg(&self.group).arg(&self.consumer).arg(0);
        claim.arg(delivery.id()).arg("IDLE").arg(idle);
        // The agent itself returns the request: this attempt has not ended the process.
        claim.arg("RETRYCOUNT").arg(delivery.attempt().saturating_sub(1)).arg("JUSTID");
        self.connections.ask::<Value>(Duration::ZERO, &claim).map(drop)
    }

    fn set_attempts(&self, delivery: &Delivery, attempts: u32) -> Result<()> {
        if !self.holds(delivery.id())? {
            return Ok(());
        }
        let mut claim = cmd("XCLAIM");
        claim.arg(&self.stream).arg(&self.group).arg(&self.consumer).arg(0);
        claim.arg(delivery.id()).arg("RETRYCOUNT").arg(attempts).arg("JUSTID");
        self.connections.ask::<Value>(Duration::ZERO, &claim).map(drop)
    }

    fn dead_letter(&self, delivery: &Delivery, why: &Error) -> Result<LeaseState> {
        let mut letter = self.add(&self.dead_letters);
        if let Some(fields) = delivery.receipt::<Fields>() {
            for (name, value) in fields.0.iter().take(MAX_FIELDS) {
                letter.arg(&name[..name.len().min(MAX_ID)]);
                letter.arg(&value[..value.len().min(MAX_FIELD)]);
            }
        }
        letter.arg("stream").arg(&self.stream).arg("entry").arg(delivery.id());
        letter.arg("reason").arg(why.to_string());
        let results = self.results(delivery, &Answer::from(why));
        self.settle(delivery, [letter].into_iter().chain(results).collect())
    }

    fn depth(&self) -> Result<Option<Depth>> {
        let groups = cmd("XINFO").arg("GROUPS").arg(&self.stream).take();
        let stream = cmd("XINFO").arg("STREAM").arg(&self.stream).take();
        let ask = |ask: &Cmd| self.connections.ask::<Value>(Duration::ZERO, ask);
        match ask(&groups).and_then(|groups| Ok((groups, ask(&stream)?))) {
            Ok((groups, stream)) => Ok(Some(reply::depth(&groups, &stream, &self.group))),
            Err(error) if is_no_stream(&error) => Ok(Some(Depth::default())),
            Err(error) => Err(error),
        }
    }

    fn lease(&self) -> Duration {
        self.lease
    }
}

impl fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RedisQueue");
        shown.field("stream", &self.stream).field("group", &self.group);
        shown.field("consumer", &self.consumer).finish_non_exhaustive()
    }
}
