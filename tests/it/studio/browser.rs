//! The page in Chromium: its types, its accessibility, and the jobs that it is for.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::people::{class, workbook};
use super::running::{RunningStudio, TIMEOUT, school};
use crate::browser::chromium::Chromium;
use crate::workdir::Workdir;

/// The folder of what checks the page, which `tests/run` fills.
fn node_modules() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("node/node_modules");
    assert!(folder.is_dir(), "no {}: run tests/run", folder.display());
    folder
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Waits until an expression is true on the page.
fn until(browser: &mut Chromium, expression: &str) {
    let start = Instant::now();
    while browser.js(&format!("Boolean({expression})")) != true {
        let text = browser.js("document.body.innerText");
        assert!(start.elapsed() < TIMEOUT, "{expression}: the page says {text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn click(browser: &mut Chromium, selector: &str) {
    until(browser, &format!("document.querySelector('{selector}')?.disabled === false"));
    browser.js(&format!("document.querySelector('{selector}').click()"));
}

/// Types a text into a field, as one change.
fn enter(browser: &mut Chromium, selector: &str, text: &str) {
    let text = json!(text);
    browser.js(&format!(
        "(field => {{ field.focus(); field.value = {text}; \
         field.dispatchEvent(new Event('input', {{ bubbles: true }})); \
         field.dispatchEvent(new Event('change', {{ bubbles: true }})); }})\
         (document.querySelector('{selector}'))"
    ));
}

fn choose_file(browser: &mut Chromium, selector: &str, file: &Path) {
    let document = browser.call("DOM.getDocument", json!({}));
    let query = json!({ "nodeId": document["root"]["nodeId"], "selector": selector });
    let input = browser.call("DOM.querySelector", query);
    let files = json!({ "nodeId": input["nodeId"], "files": [file] });
    browser.call("DOM.setFileInputFiles", files);
}

/// How often the certificate was drawn.
fn drawn(browser: &mut Chromium) -> u64 {
    browser
        .js("Number(document.querySelector('#stage')?.dataset.shown ?? 0)")
        .as_u64()
        .unwrap()
}

#[test]
fn scripts_of_the_page_have_sound_types() {
    let checked = Command::new("node")
        .arg(node_modules().join("typescript/bin/tsc"))
        .arg("--project")
        .arg(root().join("src/studio/page/tsconfig.json"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn accessibility_checker_finds_nothing() {
    let axe =
        std::fs::read_to_string(node_modules().join("axe-core/axe.min.js")).unwrap();
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let empty = RunningStudio::start(&workdir, "empty", &[]);
    workdir.write("class.xlsx", workbook(&class(6)));
    let mut browser = Chromium::start();
    browser.size(900, 800);
    for scheme in ["light", "dark"] {
        let scheme =
            json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.call("Emulation.setEmulatedMedia", scheme.clone());
        for (address, part) in [
            (empty.address(), ""),
            (studio.address(), "#design"),
            (studio.address(), "#people"),
            (studio.address(), "#register"),
        ] {
            browser.open("about:blank");
            browser.open(&format!("{address}?lang=en{part}"));
            match part {
                "" => until(&mut browser, "document.querySelector('.start form')"),
                "#design" => until(&mut browser, "document.querySelector('.spot')"),
                "#people" => {
                    until(&mut browser, "document.querySelector('#people-file')");
                    choose_file(
                        &mut browser,
                        "#people-file",
                        &workdir.path("class.xlsx"),
                    );
                    until(&mut browser, "document.querySelector('.rows img')");
                }
                _ => until(
                    &mut browser,
                    "document.querySelector('#found-count')?.textContent",
                ),
            }
            browser.js(&axe);
            let found = browser.js(
                "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', \
                 'wcag22aa', 'best-practice'] }).then(it => it.violations.map(v => \
                 v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | ')))",
            );
            assert_eq!(found, json!([]), "{part} {scheme}");
        }
    }
}

/// From an empty folder to a certificate in the hand of each of a class.
#[test]
fn secretary_makes_a_school_and_issues_a_class() {
    let workdir = Workdir::new();
    workdir.write("downloads/.keep", "");
    workdir.write("Klasse.xlsx", workbook(&class(200)));
    let studio = RunningStudio::start(&workdir, "fresh", &[]);
    let mut browser = Chromium::start();
    let downloads =
        json!({ "behavior": "allow", "downloadPath": workdir.path("downloads") });
    browser.call("Browser.setDownloadBehavior", downloads);
    browser.open(&format!("{}?lang=en", studio.address()));

    // Makes a school.
    until(&mut browser, "document.querySelector('#school')");
    // A school of this name begins with the courses and signatures of the demo.
    enter(&mut browser, "#school", "Example University");
    enter(&mut browser, "#url", "https://certs.example.org");
    click(&mut browser, "#make");
    until(&mut browser, "document.querySelector('.sheet img')");

    // Changes a course by hand: the page follows each keystroke, and the disk the save.
    until(
        &mut browser,
        "document.querySelector('#text')?.value.includes('Introduction to Curling')",
    );
    let before = drawn(&mut browser);
    let text = browser.js("document.querySelector('#text').value");
    let text =
        text.as_str().unwrap().replace("Introduction to Curling", "Sailing for All");
    enter(&mut browser, "#text", &text);
    until(
        &mut browser,
        &format!("Number(document.querySelector('#stage').dataset.shown) > {before}"),
    );
    until(
        &mut browser,
        "[...document.querySelectorAll('.spot')].some(it => it.title.includes('Sailing for All'))",
    );
    let saved = String::from_utf8(workdir.read("fresh/courses.yaml")).unwrap();
    assert!(!saved.contains("Sailing"), "it is not saved yet");
    click(&mut browser, "#save");
    until(&mut browser, "document.querySelector('#save').disabled");
    let saved = String::from_utf8(workdir.read("fresh/courses.yaml")).unwrap();
    assert_eq!(saved, text);

    // Breaks a file in another editor, and mends it: the last good page stays under the error.
    workdir
        .write("fresh/courses.yaml", saved.replace("layout: classic", "layuot: classic"));
    until(
        &mut browser,
        "document.querySelector('.found .finding .excerpt')?.textContent.includes('layuot')",
    );
    assert_eq!(
        browser.js("document.querySelectorAll('.stage.stale .sheet img').length"),
        1
    );
    workdir.write("fresh/courses.yaml", &saved);
    until(&mut browser, "document.querySelector('.found').hidden");
    assert_eq!(browser.js("document.querySelectorAll('.stage.stale').length"), 0);

    // A click on a text leads to its line.
    browser.js("document.querySelector('.spot[data-role=heading]').click()");
    until(
        &mut browser,
        "document.querySelector('#file').value === 'layouts/shared/locales/en.yaml'",
    );

    // Drops a picture of a signature on a signatory, sees its ink, and saves.
    browser.js("document.querySelector('#course-form').open = true");
    until(&mut browser, "document.querySelector('#course-form .drop input')");
    let scan = std::fs::read(root().join("signatures/grace.svg")).unwrap();
    workdir.write("Unterschrift der Rektorin.svg", scan);
    let scan = workdir.path("Unterschrift der Rektorin.svg");
    choose_file(&mut browser, "#course-form .drop input", &scan);
    let file = "unterschrift-der-rektorin.svg";
    until(
        &mut browser,
        &format!("document.querySelector('#text').value.includes('signature: {file}')"),
    );
    until(
        &mut browser,
        "document.querySelector('#course-form .lifted')?.naturalWidth > 0",
    );
    click(&mut browser, "#save");
    until(&mut browser, "document.querySelector('#save').disabled");
    let saved = String::from_utf8(workdir.read("fresh/courses.yaml")).unwrap();
    let comments = |text: &str| text.lines().filter(|line| line.contains('#')).count();
    assert!(saved.contains(file), "{saved}");
    assert_eq!(comments(&saved), comments(&text), "comments are kept");

    // Adds a language.
    browser.js("document.querySelector('.sentences:nth-of-type(2)').open = true");
    enter(&mut browser, "#new-language", "nb");
    browser.js("document.querySelector('#new-language').form.requestSubmit()");
    let name = "layouts/shared/locales/nb.yaml";
    until(&mut browser, &format!("document.querySelector('#file').value === '{name}'"));
    let sentences = browser.js("document.querySelector('#text').value");
    let sentences = sentences
        .as_str()
        .unwrap()
        .replace("This is to certify that", "Herved bekreftes at");
    enter(&mut browser, "#text", &sentences);
    until(
        &mut browser,
        "[...document.querySelectorAll('.spot')].some(it => it.title.includes('Herved bekreftes at'))",
    );
    click(&mut browser, "#save");
    until(&mut browser, "document.querySelector('#save').disabled");
    assert_eq!(workdir.read(format!("fresh/{name}")), sentences.as_bytes());

    // Drops an Excel file with German headers and two faulty rows.
    browser.js("location.hash = 'people'");
    until(&mut browser, "document.querySelector('#people-file')");
    choose_file(&mut browser, "#people-file", &workdir.path("Klasse.xlsx"));
    until(&mut browser, "document.querySelector('.rows img')");
    let columns = browser
        .js("[...document.querySelectorAll('.columns select')].map(it => it.value)");
    assert_eq!(columns, json!(["given_name", "family_name", "", ""]));
    assert_eq!(browser.js("document.querySelectorAll('#rows tr').length"), 200);

    // Issues, stops, and goes on.
    click(&mut browser, "#issue");
    until(&mut browser, "document.querySelector('#progress').value >= 50");
    click(&mut browser, "#stop");
    until(&mut browser, "!document.querySelector('#issue').disabled");
    click(&mut browser, "#issue");
    until(
        &mut browser,
        "document.querySelector('#progress').value === 200 && !document.querySelector('#run-files').hidden",
    );
    let failed = browser.js("document.querySelectorAll('#rows tr.failed').length");
    assert_eq!(failed, 2);
    let total: usize = ["issued", "unchanged"]
        .iter()
        .map(|word| {
            browser.js(&format!("document.querySelectorAll('#rows tr.{word}').length"))
        })
        .map(|count| count.as_u64().unwrap() as usize)
        .sum();
    assert_eq!(total, 198);

    // Downloads the archive.
    click(&mut browser, "[data-file=zip]");
    let archive = workdir.path("downloads/certificates.zip");
    let start = Instant::now();
    while !archive.exists() {
        assert!(start.elapsed() < TIMEOUT, "{:?}", workdir.names("downloads"));
        std::thread::sleep(Duration::from_millis(20));
    }
    let archive = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
    assert_eq!(archive.len(), 198);

    // Revokes one.
    browser.js("location.hash = 'register'");
    until(&mut browser, "document.querySelectorAll('#found tr').length === 198");
    click(&mut browser, "#found .revoke");
    enter(&mut browser, "#answer", "issued by mistake");
    click(&mut browser, "#confirm");
    until(
        &mut browser,
        "document.querySelectorAll('#found .outcome.revoked').length === 1",
    );
    let revoked = studio.ok("find", json!({ "status": "revoked" }));
    assert_eq!(revoked["count"], 1);
    let faults: Vec<Value> = faults(&mut browser);
    assert_eq!(faults, [Value::Null; 0]);
}

/// The exceptions and messages of the page, and its requests for anything but itself.
fn faults(browser: &mut Chromium) -> Vec<Value> {
    browser.js("new Promise(done => setTimeout(done, 100))");
    browser
        .faults()
        .iter()
        // Clicks by a script are no gestures of a user, of which the history of a browser takes note.
        .filter(|event| {
            !event.contains("Network.requestWillBeSent")
                && !event.contains("NavigationEntryMarkedSkippable")
        })
        .map(|event| json!(event))
        .collect()
}
