//! FailingStore stores and concurrent issue services.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use testamur::register::{
    CreateOutcome, IssueOptions, IssueOutcome, Store, StoreFile, StorePath, SwapOutcome,
};
use testamur::site::{Award, Site};
use testamur::{Error, ErrorKind, Result};

use super::setup::{COURSES, Setup, now, request, today};

/// A store that does `left` more writes and then fails, as after a power cut.
#[derive(Debug)]
struct FailingStore {
    inner: Arc<dyn Store>,
    left: AtomicUsize,
    fails: AtomicBool,
}

impl FailingStore {
    fn step(&self) -> Result<()> {
        let out = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        match out {
            Ok(_) => Ok(()),
            Err(_) => {
                self.fails.store(true, Ordering::SeqCst);
                Err(Error::new(ErrorKind::Store, "the power is cut"))
            }
        }
    }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Store for FailingStore {
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
    fn check(&self) -> Result<()> {
        self.inner.check()
    }
}

/// Issues, supersedes and revokes a certificate, and repeats each step until it succeeds.
fn run_lifecycle(setup: &Setup, failing: &FailingStore, after: usize) -> usize {
    let mut tries = 0;
    let mut until_done = |step: &dyn Fn() -> Result<()>| {
        failing.left.store(after, Ordering::SeqCst);
        loop {
            tries += 1;
            match step() {
                Ok(()) => break,
                Err(_) if failing.fails.swap(false, Ordering::SeqCst) => {
                    setup.assert_consistent();
                    failing.left.store(after + tries, Ordering::SeqCst);
                }
                Err(fault) => panic!("{fault:#}"),
            }
        }
    };
    let known = |name: &str| request(name).with_username("ada");
    let options = IssueOptions::default().with_reissue(true);
    let issue = |name: &str| setup.issue_with(&known(name), &options).map(|_| ());
    until_done(&|| issue("Augusta Byron"));
    assert_eq!(setup.assert_consistent(), 1);
    until_done(&|| issue("Ada Lovelace"));
    assert_eq!(setup.assert_consistent(), 1);
    let current = || setup.issuer.last(&Award::of(&known("x"))).unwrap().unwrap();
    until_done(&|| {
        setup.issuer.register().revoke(&current().id, "a mistake", now()).map(|_| ())
    });
    assert_eq!(setup.assert_consistent(), 0);
    tries
}

/// After a failure at any step nothing looks valid that is not, and a repeat finishes the step.
#[test]
fn store_failure_at_any_step_is_finished_by_a_repeat() {
    let mut most = 0;
    for after in 0..12 {
        let (setup, failing) = failing_setup();
        most = most.max(run_lifecycle(&setup, &failing, after));
        let public = setup.public();
        for (path, bytes) in &public {
            assert!(!String::from_utf8_lossy(bytes).contains("Byron"), "{path}");
        }
        assert!(!public.keys().any(|path| path.ends_with(".pdf")), "{public:?}");
    }
    assert!(most >= 10, "the steps were interrupted: {most}");
}

/// A setup whose public store fails when it is told to.
fn failing_setup() -> (Setup, Arc<FailingStore>) {
    let mut kept = None;
    let setup = Setup::with_store(
        Site::new().with_sample_pictures().with_file("courses.yaml", COURSES),
        |inner| {
            let (left, fails) = (AtomicUsize::new(usize::MAX), AtomicBool::new(false));
            let failing = Arc::new(FailingStore { inner, left, fails });
            kept = Some(failing.clone());
            failing
        },
    );
    (setup, kept.unwrap())
}

/// A name is corrected, and the process ends at any write. Then the recipient is erased by the id
/// of the misspelt certificate, or the register is restored.
#[test]
fn correction_that_was_interrupted_is_erased_and_restored() {
    let mut interrupted = 0;
    for after in 0..10 {
        let (setup, failing) = failing_setup();
        let register = setup.issuer.register();
        let correct = |old: &str, new: &str, after: usize| {
            let old = setup.issue(&request(old)).unwrap();
            failing.left.store(after, Ordering::SeqCst);
            let (id, options) = (&old.record.id, IssueOptions::default());
            let corrected = setup.issuer.issue_instead_of(
                id,
                &request(new),
                today(),
                now(),
                &options,
            );
            failing.left.store(usize::MAX, Ordering::SeqCst);
            (old.record.id, corrected)
        };
        let (ada, corrected) = correct("Ada Lovelase", "Ada Lovelace", after);
        interrupted += usize::from(corrected.is_err());
        let (grace, _) = correct("Grace Hoper", "Grace Hopper", after);

        let secret = setup.secret();
        register.erase(&ada, &secret, now()).unwrap();
        for (path, bytes) in setup.public().into_iter().chain(setup.private()) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(
                !text.contains("Lovela") && !path.contains("Lovela"),
                "{after}: {path}"
            );
        }
        let done = register.restore(&secret, &mut |_| Ok(None), now(), &mut || ());
        assert!(done.unwrap().failures.is_empty());
        assert_eq!(setup.assert_consistent(), 1, "{after}: {grace}");
    }
    assert!(interrupted >= 3, "{interrupted}");
}

