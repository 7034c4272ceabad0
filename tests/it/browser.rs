//! Verify pages in Chromium: what they say, what they check, and that they run no injected script.

pub(crate) mod chromium; // Chromium, controlled over a pipe
pub(crate) mod driver; // What is asked of any browser; Firefox and WebKit
pub(crate) mod server; // A web server for the pages
mod status; // What a page says that its record says now
mod view; // The PDF in place, tables, two languages, paper
mod web_servers; // The web servers of docs/publishing.md

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use testamur::register::{PageFacts, PageTemplates, Pages};
use testamur::seal::{PgpCommand, PgpKey, PgpSigner};

use self::chromium::Chromium;
use self::server::Server;
use crate::issuing::setup::files;
use crate::seal::site::{Site, draft, now, output_text, run};
use crate::workdir::Workdir;

const ID: &str = "0f3c5a91b27d4e680f3c5a91b27d4e68";

/// A PDF, its detached signature, and the key that verifies it.
struct Signed {
    pdf: Vec<u8>,
    signature: String,
    key: String,
    fingerprint: String,
}

impl Signed {
    /// Seals a PDF with the site's keys.
    fn new(site: &Site) -> Self {
        let sealed = site.seal(&draft("en.pdf"));
        let keys = site.keys.public();
        Self {
            pdf: sealed.bytes,
            signature: sealed.signature.unwrap(),
            key: keys.openpgp_armor,
            fingerprint: keys.openpgp_fingerprint.to_string(),
        }
    }

    fn facts(&self) -> Value {
        let sha256 = digest(&SHA256, &self.pdf);
        let sha256: String = sha256.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        json!({
            "id": ID,
            "status": { "is": "valid" },
            "language": "en",
            "title": "Certificate: Knots, Ada Lovelace",
            "name": "Ada Lovelace",
            "course": "Knots and Splices",
            "organization": "Example University",
            "issued": { "text": "May 14, 2026", "date": "2026-05-14" },
            "signatories": [{ "name": "Grace Sample", "title": "Dean of Studies" }],
            "sentences": [
                { "role": "heading", "text": "Certificate" },
                { "role": "recipient", "text": "Ada Lovelace" },
                { "role": "course", "text": "Knots and Splices" },
                { "role": "date", "text": "Issued May 14, 2026" },
            ],
            "edition": 1,
            "verify_url": format!("https://certs.example.org/cert/{ID}/"),
            "pdf": {
                "url": "Certificate.pdf",
                "file": "Certificate.pdf",
                "sha256": sha256,
                "size": self.pdf.len(),
            },
            "signature": { "file": "Certificate.pdf.sig", "armor": self.signature },
            "key": { "url": "openpgp.asc", "armor": self.key, "fingerprint": self.fingerprint },
            "issuer": "Example School",
            "engine": "testamur",
            "theme": { "accent": "#8c1414", "paper": "#fffdf8", "ink": "#1d1a16" },
            "record_url": "certificate.json",
            "linkedin": true,
        })
    }
}

/// Writes the pages and returns the URL of the certificate's page.
fn publish(site: &Site, facts: &Value, language: &str) -> String {
    let facts: PageFacts = serde_json::from_value(facts.clone()).unwrap();
    let texts: Vec<_> =
        PageTemplates::TEXTS.iter().map(|key| (*key, format!("text {key}"))).collect();
    let texts = texts.iter().map(|(key, text)| (*key, text.as_str()));
    let templates = PageTemplates::load(&testamur::site::Site::new()).unwrap();
    let Pages { certificate, assets, .. } =
        templates.render(&facts, &language.parse().unwrap(), texts).unwrap();
    for asset in assets {
        write(site, &asset.path, asset.text);
    }
    let status = facts.status.word();
    let record = json!({ "schema": 1, "id": ID, "status": status, "history": [] });
    write(site, &format!("cert/{ID}/certificate.json"), record.to_string());
    file_url(&write(site, &format!("cert/{ID}/index.html"), certificate))
}

