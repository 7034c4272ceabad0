//! One row of the benchmark: what is made, where it ends, and its measurements.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::workload::Workload;
use crate::cli::args::NameSet;
use crate::cli::batch::WAITING_PER_CORE;
use crate::cli::clock;
use crate::cli::exit::Failure;
use crate::press::DraftOptions;
use crate::register::{
    Directory, IssueBatch, IssueOptions, IssueService, Receipt, Store, StorePath, Stores,
};
use crate::seal::Sealer;
use crate::site::{IdSecret, Keys, Settings};
use crate::{Error, ErrorKind, Timestamp};

/// How many certificates are made before the clock starts, beside one in ten.
const MIN_WARM_UP: usize = 2;

/// One row of the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) goal: Goal,
    pub(super) layout: String,
    pub(super) names: NameSet,
    pub(super) threads: usize,
    pub(super) count: usize,
    pub(super) folder: Option<PathBuf>,
    /// What the setting `store` would say.
    pub(super) store: Option<String>,
}

/// Where a certificate ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Goal {
    /// As sealed bytes in memory.
    Memory,
    /// As files in folders, published and recorded, when they outlast a power failure.
    Folder,
    /// In the store that `--store` names, with the private files in a folder.
    Store,
}

/// What is counted while the clock runs.
#[derive(Default)]
struct Made {
    certificates: usize,
    bytes: usize,
    files: usize,
}

