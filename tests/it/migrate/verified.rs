//! Certificates of the old program after their import: what `verify` says of them.

use super::installation::{Ended, gpg, stop};
use super::issued::{FIRST, SECOND, THIRD, site};
use crate::workdir::{Run, Workdir};

/// The path of the PDF of a certificate whose download id is this digit.
fn pdf(digit: &str) -> String {
    format!("web/downloads/{}/Attestation.pdf", digit.repeat(32))
}

fn verify(dir: &Workdir, file: &str, more: &[&str]) -> Run {
    let arguments = ["--site", "new", "verify", file].into_iter();
    dir.run(arguments.chain(more.iter().copied()))
}

#[test]
fn old_certificate_is_good_until_it_is_revoked() {
    let old = site();
    // Before the import nothing is known of it.
    let run = verify(&old.dir, &pdf("1"), &[]);
    assert!(run.ends(1).output().starts_with("BAD"), "{}", run.output());
    old.dir.run(["--site", "new", "migrate", "issued"]).ends(1);
    let run = verify(&old.dir, &pdf("1"), &[]);
    let said = run.ends(0).output();
    assert!(said.starts_with("good: intact, issued by another program before"), "{said}");
    for line in ["by         Old <old@example.org>", "status       valid", FIRST] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let run = verify(&old.dir, &pdf("1"), &["--json"]);
    let found = &run.ends(0).objects()[0];
    assert_eq!(found["verdict"], "good");
    assert_eq!(found["imported"], true);
    // A copy that a recipient has, elsewhere, and one that was changed.
    let bytes = old.dir.read(pdf("1"));
    old.dir.write("copy.pdf", &bytes);
    assert!(verify(&old.dir, "copy.pdf", &[]).ends(0).output().starts_with("good"));
    old.dir.write("changed.pdf", [&bytes[..], b" "].concat());
    assert!(verify(&old.dir, "changed.pdf", &[]).ends(1).output().starts_with("BAD"));
    // The third has no record, and its signature no register that answers for it.
    assert!(verify(&old.dir, &pdf("3"), &[]).code != 0);

    old.dir.write("copy-2.pdf", old.dir.read(pdf("2")));
    let revoke = ["--site", "new", "revoke", SECOND, "--reason", "a test", "--yes"];
    old.dir.run(revoke).ends(0);
    let run = verify(&old.dir, "copy-2.pdf", &[]);
    assert!(run.ends(1).output().starts_with("revoked"), "{}", run.output());
    let erase = ["--site", "new", "erase", "--recipient", "Ada Example", "--yes"];
    old.dir.run(erase).ends(0);
    let run = verify(&old.dir, "copy.pdf", &[]);
    assert!(run.ends(1).output().starts_with("erased"), "{}", run.output());
    stop(&old.dir.path("new/keys/gnupg"));
}

#[test]
fn old_certificate_without_signature_or_of_another_key_is_not_called_good() {
    let old = site();
    std::fs::remove_file(old.dir.path(&format!("web/cert/{FIRST}/Attestation.pdf.sig")))
        .unwrap();
    let table = format!(
        "verify_uuid,name,course_id,created_date\n{FIRST},Ada Example,ExampleX/CS101/2014,2014-03-02\n\
         {THIRD},Linus Third,ExampleX/CS101/2014,2014-03-02\n"
    );
    old.dir.write("table.csv", table);
    old.dir.run(["--site", "new", "migrate", "issued", "--table", "table.csv"]).ends(0);
    let run = verify(&old.dir, &pdf("1"), &[]);
    let said = run.ends(3).output();
    assert!(said.starts_with("not sealed: another program issued it without"), "{said}");
    assert!(said.contains("status       valid"), "{said}");
    let said = verify(&old.dir, &pdf("1"), &["--offline"]).ends(3).output().to_owned();
    assert!(said.starts_with("not sealed: another program issued it without"), "{said}");
    assert!(
        said.contains("holds this file's digest, and its status was not asked"),
        "{said}"
    );
    // A signature of a stranger's is no better than none.
    let home = old.dir.path("stranger");
    let other = Workdir::new();
    super::installation::Installation::make_key(&other);
    std::fs::rename(other.path("old/gnupg"), &home).unwrap();
    let file = old.dir.path(&pdf("3"));
    let output = old.dir.path("stranger.sig");
    let sign = ["--armor", "--detach-sign", "--output", output.to_str().unwrap()];
    gpg(&home, &sign.into_iter().chain([file.to_str().unwrap()]).collect::<Vec<_>>());
    stop(&home);
    let run = verify(&old.dir, &pdf("3"), &["--signature", "stranger.sig"]);
    assert!(!run.ends(3).output().starts_with("good"), "{}", run.output());
    assert!(verify(&old.dir, &pdf("3"), &[]).ends(0).output().starts_with("good"));
    stop(&old.dir.path("new/keys/gnupg"));
}

/// `--offline` leaves out the status, and not whose a file is: nothing of it is wrong.
#[test]
fn old_certificate_offline_is_said_to_be_another_programs() {
    let old = site();
    old.dir.run(["--site", "new", "migrate", "issued"]).ends(1);
    let offline = |file: &str, code: i32| {
        let run = verify(&old.dir, file, &["--offline"]);
        run.ends(code).output().to_owned()
    };
    let said = offline(&pdf("1"), 0);
    assert!(
        said.starts_with(
            "status not asked: intact, issued by another program before, and signed by `Old"
        ),
        "{said}"
    );
    for line in ["intact       yes", "status       not asked (--offline)", FIRST] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let bytes = old.dir.read(pdf("1"));
    old.dir.write("changed.pdf", [&bytes[..], b" "].concat());
    assert!(offline("changed.pdf", 1).starts_with("BAD"));
    // Revoked or not is what was not asked.
    old.dir.write("copy-2.pdf", old.dir.read(pdf("2")));
    let revoke = ["--site", "new", "revoke", SECOND, "--reason", "a test", "--yes"];
    old.dir.run(revoke).ends(0);
    assert!(offline("copy-2.pdf", 0).starts_with("status not asked: intact"));

    // Of a register that is elsewhere not even that is asked.
    let settings = String::from_utf8(old.dir.read("new/testamur.yaml")).unwrap();
    let at = settings.find("store:").unwrap();
    let end = settings[at..].find('\n').map_or(settings.len(), |end| at + end);
    let away =
        "store: { s3: { bucket: b, endpoint: \"http://127.0.0.1:9\", region: r } }";
    let away = [&settings[..at], away, &settings[end..]].concat();
    old.dir.write("new/testamur.yaml", away);
    let said = offline("copy-2.pdf", 3);
    assert!(said.contains("whether another program issued it was not asked"), "{said}");
    stop(&old.dir.path("new/keys/gnupg"));
}
