//! The contract of `Store` for each implementation, and what only the tests can check of it.

use std::collections::BTreeSet;

use testamur::register::{CreateOutcome, Store, StoreFile, StorePath, conformance};

pub(crate) fn check_contract(store: &dyn Store) {
    conformance::store(store);
    calls_work_inside_an_async_runtime(store);
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

fn calls_work_inside_an_async_runtime(store: &dyn Store) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let file = path("inside");
    let made = runtime.block_on(async { create(store, &file, b"a runtime") });
    assert_eq!(made, CreateOutcome::Created);
    runtime.block_on(async { store.remove(&file) }).unwrap();
}