impl Row {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        serde_json::from_str(text)
            .map_err(|error| Failure::usage(format!("--row: {error}")))
    }

    pub(super) fn to_json(&self) -> Value {
        json!(self)
    }

    /// Makes the certificates of the row, and returns the measurements.
    pub(super) fn measure(&self, work: Workload) -> Result<Value, Failure> {
        let begun = Instant::now();
        let now = clock::now()?;
        let keys = Keys::generate("Example University", now)?;
        match self.goal {
            Goal::Memory => {
                let sealer = keys.sealer();
                let make = || draft(&work, &sealer, now);
                make()?;
                let first = begun.elapsed();
                self.in_threads(self.warm_up(), make)?;
                let clock = Clock::start(0);
                let made = self.in_threads(self.count, make)?;
                Ok(self.result(&clock.stop(0), first, &made))
            }
            Goal::Folder | Goal::Store => self.measure_issuing(&work, &keys, now, begun),
        }
    }

    fn measure_issuing(
        &self,
        work: &Workload,
        keys: &Keys,
        now: Timestamp,
        begun: Instant,
    ) -> Result<Value, Failure> {
        let folder = temporary_folder(self.folder.as_ref())?;
        let at = |name: &str| Directory::new(folder.path().join(name));
        let (public, private) = (at("public"), at("private"));
        let store: Arc<dyn Store> = match &self.store {
            None => Arc::new(public.clone()),
            Some(store) => {
                let settings = Settings::parse(format!("store: {store}\n").as_bytes())?;
                Stores::open(&settings, Path::new("."))?.public
            }
        };
        store.check()?;
        // Also after an error, everything that was published is removed.
        let emptied = match self.goal {
            Goal::Store => Some(EmptyStore::of(&*store)?),
            _ => None,
        };
        let issuer = IssueService::builder(work.press.clone())
            .with_keys(keys)
            .with_id_secret(IdSecret::generate()?)
            .with_stores(store.clone(), Arc::new(private.clone()))
            .build()?;
        let syncs = || public.sync_count() + private.sync_count();
        issuer.issue(&work.request()?, work.today, now, &options())?;
        let first_took = begun.elapsed();
        self.issue(work, &issuer, now, self.warm_up())?;
        let before = files_below(folder.path())?;
        let clock = Clock::start(syncs());
        let issued = self.issue(work, &issuer, now, self.count)?;
        let took = clock.stop(syncs());
        let after = files_below(folder.path())?;
        let (public_bytes, public_files) = match self.goal {
            Goal::Store => published(&*store, &issued)?,
            _ => (0, 0),
        };
        let made = Made {
            certificates: issued.len(),
            bytes: after.0 - before.0 + public_bytes,
            files: after.1 - before.1 + public_files,
        };
        emptied.map_or(Ok(()), EmptyStore::remove_all)?;
        Ok(self.result(&took, first_took, &made))
    }

    fn warm_up(&self) -> usize {
        (self.count / 10).max(MIN_WARM_UP)
    }

    /// Calls `make` `count` times, on the threads of the row.
    fn in_threads(
        &self,
        count: usize,
        make: impl Fn() -> Result<usize, Failure> + Sync,
    ) -> Result<Made, Failure> {
        let left = AtomicUsize::new(count);
        let take = || {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
        };
        let work = || -> Result<usize, Failure> {
            let mut bytes = 0;
            while take().is_ok() {
                bytes += make()?;
            }
            Ok(bytes)
        };
        let ended: Vec<Result<usize, Failure>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads).map(|_| scope.spawn(work)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(panicked))
                .collect()
        });
        let mut made = Made { certificates: count, bytes: 0, files: 0 };
        for bytes in ended {
            made.bytes += bytes?;
        }
        Ok(made)
    }

    /// Issues to `count` recipients as `testamur issue` does.
    fn issue(
        &self,
        work: &Workload,
        issuer: &IssueService,
        now: Timestamp,
        count: usize,
    ) -> Result<Vec<Receipt>, Failure> {
        let batch = IssueBatch::new(issuer, options());
        let ended: Mutex<Vec<((), Result<Receipt, Error>)>> = Mutex::default();
        let keep = |receipts| {
            ended.lock().unwrap_or_else(PoisonError::into_inner).extend(receipts);
        };
        let threads = if self.threads == 1 { 1 } else { self.threads * WAITING_PER_CORE };
        let workers = Self { threads, ..self.clone() };
        workers.in_threads(count, || {
            keep(batch.issue((), work.request()?, work.today, now));
            Ok(0)
        })?;
        keep(batch.finish());
        let ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
        ended.into_iter().map(|((), receipt)| Ok(receipt?)).collect()
    }

    fn result(&self, took: &Took, first: Duration, made: &Made) -> Value {
        let each = |sum: f64| sum / made.certificates.max(1) as f64;
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let is_stored = self.goal != Goal::Memory;
        json!({
            "until": match self.goal {
                Goal::Memory => "sealed in memory",
                Goal::Folder => "safe in a folder",
                Goal::Store => "in the store",
            },
            "layout": self.layout,
            "names": self.names,
            "threads": self.threads,
            "count": made.certificates,
            "per_second": made.certificates as f64 / took.wall.as_secs_f64(),
            "cpu_ms": took.cpu.map(|cpu| each(milliseconds(cpu))),
            "first_ms": milliseconds(first),
            "bytes": each(made.bytes as f64),
            "files": is_stored.then(|| each(made.files as f64)),
            "syncs": is_stored.then(|| each(took.syncs as f64)),
            "peak_mb": peak_memory().map(|bytes| bytes as f64 / 1e6),
            "version": env!("CARGO_PKG_VERSION"),
            "cores": thread::available_parallelism().ok().map(usize::from),
        })
    }
}

/// A new folder below `parent`, or below the current folder, which is removed on drop.
fn temporary_folder(parent: Option<&PathBuf>) -> Result<tempfile::TempDir, Failure> {
    let parent = parent.map_or(Path::new("."), PathBuf::as_path);
    let made = tempfile::Builder::new().prefix(".testamur-bench-").tempdir_in(parent);
    made.map_err(|error| {
        Failure::new(format!("{}: failed to make a folder ({error})", parent.display()))
    })
}

fn options() -> IssueOptions {
    IssueOptions::default().with_cautious(true)
}

/// Makes and seals one certificate, and returns how many bytes it has with its signature.
fn draft(work: &Workload, sealer: &Sealer, now: Timestamp) -> Result<usize, Failure> {
    let options = DraftOptions::default().with_specimen(false);
    let draft = work.press.draft_with(&work.request()?, work.today, &options)?;
    let sealed = sealer.seal(&draft.bytes, now)?;
    Ok(sealed.bytes.len() + sealed.signature.map_or(0, |signature| signature.len()))
}

fn panicked<T>(_: Box<dyn std::any::Any + Send>) -> Result<T, Failure> {
    Err(Failure::new("a thread of the benchmark panicked"))
}

