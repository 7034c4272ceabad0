//! The program, from keys to a verified certificate.

use std::path::Path;
use std::process::{Command, Output};

use super::site::{Site, draft, output_text};

fn program(folder: &Path, line: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_testamur"))
        .args(line)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The base64 lines of all private key files.
fn secrets(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let sets = std::fs::read_dir(folder.join("keys")).unwrap().flatten();
    for set in sets.filter(|set| set.path().is_dir()) {
        for file in std::fs::read_dir(set.path()).unwrap().flatten() {
            if file.path().to_string_lossy().ends_with(".key.pem") {
                let text = std::fs::read_to_string(file.path()).unwrap();
                all.extend(
                    text.lines().filter(|l| !l.starts_with('-')).map(str::to_owned),
                );
            }
        }
    }
    all
}

#[test]
fn key_seal_and_verify_commands_work_together() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("c.pdf"), draft("en.pdf")).unwrap();
    std::fs::write(here.join("d.pdf"), draft("es.pdf")).unwrap();
    let mut everything = String::new();
    let mut say = |line: &[&str], code: i32| {
        let output = program(here, line);
        let text = output_text(&output);
        assert_eq!(output.status.code(), Some(code), "{line:?}: {text}");
        everything += &text;
        text
    };
    let without = say(&["seal", "draft", "c.pdf"], 1);
    assert!(without.contains("testamur key new"), "{without}");
    say(&["key", "new", "-n", "Example University"], 0);
    say(&["key", "new", "-n", "Example University"], 1);
    let shown = say(&["key", "show"], 0);
    assert!(
        shown.contains("BEGIN CERTIFICATE") && shown.contains("BEGIN PGP PUBLIC KEY")
    );
    say(&["key", "show", "--json"], 0);
    say(&["verify", "c.pdf"], 1);
    say(&["seal", "draft", "c.pdf", "-o", "s.pdf"], 0);
    // The register knows nothing of a draft.
    let told = say(&["verify", "s.pdf", "--signature", "s.pdf.sig"], 3);
    assert!(told.starts_with("status unknown: intact"), "{told}");
    assert!(told.contains("keys/1/root.pem"), "{told}");
    let told = say(&["verify", "s.pdf", "--signature", "s.pdf.sig", "--offline"], 0);
    assert!(told.starts_with("status not asked: intact"), "{told}");
    say(&["verify", "d.pdf", "--signature", "s.pdf.sig"], 1);
    let json = say(&["verify", "s.pdf", "--json", "--offline"], 0);
    let json: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(json["verdict"], "status_not_asked");
    assert_eq!(json["intact"], "yes");
    assert_eq!(json["trusted"], "yes");
    assert_eq!(json["seal"]["level"], "B-B");
    assert_eq!(json["signature"]["fingerprint"].as_str().unwrap().len(), 40);
    // A verifier without the site's keys sees that the seal is intact, and can trust the published
    // root.
    let unknown = say(&["verify", "s.pdf", "--keys", "none"], 3);
    assert!(unknown.contains("signer is not known"), "{unknown}");
    let line = ["verify", "s.pdf", "--keys", "none", "--trust", "keys/1/root.pem"];
    say(&line, 3);
    let line = [&line[..], &["--keyring", "keys/1/openpgp.asc"]].concat();
    say(&line, 3);
    say(&[&line[..], &["--offline"]].concat(), 0);
    let first = secrets(here);
    assert!(first.len() >= 3);
    say(&["key", "rotate", "-n", "Example University"], 0);
    say(&["verify", "s.pdf", "--offline"], 0);
    for secret in first.iter().chain(&secrets(here)) {
        assert!(!everything.contains(secret.as_str()), "a secret was shown");
    }
}

#[test]
fn wrong_usage_exits_with_code_2() {
    let folder = tempfile::tempdir().unwrap();
    for line in [&["verify"][..], &["key"], &["key", "new"], &["seal", "up", "x"]] {
        assert_eq!(program(folder.path(), line).status.code(), Some(2), "{line:?}");
    }
}

#[test]
fn detached_signature_is_found_by_its_file_name() {
    let site = Site::new("Example University");
    let sealed = site.seal(&draft("en.pdf"));
    site.write("c.pdf", &sealed.bytes);
    site.write("c.pdf.sig", "not a signature");
    let output = program(site.folder.path(), &["verify", "c.pdf"]);
    assert_eq!(output.status.code(), Some(1), "{}", output_text(&output));
}

#[test]
fn render_with_seal_seals_its_output() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let render = ["render", "-n", "Ada Lovelace", "--seal", "-o", "c.pdf"];
    let output = program(here, &render);
    assert!(output.status.success(), "{}", output_text(&output));
    let line = ["verify", "c.pdf", "--signature", "c.pdf.sig", "--offline"];
    let verified = program(here, &line);
    assert_eq!(verified.status.code(), Some(0), "{}", output_text(&verified));
    // Without the keys the seal is known to be intact, and nothing more.
    let abroad = ["verify", "c.pdf", "--keys", "none", "--json"];
    let verified = program(here, &abroad);
    assert_eq!(verified.status.code(), Some(3), "{}", output_text(&verified));
    let text = output_text(&verified);
    assert!(text.contains("\"signer_unknown\""), "{text}");

    // A site of the user's own has no keys until `key new`, and nothing is rendered without them.
    std::fs::create_dir(here.join("own")).unwrap();
    std::fs::write(here.join("own/testamur.yaml"), "").unwrap();
    let courses = "c: { title: x, organization: y, language: en }\n";
    std::fs::write(here.join("own/courses.yaml"), courses).unwrap();
    let output =
        program(here, &["--site", "own", "render", "-n", "A", "--seal", "-o", "d.pdf"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        output_text(&output).contains("testamur key new"),
        "{}",
        output_text(&output)
    );
    assert!(!here.join("d.pdf").exists());

    let output = program(here, &["render", "-n", "A", "--seal", "-o", "d.png"]);
    assert_eq!(output.status.code(), Some(2), "{}", output_text(&output));
}

#[test]
fn warnings_of_seals_are_said_once_with_a_count() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("people.csv"), "name\nAda Lovelace\nGrace Hopper\nA B\n")
        .unwrap();
    // No authority answers there.
    let tsa = ["--tsa", "http://127.0.0.1:9/"];
    let line = ["render", "-f", "people.csv", "--seal", "-o", "drafts"];
    let output = program(here, &[&line[..], &tsa].concat());
    let text = output_text(&output);
    assert!(output.status.success(), "{text}");
    assert_eq!(text.matches("sealed without a timestamp").count(), 1, "{text}");
    assert!(text.contains("(3 times)"), "{text}");
    let output = program(here, &[&line[..], &tsa, &["--json"]].concat());
    let json = String::from_utf8_lossy(&output.stdout);
    assert_eq!(json.matches("sealed without a timestamp").count(), 3, "{json}");
}
