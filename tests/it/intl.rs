//! Dates, numbers and percents against an independent ICU (`Intl` in Node), text by text.
//!
//! For each difference `tests/intl.tsv` has a row with both texts and the reason: `order` if the
//! words are the same, `words` if they are not. A row that no longer applies fails like a
//! difference without a row. The comparison ignores CLDR's narrow spaces and invisible direction
//! marks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use testamur::press::Press;
use testamur::site::{Request, Site};
use testamur::{Date, Tag};

use crate::cases::folder;
use crate::languages::{DATES, LANGUAGES};

/// Calendars, digits and regions that a tag can choose.
const TAGS: [&str; 22] = [
    "am-u-ca-ethiopic",
    "ar-EG",
    "ar-SA",
    "ar-u-ca-islamic-umalqura",
    "ar-u-nu-arab",
    "bn-IN",
    "de-AT",
    "en-GB",
    "en-u-ca-buddhist",
    "en-u-ca-hebrew",
    "es-MX",
    "fa-u-ca-gregory",
    "fa-u-nu-latn",
    "fr-CA",
    "he-u-ca-hebrew",
    "hi-u-ca-indian",
    "hi-u-nu-deva",
    "ja-u-ca-japanese",
    "pt-PT",
    "th-u-ca-gregory",
    "th-u-nu-thai",
    "zh-Hant-u-ca-roc",
];
const STYLES: [&str; 4] = ["full", "long", "medium", "short"];
const NUMBERS: [&str; 4] = ["0", "1234", "12345.5", "1234567"];
const SHARES: [&str; 4] = ["0.87", "0.875", "1", "0.035"];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn differences_from_node_icu_are_listed_with_reasons() {
    let tags: Vec<&str> = LANGUAGES.into_iter().chain(TAGS).collect();
    let Some(theirs) = theirs(&tags) else { return };
    let mut known = known();
    let mut faults = String::new();
    for (tag, theirs) in tags.iter().zip(theirs) {
        let mut first: BTreeMap<&str, (String, String)> = BTreeMap::new();
        for ((what, ours), theirs) in kinds().zip(ours(tag)).zip(theirs) {
            if plain(&ours) != plain(&theirs) {
                first.entry(what).or_insert((ours, theirs));
            }
        }
        for (what, (ours, theirs)) in first {
            let kind = if words(&ours) == words(&theirs) { "order" } else { "words" };
            let row =
                format!("{tag}\t{what}\t{kind}\t{}\t{}", plain(&ours), plain(&theirs));
            if known.remove(&row).is_none() {
                writeln!(faults, "a difference without a reason: {row}").unwrap();
            }
        }
    }
    for row in known.keys() {
        writeln!(faults, "a row without a difference: {row}").unwrap();
    }
    assert!(faults.is_empty(), "{faults}");
}

/// The rows of the table, and their reasons.
fn known() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder("intl.tsv")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|line| {
        let (row, reason) = line.rsplit_once('\t').unwrap();
        assert!(reason.contains(' '), "{line}: the reason is missing");
        (row.to_owned(), reason.to_owned())
    })
    .collect()
}

/// What each text is: a date's style, `number` or `percent`.
fn kinds() -> impl Iterator<Item = &'static str> {
    let dates = DATES.iter().flat_map(|_| STYLES);
    dates.chain(NUMBERS.map(|_| "number")).chain(SHARES.map(|_| "percent"))
}

fn ours(tag: &str) -> Vec<String> {
    let dates = DATES.iter().flat_map(|date| {
        STYLES.map(|style| format!("{{{{ '{date}' | date('{style}') }}}}"))
    });
    let numbers = NUMBERS.map(|number| format!("{{{{ '{number}' | number }}}}"));
    let shares = SHARES.map(|share| format!("{{{{ '{share}' | percent }}}}"));
    let all: Vec<String> = dates.chain(numbers).chain(shares).collect();
    let tag = Tag::parse(tag).unwrap();
    let file = tag.fallbacks().next().unwrap();
    // A sentence has room for some hundreds of letters.
    let statements =
        all.chunks(6).map(|some| format!("statement: \"{}\"", some.join(" | ")));
    let statements = statements.collect::<Vec<_>>().join(", ");
    let site = Site::new().with_sample_pictures()
        .with_file("courses.yaml", "c: { title: T, organization: O, language: en }\n")
        .with_file(
            format!("layouts/shared/locales/{file}.yaml"),
            format!(
                "heading: T\nblocks: [recipient: \"{{{{ name }}}}\", course: T, {statements}]\n\
                 date: T\nspecimen: S\n"
            ),
        );
    let request = Request::new("c", "A").unwrap().with_language(tag);
    let today = Date::parse("2026-05-14").unwrap();
    let sheet = Press::new(site).unwrap().sheet(&request, today).unwrap();
    let statements = sheet.blocks.iter().filter(|block| block.role == "statement");
    let texts = statements.map(|block| block.text());
    texts
        .flat_map(|text| text.split(" | ").map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Node's texts for each tag, or `None` if Node has another CLDR than the table was made with.
fn theirs(tags: &[&str]) -> Option<Vec<Vec<String>>> {
    let script = "const [tags, dates, styles, numbers, shares] = \
          JSON.parse(require('fs').readFileSync(0, 'utf8')); \
        if (!process.versions.cldr.startsWith('48')) { console.log('null'); process.exit(0); } \
        console.log(JSON.stringify(tags.map(tag => [ \
          ...dates.flatMap(date => styles.map(dateStyle => \
            new Intl.DateTimeFormat(tag, { dateStyle, timeZone: 'UTC' }) \
              .format(new Date(date + 'T00:00:00Z')))), \
          ...numbers.map(number => new Intl.NumberFormat(tag, { maximumFractionDigits: 9 }) \
              .format(Number(number))), \
          ...shares.map(share => new Intl.NumberFormat(tag, { style: 'percent' }) \
              .format(Number(share)))])));";
    let mut node = Command::new("node")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node is installed: run tests/run");
    let asked = serde_json::json!([tags, DATES, STYLES, NUMBERS, SHARES]).to_string();
    node.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A text without invisible marks, and with each space as an ordinary one.
fn plain(text: &str) -> String {
    let unseen = |c: &char| {
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2066}'..='\u{2069}')
    };
    let space = |c: char| if c.is_whitespace() { ' ' } else { c };
    text.chars().filter(|c| !unseen(c)).map(space).collect()
}

/// The words and numbers of a text, sorted.
fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric());
    let mut words: Vec<String> =
        parts.filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.sort();
    words
}
