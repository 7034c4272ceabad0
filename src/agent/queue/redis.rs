//! Redis Streams: the event bus of Open edX, or a stream of anybody's own with requests in JSON.
//!
//! A consumer group is the queue, its list of pending entries the leases: an entry is acknowledged
//! after the work, and what a dead agent held is claimed once it was silent for the lease. Answers and
//! unusable messages go to streams of their own, in one transaction with the acknowledgement.

mod link;
mod reply;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::redis::{Cmd, Value, cmd, pipe};

use self::link::{Link, is_no_group, is_no_stream};
use self::reply::{Entry, Fields};
use super::event::{self, EventRules};
use super::{Answer, Delivery, Depth, LARGEST, LeaseState, Queue, Task};
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::site::settings::RedisSettings;

/// How often at most we look for what was given back, or held by the dead.
const SWEEP: Duration = Duration::from_secs(1);
/// The most fields, and bytes of each, that go to the stream of unusable messages.
const MAX_FIELDS: usize = 64;
const MAX_FIELD: usize = 64 << 10;

/// A consumer group of a Redis stream.
pub struct RedisQueue {
    link: Link,
    stream: String,
    group: String,
    consumer: String,
    results: String,
    dead: String,
    rules: EventRules,
    lease: Duration,
    keep: u64,
    reissue: bool,
    sweep: Mutex<Sweep>,
}

/// Where we are in looking through what is pending.
struct Sweep {
    next: Instant,
    cursor: String,
}

impl RedisQueue {
    /// The queue of these settings, whose password must have been read. `consumer` names this agent
    /// within the group, and nobody else. Nothing is asked of the server yet.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: an address that Redis has not; [`ErrorKind::MissingField`]: no address or
    /// no stream.
    pub fn new(settings: &RedisSettings, consumer: &str) -> Result<Self> {
        let missing =
            |key| Error::new(ErrorKind::MissingField, format!("`redis` has no `{key}`"));
        Ok(Self {
            link: Link::new(settings)?,
            stream: settings.stream.clone().ok_or_else(|| missing("stream"))?,
            group: settings.group.clone(),
            consumer: consumer.to_owned(),
            results: settings.results().ok_or_else(|| missing("results"))?,
            dead: settings.dead_letters().ok_or_else(|| missing("dead"))?,
            rules: EventRules {
                modes: settings.modes.clone(),
                statuses: settings.statuses.clone(),
            },
            lease: settings.lease,
            keep: settings.results_max_len,
            reissue: false,
            sweep: Mutex::new(Sweep { next: Instant::now(), cursor: "0-0".to_owned() }),
        })
    }

    /// Whether a certificate that was revoked comes back when it is asked for anew.
    pub fn with_reissue(mut self, reissue: bool) -> Self {
        self.reissue = reissue;
        self
    }

