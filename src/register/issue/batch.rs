//! Many requests, whose certificates are published and synced together.
//!
//! Takes requests from many threads; gives their receipts, a batch at a time. The decision made
//! here: only first editions go into a batch, because they have no predecessor that would have to
//! change. Everything else, and every edition that a batch could not publish, is published by
//! itself, as a single request is.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::press::{DraftOptions, Format};
use crate::register::issue::first_edition::FirstEdition;
use crate::register::issue::options::IssueOptions;
use crate::register::issue::receipt::Receipt;
use crate::register::issue::service::IssueService;
use crate::register::publication::BatchOutcome;
use crate::site::request::Request;

/// A batch is published when it has this many certificates or this many bytes, or when its first
/// certificate has waited this long and another one comes.
const MAX_EDITIONS: usize = 256;
const MAX_BYTES: usize = 32 << 20;
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(2);
/// Fewer certificates are published one by one: a sync of a whole file system also waits for what
/// other programs wrote to it.
const MIN_EDITIONS: usize = 4;

/// Issues many certificates whose files are synced together, where the stores can do so: into a
/// folder this saves most of the waiting for the disk. As with [`IssueService::issue`], a receipt
/// is returned only when its certificate would survive a power failure.
///
/// Threads share a batch, and each gets the receipts of the batches that it completes. `J` is the
/// caller's name for a request.
///
/// ```
/// # use std::sync::Arc;
/// # use testamur::register::{IssueBatch, IssueOptions, IssueService, MemoryStore};
/// # use testamur::site::{IdSecret, Keys};
/// # use testamur::{Date, Press, Request, Site, Timestamp};
/// # let (now, today) = (Timestamp::parse("2026-05-14T09:30:00Z")?, Date::parse("2026-05-14")?);
/// # let issuer = IssueService::builder(Arc::new(Press::new(Site::demo())?))
/// #     .with_keys(&Keys::generate("Example University", now)?)
/// #     .with_id_secret(IdSecret::generate()?)
/// #     .with_stores(Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()))
/// #     .build()?;
/// # let course = issuer.press().courses().iter().next().expect("the demo has courses");
/// let batch = IssueBatch::new(&issuer, IssueOptions::default());
/// let mut receipts = Vec::new();
/// for name in ["Ada Lovelace", "Grace Hopper"] {
///     receipts.extend(batch.issue(name, Request::new(&course.id, name)?, today, now));
/// }
/// receipts.extend(batch.finish());
/// assert_eq!(receipts.len(), 2);
/// assert!(receipts.iter().all(|(_, receipt)| receipt.is_ok()));
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug)]
pub struct IssueBatch<'a, J> {
    service: &'a IssueService,
    options: IssueOptions,
    max_wait: Duration,
    /// Whether the stores can sync files together.
    has_batches: bool,
    waiting: Mutex<Waiting<J>>,
    published: Condvar,
    /// The courses and layouts of which the pixels of a page were checked; `None` if none are
    /// checked.
    looked_at: Option<Mutex<LookedAt>>,
}

/// Courses, each with the layout that the request names, and whether a page was checked.
type LookedAt = HashMap<(String, Option<String>), Arc<Mutex<bool>>>;

/// The editions that wait to be published.
#[derive(Debug)]
struct Waiting<J> {
    editions: Vec<WaitingEdition<J>>,
    bytes: usize,
    since: Option<Instant>,
    /// Whether a thread publishes those that waited before.
    is_publishing: bool,
}

/// An edition with all that publishing it takes.
struct WaitingEdition<J> {
    job: J,
    request: Request,
    today: Date,
    now: Timestamp,
    first: Box<FirstEdition>,
}

impl<'a, J> IssueBatch<'a, J> {
    /// An empty batch of a service.
    pub fn new(service: &'a IssueService, options: IssueOptions) -> Self {
        let waiting =
            Waiting { editions: Vec::new(), bytes: 0, since: None, is_publishing: false };
        Self {
            service,
            options,
            max_wait: DEFAULT_MAX_WAIT,
            has_batches: service.register().has_batches(),
            waiting: Mutex::new(waiting),
            published: Condvar::new(),
            looked_at: None,
        }
    }

    /// Checks the pixels of the first page of each course and layout, before its certificate and
    /// later ones are issued. Each check takes a fifth of a second.
    pub fn with_close_look(mut self) -> Self {
        self.looked_at = Some(Mutex::default());
        self
    }

    /// Sets how long a certificate may wait for others before the next one publishes it, two seconds
    /// unless set.
    pub fn with_max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Makes and seals the certificate of a request. Returns the requests that are done by now, this
    /// one or others; the others follow from later calls and from [`finish`](Self::finish).
    ///
    /// The errors are those of [`IssueService::issue`].
    pub fn issue(
        &self,
        job: J,
        request: Request,
        today: Date,
        now: Timestamp,
    ) -> Vec<(J, Result<Receipt>)> {
        let looked_at = self.look_closely(&request, today);
        match looked_at.and_then(|()| self.begin(&request, today, now)) {
            Err(error) => vec![(job, Err(error))],
            Ok(Begun::Done(receipt)) => vec![(job, Ok(*receipt))],
            Ok(Begun::Ready(first)) => {
                self.add(WaitingEdition { job, request, today, now, first })
            }
        }
    }