/// The clocks at the beginning of a measurement.
struct Clock {
    wall: Instant,
    cpu: Option<Duration>,
    syncs: u64,
}

/// What a measurement took.
struct Took {
    wall: Duration,
    cpu: Option<Duration>,
    syncs: u64,
}

impl Clock {
    fn start(syncs: u64) -> Self {
        Self { cpu: cpu_time(), syncs, wall: Instant::now() }
    }

    fn stop(self, syncs: u64) -> Took {
        let wall = self.wall.elapsed();
        let cpu = cpu_time().zip(self.cpu).map(|(end, begin)| end.saturating_sub(begin));
        Took { wall, cpu, syncs: syncs - self.syncs }
    }
}

/// The time that the process has computed for, on all its threads, in hundredths of a second: proc(5).
#[cfg(target_os = "linux")]
fn cpu_time() -> Option<Duration> {
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program may have spaces; the times are the 14th and 15th field.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(|field| field.parse::<u32>().ok());
    Some(TICK * (times.next()?? + times.next()??))
}

#[cfg(not(target_os = "linux"))]
fn cpu_time() -> Option<Duration> {
    None
}

/// The most memory that the process had at once, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The bytes and the number of files below a folder.
fn files_below(folder: &Path) -> Result<(usize, usize), Failure> {
    let walk = || -> io::Result<(usize, usize)> {
        let (mut bytes, mut files) = (0, 0);
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let meta = entry.metadata()?;
                if meta.is_dir() {
                    folders.push(entry.path());
                } else {
                    bytes += usize::try_from(meta.len()).unwrap_or(usize::MAX);
                    files += 1;
                }
            }
        }
        Ok((bytes, files))
    };
    walk().map_err(|error| {
        Failure::new(format!("{}: failed to read the folder ({error})", folder.display()))
    })
}

/// The paths in a public store of the files of a receipt.
fn paths(store: &dyn Store, receipt: &Receipt) -> Result<Vec<StorePath>, Failure> {
    let urls = &receipt.urls;
    let mut paths = Vec::new();
    for folder in
        [format!("cert/{}", urls.verify_id), format!("downloads/{}", urls.download_id)]
    {
        store.list(Some(&StorePath::parse(&folder)?), &mut |path| {
            paths.push(path);
            Ok(())
        })?;
    }
    Ok(paths)
}

/// The bytes and the number of files that certificates have in a public store.
fn published(store: &dyn Store, receipts: &[Receipt]) -> Result<(usize, usize), Failure> {
    let (mut bytes, mut files) = (0, 0);
    for receipt in receipts {
        for path in paths(store, receipt)? {
            bytes += store.read(&path)?.map_or(0, |content| content.len());
            files += 1;
        }
    }
    Ok((bytes, files))
}

/// A store that was empty, in which the files of a benchmark are: all of them are removed on drop.
struct EmptyStore<'a>(Option<&'a dyn Store>);

impl<'a> EmptyStore<'a> {
    /// # Errors
    /// The store has a file.
    fn of(store: &'a dyn Store) -> Result<Self, Failure> {
        store.list(None, &mut |path| {
            let message = format!("{store} has files, such as `{path}`");
            Err(Error::new(ErrorKind::StoreRefused, message).with_help(
                "give the benchmark a store of its own, such as another prefix of the bucket",
            ))
        })?;
        Ok(Self(Some(store)))
    }

    fn remove_all(mut self) -> Result<(), Failure> {
        self.0.take().map_or(Ok(()), remove_all)
    }
}

impl Drop for EmptyStore<'_> {
    fn drop(&mut self) {
        // The error that ended the benchmark is reported instead of this one.
        let _ = self.0.take().map_or(Ok(()), remove_all);
    }
}

/// Removes all files, those at the top last: among them is the mark, which keeps other processes
/// from issuing into the store.
fn remove_all(store: &dyn Store) -> Result<(), Failure> {
    let mut paths = Vec::new();
    store.list(None, &mut |path| {
        paths.push(path);
        Ok(())
    })?;
    paths.sort_by_key(|path| !path.as_str().contains('/'));
    for path in paths {
        store.remove(&path)?;
    }
    Ok(())
}