/// Writes a file below the site's folder.
fn write(site: &Site, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = site.folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn file_url(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// The PDF with one bit flipped.
fn changed(pdf: &[u8]) -> Vec<u8> {
    let mut pdf = pdf.to_vec();
    let middle = pdf.len() / 2;
    pdf[middle] ^= 1;
    pdf
}

/// The signature with the last bit of its MPI flipped, so that only the mathematics fails.
fn forged(armor: &str) -> String {
    let mut lines: Vec<&str> = armor.lines().collect();
    let (begin, end) = (lines.remove(0), lines.pop().unwrap());
    lines.retain(|line| !line.is_empty() && !line.starts_with('='));
    let mut bytes = STANDARD.decode(lines.concat()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    format!("{begin}\n\n{}\n{end}\n", STANDARD.encode(bytes))
}

/// The pages that the README's first command writes, as a reader of the QR code sees them.
#[test]
fn issued_page_says_valid_and_recognises_its_pdf() {
    let workdir = Workdir::new();
    let hostile = "\"><script>alert(1)</script>";
    for name in ["Ada Lovelace", hostile] {
        let run = workdir.run(["issue", "-n", name]);
        assert_eq!(run.code, 0, "{run:?}");
    }
    let mut browser = Chromium::start();
    let server = Server::start(&workdir.path("public"));
    for (path, _) in files(&workdir.path("public")) {
        let Some(folder) = path.strip_suffix("certificate.json") else { continue };
        let record: Value =
            serde_json::from_slice(&workdir.read(format!("public/{path}"))).unwrap();
        let name = record["certificate"]["name"].as_str().unwrap();
        let pdf =
            format!("public/{}", record["certificate"]["pdf"]["path"].as_str().unwrap());
        workdir.write("changed.pdf", changed(&workdir.read(&pdf)));
        browser.open(&format!("http://127.0.0.1:{}/{folder}", server.port));
        let status = browser.status();
        assert!(status.contains("This certificate is valid"), "{status}");
        assert!(status.contains("record says so now"), "{status}");
        let text = browser.js("document.body.innerText");
        assert!(text.as_str().unwrap().contains(name), "{text}");
        browser.drop(&workdir.path(&pdf), ".drop");
        assert_eq!(browser.verdict(), ["intact", "signed"], "{name}");
        browser.drop(&workdir.path("changed.pdf"), ".drop");
        assert_eq!(browser.verdict(), ["broken", "unsigned"], "{name}");
        assert_eq!(browser.faults(), [""; 0], "{name}");

        let run = workdir.run([
            "revoke",
            record["id"].as_str().unwrap(),
            "--reason",
            hostile,
            "-y",
        ]);
        assert_eq!(run.code, 0, "{run:?}");
        browser.open(&format!("http://127.0.0.1:{}/{folder}", server.port));
        let status = browser.status();
        assert!(status.contains("has been revoked"), "{status}");
        assert!(status.contains(hostile), "{status}");
        assert_eq!(browser.faults(), [""; 0], "{name}");
    }
}

#[test]
fn page_checks_chosen_and_dropped_files() {
    let site = Site::new("Example University");
    let signed = Signed::new(&site);
    let good = site.write("Certificate.pdf", &signed.pdf);
    let bad = site.write("changed.pdf", changed(&signed.pdf));
    let page = publish(&site, &signed.facts(), "en");
    let server = Server::start(site.folder.path());
    let mut browser = Chromium::start();
    let at = |host: &str| format!("http://{host}:{}/cert/{ID}/", server.port);
    for (address, status) in [(page, "text unknown"), (at("127.0.0.1"), "text valid")] {
        browser.open(&address);
        assert!(browser.status().starts_with(status), "{address}");
        let title = browser.js("document.title");
        assert_eq!(title, "Certificate: Knots, Ada Lovelace");
        browser.choose(&good);
        assert_eq!(browser.verdict(), ["intact", "signed"], "{address}");
        browser.choose(&bad);
        assert_eq!(browser.verdict(), ["broken", "unsigned"], "{address}");
        browser.drop(&bad, ".drop");
        assert_eq!(browser.verdict(), ["broken", "unsigned"], "{address}");
        browser.drop(&good, ".drop");
        assert_eq!(browser.verdict(), ["intact", "signed"], "{address}");
        // A file that is dropped outside the drop zone does not replace the page.
        browser.drop(&good, "main");
        assert_eq!(browser.verdict(), ["intact", "signed"], "{address}");
        assert_eq!(browser.faults(), [""; 0], "{address}");
        assert_eq!(browser.js("location.href"), address.as_str());
    }

    // Where the browser has no Web Crypto, the page says that it cannot check.
    browser.open(&at("certs.test"));
    assert_eq!(browser.js("isSecureContext"), false);
    browser.choose(&good);
    assert_eq!(browser.verdict(), ["unable"]);
    assert_eq!(browser.faults(), [""; 0]);
}

#[test]
fn odd_files_get_a_verdict() {
    let site = Site::new("Example University");
    let signed = Signed::new(&site);
    let page = publish(&site, &signed.facts(), "en");
    let folder = site.path("folder");
    std::fs::create_dir(&folder).unwrap();
    let huge = site.write("huge.pdf", "");
    let file = std::fs::OpenOptions::new().write(true).open(&huge).unwrap();
    file.set_len(3 << 30).unwrap();
    let mut browser = Chromium::start();
    browser.open(&page);
    for (file, verdict) in [
        (site.write("empty.pdf", ""), &["broken", "unsigned"][..]),
        (site.write("text.txt", "no PDF"), &["broken", "unsigned"]),
        (
            site.write("longer.pdf", [&signed.pdf[..], b"\n"].concat()),
            &["broken", "unsigned"],
        ),
        (huge, &["broken"]),
        (folder, &["unreadable"]),
    ] {
        browser.drop(&file, ".drop");
        assert_eq!(browser.verdict(), verdict, "{}", file.display());
    }
    assert_eq!(browser.faults(), [""; 0]);
}

#[test]
fn page_verifies_openpgp_signatures_of_common_key_types() {
    let site = Site::new("Example University");
    let own = Signed::new(&site);
    let file = site.write("Certificate.pdf", &own.pdf);
    let other = Site::new("Eve");
    let other_file = Signed::new(&other);
    let mut cases: Vec<(String, Signed, &[&str])> = Vec::new();
    let mut case = |name: &str, signature: &str, key: &str, verdict| {
        let fingerprint = own.fingerprint.clone();
        let (signature, key) = (signature.to_owned(), key.to_owned());
        let signed = Signed { pdf: own.pdf.clone(), signature, key, fingerprint };
        cases.push((name.to_owned(), signed, verdict));
    };
    let good = &["intact", "signed"];
    let bad = &["intact", "unsigned"];
    let unable = &["intact", "unable"];
    case("own", &own.signature, &own.key, good);
    case("of another file", &other_file.signature, &own.key, bad);
    case("by another key", &own.signature, &other_file.key, bad);
    case("of another file by another key", &other_file.signature, &other_file.key, bad);
    case("forged", &forged(&own.signature), &own.key, bad);
    case("no signature", "x", &own.key, unable);
    case("half a signature", &own.signature[..100], &own.key, unable);
    let checksum = own.signature.lines().find(|line| line.starts_with('=')).unwrap();
    case(
        "no checksum",
        &own.signature.replace(&format!("{checksum}\n"), ""),
        &own.key,
        good,
    );
    let gnupg = site.path("gnupg");
    std::fs::create_dir(&gnupg).unwrap();
    let homedir = gnupg.to_str().unwrap();
    for (kind, hash) in [
        ("ed25519", "SHA512"),
        ("rsa2048", "SHA512"),
        ("rsa3072", "SHA256"),
        ("nistp256", "SHA256"),
        ("nistp384", "SHA384"),
    ] {
        let gpg = |line: &[&str]| {
            let common = ["--homedir", homedir, "--batch", "--passphrase", ""];
            let output = run(site.folder.path(), "gpg", &[&common[..], line].concat());
            assert!(output.status.success(), "{kind}: {}", output_text(&output));
            output.stdout
        };
        let id = format!("{kind} <{kind}@example.org>");
        gpg(&["--quick-gen-key", &id, kind, "sign"]);
        let ring = String::from_utf8(gpg(&["--armor", "--export", &id])).unwrap();
        let key = PgpKey::from_armor(ring.as_bytes()).unwrap().remove(0);
        let line = format!(
            "--homedir {homedir} --batch --armor --digest-algo {hash} --detach-sign -u"
        );
        let mut line: Vec<String> = line.split(' ').map(str::to_owned).collect();
        line.push(key.fingerprint().to_string());
        let signature = PgpCommand::new("gpg", line, key).sign(&own.pdf, now()).unwrap();
        case(&format!("{kind} by gpg"), &signature.to_armor(), &ring, good);
        case(&format!("{kind}, forged"), &forged(&signature.to_armor()), &ring, bad);
        case(&format!("{kind}, but another's key"), &signature.to_armor(), &own.key, bad);
    }
    let mut browser = Chromium::start();
    for (name, signed, verdict) in cases {
        let page = publish(&site, &signed.facts(), "en");
        browser.open(&page);
        browser.choose(&file);
        assert_eq!(browser.verdict(), verdict, "{name}");
        assert_eq!(browser.faults(), [""; 0], "{name}");
    }
    let _ = run(site.folder.path(), "gpgconf", &["--homedir", homedir, "--kill", "all"]);
}

#[test]
fn page_escapes_markup_in_every_field() {
    let site = Site::new("Example University");
    let signed = Signed::new(&site);
    let mut browser = Chromium::start();
    let attack = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*191 }}<!--'\
                  </title></style></textarea><svg onload=alert(3)>\u{202e}";
    let revoked = json!({ "is": "revoked", "on": attack, "reason": attack });
    for status in [json!({ "is": "valid" }), revoked] {
        let mut facts = signed.facts();
        for key in ["title", "name", "designation", "course", "organization", "issuer"] {
            facts[key] = json!(attack);
        }
        for key in ["outcome", "grade", "engine"] {
            facts[key] = json!(attack);
        }
        facts["status"] = status;
        facts["issued"]["text"] = json!(attack);
        facts["signatories"][0] = json!({ "name": attack, "title": attack });
        facts["sentences"][1] =
            json!({ "role": "x\" onclick=\"alert(4)", "text": attack });
        facts["signature"]["armor"] = json!(attack);
        facts["seal"] = json!({ "level": attack, "fingerprint": attack });
        facts["pdf"]["file"] = json!(attack);
        let page = publish(&site, &facts, "en");
        let address = &page;
        browser.open(address);
        assert_eq!(browser.faults(), [""; 0], "{address}");
        let strange = "document.querySelectorAll('main script, img:not(.code), textarea, \
                       [onclick], [onload], svg:not([aria-hidden])').length";
        assert_eq!(browser.js(strange), 0);
        let text = browser.js("document.body.innerText");
        assert!(!text.as_str().unwrap().contains("1337"));
        let shown = text.as_str().unwrap().matches("<script>alert(1)</script>").count();
        assert!(shown >= 8, "{text}");
    }

    // If a template does not escape a value, the Content Security Policy stops the script.
    let hole = "{{ policy }}\"><p onclick=\"alert(1)\">x</p>";
    let own = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{hole}<script>alert(1)</script>"
    );
    let own = testamur::site::Site::new()
        .with_file("layouts/shared/pages/certificate.html", own);
    let facts: PageFacts = serde_json::from_value(signed.facts()).unwrap();
    let texts = PageTemplates::TEXTS.iter().map(|key| (*key, *key));
    let templates = PageTemplates::load(&own).unwrap();
    let pages = templates.render(&facts, &"en".parse().unwrap(), texts).unwrap();
    browser.open(&file_url(&site.write("hole.html", pages.certificate)));
    let faults = browser.faults();
    assert!(
        faults.iter().any(|fault| fault.contains("Content Security Policy")),
        "{faults:?}"
    );
    assert!(!faults.iter().any(|fault| fault.contains("javascriptDialog")), "{faults:?}");
}

