//! What the commands answer where a store has something else than what is looked for: files of killed runs, another
//! site's certificates, another file under the same id, certificates that were published elsewhere.

use std::fs;

use crate::workdir::school::{done, run, site};
use crate::workdir::{Run, Workdir};

fn text(run: &Run) -> String {
    String::from_utf8(run.stdout.clone()).unwrap()
}

/// The id of the certificate that was issued to that name.
fn issue(workdir: &Workdir, line: &[&str]) -> String {
    let issued = done(workdir, &[&["issue", "--json"], line].concat());
    issued.objects()[0]["verify_id"].as_str().unwrap().to_owned()
}

/// The newest PDF below a folder.
fn pdf(workdir: &Workdir, public: &str) -> Vec<u8> {
    let folders = fs::read_dir(workdir.path(&format!("{public}/downloads"))).unwrap();
    let files = folders.map(|it| it.unwrap().path().join("Certificate.pdf"));
    let written =
        |file: &std::path::PathBuf| fs::metadata(file).unwrap().modified().unwrap();
    fs::read(files.max_by_key(written).unwrap()).unwrap()
}

/// The same keys and the same id secret may have sealed another file with that id, for a register of which this
/// one is not a copy: what the record says is not said of it.
#[test]
fn file_that_is_not_the_one_of_the_record_is_not_good() {
    let workdir = site();
    let copied = std::process::Command::new("cp")
        .args(["-a", "school", "trial"])
        .current_dir(workdir.path("."))
        .status();
    assert!(copied.unwrap().success());
    let tried = workdir.run(["--site", "trial", "issue", "-n", "Mallory M", "-u", "mal"]);
    assert_eq!(tried.code, 0, "{tried:?}");
    workdir.write("trial.pdf", pdf(&workdir, "trial/public"));
    issue(&workdir, &["-n", "Other Name", "-u", "mal"]);
    workdir.write("own.pdf", pdf(&workdir, "school/public"));
    done(&workdir, &["verify", "own.pdf"]);
    let other = run(&workdir, &["verify", "trial.pdf"]);
    assert_eq!(other.code, 3, "{other:?}");
    assert!(text(&other).starts_with("status unknown: intact"), "{other:?}");
    assert!(text(&other).contains("under its id is another file"), "{other:?}");
    // One that ended has ended, whichever file it is.
    done(&workdir, &["revoke", "--recipient", "mal", "--reason", "fraud", "--yes"]);
    assert_eq!(run(&workdir, &["verify", "trial.pdf"]).code, 1);
}

#[test]
fn erasing_removes_what_killed_runs_left() {
    let workdir = site();
    issue(&workdir, &["-n", "Ada Lovelace", "-u", "ada"]);
    let leave = || {
        for store in ["public", "private"] {
            let staging = format!("school/{store}/.testamur");
            workdir
                .write(&format!("{staging}/00112233445566778899aabb.batch/7.new"), "Eve");
            workdir.write(&format!("{staging}/00112233445566778899aabb.batch-lock"), "");
            workdir.write(&format!("{staging}/ffeeddccbbaa998877665544.new"), "Eve");
        }
    };
    let left = || {
        let names = |store: &str| workdir.names(&format!("school/{store}/.testamur"));
        let all = [names("public"), names("private")].concat();
        all.into_iter()
            .filter(|it| it.contains(".new") || it.contains(".batch"))
            .collect::<Vec<_>>()
    };
    leave();
    assert_eq!(run(&workdir, &["erase", "--recipient", "Eve", "--yes"]).code, 3);
    assert_eq!(left(), [""; 0]);
    leave();
    done(&workdir, &["erase", "--recipient", "ada", "--yes"]);
    assert_eq!(left(), [""; 0]);
}

#[test]
fn certificate_that_was_published_elsewhere_is_not_changed_here() {
    let workdir = site();
    let id = issue(&workdir, &["-n", "Ada A", "-o", "out"]);
    let record = format!("out/cert/{id}/certificate.json");
    let before = workdir.read(&record);
    for line in [
        &["revoke", &id, "--reason", "fraud", "--yes"][..],
        &["erase", "--recipient", "Ada A", "--yes"],
    ] {
        let refused = run(&workdir, line);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("--output"), "{refused:?}");
        assert_eq!(workdir.read(&record), before);
        assert!(!workdir.path(&format!("school/public/cert/{id}")).exists());
    }
    done(&workdir, &["revoke", &id, "--reason", "fraud", "--yes", "-o", "out"]);
    assert!(String::from_utf8(workdir.read(&record)).unwrap().contains("revoked"));
    done(&workdir, &["erase", &id, "--yes", "-o", "out"]);
    assert!(!String::from_utf8(workdir.read(&record)).unwrap().contains("Ada A"));
}

#[test]
fn store_of_another_site_is_not_told_as_ones_own() {
    let workdir = site();
    issue(&workdir, &["-n", "Ada A", "-u", "ada"]);
    let made = workdir.run(["new", "other", "--url", "https://other.example.org"]);
    assert_eq!(made.code, 0, "{made:?}");
    let theirs = workdir.run(["--site", "other", "issue", "-n", "Eve E", "-u", "eve"]);
    assert_eq!(theirs.code, 0, "{theirs:?}");
    fs::rename(workdir.path("school/private"), workdir.path("kept")).unwrap();
    fs::rename(workdir.path("other/private"), workdir.path("school/private")).unwrap();
    let ask = || {
        for line in [&["list"][..], &["find", "eve"]] {
            let refused = run(&workdir, line);
            assert_eq!(refused.code, 1, "{refused:?}");
            assert!(
                refused.stderr.contains("belongs to another id secret"),
                "{refused:?}"
            );
            assert!(!text(&refused).contains("Eve"), "{refused:?}");
        }
    };
    ask();
    // Without the secret the two stores tell that they do not belong together.
    fs::remove_file(workdir.path("school/keys/id.secret")).unwrap();
    ask();
}

