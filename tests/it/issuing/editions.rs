//! When a request makes the next edition: facts, appearance, messages, corrected names.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use testamur::register::{
    IssueOptions, IssueOutcome, IssueService, Receipt, RecipientFilter, Status,
};
use testamur::site::CertificateId;
use testamur::site::{Request, Site};
use testamur::{Date, ErrorKind};

use super::setup::{COURSES, Setup, now, request, today};

const OUTCOME: &str = "with distinction";

/// Two courses: one whose outcome depends on the grade, one with a table of modules.
const TWO_COURSES: &str = "\
Org/Knots/2026:
  title: { en: Knots and Splices, es: Nudos }
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: classic
  grades: { scale: fraction }
  outcomes: { \">= 0.9\": with distinction }
  signatories: [{ name: Dr. Ada Example, title: Professor of Knots, signature: ada.svg }]
Org/Modules/2026:
  title: Modules
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: statement-of-results
  grades: { scale: fraction }
  extra:
    modules:
      bends: { title: Bends, hours: 2 }
      hitches: { title: Hitches, hours: 3 }
  signatories: [{ name: Dr. Ada Example, title: Professor of Knots, signature: ada.svg }]
";

fn site(courses: &str) -> Site {
    Site::new().with_sample_pictures().with_file("courses.yaml", courses)
}

fn issue(issuer: &IssueService, request: &Request) -> Receipt {
    issuer.issue(request, today(), now(), &IssueOptions::default()).unwrap()
}

fn replace(issuer: &IssueService, request: &Request) -> Receipt {
    let options = IssueOptions::default().with_replace(true);
    issuer.issue(request, today(), now(), &options).unwrap()
}

fn modules() -> Request {
    Request::new("Org/Modules/2026", "Ada Lovelace").unwrap()
}

fn marks(order: [&str; 2], grade: f64) -> Request {
    let rows = order.map(|id| {
        let grade = if id == "bends" { grade } else { 0.5 };
        (id.to_owned(), serde_json::json!({ "grade": grade }))
    });
    modules().with_extra("modules", serde_json::Value::Object(rows.into_iter().collect()))
}

#[test]
fn what_is_not_printed_is_no_fact() {
    let setup = Setup::with_site(site(TWO_COURSES));
    let first = setup.issue(&request("Ada Lovelace").with_grade("0.93")).unwrap();
    for again in [
        request("Ada Lovelace").with_grade("0.94"),
        request("Ada Lovelace").with_grade("0.93").with_extra("shoe", 42),
    ] {
        let again = setup.issue(&again).unwrap();
        assert_eq!((again.outcome, again.record.edition), (IssueOutcome::Unchanged, 1));
    }
    let pass = setup.issue(&request("Ada Lovelace").with_grade("0.5")).unwrap();
    assert_eq!(pass.outcome, IssueOutcome::Superseding);
    assert!(!pass.record.certificate.unwrap().printed.iter().any(|p| p.text == OUTCOME));
    assert!(first.record.certificate.unwrap().printed.iter().any(|p| p.text == OUTCOME));
}

#[test]
fn order_of_rows_by_id_is_no_fact_and_their_values_are() {
    let setup = Setup::with_site(site(TWO_COURSES));
    setup.issue(&marks(["bends", "hitches"], 0.7)).unwrap();
    let swapped = setup.issue(&marks(["hitches", "bends"], 0.7)).unwrap();
    assert_eq!(swapped.outcome, IssueOutcome::Unchanged);
    let better = setup.issue(&marks(["hitches", "bends"], 0.75)).unwrap();
    assert_eq!(better.outcome, IssueOutcome::Superseding);
}

/// The fields of a row: a grade, and some that no sentence reads.
fn fields() -> impl Strategy<Value = Vec<(String, serde_json::Value)>> {
    let unread = proptest::collection::btree_map("x-[a-z]{1,3}", any::<i16>(), 0..4);
    (0..100_u8, unread).prop_map(|(grade, unread)| {
        let unread = unread.into_iter().map(|(key, value)| (key, value.into()));
        let grade = serde_json::json!(f64::from(grade) / 100.0);
        unread.chain([("grade".to_owned(), grade)]).collect()
    })
}

/// Two rows, and the same with their keys and themselves in another order.
fn permuted_rows() -> impl Strategy<Value = [serde_json::Value; 2]> {
    let order = |fields: Vec<(String, serde_json::Value)>| {
        (Just(fields.clone()), Just(fields).prop_shuffle())
    };
    (fields().prop_flat_map(order), fields().prop_flat_map(order), any::<bool>())
        .prop_map(|((bends, other_bends), (hitches, other_hitches), is_reversed)| {
            let object = |fields: Vec<(String, serde_json::Value)>| {
                serde_json::Value::Object(fields.into_iter().collect())
            };
            let rows = |bends, hitches, is_reversed| {
                let mut rows =
                    vec![("bends".to_owned(), bends), ("hitches".to_owned(), hitches)];
                if is_reversed {
                    rows.reverse();
                }
                object(rows)
            };
            [
                rows(object(bends), object(hitches), false),
                rows(object(other_bends), object(other_hitches), is_reversed),
            ]
        })
}

#[test]
fn permuted_keys_and_rows_never_change_what_is_issued() {
    let setup = Setup::with_site(site(TWO_COURSES));
    let number = std::cell::Cell::new(0);
    let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&permuted_rows(), |[rows, permuted]| {
            number.set(number.get() + 1);
            let username = format!("user-{}", number.get());
            let request = |rows: serde_json::Value| {
                modules().with_username(&*username).with_extra("modules", rows)
            };
            let strict = IssueOptions::default().with_replace(true);
            let first = setup.issue_with(&request(rows), &strict).unwrap();
            let again = setup.issue_with(&request(permuted), &strict).unwrap();
            prop_assert_eq!(again.outcome, IssueOutcome::Unchanged);
            prop_assert_eq!(again.record, first.record);
            Ok(())
        })
        .unwrap();
}

