//! Where a site publishes: at an address, nowhere, or not yet decided; and which files there are.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;

use testamur::press::{DraftOptions, Format, Press};
use testamur::register::{IssueOptions, Register, Stores};
use testamur::site::{Request, Settings, Site};

use super::setup::{COURSES, Setup, files, now, request, today};
use crate::seal::site::{output_text, run as judge};
use crate::workdir::{Run, Workdir};

/// A site that `testamur new` made.
fn site(arguments: &[&str]) -> Workdir {
    let workdir = Workdir::new();
    let made = workdir.run(["new", "school"].iter().chain(arguments));
    assert_eq!(made.code, 0, "{made:?}");
    workdir
}

/// `agent --check` with these settings in its environment, which fails.
fn check_agent(workdir: &Workdir, settings: &[(&str, &str)]) -> Run {
    workdir.write("school/keys/token", "secret");
    let mut command = workdir.command();
    command.args(["--site", "school", "agent", "--check"]);
    command.env("TESTAMUR_AGENT__HTTP__TOKEN_FILE", "keys/token");
    for (name, value) in settings {
        command.env(format!("TESTAMUR_AGENT__{name}"), value);
    }
    let run = Run::of(command);
    assert_eq!(run.code, 1, "{run:?}");
    run
}

#[test]
fn site_without_an_address_issues_specimens_only() {
    let workdir = Workdir::new();
    let made = workdir.run(["new", "school"]);
    assert!(
        made.stderr
            .contains("school/testamur.yaml:\n  url: https://certificates.example.org\n"),
        "{}",
        made.stderr
    );
    for arguments in [&["-n", "Ada Lovelace"][..], &["-n", "Ada Lovelace", "--dry-run"]] {
        let run = workdir.run(["--site", "school", "issue"].iter().chain(arguments));
        assert_eq!(run.code, 1, "{run:?}");
        for words in ["the site has no address", "`publish.url`", "`publish: none`"] {
            assert!(run.stderr.contains(words), "no {words} in {}", run.stderr);
        }
        assert!(!workdir.path("school/public").exists());
    }
    let run = check_agent(&workdir, &[("HTTP__LISTEN", "127.0.0.1:0")]);
    assert!(run.stderr.contains("the site has no address"), "{}", run.stderr);

    let run = workdir.run(["--site", "school", "check", "--language", "en"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stderr.contains("warning: testamur.yaml: the site has no address"),
        "{run:?}"
    );

    let run = workdir.run(["--site", "school", "issue", "-n", "Ada", "--specimen"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("lead nowhere"), "{}", run.stderr);
    // So does the demo.
    let demo = Workdir::new();
    let run = demo.run(["issue", "-n", "Ada"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("lead nowhere"), "{}", run.stderr);
    // The line that `new` names is the one to change.
    let settings = String::from_utf8(workdir.read("school/testamur.yaml")).unwrap();
    let line = "  # url: https://certificates.example.org\n";
    assert!(settings.contains(line), "{settings}");
    workdir
        .write("school/testamur.yaml", settings.replace(line, &line.replace("# ", "")));
    let run = workdir.run(["--site", "school", "issue", "-n", "Ada Lovelace"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.stderr.contains("nowhere"), "{}", run.stderr);
}

/// The register of a site in a folder.
fn register_of(folder: &std::path::Path) -> Register {
    let site = Site::open(folder).unwrap();
    let settings =
        Settings::parse(&site.read("testamur.yaml").unwrap().unwrap()).unwrap();
    let stores = Stores::open(&settings, folder).unwrap();
    Register::new(&site, settings.publish, stores.public, stores.private).unwrap()
}

#[test]
fn new_refuses_an_address_that_is_none() {
    let workdir = Workdir::new();
    let run = workdir.run(["new", "school", "--url", "certificates"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("is no address"), "{}", run.stderr);
    assert!(!workdir.path("school").exists());
}

#[test]
fn school_without_a_web_server_hands_out_an_archive_that_can_be_checked() {
    let workdir = site(&["--url", "none"]);
    workdir.write("school/people.txt", "Ada Lovelace\nJosé Núñez\n");
    let zip = ["issue", "-f", "people.txt", "--names", "-l", "es", "--zip", "all.zip"];
    let mut command = workdir.command();
    command.current_dir(workdir.path("school")).args(zip);
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{run:?}");
    let mut archive =
        zip::ZipArchive::new(fs::File::open(workdir.path("school/all.zip")).unwrap())
            .unwrap();
    let mut found: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        found.insert(file.name().unwrap().into_owned(), bytes);
    }
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    let pdfs: Vec<&str> =
        names.iter().copied().filter(|name| name.ends_with(".pdf")).collect();
    assert_eq!(pdfs.len(), 2, "{names:?}");
    let folder = workdir.path("handed");
    fs::create_dir(&folder).unwrap();
    for (name, bytes) in &found {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let page = String::from_utf8(found["index.html"].clone()).unwrap();
    assert!(page.contains("<html lang=\"es\""), "{page}");
    assert!(page.contains("Con el programa testamur"), "{page}");
    assert_eq!(found.len(), 2 * 2 + 3, "{names:?}");
    let gnupg = workdir.path("gnupg");
    fs::create_dir(&gnupg).unwrap();
    let gpg = |line: &[&str]| {
        let home = ["--homedir", gnupg.to_str().unwrap(), "--batch"];
        let output = judge(&folder, "gpg", &[&home[..], line].concat());
        assert!(output.status.success(), "{}", output_text(&output));
    };
    gpg(&["--import", "openpgp.asc"]);
    for pdf in pdfs {
        gpg(&["--verify", &format!("{pdf}.sig"), pdf]);
        // By the root alone, elsewhere than in the school's folder.
        let mut command = workdir.command();
        command.current_dir(&folder).args([
            "verify",
            "--trust",
            "root.pem",
            "--keyring",
            "openpgp.asc",
            "--offline",
            pdf,
        ]);
        let verified = Run::of(command);
        assert_eq!(verified.code, 0, "{verified:?}");
        let text = output_text(&judge(&folder, "pdftotext", &[pdf, "-"]));
        assert!(!text.contains("http") && !text.contains("cert/"), "{text}");
        let sha256 = output_text(&judge(&folder, "sha256sum", &[pdf]));
        assert!(page.contains(sha256.split(' ').next().unwrap()), "{sha256}");
        // The school's own register knows the file, also with a revision added to it.
        let mut raised = found[pdf].clone();
        raised.extend(b"1 0 obj\n<<>>\nendobj\n%%EOF\n");
        let issuer = register_of(&workdir.path("school"));
        let record = issuer.record_of(&raised).unwrap().unwrap();
        assert_eq!(record.certificate.unwrap().pdf.unwrap().bytes, found[pdf].len());
        let own = ["--site", "school", "verify", &format!("handed/{pdf}")];
        let verified = workdir.run(own);
        assert_eq!(verified.code, 0, "{verified:?}");
        assert!(
            String::from_utf8_lossy(&verified.stdout).contains("status       valid"),
            "{verified:?}"
        );
    }
    // The records are the register; there are no pages.
    let public = files(&workdir.path("school/public"));
    assert!(!public.keys().any(|path| path.ends_with(".html")), "{:?}", public.keys());
    let listed = workdir.run(["--site", "school", "list", "--json"]).objects();
    assert_eq!(listed.len(), 2);
    let id = listed[0]["verify_id"].as_str().unwrap();
    let revoked =
        workdir.run(["--site", "school", "revoke", id, "--reason", "mistake", "--yes"]);
    assert_eq!(revoked.code, 0, "{revoked:?}");
    let pdf = match listed[0]["name"].as_str().unwrap() {
        "Ada Lovelace" => "handed/Ada-Lovelace.pdf",
        _ => "handed/José-Núñez.pdf",
    };
    let verified = workdir.run(["--site", "school", "verify", pdf]);
    assert_eq!(verified.code, 1, "{verified:?}");
    assert!(
        String::from_utf8_lossy(&verified.stdout).contains("status       revoked"),
        "{verified:?}"
    );

    let agent = check_agent(&workdir, &[("HTTP__LISTEN", "127.0.0.1:0")]);
    assert!(agent.stderr.contains("answers with addresses"), "{}", agent.stderr);

    // A school that is published later knows its certificates without an address.
    workdir.write("school/testamur.yaml", "publish: { url: 'https://c.example.org' }\n");
    let verified = workdir.run(["--site", "school", "verify", pdf]);
    assert_eq!(verified.code, 1, "{verified:?}");
    assert!(
        String::from_utf8_lossy(&verified.stdout).contains("status       revoked"),
        "{verified:?}"
    );
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn every_layout_can_do_without_a_link() {
    let site = Site::demo().with_file("testamur.yaml", "publish: none\n");
    let press = Press::new(site).unwrap();
    let options = DraftOptions::default().with_format(Format::Svg);
    for layout in press.site().layouts() {
        let draft = press.draft_sample(layout, today(), &options);
        let draft = draft.unwrap_or_else(|error| panic!("{layout}: {error:#}"));
        assert_eq!(draft.verify_url, None);
    }
}

#[test]
fn only_an_agent_on_an_xqueue_refuses_long_addresses() {
    let workdir = site(&[]);
    let downloads = format!("https://files.example.org/{}", "a".repeat(100));
    let settings =
        format!("publish: {{ url: 'https://c.example.org', downloads: '{downloads}' }}");
    workdir.write("school/testamur.yaml", settings);
    let run = workdir.run(["--site", "school", "issue", "-n", "Ada Lovelace"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains(&downloads), "{}", run.stderr);
    workdir.write("school/keys/xqueue", "secret");
    let run = check_agent(
        &workdir,
        &[
            ("QUEUE", "xqueue"),
            ("XQUEUE__URL", "http://127.0.0.1:9"),
            ("XQUEUE__NAME", "certificates"),
            ("XQUEUE__USER", "lms"),
            ("XQUEUE__PASSWORD_FILE", "keys/xqueue"),
        ],
    );
    assert!(run.stderr.contains("the addresses of PDFs would have"), "{}", run.stderr);
}

#[test]
fn store_that_answers_no_folder_is_warned_of() {
    let workdir = site(&["--url", "https://certificates.example.org"]);
    let settings = String::from_utf8(workdir.read("school/testamur.yaml")).unwrap();
    let store = "store: { s3: { bucket: certificates, region: eu-central-1 } }\n";
    workdir.write("school/testamur.yaml", format!("{settings}{store}"));
    let run = workdir.run(["--site", "school", "check", "-l", "en"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("publish.index_file"), "{}", run.stderr);
}

/// A register of an earlier version has a `valid.html` and a `verify.html`, to which links are printed.
#[test]
fn earlier_files_of_a_certificate_follow_its_status() {
    let setup = Setup::new();
    let receipt = setup.issue(&request("Ada Lovelace")).unwrap();
    let folder = format!("cert/{}", receipt.record.id);
    let public = setup.folder.path().join("public").join(&folder);
    for name in ["valid.html", "verify.html"] {
        fs::write(public.join(name), "Ada Lovelace: this certificate is valid").unwrap();
    }
    // Nothing changes before the status does.
    setup.issue(&request("Ada Lovelace")).unwrap();
    assert!(setup.text(&format!("{folder}/valid.html")).starts_with("Ada"));
    let register = setup.issuer.register();
    register.revoke(&receipt.record.id, "by mistake", now()).unwrap();
    let revoked = setup.text(&format!("{folder}/index.html"));
    assert!(revoked.contains("by mistake"));
    for name in ["valid.html", "verify.html"] {
        assert_eq!(setup.text(&format!("{folder}/{name}")), revoked, "{name}");
    }
    register.erase(&receipt.record.id, &setup.secret(), now()).unwrap();
    for (path, bytes) in setup.public() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("Ada Lovelace"), "{path}");
    }
}

/// A site that is published no longer leaves no page behind that says valid, or that has a name.
#[test]
fn pages_of_an_earlier_setting_follow_the_status() {
    let setup = Setup::new();
    let revoked = setup.issue(&request("Ada Lovelace")).unwrap().record.id;
    let erased = setup.issue(&request("Grace Hopper")).unwrap().record.id;
    let nowhere = Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", COURSES)
        .with_file("testamur.yaml", "publish: none\n");
    let issuer = setup.second_issuer(nowhere);
    issuer.register().revoke(&revoked, "by mistake", now()).unwrap();
    issuer.register().erase(&erased, &setup.secret(), now()).unwrap();
    let page = |id: &str| setup.text(&format!("cert/{id}/index.html"));
    assert!(page(&revoked).contains("class=\"status revoked\""), "{}", page(&revoked));
    assert!(!page(&erased).contains("Hopper"), "{}", page(&erased));

    // What is issued from now on has no page.
    let options = IssueOptions::default();
    let new = issuer.issue(&request("Emmy Noether"), today(), now(), &options).unwrap();
    issuer.register().revoke(&new.record.id, "by mistake", now()).unwrap();
    let folder = format!("cert/{}/", new.record.id);
    let files = setup.public().into_keys().filter(|path| path.starts_with(&folder));
    assert_eq!(files.collect::<Vec<_>>(), [format!("{folder}certificate.json")]);
}

#[test]
fn printed_links_get_the_file_that_they_end_in() {
    let settings = "publish: { url: https://c.example.org, index_file: valid.html }\n";
    let own = "<p>{{ certificate.name }} {{ status.is }}</p>";
    let site = Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", COURSES)
        .with_file("testamur.yaml", settings)
        .with_file("layouts/shared/pages/verify.html", own);
    let setup = Setup::with_site(site);
    let receipt = setup.issue(&request("Ada Lovelace")).unwrap();
    let folder = format!("cert/{}", receipt.record.id);
    assert!(receipt.urls.verify_url.ends_with(&format!("{folder}/valid.html")));
    let page = setup.text(&format!("{folder}/index.html"));
    assert_eq!(setup.text(&format!("{folder}/valid.html")), page);
    assert_eq!(setup.text(&format!("{folder}/verify.html")), "<p>Ada Lovelace valid</p>");
    setup.issuer.register().revoke(&receipt.record.id, "x", now()).unwrap();
    assert_eq!(
        setup.text(&format!("{folder}/verify.html")),
        "<p>Ada Lovelace revoked</p>"
    );
    let page = setup.text(&format!("{folder}/index.html"));
    assert_eq!(setup.text(&format!("{folder}/valid.html")), page);
}

/// The page has the dates of the paper: in its calendar with its era, and in the words of a course.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn page_writes_its_dates_as_the_paper_does() {
    let courses = "Org/Knots/2026:\n  title: Knots\n  organization: Example University\n  \
                   language: am-u-ca-ethiopic\n  issued: 2026-05-14\n\
                   SPRING:\n  title: Knots\n  organization: Example University\n  \
                   language: en\n  issued: { text: Spring 2026 }\n";
    let settings = "publish: { url: https://c.example.org }\n";
    let site = Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", courses)
        .with_file("testamur.yaml", settings);
    let setup = Setup::with_site(site);
    let page = |id: &str| setup.text(&format!("cert/{id}/index.html"));
    let day = |date: &str, text: &str| format!("<time datetime=\"{date}\">{text}</time>");
    let id = setup.issue(&request("Ada Lovelace")).unwrap().record.id;
    assert!(
        page(&id).contains(&day("2026-05-14", "ግንቦት 6 ቀን 2018 ዓ.ም.")),
        "{}",
        page(&id)
    );
    setup.issuer.register().revoke(&id, "by mistake", now()).unwrap();
    assert!(page(&id).contains(" 2018 ዓ.ም.</bdi>"), "{}", page(&id));

    let request = Request::new("SPRING", "Ada Lovelace").unwrap();
    let id = setup.issue(&request).unwrap().record.id;
    assert!(page(&id).contains(">Spring 2026</time>"), "{}", page(&id));
}
