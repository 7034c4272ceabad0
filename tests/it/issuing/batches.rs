//! Certificates that are published and synced together.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use testamur::register::{
    CreateOutcome, Directory, IssueBatch, IssueOptions, IssueOutcome, Receipt, Store,
    StoreBatch, StoreFile, StorePath, SwapOutcome,
};
use testamur::site::Site;
use testamur::{Error, ErrorKind, Result};

use super::setup::{COURSES, Setup, now, request, today};

const PEOPLE: [&str; 5] = ["Ada", "Grace", "Émilie", "Sofia", "Emmy"];

/// A batch that waits for its end, however slow the machine is.
fn batch<J>(setup: &Setup) -> IssueBatch<'_, J> {
    let batch = IssueBatch::new(&setup.issuer, IssueOptions::default());
    batch.with_max_wait(Duration::MAX)
}

fn issue_together(setup: &Setup, names: &[&str]) -> Vec<(String, Result<Receipt>)> {
    let batch = batch(setup);
    let mut ended = Vec::new();
    for name in names {
        ended.extend(batch.issue((*name).to_owned(), request(name), today(), now()));
    }
    ended.extend(batch.finish());
    ended
}

/// How many snapshots there are, each of which has the digest of its PDF as its name.
fn snapshots(setup: &Setup) -> usize {
    let private = setup.private();
    let names = private.keys().filter_map(|path| path.rsplit('/').next());
    names.filter(|name| name.len() > 64).count()
}

fn site() -> Site {
    Site::new().with_sample_pictures().with_file("courses.yaml", COURSES)
}

#[test]
fn batch_publishes_what_single_requests_publish() {
    let (together, single) = (Setup::new(), Setup::new());
    let ended = issue_together(&together, &PEOPLE);
    assert_eq!(ended.len(), PEOPLE.len());
    for (name, receipt) in ended {
        let receipt = receipt.unwrap();
        assert_eq!(receipt.outcome, IssueOutcome::Issued);
        assert_eq!(receipt.record.certificate.as_ref().unwrap().name, name);
        single.issue(&request(&name)).unwrap();
        let again = together.issue(&request(&name)).unwrap();
        assert_eq!(again.outcome, IssueOutcome::Unchanged);
        assert_eq!(again.record, receipt.record);
        assert_eq!(again.urls, receipt.urls);
    }
    assert_eq!(together.assert_consistent(), PEOPLE.len());
    // The ids differ, the files do not.
    let names = |setup: &Setup| {
        let (public, private) = (setup.public(), setup.private());
        let names = public.keys().chain(private.keys());
        let mut names: Vec<_> = names
            .map(|path| path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name))
            .map(|name| if name.len() > 40 { "by digest" } else { name }.to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&together), names(&single));
}

#[test]
fn files_of_a_batch_are_synced_together() {
    let folder = tempfile::tempdir().unwrap();
    let public = Directory::new(folder.path());
    let kept = public.clone();
    let setup = Setup::with_store(site(), |_| Arc::new(public));
    let before = kept.sync_count();
    let people: Vec<String> = (0..12).map(|number| format!("Ada {number}")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    issue_together(&setup, &people).into_iter().for_each(|(_, it)| drop(it.unwrap()));
    let together = kept.sync_count() - before;
    assert!((1..12).contains(&together), "{together} for 12 certificates");
    setup.issue(&request("Grace")).unwrap();
    let single = kept.sync_count() - before - together;
    assert!(single > together, "{single} for one, each file and each folder");
}

/// What was done to a store, in its order, by all stores of a test.
type Log = Arc<Mutex<Vec<String>>>;

/// A store that writes down what happens to its batches, and fails after a number of steps as after
/// a power cut.
#[derive(Debug)]
struct WatchedStore {
    inner: Arc<dyn Store>,
    log: Log,
    left: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct WatchedBatch<'a> {
    inner: Box<dyn StoreBatch + 'a>,
    paths: Vec<String>,
    store: &'a WatchedStore,
}

impl WatchedStore {
    fn step(&self) -> Result<()> {
        let take = |left: usize| left.checked_sub(1);
        let taken = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        taken.map(drop).map_err(|_| Error::new(ErrorKind::Store, "the power is cut"))
    }

    fn note(&self, what: &str, path: &str) {
        let name = path.rsplit('/').next().unwrap_or_default();
        self.log.lock().unwrap().push(format!("{what} {name}"));
    }
}

impl fmt::Display for WatchedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Store for WatchedStore {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        self.step()?;
        self.inner.create(file)
    }
    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        self.step()?;
        self.inner.replace(file)
    }
    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        self.step()?;
        self.inner.swap(file, was)
    }
    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        self.inner.read(path)
    }
    fn remove(&self, path: &StorePath) -> Result<()> {
        self.step()?;
        self.inner.remove(path)
    }
    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        self.inner.list(folder, found)
    }
    fn begin_batch(&self) -> Result<Option<Box<dyn StoreBatch + '_>>> {
        let inner = self.inner.begin_batch()?.expect("the folder has batches");
        Ok(Some(Box::new(WatchedBatch { inner, paths: Vec::new(), store: self })))
    }
    fn check(&self) -> Result<()> {
        self.inner.check()
    }
}