#[test]
fn corrected_texts_of_the_course_are_other_facts() {
    let setup = Setup::with_site(site(TWO_COURSES));
    let ada = || request("Ada Lovelace").with_grade("0.93");
    setup.issue(&ada()).unwrap();
    setup.issue(&marks(["bends", "hitches"], 0.7)).unwrap();
    let corrected = TWO_COURSES
        .replace("with distinction", "with great distinction")
        .replace("hours: 3", "hours: 4");
    let issuer = setup.second_issuer(site(&corrected));
    let fault = issuer
        .issue(&ada(), today(), now(), &IssueOptions::default().with_cautious(true))
        .unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Exists);
    let said = "outcome `with distinction` is now `with great distinction`";
    assert!(fault.to_string().contains(said), "{fault}");
    assert_eq!(issue(&issuer, &ada()).outcome, IssueOutcome::Superseding);
    let table = issue(&issuer, &marks(["bends", "hitches"], 0.7));
    assert_eq!(table.outcome, IssueOutcome::Superseding);
}

#[test]
fn languages_titles_and_fixed_dates_are_facts_and_the_day_of_issue_is_none() {
    let setup = Setup::with_site(site(TWO_COURSES));
    let ada = || request("Ada Lovelace");
    setup.issue(&ada()).unwrap();
    let june = Date::parse("2026-06-01").unwrap();
    for options in [IssueOptions::default(), IssueOptions::default().with_replace(true)] {
        let later = setup.issuer.issue(&ada(), june, now(), &options).unwrap();
        assert_eq!(later.outcome, IssueOutcome::Unchanged, "{options:?}");
    }
    let mut edition = 1;
    let dated = ada().with_issued(june);
    let spanish = ada().with_language("es".parse().unwrap());
    for changed in [dated, spanish, ada().with_designation("MD"), ada()] {
        edition += 1;
        let receipt = setup.issue(&changed).unwrap();
        assert_eq!(receipt.record.edition, edition, "{changed:?}");
    }
    let renamed = TWO_COURSES.replace("Knots and Splices", "Knots with Splices");
    let receipt = issue(&setup.second_issuer(site(&renamed)), &ada());
    assert_eq!(receipt.record.edition, edition + 1);
}

