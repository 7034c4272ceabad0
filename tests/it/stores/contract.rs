//! The contract of `Store`, as functions over the trait.

use std::collections::BTreeSet;
use std::thread;

use testamur::register::{CreateOutcome, Store, StoreFile, StorePath, SwapOutcome};
use testamur::{Error, ErrorKind};

pub(crate) fn check_contract(store: &dyn Store) {
    store.check().unwrap();
    files_are_created_replaced_and_removed(store);
    any_bytes_are_kept(store);
    one_of_concurrent_creates_wins(store);
    concurrent_swaps_are_all_counted(store);
    files_are_listed(store);
    calls_work_inside_an_async_runtime(store);
    store.check().unwrap();
}

pub(super) fn path(text: &str) -> StorePath {
    StorePath::parse(text).unwrap()
}

pub(super) fn create(store: &dyn Store, path: &StorePath, bytes: &[u8]) -> CreateOutcome {
    store.create(&StoreFile::new(path, bytes)).unwrap()
}

pub(super) fn listed(store: &dyn Store, folder: Option<&str>) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let folder = folder.map(path);
    let mut found = |path: StorePath| {
        assert!(paths.insert(path.to_string()), "{path} is listed twice");
        Ok(())
    };
    store.list(folder.as_ref(), &mut found).unwrap();
    paths
}

fn files_are_created_replaced_and_removed(store: &dyn Store) {
    let file = path("cert/kept/index.html");
    assert_eq!(store.read(&file).unwrap(), None);
    store.remove(&file).unwrap();

    assert_eq!(create(store, &file, b"one"), CreateOutcome::Created);
    assert_eq!(create(store, &file, b"two"), CreateOutcome::Exists);
    assert_eq!(create(store, &file, b"one"), CreateOutcome::Exists);
    assert_eq!(store.read(&file).unwrap().as_deref(), Some(&b"one"[..]));

    store.replace(&StoreFile::new(&file, b"three")).unwrap();
    assert_eq!(store.read(&file).unwrap().as_deref(), Some(&b"three"[..]));

    store.remove(&file).unwrap();
    assert_eq!(store.read(&file).unwrap(), None);
    store.remove(&file).unwrap();
    assert_eq!(create(store, &file, b"again"), CreateOutcome::Created);
    store.remove(&file).unwrap();

    store.replace(&StoreFile::new(&file, b"new")).unwrap();
    assert_eq!(store.read(&file).unwrap().as_deref(), Some(&b"new"[..]));
    store.remove(&file).unwrap();
}

fn any_bytes_are_kept(store: &dyn Store) {
    let large: Vec<u8> =
        (0..3_000_000_u32).map(|at| (at.wrapping_mul(at) >> 7) as u8).collect();
    for (name, bytes) in
        [("empty", &b""[..]), ("lines", b"\r\n\0\xff\n"), ("large", &large)]
    {
        let file = path("bytes").join(name).unwrap();
        assert_eq!(create(store, &file, bytes), CreateOutcome::Created, "{name}");
        assert!(store.read(&file).unwrap().as_deref() == Some(bytes), "{name}");
        store.remove(&file).unwrap();
    }
}

fn one_of_concurrent_creates_wins(store: &dyn Store) {
    for round in 0..8 {
        let file = path(&format!("race/{round}/certificate.json"));
        let texts: Vec<String> = (0..16).map(|number| format!("by {number}")).collect();
        let made: Vec<CreateOutcome> = thread::scope(|scope| {
            let create = |text: &str| create(store, &file, text.as_bytes());
            let threads: Vec<_> =
                texts.iter().map(|text| scope.spawn(move || create(text))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let winners: Vec<&String> = made
            .iter()
            .zip(&texts)
            .filter(|(made, _)| **made == CreateOutcome::Created)
            .map(|(_, text)| text)
            .collect();
        assert_eq!(winners.len(), 1, "{made:?}");
        assert_eq!(store.read(&file).unwrap().as_deref(), Some(winners[0].as_bytes()));
        store.remove(&file).unwrap();
    }
}

fn concurrent_swaps_are_all_counted(store: &dyn Store) {
    let file = path("counter");
    let swap = |to: &str, was: &str| {
        store.swap(&StoreFile::new(&file, to.as_bytes()), was.as_bytes()).unwrap()
    };
    assert_eq!(swap("1", ""), SwapOutcome::Conflict);
    assert_eq!(store.read(&file).unwrap(), None, "a swap creates nothing");
    assert_eq!(create(store, &file, b"0"), CreateOutcome::Created);
    assert_eq!(swap("1", "2"), SwapOutcome::Conflict);
    assert_eq!(swap("0", "0"), SwapOutcome::Swapped);

    const EACH: usize = 5;
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..EACH {
                    loop {
                        let was = store.read(&file).unwrap().unwrap();
                        let was = String::from_utf8(was).unwrap();
                        let next = (was.parse::<usize>().unwrap() + 1).to_string();
                        if swap(&next, &was) == SwapOutcome::Swapped {
                            break;
                        }
                    }
                }
            });
        }
    });
    let end = store.read(&file).unwrap().unwrap();
    assert_eq!(
        String::from_utf8(end).unwrap(),
        (8 * EACH).to_string(),
        "no swap was lost"
    );
    store.remove(&file).unwrap();
}

fn files_are_listed(store: &dyn Store) {
    assert_eq!(listed(store, None), BTreeSet::new());
    assert_eq!(listed(store, Some("cert")), BTreeSet::new());
    let all = [
        "cert/1/certificate.json",
        "cert/1/index.html",
        "cert/2/certificate.json",
        "cert-2/a",
        "certs",
        "z",
    ];
    for text in all {
        assert_eq!(create(store, &path(text), text.as_bytes()), CreateOutcome::Created);
    }
    let set = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
    assert_eq!(listed(store, None), set(&all));
    assert_eq!(listed(store, Some("cert")), set(&all[..3]));
    assert_eq!(listed(store, Some("cert/1")), set(&all[..2]));
    assert_eq!(listed(store, Some("cert/1/index.html")), set(&[]));
    assert_eq!(listed(store, Some("none")), set(&[]));

    let mut calls = 0;
    let mut stop = |_: StorePath| {
        calls += 1;
        Err(StorePath::parse("..").unwrap_err())
    };
    let fault: Error = store.list(None, &mut stop).unwrap_err();
    assert_eq!((calls, fault.kind()), (1, ErrorKind::InvalidValue));

    let mut remove = |path: StorePath| store.remove(&path);
    store.list(None, &mut remove).unwrap();
    assert_eq!(listed(store, None), set(&[]));
}

#[cfg(feature = "s3")]
fn calls_work_inside_an_async_runtime(store: &dyn Store) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let file = path("inside");
    let made = runtime.block_on(async { create(store, &file, b"a runtime") });
    assert_eq!(made, CreateOutcome::Created);
    runtime.block_on(async { store.remove(&file) }).unwrap();
}

#[cfg(not(feature = "s3"))]
fn calls_work_inside_an_async_runtime(_: &dyn Store) {}
