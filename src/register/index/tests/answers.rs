//! The answers of the index.

use super::super::*;
use super::setup::*;
use crate::base::hex;
use crate::base::path::StorePath;
use crate::register::paths;
use crate::register::record::Status;

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

    // A superseded edition is found by its former name.
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
    // The record of another certificate, as in a copied folder.
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
