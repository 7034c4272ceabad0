//! New, unchanged and superseding editions, revocation and erasure.

use testamur::register::{IssueOptions, IssueOutcome, Record, Status, StorePath};
use testamur::site::CertificateId;
use testamur::site::{Keys, Site};
use testamur::{Date, ErrorKind};

use super::setup::{COURSES, Setup, at, now, request, today};

fn path(text: &str) -> String {
    StorePath::parse(text).unwrap().as_str().to_owned()
}

#[test]
fn certificate_consists_of_four_public_files_beside_the_mark_of_the_store() {
    let setup = Setup::new();
    let receipt = setup.issue(&request("Ada Lovelace")).unwrap();
    assert_eq!(receipt.outcome, IssueOutcome::Issued);
    let (id, download) = (&receipt.record.id, &receipt.urls.download_id);
    let key = receipt.record.certificate.as_ref().unwrap().signature.as_ref().unwrap();
    let mut expected = [
        format!("cert/{id}/Certificate.pdf.sig"),
        format!("cert/{id}/certificate.json"),
        format!("cert/{id}/index.html"),
        format!("downloads/{download}/Certificate.pdf"),
        "store.json".to_owned(),
    ]
    .map(|name| path(&name));
    expected.sort();
    let public = setup.public();
    let is_shared = |path: &str| path.starts_with("assets/") || path.starts_with("keys/");
    let (shared, own): (Vec<_>, Vec<_>) =
        public.keys().cloned().partition(|path| is_shared(path));
    assert_eq!(own, expected);
    assert_eq!(
        shared.len(),
        5,
        "style, script, OpenPGP key, root and its list: {shared:?}"
    );
    assert!(shared.contains(&format!("keys/{}.asc", key.key)), "{shared:?}");
    let private = setup.private();
    assert_eq!(private.len(), 3, "the request, the record and the mark");
    let sizes = own
        .iter()
        .map(|path| public[path].len())
        .chain([private.values().map(Vec::len).sum()]);
    assert!(sizes.clone().sum::<usize>() <= 110_000, "{:?}", sizes.collect::<Vec<_>>());
    assert_eq!(setup.assert_consistent(), 1);

    let page = setup.text(&format!("cert/{id}/index.html"));
    for text in ["Ada Lovelace", "Knots and Splices", "Dr. Ada Example", "May 14, 2026"] {
        assert!(page.contains(text), "{text}");
    }
    let record =
        Record::parse(setup.text(&format!("cert/{id}/certificate.json")).as_bytes());
    assert_eq!(record.unwrap(), receipt.record);
}

#[test]
fn repeated_request_is_unchanged() {
    let setup = Setup::new();
    let first = setup.issue(&request("Ada Lovelace")).unwrap();
    let before = setup.public();
    for (name, day) in [("Ada Lovelace", "2026-05-14"), (" Ada  Lovelace", "2026-06-01")]
    {
        // The date of a rolling course is fixed by the first issue.
        let day = Date::parse(day).unwrap();
        let again = setup
            .issuer
            .issue(
                &request(name),
                day,
                at("2026-06-01T00:00:00Z"),
                &IssueOptions::default(),
            )
            .unwrap();
        assert_eq!(again.outcome, IssueOutcome::Unchanged);
        assert_eq!(again.record, first.record);
        assert_eq!(again.urls.download_url, first.urls.download_url);
    }
    assert!(setup.public() == before, "nothing is written again");
}

#[test]
fn changed_appearance_leaves_issued_certificates_unchanged() {
    let setup = Setup::new();
    setup.issue(&request("Ada Lovelace")).unwrap();
    let before = setup.public();
    let changed = Site::new()
        .with_sample_pictures()
        .with_file(
            "courses.yaml",
            COURSES.replace(
                "layout: classic",
                "layout: classic\n  theme: { accent: \"#008800\" }",
            ),
        )
        .with_file("layouts/classic/locales/en.yaml", "heading: Quite Another Word\n");
    let issuer = setup.second_issuer(changed);
    let options = IssueOptions::default();
    let again = issuer.issue(&request("Ada Lovelace"), today(), now(), &options).unwrap();
    assert_eq!(again.outcome, IssueOutcome::Unchanged);
    assert!(setup.public() == before);
    let other = issuer.issue(&request("Grace Hopper"), today(), now(), &options).unwrap();
    assert!(
        other
            .record
            .certificate
            .unwrap()
            .printed
            .iter()
            .any(|p| p.text.contains("ANOTHER"))
    );
}

