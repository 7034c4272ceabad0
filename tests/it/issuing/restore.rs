//! A public or a private side that is lost, and what `restore` makes of it.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;

use testamur::register::{
    Directory, IssueOptions, IssueOutcome, IssueService, MemoryStore, Record,
    Restoration, Status, Store, StorePath,
};
use testamur::site::{Award, IdSecret, Keys, Request};
use testamur::{ErrorKind, Press, Site};

use super::program::{issue, site};
use super::setup::{COURSES, files, now, request, today};
use crate::workdir::Workdir;

const NOT_KEPT: &str = "The PDF file is no longer kept here.";

/// A service over two stores, and the files that it publishes.
struct Register {
    service: IssueService,
    secret: IdSecret,
    public: Arc<dyn Store>,
    private: Arc<dyn Store>,
}

type Files = BTreeMap<StorePath, Vec<u8>>;

impl Register {
    fn new(public: Arc<dyn Store>, private: Arc<dyn Store>) -> Self {
        let settings = "publish: { url: 'https://certs.example.edu' }\n";
        let site = Site::new()
            .with_sample_pictures()
            .with_file("courses.yaml", COURSES)
            .with_file("testamur.yaml", settings);
        let keys = Keys::generate("Example University", now()).unwrap();
        let secret = IdSecret::generate().unwrap();
        let service = IssueService::builder(Arc::new(Press::new(site).unwrap()))
            .with_keys(&keys)
            .with_id_secret(secret.clone())
            .with_stores(public.clone(), private.clone())
            .build()
            .unwrap();
        Self { service, secret, public, private }
    }

    fn issue(&self, request: &Request) -> testamur::Result<(IssueOutcome, Record)> {
        self.issue_with(request, IssueOptions::default())
    }

    fn issue_with(
        &self,
        request: &Request,
        options: IssueOptions,
    ) -> testamur::Result<(IssueOutcome, Record)> {
        let receipt = self.service.issue(request, today(), now(), &options)?;
        Ok((receipt.outcome, receipt.record))
    }

    fn restore(&self, copy: &Files) -> Restoration {
        // Under the path another PDF is offered first: it is not taken.
        let mut calls = 0;
        let mut source = |pdf: &testamur::register::PublishedFile| {
            calls += 1;
            let path = StorePath::parse(&pdf.path)?;
            Ok(copy.get(&path).cloned())
        };
        let register = self.service.register();
        let done = register.restore(&self.secret, &mut source, now(), &mut || ());
        let done = done.unwrap();
        assert!(done.failures.is_empty(), "{done:?}");
        done
    }

    fn page(&self, id: &str) -> String {
        let path = StorePath::parse(&format!("cert/{id}/index.html")).unwrap();
        String::from_utf8(self.public.read(&path).unwrap().unwrap()).unwrap()
    }

    fn public_status(&self, id: &str) -> Status {
        let path = StorePath::parse(&format!("cert/{id}/certificate.json")).unwrap();
        Record::parse(&self.public.read(&path).unwrap().unwrap()).unwrap().status
    }
}

fn all_files(store: &dyn Store) -> Files {
    let mut paths = Vec::new();
    let mut keep = |path| {
        paths.push(path);
        Ok(())
    };
    store.list(None, &mut keep).unwrap();
    paths
        .into_iter()
        .map(|path| {
            let bytes = store.read(&path).unwrap().unwrap();
            (path, bytes)
        })
        .collect()
}

fn lose(store: &dyn Store) {
    all_files(store).keys().for_each(|path| store.remove(path).unwrap());
}

fn known(name: &str) -> Request {
    request(name).with_username(name.split(' ').next().unwrap().to_lowercase())
}

