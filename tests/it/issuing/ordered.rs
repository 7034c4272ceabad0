//! Requests with `requested_at`: their times decide, not the order of delivery.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use testamur::register::{
    IssueOptions, IssueOutcome, IssueService, RevokeOutcome, Status,
};
use testamur::site::{Award, Request, Site};
use testamur::{ErrorKind, Timestamp};

use super::setup::{COURSES, Setup, now, request, today};

/// An event of a recipient, as a learning platform sends it.
#[derive(Clone, Copy)]
enum Event {
    /// The recipient passed, under this name.
    Earned(&'static str),
    Revoked,
}
use Event::{Earned, Revoked};

/// The histories that are tested.
const HISTORIES: [&[Event]; 6] = [
    &[Earned("Ada Lovelace"), Revoked],
    &[Earned("Ada Lovelace"), Earned("Augusta King")],
    &[Revoked, Earned("Ada Lovelace")],
    &[Earned("Ada Lovelace"), Revoked, Earned("Ada Lovelace")],
    &[Earned("Ada Lovelace"), Revoked, Earned("Augusta King"), Revoked],
    &[Earned("Ada Byron"), Earned("Ada Lovelace"), Revoked, Earned("Augusta King")],
];

/// The time of the nth event; all are within one second.
fn time(number: usize) -> Timestamp {
    Timestamp::parse(&format!("2026-03-02T08:00:00.{:06}+00:00", number * 10)).unwrap()
}

fn recipient(id: &str, name: &str) -> Request {
    request(name).with_username(id)
}

/// Applies one event.
fn apply(issuer: &IssueService, id: &str, number: usize, event: Event) {
    match event {
        Earned(name) => {
            let request = recipient(id, name).with_requested_at(time(number));
            issuer.issue(&request, today(), now(), &IssueOptions::default()).unwrap();
        }
        Revoked => {
            let award = Award::of(&recipient(id, "x"));
            let asked = Some(time(number));
            let done = issuer.revoke(&award, "revoked", asked, now()).unwrap();
            assert_ne!(done, RevokeOutcome::Nothing);
        }
    }
}

/// The name on the valid certificate at the end, or `None` if it is revoked.
fn valid_name(issuer: &IssueService, id: &str) -> Option<String> {
    let record = issuer.last(&Award::of(&recipient(id, "x"))).unwrap().unwrap();
    match record.status {
        Status::Valid => Some(record.certificate.unwrap().name),
        Status::Revoked => None,
        status => panic!("{status:?}"),
    }
}

/// All permutations of the numbers below `of`.
fn permutations(of: usize) -> Vec<Vec<usize>> {
    match of {
        0 => vec![Vec::new()],
        _ => {
            let place = |order: Vec<usize>| {
                (0..of).map(move |at| {
                    let mut order = order.clone();
                    order.insert(at, of - 1);
                    order
                })
            };
            permutations(of - 1).into_iter().flat_map(place).collect()
        }
    }
}

#[test]
fn last_event_by_requested_at_decides_in_any_order() {
    let setup = Setup::new();
    let mut tried = 0;
    let mut valid = 0;
    for history in HISTORIES {
        let last = match history.last() {
            Some(Earned(name)) => Some((*name).to_owned()),
            _ => None,
        };
        for order in permutations(history.len()) {
            tried += 1;
            let id = format!("recipient-{tried}");
            for number in &order {
                apply(&setup.issuer, &id, *number, history[*number]);
                // Each event is delivered twice.
                apply(&setup.issuer, &id, *number, history[*number]);
            }
            assert_eq!(valid_name(&setup.issuer, &id), last, "{order:?}");
            valid += usize::from(last.is_some());
        }
    }
    assert_eq!(tried, 2 + 2 + 2 + 6 + 24 + 24);
    assert_eq!(setup.assert_consistent(), valid);
}

/// The same with several issue services at once.
#[test]
fn last_event_by_requested_at_decides_between_concurrent_issuers() {
    let setup = Setup::new();
    let site = || Site::new().with_sample_pictures().with_file("courses.yaml", COURSES);
    let issuers: Vec<_> = (0..3).map(|_| setup.second_issuer(site())).collect();
    let turns = AtomicUsize::new(0);
    for round in 0..12 {
        let history = HISTORIES[round % HISTORIES.len()];
        let id = format!("recipient-{round}");
        thread::scope(|scope| {
            for (number, event) in history.iter().enumerate() {
                let issuer = &issuers[turns.fetch_add(1, Ordering::Relaxed) % 3];
                let id = &id;
                scope.spawn(move || apply(issuer, id, number, *event));
            }
        });
        let last = match history.last() {
            Some(Earned(name)) => Some((*name).to_owned()),
            _ => None,
        };
        assert_eq!(valid_name(&setup.issuer, &id), last, "round {round}");
    }
    setup.assert_consistent();
}

/// An award that is revoked before it is issued has a page that says so, and no PDF.
#[test]
fn revocation_before_issue_publishes_a_revoked_page() {
    let setup = Setup::new();
    let ada = recipient("ada", "Ada Lovelace");
    let award = Award::of(&ada);
    let nothing = setup.issuer.revoke(&award, "revoked", None, now()).unwrap();
    assert_eq!(nothing, RevokeOutcome::Nothing);
    assert!(setup.issuer.last(&award).unwrap().is_none());
    let done = setup.issuer.revoke(&award, "revoked", Some(time(2)), now()).unwrap();
    let RevokeOutcome::Revoked(record) = done else { panic!("{done:?}") };
    let page = setup.text(&format!("cert/{}/index.html", record.id));
    assert!(page.contains("class=\"status revoked\""), "{page}");
    let late = setup
        .issuer
        .issue(
            &ada.clone().with_requested_at(time(1)),
            today(),
            now(),
            &IssueOptions::default(),
        )
        .unwrap();
    assert_eq!((late.outcome, &late.record), (IssueOutcome::Stale, &*record));
    // Without a time, the operator must ask for a reissue.
    assert_eq!(setup.issue(&ada).unwrap_err().kind(), ErrorKind::Revoked);
    assert!(!setup.public().keys().any(|path| path.ends_with(".pdf")));
    // A later request does not undo a revocation by the operator.
    let eve = recipient("eve", "Eve");
    let receipt = setup.issue(&eve).unwrap();
    setup.issuer.register().revoke(&receipt.record.id, "a mistake", now()).unwrap();
    let later = eve.with_requested_at(Timestamp::parse("2031-01-01T00:00:00Z").unwrap());
    assert_eq!(setup.issue(&later).unwrap_err().kind(), ErrorKind::Revoked);
}

/// A specimen carries its mark, its page says what it is, and it changes no certificate.
#[test]
fn specimen_is_marked_and_changes_no_certificate() {
    let setup = Setup::new();
    let ada = recipient("ada", "Ada Lovelace");
    let real = setup.issue(&ada).unwrap();
    let example = ada.clone().with_specimen(true);
    let receipt = setup.issue(&example).unwrap();
    assert_eq!(receipt.record.status, Status::Specimen);
    assert_ne!(receipt.record.id, real.record.id);
    assert_eq!(setup.issue(&example).unwrap().outcome, IssueOutcome::Unchanged);
    assert_eq!(setup.issue(&ada).unwrap().record, real.record);
    let printed = receipt.record.certificate.unwrap().printed;
    let mark = printed.iter().find(|it| it.role == "specimen").unwrap();
    assert_eq!(mark.text.to_lowercase(), "specimen");
    let page = setup.text(&format!("cert/{}/index.html", receipt.record.id));
    assert!(page.contains("This is a specimen and certifies nothing"), "{page}");
    assert!(
        !page.contains("class=\"status valid\"") && !page.contains("linkedin"),
        "{page}"
    );
    let path = format!("downloads/{}/Certificate.pdf", receipt.urls.download_id);
    assert!(page.replace("&#x2f;", "/").contains(&format!("../../{path}")), "{page}");
    assert_eq!(setup.assert_consistent(), 1);
    // A specimen can be revoked like a certificate.
    let register = setup.issuer.register();
    let record = register.revoke(&receipt.record.id, "tried", now()).unwrap();
    assert_eq!(record.status, Status::Revoked);
    assert!(!setup.public().contains_key(&path));
}
