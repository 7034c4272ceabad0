//! The pages as text: what they show, and what they never show. `tests/it` opens them in a browser.

use serde_json::{Value, json};

use super::*;

const ID: &str = "0f3c5a91b27d4e680f3c5a91b27d4e68";
const HOSTILE: &str = r#""><script>alert(1)</script>"#;

/// The facts of a plain certificate.
fn plain() -> Value {
    json!({
        "id": ID,
        "status": { "is": "valid" },
        "language": "en",
        "title": "Certificate: Knots, Ada Lovelace",
        "name": "Ada Lovelace",
        "designation": "BSc",
        "course": "Knots and Splices",
        "organization": "Example University",
        "outcome": "with distinction",
        "grade": "95 %",
        "issued": { "text": "May 14, 2026", "date": "2026-05-14" },
        "signatories": [{ "name": "Grace Sample", "title": "Dean of Studies" }],
        "sentences": [
            { "role": "heading", "text": "Certificate" },
            { "role": "recipient", "text": "\u{2068}Ada Lovelace\u{2069}, BSc" },
            { "role": "course", "text": "Knots and Splices" },
            { "role": "date", "text": "Issued May 14, 2026" },
        ],
        "edition": 2,
        "verify_url": format!("https://certs.example.org/cert/{ID}/"),
        "pdf": {
            "url": "../../downloads/77/Certificate.pdf",
            "file": "Certificate.pdf",
            "sha256": "ab".repeat(32),
            "size": 123_456,
        },
        "signature": { "file": "Certificate.pdf.sig", "armor": "-----BEGIN PGP SIGNATURE-----\n" },
        "key": {
            "url": "https://certs.example.org/keys/openpgp.asc",
            "armor": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
            "fingerprint": "4F".repeat(20),
        },
        "seal": { "level": "B-LT", "fingerprint": "CD".repeat(32) },
        "issuer": "Example School",
        "engine": "testamur 0.1.0",
        "theme": { "accent": "#8c1414", "paper": "#fffdf8", "ink": "#1d1a16" },
        "record_url": "certificate.json",
        "linkedin": true,
    })
}

fn render_with(site: &Site, facts: &Value, language: &str) -> Result<Pages> {
    let facts: PageFacts = serde_json::from_value(facts.clone()).unwrap();
    let texts: Vec<_> =
        PageTemplates::TEXTS.iter().map(|key| (*key, format!("text-{key}"))).collect();
    let texts = texts.iter().map(|(key, text)| (*key, text.as_str()));
    PageTemplates::load(site)?.render(&facts, &language.parse()?, texts)
}

fn render(facts: &Value) -> Pages {
    render_with(&Site::new(), facts, "en").unwrap_or_else(|error| panic!("{error:#}"))
}

/// The page with some of the facts changed.
fn with(changes: Value) -> String {
    let mut facts = plain();
    for (key, value) in changes.as_object().unwrap() {
        facts[key] = value.clone();
    }
    render(&facts).certificate
}

/// The text between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("no {start}")).1;
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}

#[test]
fn page_shows_everything_that_is_printed() {
    let page = render(&plain()).certificate;
    for said in [
        "<html lang=\"en\" dir=\"ltr\"",
        "text-valid",
        "\u{2068}Ada Lovelace\u{2069}, BSc",
        "<bdi>Ada Lovelace</bdi>",
        "<bdi>BSc</bdi>",
        "Knots and Splices",
        "Example University",
        "with distinction",
        "95 %",
        "<time datetime=\"2026-05-14\">May 14, 2026</time>",
        "Grace Sample",
        "Dean of Studies",
        ID,
        "<dd>2</dd>",
        "Example School",
        "testamur 0.1.0",
        "B-LT",
        &"CD".repeat(32),
        &"4F".repeat(20),
        &"ab".repeat(32),
        "Certificate.pdf, 124 kB",
        "data:image&#x2f;svg+xml,%3Csvg",
        "linkedin.com",
        "<meta name=\"robots\" content=\"noindex\">",
        "<meta name=\"referrer\" content=\"no-referrer\">",
        "gpg --import openpgp.asc\ngpg --verify Certificate.pdf.sig Certificate.pdf\n",
    ] {
        assert!(page.contains(said), "no {said} in {page}");
    }
}