/// Loses each side in turn, and restores it.
pub(crate) fn check_losses(public: Arc<dyn Store>, private: Arc<dyn Store>) {
    let register = Register::new(public, private);
    let (ada, bob, eve) = (known("Ada One"), known("Bob Two"), known("Eve Three"));
    let dan = known("Dan Four");
    let id = |request: &Request| register.issue(request).unwrap().1.id;
    let [ada_id, bob_id, eve_id, dan_first] = [&ada, &bob, &eve, &dan].map(id);
    let (_, dan_second) = register.issue(&dan.clone().with_designation("MD")).unwrap();
    let of_register = register.service.register();
    of_register.revoke(&bob_id, "a mistake", now()).unwrap();
    of_register.erase(&eve_id, &register.secret, now()).unwrap();
    let whole = all_files(&*register.public);
    let statuses = [
        (&ada_id, Status::Valid),
        (&bob_id, Status::Revoked),
        (&eve_id, Status::Erased),
        (&dan_first, Status::Superseded),
        (&dan_second.id, Status::Valid),
    ];
    let check_statuses = || {
        for (id, status) in statuses {
            assert_eq!(register.public_status(id), status, "{id}");
            assert_eq!(
                register.page(id).contains("data-status=\"valid\""),
                status == Status::Valid
            );
        }
    };

    // The public side, with nothing restored yet: what has ended has ended.
    lose(&*register.public);
    for ended in [&bob, &eve] {
        assert_eq!(register.issue(ended).unwrap_err().kind(), ErrorKind::Revoked);
    }
    assert_eq!(of_register.record(&bob_id).unwrap().unwrap().status, Status::Revoked);
    lose(&*register.public);
    let done = register.restore(&Files::new());
    assert_eq!(done.certificates, 5);
    assert_eq!(done.lost_pdfs.len(), 2, "{done:?}");
    check_statuses();
    assert!(register.page(&ada_id).contains(NOT_KEPT));
    assert!(!register.page(&bob_id).contains(NOT_KEPT));
    // A copy that is another file is not taken; the right one is, and nothing is missing then.
    let pdfs = |path: &StorePath| path.name().ends_with(".pdf");
    let wrong = whole.keys().filter(|path| pdfs(path));
    let wrong = wrong.map(|path| (path.clone(), b"%PDF-1.7 another".to_vec())).collect();
    assert_eq!(register.restore(&wrong).pdfs, 0);
    let done = register.restore(&whole);
    assert_eq!((done.pdfs, done.lost_pdfs.len()), (2, 0));
    // The program publishes the keys anew: it has them.
    let mut kept = whole.clone();
    kept.retain(|path, _| {
        !path.name().ends_with(".cer") && !path.name().ends_with(".crl")
    });
    assert!(all_files(&*register.public) == kept, "every file is as it was");
    assert_eq!(register.restore(&Files::new()).restored, 0, "nothing is left to do");

    // Without a copy: a request finds its certificate, and `replace` makes the next edition.
    lose(&*register.public);
    let (outcome, record) = register.issue(&ada).unwrap();
    assert_eq!((outcome, &record.id), (IssueOutcome::Unchanged, &ada_id));
    assert!(register.page(&ada_id).contains(NOT_KEPT));
    let replace = IssueOptions::default().with_replace(true);
    let (outcome, next) = register.issue_with(&ada, replace).unwrap();
    assert_eq!((outcome, next.edition), (IssueOutcome::Superseding, 2));
    assert!(!register.page(&next.id).contains(NOT_KEPT));
    let (outcome, _) = register.issue_with(&ada, replace).unwrap();
    assert_eq!(outcome, IssueOutcome::Unchanged);
    register.restore(&whole);

    // The private side: statuses are kept, and what is not known is said.
    lose(&*register.private);
    let done = register.restore(&Files::new());
    assert!(done.unknown_awards.contains(&next.id), "{done:?}");
    assert!(!done.unknown_awards.contains(&eve_id), "{done:?}");
    assert_eq!(register.issue(&ada).unwrap(), (IssueOutcome::Unchanged, next.clone()));
    // The request has told the award.
    assert!(!register.restore(&Files::new()).unknown_awards.contains(&next.id));
    assert_eq!(register.issue(&bob).unwrap_err().kind(), ErrorKind::Revoked);
    lose(&*register.public);
    register.restore(&Files::new());
    assert_eq!(register.public_status(&bob_id), Status::Revoked);
    assert_eq!(register.public_status(&eve_id), Status::Erased);
    assert_eq!(register.public_status(&next.id), Status::Valid);
    assert_eq!(register.issue(&eve).unwrap_err().kind(), ErrorKind::Revoked);
}

