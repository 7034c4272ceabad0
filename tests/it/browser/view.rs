//! What a page shows: the PDF in place, tables, two languages, on screens and on paper.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::chromium::Chromium;
use super::server::Server;
use super::{ID, Signed, publish, write};
use crate::seal::site::{Site, output_text, run};

/// A page of which the server shows the PDF, with some of its facts changed.
fn served(changes: Value) -> (Site, Server, String) {
    let site = Site::new("Example University");
    let signed = Signed::new(&site);
    write(&site, &format!("cert/{ID}/Certificate.pdf"), &signed.pdf);
    let mut facts = signed.facts();
    for (key, value) in changes.as_object().unwrap() {
        facts[key] = value.clone();
    }
    publish(&site, &facts, "en");
    let server = Server::start(site.folder.path());
    let address = format!("http://127.0.0.1:{}/cert/{ID}/", server.port);
    (site, server, address)
}

/// The text of each sheet of paper on which the browser prints its page.
fn sheets(browser: &mut Chromium, folder: &Path) -> Vec<String> {
    let printed = browser.call("Page.printToPDF", json!({}));
    let printed = STANDARD.decode(printed["data"].as_str().unwrap()).unwrap();
    std::fs::write(folder.join("paper.pdf"), printed).unwrap();
    let text = output_text(&run(folder, "pdftotext", &["-layout", "paper.pdf", "-"]));
    text.trim_end_matches(['\u{c}', '\n']).split('\u{c}').map(str::to_owned).collect()
}

const HEIGHT: &str =
    "document.querySelector('.certificate').getBoundingClientRect().height";

#[test]
fn wide_page_shows_the_pdf_and_others_its_words() {
    let (site, _server, address) =
        served(json!({ "paper": { "width": 297, "height": 210 } }));
    let mut browser = Chromium::start();
    browser.open(&address);
    assert!(browser.status().starts_with("text valid"));
    let ratio = "(r => r.width / r.height)(document.querySelector('.paper').getBoundingClientRect())";
    let ratio = browser.js(ratio).as_f64().unwrap();
    assert!((ratio - 297.0 / 210.0).abs() < 0.01, "{ratio}");
    let name = "document.querySelector('.paper object').getAttribute('aria-label')";
    assert_eq!(browser.js(name), "Certificate: Knots, Ada Lovelace");
    // The words stay for screen readers.
    assert!(browser.js(HEIGHT).as_f64().unwrap() <= 1.0);
    let words =
        "document.querySelector('.certificate').textContent.includes('Ada Lovelace')";
    assert_eq!(browser.js(words), true);
    assert_eq!(browser.faults(), [""; 0]);

    // A window that becomes narrow shows the words, and so does paper.
    browser.size(360, 740);
    assert!(browser.js(HEIGHT).as_f64().unwrap() > 200.0);
    let wide = browser.js("document.documentElement.scrollWidth");
    assert!(wide.as_u64().unwrap() <= 360, "{wide}");
    browser.size(1280, 900);
    let sheets = sheets(&mut browser, site.folder.path());
    assert_eq!(sheets.len(), 1, "{sheets:?}");
    assert!(sheets[0].contains("Issued May 14, 2026"), "{sheets:?}");

    // Where the PDF cannot be loaded its words come back.
    std::fs::remove_file(site.folder.path().join(format!("cert/{ID}/Certificate.pdf")))
        .unwrap();
    browser.call("Network.setCacheDisabled", json!({ "cacheDisabled": true }));
    browser.open(&address);
    assert!(browser.status().starts_with("text valid"));
    let shown = "new Promise(done => setTimeout(() => done(!document.querySelector('.shown')), 1500))";
    assert_eq!(browser.js(shown), true);
    assert!(browser.js(HEIGHT).as_f64().unwrap() > 200.0);
}

#[test]
fn table_of_results_is_a_table_on_screen_and_on_paper() {
    let rows: Vec<Value> = (1..=120)
        .map(|number| {
            json!([format!("Module {number} on ice and stones"), "51 %", "1.5"])
        })
        .collect();
    let (site, _server, address) = served(json!({ "table": {
        "columns": ["Module", "Result", "Hours"],
        "rows": rows,
        "total": ["Total", "", "180"],
    }}));
    let mut browser = Chromium::start();
    browser.size(360, 740);
    browser.open(&address);
    assert!(browser.status().starts_with("text valid"));
    let wide = browser.js("document.documentElement.scrollWidth");
    assert!(wide.as_u64().unwrap() <= 360, "{wide}");
    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    let nodes = tree["nodes"].as_array().unwrap();
    let count = |role: &str| nodes.iter().filter(|n| n["role"]["value"] == role).count();
    assert_eq!(count("columnheader"), 3);
    assert_eq!(count("rowheader"), 121);
    assert_eq!(count("row"), 122);

    let sheets = sheets(&mut browser, site.folder.path());
    assert!(sheets[0].contains("text valid"), "{}", sheets[0]);
    assert!(sheets[0].contains("Module 1 on ice"), "the table begins on the first sheet");
    let with_rows: Vec<&String> =
        sheets.iter().filter(|sheet| sheet.contains(" on ice and stones")).collect();
    assert!(with_rows.len() > 1 && sheets.len() <= 5, "{} sheets", sheets.len());
    for sheet in with_rows {
        let head = sheet.lines().find(|line| line.contains("Module")).unwrap();
        assert!(head.contains("Result") && head.contains("Hours"), "{sheet}");
    }
    for sheet in &sheets {
        assert!(sheet.trim().len() > 100, "an empty sheet: {sheets:?}");
    }
    let row = sheets[0].lines().find(|line| line.contains("Module 7 on")).unwrap();
    assert!(row.contains("51 %") && row.contains("1.5"), "a row is a line: {row}");
}

#[test]
fn second_language_keeps_its_distance() {
    let (_site, _server, address) = served(json!({ "sentences": [
        { "role": "heading", "text": "Certificate" },
        { "role": "recipient", "text": "Ada Lovelace" },
        { "role": "date", "text": "Issued May 14, 2026" },
        { "role": "heading", "text": "شهادة", "language": "ar" },
        { "role": "course", "text": "مقدمة", "language": "ar" },
    ]}));
    let mut browser = Chromium::start();
    for width in [360, 700] {
        browser.size(width, 740);
        browser.open(&address);
        assert!(browser.status().starts_with("text valid"));
        let gap = "(parts => parts[1].querySelector('.heading').getBoundingClientRect().top\
                   - parts[0].querySelector('.date').getBoundingClientRect().bottom)\
                   (document.querySelectorAll('.part'))";
        let gap = browser.js(gap).as_f64().unwrap();
        assert!(gap >= 48.0, "{gap} px at {width}");
        let direction =
            "getComputedStyle(document.querySelectorAll('.part')[1]).direction";
        assert_eq!(browser.js(direction), "rtl");
    }
}