#[test]
fn page_has_a_description_and_open_graph_titles() {
    let meta = |page: &str, key: &str| {
        between(page, &format!("{key}\" content=\""), "\">").to_owned()
    };
    let page = with(json!({ "status": { "is": "valid" } }));
    let said = "Knots and Splices. Example University. text-issued: May 14, 2026";
    assert_eq!(meta(&page, "name=\"description"), said);
    assert_eq!(meta(&page, "property=\"og:description"), said);
    assert_eq!(meta(&page, "property=\"og:title"), "Certificate: Knots, Ada Lovelace");
    assert_eq!(meta(&page, "property=\"og:site_name"), "Example School");
    // There is no picture of the certificate.
    assert!(!page.contains("og:image"), "{page}");
    // Search engines and messengers keep it, so it does not state the status.
    assert!(!said.contains("valid"));
    let page = with(json!({ "status": { "is": "erased" } }));
    assert_eq!(meta(&page, "property=\"og:title"), "text-erased");
    assert_eq!(meta(&page, "name=\"description"), "Example School");
}

/// `TEXTS` names the texts that some page shows.
#[test]
fn every_text_is_shown_on_some_page() {
    let mut all = String::new();
    for status in [
        json!({ "is": "valid" }),
        json!({ "is": "specimen" }),
        json!({ "is": "superseded", "current_url": "../1/" }),
        json!({ "is": "revoked", "on": "May 15, 2026", "reason": "x" }),
        json!({ "is": "erased" }),
    ] {
        all += &with(json!({ "status": status }));
    }
    all += &folder();
    let lost = json!({ "file": "c.pdf", "sha256": "ab".repeat(32), "size": 1 });
    let page = with(json!({ "pdf": lost.clone() }));
    assert!(page.contains("text-not_kept<") && !page.contains("text-download"), "{page}");
    let status = json!({ "is": "revoked", "on": "May 15, 2026", "reason": "x" });
    let revoked = with(json!({ "pdf": lost, "status": status }));
    assert!(!revoked.contains("text-not_kept"), "{revoked}");
    all += &page;
    for key in PageTemplates::TEXTS {
        assert!(
            all.contains(&format!("text-{key}<"))
                || all.contains(&format!("text-{key}\"")),
            "{key}"
        );
    }
}

/// The page of a folder with one certificate.
fn folder() -> String {
    let theme = serde_json::from_value(plain()["theme"].clone()).unwrap();
    let facts = FolderFacts {
        issuer: "Example <School>".to_owned(),
        engine: "testamur".to_owned(),
        theme,
        files: vec![FolderFile::new("Ada O'Hara.pdf", "ab".repeat(32).parse().unwrap())],
        seal: "CD".repeat(32),
        root: "EF".repeat(32),
        key: "4F".repeat(20),
    };
    let texts: Vec<_> =
        PageTemplates::TEXTS.iter().map(|key| (*key, format!("text-{key}"))).collect();
    let texts = texts.iter().map(|(key, text)| (*key, text.as_str()));
    let templates = PageTemplates::load(&Site::new()).unwrap();
    templates.render_folder(&facts, &"en".parse().unwrap(), texts).unwrap()
}

#[test]
fn folder_page_says_how_to_check_its_files() {
    let page = folder();
    let shown = page.replace("&#x27;", "'").replace("&quot;", "\"");
    for said in [
        "Example &lt;School&gt;",
        "testamur verify --offline --trust root.pem --keyring openpgp.asc 'Ada O'\\''Hara.pdf'",
        "gpg --verify 'Ada O'\\''Hara.pdf.sig' 'Ada O'\\''Hara.pdf'",
        &"ab".repeat(32),
        &"CD".repeat(32),
        &"EF".repeat(32),
        &"4F".repeat(20),
    ] {
        assert!(shown.contains(said), "no {said} in {shown}");
    }
    assert!(
        !page.contains("<script") && !page.contains("src=") && !page.contains("<link")
    );
}