impl StoreBatch for WatchedBatch<'_> {
    fn stage(&mut self, file: &StoreFile<'_>) -> Result<usize> {
        self.store.step()?;
        self.paths.push(file.path.to_string());
        self.inner.stage(file)
    }
    fn create(&mut self, staged: usize) -> Result<CreateOutcome> {
        self.store.step()?;
        self.store.note("create", &self.paths[staged]);
        self.inner.create(staged)
    }
    fn replace(&mut self, staged: usize) -> Result<()> {
        self.store.step()?;
        self.store.note("replace", &self.paths[staged]);
        self.inner.replace(staged)
    }
    fn sync(&mut self) -> Result<()> {
        self.store.step()?;
        self.store.note("sync", "");
        self.inner.sync()
    }
}

fn watched(left: &Arc<AtomicUsize>) -> (Setup, Log) {
    let log = Log::default();
    let watch = |inner| -> Arc<dyn Store> {
        Arc::new(WatchedStore { inner, log: log.clone(), left: left.clone() })
    };
    (Setup::with_store(site(), watch), log)
}

/// Each step of a batch outlasts a power cut before the next begins.
#[test]
fn files_get_their_paths_after_a_sync_and_the_record_last() {
    let (setup, log) = watched(&Arc::new(AtomicUsize::new(usize::MAX)));
    let ended = issue_together(&setup, &PEOPLE);
    assert!(ended.iter().all(|(_, receipt)| receipt.is_ok()));
    let log = log.lock().unwrap();
    let steps: Vec<&[String]> =
        log.split_inclusive(|step| step.starts_with("sync")).collect();
    let all = |steps: &[String], wanted: &str| {
        let found = steps.iter().filter(|step| *step == wanted).count();
        assert_eq!(found, PEOPLE.len(), "{wanted} in {steps:?}");
    };
    let [staged, shown, recorded] = steps[..] else { panic!("{steps:?}") };
    assert_eq!(staged.len(), 1, "nothing has a path yet: {staged:?}");
    for wanted in ["create Certificate.pdf", "replace Certificate.pdf.sig"] {
        all(shown, wanted);
    }
    all(shown, "create index.html");
    assert!(!shown.iter().any(|step| step.ends_with("certificate.json")), "{shown:?}");
    all(recorded, "create certificate.json");
    assert_eq!(recorded.len(), PEOPLE.len() + 1, "{recorded:?}");
}

/// After a power cut at any step nothing looks valid that is not, no receipt is given for what is
/// not there, and the next run finishes all.
#[test]
fn power_cut_at_any_step_of_a_batch_is_finished_by_a_repeat() {
    let mut with_receipt = 0;
    for after in (0..72).step_by(7) {
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let (setup, _) = watched(&left);
        left.store(after, Ordering::SeqCst);
        let ended = issue_together(&setup, &PEOPLE);
        let receipts = ended.iter().filter(|(_, receipt)| receipt.is_ok()).count();
        assert!(setup.assert_consistent() >= receipts, "after {after} steps");
        with_receipt += receipts;
        left.store(usize::MAX, Ordering::SeqCst);
        let again = issue_together(&setup, &PEOPLE);
        assert!(again.iter().all(|(_, receipt)| receipt.is_ok()), "{again:?}");
        assert_eq!(setup.assert_consistent(), PEOPLE.len());
        let pdfs = setup.public().into_keys().filter(|path| path.ends_with(".pdf"));
        assert_eq!(pdfs.count(), PEOPLE.len());
    }
    assert!(with_receipt > 0, "the last of them have receipts");
}

/// Another process issues some of the certificates while they wait in a batch.
#[test]
fn certificate_that_another_process_issued_first_is_taken_over() {
    let setup = Setup::new();
    let other = setup.second_issuer(site());
    let batch = batch(&setup);
    for name in PEOPLE {
        assert!(batch.issue(name, request(name), today(), now()).is_empty());
    }
    let first =
        other.issue(&request("Grace"), today(), now(), &IssueOptions::default()).unwrap();
    let known = request("Emmy").with_grade("Distinction");
    let emmy = other.issue(&known, today(), now(), &IssueOptions::default()).unwrap();
    setup.issuer.register().revoke(&emmy.record.id, "a mistake", now()).unwrap();
    for (name, receipt) in batch.finish() {
        match (name, receipt) {
            ("Grace", receipt) => assert_eq!(receipt.unwrap().record, first.record),
            ("Emmy", receipt) => {
                assert_eq!(receipt.unwrap_err().kind(), ErrorKind::Revoked);
            }
            (_, receipt) => assert_eq!(receipt.unwrap().outcome, IssueOutcome::Issued),
        }
    }
    assert_eq!(setup.assert_consistent(), PEOPLE.len() - 1);
    assert_eq!(snapshots(&setup), PEOPLE.len(), "no snapshot is left over");
}

/// Requests for one award, from several threads and in one batch, give one certificate.
#[test]
fn equal_requests_of_a_batch_give_one_certificate() {
    let setup = Setup::new();
    let batch = batch(&setup);
    thread::scope(|scope| {
        for number in 0..8 {
            let batch = &batch;
            scope.spawn(move || batch.issue(number, request("Ada"), today(), now()));
        }
    });
    let receipts = batch.finish();
    assert_eq!(receipts.len(), 8);
    let records: Vec<_> =
        receipts.into_iter().map(|(_, it)| it.unwrap().record).collect();
    assert!(records.iter().all(|record| *record == records[0]));
    assert_eq!(setup.assert_consistent(), 1);
    assert_eq!(snapshots(&setup), 1, "no snapshot is left over");
}
