//! `list` and `find`, and the index by which they answer.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::workdir::{Run, Workdir};

const INDEX: &str = "school/private/.testamur/index.sqlite";

/// A site in which Ada and Émilie have certificates.
fn site() -> Workdir {
    let workdir = Workdir::new();
    assert_eq!(
        workdir.run(["new", "school", "--url", "https://certificates.example.org"]).code,
        0
    );
    let people = "name,username\nAda Lovelace,countess\nÉmilie du Châtelet,emilie\n";
    workdir.write("people.csv", people);
    let run = ask(&workdir, &["issue", "-f", "people.csv"]);
    assert_eq!(run.code, 0, "{run:?}");
    workdir
}

fn ask(workdir: &Workdir, line: &[&str]) -> Run {
    workdir.run(["--site", "school"].iter().chain(line))
}

/// The names that `find` prints.
fn names(workdir: &Workdir, line: &[&str]) -> Vec<String> {
    let found = ask(workdir, &[&["find", "--json"], line].concat()).objects();
    found.iter().map(|object| text(object, "name").to_owned()).collect()
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_else(|| panic!("{key}: {object}"))
}

/// The files of the index that there are.
fn index_files(workdir: &Workdir) -> Vec<PathBuf> {
    ["", "-wal", "-shm"]
        .map(|suffix| workdir.path(&format!("{INDEX}{suffix}")))
        .into_iter()
        .filter(|file| file.exists())
        .collect()
}

#[test]
fn find_knows_usernames_ids_addresses_and_files() {
    let workdir = site();
    let ada = &ask(&workdir, &["find", "countess", "--json"]).objects()[0];
    assert_eq!((text(ada, "name"), text(ada, "username")), ("Ada Lovelace", "countess"));
    let id = text(ada, "verify_id");
    let typed: Vec<&str> = (0..8).map(|at| &id[at * 4..at * 4 + 4]).collect();
    let typed = typed.join(" ").to_uppercase();
    let (page, digest) = (text(ada, "verify_url"), text(ada, "sha256"));
    for wanted in [id, &typed, page, digest, "LOVELACE ada", "count lace"] {
        assert_eq!(names(&workdir, &[wanted]), ["Ada Lovelace"], "{wanted}");
    }
    let printed = ask(&workdir, &["find", "countess"]);
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.contains("Ada Lovelace (countess)"), "{printed}");
    let table = ask(&workdir, &["list", "--csv"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.lines().next().unwrap().contains(",name,username,"), "{table}");
    assert!(table.contains(",Ada Lovelace,countess,"), "{table}");
}

#[test]
fn report_of_a_run_has_usernames() {
    let workdir = site();
    workdir
        .write("more.csv", "name,username\nGrace Hopper,@grace\nAda Lovelace,countess\n");
    for report in ["report.csv", "report.json"] {
        let run = ask(&workdir, &["issue", "-f", "more.csv", "--report", report]);
        assert_eq!(run.code, 0, "{run:?}");
    }
    let table = workdir.read("report.csv");
    let mut table = csv::Reader::from_reader(&table[..]);
    let at = table.headers().unwrap().iter().position(|name| name == "username").unwrap();
    let names: Vec<String> =
        table.records().map(|row| row.unwrap()[at].to_owned()).collect();
    assert_eq!(names, ["'@grace", "countess"], "no cell is a formula");
    let rows: Vec<Value> = serde_json::from_slice(&workdir.read("report.json")).unwrap();
    assert_eq!(rows[0]["username"], "@grace");
}