#[test]
fn superseded_and_erased_pages_show_only_status_and_successor() {
    let superseded =
        json!({ "is": "superseded", "current_url": "https://certs.example.org/cert/1/" });
    for (status, said) in [
        (superseded, "https:&#x2f;&#x2f;certs.example.org&#x2f;cert&#x2f;1&#x2f;"),
        (json!({ "is": "erased" }), "text-erased"),
    ] {
        let page = with(json!({ "status": status }));
        assert!(page.contains(said), "{page}");
        for personal in
            ["Lovelace", "Knots", "BSc", "May", "95 %", "distinction", "Grace", "abab"]
        {
            assert!(!page.contains(personal), "{personal} in {page}");
        }
    }
}

#[test]
fn revoked_page_shows_reason_and_no_invitation() {
    let status = json!({ "is": "revoked", "on": "May 15, 2026", "reason": "<b>Fraud</b>\n\nBoard 4" });
    let page = with(json!({ "status": status, "pdf": null }));
    assert!(page.contains("text-revoked<") && page.contains("May 15, 2026"));
    assert!(page.contains("&lt;b&gt;Fraud&lt;&#x2f;b&gt;\n\nBoard 4"), "{page}");
    assert!(page.contains("Ada Lovelace"));
    for absent in
        ["text-valid", "linkedin", "class=\"recipient\"", "type=\"file\"", "object-src"]
    {
        assert!(!page.contains(absent), "{absent} in {page}");
    }
}

#[test]
fn hostile_values_are_shown_as_text() {
    let harmful = "{{ 7*7 }}{% raw %}\0\u{1b}\u{202e}\u{2066}\u{85}\r\n<!--'`&amp;";
    let text = format!("{HOSTILE}{harmful}");
    let page = with(json!({
        "status": { "is": "revoked", "on": text, "reason": text },
        "title": text, "name": text, "designation": text, "course": text,
        "organization": text, "outcome": text, "grade": text,
        "issued": { "text": text, "date": "2026-05-14" },
        "signatories": [{ "name": text, "title": text }],
        "issuer": text, "engine": text,
        "signature": { "file": "c.sig", "armor": text },
        "key": { "armor": text, "fingerprint": "00" },
        "seal": { "level": text, "fingerprint": text },
    }));
    let valid = with(json!({
        "name": text, "course": text, "title": text,
        "sentences": [
            { "role": "recipient\"><script>", "text": text },
            { "role": "date", "text": text },
        ],
    }));
    for page in [&page, &valid] {
        assert_eq!(
            page.matches("alert(1)").count(),
            page.matches("&gt;alert(1)").count()
        );
        assert!(!page.contains(['\0', '\u{1b}', '\u{202e}', '\u{2066}', '\u{85}', '\r']));
        assert!(!page.contains("49"), "a template ran");
        assert!(!between(page, "<body>", "</body>").contains("<script"));
    }
    assert!(
        page.contains("&quot;&gt;&lt;script&gt;alert(1)&lt;&#x2f;script&gt;{{ 7*7 }}")
    );
    assert!(valid.contains("<p class=\"recipientscript long\">"));
}

#[test]
fn links_that_a_browser_would_run_are_refused() {
    let evil = "javascript:alert(1)";
    for facts in [
        json!({ "verify_url": evil }),
        json!({ "record_url": evil }),
        json!({ "status": { "is": "superseded", "current_url": evil } }),
        json!({ "signature": { "file": evil, "armor": "" } }),
        json!({ "key": { "url": evil, "armor": "", "fingerprint": "00" } }),
        json!({ "pdf": { "url": evil, "file": "c.pdf", "sha256": "00", "size": 1 } }),
        json!({ "id": "../x" }),
        json!({ "issued": { "text": "", "date": "today" } }),
    ] {
        let mut all = plain();
        let (key, value) = facts.as_object().unwrap().iter().next().unwrap();
        all[key] = value.clone();
        let error = render_with(&Site::new(), &all, "en").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{facts}");
    }
}