#[test]
fn each_lost_side_is_restored_in_memory() {
    check_losses(Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
}

#[test]
fn each_lost_side_is_restored_in_folders() {
    let folder = tempfile::tempdir().unwrap();
    let store = |name| Arc::new(Directory::new(folder.path().join(name)));
    check_losses(store("public"), store("private"));
}

fn testamur(workdir: &Workdir, line: &[&str]) -> crate::workdir::Run {
    workdir.run(["--site", "school"].iter().chain(line))
}

#[test]
fn restore_takes_pdfs_from_a_folder_and_says_what_is_lost() {
    let workdir = site();
    workdir
        .write("people.csv", "name,username\nAda Lovelace,ada\nEmilie Noether,emilie\n");
    assert_eq!(issue(&workdir, &["-f", "people.csv"]).code, 0);
    let revoke = ["revoke", "--recipient", "emilie", "--reason", "a mistake", "-y"];
    assert_eq!(testamur(&workdir, &revoke).code, 0);
    let before = files(&workdir.path("school/public"));
    let (path, pdf) = before.iter().find(|(path, _)| path.ends_with(".pdf")).unwrap();
    workdir.write("copies/Ada Lovelace.pdf", pdf);
    workdir.write("copies/other.pdf", vec![b'x'; pdf.len()]);
    fs::remove_dir_all(workdir.path("school/public")).unwrap();

    let run = testamur(&workdir, &["restore"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("2 certificates: 2 restored, 0 PDFs"), "{}", run.stderr);
    assert!(run.stderr.contains("their PDF is lost"), "{}", run.stderr);
    let run = testamur(&workdir, &["restore", "--from", "copies"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("1 PDFs taken"), "{}", run.stderr);
    assert!(files(&workdir.path("school/public")) == before);
    let verify = ["verify", &format!("school/public/{path}")];
    assert_eq!(testamur(&workdir, &verify).code, 0);
    let statuses = testamur(&workdir, &["find", "emilie", "--json"]).objects();
    assert_eq!(statuses[0]["status"], "revoked");
    assert_eq!(testamur(&workdir, &["restore", "--from", "nowhere"]).code, 2);
}

/// Nothing tells that a certificate whose two records are lost is valid, if its page says otherwise.
#[test]
fn certificate_whose_page_says_revoked_is_not_made_valid_without_its_records() {
    for keeps_pdfs in [true, false] {
        let workdir = site();
        let settings = workdir.read("school/testamur.yaml");
        let settings = String::from_utf8(settings).unwrap();
        assert!(settings.contains("publish:\n"), "{settings}");
        let keep = format!("publish:\n  keep_revoked_pdfs: {keeps_pdfs}\n");
        workdir.write("school/testamur.yaml", settings.replace("publish:\n", &keep));
        let ada = ["-n", "Ada Lovelace", "-u", "ada"];
        assert_eq!(issue(&workdir, &ada).code, 0);
        let revoke = ["revoke", "--recipient", "ada", "--reason", "fraud", "--yes"];
        assert_eq!(testamur(&workdir, &revoke).code, 0);
        for name in ["record.json", "certificate.json"] {
            let root = workdir.path("school");
            for store in ["public", "private"] {
                let found = files(&root.join(store));
                let lost = found.keys().filter(|path| path.ends_with(name));
                lost.for_each(|path| {
                    fs::remove_file(root.join(store).join(path)).unwrap()
                });
            }
        }
        let before = files(&workdir.path("school/public"));
        let run = testamur(&workdir, &["restore"]);
        assert!(run.stderr.contains("/cert/") || run.stderr.contains("cert/"), "{run:?}");
        assert!(!run.stderr.contains("never published"), "{}", run.stderr);
        let run = issue(&workdir, &ada);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains("both its records are lost"), "{}", run.stderr);
        let after = files(&workdir.path("school/public"));
        assert!(before == after, "nothing is changed");
        assert!(
            after.keys().all(|path| !path.ends_with("certificate.json")),
            "{after:?}"
        );
    }
}

#[test]
fn recipient_is_revoked_and_erased_in_every_award() {
    let workdir = site();
    let course = fs::read_to_string(workdir.path("school/courses.yaml")).unwrap();
    let id = course.lines().find(|line| line.starts_with(char::is_alphabetic)).unwrap();
    let id = id.split(": ").next().unwrap().trim_end_matches(':').trim_matches('"');
    workdir.write(
        "people.csv",
        "name,username\nAda Lovelace,ada\nAda Lovelace,other\nGrace Hopper,grace\n",
    );
    assert_eq!(issue(&workdir, &["-f", "people.csv", "--report", "report.csv"]).code, 0);
    let married = ["-n", "Ada King", "-u", "ada"];
    assert_eq!(issue(&workdir, &married).code, 0);
    let specimen = ["-n", "Ada King", "-u", "ada", "--specimen"];
    assert_eq!(issue(&workdir, &specimen).code, 0);
    fs::copy(workdir.path("report.csv"), workdir.path("school/report.csv")).unwrap();
    let spooled = |user: &str| {
        format!(r#"{{"course":"{id}","name":"Ada King","username":"{user}"}}"#)
    };
    for user in ["ada", "grace"] {
        let path = format!("school/private/spool/000000000001-{user}-000000000.json");
        workdir.write(&path, spooled(user).replace("King", user));
    }

    // Nothing is found, or nothing is confirmed: nothing is changed.
    let run = testamur(&workdir, &["erase", "--recipient", "Ada", "--yes"]);
    assert_eq!(run.code, 3, "{run:?}");
    let run = testamur(&workdir, &["erase", "--recipient", "ada"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("to be erased: 3"), "{}", run.stderr);
    assert!(run.stderr.contains("--yes"), "{}", run.stderr);
    let other = ["--recipient", "ada", "--course", "other", "--yes"];
    assert_eq!(testamur(&workdir, &[&["erase"], &other[..]].concat()).code, 3);

    let revoke = ["revoke", "--recipient", "ada", "--reason", "a mistake", "--yes"];
    let run = testamur(&workdir, &revoke);
    assert_eq!(run.code, 0, "{run:?}");
    // The current edition and the specimen; the other person of that name stays.
    assert!(run.stderr.contains("to be revoked: 2"), "{}", run.stderr);

    let run = testamur(&workdir, &["erase", "--recipient", "ada", "--yes"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("erased: 3 editions"), "{}", run.stderr);
    assert!(run.stderr.contains("removed: 1 requests that waited"), "{}", run.stderr);
    assert!(run.stderr.contains("report.csv  still names"), "{}", run.stderr);
    let private = files(&workdir.path("school/private"));
    let public = files(&workdir.path("school/public"));
    for (path, bytes) in private.iter().chain(&public) {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("Ada King") && !text.contains("\"ada\""), "{path}");
    }
    assert!(private.keys().any(|path| path.contains("grace")), "{private:?}");
    let left = testamur(&workdir, &["find", "Ada", "--json"]).objects();
    assert_eq!(left.len(), 1, "{left:?}");

    // Ids from a report, with blanks, and pasted.
    let id = left[0]["verify_id"].as_str().unwrap();
    let typed: Vec<String> = id
        .as_bytes()
        .chunks(4)
        .map(|part| String::from_utf8_lossy(part).to_uppercase())
        .collect();
    let line: Vec<&str> = typed.iter().map(String::as_str).collect();
    let revoke = [&["revoke"], &line[..], &["--reason", "typed", "-y"]].concat();
    assert_eq!(testamur(&workdir, &revoke).code, 0);
    let run = testamur(&workdir, &["erase", "-f", "report.csv", "--yes"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(testamur(&workdir, &["find", "Ada", "--json"]).objects().is_empty());
    assert!(testamur(&workdir, &["find", "Grace", "--json"]).objects().is_empty());
}

#[test]
fn erasing_an_edition_whose_request_is_lost_says_so() {
    let workdir = site();
    for name in ["Ada Lovelace", "Ada King"] {
        assert_eq!(issue(&workdir, &["-n", name, "-u", "ada"]).code, 0);
    }
    let id =
        testamur(&workdir, &["find", "King", "--json"]).objects()[0]["verify_id"].clone();
    fs::remove_dir_all(workdir.path("school/private")).unwrap();
    let run = testamur(&workdir, &["erase", id.as_str().unwrap(), "--yes"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("only this edition can be erased"), "{}", run.stderr);
    assert!(run.stderr.contains("erased: 1 edition"), "{}", run.stderr);
}

#[test]
fn two_runs_of_one_file_report_each_certificate_once() {
    let workdir = site();
    let people: String = (0..12).map(|n| format!("Person Number{n},p{n}\n")).collect();
    workdir.write("people.csv", format!("name,username\n{people}"));
    let reports = ["one.json", "two.json"];
    let mut runs = reports.map(|report| {
        Command::new(env!("CARGO_BIN_EXE_testamur"))
            .args(["--site", "school", "issue", "-f", "people.csv", "--report", report])
            .current_dir(workdir.path("."))
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    });
    runs.iter_mut().for_each(|run| assert!(run.wait().unwrap().success()));
    let rows = reports.map(|report| -> Vec<serde_json::Value> {
        serde_json::from_slice(&workdir.read(report)).unwrap()
    });
    for (one, two) in rows[0].iter().zip(&rows[1]) {
        let mut statuses =
            [one["outcome"].as_str().unwrap(), two["outcome"].as_str().unwrap()];
        statuses.sort_unstable();
        assert_eq!(statuses, ["issued", "unchanged"], "{one} {two}");
        assert_eq!(one["verify_id"], two["verify_id"]);
    }
}

/// What belongs to no certificate that is known is named, and stays as it is.
#[test]
fn pages_and_pdfs_without_any_record_are_named() {
    let register =
        Register::new(Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
    let lost = register.issue(&known("Ada One")).unwrap().1;
    let kept = register.issue(&known("Bob Two")).unwrap().1;
    let pdf = lost.certificate.unwrap().pdf.unwrap().path;
    for (store, prefix) in [
        (&register.public, format!("cert/{}/certificate.json", lost.id)),
        (&register.private, format!("{}/", lost.id)),
    ] {
        let files = all_files(&**store);
        let gone = files.keys().filter(|path| path.as_str().starts_with(&prefix));
        gone.for_each(|path| store.remove(path).unwrap());
    }
    let before = all_files(&*register.public);
    let done = register.restore(&Files::new());
    let folder = format!("cert/{}/", lost.id);
    assert_eq!(
        done.unknown_files.into_iter().collect::<Vec<_>>(),
        [folder, pdf.to_string()]
    );
    assert_eq!(done.certificates, 1);
    assert_eq!(all_files(&*register.public), before);

    // The award leads to the files, so an erasure reaches them.
    let award = Award::of(&known("Ada One"));
    let of_register = register.service.register();
    of_register.erase_award(&award, &register.secret, now()).unwrap();
    let done = register.restore(&Files::new());
    assert!(done.unknown_files.is_empty(), "{done:?}");
    assert_eq!(register.public_status(&kept.id), Status::Valid);
    for bytes in all_files(&*register.public).values() {
        assert!(!String::from_utf8_lossy(bytes).contains("Ada One"));
    }
}
