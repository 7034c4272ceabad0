//! `testamur key`, `seal upgrade` and `check`, over the keys of a site that has issued.

use serde_json::Value;
use testamur::Timestamp;
use testamur::site::{KeyPublication, KeySource, Keys, Settings};

use super::judges::Certomancer;
use super::site::now;
use crate::workdir::school::{done, run, site};
use crate::workdir::{Run, Workdir};

fn stdout(run: &Run) -> String {
    String::from_utf8(run.stdout.clone()).unwrap()
}

/// The one published file whose name ends so.
fn published(workdir: &Workdir, ending: &str) -> Vec<String> {
    let names = workdir.names("school/public/keys");
    names.into_iter().filter(|name| name.ends_with(ending)).collect()
}

/// The public records.
fn records(workdir: &Workdir) -> Vec<Value> {
    let ids = workdir.names("school/public/cert");
    let read =
        |id: &String| workdir.read(format!("school/public/cert/{id}/certificate.json"));
    ids.iter().map(|id| serde_json::from_slice(&read(id)).unwrap()).collect()
}

#[test]
fn key_show_prints_one_part_alone() {
    let workdir = site();
    for (part, count) in [("root", 1), ("seal", 1), ("chain", 2)] {
        let text = stdout(&done(&workdir, &["key", "show", "--pem", part]));
        assert!(text.starts_with("-----BEGIN CERTIFICATE-----\n"), "{text}");
        assert!(text.ends_with("-----END CERTIFICATE-----\n"), "{text}");
        assert_eq!(text.matches("BEGIN").count(), count, "{text}");
    }
    let text = stdout(&done(&workdir, &["key", "show", "--pem", "openpgp"]));
    assert!(text.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), "{text}");
}

#[test]
fn revoked_key_issues_nothing_and_what_it_sealed_is_marked_and_issued_again() {
    let workdir = site();
    done(&workdir, &["issue", "-n", "Ada Lovelace"]);
    let [list] = &published(&workdir, ".crl")[..] else { panic!("no list") };
    let list = format!("school/public/keys/{list}");
    let before = workdir.read(&list);
    // Without a terminal the answer has to be given.
    assert_eq!(run(&workdir, &["key", "revoke"]).code, 2);
    let revoke = ["key", "revoke", "--since", "2026-05-14T09:30:00Z", "--yes"];
    let revoked = done(&workdir, &revoke);
    assert!(revoked.stderr.contains("1 certificates"), "{}", revoked.stderr);
    assert_ne!(workdir.read(&list), before);
    let record = &records(&workdir)[0];
    let seal = &record["certificate"]["seal"];
    assert_eq!(seal["key_revoked"], "2026-05-14T09:30:00Z", "{record}");

    for line in
        [&["issue", "-n", "Grace Hopper"][..], &["render", "--seal", "-o", "x.pdf"]]
    {
        let refused = run(&workdir, line);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("is revoked since"), "{}", refused.stderr);
        assert!(refused.stderr.contains("testamur key rotate"), "{}", refused.stderr);
    }
    // The name is that of the keys before.
    done(&workdir, &["key", "rotate"]);
    let text = stdout(&done(&workdir, &["key", "show"]));
    assert!(text.contains("CN=Example University"), "{text}");
    assert_eq!(published(&workdir, ".asc").len(), 2);
    done(&workdir, &["issue", "-n", "Grace Hopper"]);
    // The same facts on the same page, and yet another edition: the seal is another.
    let again = done(&workdir, &["issue", "-n", "Ada Lovelace", "--replace"]);
    assert!(again.stderr.contains("superseding"), "{}", again.stderr);
    let again = done(&workdir, &["issue", "-n", "Ada Lovelace", "--replace"]);
    assert!(again.stderr.contains("unchanged"), "{}", again.stderr);
}

