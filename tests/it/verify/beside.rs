//! What lies beside a PDF, and what was done to it: its signature, a list that is given, encryption.

use std::process::Command;

use crate::workdir::school::{done, run, site};
use crate::workdir::{Run, Workdir};

fn text(run: &Run) -> String {
    String::from_utf8(run.stdout.clone()).unwrap()
}

/// A site, with the PDF of a certificate of it and its root in the working folder.
fn issued() -> Workdir {
    let workdir = site();
    let issued =
        done(&workdir, &["issue", "-n", "Ada A", "-u", "ada", "--json"]).objects();
    let of = |key: &str| issued[0][key].as_str().unwrap().to_owned();
    let folder = format!("school/public/downloads/{}", of("download_id"));
    workdir.write("ada.pdf", workdir.read(format!("{folder}/Certificate.pdf")));
    let signature = format!("school/public/cert/{}/Certificate.pdf.sig", of("verify_id"));
    workdir.write("ada.sig", workdir.read(signature));
    workdir.write("root.pem", workdir.read("school/keys/1/root.pem"));
    workdir
}

#[test]
fn broken_signature_is_not_said_of_the_pdf() {
    let workdir = issued();
    let line = ["verify", "--offline", "--trust", "root.pem", "ada.pdf"];
    for broken in ["", "no signature"] {
        workdir.write("ada.pdf.sig", broken);
        let found = workdir.run(line);
        assert_eq!(found.code, 1, "{found:?}");
        let told = text(&found);
        assert!(
            told.starts_with("BAD: the PDF is as it was sealed, but its detached"),
            "{told}"
        );
        assert!(told.contains("the seal in the PDF is"), "{told}");
    }
    // A changed PDF is what is bad.
    workdir.write("ada.pdf.sig", workdir.read("ada.sig"));
    let mut changed = workdir.read("ada.pdf");
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    workdir.write("ada.pdf", changed);
    assert!(text(&workdir.run(line)).starts_with("BAD: changed after it was sealed"));
}

/// What the seal proves, a signature of a key that is not known here does not take away.
#[test]
fn signature_of_an_unknown_key_is_left_out() {
    let workdir = issued();
    workdir.write("ada.pdf.sig", workdir.read("ada.sig"));
    let line = ["verify", "--offline", "--trust", "root.pem", "ada.pdf"];
    let found = workdir.run(line);
    assert_eq!(found.code, 0, "{found:?}");
    let told = text(&found);
    assert!(told.starts_with("status not asked: intact, and sealed by"), "{told}");
    assert!(told.contains("--keyring"), "{told}");
    // The seal has to be trusted.
    let found = workdir.run(["verify", "--offline", "ada.pdf"]);
    assert_eq!(found.code, 3, "{found:?}");
}

#[test]
fn list_of_another_issuer_is_said_to_count_for_nothing() {
    let workdir = issued();
    let made = workdir.run(["new", "other", "--url", "https://other.example.org"]);
    assert_eq!(made.code, 0, "{made:?}");
    let verify = |crl: &str| {
        let found = workdir.run([
            "verify",
            "--offline",
            "--trust",
            "root.pem",
            "--crl",
            crl,
            "ada.pdf",
        ]);
        assert_eq!(found.code, 0, "{found:?}");
        text(&found)
    };
    let told = verify("other/keys/1/root.crl");
    assert!(told.contains("`other/keys/1/root.crl` counts for nothing here"), "{told}");
    assert!(!verify("school/keys/1/root.crl").contains("counts for nothing"));
}

#[test]
fn encrypted_copy_is_changed_and_not_of_another_program() {
    let workdir = issued();
    let made = Command::new("qpdf")
        .args(["--encrypt", "a", "b", "256", "--", "ada.pdf", "enc.pdf"])
        .current_dir(workdir.path("."))
        .status();
    assert!(made.unwrap().success());
    let found = run(&workdir, &["verify", "enc.pdf"]);
    assert_eq!(found.code, 1, "{found:?}");
    assert!(text(&found).contains("encrypted after it was sealed"), "{found:?}");
    let found = workdir.run(["verify", "--offline", "enc.pdf"]);
    assert_eq!(found.code, 3, "{found:?}");
    assert!(text(&found).starts_with("not ours: it is encrypted"), "{found:?}");
}
