//! The generated names, and titles of the same syllables, on every layout of the shelf: the proof finds
//! no fault where there is none.

use std::fmt::Write as _;

use testamur::press::Press;
use testamur::site::{Request, Site};
use testamur::{Date, Tag};

use super::{ALPHABETS, COUNT, Rng, generated_name, in_parallel};
use crate::room::{first, lengths};

const TITLES: usize = 300;
const LANGUAGES: [&str; 4] = ["en", "ar", "ja", "hi"];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn names_and_titles_in_all_scripts_pass_by_turns() {
    let layouts = Press::new(Site::demo()).unwrap();
    let count = layouts.site().layouts().len();
    check(&move |number, layout| number % 13 == 5 && number / 13 % count == layout);
}

#[ignore = "17,000 pages: run with tests/run --slow"]
#[test]
fn names_and_titles_in_all_scripts_pass_on_every_layout() {
    check(&|_, _| true);
}

/// Tries the names and titles whose number is chosen for the layout of that number.
fn check(chosen: &dyn Fn(usize, usize) -> bool) {
    let today = Date::parse("2026-05-14").unwrap();
    let mut refused = Vec::new();
    let mut pages = 0;
    let demo = Press::new(Site::demo()).unwrap();
    for (index, layout) in demo.site().layouts().into_iter().enumerate() {
        let [title, name, ..] = lengths(layout);
        let titles: Vec<usize> =
            (0..TITLES).filter(|&number| chosen(number, index)).collect();
        let names = (0..COUNT).filter(|&number| chosen(number, index));
        let press = Press::new(site(layout, &titles, title)).unwrap();
        let names = names.map(|number| {
            let own = first(&generated_name(number), name);
            ("c".to_owned(), own, LANGUAGES[number % LANGUAGES.len()])
        });
        let titles = titles.iter().map(|number| {
            (format!("t{number}"), "Ada Example".to_owned(), LANGUAGES[number % 2])
        });
        let jobs: Vec<_> = names.chain(titles).collect();
        pages += jobs.len();
        refused.extend(in_parallel(&jobs, |(course, name, tag)| {
            let drafted = Request::new(course, name).and_then(|request| {
                press.draft(&request.with_language(Tag::parse(tag)?), today)
            });
            let error = drafted.err()?;
            Some(format!("{layout} {course} {tag} {name:?}: {error}"))
        }));
    }
    assert!(pages >= 90, "{pages}");
    let count = refused.len();
    assert!(refused.is_empty(), "{count} of {pages} refused:\n{}", refused.join("\n"));
}

/// A site with a course `c`, and one for each title.
fn site(layout: &str, titles: &[usize], most: usize) -> Site {
    let extra = match layout {
        "credit" => "credits: 1.5 Credits",
        "degree" | "statement-of-results" => {
            "modules: { a: { title: Ice, hours: 12 }, b: { title: Stones, hours: 12 }, \
             d: { title: Strategy, hours: 12 }, e: { title: Rules, hours: 12 } }"
        }
        _ => "",
    };
    let mut courses = format!(
        "defaults:\n  organization: Example University\n  language: en\n  layout: {layout}\n  \
         extra: {{ {extra} }}\n  signatories:\n    - {{ name: Dr. Ada, title: Dean, signature: \
         ada.svg }}\n"
    );
    if layout == "bilingual" {
        courses.push_str("  second_language: fr\n");
    }
    courses.push_str("c: { title: Curling }\n");
    for &number in titles {
        let title = first(&generated_title(number), most);
        let title = serde_json::Value::from(title);
        writeln!(courses, "t{number}: {{ title: {title} }}").unwrap();
    }
    Site::demo().with_file("courses.yaml", courses)
}

/// The title of that number: words of one script, alone, with a number, with Latin words, in quotes.
fn generated_title(number: usize) -> String {
    let mut rng = Rng(0x7e57 + number as u64);
    let alphabet = &ALPHABETS[number % ALPHABETS.len()];
    let length = rng.between(6, alphabet.most.max(24));
    let own = rng.words(alphabet, length);
    let roman = rng.words(&ALPHABETS[0], 14);
    match rng.below(6) {
        0 => format!("{own} {}", rng.between(1, 2040)),
        1 => format!("{roman}: {own}"),
        2 => format!("{own} ({roman})"),
        3 => format!("«{own}» – {} %", rng.between(1, 99)),
        4 => format!("{own}, {}", rng.words(alphabet, 12)),
        _ => own,
    }
}