#[test]
fn list_is_renewed_with_a_root_key_that_is_kept_elsewhere() {
    let workdir = site();
    done(&workdir, &["issue", "-n", "Ada Lovelace"]);
    let key = workdir.read("school/keys/1/root.key.pem");
    std::fs::remove_file(workdir.path("school/keys/1/root.key.pem")).unwrap();
    let [list] = &published(&workdir, ".crl")[..] else { panic!("no list") };
    let list = format!("school/public/keys/{list}");
    let before = workdir.read(&list);
    assert_eq!(run(&workdir, &["key", "publish"]).code, 1);
    assert_eq!(workdir.read(&list), before);
    workdir.write("offline.pem", &key);
    done(&workdir, &["key", "publish", "--root-key", "offline.pem"]);
    let after = workdir.read(&list);
    assert_ne!(after, before);
    assert_eq!(workdir.read("school/keys/1/root.crl"), after);
    // A key of another root is refused.
    let other = site();
    let stranger = other.read("school/keys/1/root.key.pem");
    workdir.write("offline.pem", stranger);
    let refused = run(&workdir, &["key", "publish", "--root-key", "offline.pem"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert_eq!(workdir.read(&list), after);
}

#[test]
fn register_is_upgraded_by_course_by_day_and_as_a_whole() {
    let pki = Certomancer::start();
    let workdir = site();
    done(&workdir, &["issue", "-n", "Ada Lovelace", "--archive"]);
    done(&workdir, &["issue", "-n", "Grace Hopper", "--archive"]);
    assert_eq!(run(&workdir, &["seal", "upgrade"]).code, 2);
    assert_eq!(run(&workdir, &["seal", "upgrade", "x.pdf", "--all"]).code, 2);
    workdir.write("tsa.pem", pki.read("out/root/root.cert.pem"));
    let tsa = format!("http://localhost:{}/testamur/tsa/tsa", pki.port);
    let upgrade = |more: &[&str]| {
        let line = ["seal", "upgrade", "--tsa", &tsa, "--tsa-roots", "tsa.pem"];
        done(&workdir, &[&line[..], more].concat()).stderr
    };
    let levels = || -> Vec<String> {
        let of = |record: &Value| {
            record["certificate"]["seal"]["level"].as_str().unwrap().to_owned()
        };
        records(&workdir).iter().map(of).collect()
    };
    let none = upgrade(&["--before", "2020-01-01"]);
    assert!(none.contains("0 certificates: 0 raised"), "{none}");
    let none = upgrade(&["--course", "nothing"]);
    assert!(none.contains("0 certificates: 0 raised"), "{none}");
    assert_eq!(levels(), ["B-B", "B-B"]);
    let path = |record: &Value| {
        format!(
            "school/public/{}",
            record["certificate"]["pdf"]["path"].as_str().unwrap()
        )
    };
    let before: Vec<Vec<u8>> =
        records(&workdir).iter().map(|record| workdir.read(path(record))).collect();
    let all = upgrade(&["--all"]);
    assert!(all.contains("2 certificates: 2 raised, 0 unchanged, 0 failed"), "{all}");
    assert_eq!(levels(), ["B-LTA", "B-LTA"]);
    let again = upgrade(&["--all"]);
    assert!(again.contains("0 raised, 2 unchanged, 0 failed"), "{again}");
    // The records are about the files, with their detached signatures.
    for record in records(&workdir) {
        let pdf = record["certificate"]["pdf"]["path"].as_str().unwrap();
        let signature = record["certificate"]["signature"]["path"].as_str().unwrap();
        let (pdf, signature) =
            (format!("school/public/{pdf}"), format!("school/public/{signature}"));
        let line = ["verify", &pdf, "--signature", &signature, "--tsa-roots", "tsa.pem"];
        done(&workdir, &line);
    }
    // So they are of the copies that were handed out before.
    for (copy, record) in before.iter().zip(records(&workdir)) {
        assert_ne!(*copy, workdir.read(path(&record)));
        workdir.write("copy.pdf", copy);
        done(&workdir, &["verify", "copy.pdf"]);
        // Records of earlier releases do not tell the digest of then.
        let id = record["id"].as_str().unwrap();
        for file in [
            format!("school/public/cert/{id}/certificate.json"),
            format!("school/private/{id}/record.json"),
        ] {
            let mut json: Value = serde_json::from_slice(&workdir.read(&file)).unwrap();
            let of_record = if json.get("record").is_some() {
                &mut json["record"]
            } else {
                &mut json
            };
            let pdf = of_record["certificate"]["pdf"].as_object_mut().unwrap();
            assert!(pdf.remove("earlier").is_some(), "{file}");
            workdir.write(&file, json.to_string());
        }
        done(&workdir, &["verify", "copy.pdf"]);
    }
}

#[test]
fn upgrade_that_was_interrupted_is_finished_by_the_next_run() {
    let pki = Certomancer::start();
    let workdir = site();
    done(&workdir, &["issue", "-n", "Ada Lovelace", "--archive"]);
    let id = records(&workdir)[0]["id"].as_str().unwrap().to_owned();
    let (public, private) = (
        format!("school/public/cert/{id}/certificate.json"),
        format!("school/private/{id}/record.json"),
    );
    let before = (workdir.read(&public), workdir.read(&private));
    workdir.write("tsa.pem", pki.read("out/root/root.cert.pem"));
    let tsa = format!("http://localhost:{}/testamur/tsa/tsa", pki.port);
    let line = ["seal", "upgrade", "--tsa", &tsa, "--tsa-roots", "tsa.pem", "--all"];
    done(&workdir, &line);
    let after = workdir.read(&public);
    // As if the process had ended between the PDF and its record.
    workdir.write(&public, &before.0);
    workdir.write(&private, &before.1);
    let finished = done(&workdir, &line).stderr;
    assert!(finished.contains("1 raised, 0 unchanged, 0 failed"), "{finished}");
    assert_eq!(workdir.read(&public), after);
    let snapshots = workdir.names(&format!("school/private/{id}"));
    assert_eq!(snapshots.len(), 2, "{snapshots:?}");
}

#[test]
fn check_warns_of_what_ends_with_the_number_of_certificates() {
    let aged = |days: u64| {
        let workdir = site();
        std::fs::remove_dir_all(workdir.path("school/keys/1")).unwrap();
        let past = Timestamp::from_unix(now().unix() - days * 86_400).unwrap();
        let settings = Settings::parse(&workdir.read("school/testamur.yaml")).unwrap();
        let source = KeySource::NewRoot { name: "Example University" };
        let publication = KeyPublication::of(&settings);
        let keys = workdir.path("school/keys");
        Keys::create_with(&keys, &source, &publication, past).unwrap();
        workdir
    };
    // Keys that cannot seal are an error, whatever they lack.
    let broken = site();
    done(&broken, &["check"]);
    std::fs::remove_file(broken.path("school/keys/1/seal.key.pem")).unwrap();
    let told = run(&broken, &["check"]);
    assert_eq!(told.code, 1, "{}", told.stderr);
    assert!(told.stderr.contains("(the keys)"), "{}", told.stderr);

    let line = ["check", "-l", "en"];
    let quiet = aged(100);
    done(&quiet, &["issue", "-n", "Ada Lovelace"]);
    let text = run(&quiet, &line).stderr;
    assert!(!text.contains("certificate that seals"), "{text}");
    assert!(!text.contains("revocation list"), "{text}");

    // The certificate that seals ends within a year.
    let old = aged(3500);
    done(&old, &["issue", "-n", "Ada Lovelace"]);
    done(&old, &["issue", "-n", "Grace Hopper"]);
    let text = run(&old, &line).stderr;
    assert!(text.contains("2 published certificates have no timestamp"), "{text}");
    assert!(text.contains("testamur key rotate"), "{text}");

    // The list is in its last quarter, and the root's key is elsewhere.
    let offline = aged(350);
    std::fs::remove_file(offline.path("school/keys/1/root.key.pem")).unwrap();
    let issued = done(&offline, &["issue", "-n", "Ada Lovelace"]).stderr;
    assert!(issued.contains("testamur key publish"), "{issued}");
    let text = run(&offline, &line).stderr;
    assert!(text.contains("revocation list (CRL)"), "{text}");
    assert!(text.contains("1 certificates name it"), "{text}");
}
