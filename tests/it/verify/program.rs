//! What `testamur verify` asks, says and exits with.

use std::fs;

use serde_json::Value;
use testamur::seal::{Judgement, verify};
use testamur::site::{KeySource, Keys};

use super::corpus::School;
use super::forge;
use crate::seal::site::{Site, draft, now, openssl};
use crate::workdir::{Run, Workdir};

fn text(run: &Run) -> String {
    String::from_utf8(run.stdout.clone()).unwrap()
}

fn headline(run: &Run) -> String {
    text(run).lines().next().unwrap_or_default().to_owned()
}

/// The status belongs to the award: no change of the bytes that leaves the seal valid shakes it off.
#[test]
fn status_is_that_of_the_award() {
    let school = School::new();
    for (key, code, word) in [
        ("valid", 0, "good: intact, sealed by"),
        ("successor", 0, "good: intact"),
        ("revoked", 1, "revoked: the issuer ended its validity on 20"),
        ("superseded", 1, "superseded: "),
        ("erased", 1, "erased: "),
        ("specimen", 1, "specimen: "),
    ] {
        school.workdir.write("c.pdf", &school.get(key).pdf);
        let run = school.run(&["verify", "c.pdf"]);
        assert_eq!(run.code, code, "{key}: {run:?}");
        assert!(headline(&run).starts_with(word), "{key}: {}", headline(&run));
        let json = school.run(&["verify", "--json", "c.pdf"]).objects().remove(0);
        let of_json = json["verdict"].as_str().unwrap();
        assert!(word.starts_with(of_json), "{key}: {of_json}");
        assert_eq!(json["intact"], "yes", "{key}");
        assert_eq!(json["trusted"], "yes", "{key}");
    }
    let revoked = &school.get("revoked").pdf;
    for changed in
        [forge::with_dss(revoked, &[], &[]), forge::with_signature(revoked, forge::twin)]
    {
        school.workdir.write("c.pdf", changed);
        let run = school.run(&["verify", "c.pdf"]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(headline(&run).starts_with("BAD: "), "{}", headline(&run));
    }
}

/// What a recipient is called is no link, whatever it looks like: the status is not that of another.
#[test]
fn name_that_looks_like_a_link_names_no_certificate() {
    for folder in ["cert", "v"] {
        let workdir = Workdir::new();
        assert_eq!(workdir.run(["new", "school", "--url", "https://c.example"]).code, 0);
        let site = |line: &[&str]| workdir.run([&["--site", "school"], line].concat());
        let settings = format!(
            "publish: {{ url: \"https://c.example\", verify_path: {folder}, keep_revoked_pdfs: true }}\n"
        );
        workdir.write("school/testamur.yaml", settings);
        let issue = |name: &str, user: &str| {
            let run = site(&["issue", "-n", name, "-u", user, "--json"]);
            assert_eq!(run.code, 0, "{run:?}");
            let issued = run.objects().remove(0);
            let text = |key: &str| issued[key].as_str().unwrap().to_owned();
            (
                text("verify_id"),
                format!("school/public/downloads/{}", text("download_id")),
            )
        };
        let (valid, _) = issue("Ada Lovelace", "ada");
        for (user, name) in [
            ("a", format!("Eve /S/URI/URI(https://c.example/cert/{valid}/)")),
            ("b", format!("Eve /A<</S/URI/URI(https://c.example/{folder}/{valid}/)>>")),
            ("c", format!("Eve)/S/URI/URI(https://c.example/cert/{valid}/")),
            ("d", format!("Eve /cert/{valid}/")),
        ] {
            let (id, downloads) = issue(&name, user);
            workdir.write("c.pdf", workdir.read(format!("{downloads}/Certificate.pdf")));
            let named = |run: &Run| run.objects()[0]["certificate"]["id"].clone();
            let run = site(&["verify", "--json", "c.pdf"]);
            assert_eq!((run.code, named(&run)), (0, Value::from(id.as_str())), "{name}");
            let reason = ["--reason", "a test", "--yes"];
            let run = site(&[&["revoke", &id][..], &reason].concat());
            assert_eq!(run.code, 0, "{run:?}");
            let run = site(&["verify", "--json", "c.pdf"]);
            assert_eq!((run.code, named(&run)), (1, Value::from(id.as_str())), "{name}");
            assert_eq!(run.objects()[0]["verdict"], "revoked", "{name}");
        }
    }
}

#[test]
fn status_that_cannot_be_asked_is_unknown() {
    let school = School::new();
    school.workdir.write("c.pdf", &school.get("revoked").pdf);
    let unknown = |run: &Run, why: &str| {
        assert_eq!(run.code, 3, "{why}: {run:?}");
        let headline = headline(run);
        assert!(headline.starts_with("status unknown: intact"), "{headline}");
        assert!(headline.contains(why), "{headline}");
    };
    // A third party with only the root.
    school.workdir.write("elsewhere/root.pem", school.file("keys/1/root.pem"));
    let run = school.workdir.run(["verify", "c.pdf", "--trust", "elsewhere/root.pem"]);
    unknown(&run, "there is no register here");
    // A record that cannot be read counts as lost: the other side tells, unless it cannot be read either.
    let id = &school.get("revoked").id;
    let records = [
        format!("school/private/{id}/record.json"),
        format!("school/public/cert/{id}/certificate.json"),
    ];
    let kept = records.each_ref().map(|record| school.workdir.read(record));
    school.workdir.write(&records[0], "{");
    let run = school.run(&["verify", "c.pdf"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(headline(&run).starts_with("revoked"), "{run:?}");
    school.workdir.write(&records[1], "{");
    unknown(&school.run(&["verify", "c.pdf"]), "the site's register does not answer");
    for (record, bytes) in records.iter().zip(kept) {
        school.workdir.write(record, bytes);
    }
    // Settings with a fault, and a store that is away.
    let settings = String::from_utf8(school.file("testamur.yaml")).unwrap();
    school.workdir.write("school/testamur.yaml", format!("{settings}\nnonsense: 1\n"));
    unknown(&school.run(&["verify", "c.pdf"]), "nonsense");
    let away =
        "store: { s3: { bucket: b, endpoint: \"http://127.0.0.1:9\", region: r } }";
    school.workdir.write("school/testamur.yaml", format!("{settings}\n{away}\n"));
    let run = school.run(&["verify", "c.pdf"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(headline(&run).starts_with("status unknown: "), "{}", headline(&run));
}

#[test]
fn online_asks_the_issuer_that_is_named() {
    let school = School::new();
    school.workdir.write("root.pem", school.file("keys/1/root.pem"));
    let ask = |key: &str, more: &[&str]| {
        school.workdir.write("c.pdf", &school.get(key).pdf);
        let line = ["verify", "c.pdf", "--trust", "root.pem", "--online"];
        school.workdir.run([&line[..], more].concat())
    };
    let url = format!("http://127.0.0.1:{}", school.server.port);
    for (key, code, word) in [
        ("valid", 0, "good: "),
        ("revoked", 1, "revoked: "),
        ("superseded", 1, "superseded: "),
        ("erased", 1, "erased: "),
        ("specimen", 1, "specimen: "),
    ] {
        let run = ask(key, &["--issuer", &url]);
        assert_eq!(run.code, code, "{key}: {run:?}");
        assert!(headline(&run).starts_with(word), "{key}: {}", headline(&run));
        let asked = format!("{url}/cert/{}/certificate.json", school.get(key).id);
        assert!(text(&run).contains(&asked), "{}", text(&run));
    }
    // Another issuer's server is not asked, and an address that is not there does not answer.
    school.server.asked();
    let run = ask("valid", &["--issuer", "https://certs.example.org"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(headline(&run).contains("not to the issuer's `certs.example.org`"));
    assert_eq!(school.server.asked(), [""; 0]);
    let path = format!("school/public/cert/{}/certificate.json", school.get("valid").id);
    let record = school.workdir.read(&path);
    for (answer, why) in [("", "no record"), ("{}", "no record")] {
        school.workdir.write(&path, answer);
        let run = ask("valid", &["--issuer", &url]);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(headline(&run).contains(why), "{}", headline(&run));
    }
    let other =
        format!("school/public/cert/{}/certificate.json", school.get("successor").id);
    school.workdir.write(&path, school.workdir.read(&other));
    let run = ask("valid", &["--issuer", &url]);
    assert!(headline(&run).contains("record of another certificate"), "{run:?}");
    fs::remove_file(school.workdir.path(&path)).unwrap();
    let run = ask("valid", &["--issuer", &url]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(headline(&run).starts_with("status unknown: "), "{}", headline(&run));
    school.workdir.write(&path, record);

    let usage = |line: &[&str]| {
        assert_eq!(school.workdir.run(line).code, 2, "{line:?}");
    };
    usage(&["verify", "c.pdf", "--online", "--offline"]);
    usage(&["verify", "c.pdf", "--issuer", &url]);
    usage(&["verify", "c.pdf", "--online", "--issuer", "certs.example.org"]);
}

#[test]
fn several_files_are_a_table_and_a_line_of_json_each() {
    let school = School::new();
    for key in ["valid", "revoked"] {
        school.workdir.write(&format!("{key}.pdf"), &school.get(key).pdf);
    }
    school.workdir.write("other.pdf", "%PDF-1.7\n");
    let all = ["verify", "valid.pdf", "revoked.pdf", "other.pdf"];
    let run = school.run(&all);
    assert_eq!(run.code, 1, "{run:?}");
    let table = text(&run);
    let lines: Vec<Vec<&str>> =
        table.lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
    assert_eq!(lines.len(), 4, "{table}");
    for (line, (verdict, file)) in lines.iter().zip([
        ("verdict", "file"),
        ("good", "valid.pdf"),
        ("revoked", "revoked.pdf"),
        ("not sealed", "other.pdf"),
    ]) {
        assert_eq!((line[0], *line.last().unwrap()), (verdict, file), "{table}");
    }
    let objects = school.run(&[&all[..], &["--json"]].concat()).objects();
    let files: Vec<&Value> = objects.iter().map(|object| &object["file"]).collect();
    assert_eq!(files, ["valid.pdf", "revoked.pdf", "other.pdf"]);
    assert_eq!(school.run(&["verify", "valid.pdf", "valid.pdf"]).code, 0);
    assert_eq!(school.run(&["verify", "valid.pdf", "other.pdf"]).code, 3);
    // A file that cannot be read is named, and the others are judged.
    let run = school.run(&["verify", "valid.pdf", "gone.pdf"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("gone.pdf"), "{}", run.stderr);
    assert!(text(&run).contains("good"), "{}", text(&run));
    let line = ["verify", "valid.pdf", "other.pdf", "--signature", "x.sig"];
    assert_eq!(school.run(&line).code, 2);
}

/// What could not be looked at is no forgery.
#[test]
fn file_of_what_is_trusted_that_cannot_be_read_is_no_verdict() {
    let site = Site::new("Ada");
    let workdir = Workdir::new();
    workdir.write("c.pdf", site.seal(&draft("en.pdf")).bytes);
    workdir.write("broken.pem", "broken");
    for option in ["--trust", "--crl", "--keyring", "--tsa-roots"] {
        for file in ["typo.pem", "broken.pem"] {
            let run = workdir.run(["verify", "--offline", option, file, "c.pdf"]);
            assert_eq!(run.code, 3, "{option} {file}: {run:?}");
        }
    }
}

/// A folder of keys in a stranger's archive is not the reader's own.
#[test]
fn keys_beside_a_file_are_not_trusted() {
    let eve = Site::new("Eve");
    let workdir = Workdir::new();
    workdir.write("c.pdf", eve.seal(&draft("en.pdf")).bytes);
    for name in ["root.pem", "seal.pem", "openpgp.asc"] {
        let bytes = fs::read(eve.path(&format!("keys/1/{name}"))).unwrap();
        workdir.write(&format!("keys/1/{name}"), bytes);
    }
    let run = workdir.run(["verify", "c.pdf", "--offline"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(headline(&run).contains("signer is not known"), "{}", headline(&run));
    // Where they are a site's, or are named, the report says which file is trusted.
    let run = workdir.run(["verify", "c.pdf", "--offline", "--keys", "keys"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(text(&run).contains("from keys/1/root.pem"), "{}", text(&run));
    workdir.write("testamur.yaml", "");
    let run = workdir.run(["verify", "c.pdf", "--offline"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(text(&run).contains("keys/1/root.pem"), "{}", text(&run));
    let run = workdir.run(["verify", "c.pdf", "--offline", "--trust", "keys/1/root.pem"]);
    assert!(text(&run).contains("keys/1/root.pem"), "{}", text(&run));
    // Beside another root this folder is not trusted, which may be an archive of a stranger.
    let made = workdir.run(["new", "other", "--url", "https://other.example.org"]);
    assert_eq!(made.code, 0, "{made:?}");
    let line = ["verify", "c.pdf", "--trust", "other/keys/1/root.pem"];
    let run = workdir.run([&line[..], &["--offline"]].concat());
    assert_eq!(run.code, 3, "{run:?}");
    assert!(headline(&run).contains("signer is not known"), "{}", headline(&run));
    let line = ["verify", "c.pdf", "--trust", "keys/1/root.pem"];
    assert!(text(&workdir.run(line)).contains("unless it is named: --site ."));
}

/// What a terminal acts on is written as an escape, wherever it stands in a stranger's file.
#[test]
fn names_of_strangers_are_escaped() {
    let workdir = Workdir::new();
    let here = workdir.path(".");
    openssl(&here, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out k.pem");
    let name = "good: intact\u{1b}[2K\u{202e}\u{9b}1m\u{2066}";
    let output = std::process::Command::new("openssl")
        .args(["req", "-x509", "-utf8", "-new", "-key", "k.pem", "-days", "30"])
        .args(["-subj", &format!("/O={name}/CN={name}"), "-out", "k.crt"])
        .args(["-addext", "keyUsage=critical,digitalSignature"])
        .current_dir(&here)
        .output()
        .unwrap();
    assert!(output.status.success());
    workdir.write("d.pdf", draft("en.pdf"));
    workdir.write(
        "site/testamur.yaml",
        "seal: { pdf: { key: ../k.pem, chain: ../k.crt } }\n",
    );
    workdir
        .write("site/courses.yaml", "c: { title: x, organization: y, language: en }\n");
    let made = workdir.run(["--site", "site", "key", "new", "-n", "x"]);
    assert_eq!(made.code, 0, "{made:?}");
    let line = ["--site", "site", "seal", "draft", "d.pdf", "-o", "c.pdf"];
    let sealed = workdir.run(line);
    assert_eq!(sealed.code, 0, "{sealed:?}");
    for line in [
        &["verify", "c.pdf"][..],
        &["verify", "c.pdf", "c.pdf"],
        &["verify", "c.pdf", "--json"],
        &["verify", "c.pdf", "--trust", "k.crt"],
    ] {
        let run = workdir.run(line);
        let said = text(&run) + &run.stderr;
        assert!(said.contains("good: intact") || line.len() > 2, "{said}");
        let acts = |c: &char| {
            (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{2069}').contains(c)
        };
        assert_eq!(said.chars().find(acts), None, "{line:?}: {said:?}");
        assert!(!said.starts_with("good"), "{said}");
    }
}

#[test]
fn file_that_is_too_large_is_not_read() {
    let workdir = Workdir::new();
    workdir.write("c.pdf", "%PDF-1.7\n");
    let file = fs::OpenOptions::new().write(true).open(workdir.path("c.pdf")).unwrap();
    file.set_len(1 << 40).unwrap();
    let run = workdir.run(["verify", "c.pdf"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(headline(&run).contains("larger than 64 MB"), "{run:?}");
}

/// The secret parts of retired keys are removed; a copy of them goes on sealing.
#[test]
fn seal_under_a_root_that_retired_before_is_not_trusted() {
    let site = Site::new("Uni");
    let [retired, later] = [1, 2].map(|days| now().plus_days(days));
    let before = site.seal(&draft("en.pdf")).bytes;
    let next = KeySource::NewRoot { name: "Uni" };
    Keys::rotate(&site.path("keys"), &next, retired).unwrap();
    let after = site.keys.sealer().seal(&draft("en.pdf"), later).unwrap().bytes;
    let trust = Keys::trusted(&site.path("keys")).unwrap();
    assert!(verify(&before, None, &trust, later).is_genuine());
    let found = verify(&after, None, &trust, later);
    assert_eq!((found.intact, found.trusted), (Judgement::Yes, Judgement::Unknown));
    let doubts = found.seal.unwrap().doubts;
    let told = format!("its root retired on {retired}, before it was sealed");
    assert!(doubts.contains(&told), "{doubts:?}");
}
