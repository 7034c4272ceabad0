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

/// A spreadsheet of LibreOffice with one sheet of these rows, and with these styles.
fn ods(styles: &str, rows: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\" \
         xmlns:style=\"s\">{styles}<table:table table:name=\"T\">{rows}</table:table>\
         </office:document-content>"
    );
    let mimetype = &b"application/vnd.oasis.opendocument.spreadsheet"[..];
    archive(&[
        ("mimetype".to_owned(), mimetype),
        ("content.xml".to_owned(), content.as_bytes()),
    ])
}

/// A row of texts in ODS.
fn ods_row(attributes: &str, cells: &[&str]) -> String {
    let cells = cells.iter().map(|cell| {
        format!("<table:table-cell><text:p>{cell}</text:p></table:table-cell>")
    });
    format!(
        "<table:table-row {attributes}>{}</table:table-row>",
        cells.collect::<String>()
    )
}

/// A spreadsheet of Excel with one sheet of this XML. The style 1 shows whole numbers, 2 whole percents.
fn xlsx(sheet: &str) -> Vec<u8> {
    xlsx_at(&["xl/worksheets/sheet1.xml"], sheet)
}

/// One whose sheet lies in these parts.
fn xlsx_at(paths: &[&str], sheet: &str) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str =
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let workbook = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"T\" sheetId=\"1\" \
         r:id=\"r1\"/></sheets></workbook>"
    );
    let relation = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>"
        )
    };
    let relations = |list: &str| {
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
             {list}</Relationships>"
        )
    };
    let root = relations(&relation("r0", "officeDocument", "xl/workbook.xml"));
    let parts = relation("r1", "worksheet", "worksheets/sheet1.xml");
    let parts = relations(&(parts + &relation("r2", "styles", "styles.xml")));
    let styles = format!(
        "<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"1\"/>\
         <xf numFmtId=\"9\"/></cellXfs></styleSheet>"
    );
    let sheet = format!("<worksheet xmlns=\"{MAIN}\">{sheet}</worksheet>");
    let parts = [
        ("_rels/.rels", root),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", parts),
        ("xl/styles.xml", styles),
    ];
    let parts = parts.iter().map(|(name, text)| (*name, text));
    let parts = parts.chain(paths.iter().map(|path| (*path, &sheet)));
    let parts: Vec<(String, &[u8])> =
        parts.map(|(name, text)| (name.to_owned(), text.as_bytes())).collect();
    archive(&parts)
}

