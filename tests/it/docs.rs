//! The reference pages in `docs/`: every block of code in them is run.
//!
//! A fence names the language of its block, and after it perhaps a file: ```` ```yaml courses.yaml ````.
//! Such a file is written into the page's working folder, where its shell blocks run; so is the
//! folder `my-site`, the built-in layouts and the fonts. A block that cannot be run is `text` and
//! names no file.

mod reference;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use testamur::press::Press;
use testamur::site::{Courses, KeySource, Keys, Request, Settings, Site};
use testamur::{Date, Tag, Timestamp};

use crate::workdir::{Run, Workdir};

/// A block of code of a page.
struct Block {
    /// The page and the line of the fence, for messages.
    place: String,
    language: String,
    /// The file that the fence names.
    file: Option<String>,
    text: String,
}

/// The course of the site in which pages are run. It has all that built-in layouts ask for.
const COURSES: &str = "\
KNOTS:
  title: Knots and Splices
  organization: { short: ExampleX, name: Example University }
  language: en
  extra:
    hours: 1200
    level: high
    rank: 2
    motto: Per aspera
    parts: [Bends, Hitches]
    modules:
      - { title: Bends, hours: 5 }
      - { title: Hitches, hours: 7 }
  outcomes: { Pass: '', Distinction: with distinction }
  signatories:
    - { name: Dr. Ada Example, title: Professor of Mechanics, signature: ada.svg }
    - { name: Grace Sample, title: Dean of Studies, signature: grace.svg }
";

fn docs(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The blocks of code of a page that are not `text`.
fn blocks(page: &str) -> Vec<Block> {
    let text = docs(page);
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(fence) = line.strip_prefix("```") else { continue };
        let mut words = fence.split_whitespace().map(str::to_owned);
        let place = format!("{page}:{}", index + 1);
        let language = words.next().unwrap_or_else(|| panic!("{place}: no language"));
        let inside = lines.by_ref().map(|(_, line)| line);
        let lines: Vec<&str> = inside.take_while(|line| *line != "```").collect();
        let text = lines.iter().map(|line| format!("{line}\n")).collect();
        blocks.push(Block { place, language, file: words.next(), text });
    }
    blocks.retain(|block| block.language != "text" || block.file.is_some());
    assert!(!blocks.is_empty(), "{page} has no block of code");
    blocks
}

/// A working folder with the site `my-site`, the built-in layouts and the fonts.
fn workdir() -> Workdir {
    let folder = Workdir::new();
    let settings = "publish: { url: https://certificates.example.org }\n";
    folder.write("my-site/testamur.yaml", settings);
    folder.write("my-site/courses.yaml", COURSES);
    for scan in ["ada.svg", "grace.svg"] {
        let scan = format!("signatures/{scan}");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(&scan);
        folder.write(&format!("my-site/{scan}"), std::fs::read(from).unwrap());
    }
    let keys = folder.path("my-site/keys");
    let source = KeySource::NewRoot { name: "Example University" };
    Keys::create(&keys, &source, Timestamp::parse("2026-05-14T09:30:00Z").unwrap())
        .unwrap();
    Keys::create_id_secret(&keys).unwrap();
    for shared in ["layouts", "fonts"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(shared);
        std::os::unix::fs::symlink(from, folder.path(shared)).unwrap();
    }
    folder
}

/// Runs the lines of a shell block, with the built program as `testamur`.
fn run_shell(folder: &Workdir, block: &Block) {
    let program = Path::new(env!("CARGO_BIN_EXE_testamur")).parent().unwrap();
    let before = std::env::var("PATH").unwrap_or_default();
    let mut command = assert_cmd::Command::new("sh");
    command.args(["-e", "-c", &block.text]).current_dir(folder.path("."));
    command.env("PATH", format!("{}:{before}", program.display()));
    command.env_remove("TESTAMUR_SITE").timeout(std::time::Duration::from_secs(300));
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{}:\n{}\n{}", block.place, block.text, run.stderr);
}

