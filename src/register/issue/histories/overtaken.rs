//! Requests that something overtakes: a revocation, a correction or an erasure that comes first, or
//! while the page is made.

use super::world::{NAMES, World, make, now, request};
use crate::base::digits::CertificateId;
use crate::base::error::{ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::awards::RecipientFilter;
#[cfg(feature = "index")]
use crate::register::index::Index;
use crate::register::issue::draft::EditionRequest;
use crate::register::issue::options::IssueOptions;
use crate::register::issue::receipt::{IssueOutcome, Receipt};
use crate::register::issue::revoke::RevokeOutcome;
use crate::register::issue::sealed::SealedEdition;
use crate::register::issue::service::IssueService;
use crate::register::paths;
use crate::register::record::Status;
use crate::site::award::{Award, Recipient};
use crate::site::request::{Acceptance, Request};

fn at(second: u64) -> Timestamp {
    Timestamp::from_unix(now().unix() - 1000 + second).unwrap()
}

fn accepted(request: Request, second: u64) -> Request {
    request.with_acceptance(Some(Acceptance { at: at(second), was_kept: false }))
}

fn issue_with(
    service: &IssueService,
    request: &Request,
    instead_of: Option<&CertificateId>,
    make: &dyn Fn(EditionRequest<'_>) -> Result<SealedEdition>,
) -> Result<Receipt> {
    let options = IssueOptions::default();
    service.issue_with(request, instead_of, now(), &options, make)
}

fn issue(service: &IssueService, request: &Request) -> Result<Receipt> {
    issue_with(service, request, None, &make)
}

fn status(service: &IssueService, id: &CertificateId) -> Status {
    service.register().record(id).unwrap().unwrap().status
}

/// A request that is identified by its name.
fn named(name: &str) -> Request {
    Request::new("c", name).unwrap()
}

/// Neither request nor revocation says when it was made: the order in which they were accepted
/// counts, not that in which they are done.
#[test]
fn revocation_that_overtakes_its_request_counts_for_older_requests_alone() {
    let world = World::new();
    let service = world.service().unwrap();
    let (older, newer) = (accepted(request(0, 0), 10), accepted(request(0, 0), 30));
    let award = Award::of(&older);
    let revoke = |second| {
        let accepted_at = Some(at(second));
        service.revoke_accepted(&award, "a reason", None, accepted_at, now()).unwrap()
    };
    for second in [20, 15] {
        assert_eq!(revoke(second), RevokeOutcome::Nothing);
        assert_eq!(issue(&service, &older).unwrap().outcome, IssueOutcome::Stale);
    }
    let between = accepted(request(0, 0), 18);
    assert_eq!(issue(&service, &between).unwrap().outcome, IssueOutcome::Stale);
    let receipt = issue(&service, &newer).unwrap();
    assert!(receipt.record.status.stands());
    // It revokes whatever there is, as before.
    let RevokeOutcome::Revoked(record) = revoke(25) else { panic!() };
    assert_eq!(record.id, receipt.record.id);
    assert_eq!(issue(&service, &newer).unwrap().outcome, IssueOutcome::Stale);
}

/// Requests for a course that the site does not have are kept until it has it; so is a revocation.
#[test]
fn revocation_for_an_unknown_course_is_refused() {
    let service = World::new().service().unwrap();
    let recipient = Recipient::Id("ada".to_owned());
    let award = Award { course: "later".to_owned(), recipient };
    let times = [(Some(at(1)), None), (None, Some(at(1)))];
    for (requested_at, accepted_at) in times {
        let done = service.revoke_accepted(&award, "x", requested_at, accepted_at, now());
        assert_eq!(done.unwrap_err().kind(), ErrorKind::UnknownCourse);
    }
}

/// In whichever order the two are done, the certificate ends revoked.
#[test]
fn revocation_of_the_time_of_a_change_revokes_the_changed_edition() {
    let world = World::new();
    let service = world.service().unwrap();
    let first = request(0, 0).with_requested_at(at(1));
    let (change, award) = (request(0, 1).with_requested_at(at(5)), Award::of(&first));
    issue(&service, &first).unwrap();
    // Another agent revokes while the page of the next edition is made.
    let revoke = || service.revoke(&award, "a reason", Some(at(5)), now());
    let receipt = issue_with(&service, &change, None, &|edition| {
        revoke()?;
        make(edition)
    });
    assert_eq!(receipt.unwrap().outcome, IssueOutcome::Stale);
    let statuses = world.statuses(0);
    assert!(!statuses.contains(&Some(Status::Valid)), "{statuses:?}");
    // A reissue of that time, made in its knowledge, stays.
    let options = IssueOptions::default().with_reissue(true);
    let again = accepted(request(0, 1), 4);
    let receipt = service.issue_with(&again, None, now(), &options, &make);
    assert_eq!(receipt.unwrap().outcome, IssueOutcome::Stale);
    let again = request(0, 1).with_requested_at(at(6));
    assert!(issue(&service, &again).unwrap().record.status.stands());
}

#[test]
fn certificate_is_corrected_in_one_name_alone() {
    let world = World::new();
    let service = world.service().unwrap();
    let register = service.register();
    let [wrong, right] = NAMES[0].map(named);
    let other = named(NAMES[1][0]);
    let old = issue(&service, &wrong).unwrap().record.id;
    // The first run ends before it supersedes the old certificate.
    let begin = |request: &Request| {
        let id = Award::of(request).ids(&world.secret, 1).verify;
        register.note_correction(&old, &id).unwrap();
        issue_with(&service, request, Some(&old), &make).unwrap().record.id
    };
    let begun = begin(&right);
    let (options, today) = (IssueOptions::default(), now().date());
    let second = service.issue_instead_of(&old, &other, today, now(), &options);
    assert_eq!(second.unwrap_err().kind(), ErrorKind::Revoked);
    assert_eq!(status(&service, &old), Status::Superseded);
    assert_eq!(status(&service, &begun), Status::Valid);
    let none = Award::of(&other).ids(&world.secret, 1).verify;
    assert!(register.record(&none).unwrap().is_none());
    // Of two that were made at once, the one that came too late is superseded.
    let late = begin(&other);
    register.restore(&world.secret, &mut |_| Ok(None), now(), &mut || ()).unwrap();
    assert_eq!(status(&service, &late), Status::Superseded);
    assert_eq!(status(&service, &begun), Status::Valid);
}

#[test]
fn revocation_in_the_name_before_a_correction_revokes_the_corrected_certificate() {
    let world = World::new();
    let service = world.service().unwrap();
    let register = service.register();
    let [wrong, right] = NAMES[0].map(named);
    let old = issue(&service, &wrong).unwrap().record.id;
    let new = issue_with(&service, &right, Some(&old), &make).unwrap().record.id;
    let url = register.publish().verify_url(&new);
    register.supersede_by(&old, &url, now()).unwrap();
    let award = Award::of(&wrong);
    let done = service.revoke(&award, "a reason", None, now()).unwrap();
    let RevokeOutcome::Revoked(record) = done else { panic!() };
    assert_eq!((&record.id, status(&service, &new)), (&new, Status::Revoked));
    // Nothing stands any more.
    let again = service.revoke(&award, "a reason", None, now()).unwrap();
    assert!(matches!(again, RevokeOutcome::Revoked(_)), "{again:?}");
}

/// An agent works on a request while the recipient is erased, of whom nothing was issued yet.
#[test]
fn first_certificate_that_is_made_during_an_erasure_is_not_issued() {
    let world = World::new();
    let service = world.service().unwrap();
    let register = service.register();
    let award = Award::of(&request(0, 0));
    let receipt = issue_with(&service, &accepted(request(0, 0), 1), None, &|edition| {
        register.erase_ahead(&award, &world.secret, now())?;
        make(edition)
    });
    assert_eq!(receipt.unwrap().outcome, IssueOutcome::Stale);
    assert_eq!(world.statuses(0)[0], Some(Status::Erased));
    assert_eq!(world.traces(0), Vec::<String>::new());
    // An award with an edition is left to the erasure of that.
    issue(&service, &request(1, 0)).unwrap();
    let other = Award::of(&request(1, 0));
    assert_eq!(register.erase_ahead(&other, &world.secret, now()).unwrap(), None);
    assert_eq!(world.statuses(1)[0], Some(Status::Valid));
}

/// What identifies the recipient of a certificate that was revoked before it was issued, or whose
/// snapshot is lost, is in the private record alone.
#[test]
fn recipients_in_private_records_alone_are_found_and_erased() {
    let world = World::new();
    let service = world.service().unwrap();
    let register = service.register();
    let award = Award::of(&request(0, 0));
    let reason = format!("{} cheated", NAMES[0][0]);
    service.revoke(&award, &reason, Some(at(1)), now()).unwrap();
    let other = issue(&service, &request(1, 0)).unwrap().record;
    let sha256 = other.certificate.as_ref().unwrap().pdf_sha256().unwrap();
    let snapshot = StorePath::parse(&paths::snapshot(&other.id, sha256)).unwrap();
    world.private.remove(&snapshot).unwrap();
    for (who, id) in [(0, world.ids(0, 1).verify), (1, other.id)] {
        let username = format!("user-{who}");
        let mut filter = RecipientFilter::new(&username);
        let found = register.awards_of(&mut filter, &world.secret).unwrap();
        assert_eq!(found.len(), 1, "{username}");
        #[cfg(feature = "index")]
        {
            let index = Index::in_memory(world.public.clone(), world.private.clone());
            index.refresh(now(), &mut |_| ()).unwrap();
            assert!(index.ids_of_recipient(&username).unwrap().contains(&id));
        }
        let award = found[0].award.clone().unwrap();
        let erased = register.erase_award(&award, &world.secret, now()).unwrap();
        assert_eq!(erased, [id]);
    }
    assert_eq!(world.traces(0), Vec::<String>::new());
}

/// A request with the same username and another name is of the same person.
#[test]
fn usernames_that_go_with_a_name_are_noted_for_requests() {
    let world = World::new();
    let service = world.service().unwrap();
    issue(&service, &request(0, 0)).unwrap();
    let mut filter = RecipientFilter::new(NAMES[0][0]);
    let other = Award::of(&request(0, 1));
    let other = Award { course: "another".to_owned(), ..other };
    assert!(!filter.matches(&other, Some(NAMES[0][1])));
    service.register().awards_of(&mut filter, &world.secret).unwrap();
    assert!(filter.matches(&other, Some(NAMES[0][1])));
}
