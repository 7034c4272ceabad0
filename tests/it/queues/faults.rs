//! Faults of the predecessor, tested through the program.
//!
//! The numbers are those of the list of the predecessor's faults. 1 to 7 are in `pipeline`, 17, 18
//! and 24 (fonts and fitting) in `names` and `layouts`, 23 (a stop between the PDF and its
//! signature) in `issuing::interrupted` and `agent::killed`, 26 and 28 (settings files) in `cases`
//! and `program`, 29 (courses that are added while the agent works) in `agent::faults`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::pipeline::command;
use super::xqueue_server::XqueueServer;
use crate::agent::producer::linked_key;
use crate::agent::setup::{AgentSite, Program, Redis, records, request, until};
use crate::seal::site::{output_text, run};

const SETTINGS: &str = "publish: { url: 'https://certificates.example.edu' }\n";

const COURSES: &str = r#"
defaults:
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: classic
  issued: rolling
Example/Knots/2026: { title: Knots }
Example/Markup/2026:
  title: "<b>A & B</b> *x* _y_ #panic() {{ 7 * 191 }}"
Example/Größe/2026: { title: Größe und 結び目 — Знакомство, layout: dynamic }
"#;

/// A message, and the expected text of its certificate.
struct Case {
    /// The numbers of the faults that the case tests.
    faults: &'static str,
    course: &'static str,
    name: &'static str,
    more: Value,
    /// Texts that the page must have literally.
    has: &'static [&'static str],
    /// Texts that neither the page nor its HTML may have.
    lacks: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let knots = |faults, name, more, has, lacks| Case {
        faults,
        course: "Example/Knots/2026",
        name,
        more,
        has,
        lacks,
    };
    vec![
        // 10: a recipient's name was run as script on the verify page.
        knots(
            "10",
            "<script>alert(1)</script>",
            json!({}),
            &["<script>alert(1)</script>"],
            &["<script>alert"],
        ),
        // 11: names and titles were parsed as markup: one failed, one vanished, one changed the
        // font.
        knots("11", "a <b c", json!({}), &["a <b c"], &["<b c"]),
        knots("11", "<x>", json!({}), &["<x>"], &["<x>"]),
        knots(
            "11",
            "*Ada* _E_ #panic() $x$ @y <font color=red>",
            json!({}),
            &["*Ada* _E_ #panic() $x$ @y <font color=red>"],
            &["<font"],
        ),
        knots(
            "11",
            "{{ 7 * 191 }} {NAME}",
            json!({}),
            &["{{ 7 * 191 }} {NAME}"],
            &["1337"],
        ),
        Case {
            faults: "10, 11",
            course: "Example/Markup/2026",
            name: "Ada",
            more: json!({}),
            has: &["<b>A & B</b> *x* _y_ #panic() {{ 7 * 191 }}"],
            lacks: &["<b>A", "1337"],
        },
        // 13: a rolling date was printed as `ROLLING`, and other dates as the message had them.
        knots("13", "Ada", json!({}), &["Issued "], &["ROLLING", "rolling"]),
        knots(
            "13",
            "Ada",
            json!({ "issued_date": "ROLLING" }),
            &["Issued "],
            &["ROLLING", "rolling"],
        ),
        knots(
            "13",
            "Ada",
            json!({ "issued_date": "2026-05-14" }),
            &["Issued May 14, 2026"],
            &["Issued 2026-05-14"],
        ),
        // 15: titles, grades and designations beyond ASCII failed. 32: names were printed as
        // `b'…'`.
        Case {
            faults: "15, 32",
            course: "Example/Größe/2026",
            name: "José Ångström Ωμέγα",
            more: json!({ "grade": "Très bien Ω", "designation": "M.Sc. Ψυχή" }),
            has: &[
                "José Ångström Ωμέγα, M.Sc. Ψυχή",
                "Größe und 結び目 — Знакомство",
                "with Très bien Ω.",
            ],
            lacks: &["b'"],
        },
        // 27: a message could name any template file. 30: the template `unverified` gave the
        // verified one.
        knots("27", "Ada", json!({ "template_pdf": "../../x" }), &["Ada"], &[]),
        knots(
            "27",
            "Ada",
            json!({ "template_pdf": "/etc/passwd" }),
            &["Ada"],
            &["root:"],
        ),
        knots(
            "30",
            "Ada",
            json!({ "template_pdf": "certificate-template-unverified.pdf" }),
            &["Ada"],
            &["VERIFIED", "HONOR", "Honor Code"],
        ),
        // 12: a missing value was printed as `None`. 19: a bucket was printed instead of the
        // address.
        knots(
            "12, 19",
            "Ada",
            json!({ "grade": null, "designation": null }),
            &["Ada"],
            &["None", "null"],
        ),
    ]
}