/// The values of an overwritten locale are the same, its words and patterns are not.
#[test]
fn appearance_makes_an_edition_only_with_replace() {
    let setup = Setup::with_site(site(TWO_COURSES));
    let ada = || request("Ada Lovelace");
    setup.issue(&ada()).unwrap();
    let scan = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 90 30'>\
                <path d='M5 20 Q40 2 85 18' fill='none' stroke='black' stroke-width='2'/></svg>";
    let date = "date: \"On {{ issued | date('short') }}\"\nheading: Another Word\n";
    let sites = [
        site(TWO_COURSES).with_file("layouts/shared/locales/en.yaml", {
            let shared = include_str!("../../../layouts/shared/locales/en.yaml");
            shared.replacen("heading: ", "heading: Another ", 1)
        }),
        site(TWO_COURSES).with_file("layouts/classic/locales/en.yaml", date),
        site(TWO_COURSES).with_file("signatures/ada.svg", scan),
        site(&TWO_COURSES.replace("layout: classic", "layout: diploma")),
        site(&TWO_COURSES.replace("layout: classic", "layout: classic\n  paper: letter")),
        site(&TWO_COURSES.replace(
            "layout: classic",
            "layout: classic\n  theme: { accent: \"#008800\" }",
        )),
        site(TWO_COURSES)
            .with_file("testamur.yaml", "publish: { url: https://a.example }\n"),
        site(TWO_COURSES)
            .with_file("testamur.yaml", "publish: { downloads: https://b.example }\n"),
    ];
    let mut edition = 1;
    for changed in sites {
        let issuer = setup.second_issuer(changed);
        let kept = issue(&issuer, &ada());
        assert_eq!(
            (kept.outcome, kept.record.edition),
            (IssueOutcome::Unchanged, edition)
        );
        let certificate = kept.record.certificate.unwrap();
        assert_eq!(
            Some(kept.urls.verify_url),
            certificate.verify_url,
            "as it is printed"
        );
        assert_eq!(kept.urls.download_url, certificate.pdf.as_ref().unwrap().url);
        edition += 1;
        let made = replace(&issuer, &ada());
        assert_eq!(
            (made.outcome, made.record.edition),
            (IssueOutcome::Superseding, edition)
        );
        let again = replace(&issuer, &ada());
        assert_eq!(
            (again.outcome, again.record.edition),
            (IssueOutcome::Unchanged, edition)
        );
    }
}

#[test]
fn layout_of_the_request_is_appearance() {
    let setup = Setup::new();
    setup.issue(&request("Ada Lovelace")).unwrap();
    let diploma = request("Ada Lovelace").with_layout("diploma");
    assert_eq!(setup.issue(&diploma).unwrap().outcome, IssueOutcome::Unchanged);
    let made = replace(&setup.issuer, &diploma);
    assert_eq!(
        (made.outcome, made.record.layout.name.as_str()),
        (IssueOutcome::Superseding, "diploma")
    );
}

/// A layout's own code may draw a free field without any sentence.
#[test]
fn field_that_the_layout_draws_is_a_fact() {
    let layout = include_str!("../../../examples/own_layout/layout.typ");
    let end = layout.rfind('}').expect("the body of `certificate`");
    let drawn = format!(
        "{}  place(bottom + right, dx: -20mm, dy: -20mm, text(6pt, sheet.extra.at(\"motto\", default: \"\")))\n}}\n",
        &layout[..end]
    );
    let setup = |typ: &str| {
        let yaml = include_str!("../../../examples/own_layout/layout.yaml");
        let courses = COURSES.split("  signatories").next().unwrap();
        let site = site(&courses.replace("layout: classic", "layout: ours"))
            .with_file("layouts/ours/layout.yaml", yaml)
            .with_file("layouts/ours/layout.typ", typ);
        Setup::with_site(site)
    };
    let motto = |motto: &str| request("Ada").with_extra("motto", motto);
    let with_motto = setup(&drawn);
    with_motto.issue(&motto("Per aspera").with_extra("shoe", 42)).unwrap();
    let other = with_motto.issue(&motto("Ad astra")).unwrap();
    assert_eq!(other.outcome, IssueOutcome::Superseding);
    assert_eq!(
        replace(&with_motto.issuer, &motto("Ad astra")).outcome,
        IssueOutcome::Unchanged
    );
    let without = setup(layout);
    without.issue(&motto("Per aspera")).unwrap();
    assert_eq!(
        replace(&without.issuer, &motto("Ad astra")).outcome,
        IssueOutcome::Unchanged
    );
}

