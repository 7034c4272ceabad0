//! The contract of [`Store`], as a function that panics with what does not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use super::store::{CreateOutcome, FileVersion, Store, StoreFile, SwapOutcome};
use crate::base::error::{Error, ErrorKind};
use crate::base::path::StorePath;

/// Checks that a store does what [`Store`] says, also if many threads use it at the same time. The
/// store must be empty, and is empty again in the end.
///
/// ```
/// use testamur::register::{MemoryStore, conformance};
///
/// conformance::store(&MemoryStore::new());
/// ```
pub fn store(store: &dyn Store) {
    store.check().expect("`check` succeeds with an empty store");
    assert!(!store.to_string().is_empty(), "`Display` names the store");
    files_are_created_replaced_and_removed(store);
    any_bytes_are_kept(store);
    one_of_concurrent_creates_wins(store);
    concurrent_swaps_are_all_counted(store);
    file_that_is_removed_during_a_swap_stays_away(store);
    files_are_listed(store);
    files_of_a_batch_appear_when_they_get_their_paths(store);
    versions_tell_contents_apart(store);
    store.check().expect("`check` succeeds");
    assert_eq!(listed(store, None), BTreeSet::new(), "`check` leaves nothing");
}

fn files_are_created_replaced_and_removed(store: &dyn Store) {
    let file = path("cert/kept/index.html");
    assert_eq!(read(store, &file), None, "there is no file yet");
    remove(store, &file);

    assert_eq!(create(store, &file, b"one"), CreateOutcome::Created);
    assert_eq!(create(store, &file, b"two"), CreateOutcome::Exists);
    assert_eq!(create(store, &file, b"one"), CreateOutcome::Exists);
    assert_eq!(read(store, &file).as_deref(), Some(&b"one"[..]));

    replace(store, &file, b"three");
    assert_eq!(read(store, &file).as_deref(), Some(&b"three"[..]));

    remove(store, &file);
    assert_eq!(read(store, &file), None, "the file was removed");
    remove(store, &file);
    assert_eq!(create(store, &file, b"again"), CreateOutcome::Created);
    remove(store, &file);

    replace(store, &file, b"new");
    assert_eq!(
        read(store, &file).as_deref(),
        Some(&b"new"[..]),
        "`replace` makes a file that is not there"
    );
    remove(store, &file);
}

fn any_bytes_are_kept(store: &dyn Store) {
    let large: Vec<u8> =
        (0..3_000_000_u32).map(|at| (at.wrapping_mul(at) >> 7) as u8).collect();
    for (name, bytes) in
        [("empty", &b""[..]), ("lines", b"\r\n\0\xff\n"), ("large", &large)]
    {
        let file = path(&format!("bytes/{name}"));
        assert_eq!(create(store, &file, bytes), CreateOutcome::Created, "{name}");
        assert!(read(store, &file).as_deref() == Some(bytes), "{name} bytes are kept");
        remove(store, &file);
    }
}

fn one_of_concurrent_creates_wins(store: &dyn Store) {
    for round in 0..8 {
        let file = path(&format!("race/{round}/certificate.json"));
        let texts: Vec<String> = (0..16).map(|number| format!("by {number}")).collect();
        let outcomes: Vec<CreateOutcome> = thread::scope(|scope| {
            let create = |text: &str| create(store, &file, text.as_bytes());
            let threads: Vec<_> =
                texts.iter().map(|text| scope.spawn(move || create(text))).collect();
            threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
        });
        let winners: Vec<&String> = outcomes
            .iter()
            .zip(&texts)
            .filter(|(outcome, _)| **outcome == CreateOutcome::Created)
            .map(|(_, text)| text)
            .collect();
        assert_eq!(winners.len(), 1, "one of them creates the file: {outcomes:?}");
        assert_eq!(read(store, &file).as_deref(), Some(winners[0].as_bytes()));
        remove(store, &file);
    }
}

fn concurrent_swaps_are_all_counted(store: &dyn Store) {
    let file = path("counter");
    assert_eq!(swap(store, &file, "1", ""), SwapOutcome::Conflict);
    assert_eq!(read(store, &file), None, "a swap creates nothing");
    assert_eq!(create(store, &file, b"0"), CreateOutcome::Created);
    assert_eq!(swap(store, &file, "1", "2"), SwapOutcome::Conflict);
    assert_eq!(swap(store, &file, "0", "0"), SwapOutcome::Swapped);

    const EACH: usize = 5;
    let count_once = || {
        loop {
            let was = read(store, &file).expect("the counter is there");
            let was = String::from_utf8(was).expect("it holds digits");
            let next = was.parse::<usize>().expect("it holds digits") + 1;
            if swap(store, &file, &next.to_string(), &was) == SwapOutcome::Swapped {
                break;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..EACH).for_each(|_| count_once()));
        }
    });
    let end = read(store, &file).expect("the counter is there");
    let all = (8 * EACH).to_string();
    assert_eq!(String::from_utf8_lossy(&end), all, "no swap is lost");
    remove(store, &file);
}

fn file_that_is_removed_during_a_swap_stays_away(store: &dyn Store) {
    for round in 0..16 {
        let file = path(&format!("removed/{round}/certificate.json"));
        assert_eq!(create(store, &file, b"0"), CreateOutcome::Created);
        thread::scope(|scope| {
            scope.spawn(|| swap(store, &file, "1", "0"));
            scope.spawn(|| remove(store, &file));
        });
        assert_eq!(read(store, &file), None, "a swap brings nothing back");
    }
}

