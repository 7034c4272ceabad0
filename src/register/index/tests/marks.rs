//! Concurrent writes: marks, slow writers, several processes.

use std::fs;
use std::thread;

use super::super::*;
use super::setup::*;
use crate::base::error::{ErrorKind, Result};
use crate::register::record::Status;

#[test]
fn process_that_dies_before_the_row_leaves_a_mark() {
    let site = Site::new();
    let (index, _) = site.watched();
    refresh(&index);
    let ada = Person::new(1, "Ada Lovelace");
    let dies = || {
        let row = rows::id(&id(1));
        let location = IndexLocation::new(site.file(), "these");
        let writer = writer::IndexWriter::new(
            database::Database::new(Some(location)),
            site.public.clone(),
            site.private.clone(),
        );
        writer.around(&row, || -> Result<()> {
            ada.write(&site.stores());
            panic!("the process dies here")
        })
    };
    assert!(thread::scope(|scope| scope.spawn(dies).join().is_err()));
    assert_eq!(names(&index, "lovelace"), ["Ada Lovelace"]);
}

/// Marks do not expire: those of a running process stay, those of one that ended are removed.
#[test]
fn marks_stay_as_long_as_their_process() {
    let site = Site::new();
    let index = site.index();
    refresh(&index);
    let location = || IndexLocation::new(site.file(), "these");
    let writer = || {
        let database = database::Database::new(Some(location()));
        writer::IndexWriter::new(database, site.public.clone(), site.private.clone())
    };
    let (ada, row) = (Person::new(1, "Ada Lovelace"), rows::id(&id(1)));
    let count = || {
        let database = database::Database::new(Some(location()));
        let count = "SELECT count(*) FROM marks";
        let read =
            |it: &mut rusqlite::Connection| it.query_row(count, [], |row| row.get(0));
        database.with::<i64>(&mut { read }).unwrap()
    };
    let slow = writer();
    // Queried during a write, before and after the record is written.
    slow.around(&row, || {
        assert_eq!(names(&index, "lovelace"), Vec::<String>::new());
        assert_eq!(count(), 1);
        ada.write(&site.stores());
        assert_eq!(names(&index, "lovelace"), ["Ada Lovelace"]);
        assert_eq!(count(), 1);
        Ok(())
    })
    .unwrap();
    assert_eq!(count(), 0);

    let folder = site.file().parent().unwrap().to_owned();
    let files = || {
        let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let files = files.filter(|path| path.display().to_string().contains("-writer-"));
        files.collect::<Vec<_>>()
    };
    // One that was killed leaves its file, without a lock on it.
    let before = files();
    let killed = writer();
    let refused = killed.around(&row, || -> Result<()> {
        Err(crate::base::error::Error::new(ErrorKind::Store, "the reason is not known"))
    });
    assert!(refused.is_err());
    assert_eq!(names(&index, "lovelace"), ["Ada Lovelace"]);
    assert_eq!(count(), 1, "it runs");
    let left = files().into_iter().find(|file| !before.contains(file)).unwrap();
    drop((killed, slow));
    fs::write(&left, "").unwrap();
    assert_eq!(names(&index, "lovelace"), ["Ada Lovelace"]);
    assert_eq!((count(), files()), (0, Vec::new()));
}

/// A power failure loses the part of the index's log that was not on the disk: marks, and rows of
/// records that survived.
#[test]
fn start_of_the_machine_makes_the_next_answer_list_the_store() {
    if presence::boot_id().is_none() {
        return;
    }
    let site = Site::new();
    let (index, stores) = site.watched();
    Person::new(1, "Ada Lovelace").write(&stores);
    refresh(&index);
    drop((index, stores));
    Person::new(2, "Grace Hopper").write(&site.stores());
    let index = site.index();
    assert!(names(&index, "hopper").is_empty(), "nothing tells of it");
    drop(index);
    let connection = rusqlite::Connection::open(site.file()).unwrap();
    connection.execute("UPDATE meta SET value = 'x' WHERE key = 'boot'", []).unwrap();
    drop(connection);
    let index = site.index();
    assert!(index.wants_refresh().unwrap());
    assert_eq!(names(&index, "hopper"), ["Grace Hopper"]);
    drop(index);
    assert!(site.index().as_of().unwrap().is_some(), "it is listed once");
}

#[test]
fn slower_writer_puts_no_older_state_back() {
    let site = Site::new();
    let (index, stores) = site.watched();
    let ada = Person::new(1, "Ada Lovelace");
    ada.write(&stores);
    refresh(&index);
    let location = IndexLocation::new(site.file(), "these");
    let slow = writer::IndexWriter::new(
        database::Database::new(Some(location)),
        site.public.clone(),
        site.private.clone(),
    );
    let row = rows::id(&id(1));
    let seen = slow.database.with(&mut |it| rows::change(it, &row)).unwrap();
    let old = slow.read(&row, seen).unwrap();
    ada.with_status(Status::Revoked).write_record(&*stores.public);
    slow.write(&[old]).unwrap();
    assert_eq!(all(&index)[&id(1)].status, Status::Revoked);
    let (answer, _) = ask(&index, &EditionQuery::default().with_status(Status::Revoked));
    assert_eq!(answer.count, 1);
}

#[test]
fn concurrent_processes_agree_with_the_store() {
    let site = Site::new();
    thread::scope(|scope| {
        for process in 0..4 {
            let site = &site;
            scope.spawn(move || {
                let (index, stores) = site.watched();
                for round in 0..30 {
                    let person = Person::new(round % 10, "Ada Lovelace");
                    let status = [Status::Valid, Status::Revoked, Status::Superseded]
                        [((round + process) % 3) as usize];
                    person.write_snapshot(&*stores.private);
                    person.with_status(status).write_record(&*stores.public);
                    if round % 10 == process {
                        refresh(&index);
                    }
                }
            });
        }
    });
    // Neither a refresh nor a confirmation: the rows as they are.
    let index = site.index();
    let mut marks = index.rows();
    marks.sort_by(|one, other| one.id.cmp(&other.id));
    let truth: Vec<_> = truth(&site).into_values().collect();
    assert_eq!(marks, truth);
}