/// Writes the files of a page and runs its shell lines, in their order. The blocks that `check`
/// knows are given to it.
fn run_page(page: &str, mut check: impl FnMut(&Workdir, &Block) -> bool) {
    let folder = workdir();
    for block in blocks(page) {
        let is_checked = check(&folder, &block);
        match (&*block.language, &block.file) {
            ("sh", _) => run_shell(&folder, &block),
            (_, Some(file)) => folder.write(file, &block.text),
            _ => assert!(is_checked, "{}: no test runs this block", block.place),
        }
    }
}

/// Replaces the keys at the top of a YAML file by those of a part of one.
fn overlay(base: &str, part: &str) -> String {
    let key_of = |line: &str| {
        let is_key = line.starts_with(|c: char| c.is_ascii_lowercase());
        is_key.then(|| line.split(':').next().unwrap_or_default().to_owned())
    };
    let own: BTreeSet<String> = part.lines().filter_map(key_of).collect();
    let mut is_kept = true;
    let mut text = String::new();
    for line in base.lines() {
        is_kept = key_of(line).map_or(is_kept, |key| !own.contains(&key));
        if is_kept {
            text += &format!("{line}\n");
        }
    }
    text + part
}

fn today() -> Date {
    Date::parse("2026-05-14").unwrap()
}

/// Drafts the course in a layout and a language, with a grade.
fn draft(
    place: &str,
    site: Site,
    layout: &str,
    language: &str,
) -> testamur::press::Draft {
    let press = Press::new(site).unwrap_or_else(|error| panic!("{place}: {error:#}"));
    let request = Request::new("KNOTS", "Ada Example").unwrap();
    let request =
        request.with_layout(layout).with_grade("Distinction").with_designation("MD");
    let request = request.with_language(Tag::parse(language).unwrap());
    let drafted = press.draft(&request, today());
    drafted.unwrap_or_else(|error| panic!("{place}: {error:#}"))
}

fn site() -> Site {
    Site::new().with_sample_pictures().with_file("courses.yaml", COURSES)
}

#[test]
fn settings_in_pages_are_valid() {
    for page in
        ["docs/settings.md", "docs/agent.md", "docs/queues.md", "docs/publishing.md"]
    {
        let mut found = 0;
        for block in blocks(page).iter().filter(|block| block.language == "yaml") {
            let parsed = Settings::parse(block.text.as_bytes());
            let settings =
                parsed.unwrap_or_else(|error| panic!("{}: {error:#}", block.place));
            if settings.agent.queue.is_some() || settings.agent.http.listen.is_some() {
                let checked = settings.agent.check();
                checked.unwrap_or_else(|error| panic!("{}: {error:#}", block.place));
            }
            found += 1;
        }
        assert!(found > 0, "{page}");
    }
    run_page("docs/settings.md", |_, block| block.language == "yaml");
}

#[test]
fn stores_of_the_backup_page_are_restored() {
    run_page("docs/backup.md", |_, _| false);
}

#[test]
fn terminal_road_of_the_tutorial_can_be_followed() {
    run_page("docs/tutorial.md", |_, _| false);
}

#[test]
fn register_page_can_be_followed() {
    run_page("docs/register.md", |_, _| false);
}

#[test]
fn openpgp_page_can_be_followed() {
    run_page("docs/openpgp.md", |_, _| false);
}

#[cfg(feature = "pkcs11")]
#[test]
fn token_page_can_be_followed() {
    run_page("docs/token.md", |_, _| false);
}

#[test]
fn keys_page_can_be_followed() {
    run_page("docs/keys.md", |_, _| false);
}

#[test]
fn settings_page_names_every_variable_of_the_program() {
    let page = docs("docs/settings.md");
    let folder = Workdir::new();
    for command in ["agent", "issue", "verify"] {
        let help = folder.run([command, "--help"]);
        let help = String::from_utf8(help.stdout).unwrap();
        let variables = help.split("[env: ").skip(1);
        let variables = variables.map(|rest| rest.split(['=', ']']).next().unwrap());
        let variables: Vec<&str> = variables.collect();
        assert!(variables.contains(&"TESTAMUR_SITE"), "{help}");
        for variable in variables {
            assert!(page.contains(&format!("`{variable}`")), "{command}: {variable}");
        }
    }
}