#[test]
fn message_that_was_done_changes_nothing_when_it_comes_again() {
    let setup = Setup::new();
    let asked = |name: &str, message: &str| {
        request(name).with_username("ada").with_message_id(message)
    };
    let both = [
        IssueOptions::default(),
        IssueOptions::default().with_replace(true).with_reissue(true),
    ];
    for (number, options) in both.iter().enumerate() {
        let message = |name: &str| format!("{name}{number}");
        let edition = |name: &str, id: &str| {
            let receipt = setup.issue_with(&asked(name, &message(id)), options).unwrap();
            (receipt.outcome, receipt.record.edition)
        };
        let at = 3 * number as u32;
        assert_eq!(edition("Ada Byron", "a").1, at + 1);
        // Another message that changes nothing is done too.
        assert_eq!(edition("Ada Byron", "b"), (IssueOutcome::Unchanged, at + 1));
        assert_eq!(edition("Ada King", "c"), (IssueOutcome::Superseding, at + 2));
        for done in ["a", "b"] {
            assert_eq!(edition("Ada Byron", done), (IssueOutcome::Stale, at + 2));
        }
        assert_eq!(edition("Ada Byron", "d"), (IssueOutcome::Superseding, at + 3));
        let last = setup.issue(&asked("Ada Byron", &message("d"))).unwrap();
        setup.issuer.register().revoke(&last.record.id, "fraud", now()).unwrap();
        assert_eq!(edition("Ada Byron", "d"), (IssueOutcome::Stale, at + 3));
        let reissue = IssueOptions::default().with_reissue(true);
        if number == 0 {
            let back = setup.issue_with(&asked("Ada Byron", "x"), &reissue).unwrap();
            assert_eq!((back.outcome, back.record.edition), (IssueOutcome::Reissued, 4));
            setup.issuer.register().revoke(&back.record.id, "fraud", now()).unwrap();
            let options = reissue.with_replace(true);
            let again = setup.issue_with(&asked("Ada Byron", "x"), &options).unwrap();
            assert_eq!(again.record.status, Status::Revoked);
            return;
        }
    }
}

#[test]
fn corrected_name_takes_the_place_of_the_misspelt_one() {
    let setup = Setup::new();
    let correct = |id: &CertificateId, request: &Request| {
        let options = IssueOptions::default();
        setup.issuer.issue_instead_of(id, request, today(), now(), &options)
    };
    let old = setup.issue(&request("Ada Lovelase")).unwrap();
    let id = &old.record.id;
    let new = correct(id, &request("Ada Lovelace")).unwrap();
    assert_eq!((new.outcome, new.record.edition), (IssueOutcome::Superseding, 1));
    let record = setup.issuer.register().record(id).unwrap().unwrap();
    assert_eq!(record.status, Status::Superseded);
    assert_eq!(record.successor.as_deref(), Some(new.urls.verify_url.as_str()));
    assert_eq!(setup.assert_consistent(), 1);
    let again = correct(id, &request("Ada Lovelace")).unwrap();
    assert_eq!((again.outcome, &again.record), (IssueOutcome::Unchanged, &new.record));

    // The old name is not certified again by the next run of an old list.
    let fault = setup.issue(&request("Ada Lovelase")).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Revoked);
    assert!(fault.to_string().contains(new.urls.verify_url.as_str()), "{fault}");

    // A correction takes no one else's certificate away.
    let grace = setup.issue(&request("Grace Hoper")).unwrap();
    let other = setup.issue(&request("Grace Hopper")).unwrap();
    let fault = correct(&grace.record.id, &request("Grace Hopper")).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Exists);
    assert!(fault.to_string().contains(other.urls.verify_url.as_str()), "{fault}");
    assert_eq!(setup.assert_consistent(), 3);

    let register = setup.issuer.register();
    register.revoke(&grace.record.id, "fraud", now()).unwrap();
    let fault = correct(&grace.record.id, &request("Grace Murray Hopper")).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Revoked);
    let fault = correct(id, &request("Ada King")).unwrap_err();
    assert!(format!("{fault:#}").contains(new.urls.verify_url.as_str()), "{fault:#}");
    let specimen = request("Ada King").with_specimen(true);
    let fault = correct(&new.record.id, &specimen).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::InvalidValue);
    let fault =
        correct(&"0".repeat(32).parse().unwrap(), &request("Ada King")).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::UnknownCertificate);
}