    /// Publishes all that still waits. Call it when every call of [`issue`](Self::issue) has
    /// returned.
    pub fn finish(&self) -> Vec<(J, Result<Receipt>)> {
        let editions = self.lock().take();
        self.publish(editions)
    }

    /// Judges the pixels of a page if it is the first of its course and layout.
    fn look_closely(&self, request: &Request, today: Date) -> Result<()> {
        let Some(looked_at) = &self.looked_at else { return Ok(()) };
        let key = (request.course().to_owned(), request.layout().map(str::to_owned));
        let of_page = {
            let mut looked_at = looked_at.lock().unwrap_or_else(PoisonError::into_inner);
            looked_at.entry(key).or_default().clone()
        };
        // Requests that come meanwhile wait for this check, which covers them too.
        let mut has_looked = of_page.lock().unwrap_or_else(PoisonError::into_inner);
        if *has_looked {
            return Ok(());
        }
        let options =
            DraftOptions::default().with_specimen(false).with_format(Format::Sheet);
        let options = options.with_closely(true);
        let Err(error) = self.service.press().draft_with(request, today, &options) else {
            *has_looked = true;
            return Ok(());
        };
        // If this request fails, the next one with the same course and layout is checked.
        let is_of_pixels = |error: &Error| {
            [ErrorKind::Hidden, ErrorKind::Contrast].contains(&error.kind())
        };
        // Other errors are reported when the certificate is made.
        if error.faults().any(is_of_pixels) { Err(error) } else { Ok(()) }
    }

    fn begin(&self, request: &Request, today: Date, now: Timestamp) -> Result<Begun> {
        let first = if self.has_batches {
            self.service.first_edition(request, today, now, &self.options)?
        } else {
            None
        };
        let Some(first) = first else {
            let receipt = self.service.issue(request, today, now, &self.options)?;
            return Ok(Begun::Done(Box::new(receipt)));
        };
        Ok(Begun::Ready(Box::new(first)))
    }

    /// Adds an edition, and publishes all that wait if it is time.
    fn add(&self, edition: WaitingEdition<J>) -> Vec<(J, Result<Receipt>)> {
        let mut waiting = self.lock();
        // Limits the waiting editions where the disk is slower than the press.
        let is_full =
            |waiting: &mut Waiting<J>| waiting.is_full() && waiting.is_publishing;
        waiting = self
            .published
            .wait_while(waiting, is_full)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.bytes += edition.first.size();
        let since = *waiting.since.get_or_insert_with(Instant::now);
        waiting.editions.push(edition);
        let is_due = waiting.is_full() || since.elapsed() >= self.max_wait;
        if !is_due || waiting.is_publishing {
            return Vec::new();
        }
        waiting.is_publishing = true;
        let editions = waiting.take();
        drop(waiting);
        let _publishing = Publishing(self);
        self.publish(editions)
    }

    fn publish(&self, editions: Vec<WaitingEdition<J>>) -> Vec<(J, Result<Receipt>)> {
        let together = if editions.len() >= MIN_EDITIONS {
            let to_publish: Vec<_> =
                editions.iter().map(|it| it.first.to_publish()).collect();
            self.service.register().publish_together(&to_publish)
        } else {
            Ok(editions.iter().map(|_| BatchOutcome::Left).collect())
        };
        match together {
            Ok(published) => {
                let published = published.into_iter().zip(editions);
                published.map(|(outcome, it)| self.end(it, outcome)).collect()
            }
            Err(error) => {
                editions.into_iter().map(|it| (it.job, Err(error.clone()))).collect()
            }
        }
    }

    /// The receipt of an edition. It is published by itself if the batch did not publish it.
    fn end(
        &self,
        waiting: WaitingEdition<J>,
        outcome: BatchOutcome,
    ) -> (J, Result<Receipt>) {
        let WaitingEdition { job, request, today, now, first, .. } = waiting;
        let ended = match outcome {
            BatchOutcome::Finished(Some(finished)) => {
                Ok(Some(self.service.first_receipt(*first, finished)))
            }
            BatchOutcome::Finished(None) => {
                self.service.discard_first(&first).map(|()| None)
            }
            BatchOutcome::Left => self.service.publish_first(*first, now),
        };
        let receipt = match ended {
            Ok(Some(receipt)) => Ok(receipt),
            Ok(None) => self.service.issue(&request, today, now, &self.options),
            Err(error) => Err(error),
        };
        (job, receipt)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<J>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request whose first step is done.
enum Begun {
    Done(Box<Receipt>),
    Ready(Box<FirstEdition>),
}

impl<J> Waiting<J> {
    fn is_full(&self) -> bool {
        self.editions.len() >= MAX_EDITIONS || self.bytes >= MAX_BYTES
    }

    fn take(&mut self) -> Vec<WaitingEdition<J>> {
        self.bytes = 0;
        self.since = None;
        std::mem::take(&mut self.editions)
    }
}

/// Marks that a thread is publishing, until it is dropped, which happens on a panic too.
struct Publishing<'a, 'b, J>(&'a IssueBatch<'b, J>);

impl<J> Drop for Publishing<'_, '_, J> {
    fn drop(&mut self) {
        self.0.lock().is_publishing = false;
        self.0.published.notify_all();
    }
}

impl<J: std::fmt::Debug> std::fmt::Debug for WaitingEdition<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WaitingEdition").field("job", &self.job).finish_non_exhaustive()
    }
}
