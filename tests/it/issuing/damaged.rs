//! Stores that are damaged, old, not mounted, or another site's, as the commands meet them.

use std::fs;

use serde_json::Value;

use crate::workdir::Workdir;
use crate::workdir::school::{self, done, run};

/// A site that has issued to these people: name and username.
fn site(people: &str) -> Workdir {
    let workdir = school::site();
    workdir.write("p.csv", format!("name,username\n{people}"));
    done(&workdir, &["issue", "-f", "p.csv"]);
    workdir
}

/// The record of a recipient, by a part of the name.
fn find(workdir: &Workdir, text: &str) -> Value {
    let found = done(workdir, &["find", text, "--json"]).objects();
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.into_iter().next().unwrap()
}

fn id(workdir: &Workdir, text: &str) -> String {
    find(workdir, text)["verify_id"].as_str().unwrap().to_owned()
}

fn copy(workdir: &Workdir, from: &str, to: &str) {
    let mut command = assert_cmd::Command::new("cp");
    command.arg("-R").args([workdir.path(from), workdir.path(to)]);
    command.assert().success();
}

/// The paths of all PDFs of the public store.
fn pdfs(workdir: &Workdir) -> Vec<String> {
    let ids = workdir.names("school/public/downloads");
    ids.iter().map(|id| format!("school/public/downloads/{id}/Certificate.pdf")).collect()
}

#[test]
fn list_and_find_tell_what_either_store_knows() {
    let workdir = site("Ada Secretname,ada\nBob Two,bob\nCyd Three,cyd\n");
    copy(&workdir, "school/public", "old");
    done(&workdir, &["erase", "--recipient", "ada", "--yes"]);
    done(&workdir, &["revoke", "--recipient", "bob", "--reason", "fraud", "--yes"]);
    let expect = |what: &str| {
        let listed = done(&workdir, &["list"]);
        let text = String::from_utf8(listed.stdout).unwrap();
        assert!(!text.contains("Secretname"), "{what}: {text}");
        assert!(
            text.contains("[erased]") && text.contains("[revoked]"),
            "{what}: {text}"
        );
        assert_eq!(
            text.matches("https://certs.example.org").count(),
            3,
            "{what}: {text}"
        );
        assert_eq!(find(&workdir, "bob")["status"], "revoked", "{what}");
        assert_eq!(run(&workdir, &["find", "secretname"]).code, 3, "{what}");
        listed.stderr
    };
    assert!(!expect("whole").contains("testamur restore"));

    let (public, index) =
        (workdir.path("school/public"), workdir.path("school/private/.testamur"));
    fs::rename(&public, workdir.path("new")).unwrap();
    for without_index in [false, true] {
        copy(&workdir, "old", "school/public");
        if without_index {
            fs::remove_dir_all(&index).unwrap();
        }
        let said = expect("old public store");
        assert!(said.contains("of 2 certificates"), "{said}");
        assert!(said.contains("testamur restore"), "{said}");

        fs::remove_dir_all(&public).unwrap();
        if without_index {
            fs::remove_dir_all(&index).unwrap();
        }
        let said = expect("no public store");
        assert!(said.contains("of 3 certificates"), "{said}");
    }
    let unchanged = done(&workdir, &["issue", "-n", "Cyd Three", "-u", "cyd"]);
    assert!(unchanged.stderr.contains("the PDF is lost"), "{}", unchanged.stderr);
    done(&workdir, &["restore", "--from", "new"]);
    assert!(!expect("restored").contains("testamur restore"));
}