/// Certificates under a name and its correction are those of one recipient, by whichever of them
/// the recipient is erased.
#[test]
fn erasing_a_recipient_erases_corrected_names_too() {
    let setup = Setup::new();
    let register = setup.issuer.register();
    let names = ["Ada Lovelase", "Ada Lovelac", "Ada Lovelace"];
    let issue = |prefix: &str| {
        let mut ids: Vec<CertificateId> = Vec::new();
        for name in names {
            let request = request(&format!("{prefix} {name}"));
            let receipt = match ids.last() {
                None => setup.issue(&request).unwrap(),
                Some(id) => {
                    let options = IssueOptions::default();
                    let issuer = &setup.issuer;
                    issuer
                        .issue_instead_of(id, &request, today(), now(), &options)
                        .unwrap()
                }
            };
            ids.push(receipt.record.id);
        }
        ids
    };
    let other = setup.issue(&request("Grace Hopper")).unwrap();
    for (prefix, at) in [("First", 0), ("Second", 1), ("Third", 2)] {
        let ids = issue(prefix);
        let name = format!("{prefix} {}", names[at]);
        let found = register.awards_of(&mut RecipientFilter::new(&name), &setup.secret());
        assert_eq!(found.unwrap().len(), 3, "{name}");
        let mut erased = register.erase(&ids[at], &setup.secret(), now()).unwrap();
        assert_eq!(
            erased.pop().as_ref(),
            Some(&ids[at]),
            "what leads to the others is last"
        );
        for (path, bytes) in setup.public().into_iter().chain(setup.private()) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("Lovela") && !path.contains("Lovela"), "{path}");
        }
    }
    // Where the private side is lost, the old record leads to the new one.
    let ids = issue("Fourth");
    std::fs::remove_dir_all(setup.path("private")).unwrap();
    register.restore(&setup.secret(), &mut |_| Ok(None), now(), &mut || ()).unwrap();
    register.erase(&ids[0], &setup.secret(), now()).unwrap();
    assert_eq!(register.record(&ids[2]).unwrap().unwrap().status, Status::Erased);
    assert_eq!(register.record(&other.record.id).unwrap(), Some(other.record));
}

/// The records of earlier releases have other fingerprints and no appearance.
#[test]
fn records_of_earlier_releases_are_compared_by_their_own_facts() {
    let setup = Setup::new();
    let first = setup.issue(&request("Ada Lovelace").with_grade("0.93")).unwrap();
    let path = format!("cert/{}/certificate.json", first.record.id);
    let mut record: serde_json::Value = serde_json::from_str(&setup.text(&path)).unwrap();
    record.as_object_mut().unwrap().remove("appearance");
    // What the release before wrote for this request with this id secret.
    record["facts"] =
        setup.earlier_facts(&request("Ada Lovelace").with_grade("0.93")).into();
    setup.write_public(&path, record.to_string().as_bytes());
    let private = format!("private/{}/record.json", first.record.id);
    std::fs::remove_file(setup.path(&private)).unwrap();
    let same = setup.issue(&request("Ada Lovelace").with_grade("0.93")).unwrap();
    assert_eq!(same.outcome, IssueOutcome::Unchanged);
    let made = replace(&setup.issuer, &request("Ada Lovelace").with_grade("0.93"));
    assert_eq!(made.outcome, IssueOutcome::Superseding, "how it looks is not known");
    assert_eq!(
        replace(&setup.issuer, &request("Ada Lovelace")).outcome,
        IssueOutcome::Unchanged
    );
}

/// A step of a history, and the name or grade that it asks for.
#[derive(Debug, Clone, Copy)]
enum Step {
    Issue(u8),
    Replace(u8),
    Cautious(u8),
    Reissue(u8),
    Revoke,
    Correct(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3u8).prop_map(Step::Issue),
        1 => (0..3u8).prop_map(Step::Replace),
        1 => (0..3u8).prop_map(Step::Cautious),
        1 => (0..3u8).prop_map(Step::Reissue),
        1 => Just(Step::Revoke),
        1 => (0..2u8).prop_map(Step::Correct),
    ]
}

/// The state of one award: the grade of its current edition, and whether that stands.
#[derive(Debug, Clone, Default)]
struct Model {
    editions: Vec<(u8, Status)>,
}

impl Model {
    fn stands(&self) -> Option<u8> {
        self.editions.last().filter(|(_, s)| *s == Status::Valid).map(|(grade, _)| *grade)
    }

    fn push(&mut self, grade: u8) {
        for (_, status) in &mut self.editions {
            if *status == Status::Valid {
                *status = Status::Superseded;
            }
        }
        self.editions.push((grade, Status::Valid));
    }

    /// Applies a request; returns whether it is refused.
    fn ask(&mut self, grade: u8, options: &IssueOptions) -> bool {
        match (self.editions.last().copied(), self.stands()) {
            (None, _) => self.push(grade),
            (Some(_), Some(current)) if current == grade => {}
            (Some(_), Some(_)) if options.cautious && !options.replace => return true,
            (Some(_), Some(_)) => self.push(grade),
            (Some(_), None) if options.reissue => self.push(grade),
            (Some(_), None) => return true,
        }
        false
    }
}