#[test]
fn courses_in_pages_are_valid_and_can_be_drafted() {
    run_page("docs/courses.md", |_, block| {
        if block.language != "yaml" {
            return false;
        }
        let file = [("courses.yaml".to_owned(), block.text.clone().into_bytes())];
        let parsed = Courses::parse(&file);
        let courses = parsed.unwrap_or_else(|error| panic!("{}: {error:#}", block.place));
        assert!(!courses.is_empty(), "{}", block.place);
        let picture: &[u8] = include_bytes!("../../signatures/ada.svg");
        let site = Site::new()
            .with_sample_pictures()
            .with_file("courses.yaml", block.text.clone());
        let site = ["seal.svg", "logo.svg", "foundation.svg"]
            .iter()
            .fold(site, |site, name| site.with_file(format!("images/{name}"), picture));
        let press = Press::new(site);
        let press = press.unwrap_or_else(|error| panic!("{}: {error:#}", block.place));
        for course in press.courses().iter() {
            let request = Request::new(&course.id, "Ada Example").unwrap();
            let drafted = press.draft(&request, today());
            drafted.unwrap_or_else(|error| panic!("{}: {error:#}", block.place));
        }
        true
    });
}

/// The help that lists the known keys, of the fault whose list has this one.
fn known_keys(error: &testamur::Error, key: &str) -> String {
    let found = error.faults().find_map(|fault| {
        let help = fault.help()?.strip_prefix("known here")?;
        help.contains(&format!("`{key}`")).then(|| help.to_owned())
    });
    found.unwrap_or_else(|| panic!("{error:#}"))
}

#[test]
fn courses_page_has_every_key() {
    let page = docs("docs/courses.md");
    let wrong = "KNOTS: { xxxxxxxxxx: 1 }\n";
    let error = Courses::parse(&[("courses.yaml".to_owned(), wrong.into())]).unwrap_err();
    let help = known_keys(&error, "title");
    let keys: Vec<&str> = help.split('`').skip(1).step_by(2).collect();
    assert!(keys.len() > 10, "{help}");
    for key in keys {
        assert!(page.contains(&format!("| `{key}` |")), "{key}");
    }
}

#[test]
fn layouts_in_pages_can_be_drafted() {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    run_page("docs/layout.md", |_, block| match &block.file {
        Some(file) if ["yaml", "typ", "svg"].contains(&&*block.language) => {
            files.insert(file.clone(), block.text.clone());
            true
        }
        None if block.language == "yaml" => {
            // A part of a `layout.yaml`, in a built-in layout that prints what it declares.
            let has_table = block.text.lines().any(|line| line.starts_with("table:"));
            let name = if has_table { "statement-of-results" } else { "classic" };
            let file = format!("layouts/{name}/layout.yaml");
            let site = site().with_file(&*file, overlay(&docs(&file), &block.text));
            draft(&block.place, site, name, "en");
            true
        }
        _ => false,
    });
    assert!(files.contains_key("my-site/layouts/plain/layout.typ"), "{files:?}");
    let site = files.into_iter().fold(site(), |site, (name, text)| {
        site.with_file(name.trim_start_matches("my-site/"), text)
    });
    for language in ["en", "ar", "ja"] {
        draft("docs/layout.md", site.clone(), "plain", language);
        draft("docs/layout.md", site.clone(), "gala", language);
    }
}

#[test]
fn layout_page_has_every_key() {
    let page = docs("docs/layout.md");
    let lists = [
        ("xxxxxxxxxx: 1\n", "paper"),
        ("roles: { statement: { max: 9, xxxxxxxxxx: 1 } }\n", "swash"),
        ("faces: { text: { family: Noto Serif, xxxxxxxxxx: 1 } }\n", "like"),
    ];
    for (part, known) in lists {
        let text = overlay(&docs("layouts/classic/layout.yaml"), part);
        let site = site().with_file("layouts/classic/layout.yaml", text);
        let press = Press::new(site).unwrap();
        let error = press.draft(&Request::new("KNOTS", "Ada").unwrap(), today());
        let error = error.unwrap_err();
        let help = known_keys(&error, known);
        let keys: Vec<&str> = help.split('`').skip(1).step_by(2).collect();
        assert!(keys.contains(&known), "{help}");
        for key in keys {
            assert!(page.contains(&format!("| `{key}` |")), "{key}");
        }
    }
}

