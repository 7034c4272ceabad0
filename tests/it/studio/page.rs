//! The page of a studio in Chromium, and the steps of those who use it. A step of the tutorial is a function of
//! this file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::running::{RunningStudio, TIMEOUT};
use crate::browser::chromium::Chromium;
use crate::workdir::Workdir;

/// A layout with slots and comments, on plain paper.
pub(super) const GALA: &str = "\
sheet: 2
paper: a4
orientation: landscape
faces:
  text: { family: EB Garamond, like: serif }
signatories: 3
theme: { accent: \"#7a5c1a\", paper: \"#fffdf5\", ink: \"#2a2418\" } # ours
slots:
  heading: { x: 40, y: 26, width: 217, height: 20, max: 30, min: 14 }
  lead: { x: 60, y: 48, width: 177, height: 11, max: 14, min: 9 }
  # The name, large.
  recipient: { x: 40, y: 60, width: 217, height: 24, max: 44, min: 16, lines: 2 }
  statement: { x: 60, y: 87, width: 177, height: 9, max: 14, min: 9, lines: 2 }
  course: { x: 40, y: 97, width: 217, height: 15, max: 26, min: 12, lines: 2 }
  statement-2: { x: 60, y: 113, width: 177, height: 9, max: 14, min: 9, lines: 2 }
  outcome: { x: 60, y: 123, width: 177, height: 9, max: 14, min: 9, lines: 2 }
  signatories: { x: 60, y: 134, width: 177, height: 36 }
  date: { x: 28, y: 174, width: 80, height: 14, max: 10.5, min: 8, lines: 2 }
  authenticity: { x: 116, y: 172, width: 124, height: 16, max: 8, min: 6.5, lines: 3 }
  code: { x: 246, y: 164, width: 24, height: 24 } # to be scanned
";

/// A fresh folder, a studio over it, and a browser in which it is open.
pub(super) struct Desk {
    pub(super) workdir: Workdir,
    pub(super) studio: RunningStudio,
    pub(super) browser: Chromium,
}

impl Desk {
    pub(super) fn new() -> Self {
        let workdir = Workdir::new();
        workdir.write("downloads/.keep", "");
        let studio = RunningStudio::start(&workdir, "fresh", &[]);
        let mut browser = Chromium::start();
        browser.size(1440, 900);
        let downloads =
            json!({ "behavior": "allow", "downloadPath": workdir.path("downloads") });
        browser.call("Browser.setDownloadBehavior", downloads);
        browser.open(&format!("{}?lang=en", studio.address()));
        Self { workdir, studio, browser }
    }

    pub(super) fn until(&mut self, expression: &str) {
        until(&mut self.browser, expression);
    }

    pub(super) fn click(&mut self, selector: &str) {
        click(&mut self.browser, selector);
    }

    pub(super) fn enter(&mut self, selector: &str, text: &str) {
        enter(&mut self.browser, selector, text);
    }

    pub(super) fn text(&mut self, expression: &str) -> String {
        self.browser.js(expression).as_str().unwrap_or_default().to_owned()
    }

    /// The content of a file of the site.
    pub(super) fn file(&self, name: &str) -> String {
        String::from_utf8(self.workdir.read(format!("fresh/{name}"))).unwrap()
    }

    /// Makes a school.
    pub(super) fn make_a_school(&mut self, name: &str) {
        self.until("document.querySelector('#school')");
        self.enter("#school", name);
        self.enter("#url", "https://certs.example.org");
        self.click("#make");
        self.until("document.querySelector('.sheet img')");
        self.until("document.querySelector('#text')?.value.includes('title:')");
    }

    /// Writes a text into the editor in place of another.
    pub(super) fn type_over(&mut self, old: &str, new: &str) {
        let text = self.text("document.querySelector('#text').value");
        assert!(text.contains(old), "no `{old}` in {text}");
        self.enter("#text", &text.replacen(old, new, 1));
    }

    /// Waits until the page shows a text, from whichever file.
    pub(super) fn until_shown(&mut self, text: &str) {
        let text = json!(text);
        self.until(&format!(
            "[...document.querySelectorAll('.spot')].some(it => it.title.includes({text}))"
        ));
    }

    /// Saves what was typed.
    pub(super) fn save(&mut self) {
        self.click("#save");
        self.until("document.querySelector('#save').disabled");
    }

    /// Drops a file on a part of the page.
    pub(super) fn drop_file(&mut self, selector: &str, name: &str, bytes: Vec<u8>) {
        self.workdir.write(name, bytes);
        let file = self.workdir.path(name);
        self.until(&format!("document.querySelector('{selector}')"));
        self.browser.drop(&file, selector);
    }

    /// Opens a part of the page that is folded.
    pub(super) fn unfold(&mut self, selector: &str) {
        self.browser.js(&format!("document.querySelector('{selector}').open = true"));
    }

    /// Drops a picture as the background of a new layout.
    pub(super) fn drop_a_background(&mut self, name: &str, bytes: Vec<u8>) {
        self.unfold("#new-layout");
        self.drop_file("#background-drop", name, bytes);
        self.until("document.querySelector('#use-layout')");
        self.until("document.querySelector('.editing .slotbox')");
    }

    /// Gives the course that is shown the layout that was made.
    pub(super) fn use_the_layout(&mut self) {
        self.click("#use-layout");
        self.until("document.querySelector('#file').value === 'courses.yaml'");
        self.save();
    }

    /// Drags a slot by so many millimetres.
    pub(super) fn drag_a_slot(&mut self, name: &str, by: (f64, f64)) {
        let found = self.browser.js(&format!(
            "(() => {{ const box = document.querySelector('[data-slot=\"{name}\"]').getBoundingClientRect(); \
             const wide = document.querySelector('.surface').getBoundingClientRect().width; \
             return [box.x + box.width / 2, box.y + box.height / 2, wide]; }})()"
        ));
        let found: Vec<f64> = serde_json::from_value(found).unwrap();
        let paper = self.browser.js("document.querySelector('.sheet img').naturalWidth / document.querySelector('.sheet img').naturalHeight");
        assert!(paper.as_f64().is_some_and(|it| it > 1.0), "an A4 page that lies");
        let scale = found[2] / 297.0;
        let from = (found[0], found[1]);
        self.browser.drag_pointer(from, (from.0 + by.0 * scale, from.1 + by.1 * scale));
    }

    /// Adds a signatory to the course, under a name.
    pub(super) fn add_a_signatory(&mut self, name: &str) {
        self.unfold("#course-form");
        self.click("#add-signatory");
        self.until("document.querySelector('[data-path=\"signatories.0.name\"]')");
        self.enter("[data-path=\"signatories.0.name\"]", name);
        self.until_shown(name);
    }

    /// Drops the photo of a signature on the first signatory.
    pub(super) fn drop_a_signature(&mut self, name: &str, photo: Vec<u8>) {
        self.unfold("#course-form");
        self.drop_file("#course-form .drop", name, photo);
        self.until("document.querySelector('#course-form .lifted')?.naturalWidth > 0");
    }

    /// Begins a language as a copy of another one.
    pub(super) fn add_a_language(&mut self, tag: &str) {
        self.browser
            .js("document.querySelector('#new-language').closest('details').open = true");
        self.enter("#new-language", tag);
        self.browser.js("document.querySelector('#new-language').form.requestSubmit()");
        let name = format!("layouts/shared/locales/{tag}.yaml");
        self.until(&format!("document.querySelector('#file').value === '{name}'"));
    }

    /// Opens a tab.
    pub(super) fn open_tab(&mut self, tab: &str) {
        self.browser.js(&format!("location.hash = '{tab}'"));
    }

    /// Drops a spreadsheet of people.
    pub(super) fn drop_people(&mut self, name: &str, bytes: Vec<u8>) {
        self.open_tab("people");
        self.drop_file("#people-drop", name, bytes);
        self.until("document.querySelector('.rows img')");
    }

    /// Issues the certificates, stops after some, and goes on.
    pub(super) fn issue_with_a_stop(&mut self, after: usize, total: usize) {
        self.click("#issue");
        // Asked of the server: the page asks it now and then, and all may be issued in between.
        let first = self.until_run(&|run| run["done"].as_u64() >= Some(after as u64));
        self.click("#stop");
        self.until("!document.querySelector('#issue').disabled");
        self.click("#issue");
        let last = self.until_run(&|run| {
            run["run"] != first["run"] && run["isFinished"] == json!(true)
        });
        assert_eq!(last["done"], total);
        self.until(&format!(
            "document.querySelector('#progress').value === {total} && !document.querySelector('#run-files').hidden"
        ));
    }

    /// Waits for a state of the run, and gives it.
    fn until_run(&mut self, is_so: &dyn Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let run = self.studio.ok("run", json!({}));
            if is_so(&run) {
                return run;
            }
            assert!(start.elapsed() < TIMEOUT, "{}", run["counts"]);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Downloads a file of the run.
    pub(super) fn download(&mut self, what: &str, name: &str) -> PathBuf {
        self.click(&format!("[data-file=\"{what}\"]"));
        let file = self.workdir.path(&format!("downloads/{name}"));
        let start = Instant::now();
        while !file.exists() {
            assert!(start.elapsed() < TIMEOUT, "{:?}", self.workdir.names("downloads"));
            std::thread::sleep(Duration::from_millis(20));
        }
        file
    }

    /// Revokes the first certificate that is found.
    pub(super) fn revoke_one(&mut self, reason: &str) {
        self.open_tab("register");
        self.click("#found .revoke");
        self.enter("#answer", reason);
        self.click("#confirm");
        self.until("document.querySelectorAll('#found .outcome.revoked').length === 1");
    }

    /// Writes a picture of the window into the folder `STUDIO`, if that is set.
    pub(super) fn shoot(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("STUDIO") else { return };
        self.browser.js("new Promise(done => setTimeout(done, 300))");
        let shot = BASE64_STANDARD.decode(self.browser.screenshot()).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), shot).unwrap();
    }

    /// The exceptions and messages of the page, and its requests for anything but itself.
    pub(super) fn faults(&mut self) -> Vec<Value> {
        self.browser.js("new Promise(done => setTimeout(done, 100))");
        self.browser
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
}

/// What the page says, without its lists of files and languages.
fn words(browser: &mut Chromium) -> String {
    let text = browser.js("document.querySelectorAll('option').forEach(it => it.remove()), document.body.innerText");
    text.as_str().unwrap_or_default().to_owned()
}

/// Waits until an expression is true on the page.
pub(super) fn until(browser: &mut Chromium, expression: &str) {
    let start = Instant::now();
    while browser.js(&format!("Boolean({expression})")) != true {
        assert!(
            start.elapsed() < TIMEOUT,
            "{expression}: the page says {}",
            words(browser)
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(super) fn click(browser: &mut Chromium, selector: &str) {
    until(browser, &format!("document.querySelector('{selector}')?.disabled === false"));
    browser.js(&format!("document.querySelector('{selector}').click()"));
}

/// Types a text into a field, as one change.
pub(super) fn enter(browser: &mut Chromium, selector: &str, text: &str) {
    let text = json!(text);
    browser.js(&format!(
        "(field => {{ field.focus(); field.value = {text}; \
         field.dispatchEvent(new Event('input', {{ bubbles: true }})); \
         field.dispatchEvent(new Event('change', {{ bubbles: true }})); }})\
         (document.querySelector('{selector}'))"
    ));
}

pub(super) fn choose_file(browser: &mut Chromium, selector: &str, file: &Path) {
    let document = browser.call("DOM.getDocument", json!({}));
    let query = json!({ "nodeId": document["root"]["nodeId"], "selector": selector });
    let input = browser.call("DOM.querySelector", query);
    let files = json!({ "nodeId": input["nodeId"], "files": [file] });
    browser.call("DOM.setFileInputFiles", files);
}

/// Shows a layout with slots, and its slots on the page.
pub(super) fn show_layout(browser: &mut Chromium, name: &str) {
    until(
        browser,
        &format!("document.querySelector('#layout option[value=\"{name}\"]')"),
    );
    enter(browser, "#layout", name);
    until(
        browser,
        &format!(
            "document.querySelector('#layout-form summary').textContent.includes('{name}')"
        ),
    );
    browser.js("document.querySelector('#layout-form').open = true");
    click(browser, "#edit-slots");
    until(browser, "document.querySelector('.editing .slotbox')");
}

/// Chooses a slot by its name in the list.
pub(super) fn choose_slot(browser: &mut Chromium, name: &str) {
    click(browser, &format!("#layout-form [data-name=\"{name}\"]"));
    until(
        browser,
        &format!("document.querySelector('[data-slot=\"{name}\"][aria-pressed=true]')"),
    );
}

/// Each step that the tutorial prints for the browser names the function here that does it, and a job calls it.
#[test]
fn steps_of_the_tutorial_are_those_of_the_jobs() {
    let page = include_str!("../../../docs/tutorial.md");
    let road = page.split("## In the browser").nth(1).unwrap();
    let road = road.split("\n## ").next().unwrap();
    let jobs = [include_str!("designing.rs"), include_str!("issuing.rs")].concat();
    let is_item = |line: &&str| {
        line.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(". ")
    };
    let items: Vec<&str> = road.lines().filter(is_item).collect();
    assert!(items.len() >= 10, "{items:?}");
    for item in items {
        let step =
            item.split("<!-- step: ").nth(1).and_then(|it| it.split(" -->").next());
        let step = step.unwrap_or_else(|| panic!("no step: {item}"));
        assert!(
            include_str!("page.rs").contains(&format!("fn {step}(&mut self")),
            "{item}"
        );
        assert!(jobs.contains(&format!("desk.{step}(")), "{item}");
    }
}
