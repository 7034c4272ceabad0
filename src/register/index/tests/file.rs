//! The file of the index: foreign, damaged, closed to others, free of erased names.

use std::fs;
use std::path::Path;

use super::super::{IndexLocation, database::Database};
use super::setup::*;
use crate::base::error::ErrorKind;
use crate::register::paths;
use crate::register::record::Status;

/// Another store that takes the place of the one that the index is of.
#[test]
fn index_of_another_store_is_made_anew() {
    let site = Site::new();
    let (index, stores) = site.watched();
    put(&*stores.public, paths::STORE_MARK, b"{\"id_secret\": \"one\"}");
    Person::new(1, "Ada Lovelace").write(&stores);
    refresh(&index);
    assert_eq!(names(&index, "lovelace"), ["Ada Lovelace"]);
    for folder in ["public", "private"] {
        fs::remove_dir_all(site.folder.path().join(folder)).unwrap();
    }
    put(&*site.public, paths::STORE_MARK, b"{\"id_secret\": \"two\"}");
    Person::new(2, "Grace Hopper").write(&site.stores());
    for index in [index, site.index()] {
        assert_eq!(names(&index, "lovelace"), Vec::<String>::new());
        assert_eq!(names(&index, "hopper"), ["Grace Hopper"]);
        assert!(!has(&site.bytes(), "Lovelace"));
    }
}

#[test]
fn erased_name_is_in_none_of_the_bytes() {
    let site = Site::new();
    let (index, stores) = site.watched();
    let people: Vec<Person> = (0..400)
        .map(|number| Person::new(number, &format!("Zebedee{number:04} Quux{number:04}")))
        .collect();
    for person in &people {
        person.write(&stores);
    }
    refresh(&index);
    assert!(has(&site.bytes(), "Zebedee0123"), "a name that is kept is there");
    for (at, person) in people.iter().enumerate().filter(|(at, _)| at % 3 != 0) {
        person.with_status(Status::Erased).write_record(&*stores.public);
        // More rows in between, so that pages are split and joined.
        if at % 5 == 0 {
            Person::new(1000 + at as u32, &"Long name ".repeat(1 + at % 40))
                .write(&stores);
        }
    }
    assert_eq!(all(&index), truth(&site));
    drop((index, stores));
    let bytes = String::from_utf8_lossy(&site.bytes()).to_lowercase();
    for (at, person) in people.iter().enumerate() {
        let (first, last) = person.name.split_once(' ').unwrap();
        let is_there =
            [first, last].iter().any(|name| bytes.contains(&name.to_lowercase()));
        assert_eq!(is_there, at % 3 == 0, "{}", person.name);
    }
}

#[test]
fn damaged_or_foreign_index_is_made_anew() {
    let site = Site::new();
    for number in 0..200 {
        Person::new(number, "Ada Lovelace").write(&site.stores());
    }
    let truth = truth(&site);
    refresh(&site.index());
    let whole = fs::read(site.file()).unwrap();
    let mut damaged: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"no database at all".repeat(1000),
        whole[..whole.len() / 2].to_vec(),
        whole[..100].to_vec(),
    ];
    for at in [0, 18, 100, 4096 * 3, whole.len() / 2] {
        let mut bytes = whole.clone();
        let end = (at + 3000).min(bytes.len());
        bytes[at..end].fill(0xa5);
        damaged.push(bytes);
    }
    for (case, bytes) in damaged.iter().enumerate() {
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", site.file().display()));
        }
        fs::write(site.file(), bytes).unwrap();
        let index = site.index();
        refresh(&index);
        assert!(all(&index) == truth, "case {case}");
    }
    // Damage to an open index, without a refresh before the query.
    let index = site.index();
    fs::write(site.file(), b"garbage".repeat(2000)).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", site.file().display()));
    }
    assert!(all(&index) == truth);
    // It is lost while a process has it open.
    fs::remove_file(site.file()).unwrap();
    assert!(all(&index) == truth);
    // It belongs to other stores.
    let other = site.index_of("others");
    assert_eq!(other.as_of().unwrap(), None);
    assert!(all(&other) == truth);
}

#[test]
fn file_of_another_kind_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.sqlite");
    // The second looks like the beginning of an encrypted database.
    for bytes in [&b"my notes\n"[..], &[0xa5; 4096]] {
        fs::write(&file, bytes).unwrap();
        let location = IndexLocation::new(&file, "these");
        let error = Database::new(Some(location)).with(&mut |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exists);
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
}

#[test]
fn database_of_another_program_is_left_alone() {
    let site = Site::new();
    fs::create_dir_all(site.file().parent().unwrap()).unwrap();
    let other = rusqlite::Connection::open(site.file()).unwrap();
    other.execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)").unwrap();
    drop(other);
    let before = fs::read(site.file()).unwrap();
    let error = site.index().as_of().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists, "{error:#}");
    assert_eq!(fs::read(site.file()).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn files_are_closed_to_other_users() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::new();
    let (index, stores) = site.watched();
    Person::new(1, "Ada Lovelace").write(&stores);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = site.file().parent().unwrap().to_owned();
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(folder).unwrap().collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    drop(index);
}

#[test]
fn write_succeeds_without_an_index_and_is_found_later() {
    let site = Site::new();
    let index = site.index();
    refresh(&index);
    // A folder in place of the file: no process can open it.
    let file = site.file();
    let kept = file.with_extension("kept");
    fs::rename(&file, &kept).unwrap();
    fs::create_dir(&file).unwrap();
    let (sender, failures) = std::sync::mpsc::channel();
    let other = site.index();
    let stores = other.watch(site.stores(), move |error| {
        sender.send(error.to_string()).unwrap();
    });
    Person::new(1, "Ada Lovelace").write(&stores);
    Person::new(2, "Grace Hopper").write(&stores);
    let told: Vec<String> = failures.try_iter().collect();
    assert_eq!(told.len(), 1, "{told:?}");
    fs::remove_dir(&file).unwrap();
    fs::rename(&kept, &file).unwrap();
    assert!(index.wants_refresh().unwrap());
    assert_eq!(names(&index, "lovelace"), ["Ada Lovelace"]);
    assert!(!index.writer_is_stale());
}