#[test]
fn other_facts_supersede_and_the_old_edition_shows_no_name() {
    let setup = Setup::new();
    let known = |name: &str| request(name).with_username("ada");
    let first = setup.issue(&known("Augusta Byron")).unwrap();
    let second = setup.issue(&known("Ada Lovelace")).unwrap();
    assert_eq!(second.outcome, IssueOutcome::Superseding);
    assert_eq!(second.record.edition, 2);
    assert_ne!(first.record.id, second.record.id);
    assert_eq!(setup.assert_consistent(), 1);

    for (path, bytes) in setup.public() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("Byron"), "{path}");
        if path.contains(second.record.id.as_str()) {
            assert!(
                !text.contains(first.record.id.as_str()),
                "the new edition does not name the old one: {path}"
            );
        }
    }
    let old = setup.issuer.register().record(&first.record.id).unwrap().unwrap();
    assert_eq!(old.status, Status::Superseded);
    assert_eq!(old.successor.as_deref(), Some(second.urls.verify_url.as_str()));
    let page = setup.text(&format!("cert/{}/index.html", first.record.id));
    assert!(
        page.replace("&#x2f;", "/").contains(second.urls.verify_url.as_str()),
        "{page}"
    );
    assert!(
        !setup.public().keys().any(|path| path.contains(first.urls.download_id.as_str()))
    );

    // The facts of an older edition are a change like any other.
    let third = setup.issue(&known("Augusta Byron")).unwrap();
    assert_eq!((third.outcome, third.record.edition), (IssueOutcome::Superseding, 3));
    let old = setup.issuer.register().record(&first.record.id).unwrap().unwrap();
    assert_eq!(
        old.successor,
        Some(third.urls.verify_url),
        "the first edition names the last"
    );
}

#[test]
fn request_with_older_requested_at_is_stale() {
    let setup = Setup::new();
    let asked = |name: &str, time: &str| {
        request(name).with_username("ada").with_requested_at(at(time))
    };
    setup.issue(&asked("Ada Lovelace", "2026-03-02T00:00:00Z")).unwrap();
    let late = setup.issue(&asked("Augusta Byron", "2026-03-01T00:00:00Z")).unwrap();
    assert_eq!(late.outcome, IssueOutcome::Stale);
    assert_eq!(late.record.certificate.unwrap().name, "Ada Lovelace");
    let newer = setup.issue(&asked("Augusta King", "2026-03-03T00:00:00Z")).unwrap();
    assert_eq!(newer.outcome, IssueOutcome::Superseding);
    assert_eq!(newer.record.certificate.unwrap().name, "Augusta King");
}

#[test]
fn cautious_issue_supersedes_only_with_replace() {
    let setup = Setup::new();
    let cautious = IssueOptions::default().with_cautious(true);
    setup.issue_with(&request("Ada"), &cautious).unwrap();
    let before = setup.public();
    let fault = setup.issue_with(&request("Ada").with_designation("MD"), &cautious);
    let fault = fault.unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Exists);
    assert!(format!("{fault:#}").contains("--replace"), "{fault:#}");
    assert!(setup.public() == before);
    let replace = cautious.with_replace(true);
    let outcome = setup.issue_with(&request("Ada").with_designation("MD"), &replace);
    assert_eq!(outcome.unwrap().outcome, IssueOutcome::Superseding);
}

#[test]
fn recipients_differ_by_exact_name_and_username() {
    let setup = Setup::new();
    let ids: std::collections::HashSet<String> = [
        request("Ada"),
        request("ada"),
        request("Ada").with_username("ada"),
        request("Ada").with_username("Ada"),
        request("Ada").with_username("ada2"),
    ]
    .iter()
    .map(|request| setup.issue(request).unwrap().record.id.to_string())
    .collect();
    assert_eq!(ids.len(), 5);
    assert_eq!(setup.assert_consistent(), 5);
}

