//! Names, titles and reasons with markup and template code.

use testamur::site::Site;

use super::setup::{Setup, now, request};

/// Markup that would run if a page did not escape it.
const NAME: &str = "\"><script>alert(1)</script>";

#[test]
fn hostile_texts_are_escaped_on_every_page() {
    let courses = r#"
Org/Knots/2026:
  title: "{{ 7 * 191 }} {% raw %} ${7*191} <img src=x onerror=alert(2)>"
  organization: { short: X, name: "A & B </title><svg onload=alert(3)>" }
  language: en
  layout: classic
  issued: 2026-05-14
  signatories: [{ name: "javascript:alert(4)", title: "<!-- ]]> --> *x* _y_" }]
"#;
    let setup = Setup::with_site(
        Site::new().with_sample_pictures().with_file("courses.yaml", courses),
    );
    let receipt = setup.issue(&request(NAME)).unwrap();
    let id = &receipt.record.id;
    let pages = |setup: &Setup| {
        let names = ["index.html", "valid.html", "verify.html"];
        let published = setup.public();
        let paths = names.map(|name| format!("cert/{id}/{name}"));
        let found = paths.iter().filter(|path| published.contains_key(*path));
        found.map(|path| setup.text(path)).collect::<Vec<_>>()
    };
    for page in pages(&setup) {
        let lower = page.to_lowercase();
        for wrong in
            ["<script>alert", "<img src=x", "<svg onload", "</title><svg", "1337"]
        {
            assert!(!lower.contains(wrong), "{wrong}");
        }
        assert_eq!(lower.matches("</title>").count(), 1);
    }
    let page = &pages(&setup)[0];
    assert!(
        page.contains("&quot;&gt;&lt;script&gt;alert(1)"),
        "the name is shown escaped"
    );
    assert!(page.contains("{{ 7 * 191 }}"));

    let reason = "<b>no</b> {{ 7 * 191 }} \"' <script src=//evil.example></script>";
    setup.issuer.register().revoke(id, reason, now()).unwrap();
    for page in pages(&setup) {
        assert!(!page.contains("<b>no") && !page.contains("<script src=//"), "{page}");
    }
    // JSON keeps the values unchanged.
    let record = setup.issuer.register().record(id).unwrap().unwrap();
    assert_eq!(record.history[0].reason.as_deref(), Some(reason));
    assert_eq!(record.certificate.unwrap().name, NAME);
}
