use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use testamur::register::{
    CreateOutcome, IssueOptions, IssueOutcome, Store, StoreFile, StorePath, SwapOutcome,
};
use testamur::site::{Award, Site};
use testamur::{Error, ErrorKind, Result};

use super::bench::{Bench, COURSES, now, request, today};

/// A store that does so many more things and then nothing any more, as a machine that loses its
/// power does.
#[derive(Debug)]
struct Failing {
    inner: Arc<dyn Store>,
    left: AtomicUsize,
    fails: AtomicBool,
}

impl Failing {
    fn step(&self) -> Result<()> {
        let out = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        match out {
            Ok(_) => Ok(()),
            Err(_) => {
                self.fails.store(true, Ordering::SeqCst);
                Err(Error::new(ErrorKind::Store, "the power is gone"))
            }
        }
    }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Store for Failing {
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

/// What a life of a certificate is made of, each step of it to be run again until it is done.
fn life(bench: &Bench, failing: &Failing, after: usize) -> usize {
    let mut tries = 0;
    let mut until_done = |step: &dyn Fn() -> Result<()>| {
        failing.left.store(after, Ordering::SeqCst);
        loop {
            tries += 1;
            match step() {
                Ok(()) => break,
                Err(_) if failing.fails.swap(false, Ordering::SeqCst) => {
                    bench.holds();
                    failing.left.store(after + tries, Ordering::SeqCst);
                }
                Err(fault) => panic!("{fault:#}"),
            }
        }
    };
    let known = |name: &str| request(name).with_username("ada");
    let options = IssueOptions::default().with_reissue(true);
    let issue = |name: &str| bench.issue_with(&known(name), &options).map(|_| ());
    until_done(&|| issue("Augusta Byron"));
    assert_eq!(bench.holds(), 1);
    until_done(&|| issue("Ada Lovelace"));
    assert_eq!(bench.holds(), 1);
    let current = || bench.issuer.last(&Award::of(&known("x"))).unwrap().unwrap();
    until_done(&|| {
        bench.issuer.register().revoke(&current().id, "a mistake", now()).map(|_| ())
    });
    assert_eq!(bench.holds(), 0);
    tries
}

/// Wherever it is interrupted, nothing looks valid that is not, and running again finishes it.
#[test]
fn a_store_that_fails_at_any_step() {
    let mut most = 0;
    for after in 0..12 {
        let mut kept = None;
        let bench =
            Bench::over(Site::new().with_file("courses.yaml", COURSES), |inner| {
                let (left, fails) =
                    (AtomicUsize::new(usize::MAX), AtomicBool::new(false));
                let failing = Arc::new(Failing { inner, left, fails });
                kept = Some(failing.clone());
                failing
            });
        most = most.max(life(&bench, &kept.unwrap(), after));
        let public = bench.public();
        for (path, bytes) in &public {
            assert!(!String::from_utf8_lossy(bytes).contains("Byron"), "{path}");
        }
        assert!(!public.keys().any(|path| path.ends_with(".pdf")), "{public:?}");
    }
    assert!(most > 10, "it was interrupted: {most}");
}

/// Sixteen at once, on issuers of their own: one certificate, one PDF, one receipt.
#[test]
fn many_who_issue_the_same_at_once() {
    let bench = Bench::new();
    let site = || Site::new().with_file("courses.yaml", COURSES);
    let issuers: Vec<_> = (0..4).map(|_| bench.another(site())).collect();
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
    assert!(receipts.iter().any(|receipt| receipt.outcome == IssueOutcome::Issued));
    assert_eq!(bench.holds(), 1);
    assert_eq!(bench.private().len(), 1, "who lost the race takes its snapshot away");
    assert_eq!(bench.public().len(), 7);
}

/// Two who want different things for the same recipient: one edition each, the last one valid.
#[test]
fn many_who_issue_different_facts_at_once() {
    let bench = Bench::new();
    thread::scope(|scope| {
        for index in 0..6 {
            let bench = &bench;
            scope.spawn(move || {
                let name = format!("Ada {index}");
                bench.issue(&request(&name).with_username("ada")).unwrap();
            });
        }
    });
    // Whoever was overtaken while superseding is finished by the next.
    bench.issue(&request("Ada at last").with_username("ada")).unwrap();
    assert_eq!(bench.holds(), 1);
    // Nothing of an overtaken one came back after it was taken away.
    let public = bench.public();
    let count = |end: &str| public.keys().filter(|path| path.ends_with(end)).count();
    assert_eq!((count(".pdf"), count(".sig")), (1, 1), "{:?}", public.keys());
    for (path, bytes) in public.iter().filter(|(path, _)| path.ends_with("index.html")) {
        let valid = String::from_utf8_lossy(bytes).contains("is valid");
        let record = public[&path.replace("index.html", "certificate.json")].clone();
        let record = testamur::register::Record::parse(&record).unwrap();
        assert_eq!(valid, record.status == testamur::register::Status::Valid, "{path}");
    }
}

/// Revoked as soon as it is there, while others still finish it: what is told is what holds.
#[test]
fn revoked_while_others_still_issue_it() {
    let bench = Bench::new();
    let site = || Site::new().with_file("courses.yaml", COURSES);
    let issuers: Vec<_> = (0..4).map(|_| bench.another(site())).collect();
    let options = IssueOptions::default();
    for round in 0..6 {
        let request = request(&format!("Ada {round}"));
        let id = issuers[0].plan(&request, &options).unwrap().urls.verify_id;
        thread::scope(|scope| {
            for issuer in &issuers {
                // It was issued, or revoked before: either is an answer.
                scope.spawn(|| issuer.issue(&request, today(), now(), &options).is_ok());
            }
            let register = bench.issuer.register();
            scope.spawn(|| {
                while let Err(fault) = register.revoke(&id, "a mistake", now()) {
                    assert_eq!(fault.kind(), ErrorKind::UnknownCertificate, "{fault:#}");
                }
            });
        });
        let page = bench.text(&format!("cert/{id}/index.html"));
        assert!(page.contains("has been revoked"), "{page}");
    }
    assert_eq!(bench.holds(), 0);
    let public = bench.public();
    assert!(!public.keys().any(|path| path.ends_with(".pdf")), "{:?}", public.keys());
}

/// A PDF at the right place that nobody of this site made is not taken for one.
#[test]
fn a_stranger_at_the_address() {
    let bench = Bench::new();
    let first = bench.issue(&request("Ada")).unwrap();
    let other = Bench::new();
    // The same site elsewhere, whose ids are others: what is put there is no certificate of it.
    let folder = bench.public();
    let pdf = &folder[&format!("downloads/{}/Certificate.pdf", first.urls.download_id)];
    let second = other.issue(&request("Ada")).unwrap();
    assert_ne!(second.urls.download_id, first.urls.download_id);
    let found = testamur::seal::verify(pdf, None, other.keys.trust(), now());
    assert!(!found.is_good());
}
