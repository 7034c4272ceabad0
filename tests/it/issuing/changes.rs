//! Certificates that are changed again: revoked twice, corrected, erased as a chain.

use serde_json::Value;

use crate::workdir::Workdir;
use crate::workdir::school::{done, run, site};

fn find(workdir: &Workdir, text: &str) -> Vec<Value> {
    done(workdir, &["find", text, "--json"]).objects()
}

/// The id of the edition that is valid.
fn valid(workdir: &Workdir, text: &str) -> String {
    let found = find(workdir, text);
    let valid: Vec<&Value> = found.iter().filter(|it| it["status"] == "valid").collect();
    assert_eq!(valid.len(), 1, "{found:?}");
    valid[0]["verify_id"].as_str().unwrap().to_owned()
}

#[test]
fn second_revocation_keeps_the_day_and_tells_of_the_reason_before() {
    let workdir = site();
    let revoke = |who: &[&str], reason: &str| {
        run(&workdir, &[&["revoke"][..], who, &["--reason", reason, "--yes"]].concat())
    };
    done(&workdir, &["issue", "-n", "Rea Two", "-u", "rea"]);
    let first = valid(&workdir, "rea");
    assert_eq!(revoke(&[&first], "plagiarism").code, 0);
    let before = find(&workdir, "rea")[0]["history"][0].clone();
    done(&workdir, &["issue", "-n", "Rea Two", "-u", "rea", "--reissue"]);
    let second = valid(&workdir, "rea");

    // By recipient only what is valid is revoked.
    let done_by_name = revoke(&["--recipient", "rea"], "typo");
    assert_eq!(done_by_name.code, 0, "{done_by_name:?}");
    assert!(done_by_name.stderr.contains("1 revoked already"), "{done_by_name:?}");
    let reason = |id: &str| {
        let found = find(&workdir, id);
        found[0]["history"][0]["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!((&*reason(&first), &*reason(&second)), ("plagiarism", "typo"));

    // By id the reason is replaced, which is said, and the reason before is kept in private.
    let day = before["at"].as_str().unwrap()[..10].to_owned();
    let again = revoke(&[&first], "fraud");
    assert_eq!(again.code, 0, "{again:?}");
    let said = &again.stderr;
    assert!(said.contains(&format!("revoked already, on {day}")), "{said}");
    assert!(said.contains("the reason `plagiarism` is replaced"), "{said}");
    assert!(revoke(&[&first], "fraud").stderr.contains("for the same reason"));
    let after = find(&workdir, &first)[0]["history"].clone();
    assert_eq!(after.as_array().unwrap().len(), 1);
    assert_eq!((&after[0]["at"], &after[0]["reason"]), (&before["at"], &"fraud".into()));
    let private =
        || String::from_utf8(workdir.read(format!("school/private/{first}/record.json")));
    let record: Value = serde_json::from_str(&private().unwrap()).unwrap();
    let earlier = record["earlier_reasons"].as_array().unwrap();
    assert_eq!(earlier.len(), 1, "{record}");
    assert_eq!(earlier[0]["reason"], "plagiarism");
    assert!(earlier[0]["replaced_at"].is_string(), "{record}");
    done(&workdir, &["restore"]);
    assert!(private().unwrap().contains("plagiarism"));
    for file in workdir.names(&format!("school/public/cert/{first}")) {
        let bytes = workdir.read(format!("school/public/cert/{first}/{file}"));
        assert!(!String::from_utf8_lossy(&bytes).contains("plagiarism"), "{file}");
    }
    done(&workdir, &["erase", "--recipient", "rea", "--yes"]);
    assert!(
        !private().unwrap().contains("plagiarism"),
        "a reason may name the recipient"
    );
}

#[test]
fn reason_has_a_bound() {
    let workdir = site();
    done(&workdir, &["issue", "-n", "Rea Two", "-u", "rea"]);
    let id = valid(&workdir, "rea");
    for (letters, code) in [(501, 1), (500, 0)] {
        let reason = "ü".repeat(letters);
        let told = run(&workdir, &["revoke", &id, "--reason", &reason, "--yes"]);
        assert_eq!(told.code, code, "{told:?}");
        if code == 1 {
            assert!(told.stderr.contains("more than 500 characters"), "{told:?}");
        }
    }
}

#[test]
fn corrected_name_keeps_the_username_and_the_corrected_list_is_unchanged() {
    let workdir = site();
    done(&workdir, &["issue", "-n", "Otto Wrng", "-u", "ow"]);
    let old = valid(&workdir, "ow");
    done(&workdir, &["issue", "--instead-of", &old, "-n", "Otto Wrong"]);
    let new = valid(&workdir, "ow");
    assert_ne!(new, old);
    assert_eq!(find(&workdir, &new)[0]["name"], "Otto Wrong");
    workdir.write("ow.csv", "name,username\nOtto Wrong,ow\n");
    for more in [&[][..], &["--reissue"], &["--replace"]] {
        let line = [&["issue", "-f", "ow.csv", "--json"], more].concat();
        let issued = done(&workdir, &line).objects();
        assert_eq!(issued[0]["outcome"], "unchanged", "{more:?}: {issued:?}");
    }
    assert_eq!(valid(&workdir, "otto"), new);
}

/// As an earlier release corrected it, or where a correction gives another username.
#[test]
fn certificate_that_was_corrected_is_not_doubled() {
    let workdir = site();
    done(&workdir, &["issue", "-n", "Otto Wrng", "-u", "ow"]);
    let old = valid(&workdir, "ow");
    done(&workdir, &["issue", "--instead-of", &old, "-n", "Otto Wrong", "-u", "other"]);
    let new = valid(&workdir, "other");
    workdir.write("ow.csv", "name,username\nOtto Wrong,ow\n");
    for more in [&[][..], &["--reissue"]] {
        let line = [&["issue", "-f", "ow.csv", "--json"], more].concat();
        let issued = done(&workdir, &line).objects();
        assert_eq!(issued[0]["outcome"], "unchanged", "{more:?}: {issued:?}");
        assert_eq!(issued[0]["verify_id"], new.as_str(), "{issued:?}");
    }
    // The misspelt name is not certified beside the corrected one.
    for more in [&[][..], &["--reissue"]] {
        let line = [&["issue", "-n", "Otto Wrng", "-u", "ow"], more].concat();
        let refused = run(&workdir, &line);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(!refused.stderr.contains("--reissue"), "{}", refused.stderr);
        assert!(refused.stderr.contains(&new), "{}", refused.stderr);
    }
    assert_eq!(valid(&workdir, "otto"), new);
    // Once that one is revoked, the old list may be issued again.
    done(&workdir, &["revoke", &new, "--reason", "a mistake", "--yes"]);
    done(&workdir, &["issue", "-f", "ow.csv", "--reissue"]);
    assert_eq!(find(&workdir, &valid(&workdir, "ow"))[0]["name"], "Otto Wrong");
}

#[test]
fn each_edition_of_a_chain_is_counted_once_and_named() {
    let workdir = site();
    done(&workdir, &["issue", "-n", "Ada Lovelase"]);
    let first = valid(&workdir, "lovelase");
    done(&workdir, &["issue", "--instead-of", &first, "-n", "Ada Lovelac"]);
    let second = valid(&workdir, "lovelac");
    done(&workdir, &["issue", "--instead-of", &second, "-n", "Ada Lovelace"]);
    let refused = run(&workdir, &["revoke", &first, "--reason", "x", "--yes"]);
    assert!(refused.stderr.contains("Ada Lovelase"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("(course unknown)"), "{}", refused.stderr);
    let erased = done(&workdir, &["erase", "--recipient", "Ada Lovelace", "--yes"]);
    let said = &erased.stderr;
    assert!(said.contains("to be erased: 3"), "{said}");
    assert!(said.contains("erased: 3 editions"), "{said}");
    assert!(!said.contains("(no name)"), "{said}");
    let listed = said.rsplit("erased: 3 editions").next().unwrap();
    assert_eq!(listed.matches(&first).count(), 1, "{said}");
}