    /// Makes the group, and the stream if there is none yet. A new group begins with what is in the
    /// stream already.
    fn create_group(&self) -> Result<()> {
        let mut create = cmd("XGROUP");
        create.arg("CREATE").arg(&self.stream).arg(&self.group).arg("0").arg("MKSTREAM");
        match self.link.ask::<Value>(Duration::ZERO, &create) {
            Err(error) if !link::is_group_there(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// The next entry that nobody had.
    fn read(&self, block: Duration) -> Result<Option<Delivery>> {
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(&self.group).arg(&self.consumer).arg("COUNT").arg(1);
        // To Redis nought is for ever.
        if block.as_millis() > 0 {
            read.arg("BLOCK").arg(block.as_millis() as u64);
        }
        read.arg("STREAMS").arg(&self.stream).arg(">");
        let entries = reply::streams(self.link.ask(block, &read)?)?;
        Ok(entries.into_iter().find_map(|entry| self.delivery(entry, 1)))
    }

    /// An entry that was given back, or whose holder gives no sign of life.
    fn claim(&self) -> Result<Option<Delivery>> {
        let Ok(mut sweep) = self.sweep.try_lock() else { return Ok(None) };
        // Each round looks at ten entries, of which there are about as many as renders at once.
        for _ in 0..100 {
            if Instant::now() < sweep.next {
                return Ok(None);
            }
            let mut claim = cmd("XAUTOCLAIM");
            claim.arg(&self.stream).arg(&self.group).arg(&self.consumer);
            claim
                .arg(self.lease.as_millis() as u64)
                .arg(&sweep.cursor)
                .arg("COUNT")
                .arg(1);
            let claimed = reply::claimed(self.link.ask(Duration::ZERO, &claim)?)?;
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
                sweep.next = Instant::now() + SWEEP.min(self.lease / 4);
            }
        }
        Ok(None)
    }

    /// How long until it is time to look for such entries again.
    fn until_claim(&self) -> Duration {
        let sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
        sweep.next.saturating_duration_since(Instant::now())
    }

    /// How often an entry was handed out.
    fn attempts(&self, id: &str) -> Result<u32> {
        let mut pending = cmd("XPENDING");
        pending.arg(&self.stream).arg(&self.group).arg(id).arg(id).arg(1);
        let pending = self.link.ask(Duration::ZERO, &pending)?;
        Ok(reply::times_delivered(&pending).unwrap_or(1))
    }

    /// Whether an entry is ours still.
    fn holds(&self, id: &str) -> Result<bool> {
        let mut pending = cmd("XPENDING");
        pending.arg(&self.stream).arg(&self.group).arg(id).arg(id).arg(1);
        pending.arg(&self.consumer);
        match self.link.ask(Duration::ZERO, &pending) {
            Ok(pending) => Ok(reply::times_delivered(&pending).is_some()),
            Err(error) if is_no_group(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn delivery(&self, entry: Entry, attempt: u32) -> Option<Delivery> {
        let Entry { id, fields } = entry;
        let fields = fields?;
        let (about, task) = fields.task(&self.rules);
        let task = task.map(|task| match task {
            Task::Issue { request, options, replaces } => {
                let options = options.with_reissue(options.reissue || self.reissue);
                Task::Issue { request, options, replaces }
            }
            other => other,
        });
        let delivery = Delivery::new(id, task).with_about(about).with_attempt(attempt);
        Some(delivery.with_receipt(fields))
    }

    fn add(&self, stream: &str) -> Cmd {
        let mut add = cmd("XADD");
        add.arg(stream).arg("MAXLEN").arg("~").arg(self.keep).arg("*");
        add
    }

    fn result(&self, delivery: &Delivery, answer: &Answer) -> Cmd {
        let mut add = self.add(&self.results);
        add.arg("result").arg(answer.to_json(delivery).to_string());
        add
    }

    /// Sends `entries` and the acknowledgement, all or none.
    fn close(&self, delivery: &Delivery, entries: Vec<Cmd>) -> Result<LeaseState> {
        let mut all = pipe();
        all.atomic();
        for entry in entries {
            all.add_command(entry).ignore();
        }
        all.cmd("XACK").arg(&self.stream).arg(&self.group).arg(delivery.id());
        match self.link.ask_all::<(u64,)>(&all)? {
            (0,) => Ok(LeaseState::Lost),
            _ => Ok(LeaseState::Ours),
        }
    }

    /// Forgets agents of earlier days, of each of which a name is left. One that holds nothing loses
    /// nothing by it, should it come back.
    fn forget_consumers(&self) {
        const SCRIPT: &str = "\
            for _, c in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do \
              if c[4] == 0 and c[6] > tonumber(ARGV[2]) then \
                redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], c[2]) \
              end \
            end";
        let mut forget = cmd("EVAL");
        forget.arg(SCRIPT).arg(1).arg(&self.stream).arg(&self.group);
        forget.arg(self.lease.as_millis() as u64);
        if let Err(error) = self.link.ask::<Value>(Duration::ZERO, &forget) {
            tracing::debug!(%error, "old consumers are not forgotten");
        }
    }
}

impl Queue for RedisQueue {
    fn check(&self) -> Result<()> {
        for stream in [&self.stream, &self.results, &self.dead] {
            let kind: String = self.link.ask(Duration::ZERO, cmd("TYPE").arg(stream))?;
            if !matches!(kind.as_str(), "none" | "stream") {
                let message = format!("`{stream}` is a {kind}, and no stream");
                return Err(Error::new(ErrorKind::QueueRefused, message).with_help(
                    "give the stream another name, or the server another database",
                ));
            }
        }
        self.create_group()?;
        // Redis before 6.2 cannot.
        let mut claim = cmd("XAUTOCLAIM");
        claim.arg(&self.stream).arg(&self.group).arg(&self.consumer);
        claim.arg(u64::from(u32::MAX)).arg("0-0").arg("COUNT").arg(1).arg("JUSTID");
        self.link.ask::<Value>(Duration::ZERO, &claim)?;
        self.forget_consumers();
        Ok(())
    }

    fn receive(&self, wait: Duration) -> Result<Option<Delivery>> {
        let until = Instant::now() + wait;
        let mut made = false;
        loop {
            let left = || until.saturating_duration_since(Instant::now());
            let found = match self.claim() {
                Ok(None) => self.read(left().min(self.until_claim())),
                found => found,
            };
            match found {
                Ok(None) if left().is_zero() => return Ok(None),
                Ok(None) => {}
                // The server has lost what it knew, or the stream was removed.
                Err(error) if is_no_group(&error) && !made => {
                    self.create_group()?;
                    made = true;
                }
                found => return found,
            }
        }
    }

    fn extend(&self, delivery: &Delivery) -> Result<LeaseState> {
        if !self.holds(delivery.id())? {
            return Ok(LeaseState::Lost);
        }
        let mut claim = cmd("XCLAIM");
        claim.arg(&self.stream).arg(&self.group).arg(&self.consumer).arg(0);
        claim.arg(delivery.id()).arg("JUSTID");
        self.link.ask::<Value>(Duration::ZERO, &claim)?;
        Ok(LeaseState::Ours)
    }

    fn done(&self, delivery: &Delivery, answer: &Answer) -> Result<LeaseState> {
        let entries = match answer {
            Answer::Ignored { .. } => Vec::new(),
            _ => vec![self.result(delivery, answer)],
        };
        self.close(delivery, entries)
    }

    fn retry(&self, delivery: &Delivery, after: Duration) -> Result<()> {
        if !self.holds(delivery.id())? {
            return Ok(());
        }
        let idle = self.lease.saturating_sub(after).as_millis() as u64;
        let mut claim = cmd("XCLAIM");
        claim.arg(&self.stream).arg(&self.group).arg(&self.consumer).arg(0);
        claim.arg(delivery.id()).arg("IDLE").arg(idle);
        // It was given back, and counts for nothing.
        claim.arg("RETRYCOUNT").arg(delivery.attempt().saturating_sub(1)).arg("JUSTID");
        self.link.ask::<Value>(Duration::ZERO, &claim).map(drop)
    }

    fn dead(&self, delivery: &Delivery, why: &Error) -> Result<LeaseState> {
        let mut letter = self.add(&self.dead);
        if let Some(fields) = delivery.receipt::<Fields>() {
            for (name, value) in fields.0.iter().take(MAX_FIELDS) {
                letter.arg(&name[..name.len().min(255)]);
                letter.arg(&value[..value.len().min(MAX_FIELD)]);
            }
        }
        letter.arg("stream").arg(&self.stream).arg("entry").arg(delivery.id());
        letter.arg("reason").arg(why.to_string());
        self.close(delivery, vec![letter, self.result(delivery, &Answer::from(why))])
    }

    fn depth(&self) -> Result<Option<Depth>> {
        let groups = cmd("XINFO").arg("GROUPS").arg(&self.stream).take();
        let stream = cmd("XINFO").arg("STREAM").arg(&self.stream).take();
        let ask = |ask: &Cmd| self.link.ask::<Value>(Duration::ZERO, ask);
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

impl Fields {
    /// What an entry asks for.
    fn task(&self, rules: &EventRules) -> (super::About, Result<Task>) {
        let size: usize =
            self.0.iter().map(|(name, value)| name.len() + value.len()).sum();
        if size > LARGEST {
            let fault =
                Error::new(ErrorKind::TooLarge, format!("the entry has {size} bytes"));
            let fault = fault.with_help(format!("at most {LARGEST} are read"));
            return (super::About::default(), Err(fault));
        }
        match (self.get("type"), self.get("request")) {
            (Some(kind), _) => {
                let kind = String::from_utf8_lossy(kind);
                event::task(&kind, |field| self.get(field), rules)
            }
            (None, Some(request)) => Task::from_json(request),
            (None, None) => {
                let first = self.0.first().map(|(name, _)| name.as_slice());
                let first = String::from_utf8_lossy(first.unwrap_or_default());
                let fault = Error::new(
                    ErrorKind::MissingField,
                    "the entry has neither a `request` nor the `type` of an event",
                );
                let help = did_you_mean(&first, ["request", "type"]);
                (super::About::default(), Err(fault.with_help(help)))
            }
        }
    }
}

impl fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RedisQueue");
        shown.field("stream", &self.stream).field("group", &self.group);
        shown.field("consumer", &self.consumer).finish_non_exhaustive()
    }
}