#[test]
fn what_is_not_known_ends_with_3() {
    let workdir = site();
    issue(&workdir, &["-n", "Ada A", "-u", "ada"]);
    let id = "0123456789abcdef0123456789abcdef";
    for line in [
        &["revoke", id, "--reason", "x", "--yes"][..],
        &["erase", id, "--yes"],
        &["issue", "--instead-of", id, "-n", "Eve E"],
        &["list", "-c", "NOPE"],
        &["find", "ada", "-c", "NOPE"],
        &["verify", "nowhere.pdf"],
        &["verify", "school"],
        &["verify", "nowhere.pdf", "nowhere-else.pdf"],
    ] {
        let ended = run(&workdir, line);
        assert_eq!(ended.code, 3, "{line:?}: {ended:?}");
        if line.contains(&"NOPE") {
            assert!(ended.stderr.contains("`NOPE`"), "{ended:?}");
        }
    }
    let folder = run(&workdir, &["verify", "school"]);
    assert!(folder.stderr.contains("name the files in it"), "{folder:?}");
}

#[test]
fn correction_takes_ones_own_addresses_and_the_newest_edition() {
    let workdir = site();
    let first = issue(&workdir, &["-n", "Grace Hopper", "-u", "grace"]);
    let foreign = format!("https://evil.example/cert/{first}/");
    let refused =
        run(&workdir, &["issue", "--instead-of", &foreign, "-n", "Grace M. Hopper"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("is no address of this site"), "{refused:?}");
    let own = format!("https://certs.example.org/cert/{first}/");
    done(&workdir, &["issue", "--instead-of", &own, "-n", "Ada Lovelace"]);
    // The same again changes nothing; another name would undo it.
    done(&workdir, &["issue", "--instead-of", &first, "-n", "Ada Lovelace"]);
    let refused =
        run(&workdir, &["issue", "--instead-of", &first, "-n", "Grace M. Hopper"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("correct its successor"), "{refused:?}");
    done(&workdir, &["issue", "-n", "Grace M. Hopper", "-u", "grace"]);
    // Each edition is shown under the name that it has.
    let asked = run(&workdir, &["erase", "--recipient", "grace"]);
    for name in [
        "edition 1  Grace Hopper (",
        "edition 2  Ada Lovelace (",
        "edition 3  Grace M. Hopper (",
    ] {
        assert!(asked.stderr.contains(name), "{name}: {asked:?}");
    }
}

/// The built-in scans are of invented people: no certificate bears one because a file is missing.
#[test]
fn missing_scan_is_refused() {
    let workdir = site();
    for (course, missing) in [
        (
            "signatories: [{ name: Mary Miller, signature: mary.svg }]",
            "signatures/mary.svg",
        ),
        ("theme: { logo: mary.svg }", "images/mary.svg"),
    ] {
        let courses = format!(
            "K: {{ title: A, organization: Example University, language: en, {course} }}\n"
        );
        workdir.write("school/courses.yaml", courses);
        let refused = run(&workdir, &["issue", "-n", "Ada Example", "-c", "K"]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains(missing), "{refused:?}");
        for other in ["emmy", "rosa", "sofia"] {
            assert!(!refused.stderr.contains(other), "{refused:?}");
        }
    }
}

#[test]
fn faults_of_a_site_are_told_at_what_is_wrong() {
    let workdir = site();
    let settings = String::from_utf8(workdir.read("school/testamur.yaml")).unwrap();
    let dry = ["issue", "--dry-run", "-n", "Ada", "-c", "K"];
    let told = |course: &str, settings: &str| {
        let head = "K: { title: A, organization: Example University, language: en, ";
        workdir.write("school/courses.yaml", format!("{head}{course} }}\n"));
        workdir.write("school/testamur.yaml", settings);
        let refused = run(&workdir, &dry);
        assert_ne!(refused.code, 0, "{course}: {refused:?}");
        refused.stderr
    };
    for (course, wanted, not) in [
        ("grades: { scale: points, max: 20, pass: 25 }", "a number from 0 to 20", "0.5"),
        ("outcomes: { \"=> 90\": x }", "write the sign as `>=`", "0.5"),
        ("outcomes: { Pass: \"{{ extra.hours }} hours\" }", "give `hours`", "none"),
    ] {
        let told = told(course, &settings);
        assert!(told.contains(wanted) && !told.contains(not), "{course}: {told}");
    }
    let with_password = settings.replace("https://certs", "https://u:secret@certs");
    let refused = told("issued: rolling", &with_password);
    assert!(refused.contains("testamur.yaml") && refused.contains("`@`"), "{refused}");
    let tsa = "seal: { tsa: { url: https://tsa.example.org, roots: nofile.pem } }\n";
    let refused = told("issued: rolling", &format!("{settings}\n{tsa}"));
    assert!(
        refused.contains("`seal.tsa.roots`") && !refused.contains("rotate"),
        "{refused}"
    );
}