#[test]
fn locales_in_pages_can_be_drafted() {
    run_page("docs/locale.md", |_, block| {
        if block.language != "yaml" {
            return false;
        }
        // A part of a locale file, in a language of its own, over the English sentences.
        let is_table = block.text.lines().any(|line| line.starts_with("table:"));
        let (layout, file) = if is_table {
            ("statement-of-results", "layouts/statement-of-results/locales/eo.yaml")
        } else {
            ("classic", "layouts/shared/locales/eo.yaml")
        };
        let english = docs("layouts/shared/locales/en.yaml");
        let site = site().with_file("layouts/shared/locales/eo.yaml", english.clone());
        let site = site.with_file(
            file,
            if is_table { block.text.clone() } else { overlay(&english, &block.text) },
        );
        let tag = Tag::parse("eo").unwrap();
        let press = Press::new(site.clone()).unwrap();
        let inspection = press.inspect(layout, &tag).unwrap();
        // A part of `page` takes the place of the English one, and lacks its other texts.
        let has_pages =
            block.text.starts_with("page:") || inspection.lacking_page.is_empty();
        let has_sentences = inspection.lacking.is_empty() && inspection.fault.is_none();
        assert!(has_pages && has_sentences, "{}: {inspection:?}", block.place);
        draft(&block.place, site, layout, "eo");
        true
    });
}

/// Every example of a filter in the page's table is printed by a locale, and gives the text beside
/// it.
#[test]
fn filters_of_the_locale_page_print_what_it_says() {
    let page = docs("docs/locale.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| filter "));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let row = row.replace("\\|", "\u{0}");
        let cells: Vec<String> =
            row.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect();
        let (example, printed) = (cells[2].split('`').nth(1).unwrap(), &cells[3]);
        let sentence = serde_json::to_string(example).unwrap();
        let part = format!("date: {sentence}\n");
        let english = docs("layouts/shared/locales/en.yaml");
        let (plain, outcomes) = COURSES.split_once("  outcomes:").unwrap();
        let after = outcomes.split_once('\n').unwrap().1;
        let courses = format!("{plain}  grades: {{ scale: percent }}\n{after}");
        let site = Site::new()
            .with_sample_pictures()
            .with_file("courses.yaml", courses)
            .with_file("layouts/shared/locales/en.yaml", overlay(&english, &part));
        let press = Press::new(site).unwrap();
        let request = Request::new("KNOTS", "Ada Example").unwrap();
        let request = request.with_grade("87");
        let sheet = press.sheet(&request, today());
        let sheet = sheet.unwrap_or_else(|error| panic!("{example}: {error:#}"));
        let text = sheet.date.map(|date| date.text()).unwrap_or_default();
        let is_isolate = |c: &char| !('\u{2066}'..='\u{2069}').contains(c);
        let text: String = text.chars().filter(is_isolate).collect();
        assert_eq!(text, *printed, "{example}");
        count += 1;
    }
    assert!(count > 10, "{count} filters");
}

#[test]
fn sheet_page_has_every_field() {
    let page = docs("docs/sheet.md");
    let mut keys = BTreeSet::new();
    for layout in ["classic", "bilingual", "statement-of-results"] {
        let sheet: Value =
            serde_json::from_str(&docs(&format!("layouts/{layout}/sheet.json"))).unwrap();
        collect_keys(&sheet, &mut keys);
    }
    assert!(keys.contains("authenticity") && keys.contains("tall"), "{keys:?}");
    for key in keys {
        assert!(page.contains(&format!("`{key}`")), "docs/sheet.md lacks `{key}`");
    }
    run_page("docs/sheet.md", |_, _| false);
}

/// The names of all fields of a sheet, without those of free fields.
fn collect_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                keys.insert(key.clone());
                if !["extra", "lengths"].contains(&key.as_str()) {
                    collect_keys(value, keys);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_keys(item, keys)),
        _ => {}
    }
}

#[test]
fn recipients_files_in_pages_are_read() {
    run_page("docs/recipients.md", |_, _| false);
}
