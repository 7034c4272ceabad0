//! Recipients files as real programs export them: each file of `tests/recipients/` with the table,
//! or the refusal, that its `.txt` expects. Under `TESTAMUR_ACCEPT` the expectations are written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;
use testamur::site::tables::{
    ColumnUse, FreeFields, Mapping, RecipientRow, Recipients, RequestDefaults,
    RowOptions, Table,
};
use testamur::site::{DateOrder, RecipientsFormat};
use testamur::{Date, ErrorKind, Result};

use crate::workdir::Workdir;

/// The first line of an expectation that has arguments.
const OPTIONS: &str = "options: ";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recipients")
}

#[test]
fn exported_files_are_read_or_refused_as_expected() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in &files {
        let file_name = name(file);
        let is_expectation = file_name
            .strip_suffix(".txt")
            .is_some_and(|of| files.iter().any(|other| name(other) == of));
        if is_expectation || file_name == "courses.yaml" {
            continue;
        }
        count += 1;
        let expected_file = folder().join(format!("{file_name}.txt"));
        let expected = fs::read_to_string(&expected_file).unwrap_or_default();
        let line = expected.lines().next().unwrap_or_default();
        let options = line.strip_prefix(OPTIONS).unwrap_or_default();
        let mut got = match options {
            "" => String::new(),
            options => format!("{OPTIONS}{options}\n"),
        };
        got.push_str(&reading(&file_name, fs::read(file).unwrap(), options));
        if got != expected {
            if std::env::var_os("TESTAMUR_ACCEPT").is_some() {
                fs::write(&expected_file, got).unwrap();
            } else {
                wrong.push(format!("{file_name}: expected\n{expected}\ngot\n{got}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(count >= 60, "{count} files");
}

/// What is read of a file, or why it is refused.
fn reading(file: &str, bytes: Vec<u8>, options: &str) -> String {
    match read(file, bytes, options) {
        Ok(text) => text,
        Err(error) => format!("refused\n{error:#}\n"),
    }
}

fn read(file: &str, bytes: Vec<u8>, options: &str) -> Result<String> {
    let (format, is_list) = format_of(options);
    let table = if is_list {
        Table::read_names(file, bytes, &format)?
    } else {
        Table::read(file, bytes, &format)?
    };
    let fields = FreeFields::new(["hours", "modules"]);
    let mapping = Mapping::guess(&table, &format, &fields)?;
    let options = RowOptions::default()
        .with_dates(format.dates)
        .with_today(Date::parse("2026-06-01").unwrap());
    let recipients = Recipients::read(&table, &mapping, &options)?;
    let mut text = format!("{}, header on line {}\n", table.form, table.header_line);
    for column in &mapping.columns {
        let used = match &column.used_as {
            ColumnUse::Field(field) => field.key().to_owned(),
            ColumnUse::Extra(path) => format!("extra.{path}"),
            other => format!("{other:?}"),
        };
        let kept = if column.is_kept { ", kept" } else { "" };
        writeln!(text, "  {:?}: {used}{kept}", column.header).unwrap();
    }
    for row in &recipients.rows {
        writeln!(text, "{}", row_text(row)).unwrap();
    }
    for (line, name) in &recipients.left_out {
        writeln!(text, "left out: {name:?} on line {line}").unwrap();
    }
    if table.blank_rows > 0 {
        writeln!(text, "blank rows: {}", table.blank_rows).unwrap();
    }
    let warnings = table.warnings.iter().cloned().chain(mapping.unread_warning(&table));
    for warning in warnings.chain(recipients.findings.iter().map(|it| it.to_warning())) {
        writeln!(text, "warning: {warning}").unwrap();
    }
    Ok(text)
}

/// The values of a row, as its request has them.
fn row_text(row: &RecipientRow) -> String {
    let place = row.place.as_ref().unwrap();
    match row.request(&RequestDefaults::new("C")) {
        Err(error) => format!("{place}: failed: {error}"),
        Ok(request) => {
            let mut json = serde_json::to_value(&request).unwrap();
            let values = json.as_object_mut().unwrap();
            if values["course"] == "C" {
                values.shift_remove("course");
            }
            if !row.kept.is_empty() {
                values.insert("kept".to_owned(), Value::from(row.kept.clone()));
            }
            format!("{place}: {json}")
        }
    }
}

/// The arguments of the program that an expectation names.
fn format_of(options: &str) -> (RecipientsFormat, bool) {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in options.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    let mut format = RecipientsFormat::default();
    let mut is_list = false;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap().as_str();
        format = match word.as_str() {
            "--names" => {
                is_list = true;
                format
            }
            "--encoding" => format.with_encoding(value()),
            "--sheet" => format.with_sheet(value()),
            "--keep" => format.with_kept(value()),
            "--header" => format.with_header(value().parse().unwrap()),
            "--dates" => format.with_dates(DateOrder::parse(value()).unwrap()),
            "--column" => {
                let (key, headers) = value().split_once('=').unwrap();
                format.with_column(key, headers.split('+'))
            }
            "--ignore" => format.with_ignored(value()),
            other => panic!("{other} in {options}"),
        };
    }
    (format, is_list)
}

#[test]
fn large_archives_and_tables_are_refused_before_the_work() {
    let refused = |name: &str, bytes: Vec<u8>| {
        let error = Table::read(name, bytes, &RecipientsFormat::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{name}: {error}");
    };
    // 640 MB of blanks in less than one.
    let part = vec![b' '; 64 << 20];
    let mut parts: Vec<(String, &[u8])> =
        (0..10).map(|n| (format!("xl/worksheets/sheet{n}.xml"), &part[..])).collect();
    parts.push(("xl/workbook.xml".to_owned(), b"<workbook/>"));
    refused("bomb.xlsx", archive(&parts));
    // One cell that stands for a million columns, and one row for as many.
    let ods = |cell: &str| {
        let content = format!(
            "<office:document-content><table:table table:name=\"T\">{cell}</table:table>\
             </office:document-content>"
        );
        archive(&[
            (
                "mimetype".to_owned(),
                &b"application/vnd.oasis.opendocument.spreadsheet"[..],
            ),
            ("content.xml".to_owned(), content.as_bytes()),
        ])
    };
    let cell = |columns: u32, rows: u32| {
        format!(
            "<table:table-row table:number-rows-repeated=\"{rows}\"><table:table-cell \
             table:number-columns-repeated=\"{columns}\"><text:p>x</text:p></table:table-cell>\
             </table:table-row>"
        )
    };
    refused("wide.ods", ods(&cell(1_000_000, 1)));
    refused("high.ods", ods(&cell(1, 1_048_577)));
    refused("large.ods", ods(&cell(1_000, 1_000_000)));
    refused("wide.csv", "name,".repeat(1_000_000).into_bytes());
    refused("large.csv", format!("{}\n", ",".repeat(900)).repeat(20_000).into_bytes());
    // A text that stands in many cells, rows that are filled up to a wide header, a text of no cell.
    let long = "x".repeat(32_767);
    let repeated = cell(2, 1_000_000).replace('x', &long);
    refused("long.ods", ods(&repeated));
    refused("longer.ods", ods(&cell(1, 1).replace('x', &format!("{long}x"))));
    refused("longer.csv", format!("name\n{long}x\n").into_bytes());
    let rows = "Ada\n".repeat(60_000);
    refused("filled.csv", format!("{}name\n{rows}", "a,".repeat(998)).into_bytes());
    assert!(
        Table::read(
            "long.csv",
            format!("name\n{long}\n").into_bytes(),
            &RecipientsFormat::default()
        )
        .is_ok()
    );
    // Blank cells and rows cost nothing.
    let blank = cell(1_000_000, 1_000_000).replace("<text:p>x</text:p>", "");
    let header = cell(1, 1).replace('x', "Name");
    let table = Table::read(
        "blank.ods",
        ods(&format!("{header}{}{blank}", cell(1, 2))),
        &RecipientsFormat::default(),
    );
    assert_eq!(table.unwrap().rows.len(), 2);
}

fn archive(parts: &[(String, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

proptest! {
    /// Columns in another order change nothing; rows in another order are read in that order.
    #[test]
    fn permuting_columns_and_rows_changes_nothing(
        rows in proptest::collection::vec(row(), 1..12),
        columns in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        seed in any::<u64>(),
        delimiter in prop_oneof![Just(','), Just(';'), Just('\t')],
    ) {
        let header =
            ["First name", "Surname", "Student ID", "Date", "modules.a.grade", "Remarks"];
        let header: Vec<String> = header.map(str::to_owned).to_vec();
        let plain = read_rows(&header, &rows, ',');
        let mut shuffled = rows.clone();
        shuffled.sort_by_key(|row| row.iter().flat_map(|cell| cell.bytes()).fold(
            seed,
            |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(17),
        ));
        let pick = |row: &Vec<String>| {
            columns.iter().map(|&column| row[column].clone()).collect::<Vec<_>>()
        };
        let permuted: Vec<Vec<String>> = shuffled.iter().map(pick).collect();
        let other = read_rows(&pick(&header), &permuted, delimiter);
        prop_assert_eq!(plain, other);
    }
}

/// A first and last name, an id, a date, a field, and what nothing reads.
fn row() -> impl Strategy<Value = Vec<String>> {
    let text = "[A-Za-zé,;\"' ]{0,8}";
    ("[A-Z][a-z]{1,5}", text, "[a-z0-9]{1,6}", 1..=28_u8, text, text).prop_map(
        |(given, family, id, day, field, remark)| {
            let date = format!("2026-05-{day:02}");
            vec![given, format!("X{family}"), id, date, field, remark]
        },
    )
}

/// The requests that a file of these cells makes, by their text.
fn read_rows(
    header: &[String],
    rows: &[Vec<String>],
    delimiter: char,
) -> BTreeMap<String, usize> {
    let line = |cells: &[String]| {
        let cells = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        cells.collect::<Vec<_>>().join(&delimiter.to_string())
    };
    let mut text = line(header);
    for row in rows {
        text.push('\n');
        text.push_str(&line(row));
    }
    let format = RecipientsFormat::default();
    let table = Table::read("r.csv", text.into_bytes(), &format).unwrap();
    let fields = FreeFields::new(["modules"]);
    let mapping = Mapping::guess(&table, &format, &fields).unwrap();
    let recipients = Recipients::read(&table, &mapping, &RowOptions::default()).unwrap();
    let mut found = BTreeMap::new();
    for row in &recipients.rows {
        let text = row_text(row);
        let text = text.split_once(": ").unwrap().1.to_owned();
        *found.entry(text).or_insert(0) += 1;
    }
    found
}

#[test]
fn google_forms_export_publishes_no_line_as_a_name() {
    let workdir = Workdir::new();
    let text =
        "Timestamp,Email Address,Full Name\n2026/05/14 9:00:00,ada@example.org,Ada\n";
    workdir.write("form.csv", text);
    let run = workdir.run(["issue", "-f", "form.csv", "--dry-run", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.objects()[0]["name"], "Ada");
    for words in [
        "form.csv:1: these columns are not used: `Timestamp`, `Email Address`",
        "`Full Name`              name",
        "not used: no certificate prints the e-mail address",
        "not used: the header is no known word",
        "form.csv:2: Ada",
        "1 would be issued, 0 not passed, 0 failed",
    ] {
        assert!(run.stderr.contains(words), "no {words} in\n{}", run.stderr);
    }
    let run = workdir.run(["issue", "-f", "form.csv", "--names", "--dry-run"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("looks like a table header"), "{}", run.stderr);
    workdir.write("names.txt", "Ada Lovelace\nGrace Hopper\n");
    let run = workdir.run(["issue", "-f", "names.txt", "--dry-run"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("say --names"), "{}", run.stderr);
}

#[test]
fn column_that_is_told_twice_is_refused() {
    let workdir = Workdir::new();
    workdir.write("people.csv", "Name,ID,Login\nAda Lovelace,7,ada\n");
    let columns = |more: &[&str]| {
        let run = ["issue", "-f", "people.csv", "--dry-run"];
        workdir.run(run.iter().chain(more))
    };
    for (more, words) in [
        (
            ["--column", "username=ID", "--ignore", "ID"],
            "the column `ID` is given two uses",
        ),
        (["--column", "username=ID", "--column", "username=Login"], "is given twice"),
        (["--column", "grade=ID", "--column", "designation=ID"], "is given two uses"),
    ] {
        let run = columns(&more);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains(words), "no {words} in\n{}", run.stderr);
    }
    assert_eq!(columns(&["--column", "username=ID", "--ignore", "Login"]).code, 0);
}

#[test]
fn wrong_value_is_named_with_its_row_and_column() {
    let workdir = Workdir::new();
    workdir.write("people.csv", "Name,study_hours\nAda Lovelace,5h\nGrace Hopper,7.5\n");
    let run = workdir.run(["issue", "-f", "people.csv", "--dry-run"]);
    assert_eq!(run.code, 1, "{run:?}");
    for words in [
        "people.csv:2: `5h` in `study_hours` is not a number",
        "help: write a number with a decimal point, such as `12` or `7.5`; the sentence `",
    ] {
        assert!(run.stderr.contains(words), "no {words} in\n{}", run.stderr);
    }
}

#[test]
fn field_that_nothing_reads_is_named() {
    let workdir = Workdir::new();
    let issue = |field: &str| {
        let run = workdir.run(["issue", "-n", "Ada", "--set", field]);
        assert_eq!(run.code, 0, "{run:?}");
        run.stderr
    };
    let said = issue("study_hour=5");
    assert!(said.contains("nothing on the certificate reads `study_hour`"), "{said}");
    assert!(said.contains("did you mean `study_hours`?"), "{said}");
    let said = issue("study_hours=5");
    assert!(!said.contains("nothing on the certificate"), "{said}");
}

#[test]
fn date_of_no_certificate_is_refused() {
    let workdir = Workdir::new();
    for date in ["0001-01-01", "9999-12-31"] {
        let run = workdir.run(["issue", "-n", "Ada", "-i", date]);
        assert_eq!(run.code, 1, "{run:?}");
        let words = format!("`{date}` is not a date of issue");
        assert!(run.stderr.contains(&words), "{}", run.stderr);
    }
}

#[test]
fn kept_column_stands_in_the_report_and_nowhere_else() {
    let workdir = Workdir::new();
    let text = "name,E-mail\nAda Lovelace,ada@secret.example\n,=cmd@secret.example\n";
    workdir.write("people.csv", text);
    let issue = |report: &str| {
        workdir.run([
            "issue",
            "-f",
            "people.csv",
            "--keep",
            "e-mail",
            "--report",
            report,
            "--json",
        ])
    };
    let run = issue("report.csv");
    assert_eq!(run.code, 1, "{run:?}");
    assert!(!run.stderr.contains("secret") && !run.stderr.contains("not used"));
    assert!(!String::from_utf8_lossy(&run.stdout).contains("secret"), "{run:?}");
    let report = String::from_utf8(workdir.read("report.csv")).unwrap();
    assert!(
        report.lines().next().unwrap().ends_with(",message,username,E-mail"),
        "{report}"
    );
    assert!(report.contains(",ada@secret.example\n"), "{report}");
    assert!(report.contains(",'=cmd@secret.example\n"), "{report}");
    issue("report.json");
    let rows: Vec<Value> = serde_json::from_slice(&workdir.read("report.json")).unwrap();
    assert_eq!(rows[0]["kept"]["E-mail"], "ada@secret.example");
    let found = published(&workdir.path("."));
    assert!(found.len() > 4, "{found:?}");
    for (path, bytes) in found {
        let has = bytes.windows(7).any(|window| window == b"@secret");
        assert!(!has, "{}", path.display());
    }
    let run = workdir.run(["issue", "-f", "people.csv", "--keep", "E-mail"]);
    assert_eq!(run.code, 2, "a report is needed: {run:?}");
}

/// The files in `public/` and `private/`.
fn published(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.join("public"), folder.join("private")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.clone(), fs::read(path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn courses_say_how_their_recipients_files_are_read() {
    let workdir = Workdir::new();
    workdir.write("site/testamur.yaml", "publish: { url: https://example.org/c/ }\n");
    let course = "KNOTS:\n  title: Knots\n  organization: School\n  language: en\n  \
                  fields: [room]\n  recipients:\n    encoding: windows-1250\n    dates: mdy\n    \
                  columns: { name: [Given, Family], room: Hall }\n    ignore: Points\n";
    workdir.write("site/courses.yaml", course);
    let text = "Given;Family;Hall;Date;Points;Remarks\nJi\u{159}\u{ed};Dvo\u{159}\u{e1}k;B 2;05/06/2026;3;x\n";
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| match c {
            '\u{159}' => 0xf8,
            '\u{ed}' => 0xed,
            '\u{e1}' => 0xe1,
            c => u8::try_from(u32::from(c)).unwrap(),
        })
        .collect();
    workdir.write("people.csv", bytes);
    let site = ["--site", "site", "render", "-f", "people.csv", "-o"];
    let run =
        workdir.run(site.iter().chain(&["one.json", "--format", "sheet", "--json"]));
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.objects()[0]["name"], "Jiří Dvořák");
    assert_eq!(run.objects()[0]["issued"], "2026-05-06");
    let sheet: Value = serde_json::from_slice(&workdir.read("one.json")).unwrap();
    assert_eq!(sheet["extra"]["room"], "B 2");
    let columns = ["--ignore", "Remarks"];
    let run = workdir
        .run(site.iter().chain(&["two.json", "--format", "sheet"]).chain(&columns));
    assert!(!run.stderr.contains("not used"), "{}", run.stderr);
    workdir.write("site/courses.yaml", course.replace("[room]", "[date]"));
    let run = workdir.run(site.iter().chain(&["three.json"]));
    assert!(run.stderr.contains("`date` is a value of each request"), "{}", run.stderr);
}

#[test]
fn failing_row_has_the_same_name_in_render_and_issue() {
    let workdir = Workdir::new();
    let text = "name,language,issued\nAda Lovelace,klingon!,\n,en,\nGrace Hopper,en,2026-02-30\n\
                Emmy,Noether,en,\n";
    workdir.write("people.csv", text);
    let errors = |command: &[&str]| -> BTreeMap<String, Value> {
        let run = workdir.run(command.iter().chain(&["-f", "people.csv", "--json"]));
        assert_eq!(run.code, 1, "{run:?}");
        let objects = run.objects();
        let of = |object: &Value| (object["row"].to_string(), object["error"].clone());
        objects.iter().map(of).collect()
    };
    let rendered = errors(&["render", "-o", "out"]);
    assert_eq!(rendered.len(), 4, "{rendered:?}");
    assert_eq!(rendered, errors(&["issue"]));
}