/// A row of texts in XLSX, and after them numbers with their styles.
fn xlsx_row(row: u32, attributes: &str, texts: &[&str], numbers: &[(f64, u8)]) -> String {
    let texts =
        texts.iter().map(|text| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>"));
    let numbers = numbers
        .iter()
        .map(|(number, style)| format!("<c s=\"{style}\"><v>{number}</v></c>"));
    let cells: String = texts.chain(numbers).collect();
    format!("<row r=\"{row}\" {attributes}>{cells}</row>")
}

#[test]
fn rows_that_are_not_seen_are_refused_in_every_form() {
    let names = || ods_row("", &["Name", "Grade"]) + &ods_row("", &["Ada", "A"]);
    let bob = |attributes: &str| ods_row(attributes, &["Bob", "B"]);
    let style = |properties: &str| {
        format!(
            "<style:style style:name=\"r\" style:family=\"table-row\">\
             <style:table-row-properties {properties}/></style:style>"
        )
    };
    let group = |display: &str| {
        format!(
            "{}<table:table-row-group {display}><table:table-row-group>{}\
             </table:table-row-group></table:table-row-group>",
            names(),
            bob("")
        )
    };
    let of_style = "table:style-name=\"r\"";
    let sheet = |properties: &str, attributes: &str| {
        format!(
            "{properties}<sheetData>{}{}{}</sheetData>",
            xlsx_row(1, "ht=\"15\"", &["Name", "Grade"], &[]),
            xlsx_row(2, "ht=\"15\"", &["Ada", "A"], &[]),
            xlsx_row(3, attributes, &["Bob", "B"], &[])
        )
    };
    // Programs find a part whatever the case of its name, and its hidden rows are told.
    let other_case = ["xl/Worksheets/Sheet1.xml"];
    let both = ["xl/worksheets/sheet1.xml", "xl/worksheets/Sheet1.xml"];
    let hidden = sheet("", "hidden=\"1\"");
    let error =
        Table::read("x.xlsx", xlsx_at(&both, &hidden), &RecipientsFormat::default());
    assert!(error.unwrap_err().to_string().contains("broken"));
    let flat = "<sheetFormatPr defaultRowHeight=\"15\" zeroHeight=\"1\"/>";
    for (name, bytes, is_refused) in [
        (
            "0cm",
            ods(&style("style:row-height=\"0cm\""), &(names() + &bob(of_style))),
            true,
        ),
        (
            "0in",
            ods(
                &style(
                    "style:row-height=\"0.000in\" style:use-optimal-row-height=\"false\"",
                ),
                &(names() + &bob(of_style)),
            ),
            true,
        ),
        (
            "optimal",
            ods(
                &style("style:row-height=\"0cm\" style:use-optimal-row-height=\"true\""),
                &(names() + &bob(of_style)),
            ),
            false,
        ),
        (
            "high",
            ods(&style("style:row-height=\"5mm\""), &(names() + &bob(of_style))),
            false,
        ),
        ("folded", ods("", &group("table:display=\"false\"")), true),
        ("unfolded", ods("", &group("")), false),
        ("after", ods("", &(group("table:display=\"true\"") + &bob(""))), false),
        ("zero", xlsx(&sheet(flat, "")), true),
        ("own", xlsx(&sheet(flat, "ht=\"15\"")), false),
        ("plain", xlsx(&sheet("", "")), false),
        ("case", xlsx_at(&other_case, &hidden), true),
    ] {
        let table = Table::read(name, bytes, &RecipientsFormat::default());
        match table {
            Err(error) => {
                assert!(is_refused, "{name}: {error}");
                assert_eq!(error.to_string(), format!("{name}:3: this row is hidden"));
            }
            Ok(table) => assert!(!is_refused && table.rows.len() > 1, "{name}"),
        }
    }
}

#[test]
fn long_numbers_of_a_sheet_are_no_ids() {
    let rows = xlsx_row(1, "", &["Name", "Student ID"], &[])
        + &xlsx_row(2, "", &["Wang Wei"], &[(110_101_199_003_071_233.0, 0)])
        + &xlsx_row(3, "", &["Li Na"], &[(110_101_199_003_071.0, 0)])
        + &xlsx_row(4, "", &["Ada", "110101199003071233"], &[]);
    let table = xlsx(&format!("<sheetData>{rows}</sheetData>"));
    let read = reading("ids.xlsx", table, "");
    assert!(
        read.contains(
            "ids.xlsx:2: failed: `110101199003071000` in the column `Student ID` is a \
                       number that a spreadsheet has rounded"
        ),
        "{read}"
    );
    assert!(read.contains("\"username\":\"110101199003071\""), "{read}");
    assert!(read.contains("\"username\":\"110101199003071233\""), "{read}");
}

#[test]
fn usernames_that_differ_only_in_capitals_are_doubted() {
    let text = "Name,Username\nHal,X@Y.org\nHal,x@y.org\nAda,A1\nBob,Ａ1\nAda,A1\n";
    let read = reading("r.csv", text.into(), "");
    let doubt = "r.csv:3: `x@y.org` in the column `Username` differs from another username only in \
                 capitals (2 such values)";
    assert!(read.contains(doubt), "{read}");
}

#[test]
fn part_of_a_name_without_a_place_is_refused() {
    let text = "Vorname,Nachname,Namenszusatz\nLudwig,Beethoven,van\n";
    let read = reading("r.csv", text.into(), "");
    assert!(read.contains("parts of names, and where they stand in a name"), "{read}");
    let told = "--column name=Vorname+Namenszusatz+Nachname";
    assert!(reading("r.csv", text.into(), told).contains("\"Ludwig van Beethoven\""));
    let ignored = reading("r.csv", text.into(), "--ignore Namenszusatz");
    assert!(ignored.contains("\"Ludwig Beethoven\""), "{ignored}");
    assert!(!reading("r.csv", text.replace("van", "").into(), "").contains("refused"));
}

#[test]
fn rows_that_are_left_out_stand_in_the_report() {
    let workdir = Workdir::new();
    let text = "Name,Student ID\nAda,7x\nName,Student ID\nSuma,0013\nBob,8x\nTotal: 2,\n";
    workdir.write("people.csv", text);
    let issue = |report: &str| {
        let run = workdir.run(["issue", "-f", "people.csv", "--report", report]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains("1 failed, 2 left out"), "{}", run.stderr);
        workdir.read(report)
    };
    let report = issue("report.csv");
    let rows: Vec<_> = csv::Reader::from_reader(&report[..])
        .records()
        .map(|row| {
            let row = row.unwrap();
            (row[0].to_owned(), row[1].to_owned(), row[3].to_owned())
        })
        .collect();
    let rows: Vec<_> = rows.iter().map(|(a, b, c)| (&**a, &**b, &**c)).collect();
    assert_eq!(
        rows,
        [
            ("people.csv:2", "Ada", "issued"),
            ("people.csv:3", "Name", "left-out"),
            ("people.csv:4", "Suma", "failed"),
            ("people.csv:5", "Bob", "issued"),
            ("people.csv:6", "Total: 2", "left-out"),
        ]
    );
    let report: Vec<Value> = serde_json::from_slice(&issue("report.json")).unwrap();
    assert_eq!(report[4]["outcome"], "left-out");
    assert_eq!(report[0]["outcome"], "unchanged");
}

#[test]
fn arguments_that_say_nothing_of_a_file_are_refused() {
    let workdir = Workdir::new();
    workdir.write("a.csv", "Name\nAda\n");
    workdir.write("two.csv", "Name\nAda\nBob\n");
    let rows = xlsx_row(1, "", &["Name"], &[]) + &xlsx_row(2, "", &["Ada"], &[]);
    workdir.write("a.xlsx", xlsx(&format!("<sheetData>{rows}</sheetData>")));
    for arguments in [
        &["a.csv", "--sheet", "X"][..],
        &["a.xlsx", "--encoding", "windows-1252"],
        &["a.xlsx", "--delimiter", ";"],
        &["a.csv", "--names", "--delimiter", ";"],
        &["a.csv", "--names", "--header", "1"],
    ] {
        let run = workdir.run(["issue", "--dry-run", "-f"].iter().chain(arguments));
        assert_eq!(run.code, 1, "{run:?}");
        let argument = arguments[arguments.len() - 2];
        let told = run.stderr.contains(&format!("help: leave out {argument}"));
        assert!(told || run.stderr.contains("leave out --names"), "{}", run.stderr);
    }
    assert_eq!(workdir.run(["issue", "--dry-run", "-f", "a.xlsx"]).code, 0);
    let run = workdir.run(["issue", "--dry-run", "-f", "two.csv", "-u", "ada"]);
    assert!(run.stderr.contains("help: leave out --username"), "{}", run.stderr);
}

#[test]
fn a_nul_is_named_by_its_line() {
    let text = b"Name,Grade\nAda,A\nBob\0,B\n".to_vec();
    for options in ["", "--encoding utf-8"] {
        let read = reading("z.csv", text.clone(), options);
        assert!(read.contains("z.csv:3: the file has a NUL"), "{read}");
    }
}

#[test]
fn grade_that_its_cell_rounds_over_the_pass_mark_is_refused() {
    let workdir = Workdir::new();
    workdir.write("site/testamur.yaml", "publish: { url: https://example.org/c/ }\n");
    let course = "K: { title: Knots, organization: School, language: de, grades: { scale: points, \
                  max: 20, pass: 10 }, outcomes: { '>= 18': well } }\n\
                  P: { title: Knots, organization: School, language: en, grades: { scale: percent, \
                  pass: 50 } }\n";
    workdir.write("site/courses.yaml", course);
    let rows = xlsx_row(1, "", &["Name", "Grade"], &[])
        + &xlsx_row(2, "", &["Ada"], &[(9.96, 1)])
        + &xlsx_row(3, "", &["Bob"], &[(15.25, 1)])
        + &xlsx_row(4, "", &["Eva"], &[(17.5, 1)])
        + &xlsx_row(5, "", &["Hal"], &[(16.0, 1)]);
    workdir.write("a.xlsx", xlsx(&format!("<sheetData>{rows}</sheetData>")));
    let run = |course: &str, file: &str| {
        let run = workdir.run(["--site", "site", "render", "-c", course, "-f", file]);
        assert_eq!(run.code, 1, "{run:?}");
        run.stderr
    };
    let said = run("K", "a.xlsx");
    for words in [
        "a.xlsx:2: the cell of the grade shows `10` and holds 9.96",
        "a.xlsx:4: the cell of the grade shows `18` and holds 17.5",
        "a.xlsx:2: `10` in the column `Grade` is rounded by its cell",
        "2 made, 2 failed",
    ] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    let cell = |kind: &str, value: &str, shown: &str| {
        format!(
            "<table:table-row><table:table-cell><text:p>N{shown}x</text:p></table:table-cell>\
             <table:table-cell office:value-type=\"{kind}\" office:value=\"{value}\">\
             <text:p>{shown}</text:p></table:table-cell></table:table-row>"
        )
    };
    let rows = ods_row("", &["Name", "Grade"])
        + &cell("float", "49.6", "50")
        + &cell("percentage", "0.4951", "50,0%")
        + &cell("float", "50", "50.00");
    workdir.write("a.ods", ods("", &rows));
    let said = run("P", "a.ods");
    assert!(
        said.contains("a.ods:2: the cell of the grade shows `50` and holds 49.6"),
        "{said}"
    );
    assert!(said.contains("a.ods:3: ") && said.contains("1 made, 2 failed"), "{said}");
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
