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

/// Both pages with some of the facts changed.
fn with(changes: Value) -> [String; 2] {
    let mut facts = plain();
    for (key, value) in changes.as_object().unwrap() {
        facts[key] = value.clone();
    }
    let Pages { certificate, verify } = render(&facts);
    [certificate, verify]
}

/// The text between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("no {start}")).1;
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}

#[test]
fn page_shows_everything_that_is_printed() {
    let Pages { certificate: page, verify } = render(&plain());
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
        "data:image&#x2f;svg+xml;base64,",
        "linkedin.com",
        "<meta name=\"robots\" content=\"noindex\">",
        "<meta name=\"referrer\" content=\"no-referrer\">",
    ] {
        assert!(page.contains(said), "no {said} in {page}");
    }
    for said in [
        "gpg --import openpgp.asc\ngpg --verify Certificate.pdf.sig Certificate.pdf\n",
        &"CD".repeat(32),
        &"4F".repeat(20),
        &"ab".repeat(32),
        "href=\"index.html\"",
    ] {
        assert!(verify.contains(said), "no {said} in {verify}");
    }
    assert!(!verify.contains("Lovelace") && !verify.contains("<script"), "{verify}");
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
        all += &with(json!({ "status": status })).concat();
    }
    let lost = json!({ "file": "c.pdf", "sha256": "ab".repeat(32), "size": 1 });
    let [page, _] = with(json!({ "pdf": lost.clone() }));
    assert!(page.contains("text-not_kept<") && !page.contains("text-download"), "{page}");
    let status = json!({ "is": "revoked", "on": "May 15, 2026", "reason": "x" });
    let [revoked, _] = with(json!({ "pdf": lost, "status": status }));
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

#[test]
fn superseded_and_erased_pages_show_only_status_and_successor() {
    let superseded =
        json!({ "is": "superseded", "current_url": "https://certs.example.org/cert/1/" });
    for (status, said) in [
        (superseded, "https:&#x2f;&#x2f;certs.example.org&#x2f;cert&#x2f;1&#x2f;"),
        (json!({ "is": "erased" }), "text-erased"),
    ] {
        let [page, verify] = with(json!({ "status": status }));
        assert!(page.contains(said), "{page}");
        for page in [page, verify] {
            for personal in [
                "Lovelace",
                "Knots",
                "BSc",
                "May",
                "95 %",
                "distinction",
                "Grace",
                "abab",
                "<script",
            ] {
                assert!(!page.contains(personal), "{personal} in {page}");
            }
        }
    }
}

#[test]
fn revoked_page_shows_reason_and_no_invitation() {
    let status = json!({ "is": "revoked", "on": "May 15, 2026", "reason": "<b>Fraud</b>\n\nBoard 4" });
    let [page, _] = with(json!({ "status": status, "pdf": null }));
    assert!(page.contains("text-revoked<") && page.contains("May 15, 2026"));
    assert!(page.contains("&lt;b&gt;Fraud&lt;&#x2f;b&gt;\n\nBoard 4"), "{page}");
    assert!(page.contains("Ada Lovelace"));
    for absent in
        ["text-valid", "<script", "linkedin", "class=\"recipient\"", "type=\"file\""]
    {
        assert!(!page.contains(absent), "{absent} in {page}");
    }
}

#[test]
fn hostile_values_are_shown_as_text() {
    let harmful = "{{ 7*7 }}{% raw %}\0\u{1b}\u{202e}\u{2066}\u{85}\r\n<!--'`&amp;";
    let text = format!("{HOSTILE}{harmful}");
    let [page, verify] = with(json!({
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
    for page in [&page, &verify, &valid[0], &valid[1]] {
        assert_eq!(
            page.matches("alert(1)").count(),
            page.matches("&gt;alert(1)").count()
        );
        assert!(!page.contains(['\0', '\u{1b}', '\u{202e}', '\u{2066}', '\u{85}', '\r']));
        assert!(!page.contains("49"), "a template ran");
        let body = between(page, "<body>", "</body>");
        assert_eq!(
            body.matches("<script").count(),
            usize::from(body.contains("openpgp.verify"))
        );
    }
    assert!(
        page.contains("&quot;&gt;&lt;script&gt;alert(1)&lt;&#x2f;script&gt;{{ 7*7 }}")
    );
    assert!(valid[0].contains("<p class=\"recipientscript long\">"));
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
fn policy_allows_only_the_style_and_the_script_of_the_page() {
    let windows = |name: &str| read(&Site::new(), name).unwrap().replace('\n', "\r\n");
    let site = Site::new()
        .with_file(path("style.css"), format!("\u{feff}{}", windows("style.css")))
        .with_file(path("check.js"), windows("check.js"));
    for site in [Site::new(), site] {
        let pages = render_with(&site, &plain(), "en").unwrap();
        for (page, script) in [(&pages.certificate, true), (&pages.verify, false)] {
            let policy = between(page, "Content-Security-Policy\" content=\"", "\">");
            let hash = |text: &str| {
                let digest = STANDARD.encode(digest(&SHA256, text.as_bytes()));
                let digest = digest.replace('/', "&#x2f;");
                format!("&#x27;sha256-{digest}&#x27;")
            };
            assert!(!page.contains('\r'));
            let style = hash(between(page, "<style>", "</style>"));
            assert!(policy.contains(&format!("style-src {style};")), "{policy}");
            if script {
                let script = hash(between(page, "<script>", "</script>"));
                assert!(policy.contains(&format!("script-src {script};")), "{policy}");
            }
            for rule in ["default-src", "base-uri", "form-action"] {
                assert!(policy.contains(&format!("{rule} &#x27;none&#x27;")), "{policy}");
            }
            for absent in ["unsafe", "connect-src", "http", "*"] {
                assert!(!policy.contains(absent), "{policy}");
            }
            assert!(!page.contains(" style=\"") && !page.contains(" onclick"));
        }
    }
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
    let [page, _] = with(json!({ "verify_url": format!("cert/{ID}/") }));
    assert!(!page.contains("<img") && !page.contains("linkedin"), "{page}");
    let [page, verify] =
        with(json!({ "signature": null, "key": null, "seal": null, "pdf": null }));
    assert!(!page.contains("<details") && !page.contains("type=\"file\""));
    assert!(!verify.contains("gpg"));
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
        ("style.css", "a {}\n</STYLE>", 2, "`</style`"),
        ("check.js", "'</script>'", 1, "`</script`"),
        ("openpgp.js", "// <!--", 1, "`<!--`"),
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