#[test]
fn revocation_shows_its_reason_and_reissue_needs_the_option() {
    let setup = Setup::new();
    let receipt = setup.issue(&request("Ada Lovelace")).unwrap();
    let id = &receipt.record.id;
    let register = setup.issuer.register();
    let record = register.revoke(id, "issued by mistake", at("2026-06-01T10:00:00Z"));
    let record = record.unwrap();
    assert_eq!(record.status, Status::Revoked);
    assert_eq!(record.history.len(), 1);
    let page = setup.text(&format!("cert/{id}/index.html"));
    assert!(
        page.contains("issued by mistake") && page.contains("June 1, 2026"),
        "{page}"
    );
    assert!(
        !setup
            .public()
            .keys()
            .any(|path| path.ends_with(".pdf") || path.ends_with(".sig"))
    );
    assert_eq!(setup.assert_consistent(), 0);

    // A second revocation replaces the reason, and keeps the date.
    let again = register.revoke(id, "another reason", now()).unwrap();
    let [change] = &again.history[..] else { panic!("{again:?}") };
    assert_eq!(change.reason.as_deref(), Some("another reason"));
    assert_eq!(change.at, record.history[0].at);
    let page = setup.text(&format!("cert/{id}/index.html"));
    assert!(page.contains("another reason") && page.contains("June 1, 2026"), "{page}");
    assert!(!page.contains("issued by mistake"), "{page}");
    let fault = setup.issue(&request("Ada Lovelace")).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Revoked);
    assert!(format!("{fault:#}").contains("--reissue"), "{fault:#}");

    let reissue = IssueOptions::default().with_reissue(true);
    let back = setup.issue_with(&request("Ada Lovelace"), &reissue).unwrap();
    assert_eq!((back.outcome, back.record.edition), (IssueOutcome::Reissued, 2));
    let old = register.record(id).unwrap().unwrap();
    assert_eq!(old.status, Status::Revoked, "what was revoked stays revoked");
    assert_eq!(setup.assert_consistent(), 1);
    let next = setup.issue(&request("Ada Lovelace").with_designation("MD")).unwrap();
    let fault = register.revoke(&back.record.id, "x", now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Revoked);
    assert!(format!("{fault:#}").contains(next.urls.verify_url.as_str()), "{fault:#}");
    let old = register.record(id).unwrap().unwrap();
    assert_eq!(old.status, Status::Revoked);
    let fault = register
        .revoke(&CertificateId::parse(&"0".repeat(32)).unwrap(), "x", now())
        .unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::UnknownCertificate);
}

#[test]
fn keep_revoked_pdfs_keeps_the_pdf() {
    let settings = "publish: { keep_revoked_pdfs: true, filename: Attestation.pdf }\n";
    let site = Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", COURSES)
        .with_file("testamur.yaml", settings);
    let setup = Setup::with_site(site);
    let receipt = setup.issue(&request("Ada")).unwrap();
    setup.issuer.register().revoke(&receipt.record.id, "x", now()).unwrap();
    let kept = format!("downloads/{}/Attestation.pdf", receipt.urls.download_id);
    assert!(setup.public().contains_key(&kept));
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn verify_url_is_isolated_left_to_right_on_an_rtl_page() {
    let site = Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", COURSES)
        .with_file("testamur.yaml", "publish: { url: 'https://certs.example.edu' }\n");
    let setup = Setup::with_site(site);
    let receipt =
        setup.issue(&request("سيف رمضان ريان").with_language("ar".parse().unwrap()));
    let receipt = receipt.unwrap();
    let page = setup.text(&format!("cert/{}/index.html", receipt.record.id));
    let page = page.replace("&#x2f;", "/");
    assert!(page.contains("<html lang=\"ar\" dir=\"rtl\""), "{page}");
    let address = format!("\u{2066}{}\u{2069}", receipt.urls.verify_url);
    assert!(page.contains(&address), "{page}");
    // The record has no direction marks.
    let printed = receipt.record.certificate.unwrap().printed;
    assert!(printed.iter().all(|sentence| !sentence.text.contains('\u{2066}')));
}

#[test]
fn erasure_leaves_only_that_certificates_existed() {
    let setup = Setup::new();
    let known = |name: &str| request(name).with_username("ada-l");
    let first = setup.issue(&known("Augusta Byron")).unwrap();
    let second = setup.issue(&known("Ada Lovelace")).unwrap();
    let other = setup.issue(&request("Grace Hopper")).unwrap();
    let secret = Keys::id_secret(
        std::path::Path::new(&setup.keys.public().folder.unwrap()).parent().unwrap(),
    );
    let secret = secret.unwrap();
    let register = setup.issuer.register();
    let erased = register.erase(&second.record.id, &secret, now()).unwrap();
    assert_eq!(erased, [first.record.id.clone(), second.record.id.clone()]);
    for (path, bytes) in setup.public().into_iter().chain(setup.private()) {
        let text = String::from_utf8_lossy(&bytes);
        for trace in [
            "Byron",
            "Lovelace",
            "ada-l",
            &first.urls.download_id,
            &second.urls.download_id,
        ] {
            assert!(!text.contains(trace) && !path.contains(trace), "{trace} in {path}");
        }
    }
    for id in &erased {
        let record = register.record(id).unwrap().unwrap();
        assert_eq!(record.status, Status::Erased);
        assert!(record.facts.is_none() && record.certificate.is_none());
    }
    assert_eq!(setup.assert_consistent(), 1);
    assert_eq!(register.record(&other.record.id).unwrap(), Some(other.record));
    // Erasing again is no error; issuing again needs `reissue`.
    register.erase(&second.record.id, &secret, now()).unwrap();
    assert_eq!(
        setup.issue(&known("Ada Lovelace")).unwrap_err().kind(),
        ErrorKind::Revoked
    );
    let reissue = IssueOptions::default().with_reissue(true);
    assert_eq!(
        setup.issue_with(&known("Ada Lovelace"), &reissue).unwrap().record.edition,
        3
    );
}
