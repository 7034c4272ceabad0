//! What a page says that its record says now, wherever the page itself comes from.

use serde_json::{Value, json};

use super::chromium::Chromium;
use super::server::{BROKEN, Server};
use super::{ID, Signed, publish, write};
use crate::seal::site::Site;

/// A record of the published page with some of its keys changed.
fn record(changes: Value) -> String {
    let mut record = json!({ "schema": 1, "id": ID, "status": "valid", "history": [] });
    for (key, value) in changes.as_object().unwrap() {
        record[key] = value.clone();
    }
    record.to_string()
}

fn revoked(reason: &str) -> Value {
    let change =
        json!({ "status": "revoked", "at": "2026-06-01T23:30:00Z", "reason": reason });
    json!({ "status": "revoked", "history": [change] })
}

/// The words of the page that name the recipient, and what belongs to a certificate that stands.
const PERSONAL: &str = "Ada Lovelace";

#[test]
fn page_shows_what_its_record_says_now() {
    let site = Site::new("Example University");
    let signed = Signed::new(&site);
    publish(&site, &signed.facts(), "en");
    let server = Server::start(site.folder.path());
    let address = format!("http://127.0.0.1:{}/cert/{ID}/", server.port);
    let path = format!("cert/{ID}/certificate.json");
    let attack = "<img src=x onerror=alert(1)>";
    let superseded =
        json!({ "status": "superseded", "successor": "https://c.example/cert/2/" });
    let mut browser = Chromium::start();
    for (answer, said, is_personal) in [
        (record(json!({})), &["text valid", "text confirmed"][..], true),
        (
            record(revoked(attack)),
            &["text revoked", "text revoked_on\nJune 1, 2026", "text reason", attack],
            true,
        ),
        (record(superseded), &["text superseded", "text current"], false),
        (record(json!({ "status": "erased" })), &["text erased"], false),
        (record(json!({ "status": "specimen" })), &["text specimen"], true),
        // What cannot be understood is not taken for valid.
        (
            record(json!({ "status": "expired" })),
            &["text unknown", "text unreachable"],
            true,
        ),
        (record(json!({ "schema": 2 })), &["text unknown", "text unreachable"], true),
        (record(json!({ "id": "0" })), &["text unknown", "text unreachable"], true),
        ("[]".to_owned(), &["text unknown", "text unreachable"], true),
        ("<html>".to_owned(), &["text unknown", "text unreachable"], true),
    ] {
        write(&site, &path, &answer);
        browser.open(&address);
        let status = browser.status();
        for words in said {
            assert!(status.contains(words), "no {words} in {status}: {answer}");
        }
        let is_valid = said[0] == "text valid";
        assert_eq!(status.contains("text valid"), is_valid, "{status}: {answer}");
        let shown = browser.js("document.body.innerText + document.title");
        let shown = shown.as_str().unwrap();
        assert_eq!(shown.contains(PERSONAL), is_personal, "{answer}: {shown}");
        if !is_valid && !said.contains(&"text unreachable") {
            for absent in ["text download", "text linkedin", "text choose"] {
                assert!(!shown.contains(absent), "{absent}: {answer}");
            }
            assert_eq!(browser.js("document.querySelector('object')"), Value::Null);
        }
        assert_eq!(browser.faults(), [""; 0], "{answer}");
    }

    // A link that would run in the page is not made.
    let attack = json!({ "status": "superseded", "successor": "javascript:alert(1)" });
    write(&site, &path, record(attack));
    browser.open(&address);
    assert!(browser.status().contains("text superseded"));
    assert_eq!(browser.js("document.querySelector('#status a')"), Value::Null);

    // Erased: the record is gone, or the server fails.
    std::fs::remove_file(site.folder.path().join(&path)).unwrap();
    browser.open(&address);
    let status = browser.status();
    assert!(
        status.starts_with("text unknown") && status.contains("text gone"),
        "{status}"
    );
    let shown = browser.js("document.documentElement.outerHTML");
    assert!(!shown.as_str().unwrap().contains(PERSONAL), "{shown}");
    write(&site, &path, BROKEN);
    browser.open(&address);
    let status = browser.status();
    assert!(status.starts_with("text unknown"), "{status}");
    assert!(status.contains("text unreachable"), "{status}");
}

/// While a change is under way the page is written and the record is not: the worse state counts.
#[test]
fn page_of_a_revoked_certificate_never_says_valid() {
    let site = Site::new("Example University");
    let signed = Signed::new(&site);
    let mut facts = signed.facts();
    facts["status"] =
        json!({ "is": "revoked", "on": "June 1, 2026", "reason": "mistake" });
    let file = publish(&site, &facts, "en");
    write(&site, &format!("cert/{ID}/certificate.json"), record(json!({})));
    let server = Server::start(site.folder.path());
    let address = format!("http://127.0.0.1:{}/cert/{ID}/", server.port);
    let mut browser = Chromium::start();
    for address in [address, file] {
        browser.open(&address);
        let status = browser.status();
        assert!(status.starts_with("text revoked"), "{status}");
        assert!(!status.contains("text unknown") && !status.contains("text valid"));
    }
}

#[test]
fn page_in_a_file_says_that_it_cannot_know() {
    let site = Site::new("Example University");
    let signed = Signed::new(&site);
    let page = publish(&site, &signed.facts(), "en");
    let mut browser = Chromium::start();
    browser.open(&page);
    let status = browser.status();
    assert!(
        status.starts_with("text unknown") && status.contains("text copy"),
        "{status}"
    );
    assert_eq!(browser.faults(), [""; 0]);
}

#[test]
fn page_asks_for_its_own_files_and_for_nothing_else() {
    let site = Site::new("Example University");
    let signed = Signed::new(&site);
    write(&site, &format!("cert/{ID}/Certificate.pdf"), &signed.pdf);
    publish(&site, &signed.facts(), "en");
    let server = Server::start(site.folder.path());
    let mut browser = Chromium::start();
    let assets = std::fs::read_dir(site.folder.path().join("assets")).unwrap();
    let assets = assets.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut own: Vec<String> = assets.map(|name| format!("/assets/{name}")).collect();
    own.push(format!("/cert/{ID}/certificate.json"));
    // Without a slash at its end too, where a server shows the page there.
    let mut expected = own.clone();
    expected.extend([format!("/cert/{ID}/"), format!("/cert/{ID}/Certificate.pdf")]);
    expected.sort();
    browser.open(&format!("http://127.0.0.1:{}/cert/{ID}/", server.port));
    assert!(browser.status().starts_with("text valid"));
    assert_eq!(browser.faults(), [""; 0]);
    assert_eq!(server.asked(), expected);

    let mut browser = Chromium::start();
    browser.size(360, 740);
    browser.open(&format!("http://127.0.0.1:{}/cert/{ID}", server.port));
    assert!(browser.status().starts_with("text valid"));
    own.push(format!("/cert/{ID}"));
    own.sort();
    assert_eq!(server.asked(), own, "a narrow page shows no PDF");
}