/// What another machine issued is not in the index of this one, until the store is listed.
#[test]
fn recipient_is_looked_for_after_the_store_was_listed() {
    let workdir = site();
    let settings = String::from_utf8(workdir.read("school/testamur.yaml")).unwrap();
    let issue = |name: &str, username: &str| {
        let line = ["--site", "school", "issue", "-n", name, "-u", username];
        assert_eq!(workdir.run(line).code, 0);
    };
    issue("Ada Lovelace", "ada");
    ask(&workdir, &["list"]);
    workdir.write("school/testamur.yaml", format!("{settings}\nindex: none\n"));
    issue("Ada Lovelace", "countess");
    issue("Augusta King", "countess-2");
    workdir.write("school/testamur.yaml", &settings);
    let line = ["revoke", "--recipient", "Ada Lovelace", "--reason", "x", "--yes"];
    let revoked = ask(&workdir, &line);
    assert_eq!(revoked.code, 0, "{revoked:?}");
    for words in ["to be revoked: 2", "the store was listed in"] {
        assert!(revoked.stderr.contains(words), "{revoked:?}");
    }
    let erased = ask(&workdir, &["erase", "--recipient", "countess-2", "--yes"]);
    assert!(erased.stderr.contains("erased: 1 edition"), "{erased:?}");
    let erased = ask(&workdir, &["erase", "--recipient", "Ada Lovelace", "--yes"]);
    assert!(erased.stderr.contains("erased: 2 editions"), "{erased:?}");
    assert_eq!(ask(&workdir, &["find", "lovelace"]).code, 3);
}

