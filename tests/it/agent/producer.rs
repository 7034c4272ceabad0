//! The producer of Open edX's event bus, the agent, and outside programs that check the
//! certificate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::setup::{AgentSite, Program, Redis, files, until};
use crate::seal::site::{output_text, run};
use crate::workdir::Run;

/// Publishes lifecycle events of a certificate (all of them, if `events` is empty) to the bus at
/// `url`.
pub(crate) fn produce(url: &str, events: &[&str]) {
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../judges/bin/python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/queues/produce.py");
    let output = Command::new(python)
        .arg(script)
        .arg(url.replace("redis+unix://", "unix://"))
        .args(events)
        .output()
        .expect("tests/run installs the producer");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The key file that the page of a certificate links to.
pub(crate) fn linked_key(public: &Path, record: &Value) -> Option<PathBuf> {
    let page = public.join(format!("cert/{}/index.html", record["id"].as_str()?));
    let page = fs::read_to_string(page).unwrap().replace("&#x2f;", "/");
    let key = page.split("\"../../keys/").nth(1)?.split('"').next()?;
    Some(public.join("keys").join(key))
}

/// Asserts that a verifier who has the public files and the organization's root can check the
/// certificate: gpg and the program verify it, and its text has the name.
fn assert_outsider_verifies(site: &AgentSite, record: &Value, name: &str) {
    let public = site.path().join("public");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let [pdf, signature] = files(&public, record);
    fs::write(path("c.pdf"), pdf).unwrap();
    fs::write(path("c.pdf.sig"), signature).unwrap();
    let key = linked_key(&public, record).expect("the page links to the key");
    fs::copy(key, path("key.asc")).unwrap();
    fs::copy(site.path().join("keys/1/root.pem"), path("root.pem")).unwrap();

    fs::create_dir(path("gnupg")).unwrap();
    let gnupg = path("gnupg").display().to_string();
    let gpg = |line: &[&str]| {
        run(folder.path(), "gpg", &[&["--homedir", &gnupg, "--batch"], line].concat())
    };
    assert!(gpg(&["--import", "key.asc"]).status.success());
    let judged = output_text(&gpg(&["--verify", "c.pdf.sig", "c.pdf"]));
    assert!(judged.contains("Good signature from \"Example University\""), "{judged}");
    let _ = run(folder.path(), "gpgconf", &["--homedir", &gnupg, "--kill", "all"]);

    let mut command = site.0.command();
    command.current_dir(folder.path()).args(["verify", "c.pdf"]);
    command.args(["--trust", "root.pem", "--keyring", "key.asc", "--offline"]);
    let judged = Run::of(command);
    assert_eq!(judged.code, 0, "{}", judged.stderr);

    let text = output_text(&run(folder.path(), "pdftotext", &["c.pdf", "-"]));
    assert!(text.contains(name), "{text}");
}

/// `created` issues, `changed` with another name supersedes, and `revoked` revokes the second
/// edition.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn event_bus_creates_changes_and_revokes_a_certificate() {
    let site = AgentSite::new();
    let redis = Redis::new();
    let mut command = site.redis_command(&redis);
    let stream = "dev-learning-certificate-lifecycle";
    command.env("TESTAMUR_AGENT__REDIS__STREAM", stream);
    command.env("TESTAMUR_AGENT__REDIS__RESULTS", format!("{}-results", Redis::STREAM));
    let mut program = Program::start(command);
    let result = |number: usize| {
        until("there is a result", || redis.results().len() >= number);
        let result = redis.results().remove(number - 1);
        assert_eq!(
            (redis.results().len(), result["username"].as_str()),
            (number, Some("莊"))
        );
        result
    };
    let record = |id: &Value| {
        let found = site.records().into_iter().find(|record| record["id"] == *id);
        found.unwrap_or_else(|| panic!("{id} has no record"))
    };

    produce(&redis.url(), &["created"]);
    let created = result(1);
    assert_eq!(created["outcome"], "issued");
    assert_eq!(created["action"], "org.openedx.learning.certificate.created.v1");
    let first = record(&created["verify_id"]);
    assert_eq!(first["status"], "valid");
    assert_outsider_verifies(&site, &first, "Ya-Shen Chuang (莊雅善)");
    site.assert_verifies(&first);
    let old = site.path().join("public");
    let old = old.join(first["certificate"]["pdf"]["path"].as_str().unwrap());

    produce(&redis.url(), &["changed"]);
    let changed = result(2);
    assert_eq!(changed["outcome"], "superseding");
    assert_ne!(changed["verify_id"], created["verify_id"]);
    let (before, second) = (record(&created["verify_id"]), record(&changed["verify_id"]));
    assert_eq!((&second["status"], &second["edition"]), (&"valid".into(), &2.into()));
    assert_eq!(before["status"], "superseded");
    assert_eq!(before["successor"], changed["verify_url"]);
    assert!(!old.exists(), "the superseded PDF is not published");
    assert_outsider_verifies(&site, &second, "莊雅善");
    site.assert_verifies(&second);

    produce(&redis.url(), &["revoked"]);
    let revoked = result(3);
    assert_eq!(revoked["outcome"], "revoked");
    assert_eq!(revoked["verify_id"], changed["verify_id"]);
    assert_eq!(record(&changed["verify_id"])["status"], "revoked");
    assert_eq!(record(&created["verify_id"])["status"], "superseded");
    assert!(!site.path().join("public/downloads").exists(), "no PDF is published");
    program.terminate();
    assert_eq!(program.code(), 0);
}