#[test]
fn style_and_script_are_files_named_by_their_digests() {
    let windows = |name: &str| read(&Site::new(), name).unwrap().replace('\n', "\r\n");
    let own = Site::new()
        .with_file(path("style.css"), format!("\u{feff}{}", windows("style.css")))
        .with_file(path("check.js"), windows("check.js"));
    let [pages, same] =
        [Site::new(), own].map(|site| render_with(&site, &plain(), "en").unwrap());
    assert_eq!(pages, same);
    let [style, script] = &pages.assets[..] else { panic!("{:?}", pages.assets) };
    for (asset, ending) in [(style, "css"), (script, "js")] {
        let digest = ring::digest::digest(&ring::digest::SHA256, asset.text.as_bytes());
        let digest: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(asset.path, format!("assets/{digest}.{ending}"));
        let link = format!("\"../../{}\"", asset.path).replace('/', "&#x2f;");
        assert!(pages.certificate.contains(&link), "{}", pages.certificate);
    }
    // A page of another certificate has the same files, one of another theme another style.
    let mut facts = plain();
    facts["name"] = json!("Grace Sample");
    assert_eq!(render(&facts).assets, pages.assets);
    facts["theme"]["accent"] = json!("#00008b");
    assert_ne!(render(&facts).assets[0], pages.assets[0]);
    assert_eq!(render(&facts).assets[1], pages.assets[1]);
}

#[test]
fn policy_allows_only_the_files_of_the_page() {
    let policy = |page: &str| {
        let policy = between(page, "Content-Security-Policy\" content=\"", "\">");
        policy.replace("&#x27;", "'").replace("&#x2f;", "/")
    };
    let page = render(&plain()).certificate;
    assert_eq!(
        policy(&page),
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
         object-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'"
    );
    for absent in [" style=\"", " onclick", "<style"] {
        assert!(!page.contains(absent), "{page}");
    }
    let mut facts = plain();
    facts["pdf"]["url"] = json!("https://files.example.org/downloads/77/Certificate.pdf");
    let elsewhere = policy(&render(&facts).certificate);
    assert!(elsewhere.contains("frame-src https://files.example.org; "), "{elsewhere}");
    let erased = policy(&with(json!({ "status": { "is": "erased" } })));
    assert!(!erased.contains("object-src"), "{erased}");
}

#[test]
fn table_is_a_table_with_headings() {
    let page = with(json!({ "table": {
        "columns": ["Module", "Result"],
        "rows": [["Knots <1>", "51 %"], ["Splices", ""]],
        "total": ["Total", "51 %"],
    }}));
    for said in [
        "<th scope=\"col\">Module</th>",
        "<th scope=\"col\" class=\"figures\">Result</th>",
        "<tr><th scope=\"row\">Knots &lt;1&gt;</th><td class=\"figures\">51 %</td></tr>",
        "<tr><th scope=\"row\">Splices</th><td class=\"figures\"></td></tr>",
        "<tfoot><tr><th scope=\"row\">Total</th><td class=\"figures\">51 %</td></tr></tfoot>",
    ] {
        assert!(page.contains(said), "no {said} in {page}");
    }
}

#[test]
fn second_language_stands_apart_and_says_which_it_is() {
    let page = with(json!({ "sentences": [
        { "role": "heading", "text": "Certificate" },
        { "role": "date", "text": "Issued today" },
        { "role": "heading", "text": "شهادة", "language": "ar" },
        { "role": "date", "text": "اليوم", "language": "ar" },
        { "role": "authenticity", "text": "See here", },
        { "role": "authenticity", "text": "هنا", "language": "ar" },
    ]}));
    let parts: Vec<&str> = page.split("<div class=\"part").skip(1).collect();
    assert_eq!(parts.len(), 2, "{page}");
    assert!(parts[0].starts_with(" cased\">") && parts[0].contains("Issued today"));
    assert!(parts[1].starts_with("\" lang=\"ar\" dir=\"rtl\">"), "{}", parts[1]);
    assert!(parts[1].contains("class=\"date\">اليوم"), "{}", parts[1]);
    assert!(page.contains("<p class=\"authenticity\" lang=\"ar\" dir=\"rtl\">هنا"));
}

