//! Tables: the texts of rows, rows over several pages, and the proof of wrong tables.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use testamur::press::{DraftOptions, Format, Press};
use testamur::site::{Request, Site};
use testamur::{Date, Error, ErrorKind};

const LAYOUT: &str = "statement-of-results";

#[test]
fn row_merges_course_and_request_values() {
    let modules = "{ knots: { title: { en: Knots, es: Nudos }, hours: 1200 }, splices: { title: \
                   Splices, hours: 7.25 }, sails: { title: '*Sails* {{ 7*7 }}' } }";
    let request = request("es").with_grade("0.87").with_extra(
        "modules",
        json!({ "knots": { "grade": "0.935" }, "sails": { "grade": "Bien" } }),
    );
    let sheet = press(modules, 2).sheet(&request, day()).unwrap();
    let table = serde_json::to_value(sheet.table.unwrap()).unwrap();
    let text_of = |cell: &Value| -> String {
        let runs = cell["runs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let text: String = runs.iter().map(|run| run["text"].as_str().unwrap()).collect();
        text.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')).collect()
    };
    let row =
        |row: &Value| row.as_array().unwrap().iter().map(text_of).collect::<Vec<_>>();
    let rows: Vec<_> = table["rows"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(rows[0], ["Nudos", "93,5\u{a0}%", "1200"]);
    assert_eq!(rows[1], ["Splices", "–", "7,25"]);
    assert_eq!(rows[2], ["*Sails* {{ 7*7 }}", "Bien", "–"]);
    assert_eq!(row(&table["total"]), ["Total", "87\u{a0}%", "1207,25"]);
    let columns = table["columns"].as_array().unwrap();
    let headings: Vec<_> =
        columns.iter().map(|column| text_of(&column["heading"])).collect();
    assert_eq!(headings, ["Módulo", "Calificación", "Horas"]);
    assert_eq!(columns[2]["align"], "end");
}

#[test]
fn request_list_replaces_the_course_list() {
    let request = request("en")
        .with_extra("modules", json!([{ "title": "Only this", "grade": 1, "hours": 1 }]));
    let sheet = press(&modules(9), 1).sheet(&request, day()).unwrap();
    assert_eq!(sheet.table.unwrap().rows.len(), 1);
}

#[test]
fn invalid_rows_are_refused_with_a_place() {
    let refusal = |modules: &str, request: Request| -> Error {
        press(modules, 1).draft(&request, day()).unwrap_err()
    };
    let one = "{ knots: { title: Knots } }";
    let other = request("en").with_extra("modules", json!({ "knot": { "grade": 1 } }));
    let error = refusal(one, other);
    assert_eq!(error.kind(), ErrorKind::InvalidValue);
    assert!(error.help().unwrap().contains("`knots`"), "{error:#}");
    for (modules, kind, part) in [
        ("knots", ErrorKind::InvalidValue, "no list of rows"),
        ("[]", ErrorKind::MissingField, "no rows"),
        ("[knots]", ErrorKind::InvalidValue, "no map of fields"),
        (
            "[{ title: { english: Knots } }]",
            ErrorKind::InvalidValue,
            "no text by language",
        ),
        ("[{ hours: 3 }]", ErrorKind::Sentence, "`module of row 1`"),
        (
            "[{ title: Knots, hours: many }]",
            ErrorKind::InvalidValue,
            "`many` in `hours of row 1` is not a number",
        ),
        (
            "[{ title: Knots, hours: 12 }, { title: Sails, hours: '12,5' }]",
            ErrorKind::InvalidValue,
            "`12,5` in `hours` of row 2 of `modules` is not a number, and the column has a total",
        ),
    ] {
        let error = refusal(modules, request("en"));
        assert_eq!(error.kind(), kind, "{error:#}");
        assert!(error.message().contains(part), "{error:#}");
        assert!(error.place().is_some() && error.is_user_fault(), "{error:#}");
    }
    let error = refusal(&modules(121), request("en"));
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:#}");
}

#[test]
fn cell_with_an_unknown_field_is_refused() {
    let file = format!("layouts/{LAYOUT}/layout.yaml");
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
    let yaml = fs::read_to_string(own).unwrap();
    for (wrong, part) in [("rw.title", "`rw.title`"), ("outcome", "`outcome`")] {
        let yaml = yaml.replace("{{ row.title }}", &format!("{{{{ {wrong} }}}}"));
        let site = Site::new()
            .with_sample_pictures()
            .with_file("courses.yaml", courses(&modules(1), 0))
            .with_file(file.as_str(), yaml);
        let error = Press::new(site).unwrap().draft(&request("en"), day()).unwrap_err();
        assert!(error.message().contains(part), "{error:#}");
        let place = error.place().unwrap();
        assert!(place.file == file && place.column > Some(20), "{error:#}");
    }
}

#[test]
fn title_in_another_language_gives_one_warning() {
    let press = press("[{ title: { es: Nudos } }, { title: { es: Velas } }]", 1);
    let draft = press.draft(&request("en"), day()).unwrap();
    let warned =
        draft.warnings.iter().filter(|warning| warning.message.contains("title"));
    assert_eq!(warned.count(), 1, "{:?}", draft.warnings);
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn rows_are_distributed_over_pages() {
    const ROWS: [usize; 9] = [1, 2, 3, 8, 15, 17, 21, 26, 60];
    let all = [0, 2, 6].into_iter().flat_map(|people| ROWS.map(|rows| (people, rows)));
    let all: Vec<(usize, usize)> = all.collect();
    let courses = all.iter().map(|&(people, rows)| {
        courses(&modules(rows), people).replacen("c:", &format!("c-{people}-{rows}:"), 1)
    });
    let site = Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", courses.collect::<String>());
    let press = Press::new(site).unwrap();
    for language in ["en", "ar", "ja", "ur"] {
        for &(people, rows) in &all {
            let what = format!("{language}, {people} people, {rows} rows");
            let request =
                Request::new(format!("c-{people}-{rows}"), "Ada Lovelace").unwrap();
            let request = request.with_language(language.parse().unwrap());
            let draft = press.draft(&request, day());
            let draft = draft.unwrap_or_else(|error| panic!("{what}: {error:#}"));
            let pages = texts(&draft.bytes);
            let counts: Vec<usize> =
                pages.iter().map(|page| page.matches("Knot-").count()).collect();
            assert_eq!(counts.iter().sum::<usize>(), rows, "{what}: {counts:?}");
            let few = 3.min((rows / 2).max(1));
            assert!(counts.iter().all(|&count| count >= few), "{what}: {counts:?}");
            let last = pages.last().unwrap();
            assert!(
                last.contains(&draft.verify_url.as_deref().unwrap()[..30]),
                "{what}: {last}"
            );
        }
    }
}

#[test]
fn each_page_has_column_headings_name_and_number() {
    let draft = press(&modules(60), 2).draft(&request("en"), day()).unwrap();
    let pages = texts(&draft.bytes);
    assert!(pages.len() > 2, "{pages:?}");
    for (index, page) in pages.iter().enumerate() {
        for word in ["Module", "Grade", "Hours", "Ada Lovelace"] {
            assert!(page.contains(word), "no {word} on page {}: {page}", index + 1);
        }
        let number = format!("{}/{}", index + 1, pages.len());
        assert!(page.replace(' ', "").contains(&number), "no {number}: {page}");
    }
    // A single page has no number.
    let draft = press(&modules(3), 2).draft(&request("en"), day()).unwrap();
    assert!(!texts(&draft.bytes)[0].replace(' ', "").contains("1/1"));
}

#[test]
fn tag_tree_has_one_table_with_one_header() {
    let draft = press(&modules(60), 2).draft(&request("en"), day()).unwrap();
    let file = TempDir::new().unwrap();
    let path = file.path().join("t.pdf");
    fs::write(&path, &draft.bytes).unwrap();
    let output = Command::new("pdfinfo").arg("-struct-text").arg(&path).output().unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    let count = |what: &str| {
        tree.lines().filter(|line| line.split_whitespace().next() == Some(what)).count()
    };
    assert_eq!([count("Table"), count("THead"), count("TR")], [1, 1, 62], "{tree}");
    // The last row is the row of totals.
    assert_eq!(count("TH") + count("TH:"), 3);
    assert_eq!(count("TD:") + count("TD"), 3 * 61);
    let heading = |word: &str| tree.matches(&format!("\"{word}\"")).count();
    assert_eq!(["Module", "Grade", "Hours"].map(heading), [1; 3]);
    let order = |row: usize| tree.find(&format!("Knot-{row} ")).unwrap();
    assert!((1..60).all(|row| order(row) < order(row + 1)));
}

#[test]
fn title_of_more_than_three_lines_overflows() {
    let title = "Thermodynamics of pebbled ice under the running band of a granite stone, with \
                 an introduction to the tribology of thin films of water and to the measurement \
                 of friction on rinks of different preparation, humidity and temperature";
    let rows = |title: &str| {
        format!("[{}]", vec![format!("{{ title: '{title}' }}"); 60].join(", "))
    };
    let press_of = |title: &str| press(&rows(title), 3);
    let draft = press_of(title).draft(&request("en"), day()).unwrap();
    assert!(texts(&draft.bytes).len() <= 8);
    let error =
        press_of(&format!("{title} {title}")).draft(&request("en"), day()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overflow, "{error:#}");
    assert_eq!(error.place().unwrap().file, "courses.yaml", "{error:#}");
}

#[test]
fn wrongly_set_table_is_refused() {
    let common = r#"
#import "../shared/page.typ": page-of
#import "../shared/slot.typ": slot
#let cell(it) = if it == none { [] } else { slot(it) }
#let rest(sheet) = context {
  for it in (sheet.heading, ..sheet.blocks, sheet.date, sheet.authenticity, sheet.specimen) {
    if it != none { slot(it) }
  }
  for person in sheet.signatories { slot(person.name); slot(person.title) }
  block(width: 30mm, height: 30mm, image(sheet.verify.code.path, alt: "code"))
}
"#;
    let table = |rows: &str, head: &str| {
        format!(
            "{common}\n#let certificate(sheet) = {{\n  show: page-of.with(sheet, margin: 20mm)\n  \
             context {{\n    let heads = sheet.table.columns.map(c => cell(c.heading))\n    let \
             rows = sheet.table.rows\n    table(columns: 3, {head}, ..({rows}).flatten().map(cell), \
             ..sheet.table.total.map(cell))\n  }}\n}}\n"
        )
    };
    let header = "table.header(..heads)";
    for (name, code, kind) in [
        ("order", table("rows.rev()", header), ErrorKind::Layout),
        ("columns", table("rows.map(row => row.rev())", header), ErrorKind::Layout),
        ("a row left out", table("rows.slice(1)", header), ErrorKind::TextMissing),
        ("a row twice", table("rows.slice(0, 1) + rows", header), ErrorKind::TextDoubled),
        (
            "not repeated",
            table("rows", "table.header(repeat: false, ..heads)"),
            ErrorKind::TextMissing,
        ),
        (
            "twice",
            table("rows", "table.header(..heads, ..heads)"),
            ErrorKind::TextDoubled,
        ),
    ] {
        let own = Site::new()
            .with_sample_pictures()
            .with_file("courses.yaml", courses(&modules(40), 0))
            .with_file(format!("layouts/{LAYOUT}/layout.typ"), code);
        let error = Press::new(own).unwrap().draft(&request("en"), day()).unwrap_err();
        // The rest of the sheet is missing in all cases; the table has one fault.
        let of_table = |fault: &&Error| {
            ["cell", "column", "total"]
                .iter()
                .any(|role| fault.message().starts_with(&format!("the {role} ")))
        };
        let kinds: Vec<ErrorKind> =
            error.faults().filter(of_table).map(Error::kind).collect();
        assert!(
            !kinds.is_empty() && kinds.iter().all(|&found| found == kind),
            "{name}: {error:#}"
        );
    }
}

#[test]
fn recipients_file_sets_row_values() {
    let root = TempDir::new().unwrap();
    let path = |name: &str| root.path().join(name);
    fs::write(path("testamur.yaml"), "").unwrap();
    fs::write(path("courses.yaml"), courses(&modules(2), 1)).unwrap();
    fs::create_dir(path("signatures")).unwrap();
    fs::copy("signatures/ada.svg", path("signatures/ada.svg")).unwrap();
    fs::write(
        path("people.csv"),
        "name,modules.m1.grade,modules.m2.grade\nAda Lovelace,0.5,Good\nEmmy Noether,,1\n",
    )
    .unwrap();
    let run = |arguments: &[&str]| {
        let ran = assert_cmd::Command::new(env!("CARGO_BIN_EXE_testamur"))
            .current_dir(root.path())
            .env_remove("TESTAMUR_SITE")
            .env_remove("TESTAMUR_FONTS")
            .args(["render", "-c", "c", "--format", "sheet"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    };
    let grades = |file: &str| -> Vec<String> {
        let sheet: Value =
            serde_json::from_slice(&fs::read(path(file)).unwrap()).unwrap();
        let rows = sheet["table"]["rows"].as_array().unwrap();
        let text = |row: &Value| {
            let runs = row[1]["runs"].as_array().unwrap();
            let text: String =
                runs.iter().map(|run| run["text"].as_str().unwrap()).collect();
            text.trim_matches(['\u{2068}', '\u{2069}']).to_owned()
        };
        rows.iter().map(text).collect()
    };
    run(&["-f", "people.csv", "-o", "out/"]);
    assert_eq!(grades("out/c-Ada-Lovelace.json"), ["50%", "Good"]);
    assert_eq!(grades("out/c-Emmy-Noether.json"), ["–", "100%"]);
    run(&["-n", "Ada", "--set", "modules.m2.grade=0.25", "-o", "one.json"]);
    assert_eq!(grades("one.json"), ["–", "25%"]);
}

/// The text of each page, as pdftotext reads it.
fn texts(pdf: &[u8]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.pdf");
    fs::write(&path, pdf).unwrap();
    let output =
        Command::new("pdftotext").arg("-layout").arg(&path).arg("-").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim_end_matches('\u{c}').split('\u{c}').map(str::to_owned).collect()
}

fn modules(count: usize) -> String {
    let mut modules = String::from("{ ");
    for row in 1..=count {
        write!(modules, "m{row}: {{ title: 'Knot-{row} and more', hours: {row} }}, ")
            .unwrap();
    }
    modules + "}"
}

fn courses(modules: &str, people: usize) -> String {
    let mut courses = format!(
        "c:\n  title: Sailing\n  organization: Example University\n  language: en\n  layout: \
         {LAYOUT}\n  grades: {{ scale: fraction }}\n  extra:\n    modules: {modules}\n  signatories:\n"
    );
    for person in ["ada", "grace", "emmy", "mary", "rosa", "sofia"].iter().take(people) {
        writeln!(
            courses,
            "    - {{ name: {person} Example, title: Professor, signature: {person}.svg }}"
        )
        .unwrap();
    }
    match people {
        0 => courses.replace("  signatories:\n", ""),
        _ => courses,
    }
}

fn press(modules: &str, people: usize) -> Press {
    Press::new(
        Site::new()
            .with_sample_pictures()
            .with_file("courses.yaml", courses(modules, people)),
    )
    .unwrap()
}

fn request(language: &str) -> Request {
    Request::new("c", "Ada Lovelace").unwrap().with_language(language.parse().unwrap())
}

fn day() -> Date {
    Date::parse("2026-05-14").unwrap()
}

#[test]
fn sheet_without_a_table_has_no_table_key() {
    let press = Press::new(Site::demo()).unwrap();
    let options = DraftOptions::default().with_format(Format::Sheet);
    let draft = press.draft_sample("classic", day(), &options).unwrap();
    let sheet: Value = serde_json::from_slice(&draft.bytes).unwrap();
    assert!(sheet.get("table").is_none() && sheet.get("folios").is_none());
}
