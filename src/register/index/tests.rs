use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::base::digits::{CertificateId, Sha256};
use crate::base::error::{ErrorKind, Result};
use crate::base::hex;
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::paths;
use crate::register::record::Status;
use crate::register::store::{Directory, Store, StoreFile, Stores};

/// Two stores in folders, and an index in a file beside them.
struct Site {
    folder: TempDir,
    public: Arc<dyn Store>,
    private: Arc<dyn Store>,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = |name: &str| Arc::new(Directory::new(folder.path().join(name)));
        let (public, private) = (store("public"), store("private"));
        Self { folder, public, private }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("cache/index.sqlite")
    }

    fn index(&self) -> Index {
        self.index_of("these")
    }

    fn index_of(&self, identity: &str) -> Index {
        let location = IndexLocation::new(self.file(), identity);
        Index::new(location, self.public.clone(), self.private.clone())
    }

    fn stores(&self) -> Stores {
        Stores { public: self.public.clone(), private: self.private.clone() }
    }

    /// The stores, and an index that follows them.
    fn watched(&self) -> (Index, Stores) {
        let index = self.index();
        let stores =
            index.watch(self.stores(), |error| panic!("the index failed: {error:#}"));
        (index, stores)
    }

    /// All that the index's files hold.
    fn bytes(&self) -> Vec<u8> {
        let folder = self.file().parent().unwrap().to_owned();
        let files = fs::read_dir(folder).unwrap();
        files.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

fn now() -> Timestamp {
    Timestamp::parse("2026-05-14T09:30:00Z").unwrap()
}

fn id(number: u32) -> CertificateId {
    // Spread over all first digits.
    let spread = number.wrapping_mul(0x9e37_79b9);
    format!("{spread:08x}{:024x}", u128::from(number)).parse().unwrap()
}

/// A person's certificate.
#[derive(Clone)]
struct Person {
    number: u32,
    name: String,
    username: Option<String>,
    status: Status,
}

impl Person {
    fn new(number: u32, name: &str) -> Self {
        let username = Some(format!("user{number}"));
        Self { number, name: name.to_owned(), username, status: Status::Valid }
    }

    fn with_status(&self, status: Status) -> Self {
        Self { status, ..self.clone() }
    }

    fn sha256(&self) -> Sha256 {
        format!("{:064x}", u128::from(self.number) + 0xabc0_0000).parse().unwrap()
    }

    fn certificate(&self) -> serde_json::Value {
        json!({
            "title": "Certificate", "name": self.name,
            "course": { "id": format!("course-{}", self.number % 3), "title": "Knots" },
            "issued": "2026-05-14", "issued_text": "14 May 2026", "signatories": [],
            "printed": [], "verify_url": "https://example.org/",
            "pdf": { "url": format!("https://example.org/{}.pdf", self.number),
                "path": "downloads/x/Certificate.pdf", "bytes": 1,
                "sha256": self.sha256() },
            "seal": { "level": "B-B", "signer": "x", "certificate": "0".repeat(64) },
        })
    }

    fn record(&self, status: Status) -> serde_json::Value {
        let day = 1 + self.number % 28;
        let mut record = json!({
            "schema": 1, "id": id(self.number), "status": status, "edition": 1,
            "issued_at": format!("2026-04-{day:02}T10:00:00Z"), "language": "en",
            "organization": { "name": "Example", "short": "Ex" },
            "layout": { "name": "classic" },
            "theme": { "accent": "#000000", "paper": "#ffffff", "ink": "#000000" },
            "engine": "testamur", "facts": "0".repeat(32),
        });
        if !matches!(status, Status::Superseded | Status::Erased) {
            record["certificate"] = self.certificate();
        }
        record
    }

    fn write_snapshot(&self, private: &dyn Store) {
        let recipient = match &self.username {
            Some(username) => json!({ "id": username }),
            None => json!({ "name": self.name }),
        };
        let mut award = recipient;
        award["course"] = format!("course-{}", self.number % 3).into();
        let snapshot = json!({
            "schema": 1, "award": award, "signature": null,
            "request": { "course": "c", "name": self.name, "recipient": self.username,
                "extra": {} },
            "record": self.record(Status::Valid),
        });
        let path = paths::snapshot(&id(self.number), &self.sha256());
        put(private, &path, snapshot.to_string().as_bytes());
    }

    fn write_record(&self, public: &dyn Store) {
        let text = self.record(self.status).to_string();
        let path = StorePath::parse(&paths::record(&id(self.number))).unwrap();
        let file = StoreFile::new(&path, text.as_bytes());
        match public.read(&path).unwrap() {
            None => drop(public.create(&file).unwrap()),
            Some(was) => drop(public.swap(&file, &was).unwrap()),
        }
    }

    fn write(&self, stores: &Stores) {
        self.write_snapshot(&*stores.private);
        self.write_record(&*stores.public);
    }
}

fn put(store: &dyn Store, path: &str, bytes: &[u8]) {
    store.replace(&StoreFile::new(&StorePath::parse(path).unwrap(), bytes)).unwrap();
}

fn ask(index: &Index, query: &EditionQuery) -> (Answer, Vec<IndexedEdition>) {
    let mut found = Vec::new();
    let answer = index.answer(query, now(), &mut |edition, _| {
        found.push(edition?);
        Ok(())
    });
    let answer = answer.unwrap();
    assert_eq!(answer.count, found.len());
    (answer, found)
}

/// The names that a text finds.
fn names(index: &Index, text: &str) -> Vec<String> {
    let (_, found) = ask(index, &EditionQuery::default().with_text(text));
    found.into_iter().map(|edition| edition.name.unwrap_or_default()).collect()
}

fn all(index: &Index) -> BTreeMap<CertificateId, IndexedEdition> {
    let (_, found) = ask(index, &EditionQuery::default());
    found.into_iter().map(|edition| (edition.id.clone(), edition)).collect()
}

fn refresh(index: &Index) -> Refreshed {
    index.refresh(now(), &mut |_| ()).unwrap()
}

/// What an index that was made just now knows.
fn truth(site: &Site) -> BTreeMap<CertificateId, IndexedEdition> {
    let index = Index::in_memory(site.public.clone(), site.private.clone());
    refresh(&index);
    all(&index)
}

fn has(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[test]
fn own_writes_enter_at_once() {
    let site = Site::new();
    let (index, stores) = site.watched();
    refresh(&index);
    let ada = Person::new(1, "Ada Lovelace");
    ada.write(&stores);
    let (_, found) = ask(&index, &EditionQuery::default().with_text("lovelace"));
    let [edition] = &found[..] else { panic!("{found:?}") };
    assert_eq!(edition.username.as_deref(), Some("user1"));
    assert_eq!(edition.course.as_deref(), Some("course-1"));
    assert_eq!(edition.pdf_sha256, Some(ada.sha256()));
    // Another process that uses the same file sees it too.
    assert_eq!(names(&site.index(), "LOVELACE ada"), ["Ada Lovelace"]);

    // A superseded edition is found by the name that stood on it.
    ada.with_status(Status::Superseded).write_record(&*stores.public);
    let (_, found) = ask(&index, &EditionQuery::default().with_text("user1"));
    assert_eq!(found[0].status, Status::Superseded);
    assert_eq!(found[0].name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(all(&index), truth(&site));
    assert_eq!(refresh(&index).read, 0, "there was nothing to read again");
}

#[test]
fn writes_of_others_are_found_by_a_refresh() {
    let site = Site::new();
    let index = site.index();
    for number in 0..300 {
        Person::new(number, "One Of Many").write(&site.stores());
    }
    assert_eq!(refresh(&index).listed, 300);
    Person::new(300, "Ada Lovelace").write(&site.stores());
    Person::new(7, "x").with_status(Status::Revoked).write_record(&*site.public);
    let record = |number| StorePath::parse(&paths::record(&id(number))).unwrap();
    site.public.remove(&record(9)).unwrap();
    assert!(names(&index, "lovelace").is_empty(), "it is as of the refresh");
    let expected = Refreshed { listed: 300, read: 2, removed: 1 };
    assert_eq!(refresh(&index), expected);
    assert_eq!(names(&index, "lovelace"), ["Ada Lovelace"]);
    assert_eq!(all(&index), truth(&site));
    let expected = Refreshed { listed: 300, read: 0, removed: 0 };
    assert_eq!(refresh(&index), expected);
}

#[test]
fn told_status_is_that_of_the_record() {
    let site = Site::new();
    let index = site.index();
    let ada = Person::new(1, "Ada Lovelace");
    ada.write(&site.stores());
    refresh(&index);
    ada.with_status(Status::Revoked).write_record(&*site.public);
    let query = EditionQuery::default().with_text("ada");
    let (answer, found) = ask(&index, &query);
    assert_eq!((answer.is_confirmed, found[0].status), (true, Status::Revoked));
    let valid = query.clone().with_status(Status::Valid);
    assert!(ask(&index, &valid).1.is_empty());
    ada.with_status(Status::Erased).write_record(&*site.public);
    assert!(ask(&index, &query).1.is_empty(), "an erased person is not told");
    assert!(!has(&site.bytes(), "Lovelace"));
}

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

/// No clock ends a mark: those of a process that runs stay, those of one that ended go.
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
    // Asked in the midst of a write, before the record is there and after.
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

/// What the log of the index had not brought to the disk is lost with the power: marks, and rows
/// of records that outlasted it.
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
        // Some rows more, so that pages are split and joined meanwhile.
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
    // Damage that a refresh does not precede, under an index that is open.
    let index = site.index();
    fs::write(site.file(), b"garbage".repeat(2000)).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", site.file().display()));
    }
    assert!(all(&index) == truth);
    // It is lost while a process has it open.
    fs::remove_file(site.file()).unwrap();
    assert!(all(&index) == truth);
    // It is that of other stores.
    let other = site.index_of("others");
    assert_eq!(other.as_of().unwrap(), None);
    assert!(all(&other) == truth);
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
    // A folder where the marks go: no process can open it as a file.
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

#[test]
fn queries_are_answered_in_order() {
    let site = Site::new();
    let (index, stores) = site.watched();
    let people = [
        "Émilie du Châtelet",
        "Ada Lovelace",
        "Ада Лавлейс",
        "أحمد زويل",
        "Łukasz Żak",
        "Ada Yonath",
    ];
    for (number, name) in (0..).zip(people) {
        let mut person = Person::new(number * 5 + 1, name);
        if number == 5 {
            person.username = None;
        }
        person.write(&stores);
    }
    refresh(&index);
    let find = |text: &str| names(&index, text);
    assert_eq!(find("ada"), ["Ada Lovelace", "Ada Yonath"]);
    assert_eq!(find("АДА"), ["Ада Лавлейс"]);
    assert_eq!(find("احمد"), ["أحمد زويل"]);
    assert_eq!(find("chat emi"), ["Émilie du Châtelet"]);
    assert_eq!(find("zak lukasz"), ["Łukasz Żak"]);
    assert_eq!(find("user6"), ["Ada Lovelace"]);
    assert_eq!(find("%"), [""; 0]);
    assert_eq!(find("'; DROP TABLE editions"), [""; 0]);
    let typed = id(6).to_uppercase();
    let (one, other) = typed.split_at(16);
    assert_eq!(find(&format!("{one} {other}")), ["Ada Lovelace"]);
    assert_eq!(find(&format!("https://x.example/cert/{}/", id(6))), ["Ada Lovelace"]);
    assert_eq!(find(&Person::new(6, "").sha256().to_uppercase()), ["Ada Lovelace"]);

    let ask = |query: EditionQuery| {
        let (_, found) = ask(&index, &query);
        found.into_iter().map(|edition| edition.name.unwrap()).collect::<Vec<_>>()
    };
    let query = EditionQuery::default;
    assert_eq!(ask(query()), people, "in the order of their issue");
    let since = crate::Date::parse("2026-04-17").unwrap();
    assert_eq!(ask(query().with_since(since)), people[3..]);
    assert_eq!(ask(query().with_course("course-1")), [people[0], people[3]]);
    assert_eq!(ask(query().with_recipient("user6")), ["Ada Lovelace"]);
    assert_eq!(ask(query().with_recipient("ada yonath")), ["Ada Yonath"]);
    assert!(ask(query().with_recipient("ada")).is_empty());
    assert!(ask(query().with_status(Status::Revoked)).is_empty());
}

#[test]
fn record_that_cannot_be_read_is_told_each_time() {
    let site = Site::new();
    let index = site.index();
    Person::new(1, "Ada Lovelace").write(&site.stores());
    Person::new(2, "Grace Hopper").write(&site.stores());
    put(&*site.public, &paths::record(&id(2)), b"{}");
    // The record of another certificate, as a copied folder has it.
    let copied = Person::new(1, "Ada Lovelace").record(Status::Valid).to_string();
    put(&*site.public, &paths::record(&id(3)), copied.as_bytes());
    let tell = || {
        let (mut found, mut faults) = (Vec::new(), Vec::new());
        index
            .answer(&EditionQuery::default(), now(), &mut |edition, _| {
                match edition {
                    Ok(edition) => found.push(edition.name.unwrap()),
                    Err(error) => faults.push(error.to_string()),
                }
                Ok(())
            })
            .unwrap();
        (found, faults)
    };
    for _ in 0..2 {
        let (found, faults) = tell();
        assert_eq!((found.len(), faults.len()), (1, 2), "{found:?} {faults:?}");
        assert!(
            faults.iter().all(|fault| fault.contains("certificate.json")),
            "{faults:?}"
        );
        refresh(&index);
    }
    Person::new(2, "Grace Hopper").write_record(&*site.public);
    refresh(&index);
    assert_eq!(tell().0.len(), 2);
}

#[test]
fn recipient_is_known_again_after_the_private_store_is_back() {
    let site = Site::new();
    let index = site.index();
    let ada = Person::new(1, "Ada Lovelace");
    ada.write_record(&*site.public);
    refresh(&index);
    assert_eq!(names(&index, "lovelace"), ["Ada Lovelace"], "the record has the name");
    assert!(names(&index, "user1").is_empty());
    ada.write_snapshot(&*site.private);
    refresh(&index);
    assert_eq!(names(&index, "user1"), ["Ada Lovelace"]);
}

#[test]
fn row_ids_are_those_of_records() {
    assert_eq!(id(5), hex::lower(&rows::id(&id(5))));
    assert_eq!(rows::certificate_id(&rows::id(&id(5))), id(5));
}