#[test]
fn find_without_a_hit_says_so() {
    let workdir = site();
    for wanted in ["no one of that name", &"0".repeat(32), &"f".repeat(64)] {
        let run = ask(&workdir, &["find", wanted]);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(run.stdout.is_empty());
        assert!(run.stderr.contains("no certificate is found for"), "{}", run.stderr);
    }
    assert_eq!(ask(&workdir, &["find", "--json", "no one"]).code, 3);
    let refused = ask(&workdir, &["find", " "]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_eq!(ask(&workdir, &["find", "Ada", "-c", "other"]).code, 3);
    let run = ask(&workdir, &["list", "-c", "other"]);
    assert_eq!(run.code, 3, "no course has that id: {run:?}");
}

#[test]
fn superseded_name_leads_to_the_edition_that_stands() {
    let workdir = site();
    let line = ["issue", "-n", "Ada King", "-u", "countess"];
    assert_eq!(ask(&workdir, &line).code, 0);
    let found = ask(&workdir, &["find", "lovelace", "--json"]).objects();
    let [old] = &found[..] else { panic!("{found:?}") };
    assert_eq!((text(old, "status"), text(old, "name")), ("superseded", "Ada Lovelace"));
    let new = &ask(&workdir, &["find", "ada king", "--json"]).objects()[0];
    assert_eq!(text(old, "successor"), text(new, "verify_url"));
    assert_eq!(ask(&workdir, &["find", "countess", "--json"]).objects().len(), 2);
    // The PDF that someone has in hand leads there too.
    let found = ask(&workdir, &["find", text(old, "sha256"), "--json"]).objects();
    assert_eq!(found.len(), 1);
}

#[test]
fn list_is_in_order_and_takes_conditions() {
    let workdir = site();
    for name in ["Grace Hopper", "Katherine Johnson", "Zu Chongzhi"] {
        assert_eq!(ask(&workdir, &["issue", "-n", name]).code, 0);
    }
    let list = |line: &[&str]| ask(&workdir, &[&["list", "--json"], line].concat());
    let all = list(&[]).objects();
    assert_eq!(all.len(), 5);
    let times: Vec<&str> = all.iter().map(|object| text(object, "issued_at")).collect();
    assert!(times.is_sorted(), "{times:?}");
    let zu = text(&ask(&workdir, &["find", "zu", "--json"]).objects()[0], "verify_id")
        .to_owned();
    assert_eq!(ask(&workdir, &["revoke", &zu, "--reason", "a mistake", "--yes"]).code, 0);
    let revoked = list(&["--status", "revoked"]).objects();
    assert_eq!((revoked.len(), text(&revoked[0], "verify_id")), (1, zu.as_str()));
    assert_eq!(list(&["--status", "valid"]).objects().len(), 4);
    assert_eq!(list(&["--status", "lost"]).code, 2);
    assert_eq!(list(&["--since", "1999-12-31"]).objects().len(), 5);
    assert!(list(&["--since", "9999-12-31"]).objects().is_empty());
    assert_eq!(list(&["--since", "yesterday"]).code, 2);
    let course = text(&all[0], "course").to_owned();
    assert_eq!(list(&["-c", &course]).objects().len(), 5);
    let run = list(&[]);
    assert!(run.stderr.contains("note: as of 2"), "{}", run.stderr);
    assert!(run.objects().iter().all(|object| text(object, "as_of").ends_with('Z')));
}

#[test]
fn index_is_made_anew_when_it_is_lost_or_damaged() {
    let workdir = site();
    let index = workdir.path(INDEX);
    assert!(index.exists(), "what is issued enters it");
    for damage in [None, Some(b"this is no database".repeat(500))] {
        for file in index_files(&workdir) {
            fs::remove_file(file).unwrap();
        }
        if let Some(damage) = &damage {
            fs::write(&index, damage).unwrap();
        }
        assert_eq!(names(&workdir, &["ada"]), ["Ada Lovelace"]);
    }
    // The stores of a site that was copied are other ones, and so is their index.
    let copied = workdir.path("copied");
    fs::rename(workdir.path("school"), &copied).unwrap();
    let run = workdir.run(["--site", "copied", "find", "ada", "--json"]);
    assert_eq!((run.code, run.objects().len()), (0, 1), "{run:?}");
}

#[test]
fn without_a_usable_index_every_record_is_read() {
    let workdir = site();
    for file in index_files(&workdir) {
        fs::remove_file(file).unwrap();
    }
    // Also for a user who may do everything, a folder is no file.
    fs::create_dir(workdir.path(INDEX)).unwrap();
    let run = ask(&workdir, &["find", "ada", "--json"]);
    assert_eq!((run.code, run.objects().len()), (0, 1), "{run:?}");
    assert!(run.stderr.contains("without an index"), "{}", run.stderr);
    let run = ask(&workdir, &["issue", "-n", "Grace Hopper"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("index"), "{}", run.stderr);
    fs::remove_dir(workdir.path(INDEX)).unwrap();
    assert_eq!(names(&workdir, &["grace"]), ["Grace Hopper"]);

    let settings = String::from_utf8(workdir.read("school/testamur.yaml")).unwrap();
    workdir.write("school/testamur.yaml", format!("{settings}\nindex: none\n"));
    for file in index_files(&workdir) {
        fs::remove_file(file).unwrap();
    }
    assert_eq!(ask(&workdir, &["issue", "-n", "Zu Chongzhi"]).code, 0);
    assert_eq!(names(&workdir, &["zu"]), ["Zu Chongzhi"]);
    assert!(!workdir.path(INDEX).exists());
}

#[test]
fn listing_of_a_site_without_certificates_makes_no_files() {
    let workdir = Workdir::new();
    assert_eq!(
        workdir.run(["new", "school", "--url", "https://certificates.example.org"]).code,
        0
    );
    let before = workdir.names("school");
    let run = ask(&workdir, &["list"]);
    assert_eq!((run.code, run.stdout.len()), (0, 0), "{run:?}");
    assert!(!run.stderr.contains("index"), "{}", run.stderr);
    assert_eq!(ask(&workdir, &["find", "ada"]).code, 3);
    assert_eq!(workdir.names("school"), before);
}

#[test]
fn erased_recipient_is_in_no_byte_of_the_index() {
    let workdir = site();
    let holds = |name: &str| {
        let mut files = index_files(&workdir).into_iter();
        files.any(|file| {
            let bytes = fs::read(file).unwrap();
            let bytes = String::from_utf8_lossy(&bytes).to_lowercase();
            bytes.contains(name)
        })
    };
    assert!(holds("lovelace") && holds("countess") && holds("emilie"));
    let id = text(&ask(&workdir, &["find", "ada", "--json"]).objects()[0], "verify_id")
        .to_owned();
    assert_eq!(ask(&workdir, &["erase", &id, "--yes"]).code, 0);
    assert!(!holds("lovelace") && !holds("countess"), "the person is gone");
    assert!(holds("emilie"), "others are not");
    assert_eq!(ask(&workdir, &["find", "lovelace"]).code, 3);
    let found = ask(&workdir, &["find", &id, "--json"]).objects();
    assert_eq!(text(&found[0], "status"), "erased");
    assert_eq!(found[0]["name"], Value::Null);
}
