//! A store in memory keeps the contract of all stores.

use testamur::ErrorKind;
use testamur::register::{MemoryStore, Store, StoreFile};

use super::contract::{check_contract, create, path};

#[test]
fn memory_keeps_the_contract() {
    let store = MemoryStore::new();
    check_contract(&store);
    assert!(store.into_files().is_empty());
}

#[test]
fn path_below_a_file_is_refused() {
    let store = MemoryStore::new();
    create(&store, &path("a/b"), b"1");
    for text in ["a", "a/b/c"] {
        let path = path(text);
        let error = store.replace(&StoreFile::new(&path, b"2")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{text}");
    }
}