#[test]
fn page_is_accessible_in_each_direction_width_and_on_paper() {
    let site = Site::new("Example University");
    let signed = Signed::new(&site);
    let mut browser = Chromium::start();
    for (language, direction) in
        [("en", "ltr"), ("ar", "rtl"), ("ja", "ltr"), ("he", "rtl")]
    {
        let mut facts = signed.facts();
        facts["language"] = json!(language);
        let page = publish(&site, &facts, language);
        let address = &page;
        browser.open(address);
        assert_eq!(browser.js("document.documentElement.lang"), language);
        assert_eq!(browser.js("getComputedStyle(document.body).direction"), direction);
        for width in [1280, 390, 320] {
            browser.size(width, 800);
            let wide = browser.js("document.documentElement.scrollWidth");
            assert!(
                wide.as_u64().unwrap() <= width.into(),
                "{address} {wide} in {width}"
            );
        }
        browser.size(1280, 900);
    }

    // The Tab key visits the controls in reading order, and each has a label and a visible focus.
    let page = publish(&site, &signed.facts(), "en");
    browser.open(&page);
    let mut order = Vec::new();
    for _ in 0..7 {
        browser.press("Tab");
        let name = "(e => (e.labels?.[0] ?? e).innerText)(document.activeElement)";
        order.push(browser.js(name).as_str().unwrap_or_default().to_owned());
        let seen = browser.js(
            "(e => getComputedStyle(e.closest('.drop') ?? e).outlineStyle)(document.activeElement)",
        );
        assert_eq!(seen, "solid", "{order:?}");
    }
    let keys = ["download", "choose", "signature", "key", "record", "linkedin", "how"];
    assert_eq!(order, keys.map(|key| format!("text {key}")));

    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    let nodes: Vec<(&str, &str)> = tree["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["ignored"] == false)
        .map(|node| {
            let text = |key: &str| node[key]["value"].as_str().unwrap_or_default();
            (text("role"), text("name"))
        })
        .collect();
    for node in [
        ("main", ""),
        ("banner", ""),
        ("contentinfo", ""),
        ("status", ""),
        ("heading", "Certificate: Knots, Ada Lovelace"),
        ("heading", "TEXT CHECK"),
        ("region", "text full_text"),
        ("image", "text code"),
        ("time", ""),
    ] {
        assert!(nodes.contains(&node), "no {node:?} in {nodes:?}");
    }
    assert!(nodes.iter().any(|(_, name)| *name == "text choose"), "{nodes:?}");

    // Without script the page shows everything but the check, and says why.
    browser.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.open(&page);
    let text = browser.js("document.body.innerText");
    let text = text.as_str().unwrap();
    for wanted in ["text valid", "Ada Lovelace", "Knots and Splices", "text script", ID] {
        assert!(text.contains(wanted), "no {wanted} in {text}");
    }
    assert!(!text.contains("text choose"), "{text}");
    let output: PathBuf = site.path("page.pdf");
    let printed = browser.call("Page.printToPDF", json!({}));
    let printed = STANDARD.decode(printed["data"].as_str().unwrap()).unwrap();
    std::fs::write(&output, printed).unwrap();
    let text = output_text(&run(site.folder.path(), "pdftotext", &["page.pdf", "-"]));
    let pages = output_text(&run(site.folder.path(), "pdfinfo", &["page.pdf"]));
    assert!(pages.contains("Pages:           1"), "{pages}");
    for wanted in ["text valid", "Ada Lovelace", ID, &signed.fingerprint] {
        assert!(text.contains(wanted), "no {wanted} in {text}");
    }
    assert!(!text.contains("text check"), "{text}");
}
