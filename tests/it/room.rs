//! Room: every built-in layout takes long titles, names and signatories in every language, up to the
//! signatories that it declares.

use std::fmt::Write as _;

use testamur::press::{DraftOptions, Format, Press};
use testamur::site::{Request, Site};
use testamur::{Date, Tag};
use unicode_segmentation::UnicodeSegmentation;

/// The letters of a long title, a long name, and of a signatory's long name and office.
const TITLE: usize = 150;
const NAME: usize = 90;
const SIGNATORY: usize = 40;
const OFFICE: usize = 80;

/// The languages of the short form: wide letters, high lines, long words, both directions.
const SHORT: [&str; 8] = ["de", "hi", "ja", "ru", "ta", "th", "ur", "vi"];

/// A language, its long title and its long name.
struct Hard {
    language: &'static str,
    title: String,
    name: String,
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn layouts_take_long_titles_names_and_signatories() {
    check(&|hard| SHORT.contains(&hard.language), &[6]);
}

#[ignore = "2,592 pages: run with tests/run --slow"]
#[test]
fn layouts_take_long_titles_names_and_signatories_in_every_language() {
    check(&|_| true, &[1, 3, 6]);
}

fn check(chosen: &dyn Fn(&Hard) -> bool, counts: &[usize]) {
    let hard: Vec<Hard> = hard().into_iter().filter(chosen).collect();
    let options =
        DraftOptions::default().with_format(Format::Png { pixels_per_inch: 10.0 });
    let layouts = Press::new(Site::demo()).unwrap();
    let mut faults = String::new();
    for layout in layouts.site().layouts() {
        let most = layouts.max_signatories(layout).unwrap();
        for count in counts.iter().map(|&count| count.min(most)) {
            for part in ["title", "name", "signatory", "all"] {
                let site = site(layout, &hard, count, part);
                let press = Press::new(site).unwrap();
                for Hard { language, name, .. } in &hard {
                    let long = part == "name" || part == "all";
                    let usual = lengths(layout)[1].min(24);
                    let name = first(name, if long { lengths(layout)[1] } else { usual });
                    let request = Request::new("c", &name).unwrap();
                    let request = request.with_language(tag(language));
                    let draft = press.draft_with(&request, day("2026-05-14"), &options);
                    if let Err(error) = draft {
                        let message = error.to_string().lines().next().map(str::to_owned);
                        let message = message.unwrap_or_default();
                        writeln!(
                            faults,
                            "{layout}, {count}, {language}, {part}: {message}"
                        )
                        .unwrap();
                    }
                }
            }
        }
    }
    let count = faults.lines().count();
    assert!(faults.is_empty(), "{faults}{count} pages");
}

/// A site with a course in a layout, with texts in all of `hard` and a number of signatories; `part`
/// is what is long.
fn site(layout: &str, hard: &[Hard], count: usize, part: &str) -> Site {
    let map = |text: &dyn Fn(&Hard) -> String| {
        let versions = hard.iter().map(|hard| {
            let text = serde_json::Value::from(text(hard));
            format!("{}: {text}", hard.language)
        });
        format!("{{ {} }}", versions.collect::<Vec<_>>().join(", "))
    };
    let long = |own: &str, letters: usize, usual: usize| {
        if part == own || part == "all" { letters } else { usual.min(letters) }
    };
    let [most, _, signatory, office] = lengths(layout);
    let title = map(&|hard| first(&hard.title, long("title", most, 30)));
    let mut course = format!(
        "c:\n  title: {title}\n  organization: {{ short: ExampleX, name: Example University }}\n  \
         language: en\n  layout: {layout}\n"
    );
    match layout {
        "bilingual" => course.push_str("  second_language: en\n"),
        "credit" => course.push_str("  extra: { credits: 1.5 Credits }\n"),
        "degree" | "statement-of-results" => {
            // A table of a single row cannot leave room for its end on another page.
            let rows = ["ice", "stones", "strategy", "rules"];
            let rows = rows.map(|row| format!("{row}: {{ title: {row}, hours: 12 }}"));
            writeln!(course, "  extra: {{ modules: {{ {} }} }}", rows.join(", "))
                .unwrap();
        }
        _ => {}
    }
    course.push_str("  signatories:\n");
    for index in 0..count {
        let name = map(&|hard| first(&hard.name, long("signatory", signatory, 18)));
        let title = map(&|hard| first(&hard.title, long("signatory", office, 30)));
        let signature = ["ada.svg", "grace.svg"][index % 2];
        writeln!(
            course,
            "    - {{ name: {name}, title: {title}, signature: {signature} }}"
        )
        .unwrap();
    }
    Site::demo().with_file("courses.yaml", course)
}

/// The letters of title, name, signatory and office that a layout takes: those that it declares.
pub(crate) fn lengths(layout: &str) -> [usize; 4] {
    let file = format!("{}/layouts/{layout}/layout.yaml", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read_to_string(file).unwrap();
    let holds = file.lines().find_map(|line| line.strip_prefix("holds: ")).unwrap_or("");
    let own = |key: &str| {
        let (_, after) = holds.split_once(&format!("{key}: "))?;
        after.split([',', ' ']).next()?.parse().ok()
    };
    [("title", TITLE), ("name", NAME), ("signatory", SIGNATORY), ("office", OFFICE)]
        .map(|(key, usual)| own(key).unwrap_or(usual))
}

/// The first letters of a text.
pub(crate) fn first(text: &str, letters: usize) -> String {
    text.graphemes(true).take(letters).collect::<String>().trim().to_owned()
}

/// The texts that `check` uses.
fn hard() -> Vec<Hard> {
    let file = include_str!("../../src/press/hard_sample.yaml");
    let mut all: Vec<Hard> = Vec::new();
    let text =
        |line: &str| line.split_once('"').unwrap().1.trim_end_matches('"').to_owned();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        if let Some(language) = line.strip_suffix(':') {
            all.push(Hard { language, title: String::new(), name: String::new() });
        } else if line.starts_with("  title:") {
            all.last_mut().unwrap().title = text(line);
        } else {
            all.last_mut().unwrap().name = text(line);
        }
    }
    assert_eq!(all.len(), crate::languages::LANGUAGES.len());
    for hard in &all {
        assert!(hard.title.graphemes(true).count() >= TITLE, "{}", hard.language);
        assert!(hard.name.graphemes(true).count() >= NAME, "{}", hard.language);
    }
    all
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}
