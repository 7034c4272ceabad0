//! Every language that comes along: its page passes its proof with names of all scripts, and its
//! dates hold the words that an independent ICU (`Intl` in Node) has for them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use testamur::{Date, Direction, DraftOptions, Format, Press, Request, Site, Tag};

const LANGUAGES: [&str; 36] = [
    "am", "ar", "bg", "bn", "ca", "cs", "de", "el", "en", "es", "fa", "fr", "he", "hi",
    "hu", "hy", "id", "it", "ja", "ka", "ko", "nl", "pl", "pt", "pt-BR", "ro", "ru",
    "sw", "ta", "th", "tr", "uk", "ur", "vi", "zh-Hans", "zh-Hant",
];

const NAMES: [&str; 14] = [
    "Guido van Rossum",
    "김헌영",
    "Dimitrios I. Toufekoulas (Δημήτριος Ι. Τουφεκούλας)",
    "NGUYỄN QUANG KHẢI",
    "Võ Văn Hồng Ngọc",
    "Ya-Shen Chuang (莊雅善)",
    "سيف رمضان ريان",
    "Αλέξανδρος Χαλικιόπουλος",
    "Илья Александрович Лахин",
    "Adam Palay (חיים פּלי)",
    "อภิสิทธิ์ เวชชาชีวะ",
    "শর্মিষ্ঠা মুখোপাধ্যায়",
    "மு. கருணாநிதி (M. Karunanidhi)",
    "ኃይለ ገብረሥላሴ",
];

/// The first of a month, leap days, both sides of a Hebrew and a Persian new year, a Hebrew leap
/// month, every month once.
const DATES: [&str; 20] = [
    "2024-01-01",
    "2024-02-15",
    "2024-02-29",
    "2024-03-05",
    "2024-03-19",
    "2024-03-20",
    "2024-04-08",
    "2024-05-01",
    "2024-06-30",
    "2024-07-14",
    "2024-08-01",
    "2024-09-11",
    "2024-10-02",
    "2024-10-03",
    "2024-11-23",
    "2024-12-31",
    "2026-05-14",
    "2026-10-09",
    "2000-02-29",
    "1999-12-31",
];

#[test]
fn every_language_sets_names_of_every_script() {
    let press = press("");
    assert_eq!(press.languages("classic").len(), LANGUAGES.len());
    let options =
        DraftOptions::default().with_format(Format::Png { pixels_per_inch: 10.0 });
    for language in LANGUAGES {
        for name in NAMES {
            let request = Request::new("c", name).unwrap().with_language(tag(language));
            let draft = press.draft_with(&request, day("2026-05-14"), &options);
            if let Err(error) = draft {
                panic!("{language}, {name}: {error:#}");
            }
        }
        let request = Request::new("c", "A").unwrap().with_language(tag(language));
        let sheet = press.sheet(&request, day("2026-05-14")).unwrap();
        let leftward = ["ar", "fa", "he", "ur"].contains(&language);
        assert_eq!(sheet.direction == Direction::Rtl, leftward, "{language}");
        assert_eq!(sheet.language, language.split('-').next().unwrap());
    }
}

/// Where our date line and CLDR's own pattern differ in a word, and why.
const KNOWN: [(&str, &str, &str); 2] = [
    ("hy", "01", "documents write the day without a nought: «մայիսի 1»"),
    ("fa", "ه‍.ش.", "the era is plain from the names of the months"),
];

#[test]
fn dates_hold_the_words_of_an_independent_icu() {
    let press = press("");
    let mut script = String::new();
    for language in LANGUAGES {
        for date in DATES {
            writeln!(script, "{language} {date}").unwrap();
        }
    }
    let theirs = intl(&script);
    let mut faults = String::new();
    for (line, words) in script.lines().zip(theirs.lines()) {
        let (language, date) = line.split_once(' ').unwrap();
        let request = Request::new("c", "A")
            .unwrap()
            .with_language(tag(language))
            .with_issued(day(date));
        let sheet = press.sheet(&request, day(date)).unwrap();
        let ours = sheet.date.expect("every language dates its certificates").text();
        for word in words.split('|') {
            let known = KNOWN.iter().any(|(known, part, _)| {
                *known == language && (*part == word || word.starts_with('0'))
            });
            if !ours.contains(word) && !known {
                writeln!(faults, "{language} {date}: no `{word}` in `{ours}`").unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// The day, month and year of each line's date as Node writes them for its language.
fn intl(lines: &str) -> String {
    let script = "const out = []; \
        for (const line of require('fs').readFileSync(0, 'utf8').trim().split('\\n')) { \
          const [tag, date] = line.split(' '); \
          const style = new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeZone: 'UTC' }); \
          out.push(style.formatToParts(new Date(date + 'T00:00:00Z')) \
            .filter(part => ['day', 'month', 'year'].includes(part.type)) \
            .map(part => part.value).join('|')); } \
        console.log(out.join('\\n'));";
    let mut node = Command::new("node")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node is there: run tests/run");
    node.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_language_is_one_file() {
    // What `layouts/README.md` says, with a language that nobody speaks.
    let locale = "heading: Atteste\n\
                  blocks:\n\
                  \x20 - recipient: \"{{ name }}\"\n\
                  \x20 - course: \"{{ course.title }}\"\n\
                  date: \"{{ issued | date('d MMMM y') }}\"\n\
                  authenticity: \"{{ verify_url | link }}\"\n\
                  specimen: Ekzem\n";
    let site = site("").with_file("layouts/shared/locales/qaa.yaml", locale);
    let press = Press::new(site).unwrap();
    let request = Request::new("c", "Ada").unwrap().with_language(tag("qaa"));
    press.draft(&request, day("2026-05-14")).unwrap();
}

#[test]
fn han_stands_in_the_form_of_its_nation() {
    for (language, family, region) in [
        ("ja", "Noto Serif CJK JP", None),
        ("zh-Hans", "Noto Serif CJK SC", Some("CN")),
        ("zh-Hant", "Noto Serif CJK TC", Some("TW")),
        ("zh-TW", "Noto Serif CJK TC", Some("TW")),
        ("ko", "Noto Serif CJK KR", None),
    ] {
        let request = Request::new("c", "骨遍").unwrap().with_language(tag(language));
        let sheet = press("").sheet(&request, day("2026-05-14")).unwrap();
        let name = sheet.blocks.iter().find(|block| block.role == "recipient").unwrap();
        assert_eq!(name.runs[0].font, family, "{language}");
        assert_eq!(sheet.region.as_deref(), region, "{language}");
    }
}

fn press(extra: &str) -> Press {
    Press::new(site(extra)).unwrap()
}

fn site(extra: &str) -> Site {
    let courses = format!(
        "c:\n  title: Introduction to Curling\n  organization: Example University\n  \
         language: en\n  signatories:\n    - {{ name: Dr. Ada Example, title: Professor of \
         Mechanics, signature: ada.svg }}\n{extra}"
    );
    Site::new().with_file("courses.yaml", courses)
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}