#[test]
fn editions_are_those_of_a_simple_model_over_random_histories() {
    let setup = Setup::with_site(site(TWO_COURSES));
    let number = std::cell::Cell::new(0);
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    let histories = proptest::collection::vec(step(), 1..9);
    TestRunner::new(config)
        .run(&histories, |steps| {
            number.set(number.get() + 1);
            follow(&setup, number.get(), &steps);
            Ok(())
        })
        .unwrap();
}

/// Does the steps and compares the records with the model after each.
fn follow(setup: &Setup, number: usize, steps: &[Step]) {
    let name = |version: usize| {
        format!(
            "Recipient {} {number}",
            ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"][version]
        )
    };
    let asks = |version: usize, grade: u8| {
        request(&name(version)).with_designation(["BA", "MA", "MD"][usize::from(grade)])
    };
    let plain = IssueOptions::default();
    let mut awards = vec![Model::default()];
    let mut ids: Vec<Vec<CertificateId>> = vec![Vec::new()];
    for step in steps {
        let version = awards.len() - 1;
        let (grade, options) = match *step {
            Step::Issue(grade) => (grade, plain),
            Step::Replace(grade) => (grade, plain.with_replace(true)),
            Step::Cautious(grade) => (grade, plain.with_cautious(true)),
            Step::Reissue(grade) => (grade, plain.with_reissue(true)),
            Step::Revoke => {
                if let Some(id) = ids[version].last() {
                    setup.issuer.register().revoke(id, "fraud", now()).unwrap();
                    awards[version].editions.last_mut().unwrap().1 = Status::Revoked;
                }
                continue;
            }
            Step::Correct(grade) => {
                let Some(id) = ids[version].last() else { continue };
                let request = asks(version + 1, grade);
                let issued =
                    setup.issuer.issue_instead_of(id, &request, today(), now(), &plain);
                if awards[version].stands().is_none() {
                    assert_eq!(issued.unwrap_err().kind(), ErrorKind::Revoked);
                    continue;
                }
                awards[version].editions.last_mut().unwrap().1 = Status::Superseded;
                awards.push(Model { editions: vec![(grade, Status::Valid)] });
                ids.push(vec![issued.unwrap().record.id]);
                continue;
            }
        };
        let issued = setup.issue_with(&asks(version, grade), &options);
        let is_refused = awards[version].ask(grade, &options);
        assert_eq!(issued.is_err(), is_refused, "{step:?} {issued:?}");
        if let Ok(receipt) = issued
            && ids[version].len() < awards[version].editions.len()
        {
            ids[version].push(receipt.record.id);
        }
        for (award, ids) in awards.iter().zip(&ids) {
            let statuses: Vec<Status> = ids
                .iter()
                .map(|id| setup.issuer.register().record(id).unwrap().unwrap().status)
                .collect();
            let expected: Vec<Status> =
                award.editions.iter().map(|(_, status)| *status).collect();
            assert_eq!(statuses, expected, "{steps:?}");
        }
    }
}

/// However many editions an award has, the next one changes a bounded number of pages; the page of each
/// leads to the current one.
#[test]
fn page_of_each_of_many_editions_leads_to_the_current_one() {
    let setup = Setup::with_site(site(TWO_COURSES));
    let request = |number: u32| request(&format!("Ada {}", "I".repeat(number as usize)));
    let receipts: Vec<Receipt> = (1..=20)
        .map(|number| {
            let request = request(number).with_username("ada");
            issue(&setup.issuer, &request)
        })
        .collect();
    assert_eq!(receipts[19].record.edition, 20);
    let register = setup.issuer.register();
    let hops = |receipt: &Receipt| {
        let mut record = register.record(&receipt.record.id).unwrap().unwrap();
        let mut hops = 0;
        while let Some(successor) = record.successor.take() {
            assert_eq!(record.status, Status::Superseded);
            let next = receipts.iter().find(|it| it.urls.verify_url == successor);
            record = register.record(&next.unwrap().record.id).unwrap().unwrap();
            hops += 1;
        }
        assert_eq!((record.edition, record.status), (20, Status::Valid));
        hops
    };
    let hops: Vec<usize> = receipts.iter().map(hops).collect();
    assert_eq!(hops[..4], [2, 2, 2, 1], "{hops:?}");
    assert!(hops[4..19].iter().all(|hops| *hops == 1), "{hops:?}");
}
