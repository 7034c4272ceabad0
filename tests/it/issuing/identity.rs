//! A store belongs to one id secret; what is needed to have that again is one file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use testamur::register::{IssueOptions, IssueOutcome, IssueService, MemoryStore, Store};
use testamur::site::{IdSecret, Keys, Site};
use testamur::{ErrorKind, Press};

use super::setup::{COURSES, Setup, now, request, today};
use crate::workdir::Workdir;

fn site() -> Site {
    Site::new().with_sample_pictures().with_file("courses.yaml", COURSES)
}

#[test]
fn second_secret_on_one_store_is_refused() {
    let press = Arc::new(Press::new(site()).unwrap());
    let keys = Keys::generate("Example University", now()).unwrap();
    let stores: [Arc<dyn Store>; 2] =
        [Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new())];
    let open = |secret: &IdSecret| {
        IssueService::builder(press.clone())
            .with_keys(&keys)
            .with_id_secret(secret.clone())
            .with_stores(stores[0].clone(), stores[1].clone())
            .build()
    };
    let [first, second] = [(); 2].map(|()| IdSecret::generate().unwrap());
    // Both see empty stores; the first that issues marks them.
    let [one, other] = [&first, &second].map(|secret| open(secret).unwrap());
    let issue = |issuer: &IssueService| {
        issuer.issue(&request("Ada"), today(), now(), &IssueOptions::default())
    };
    issue(&one).unwrap();
    let fault = issue(&other).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Key);
    assert!(format!("{fault:#}").contains("testamur key restore"), "{fault:#}");
    assert_eq!(open(&second).unwrap_err().kind(), ErrorKind::Key);
    let again = issue(&open(&first).unwrap()).unwrap();
    assert_eq!(again.outcome, IssueOutcome::Unchanged);
    let fault = one.register().erase(&again.record.id, &second, now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Key);
}

#[test]
fn store_without_a_mark_belongs_to_the_secret_of_its_ids() {
    let setup = Setup::new();
    setup.issue(&request("Ada")).unwrap();
    let marks = ["public/store.json", "private/store.json"].map(|path| setup.path(path));
    let mark = fs::read(&marks[0]).unwrap();
    let secret = fs::read(setup.path("keys/id.secret")).unwrap();

    // Either store may be lost.
    for lost in &marks {
        fs::remove_file(lost).unwrap();
        let issuer = setup.second_issuer(site());
        issuer.issue(&request("Ada"), today(), now(), &IssueOptions::default()).unwrap();
        assert_eq!(fs::read(lost).unwrap(), mark);
    }
    let unmark = || marks.iter().for_each(|mark| fs::remove_file(mark).unwrap());
    unmark();
    fs::write(setup.path("keys/id.secret"), "0".repeat(64) + "\n").unwrap();
    let fault = setup.try_second_issuer(site()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Key);
    fs::write(setup.path("keys/id.secret"), secret).unwrap();
    let issuer = setup.second_issuer(site());
    issuer.issue(&request("Ada"), today(), now(), &IssueOptions::default()).unwrap();
    assert_eq!(fs::read(&marks[1]).unwrap(), mark);

    unmark();
    fs::remove_dir_all(setup.path("private")).unwrap();
    let fault = setup.try_second_issuer(site()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Key);
    assert!(fault.to_string().contains("nothing tells"), "{fault}");
}

#[test]
fn lost_secret_is_never_made_anew_and_comes_back_from_a_backup() {
    let workdir = Workdir::new();
    let run =
        |arguments: &[&str]| workdir.run(["--site", "school"].iter().chain(arguments));
    assert_eq!(
        workdir.run(["new", "school", "--url", "https://certs.example.edu"]).code,
        0
    );
    workdir.write("passphrase", "correct horse battery staple\nsecond line\n");
    workdir.write("wrong", "correct horse battery stapler\n");
    workdir.write("school/t", "0123456789abcdef0123456789abcdef");
    let backup = ["key", "backup", "keys.age", "--passphrase-file", "passphrase"];
    let first = run(&["issue", "-n", "Ada Lovelace", "--json"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let written = run(&backup);
    assert_eq!(written.code, 0, "{}", written.stderr);
    let mode = fs::metadata(workdir.path("keys.age")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = run(&backup);
    assert_eq!(again.code, 1, "{}", again.stderr);
    assert!(again.stderr.contains("never overwritten"), "{}", again.stderr);

    fs::remove_file(workdir.path("school/keys/id.secret")).unwrap();
    for arguments in [
        &["issue", "-n", "Ada Lovelace"][..],
        &["agent", "--check", "-s", "http.listen=127.0.0.1:0", "-s", "http.token_file=t"],
        &["key", "new", "--name", "Example University"],
    ] {
        let refused = run(arguments);
        assert_eq!(refused.code, 1, "{arguments:?} {}", refused.stderr);
        assert!(refused.stderr.contains("there is no id secret"), "{}", refused.stderr);
        assert!(refused.stderr.contains("key restore"), "{}", refused.stderr);
        assert!(!workdir.path("school/keys/id.secret").exists(), "{arguments:?}");
    }

    let restore = |passphrase: &str| {
        run(&["key", "restore", "keys.age", "--passphrase-file", passphrase])
    };
    let refused = restore("wrong");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("passphrase"), "{}", refused.stderr);
    let restored = restore("passphrase");
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    assert!(restored.stderr.contains("put 1 file"), "{}", restored.stderr);
    let back = run(&["issue", "-n", "Ada Lovelace", "--json"]);
    assert_eq!(back.objects()[0]["outcome"], "unchanged", "{}", back.stderr);

    // All of it, on another machine; and never over other keys.
    let elsewhere = ["key", "restore", "keys.age", "--passphrase-file", "passphrase"];
    let whole = workdir.run(elsewhere.iter().chain(&["--keys", "elsewhere"]));
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    for name in workdir.names("school/keys/1") {
        let [one, other] = ["school/keys/1", "elsewhere/1"]
            .map(|folder| workdir.read(format!("{folder}/{name}")));
        assert_eq!(one, other, "{name}");
        if name.ends_with(".key.pem") {
            let file = workdir.path(&format!("elsewhere/1/{name}"));
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    workdir.write("elsewhere/1/root.pem", "another");
    let refused = workdir.run(elsewhere.iter().chain(&["--keys", "elsewhere"]));
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("is not that of the backup"), "{}", refused.stderr);
}