#[test]
fn link_to_a_disk_that_is_not_mounted_is_named() {
    let workdir = site("Ada One,ada\n");
    for store in ["public", "private"] {
        let kept = workdir.path("kept");
        let folder = workdir.path("school").join(store);
        fs::rename(&folder, &kept).unwrap();
        std::os::unix::fs::symlink("/nowhere/disk", &folder).unwrap();
        for line in [
            &["issue", "-n", "Bob Two"][..],
            &["restore"],
            &["revoke", "--recipient", "ada", "--reason", "x", "--yes"],
            &["list", "--refresh"],
        ] {
            let refused = run(&workdir, line);
            assert_eq!(refused.code, 1, "{store} {line:?}: {refused:?}");
            let said = &refused.stderr;
            let expected = "leads to /nowhere/disk, which does not exist";
            assert!(said.contains(expected), "{store} {line:?}: {said}");
            assert!(said.contains("mount it"), "{store} {line:?}: {said}");
        }
        fs::remove_file(&folder).unwrap();
        fs::rename(&kept, &folder).unwrap();
    }
    // A folder above it.
    let settings = String::from_utf8(workdir.read("school/testamur.yaml")).unwrap();
    let settings = format!("{settings}\nstore: mnt/www/public\n");
    workdir.write("school/testamur.yaml", settings);
    std::os::unix::fs::symlink("/nowhere/disk", workdir.path("school/mnt")).unwrap();
    let refused = run(&workdir, &["issue", "-n", "Bob Two"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("leads to /nowhere/disk"), "{}", refused.stderr);
}

#[test]
fn pdf_that_is_not_the_one_that_was_issued_is_not_handed_out() {
    let workdir = site("Ada One,ada\nBob Two,bob\n");
    fs::create_dir(workdir.path("good")).unwrap();
    let damage = || {
        for (number, path) in pdfs(&workdir).iter().enumerate() {
            let mut bytes = workdir.read(path);
            workdir.write(&format!("good/{number}.pdf"), &bytes);
            bytes[2000] ^= 1;
            workdir.write(path, bytes);
        }
    };
    damage();
    for (option, file) in [("--zip", "all.zip"), ("--print", "all.pdf")] {
        let bundled = run(&workdir, &["issue", "-f", "p.csv", option, file]);
        assert_eq!(bundled.code, 1, "{bundled:?}");
        let said = &bundled.stderr;
        assert_eq!(said.matches("is not the one that was issued").count(), 2, "{said}");
        let bytes = fs::read(workdir.path(file)).unwrap_or_default();
        assert!(!bytes.windows(5).any(|part| part == b"%PDF-"), "{file}");
    }
    let told = done(&workdir, &["restore"]);
    assert!(told.stderr.contains("2 certificates have a PDF that is not"), "{told:?}");
    let healed = done(&workdir, &["restore", "--from", "good"]);
    assert!(healed.stderr.contains("2 PDFs taken from the copy"), "{healed:?}");
    let files: Vec<String> = pdfs(&workdir);
    let verified = run(&workdir, &["verify", &files[0], &files[1]]);
    assert_eq!(verified.code, 0, "{verified:?}");

    damage();
    let replaced = done(&workdir, &["issue", "-f", "p.csv", "--replace"]);
    assert!(replaced.stderr.contains("2 superseding"), "{replaced:?}");
    let again = done(&workdir, &["issue", "-f", "p.csv", "--replace"]);
    assert!(again.stderr.contains("2 unchanged"), "{again:?}");
}

#[test]
fn damaged_record_is_made_anew_from_the_other_store_and_hinders_no_other() {
    let workdir = site("Ada One,ada\nBob Two,bob\nCyd Three,cyd\nDan Four,dan\n");
    let [ada, bob, cyd, dan] = ["ada", "bob", "cyd", "dan"].map(|it| id(&workdir, it));
    done(&workdir, &["revoke", &dan, "--reason", "fraud", "--yes"]);
    workdir.write(&format!("school/public/cert/{ada}/certificate.json"), "");
    workdir.write(&format!("school/private/{bob}/record.json"), "{\"schema\":1,");
    fs::remove_dir_all(workdir.path(&format!("school/public/cert/{cyd}"))).unwrap();
    workdir.write(&format!("school/public/cert/{dan}/certificate.json"), "{}");
    assert_eq!(find(&workdir, "dan")["status"], "revoked");
    assert_eq!(find(&workdir, "ada")["status"], "valid");
    let restored = done(&workdir, &["restore"]);
    assert!(restored.stderr.contains("4 certificates"), "{}", restored.stderr);
    assert!(restored.stderr.contains(" 0 failed"), "{}", restored.stderr);
    for (id, status) in
        [(&ada, "valid"), (&bob, "valid"), (&cyd, "valid"), (&dan, "revoked")]
    {
        let path = format!("school/public/cert/{id}/certificate.json");
        let public: Value = serde_json::from_slice(&workdir.read(path)).unwrap();
        assert_eq!(public["status"], status);
        let path = format!("school/private/{id}/record.json");
        let private: Value = serde_json::from_slice(&workdir.read(path)).unwrap();
        assert_eq!(private["record"], public);
    }

    // Where nothing tells, the one is reported with what to do, and the others are restored. A record
    // of a later version is not damaged.
    workdir.write(&format!("school/public/cert/{ada}/certificate.json"), "");
    workdir.write(&format!("school/private/{ada}/record.json"), "");
    workdir
        .write(&format!("school/public/cert/{bob}/certificate.json"), "{\"schema\":9}");
    fs::remove_dir_all(workdir.path(&format!("school/public/cert/{cyd}"))).unwrap();
    let restored = run(&workdir, &["restore"]);
    assert_eq!(restored.code, 1, "{restored:?}");
    assert!(restored.stderr.contains("2 failed"), "{}", restored.stderr);
    assert!(restored.stderr.contains("put the file back from a copy"), "{restored:?}");
    assert!(restored.stderr.contains("a later testamur wrote it"), "{restored:?}");
    let kept = workdir.read(format!("school/public/cert/{bob}/certificate.json"));
    assert_eq!(kept, b"{\"schema\":9}");
    assert!(workdir.path(&format!("school/public/cert/{cyd}/certificate.json")).exists());
}

#[test]
fn stores_and_index_have_places_of_their_own() {
    let workdir = site("Ada One,ada\n");
    let settings = String::from_utf8(workdir.read("school/testamur.yaml")).unwrap();
    for (line, expected) in [
        ("index: public/people.sqlite", "would be published"),
        ("index: public/a/b/people.sqlite", "would be published"),
        ("index: ./keys/../public/people.sqlite", "would be published"),
        ("private: keys", "the keys are mixed"),
        ("private: keys/more", "the keys are mixed"),
        ("private: .", "lies inside the private store"),
        ("store: layouts", "lies in `layouts` of the site"),
        ("store: layouts/www", "lies in `layouts` of the site"),
        ("store: courses.yaml", "lies in `courses.yaml` of the site"),
        ("private: fonts", "lies in `fonts` of the site"),
    ] {
        workdir.write("school/testamur.yaml", format!("{settings}\n{line}\n"));
        let refused = run(&workdir, &["issue", "-n", "Bob Private"]);
        assert_eq!(refused.code, 1, "{line}: {refused:?}");
        let said = &refused.stderr;
        assert!(said.contains(expected), "{line}: {said}");
        assert!(said.contains("testamur.yaml"), "{line}: {said}");
    }
    assert!(!workdir.names("school/public").iter().any(|it| it.ends_with(".sqlite")));
    workdir.write("school/testamur.yaml", format!("{settings}\nindex: x.sqlite\n"));
    done(&workdir, &["issue", "-n", "Bob Private"]);
}

#[test]
fn certificates_of_another_site_are_changed_by_no_command() {
    let workdir = site("Ada One,ada\n");
    let made = workdir.run(["new", "other", "--url", "https://other.example.org"]);
    assert_eq!(made.code, 0, "{made:?}");
    let settings = String::from_utf8(workdir.read("other/testamur.yaml")).unwrap();
    workdir
        .write("other/testamur.yaml", format!("{settings}\nstore: ../school/public\n"));
    let ada = id(&workdir, "ada");
    for line in [
        &["revoke", &ada, "--reason", "not mine", "--yes"][..],
        &["erase", &ada, "--yes"],
        &["erase", "--recipient", "Ada One", "--yes"],
        &["key", "publish"],
        &["seal", "upgrade", "--all"],
        &["restore"],
    ] {
        let refused = workdir.run(["--site", "other"].iter().chain(line));
        assert_eq!(refused.code, 1, "{line:?}: {refused:?}");
        let said = &refused.stderr;
        assert!(said.contains("belongs to another id secret"), "{line:?}: {said}");
    }
    assert_eq!(find(&workdir, "ada")["status"], "valid");
}

#[test]
fn address_of_another_host_is_none_of_this_site() {
    let workdir = site("Ada One,ada\n");
    let ada = id(&workdir, "ada");
    let evil = format!("https://evil.example/cert/{ada}/");
    for line in [
        &["revoke", &evil, "--reason", "x", "--yes"][..],
        &["erase", &evil, "--yes"],
        &["find", &evil],
    ] {
        let refused = run(&workdir, line);
        assert_eq!(refused.code, 1, "{line:?}: {refused:?}");
        assert!(refused.stderr.contains("is no address of this site"), "{refused:?}");
    }
    // The address that is printed stays one when the site moves.
    let settings = String::from_utf8(workdir.read("school/testamur.yaml")).unwrap();
    let moved = settings.replace("certs.example.org", "new.example.org");
    assert_ne!(moved, settings);
    workdir.write("school/testamur.yaml", moved);
    for host in ["certs.example.org", "new.example.org", "NEW.example.org"] {
        done(&workdir, &["find", &format!("https://{host}/cert/{ada}/")]);
    }
}