/// Sixteen equal requests at once, over four issue services: one certificate, one PDF, one receipt.
#[test]
fn concurrent_equal_requests_issue_one_certificate() {
    let setup = Setup::new();
    let site = || Site::new().with_sample_pictures().with_file("courses.yaml", COURSES);
    let issuers: Vec<_> = (0..4).map(|_| setup.second_issuer(site())).collect();
    let receipts: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|index| {
                let issuer = &issuers[index % issuers.len()];
                scope.spawn(move || {
                    let options = IssueOptions::default();
                    issuer.issue(&request("Ada"), today(), now(), &options).unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(receipts.iter().all(|receipt| receipt.record == receipts[0].record));
    // One of them reports that it was issued.
    let issued = receipts.iter().filter(|it| it.outcome == IssueOutcome::Issued);
    assert_eq!(issued.count(), 1);
    assert_eq!(setup.assert_consistent(), 1);
    let private = setup.private();
    let own: Vec<_> = private.keys().filter(|path| *path != ".testamur/lock").collect();
    assert_eq!(
        own.len(),
        3,
        "record, snapshot and mark: the threads that lost the race remove theirs: {own:?}"
    );
    // Three of them are the public parts of the keys: OpenPGP key, root and its list.
    assert_eq!(setup.public().len(), 10);
}

/// Six requests with different facts for one award at once: each is an edition, the last one valid.
#[test]
fn concurrent_different_facts_leave_one_valid_edition() {
    let setup = Setup::new();
    thread::scope(|scope| {
        for index in 0..6 {
            let setup = &setup;
            scope.spawn(move || {
                let name = format!("Ada {index}");
                setup.issue(&request(&name).with_username("ada")).unwrap();
            });
        }
    });
    // The next request finishes a superseding that another thread overtook.
    setup.issue(&request("Ada at last").with_username("ada")).unwrap();
    assert_eq!(setup.assert_consistent(), 1);
    // Nothing of a superseded edition comes back after its removal.
    let public = setup.public();
    let count = |end: &str| public.keys().filter(|path| path.ends_with(end)).count();
    assert_eq!((count(".pdf"), count(".sig")), (1, 1), "{:?}", public.keys());
    for (path, bytes) in public.iter().filter(|(path, _)| path.ends_with("index.html")) {
        let valid = String::from_utf8_lossy(bytes).contains("class=\"status valid\"");
        let record = public[&path.replace("index.html", "certificate.json")].clone();
        let record = testamur::register::Record::parse(&record).unwrap();
        assert_eq!(valid, record.status == testamur::register::Status::Valid, "{path}");
    }
}

/// A certificate is revoked while other threads still issue it: the revocation holds.
#[test]
fn revocation_during_concurrent_issues_holds() {
    let setup = Setup::new();
    let site = || Site::new().with_sample_pictures().with_file("courses.yaml", COURSES);
    let issuers: Vec<_> = (0..4).map(|_| setup.second_issuer(site())).collect();
    let options = IssueOptions::default();
    for round in 0..6 {
        let request = request(&format!("Ada {round}"));
        let id = issuers[0].plan(&request, &options).unwrap().urls.verify_id;
        thread::scope(|scope| {
            for issuer in &issuers {
                // Either the issue succeeds or the revocation came first.
                scope.spawn(|| issuer.issue(&request, today(), now(), &options).is_ok());
            }
            let register = setup.issuer.register();
            scope.spawn(|| {
                while let Err(fault) = register.revoke(&id, "a mistake", now()) {
                    assert_eq!(fault.kind(), ErrorKind::UnknownCertificate, "{fault:#}");
                }
            });
        });
        let page = setup.text(&format!("cert/{id}/index.html"));
        assert!(page.contains("class=\"status revoked\""), "{page}");
    }
    assert_eq!(setup.assert_consistent(), 0);
    let public = setup.public();
    assert!(!public.keys().any(|path| path.ends_with(".pdf")), "{:?}", public.keys());
}

/// A PDF of another issuer with the same site does not verify.
#[test]
fn pdf_of_another_issuer_does_not_verify() {
    let setup = Setup::new();
    let first = setup.issue(&request("Ada")).unwrap();
    let other = Setup::new();
    // Another id secret gives other ids.
    let folder = setup.public();
    let pdf = &folder[&format!("downloads/{}/Certificate.pdf", first.urls.download_id)];
    let second = other.issue(&request("Ada")).unwrap();
    assert_ne!(second.urls.download_id, first.urls.download_id);
    let found = testamur::seal::verify(pdf, None, other.keys.trust(), now());
    assert!(!found.is_genuine());
}