#[test]
fn site_adds_pages_that_its_printed_links_end_in() {
    assert_eq!(render(&plain()).extra, BTreeMap::new());
    let site = Site::new().with_file(path("verify.html"), "<p>{{ digest }}</p>");
    let pages = render_with(&site, &plain(), "en").unwrap();
    let expected = format!("<p>{}</p>", "ab".repeat(32));
    assert_eq!(pages.extra, BTreeMap::from([("verify.html", expected)]));
}

#[test]
fn page_and_certificate_keep_the_direction_of_their_language() {
    let mut facts = plain();
    facts["language"] = json!("ar");
    let page = render_with(&Site::new(), &facts, "ar").unwrap().certificate;
    assert!(page.contains("<html lang=\"ar\" dir=\"rtl\""));
    // The page's texts may be in another language; the certificate keeps its own.
    let page = render_with(&Site::new(), &facts, "en").unwrap().certificate;
    assert!(page.contains("<html lang=\"en\" dir=\"ltr\""));
    assert!(page.contains("lang=\"ar\" dir=\"rtl\" aria-label"), "{page}");
}

#[test]
fn page_without_address_has_no_qr_code_and_no_linkedin_link() {
    let page = with(json!({ "verify_url": format!("cert/{ID}/") }));
    assert!(!page.contains("<img") && !page.contains("linkedin"), "{page}");
    let page = with(json!({ "signature": null, "key": null, "seal": null, "pdf": null }));
    assert!(!page.contains("<details") && !page.contains("type=\"file\""));
    assert!(!page.contains("gpg") && !page.contains("object-src"), "{page}");
}

#[test]
fn site_replaces_templates_and_errors_have_places() {
    let load = |name: &str, text: &str| {
        let site = Site::new().with_file(path(name), text);
        render_with(&site, &plain(), "en")
    };
    let own = load("certificate.html", "<p>{{ certificate.name }} {{ text.valid }}</p>");
    assert_eq!(own.unwrap().certificate, "<p>Ada Lovelace text-valid</p>");
    for (name, text, line, said) in [
        ("certificate.html", "<p>\n{{ nmae }}", 2, "`nmae` is undefined"),
        ("verify.html", "\n\n{% if %}", 3, "unexpected"),
        ("certificate.html", "{{ title | safe }}", 1, "safe"),
        (
            "certificate.html",
            "{% autoescape false %}{{ title }}{% endautoescape %}",
            1,
            "escaping",
        ),
        ("certificate.html", "{% for a in range(9) %}{% endfor %}", 1, "range"),
    ] {
        let error = load(name, text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Layout, "{error}");
        let place = error.place().unwrap_or_else(|| panic!("{name} {text}: {error}"));
        assert_eq!(
            (place.file.as_str(), place.line),
            (path(name).as_str(), Some(line)),
            "{error}"
        );
        assert!(error.to_string().contains(said), "{error}");
    }
    let endless = "{% for a in text %}{% for b in text %}{% for c in text %}{% for d in text %}x\
                   {% endfor %}{% endfor %}{% endfor %}{% endfor %}";
    assert_eq!(load("certificate.html", endless).unwrap_err().kind(), ErrorKind::Layout);
}

#[test]
fn missing_text_is_named() {
    let facts: PageFacts = serde_json::from_value(plain()).unwrap();
    let templates = PageTemplates::load(&Site::new()).unwrap();
    let error = templates.render(&facts, &"en".parse().unwrap(), [("valid", "x")]);
    assert!(error.unwrap_err().to_string().contains("`specimen`"));
}
