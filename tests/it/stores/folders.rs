//! Directories: permissions, replaced files, and left-over temporary files.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use testamur::ErrorKind;
use testamur::register::{
    CreateOutcome, Directory, Store, StoreFile, Stores, SwapOutcome,
};
use testamur::site::{Readers, Settings};

use super::contract::{check_contract, create, listed, path};

#[test]
fn directory_fulfils_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    // The folder does not exist yet.
    let root = folder.path().join("a/public");
    check_contract(&Directory::new(&root));
    let left: Vec<_> =
        fs::read_dir(&root).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, [".testamur"], "empty folders are removed");
    let left = fs::read_dir(root.join(".testamur")).unwrap().count();
    assert_eq!(left, 1, "only the lock is left");
}

#[cfg(unix)]
#[test]
fn readers_setting_determines_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    for (readers, file_mode, folder_mode) in [
        (Readers::Everybody, 0o644, 0o755),
        (Readers::Group, 0o640, 0o750),
        (Readers::Owner, 0o600, 0o700),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("public");
        let store = Directory::new(&root).with_readers(readers);
        create(&store, &path("a/b/created"), b"");
        store.replace(&StoreFile::new(&path("a/b/replaced"), b"")).unwrap();
        for folder in ["", "a", "a/b"] {
            assert_eq!(mode(&root.join(folder)), folder_mode, "{readers:?} {folder}");
        }
        for file in ["a/b/created", "a/b/replaced"] {
            assert_eq!(mode(&root.join(file)), file_mode, "{readers:?} {file}");
        }
        assert_eq!(mode(&root.join(".testamur")), 0o700);
    }
}

#[cfg(unix)]
#[test]
fn setgid_bit_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o2755)).unwrap();
    let store = Directory::new(folder.path()).with_readers(Readers::Group);
    create(&store, &path("a/b"), b"");
    let mode = fs::metadata(folder.path().join("a")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o2750);
}

#[test]
fn private_folder_is_readable_by_the_owner_only() {
    let site = tempfile::tempdir().unwrap();
    let settings = Settings::parse(b"private: inputs\n").unwrap();
    let stores = Stores::open(&settings, site.path()).unwrap();
    let private = stores.private;
    create(&*private, &path("input"), b"a name");
    create(&*stores.public, &path("page"), b"a page");
    assert!(site.path().join("public/page").is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(site.path().join("inputs")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[test]
fn replace_is_atomic_for_readers() {
    let folder = tempfile::tempdir().unwrap();
    let store = Directory::new(folder.path());
    let file = path("a/file");
    let contents = [vec![b'a'; 300_000], vec![b'b'; 300_000]];
    create(&store, &file, &contents[0]);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = [0, 0];
            while !ended.load(Ordering::Relaxed) {
                let bytes = fs::read(folder.path().join("a/file")).unwrap();
                let which = contents.iter().position(|content| *content == bytes);
                seen[which.expect("one of the two contents, complete")] += 1;
            }
            seen
        });
        for round in 0..200 {
            store.replace(&StoreFile::new(&file, &contents[round % 2])).unwrap();
        }
        ended.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap().iter().sum::<usize>() > 0);
    });
}

#[test]
fn old_temporary_files_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Directory::new(folder.path());
    store.check().unwrap();
    let temporary = folder.path().join(".testamur");
    let leave = |name: &str, age: u64| {
        let file = File::create(temporary.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    };
    leave("0123.new", 2 * 60 * 60);
    leave("4567.new", 60);
    leave("lock", 2 * 60 * 60);
    assert_eq!(listed(&store, None).len(), 0, "temporary files are not listed");
    store.check().unwrap();
    let mut left: Vec<_> =
        fs::read_dir(temporary).unwrap().map(|it| it.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["4567.new", "lock"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn folders_and_paths_below_files_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = Directory::new(folder.path());
    let file = path("cert/1/index.html");
    create(&store, &file, b"x");
    for other in [path("cert/1"), path("cert/1/index.html/below")] {
        assert_eq!(store.read(&other).unwrap(), None);
        store.remove(&other).unwrap();
        let swap = store.swap(&StoreFile::new(&other, b"y"), b"");
        assert_eq!(swap.unwrap(), SwapOutcome::Conflict);
    }
    assert_eq!(store.read(&file).unwrap().as_deref(), Some(&b"x"[..]));
}

#[test]
fn file_and_folder_in_place_of_each_other_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    fs::create_dir_all(folder.path().join("public/folder/inside")).unwrap();
    let fault = Directory::new(folder.path().join("file")).check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::StoreRefused);
    assert!(fault.help().unwrap().contains("a file stands where a folder is needed"));

    let store = Directory::new(folder.path().join("public"));
    let (file, below) = (path("folder"), path("certs/below"));
    for fault in [
        store.create(&StoreFile::new(&file, b"")).unwrap_err(),
        store.replace(&StoreFile::new(&file, b"")).unwrap_err(),
    ] {
        assert_eq!(fault.kind(), ErrorKind::StoreRefused);
        assert!(fault.to_string().contains("there is a folder"), "{fault}");
    }
    create(&store, &path("certs"), b"");
    let fault = store.create(&StoreFile::new(&below, b"")).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::StoreRefused);
    assert!(!fault.is_retryable() && fault.is_user_fault());
    let left = fs::read_dir(folder.path().join("public/.testamur")).unwrap().count();
    assert_eq!(left, 0, "no temporary file is left");
}

#[test]
fn concurrent_creates_and_removes_share_folders() {
    let folder = tempfile::tempdir().unwrap();
    let store = Directory::new(folder.path().join("public"));
    thread::scope(|scope| {
        for number in 0..8 {
            let store = &store;
            scope.spawn(move || {
                let file = path(&format!("a/b/c/{number}"));
                for _ in 0..40 {
                    assert_eq!(create(store, &file, b"x"), CreateOutcome::Created);
                    store.remove(&file).unwrap();
                }
            });
        }
    });
    assert!(!folder.path().join("public/a").exists());
}
