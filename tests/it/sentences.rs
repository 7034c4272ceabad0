//! The sentences of the layouts that have their own: they speak every language that they declare, no
//! sentence falls back to another language, and none says what the course did not give.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testamur::press::{DraftOptions, Format, Press};
use testamur::site::{Course, Courses, Gender, Request, Site};
use testamur::{Date, ErrorKind, Tag};

use crate::languages::LANGUAGES;
use crate::workdir::Workdir;

/// The layouts with sentences of their own.
const LAYOUTS: [&str; 6] =
    ["credit", "dynamic", "honor", "professional", "statement", "verified"];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn each_language_of_each_layout_passes_its_proof() {
    let press = Press::new(Site::demo()).unwrap();
    let options = DraftOptions::default();
    let mut faults = Vec::new();
    for layout in LAYOUTS {
        for language in LANGUAGES {
            let (course, request) = press.sample(layout).unwrap();
            let request = request.with_language(tag(language));
            match press.draft_course(&course, &request, day(), &options) {
                Ok(draft) => {
                    let warnings = draft.warnings.iter().map(ToString::to_string);
                    faults.extend(
                        warnings.map(|text| format!("{layout} {language}: {text}")),
                    );
                }
                Err(error) => faults.push(format!("{layout} {language}: {error:#}")),
            }
            // A page that is full in every way is set, or refused with what to do.
            let course = hard(&course);
            let name = "Wolfeschlegelsteinhausenbergerdorff Maximiliana von Hohenzollern";
            let hard = Request::new(&course.id, name).unwrap();
            let hard = hard.with_language(tag(language)).with_grade("Distinction");
            let Err(error) = press.draft_course(&course, &hard, day(), &options) else {
                continue;
            };
            for fault in error.faults() {
                let is_known =
                    [ErrorKind::Overflow, ErrorKind::Overlap, ErrorKind::Contrast]
                        .contains(&fault.kind());
                if !is_known || fault.help().is_none() {
                    faults.push(format!("{layout} {language}, hard: {fault:#}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A layout's sample with long texts, and still with all that its sentences may say.
fn hard(sample: &Course) -> Course {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recipients/courses.yaml");
    let files = [("courses.yaml".to_owned(), fs::read(file).unwrap())];
    let long = Courses::parse(&files).unwrap().get("hard").unwrap().clone();
    let mut course = sample.clone();
    course.title = long.title;
    course.organization = long.organization;
    course.signatories = long.signatories.into_iter().take(2).collect();
    course
}

#[test]
fn declared_languages_are_those_of_the_files() {
    let press = Press::new(Site::demo()).unwrap();
    for layout in LAYOUTS.into_iter().chain(["statement-of-results"]) {
        let yaml = fs::read_to_string(folder(layout).join("layout.yaml")).unwrap();
        let list =
            yaml.split("\nlanguages: [").nth(1).and_then(|rest| rest.split(']').next());
        let declared: BTreeSet<&str> = list
            .unwrap_or_else(|| panic!("{layout} declares no languages"))
            .split(',')
            .map(str::trim)
            .collect();
        let files: BTreeSet<String> = fs::read_dir(folder(layout).join("locales"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.strip_suffix(".yaml").unwrap().to_owned())
            .collect();
        assert_eq!(
            declared.iter().map(|tag| (*tag).to_owned()).collect::<BTreeSet<_>>(),
            files
        );
        assert_eq!(declared, BTreeSet::from(LANGUAGES), "{layout}");
        let spoken = press.languages(layout);
        assert_eq!(spoken.iter().map(Tag::as_str).collect::<BTreeSet<_>>(), declared);
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn no_sentence_falls_back() {
    let press = Press::new(Site::demo()).unwrap();
    for layout in LAYOUTS {
        let own = |language: &str| {
            let inspection = press.inspect(layout, &tag(language)).unwrap();
            assert!(
                inspection.fault.is_none(),
                "{layout} {language}: {:?}",
                inspection.fault
            );
            let file = format!("layouts/{layout}/locales/{language}.yaml");
            let found = inspection.found.into_iter().filter(|(_, from)| *from == file);
            found.map(|(key, _)| key).collect::<BTreeSet<_>>()
        };
        let roles = |language: &str| {
            let file = folder(layout).join(format!("locales/{language}.yaml"));
            let text = fs::read_to_string(file).unwrap();
            let blocks = text.lines().filter_map(|line| line.strip_prefix("  - "));
            let roles =
                blocks.filter_map(|block| Some(block.split_once(':')?.0.to_owned()));
            roles.collect::<BTreeSet<String>>()
        };
        let (keys, in_english) = (own("en"), roles("en"));
        for language in LANGUAGES {
            let missing: Vec<_> = keys.difference(&own(language)).copied().collect();
            assert!(missing.is_empty(), "{layout} {language}: {missing:?}");
            let own_roles = roles(language);
            let missing: Vec<_> = in_english.difference(&own_roles).collect();
            assert!(missing.is_empty(), "{layout} {language}: {missing:?}");
        }
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn statements_come_from_the_course_in_its_language() {
    let press = Press::new(Site::demo()).unwrap();
    for (layout, field) in [
        ("statement", "kind"),
        ("dynamic", "kind"),
        ("verified", "result"),
        ("verified", "initiative"),
        ("honor", "initiative"),
    ] {
        let (course, request) = press.sample(layout).unwrap();
        for language in LANGUAGES {
            let words = course.extra[field][language].as_str().unwrap();
            let request = request.clone().with_language(tag(language));
            let given = text_of(&blocks(&press, &course, &request));
            assert!(given.contains(words), "{layout} {language}: {words} in {given}");
            let mut bare = course.clone();
            bare.extra.shift_remove(field);
            let bare = text_of(&blocks(&press, &bare, &request));
            assert!(!bare.contains(words), "{layout} {language}: {words} in {bare}");
            let in_english = course.extra[field]["en"].as_str().unwrap();
            assert!(
                language == "en" || !given.contains(in_english),
                "{layout} {language}"
            );
        }
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn ama_credit_is_english_and_in_italics_everywhere() {
    let press = Press::new(Site::demo()).unwrap();
    let (course, request) = press.sample("credit").unwrap();
    for language in LANGUAGES {
        for designation in ["MD", "RN"] {
            let request = request.clone().with_language(tag(language));
            let blocks = blocks(&press, &course, &request.with_designation(designation));
            let credit = blocks.iter().find(|block| block.role == "credit").unwrap();
            let italic = credit.runs.iter().filter(|(_, is_italic)| *is_italic);
            let italic: String = italic.map(|(text, _)| text.as_str()).collect();
            assert_eq!(italic, "AMA PRA Category 1 Credits", "{language}");
            assert!(
                credit.text().contains("1.5 AMA PRA Category 1 Credits™"),
                "{language}"
            );
            let mark = if designation == "MD" { "MD/DO" } else { "AHP" };
            assert!(text_of(&blocks).ends_with(mark), "{language}");
        }
    }
}

#[test]
fn gender_chooses_the_words_of_a_sentence() {
    let press = Press::new(Site::demo()).unwrap();
    let (course, request) = press.sample("credit").unwrap();
    let request = request.with_language(tag("vi"));
    for (gender, words) in [
        (None, "Chứng nhận ông/bà"),
        (Some(Gender::Female), "Chứng nhận bà"),
        (Some(Gender::Male), "Chứng nhận ông"),
        (Some(Gender::Other), "Chứng nhận ông/bà"),
    ] {
        let request = match gender {
            Some(gender) => request.clone().with_gender(gender),
            None => request.clone(),
        };
        assert_eq!(blocks(&press, &course, &request)[0].text(), words);
    }
}

/// A site with a language of its own, of which the layouts with their own sentences have none.
fn esperanto(workdir: &Workdir) {
    let english = fs::read(folder("shared").join("locales/en.yaml")).unwrap();
    workdir.write("site/layouts/shared/locales/eo.yaml", english);
    workdir.write("site/testamur.yaml", "publish: { url: https://verify.example.org }\n");
    workdir.write(
        "site/courses.yaml",
        "KNOTS:\n  title: Knots\n  organization: Example University\n  language: en\n  \
         layout: credit\n",
    );
}

#[test]
fn language_that_a_layout_lacks_is_refused_everywhere() {
    let workdir = Workdir::new();
    esperanto(&workdir);
    let words = "the layout `credit` has no sentences in `eo`";
    let help = "write them in `layouts/credit/locales/eo.yaml`, or choose another layout or language";
    for arguments in [
        &["render", "-n", "Ada", "-l", "eo", "-o", "a.pdf"][..],
        &["render", "--sample", "credit", "-l", "eo", "-o", "a.pdf"],
        &["check", "-l", "eo"],
        &["issue", "-n", "Ada", "-l", "eo"],
    ] {
        if arguments[0] == "issue" {
            let run =
                workdir.run(["--site", "site", "key", "new", "-n", "Example University"]);
            assert_eq!(run.code, 0, "{run:?}");
        }
        let run = workdir.run(["--site", "site"].iter().chain(arguments));
        assert_eq!(run.code, 1, "{run:?}");
        assert!(
            run.stderr.contains(words) && run.stderr.contains(help),
            "{}",
            run.stderr
        );
    }
    assert!(!workdir.path("a.pdf").exists());
    // A narrower tag of a declared language is spoken, and a file of the site's own declares one.
    let run = workdir
        .run(["--site", "site", "render", "-n", "Ada", "-l", "es-MX", "-o", "a.pdf"]);
    assert_eq!(run.code, 0, "{run:?}");
    let own = fs::read(folder("credit").join("locales/en.yaml")).unwrap();
    workdir.write("site/layouts/credit/locales/eo.yaml", own);
    let run =
        workdir.run(["--site", "site", "render", "-n", "Ada", "-l", "eo", "-o", "b.pdf"]);
    assert_eq!(run.code, 0, "{run:?}");
    // A layout that declares nothing speaks what the shared locales speak.
    let run = workdir.run([
        "--site", "site", "render", "-n", "Ada", "-l", "eo", "--layout", "classic", "-o",
        "c.pdf",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn role_that_another_language_lacks_is_an_error() {
    let workdir = Workdir::new();
    esperanto(&workdir);
    for file in ["layout.yaml", "layout.typ", "border.typ", "sample.yaml"] {
        let bytes = fs::read(folder("classic").join(file)).unwrap();
        workdir.write(&format!("site/layouts/mine/{file}"), bytes);
    }
    workdir.write(
        "site/layouts/mine/locales/en.yaml",
        "blocks:\n  - lead: This is to certify that\n  - recipient: \"{{ name }}\"\n  - course: \
         \"{{ course.title }}\"\n  - hours: \"Twelve hours\"\n  - outcome: \"{{ outcome }}\"\n",
    );
    workdir.write(
        "site/courses.yaml",
        "KNOTS:\n  title: Knots\n  organization: Example University\n  language: en\n  \
         layout: mine\n",
    );
    let words = "layouts/mine/locales/de.yaml: the layout `mine` has a sentence `hours` in `en`, \
                 and none in `de`";
    for arguments in [
        &["check", "-l", "de"][..],
        &["render", "-n", "Ada", "-l", "de", "--layout", "mine", "-o", "a.pdf"],
    ] {
        let run = workdir.run(["--site", "site"].iter().chain(arguments));
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn new_site_of_another_name_has_no_words_of_the_demo() {
    let workdir = Workdir::new();
    let name = "École d’Été \"Ħ\"";
    let run = workdir.run(["new", "site", "-n", name, "--url", "https://c.example.edu"]);
    assert_eq!(run.code, 0, "{run:?}");
    let demo = ["ExampleX", "Example University", "Universidad Ejemplo", "جامعة المثال"];
    let people = ["エグザンプル大学", "Ada Example", "Grace Sample", "Curling"];
    let foreign: Vec<&str> = demo.into_iter().chain(people).collect();
    for file in ["courses.yaml", "testamur.yaml", ".gitignore"] {
        let text = String::from_utf8(workdir.read(format!("site/{file}"))).unwrap();
        for words in &foreign {
            assert!(!text.contains(words), "{file}: {words}");
        }
    }
    let site = Site::open(&workdir.path("site")).unwrap();
    let press = Press::new(site).unwrap();
    let course = press.courses().iter().next().unwrap().clone();
    assert!(course.signatories.is_empty());
    for language in LANGUAGES {
        let request =
            Request::new(&course.id, "Ada").unwrap().with_language(tag(language));
        let sheet = press.sheet(&request, day()).unwrap();
        let blocks = sheet.blocks.iter().map(|block| bare(&block.text()));
        let blocks = blocks.collect::<Vec<_>>().join(" ");
        let text = format!("{blocks} {} {}", sheet.title, sheet.author);
        assert!(text.contains(name), "{language}: {text}");
        for words in &foreign {
            assert!(!text.contains(words), "{language}: {words}");
        }
        press.draft(&request, day()).unwrap();
    }
    let run = workdir.run(["--site", "site", "issue", "-n", "Ada Lovelace"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn sample_is_rendered_with_options_and_without_courses() {
    let workdir = Workdir::new();
    workdir.write("site/testamur.yaml", "");
    let sheet = |more: &[&str]| {
        let first = ["--site", "site", "render", "--sample", "statement", "-o", "a.json"];
        let run = workdir.run(first.iter().chain(more));
        assert_eq!(run.code, 0, "{run:?}");
        let text = String::from_utf8(workdir.read("a.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let plain = sheet(&[]);
    assert_eq!(plain["paper"]["width"], 297.0);
    let changed = sheet(&[
        "-l",
        "de",
        "-n",
        "Ada Lovelace",
        "--paper",
        "letter",
        "-i",
        "2025-01-02",
        "-g",
        "Pass",
        "--set",
        "kind=den Abendkurs",
    ]);
    assert_eq!(
        (changed["language"].as_str(), changed["paper"]["width"].as_f64()),
        (Some("de"), Some(279.4))
    );
    let text = changed.to_string();
    for words in ["Ada Lovelace", "Januar", "den Abendkurs", "erfolgreich abgeschlossen"]
    {
        assert!(text.contains(words), "{words}");
    }
    let run = workdir.run([
        "--site",
        "site",
        "render",
        "--sample",
        "statement",
        "--layout",
        "x",
    ]);
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn check_sets_fields_on_every_page() {
    let workdir = Workdir::new();
    esperanto(&workdir);
    let check = |more: &[&str]| {
        let run = workdir.run(["--site", "site", "check", "-l", "en"].iter().chain(more));
        (run.code, run.stderr)
    };
    assert_eq!(check(&[]).0, 0);
    assert_eq!(check(&["--set", "credits=2 AMA PRA Category 1 Credits™"]).0, 0);
    let long = format!("credits={}", "very many credits ".repeat(60));
    let (code, words) = check(&["--set", &long]);
    assert_eq!(code, 1, "{words}");
    assert!(words.contains("the credit `The activity was designated for"), "{words}");
}

/// The blocks of the sheet of a course of its own.
fn blocks(press: &Press, course: &Course, request: &Request) -> Vec<Block> {
    let options = DraftOptions::default().with_format(Format::Sheet);
    let draft = press.draft_course(course, request, day(), &options);
    let draft =
        draft.unwrap_or_else(|error| panic!("{:?}: {error:#}", request.language()));
    let sheet: Value = serde_json::from_slice(&draft.bytes).unwrap();
    let block = |block: &Value| {
        let runs = block["runs"].as_array().unwrap().iter();
        let runs = runs.map(|run| {
            (bare(run["text"].as_str().unwrap()), run["italic"].as_bool().unwrap())
        });
        Block { role: block["role"].as_str().unwrap().to_owned(), runs: runs.collect() }
    };
    sheet["blocks"].as_array().unwrap().iter().map(block).collect()
}

/// A sentence: its role, and its runs, each with whether it is in italics.
struct Block {
    role: String,
    runs: Vec<(String, bool)>,
}

impl Block {
    fn text(&self) -> String {
        self.runs.iter().map(|(text, _)| text.as_str()).collect()
    }
}

/// The text of all blocks.
fn text_of(blocks: &[Block]) -> String {
    blocks.iter().map(Block::text).collect::<Vec<_>>().join("\n")
}

fn folder(layout: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("layouts").join(layout)
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')).collect()
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn day() -> Date {
    Date::parse("2026-05-14").unwrap()
}