/// All files below a folder, with their modification times.
fn files(folder: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let changed = fs::metadata(&path).unwrap().modified().unwrap();
            let bytes = fs::read(&path).unwrap();
            found.insert(path, (changed, bytes));
        }
    }
    found
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn last_of(server: &XqueueServer, user: &str) -> Value {
    let replies = server.replies();
    let found = replies.into_iter().rfind(|reply| reply["username"] == user);
    found.unwrap_or_else(|| panic!("no reply for {user}"))
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn faults_of_the_predecessor_do_not_recur() {
    let server = XqueueServer::new();
    server.state().delay = Duration::from_secs(60);
    let site = AgentSite::new();
    site.0.write("site/testamur.yaml", SETTINGS);
    site.0.write("site/courses.yaml", COURSES);
    let temporary = tempfile::tempdir().unwrap();
    let mut command = command(&site, &server);
    command.env("TMPDIR", temporary.path());
    let mut program = Program::start(command);
    let cases = cases();
    let body = |number: usize| {
        let case = &cases[number];
        let mut body = json!({ "action": "create", "username": format!("recipient-{number}"),
            "course_id": case.course, "name": case.name, "course_name": "Another" });
        for (key, value) in case.more.as_object().unwrap() {
            body[key] = value.clone();
        }
        body.to_string()
    };
    (0..cases.len()).for_each(|number| server.submit(&body(number)));
    // 16: letters that no font has were printed as boxes.
    server.submit(
        &json!({ "action": "create", "username": "boxes", "name": "Zaphod \u{e000}",
        "course_id": "Example/Knots/2026" })
        .to_string(),
    );
    until("all are answered", || server.state().rows.iter().all(|row| row.retired));
    assert!(last_of(&server, "boxes")["error"].is_string());

    let public = site.path().join("public");
    for (number, case) in cases.iter().enumerate() {
        let fault = format!("{}: {}", case.faults, case.name);
        let reply = last_of(&server, &format!("recipient-{number}"));
        assert!(reply.get("error").is_none(), "{fault}: {reply}");
        assert_case(&site, &reply, case, &fault);
    }
    // 34: a repeated request issued another certificate, and none was ever revoked.
    let before = files(&public);
    let first = last_of(&server, "recipient-0");
    server.submit(&body(0));
    server.submit(&body(1).replace("recipient-1", "another"));
    until("both are answered", || server.state().rows.iter().all(|row| row.retired));
    assert_eq!(last_of(&server, "recipient-0"), first);
    assert!(last_of(&server, "another").get("error").is_none());
    // 21: files of other recipients were written again.
    let after = files(&public);
    for (path, then) in &before {
        assert!(after.get(path) == Some(then), "{} was touched", path.display());
    }
    assert_eq!(records(&public).len(), cases.len() + 1);
    let id = first["verify_uuid"].clone();
    server.submit(
        &json!({ "action": "remove", "username": "recipient-0",
        "delete_verify_uuid": id })
        .to_string(),
    );
    until("the request is answered", || {
        server.state().rows.iter().all(|row| row.retired)
    });
    let removed = last_of(&server, "recipient-0");
    assert!(removed.get("error").is_none(), "{removed}");
    let record = site.records().into_iter().find(|record| record["id"] == id).unwrap();
    assert_eq!(record["status"], "revoked");

    program.terminate();
    assert_eq!(program.code(), 0);
    // 22: each certificate left a folder behind, and each failure left files.
    assert!(files(temporary.path()).is_empty());
    assert!(fs::read_dir(temporary.path()).unwrap().next().is_none());
    for store in ["public", "private"] {
        let left = files(&site.path().join(store).join(".testamur"));
        assert!(
            left.keys().all(|path| {
                path.ends_with("lock") || path.to_string_lossy().contains("index.sqlite")
            }),
            "{left:?}"
        );
    }
}

/// Asserts what must hold for each certificate, and the texts of this case.
fn assert_case(site: &AgentSite, reply: &Value, case: &Case, fault: &str) {
    let public = site.path().join("public");
    // 20: an id was given out before its certificate existed.
    let id = reply["verify_uuid"].as_str().unwrap();
    let page = |name: &str| {
        let path = public.join("cert").join(id).join(name);
        fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{fault}: {cause}"))
    };
    let record: Value = serde_json::from_str(&page("certificate.json")).unwrap();
    assert_eq!(reply["url"], record["certificate"]["pdf"]["url"], "{fault}");
    let layout = if case.course.contains("Größe") { "dynamic" } else { "classic" };
    assert_eq!(record["layout"]["name"], layout, "{fault}");
    assert_eq!(record["certificate"]["name"], case.name, "{fault}");
    // 8: signatures were not verified.
    site.assert_verifies(&record);

    let path = public.join(record["certificate"]["pdf"]["path"].as_str().unwrap());
    let path = path.to_str().unwrap();
    let judge = |name: &str, line: &[&str]| output_text(&run(&public, name, line));
    let text = plain(&judge("pdftotext", &[path, "-"]));
    for words in case.has {
        assert!(text.contains(words), "{fault}: `{words}` is not in {text}");
    }
    // 19: a bucket was printed instead of the address.
    let address = format!("https://certificates.example.edu/cert/{id}/");
    assert!(text.contains(&address), "{fault}: {text}");
    // 31: PDFs had no language, no structure and no embedded fonts.
    assert!(judge("pdfinfo", &[path]).contains("Tagged:          yes"), "{fault}");
    let fonts = judge("pdffonts", &[path]);
    assert!(
        fonts.lines().skip(2).all(|font| font.contains(" yes yes yes ")),
        "{fault}: {fonts}"
    );
    let name = "index.html";
    let page = page(name);
    // 33: signatures were shown as `b'…'`.
    assert!(!page.contains("b'") && !page.contains("b&#x27;"), "{fault}");
    for words in case.lacks {
        assert!(!page.contains(words), "{fault}: `{words}` is in {name}");
    }
    // On the page `<` is a letter like others.
    for words in case.lacks.iter().filter(|words| !words.starts_with('<')) {
        assert!(!text.contains(words), "{fault}: `{words}` is in {text}");
    }
    // 25: the link to the key led nowhere, and the key id was too short.
    let key = linked_key(&public, &record)
        .unwrap_or_else(|| panic!("{fault}: no link to a key"));
    assert_eq!(key.file_stem().unwrap().len(), 40, "{fault}");
    assert!(key.is_file(), "{fault}");
}

/// 8: without a usable key an empty signature was published as valid. 9: for an unknown key the
/// first key of the keyring signed.
#[test]
fn certificates_are_signed_by_the_configured_key_or_not_issued() {
    let site = AgentSite::new();
    let redis = Redis::new();
    let gnupg = tempfile::tempdir().unwrap();
    let folder = gnupg.path().display().to_string();
    let gpg = |line: &[&str]| {
        let output = run(
            gnupg.path(),
            "gpg",
            &[&["--homedir", &folder, "--batch"], line].concat(),
        );
        assert!(output.status.success(), "{}", output_text(&output));
        output.stdout
    };
    for name in ["first", "ours"] {
        gpg(&["--passphrase", "", "--quick-gen-key", name, "ed25519", "sign"]);
    }
    site.0.write("site/ours.asc", gpg(&["--armor", "--export", "ours"]));
    let mood = site.path().join("mood");
    let set = |text: &str| fs::write(&mood, text).unwrap();
    let script = format!(
        "case $(cat {0}) in\n  nothing) cat > {0}.in; exit 0;;\n  *) exec gpg --homedir {folder} \
         --batch --armor --digest-algo SHA512 --detach-sign -u $(cat {0});;\nesac\n",
        mood.display()
    );
    site.0.write("site/sign.sh", script);
    let script = site.path().join("sign.sh").display().to_string();
    let settings = format!(
        "{SETTINGS}seal: {{ openpgp: {{ command: [sh, {script}], key: ours.asc, deadline: 20 }} }}\n"
    );
    site.0.write("site/testamur.yaml", settings);

    redis.ask(&request("a"));
    for wrong in ["nothing", "first", "another-key"] {
        set(wrong);
        let mut program = Program::spawn(site.redis_command(&redis));
        assert_eq!(program.code(), 1, "{wrong}: {}", program.log());
        assert!(redis.results().is_empty() && site.records().is_empty(), "{wrong}");
    }
    set("ours");
    let mut program = Program::start(site.redis_command(&redis));
    until("the first request is answered", || redis.results().len() == 1);
    for wrong in ["nothing", "first", "another-key"] {
        set(wrong);
        redis.ask(&request(wrong));
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!((redis.results().len(), site.records().len()), (1, 1), "{wrong}");
    }
    set("ours");
    until("all are answered", || redis.results().len() == 4);
    assert!(redis.results().iter().all(|result| result["outcome"] == "issued"));
    program.terminate();
    assert_eq!(program.code(), 0);
    let public = site.path().join("public");
    let ours =
        String::from_utf8(gpg(&["--with-colons", "--fingerprint", "ours"])).unwrap();
    let ours = ours.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap();
    for record in records(&public) {
        let path = |file: &Value| {
            public.join(file["path"].as_str().unwrap()).display().to_string()
        };
        let certificate = &record["certificate"];
        let files = [path(&certificate["signature"]), path(&certificate["pdf"])];
        let line = ["--status-fd", "1", "--verify", &files[0], &files[1]];
        let judged = String::from_utf8(gpg(&line)).unwrap();
        let valid = format!("VALIDSIG {}", ours.trim_end_matches(':'));
        assert!(judged.contains(&valid), "{judged}");
    }
    let _ = run(gnupg.path(), "gpgconf", &["--homedir", &folder, "--kill", "all"]);

    // 8: an agent whose key file is missing does not start.
    let bare = AgentSite::new();
    fs::remove_file(bare.path().join("keys/1/openpgp.key.pem")).unwrap();
    redis.ask(&request("b"));
    let mut program = Program::spawn(bare.redis_command(&redis));
    assert_eq!(program.code(), 1, "{}", program.log());
    assert_eq!((redis.results().len(), bare.records().len()), (4, 0));
}