fn files_are_listed(store: &dyn Store) {
    assert_eq!(listed(store, None), BTreeSet::new(), "the store is empty");
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
    let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!(listed(store, None), set(&all));
    assert_eq!(listed(store, Some("cert")), set(&all[..3]));
    assert_eq!(listed(store, Some("cert/1")), set(&all[..2]));
    assert_eq!(listed(store, Some("cert/1/index.html")), set(&[]));
    assert_eq!(listed(store, Some("none")), set(&[]));

    let mut calls = 0;
    let mut stop = |_: StorePath| {
        calls += 1;
        Err(Error::new(ErrorKind::InvalidValue, "stop"))
    };
    let error =
        store.list(None, &mut stop).expect_err("`list` returns what `found` does");
    assert_eq!((calls, error.message()), (1, "stop"), "`list` stops at an error");

    let mut remove = |path: StorePath| store.remove(&path);
    store.list(None, &mut remove).expect("`found` may remove files");
    assert_eq!(listed(store, None), set(&[]));
}

fn versions_tell_contents_apart(store: &dyn Store) {
    let versions = || {
        let mut versions = BTreeMap::new();
        let mut found = |path: StorePath, version: Option<FileVersion>| {
            versions.insert(path.to_string(), version);
            Ok(())
        };
        store.list_named(&path("cert"), "a", &mut found).expect("`list_named` succeeds");
        versions
    };
    assert_eq!(versions(), BTreeMap::new(), "the store is empty");
    let all = ["cert/1/a", "cert/2f/a", "cert/2f/b", "cert/fe/a", "cert/x/y/a", "cert/a"];
    for text in all.iter().chain(&["a", "other/1/a"]) {
        replace(store, &path(text), b"one");
    }
    let first = versions();
    let listed: Vec<_> = first.keys().map(String::as_str).collect();
    assert_eq!(listed, ["cert/1/a", "cert/2f/a", "cert/fe/a"]);
    assert_eq!(versions(), first, "a version stays while the file does");
    let file = path("cert/2f/a");
    for (text, was) in [("two", "one"), ("six", "two")] {
        let before = versions().remove(file.as_str());
        assert_eq!(swap(store, &file, text, was), SwapOutcome::Swapped);
        let read = store.read_version(&file).expect("`read_version` succeeds");
        let read = read.expect("there is a file");
        assert_eq!(read.bytes, text.as_bytes());
        let after = versions().remove(file.as_str());
        let after = after.expect("the file is listed");
        if let (Some(listed), Some(read)) = (&after, &read.version) {
            assert_eq!(listed, read, "both tell the same version");
        }
        if after.is_some() {
            assert_ne!(Some(after), before, "another content has another version");
        }
    }
    assert_eq!(store.read_version(&path("cert/3/a")).expect("it is no error"), None);
    for text in all.iter().chain(&["a", "other/1/a"]) {
        remove(store, &path(text));
    }
}

fn files_of_a_batch_appear_when_they_get_their_paths(store: &dyn Store) {
    let begun = store.begin_batch().expect("`begin_batch` succeeds");
    let Some(mut batch) = begun else { return };
    let files = ["batch/new", "batch/kept", "batch/left"].map(path);
    create(store, &files[1], b"old");
    let all = |store: &dyn Store| {
        let read = |file: &StorePath| read(store, file).map(String::from_utf8);
        files.each_ref().map(|file| read(file).map(|text| text.expect("it is text")))
    };
    let text = |text: &str| Some(text.to_owned());
    let staged = files.each_ref().map(|file| {
        batch.stage(&StoreFile::new(file, b"staged")).expect("`stage` succeeds")
    });
    batch.sync().expect("`sync` succeeds");
    assert_eq!(all(store), [None, text("old"), None], "no reader sees a staged file");
    assert_eq!(listed(store, None).len(), 1);
    assert_eq!(batch.create(staged[0]).expect("it is free"), CreateOutcome::Created);
    assert_eq!(batch.create(staged[1]).expect("it is taken"), CreateOutcome::Exists);
    assert_eq!(all(store), [text("staged"), text("old"), None]);
    batch.replace(staged[1]).expect("`replace` succeeds");
    batch.sync().expect("`sync` succeeds");
    assert!(batch.create(99).is_err(), "nothing of that number was staged");
    drop(batch);
    assert_eq!(all(store), [text("staged"), text("staged"), None]);
    assert_eq!(listed(store, None).len(), 2, "what got no path is removed");
    files.iter().for_each(|file| remove(store, file));
}

fn path(text: &str) -> StorePath {
    StorePath::parse(text).expect("it is a path")
}

fn create(store: &dyn Store, path: &StorePath, bytes: &[u8]) -> CreateOutcome {
    store.create(&StoreFile::new(path, bytes)).expect("`create` succeeds")
}

fn replace(store: &dyn Store, path: &StorePath, bytes: &[u8]) {
    store.replace(&StoreFile::new(path, bytes)).expect("`replace` succeeds");
}

fn swap(store: &dyn Store, path: &StorePath, to: &str, was: &str) -> SwapOutcome {
    let file = StoreFile::new(path, to.as_bytes());
    store.swap(&file, was.as_bytes()).expect("`swap` succeeds")
}

fn read(store: &dyn Store, path: &StorePath) -> Option<Vec<u8>> {
    store.read(path).expect("`read` succeeds")
}

fn remove(store: &dyn Store, path: &StorePath) {
    store.remove(path).expect("`remove` succeeds");
}

fn listed(store: &dyn Store, folder: Option<&str>) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let folder = folder.map(path);
    let mut found = |path: StorePath| {
        assert!(paths.insert(path.to_string()), "`{path}` is listed twice");
        Ok(())
    };
    store.list(folder.as_ref(), &mut found).expect("`list` succeeds");
    paths
}
